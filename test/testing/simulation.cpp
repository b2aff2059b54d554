// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Simulation: its distributions, scenarios and figures; and that nothing but the seed decides what happens.

#include <baton/baton.hpp>
#include <baton/testing/simulation.hpp>

#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(simulation)

namespace {

using namespace std::chrono_literals;
using namespace baton::testing;
using baton::Duration;
using baton::Errc;

template <class... Policies>
using Virtual = baton::Orchestrator<Policies..., baton::Clock<ManualClock>, baton::Transport<MemoryNet>,
                                    baton::Rng<baton::Xoshiro>>;
using Alone = Virtual<baton::Provider<baton::OpenAI>, baton::Retry<baton::Never>>;
using Retrying = Virtual<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>>;
using Two = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                    baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>>;

constexpr baton::OpenAI::Options openai{.base_url = "http://openai.test/v1", .key = "k"};
constexpr baton::Anthropic::Options anthropic{.base_url = "http://anthropic.test", .key = "k"};

double seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

/// A provider without chance in it: connects at once, 400 ms to the first token, 20 ms per token, 8 tokens in
/// events of 4.
ProviderScript& plain(ProviderScript& script) {
    return script.connecting({})
        .refusing(Latency::constant(10ms))
        .first_token(Latency::constant(400ms))
        .between_tokens(Latency::constant(20ms))
        .answers(8, 8, 4);
}

/// A minute of a bad day, about 30 requests.
Simulation small(std::uint64_t seed) {
    Simulation sim(seed);
    sim.provider("openai.test")
        .outage(5s, 10s)
        .rate_limit(20s, 5s, 1s, 0.5)
        .brown_out(30s, 10s, 3, 0.3)
        .stream_cuts(0s, 60s, 0.1);
    sim.provider("anthropic.test").flapping(0s, 60s, 4s).malformed_events(0s, 60s, 0.2);
    sim.traffic(0.5, 1min);
    return sim;
}

} // namespace

