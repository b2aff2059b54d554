// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// Four compositions live through the same bad day of their vendors, 24 hours in a few seconds, and the
// result is drawn. No network, no keys, no real time: the same seed gives the same day and the same hash.
//   simulate_outage [FILE.svg]

#include "chart.hpp"

#include <baton/baton.hpp>
#include <baton/testing/simulation.hpp>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace testing = baton::testing;

// What stands in for the machine: without these three lines a composition is the one you would ship.
template <class... Policies>
using Virtual = baton::Orchestrator<Policies..., baton::Clock<testing::ManualClock>,
                                    baton::Transport<testing::MemoryNet>, baton::Rng<baton::Xoshiro>>;

using Alone = Virtual<baton::Provider<baton::OpenAI>>;
using Retrying = Virtual<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>>;
using Resilient =
    Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
            baton::Provider<baton::Mistral>, baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
            baton::Fallback<baton::InOrder>, baton::Deadline<baton::Limits>>;

using Complete =
    Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
            baton::Provider<baton::Mistral>, baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
            baton::Fallback<baton::InOrder>, baton::Deadline<baton::Limits>, baton::Resume<baton::Auto>,
            baton::Hedge<baton::AfterP95>, baton::Health<baton::Passive>, baton::Balance<baton::PowerOfTwo>,
            baton::Limit<baton::Gcra>>;

constexpr std::string_view primary = "openai.test";

testing::Simulation bad_day() {
    testing::Simulation day(2026);
    day.provider(primary)
        .answers(50, 150, 25)
        .first_token(testing::Latency::lognormal(450ms, 1800ms))
        .price(2'500'000, 10'000'000)
        .outage(2h, 45min)
        .rate_limit(5h, 1h, 20s, 0.8)
        .brown_out(8h, 90min, 5, 0.15)
        .flapping(11h, 90min, 4min, 0.5)
        .outage(14h, 30min, testing::Outage::hang)
        .slow_first_token(16h, 90min, 25s, 0.5)
        .stream_cuts(19h, 1h, 0.2)
        .dead_key(22h, 20min);
    day.provider("anthropic.test")
        .answers(50, 150, 25)
        .first_token(testing::Latency::lognormal(700ms, 2500ms))
        .price(3'000'000, 15'000'000)
        .capacity(120)
        .outage(2h + 20min, 10min, testing::Outage::refuse);
    day.provider("mistral.test")
        .answers(50, 150, 25)
        .first_token(testing::Latency::lognormal(900ms, 4s))
        .price(400'000, 2'000'000);
    // A day of an office: quiet at night, busy before and after noon.
    for (const double per_second : {0.05, 0.1, 0.25, 0.3, 0.25, 0.15}) day.traffic(per_second, 4h);
    return day;
}

struct Outcome {
    std::string name, colour;
    testing::SimulationResult result;
};

double seconds(baton::Duration span) { return std::chrono::duration<double>(span).count(); }
double hours(baton::Duration span) { return seconds(span) / 3600; }

void print(const std::vector<Outcome>& outcomes) {
    std::cout
        << std::fixed
        << "| composition | requests | success | attempts/request | by fallback | first token p50 | p99 "
           "| whole p99 | hedges | resumed | cost | wasted | most at once | hash |\n"
           "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";
    for (const auto& [name, colour, result] : outcomes) {
        const testing::SimulationSummary all = result.summary();
        std::cout << "| " << name << " | " << all.requests << " | " << std::setprecision(2)
                  << 100 * all.success_rate() << " % | " << all.attempts_per_request() << " | "
                  << 100 * all.fallback_share() << " % | " << seconds(all.first_token.p50) << " s | "
                  << seconds(all.first_token.p99) << " s | " << seconds(all.latency.p99) << " s | "
                  << all.hedges << " | " << all.resumes << " | "
                  << static_cast<double>(result.cost_delivered) / 1e6 << " | "
                  << static_cast<double>(result.cost_wasted) / 1e6 << " | " << result.max_in_flight << " | "
                  << std::hex << result.hash << std::dec << " |\n";
    }
    for (const auto& [name, colour, result] : outcomes) {
        std::cout << "\n" << name << ", errors:";
        for (const auto& [code, count] : result.summary().errors) {
            std::cout << ' ' << to_string(code) << ' ' << count;
        }
        std::cout << "\n" << name << ", back after the end of:" << std::setprecision(0);
        for (const testing::Recovery& recovery : result.recoveries(5min)) {
            if (recovery.host != primary) continue;
            std::cout << ' ' << to_string(recovery.episode.kind) << ' ';
            recovery.took ? std::cout << seconds(*recovery.took) << " s" : std::cout << "never";
            std::cout << ';';
        }
        std::cout << '\n';
    }
}

std::string label(const testing::Episode& episode) {
    using Kind = testing::Episode::Kind;
    switch (episode.kind) {
    case Kind::outage_error: return "outage (503)";
    case Kind::outage_hang: return "outage (silence)";
    case Kind::rate_limit: return "429 storm";
    case Kind::brown_out: return "brown-out";
    case Kind::slow_first_token: return "slow first token";
    case Kind::stream_cuts: return "streams cut";
    case Kind::dead_key: return "key revoked";
    default: return std::string(to_string(episode.kind));
    }
}

std::string draw(const std::vector<Outcome>& outcomes) {
    const testing::SimulationResult& any = outcomes.front().result;
    chart::Figure figure(
        "The same bad day, four compositions (red: the first vendor's trouble; blue: the second's)",
        hours(any.traffic));
    for (const testing::Recovery& entry : any.episodes) {
        const testing::Episode& episode = entry.episode;
        if (episode.end() > any.traffic) continue; // a limit that always holds
        figure.spans.push_back(
            {hours(episode.begin), hours(episode.end()), label(episode), entry.host != primary});
    }
    chart::Panel success{"Requests that got a whole answer, per quarter of an hour", 0, 1.04, false, {}, {}};
    success.ticks = {{0, "0 %"}, {0.25, "25 %"}, {0.5, "50 %"}, {0.75, "75 %"}, {1, "100 %"}};
    chart::Panel tail{"First token of a stream, 99th percentile of each half-hour", 0.5, 64, true, {}, {}};
    tail.ticks = {{0.5, "0.5 s"}, {1, "1 s"},   {2, "2 s"},   {4, "4 s"},
                  {8, "8 s"},     {16, "16 s"}, {32, "32 s"}, {64, "64 s"}};
    for (const Outcome& outcome : outcomes) {
        chart::Line rate{outcome.name, outcome.colour, {}}, p99 = rate;
        for (const testing::SimulationSummary& piece : outcome.result.over_time(15min)) {
            rate.points.push_back({hours(piece.begin + piece.length / 2), piece.success_rate()});
        }
        for (const testing::SimulationSummary& piece : outcome.result.over_time(30min)) {
            p99.points.push_back({hours(piece.begin + piece.length / 2), {}});
            if (piece.first_token.count > 0) p99.points.back().y = seconds(piece.first_token.p99);
        }
        success.lines.push_back(std::move(rate));
        tail.lines.push_back(std::move(p99));
    }
    figure.panels = {std::move(success), std::move(tail)};
    return figure.svg();
}

/// What this page claims; the number of claims that do not hold.
int check(const std::vector<Outcome>& outcomes, std::uint64_t again) {
    int wrong = 0;
    const auto claim = [&wrong](bool holds, const std::string& what) {
        if (holds) return;
        ++wrong;
        std::cerr << "does not hold: " << what << '\n';
    };
    claim(outcomes[3].result.hash == again, "same seed, same hash");
    const auto success = [&](std::size_t index) { return outcomes[index].result.summary().success_rate(); };
    claim(success(1) > success(0), "retries help");
    claim(success(2) > success(1), "other vendors and a breaker help more");
    claim(success(2) > 0.98, "the resilient composition answers more than 98 % on this day");
    claim(success(3) > success(2), "resumed streams, hedges and health help still more");
    claim(success(3) > 0.999, "with everything on, more than 99.9 % are answered");
    const testing::SimulationSummary all = outcomes[3].result.summary();
    claim(all.hedges > 0 && all.resumes > 0, "hedges and resumed streams happen and are counted");
    claim(outcomes[0].result.summary().requests == outcomes[2].result.summary().requests,
          "all had the same requests");
    return wrong;
}

} // namespace

