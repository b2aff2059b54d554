// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What a client's key may: requests, tokens, money; and what providers are sent.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <gateway/key_limits.hpp>
#include <gateway/memory_store.hpp>
#include <gateway/rate_lines.hpp>

#include <baton/core/sha256.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_limits)

using namespace baton::testing;
using namespace std::chrono_literals;
using gateway::KeyVerdict;

static_assert(baton::LimitsEachProvider<gateway::ProviderLimits>);
static_assert(!baton::LimitsEachProvider<baton::PerProvider<baton::Gcra>>);

namespace {

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

std::string key(const char* name, const char* more) {
    return std::string("[[keys]]\nname = \"") + name + "\"\nsha256 = \"" +
           baton::sha256(std::string("sk-") + name) + "\"\n" + more;
}
RawClient::Response ask(const Lab& lab, const char* name, const char* path = "/v1/chat/completions",
                        const char* model = "openai/mock-gpt") {
    return lab.ask(post(path, chat(model, false), std::string("x-api-key: sk-") + name + "\r\n"));
}
/// 400 tokens, where a request is expected to take 106: 6 of "Hello", and the 100 it allows.
Behaviour costly() {
    Answer said("ok");
    said.usage.input_tokens = 300;
    said.usage.output_tokens = 100;
    said.usage.reported = true;
    return Behaviour(said);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_rate_algorithm) {
    const gateway::Rate rule{60, 2}; // one each second
    std::int64_t level = 0, now = 5'000'000'000;
    const auto ask = [&](double units) {
        const auto wait = rule.wait(level, units, now);
        if (wait.count() == 0) level = rule.after(level, units, now);
        return wait.count();
    };
    BOOST_TEST(ask(1) == 0);
    BOOST_TEST(rule.left(std::chrono::nanoseconds(level - now)) == 1);
    BOOST_TEST(ask(1) == 0);
    BOOST_TEST(rule.left(std::chrono::nanoseconds(level - now)) == 0);
    BOOST_TEST(ask(1) == 1'000'000'000);
    now += 999'999'999;
    BOOST_TEST(ask(1) == 1);
    now += 1;
    BOOST_TEST(ask(1) == 0);
    BOOST_TEST(ask(1) == 1'000'000'000);
    now += 3'600'000'000'000; // an hour of silence saves up no more than the burst
    BOOST_TEST(ask(1) == 0);
    BOOST_TEST(ask(1) == 0);
    BOOST_TEST(ask(1) == 1'000'000'000);
    now += 2'000'000'000;
    BOOST_TEST(ask(10) == 0); // more than the burst goes when all is free, and leaves a debt
    BOOST_TEST(ask(1) == 9'000'000'000);
    BOOST_TEST(ask(0) == 0);
}

BOOST_AUTO_TEST_CASE(periods_are_the_calendars) {
    using namespace std::chrono;
    using gateway::Period;
    const auto at = [](year_month_day day, hours hour) { return sys_days(day) + hour + 30min; };
    const auto last = at(2028y / February / 29, 23h);
    BOOST_TEST((period_at(Period::hour, last).left == 30min));
    BOOST_TEST((period_at(Period::day, last).left == 30min));
    BOOST_TEST((period_at(Period::month, last).left == 30min));
    BOOST_TEST((period_at(Period::month, at(2026y / December / 1, 0h)).left == 31 * 24h - 30min));
    for (const Period kind : {Period::hour, Period::day, Period::month}) {
        BOOST_TEST(period_at(kind, last).number == period_at(kind, last + 29min).number);
        BOOST_TEST(period_at(kind, last).number + 1 == period_at(kind, last + 31min).number);
    }
    BOOST_TEST(period_at(Period::month, at(2026y / December / 31, 1h)).number + 1 ==
               period_at(Period::month, at(2027y / January / 1, 1h)).number);
}

BOOST_AUTO_TEST_CASE(all_of_a_demand_or_nothing_is_charged) {
    gateway::KeyLimits limits;
    limits.requests = {60, 2};
    limits.tokens = {6000, 1000};
    limits.budget = 100;
    gateway::KeyUse use;
    gateway::KeyReservation reserved;
    const gateway::Clock::time_point start{1h};
    const auto admit = [&](std::int64_t tokens, gateway::NanoDollars cost, std::int64_t period = 1,
                           std::chrono::nanoseconds later = {}) {
        reserved = {};
        return use.admit(limits, {tokens, cost}, start + later, {period, 60s}, reserved);
    };
    BOOST_TEST((admit(900, 60).kind == KeyVerdict::Kind::admitted));
    const gateway::KeyReservation first = reserved;
    BOOST_TEST(first.open);
    auto refused = admit(200, 1); // tokens: 100 left, 10 ms each
    BOOST_TEST((refused.kind == KeyVerdict::Kind::tokens));
    BOOST_TEST((refused.wait == 1s));
    BOOST_TEST((refused.requests_ahead == 1s)); // of the first request alone
    BOOST_TEST(!reserved.open);
    refused = admit(10, 41);
    BOOST_TEST((refused.kind == KeyVerdict::Kind::budget));
    BOOST_TEST((refused.wait == 60s));
    BOOST_TEST((admit(10, 40).kind == KeyVerdict::Kind::admitted)); // so the refused ones took nothing
    BOOST_TEST((admit(0, 0).kind == KeyVerdict::Kind::budget));     // spent to the last
    refused = admit(0, 0, 2);
    BOOST_TEST((refused.kind == KeyVerdict::Kind::requests)); // another period, but both requests are gone
    BOOST_TEST((refused.wait == 1s));
    // the first took less than was reserved; its period is over, so its money is history
    use.settle(limits, first, {100, 1}, start);
    BOOST_TEST((admit(800, 100, 2, 1s).kind == KeyVerdict::Kind::admitted));
    BOOST_TEST((reserved.charged.cost == 100));
    use.settle(limits, reserved, {2000, 30}, start + 1s); // more than was reserved: a debt
    BOOST_TEST((admit(1, 70, 2, 2s).kind == KeyVerdict::Kind::tokens));
    BOOST_TEST((admit(1, 71, 2, 60s).kind == KeyVerdict::Kind::budget));
    BOOST_TEST((admit(1, 70, 2, 60s).kind == KeyVerdict::Kind::admitted));
}

BOOST_AUTO_TEST_CASE(what_was_reserved_at_one_rate_is_settled_at_the_next) {
    gateway::KeyLimits before, after;
    before.tokens = {60, 1000};
    after.tokens = {6000, 1000};
    gateway::KeyUse use;
    gateway::KeyReservation reserved, other;
    const gateway::Clock::time_point now{1h};
    BOOST_TEST((use.admit(before, {900, 0}, now, {1, 60s}, reserved).kind == KeyVerdict::Kind::admitted));
    auto verdict = use.admit(after, {0, 0}, now, {1, 60s}, other);
    BOOST_TEST((verdict.tokens_ahead == 9s)); // 900 of them, 10 ms each
    use.settle(before, reserved, {400, 0}, now);
    verdict = use.admit(after, {0, 0}, now, {1, 60s}, other);
    BOOST_TEST((verdict.tokens_ahead == 4s));
    use.settle(before, other, {100, 0}, now); // more than was reserved
    BOOST_TEST((use.admit(after, {0, 0}, now, {1, 60s}, other).tokens_ahead == 5s));
}

BOOST_AUTO_TEST_CASE(several_threads_spend_no_more_than_there_is) {
    gateway::KeyLimits limits;
    limits.tokens = {1, 1000};
    limits.budget = 900;
    gateway::KeyUse use;
    std::atomic<int> admitted{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 300; ++n) {
                gateway::KeyReservation reserved;
                const auto verdict =
                    use.admit(limits, {1, 1}, gateway::Clock::time_point{1h}, {1, 60s}, reserved);
                admitted += verdict.kind == KeyVerdict::Kind::admitted;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(admitted == 900);
}

BOOST_AUTO_TEST_CASE(rates_of_requests) {
    const std::string keys = key("slow", "requests_per_minute = 1\nburst = 3\n") + key("free", "");
    Lab lab(always(Behaviour(Answer("in"))), always(Behaviour()), keys);
    for (const char* left : {"2", "1", "0"}) {
        const auto answer = ask(lab, "slow");
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.header("x-ratelimit-limit-requests") == "1");
        BOOST_TEST(answer.header("x-ratelimit-remaining-requests") == left);
        BOOST_TEST(answer.header("x-ratelimit-limit-tokens") == "");
    }
    const auto refused = ask(lab, "slow");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(has(refused.body, "\"type\":\"rate_limit_error\""));
    BOOST_TEST(has(refused.body, "\"code\":\"rate_limit_exceeded\""));
    BOOST_TEST(refused.header("x-ratelimit-remaining-requests") == "0");
    const std::string reset = refused.header("x-ratelimit-reset-requests"); // all three: three minutes
    BOOST_TEST((reset == "3m0s" || reset.starts_with("2m")), reset);
    const int wait = std::atoi(refused.header("retry-after").c_str());
    BOOST_TEST(wait > 30);
    BOOST_TEST(wait <= 60);
    const int milliseconds = std::atoi(refused.header("retry-after-ms").c_str());
    BOOST_TEST(milliseconds <= wait * 1000);
    BOOST_TEST(milliseconds > (wait - 1) * 1000);
    for (int i = 0; i < 5; ++i) BOOST_TEST(ask(lab, "free").status == 200); // one's flood is not another's
    BOOST_TEST(ask(lab, "free").header("x-ratelimit-limit-requests") == "");
    lab.gateway.reload(lab.config(keys));
    BOOST_TEST(ask(lab, "slow").status == 429); // a reload does not forget
    const auto other = ask(lab, "slow", "/v1/messages");
    BOOST_TEST(other.status == 429);
    BOOST_TEST(has(other.body, "\"type\":\"rate_limit_error\""));
    BOOST_TEST(other.header("anthropic-ratelimit-requests-remaining") == "0");
    BOOST_TEST(other.header("anthropic-ratelimit-requests-limit") == "1");
    BOOST_TEST(other.header("anthropic-ratelimit-requests-reset").ends_with("Z"));
    const auto google = ask(lab, "slow", "/v1beta/models/x:generateContent");
    BOOST_TEST(google.status == 429);
    BOOST_TEST(has(google.body, "\"RESOURCE_EXHAUSTED\""));
    BOOST_TEST(has(google.body, "retryDelay"));
    lab.gateway.reload(lab.config(key("slow", "requests_per_minute = 2\nburst = 6\n")));
    // new limits hold at once: three of the six are used, not three minutes
    BOOST_TEST(ask(lab, "slow").header("x-ratelimit-remaining-requests") == "2");
}

BOOST_AUTO_TEST_CASE(rates_of_tokens) {
    Lab lab(
        sequence(costly(), costly(), costly(), Behaviour(baton::Error(baton::Errc::invalid_request, "no"))),
        always(Behaviour()), key("k", "tokens_per_minute = 60\ntoken_burst = 1000\n"));
    const auto left = [&] {
        return std::stoi(
            lab.ask(get("/v1/models", "x-api-key: sk-k\r\n")).header("x-ratelimit-remaining-tokens"));
    };
    BOOST_TEST(left() == 1000);
    const auto first = ask(lab, "k");
    BOOST_TEST(first.status == 200);
    BOOST_TEST(first.header("x-ratelimit-remaining-tokens") == "894"); // as estimated
    BOOST_TEST(left() >= 600);                                         // as it was
    BOOST_TEST(left() < 700);
    BOOST_TEST(ask(lab, "k").status == 200);
    BOOST_TEST(ask(lab, "k").status == 200); // 94 more than there were
    const auto refused = ask(lab, "k");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(has(refused.body, "token rate"));
    // 1,200 used, 106 wanted, 1,000 allowed, one comes each second
    const int wait = std::atoi(refused.header("retry-after").c_str());
    BOOST_TEST(wait > 206 - 30);
    BOOST_TEST(wait <= 306);
    BOOST_TEST(left() == 0);
    BOOST_TEST(lab.openai.totals().requests == 3U);
}

BOOST_AUTO_TEST_CASE(what_is_not_answered_costs_no_tokens) {
    Lab lab(always(Behaviour(baton::Error(baton::Errc::invalid_request, "no"))), always(Behaviour()),
            key("k", "tokens_per_minute = 60\ntoken_burst = 1000\n"));
    for (int i = 0; i < 20; ++i) BOOST_TEST(ask(lab, "k").status == 400); // 2,120 tokens if they counted
    BOOST_TEST(ask(lab, "k", "/v1/chat/completions", "nobody-knows").status == 404);
    BOOST_TEST(lab.ask(get("/v1/models", "x-api-key: sk-k\r\n")).header("x-ratelimit-remaining-tokens") ==
               "1000");
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_left_is_charged_what_it_took) {
    Lab lab(always(Behaviour(Answer("One two.", 2), Fault::stall, 1)), always(Behaviour()),
            key("k", "tokens_per_minute = 6\ntoken_burst = 1000\n"));
    {
        RawClient client(lab.gateway.port());
        client.send(post("/v1/chat/completions", chat("openai/mock-gpt", true), "x-api-key: sk-k\r\n"));
        BOOST_TEST(client.read_until("One "));
    }
    const auto left = [&] {
        return std::stoi(
            lab.ask(get("/v1/models", "x-api-key: sk-k\r\n")).header("x-ratelimit-remaining-tokens"));
    };
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.connections_closed == 1; }));
    for (int i = 0; i < 1000 && left() < 950; ++i) std::this_thread::sleep_for(5ms); // 894 while reserved
    BOOST_TEST(left() >= 950);
    BOOST_TEST(left() < 1000);
}

BOOST_AUTO_TEST_CASE(who_shares_an_answer_pays_nothing_for_it) {
    Behaviour good = costly(), bad(baton::Error(baton::Errc::invalid_request, "no"));
    good.delay = bad.delay = 500ms; // both clients are there by then
    Lab lab(sequence(good, bad, good), always(Behaviour()),
            "[cache]\nenabled = true\n[prices]\n\"openai/mock-gpt\" = {input = 1000, output = 2000}\n" +
                key("k", "tokens_per_minute = 1\ntoken_burst = 1000\n"));
    const auto page = [&] { return lab.ask(get("/metrics", "x-api-key: sk-k\r\n")).body; };
    const auto both = [&](const char* more) {
        RawClient first(lab.gateway.port()), second(lab.gateway.port());
        for (RawClient* client : {&first, &second})
            client->send(
                post("/v1/chat/completions", chat("openai/mock-gpt", false, more), "x-api-key: sk-k\r\n"));
        const int status = first.response().status;
        BOOST_TEST(second.response().status == status);
        return status;
    };
    BOOST_TEST(both("") == 200);
    BOOST_TEST(has(page(), "\nbaton_cache_joins_total 1\n"));
    BOOST_TEST(has(page(), "\nbaton_cost_usd_total 0.5\n"));
    BOOST_TEST(has(page(), "\nbaton_attempts_total 1\n"));
    const std::string left =
        lab.ask(get("/v1/models", "x-api-key: sk-k\r\n")).header("x-ratelimit-remaining-tokens");
    BOOST_TEST(left == "600"); // of 1,000, once 400
    BOOST_TEST(both("\"temperature\":1,") == 400);
    BOOST_TEST(lab.openai.totals().requests == 2U);
    BOOST_TEST(has(page(), "\nbaton_attempts_total 2\n")); // of an error, too
    // who begins and leaves does not make it free: what was expected of it, 106, stays charged
    RawClient second(lab.gateway.port());
    {
        RawClient first(lab.gateway.port());
        for (RawClient* client : {&first, &second}) {
            client->send(post("/v1/chat/completions", chat("openai/mock-gpt", false, "\"temperature\":2,"),
                              "x-api-key: sk-k\r\n"));
            BOOST_TEST(lab.openai.wait([](const auto& t) { return t.requests == 3; }));
        }
        std::this_thread::sleep_for(100ms); // so that the second has joined
    }
    BOOST_TEST(second.response().status == 200);
    BOOST_TEST(lab.openai.totals().requests == 3U);
    BOOST_TEST(lab.ask(get("/v1/models", "x-api-key: sk-k\r\n")).header("x-ratelimit-remaining-tokens") ==
               "494");
}

BOOST_AUTO_TEST_CASE(a_budget_ends_as_the_vendors_credit_does) {
    const std::string text = "[prices]\n\"openai/mock-gpt\" = {input = 1000, output = 2000}\n" +
                             key("poor", "budget_usd = 1\nbudget_period = \"month\"\n") + key("rich", "");
    Lab lab(always(costly()), always(Behaviour()), text);
    BOOST_TEST(ask(lab, "poor").status == 200); // 0.5 $ each
    BOOST_TEST(ask(lab, "poor").status == 200);
    const auto refused = ask(lab, "poor");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(has(refused.body, "\"type\":\"insufficient_quota\""));
    BOOST_TEST(has(refused.body, "\"code\":\"insufficient_quota\""));
    BOOST_TEST(refused.header("x-should-retry") == "false");
    const int wait = std::atoi(refused.header("retry-after").c_str());
    BOOST_TEST(wait > 0);
    BOOST_TEST(wait <= 31 * 24 * 3600);
    const auto other = ask(lab, "poor", "/v1/messages");
    BOOST_TEST(other.status == 402);
    BOOST_TEST(has(other.body, "\"type\":\"billing_error\""));
    BOOST_TEST(ask(lab, "rich").status == 200);
    BOOST_TEST(lab.openai.totals().requests == 3U);
    const auto page = lab.ask(get("/metrics", "x-api-key: sk-rich\r\n")).body;
    BOOST_TEST(has(page, "\nbaton_cost_usd_total 1.5\n"));
    BOOST_TEST(has(page, "\nbaton_unpriced_attempts_total 0\n"));
    // what has no price costs nothing, and is counted
    BOOST_TEST(ask(lab, "rich", "/v1/chat/completions", "openai/other-gpt").status == 200);
    BOOST_TEST(
        has(lab.ask(get("/metrics", "x-api-key: sk-rich\r\n")).body, "\nbaton_unpriced_attempts_total 1\n"));
    // prices are changed in a running gateway
    std::string cheaper = text;
    cheaper.replace(cheaper.find("{input = 1000, output = 2000}"), 29, "{input = 10, output = 20}");
    lab.gateway.reload(lab.config(cheaper));
    BOOST_TEST(ask(lab, "rich").status == 200);
    BOOST_TEST(
        has(lab.ask(get("/metrics", "x-api-key: sk-rich\r\n")).body, "\nbaton_cost_usd_total 1.505\n"));
    BOOST_TEST(ask(lab, "poor").status == 429); // what is spent stays spent
}

BOOST_AUTO_TEST_CASE(limits_of_a_provider_are_all_threads) {
    const auto text = [](const char* rate) {
        return std::string("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 3\n[providers.openai.limits]\n") +
               rate + "max_wait_ms = 0\n";
    };
    Lab lab(always(Behaviour()), always(Behaviour()), text("requests_per_minute = 1\n"));
    const auto ask = [&] { return lab.ask(post("/v1/chat/completions", chat("fast", false))); };
    int first = 0, second = 0;
    for (int i = 0; i < 12; ++i) {
        const auto answer = ask();
        BOOST_TEST(answer.status == 200);
        ++(answer.header("x-baton-provider") == "openai" ? first : second);
    }
    BOOST_TEST(first == 1);
    BOOST_TEST(second == 11);
    const auto refused = lab.ask(post("/v1/chat/completions", chat("openai/mock-gpt", false)));
    BOOST_TEST(refused.status == 429);
    const int wait = std::atoi(refused.header("retry-after").c_str());
    BOOST_TEST(wait > 30);
    BOOST_TEST(wait <= 60);
    lab.gateway.reload(lab.config(text("")));
    for (int i = 0; i < 6; ++i) BOOST_TEST(ask().header("x-baton-provider") == "openai");
}

BOOST_AUTO_TEST_CASE(tokens_and_concurrency_of_a_provider) {
    Lab lab(sequence(costly(), Behaviour(Answer("One two.", 2), Fault::stall, 1)), always(Behaviour()),
            "[providers.openai.limits]\ninput_tokens_per_minute = 60\nburst_ms = 240000\nconcurrency = 1\n"
            "max_wait_ms = 0\n");
    const auto ask = [&] {
        return lab.ask(post("/v1/chat/completions", chat("fast", false))).header("x-baton-provider");
    };
    BOOST_TEST(ask() == "openai");    // 300 of the 240 that may come at once
    BOOST_TEST(ask() == "anthropic"); // the debt is not paid
    lab.gateway.reload(lab.config("[providers.openai.limits]\nconcurrency = 1\nmax_wait_ms = 0\n"));
    RawClient stream(lab.gateway.port());
    stream.send(post("/v1/chat/completions", chat("fast", true)));
    BOOST_TEST(stream.read_until("One "));
    BOOST_TEST(ask() == "anthropic");
    stream.close();
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.connections_closed >= 1; }));
}

BOOST_AUTO_TEST_CASE(durations_and_dates_as_vendors_write_them) {
    using gateway::short_duration;
    BOOST_TEST(short_duration(0ms) == "0ms");
    BOOST_TEST(short_duration(-5s) == "0ms");
    BOOST_TEST(short_duration(19'000'001ns) == "20ms");
    BOOST_TEST(short_duration(999ms) == "999ms");
    BOOST_TEST(short_duration(1s) == "1s");
    BOOST_TEST(short_duration(1001ms) == "2s");
    BOOST_TEST(short_duration(6min) == "6m0s");
    BOOST_TEST(short_duration(2h + 3s) == "2h0m3s");
    using namespace std::chrono;
    BOOST_TEST(gateway::date_and_time(sys_days(2026y / November / 28) + 20h + 1ms) == "2026-11-28T20:00:01Z");
}

BOOST_AUTO_TEST_SUITE_END()