// --- distributions
// --------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(latencies_have_the_shape_they_are_named_after) {
    baton::Xoshiro rng(7);
    std::vector<Duration> drawn;
    for (int i = 0; i < 200'000; ++i) drawn.push_back(Latency::lognormal(400ms, 2s).draw(rng));
    const Percentiles lognormal(drawn);
    BOOST_TEST(seconds(lognormal.p50) == 0.4, boost::test_tools::tolerance(0.02));
    BOOST_TEST(seconds(lognormal.p99) == 2.0, boost::test_tools::tolerance(0.03));
    // z(0.9) / z(0.99) of the standard normal distribution
    const double p90 = 0.4 * std::pow(5.0, 1.2815515655446004 / 2.3263478740408408);
    BOOST_TEST(seconds(lognormal.p90) == p90, boost::test_tools::tolerance(0.02));

    drawn.clear();
    for (int i = 0; i < 100'000; ++i) drawn.push_back(Latency::uniform(10ms, 30ms).draw(rng));
    BOOST_TEST((*std::min_element(drawn.begin(), drawn.end()) >= 10ms));
    const Percentiles uniform(drawn);
    BOOST_TEST((uniform.most <= 30ms));
    BOOST_TEST(seconds(uniform.p50) == 0.020, boost::test_tools::tolerance(0.01));
    BOOST_TEST(seconds(uniform.p99) == 0.0298, boost::test_tools::tolerance(0.01));

    BOOST_TEST((Latency::constant(5ms).draw(rng) == 5ms));
    BOOST_TEST((Latency().draw(rng) == 0ms));
    BOOST_TEST((Latency::uniform(10ms, 30ms).median() == 20ms));
    BOOST_TEST((Latency::lognormal(400ms, 2s).median() == 400ms));
}

BOOST_AUTO_TEST_CASE(a_draw_takes_two_numbers_whatever_the_distribution) {
    for (const Latency& latency : {Latency(), Latency::uniform(1ms, 2ms), Latency::lognormal(1ms, 2ms)}) {
        baton::Xoshiro one(3), other(3);
        (void)latency.draw(one);
        other.next();
        other.next();
        BOOST_TEST(one.next() == other.next());
    }
}

BOOST_AUTO_TEST_CASE(percentiles_are_those_of_a_naive_count) {
    baton::Xoshiro rng(11);
    for (std::size_t size = 0; size < 1200; size += 1 + size / 7) {
        std::vector<Duration> drawn;
        for (std::size_t i = 0; i < size; ++i) drawn.push_back(Duration(rng.below(50)));
        const Percentiles got(drawn);
        BOOST_TEST(got.count == size);
        const auto smallest = [&](double share) { // that at least this share does not exceed
            for (Duration value{}; size > 0; ++value) {
                const auto below =
                    std::count_if(drawn.begin(), drawn.end(), [&](Duration d) { return d <= value; });
                if (static_cast<double>(below) >= share * static_cast<double>(size)) return value;
            }
            return Duration{};
        };
        BOOST_TEST((got.p50 == smallest(0.5) && got.p90 == smallest(0.9)));
        BOOST_TEST((got.p99 == smallest(0.99) && got.p999 == smallest(0.999) && got.most == smallest(1)));
    }
}

BOOST_AUTO_TEST_CASE(what_is_out_of_range_is_refused) {
    const auto refused = [](auto make) { BOOST_CHECK_THROW(make(), std::invalid_argument); };
    refused([] { (void)Latency::constant(-1ns); });
    refused([] { (void)Latency::uniform(2s, 1s); });
    refused([] { (void)Latency::uniform(-1s, 1s); });
    refused([] { (void)Latency::lognormal(0s, 1s); });
    refused([] { (void)Latency::lognormal(2s, 1s); });
    ProviderScript script;
    refused([&] { script.outage(-1s, 1s); });
    refused([&] { script.outage(1s, -1s); });
    refused([&] { script.stream_cuts(0s, 1s, 1.01); });
    refused([&] { script.stream_cuts(0s, 1s, -0.01); });
    refused([&] { script.brown_out(0s, 1s, 0.5, 0); });
    refused([&] { script.capacity(0); });
    refused([&] { script.flapping(0s, 1s, 0s); });
    refused([&] { script.rate_limit(0s, 1s, -1s); });
    refused([&] { script.answers(0, 1); });
    refused([&] { script.answers(2, 1); });
    refused([&] { script.answers(1, 1, 0); });
    BOOST_TEST(script.episodes().empty());
    Simulation sim;
    refused([&] { sim.traffic(-1, 1s); });
    refused([&] { sim.traffic(1, 0s); });
    refused([&] { sim.streams(1.5); });
    refused([&] { (void)SimulationResult().over_time(0s); });
    refused([&] { (void)SimulationResult().recoveries(0s); });
}

// --- traffic
// --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(requests_come_at_the_rates_of_the_steps) {
    Simulation sim(5);
    plain(sim.provider("openai.test"));
    sim.traffic(10, 100s).traffic(0, 100s).traffic(2, 200s);
    const SimulationResult poisson = sim.run<Alone>(openai);
    // 1,000 and 400 expected, +- four standard deviations
    BOOST_TEST(std::abs(static_cast<double>(poisson.summary(0s, 100s).requests) - 1000) <
               4 * std::sqrt(1000.0));
    BOOST_TEST(poisson.summary(100s, 100s).requests == 0u);
    BOOST_TEST(std::abs(static_cast<double>(poisson.summary(200s, 200s).requests) - 400) <
               4 * std::sqrt(400.0));
    BOOST_TEST(poisson.summary().success_rate() == 1.0);
    BOOST_TEST((poisson.traffic == 400s));
    std::size_t streamed = 0;
    double gaps = 0, squares = 0;
    for (std::size_t i = 0; i < poisson.calls.size(); ++i) {
        streamed += poisson.calls[i].streamed;
        if (i == 0 || poisson.calls[i].begin >= 100s) continue;
        const double gap = seconds(poisson.calls[i].begin - poisson.calls[i - 1].begin);
        gaps += gap;
        squares += gap * gap;
    }
    const double n = static_cast<double>(poisson.summary(0s, 100s).requests - 1);
    const double mean = gaps / n, deviation = std::sqrt(squares / n - mean * mean);
    BOOST_TEST(deviation / mean == 1.0,
               boost::test_tools::tolerance(0.1)); // an exponential distribution's is 1
    BOOST_TEST(std::abs(static_cast<double>(streamed) / static_cast<double>(poisson.calls.size()) - 0.5) <
               0.06);

    sim.arrivals(Arrivals::constant).streams(0);
    const SimulationResult even = sim.run<Alone>(openai);
    BOOST_TEST(even.summary(0s, 100s).requests >= 999u);
    BOOST_TEST(even.summary(0s, 100s).requests <= 1000u);
    for (std::size_t i = 1; i < 900; ++i) {
        BOOST_TEST(seconds(even.calls[i].begin - even.calls[i - 1].begin) == 0.1,
                   boost::test_tools::tolerance(1e-6));
    }
    BOOST_TEST(even.summary().first_token.count == 0u);
}

