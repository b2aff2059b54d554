// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/breaker_state.hpp>

#include <array>
#include <cstdint>

namespace baton {

/// Counts calls and failures over the last `window` in ten slices; trips on a rate of failures, once there
/// are enough calls to speak of a rate. A Trip of BreakerState.
class FailureRate {
public:
    template <class Strategy>
    explicit FailureRate(const Strategy& strategy) noexcept
        : slice_(strategy.options().window / slices), threshold_(strategy.options().failure_rate),
          min_calls_(static_cast<std::uint32_t>(strategy.options().min_calls)) {}

    bool sample(bool failed, TimePoint now) noexcept {
        if (now.time_since_epoch() >= next_) advance(now.time_since_epoch() / slice_);
        Count& count = ring_[newest_]; // where a clock that steps back counts, too
        ++count.calls;
        ++sum_.calls;
        if (!failed) return false;
        ++count.failures;
        ++sum_.failures;
        return sum_.calls >= min_calls_ && static_cast<double>(sum_.failures) >= threshold_ * sum_.calls;
    }

    void clear() noexcept {
        ring_.fill(Count{});
        sum_ = Count{};
    }

private:
    static constexpr int slices = 10;
    struct Count {
        std::uint32_t calls = 0;
        std::uint32_t failures = 0;
    };

    void advance(std::int64_t slice) noexcept {
        if (slice - current_ >= slices) {
            clear();
        } else {
            for (std::int64_t i = current_ + 1; i <= slice; ++i) {
                Count& oldest = ring_[static_cast<std::size_t>(i) % slices];
                sum_.calls -= oldest.calls;
                sum_.failures -= oldest.failures;
                oldest = Count{};
            }
        }
        current_ = slice;
        next_ = slice_ * (slice + 1);
        newest_ = static_cast<std::size_t>(slice) % slices;
    }

    Duration slice_;
    Duration next_{}; ///< since the clock's epoch: when the newest slice is over
    std::size_t newest_ = 0;
    double threshold_;
    std::uint32_t min_calls_;
    Count sum_;
    std::int64_t current_ = 0;
    std::array<Count, slices> ring_{};
};

/// The default breaker: opens on a rate of failures over a time window, refuses for a while, then lets a few
/// probes decide. The defaults are those of Polly (window, slices, first open phase), Resilience4j (rate) and
/// Failsafe (early decision), as compared in the project's notes on resilience.
class HalfOpen {
public:
    struct Options {
        Duration window = std::chrono::seconds(30); ///< how far back calls count; 10 ms to 1 h
        int min_calls = 20;                      ///< fewer calls in the window never open it; 1 to 1,000,000
        double failure_rate = 0.5;               ///< opens at this share of failures; above 0, up to 1
        Duration open = std::chrono::seconds(5); ///< the first open phase; positive
        Duration open_max = std::chrono::seconds(60); ///< it doubles with each failed half-open phase up to
                                                      ///< this; `open` to 24 h
        double jitter = 0.1;                          ///< +- this part of the open phase, at random; 0 to 0.5
        int probes = 3;                               ///< calls let through to decide; 1 to 8
        int passes = 2;                               ///< of them must succeed to close; 1 to `probes`
        Duration probe_deadline = std::chrono::seconds(30); ///< a probe without verdict is given up; positive
        BreakerMode mode = BreakerMode::automatic;          ///< can change at run time
    };
    using State = BreakerState<FailureRate>;

    HalfOpen() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit HalfOpen(const Options& options) : options_(options) {
        using namespace std::chrono_literals;
        using detail::require_option;
        require_option(options.window >= 10ms && options.window <= 1h,
                       "HalfOpen: window must be between 10 ms and 1 h");
        require_option(options.min_calls >= 1 && options.min_calls <= 1'000'000,
                       "HalfOpen: min_calls must be between 1 and 1000000");
        require_option(options.failure_rate > 0 && options.failure_rate <= 1,
                       "HalfOpen: failure_rate must be above 0 and at most 1");
        require_option(options.open > 0ns, "HalfOpen: open must be positive");
        require_option(options.open_max >= options.open && options.open_max <= 24h,
                       "HalfOpen: open_max must be between open and 24 h");
        require_option(options.jitter >= 0 && options.jitter <= 0.5,
                       "HalfOpen: jitter must be between 0 and 0.5");
        require_option(options.probes >= 1 && options.probes <= State::max_probes,
                       "HalfOpen: probes must be between 1 and 8");
        require_option(options.passes >= 1 && options.passes <= options.probes,
                       "HalfOpen: passes must be between 1 and probes");
        require_option(options.probe_deadline > 0ns, "HalfOpen: probe_deadline must be positive");
    }

    static constexpr bool counts_as_failure(Errc error) noexcept { return is_target_failure(error); }

    const Options& options() const noexcept { return options_; }
    State::Phases phases() const noexcept {
        return {options_.open,   options_.open_max,       options_.jitter, options_.probes,
                options_.passes, options_.probe_deadline, options_.mode};
    }

private:
    Options options_;
};

static_assert(BreakerStrategy<HalfOpen>);

} // namespace baton
