// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/limit_state.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace baton {

/// Whether an attempt failed because there were too many at once, so far as its error tells: 429, 529 and
/// other answers of an overloaded vendor, and time-outs.
constexpr bool is_overload(Errc error) noexcept {
    switch (error) {
    case Errc::rate_limited:
    case Errc::transient:
    case Errc::timeout_connect:
    case Errc::timeout_first_token:
    case Errc::timeout_idle: return true;
    default: return false;
    }
}

/// Finds out how many attempts at once a target bears: additive increase, multiplicative decrease.
///
/// An overload cuts the limit to `backoff` of it. One cut answers for all attempts begun before it: they say
/// nothing of the new limit. (Netflix concurrency-limits, AIMDLimit.java, cuts for each of them: a hundred
/// refusals of one moment take any limit to its minimum.)
///
/// A success adds `step / limit` if at least half of the limit was in use, so a round of `limit` successes
/// adds `step`: 1 in the first three rounds after a cut, then one more in each, so that a limit cut to a
/// fifth is back in about 15 rounds, not 80. (AIMDLimit.java adds 1 for each success, which doubles the limit
/// in a round and makes the vendor refuse up to half of the next.)
class Aimd {
public:
    struct Options {
        int initial = 20;                            ///< attempts at once in the beginning; `min` to `max`
        int min = 1;                                 ///< the limit never falls below; at least 1
        int max = 200;                               ///< nor rises above; up to 1,000,000
        double backoff = 0.9;                        ///< what an overload leaves of the limit; 0.1 to 0.99
        Duration max_wait = std::chrono::seconds(5); ///< how long a call may wait here; 0: refused at once
        std::int64_t max_queue = 1000;               ///< how many calls may wait at once; 0 to 1,000,000
    };

    static constexpr LimitScope scope = LimitScope::target;

    /// The limit of one State.
    class Core {
    public:
        explicit Core(const Aimd& strategy) noexcept
            : options_(strategy.options()), limit_(strategy.options().initial) {}

        /// The limit found so far stays, within the new bounds.
        void configure(const Aimd& strategy) noexcept {
            options_ = strategy.options();
            set(limit_);
        }

        std::int64_t concurrency() const noexcept { return static_cast<std::int64_t>(limit_); }
        double limit() const noexcept { return limit_; }

        TimePoint ready_at(const Demand&, const Demand&, TimePoint) const noexcept {
            return TimePoint::min();
        }
        void charge(const Demand&, TimePoint) noexcept {}
        void refund(const Demand&) noexcept {}

        void ended(const Admitted& admitted, const LimitOutcome& outcome, TimePoint now) noexcept {
            if (is_overload(outcome.error)) {
                if (admitted.at < cut_at_) return;
                cut_at_ = now;
                set(limit_ * options_.backoff);
                rounds_ = 0;
                successes_ = 0;
            } else if (outcome.error == Errc::ok && 2 * static_cast<double>(admitted.in_flight) >= limit_) {
                if (static_cast<double>(++successes_) >= limit_) {
                    successes_ = 0;
                    rounds_ = std::min(rounds_ + 1, 1000);
                }
                set(limit_ + std::max(1, rounds_ - 2) / limit_);
            }
        }

        double headroom(TimePoint) const noexcept { return 1; }
        void observe(const RateHeaders&, TimePoint) noexcept {}
        bool rested(TimePoint) const noexcept { return limit_ >= options_.initial; }

    private:
        void set(double limit) noexcept {
            limit_ = std::clamp(limit, static_cast<double>(options_.min), static_cast<double>(options_.max));
        }

        Options options_;
        double limit_;
        TimePoint cut_at_ = TimePoint::min();
        std::int64_t successes_ = 0; ///< of this round
        int rounds_ = 0;             ///< since the last cut
    };
    using State = LimitState<Core>;

    Aimd() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Aimd(const Options& options) : options_(options) {
        detail::require_option(options.min >= 1, "Aimd: min must be at least 1");
        detail::require_option(options.max >= options.min && options.max <= 1'000'000,
                               "Aimd: max must be between min and 1000000");
        detail::require_option(options.initial >= options.min && options.initial <= options.max,
                               "Aimd: initial must be between min and max");
        detail::require_option(options.backoff >= 0.1 && options.backoff <= 0.99,
                               "Aimd: backoff must be between 0.1 and 0.99");
        detail::require_option(options.max_wait >= Duration::zero(), "Aimd: max_wait must not be negative");
        detail::require_option(options.max_queue >= 0 && options.max_queue <= 1'000'000,
                               "Aimd: max_queue must be between 0 and 1000000");
    }

    const Options& options() const noexcept { return options_; }
    LimitWaits waits() const noexcept { return {options_.max_wait, options_.max_queue}; }

private:
    Options options_{};
};

static_assert(LimitStrategy<Aimd> && LimitStrategy<PerProvider<Aimd>>);

} // namespace baton