BOOST_AUTO_TEST_CASE(compositions_get_the_same_requests) {
    Simulation sim = small(9);
    std::vector<std::uint64_t> asked;
    sim.requests([&](std::uint64_t number) {
        asked.push_back(number);
        return baton::Request("question " + std::to_string(number));
    });
    const SimulationResult one = sim.run<Alone>(openai), other = sim.run<Two>(openai, anthropic);
    BOOST_REQUIRE(one.calls.size() == other.calls.size());
    BOOST_REQUIRE(asked.size() == 2 * one.calls.size());
    for (std::size_t i = 0; i < one.calls.size(); ++i) {
        BOOST_TEST((one.calls[i].begin == other.calls[i].begin));
        BOOST_TEST(one.calls[i].streamed == other.calls[i].streamed);
        BOOST_TEST(asked[i] == i);
        BOOST_TEST(asked[i + one.calls.size()] == i);
    }
    BOOST_TEST(one.hash != other.hash);
}

BOOST_AUTO_TEST_CASE(no_traffic_is_no_run) {
    const SimulationResult nothing = Simulation(1).run<Alone>(openai);
    BOOST_TEST(nothing.calls.empty());
    BOOST_TEST((nothing.length == 0s));
    BOOST_TEST(nothing.summary().success_rate() == 1.0);
    BOOST_TEST(nothing.over_time(1s).empty());
}

// --- providers
// ------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(answers_take_what_the_script_says_and_cost_it) {
    for (const double streams : {0.0, 1.0}) {
        Simulation sim(1);
        plain(sim.provider("openai.test")).price(2'000'000, 10'000'000);
        sim.traffic(1, 100s).arrivals(Arrivals::constant).streams(streams);
        const SimulationResult result = sim.run<Alone>(openai);
        const SimulationSummary sum = result.summary();
        BOOST_TEST(sum.requests >= 99u);
        BOOST_TEST(sum.success_rate() == 1.0);
        BOOST_TEST((sum.latency.p50 >= 480ms && sum.latency.most == sum.latency.p50)); // 400 ms and 4 * 20 ms
        BOOST_TEST((sum.latency.p50 <= (streams > 0 ? 480ms + 2 * 80ms : 480ms))); // a stream's end events
        BOOST_TEST(sum.first_token.count == (streams > 0 ? sum.requests : 0u));
        BOOST_TEST((sum.first_token.p50 == (streams > 0 ? 400ms : 0ms)));
        BOOST_TEST(sum.tokens == 8 * sum.requests);
        BOOST_TEST(sum.attempts == sum.requests);
        BOOST_TEST(result.max_in_flight == 1u);
        BOOST_TEST(result.cost_wasted == 0u);
        // 80 millionths each for the output; the question of 400 bytes and its JSON are 100 to 200 tokens
        BOOST_TEST(result.cost_delivered >= sum.requests * (80 + 200));
        BOOST_TEST(result.cost_delivered <= sum.requests * (80 + 400));
    }
}

