// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/consecutive_failures.hpp>
#include <baton/policy/half_open.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(breaker)

using namespace baton;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint(5000s);

static_assert(BreakerStrategy<HalfOpen> && BreakerStrategy<ConsecutiveFailures>);
static_assert(std::is_aggregate_v<HalfOpen::Options> && std::is_trivially_destructible_v<HalfOpen::Options>);
static_assert(std::is_same_v<Breaker<>::strategy, HalfOpen> &&
              std::is_same_v<Breaker<>::slot, slot::breaker>);
static_assert(std::is_nothrow_move_constructible_v<HalfOpen::State::Permit>);
static_assert(!std::is_copy_constructible_v<HalfOpen::State::Permit>);
static_assert(!std::is_move_constructible_v<HalfOpen::State>);
static_assert(sizeof(HalfOpen::State::Permit) <= 24 && sizeof(HalfOpen::State) <= 384);

/// What a breaker is, written down plainly: it keeps everything that happened and looks at all of it.
template <class Strategy>
class Model {
public:
    struct Probe {
        int id;
        TimePoint begun;
        enum { out, judged, gone } state;
        bool failed = false;
    };
    struct Sample {
        TimePoint at;
        bool failed;
    };

    explicit Model(const Strategy& strategy) : options(strategy.options()), phases(strategy.phases()) {}

    int live(TimePoint now) const {
        int count = 0;
        for (const Probe& p : probes) {
            count +=
                p.state == Probe::judged || (p.state == Probe::out && now - p.begun < phases.probe_deadline);
        }
        return count;
    }

    bool would_grant(TimePoint now) const {
        if (phase == BreakerPhase::closed) return true;
        if (phase == BreakerPhase::open) return now >= retry_at;
        return live(now) < phases.probes;
    }

    bool acquire(int id, TimePoint now) {
        if (!would_grant(now)) return false;
        if (phase == BreakerPhase::open) {
            phase = BreakerPhase::half_open;
            ++generation;
            probes.clear();
        }
        if (phase == BreakerPhase::half_open) probes.push_back({id, now, Probe::out});
        return true;
    }

    void verdict(int id, int permit_generation, bool failed, TimePoint now) {
        if (permit_generation != generation) return;
        if (phase == BreakerPhase::closed) {
            samples.push_back({now, failed});
            if (trips()) open(now);
            return;
        }
        for (Probe& p : probes) {
            if (p.id != id || p.state != Probe::out) continue;
            if (now - p.begun >= phases.probe_deadline) {
                p.state = Probe::gone;
            } else {
                p.state = Probe::judged;
                p.failed = failed;
            }
        }
        int passed = 0, lost = 0;
        for (const Probe& p : probes) {
            if (p.state == Probe::judged) ++(p.failed ? lost : passed);
        }
        if (passed >= phases.passes) {
            phase = BreakerPhase::closed;
            ++generation;
            level = 0;
            samples.clear();
        } else if (phases.probes - lost < phases.passes) {
            open(now);
        }
    }

    void drop(int id, int permit_generation) {
        if (permit_generation != generation) return;
        for (Probe& p : probes) {
            if (p.id == id && p.state == Probe::out) p.state = Probe::gone;
        }
    }

    TimePoint next_chance(TimePoint now) const { // only where nothing is granted now
        if (phase == BreakerPhase::open) return retry_at;
        TimePoint earliest = never;
        for (const Probe& p : probes) {
            const TimePoint end = p.begun + phases.probe_deadline;
            if (p.state == Probe::out && end > now) earliest = std::min(earliest, end);
        }
        return earliest;
    }

    typename Strategy::Options options;
    typename Strategy::State::Phases phases;
    BreakerPhase phase = BreakerPhase::closed;
    int generation = 1;
    int level = 0;
    TimePoint retry_at{};
    std::vector<Sample> samples;
    std::vector<Probe> probes;

private:
    bool trips() const {
        if constexpr (std::is_same_v<Strategy, HalfOpen>) {
            if (!samples.back().failed) return false; // a success never opens it
            const auto slice = [&](TimePoint t) { return t.time_since_epoch() / (options.window / 10); };
            int calls = 0, failures = 0;
            for (const Sample& s : samples) {
                if (slice(s.at) <= slice(samples.back().at) - 10) continue;
                ++calls;
                failures += s.failed;
            }
            return calls >= options.min_calls && failures >= options.failure_rate * calls;
        } else {
            const auto n = static_cast<std::size_t>(options.failures);
            if (samples.size() < n) return false;
            for (std::size_t i = samples.size() - n; i < samples.size(); ++i) {
                if (!samples[i].failed) return false;
            }
            return samples.back().at - samples[samples.size() - n].at <= options.window;
        }
    }

