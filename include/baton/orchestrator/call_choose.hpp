// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <span>

// Where the next attempt goes, and whether it may: endpoint, breaker permit, limiter leases; step 4 of design
// section 5.
namespace baton::detail {

template <class C>
bool Call<C>::untried_endpoint() const noexcept {
    const std::size_t n = snapshot_->providers[target().provider].endpoints.size();
    return static_cast<std::size_t>(std::popcount(tried_)) < n;
}

/// The target's other endpoints at the present one's address count as tried.
template <class C>
void Call<C>::pass_over_address() noexcept {
    const auto& endpoints = snapshot_->providers[target().provider].endpoints;
    const std::size_t origin = endpoints[endpoint_].origin;
    for (std::size_t e = 0; e < endpoints.size(); ++e) {
        if (endpoints[e].origin == origin) tried_ |= std::uint64_t{1} << e;
    }
}

/// Sets `endpoint_` to the one of the target's endpoints that is to be asked: usable by Health, not one that
/// has failed this call if there is another, by Balance. False: Health keeps calls from all of them.
template <class C>
bool Call<C>::pick_endpoint() {
    const auto& endpoints = snapshot_->providers[target().provider].endpoints;
    if (endpoints.size() == 1) {
        endpoint_ = 0;
        if constexpr (!C::has_health) return true;
    }
    if (mode_ == Mode::errand && !errand_->counts()) {
        endpoint_ = std::min(errand_->endpoint(), endpoints.size() - 1); // the list may have changed
        return true;
    }
    return with_provider([&](auto i) { return this->template pick_among<decltype(i)::value>(endpoints); });
}

template <class C>
template <std::size_t I>
bool Call<C>::pick_among(const std::vector<EndpointSettings>& endpoints) {
    constexpr std::size_t most = Endpoints<void>::most;
    const std::size_t n = endpoints.size();
    const TimePoint t = now();
    std::array<bool, most> usable;
    std::fill_n(usable.begin(), n, true);
    [[maybe_unused]] auto& own = std::get<I>(state_->own);
    if constexpr (C::has_health) {
        // a call that began under another list of endpoints sees all of its own as usable
        if (snapshot_ == state_->snapshot) {
            const HealthChoice choice = own.health.choose(own.endpoints, t, std::span(usable.data(), n));
            if (choice.least_bad && t < choice.retry_at) {
                endpoint_ = static_cast<std::size_t>(std::find(usable.begin(), usable.begin() + n, true) -
                                                     usable.begin());
                this->back_at = std::min(this->back_at, choice.retry_at);
                return false;
            }
        }
    }
    if (n == 1) return true;
    // one after another is better than the same twice, and a breaker's refusal is known without asking
    std::array<std::size_t, most> eligible{};
    std::size_t count = 0;
    const auto gather = [&](auto admits) {
        if (count > 0) return;
        for (std::size_t e = 0; e < n; ++e) {
            if (usable[e] && admits(e)) eligible[count++] = e;
        }
    };
    const auto untried = [&](std::size_t e) { return (tried_ >> e & 1) == 0; };
    const auto closed = [&](std::size_t e) {
        if constexpr (BreakerStrategy<typename C::template breaker_for<I>>) {
            return state_->template target_state<I>(target(), endpoints[e]).breaker.retry_at() <= t;
        } else {
            return true;
        }
    };
    gather([&](std::size_t e) { return untried(e) && closed(e); });
    gather(untried);
    gather(closed);
    gather([](std::size_t) { return true; });
    endpoint_ = eligible[0];
    if constexpr (C::has_balance) {
        if (count > 1) {
            std::array<Candidate, most> candidates;
            for (std::size_t k = 0; k < count; ++k) {
                const EndpointSettings& e = endpoints[eligible[k]];
                auto& known = state_->template target_state<I>(target(), e);
                candidates[k] = {&known.load, e.weight, headroom(e, t), e.id};
            }
            BalanceFacts facts{t, 0};
            if constexpr (requires { C::balance::uses_affinity; }) facts.affinity = affinity();
            const std::size_t at =
                own.balance.pick(std::span<const Candidate>(candidates.data(), count), facts, state_->rng);
            endpoint_ = eligible[at];
        }
    }
    return true;
}

/// A hash of what a vendor's prompt cache goes by: the tools, and the messages but for the last.
template <class C>
std::uint64_t Call<C>::affinity() const {
    const Request& request = *draft_;
    std::uint64_t hash = 1;
    for (const Tool& tool : request.tools) hash = hash64(tool.parameters, hash64(tool.name, hash));
    // a conversation's beginning stays the same from turn to turn
    const std::size_t count = std::min<std::size_t>(request.messages.size(), 2);
    for (std::size_t i = 0; i < count; ++i) {
        for (const Part& part : request.messages[i].parts) hash = hash64(part.text, hash);
    }
    return hash == 0 ? 1 : hash;
}

/// Asks who may say no: the breaker first, then the limits. All or nothing.
template <class C>
template <std::size_t I>
auto Call<C>::admit(TimePoint t) -> Admit {
    if (mode_ == Mode::errand && !errand_->counts()) return Admit::yes;
    auto& known = state_->template target_state<I>(target(), endpoint());
    known_ = &known;
    auto permit = known.breaker.try_acquire(t, state_->rng);
    if (!permit) {
        leave_limits(); // it may have waited in line meanwhile
        return Admit::broken;
    }
    if constexpr (C::has_limit) {
        if (const Admit limited = acquire_limits(t); limited != Admit::yes) return limited;
    }
    permit_.template emplace<permit_of<I>>(std::move(permit));
    if constexpr (CountsCalls<typename C::template retry_for<I>>) {
        // once a call, however many endpoints, resumes and rivals it takes
        bool first = retries_on_target_ == 0 && tried_ == 0 && !replayed_ && !committed_;
        if constexpr (C::has_hedge) first = first && !this->beside;
        if (first && (cursor_ == 0 || C::template own_retry<I>)) {
            state_->template retry_of<I>().on_call(t);
        }
    }
    return Admit::yes;
}

/// Notes in the trace that the present target was not asked.
template <class C>
void Call<C>::note_skipped(Errc why, std::string_view text) {
    Attempt& a = trace().attempts.emplace_back();
    a.provider = target().provider_name;
    a.model = target().model;
    a.endpoint = static_cast<std::uint16_t>(endpoint_);
    a.fallback = is_fallback();
    a.waited = std::exchange(waited_, Duration{});
    a.outcome = why;
    if (error_.errc() == Errc::ok) error_ = located(Error(why, text));
    report_attempt();
}

/// On to the next target; false if there is none.
template <class C>
bool Call<C>::next_target() {
    cursor_ = larger_target();
    tried_ = 0;
    retries_on_target_ = 0;
    moved_ = true;
    if constexpr (C::has_resume) this->refused = ResumeMode::none; // that was the other's
    return cursor_ < targets_.size();
}

template <class C>
void Call<C>::choose() {
    if constexpr (C::has_health) this->back_at = never;
    while (cursor_ < targets_.size()) {
        const TimePoint t = now();
        bool waits = false; // it has its endpoint already
        if constexpr (C::has_limit) waits = std::exchange(this->waits_for_limit, false);
        if constexpr (C::has_resume) waits |= std::exchange(this->again_here, false);
        if (!waits && !pick_endpoint()) {
            if constexpr (C::has_health) note_resting(t);
            if (!state_->fallback.may_move(error_.errc())) break;
            next_target();
            continue;
        }
        if (std::exchange(to_sibling_, false) && (tried_ >> endpoint_ & 1) != 0) {
            next_target(); // Health keeps calls from all siblings
            continue;
        }
        const Admit admitted =
            with_provider([&](auto i) { return this->template admit<decltype(i)::value>(t); });
        if (admitted == Admit::yes) return begin_attempt(t);
        if (admitted == Admit::wait) return set_phase(Phase::queue);
        if constexpr (C::has_limit) {
            if (admitted == Admit::limited) note_limited();
        }
        if (admitted == Admit::broken) {
            note_skipped(Errc::breaker_open, "its circuit breaker is open after repeated failures; it is "
                                             "probed again soon, see chat.stats()");
        }
        tried_ |= std::uint64_t{1} << endpoint_;
        if (!state_->fallback.may_move(error_.errc() == Errc::ok ? Errc::breaker_open : error_.errc())) break;
        to_sibling_ = untried_endpoint() && mode_ != Mode::errand;
        if (!to_sibling_) next_target();
    }
    if constexpr (C::has_hedge) {
        if (this->beside && this->at_home) { // what is raced has another key, at least
            cursor_ = *std::exchange(this->at_home, std::nullopt);
            tried_ = this->beside->tried_ | std::uint64_t{1} << this->beside->endpoint_;
            if (untried_endpoint()) return; // still Phase::choose
        }
    }
    if constexpr (C::has_health) {
        if (wait_for_rest()) return;
    }
    if (!return_to_first()) finish_broken(Error(error_));
}

/// Every target's endpoints are resting: if one is back soon enough, the call waits for it, once.
template <class C>
bool Call<C>::wait_for_rest() {
    if constexpr (C::has_health) {
        const TimePoint t = now();
        // who was asked for quiet may wait once more: others may have been told a later time meanwhile
        const bool asked =
            (trace().sent() > 0 && error_.errc() != Errc::rate_limited) || std::exchange(this->rested, true);
        const TimePoint back = this->back_at;
        if (asked || back >= never || back - t > most_patience || back >= total_) return false;
        cursor_ = 0;
        tried_ = 0;
        retries_on_target_ = 0;
        moved_ = false;
        error_ = Error();
        waited_ = back - t;
        resume_at_ = back;
        cutoff_ = Cutoff{total_, Errc::timeout_total};
        set_phase(Phase::pause);
        return true;
    } else {
        return false;
    }
}

template <class C>
void Call<C>::note_resting(TimePoint t) {
    if constexpr (C::has_health) {
        const Duration back = this->back_at - t;
        with_provider([&](auto i) {
            const EndpointHealth& health = std::get<decltype(i)::value>(state_->own).endpoints[endpoint_];
            if (health.cooling(t)) {
                note_skipped(Errc::rate_limited,
                             "it asked for quiet (Retry-After) and is not asked until then");
            } else {
                note_skipped(Errc::auth, "its credential was refused and is quarantined; correct the key and "
                                         "call configure(), or wait for its next trial");
            }
        });
        if (error_.errc() == Errc::rate_limited && !error_.detail().retry_after)
            error_ = error_.with([&](Error::Detail& d) { d.retry_after = back; });
    }
}

template <class C>
void Call<C>::note_limited() {
    if constexpr (C::has_limit) {
        ++state_->counters.limited;
        note_skipped(Errc::rate_limited,
                     "a Limit of this composition has no room for the call within max_wait; "
                     "wait, raise it, or add a target");
        const Duration wait = this->refused_for;
        if (error_.errc() == Errc::rate_limited && wait > Duration::zero())
            error_ = error_.with([&](Error::Detail& d) { d.retry_after = wait; });
    }
}

template <class C>
void Call<C>::begin_attempt(TimePoint t) {
    if constexpr (C::has_resume) {
        if (committed_ && !begin_resume()) { // this target cannot go on with what was delivered
            permit_.template emplace<0>();
            leave_limits();
            note_skipped(Errc::invalid_request, "it cannot continue what was delivered");
            next_target();
            return; // still Phase::choose
        }
    }
    if (std::exchange(moved_, false) && !trace().attempts.empty()) {
        state_->each_hook([&](auto& hook) {
            if constexpr (requires { hook.on_fallback(attempt(), target()); })
                hook.on_fallback(std::as_const(attempt()), target());
        });
    }
    Attempt& a = trace().attempts.emplace_back();
    a.provider = target().provider_name;
    a.model = target().model;
    a.endpoint = static_cast<std::uint16_t>(endpoint_);
    a.fallback = is_fallback();
    a.waited = std::exchange(waited_, Duration{});
    attempt_started_ = t;
    got_first_ = complete_ = streaming_ = false;
    streamed_ = 0;
    deltas_ = 0;
    input_ = whole_ = {};
    body_.clear();
    if (!committed_) clear_answer();
    if constexpr (C::has_resume) {
        a.resume = this->going_on;
        state_->counters.resumes += a.resume != ResumeMode::none;
    }
    if constexpr (C::has_hedge) a.hedge = this->beside != nullptr;
    with_parser([](auto& parser) { parser.reset(); });
    cutoff_ = state_->limits.connect(t, total_);
    with_provider([&](auto i) {
        constexpr std::size_t I = decltype(i)::value;
        decoder_.template emplace<typename C::template wire<I>::StreamDecoder>();
        books_open_ = true; // nothing throws from here on
        if (mode_ == Mode::errand && !errand_->counts()) return;
        if constexpr (C::has_balance) known<I>().load.start(t);
        if constexpr (C::has_health) {
            if (EndpointHealth* health = health_of<I>()) health->on_start(state_->health.rules(), t);
        }
    });
    set_phase(Phase::acquire);
}

} // namespace baton::detail
