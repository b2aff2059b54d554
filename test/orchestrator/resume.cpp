// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What a reader of a broken stream sees where Resume goes on with it. In virtual time.
#include <boost/test/unit_test.hpp>

#include "scene.hpp"

#include <algorithm>
#include <vector>

using namespace lab;

BOOST_AUTO_TEST_SUITE(resume)

namespace {

/// What a stream's reader sees: text with what is taken back, and the seams.
struct Reader {
    std::string text;
    std::vector<baton::Delta::Seam> seams;
    std::size_t retracted = 0;
    int fragments = 0;
    std::string arguments;
    result<Reply> reply = baton::Error(Errc::cancelled, "not ended");
};

template <class Chat>
asio::awaitable<void, typename Chat::executor_type> read_seams(Chat& chat, Request request, Reader& reader) {
    auto stream = chat.stream(std::move(request));
    while (auto delta = co_await stream.next()) {
        if (delta->seam != baton::Delta::Seam::none) reader.seams.push_back(delta->seam);
        if (delta->seam == baton::Delta::Seam::restarted) reader.arguments.clear();
        reader.retracted += delta->retract;
        reader.text.resize(reader.text.size() - delta->retract);
        reader.text += delta->text;
        for (const auto& fragment : delta->tools) {
            ++reader.fragments;
            reader.arguments += fragment.arguments;
        }
    }
    reader.reply = stream.reply();
}

template <class Chat>
Reader read(Lab& lab, Chat& chat, Request request) {
    Reader reader;
    asio::co_spawn(lab.io, read_seams(chat, std::move(request), reader), asio::detached);
    lab.run();
    return reader;
}

Script cut_after(std::size_t tokens, Fault fault = Fault::reset_mid_body) {
    return always(Behaviour(Answer(whole, 60), fault, tokens));
}

Answer asks_the_weather() {
    Answer calls;
    calls.tokens = {"Let ", "me ", "see. "};
    calls.tool_calls.push_back(Answer::ToolCall("c1", "weather", R"({"city":"Berlin","unit":"C"})", 6));
    return calls;
}

Behaviour cut_in_the_call() {
    Behaviour cut(asks_the_weather(), Fault::reset_mid_body, 3);
    cut.count = 700; // bytes
    return cut;
}

template <class Strategy>
using Resumed = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                        baton::Resume<Strategy>, baton::Use<Spy>>;

} // namespace

BOOST_AUTO_TEST_CASE(instruct_shows_what_was_delivered_and_asks_to_go_on) {
    Scene s;
    s.primary(cut_after(40));
    auto chat = s.chat<Resumed<baton::Instruct>>(true);
    const Reader got =
        read(s, chat, Request(baton::system("Be brief."), "Say sixty words.", baton::max_tokens(200)));
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.text == whole);
    BOOST_TEST(got.retracted == 0u);
    BOOST_TEST_REQUIRE(got.seams.size() == 1u);
    BOOST_TEST((got.seams[0] == baton::Delta::Seam::continued));
    const Request& asked = s.net.requests().back().incoming.request;
    BOOST_TEST_REQUIRE(asked.messages.size() >= 3u);
    BOOST_TEST((asked.messages.back().role == baton::Role::user));
    BOOST_TEST((asked.messages[asked.messages.size() - 2].role == baton::Role::assistant));
    BOOST_TEST(asked.messages[asked.messages.size() - 2].text() == tokens(0, 40));
    BOOST_TEST(*asked.max_tokens == 150u); // less what is there already
    BOOST_TEST(got.reply->provider == "anthropic");
    BOOST_TEST((got.reply->trace.attempts.back().resume == ResumeMode::instruct));
}

BOOST_AUTO_TEST_CASE(what_the_second_model_repeats_is_dropped) {
    for (const std::size_t repeated : {1u, 3u, 40u}) {
        Scene s;
        s.primary(cut_after(40));
        s.net.serve("anthropic.test",
                    always(Behaviour(Answer(tokens(40 - int(repeated), 60), 20 + repeated))));
        auto chat = s.chat<Resumed<baton::Instruct>>(true);
        const Reader got = read(s, chat, hello());
        BOOST_TEST_REQUIRE(got.reply.has_value());
        BOOST_TEST(got.text == whole);
        BOOST_TEST(got.reply->text() == whole);
    }
}

