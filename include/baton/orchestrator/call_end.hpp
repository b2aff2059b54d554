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
    const bool sent = attempt().sent;
    attempt().request_id = error.detail().request_id;
    end_attempt(errc);
    release_connection(conn_ && (refused || conn_->reusable()));
    if (committed_) return finish(std::move(error));
    RetryFacts facts;
    facts.error = errc;
    facts.hint = error.detail().retry_after;
    facts.should_retry = error.detail().should_retry;
    facts.retries_on_target = retries_on_target_;
    facts.retries_in_call = retries_;
    facts.sent = sent;
    facts.now = now();
    facts.deadline = total_;
    const std::size_t next = errc == Errc::context_overflow ? larger_target() : cursor_ + 1;
    facts.another_target = next < targets_.size() && (refused || state_->fallback.may_move(errc));
    RetryDecision decision;
    if (refused) {
        // this dialect cannot say it; another may
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
        return set_phase(Phase::pause);
    case RetryDecision::Kind::move_on:
        cursor_ = next;
        retries_on_target_ = 0;
        replayed_ = fresh_only_ = false;
        return set_phase(Phase::choose);
    case RetryDecision::Kind::stop: return finish(Error(error_));
    }
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
    with_provider([&](auto i) {
        constexpr std::size_t I = decltype(i)::value;
        using B = typename C::template breaker_for<I>;
        if constexpr (BreakerStrategy<B>) {
            if (outcome != Errc::ok && B::counts_as_failure(outcome)) verdict(false, t);
        }
        if (mode_ == Mode::errand && !errand_->counts()) return;
        auto& stats = state_->template target_state<I>(target(), endpoint());
        stats.requests += a.sent;
        if (outcome == Errc::ok) {
            stats.average(stats.first_token, a.first_token);
            stats.average(stats.latency, a.latency);
        } else if (outcome != Errc::cancelled) {
            stats.errors += a.sent;
        }
    });
    permit_.template emplace<0>();
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
    const auto heir = std::find_if(waiters.begin(), waiters.end(), [&](Call* call) {
        return call->endpoint().origin == origin;
    });
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
    end_attempt(Errc::ok);
    release_connection(conn_->reusable());
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
        if (!committed_) return;
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
