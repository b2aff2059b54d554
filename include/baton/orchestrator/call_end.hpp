// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <boost/asio/post.hpp>

// How attempts and calls end: verdicts, retries, fallback, judgement, storing; steps 5 to 7 of design
// section 5.
namespace baton::detail {

/// The exchange broke below the dialect: what that means for the call.
template <class C>
void Call<C>::fail_connection() {
    using Problem = typename Connection::Problem;
    using Failure = net::HttpReader::Failure;
    const bool exchanging = phase_ == Phase::send || phase_ == Phase::receive;
    const bool answered = phase_ == Phase::receive && conn_->reader.started();
    if (exchanging && attempt().reused && !answered && !replayed_) {
        // The peer had closed the kept connection before our request reached it. Once, on a fresh one; its
        // breaker hears nothing of it.
        replayed_ = fresh_only_ = true;
        permit_.template emplace<0>();
        end_attempt(Errc::unavailable);
        release_connection(false);
        return set_phase(Phase::choose);
    }
    if (phase_ == Phase::receive && streaming_ && got_first_ &&
        conn_->reader.failure() != Failure::malformed) {
        if (end_of_stream()) finish_attempt();
        return;
    }
    Errc errc = answered ? Errc::truncated : Errc::unavailable;
    std::string text = conn_->problem_text();
    if (phase_ == Phase::receive) {
        switch (conn_->reader.failure()) {
        case Failure::malformed:
            errc = Errc::protocol;
            text = "the response from " + conn_->origin->url.host_port() + " is not well-formed HTTP/1.1";
            break;
        case Failure::too_large:
            errc = Errc::too_large;
            text = "the response's header is over 200 fields or over max_header bytes; raise "
                   "Tcp::Options.max_header if "
                   "that is expected";
            break;
        case Failure::truncated:
            if (text.empty())
                text = "the connection to " + conn_->origin->url.host_port() + " ended too early";
            break;
        case Failure::none: break;
        }
    }
    if (conn_->problem == Problem::tls) errc = answered ? Errc::truncated : Errc::tls;
    if (errc == Errc::truncated) text += "; the answer is incomplete";
    fail_attempt(located(Error(errc, text)));
}

/// The time of the present phase is up.
template <class C>
void Call<C>::cut_off() {
    if (cutoff_.error == Errc::timeout_total && now() < total_) {
        cutoff_.at = total_; // a reader with more time has joined
        return;
    }
    if (phase_ == Phase::drain) return finish_attempt();
    if (answered_early()) return;
    std::string text;
    switch (cutoff_.error) {
    case Errc::timeout_connect:
        text =
            queued_
                ? "all connections to the provider are busy; raise Tcp::Options.max_connections or pool_wait"
                : "no connection within Limits::Options.connect; raise it, or check the host and base_url";
        break;
    case Errc::timeout_first_token:
        text = "no answer within the limit; raise Limits::Options.first_token (first_byte_unary for whole "
               "answers) or the route's max_latency, or list another provider";
        break;
    case Errc::timeout_idle:
        text = phase_ == Phase::send
                   ? "the provider took no more of the request for longer than Limits::Options.idle; raise it"
                   : "the answer stalled for longer than Limits::Options.idle; raise it, or list another "
                     "provider";
        break;
    default: text = "the call's total deadline passed; raise Limits::Options.total"; break;
    }
    if (phase_ == Phase::pause) return finish(located(Error(cutoff_.error, text)));
    if (queued_) { // our own pool is too small, which says nothing of the provider
        permit_.template emplace<0>();
        attempt_refused_ = true;
    }
    fail_attempt(located(Error(cutoff_.error, text)));
}

/// The next target that is known to take a longer prompt than this one; beyond the end if there is none.
template <class C>
std::size_t Call<C>::larger_target() const noexcept {
    std::size_t at = cursor_ + 1;
    while (at < targets_.size() && targets_[at]->max_context <= target().max_context) ++at;
    return at;
}

template <class C>
void Call<C>::fail_attempt(Error error) {
    const Errc errc = error.errc();
    const bool refused = std::exchange(attempt_refused_, false);
    attempt().request_id = error.detail().request_id;
    rest_endpoint(error);
    end_attempt(errc);
    release_connection(conn_ && (refused || conn_->reusable()));
    if constexpr (C::has_hedge) {
        if (this->beside) return finish(std::move(error)); // the call beside it decides what to do
        if (this->rival && !committed_) {                  // whose own may still answer
            error_ = std::move(error);
            cutoff_ = Cutoff{total_, Errc::timeout_total};
            return set_phase(Phase::rival);
        }
    }
    decide(std::move(error), refused);
}

/// An attempt has failed: again, elsewhere, or the end. `refused`: the target's dialect cannot say it.
template <class C>
void Call<C>::decide(Error error, bool refused) {
    if (committed_) {
        if (!plan_resume(error, refused)) return finish_broken(std::move(error));
        if constexpr (C::has_resume) {
            if (this->again_here) return;
        }
    }
    const Errc errc = error.errc();
    tried_ |= std::uint64_t{1} << endpoint_;
    RetryFacts facts;
    facts.error = errc;
    facts.hint = error.detail().retry_after;
    facts.should_retry = error.detail().should_retry;
    facts.retries_on_target = retries_on_target_;
    facts.retries_in_call = retries_;
    facts.sent = !trace().attempts.empty() && attempt().sent;
    facts.now = now();
    facts.deadline = total_;
    const bool may_move = refused || state_->fallback.may_move(errc);
    // another endpoint of the provider has another key, and another machine; but the same models
    const bool fixed = mode_ == Mode::errand && !errand_->counts(); // it asks of one endpoint
    const bool sibling = !fixed && errc != Errc::context_overflow && !refused && untried_endpoint();
    const std::size_t next = errc == Errc::context_overflow ? larger_target() : cursor_ + 1;
    facts.another_target = may_move && (sibling || next < targets_.size());
    RetryDecision decision;
    const bool own_limit =
        errc == Errc::rate_limited || errc == Errc::auth || errc == Errc::permission || errc == Errc::quota;
    // what was delivered is better continued by somebody who has not just broken off
    if (refused || (sibling && may_move && own_limit) || (committed_ && facts.another_target)) {
        decision = facts.another_target ? RetryDecision::move_on() : RetryDecision::stop();
    } else {
        decision = with_provider([&](auto i) {
            constexpr std::size_t I = decltype(i)::value;
            if constexpr (RetryStrategy<typename C::template retry_for<I>>) {
                return state_->template retry_of<I>().decide(facts, state_->rng);
            } else {
                return Never().decide(facts, state_->rng);
            }
        });
    }
    error_ = std::move(error);
    switch (decision.kind) {
    case RetryDecision::Kind::retry_same:
        ++retries_on_target_;
        ++retries_;
        waited_ = decision.wait;
        resume_at_ = after(facts.now, decision.wait);
        cutoff_ = Cutoff{total_, Errc::timeout_total};
        if (!untried_endpoint()) tried_ = 0;
        return set_phase(Phase::pause);
    case RetryDecision::Kind::move_on:
        retries_on_target_ = 0;
        replayed_ = fresh_only_ = false;
        if (!sibling) {
            cursor_ = next;
            tried_ = 0;
            moved_ = true;
        }
        return set_phase(Phase::choose);
    case RetryDecision::Kind::stop: return finish_broken(Error(error_));
    }
}

/// The end of a call that has failed: what can still be served, or how it broke.
template <class C>
void Call<C>::finish_broken(Error error) {
    if constexpr (C::has_resume) {
        // the refusal of a continuation is not what happened to the call
        if (this->broke.errc() != Errc::ok) error = this->broke;
    }
    if (serve_stale(error.errc())) return;
    finish(std::move(error));
}

/// Primary, secondary, cached, error: an answer that is past its time is better than none, where the targets
/// are to blame.
template <class C>
bool Call<C>::serve_stale(Errc errc) {
    if constexpr (C::has_stale) {
        if (committed_ || this->key.empty() || !state_->fallback.may_serve_stale(errc, Duration{}))
            return false;
        const auto hit =
            state_->cache.store.find_stale(this->key, this->hash, now(), state_->fallback.max_stale());
        Trace trace = std::move(this->trace());
        int provider = -1;
        const bool found = hit && unpack(hit.value(), answer(), &provider);
        this->trace() = std::move(trace);
        if (!found) return false;
        if (provider >= 0 && static_cast<std::size_t>(provider) < C::providers)
            answer().provider = snapshot_->providers[static_cast<std::size_t>(provider)].name;
        this->trace().stale = true;
        ++state_->counters.stale;
        replaying_ = true;
        finish();
        return true;
    } else {
        return false;
    }
}

/// The vendor's wish for quiet is heeded by all calls, whatever becomes of this one.
template <class C>
void Call<C>::rest_endpoint(const Error& error) {
    const auto& hint = error.detail().retry_after;
    const bool asked = hint && *hint > Duration::zero() &&
                       (error.errc() == Errc::rate_limited || error.errc() == Errc::transient);
    if (!asked || (mode_ == Mode::errand && !errand_->counts())) return;
    [[maybe_unused]] const TimePoint t = now(), until = after(t, *hint);
    with_provider([&](auto i) {
        [[maybe_unused]] constexpr std::size_t I = decltype(i)::value;
        if constexpr (C::has_health) {
            if (EndpointHealth* health = health_of<I>()) health->cool_down(state_->health.rules(), until, t);
        }
    });
}

/// Closes the books of the present attempt, if there is one: trace, breaker, statistics, hooks.
template <class C>
void Call<C>::end_attempt(Errc outcome) {
    if (phase_ < Phase::acquire || phase_ >= Phase::pause) return;
    Attempt& a = attempt();
    const TimePoint t = now();
    a.outcome = outcome;
    a.latency = t - attempt_started_;
    if (conn_ && phase_ == Phase::send) a.sent = conn_->wrote_any;
    if (outcome != Errc::ok) {
        // what was sent may have been worked on: charged as estimated. An HTTP error is known to be free.
        const bool refused_by_vendor = a.status >= 300;
        attempt_usage_ = Usage();
        if (a.sent && !refused_by_vendor && mode_ != Mode::errand) {
            std::size_t bytes = 0;
            if (deltas_ > 0)
                for (const Part& part : decoding().parts) bytes += part.text.size();
            attempt_usage_ = estimate_usage(got_first_ ? decoding().usage : Usage(), *draft_, bytes, deltas_);
        }
        a.usage = attempt_usage_;
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
            if (EndpointHealth* health = outcome == Errc::ok ? nullptr : health_of<I>())
                health->on_result(state_->health.rules(), outcome, attempt_started_, t);
        }
        auto& stats = state_->template target_state<I>(target(), endpoint());
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
            auto& known = state_->template target_state<I>(target(), endpoint());
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
        cache.store.put(
            this->key, this->hash, packed_size(reply, provider), [&](char* to) { pack(reply, to, provider); },
            attempt_started_ + attempt().latency, cache.exact.options.ttl);
    }
}

template <class C>
void Call<C>::finish() {
    error_ = Error();
    if constexpr (Classifying<C>::later) {
        if (const auto relay = std::exchange(this->classifier, nullptr)) {
            // from its executor: Asio emits later otherwise, when the coroutine may be gone
            if (!state_->context_gone) {
                boost::asio::post(executor(),
                                  [relay] { relay->emit(boost::asio::cancellation_type::terminal); });
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
    error_ = error.with([&](Error::Detail& d) {
        d.trace = trace();
        if (!committed_ || outcome_.has_error()) return;
        answer().seal();
        d.delivered = answer().text();
    });
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
