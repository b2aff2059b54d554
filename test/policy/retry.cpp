// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/exp_backoff.hpp>
#include <baton/policy/fallback.hpp>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(retrying)

using namespace baton;
using namespace std::chrono_literals;

namespace {

using Kind = RetryDecision::Kind;
constexpr auto retry = Kind::retry_same;
constexpr auto move = Kind::move_on;
constexpr auto halt = Kind::stop;

const TimePoint start = TimePoint(1000s);

static_assert(RetryStrategy<ExpBackoff> && RetryStrategy<Never> && !CountsCalls<Never>);
static_assert(std::is_aggregate_v<ExpBackoff::Options> &&
              std::is_trivially_destructible_v<ExpBackoff::Options>);
static_assert(std::is_aggregate_v<Never::Options> && !std::is_same_v<Never::Options, Stay::Options>);
static_assert(std::is_same_v<Retry<>::strategy, ExpBackoff> && std::is_same_v<Fallback<>::strategy, InOrder>);
static_assert(std::is_same_v<Retry<Never>::slot, slot::retry> &&
              std::is_same_v<Fallback<Stay>::slot, slot::fallback>);

// One row of the table: how the facts differ from "first failure, one more target, ten minutes left", and
// what must come of it.
struct Row {
    Errc error = Errc::transient;
    std::optional<Duration> hint{};
    std::optional<bool> should_retry{};
    int retries = 0;
    bool committed = false;
    bool other = true;
    Duration left = 10min;
    bool spent = false; // the budget is empty
    Kind expected = halt;
    Duration least = 0s, most = 0s; // bounds of the wait
};

RetryFacts facts_of(const Row& row) {
    RetryFacts facts;
    facts.error = row.error;
    facts.hint = row.hint;
    facts.should_retry = row.should_retry;
    facts.retries_on_target = facts.retries_in_call = row.retries;
    facts.committed = row.committed;
    facts.now = start;
    facts.deadline = start + row.left;
    facts.another_target = row.other;
    return facts;
}

const std::vector<Row>& table() {
    using enum Errc;
    static const std::vector<Row> rows{
        // 1. the class alone, another target left
        {.error = transient, .expected = retry, .most = 500ms},
        {.error = unavailable, .expected = retry, .most = 500ms},
        {.error = timeout_connect, .expected = retry, .most = 500ms},
        {.error = timeout_idle, .expected = retry, .most = 500ms},
        {.error = truncated, .expected = retry, .most = 500ms},
        {.error = protocol, .expected = retry, .most = 500ms},
        {.error = rate_limited, .expected = retry, .most = 500ms},
        {.error = timeout_first_token, .expected = move},
        {.error = tls, .expected = move},
        {.error = quota, .expected = move},
        {.error = auth, .expected = move},
        {.error = permission, .expected = move},
        {.error = not_found, .expected = move},
        {.error = context_overflow, .expected = move},
        {.error = breaker_open, .expected = move},
        {.error = invalid_request, .expected = halt},
        {.error = too_large, .expected = halt},
        {.error = cancelled, .expected = halt},
        {.error = timeout_total, .expected = halt},
        {.error = no_target, .expected = halt},
        {.error = slow_reader, .expected = halt},
        {.error = ok, .expected = halt},
        // 2. ... and none left
        {.error = transient, .other = false, .expected = retry, .most = 500ms},
        {.error = rate_limited, .other = false, .expected = retry, .most = 500ms},
        {.error = timeout_first_token, .other = false, .expected = halt},
        {.error = tls, .other = false, .expected = halt},
        {.error = quota, .other = false, .expected = halt},
        {.error = auth, .other = false, .expected = halt},
        {.error = content_filtered, .other = false, .expected = halt},
        {.error = context_overflow, .other = false, .expected = halt},
        {.error = breaker_open, .other = false, .expected = halt},
        // 3. the number of retries and the growth of the ceiling
        {.error = transient, .retries = 1, .expected = retry, .most = 1s},
        {.error = transient, .retries = 2, .expected = move},
        {.error = transient, .retries = 2, .other = false, .expected = halt},
        {.error = rate_limited, .retries = 2, .expected = move},
        {.error = rate_limited, .hint = 1s, .retries = 2, .expected = move},
        {.error = rate_limited, .hint = 1s, .retries = 2, .other = false, .expected = halt},
        // 4. hints: short, at the limit, longer than max_wait, longer than max_hint
        {.error = rate_limited, .hint = 2s, .expected = retry, .least = 2s, .most = 2200ms},
        {.error = rate_limited, .hint = 5s, .expected = retry, .least = 5s, .most = 5500ms},
        {.error = rate_limited, .hint = 5001ms, .expected = move},
        {.error = rate_limited, .hint = 20s, .expected = move},
        {.error = rate_limited, .hint = 20s, .other = false, .expected = retry, .least = 20s, .most = 22s},
        {.error = rate_limited, .hint = 60s, .other = false, .expected = retry, .least = 60s, .most = 66s},
        {.error = rate_limited, .hint = 60001ms, .expected = move},
        {.error = rate_limited, .hint = 60001ms, .other = false, .expected = halt},
        {.error = rate_limited, .hint = Duration::max(), .other = false, .expected = halt},
        {.error = transient, .hint = 3s, .expected = retry, .least = 3s, .most = 3300ms},
        {.error = transient, .hint = 30s, .expected = move},
        {.error = transient, .hint = 1ms, .expected = retry, .least = 1ms, .most = 1100us},
        // 5. hints that say nothing are no hints
        {.error = rate_limited, .hint = 0s, .expected = retry, .most = 500ms},
        {.error = rate_limited, .hint = -3s, .expected = retry, .most = 500ms},
        // 6. hints do not make final errors retryable
        {.error = quota, .hint = 1s, .expected = move},
        {.error = auth, .hint = 1s, .other = false, .expected = halt},
        {.error = invalid_request, .hint = 1s, .expected = halt},
        {.error = timeout_first_token, .hint = 1s, .expected = move},
        // 7. x-should-retry: false
        {.error = transient, .should_retry = false, .expected = move},
        {.error = transient, .should_retry = false, .other = false, .expected = halt},
        {.error = rate_limited, .hint = 1s, .should_retry = false, .expected = move},
        {.error = rate_limited, .should_retry = false, .other = false, .expected = halt},
        {.error = invalid_request, .should_retry = false, .expected = halt},
        // 8. x-should-retry: true
        {.error = transient, .should_retry = true, .expected = retry, .most = 500ms},
        {.error = invalid_request, .should_retry = true, .expected = retry, .most = 500ms},
        {.error = not_found, .should_retry = true, .expected = retry, .most = 500ms},
        {.error = not_found, .should_retry = true, .retries = 2, .expected = move},
        {.error = invalid_request, .should_retry = true, .retries = 2, .expected = halt},
        {.error = transient, .should_retry = true, .retries = 2, .expected = move},
        {.error = transient, .should_retry = true, .committed = true, .expected = halt},
        {.error = rate_limited, .hint = 20s, .should_retry = true, .expected = move},
        {.error = quota, .should_retry = true, .expected = move},
        {.error = auth, .should_retry = true, .expected = move},
        {.error = permission, .should_retry = true, .expected = move},
        {.error = context_overflow, .should_retry = true, .expected = move},
        {.error = content_filtered, .should_retry = true, .other = false, .expected = halt},
        {.error = cancelled, .should_retry = true, .expected = halt},
        {.error = timeout_total, .should_retry = true, .expected = halt},
        {.error = timeout_first_token, .should_retry = true, .expected = move},
        // 9. after the commit point nothing is repeated
        {.error = transient, .committed = true, .expected = halt},
        {.error = truncated, .committed = true, .expected = halt},
        {.error = timeout_idle, .committed = true, .expected = halt},
        {.error = rate_limited, .hint = 1s, .committed = true, .expected = halt},
        {.error = quota, .committed = true, .expected = halt},
        {.error = protocol, .committed = true, .other = false, .expected = halt},
        // 10. the deadline: a sleep that would end at or after it is not begun
        {.error = rate_limited, .hint = 2s, .left = 2s, .expected = move},
        {.error = rate_limited, .hint = 2s, .other = false, .left = 2s, .expected = halt},
        {.error = rate_limited, .hint = 2s, .left = 2201ms, .expected = retry, .least = 2s, .most = 2200ms},
        {.error = transient, .other = false, .left = 1ns, .expected = halt},
        {.error = transient, .left = 0s, .expected = halt},
        {.error = transient, .left = -1s, .expected = halt},
        {.error = quota, .left = 0s, .expected = halt},
        // 11. the budget is spent
        {.error = transient, .spent = true, .expected = move},
        {.error = transient, .other = false, .spent = true, .expected = halt},
        {.error = rate_limited, .hint = 1s, .spent = true, .expected = move},
        {.error = rate_limited, .spent = true, .expected = move},
        {.error = rate_limited, .hint = 1s, .other = false, .spent = true, .expected = halt},
        {.error = quota, .spent = true, .expected = move},
        {.error = transient, .should_retry = true, .other = false, .spent = true, .expected = halt},
    };
    return rows;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_row_of_the_decision_table) {
    BOOST_TEST(table().size() >= 60U);
    int index = 0;
    for (const Row& row : table()) {
        BOOST_TEST_CONTEXT("row " << index << " " << to_string(row.error)) {
            for (std::uint64_t seed = 0; seed < 50; ++seed) {
                ExpBackoff strategy(row.spent ? ExpBackoff::Options{.budget_ratio = 0, .budget_reserve = 0}
                                              : ExpBackoff::Options{});
                Xoshiro rng(seed);
                const RetryDecision decision = strategy.decide(facts_of(row), rng);
                BOOST_TEST_REQUIRE((decision.kind == row.expected));
                BOOST_TEST_REQUIRE((decision.wait >= row.least && decision.wait <= row.most));
            }
        }
        ++index;
    }
}

BOOST_AUTO_TEST_CASE(a_filter_is_gone_around_only_if_fallback_was_asked_to) {
    ExpBackoff strategy;
    Xoshiro rng(1);
    for (const bool asked : {false, true}) {
        const InOrder fallback(InOrder::Options{.around_content_filter = asked});
        const Row row{.error = Errc::content_filtered, .other = fallback.may_move(Errc::content_filtered)};
        BOOST_TEST((strategy.decide(facts_of(row), rng).kind == (asked ? move : halt)));
    }
}

BOOST_AUTO_TEST_CASE(never_moves_by_class_and_never_retries) {
    Never strategy{Never::Options{}};
    Xoshiro rng(1);
    const InOrder fallback;
    for (int code = 0; code <= static_cast<int>(Errc::slow_reader); ++code) {
        const auto error = static_cast<Errc>(code);
        for (const bool committed : {false, true}) {
            for (const bool other : {false, true}) {
                const Row row{.error = error,
                              .hint = 1s,
                              .should_retry = true,
                              .committed = committed,
                              .other = other && fallback.may_move(error)};
                const bool moves = other && !committed && fallback.may_move(error);
                BOOST_TEST((strategy.decide(facts_of(row), rng) ==
                            (moves ? RetryDecision::move_on() : RetryDecision::stop())));
            }
        }
    }
    BOOST_TEST((strategy.decide(facts_of({.error = Errc::quota, .left = 0s}), rng) == RetryDecision::stop()));
}

BOOST_AUTO_TEST_CASE(fallback_by_class) {
    using enum Errc;
    const std::set<Errc> moving{transient,    rate_limited,    quota,        auth,      permission,
                                not_found,    unavailable,     tls,          truncated, timeout_first_token,
                                timeout_idle, timeout_connect, breaker_open, protocol,  context_overflow};
    const InOrder plain, around(InOrder::Options{.around_content_filter = true});
    for (int code = 0; code <= static_cast<int>(slow_reader); ++code) {
        const auto error = static_cast<Errc>(code);
        BOOST_TEST_CONTEXT(to_string(error)) {
            BOOST_TEST(plain.may_move(error) == moving.contains(error));
            BOOST_TEST(around.may_move(error) == (moving.contains(error) || error == content_filtered));
            BOOST_TEST(!Stay::may_move(error));
            if (ends_call(error)) BOOST_TEST(!around.may_move(error)); // the two tables agree
            if (retryable_on_same_target(error)) BOOST_TEST(!ends_call(error));
        }
    }
}

BOOST_AUTO_TEST_CASE(decisions_that_do_not_sleep_cost_no_budget) {
    // reserve 1/s over 10 s: ten retries
    ExpBackoff strategy(ExpBackoff::Options{.budget_ratio = 0, .budget_reserve = 1});
    Xoshiro rng(3);
    for (int i = 0; i < 100; ++i) {
        (void)strategy.decide(facts_of({.error = Errc::quota}), rng);
        (void)strategy.decide(facts_of({.error = Errc::rate_limited, .hint = 20s}), rng);
        (void)strategy.decide(facts_of({.error = Errc::rate_limited, .hint = 2s, .left = 1s}), rng);
        (void)strategy.decide(facts_of({.error = Errc::transient, .retries = 2}), rng);
        (void)strategy.decide(facts_of({.error = Errc::transient, .committed = true}), rng);
    }
    int retries = 0;
    while (strategy.decide(facts_of({.error = Errc::transient}), rng).kind == retry) ++retries;
    BOOST_TEST(retries == 10);
}

BOOST_AUTO_TEST_CASE(a_sleep_up_to_the_deadline_is_not_begun) {
    ExpBackoff strategy(ExpBackoff::Options{.hint_jitter = 0});
    Xoshiro rng(1);
    const auto decide = [&](Duration left) {
        return strategy.decide(facts_of({.error = Errc::rate_limited, .hint = 2s, .left = left}), rng);
    };
    BOOST_TEST((decide(2s) == RetryDecision::move_on()));
    BOOST_TEST((decide(2s + 1ns) == RetryDecision::retry_same(2s)));
}

BOOST_AUTO_TEST_CASE(calls_vouch_for_retries) {
    ExpBackoff strategy(ExpBackoff::Options{.budget_ratio = 0.2, .budget_reserve = 0});
    Xoshiro rng(3);
    BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient}), rng).kind == move));
    for (int i = 0; i < 10; ++i) strategy.on_call(start);
    BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient}), rng).kind == retry));
    BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient}), rng).kind == retry));
    BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient}), rng).kind == move));
}

