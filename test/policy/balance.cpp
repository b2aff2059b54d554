// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"

#include <baton/policy/latency_ewma.hpp>
#include <baton/policy/least_busy.hpp>
#include <baton/policy/prompt_affinity.hpp>

#include <array>
#include <cmath>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(balance)

using namespace baton;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint(5000s);

static_assert(std::is_same_v<Balance<>::strategy, PowerOfTwo> &&
              std::is_same_v<Balance<>::slot, slot::balance>);
static_assert(std::is_aggregate_v<PromptAffinity::Options> &&
              std::is_trivially_destructible_v<LatencyEwma::Options>);
static_assert(sizeof(EndpointStats) <= 64); // a cache line

// BOOST_TEST_REQUIRE takes a microsecond, and there are millions of these.
#define MUST(condition)                                                                                      \
    if (!(condition)) BOOST_FAIL("violated: " #condition)

bool near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(1.0, std::abs(b)); }

/// Endpoint statistics that keep every sample and fold all of them, each time.
struct StatsModel {
    struct Sample {
        double seconds;
        TimePoint at;
    };
    std::vector<Sample> samples;
    int in_flight = 0;

    double peak(TimePoint now) const {
        if (samples.empty()) return 0;
        double value = samples[0].seconds;
        TimePoint at = samples[0].at;
        const auto fade = [&](TimePoint to) {
            return std::exp(-std::chrono::duration<double>(to - at).count() / 10);
        };
        for (std::size_t i = 1; i < samples.size(); ++i) {
            const double w = fade(samples[i].at), left = value * w;
            value = samples[i].seconds > left ? samples[i].seconds : left + samples[i].seconds * (1 - w);
            at = samples[i].at;
        }
        return value * fade(now);
    }
    double average() const {
        double value = samples.empty() ? 0 : samples[0].seconds;
        for (std::size_t i = 1; i < samples.size(); ++i) value = 0.8 * value + 0.2 * samples[i].seconds;
        return value;
    }
    double cost(TimePoint now) const {
        if (samples.empty()) return in_flight ? 1e6 + in_flight : 0;
        return peak(now) * (in_flight + 1);
    }
    bool stale(TimePoint now) const { return samples.empty() || now - samples.back().at > 30s; }
};

/// Everything a strategy can see, and a naive judgement of what each may answer.
struct World {
    std::vector<EndpointStats> stats;
    std::vector<StatsModel> models;
    std::vector<double> weights, headrooms;
    std::vector<Candidate> candidates; // a subset, in order
    std::vector<std::size_t> endpoint; // of each candidate
    bool drained = false;

    explicit World(std::size_t n) : stats(n), models(n), weights(n, 1.0), headrooms(n, 1.0) {}

    void offer(Xoshiro& dice) {
        candidates.clear();
        endpoint.clear();
        while (candidates.empty()) {
            for (std::size_t i = 0; i < stats.size(); ++i) {
                if (dice.below(5) == 0) continue;
                candidates.push_back({&stats[i], weights[i], headrooms[i], 1000 + i});
                endpoint.push_back(i);
            }
        }
        drained = true;
        for (const Candidate& c : candidates) drained &= !(c.weight > 0);
    }
    bool live(std::size_t i) const { return drained || candidates[i].weight > 0; }
    double weight(std::size_t i) const { return drained ? 1 : candidates[i].weight; }
    const StatsModel& model(std::size_t i) const { return models[endpoint[i]]; }

    template <class Cost>
    bool cheapest(std::size_t picked, Cost cost) const {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            if (live(i) && cost(i) < cost(picked) - 1e-9 * std::abs(cost(picked)) - 1e-12) return false;
        }
        return true;
    }
    std::size_t live_count() const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < candidates.size(); ++i) count += live(i);
        return count;
    }
};

