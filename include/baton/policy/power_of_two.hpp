// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/balance.hpp>

namespace baton {

/// The default, `Balance<PowerOfTwo>`: of two at random, the one with the lower peak latency x (attempts
/// under way + 1) / weight. Avoids slow, busy and failing endpoints, and no crowd runs to the one that looks
/// best at the moment (Mitzenmacher; Finagle's p2c with peak EWMA).
class PowerOfTwo {
public:
    struct Options {};
    class State {
    public:
        State() = default;
        explicit State(const PowerOfTwo&) noexcept {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts& facts,
                         R& rng) const noexcept {
            if (candidates.size() <= 1) return 0;
            const detail::LiveCandidates live(candidates);
            if (live.count() == 1) return live.nth(0);
            const auto first = static_cast<std::size_t>(rng.below(live.count()));
            auto second = static_cast<std::size_t>(rng.below(live.count() - 1));
            if (second >= first) ++second;
            const std::size_t a = live.nth(first), b = live.nth(second);
            const auto cost = [&](std::size_t i) { return live.stats(i).cost(facts.now) / live.weight(i); };
            return cost(b) < cost(a) ? b : a;
        }
    };

    PowerOfTwo() = default;
    explicit PowerOfTwo(const Options&) noexcept {}
};

static_assert(BalanceStrategy<PowerOfTwo>);

} // namespace baton