BOOST_AUTO_TEST_CASE(backoff_is_uniform_below_its_ceiling) {
    ExpBackoff strategy(ExpBackoff::Options{.max_retries = 100, .budget_ratio = 1000, .budget_reserve = 1e6});
    Xoshiro rng(20260101);
    constexpr int samples = 100'000;
    for (int n = 0; n < 10; ++n) { // 10^6 samples in all
        const Duration ceiling = std::min<Duration>(8s, 500ms * (1 << n));
        BOOST_TEST((strategy.ceiling(n) == ceiling));
        std::vector<double> part;
        part.reserve(samples);
        int top = 0;
        for (int i = 0; i < samples; ++i) {
            RetryFacts facts = facts_of({.error = Errc::transient, .retries = n});
            facts.now = start + i * 1ms;
            strategy.on_call(facts.now);
            const RetryDecision decision = strategy.decide(facts, rng);
            if (decision.kind != retry || decision.wait < 0s || decision.wait > ceiling) {
                BOOST_FAIL("out of bounds at n = " << n);
            }
            part.push_back(static_cast<double>(decision.wait.count()) / static_cast<double>(ceiling.count()));
            top += decision.wait >= ceiling - ceiling / 1000;
        }
        // one in a thousand lies in the top thousandth; were the jitter applied before the cap, it were most
        BOOST_TEST(top < samples / 1000 + 100);
        // Kolmogorov-Smirnov against U(0, 1): 1.95 / sqrt(n) is the 0.1 % level
        std::sort(part.begin(), part.end());
        double distance = 0;
        for (int i = 0; i < samples; ++i) {
            const double x = part[static_cast<std::size_t>(i)];
            distance = std::max(
                {distance, std::abs(x - double(i) / samples), std::abs(x - double(i + 1) / samples)});
        }
        BOOST_TEST(distance < 1.95 / std::sqrt(double(samples)));
    }
}