/// First in rendezvous order that is below its bound, by sorting.
std::size_t affine(const World& w, std::uint64_t affinity) {
    std::vector<std::pair<double, std::size_t>> order;
    double weights = 0;
    int attempts = 1;
    for (std::size_t i = 0; i < w.candidates.size(); ++i) {
        if (!w.live(i)) continue;
        const auto bits = detail::scatter(affinity ^ detail::scatter(w.candidates[i].id + 1)) >> 12;
        const double h = (static_cast<double>(bits) + 0.5) / std::pow(2, 52);
        order.emplace_back(std::log(h) / w.weight(i), i); // closest to 0 first
        weights += w.weight(i);
        attempts += w.model(i).in_flight;
    }
    std::sort(order.begin(), order.end(), std::greater<>());
    for (const auto& [score, i] : order) {
        if (w.model(i).in_flight < std::max(1.0, 1.25 * attempts * w.weight(i) / weights)) return i;
    }
    return w.candidates.size(); // must not happen
}

struct States {
    RoundRobin::State round_robin;
    Random::State random;
    Weighted::State weighted;
    LeastBusy::State least_busy;
    LatencyEwma::State latency{LatencyEwma(LatencyEwma::Options{.explore = 0})};
    PowerOfTwo::State power;
    MostHeadroom::State headroom;
    PromptAffinity::State affinity{PromptAffinity{}};
};

constexpr int strategies = 8;

std::size_t pick(States& s, std::uint64_t which, const World& w, const BalanceFacts& facts, Xoshiro& rng) {
    const std::span<const Candidate> c = w.candidates;
    const TimePoint now = facts.now;
    std::size_t p = 0;
    switch (which) {
    case 0: p = s.round_robin.pick(c, facts, rng); break;
    case 1: p = s.random.pick(c, facts, rng); break;
    case 2: p = s.weighted.pick(c, facts, rng); break;
    case 3:
        p = s.least_busy.pick(c, facts, rng);
        MUST(p < c.size() &&
             w.cheapest(p, [&](std::size_t i) { return w.model(i).in_flight / w.weight(i); }));
        break;
    case 4: {
        p = s.latency.pick(c, facts, rng);
        bool all_stale = true;
        for (std::size_t i = 0; i < c.size(); ++i) all_stale &= !w.live(i) || w.model(i).stale(now);
        MUST(p < c.size() && (all_stale || c.size() == 1 ||
                              w.cheapest(
                                  p,
                                  [&](std::size_t i) {
                                      return w.model(i).stale(now) ? 1e300
                                                                   : w.model(i).average() / w.weight(i);
                                  })));
        break;
    }
    case 5: { // of any two, the dearer is never taken: so never the dearest of all
        p = s.power.pick(c, facts, rng);
        MUST(p < c.size());
        const auto cost = [&](std::size_t i) { return w.model(i).cost(now) / w.weight(i); };
        bool dearest = w.live_count() > 1;
        for (std::size_t i = 0; i < c.size(); ++i) {
            if (i != p && w.live(i)) dearest &= cost(p) > cost(i) * (1 + 1e-9) + 1e-12;
        }
        MUST(!dearest);
        break;
    }
    case 6:
        p = s.headroom.pick(c, facts, rng);
        MUST(
            p < c.size() &&
            w.cheapest(
                p, [&](std::size_t i) { return -c[i].headroom * w.weight(i) / (w.model(i).in_flight + 1); }));
        break;
    default: {
        p = s.affinity.pick(c, facts, rng);
        if (facts.affinity == 0 || c.size() == 1) break;
        MUST(p < c.size() && p == affine(w, facts.affinity));
        double weights = 0;
        int attempts = 1;
        for (std::size_t i = 0; i < c.size(); ++i) {
            if (!w.live(i)) continue;
            weights += w.weight(i);
            attempts += w.model(i).in_flight;
        }
        // the load with the new attempt is within the bound, rounded up
        MUST(w.model(p).in_flight + 1 <= std::ceil(std::max(1.0, 1.25 * attempts * w.weight(p) / weights)));
    }
    }
    MUST(p < c.size());
    MUST(w.live(p) || c.size() == 1);
    return p;
}

double chi_square(const std::vector<int>& counts, const std::vector<double>& shares) {
    double total = 0, sum = 0, value = 0;
    for (const int c : counts) total += c;
    for (const double s : shares) sum += s;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const double expected = total * shares[i] / sum;
        value += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    return value;
}

