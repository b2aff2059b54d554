// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Limits in Redis: shared by several gateways; and what becomes of requests when it is slow, absent or dies.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <baton/core/sha256.hpp>
#include <baton/testing/black_hole.hpp>

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

BOOST_AUTO_TEST_SUITE(gateway_store)

using namespace baton::testing;
using namespace std::chrono_literals;

namespace {

/// A redis-server of this test's own, without a file on disk.
class Redis {
public:
    explicit Redis(const char* password = "") : port(closed_port()) {
        pid_ = ::fork();
        if (pid_ == 0) {
            const std::string text = std::to_string(port);
            ::execlp("redis-server", "redis-server", "--port", text.c_str(), "--bind", "127.0.0.1", "--save",
                     "", "--appendonly", "no", "--logfile", "/dev/null", "--requirepass", password, nullptr);
            ::_exit(127);
        }
        for (const auto limit = std::chrono::steady_clock::now() + 10s;
             !running && std::chrono::steady_clock::now() < limit;) {
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) { // there is no such program
                pid_ = -1;
                return;
            }
            running = !RawClient(port).refused();
        }
    }
    ~Redis() { kill(); }
    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    std::uint16_t port;
    bool running = false;

private:
    pid_t pid_ = -1;
};

std::string config(std::uint16_t port, const char* more = "",
                   const char* rate = "requests_per_minute = 1\nburst = 3\n") {
    return "[redis]\naddress = \"127.0.0.1:" + std::to_string(port) + "\"\nbudget_ms = 1000\n" + more +
           "[[keys]]\nname = \"k\"\nsha256 = \"" + baton::sha256("sk-k") + "\"\n" + rate;
}
int ask(const Lab& lab) {
    return lab.ask(post("/v1/chat/completions", chat("mock-gpt", false), "x-api-key: sk-k\r\n")).status;
}
std::string outages(const Lab& lab) {
    const std::string page = lab.ask(get("/metrics", "x-api-key: sk-k\r\n")).body,
                      name = "\nbaton_store_outages_total ";
    const std::size_t at = page.find(name) + name.size();
    return page.substr(at, page.find('\n', at) - at);
}

} // namespace