BOOST_AUTO_TEST_CASE(ceilings_do_not_overflow) {
    const ExpBackoff plain;
    for (int n : {-1, 0}) BOOST_TEST((plain.ceiling(n) == 500ms));
    BOOST_TEST((plain.ceiling(3) == 4s));
    for (int n : {4, 5, 33, 61, 62, 63, 64, 1000, 2147483647}) BOOST_TEST((plain.ceiling(n) == 8s));
    const ExpBackoff odd(ExpBackoff::Options{.base = 300ms, .cap = 1s});
    BOOST_TEST((odd.ceiling(1) == 600ms));
    BOOST_TEST((odd.ceiling(2) == 1s));
    const ExpBackoff wide(ExpBackoff::Options{.base = 1ns, .cap = Duration::max()});
    Duration last = 0ns;
    for (int n = 0; n < 80; ++n) {
        BOOST_TEST((wide.ceiling(n) >= last));
        last = wide.ceiling(n);
    }
    BOOST_TEST((last == Duration::max()));
}

BOOST_AUTO_TEST_CASE(hint_jitter_only_adds) {
    ExpBackoff strategy(ExpBackoff::Options{.budget_reserve = 1e6});
    Xoshiro rng(5);
    Duration least = Duration::max(), most = 0s;
    for (int i = 0; i < 100'000; ++i) {
        const Duration wait = strategy.decide(facts_of({.error = Errc::rate_limited, .hint = 4s}), rng).wait;
        least = std::min(least, wait);
        most = std::max(most, wait);
    }
    BOOST_TEST((least >= 4s && least < 4010ms));
    BOOST_TEST((most <= 4400ms && most > 4390ms));
}

