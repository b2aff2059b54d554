// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Races of two attempts. In virtual time.
#include <boost/test/unit_test.hpp>

#include "scene.hpp"

#include <vector>

using namespace lab;

BOOST_AUTO_TEST_SUITE(hedge)

namespace {
using Hedged = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                       baton::Breaker<baton::HalfOpen>, baton::Hedge<baton::AfterP95>,
                       baton::Limit<baton::Gcra>, baton::Use<Spy>>;

/// The whole answer after `delay`, which may change between calls.
Script late(const Duration& delay) {
    return [&delay](const ServedRequest&) {
        Behaviour b = answers();
        b.delay = delay;
        return b;
    };
}

/// The rest of what the other has said, after `delay`.
Script goes_on_after(Duration delay) {
    return [delay](const ServedRequest& request) {
        Behaviour b = goes_on(request);
        b.delay = delay;
        return b;
    };
}
} // namespace

BOOST_AUTO_TEST_CASE(a_late_first_token_is_raced_and_the_loser_settled) {
    for (const bool streamed : {false, true}) {
        for (const bool rival_wins : {true, false}) {
            BOOST_TEST_CONTEXT((streamed ? "streamed" : "whole")
                               << (rival_wins ? ", rival wins" : ", rival loses")) {
                Scene s;
                Duration delay = 100ms;
                s.primary(late(delay));
                s.net.serve("anthropic.test", goes_on_after(rival_wins ? 100ms : 30s));
                Hedged chat = s.chat<Hedged>(true);
                for (int i = 0; i < 40; ++i) is_whole(s.ask(chat, streamed, hello()));
                BOOST_TEST(s.asked("anthropic.test") == 0u);
                delay = 3s;
                const Duration before = s.elapsed();
                const Result got = s.ask(chat, streamed, hello());
                is_whole(got);
                if (streamed) BOOST_TEST(got.text == whole);
                BOOST_TEST(s.asked("anthropic.test") == 1u);
                const auto& attempts = got.reply->trace.attempts;
                BOOST_TEST_REQUIRE(attempts.size() == 2u);
                BOOST_TEST((s.elapsed() - before < (rival_wins ? Duration(1s) : Duration(4s))));
                BOOST_TEST(got.reply->provider == (rival_wins ? "anthropic" : "openai"));
                const auto& lost = attempts[0];
                BOOST_TEST(lost.outcome == Errc::cancelled);
                BOOST_TEST(lost.sent);
                BOOST_TEST(lost.usage.estimated); // sent but not answered
                BOOST_TEST(lost.usage.input_tokens > 0u);
                BOOST_TEST(attempts[1].outcome == Errc::ok);
                BOOST_TEST((rival_wins ? attempts[1].hedge : attempts[0].hedge));
                BOOST_TEST(chat.stats().active_calls == 0u);
            }
        }
    }
}

// Asked twice, the vendor would do twice what it does besides answering.
BOOST_AUTO_TEST_CASE(what_has_side_effects_is_not_raced_unless_told_to) {
    Scene s;
    Duration delay = 100ms;
    s.primary(late(delay));
    Hedged chat = s.chat<Hedged>(true);
    for (int i = 0; i < 120; ++i) is_whole(s.complete(chat, hello()));
    delay = 3s;
    const auto raced = [&](auto... parts) {
        const std::size_t before = s.asked("anthropic.test");
        is_whole(s.complete(chat, Request("Say sixty words.", std::move(parts)...)));
        delay = 100ms; // so that it stays late
        for (int i = 0; i < 40; ++i) is_whole(s.complete(chat, hello()));
        delay = 3s;
        return s.asked("anthropic.test") > before;
    };
    using baton::extra;
    for (const char* effective :
         {R"({"store":true})", R"({"previous_response_id":"resp_1"})", R"({"background":true})",
          R"({"tools":[{"type":"web_search"}]})", R"({"mcp_servers":[{"url":"https://x.test"}]})",
          R"({"seed":1,"conversation":"conv_1"})", R"({"web_search_options":{}})"}) {
        BOOST_TEST(!raced(extra(effective)), effective);
        BOOST_TEST(raced(extra(effective), baton::hedge(baton::yes)), effective);
    }
    for (const char* plain :
         {R"({"store":false})", R"({"previous_response_id":null})", R"({"user":"store"})", "{}"}) {
        BOOST_TEST(raced(extra(plain)), plain);
    }
    BOOST_TEST(raced(baton::tools(baton::Tool("weather", "tells it")))); // the caller's own
    BOOST_TEST(!raced(baton::hedge(baton::no)));
    BOOST_TEST(raced());
}