BOOST_AUTO_TEST_CASE(restart_suppresses_what_was_delivered) {
    Scene s;
    s.primary(cut_after(40));
    s.net.serve("anthropic.test", always(answers()));
    auto chat = s.chat<Resumed<baton::Restart>>(true);
    const Reader got = read(s, chat, hello());
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.text == whole);
    BOOST_TEST(got.retracted == 0u);
    BOOST_TEST(s.net.requests().back().incoming.request.messages.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_restart_that_departs_says_what_to_take_back) {
    Scene s;
    s.primary(cut_after(40));
    const std::string other = tokens(0, 30) + "and now for something else";
    s.net.serve("anthropic.test", always(Behaviour(Answer(other, 40))));
    auto chat = s.chat<Resumed<baton::Restart>>(true);
    const Reader got = read(s, chat, hello());
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.text == other);
    BOOST_TEST(got.reply->text() == other);
    BOOST_TEST(got.retracted == 50u);
    BOOST_TEST_REQUIRE(got.seams.size() == 1u);
    BOOST_TEST((got.seams[0] == baton::Delta::Seam::restarted));
}

BOOST_AUTO_TEST_CASE(a_tool_call_that_was_cut_is_restarted_and_never_handed_out_half) {
    const Answer calls = asks_the_weather();
    const Behaviour cut = cut_in_the_call();
    for (const bool fallback : {false, true}) {
        Scene s;
        s.primary(always(cut));
        s.net.serve("anthropic.test", always(Behaviour(calls)));
        auto chat = s.chat<Resumed<baton::Auto>>(fallback);
        const Reader got =
            read(s, chat, Request("Weather?", baton::tools(baton::Tool("weather", "tells it"))));
        if (!fallback) {
            BOOST_TEST(got.reply.has_error());
            continue;
        }
        BOOST_TEST_REQUIRE(got.reply.has_value());
        BOOST_TEST(got.text == "Let me see. ");
        BOOST_TEST(got.arguments == R"({"city":"Berlin","unit":"C"})");
        int found = 0;
        for (const baton::Part& part : got.reply->parts) {
            if (part.kind != baton::Part::Kind::tool_call) continue;
            ++found;
            BOOST_TEST(part.text == R"({"city":"Berlin","unit":"C"})");
        }
        BOOST_TEST(found == 1);
        BOOST_TEST((got.seams.back() == baton::Delta::Seam::restarted));
    }
}

BOOST_AUTO_TEST_CASE(a_stream_may_break_twice_but_not_for_ever) {
    Scene s;
    s.primary(cut_after(20));
    s.net.serve("anthropic.test", [](const ServedRequest& request) {
        Behaviour b = goes_on(request);
        if (request.attempt == 0 && request.number == 2) {
            b.fault = Fault::reset_mid_body;
            b.at = 20;
        }
        return b;
    });
    using Again = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                          baton::Retry<baton::ExpBackoff>, baton::Resume<baton::Auto>, baton::Use<Spy>>;
    Again chat = s.chat<Again>(true);
    const Reader got = read(s, chat, hello());
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.text == whole);
    BOOST_TEST(got.seams.size() == 2u);

    Scene t;
    t.primary([](const ServedRequest& request) {
        Behaviour b = goes_on(request);
        b.fault = Fault::reset_mid_body;
        b.at = 5;
        return b;
    });
    Again lost = t.chat<Again>(false);
    const Reader end = read(t, lost, hello());
    BOOST_TEST_REQUIRE(end.reply.has_error());
    BOOST_TEST(end.reply.error().errc() == Errc::truncated);
    BOOST_TEST(end.text == tokens(0, 15)); // the first and two resumes
    BOOST_TEST(end.reply.error().detail().delivered == end.text);
}