BOOST_AUTO_TEST_CASE(facts_that_are_not_given) {
    const RetryFacts facts;
    BOOST_TEST((facts.error == Errc::transient && !facts.hint && !facts.should_retry));
    BOOST_TEST((facts.retries_on_target == 0 && facts.retries_in_call == 0));
    BOOST_TEST((!facts.committed && facts.sent && !facts.another_target && facts.deadline == never));
}

BOOST_AUTO_TEST_CASE(a_hint_of_no_time_backs_off) {
    ExpBackoff strategy(ExpBackoff::Options{.budget_reserve = 1e6});
    for (const Duration hint : {0ns, -3'000'000'000ns}) {
        Xoshiro rng(6), same(6);
        for (int i = 0; i < 100; ++i) {
            const Duration wait =
                strategy.decide(facts_of({.error = Errc::rate_limited, .hint = hint}), rng).wait;
            BOOST_TEST((wait == same.uniform(500ms))); // as without one: nobody asks to be asked at once
        }
    }
}

BOOST_AUTO_TEST_CASE(the_budget_equals_a_naive_ledger) {
    // The reference keeps every entry and adds up those of the last ten slices.
    struct Entry {
        std::int64_t slice, amount;
    };
    const double ratios[] = {0.2, 0.1, 1.0, 0.0, 3.0};
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const double ratio = ratios[seed % 5];
        RetryBudget budget(ratio, 2, 10s);
        std::deque<Entry> ledger;
        const std::int64_t cost = ratio > 0 ? static_cast<std::int64_t>(1000 / ratio) : 1;
        const std::int64_t reserve = 20 * cost;
        Xoshiro rng(seed);
        TimePoint now = start;
        int granted = 0;
        for (int op = 0; op < 1200; ++op) {
            const std::uint64_t dice = rng.below(1000);
            if (dice < 300) now += rng.uniform(400ms);
            if (dice == 0) now += rng.uniform(30s);
            const std::int64_t slice = now.time_since_epoch() / 1s;
            while (!ledger.empty() && ledger.front().slice <= slice - 10) ledger.pop_front();
            std::int64_t sum = reserve;
            for (const Entry& entry : ledger) sum += entry.amount;
            const bool allowed = sum >= cost;
            if (budget.balance(now) != (sum > 0 ? sum / cost : 0))
                BOOST_FAIL("balance differs, seed " << seed << ", operation " << op);
            if (rng.below(4) == 0) {
                if (budget.withdraw(now) != allowed)
                    BOOST_FAIL("differs, seed " << seed << ", operation " << op);
                granted += allowed;
                if (allowed) ledger.push_back({slice, -cost});
            } else {
                budget.deposit(now);
                ledger.push_back({slice, ratio > 0 ? 1000 : 0});
            }
            // one entry per slice is as good, and keeps the reference fast
            if (ledger.size() >= 2 && ledger[ledger.size() - 2].slice == slice) {
                ledger[ledger.size() - 2].amount += ledger.back().amount;
                ledger.pop_back();
            }
        }
        BOOST_TEST(granted > 0);
    }
}

