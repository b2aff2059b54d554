// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"

#include <baton/policy/sre.hpp>

#include <algorithm>
#include <cmath>
#include <list>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(sre)

using namespace baton;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint(5000s);

static_assert(std::is_aggregate_v<Sre::Options> && std::is_trivially_destructible_v<Sre::Options>);
static_assert(std::is_nothrow_move_constructible_v<Sre::State::Permit> &&
              !std::is_copy_constructible_v<Sre::State::Permit> && !std::is_move_constructible_v<Sre::State>);

#define MUST(condition)                                                                                      \
    if (!(condition)) BOOST_FAIL("violated: " #condition)

} // namespace

BOOST_AUTO_TEST_CASE(the_formula) {
    struct Row {
        int accepted, failed;
        double p;
    };
    // (requests - 2 accepts) / (requests + 1), from ten calls on
    for (const Row& row : {Row{0, 9, 0}, Row{0, 10, 10. / 11}, Row{5, 5, 0}, Row{4, 6, 2. / 11},
                           Row{100, 100, 0}, Row{100, 101, 1. / 202}, Row{0, 1000, 0.95}, Row{1000, 0, 0}}) {
        BOOST_TEST_CONTEXT(row.accepted << " of " << row.accepted + row.failed) {
            Sre::State state{Sre(Sre::Options{})};
            Xoshiro rng(1);
            for (int i = 0; i < row.accepted; ++i) state.try_acquire(start, rng).success(start);
            for (int i = 0; i < row.failed;) {
                auto permit = state.try_acquire(start, rng);
                permit.failure(start);
                ++i; // refused or failed: a request either way
            }
            BOOST_TEST(std::abs(state.refusal() - row.p) < 1e-12);
            BOOST_TEST((state.phase() == (row.p > 0 ? BreakerPhase::half_open : BreakerPhase::closed)));
            BOOST_TEST((state.retry_at() == TimePoint::min()));
        }
    }
}

BOOST_AUTO_TEST_CASE(it_equals_the_naive_model) {
    // The reference keeps every entry and adds up those of the last twelve slices.
    struct Entry {
        std::int64_t slice;
        int requests, accepts, id;
    };
    struct Held {
        Sre::State::Permit permit;
        int id, verdicts = 0;
    };
    long refused = 0, throttled = 0;
    for (std::uint64_t seed = 0; seed < 1000 / test::one_in; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Xoshiro dice(seed * 7919), rng(seed);
            const Sre::Options options{.k = 1 + 3 * dice.unit(),
                                       .window = 1s + dice.uniform(60s),
                                       .min_calls = static_cast<int>(dice.below(20)),
                                       .max_refusal = dice.unit()};
            Sre::State state{Sre(options)};
            Xoshiro twin = rng;
            std::list<Entry> entries;
            std::vector<Held> held;
            TimePoint now = start;
            std::int64_t newest = 0;
            int id = 0;
            const std::uint64_t failing = dice.below(100);
            const auto look = [&] {
                newest = std::max<std::int64_t>(newest, now.time_since_epoch() / (options.window / 12));
                std::erase_if(entries, [&](const Entry& e) { return e.slice <= newest - 12; });
            };
            const auto chance = [&] {
                int requests = 0, accepts = 0;
                for (const Entry& e : entries) {
                    requests += e.requests;
                    accepts += e.accepts;
                }
                if (requests < options.min_calls) return 0.0;
                return std::min(options.max_refusal,
                                std::max(0.0, (requests - options.k * accepts) / (requests + 1)));
            };
            for (int step = 0; step < 1100; ++step) {
                if (dice.below(3) == 0) now += dice.uniform(800ms);
                if (dice.below(200) == 0) now += dice.uniform(100s);
                if (dice.below(50) == 0) now -= dice.uniform(2s); // counts in the newest slice
                const std::uint64_t op = dice.below(10);
                if (op < 5 || held.empty()) {
                    look();
                    const double p = chance();
                    const bool expected = p == 0 || twin.unit() >= p;
                    auto permit = state.try_acquire(now, rng);
                    entries.push_back({newest, 1, 0, ++id});
                    MUST(static_cast<bool>(permit) == expected);
                    refused += !expected;
                    throttled += p > 0;
                    if (permit) held.push_back({std::move(permit), id});
                } else {
                    const auto pick = static_cast<std::size_t>(dice.below(held.size()));
                    Held& h = held[pick];
                    if (op < 9) {
                        const bool failed = dice.below(100) < failing;
                        if (failed) {
                            h.permit.failure(now);
                            if (h.verdicts == 1) {
                                look();
                                entries.push_back({newest, 1, 0, 0});
                            }
                            h.verdicts = 2;
                        } else {
                            h.permit.success(now);
                            if (h.verdicts == 0) {
                                look();
                                entries.push_back({newest, 0, 1, 0});
                                h.verdicts = 1;
                            }
                        }
                    }
                    if (dice.below(3) != 0) {
                        if (h.verdicts == 0)
                            std::erase_if(entries, [&](const Entry& e) { return e.id == h.id; });
                        held.erase(held.begin() + static_cast<std::ptrdiff_t>(pick));
                    }
                }
                MUST(std::abs(state.refusal() - chance()) < 1e-12);
            }
        }
    }
    BOOST_TEST(refused > 10000 / test::one_in);
    BOOST_TEST(throttled > 10000 / test::one_in);
}

