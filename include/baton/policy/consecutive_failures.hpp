// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/breaker_state.hpp>

#include <array>
#include <cstdint>

namespace baton {

/// Trips when the last `failures` verdicts were all failures and lie within `window`. A Trip of BreakerState.
class FailureRun {
public:
    static constexpr int max_failures = 16;

    template <class Strategy>
    explicit FailureRun(const Strategy& strategy) noexcept
        : window_(strategy.options().window), needed_(strategy.options().failures) {}

    bool sample(bool failed, TimePoint now) noexcept {
        if (!failed) {
            run_ = 0;
            return false;
        }
        // the ring holds the last `needed_` failures of the run; its oldest one is overwritten by this one
        times_[static_cast<std::size_t>(next_)] = now;
        next_ = next_ + 1 == needed_ ? 0 : next_ + 1;
        if (run_ < needed_) ++run_;
        return run_ == needed_ && now - times_[static_cast<std::size_t>(next_)] <= window_;
    }

    void clear() noexcept { run_ = next_ = 0; }

private:
    Duration window_;
    int needed_;
    int run_ = 0;
    int next_ = 0;
    std::array<TimePoint, max_failures> times_{};
};

/// The simplest breaker: opens after a few failures in a row, and one probe decides.
class ConsecutiveFailures {
public:
    struct Options {
        int failures = 3;                           ///< in a row; 1 to 16
        Duration window = std::chrono::seconds(60); ///< within this time; positive
        Duration open = std::chrono::seconds(30);   ///< how long calls are refused; positive, up to 24 h
        Duration probe_deadline = std::chrono::seconds(30); ///< a probe without verdict is given up; positive
        BreakerMode mode = BreakerMode::automatic;          ///< can change at run time
    };
    using State = BreakerState<FailureRun>;

    ConsecutiveFailures() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit ConsecutiveFailures(const Options& options) : options_(options) {
        using namespace std::chrono_literals;
        using detail::require_option;
        require_option(options.failures >= 1 && options.failures <= FailureRun::max_failures,
                       "ConsecutiveFailures: failures must be between 1 and 16");
        require_option(options.window > 0ns, "ConsecutiveFailures: window must be positive");
        require_option(options.open > 0ns && options.open <= 24h,
                       "ConsecutiveFailures: open must be positive and at most 24 h");
        require_option(options.probe_deadline > 0ns, "ConsecutiveFailures: probe_deadline must be positive");
    }

    static constexpr bool counts_as_failure(Errc error) noexcept { return is_target_failure(error); }

    const Options& options() const noexcept { return options_; }
    State::Phases phases() const noexcept {
        return {options_.open, options_.open, 0, 1, 1, options_.probe_deadline, options_.mode};
    }

private:
    Options options_;
};

static_assert(BreakerStrategy<ConsecutiveFailures>);

} // namespace baton
