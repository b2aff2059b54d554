// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/deadline.hpp>
#include <baton/policy/rng.hpp>

#include <string>
#include <type_traits>

BOOST_AUTO_TEST_SUITE(deadlines)

using namespace baton;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint(5000s);

static_assert(DeadlineStrategy<Limits> && DeadlineStrategy<NoDeadline> && std::is_empty_v<NoDeadline>);
static_assert(std::is_aggregate_v<Limits::Options> && std::is_trivially_destructible_v<Limits::Options>);
static_assert(std::is_same_v<Deadline<>::strategy, Limits> &&
              std::is_same_v<Deadline<>::slot, slot::deadline>);

} // namespace

BOOST_AUTO_TEST_CASE(the_defaults) {
    const Limits limits;
    const TimePoint total = limits.total(start, {});
    BOOST_TEST((total == start + 600s));
    BOOST_TEST((limits.connect(start, total) == Cutoff{start + 5s, Errc::timeout_connect}));
    BOOST_TEST((limits.first_token(start, total, {}) == Cutoff{start + 60s, Errc::timeout_first_token}));
    BOOST_TEST(
        (limits.first_byte_unary(start, total, {}) == Cutoff{start + 300s, Errc::timeout_first_token}));
    BOOST_TEST((limits.idle(start, total) == Cutoff{start + 45s, Errc::timeout_idle}));
}

BOOST_AUTO_TEST_CASE(the_request_replaces_the_total_and_the_target_tightens_the_first_token) {
    const Limits limits;
    BOOST_TEST((limits.total(start, 1s) == start + 1s));
    BOOST_TEST((limits.total(start, 2h) == start + 2h));
    const TimePoint total = start + 600s;
    BOOST_TEST((limits.first_token(start, total, 3s) == Cutoff{start + 3s, Errc::timeout_first_token}));
    BOOST_TEST((limits.first_token(start, total, 90s) == Cutoff{start + 60s, Errc::timeout_first_token}));
    BOOST_TEST((limits.first_byte_unary(start, total, 3s) == Cutoff{start + 3s, Errc::timeout_first_token}));
}

BOOST_AUTO_TEST_CASE(no_phase_outlives_the_call_and_says_so) {
    const Limits limits;
    const TimePoint total = start + 2s;
    const Cutoff end{total, Errc::timeout_total};
    BOOST_TEST((limits.connect(start, total) == end));
    BOOST_TEST((limits.first_token(start, total, {}) == end));
    BOOST_TEST((limits.first_token(start, total, 1s) == Cutoff{start + 1s, Errc::timeout_first_token}));
    BOOST_TEST((limits.first_token(start, total, 2s) == end)); // both at once: it is the call that is over
    BOOST_TEST((limits.first_byte_unary(start, total, {}) == end));
    BOOST_TEST((limits.idle(start, total) == end));
    BOOST_TEST((limits.idle(start + 1h, total) == end));
}

BOOST_AUTO_TEST_CASE(a_limit_can_be_switched_off) {
    const Limits limits(Limits::Options{.connect = Duration::max(),
                                        .first_token = Duration::max(),
                                        .first_byte_unary = Duration::max(),
                                        .idle = Duration::max(),
                                        .total = Duration::max()});
    const TimePoint total = limits.total(start, {});
    BOOST_TEST((total == never));
    BOOST_TEST((limits.connect(start, total).at == never));
    BOOST_TEST((limits.first_token(start, total, {}).at == never));
    BOOST_TEST((limits.idle(start, start + 1h) == Cutoff{start + 1h, Errc::timeout_total}));
}

BOOST_AUTO_TEST_CASE(without_limits_only_what_was_asked_for_holds) {
    const NoDeadline none{NoDeadline::Options{}};
    BOOST_TEST((none.total(start, {}) == never));
    BOOST_TEST((none.total(start, 5s) == start + 5s));
    const TimePoint total = start + 5s;
    const Cutoff end{total, Errc::timeout_total};
    BOOST_TEST((none.connect(start, total) == end));
    BOOST_TEST((none.idle(start, total) == end));
    BOOST_TEST((none.first_token(start, total, {}) == end));
    BOOST_TEST((none.first_token(start, total, 1s) == Cutoff{start + 1s, Errc::timeout_first_token}));
    BOOST_TEST((none.first_byte_unary(start, total, 9s) == end));
}

BOOST_AUTO_TEST_CASE(any_limits_any_order_of_times) {
    Xoshiro rng(11);
    for (int i = 0; i < 20'000; ++i) {
        const Limits limits(Limits::Options{.connect = 1ns + rng.uniform(10s),
                                            .first_token = 1ns + rng.uniform(100s),
                                            .first_byte_unary = 1ns + rng.uniform(400s),
                                            .idle = 1ns + rng.uniform(90s),
                                            .total = 1ns + rng.uniform(600s)});
        const TimePoint total =
            limits.total(start, rng.below(2) ? std::optional<Duration>(rng.uniform(100s)) : std::nullopt);
        const TimePoint now = start + rng.uniform(700s);
        const std::optional<Duration> cap =
            rng.below(2) ? std::optional<Duration>(rng.uniform(60s)) : std::nullopt;
        for (const Cutoff& cut : {limits.connect(now, total), limits.first_token(now, total, cap),
                                  limits.first_byte_unary(now, total, cap), limits.idle(now, total)}) {
            BOOST_TEST_REQUIRE((cut.at <= total));
            BOOST_TEST_REQUIRE(((cut.error == Errc::timeout_total) == (cut.at == total)));
        }
        if (cap) BOOST_TEST_REQUIRE((limits.first_token(now, total, cap).at <= now + *cap));
    }
}

BOOST_AUTO_TEST_CASE(invalid_options_throw_and_name_the_option) {
    const auto message = [](const Limits::Options& options) -> std::string {
        try {
            (void)Limits(options);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    BOOST_TEST(message({}) == "");
    BOOST_TEST(message({.connect = 0s}) == "Limits: connect must be positive");
    BOOST_TEST(message({.first_token = -1s}) == "Limits: first_token must be positive");
    BOOST_TEST(message({.first_byte_unary = 0s}) == "Limits: first_byte_unary must be positive");
    BOOST_TEST(message({.idle = 0s}) == "Limits: idle must be positive");
    BOOST_TEST(message({.total = 0s}) == "Limits: total must be positive");
}

BOOST_AUTO_TEST_SUITE_END()