BOOST_AUTO_TEST_CASE(a_target_in_trouble_gets_k_calls_for_each_it_serves) {
    for (const double k : {1.5, 2.0, 4.0}) {
        Sre::State state{Sre(Sre::Options{.k = k})};
        Xoshiro rng(7);
        double sent = 0, served = 0;
        int capacity = 0;
        for (int i = 0; i < 120'000; ++i) { // 100 calls a second, of which 10 can be served
            const TimePoint now = start + i * 10ms;
            if (i % 100 == 0) capacity = 10;
            auto permit = state.try_acquire(now, rng);
            if (!permit) continue;
            const bool serve = capacity > 0;
            capacity -= serve;
            serve ? permit.success(now) : permit.failure(now);
            if (i < 60'000) continue; // until it has settled
            ++sent;
            served += serve;
        }
        BOOST_TEST(std::abs(sent / served / k - 1) < 0.1);
    }
    // a target that is well again has all calls after a few windows: the share of accepted calls doubles
    Sre::State state{Sre(Sre::Options{})};
    Xoshiro rng(7);
    TimePoint now = start;
    for (int i = 0; i < 6000; ++i, now += 10ms) state.try_acquire(now, rng).failure(now);
    BOOST_TEST(state.refusal() == 0.95);
    const TimePoint well = now;
    for (; state.refusal() > 0 && now < well + 1h; now += 10ms) state.try_acquire(now, rng).success(now);
    BOOST_TEST_MESSAGE("well after " << (now - well) / 1s << " s");
    BOOST_TEST((now - well < 10min));
}

BOOST_AUTO_TEST_CASE(new_options_keep_what_was_counted) {
    Sre::State state{Sre(Sre::Options{})};
    Xoshiro rng(1);
    for (int i = 0; i < 10; ++i) state.try_acquire(start, rng).failure(start);
    state.configure(Sre(Sre::Options{.max_refusal = 0.5}));
    BOOST_TEST(state.refusal() == 0.5);
    state.configure(Sre(Sre::Options{.min_calls = 11}));
    BOOST_TEST(state.refusal() == 0);
    auto held = state.try_acquire(start, rng);
    state.configure(Sre(Sre::Options{.window = 60s, .min_calls = 0})); // another width: counted anew
    BOOST_TEST(state.refusal() == 0);
    auto fresh = state.try_acquire(start, rng);
    BOOST_TEST(state.refusal() == 0.5); // one request
    held = {};                          // counted in the old window
    BOOST_TEST(state.refusal() == 0.5);
    fresh = {};
    BOOST_TEST(state.refusal() == 0);
}

BOOST_AUTO_TEST_CASE(which_errors_are_not_accepted) {
    for (int code = 0; code <= static_cast<int>(Errc::slow_reader); ++code) {
        const auto error = static_cast<Errc>(code);
        BOOST_TEST_CONTEXT(to_string(error)) {
            BOOST_TEST(Sre::counts_as_failure(error) ==
                       (is_target_failure(error) || error == Errc::rate_limited));
        }
    }
}

BOOST_AUTO_TEST_CASE(invalid_options_throw_and_name_the_option) {
    const auto names = [](const Sre::Options& options, const std::string& name) {
        try {
            (void)Sre(options);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what()).find(name) != std::string::npos;
        }
        return false;
    };
    BOOST_TEST(names({.k = 0.9}, "k must"));
    BOOST_TEST(names({.k = std::nan("")}, "k must"));
    BOOST_TEST(names({.k = 101}, "k must"));
    BOOST_TEST(names({.window = 999ms}, "window"));
    BOOST_TEST(names({.window = 61min}, "window"));
    BOOST_TEST(names({.min_calls = -1}, "min_calls"));
    BOOST_TEST(names({.min_calls = 1'000'001}, "min_calls"));
    BOOST_TEST(names({.max_refusal = -0.1}, "max_refusal"));
    BOOST_TEST(names({.max_refusal = 1.1}, "max_refusal"));
    BOOST_TEST(!names({.k = 1, .window = 1s, .min_calls = 0, .max_refusal = 1}, ""));
    BOOST_TEST(!names({.k = 100, .window = 1h, .min_calls = 1'000'000, .max_refusal = 0}, ""));
}

BOOST_AUTO_TEST_SUITE_END()
