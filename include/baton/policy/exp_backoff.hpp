// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/retry.hpp>
#include <baton/policy/retry_budget.hpp>
#include <baton/policy/retry_throttle.hpp>

#include <algorithm>

namespace baton {

/// Retries what may succeed the second time, with exponential back-off, full jitter, the vendor's own hints
/// and a retry budget. By class of error (design invariant 3):
///
/// | error | decision |
/// |---|---|
/// | transient, unavailable, timeout_connect, timeout_idle, truncated, protocol | retry, then move |
/// | rate_limited with a hint | wait for it if short, else move |
/// | rate_limited without | retry, then move |
/// | timeout_first_token, tls, quota, auth, permission, not_found, context_overflow, breaker_open | move |
/// | content_filtered | move if Fallback was asked to, else stop |
/// | invalid_request, too_large, cancelled, timeout_total, slow_reader | stop |
///
/// "Move" is "stop" where there is no other target. Never after the commit point; never a sleep that ends at
/// or after the deadline. Not thread-safe: the calls of one thread share it and its budget.
class ExpBackoff {
public:
    struct Options {
        /// Retries on one target, after its first attempt; 0 to 100. (2: OpenAI's and Anthropic's SDKs.)
        int max_retries = 2;
        Duration base = std::chrono::milliseconds(500); ///< ceiling of the first back-off; positive
        Duration cap = std::chrono::seconds(8);         ///< ceiling of any back-off; at least `base`
        /// The longest hint waited for on the same target while another one is left; 0 or more.
        Duration max_wait = std::chrono::seconds(5);
        /// The longest hint waited for where there is no other target: beyond it the call fails at once.
        /// At least `max_wait`. (60 s: Anthropic's SDK.)
        Duration max_hint = std::chrono::seconds(60);
        /// Part of a hint that is added at random, so that a fleet does not return in one instant; 0 to 1.
        double hint_jitter = 0.1;
        /// Retries per call over `budget_ttl`; 0.000001 to 1000, or 0: the reserve alone.
        double budget_ratio = 0.2;
        double budget_reserve = 10; ///< retries per second that are always allowed; 0 to 1,000,000
        Duration budget_ttl = std::chrono::seconds(10); ///< how long a call vouches for a retry; 1 s to 60 s
        /// Retry throttling as in gRPC (proposal A6, "Throttling Retry Attempts and Hedged RPCs"), beside the
        /// budget: so many tokens at most, each failed attempt takes one, each success gives
        /// `throttle_ratio`, and nothing is retried while half of them or fewer are left. 0: off; up to 1000.
        int throttle_tokens = 0;
        double throttle_ratio = 0.1; ///< 0.001 to 1000; three decimals count, as in gRPC
    };

    ExpBackoff() : ExpBackoff(Options{}) {}
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit ExpBackoff(const Options& options)
        : options_(options), budget_(options.budget_ratio, options.budget_reserve, options.budget_ttl),
          throttle_(options.throttle_tokens, options.throttle_ratio) {
        detail::require_option(options.max_retries >= 0 && options.max_retries <= 100,
                               "ExpBackoff: max_retries must be between 0 and 100");
        detail::require_option(options.base > Duration::zero(), "ExpBackoff: base must be positive");
        detail::require_option(options.cap >= options.base, "ExpBackoff: cap must be at least base");
        detail::require_option(options.max_wait >= Duration::zero(),
                               "ExpBackoff: max_wait must not be negative");
        detail::require_option(options.max_hint >= options.max_wait,
                               "ExpBackoff: max_hint must be at least max_wait");
        detail::require_option(options.hint_jitter >= 0 && options.hint_jitter <= 1,
                               "ExpBackoff: hint_jitter must be between 0 and 1");
    }

    /// A call has started: it vouches for `budget_ratio` retries.
    void on_call(TimePoint now) noexcept { budget_.deposit(now); }

    /// An attempt has ended; see CountsOutcomes.
    void on_outcome(bool ok) noexcept { throttle_.on_outcome(ok); }

    template <RandomSource R>
    RetryDecision decide(const RetryFacts& facts, R& rng) noexcept {
        if (facts.committed || facts.now >= facts.deadline) return RetryDecision::stop();
        if (may_retry(facts)) {
            const std::optional<Duration> wait = delay(facts, rng);
            // the budget last: a retry that does not happen must not cost one
            if (wait && *wait < facts.deadline - facts.now && throttle_.allows() &&
                budget_.withdraw(facts.now)) {
                return RetryDecision::retry_same(*wait);
            }
        }
        const bool move = facts.another_target && !ends_call(facts.error);
        return move ? RetryDecision::move_on() : RetryDecision::stop();
    }

    /// The ceiling of the back-off before retry `n` (from 0): capped first, so that jitter spreads over the
    /// whole of it and no delays pile up at the cap.
    Duration ceiling(int n) const noexcept {
        if (n < 0) n = 0;
        // base <= cap / 2^n, without computing base * 2^n, which may overflow
        return n < 62 && options_.base.count() <= (options_.cap.count() >> n)
                   ? options_.base * (Duration::rep{1} << n)
                   : options_.cap;
    }

    const Options& options() const noexcept { return options_; }
    RetryBudget& budget() noexcept { return budget_; }
    const RetryThrottle& throttle() const noexcept { return throttle_; }

private:
    bool may_retry(const RetryFacts& facts) const noexcept {
        if (facts.retries_on_target >= options_.max_retries) return false;
        const bool by_class = retryable_on_same_target(facts.error);
        if (!facts.should_retry) return by_class;
        if (!*facts.should_retry) return false;
        // the vendor's word outranks the status it came with, but not what we know to be final: credentials,
        // credit, filters and the size of the window do not change by asking again
        return by_class || facts.error == Errc::invalid_request || facts.error == Errc::not_found;
    }

    template <RandomSource R>
    std::optional<Duration> delay(const RetryFacts& facts, R& rng) const noexcept {
        if (!facts.hint || *facts.hint <= Duration::zero()) {
            return rng.uniform(ceiling(facts.retries_on_target)); // full jitter
        }
        const Duration hint = *facts.hint;
        if (hint > (facts.another_target ? options_.max_wait : options_.max_hint)) return std::nullopt;
        const auto spread = static_cast<double>(hint.count()) * options_.hint_jitter;
        return hint + rng.uniform(Duration(static_cast<Duration::rep>(spread)));
    }

    Options options_;
    RetryBudget budget_;
    RetryThrottle throttle_;
};

static_assert(RetryStrategy<ExpBackoff> && CountsCalls<ExpBackoff> && CountsOutcomes<ExpBackoff>);

} // namespace baton