// The second vendor cannot go on, whatever ails it: the first, which may be asked again, does.
BOOST_AUTO_TEST_CASE(where_nobody_else_goes_on_the_first_is_asked_again) {
    using Again = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                          baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                          baton::Resume<baton::Auto>, baton::Use<Spy>>;
    const Behaviour silent{Answer(), Fault::silence};
    const Behaviour ails[] = {silent,
                              fails(Errc::transient),
                              fails(Errc::auth),
                              fails(Errc::quota),
                              fails(Errc::invalid_request),
                              fails(Errc::not_found),
                              Behaviour(Answer(), Fault::reset_before_headers)};
    const auto first = [](int breaks) {
        return [breaks, n = 0](const ServedRequest& request) mutable {
            Behaviour b = goes_on(request);
            if (n++ < breaks) b.fault = Fault::reset_mid_body, b.at = n == 1 ? 40u : 0u;
            return b;
        };
    };
    for (const Behaviour& ail : ails) {
        Scene s;
        s.primary(first(1));
        s.net.serve("anthropic.test", always(ail));
        Again chat = s.chat<Again>(true);
        const Reader got = read(s, chat, hello());
        BOOST_TEST_REQUIRE(got.reply.has_value());
        BOOST_TEST(got.text == whole);
        BOOST_TEST(got.reply->provider == "openai");
        BOOST_TEST(s.asked("openai.test") == 2u);
        BOOST_TEST((got.reply->trace.attempts.back().resume != ResumeMode::none));
        BOOST_TEST((got.reply->trace.attempts.back().waited <= 500ms)); // a retry: it backs off
        if (ail.fault == Fault::silence) BOOST_TEST(s.asked("anthropic.test") == 1u);
    }
    { // nor if its breaker is open
        Scene s;
        s.net.serve("anthropic.test", always(fails(Errc::transient)));
        Again chat = s.make<Again>(openai(), anthropic(), s.spy,
                                   baton::HalfOpen::Options{.min_calls = 3, .open = 60s});
        s.primary(always(fails(Errc::auth)));
        s.stream(chat, hello());
        s.primary(first(1));
        const std::size_t before = s.asked("anthropic.test");
        const Reader got = read(s, chat, hello());
        BOOST_TEST(s.asked("anthropic.test") == before);
        BOOST_TEST_REQUIRE(got.reply.has_value());
        BOOST_TEST(got.text == whole);
    }
    { // it breaks again: as often as Retry allows, and nobody else is asked once more
        Scene s;
        s.primary(first(100));
        s.net.serve("anthropic.test", always(silent));
        Again chat = s.chat<Again>(true);
        const Reader got = read(s, chat, hello());
        BOOST_TEST_REQUIRE(got.reply.has_error());
        BOOST_TEST(got.reply.error().errc() == Errc::truncated);
        BOOST_TEST(got.reply.error().detail().delivered == got.text);
        BOOST_TEST(got.text == tokens(0, 40));
        BOOST_TEST(s.asked("openai.test") == 3u); // the first attempt and two retries
        BOOST_TEST(s.asked("anthropic.test") == 1u);
    }
    { // within the deadline
        Scene s;
        s.primary(first(1));
        s.net.serve("anthropic.test", always(silent));
        Again chat = s.chat<Again>(true);
        const Duration before = s.elapsed();
        const Reader got = read(s, chat, Request("Say sixty words.", baton::deadline(30s)));
        BOOST_TEST_REQUIRE(got.reply.has_error());
        BOOST_TEST((s.elapsed() - before <= 30s));
        BOOST_TEST(got.text == tokens(0, 40));
    }
    { // and not without a Retry
        Scene s;
        s.primary(first(1));
        s.net.serve("anthropic.test", always(silent));
        auto chat = s.chat<Resumed<baton::Auto>>(true);
        BOOST_TEST(read(s, chat, hello()).reply.has_error());
        BOOST_TEST(s.asked("openai.test") == 1u);
    }
}

