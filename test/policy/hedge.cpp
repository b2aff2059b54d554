// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"

#include <baton/policy/after_p95.hpp>
#include <baton/policy/rng.hpp>

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(hedge)

using namespace baton;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint(5000s);

static_assert(std::is_same_v<Hedge<>::strategy, AfterP95> && std::is_same_v<Hedge<>::slot, slot::hedge>);
static_assert(std::is_aggregate_v<AfterP95::Options> && std::is_trivially_destructible_v<AfterP95::Options>);

// BOOST_TEST_REQUIRE takes a microsecond, and there are millions of these.
#define MUST(condition)                                                                                      \
    if (!(condition)) BOOST_FAIL("violated: " #condition)

Duration nearest_rank(const std::vector<Duration>& sorted, double quantile) {
    const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

/// From a bell around 0, nearly: the sum of twelve.
double bell(Xoshiro& rng) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += rng.unit();
    return sum;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_quantile_is_that_of_the_sorted_window) {
    long operations = 0;
    for (std::uint64_t seed = 1; seed <= 1000 / test::one_in; ++seed) {
        Xoshiro dice(seed);
        const double quantile = seed % 3 == 0 ? 0.5 : seed % 3 == 1 ? 0.95 : 0.01 + 0.98 * dice.unit();
        LatencyQuantile latency(quantile);
        std::deque<Duration> window;
        Duration value{}, median{};
        const Duration widest = seed % 5 == 0 ? Duration(20us) : Duration(30s); // many equal samples, or few
        for (int step = 1; step <= 1000; ++step, ++operations) {
            const Duration sample = std::chrono::duration_cast<std::chrono::microseconds>(
                dice.uniform(widest)); // what it resolves
            latency.observe(sample + dice.uniform(999ns));
            window.push_back(sample);
            if (window.size() > 128) window.pop_front();
            if (step % 8 == 0) {
                std::vector<Duration> all(window.begin(), window.end());
                std::sort(all.begin(), all.end());
                value = nearest_rank(all, quantile);
                median = nearest_rank(all, 0.5);
            }
            MUST(latency.count() == window.size());
            MUST(latency.value() == value && latency.median() == median);
        }
    }
    BOOST_TEST(operations >= 1'000'000 / test::one_in);
}

BOOST_AUTO_TEST_CASE(samples_out_of_range_are_clamped) {
    LatencyQuantile latency(0.95);
    for (int i = 0; i < 8; ++i) latency.observe(i % 2 ? Duration::max() : Duration(-5s));
    BOOST_TEST((latency.value() == std::chrono::microseconds(UINT32_MAX)));
    BOOST_TEST((latency.median() == 0us));
}

BOOST_AUTO_TEST_CASE(no_hedge_before_enough_is_known) {
    const AfterP95 strategy;
    AfterP95::State state(strategy);
    for (int i = 0; i < 19; ++i) {
        state.observe(200ms);
        BOOST_TEST(!state.delay());
    }
    state.observe(200ms);
    BOOST_TEST((state.delay() == Duration(400ms))); // two medians
    for (int i = 0; i < 128; ++i) state.observe(1ms);
    BOOST_TEST((state.delay() == Duration(50ms))); // the floor
    for (int i = 0; i < 128; ++i) state.observe(i % 8 ? 100ms : 4s);
    BOOST_TEST((state.delay() == Duration(250ms))); // 2.5 medians, not the slow one in eight
}

BOOST_AUTO_TEST_CASE(only_calls_that_may_be_hedged_take_from_the_budget) {
    AfterP95 strategy;
    for (int i = 0; i < 100; ++i) strategy.on_call(start); // pays for five
    BOOST_TEST(!strategy.allow({.now = start, .committed = true}));
    BOOST_TEST(!strategy.allow({.now = start, .side_effects = true}));
    BOOST_TEST(!strategy.allow({.now = start, .extra_attempts = 1}));
    for (int i = 0; i < 5; ++i) BOOST_TEST(strategy.allow({.now = start}));
    BOOST_TEST(!strategy.allow({.now = start}));
    for (int i = 0; i < 100'000; ++i) strategy.on_call(start);
    BOOST_TEST(strategy.balance() == 50); // saved up to the burst
    AfterP95 off(AfterP95::Options{.budget = 0});
    for (int i = 0; i < 100; ++i) off.on_call(start);
    BOOST_TEST(!off.allow({.now = start}));
}

BOOST_AUTO_TEST_CASE(hedges_never_exceed_their_share_of_calls) {
    long operations = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        Xoshiro dice(seed);
        AfterP95 strategy;
        long calls = 0, hedges = 0;
        TimePoint now = start;
        for (int step = 0; step < 1000; ++step, ++operations) {
            if (dice.below(3) == 0) now += dice.uniform(dice.below(50) == 0 ? 30s : 200ms);
            if (dice.below(3) != 0) {
                strategy.on_call(now);
                ++calls;
            } else {
                hedges += strategy.allow({.now = now});
            }
            MUST(hedges * 20 <= calls);
        }
    }
    BOOST_TEST(operations >= 1'000'000);
}

// Scorecard line 16: one call in twenty meets a first token ten times as late.
BOOST_AUTO_TEST_CASE(a_slow_one_in_twenty_no_longer_makes_the_tail) {
    const auto p99 = [](std::vector<Duration> all) {
        std::sort(all.begin(), all.end());
        return nearest_rank(all, 0.99);
    };
    double worst = 1e9, sum = 0, most_extra = 0;
    constexpr int runs = 30, calls = 20'000;
    for (std::uint64_t seed = 1; seed <= runs; ++seed) {
        Xoshiro dice(seed);
        AfterP95 strategy;
        AfterP95::State state(strategy);
        std::vector<Duration> plain, hedged;
        int extra = 0;
        const auto latency = [&] {
            const double seconds = 0.3 * std::exp(0.25 * bell(dice)) * (dice.below(20) == 0 ? 10 : 1);
            return Duration(static_cast<Duration::rep>(seconds * 1e9));
        };
        TimePoint now = start;
        for (int i = 0; i < calls; ++i, now += 50ms) {
            strategy.on_call(now);
            const Duration first = latency();
            const std::optional<Duration> delay = state.delay();
            Duration token = first;
            if (delay && first > *delay && strategy.allow({.now = now + *delay})) {
                ++extra;
                const Duration second = latency();
                token = std::min(first, *delay + second);
                // each reports its own time, the loser the time it had waited
                state.observe(std::min(second, token - *delay));
            }
            state.observe(token);
            plain.push_back(first);
            hedged.push_back(token);
        }
        const double gain = std::chrono::duration<double>(p99(plain)) / p99(hedged);
        worst = std::min(worst, gain);
        sum += gain;
        most_extra = std::max(most_extra, static_cast<double>(extra) / calls);
    }
    BOOST_TEST_MESSAGE("scorecard 16: p99 of first token better by "
                       << sum / runs << " on average, " << worst << " at worst of " << runs << " runs of "
                       << calls << "; at most " << 100 * most_extra << " % extra attempts");
    BOOST_TEST(worst >= 3);
    BOOST_TEST(most_extra <= 0.05);
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_named) {
    const auto refused = [](const AfterP95::Options& options, const std::string& word) {
        BOOST_CHECK_EXCEPTION(AfterP95{options}, std::invalid_argument, [&](const std::exception& e) {
            return std::string(e.what()).find(word) != std::string::npos;
        });
    };
    refused({.quantile = 1}, "quantile");
    refused({.most = 1001}, "most");
    refused({.least = 3}, "least");
    refused({.floor = -1ns}, "floor");
    refused({.min_samples = 7}, "min_samples");
    refused({.min_samples = 129}, "min_samples");
    refused({.budget = 1.1}, "budget");
    refused({.burst = 0}, "burst");
}

BOOST_AUTO_TEST_SUITE_END()