    void open(TimePoint now) {
        phase = BreakerPhase::open;
        ++generation;
        Duration length = phases.open;
        for (int i = 0; i < level && length < phases.open_max; ++i) length *= 2;
        retry_at = now + std::min(length, phases.open_max);
        ++level;
        samples.clear();
    }
};

// BOOST_TEST_REQUIRE takes a microsecond, and there are millions of these.
#define MUST(condition)                                                                                      \
    if (!(condition)) BOOST_FAIL("violated: " #condition)

struct Seen {
    int opened = 0, closed = 0, stale = 0, refused = 0, expired = 0;
};

template <class Strategy>
void run_model(const Strategy& strategy, std::uint64_t seed, int steps, Seen& seen) {
    using State = typename Strategy::State;
    struct Held {
        typename State::Permit permit;
        int id;
        int generation;
        int verdicts = 0; // 0: none, 1: success, 2: done
    };
    State state(strategy);
    Model<Strategy> model(strategy);
    std::vector<Held> held;
    Xoshiro dice(seed), rng(seed + 1);
    TimePoint now = start;
    int id = 0;
    const auto failing = static_cast<std::uint64_t>(dice.below(90)); // how ill the target is, in percent

    for (int step = 0; step < steps; ++step) {
        if (dice.below(3) == 0) now += dice.uniform(800ms);
        if (dice.below(60) == 0) now += dice.uniform(40s);
        const int before = model.generation;

        const std::uint64_t op = dice.below(100);
        if (op < 45 || held.empty()) {
            const BreakerPhase phase = model.phase;
            const bool open_early = phase == BreakerPhase::open && now < model.retry_at;
            auto permit = state.try_acquire(now, rng);
            const bool expected = model.acquire(++id, now);
            MUST(static_cast<bool>(permit) == expected);
            if (open_early) MUST(!permit); // open admits none
            if (permit) {
                MUST(permit.probe() == (model.phase == BreakerPhase::half_open));
                if (dice.below(2) == 0) { // a permit lives in a coroutine frame, is moved into a call, ...
                    auto moved = std::move(permit);
                    MUST(!permit);
                    permit = std::move(moved);
                }
                held.push_back({std::move(permit), id, model.generation});
            } else {
                ++seen.refused;
            }
        } else {
            const auto pick = static_cast<std::size_t>(dice.below(held.size()));
            Held& h = held[pick];
            const bool stale = h.generation != model.generation;
            seen.stale += stale;
            if (op < 85) {
                const bool failed = dice.below(100) < failing;
                if (failed) {
                    h.permit.failure(now);
                    // a failure after a success is a second sample, but only of a breaker that is closed
                    if (h.verdicts == 0 || (h.verdicts == 1 && model.phase == BreakerPhase::closed)) {
                        model.verdict(h.id, h.generation, true, now);
                    }
                    h.verdicts = 2;
                } else {
                    h.permit.success(now);
                    if (h.verdicts == 0) {
                        model.verdict(h.id, h.generation, false, now);
                        h.verdicts = 1;
                    }
                }
                if (dice.below(3) != 0) { // sometimes it is kept, judged again, or judged late
                    held.erase(held.begin() + static_cast<std::ptrdiff_t>(pick));
                }
            } else if (op < 95) {
                if (h.verdicts == 0) model.drop(h.id, h.generation);
                held.erase(held.begin() + static_cast<std::ptrdiff_t>(pick)); // without a verdict
            } // else it is left to hang
            if (stale) MUST(model.generation == before);
        }

        MUST(state.phase() == model.phase);
        MUST(static_cast<int>(state.generation()) == model.generation);
        if (model.would_grant(now)) {
            MUST(state.retry_at() <= now);
        } else {
            MUST(state.retry_at() == model.next_chance(now));
        }
        if (model.phase == BreakerPhase::half_open) {
            MUST(model.live(now) <= strategy.phases().probes);
            for (const auto& p : model.probes) {
                seen.expired += p.state == p.out && now - p.begun >= strategy.phases().probe_deadline;
            }
        }
        if (model.generation != before) {
            seen.opened += model.phase == BreakerPhase::open;
            seen.closed += model.phase == BreakerPhase::closed;
        }
    }
}

/// A breaker that has just opened.
template <class Strategy>
void trip(typename Strategy::State& state, Xoshiro& rng, TimePoint now, int failures) {
    for (int i = 0; i < failures; ++i) {
        BOOST_TEST_REQUIRE((state.phase() == BreakerPhase::closed));
        state.try_acquire(now, rng).failure(now);
    }
    BOOST_TEST_REQUIRE((state.phase() == BreakerPhase::open));
}

} // namespace

