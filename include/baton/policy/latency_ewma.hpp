// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/round_robin.hpp>

#include <limits>

namespace baton {

/// `Balance<LatencyEwma>`: the lowest average first-token latency / weight among those measured lately; a few
/// attempts go anywhere, to keep the averages fresh. While no average is fresh, round robin.
class LatencyEwma {
public:
    struct Options {
        double explore = 0.05; ///< share of attempts that go anywhere; 0 to 1
        Duration stale =
            std::chrono::seconds(30); ///< an average without a sample for longer is void; positive
    };
    class State {
    public:
        explicit State(const LatencyEwma& strategy) noexcept : options_(strategy.options()) {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts& facts, R& rng) noexcept {
            if (candidates.size() <= 1) return 0;
            const detail::LiveCandidates live(candidates);
            if (detail::unit(rng) < options_.explore) {
                return live.nth(static_cast<std::size_t>(rng.below(live.count())));
            }
            const double none = std::numeric_limits<double>::infinity();
            const auto cost = [&](std::size_t i) {
                const EndpointStats& stats = live.stats(i);
                return stats.stale(facts.now, options_.stale) ? none : stats.average() / live.weight(i);
            };
            const std::size_t best = detail::cheapest(live, rng, cost);
            return cost(best) == none ? turn_.pick(candidates, facts, rng) : best;
        }

    private:
        Options options_;
        RoundRobin::State turn_;
    };

    LatencyEwma() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit LatencyEwma(const Options& options) : options_(options) {
        detail::require_option(options.explore >= 0 && options.explore <= 1,
                               "LatencyEwma: explore must be between 0 and 1");
        detail::require_option(options.stale > Duration::zero(), "LatencyEwma: stale must be positive");
    }

    const Options& options() const noexcept { return options_; }

private:
    Options options_;
};

static_assert(BalanceStrategy<LatencyEwma>);

} // namespace baton
