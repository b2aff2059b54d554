// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/hash.hpp>
#include <baton/detail/require_option.hpp>
#include <baton/policy/power_of_two.hpp>

#include <cmath>

namespace baton {

/// `Balance<PromptAffinity>`: calls that begin with the same prompt go to the same endpoint, where the
/// vendor's prompt cache is warm. Rendezvous hashing by weight (Thaler and Ravishankar; weights after
/// Schindelhauer and Schomaker): an endpoint that comes or goes moves only its own share. Load is bounded
/// (Mirrokni, Thorup and Zadimoghaddam): an endpoint with `load` times its fair share of all attempts under
/// way is passed over for the next in the order. Calls without affinity go by PowerOfTwo.
class PromptAffinity {
public:
    struct Options {
        double load = 1.25; ///< fair shares an endpoint may have under way; above 1, up to 1000
        int min_load = 1;   ///< with fewer attempts under way it is never passed over; 1 to 1,000,000
    };
    static constexpr bool uses_affinity = true; ///< BalanceFacts::affinity is worked out

    class State {
    public:
        explicit State(const PromptAffinity& strategy) noexcept : options_(strategy.options()) {}

        template <RandomSource R>
        std::size_t pick(std::span<const Candidate> candidates, const BalanceFacts& facts,
                         R& rng) const noexcept {
            if (candidates.size() <= 1) return 0;
            if (facts.affinity == 0) return others_.pick(candidates, facts, rng);
            const detail::LiveCandidates live(candidates);
            double weights = 0, attempts = 1; // with the one to come
            for (std::size_t i = 0; i < live.size(); ++i) {
                if (live.weight(i) == 0) continue;
                weights += live.weight(i);
                attempts += live.stats(i).in_flight();
            }
            // Some live candidate is below its bound: the bounds add up to more than all attempts.
            std::size_t best = live.nth(0);
            double highest = 0;
            for (std::size_t i = best; i < live.size(); ++i) {
                const double weight = live.weight(i);
                if (weight == 0) continue;
                const double bound = options_.load * attempts * (weight / weights);
                if (live.stats(i).in_flight() >= std::max<double>(bound, options_.min_load)) continue;
                const double score = weight / -std::log(point(facts.affinity, live[i].id));
                if (score > highest) {
                    highest = score;
                    best = i;
                }
            }
            return best;
        }

    private:
        /// Where prompt and endpoint meet: in (0, 1).
        static double point(std::uint64_t affinity, std::uint64_t id) noexcept {
            const std::uint64_t bits = detail::scatter(affinity ^ detail::scatter(id + 1));
            return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
        }

        Options options_;
        PowerOfTwo::State others_;
    };

    PromptAffinity() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit PromptAffinity(const Options& options) : options_(options) {
        detail::require_option(options.load > 1 && options.load <= 1000,
                               "PromptAffinity: load must be above 1 and at most 1000");
        detail::require_option(options.min_load >= 1 && options.min_load <= 1'000'000,
                               "PromptAffinity: min_load must be between 1 and 1000000");
    }

    const Options& options() const noexcept { return options_; }

private:
    Options options_;
};

static_assert(BalanceStrategy<PromptAffinity>);

} // namespace baton