BOOST_AUTO_TEST_CASE(all_who_share_a_stream_that_is_resumed_get_the_whole) {
    using Shared = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                           baton::Cache<baton::ExactMatch>, baton::Resume<baton::Auto>, baton::Use<Spy>>;
    for (const bool departs : {false, true}) {
        Scene s;
        Behaviour slow(Answer(whole, 60), Fault::reset_mid_body, 40);
        slow.tokens_per_write = 1;
        slow.gap = 10ms;
        s.primary(always(slow));
        const std::string other = tokens(0, 30) + "and now for something else";
        if (departs)
            s.net.serve("anthropic.test", [&](const ServedRequest& request) {
                if (request.incoming.request.messages.size() > 1) return fails(Errc::invalid_request);
                return Behaviour(Answer(other, 40));
            });
        Shared chat = s.chat<Shared>(true);
        std::vector<Reader> readers(4);
        for (Reader& reader : readers) {
            asio::co_spawn(s.io, read_seams(chat, hello(), reader), asio::detached);
            s.clock.advance(s.io, 100ms);
        }
        const auto unary = s.start_complete(chat, hello());
        s.run();
        for (const Reader& reader : readers) {
            BOOST_TEST_REQUIRE(reader.reply.has_value());
            BOOST_TEST(reader.text == (departs ? other : whole));
            BOOST_TEST(reader.reply->text() == (departs ? other : whole));
        }
        BOOST_TEST(unary->result.reply->text() == (departs ? other : whole));
    }
}

BOOST_AUTO_TEST_CASE(half_a_call_is_no_part_of_an_answer_that_makes_none) {
    const Behaviour cut = cut_in_the_call();
    Scene s;
    s.primary(always(cut));
    s.net.serve("anthropic.test", always(Behaviour(Answer("Let me see. It rains.", 5))));
    auto chat = s.chat<Resumed<baton::Auto>>(true);
    const Reader got = read(s, chat, Request("Weather?", baton::tools(baton::Tool("weather", "tells it"))));
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.reply->text() == "Let me see. It rains.");
    BOOST_TEST(got.text == got.reply->text());
    for (const baton::Part& part : got.reply->parts) BOOST_TEST((part.kind != baton::Part::Kind::tool_call));
    BOOST_TEST_REQUIRE(!got.seams.empty());
    BOOST_TEST((got.seams.back() == baton::Delta::Seam::restarted));
}

BOOST_AUTO_TEST_CASE(a_filter_that_refuses_the_continuation_is_not_routed_around) {
    using One = baton::As<"one", baton::OpenAI>;
    using Two = baton::As<"two", baton::OpenAI>;
    using Three = Virtual<baton::Provider<One>, baton::Provider<Two>, baton::Provider<baton::Anthropic>,
                          baton::Resume<baton::Auto>, baton::Use<Spy>>;
    Scene s;
    s.primary(cut_after(40));
    s.net.serve("two.test", always(fails(Errc::content_filtered)));
    Three chat =
        s.make<Three>(baton::on<One>(openai()),
                      baton::on<Two>(baton::OpenAI::Options{.base_url = "http://two.test/v1", .key = "k"}),
                      anthropic(), s.spy);
    const Reader got = read(s, chat, hello());
    BOOST_TEST_REQUIRE(got.reply.has_error());
    BOOST_TEST(got.reply.error().errc() == Errc::truncated);
    BOOST_TEST(s.asked("two.test") == 1u);
    BOOST_TEST(s.asked("anthropic.test") == 0u);
}

BOOST_AUTO_TEST_CASE(a_stream_whose_vendor_goes_away_is_not_asked_for_without_end) {
    using Keys = Virtual<baton::Provider<baton::OpenAI>, baton::Resume<baton::Auto>,
                         baton::Health<baton::Passive>, baton::Use<Spy>>;
    Scene s;
    s.net.serve("a.test", always(fails(Errc::auth)));
    s.net.serve("b.test", cut_after(40));
    s.net.on_connect("b.test", [](std::uint64_t number) {
        return number == 1 ? baton::testing::Accept::yes() : baton::testing::Accept::refuse();
    });
    Keys chat =
        s.make<Keys>(baton::endpoints<baton::OpenAI>(baton::Endpoint("http://a.test/v1").with_key("k-a"),
                                                     baton::Endpoint("http://b.test/v1").with_key("k-b")),
                     s.spy);
    const Reader got = read(s, chat, hello());
    BOOST_TEST_REQUIRE(got.reply.has_error());
    BOOST_TEST(got.reply.error().errc() == Errc::truncated);
    BOOST_TEST(got.reply.error().detail().trace.attempts.size() <= 5u);
}

BOOST_AUTO_TEST_SUITE_END()