BOOST_AUTO_TEST_CASE(the_budget_survives_a_clock_that_steps_back) {
    RetryBudget budget(0.2, 0, 10s);
    for (int i = 0; i < 5; ++i) budget.deposit(start);
    BOOST_TEST(budget.balance(start - 1h) == 1);
    BOOST_TEST(budget.withdraw(start - 1h));
    BOOST_TEST(!budget.withdraw(start));
    BOOST_TEST(budget.balance(start + 1000h) == 0);
}

// Its sums stay within 64 bits for whatever it takes; what would not is refused by name.
BOOST_AUTO_TEST_CASE(the_budget_counts_right_at_the_ends_of_its_range) {
    RetryBudget least(1e-6, 1e6, 60s);
    BOOST_TEST(least.balance(start) == 60'000'000);
    for (int i = 0; i < 1'000'000; ++i) least.deposit(start);
    BOOST_TEST(least.balance(start) == 60'000'001); // a million calls vouch for one
    for (int i = 0; i < 1'000'000; ++i) BOOST_TEST_REQUIRE(least.withdraw(start));
    BOOST_TEST(least.balance(start) == 59'000'001);
    RetryBudget bare(1e-6, 0, 10s);
    for (int i = 0; i < 999'999; ++i) bare.deposit(start);
    BOOST_TEST(!bare.withdraw(start));
    bare.deposit(start);
    BOOST_TEST(bare.withdraw(start));
    RetryBudget most(1000, 0, 10s);
    most.deposit(start);
    BOOST_TEST(most.balance(start) == 1000);
    RetryBudget none(0, 1, 10s);
    none.deposit(start);
    BOOST_TEST(none.balance(start) == 10); // the reserve alone
    for (const double wrong :
         {1e-9, 1e-300, 5e-324, -1e-9, -1.0, 1000.5, 1e300, std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity(), std::nan("")}) {
        BOOST_CHECK_EXCEPTION(RetryBudget(wrong, 10, 10s), std::invalid_argument,
                              [](const std::exception& e) {
                                  return std::string(e.what()).find("budget_ratio") != std::string::npos;
                              });
    }
}

BOOST_AUTO_TEST_CASE(the_throttle_equals_a_naive_count) {
    int off = 0, on = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        Xoshiro dice(seed);
        const int tokens = static_cast<int>(dice.below(20));
        const int gain = static_cast<int>(1 + dice.below(2000)); // thousandths
        ExpBackoff strategy(ExpBackoff::Options{
            .budget_reserve = 1e6, .throttle_tokens = tokens, .throttle_ratio = gain / 1000.0});
        Xoshiro rng(seed);
        double count = tokens; // gRPC's own words, in floating point
        const std::uint64_t failing = dice.below(100);
        for (int op = 0; op < 1000; ++op) {
            const bool ok = dice.below(100) >= failing;
            strategy.on_outcome(ok);
            count = ok ? std::min<double>(tokens, count + gain / 1000.0) : std::max(0.0, count - 1);
            count = std::round(count * 1000) / 1000;
            const bool allowed = tokens == 0 || count > tokens / 2.0;
            if (strategy.throttle().count() != std::llround(count * 1000)) BOOST_FAIL("count, seed " << seed);
            const RetryDecision decision = strategy.decide(facts_of({.error = Errc::transient}), rng);
            if ((decision.kind == retry) != allowed) BOOST_FAIL("seed " << seed << ", operation " << op);
            ++(allowed ? on : off);
        }
    }
    BOOST_TEST(off > 10000);
    BOOST_TEST(on > 10000);
}