BOOST_AUTO_TEST_CASE(half_open_equals_the_naive_model) {
    Seen seen;
    for (std::uint64_t seed = 0; seed < 1500; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Xoshiro dice(seed * 7919);
            HalfOpen::Options options{.jitter = 0};
            if (seed % 3 != 0) { // otherwise the defaults
                options.window = 1s + dice.uniform(60s);
                options.min_calls = static_cast<int>(1 + dice.below(30));
                options.failure_rate = 0.05 + 0.95 * dice.unit();
                options.open = 1ms + dice.uniform(10s);
                options.open_max = options.open + dice.uniform(100s);
                options.probes = static_cast<int>(1 + dice.below(8));
                options.passes = static_cast<int>(1 + dice.below(static_cast<std::uint64_t>(options.probes)));
                options.probe_deadline = 1ms + dice.uniform(30s);
            }
            run_model(HalfOpen(options), seed, 600, seen);
        }
    }
    // the walk went everywhere
    BOOST_TEST(seen.opened > 1000);
    BOOST_TEST(seen.closed > 500);
    BOOST_TEST(seen.stale > 1000);
    BOOST_TEST(seen.refused > 1000);
    BOOST_TEST(seen.expired > 100);
}

BOOST_AUTO_TEST_CASE(consecutive_failures_equals_the_naive_model) {
    Seen seen;
    for (std::uint64_t seed = 0; seed < 1500; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Xoshiro dice(seed * 104729);
            ConsecutiveFailures::Options options;
            if (seed % 3 != 0) {
                options.failures = static_cast<int>(1 + dice.below(16));
                options.window = 1ms + dice.uniform(30s);
                options.open = 1ms + dice.uniform(30s);
                options.probe_deadline = 1ms + dice.uniform(30s);
            }
            run_model(ConsecutiveFailures(options), seed, 400, seen);
        }
    }
    BOOST_TEST(seen.opened > 1000);
    BOOST_TEST(seen.closed > 500);
    BOOST_TEST(seen.stale > 1000);
    BOOST_TEST(seen.expired > 100);
}

BOOST_AUTO_TEST_CASE(the_defaults) {
    // twenty calls, half of them failures, within 30 s
    HalfOpen::State state{HalfOpen()};
    Xoshiro rng(1);
    for (int i = 0; i < 9; ++i) state.try_acquire(start, rng).failure(start);
    for (int i = 0; i < 10; ++i) state.try_acquire(start, rng).success(start);
    BOOST_TEST((state.phase() == BreakerPhase::closed)); // 9 of 19
    state.try_acquire(start, rng).failure(start);        // 10 of 20
    BOOST_TEST((state.phase() == BreakerPhase::open));
    BOOST_TEST((state.retry_at() >= start + 4500ms && state.retry_at() <= start + 5500ms));

    // three in a row
    ConsecutiveFailures::State simple{ConsecutiveFailures()};
    simple.try_acquire(start, rng).failure(start);
    simple.try_acquire(start, rng).failure(start + 59s);
    simple.try_acquire(start, rng).failure(start + 61s); // the first is too old
    BOOST_TEST((simple.phase() == BreakerPhase::closed));
    simple.try_acquire(start, rng).failure(start + 62s); // 59, 61, 62
    BOOST_TEST((simple.phase() == BreakerPhase::open));
    BOOST_TEST((simple.retry_at() == start + 92s));
    ConsecutiveFailures::State edge{ConsecutiveFailures()};
    for (const Duration at : {0s, 30s, 60s}) edge.try_acquire(start, rng).failure(start + at);
    BOOST_TEST((edge.phase() == BreakerPhase::open)); // exactly 60 s count
}

BOOST_AUTO_TEST_CASE(old_failures_leave_the_window) {
    HalfOpen::State state{HalfOpen()};
    Xoshiro rng(1);
    TimePoint now = start;
    for (int i = 0; i < 200; ++i, now += 2s) state.try_acquire(now, rng).failure(now); // never 20 within 30 s
    BOOST_TEST((state.phase() == BreakerPhase::closed));
    for (int i = 0; i < 8; ++i) state.try_acquire(now, rng).failure(now);
    BOOST_TEST((state.phase() == BreakerPhase::open));
}

