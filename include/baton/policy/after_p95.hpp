// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/hedge.hpp>
#include <baton/policy/latency_quantile.hpp>

#include <cstdint>

namespace baton {

/// The default, `Hedge<AfterP95>`: after the 95th percentile of what the target's first tokens took lately,
/// one more attempt (Dean and Barroso, The Tail at Scale, 2013), within a budget: every call
/// adds its share, every hedge takes a whole, so that at no time more than `budget` of all calls so far were
/// hedged; what is saved is counted in calls and not in seconds, for quiet programs. The percentile is
/// believed between `least` and `most` times the median only. Before `least`, a fresh attempt, which takes a
/// median itself, would hardly win, and the budget is missed where it would. Beyond `most`: where about one
/// call in twenty is slow, the percentile falls now among the fast and now among the slow.
class AfterP95 {
public:
    static constexpr int max_extra = 1; ///< attempts besides the first

    struct Options {
        double quantile = 0.95;                         ///< above 0, below 1
        double least = 2;                               ///< medians the delay is at least; 0 to `most`
        double most = 2.5;                              ///< medians the delay is at most; above 0, up to 1000
        Duration floor = std::chrono::milliseconds(50); ///< the delay is at least; not negative
        int min_samples = 20;                           ///< of the target, before it is hedged; 8 to 128
        double budget = 0.05;                           ///< hedges per call; 0 to 1
        int burst = 50; ///< hedges that calls which needed none leave to later ones, at most; 1 to 10,000
    };

    class State {
    public:
        explicit State(const AfterP95& strategy) noexcept
            : options_(strategy.options()), latency_(options_.quantile) {}

        void observe(Duration latency) noexcept { latency_.observe(latency); }

        std::optional<Duration> delay() const noexcept {
            if (latency_.count() < static_cast<std::size_t>(options_.min_samples)) return std::nullopt;
            const auto medians = [&](double count) {
                return Duration(
                    static_cast<Duration::rep>(static_cast<double>(latency_.median().count()) * count));
            };
            const Duration late =
                std::clamp(latency_.value(), medians(options_.least), medians(options_.most));
            return std::max(options_.floor, late);
        }

    private:
        Options options_;
        LatencyQuantile latency_;
    };

    AfterP95() : AfterP95(Options{}) {}
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit AfterP95(const Options& options) : options_(options) {
        using detail::require_option;
        require_option(options.quantile > 0 && options.quantile < 1,
                       "AfterP95: quantile must be above 0 and below 1");
        require_option(options.most > 0 && options.most <= 1000,
                       "AfterP95: most must be above 0 and at most 1000");
        require_option(options.least >= 0 && options.least <= options.most,
                       "AfterP95: least must be between 0 and most");
        require_option(options.floor >= Duration::zero(), "AfterP95: floor must not be negative");
        require_option(options.min_samples >= static_cast<int>(LatencyQuantile::stride) &&
                           options.min_samples <= static_cast<int>(LatencyQuantile::window),
                       "AfterP95: min_samples must be between 8 and 128");
        require_option(options.budget >= 0 && options.budget <= 1,
                       "AfterP95: budget must be between 0 and 1");
        require_option(options.burst >= 1 && options.burst <= 10'000,
                       "AfterP95: burst must be between 1 and 10000");
        deposit_ = static_cast<std::int64_t>(options.budget * hedge); // a number, now that it is in range
    }

    /// A call has started: it vouches for `budget` hedges.
    void on_call(TimePoint) noexcept { saved_ = std::min(saved_ + deposit_, options_.burst * hedge); }

    /// Whether to hedge now; if so, the budget has paid for it.
    bool allow(const HedgeFacts& facts) noexcept {
        if (facts.committed || facts.side_effects || facts.extra_attempts >= max_extra) return false;
        if (saved_ < hedge) return false;
        saved_ -= hedge;
        return true;
    }

    const Options& options() const noexcept { return options_; }
    /// Hedges that could be paid for now.
    std::int64_t balance() const noexcept { return saved_ / hedge; }

private:
    static constexpr std::int64_t hedge = 1'000'000; // what one costs

    Options options_;
    std::int64_t deposit_ = 0;
    std::int64_t saved_ = 0;
};

static_assert(HedgeStrategy<AfterP95>);

} // namespace baton