BOOST_AUTO_TEST_CASE(each_episode_is_the_error_it_stands_for) {
    const auto only = [](auto add, double streams = 0.5) {
        Simulation sim(3);
        add(plain(sim.provider("openai.test")));
        sim.traffic(2, 10s).streams(streams);
        const SimulationResult result =
            sim.run<Alone>(openai, baton::Limits::Options{.first_token = 2s, .first_byte_unary = 2s});
        const SimulationSummary sum = result.summary();
        BOOST_TEST(sum.requests > 5u);
        BOOST_TEST(sum.errors.size() == 1u);
        BOOST_TEST(sum.succeeded == 0u);
        return sum.errors.empty() ? Errc::ok : sum.errors.begin()->first;
    };
    BOOST_TEST((only([](auto& p) { p.outage(0s, 1min); }) == Errc::transient));
    BOOST_TEST((only([](auto& p) { p.outage(0s, 1min, Outage::refuse); }) == Errc::unavailable));
    BOOST_TEST((only([](auto& p) { p.outage(0s, 1min, Outage::hang); }) == Errc::timeout_first_token));
    BOOST_TEST((only([](auto& p) { p.rate_limit(0s, 1min); }) == Errc::rate_limited));
    BOOST_TEST((only([](auto& p) { p.brown_out(0s, 1min, 1, 1); }) == Errc::transient));
    BOOST_TEST((only([](auto& p) { p.flapping(0s, 1min, 1s, 1); }) == Errc::transient));
    BOOST_TEST((only([](auto& p) { p.dead_key(0s, 1min); }) == Errc::auth));
    BOOST_TEST((only([](auto& p) { p.context_overflow(0s, 1min, 1); }) == Errc::context_overflow));
    BOOST_TEST((only([](auto& p) { p.content_filter(0s, 1min, 1); }) == Errc::content_filtered));
    BOOST_TEST((only([](auto& p) { p.slow_first_token(0s, 1min, 5s); }) == Errc::timeout_first_token));
    BOOST_TEST((only([](auto& p) { p.stream_cuts(0s, 1min, 1); }, 1) == Errc::truncated));
    // Where several hold, the first in the order of Episode::Kind decides.
    BOOST_TEST((only([](auto& p) { p.rate_limit(0s, 1min).dead_key(0s, 1min); }) == Errc::auth));
    BOOST_TEST((only([](auto& p) { p.dead_key(0s, 1min).outage(0s, 1min); }) == Errc::transient));
}

BOOST_AUTO_TEST_CASE(an_episode_holds_from_its_begin_to_before_its_end) {
    Simulation sim(1);
    plain(sim.provider("openai.test")).outage(10s, 5s).brown_out(20s, 5s, 4, 0).flapping(30s, 8s, 4s, 0.25);
    sim.traffic(4, 60s).arrivals(Arrivals::constant).streams(0);
    const SimulationResult result = sim.run<Alone>(openai);
    for (const SimulationResult::Call& call : result.calls) {
        // the request arrives at once: nothing is between, and connecting takes no time
        const bool out = call.begin >= 10s && call.begin < 15s;
        const bool flap = call.begin >= 30s && call.begin < 38s && (call.begin - 30s) % 4s >= 3s;
        const bool brown = call.begin >= 20s && call.begin < 25s;
        BOOST_TEST((call.outcome == (out || flap ? Errc::transient : Errc::ok)));
        BOOST_TEST((call.latency == (out || flap ? 10ms : brown ? 4 * 480ms : 480ms)));
    }
    const auto pieces = result.over_time(5s);
    BOOST_REQUIRE(pieces.size() == 12u);
    BOOST_TEST(pieces[2].success_rate() == 0.0);
    BOOST_TEST(pieces[3].success_rate() == 1.0);
    std::uint64_t requests = 0;
    for (const SimulationSummary& piece : pieces) requests += piece.requests;
    BOOST_TEST(requests == result.summary().requests);
}

BOOST_AUTO_TEST_CASE(a_capacity_lets_through_what_it_says_and_hints_at_the_rest) {
    Simulation sim(2);
    plain(sim.provider("openai.test")).capacity(60);
    sim.traffic(5, 10min).streams(0);
    const SimulationSummary sum = sim.run<Alone>(openai).summary();
    BOOST_TEST(sum.succeeded <= 606u); // a minute's 60, and 6 at once
    BOOST_TEST(sum.succeeded >= 595u);
    BOOST_TEST(sum.errors.size() == 1u);
    BOOST_TEST(sum.errors.count(Errc::rate_limited) == 1u);

    // The hint is when a request would be let through again: six at once, then one each second.
    ScriptedProvider provider(ProviderScript().capacity(60), 1);
    ServedRequest request;
    for (int i = 0; i < 6; ++i) BOOST_TEST(!provider.answer(5s, request).error);
    const auto refused = provider.answer(5s + 100ms, request).error;
    BOOST_REQUIRE(refused.has_value());
    BOOST_TEST((refused->detail().retry_after == Duration(900ms)));
    BOOST_TEST(!provider.answer(6s, request).error);
}