BOOST_AUTO_TEST_CASE(a_throttled_retry_moves_and_costs_no_budget) {
    ExpBackoff strategy(ExpBackoff::Options{.throttle_tokens = 4});
    Xoshiro rng(1);
    const std::int64_t before = strategy.budget().balance(start);
    strategy.on_outcome(false);
    BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient}), rng).kind == retry));
    strategy.on_outcome(false); // two of four: not more than half
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient, .other = false}), rng).kind == halt));
        BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient, .other = true}), rng).kind == move));
    }
    BOOST_TEST(strategy.budget().balance(start) == before - 1);
    strategy.on_outcome(true); // 2.1
    BOOST_TEST((strategy.decide(facts_of({.error = Errc::transient}), rng).kind == retry));
    // off by default
    ExpBackoff plain;
    for (int i = 0; i < 100; ++i) plain.on_outcome(false);
    BOOST_TEST((plain.decide(facts_of({.error = Errc::transient}), rng).kind == retry));
    // what may be asked again on the same target counts, and so does a silent route, which is moved from
    for (int code = 0; code <= static_cast<int>(Errc::slow_reader); ++code) {
        const auto error = static_cast<Errc>(code);
        BOOST_TEST(is_throttling_failure(error) ==
                   (retryable_on_same_target(error) || error == Errc::timeout_first_token));
    }
    BOOST_TEST(
        (plain.decide(facts_of({.error = Errc::timeout_first_token, .other = true}), rng).kind == move));
    BOOST_TEST(
        (plain.decide(facts_of({.error = Errc::timeout_first_token, .other = false}), rng).kind == halt));
}