BOOST_AUTO_TEST_CASE(a_clock_that_steps_back_loses_nothing) {
    HalfOpen::State state{HalfOpen()};
    Xoshiro rng(1);
    for (int i = 0; i < 10; ++i) state.try_acquire(start, rng).failure(start);
    for (int i = 0; i < 5; ++i) state.try_acquire(start - 1h, rng).failure(start - 1h);
    for (int i = 0; i < 5; ++i) state.try_acquire(start, rng).failure(start);
    BOOST_TEST((state.phase() == BreakerPhase::open)); // the window still holds all twenty
}

BOOST_AUTO_TEST_CASE(open_phases_double_up_to_their_cap_and_are_jittered) {
    Duration least[6], most[6];
    std::fill(std::begin(least), std::end(least), Duration::max());
    std::fill(std::begin(most), std::end(most), 0s);
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        HalfOpen::State state{HalfOpen()};
        Xoshiro rng(seed);
        TimePoint now = start;
        trip<HalfOpen>(state, rng, now, 20);
        for (int round = 0; round < 6; ++round) {
            const Duration length = state.retry_at() - now;
            least[round] = std::min(least[round], length);
            most[round] = std::max(most[round], length);
            BOOST_TEST_REQUIRE(!state.try_acquire(state.retry_at() - 1ns, rng));
            now = state.retry_at();
            auto one = state.try_acquire(now, rng), two = state.try_acquire(now, rng);
            one.failure(now);
            BOOST_TEST_REQUIRE((state.phase() == BreakerPhase::half_open));
            two.failure(now); // two of three failed: two passes are out of reach
            BOOST_TEST_REQUIRE((state.phase() == BreakerPhase::open));
        }
    }
    const Duration nominal[6] = {5s, 10s, 20s, 40s, 60s, 60s};
    for (int round = 0; round < 6; ++round) {
        BOOST_TEST_CONTEXT("round " << round) {
            BOOST_TEST(
                (least[round] >= nominal[round] / 10 * 9 && least[round] < nominal[round] / 1000 * 905));
            BOOST_TEST(
                (most[round] <= nominal[round] / 10 * 11 && most[round] > nominal[round] / 1000 * 1095));
        }
    }
}

BOOST_AUTO_TEST_CASE(two_of_three_probes_close_it_early_and_start_afresh) {
    HalfOpen::State state{HalfOpen(HalfOpen::Options{.jitter = 0})};
    Xoshiro rng(1);
    trip<HalfOpen>(state, rng, start, 20);
    TimePoint now = start + 5s;
    auto one = state.try_acquire(now, rng), two = state.try_acquire(now, rng),
         three = state.try_acquire(now, rng);
    BOOST_TEST((one.probe() && two.probe() && three.probe()));
    BOOST_TEST(!state.try_acquire(now, rng)); // three are out
    BOOST_TEST((state.retry_at() == now + 30s));
    three.failure(now);
    BOOST_TEST(!state.try_acquire(now, rng)); // a judged probe does not make room
    one.success(now);
    BOOST_TEST((state.phase() == BreakerPhase::half_open));
    two.success(now);
    BOOST_TEST((state.phase() == BreakerPhase::closed));
    BOOST_TEST((state.retry_at() == TimePoint::min()));
    // neither the old window nor the doubled phase is remembered
    trip<HalfOpen>(state, rng, now, 20);
    BOOST_TEST((state.retry_at() == now + 5s));
}

BOOST_AUTO_TEST_CASE(hung_probes_give_their_places_back) {
    HalfOpen::State state{HalfOpen(HalfOpen::Options{.jitter = 0})};
    Xoshiro rng(1);
    trip<HalfOpen>(state, rng, start, 20);
    TimePoint now = start + 5s;
    auto h1 = state.try_acquire(now, rng), h2 = state.try_acquire(now, rng), h3 = state.try_acquire(now, rng);
    now += 30s - 1ns;
    BOOST_TEST(!state.try_acquire(now, rng));
    now += 1ns;
    auto p1 = state.try_acquire(now, rng), p2 = state.try_acquire(now, rng), p3 = state.try_acquire(now, rng);
    BOOST_TEST((p1 && p2 && p3));
    BOOST_TEST(!state.try_acquire(now, rng));
    const std::uint32_t generation = state.generation();
    h1.success(now); // late: nothing changes
    h2.failure(now);
    h3.failure(now);
    BOOST_TEST(state.generation() == generation);
    BOOST_TEST(!state.try_acquire(now, rng)); // ... and their places are not freed twice
    p1.success(now);
    p2.success(now);
    BOOST_TEST((state.phase() == BreakerPhase::closed));
}