BOOST_AUTO_TEST_CASE(what_was_cut_is_wasted_and_what_arrived_is_not) {
    Simulation sim(4);
    plain(sim.provider("openai.test")).price(0, 1'000'000).stream_cuts(0s, 30s, 1);
    sim.traffic(2, 60s).streams(1);
    const SimulationResult result = sim.run<Alone>(openai);
    const std::uint64_t cut = result.summary(0s, 30s).requests, whole = result.summary(30s, 30s).requests;
    BOOST_TEST(result.summary().errors[Errc::truncated] == cut);
    BOOST_TEST(result.cost_delivered == 8 * whole); // a millionth per token
    BOOST_TEST(result.cost_wasted >= 4 * cut);      // one event of four tokens at least
    BOOST_TEST(result.cost_wasted <= 8 * cut);
}

BOOST_AUTO_TEST_CASE(calls_that_hang_for_ever_end_with_the_run) {
    using Patient = Virtual<baton::Provider<baton::OpenAI>, baton::Retry<baton::Never>,
                            baton::Deadline<baton::NoDeadline>>;
    Simulation sim(6);
    plain(sim.provider("openai.test")).outage(0s, 10s, Outage::hang);
    sim.traffic(2, 20s);
    const SimulationResult result = sim.run<Patient>(openai);
    const std::uint64_t hung = result.summary(0s, 10s).requests;
    BOOST_TEST(hung > 5u);
    BOOST_TEST(result.summary().errors[Errc::cancelled] == hung);
    BOOST_TEST(result.summary(10s, 10s).success_rate() == 1.0);
    BOOST_TEST(result.max_in_flight > hung);
}

// --- figures
// --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_second_vendor_and_a_breaker_ride_out_an_outage) {
    Simulation sim(8);
    plain(sim.provider("openai.test")).outage(60s, 120s);
    plain(sim.provider("anthropic.test"));
    sim.traffic(10, 10min);
    const SimulationResult alone = sim.run<Alone>(openai), two = sim.run<Two>(openai, anthropic);
    BOOST_TEST(alone.summary(60s, 120s).success_rate() == 0.0);
    BOOST_TEST(alone.summary().fallback_share() == 0.0);
    BOOST_TEST(two.summary().success_rate() == 1.0);
    BOOST_TEST(two.summary(60s, 120s).fallback_share() == 1.0);
    BOOST_TEST(two.summary(0s, 60s).fallback_share() == 0.0);
    BOOST_TEST(two.summary(0s, 60s).attempts_per_request() == 1.0);
    BOOST_TEST(two.summary(60s, 120s).attempts_per_request() < 1.5); // the breaker is open most of the time

    const auto recoveries = two.recoveries();
    BOOST_REQUIRE(recoveries.size() == 1u);
    BOOST_TEST(recoveries[0].host == "openai.test");
    BOOST_REQUIRE(recoveries[0].took.has_value());
    BOOST_TEST((*recoveries[0].took <= 70s)); // at most the longest open phase, with its jitter, and a probe
    const auto back = 180s + *recoveries[0].took;
    for (const SimulationResult::Call& call : two.calls) {
        if (call.begin >= 180s && call.begin < back) BOOST_TEST(call.fallback);
    }
    BOOST_TEST((*alone.recoveries()[0].took < 1s)); // the next request
}