BOOST_AUTO_TEST_CASE(an_outage_costs_no_more_than_a_fifth_more_attempts) { // scorecard, line 5
    double all_calls = 0, all_attempts = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        ExpBackoff strategy;
        Xoshiro rng(seed), dice(seed + 1);
        const int calls = static_cast<int>(1 + dice.below(2000));
        int attempts = 0;
        for (int call = 0; call < calls; ++call) { // all within ten seconds, and all fail for good
            const TimePoint now = start + call * (10s / calls);
            strategy.on_call(now);
            for (int again = 0;; ++again) {
                ++attempts;
                RetryFacts facts = facts_of({.error = Errc::unavailable});
                facts.now = now;
                facts.deadline = now + 60s;
                facts.retries_on_target = facts.retries_in_call = again;
                if (strategy.decide(facts, rng).kind != retry) break;
            }
        }
        const int reserve = 10 * 10; // retries per second, for ten seconds
        if (attempts > calls + calls / 5 + reserve) BOOST_FAIL("seed " << seed << ": " << attempts);
        if (calls >= 100 && attempts == calls) BOOST_FAIL("seed " << seed << ": no retry at all");
        all_calls += calls;
        all_attempts += attempts - reserve;
    }
    BOOST_TEST(all_attempts / all_calls <= 1.2);
    BOOST_TEST(all_attempts / all_calls > 1.1); // the budget is used
}

