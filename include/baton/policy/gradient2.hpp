// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/aimd.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace baton {

/// Finds out how many attempts at once a target bears from how fast it answers, before it has to refuse: what
/// its first tokens take now against what they take in the long run (Netflix concurrency-limits,
/// Gradient2Limit.java and WindowedLimit.java).
///
/// A sample is the time to the first token, never the whole latency, which measures the length of the answer;
/// and per prompt, `first_token / (1 + input_tokens / prompt_unit)`, since a long prompt takes long to read.
/// A window of at least 1 s and 10 samples gives `short`, their mean; `long` is the exponential mean of 600
/// windows (arithmetic of the first 10), and is cut by 5 % while it is more than twice `short`. Then, unless
/// less than half of the limit L was in use: `g = clamp(1.5 * long / short, 0.5, 1)`, `L <- 0.8 L + 0.2 (L g
/// + 4)`.
///
/// An overload (is_overload) cuts L to 0.9 of it, once for all attempts begun before the cut: a vendor that
/// refuses at once never shows in latencies.
class Gradient2 {
public:
    struct Options {
        int initial = 20;           ///< attempts at once in the beginning; `min` to `max`
        int min = 1;                ///< the limit never falls below; at least 1
        int max = 200;              ///< nor rises above; up to 1,000,000
        double tolerance = 1.5;     ///< how much slower than in the long run is still well; 1 to 10
        double prompt_unit = 1'000; ///< a prompt of so many tokens may take twice as long as none; at least 1
        Duration max_wait = std::chrono::seconds(5); ///< how long a call may wait here; 0: refused at once
        std::int64_t max_queue = 1000;               ///< how many calls may wait at once; 0 to 1,000,000
    };

    static constexpr LimitScope scope = LimitScope::target;

    /// The limit of one State.
    class Core {
    public:
        explicit Core(const Gradient2& strategy) noexcept
            : options_(strategy.options()), limit_(strategy.options().initial) {}

        /// The limit found so far stays, within the new bounds, and so do the latencies.
        void configure(const Gradient2& strategy) noexcept {
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
                set(limit_ * 0.9);
                return;
            }
            if (outcome.first_token <= Duration::zero()) return;
            if (samples_ == 0) window_from_ = now;
            const std::int64_t prompt =
                outcome.input_tokens >= 0 ? outcome.input_tokens : admitted.demand.input_tokens;
            sum_ += static_cast<double>(outcome.first_token.count()) /
                    (1 + static_cast<double>(prompt) / options_.prompt_unit);
            ++samples_;
            busiest_ = std::max(busiest_, admitted.in_flight);
            if (samples_ >= 10 && now - window_from_ >= std::chrono::seconds(1)) end_window();
        }

        double headroom(TimePoint) const noexcept { return 1; }
        void observe(const RateHeaders&, TimePoint) noexcept {}
        bool rested(TimePoint) const noexcept { return limit_ >= options_.initial; }

    private:
        static constexpr int warm_up = 10, long_window = 600;
        static constexpr double queue = 4;

        void end_window() noexcept {
            const double brief = sum_ / static_cast<double>(samples_);
            const auto busiest = static_cast<double>(busiest_);
            sum_ = 0;
            samples_ = busiest_ = 0;
            if (windows_ < warm_up) {
                ++windows_;
                long_ += (brief - long_) / windows_;
            } else {
                long_ += (brief - long_) * 2 / (long_window + 1);
            }
            if (long_ / brief > 2) long_ *= 0.95;
            if (busiest < limit_ / 2) return;
            const double gradient = std::clamp(options_.tolerance * long_ / brief, 0.5, 1.0);
            set(0.8 * limit_ + 0.2 * (limit_ * gradient + queue));
        }

        void set(double limit) noexcept {
            limit_ = std::clamp(limit, static_cast<double>(options_.min), static_cast<double>(options_.max));
        }

        Options options_;
        double limit_;
        double long_ = 0; ///< in nanoseconds, as `sum_`
        double sum_ = 0;  ///< of this window's samples
        std::int64_t samples_ = 0;
        std::int64_t busiest_ = 0; ///< most in flight in this window
        int windows_ = 0;
        TimePoint window_from_{};
        TimePoint cut_at_ = TimePoint::min();
    };
    using State = LimitState<Core>;

    Gradient2() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Gradient2(const Options& options) : options_(options) {
        detail::require_option(options.min >= 1, "Gradient2: min must be at least 1");
        detail::require_option(options.max >= options.min && options.max <= 1'000'000,
                               "Gradient2: max must be between min and 1000000");
        detail::require_option(options.initial >= options.min && options.initial <= options.max,
                               "Gradient2: initial must be between min and max");
        detail::require_option(options.tolerance >= 1 && options.tolerance <= 10,
                               "Gradient2: tolerance must be between 1 and 10");
        detail::require_option(options.prompt_unit >= 1, "Gradient2: prompt_unit must be at least 1");
        detail::require_option(options.max_wait >= Duration::zero(),
                               "Gradient2: max_wait must not be negative");
        detail::require_option(options.max_queue >= 0 && options.max_queue <= 1'000'000,
                               "Gradient2: max_queue must be between 0 and 1000000");
    }

    const Options& options() const noexcept { return options_; }
    LimitWaits waits() const noexcept { return {options_.max_wait, options_.max_queue}; }

private:
    Options options_{};
};

static_assert(LimitStrategy<Gradient2>);

} // namespace baton