namespace {

/// Counts what the result should count, at the attempts themselves.
class Witness {
public:
    void on_attempt(const baton::Attempt& attempt) {
        hedges += attempt.sent && attempt.hedge;
        resumes += attempt.sent && attempt.resume != baton::ResumeMode::none;
    }
    static inline std::uint64_t hedges = 0, resumes = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(hedges_are_counted_where_they_were_sent) {
    using Hedged = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                           baton::Hedge<baton::AfterP95>, baton::Use<Witness>>;
    Simulation sim(3);
    plain(sim.provider("openai.test")).slow_first_token(300s, 60s, 5s, 1).price(2'000'000, 10'000'000);
    plain(sim.provider("anthropic.test")).price(2'000'000, 10'000'000);
    sim.traffic(1, 10min).arrivals(Arrivals::constant);
    Witness::hedges = 0;
    const SimulationResult result = sim.run<Hedged>(openai, anthropic);
    const SimulationSummary before = result.summary(0s, 300s), slow = result.summary(300s, 60s);
    BOOST_TEST(before.hedges == 0u);
    BOOST_TEST(before.attempts == before.requests);
    // one each as long as what 300 calls had saved of 5 % lasts, and what comes in meanwhile
    BOOST_TEST(slow.hedges >= 15u);
    BOOST_TEST(slow.hedges <= 18u);
    BOOST_TEST(slow.attempts == slow.requests + slow.hedges);
    BOOST_TEST(slow.by_fallback == slow.hedges); // each of them came first
    const SimulationSummary all = result.summary();
    BOOST_TEST(all.hedges == Witness::hedges);
    BOOST_TEST(all.success_rate() == 1.0);
    BOOST_TEST((all.resumes == 0u && all.stale == 0u));
    std::uint64_t sum = 0;
    for (const SimulationResult::Call& call : result.calls) {
        BOOST_TEST(call.hedges == call.attempts - 1);
        sum += call.hedges;
    }
    BOOST_TEST(sum == all.hedges);
    BOOST_TEST(result.cost_wasted < result.cost_delivered); // losers are billed, and no more than they took
}

BOOST_AUTO_TEST_CASE(resumes_are_counted_where_a_stream_was_cut) {
    using Resuming = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                             baton::Resume<baton::Auto>, baton::Use<Witness>>;
    Simulation sim(4);
    plain(sim.provider("openai.test")).stream_cuts(60s, 60s, 1);
    plain(sim.provider("anthropic.test"));
    sim.traffic(1, 3min).arrivals(Arrivals::constant).streams(1);
    Witness::resumes = 0;
    const SimulationResult result = sim.run<Resuming>(openai, anthropic);
    const SimulationSummary cut = result.summary(60s, 60s), all = result.summary();
    BOOST_TEST(all.success_rate() == 1.0);
    BOOST_TEST(cut.resumes > 0u);
    BOOST_TEST(cut.resumes == all.resumes);
    BOOST_TEST(all.resumes == Witness::resumes);
    BOOST_TEST((all.hedges == 0u && all.stale == 0u));
    for (const SimulationResult::Call& call : result.calls) {
        // cut before its first token: a second attempt, but nothing to resume
        BOOST_TEST(call.resumes <= call.attempts - 1);
        if (call.begin < 60s || call.begin >= 120s) BOOST_TEST(call.attempts == 1u);
    }
    const SimulationSummary whole = sim.streams(0).run<Resuming>(openai, anthropic).summary();
    BOOST_TEST(whole.resumes == 0u); // of what was not handed out nothing is resumed
}

BOOST_AUTO_TEST_CASE(stale_answers_are_counted_where_nothing_fresh_was_had) {
    using Stale = Virtual<baton::Provider<baton::OpenAI>, baton::Cache<baton::ExactMatch>,
                          baton::Fallback<baton::InOrder, baton::StaleCache>>;
    Simulation sim(5);
    plain(sim.provider("openai.test")).outage(60s, 60s);
    sim.requests([](std::uint64_t) { return baton::Request("The same each time"); });
    sim.traffic(1, 3min).arrivals(Arrivals::constant);
    const SimulationResult result = sim.run<Stale>(openai, baton::ExactMatch::Options{.ttl = 100ms});
    const SimulationSummary out = result.summary(60s, 60s), all = result.summary();
    BOOST_TEST(all.success_rate() == 1.0);
    BOOST_TEST(out.stale == out.requests);
    BOOST_TEST(out.attempts == out.requests); // each was tried
    BOOST_TEST(all.stale == out.stale);
    BOOST_TEST((all.hedges == 0u && all.resumes == 0u));
    for (const SimulationResult::Call& call : result.calls) {
        BOOST_TEST(call.stale == (call.begin >= 60s && call.begin < 120s));
        BOOST_TEST((call.host == -1) == call.stale);
    }
}

BOOST_AUTO_TEST_CASE(recovery_is_found_as_defined) {
    SimulationResult result;
    result.hosts = {"a"};
    result.traffic = 1h;
    Episode episode;
    episode.begin = 10s;
    episode.length = 10s;
    result.episodes.emplace_back("a", episode);
    for (int second = 0; second < 600; ++second) {
        SimulationResult::Call call;
        call.begin = std::chrono::seconds(second);
        call.host = 0;
        if (second >= 10 && second < 25) call.outcome = Errc::transient;
        if (second == 70) call.outcome = Errc::transient;
        if (second >= 25 && second < 40) call.fallback = true, call.host = -1;
        result.calls.push_back(call);
    }
    // From 40 s on the provider serves; but within a minute of every begin until 70 s is the error at 70 s.
    BOOST_TEST((*result.recoveries(1min).at(0).took == 51s));
    BOOST_TEST((*result.recoveries(1min, 0.98).at(0).took == 20s)); // 59 of 60 are enough
    BOOST_TEST((*result.recoveries(10s).at(0).took == 20s));
    result.calls.resize(30);
    BOOST_TEST(!result.recoveries(10s).at(0).took.has_value());
    result.traffic = 15s; // the episode had not ended
    BOOST_TEST(result.recoveries().empty());
}

// --- the seed decides
// -----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_same_seed_has_the_same_hash_and_another_another) {
    std::set<std::uint64_t> hashes;
    constexpr std::size_t rounds = 1000 / baton::test::one_in;
    std::size_t same = 0, calls = 0;
    for (std::uint64_t seed = 0; seed < rounds; ++seed) {
        const SimulationResult first = small(seed).run<Two>(openai, anthropic);
        const SimulationResult second = small(seed).run<Two>(openai, anthropic);
        same += first.hash == second.hash && first.cost_wasted == second.cost_wasted &&
                first.length == second.length;
        calls += first.calls.size();
        hashes.insert(first.hash);
    }
    BOOST_TEST_MESSAGE("same seed, same hash: " << same << "/" << rounds << ", " << 2 * calls << " calls");
    BOOST_TEST(same == rounds);
    BOOST_TEST(hashes.size() == rounds);
}

BOOST_AUTO_TEST_CASE(one_simulation_may_run_again_and_the_composition_matters) {
    const Simulation sim = small(77);
    const SimulationResult first = sim.run<Two>(openai, anthropic);
    BOOST_TEST(sim.run<Two>(openai, anthropic).hash == first.hash);
    BOOST_TEST(sim.run<Two>(openai, anthropic, baton::ExpBackoff::Options{.max_retries = 0}).hash !=
               first.hash);
    BOOST_TEST(sim.run<Retrying>(openai).hash != first.hash);
}

// --- what a composition does beside its calls
// -----------------------------------------------------------------

namespace {

/// Has something to do every second for as long as it lives, as active health checks have.
class Busy : public Alone {
public:
    template <class Executor, class... A>
    Busy(const Executor& executor, ManualClock& clock, A&&... rest)
        : Alone(executor, clock, std::forward<A>(rest)...), clock_(clock) {}

    boost::asio::awaitable<void> run() {
        auto timer = clock_.timer(get_executor());
        for (;; ++beats) {
            timer.expires_at(clock_.now() + 1s);
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
    }

    static inline int beats = 0;

private:
    ManualClock clock_;
};

} // namespace

BOOST_AUTO_TEST_CASE(the_background_of_a_composition_runs_as_long_as_its_calls) {
    Simulation sim(5);
    plain(sim.provider("openai.test"));
    sim.traffic(1, 1min);
    Busy::beats = 0;
    const SimulationResult busy = sim.run<Busy>(openai);
    BOOST_TEST(Busy::beats >= static_cast<int>(seconds(busy.calls.back().begin)));
    BOOST_TEST(Busy::beats <= static_cast<int>(seconds(busy.length)));
    BOOST_TEST(busy.hash == sim.run<Alone>(openai).hash);
    BOOST_TEST(Simulation(5).run<Busy>(openai).calls.empty()); // ends, too
}

BOOST_AUTO_TEST_SUITE_END()
