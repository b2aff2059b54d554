// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/policy/endpoint_stats.hpp>
#include <baton/policy/rng.hpp>
#include <baton/policy/slot.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace baton {

/// One of the equal endpoints of a provider, as Balance sees it.
struct Candidate {
    const EndpointStats* stats = nullptr; ///< what it did so far; null: nothing is known
    double weight = 1;    ///< share of the traffic, up to 1,000,000; 0 (or below): drained, no new calls
    double headroom = 1;  ///< what is left of its rate limits, 0 to 1; 1 if unknown
    std::uint64_t id = 0; ///< a hash of the endpoint that is the same after a restart
};

/// What else there is to decide by.
struct BalanceFacts {
    TimePoint now{};
    std::uint64_t affinity =
        0; ///< hash of the prompt's prefix, for strategies that keep it in place; 0: none
};

/// What fills the Balance slot: which of several usable endpoints takes the next attempt. `S::State`, made
/// from the strategy, belongs to one provider. `pick` returns an index into the candidates, of which there is
/// at least one. A drained candidate is taken only if all are. Weights and the set of candidates may differ
/// from call to call. Who satisfies it: RoundRobin, Random, Weighted, LeastBusy, LatencyEwma, PowerOfTwo,
/// MostHeadroom, PromptAffinity.
template <class S>
concept BalanceStrategy = std::constructible_from<typename S::State, const S&> &&
                          requires(typename S::State& state, std::span<const Candidate> candidates,
                                   const BalanceFacts& facts, Xoshiro& rng) {
                              { state.pick(candidates, facts, rng) } -> std::same_as<std::size_t>;
                          };

class PowerOfTwo; // policy/power_of_two.hpp

/// The slot: spreads the attempts of one provider over its endpoints.
template <class Strategy = PowerOfTwo>
struct Balance {
    using slot = slot::balance;
    using strategy = Strategy;
};

namespace detail {

/// The candidates that may be picked: those with a weight, or all, as equals, if none has one.
class LiveCandidates {
public:
    explicit LiveCandidates(std::span<const Candidate> all) noexcept : all_(all) {
        for (const Candidate& c : all) count_ += c.weight > 0;
        drained_ = count_ == 0;
        if (drained_) count_ = all.size();
    }

    std::size_t count() const noexcept { return count_; }
    /// 0: not to be picked. Also for weights that are negative or no number.
    double weight(std::size_t i) const noexcept {
        if (drained_) return 1;
        return all_[i].weight > 0 ? std::min(all_[i].weight, max_weight) : 0;
    }
    /// The `n`-th of them, as an index into all; `n` below `count()`.
    std::size_t nth(std::size_t n) const noexcept {
        if (count_ == all_.size()) return n;
        for (std::size_t i = 0; i < all_.size(); ++i) {
            if (all_[i].weight > 0 && n-- == 0) return i;
        }
        return 0;
    }
    const EndpointStats& stats(std::size_t i) const noexcept {
        static constexpr EndpointStats nothing_known{};
        return all_[i].stats ? *all_[i].stats : nothing_known;
    }
    std::size_t size() const noexcept { return all_.size(); }
    const Candidate& operator[](std::size_t i) const noexcept { return all_[i]; }

private:
    static constexpr double max_weight = 1e6;
    std::span<const Candidate> all_;
    std::size_t count_ = 0;
    bool drained_ = false;
};

template <RandomSource R>
double unit(R& rng) noexcept {
    return static_cast<double>(rng.next() >> 11) * 0x1p-53; // [0, 1)
}

/// The live candidate with the lowest `cost(i)`; among several, one at random, in proportion to weight.
template <RandomSource R, class Cost>
std::size_t cheapest(const LiveCandidates& live, R& rng, Cost cost) noexcept {
    std::size_t best = live.nth(0);
    double lowest = 0, tied = 0; // weight of those that share the lowest cost
    for (std::size_t i = best; i < live.size(); ++i) {
        const double weight = live.weight(i);
        if (weight == 0) continue;
        const double price = cost(i);
        if (tied == 0 || price < lowest) {
            best = i;
            lowest = price;
            tied = weight;
        } else if (price == lowest) {
            tied += weight;
            if (unit(rng) * tied < weight) best = i;
        }
    }
    return best;
}

} // namespace detail
} // namespace baton
