// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/balance.hpp>

namespace baton {

/// `Balance<RoundRobin>`: one after the other. Ignores all weights but 0.
class RoundRobin {
public:
    struct Options {};
    class State {
    public:
        State() = default;
        explicit State(const RoundRobin&) noexcept {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts&, R&) noexcept {
            if (candidates.size() <= 1) return 0;
            const detail::LiveCandidates live(candidates);
            return live.nth(turn_++ % live.count());
        }

    private:
        std::size_t turn_ = 0;
    };

    RoundRobin() = default;
    explicit RoundRobin(const Options&) noexcept {}
};

/// `Balance<Random>`: any, with equal chances. Ignores all weights but 0.
class Random {
public:
    struct Options {};
    class State {
    public:
        State() = default;
        explicit State(const Random&) noexcept {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts&, R& rng) const noexcept {
            if (candidates.size() <= 1) return 0;
            const detail::LiveCandidates live(candidates);
            return live.nth(static_cast<std::size_t>(rng.below(live.count())));
        }
    };

    Random() = default;
    explicit Random(const Options&) noexcept {}
};

/// `Balance<Weighted>`: in proportion to weight, evenly interleaved. The n-th attempt falls on the fractional
/// part of n / golden ratio, on a line divided by the weights: after n attempts each share is within a few
/// attempts of exact (its error grows with log n, that of chance with the root of n), whatever weights or
/// candidates do in between. Where the line starts is random, so that a fleet does not march in step.
class Weighted {
public:
    struct Options {};
    class State {
    public:
        State() = default;
        explicit State(const Weighted&) noexcept {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts&, R& rng) noexcept {
            if (candidates.size() <= 1) return 0;
            if (!started_) {
                place_ = rng.next();
                started_ = true;
            }
            place_ += 0x9e3779b97f4a7c15U; // 2^64 / golden ratio
            const detail::LiveCandidates live(candidates);
            double total = 0;
            for (std::size_t i = 0; i < live.size(); ++i) total += live.weight(i);
            double rest = static_cast<double>(place_ >> 11) * 0x1p-53 * total;
            std::size_t last = 0;
            for (std::size_t i = 0; i < live.size(); ++i) {
                const double weight = live.weight(i);
                if (weight == 0) continue;
                if (rest < weight) return i;
                rest -= weight;
                last = i;
            }
            return last; // rounding
        }

    private:
        std::uint64_t place_ = 0;
        bool started_ = false;
    };

    Weighted() = default;
    explicit Weighted(const Options&) noexcept {}
};

static_assert(BalanceStrategy<RoundRobin> && BalanceStrategy<Random> && BalanceStrategy<Weighted>);

} // namespace baton
