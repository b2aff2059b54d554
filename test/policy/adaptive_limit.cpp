// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/aimd.hpp>
#include <baton/policy/gradient2.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(adaptive_limit)

using namespace baton;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint(5000s);

/// Takes `count` leases at once and ends them all with `error` at `now + took`.
template <class State>
void batch(State& state, int count, Errc error, TimePoint now, Duration took, Duration first_token = 100ms,
           std::int64_t input = 0) {
    std::vector<typename State::Lease> leases;
    LimitTicket ticket;
    for (int i = 0; i < count; ++i) {
        auto answer = state.acquire({.input_tokens = input}, now, ticket);
        if (!answer.lease) break;
        answer.lease.sent();
        leases.push_back(std::move(answer.lease));
    }
    ticket.leave();
    for (auto& lease : leases) lease.settle({.error = error, .first_token = first_token}, now + took);
}

/// A vendor that serves `capacity` attempts at once and refuses more after 50 ms, and callers enough to use
/// whatever the limit gives. Virtual time.
template <class State>
class Plant {
public:
    Plant(State& state, std::uint64_t seed) : state_(state), engine_(seed) {}

    int capacity = 100;
    double slowdown = 0; ///< how much longer first tokens take per attempt beyond capacity; 0: it refuses

    /// Per second of the clock: what was sent and what was refused.
    struct Second {
        int sent = 0, refused = 0;
        std::int64_t least = INT64_MAX, most = 0; ///< of the limit
        int served = 0;
    };
    std::vector<Second> seconds;

    void run_until(TimePoint end) {
        for (fill(); !events_.empty() && events_.begin()->first <= end; fill()) {
            const auto next = events_.begin();
            now_ = next->first;
            Attempt attempt = std::move(next->second);
            events_.erase(next);
            if (attempt.served) --serving_;
            attempt.lease.settle({.error = attempt.served ? Errc::ok : Errc::rate_limited,
                                  .first_token = attempt.served ? attempt.first_token : 0ns},
                                 now_);
            second().served += attempt.served;
            note();
        }
        now_ = end;
    }

    Second sum(int from, int to) const {
        Second total;
        for (int i = from; i < to; ++i) {
            const Second& s = seconds.at(static_cast<std::size_t>(i));
            total.sent += s.sent;
            total.refused += s.refused;
            total.served += s.served;
            total.least = std::min(total.least, s.least);
            total.most = std::max(total.most, s.most);
        }
        return total;
    }

private:
    struct Attempt {
        typename State::Lease lease;
        bool served = false;
        Duration first_token{};
    };

    Second& second() {
        const auto at = static_cast<std::size_t>((now_ - start) / 1s);
        if (seconds.size() <= at) seconds.resize(at + 1);
        return seconds[at];
    }
    void note() {
        Second& s = second();
        s.least = std::min(s.least, state_.concurrency());
        s.most = std::max(s.most, state_.concurrency());
    }

    void fill() {
        LimitTicket ticket;
        for (;;) {
            auto answer = state_.acquire({}, now_, ticket);
            if (!answer.lease) return;
            answer.lease.sent();
            ++second().sent;
            const bool served = serving_ < capacity || slowdown > 0;
            Duration took = 50ms, first_token{};
            if (served) {
                ++serving_;
                const double over = std::max(0, serving_ - capacity);
                first_token = std::chrono::duration_cast<Duration>(200ms * (1 + slowdown * over));
                took = first_token + Duration(engine_() % 1'200'000'000);
            } else {
                ++second().refused;
            }
            events_.emplace(now_ + took, Attempt{std::move(answer.lease), served, first_token});
        }
    }

    State& state_;
    std::mt19937_64 engine_;
    TimePoint now_ = start;
    int serving_ = 0;
    std::multimap<TimePoint, Attempt> events_;
};

} // namespace