int main(int argc, char* argv[]) {
    const auto begin = std::chrono::steady_clock::now();
    const testing::Simulation day = bad_day();

    const baton::OpenAI::Options openai{.base_url = "http://openai.test/v1", .key = "none"};
    const baton::Anthropic::Options anthropic{.base_url = "http://anthropic.test", .key = "none"};
    const baton::Mistral::Options mistral{.base_url = "http://mistral.test/v1", .key = "none"};
    const baton::Limits::Options impatient{.first_token = 4s, .first_byte_unary = 12s};
    const baton::HalfOpen::Options patient{.window = 2min, .min_calls = 6}; // for a request every few seconds
    const auto resilient = [&] { return day.run<Resilient>(openai, anthropic, mistral, impatient, patient); };
    const auto complete = [&] {
        const auto keys = baton::endpoints<baton::OpenAI>( // two keys of one vendor
            baton::Endpoint("http://openai.test/v1").with_name("a").with_key("none-a"),
            baton::Endpoint("http://openai.test/v1").with_name("b").with_key("none-b"));
        return day.run<Complete>(keys, anthropic, mistral, impatient, patient,
                                 baton::Gcra::Options{.requests_per_minute = 110});
    };
    const std::vector<Outcome> outcomes{
        {"one vendor", "#c0392b", day.run<Alone>(openai)},
        {"with retries", "#e08e0b", day.run<Retrying>(openai)},
        {"retries, breaker, three vendors", "#1f6f43", resilient()},
        {"and hedge, resume, health, balance, limit", "#2457a6", complete()},
    };

    const std::uint64_t again = complete().hash;

    print(outcomes);
    const std::string file = argc > 1 ? argv[1] : "simulate_outage.svg";
    std::ofstream(file) << draw(outcomes);
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::cout << "\nFive days in " << std::setprecision(1) << took << " s, " << 5 * 24 / took
              << " virtual hours a second; drawn in " << file << '\n';
    return check(outcomes, again);
}
