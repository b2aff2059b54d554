// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>
#include <baton/wire/rate_headers.hpp>

// Leases of `Limit`: taken before an attempt, all or nothing; settled behind it; and who waits for one is
// woken.
namespace baton::detail {

/// Runs `f(index, state, lease, ticket)` for each limit this call holds something of, until it answers false.
template <class C>
template <class F>
void Call<C>::each_limit(F&& f) {
    if constexpr (C::has_limit) {
        mp::mp_for_each<mp::mp_iota<mp::mp_size<typename C::limits>>>([&](auto i) {
            if (auto* state = std::get<i.value>(this->states))
                f(i, *state, std::get<i.value>(this->leases), this->tickets[i]);
        });
    }
}

/// What the limits of an endpoint have free, 0 to 1: for Balance.
template <class C>
double Call<C>::headroom([[maybe_unused]] const EndpointSettings& at, [[maybe_unused]] TimePoint t) {
    double least = 1;
    if constexpr (C::has_limit) {
        mp::mp_for_each<mp::mp_iota<mp::mp_size<typename C::limits>>>([&](auto i) {
            auto& limit = *std::get<i.value>(state_->limit.entries);
            least = std::min(
                least, limit.at(target().provider, at.id, target().model, draft_->tenant, t).headroom(t));
        });
    }
    return least;
}

template <class C>
auto Call<C>::acquire_limits(TimePoint t) -> Admit {
    Admit answer = Admit::yes;
    if constexpr (C::has_limit) {
        if (this->demand.requests == 0) {
            this->demand.requests = 1;
            this->demand.input_tokens = static_cast<std::int64_t>(estimate_input(*draft_));
            this->demand.priority = draft_->priority;
            this->demand.deadline = total_;
        }
        // what the vendor may write at most; without a cap, about what chats say
        const auto cap = draft_->max_tokens ? draft_->max_tokens : target().max_tokens;
        this->demand.output_tokens = static_cast<std::int64_t>(cap.value_or(usual_output));
        mp::mp_for_each<mp::mp_iota<mp::mp_size<typename C::limits>>>([&](auto i) {
            auto& lease = std::get<i.value>(this->leases);
            if (answer != Admit::yes || lease) return; // kept while it waited for another
            auto& state = std::get<i.value>(state_->limit.entries)
                              ->at(target().provider, endpoint().id, target().model, draft_->tenant, t);
            std::get<i.value>(this->states) = &state;
            LimitTicket& ticket = this->tickets[i];
            if (!ticket.owner()) ticket = LimitTicket(this);
            auto asked = state.acquire(this->demand, t, ticket);
            using Kind = typename decltype(asked)::Kind;
            if (asked.kind == Kind::admitted) {
                lease = std::move(asked.lease);
                wake_next(state, t); // the next in line may have only waited for its turn
                return;
            }
            if (asked.kind == Kind::wait) {
                resume_at_ = asked.sleep_until();
                cutoff_ = Cutoff{total_, Errc::timeout_total};
                answer = Admit::wait;
            } else {
                this->refused_for = asked.retry_after;
                answer = Admit::limited;
                std::get<i.value>(this->states) = nullptr;
            }
        });
        if (answer == Admit::limited) leave_limits();
    }
    return answer;
}

/// The first of those that wait for `limit` asks again, if there is an answer for it.
template <class C>
template <class S>
void Call<C>::wake_next(S& limit, TimePoint t) noexcept {
    LimitTicket* next = limit.to_wake(t);
    if (!next) return;
    Call& call = *static_cast<Call*>(next->owner());
    if constexpr (C::has_limit) call.woken = true;
    call.wake_driver();
}

/// Gives up leases that were not used, and places in queues.
template <class C>
void Call<C>::leave_limits() noexcept {
    if constexpr (C::has_limit) {
        each_limit([&](auto i, auto& state, auto& lease, LimitTicket& ticket) {
            std::get<decltype(i)::value>(this->states) = nullptr;
            if (!lease && !ticket.waiting()) return; // its State may be no more
            lease.release();
            ticket.leave();
            wake_next(state, now());
        });
    }
}

/// An attempt has ended: each lease is charged what it took, once.
template <class C>
void Call<C>::settle_limits(Errc outcome, TimePoint t) {
    if constexpr (C::has_limit) {
        const Attempt& a = attempt();
        LimitOutcome what;
        what.error = outcome;
        what.first_token = a.first_token;
        if (a.usage.reported || a.usage.estimated) {
            what.input_tokens = static_cast<std::int64_t>(a.usage.total_input());
            what.output_tokens = static_cast<std::int64_t>(a.usage.total_output());
        } else if (a.status >= 300) { // the vendor refused, and does not bill it
            what.input_tokens = what.output_tokens = 0;
        }
        each_limit([&](auto i, auto& state, auto& lease, LimitTicket&) {
            if (a.sent) lease.sent();
            lease.settle(what, t);
            wake_next(state, t);
            std::get<decltype(i)::value>(this->states) = nullptr;
        });
    }
}

/// What a response's headers say of the vendor's own limits.
template <class C>
void Call<C>::heed_rate_headers() {
    if constexpr (C::has_limit) {
        if (mode_ == Mode::errand && !errand_->counts()) return;
        const RateHeaders said = wire::parse_rate_headers(conn_->reader.headers(), state_->clock.wall());
        if (!said) return;
        const TimePoint t = now();
        each_limit([&](auto i, auto& state, auto&, LimitTicket&) {
            // they speak of the key's or the model's limits, not of a tenant's
            if constexpr (mp::mp_at_c<typename C::limits, decltype(i)::value>::scope != LimitScope::tenant)
                state.observe(said, t);
        });
    }
}

} // namespace baton::detail