BOOST_AUTO_TEST_CASE(a_late_verdict_changes_nothing_even_if_nobody_took_the_place) {
    HalfOpen::State state{HalfOpen(HalfOpen::Options{.jitter = 0, .probes = 1, .passes = 1})};
    Xoshiro rng(1);
    trip<HalfOpen>(state, rng, start, 20);
    auto probe = state.try_acquire(start + 5s, rng);
    probe.success(start + 35s);
    BOOST_TEST((state.phase() == BreakerPhase::half_open));
    BOOST_TEST(static_cast<bool>(state.try_acquire(start + 35s, rng)));
}

BOOST_AUTO_TEST_CASE(a_dropped_permit_is_neither_success_nor_failure) {
    HalfOpen::State state{HalfOpen(HalfOpen::Options{.min_calls = 2, .jitter = 0})};
    Xoshiro rng(1);
    for (int i = 0; i < 100; ++i) (void)state.try_acquire(start, rng);
    state.try_acquire(start, rng).failure(start);
    BOOST_TEST((state.phase() == BreakerPhase::closed)); // one call, not 101
    state.try_acquire(start, rng).failure(start);
    BOOST_TEST((state.phase() == BreakerPhase::open));
    const TimePoint now = start + 5s;
    for (int i = 0; i < 100; ++i) { // a cancelled probe gives its place back at once
        auto probe = state.try_acquire(now, rng);
        BOOST_TEST_REQUIRE(probe.probe());
    }
    auto probe = state.try_acquire(now, rng);
    probe = {};
    auto a = state.try_acquire(now, rng), b = state.try_acquire(now, rng), c = state.try_acquire(now, rng);
    BOOST_TEST((a && b && c));
    BOOST_TEST(!state.try_acquire(now, rng));
    a.release();
    BOOST_TEST(static_cast<bool>(state.try_acquire(now, rng)));
}

BOOST_AUTO_TEST_CASE(permits_of_an_older_phase_change_nothing) {
    HalfOpen::State state{
        HalfOpen(HalfOpen::Options{.min_calls = 1, .failure_rate = 1, .jitter = 0, .probes = 2})};
    Xoshiro rng(1);
    std::vector<HalfOpen::State::Permit> old;
    for (int i = 0; i < 8; ++i) old.push_back(state.try_acquire(start, rng));
    state.try_acquire(start, rng).failure(start);
    BOOST_TEST((state.phase() == BreakerPhase::open));
    old[0].success(start);
    old[1].failure(start);
    BOOST_TEST((state.retry_at() == start + 5s));
    auto probe = state.try_acquire(start + 5s, rng);
    const std::uint32_t generation = state.generation();
    old[2].success(start + 5s);
    old[3].success(start + 5s);
    old[4].failure(start + 5s);
    old[5].failure(start + 5s);
    old[6].release();
    BOOST_TEST(state.generation() == generation);
    probe.success(start + 5s);
    state.try_acquire(start + 5s, rng).success(start + 5s);
    BOOST_TEST((state.phase() == BreakerPhase::closed));
    old[7].failure(start + 5s);
    BOOST_TEST((state.phase() == BreakerPhase::closed));
}

BOOST_AUTO_TEST_CASE(an_answer_that_breaks_off_is_a_second_sample) {
    HalfOpen::State state{HalfOpen(HalfOpen::Options{.min_calls = 4, .jitter = 0})};
    Xoshiro rng(1);
    auto one = state.try_acquire(start, rng), two = state.try_acquire(start, rng);
    one.success(start);
    one.success(start); // counts once
    two.success(start);
    one.failure(start);
    one.failure(start); // counts once
    BOOST_TEST((state.phase() == BreakerPhase::closed));
    two.failure(start); // 2 of 4
    BOOST_TEST((state.phase() == BreakerPhase::open));
}

BOOST_AUTO_TEST_CASE(new_options_keep_the_phase) {
    HalfOpen::State state{HalfOpen(HalfOpen::Options{.jitter = 0})};
    Xoshiro rng(1);
    trip<HalfOpen>(state, rng, start, 20);
    const HalfOpen changed(
        HalfOpen::Options{.min_calls = 2, .open = 7s, .jitter = 0, .probes = 1, .passes = 1});
    state.configure(changed);
    BOOST_TEST((state.phase() == BreakerPhase::open));
    BOOST_TEST((state.retry_at() == start + 5s));
    auto probe = state.try_acquire(start + 5s, rng);
    BOOST_TEST(!state.try_acquire(start + 5s, rng));
    state.configure(changed); // while half-open: probing starts over
    auto again = state.try_acquire(start + 5s, rng);
    probe.failure(start + 5s);
    BOOST_TEST((state.phase() == BreakerPhase::half_open));
    again.success(start + 5s);
    BOOST_TEST((state.phase() == BreakerPhase::closed));
    trip<HalfOpen>(state, rng, start + 5s, 2);
    BOOST_TEST((state.retry_at() == start + 12s));
}

