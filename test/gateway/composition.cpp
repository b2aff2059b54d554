// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Policies a configuration switches on: several endpoints of a provider, hedging, one cache for all threads.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

BOOST_AUTO_TEST_SUITE(gateway_composition)

using namespace baton::testing;
using namespace std::chrono_literals;

namespace {

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// Which keys a vendor was shown.
class Shown {
public:
    Script script() {
        return [this](const ServedRequest& request) {
            const std::lock_guard lock(mutex_);
            ++keys_[std::string(request.header("authorization"))];
            return Behaviour(Answer("ok"));
        };
    }
    std::map<std::string, int> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(keys_, {});
    }

private:
    std::mutex mutex_;
    std::map<std::string, int> keys_;
};

std::string endpoint(const char* more) { return std::string("[[providers.openai.endpoints]]\n") + more; }

} // namespace

BOOST_AUTO_TEST_CASE(several_keys_of_a_provider_take_turns) {
    Shown shown;
    Lab lab(shown.script(), always(Behaviour()), endpoint("key = \"one\"\n") + endpoint("key = \"two\"\n"));
    const auto ask = [&](int times) {
        for (int i = 0; i < times; ++i)
            BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("mock-gpt", false))).status == 200);
        return shown.take();
    };
    auto seen = ask(40);
    BOOST_TEST(seen.size() == 2U);
    BOOST_TEST(seen["Bearer one"] > 0);
    BOOST_TEST(seen["Bearer two"] > 0);
    // a reload changes them, and takes them away
    lab.gateway.reload(lab.config(endpoint("key = \"two\"\n") + endpoint("key = \"three\"\nweight = 0\n")));
    seen = ask(20);
    BOOST_TEST(seen["Bearer two"] == 20); // the other is drained
    lab.gateway.reload(lab.config(""));
    seen = ask(5);
    BOOST_TEST(seen["Bearer upstream-openai"] == 5);
}

BOOST_AUTO_TEST_CASE(a_reload_of_keys_drops_no_stream) {
    Behaviour slow(Answer("One two three four five six.", 6));
    slow.tokens_per_write = 1;
    slow.gap = 30ms;
    Lab lab(always(slow), always(Behaviour()), endpoint("key = \"one\"\n"));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/chat/completions", chat("mock-gpt", true)));
    BOOST_TEST(client.read_until("One "));
    lab.gateway.reload(lab.config(endpoint("key = \"two\"\n") + "[prices]\n\"openai/*\" = {input = 1}\n" +
                                  "[providers.openai.limits]\nrequests_per_minute = 5\n"));
    const auto whole = client.response();
    BOOST_TEST(has(whole.body, "six."));
    BOOST_TEST(whole.body.ends_with("data: [DONE]\n\n"));
}

BOOST_AUTO_TEST_CASE(a_second_attempt_beside_a_late_one) {
    const auto late = [](const ServedRequest& request) {
        return request.number <= 12 ? Behaviour(Answer("first")) : Behaviour(Answer("never"), Fault::silence);
    };
    {
        Lab lab(late, always(Behaviour(Answer("second"))),
                "[hedge]\nenabled = true\nmin_samples = 8\nfloor_ms = 1\nbudget = 1\n");
        for (int i = 0; i < 12; ++i)
            BOOST_TEST(has(lab.ask(post("/v1/chat/completions", chat("fast", false))).body, "first"));
        for (const bool stream : {true, false}) {
            const auto answer = lab.ask(post("/v1/chat/completions", chat("fast", stream)));
            BOOST_TEST(answer.status == 200);
            BOOST_TEST(answer.header("x-baton-provider") == "anthropic");
            BOOST_TEST(has(answer.body, "second"));
        }
    }
    // unless it is configured, nobody waits for a second one, nor begins it
    Lab lab(late, always(Behaviour(Answer("second"))), "[deadline]\nfirst_byte_unary_ms = 400\n");
    for (int i = 0; i < 12; ++i)
        BOOST_TEST(has(lab.ask(post("/v1/chat/completions", chat("openai/mock-gpt", false))).body, "first"));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/chat/completions", chat("fast", false)));
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.requests >= 13; }));
    client.response();
    BOOST_TEST(has(lab.ask(get("/metrics")).body, "\nbaton_hedges_total 0\n"));
}

BOOST_AUTO_TEST_CASE(the_breaker_is_configured) {
    const auto ask = [](const std::string& table,
                        int status) { // what the vendor sees of 8 requests that fail
        Lab lab(always(html_error(500)), always(Behaviour()), table);
        RawClient::Response last;
        for (int i = 0; i < 8; ++i)
            last = lab.ask(post("/v1/chat/completions", chat("openai/mock-gpt", false)));
        BOOST_TEST(last.status == status);
        return lab.openai.totals().requests;
    };
    BOOST_TEST(ask("[breaker]\nmin_calls = 4\nfailure_rate = 1.0\nopen_ms = 60000\n", 503) == 4U);
    BOOST_TEST(ask("[breaker]\nenabled = false\nmin_calls = 4\n", 500) >= 8U);
    BOOST_TEST(ask("", 500) >= 8U); // 20 calls are more than these
}

BOOST_AUTO_TEST_CASE(one_cache_for_all_threads) {
    Lab lab(always(Behaviour(Answer("One two three.", 3))), always(Behaviour()),
            "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 3\n[cache]\nenabled = true\n");
    const auto ask = [&](bool stream) {
        return lab.ask(post("/v1/chat/completions", chat("mock-gpt", stream)));
    };
    const auto first = ask(false);
    BOOST_TEST(first.header("x-baton-cache") == "miss");
    for (int i = 0; i < 12; ++i) {
        const auto again = ask(i % 2 == 0);
        BOOST_TEST(again.header("x-baton-cache") == "hit");
        BOOST_TEST(again.header("x-baton-provider") == "openai");
        BOOST_TEST(again.header("x-baton-attempts") == "0");
        BOOST_TEST(has(again.body, "One two three."));
        BOOST_TEST(again.body.ends_with("data: [DONE]\n\n") == (i % 2 == 0));
    }
    BOOST_TEST(lab.openai.totals().requests == 1U);
    const auto other = lab.ask(post("/v1/messages", chat("openai/mock-gpt", true)));
    BOOST_TEST(has(other.body, "message_stop"));
    BOOST_TEST(lab.ask(post("/v1/messages", chat("openai/mock-gpt", true))).header("x-baton-cache") == "hit");
    BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("mock-gpt", false), "cache-control: no-cache\r\n"))
                   .header("x-baton-cache") == "off");
    // other routes might give other answers
    lab.gateway.reload(
        lab.config("[cache]\nenabled = true\n[tasks.default]\ntargets = [\"anthropic/mock-claude\"]\n"));
    BOOST_TEST(ask(false).header("x-baton-cache") == "miss");
}

BOOST_AUTO_TEST_CASE(what_is_not_whole_is_not_remembered) {
    Answer cut("One two");
    cut.stop = baton::StopReason::length;
    Lab lab(always(Behaviour(cut)), always(Behaviour()), "[cache]\nenabled = true\n");
    for (const bool stream : {false, true, false})
        BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("mock-gpt", stream))).header("x-baton-cache") ==
                   "miss");
    BOOST_TEST(lab.openai.totals().requests == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