BOOST_AUTO_TEST_CASE(two_gateways_share_a_limit) {
    Redis redis;
    if (!redis.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    Lab one(always(Behaviour()), always(Behaviour()), config(redis.port));
    Lab two(always(Behaviour()), always(Behaviour()), config(redis.port));
    BOOST_TEST(ask(one) == 200);
    BOOST_TEST(ask(two) == 200);
    BOOST_TEST(ask(one) == 200);
    BOOST_TEST(ask(two) == 429);
    const auto refused =
        one.ask(post("/v1/chat/completions", chat("mock-gpt", false), "x-api-key: sk-k\r\n"));
    BOOST_TEST(refused.status == 429);
    const int wait = std::atoi(refused.header("retry-after").c_str());
    BOOST_TEST(wait > 30);
    BOOST_TEST(wait <= 60);
    BOOST_TEST(outages(one) == "0");
    BOOST_TEST(outages(two) == "0");
}

BOOST_AUTO_TEST_CASE(a_redis_with_a_name_and_a_password) {
    Redis redis("s3cret");
    if (!redis.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    const auto with = [&](const char* more) {
        std::string text = config(redis.port, more);
        return text.replace(text.find("127.0.0.1"), 9, "localhost");
    };
    const std::string right = with("password = \"s3cret\"\n"),
                      wrong = with("password = \"other\"\non_outage = \"closed\"\n");
    Lab one(always(Behaviour()), always(Behaviour()), right);
    Lab two(always(Behaviour()), always(Behaviour()), right);
    for (int i = 0; i < 3; ++i) BOOST_TEST(ask(i == 1 ? one : two) == 200);
    BOOST_TEST(ask(one) == 429);
    BOOST_TEST(outages(one) == "0");
    Lab refused(always(Behaviour()), always(Behaviour()), wrong);
    BOOST_TEST(ask(refused) == 503);
    BOOST_TEST(gateway::print_config(gateway::parse_config(right, "x.toml", gateway::known_providers()))
                   .find("s3cret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_gateways_share_tokens_and_a_budget) {
    Redis redis;
    if (!redis.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    Answer said("ok");
    said.usage.input_tokens = 300;
    said.usage.output_tokens = 100;
    said.usage.reported = true;
    const char* rate = "tokens_per_minute = 600\ntoken_burst = 10000\nbudget_usd = 1\n";
    const char* prices = "[prices]\n\"openai/mock-gpt\" = {input = 1000, output = 2000}\n";
    Lab one(always(Behaviour(said)), always(Behaviour()), config(redis.port, "", rate) + prices);
    Lab two(always(Behaviour(said)), always(Behaviour()), config(redis.port, "", rate) + prices);
    const auto left = [](const Lab& lab) {
        return std::stoi(
            lab.ask(get("/v1/models", "x-api-key: sk-k\r\n")).header("x-ratelimit-remaining-tokens"));
    };
    // what is put right is not waited for, so it may take a moment to be seen
    const auto booked = [&](const Lab& lab, int tokens) {
        for (int i = 0; i < 1000 && left(lab) > tokens; ++i) std::this_thread::sleep_for(5ms);
        return left(lab) <= tokens;
    };
    BOOST_TEST(left(two) == 10000);
    BOOST_TEST(ask(one) == 200); // reserves 106 tokens and 0.206 $, takes 400 and 0.5 $
    BOOST_TEST(booked(two, 9700));
    BOOST_TEST(ask(two) == 200);
    BOOST_TEST(booked(one, 9400));
    const std::string anthropic = post("/v1/messages", chat("openai/mock-gpt", false), "x-api-key: sk-k\r\n");
    BOOST_TEST(two.ask(anthropic).status == 402);
    BOOST_TEST(ask(one) == 429);
    BOOST_TEST(ask(two) == 429);
    BOOST_TEST(one.openai.totals().requests + two.openai.totals().requests == 2U);
    BOOST_TEST(outages(one) == "0");
}

namespace {

/// Redis does nothing for a while, and then what it was asked meanwhile.
void hold(RawClient& redis) {
    redis.send("CLIENT PAUSE 800 ALL\r\n");
    BOOST_REQUIRE(redis.read_until("+OK\r\n"));
}
bool scripts_ran(RawClient& redis, int calls) {
    const std::string wanted = "cmdstat_eval:calls=" + std::to_string(calls) + ",";
    for (int i = 0; i < 1000; ++i) {
        redis.in.clear();
        redis.send("INFO commandstats\r\n");
        redis.read_until("\r\n\r\n");
        if (redis.in.find(wanted) != std::string::npos) return true;
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_redis_reserves_too_late_is_given_back) {
    Redis redis;
    if (!redis.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    std::string text = config(redis.port, "on_outage = \"closed\"\n",
                              "requests_per_minute = 1\nburst = 3\ntokens_per_minute = 1\n"
                              "token_burst = 1000\nbudget_usd = 1\n") +
                       "[prices]\n\"openai/mock-gpt\" = {input = 1000, output = 2000}\n";
    text.replace(text.find("budget_ms = 1000"), 16, "budget_ms = 100");
    Lab lab(always(Behaviour()), always(Behaviour()), text);
    RawClient other(redis.port);
    hold(other);
    BOOST_TEST(ask(lab) == 503);
    BOOST_TEST(scripts_ran(other, 3)); // what was asked for, and the two that take it back
    const auto left = lab.ask(get("/v1/models", "x-api-key: sk-k\r\n"));
    BOOST_TEST(left.header("x-ratelimit-remaining-requests") == "2"); // this one
    BOOST_TEST(left.header("x-ratelimit-remaining-tokens") == "1000");
    other.in.clear();
    other.send("EVAL \"return redis.call('GET', redis.call('KEYS', '*month*')[1])\" 0\r\n");
    BOOST_TEST(other.read_until("$1\r\n0\r\n"), other.in);
}

BOOST_AUTO_TEST_CASE(who_leaves_while_redis_is_asked_is_charged_nowhere) {
    Redis redis;
    if (!redis.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    Lab lab(always(Behaviour()), always(Behaviour()),
            config(redis.port, "", "requests_per_minute = 1\nburst = 1\n"));
    RawClient other(redis.port);
    hold(other);
    {
        RawClient client(lab.gateway.port());
        client.send(post("/v1/chat/completions", chat("mock-gpt", false), "x-api-key: sk-k\r\n"));
        std::this_thread::sleep_for(50ms); // so that it is asked for
    }
    BOOST_TEST(scripts_ran(other, 3));
    BOOST_TEST(outages(lab) == "0");
    BOOST_TEST(ask(lab) == 200);
    BOOST_TEST(lab.openai.totals().requests == 1U);
    redis.kill();
    BOOST_TEST(ask(lab) == 200); // by this process's count, in which there is nothing yet
    BOOST_TEST(outages(lab) == "1");
}

BOOST_AUTO_TEST_CASE(what_one_redis_has_reserved_no_other_settles) {
    Redis old, next;
    if (!old.running || !next.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    Behaviour late(Answer("ok"));
    late.answer.usage.input_tokens = 400;
    late.answer.usage.reported = true;
    late.delay = 300ms;
    const char* rate = "tokens_per_minute = 1\ntoken_burst = 10000\n";
    Lab lab(always(late), always(Behaviour()), config(old.port, "", rate));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/chat/completions", chat("mock-gpt", false), "x-api-key: sk-k\r\n"));
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.requests == 1; })); // it has reserved
    lab.gateway.reload(lab.config(config(next.port, "", rate)));
    BOOST_TEST(client.response().status == 200);
    // whoever comes after it on the same connection to Redis comes after what it would have settled
    BOOST_TEST(lab.ask(get("/v1/models", "x-api-key: sk-k\r\n")).header("x-ratelimit-remaining-tokens") ==
               "10000");
}

BOOST_AUTO_TEST_CASE(two_gateways_share_a_cache) {
    Redis redis;
    if (!redis.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    const std::string text = config(redis.port, "", "") + "[cache]\nenabled = true\n";
    Lab one(always(Behaviour(Answer("remembered"))), always(Behaviour()), text);
    // the same vendors: who answers is part of the key
    const std::string vendors =
        "[providers.openai]\nkey = \"upstream-openai\"\nbase_url = \"" + one.openai.url("/v1") +
        "\"\nmodel = \"mock-gpt\"\n[providers.anthropic]\nkey = \"a\"\nbase_url = \"" +
        one.anthropic.url("") + "\"\nmodel = \"mock-claude\"\n[server]\nlisten = \"127.0.0.1:0\"\n";
    gateway::Gateway two(gateway::parse_config(vendors + text, "two", gateway::known_providers()));
    const std::string request = post("/v1/chat/completions", chat("mock-gpt", false), "x-api-key: sk-k\r\n");
    BOOST_TEST(one.ask(request).header("x-baton-cache") == "miss");
    RawClient::Response found;
    for (int i = 0; i < 1000 && found.header("x-baton-cache") != "hit"; ++i) {
        if (i > 0) std::this_thread::sleep_for(5ms);
        found = ::ask(two.port(), request);
    }
    BOOST_TEST(found.header("x-baton-cache") == "hit");
    BOOST_TEST(found.header("x-baton-provider") == "openai");
    BOOST_TEST(found.body.find("remembered") != std::string::npos);
    const std::uint64_t asked = one.openai.totals().requests;
    BOOST_TEST(one.ask(request).header("x-baton-cache") == "hit");
    BOOST_TEST(one.openai.totals().requests == asked);
    redis.kill(); // a cache that is gone costs answers, not requests
    BOOST_TEST(one.ask(request).status == 200);
    BOOST_TEST(one.openai.totals().requests == asked + 1);
}

BOOST_AUTO_TEST_CASE(many_requests_at_once_are_counted_exactly) {
    Redis redis;
    if (!redis.running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    Lab lab(always(Behaviour()), always(Behaviour()),
            config(redis.port, "", "requests_per_minute = 1\nburst = 20\n"));
    std::atomic<int> admitted{0}, refused{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&] {
            for (int n = 0; n < 10; ++n) ++(ask(lab) == 200 ? admitted : refused);
        });
    }
    for (std::thread& client : clients) client.join();
    BOOST_TEST(admitted == 20);
    BOOST_TEST(refused == 20);
    BOOST_TEST(outages(lab) == "0");
}

BOOST_AUTO_TEST_CASE(without_redis_this_process_counts_or_refuses) {
    Lab open(always(Behaviour()), always(Behaviour()), config(closed_port()));
    for (int i = 0; i < 3; ++i) BOOST_TEST(ask(open) == 200);
    BOOST_TEST(ask(open) == 429); // by its own count
    BOOST_TEST(outages(open) == "4");
    Lab closed(always(Behaviour()), always(Behaviour()), config(closed_port(), "on_outage = \"closed\"\n"));
    BOOST_TEST(ask(closed) == 503);
    BOOST_TEST(closed.openai.totals().requests == 0U);
}

BOOST_AUTO_TEST_CASE(a_redis_that_has_fallen_silent_is_connected_to_anew) {
    FaultServer silent(always(Behaviour()), [] {
        FaultServer::Options options;
        options.on_connection = [](std::uint64_t) { return ConnectionFault::silence; };
        return options;
    }());
    std::string text = config(silent.port(), "", "requests_per_minute = 100000\nburst = 1000\n");
    text.replace(text.find("budget_ms = 1000"), 16, "budget_ms = 5");
    Lab lab(always(Behaviour()), always(Behaviour()), text);
    for (int i = 0; i < 400 && silent.totals().connections_opened < 2; ++i) {
        BOOST_TEST(ask(lab) == 200);
        std::this_thread::sleep_for(20ms);
    }
    BOOST_TEST(silent.totals().connections_opened == 2U);
}

BOOST_AUTO_TEST_CASE(a_silent_redis_costs_its_budget_and_then_nothing) {
    FaultServer silent([](const ServedRequest&) { return Behaviour(Answer(), Fault::silence); },
                       [] {
                           FaultServer::Options options;
                           options.on_connection = [](std::uint64_t) { return ConnectionFault::silence; };
                           return options;
                       }());
    std::string text = config(silent.port(), "", "requests_per_minute = 100000\nburst = 1000\n");
    text.replace(text.find("budget_ms = 1000"), 16, "budget_ms = 5");
    Lab lab(always(Behaviour()), always(Behaviour()), text);
    for (int i = 0; i < 200; ++i) BOOST_REQUIRE(ask(lab) == 200);
    BOOST_TEST(outages(lab) == "200");
    // The breaker opened after the first few: the others did not even ask. (Each asking takes a slot of one
    // connection's bytes; 200 of them would be 200 scripts.)
    BOOST_TEST(silent.totals().connections_opened <= 3U);
}

BOOST_AUTO_TEST_CASE(a_redis_that_dies_takes_no_request_with_it) {
    auto redis = std::make_unique<Redis>();
    if (!redis->running) {
        BOOST_TEST_MESSAGE("SKIPPED: redis-server does not start");
        return;
    }
    Lab lab(always(Behaviour()), always(Behaviour()),
            config(redis->port, "", "requests_per_minute = 100000\nburst = 1000\n"));
    for (int i = 0; i < 20; ++i) BOOST_TEST(ask(lab) == 200);
    BOOST_TEST(outages(lab) == "0");
    redis->kill();
    for (int i = 0; i < 20; ++i) BOOST_TEST(ask(lab) == 200);
    BOOST_TEST(outages(lab) == "20");
}

BOOST_AUTO_TEST_CASE(something_else_at_that_address) {
    Lab lab(always(Behaviour()), always(Behaviour()), config(closed_port()));
    lab.gateway.reload(lab.config(config(lab.openai.port()))); // HTTP is no Redis
    BOOST_TEST(ask(lab) == 200);
    BOOST_TEST(outages(lab) == "1");
}

BOOST_AUTO_TEST_SUITE_END()