BOOST_AUTO_TEST_CASE(aimd_cuts_once_for_all_attempts_of_the_time_before) {
    const Aimd aimd({.initial = 50, .max_wait = 0s});
    Aimd::State state(aimd);
    batch(state, 50, Errc::rate_limited, start, 50ms);
    BOOST_TEST(state.core().limit() == 45.0, boost::test_tools::tolerance(1e-12));
    batch(state, 1, Errc::transient, start + 1s, 50ms);
    BOOST_TEST(state.core().limit() == 40.5, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(state.concurrency() == 40);
    for (const Errc error : {Errc::timeout_connect, Errc::timeout_first_token, Errc::timeout_idle}) {
        const double before = state.core().limit();
        batch(state, 1, error, start + 1min * static_cast<int>(error), 1s);
        BOOST_TEST(state.core().limit() == before * 0.9, boost::test_tools::tolerance(1e-12));
    }
    const double before = state.core().limit();
    for (const Errc error : {Errc::auth, Errc::quota, Errc::invalid_request, Errc::cancelled, Errc::truncated,
                             Errc::unavailable, Errc::timeout_total, Errc::content_filtered}) {
        batch(state, 40, error, start + 3h, 1s);
        BOOST_TEST(state.core().limit() == before);
    }
}

BOOST_AUTO_TEST_CASE(aimd_an_attempt_begun_at_the_moment_of_the_cut_is_of_the_time_after) {
    Aimd::State state(Aimd({.initial = 100}));
    LimitTicket ticket;
    auto old = state.acquire({}, start, ticket);
    batch(state, 1, Errc::rate_limited, start, 1s);
    BOOST_TEST(state.concurrency() == 90);
    auto fresh = state.acquire({}, start + 1s, ticket);
    old.lease.sent();
    old.lease.settle({.error = Errc::rate_limited}, start + 2s);
    BOOST_TEST(state.concurrency() == 90);
    fresh.lease.sent();
    fresh.lease.settle({.error = Errc::rate_limited}, start + 2s);
    BOOST_TEST(state.concurrency() == 81);
}

BOOST_AUTO_TEST_CASE(aimd_grows_by_one_a_round_then_faster_and_only_under_load) {
    Aimd::State state(Aimd({.initial = 10, .max = 40}));
    batch(state, 4, Errc::ok, start, 1s); // less than half of it
    BOOST_TEST(state.core().limit() == 10.0);
    batch(state, 5, Errc::ok, start, 1s); // the first of them ends with 5 in flight
    BOOST_TEST(state.core().limit() == 10.1, boost::test_tools::tolerance(1e-12));
    double before = state.core().limit();
    std::vector<double> steps;
    for (int round = 0; round < 12; ++round) {
        const auto limit = static_cast<int>(state.concurrency());
        // twice, because only the first half of a batch ends with half of the limit in flight
        batch(state, limit, Errc::ok, start + 1s * round, 1s);
        batch(state, limit, Errc::ok, start + 1s * round, 1s);
        steps.push_back(state.core().limit() - before);
        before = state.core().limit();
    }
    BOOST_TEST(steps[0] > 0.8);
    BOOST_TEST(steps[0] < 1.3);
    BOOST_TEST(steps[8] > 3.0);
    for (int i = 0; i < 40; ++i) batch(state, 40, Errc::ok, start + 1min, 1s);
    BOOST_TEST(state.core().limit() == 40.0);
    for (int i = 0; i < 400; ++i) batch(state, 1, Errc::rate_limited, start + 2min + 1s * i, 50ms);
    BOOST_TEST(state.core().limit() == 1.0);
    BOOST_TEST(state.concurrency() == 1);
}

BOOST_AUTO_TEST_CASE(aimd_counts_rounds_anew_after_a_cut) {
    // Held at 10, it counts rounds of 10 successes and does not move; then `max` is lifted for one success.
    const Aimd held({.initial = 10, .min = 10, .max = 10}), lifted({.initial = 10, .min = 10, .max = 20});
    const auto after = [&](int successes) {
        Aimd::Core core(held);
        const auto end = [&](int count, Errc error) {
            for (int i = 0; i < count; ++i)
                core.ended({.at = start, .in_flight = 10}, {.error = error}, start);
        };
        end(25, Errc::ok);
        end(1, Errc::rate_limited);
        end(successes - 1, Errc::ok);
        core.configure(lifted);
        end(1, Errc::ok);
        return core.limit();
    };
    for (const int one : {1, 29, 30, 39}) {
        BOOST_TEST(after(one) == 10.1, boost::test_tools::tolerance(1e-12));
    }
    BOOST_TEST(after(40) == 10.2, boost::test_tools::tolerance(1e-12)); // the fourth round is full
    BOOST_TEST(after(49) == 10.2, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(after(50) == 10.3, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(aimd_unsent_attempts_say_nothing) {
    Aimd::State state(Aimd({.initial = 10}));
    LimitTicket ticket;
    auto answer = state.acquire({}, start, ticket);
    answer.lease.settle({.error = Errc::rate_limited}, start + 1s);
    BOOST_TEST(state.core().limit() == 10.0);
    BOOST_TEST(state.in_flight() == 0);
}

BOOST_AUTO_TEST_CASE(aimd_takes_over_bounds_and_keeps_what_it_found) {
    Aimd::State state(Aimd({.initial = 50}));
    LimitTicket ticket;
    auto a = state.acquire({}, start, ticket), b = state.acquire({}, start, ticket);
    state.configure(Aimd({.initial = 10, .min = 2, .max = 100}));
    BOOST_TEST(state.concurrency() == 50);
    state.configure(Aimd({.initial = 1, .max = 1, .max_wait = 0s}));
    BOOST_TEST(state.concurrency() == 1);
    BOOST_TEST(state.in_flight() == 2);
    BOOST_TEST(state.headroom(start) == 0.0);
    a.lease.release();
    BOOST_TEST(!state.acquire({}, start, ticket).lease);
    b.lease.release();
    BOOST_TEST(static_cast<bool>(state.acquire({}, start, ticket).lease));
}

// Scorecard line 15.
BOOST_AUTO_TEST_CASE(aimd_follows_a_capacity_that_falls_to_a_fifth_and_comes_back) {
    double worst = 0;
    int slowest = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Aimd::State state(Aimd({.max_wait = 0s}));
            Plant<Aimd::State> plant(state, seed);
            plant.run_until(start + 60s);
            const auto settled = plant.sum(40, 60);
            BOOST_TEST(settled.least >= 80);
            plant.capacity = 20;
            plant.run_until(start + 120s);
            // every stretch of 10 s that begins within 10 s of the step
            for (int from = 70; from + 10 <= 120; ++from) {
                const auto s = plant.sum(from, from + 10);
                worst = std::max(worst, s.refused / static_cast<double>(s.sent));
            }
            BOOST_TEST(plant.sum(70, 120).most <= 24);
            BOOST_TEST(plant.sum(70, 120).least >= 14);
            plant.capacity = 100;
            plant.run_until(start + 240s);
            int back = 0;
            while (back < 119 && plant.seconds[static_cast<std::size_t>(120 + back)].most < 90) ++back;
            slowest = std::max(slowest, back);
            const auto again = plant.sum(180, 240);
            BOOST_TEST(again.served / 60.0 >= 90 / 0.8); // 90 in flight for 0.8 s each
        }
    }
    BOOST_TEST_MESSAGE("refused at most " << worst * 100 << " % of any 10 s, back at 90 within "
                                          << slowest + 1 << " s");
    BOOST_TEST(worst < 0.05);
    BOOST_TEST(slowest < 60);
}

BOOST_AUTO_TEST_CASE(gradient2_a_window_is_ten_samples_and_a_second_from_the_first_of_them) {
    Gradient2::Core core(Gradient2({.initial = 10}));
    const auto end = [&](int count, TimePoint now) {
        for (int i = 0; i < count; ++i)
            core.ended({.at = start, .in_flight = 10}, {.input_tokens = 0, .first_token = 100ms}, now);
        return core.limit();
    };
    const auto tolerance = boost::test_tools::tolerance(1e-12);
    double expected = 10;
    for (const TimePoint from : {start, start + 10s, start + 20s}) {
        end(1, from);
        BOOST_TEST(end(8, from + 999ms) == expected, tolerance);
        BOOST_TEST(end(1, from + 1s - 1ns) == expected, tolerance); // ten, but too early
        expected += 0.2 * 4;
        BOOST_TEST(end(1, from + 1s) == expected, tolerance);
    }
    end(8, start + 30s);
    BOOST_TEST(end(1, start + 40s) == expected, tolerance); // late enough, but nine
    BOOST_TEST(end(1, start + 40s) == expected + 0.8, tolerance);
}

BOOST_AUTO_TEST_CASE(gradient2_one_window_is_the_formula) {
    Gradient2::State state(Gradient2({.initial = 20}));
    double expected = 20;
    TimePoint now = start;
    batch(state, 20, Errc::ok, now, 0s); // samples of one moment are no window
    BOOST_TEST(state.core().limit() == 20.0);
    now += 1s;
    batch(state, 1, Errc::ok, now, 0s);
    expected += 0.8;
    BOOST_TEST(state.core().limit() == expected, boost::test_tools::tolerance(1e-9));
    // twice as slow: long = (100 + 200) / 2, gradient = clamp(1.5 * 150 / 200) = 1
    Gradient2::State slow(Gradient2({.initial = 20}));
    batch(slow, 20, Errc::ok, start, 0s);
    batch(slow, 1, Errc::ok, start + 1s, 0s);
    batch(slow, 20, Errc::ok, start + 2s, 0s, 1s);
    batch(slow, 1, Errc::ok, start + 3s, 0s, 1s);
    // long = (100 + 1000) / 2, gradient = 0.825
    const double l = 20.8;
    BOOST_TEST(slow.core().limit() == 0.8 * l + 0.2 * (l * 1.5 * 0.55 + 4),
               boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(gradient2_ten_samples_and_a_second_are_a_window_and_a_cut_is_for_those_before) {
    Gradient2::State state(Gradient2({.initial = 10}));
    batch(state, 9, Errc::ok, start, 0s);
    batch(state, 1, Errc::ok, start + 1s, 0s); // the tenth
    BOOST_TEST(state.core().limit() == 10.8, boost::test_tools::tolerance(1e-9));
    batch(state, 1, Errc::rate_limited, start + 2s, 0s);
    batch(state, 1, Errc::rate_limited, start + 2s, 0s); // begun at the moment of the cut
    BOOST_TEST(state.core().limit() == 10.8 * 0.81, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(gradient2_a_long_prompt_may_take_longer_and_idle_says_nothing) {
    Gradient2::State state(Gradient2({.initial = 20}));
    batch(state, 20, Errc::ok, start, 0s, 100ms, 0);
    batch(state, 1, Errc::ok, start + 1s, 0s, 100ms, 0);
    batch(state, 20, Errc::ok, start + 2s, 0s, 1100ms, 10'000); // 100 ms per 1,000 tokens and one
    batch(state, 1, Errc::ok, start + 3s, 0s, 1100ms, 10'000);
    BOOST_TEST(state.core().limit() == 21.6, boost::test_tools::tolerance(1e-9));
    for (int i = 0; i < 10; ++i) batch(state, 4, Errc::ok, start + 10s + i * 1s, 0s, 9s); // hardly used
    BOOST_TEST(state.core().limit() == 21.6, boost::test_tools::tolerance(1e-9));
    batch(state, 20, Errc::rate_limited, start + 1h, 0s, 0s); // refused at once
    BOOST_TEST(state.core().limit() < 20.0);
    for (int i = 0; i < 100; ++i) batch(state, 20, Errc::ok, start + 2h + i * 1s, 0s, 0s); // no first token
    BOOST_TEST(state.core().limit() < 20.0);
}

BOOST_AUTO_TEST_CASE(gradient2_settles_where_the_vendor_becomes_slow) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        Gradient2::State state(Gradient2({.max_wait = 0s}));
        Plant<Gradient2::State> plant(state, seed);
        plant.capacity = 60;
        plant.slowdown = 0.05; // 20 beyond capacity double it
        plant.run_until(start + 600s);
        const auto settled = plant.sum(300, 600);
        BOOST_TEST(settled.least >= 50);
        BOOST_TEST(settled.most < 200);
    }
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_named) {
    const auto names = [](const char* option) {
        return [option](const std::invalid_argument& e) {
            return std::string_view(e.what()).find(option) != std::string_view::npos;
        };
    };
    BOOST_CHECK_EXCEPTION(Aimd({.min = 0}), std::invalid_argument, names("min"));
    BOOST_CHECK_EXCEPTION(Aimd({.max = 0}), std::invalid_argument, names("max"));
    BOOST_CHECK_EXCEPTION(Aimd({.initial = 201}), std::invalid_argument, names("initial"));
    BOOST_CHECK_EXCEPTION(Aimd({.initial = 1, .min = 2}), std::invalid_argument, names("initial"));
    BOOST_CHECK_EXCEPTION(Aimd({.backoff = 1}), std::invalid_argument, names("backoff"));
    BOOST_CHECK_EXCEPTION(Aimd({.backoff = 0}), std::invalid_argument, names("backoff"));
    BOOST_CHECK_EXCEPTION(Aimd({.max_wait = -1ns}), std::invalid_argument, names("max_wait"));
    BOOST_CHECK_EXCEPTION(Aimd({.max_queue = -1}), std::invalid_argument, names("max_queue"));
    BOOST_CHECK_EXCEPTION(Gradient2({.min = 0}), std::invalid_argument, names("min"));
    BOOST_CHECK_EXCEPTION(Gradient2({.max = 1'000'001}), std::invalid_argument, names("max"));
    BOOST_CHECK_EXCEPTION(Gradient2({.initial = 0}), std::invalid_argument, names("initial"));
    BOOST_CHECK_EXCEPTION(Gradient2({.tolerance = 0.9}), std::invalid_argument, names("tolerance"));
    BOOST_CHECK_EXCEPTION(Gradient2({.prompt_unit = 0}), std::invalid_argument, names("prompt_unit"));
    BOOST_CHECK_EXCEPTION(Gradient2({.max_wait = -1ns}), std::invalid_argument, names("max_wait"));
    BOOST_CHECK_EXCEPTION(Gradient2({.max_queue = 1'000'001}), std::invalid_argument, names("max_queue"));
}

BOOST_AUTO_TEST_SUITE_END()
