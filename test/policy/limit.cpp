// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/gcra.hpp>
#include <baton/policy/limit_states.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(limit)

using namespace baton;
using namespace std::chrono_literals;

namespace {

using State = Gcra::State;
using Answer = State::Answer;
using Kind = Answer::Kind;
const TimePoint start = TimePoint(5000s);

static_assert(std::is_same_v<Limit<Gcra, PerTenant<Gcra>>::slot, slot::limit>);
static_assert(std::is_aggregate_v<Gcra::Options> && std::is_trivially_destructible_v<Gcra::Options>);
static_assert(std::is_aggregate_v<PerKey<Gcra>::Options>);
static_assert(std::is_trivially_destructible_v<PerKey<Gcra>::Options>);
static_assert(!std::is_same_v<PerKey<Gcra>::Options, PerTenant<Gcra>::Options>);
static_assert(Gcra::scope == LimitScope::target && PerProvider<Gcra>::scope == LimitScope::provider);
static_assert(PerTenant<Gcra>::scope == LimitScope::tenant && PerKey<Gcra>::scope == LimitScope::key);
static_assert(LimitStrategy<PerProvider<Gcra>> && LimitStrategy<PerKey<Gcra>>);

// Not strategies: a State that is not made from one, and a Lease that is none.
struct Unmade : Gcra {
    struct State : Gcra::State {
        explicit State(int) : Gcra::State(Gcra()) {}
    };
};
struct Leaseless : Gcra {
    struct State : Gcra::State {
        using Lease = int;
        using Gcra::State::State;
    };
};
static_assert(!LimitStrategy<Unmade> && !LimitStrategy<Leaseless> && !LimitStrategy<int>);
static_assert(!std::is_copy_constructible_v<State::Lease> && !std::is_copy_constructible_v<LimitTicket>);
static_assert(std::is_nothrow_move_constructible_v<State::Lease>);
static_assert(std::is_nothrow_move_constructible_v<LimitTicket>);
static_assert(!std::is_move_constructible_v<State>);

/// What is left of one dimension, found by asking: so many may go, one by one. 1000 where there is no limit.
std::int64_t left(const State& state, TimePoint now, bool tokens = false) {
    std::int64_t n = 0;
    const auto units = [tokens](std::int64_t k) {
        return tokens ? Demand{.requests = 0, .input_tokens = k} : Demand{.requests = k};
    };
    while (n < 1000 && state.core().ready_at(units(1), units(n), now) <= now) ++n;
    return n;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_acquire_takes_of_all_dimensions_or_of_none) {
    State state(Gcra({.requests_per_minute = 60,
                      .input_tokens_per_minute = 6000,
                      .concurrency = 2,
                      .request_burst = 5,
                      .token_burst = 100,
                      .max_wait = 0s}));
    LimitTicket ticket;
    auto first = state.acquire({.input_tokens = 60}, start, ticket);
    BOOST_TEST(static_cast<bool>(first.lease));
    BOOST_TEST(left(state, start) == 4);
    BOOST_TEST(left(state, start, true) == 40);
    auto second = state.acquire({.input_tokens = 60}, start, ticket); // tokens do not suffice
    BOOST_TEST((second.kind == Kind::refused && second.refusal == Refusal::too_long));
    BOOST_TEST((second.retry_after == 200ms)); // 20 tokens at 100 per second
    BOOST_TEST(left(state, start) == 4);
    BOOST_TEST(left(state, start, true) == 40);
    BOOST_TEST(state.in_flight() == 1);
    auto third = state.acquire({.input_tokens = 40}, start, ticket);
    BOOST_TEST(static_cast<bool>(third.lease));
    auto fourth = state.acquire({}, start, ticket); // no place
    BOOST_TEST((fourth.kind == Kind::refused && fourth.retry_after == 0s));
    BOOST_TEST(left(state, start) == 3);
}

BOOST_AUTO_TEST_CASE(a_lease_costs_nothing_until_it_is_sent_and_what_it_took_when_it_is_settled) {
    State state(Gcra(
        {.requests_per_minute = 60, .input_tokens_per_minute = 60, .request_burst = 5, .token_burst = 100}));
    LimitTicket ticket;
    {
        auto dropped = state.acquire({.input_tokens = 30}, start, ticket);
    }
    BOOST_TEST(left(state, start) == 5);
    BOOST_TEST(left(state, start, true) == 100);
    {
        auto lost = state.acquire({.input_tokens = 30}, start, ticket);
        lost.lease.sent();
    }
    BOOST_TEST(left(state, start) == 4);
    BOOST_TEST(left(state, start, true) == 70);
    auto less = state.acquire({.input_tokens = 30}, start, ticket);
    less.lease.sent();
    less.lease.settle({.input_tokens = 10}, start);
    BOOST_TEST(!less.lease);
    BOOST_TEST(left(state, start, true) == 60);
    auto more = state.acquire({.input_tokens = 30}, start, ticket);
    more.lease.sent();
    State::Lease moved = std::move(more.lease);
    more.lease.settle({.input_tokens = 0}, start); // an empty one does nothing
    moved.settle({.input_tokens = 100}, start);
    BOOST_TEST(left(state, start, true) == 0);
    BOOST_TEST(left(state, start + 40s, true) == 0); // 40 beyond the burst: a debt
    BOOST_TEST(left(state, start + 41s, true) == 1);
    auto unknown = state.acquire({}, start, ticket);
    unknown.lease.sent();
    unknown.lease.settle({.error = Errc::unavailable}, start);
    BOOST_TEST(left(state, start) == 1); // five, less the four that were sent
    auto unsent = state.acquire({}, start, ticket);
    unsent.lease.settle({.input_tokens = 1'000'000}, start);
    BOOST_TEST(left(state, start) == 1);
    BOOST_TEST(state.in_flight() == 0);
}

BOOST_AUTO_TEST_CASE(assigning_to_a_lease_gives_back_the_old_one) {
    State state(Gcra({.concurrency = 2}));
    LimitTicket ticket;
    auto a = state.acquire({}, start, ticket).lease, b = state.acquire({}, start, ticket).lease;
    BOOST_TEST(state.in_flight() == 2);
    a = std::move(b);
    BOOST_TEST(state.in_flight() == 1);
    a = State::Lease();
    BOOST_TEST(state.in_flight() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_beyond_the_burst_goes_when_the_bucket_is_full_and_leaves_a_debt) {
    State state(Gcra({.tokens_per_minute = 600, .token_burst = 100, .max_wait = 60s}));
    LimitTicket small, large, next;
    auto some = state.acquire({.input_tokens = 30, .output_tokens = 20}, start, small);
    some.lease.sent();
    auto answer = state.acquire({.input_tokens = 250}, start, large);
    BOOST_TEST((answer.kind == Kind::wait && answer.until == start + 5s)); // 50 missing at 10 per second
    BOOST_TEST((state.acquire({}, start + 5s - 1ns, large).kind == Kind::wait));
    answer = state.acquire({}, start + 5s, large);
    BOOST_TEST(static_cast<bool>(answer.lease));
    BOOST_TEST(answer.lease.demand().input_tokens == 250); // as it came
    const auto behind = state.acquire({.input_tokens = 10}, start + 5s, next);
    BOOST_TEST((behind.kind == Kind::wait && behind.until == start + 5s + 16s)); // 150 of debt and 10
}

BOOST_AUTO_TEST_CASE(a_later_call_never_overtakes_one_of_its_priority) {
    State state(Gcra({.concurrency = 1}));
    LimitTicket holder;
    auto lease = state.acquire({}, start, holder).lease;
    std::vector<LimitTicket> tickets(4);
    const std::int16_t priorities[] = {0, 5, 0, 5};
    for (std::size_t i = 0; i < 4; ++i) {
        const auto answer = state.acquire({.priority = priorities[i]}, start, tickets[i]);
        BOOST_TEST((answer.kind == Kind::wait && answer.until == never && answer.give_up == start + 5s));
        BOOST_TEST((answer.sleep_until() == start + 5s));
    }
    BOOST_TEST(state.waiters() == 4u);
    BOOST_TEST(state.to_wake(start) == nullptr);
    BOOST_TEST((state.next_wake(start) == start + 5s)); // to be refused
    lease.release();
    LimitTicket late;
    BOOST_TEST((state.acquire({}, start, late).kind == Kind::wait));
    late.leave();
    for (const std::size_t expected : {1u, 3u, 0u, 2u}) {
        BOOST_TEST(state.to_wake(start) == &tickets[expected]);
        for (std::size_t i = 0; i < 4; ++i) {
            if (i == expected || !tickets[i].waiting()) continue;
            BOOST_TEST((state.acquire({}, start, tickets[i]).kind == Kind::wait));
        }
        auto answer = state.acquire({}, start, tickets[expected]);
        BOOST_TEST(static_cast<bool>(answer.lease));
    }
    BOOST_TEST(!state.has_waiters());
    BOOST_TEST(state.to_wake(start) == nullptr);
    BOOST_TEST((state.next_wake(start) == never));
}

BOOST_AUTO_TEST_CASE(a_higher_priority_goes_past_those_that_wait) {
    State state(Gcra({.requests_per_minute = 60, .request_burst = 1, .max_wait = 10s}));
    LimitTicket none, low, high;
    auto first = state.acquire({}, start, none);
    first.lease.sent();
    BOOST_TEST((state.acquire({.priority = -3}, start, low).until == start + 1s));
    BOOST_TEST((state.acquire({}, start, high).until == start + 1s));
    BOOST_TEST((state.acquire({}, start, low).until == never)); // not first any more
    auto urgent = state.acquire({}, start + 1s, high);
    BOOST_TEST(static_cast<bool>(urgent.lease));
    urgent.lease.sent();
    BOOST_TEST((state.acquire({}, start + 1s, low).until == start + 2s));
}

BOOST_AUTO_TEST_CASE(who_would_wait_too_long_is_refused_at_once) {
    State state(Gcra({.requests_per_minute = 60, .request_burst = 1, .max_wait = 3s, .max_queue = 3}));
    LimitTicket none, a, b, c, d;
    auto first = state.acquire({}, start, none);
    first.lease.sent();
    BOOST_TEST((state.acquire({.deadline = start + 999ms}, start, none).kind == Kind::refused));
    BOOST_TEST((state.acquire({}, start, a).kind == Kind::wait));
    BOOST_TEST((state.acquire({.deadline = start + 1999ms}, start, none).refusal == Refusal::too_long));
    const auto second = state.acquire({.deadline = start + 2s}, start, b);
    BOOST_TEST((second.kind == Kind::wait && second.give_up == start + 2s));
    BOOST_TEST((state.acquire({}, start, c).kind == Kind::wait));
    const auto full = state.acquire({}, start, d); // behind three, 4 s
    BOOST_TEST((full.kind == Kind::refused && full.refusal == Refusal::too_long && full.retry_after == 4s));
    const auto urgent = state.acquire({.priority = 1}, start, d); // it could go, but there is no room
    BOOST_TEST((urgent.refusal == Refusal::queue_full && urgent.retry_after == 1s));
    BOOST_TEST(!d.waiting());
    // nobody admits the first: those behind give up at their time
    BOOST_TEST((state.acquire({}, start + 2s, b).kind == Kind::refused));
    BOOST_TEST((state.acquire({}, start + 3s - 1ns, c).kind == Kind::wait));
    state.cool_down(start + 8s);
    const auto late = state.acquire({}, start + 3s, c);
    BOOST_TEST((late.refusal == Refusal::too_long && late.retry_after == 5s));
    BOOST_TEST((state.acquire({}, start + 3s, a).kind == Kind::refused));
    BOOST_TEST((state.acquire({}, start + 8s, a).kind == Kind::admitted));
    BOOST_TEST(!state.has_waiters());
}

BOOST_AUTO_TEST_CASE(a_call_past_its_deadline_is_refused_though_there_is_room) {
    State state(Gcra({.concurrency = 1}));
    LimitTicket a, b;
    BOOST_TEST((state.acquire({.deadline = start}, start, a).kind == Kind::refused));
    auto lease = state.acquire({}, start, a).lease;
    BOOST_TEST((state.acquire({.deadline = start + 1s}, start, b).kind == Kind::wait));
    lease.release();
    BOOST_TEST((state.acquire({}, start + 1s, b).kind == Kind::refused));
}

BOOST_AUTO_TEST_CASE(a_ticket_may_move_while_it_waits_and_leaves_when_it_is_dropped) {
    State state(Gcra({.concurrency = 1}));
    LimitTicket holder;
    auto lease = state.acquire({}, start, holder).lease;
    int owner = 0;
    std::vector<LimitTicket> tickets;
    for (int i = 0; i < 9; ++i) { // the vector moves them
        tickets.emplace_back(&owner + 0);
        BOOST_TEST((state.acquire({}, start, tickets.back()).kind == Kind::wait));
    }
    BOOST_TEST(state.waiters() == 9u);
    BOOST_TEST(tickets[0].owner() == &owner);
    tickets[4] = std::move(tickets[0]); // drops the place of the fifth
    BOOST_TEST(!tickets[0].waiting());
    BOOST_TEST(state.waiters() == 8u);
    lease.release();
    BOOST_TEST(state.to_wake(start) == &tickets[4]);
    tickets.pop_back();
    BOOST_TEST(state.waiters() == 7u);
    state.leave(tickets[4]);
    state.leave(tickets[4]);
    BOOST_TEST(state.waiters() == 6u);
    BOOST_TEST(state.to_wake(start) == &tickets[1]);
    tickets.clear();
    BOOST_TEST(!state.has_waiters());
}

BOOST_AUTO_TEST_CASE(a_cool_down_is_never_shortened) {
    State state(Gcra({.requests_per_minute = 60, .max_wait = 20s}));
    LimitTicket ticket;
    state.cool_down(start + 10s);
    state.cool_down(start + 2s);
    BOOST_TEST((state.cool_until() == start + 10s));
    BOOST_TEST(state.headroom(start) == 0.0);
    BOOST_TEST(!state.idle(start));
    BOOST_TEST((state.acquire({}, start, ticket).until == start + 10s));
    state.cool_down(start + 12s);
    BOOST_TEST((state.acquire({}, start + 10s, ticket).until == start + 12s));
    BOOST_TEST(state.headroom(start + 12s) == 0.0); // somebody waits
    BOOST_TEST(static_cast<bool>(state.acquire({}, start + 12s, ticket).lease));
    BOOST_TEST(state.headroom(start + 12s) == 1.0);
    state.cool_down(start + 60s);
    const auto refused = state.acquire({}, start + 12s, ticket);
    BOOST_TEST((refused.kind == Kind::refused && refused.retry_after == 48s));
}

BOOST_AUTO_TEST_CASE(the_vendor_is_believed_when_it_has_less_than_we_think) {
    const Gcra gcra(
        {.requests_per_minute = 60, .input_tokens_per_minute = 60, .request_burst = 20, .token_burst = 20});
    State state(gcra);
    RateHeaders said;
    said.requests.remaining = 500;
    state.observe(said, start);
    BOOST_TEST(left(state, start) == 20);
    said.requests.remaining = 7;
    said.input_tokens.remaining = 3;
    said.tokens.remaining = 0;        // a dimension we do not limit
    said.output_tokens.remaining = 0; // another
    state.observe(said, start);
    BOOST_TEST(left(state, start) == 7);
    BOOST_TEST(left(state, start, true) == 3);
    said.requests.remaining = 15;
    state.observe(said, start);
    BOOST_TEST(left(state, start) == 7);
    said = {};
    said.requests = {.limit = 100, .remaining = 0, .reset = 1000s}; // whole in 1000 s: one each 10 s
    state.observe(said, start);
    BOOST_TEST(left(state, start + 10s - 1ns) == 0);
    BOOST_TEST(left(state, start + 10s) == 1);
    said.requests.limit.reset();
    state.observe(said, start);
    BOOST_TEST(left(state, start + 999s) == 0);
    BOOST_TEST(left(state, start + 1000s) == 1);
    state.observe({}, start + 1020s);
    BOOST_TEST(left(state, start + 1020s) == 20);
}

BOOST_AUTO_TEST_CASE(new_limits_keep_leases_queue_and_debts) {
    State state(Gcra({.requests_per_minute = 60, .concurrency = 1, .request_burst = 10}));
    LimitTicket a, b;
    auto lease = state.acquire({}, start, a).lease;
    lease.sent();
    BOOST_TEST((state.acquire({}, start, b).kind == Kind::wait));
    state.configure(
        Gcra({.requests_per_minute = 120, .concurrency = 2, .request_burst = 10, .max_wait = 0s}));
    BOOST_TEST(state.to_wake(start) == &b);
    auto second = state.acquire({}, start, b);
    BOOST_TEST(static_cast<bool>(second.lease));
    BOOST_TEST(left(state, start) == 7); // a second's worth of the old rate was missing, two of the new
    state.configure(Gcra({.concurrency = 2}));
    BOOST_TEST(left(state, start) == 1000); // no rate at all
    state.configure(Gcra({.requests_per_minute = 120, .request_burst = 10}));
    BOOST_TEST(left(state, start) == 7);
}

BOOST_AUTO_TEST_CASE(headroom_is_the_least_of_all_dimensions) {
    State state(Gcra({.requests_per_minute = 60,
                      .output_tokens_per_minute = 60,
                      .concurrency = 4,
                      .request_burst = 10,
                      .token_burst = 100,
                      .max_wait = 10s}));
    LimitTicket ticket;
    BOOST_TEST(state.headroom(start) == 1.0);
    BOOST_TEST(state.idle(start));
    auto a = state.acquire({.output_tokens = 1}, start, ticket).lease;
    BOOST_TEST(state.headroom(start) == 0.75); // one of four places
    auto b = state.acquire({.output_tokens = 89}, start, ticket).lease;
    BOOST_TEST(state.headroom(start) == 0.1, boost::test_tools::tolerance(1e-9));
    a.sent();
    b.sent();
    a.release();
    b.release();
    BOOST_TEST(state.headroom(start + 50s) == 0.6, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(!state.idle(start + 89s));
    BOOST_TEST(state.idle(start + 90s));
    auto c = state.acquire({.output_tokens = 100}, start + 90s, ticket).lease;
    BOOST_TEST(state.headroom(start + 90s) == 0.0);
    BOOST_TEST((state.acquire({.output_tokens = 5}, start + 90s, ticket).kind == Kind::wait));
    BOOST_TEST(state.headroom(start + 93s) == 0.0); // who waits goes first
}

BOOST_AUTO_TEST_CASE(a_rate_does_not_drift) {
    for (const std::int64_t rate : {1, 7, 59, 61, 997, 1'000'003}) {
        GcraBucket bucket(rate, 1);
        TimePoint now = start;
        std::int64_t taken = 0;
        for (; taken < 100'000; ++taken) {
            now = std::max(now, bucket.ready_at(1, 0, now));
            bucket.charge(1, now);
        }
        // each was taken at the first nanosecond it could be, and waiting for whole ones loses less than one
        // each
        const std::int64_t exact =
            (taken - 1) / rate * 60'000'000'000 + (taken - 1) % rate * 60'000'000'000 / rate;
        BOOST_TEST((now - start).count() >= exact);
        BOOST_TEST((now - start).count() <= exact + taken);
    }
}

BOOST_AUTO_TEST_CASE(a_bucket_without_a_rate_holds_nothing_back) {
    GcraBucket none;
    none.charge(1'000'000, start);
    none.leave_at_most(0, start);
    none.empty_until(start + 1h);
    none.refund(7);
    BOOST_TEST(!none.limited());
    BOOST_TEST(none.full(start));
    BOOST_TEST(none.headroom(start) == 1.0);
    BOOST_TEST((none.ready_at(1'000'000, 1'000'000, start) == TimePoint::min()));
}

BOOST_AUTO_TEST_CASE(nothing_overflows) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const std::int64_t rate : {std::int64_t{1}, std::int64_t{7}, GcraBucket::max_per_minute}) {
        for (const TimePoint now : {TimePoint::min(), TimePoint{}, start, never, TimePoint::max()}) {
            GcraBucket bucket(rate, rate * 24 * 60);
            BOOST_TEST((bucket.ready_at(most, 0, now) <= std::max(now, TimePoint{} - 146 * 24h * 365)));
            for (int i = 0; i < 3; ++i) bucket.charge(most, now);
            BOOST_TEST((bucket.ready_at(most, most, now) >= TimePoint{} - 146 * 24h * 365));
            BOOST_TEST(bucket.headroom(TimePoint::min()) <= 1.0);
            for (int i = 0; i < 9; ++i) bucket.refund(most);
            BOOST_TEST(bucket.full(TimePoint::max()));
            bucket.leave_at_most(-most, now);
            bucket.empty_until(now);
            BOOST_TEST(bucket.headroom(TimePoint::min()) >= 0.0);
        }
    }
    State state(Gcra({.requests_per_minute = 300'000'000, .tokens_per_minute = 300'000'000, .max_wait = 0s}));
    LimitTicket ticket;
    const Demand huge{.requests = most, .input_tokens = most, .output_tokens = most};
    auto lease = state.acquire(huge, start, ticket).lease;
    BOOST_TEST(static_cast<bool>(lease));
    lease.sent();
    BOOST_TEST((state.acquire(huge, start, ticket).retry_after > 24h * 365 * 50));
    lease.settle({.input_tokens = 0, .output_tokens = most}, start);
    const Demand negative{.requests = -most, .input_tokens = -1, .output_tokens = -most};
    BOOST_TEST(static_cast<bool>(state.acquire(negative, start, ticket).lease));
}

BOOST_AUTO_TEST_CASE(a_burst_is_seconds_worth_or_explicit) {
    const auto burst = [](const Gcra::Options& options) { return left(State(Gcra(options)), start); };
    BOOST_TEST(burst({.requests_per_minute = 60}) == 10);
    BOOST_TEST(burst({.requests_per_minute = 60, .burst = 60s}) == 60);
    BOOST_TEST(burst({.requests_per_minute = 1, .burst = 1s}) == 1); // at least one
    BOOST_TEST(burst({.requests_per_minute = 60, .burst = 60s, .request_burst = 3}) == 3);
    BOOST_TEST(burst({.concurrency = 3}) == 1000);
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_named) {
    const auto names = [](const char* option) {
        return [option](const std::invalid_argument& e) {
            return std::string_view(e.what()).find(option) != std::string_view::npos;
        };
    };
    const auto bad = [&](const Gcra::Options& options, const char* option) {
        BOOST_CHECK_EXCEPTION(Gcra{options}, std::invalid_argument, names(option));
    };
    bad({.requests_per_minute = -1}, " requests_per_minute");
    bad({.requests_per_minute = 300'000'001}, " requests_per_minute");
    bad({.input_tokens_per_minute = -1}, " input_tokens_per_minute");
    bad({.output_tokens_per_minute = 300'000'001}, " output_tokens_per_minute");
    bad({.tokens_per_minute = -1}, " tokens_per_minute");
    bad({.concurrency = -1}, "concurrency");
    bad({.burst = 1ms - 1ns}, "burst");
    bad({.burst = 24h + 1ns}, "burst");
    bad({.requests_per_minute = 1, .request_burst = 1441}, "request_burst");
    bad({.request_burst = -1}, "request_burst");
    bad({.tokens_per_minute = 1, .token_burst = 1441}, "token_burst");
    bad({.max_wait = -1ns}, "max_wait");
    bad({.max_queue = -1}, "max_queue");
    bad({.max_queue = 1'000'001}, "max_queue");
    BOOST_CHECK_EXCEPTION(PerTenant<Gcra>({.each = {.concurrency = -1}}), std::invalid_argument,
                          names("concurrency"));
    BOOST_CHECK_NO_THROW(Gcra({.requests_per_minute = 1, .request_burst = 1440}));
}

BOOST_AUTO_TEST_CASE(a_capacity_of_none_is_one) {
    for (const std::size_t capacity : {0U, 1U}) {
        LimitStates<Gcra> states(capacity);
        for (const char* key : {"a", "b", "c"}) {
            states.at(key, Gcra(), start);
            BOOST_TEST(states.size() == 1U);
            BOOST_TEST((states.find(key) != nullptr));
        }
    }
}

BOOST_AUTO_TEST_CASE(states_are_kept_by_key_and_the_oldest_idle_ones_dropped) {
    using Strategy = PerTenant<Gcra>;
    const Strategy strategy(Strategy::Options{.each = {.requests_per_minute = 60, .request_burst = 5}});
    LimitStates<Strategy> states(3);
    LimitTicket ticket;
    auto& a = states.at("a", strategy, start);
    BOOST_TEST(&states.at("a", strategy, start) == &a);
    auto held = a.acquire({}, start, ticket).lease;
    states.at("b", strategy, start);
    states.at("c", strategy, start);
    BOOST_TEST(states.size() == 3u);
    states.at("b", strategy, start); // c is older now
    states.at("d", strategy, start);
    BOOST_TEST(states.size() == 3u);
    BOOST_TEST(states.find("c") == nullptr);
    BOOST_TEST(states.find("a") == &a); // in use
    // used up: each remembers something
    for (const char* key : {"e", "f", "g"}) {
        auto lease = states.at(key, strategy, start).acquire({}, start, ticket).lease;
        lease.sent();
    }
    BOOST_TEST(states.find("e") != nullptr);
    BOOST_TEST(states.size() == 4u); // a and these; b and d were idle
    for (int i = 0; i < 100; ++i) {
        auto lease = states.at(std::to_string(i), strategy, start).acquire({}, start, ticket).lease;
        lease.sent();
    }
    BOOST_TEST(states.size() == 6u); // twice the capacity, whatever they remember
    BOOST_TEST(states.find("a") == &a);
    std::size_t visited = 0;
    states.for_each([&](std::string_view key, State& state) {
        visited += !key.empty();
        state.configure(strategy);
    });
    BOOST_TEST(visited == 6u);
    held.release();
    states.at("later", strategy, start + 1h);
    BOOST_TEST(states.size() == 3u);
    BOOST_TEST(states.find("later") != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
