// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>
#include <baton/policy/rng.hpp>
#include <baton/policy/slot.hpp>

#include <concepts>
#include <optional>

namespace baton {

/// What is known when an attempt has failed.
struct RetryFacts {
    Errc error = Errc::transient;
    std::optional<Duration> hint;     ///< how long the vendor asks to wait (`Retry-After` and its kin)
    std::optional<bool> should_retry; ///< the vendor's verdict (`x-should-retry`)
    int retries_on_target = 0;        ///< retries already made on this target in this round
    int retries_in_call = 0;          ///< retries already made in this call, all targets together
    bool committed = false;           ///< a delta has reached the caller: nothing may be repeated
    bool sent = true;                 ///< at least one byte of the request left the process
    TimePoint now{};
    TimePoint deadline = never; ///< of the whole call
    /// Another target is left *and* Fallback lets this error move there: `Retry` says whether to move,
    /// `Fallback` whether it may.
    bool another_target = false;
};

/// What to do after a failed attempt.
struct RetryDecision {
    enum class Kind : unsigned char {
        retry_same, ///< sleep `wait`, then ask the same target again
        move_on,    ///< ask the next target now
        stop,       ///< the call ends with this error, now
    };

    static constexpr RetryDecision retry_same(Duration wait) noexcept { return {Kind::retry_same, wait}; }
    static constexpr RetryDecision move_on() noexcept { return {Kind::move_on, {}}; }
    static constexpr RetryDecision stop() noexcept { return {}; }

    friend constexpr bool operator==(const RetryDecision&, const RetryDecision&) = default;

    Kind kind = Kind::stop;
    Duration wait{}; ///< only with retry_same
};

/// What fills the Retry slot: one pure decision per failed attempt. Who satisfies it: ExpBackoff, Never, and
/// any class with `RetryDecision decide(const RetryFacts&, auto& rng)`. A strategy with state that the calls
/// share (a budget) also has `void on_call(TimePoint now)`, called once when a call starts.
template <class S>
concept RetryStrategy = requires(S& strategy, const RetryFacts& facts, Xoshiro& rng) {
    { strategy.decide(facts, rng) } -> std::same_as<RetryDecision>;
};

/// A RetryStrategy that wants to know of every call.
template <class S>
concept CountsCalls = requires(S& strategy, TimePoint now) { strategy.on_call(now); };

/// A RetryStrategy that wants to know how attempts end: `on_outcome` is called once per finished attempt,
/// with whether it succeeded, before `decide`. Not for attempts that the caller cancelled, and not for errors
/// that say nothing of the target's load (is_throttling_failure).
template <class S>
concept CountsOutcomes = requires(S& strategy, bool ok) { strategy.on_outcome(ok); };

class ExpBackoff; // policy/exp_backoff.hpp

enum class ResumeMode : unsigned char; // policy/continuation.hpp
struct ResumeFacts;                    // policy/resume.hpp

/// The slot: what happens between two attempts of one call.
template <class Strategy = ExpBackoff>
struct Retry {
    using slot = slot::retry;
    using strategy = Strategy;
};

/// Whether the same request may succeed on the same target after `error`. Not after a missed first token: the
/// route is slow, and waiting for it a second time costs the caller as much again.
constexpr bool retryable_on_same_target(Errc error) noexcept {
    switch (error) {
    case Errc::transient:
    case Errc::rate_limited:
    case Errc::unavailable:
    case Errc::timeout_connect:
    case Errc::timeout_idle:
    case Errc::truncated:
    case Errc::protocol: return true;
    default: return false;
    }
}

/// Whether a failed attempt counts against a retry throttle: what may be retried on the same target, and a
/// missed first token. The vendor's verdict on a request or a key says nothing of its load.
constexpr bool is_throttling_failure(Errc error) noexcept {
    return retryable_on_same_target(error) || error == Errc::timeout_first_token;
}

/// Whether `error` ends the call whatever targets are left: the request itself is at fault, the caller is
/// gone, or the time is up.
constexpr bool ends_call(Errc error) noexcept {
    switch (error) {
    case Errc::ok:
    case Errc::invalid_request:
    case Errc::too_large:
    case Errc::cancelled:
    case Errc::timeout_total:
    case Errc::no_target:
    case Errc::slow_reader: return true;
    default: return false;
    }
}

/// `Retry<Never>`: a failed attempt is not repeated; the call moves on where Fallback allows it.
/// `Resume<Never>`: a stream that dies after the commit point ends the call with its error.
class Never {
public:
    struct Options {};

    Never() = default;
    explicit Never(const Options&) noexcept {}

    template <RandomSource R>
    constexpr RetryDecision decide(const RetryFacts& facts, R&) const noexcept {
        const bool move =
            facts.another_target && !facts.committed && !ends_call(facts.error) && facts.now < facts.deadline;
        return move ? RetryDecision::move_on() : RetryDecision::stop();
    }

    static constexpr ResumeMode first(const ResumeFacts&) noexcept { return ResumeMode{}; }
    static constexpr ResumeMode next_after_refusal(ResumeMode, const ResumeFacts&) noexcept {
        return ResumeMode{};
    }
};

} // namespace baton