BOOST_AUTO_TEST_CASE(a_rival_goes_to_another_place_before_it_takes_another_key) {
    using Alone = Virtual<baton::Provider<baton::OpenAI>, baton::Hedge<baton::AfterP95>, baton::Use<Spy>>;
    const auto key = [](const char* url, const char* name) { return baton::Endpoint(url).with_key(name); };
    const auto keys = baton::endpoints<baton::OpenAI>(key("http://openai.test/v1", "k-1"),
                                                      key("http://openai.test/v1", "k-2"));
    const auto places = baton::endpoints<baton::OpenAI>(key("http://openai.test/v1", "k-1"),
                                                        key("http://openai.test/v1", "k-2"),
                                                        key("http://elsewhere.test/v1", "k-3"));
    enum class To { vendor, other_key, other_place };
    const auto race = [&]<class C>(C*, const auto& endpoints, To to, bool vendor_down, auto&&... more) {
        Scene s;
        Duration delay = 100ms;
        s.primary(late(delay));
        s.net.serve("elsewhere.test", late(delay));
        if (vendor_down) s.net.serve("anthropic.test", always(fails(Errc::transient)));
        C chat = s.make<C>(endpoints, s.spy, more...);
        for (int i = 0; i < 150; ++i) is_whole(s.complete(chat, hello()));
        if (vendor_down) {
            for (int i = 0; i < 3; ++i) s.complete(chat, Request(baton::fallbacks("anthropic"), "Hello"));
        }
        const std::size_t before = s.net.requests().size();
        delay = 3s;
        is_whole(s.complete(chat, hello()));
        BOOST_TEST_REQUIRE(s.net.requests().size() == before + 2u);
        const ServedRequest &ours = s.net.requests()[before], &rival = s.net.requests()[before + 1];
        const bool same_host = ours.header("host") == rival.header("host");
        BOOST_TEST((rival.header("host") == "anthropic.test") == (to == To::vendor));
        BOOST_TEST(same_host == (to == To::other_key));
        if (same_host) BOOST_TEST(ours.header("authorization") != rival.header("authorization"));
    };
    constexpr Hedged* placed = nullptr;
    const baton::HalfOpen::Options quick{.min_calls = 3, .open = 60s};
    race(placed, keys, To::vendor, false, anthropic());
    race(placed, keys, To::other_key, true, anthropic(), quick); // its breaker is open
    race(placed, places, To::other_place, false, anthropic());
    race(static_cast<Alone*>(nullptr), keys, To::other_key, false);
}

BOOST_AUTO_TEST_CASE(whichever_of_two_fails_the_other_answers) {
    for (const bool ours_fails : {true, false}) {
        for (const bool streamed : {false, true}) {
            Scene s;
            bool trouble = false;
            s.primary([&](const ServedRequest&) {
                Behaviour b = trouble && ours_fails ? fails(Errc::transient) : answers();
                b.delay = trouble ? 2s : 100ms;
                return b;
            });
            s.net.serve("anthropic.test", [&](const ServedRequest& request) {
                Behaviour b = ours_fails ? goes_on(request) : fails(Errc::transient);
                b.delay = ours_fails ? 3s : 100ms;
                return b;
            });
            Hedged chat = s.chat<Hedged>(true);
            for (int i = 0; i < 40; ++i) is_whole(s.ask(chat, streamed, hello()));
            trouble = true;
            const Result got = s.ask(chat, streamed, hello());
            is_whole(got);
            BOOST_TEST(got.reply->provider == (ours_fails ? "anthropic" : "openai"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_beaten_rival_does_not_take_over_what_resumes_the_winner) {
    using Both = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                         baton::Hedge<baton::AfterP95>, baton::Resume<baton::Auto>, baton::Use<Spy>>;
    for (const std::chrono::milliseconds rival : {1500ms, 2500ms, 4000ms, 9000ms}) {
        Scene s;
        bool trouble = false;
        s.primary([&](const ServedRequest& request) {
            Behaviour b = goes_on(request);
            b.delay = trouble ? 1s : 100ms;
            if (trouble) b.fault = Fault::reset_mid_body, b.at = 40;
            return b;
        });
        s.net.serve("anthropic.test", goes_on_after(rival));
        Both chat = s.chat<Both>(true);
        for (int i = 0; i < 40; ++i) is_whole(s.stream(chat, hello()));
        trouble = true;
        const Result got = s.stream(chat, hello());
        is_whole(got);
        BOOST_TEST(got.text == whole);
        BOOST_TEST(s.asked("anthropic.test") == 2u); // the rival, and the one that went on
        BOOST_TEST(got.reply->trace.attempts.size() == 3u);
        BOOST_TEST((got.reply->trace.attempts.back().resume != ResumeMode::none));
    }
}

BOOST_AUTO_TEST_CASE(a_race_ends_cleanly_wherever_the_caller_leaves) {
    for (int steps = 0; steps < 60; ++steps) {
        Scene s;
        Duration delay = 100ms;
        s.primary(late(delay));
        s.net.serve("anthropic.test", goes_on_after(1s));
        Hedged chat = s.chat<Hedged>(true);
        for (int i = 0; i < 40; ++i) s.stream(chat, hello());
        delay = 1300ms;
        const auto call = s.start_stream(chat, hello());
        for (int i = 0; i < steps; ++i) s.clock.step(s.io);
        call->signal.emit(asio::cancellation_type::terminal);
        s.run();
        BOOST_TEST(call->finished == 1);
        BOOST_TEST(chat.stats().active_calls == 0u);
        BOOST_TEST((call->result.errc() == Errc::ok || call->result.errc() == Errc::cancelled));
    }
}

BOOST_AUTO_TEST_SUITE_END()