template <class State>
std::vector<int> count_picks(State& state, const std::vector<double>& weights, int picks,
                             std::uint64_t seed) {
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < weights.size(); ++i) candidates.push_back({nullptr, weights[i], 1, i});
    std::vector<int> counts(weights.size());
    Xoshiro rng(seed);
    for (int i = 0; i < picks; ++i) ++counts[state.pick(candidates, BalanceFacts{start}, rng)];
    return counts;
}

} // namespace

BOOST_AUTO_TEST_CASE(random_operations_agree_with_a_naive_model) {
    std::array<long, strategies> picks{};
    long operations = 0;
    for (std::uint64_t seed = 1; seed <= 1100 / test::one_in; ++seed) {
        Xoshiro dice(seed), rng(seed ^ 0xabcdef);
        World w(1 + static_cast<std::size_t>(dice.below(8)));
        States states;
        TimePoint now = start;
        for (int step = 0; step < 1000; ++step, ++operations) {
            if (dice.below(4) == 0) now += dice.uniform(500ms);
            if (dice.below(200) == 0) now += dice.uniform(60s);
            const auto i = static_cast<std::size_t>(dice.below(w.stats.size()));
            EndpointStats& stats = w.stats[i];
            StatsModel& model = w.models[i];
            const auto op = dice.below(100);
            if (op < 45) {
                w.offer(dice);
                const auto which = dice.below(strategies);
                ++picks[which];
                const auto p = pick(states, which, w, {now, dice.below(50)}, rng);
                if (dice.below(2) == 0) {
                    w.stats[w.endpoint[p]].start(now);
                    ++w.models[w.endpoint[p]].in_flight;
                }
            } else if (op < 65 && model.in_flight > 0 && model.samples.size() < 40) {
                const Duration latency = dice.uniform(dice.below(10) == 0 ? 9s : 800ms);
                stats.first_token(latency, now);
                model.samples.push_back({std::chrono::duration<double>(latency).count(), now});
            } else if (op < 90) {
                const bool failed = dice.below(10) == 0 && model.samples.size() < 40;
                if (failed && model.in_flight > 0) {
                    model.samples.push_back(
                        {model.samples.empty()
                             ? 1.0
                             : std::min(60.0, 2 * std::max(model.peak(now), model.average())),
                         now});
                }
                stats.end(failed          ? AttemptEnd::failed
                          : dice.below(2) ? AttemptEnd::ok
                                          : AttemptEnd::dropped,
                          now);
                model.in_flight = std::max(0, model.in_flight - 1); // one too many is ignored
            } else if (op < 95) {
                const double choices[] = {0, 0, 1, 1, 2, 5, 0.1, -1};
                w.weights[i] = choices[dice.below(8)];
            } else {
                w.headrooms[i] = static_cast<double>(dice.below(5)) / 4;
            }
            MUST(static_cast<int>(stats.in_flight()) == model.in_flight);
            if (step % 8 == 0) {
                MUST(near(stats.peak(now), model.peak(now)) && stats.peak(now) >= 0);
                MUST(near(stats.cost(now), model.cost(now)));
                MUST(near(stats.average(), model.average()));
                MUST(stats.stale(now, 30s) == model.stale(now));
            }
        }
    }
    BOOST_TEST(operations >= 1'000'000 / test::one_in);
    for (const long n : picks) BOOST_TEST(n > 50'000 / test::one_in);
}

BOOST_AUTO_TEST_CASE(round_robin_takes_turns_and_passes_over_the_drained) {
    RoundRobin::State state;
    BOOST_TEST(count_picks(state, {1, 0, 7, 1}, 300, 1) == (std::vector{100, 0, 100, 100}),
               boost::test_tools::per_element());
    BOOST_TEST(count_picks(state, {0, 0, 0}, 300, 1) == (std::vector{100, 100, 100}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(random_spreads_evenly) {
    Random::State state;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto counts = count_picks(state, {1, 3, 0, 1, 9}, 40'000, seed);
        BOOST_TEST(counts[2] == 0);
        // 3 degrees of freedom: above 21.1 with a chance of 1 in 10,000
        BOOST_TEST(chi_square({counts[0], counts[1], counts[3], counts[4]}, {1, 1, 1, 1}) < 21.1);
    }
}

BOOST_AUTO_TEST_CASE(weighted_is_never_far_from_its_shares) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Weighted::State state;
        Xoshiro rng(seed);
        std::vector<Candidate> candidates;
        double total = 0;
        for (std::uint64_t i = 0; i < 5; ++i) {
            const double weight = i == 3 ? 0 : 0.5 + static_cast<double>(rng.below(100));
            candidates.push_back({nullptr, weight, 1, i});
            total += weight;
        }
        std::array<int, 5> counts{};
        for (int n = 1; n <= 4000; ++n) {
            ++counts[state.pick(candidates, BalanceFacts{start}, rng)];
            for (std::size_t i = 0; i < 5; ++i) {
                MUST(std::abs(counts[i] - n * candidates[i].weight / total) < 6);
            }
        }
        BOOST_TEST(counts[3] == 0);
        // weights change at run time, and the new shares hold from then on
        candidates[3].weight = total; // half
        int half = 0;
        for (int n = 0; n < 4000; ++n) half += state.pick(candidates, BalanceFacts{start}, rng) == 3;
        BOOST_TEST(std::abs(half - 2000) < 6);
    }
}

BOOST_AUTO_TEST_CASE(ties_fall_in_proportion_to_weight) {
    LeastBusy::State state;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        BOOST_TEST(chi_square(count_picks(state, {1, 2, 5}, 40'000, seed), {1, 2, 5}) < 18.4); // 2 degrees
    }
    PowerOfTwo::State power; // nothing is known of any: all alike
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        BOOST_TEST(chi_square(count_picks(power, {1, 1, 1, 1}, 40'000, seed), {1, 1, 1, 1}) < 21.1);
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_endpoint_gets_one_probe_and_not_a_crowd) {
    EndpointStats known, unknown;
    known.start(start);
    known.first_token(400ms, start);
    const std::vector<Candidate> candidates{{&known, 1, 1, 1}, {&unknown, 1, 1, 2}};
    PowerOfTwo::State state;
    Xoshiro rng(7);
    BOOST_TEST(state.pick(candidates, {start}, rng) == 1U);
    unknown.start(start);
    for (int i = 0; i < 100; ++i) { // until it answers, all go to the one that is known, however busy
        known.start(start);
        BOOST_TEST_REQUIRE(state.pick(candidates, {start}, rng) == 0U);
    }
    unknown.first_token(300ms, start + 300ms);
    BOOST_TEST(state.pick(candidates, {start + 300ms}, rng) == 1U);
}

BOOST_AUTO_TEST_CASE(failing_fast_does_not_attract) {
    EndpointStats good, bad;
    const std::vector<Candidate> candidates{{&good, 1, 1, 1}, {&bad, 1, 1, 2}};
    for (const bool by_average : {false, true}) {
        PowerOfTwo::State power;
        LatencyEwma::State latency{LatencyEwma{}};
        Xoshiro rng(3);
        TimePoint now = start + (by_average ? 1h : 0h);
        int to_bad = 0;
        const std::uint64_t before = bad.failures();
        for (int i = 0; i < 2000; ++i, now += 100ms) {
            const auto p =
                by_average ? latency.pick(candidates, {now}, rng) : power.pick(candidates, {now}, rng);
            to_bad += p == 1;
            EndpointStats& stats = p == 1 ? bad : good;
            stats.start(now);
            if (p == 1) {
                stats.end(AttemptEnd::failed, now + 1ms);
            } else {
                stats.first_token(300ms, now + 50ms);
                stats.end(AttemptEnd::ok, now + 60ms);
            }
        }
        BOOST_TEST(to_bad < 200); // it is asked again now and then: how else would it be found well
        BOOST_TEST(to_bad > 0);
        BOOST_TEST(bad.failures() - before == static_cast<std::uint64_t>(to_bad));
    }
}

BOOST_AUTO_TEST_CASE(latency_ewma_explores_its_share_and_turns_to_round_robin_on_stale_data) {
    EndpointStats fast, slow;
    fast.first_token(100ms, start);
    slow.first_token(900ms, start);
    const std::vector<Candidate> candidates{{&fast, 1, 1, 1}, {&slow, 1, 1, 2}};
    LatencyEwma::State state{LatencyEwma{}};
    Xoshiro rng(11);
    int to_slow = 0;
    for (int i = 0; i < 40'000; ++i) to_slow += state.pick(candidates, {start + 30s}, rng) == 1;
    BOOST_TEST(std::abs(to_slow - 1000) < 130); // 2.5 %, +- 4 standard deviations
    LatencyEwma::State exact{LatencyEwma(LatencyEwma::Options{.explore = 0})};
    to_slow = 0;
    for (int i = 0; i < 1000; ++i) to_slow += exact.pick(candidates, {start + 31s}, rng) == 1;
    BOOST_TEST(to_slow == 500);
}

BOOST_AUTO_TEST_CASE(affinity_follows_weights_survives_restarts_and_moves_little) {
    const PromptAffinity strategy;
    Xoshiro rng(1), other(99);
    const std::vector<Candidate> all{
        {nullptr, 1, 1, 17}, {nullptr, 2, 1, 23}, {nullptr, 3, 1, 42}, {nullptr, 0, 1, 5}};
    const std::vector<Candidate> fewer{all[2], all[0]}; // without 23, in another order
    std::vector<int> counts(3);
    for (std::uint64_t prompt = 1; prompt <= 60'000; ++prompt) {
        PromptAffinity::State first(strategy), restarted(strategy);
        const auto p = first.pick(all, {start, prompt}, rng);
        MUST(p < 3 && p == restarted.pick(all, {start, prompt}, other));
        ++counts[p];
        const auto q = first.pick(fewer, {start, prompt}, rng);
        if (all[p].id != 23) MUST(fewer[q].id == all[p].id); // only those that were at 23 move
    }
    BOOST_TEST(chi_square(counts, {1, 2, 3}) < 18.4);
}

BOOST_AUTO_TEST_CASE(one_endpoint_takes_no_random_number) {
    EndpointStats stats;
    stats.first_token(100ms, start);
    const std::vector<Candidate> one{{&stats, 0, 0, 17}}; // the only one, so drained or not
    States states;
    Xoshiro rng(5), untouched(5);
    const BalanceFacts facts{start, 3};
    BOOST_TEST(states.round_robin.pick(one, facts, rng) == 0U);
    BOOST_TEST(states.random.pick(one, facts, rng) == 0U);
    BOOST_TEST(states.weighted.pick(one, facts, rng) == 0U);
    BOOST_TEST(states.least_busy.pick(one, facts, rng) == 0U);
    BOOST_TEST(states.latency.pick(one, facts, rng) == 0U);
    BOOST_TEST(states.power.pick(one, facts, rng) == 0U);
    BOOST_TEST(states.headroom.pick(one, facts, rng) == 0U);
    BOOST_TEST(states.affinity.pick(one, facts, rng) == 0U);
    BOOST_TEST(rng.next() == untouched.next());
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_named) {
    const auto names = [](const std::string& word) {
        return
            [word](const std::exception& e) { return std::string(e.what()).find(word) != std::string::npos; };
    };
    BOOST_CHECK_EXCEPTION(LatencyEwma(LatencyEwma::Options{.explore = 1.1}), std::invalid_argument,
                          names("explore"));
    BOOST_CHECK_EXCEPTION(LatencyEwma(LatencyEwma::Options{.stale = 0s}), std::invalid_argument,
                          names("stale"));
    BOOST_CHECK_EXCEPTION(PromptAffinity(PromptAffinity::Options{.load = 1}), std::invalid_argument,
                          names("load"));
    BOOST_CHECK_EXCEPTION(PromptAffinity(PromptAffinity::Options{.min_load = 0}), std::invalid_argument,
                          names("min_load"));
}

BOOST_AUTO_TEST_SUITE_END()