BOOST_AUTO_TEST_CASE(which_errors_say_that_the_target_is_ill) {
    using enum Errc;
    for (Errc e : {transient, unavailable, tls, timeout_connect, timeout_first_token, timeout_idle, truncated,
                   protocol}) {
        BOOST_TEST_CONTEXT(to_string(e)) {
            BOOST_TEST(HalfOpen::counts_as_failure(e));
            BOOST_TEST(ConsecutiveFailures::counts_as_failure(e));
        }
    }
    for (Errc e :
         {ok, rate_limited, quota, auth, permission, not_found, invalid_request, context_overflow,
          content_filtered, timeout_total, cancelled, breaker_open, no_target, too_large, slow_reader}) {
        BOOST_TEST_CONTEXT(to_string(e)) {
            BOOST_TEST(!HalfOpen::counts_as_failure(e));
            BOOST_TEST(!ConsecutiveFailures::counts_as_failure(e));
        }
    }
}

BOOST_AUTO_TEST_CASE(invalid_options_throw_and_name_the_option) {
    const auto message = [](auto make) -> std::string {
        try {
            make();
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    const auto rate = [&](const HalfOpen::Options& o) { return message([&] { (void)HalfOpen(o); }); };
    const auto run = [&](const ConsecutiveFailures::Options& o) {
        return message([&] { (void)ConsecutiveFailures(o); });
    };
    BOOST_TEST(rate({}) == "");
    BOOST_TEST(rate({.window = 1ms}).find("window") != std::string::npos);
    BOOST_TEST(rate({.min_calls = 0}).find("min_calls") != std::string::npos);
    BOOST_TEST(rate({.failure_rate = 0}).find("failure_rate") != std::string::npos);
    BOOST_TEST(rate({.failure_rate = std::nan("")}).find("failure_rate") != std::string::npos);
    BOOST_TEST(rate({.failure_rate = 1.01}).find("failure_rate") != std::string::npos);
    BOOST_TEST(rate({.open = 0s}).find("open") != std::string::npos);
    BOOST_TEST(rate({.open_max = 4s}).find("open_max") != std::string::npos);
    BOOST_TEST(rate({.jitter = 0.6}).find("jitter") != std::string::npos);
    BOOST_TEST(rate({.probes = 0}).find("probes") != std::string::npos);
    BOOST_TEST(rate({.probes = 9}).find("probes") != std::string::npos);
    BOOST_TEST(rate({.passes = 4}).find("passes") != std::string::npos);
    BOOST_TEST(rate({.probe_deadline = 0s}).find("probe_deadline") != std::string::npos);
    BOOST_TEST(run({}) == "");
    BOOST_TEST(run({.failures = 0}).find("failures") != std::string::npos);
    BOOST_TEST(run({.failures = 17}).find("failures") != std::string::npos);
    BOOST_TEST(run({.window = 0s}).find("window") != std::string::npos);
    BOOST_TEST(run({.open = 25h}).find("open") != std::string::npos);
    BOOST_TEST(run({.probe_deadline = 0s}).find("probe_deadline") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(modes_equal_a_new_breaker_for_each_change) {
    // The reference knows no modes but automatic: each change of mode is a breaker made anew, which is asked
    // in the modes that look at calls. The model tests above say what that one does.
    int switched = 0, would_refuse = 0, stale = 0;
    for (std::uint64_t seed = 0; seed < 1200; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Xoshiro dice(seed * 15485863), rng(1);
            HalfOpen::Options options{.min_calls = static_cast<int>(1 + dice.below(10)),
                                      .open = 1ms + dice.uniform(3s),
                                      .jitter = 0,
                                      .probe_deadline = 1ms + dice.uniform(5s)};
            const auto any_mode = [&] { return static_cast<BreakerMode>(dice.below(4)); };
            BreakerMode mode = options.mode = any_mode();
            HalfOpen::State state{HalfOpen(options)};
            options.mode = BreakerMode::automatic;
            auto twin = std::make_unique<HalfOpen::State>(HalfOpen(options));
            struct Held {
                HalfOpen::State::Permit permit, reference; // the latter empty: the verdict must not count
                int epoch;
            };
            std::vector<Held> held;
            TimePoint now = start;
            int epoch = 0;
            std::uint64_t refused = 0;
            const std::uint64_t failing = dice.below(90);
            for (int step = 0; step < 900; ++step) {
                if (dice.below(3) == 0) now += dice.uniform(800ms);
                const std::uint64_t op = dice.below(1000);
                const bool looks = mode == BreakerMode::automatic || mode == BreakerMode::metrics_only;
                if (op < 8) {
                    const BreakerMode next = any_mode();
                    if (next != mode) {
                        for (Held& h : held) h.reference = {};
                        twin = std::make_unique<HalfOpen::State>(HalfOpen(options));
                        ++epoch;
                        ++switched;
                    }
                    mode = next;
                    if (dice.below(2) == 0) {
                        state.force(mode);
                    } else {
                        HalfOpen::Options changed = options;
                        changed.mode = mode;
                        if (next == state.mode()) continue; // the samples would be counted anew
                        state.configure(HalfOpen(changed));
                    }
                } else if (op < 500 || held.empty()) {
                    auto permit = state.try_acquire(now, rng);
                    HalfOpen::State::Permit reference;
                    bool expected = mode == BreakerMode::disabled;
                    if (looks) {
                        reference = twin->try_acquire(now, rng);
                        refused += !reference;
                        expected = reference || mode == BreakerMode::metrics_only;
                        would_refuse += expected && !reference;
                    } else {
                        refused += mode == BreakerMode::forced_open;
                    }
                    MUST(static_cast<bool>(permit) == expected);
                    MUST(permit.probe() == reference.probe());
                    if (permit) held.push_back({std::move(permit), std::move(reference), epoch});
                } else {
                    const auto pick = static_cast<std::size_t>(dice.below(held.size()));
                    Held& h = held[pick];
                    const std::uint32_t generation = state.generation();
                    if (op < 900) {
                        const bool failed = dice.below(100) < failing;
                        if (failed) {
                            h.permit.failure(now);
                            h.reference.failure(now);
                        } else {
                            h.permit.success(now);
                            h.reference.success(now);
                        }
                    }
                    if (h.epoch != epoch) {
                        ++stale;
                        MUST(state.generation() == generation);
                    }
                    if (dice.below(3) != 0) held.erase(held.begin() + static_cast<std::ptrdiff_t>(pick));
                }
                MUST(state.mode() == mode);
                MUST(state.counters().refused == refused);
                if (mode == BreakerMode::automatic || mode == BreakerMode::metrics_only) {
                    MUST(state.phase() == twin->phase());
                    MUST(state.retry_at() ==
                         (mode == BreakerMode::automatic ? twin->retry_at() : TimePoint::min()));
                } else if (mode == BreakerMode::disabled) {
                    MUST(state.phase() == BreakerPhase::closed && state.retry_at() == TimePoint::min());
                } else {
                    MUST(state.phase() == BreakerPhase::open && state.retry_at() == never);
                }
            }
            held.clear();
        }
    }
    BOOST_TEST(switched > 3000);
    BOOST_TEST(would_refuse > 10000);
    BOOST_TEST(stale > 1000);
}

BOOST_AUTO_TEST_CASE(what_a_mode_does_and_what_is_counted) {
    HalfOpen::State state{HalfOpen(HalfOpen::Options{.min_calls = 2, .jitter = 0})};
    Xoshiro rng(1);
    BOOST_TEST((state.mode() == BreakerMode::automatic));
    BOOST_TEST(state.counters().transitions == 0U);
    trip<HalfOpen>(state, rng, start, 2);
    BOOST_TEST(!state.try_acquire(start, rng));
    BOOST_TEST(state.counters().transitions == 1U);
    BOOST_TEST(state.counters().refused == 1U);

    state.force(BreakerMode::disabled); // closes it
    BOOST_TEST((state.phase() == BreakerPhase::closed));
    BOOST_TEST(state.counters().transitions == 2U);
    for (int i = 0; i < 100; ++i) state.try_acquire(start, rng).failure(start);
    auto broken = state.try_acquire(start, rng);
    broken.success(start);
    broken.failure(start);
    BOOST_TEST((state.phase() == BreakerPhase::closed));

    state.force(BreakerMode::automatic); // none of those were counted
    state.try_acquire(start, rng).failure(start);
    BOOST_TEST((state.phase() == BreakerPhase::closed));
    auto before = state.try_acquire(start, rng);
    state.force(BreakerMode::forced_open);
    before.failure(start); // stale
    BOOST_TEST(!state.try_acquire(start + 1000h, rng));
    BOOST_TEST((state.retry_at() == never));
    const std::uint32_t generation = state.generation();
    state.force(BreakerMode::forced_open);
    BOOST_TEST(state.generation() == generation);

    state.force(BreakerMode::metrics_only);
    auto one = state.try_acquire(start, rng), two = state.try_acquire(start, rng);
    one.failure(start);
    two.failure(start);
    BOOST_TEST((state.phase() == BreakerPhase::open)); // it would be
    BOOST_TEST(static_cast<bool>(state.try_acquire(start, rng)));
    BOOST_TEST((state.retry_at() == TimePoint::min()));
    BOOST_TEST(state.counters().refused == 3U);

    const ConsecutiveFailures shut(ConsecutiveFailures::Options{.mode = BreakerMode::forced_open});
    ConsecutiveFailures::State simple{shut};
    BOOST_TEST(!simple.try_acquire(start, rng));
    BOOST_TEST(simple.counters().transitions == 0U);
    simple.configure(ConsecutiveFailures());
    BOOST_TEST(static_cast<bool>(simple.try_acquire(start, rng)));
}

BOOST_AUTO_TEST_CASE(sixty_four_callers_never_exceed_the_probes) { // scorecard, line 10
    struct Caller {
        HalfOpen::State::Permit permit;
        std::uint32_t generation = 0;
        TimePoint until{};
    };
    long admitted = 0, refused_open = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Xoshiro dice(seed), rng(seed + 1);
            const int probes = static_cast<int>(1 + dice.below(8));
            const int passes = static_cast<int>(1 + dice.below(static_cast<std::uint64_t>(probes)));
            HalfOpen::State state{HalfOpen(HalfOpen::Options{.min_calls = 5,
                                                             .open = 100ms,
                                                             .open_max = 1s,
                                                             .probes = probes,
                                                             .passes = passes,
                                                             .probe_deadline = 2s})};
            std::vector<Caller> callers(64);
            std::uint32_t counting = 0;
            int judged = 0;
            TimePoint now = start;
            for (int step = 0; step < 1000; ++step) {
                now += dice.uniform(20ms);
                Caller& caller = callers[dice.below(64)];
                if (!caller.permit) {
                    const bool open = state.phase() == BreakerPhase::open && now < state.retry_at();
                    caller.permit = state.try_acquire(now, rng);
                    if (open) {
                        MUST(!caller.permit);
                        ++refused_open;
                    }
                    caller.generation = state.generation();
                    caller.until = now + 2s;
                    admitted += caller.permit.probe();
                } else {
                    const bool probe = caller.permit.probe() && caller.generation == state.generation() &&
                                       now < caller.until;
                    const std::uint64_t op = dice.below(10);
                    if (op < 5) caller.permit.failure(now);
                    if (op >= 5 && op < 9) caller.permit.success(now);
                    if (probe && op < 9) ++judged;
                    caller.permit = {}; // the rest: dropped without a verdict
                }
                if (state.generation() != counting) {
                    counting = state.generation();
                    judged = 0;
                }
                if (state.phase() == BreakerPhase::half_open) {
                    int out = 0;
                    for (const Caller& c : callers) {
                        out += c.permit.probe() && c.generation == counting && now < c.until;
                    }
                    MUST(out + judged <= probes);
                }
            }
        }
    }
    BOOST_TEST(admitted > 10000);
    BOOST_TEST(refused_open > 10000);
}

BOOST_AUTO_TEST_CASE(it_closes_in_time_once_the_target_is_well) { // scorecard, line 12
    int closed = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Xoshiro dice(seed), rng(seed + 1);
            const HalfOpen::Options options;
            HalfOpen::State state{HalfOpen(options)};
            std::vector<HalfOpen::State::Permit> hung;
            const TimePoint well = start + 10s + dice.uniform(200s);
            TimePoint now = start;
            for (; now < well; now += 100ms) { // ten calls a second fail, or never answer
                auto permit = state.try_acquire(now, rng);
                if (!permit) continue;
                if (dice.below(3) == 0) hung.push_back(std::move(permit));
                permit.failure(now);
            }
            MUST(state.phase() != BreakerPhase::closed);
            // the open phase that is left, the deadline of probes that hang since before, and a call or two
            const Duration open = state.phase() == BreakerPhase::open ? state.retry_at() - now : Duration{};
            TimePoint bound = now + open + options.probe_deadline + 300ms;
            bool one_hangs = true;
            while (state.phase() != BreakerPhase::closed) {
                MUST(now <= bound);
                auto permit = state.try_acquire(now, rng);
                if (permit && one_hangs && dice.below(3) == 0) { // one more of the new ones may
                    hung.push_back(std::move(permit));
                    one_hangs = false;
                    bound = std::max(bound, now + options.probe_deadline + 300ms);
                }
                permit.success(now);
                now += 100ms;
            }
            ++closed;
        }
    }
    BOOST_TEST(closed == 1000);
}

BOOST_AUTO_TEST_SUITE_END()
