// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/balance.hpp>

#include <cmath>

namespace baton {

/// `Balance<LeastBusy>`: the fewest attempts under way for its weight; of equals, one at random.
class LeastBusy {
public:
    struct Options {};
    class State {
    public:
        State() = default;
        explicit State(const LeastBusy&) noexcept {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts&, R& rng) const noexcept {
            if (candidates.size() <= 1) return 0;
            const detail::LiveCandidates live(candidates);
            return detail::cheapest(
                live, rng, [&](std::size_t i) { return live.stats(i).in_flight() / live.weight(i); });
        }
    };

    LeastBusy() = default;
    explicit LeastBusy(const Options&) noexcept {}
};

/// `Balance<MostHeadroom>`: the most rate limit left, headroom x weight / (attempts under way + 1): what is
/// under way is not yet in what the vendor reported. Of equals, one at random.
class MostHeadroom {
public:
    struct Options {};
    class State {
    public:
        State() = default;
        explicit State(const MostHeadroom&) noexcept {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts&, R& rng) const noexcept {
            if (candidates.size() <= 1) return 0;
            const detail::LiveCandidates live(candidates);
            return detail::cheapest(live, rng, [&](std::size_t i) {
                const double left = live[i].headroom;
                const double headroom = left > 0 ? std::min(left, 1.0) : 0; // also where it is no number
                return -(headroom * live.weight(i) / (live.stats(i).in_flight() + 1.0));
            });
        }
    };

    MostHeadroom() = default;
    explicit MostHeadroom(const Options&) noexcept {}
};

static_assert(BalanceStrategy<LeastBusy> && BalanceStrategy<MostHeadroom>);

} // namespace baton
