// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>
#include <baton/wire/classify.hpp>

// What a failure means for the call: again, elsewhere, from the cache, or the end; step 5 of design
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
        if (!end_of_stream()) return;
        if (committed_ && join_end()) { // the last piece; the attempt ends behind it
            complete_ = true;
            return set_phase(Phase::drain);
        }
        return finish_attempt();
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
            errc = Errc::protocol; // the vendor's fault and not the request's: another may do better
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
    const bool between = phase_ == Phase::pause || phase_ == Phase::queue || phase_ == Phase::rival;
    if (between) { // no attempt is under way
        if (serve_stale(cutoff_.error)) return;
        return finish(located(Error(cutoff_.error, text)));
    }
    if (queued_) { // our own pool is too small, which says nothing of the provider
        permit_.template emplace<0>();
        attempt_refused_ = true;
    }
    fail_attempt(located(Error(cutoff_.error, text)));
}

/// The next target: after a context overflow, one that is known to take a longer prompt than those that
/// refused. Beyond the end if there is none.
template <class C>
std::size_t Call<C>::larger_target() const noexcept {
    std::size_t at = cursor_ + 1;
    while (outgrown_ && at < targets_.size() && targets_[at]->max_context <= *outgrown_) ++at;
    return at;
}

template <class C>
void Call<C>::fail_attempt(Error error) {
    const Errc errc = error.errc();
    const bool refused = std::exchange(attempt_refused_, false);
    attempt().request_id = error.detail().request_id;
    if (attempt().request_id.empty() && attempt().status != 0 && conn_) { // a good answer that broke
        attempt().request_id = wire::request_id(conn_->reader.headers());
    }
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

/// What the present provider's Retry makes of it.
template <class C>
RetryDecision Call<C>::decide_by_retry(const RetryFacts& facts) {
    return with_provider([&](auto i) {
        constexpr std::size_t I = decltype(i)::value;
        if constexpr (RetryStrategy<typename C::template retry_for<I>>) {
            return state_->template retry_of<I>().decide(facts, state_->rng);
        } else {
            return Never().decide(facts, state_->rng);
        }
    });
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
    const bool fixed = mode_ == Mode::errand && !errand_->counts(); // it asks of one endpoint
    if (errc == Errc::context_overflow) outgrown_ = std::max(outgrown_.value_or(0), target().max_context);
    const std::size_t next = larger_target();
    // where an address is silent, another key for it is of no use, unless there is nobody else
    const bool silent = errc == Errc::timeout_first_token || errc == Errc::timeout_connect;
    if (silent && may_move && next < targets_.size()) pass_over_address();
    // another endpoint of the provider has another key, and another machine; but the same models
    const bool sibling = !fixed && errc != Errc::context_overflow && !refused && untried_endpoint();
    facts.another_target = may_move && (sibling || next < targets_.size());
    bool declined = false;
    if constexpr (C::has_resume) declined = std::exchange(this->declined, false);
    RetryDecision decision;
    const bool own_limit =
        errc == Errc::rate_limited || errc == Errc::auth || errc == Errc::permission || errc == Errc::quota;
    // what was delivered is better continued by somebody who has not just broken off
    if (refused || (sibling && may_move && own_limit) || (committed_ && facts.another_target)) {
        decision = facts.another_target ? RetryDecision::move_on() : RetryDecision::stop();
    } else if (!declined) {
        decision = decide_by_retry(facts);
    }
    error_ = std::move(error);
    switch (decision.kind) {
    case RetryDecision::Kind::retry_same: return pause_for(decision.wait);
    case RetryDecision::Kind::move_on:
        retries_on_target_ = 0;
        replayed_ = fresh_only_ = false;
        // but what was delivered may be continued by the one that broke off, rather than by nobody
        to_sibling_ = sibling && !(committed_ && deltas_ > 0 && next >= targets_.size());
        if (!sibling) {
            cursor_ = next;
            tried_ = 0;
            moved_ = true;
        }
        return set_phase(Phase::choose);
    case RetryDecision::Kind::stop:
        if (!return_to_first()) finish_broken(Error(error_));
    }
}

/// The next attempt is a retry, after `wait`.
template <class C>
void Call<C>::pause_for(Duration wait) {
    ++retries_on_target_;
    ++retries_;
    waited_ = wait;
    resume_at_ = after(now(), wait);
    cutoff_ = Cutoff{total_, Errc::timeout_total};
    if (!untried_endpoint()) tried_ = 0;
    set_phase(Phase::pause);
}

/// Nobody is left who might go on with what was delivered, or can: the first that broke off is asked again,
/// if Retry would repeat an attempt there that ended so. Nobody else is asked behind it. False: it would not.
template <class C>
bool Call<C>::return_to_first() {
    if constexpr (C::has_resume) {
        const std::size_t from = cursor_;
        const bool may = committed_ && this->broke_at < from && state_->fallback.may_move(error_.errc());
        if (!may) return false;
        RetryFacts facts;
        facts.error = this->broke.errc();
        facts.should_retry = this->broke.detail().should_retry;
        facts.retries_in_call = retries_;
        facts.now = now();
        facts.deadline = total_;
        cursor_ = this->broke_at;
        const RetryDecision decision = decide_by_retry(facts);
        if (decision.kind != RetryDecision::Kind::retry_same) {
            cursor_ = from;
            return false;
        }
        targets_.resize(cursor_ + 1);
        this->broke_at = targets_.size(); // once
        tried_ = 0;
        retries_on_target_ = 0;
        replayed_ = fresh_only_ = to_sibling_ = false;
        moved_ = true;
        this->going_on = this->refused = ResumeMode::none;
        pause_for(decision.wait);
        return true;
    } else {
        return false;
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

} // namespace baton::detail