BOOST_AUTO_TEST_CASE(invalid_options_throw_and_name_the_option) {
    const auto names = [](const ExpBackoff::Options& options, const std::string& name) {
        try {
            (void)ExpBackoff(options);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what()).find(name) != std::string::npos;
        }
        return false;
    };
    const double nan = std::nan("");
    BOOST_TEST(names({.max_retries = -1}, "max_retries"));
    BOOST_TEST(names({.max_retries = 101}, "max_retries"));
    BOOST_TEST(names({.base = 0s}, "base"));
    BOOST_TEST(names({.base = 9s}, "cap"));
    BOOST_TEST(names({.max_wait = -1s}, "max_wait"));
    BOOST_TEST(names({.max_wait = 61s}, "max_hint"));
    BOOST_TEST(names({.hint_jitter = nan}, "hint_jitter"));
    BOOST_TEST(names({.budget_ratio = -0.1}, "budget_ratio"));
    BOOST_TEST(names({.budget_ratio = nan}, "budget_ratio"));
    BOOST_TEST(names({.budget_ratio = 1e-9}, "budget_ratio"));
    BOOST_TEST(names({.budget_reserve = -1}, "budget_reserve"));
    BOOST_TEST(names({.budget_ttl = 0s}, "budget_ttl"));
    BOOST_TEST(names({.budget_ttl = 61s}, "budget_ttl"));
    BOOST_TEST(names({.throttle_tokens = -1}, "throttle_tokens"));
    BOOST_TEST(names({.throttle_tokens = 1001}, "throttle_tokens"));
    BOOST_TEST(names({.throttle_ratio = 0.0005}, "throttle_ratio"));
    BOOST_TEST(names({.throttle_ratio = nan}, "throttle_ratio"));
    BOOST_TEST(names({.throttle_ratio = 1001}, "throttle_ratio"));
    BOOST_TEST(!names({}, ""));
}

BOOST_AUTO_TEST_CASE(random_numbers) {
    // the reference implementation's first outputs for the state that SplitMix64 makes of seed 0
    Xoshiro rng(0);
    BOOST_TEST(rng.next() == 0x99ec5f36cb75f2b4U);
    BOOST_TEST(rng.next() == 0xbf6e1f784956452aU);

    Xoshiro a(7), b(7);
    (void)b.next();
    BOOST_TEST(a.stream(3).next() == b.stream(3).next()); // whatever was drawn before
    BOOST_TEST(a.stream(3).next() != a.stream(4).next());
    BOOST_TEST(a.stream(0).next() != a.next());
    BOOST_TEST((a.uniform(0s) == 0s && a.uniform(-5s) == 0s));
    BOOST_TEST(a.below(0) == 0U);
    BOOST_TEST(a.below(1) == 0U);
    int ends[2] = {};
    for (int i = 0; i < 1000; ++i) {
        const Duration d = a.uniform(1ns);
        BOOST_TEST_REQUIRE((d == 0ns || d == 1ns));
        ++ends[d.count()];
    }
    BOOST_TEST((ends[0] > 400 && ends[1] > 400));
    BOOST_TEST((a.uniform(Duration::max()) >= 0s));
    for (int i = 0; i < 1000; ++i) {
        const double u = a.unit();
        BOOST_TEST_REQUIRE((u >= 0 && u < 1));
    }
    BOOST_TEST(random_seed() != random_seed());
}

BOOST_AUTO_TEST_SUITE_END()
