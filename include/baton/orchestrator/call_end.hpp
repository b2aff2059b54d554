// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <boost/asio/post.hpp>

// How attempts and calls end: books, verdicts, judgement, storing; steps 6 and 7 of design section 5.
namespace baton::detail {

/// What the present attempt took, as far as its vendor has said; the rest by what was seen of it.
template <class C>
Usage Call<C>::estimated() {
    if (!got_first_) return estimate_usage(Usage(), *draft_, 0, 0);
    std::size_t bytes = 0;
    for (const Part& part : decoding().parts) bytes += part.text.size();
    return estimate_usage(decoding().usage, *draft_, bytes, deltas_);
}

/// Closes the books of the present attempt, if there is one: trace, breaker, statistics, hooks.
template <class C>
void Call<C>::end_attempt(Errc outcome) {
    if (!std::exchange(books_open_, false)) return;
    Attempt& a = attempt();
    const TimePoint t = now();
    a.outcome = outcome;
    a.latency = t - attempt_started_;
    if (conn_ && phase_ == Phase::send) a.sent = conn_->wrote_any;
    if (outcome != Errc::ok) {
        // what was sent may have been worked on: charged as estimated. An HTTP error is known to be free.
        const bool refused_by_vendor = a.status >= 300;
        const bool worked_on = a.sent && !refused_by_vendor && mode_ != Mode::errand;
        a.usage = attempt_usage_ = worked_on ? estimated() : Usage();
    }
    with_provider([&](auto i) {
        constexpr std::size_t I = decltype(i)::value;
        using B = typename C::template breaker_for<I>;
        if constexpr (BreakerStrategy<B>) {
            if (outcome != Errc::ok && B::counts_as_failure(outcome)) verdict(false, t);
        }
        if (mode_ == Mode::errand && !errand_->counts()) return;
        if constexpr (CountsOutcomes<typename C::template retry_for<I>>) {
            if (outcome == Errc::ok || is_throttling_failure(outcome))
                state_->template retry_of<I>().on_outcome(outcome == Errc::ok);
        }
        if constexpr (C::has_health) {
            // what a wire would not even send says nothing of the key
            const bool unsaid = outcome == Errc::ok || (a.status == 0 && accepts_credential(outcome));
            if (EndpointHealth* health = unsaid ? nullptr : health_of<I>())
                health->on_result(state_->health.rules(), outcome, attempt_started_, t);
        }
        auto& stats = known<I>();
        if constexpr (C::has_hedge) {
            // a loser has waited so long for nothing: leaving that out would teach that the target is fast
            if (outcome == Errc::cancelled && a.sent && !got_first_) stats.hedge.observe(t - sent_at_);
        }
        if constexpr (C::has_balance) {
            stats.load.end(outcome == Errc::ok          ? AttemptEnd::ok
                           : outcome == Errc::cancelled ? AttemptEnd::dropped
                                                        : AttemptEnd::failed,
                           t);
        }
        stats.requests += a.sent;
        if (outcome == Errc::ok) {
            stats.average(stats.first_token, a.first_token);
            stats.average(stats.latency, a.latency);
        } else if (outcome != Errc::cancelled) {
            stats.errors += a.sent;
        }
    });
    permit_.template emplace<0>();
    settle_limits(outcome, t);
    report_attempt();
}

template <class C>
void Call<C>::verdict(bool success, TimePoint t) {
    mp::mp_with_index<std::variant_size_v<Permits>>(permit_.index(), [&](auto i) {
        if constexpr (decltype(i)::value > 0) {
            auto& permit = std::get<decltype(i)::value>(permit_);
            success ? permit.success(t) : permit.failure(t);
        }
    });
    if (!success || (mode_ == Mode::errand && !errand_->counts())) return;
    if constexpr (C::has_health || C::has_balance || C::has_hedge) {
        with_provider([&](auto i) {
            constexpr std::size_t I = decltype(i)::value;
            if constexpr (C::has_health) {
                if (EndpointHealth* health = health_of<I>())
                    health->on_result(state_->health.rules(), Errc::ok, attempt_started_, t);
            }
            auto& known = this->template known<I>();
            if constexpr (C::has_balance) known.load.first_token(t - sent_at_, t);
            if constexpr (C::has_hedge) known.hedge.observe(t - sent_at_);
        });
    }
}

template <class C>
void Call<C>::report_attempt() {
    state_->each_hook([&](auto& hook) {
        if constexpr (requires { hook.on_attempt(attempt()); }) hook.on_attempt(std::as_const(attempt()));
    });
}

/// Gives the connection back or closes it; whoever waits for one of the same origin gets it, or its place.
template <class C>
void Call<C>::release_connection(bool reusable) {
    auto& pool = state_->pool;
    auto& waiters = state_->pool_waiters;
    if (queued_) {
        queued_ = false;
        std::erase(waiters, this);
    }
    ++epoch_;
    if (!conn_ && !granted_) return;
    std::unique_ptr<Connection> conn = std::move(conn_);
    const std::size_t origin = conn ? conn->origin_index : endpoint().origin;
    granted_ = false;
    if (conn && (!reusable || state_->closed || state_->context_gone)) {
        conn->close();
        conn.reset();
    }
    const auto heir = std::find_if(waiters.begin(), waiters.end(),
                                   [&](Call* call) { return call->endpoint().origin == origin; });
    if (heir != waiters.end()) {
        Call* call = *heir;
        waiters.erase(heir);
        call->queued_ = false;
        conn ? void(call->conn_ = std::move(conn)) : void(call->granted_ = true);
        call->wake_driver();
    } else if (conn) {
        pool.give_back(std::move(conn), now(), state_->transport.settings().pool.idle);
    } else {
        pool.closed(origin);
    }
}

/// The answer is whole.
template <class C>
void Call<C>::finish_attempt() {
    attempt().outcome = Errc::ok;
    if (!got_first_) first_token();
    merge_resumed();
    end_attempt(Errc::ok);
    release_connection(conn_->reusable());
    if constexpr (C::has_hedge) {
        if (this->beside) return finish(); // the call beside it takes it from here
        drop_rival();
    }
    settle_answer();
}

/// The answer is whole, and ours.
template <class C>
void Call<C>::settle_answer() {
    answer().provider = target().provider_name;
    answer().served_by_fallback = is_fallback();
    if (answer().model.empty()) answer().model = target().model;
    judge();
}

template <class C>
void Call<C>::judge() {
    if (mode_ == Mode::errand) return finish();
    Judgement verdict;
    state_->each_hook([&](auto& hook) {
        if constexpr (requires { hook.on_reply(answer(), draft_); }) {
            if (verdict.kind() == Judgement::Kind::accept) verdict = hook.on_reply(answer(), draft_);
        } else if constexpr (requires { hook.on_reply(answer()); }) {
            hook.on_reply(answer());
        }
    });
    answer().seal();
    switch (verdict.kind()) {
    case Judgement::Kind::accept:
        replaying_ |= judged && mode_ == Mode::stream;
        store();
        return finish();
    case Judgement::Kind::reject: return finish(verdict.error());
    case Judgement::Kind::move: excluded_.push_back({target().provider, target().model}); [[fallthrough]];
    case Judgement::Kind::again: break;
    }
    constexpr int most_rounds = 4; // a judge that is never content must not spend for ever
    if (++rounds_ == most_rounds) {
        return finish(Error(Errc::no_target, "a policy judged " + std::to_string(most_rounds) +
                                                 " answers insufficient; see the trace"));
    }
    set_phase(Phase::plan);
}

template <class C>
void Call<C>::store() {
    if constexpr (shares) {
        if (this->key.empty()) return;
        const Reply& reply = answer();
        const bool whole = reply.stop == StopReason::stop || reply.stop == StopReason::stop_sequence;
        if (!whole || reply.extras || snapshot_ != state_->snapshot) return; // or of options that are no more
        auto& cache = state_->cache;
        const int provider = static_cast<int>(target().provider);
        try {
            cache.store.put(
                this->key, this->hash, packed_size(reply, provider),
                [&](char* to) { pack(reply, to, provider); }, attempt_started_ + attempt().latency,
                cache.exact.options.ttl);
        } catch (const std::bad_alloc&) {
            // no answer is lost for a cache
        }
    }
}

template <class C>
void Call<C>::finish() {
    error_ = Error();
    if constexpr (Classifying<C>::later) {
        if (const auto relay = std::exchange(this->classifier, nullptr)) {
            // from its executor: Asio emits later otherwise, when the coroutine may be gone
            try {
                if (!state_->context_gone) {
                    boost::asio::post(executor(),
                                      [relay] { relay->emit(boost::asio::cancellation_type::terminal); });
                }
            } catch (const std::bad_alloc&) {
                // it runs on, and nobody hears it: destructors get here, too
            }
        }
    }
    set_phase(Phase::over);
    leave_limits();
    if constexpr (C::has_hedge) drop_rival();
    if constexpr (shares) {
        if (std::exchange(this->in_flight, false)) state_->cache.flights.erase(*this);
        if (!this->waiters.empty()) wake_readers(false);
    }
}

template <class C>
void Call<C>::finish(Error error) {
    finish();
    error_ = error;
    try {
        error_ = error.with([&](Error::Detail& d) {
            d.trace = trace();
            if (!committed_ || outcome_.has_error()) return;
            answer().seal();
            d.delivered = answer().text();
        });
    } catch (const std::bad_alloc&) {
        // it says less: destructors get here, too
    }
}

/// Something threw in the middle of a step, which is nowhere to go on from: the work ends here, for all who
/// read it. What threw goes to the caller whose turn it was.
template <class C>
void Call<C>::give_up() {
    if (phase_ == Phase::over) return;
    end_attempt(Errc::cancelled);
    permit_.template emplace<0>();
    release_connection(false);
    finish(Error(Errc::cancelled));
}

/// Every occurrence of a credential in `text`, replaced. Keys too short to be secret are left alone.
inline void mask(std::string& text, std::string_view key) {
    constexpr std::size_t shortest = 6;
    if (key.size() < shortest) return;
    for (std::size_t at = text.find(key); at != text.npos; at = text.find(key, at))
        text.replace(at, key.size(), "***");
}

/// `error`, with the target it came from.
template <class C>
Error Call<C>::located(Error error) const {
    if (cursor_ >= targets_.size()) return error; // there is none yet
    return error.with([&](Error::Detail& d) {
        if (d.provider.empty()) d.provider = target().provider_name;
        if (d.model.empty()) d.model = target().model;
        // vendors echo credentials; redact() guesses by shape, here the key is known
        const std::string_view key = endpoint().key.reveal();
        for (std::string* text : {&d.message, &d.vendor_code, &d.request_id}) mask(*text, key);
    });
}

} // namespace baton::detail
