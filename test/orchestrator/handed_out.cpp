// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What a caller has been handed: Stream::so_far() while it reads, `delivered` of the error if it does not get
// all. Neither less nor more, whoever else reads the same answer, and wherever the deltas come from.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <algorithm>

using namespace lab;

BOOST_AUTO_TEST_SUITE(handed_out)

namespace {

const std::string whole = "one two three four five six seven eight ";

Behaviour slowly(Answer answer = Answer(whole, 8)) {
    Behaviour behaviour(std::move(answer));
    behaviour.tokens_per_write = 1;
    behaviour.gap = 10ms;
    return behaviour;
}
Answer with_a_call() {
    Answer answer(whole, 8);
    answer.tool_calls.push_back(Answer::ToolCall("c1", "weather", R"({"city":"Berlin","unit":"C"})", 4));
    return answer;
}

/// What one reader got, and whether so_far() said the same after each delta.
struct Reader {
    std::string text, arguments;
    int deltas = 0;
    bool same = true, asleep = false, ended = false;
    std::string so_far_at_end;
    result<Reply> reply = baton::Error(Errc::cancelled, "has not ended");

    std::string delivered() const { return reply ? std::string() : reply.error().detail().delivered; }
};

/// Reads; after `pause` deltas it sleeps for ten seconds.
template <class Chat>
asio::awaitable<void> read(Lab& lab, Chat& chat, Reader& reader, int pause = -1,
                           Request request = Request("Count to eight.")) {
    auto stream = chat.stream(std::move(request));
    reader.same = stream.so_far().parts.empty();
    while (auto delta = co_await stream.next()) {
        ++reader.deltas;
        if (delta->seam == baton::Delta::Seam::restarted) reader.arguments.clear();
        reader.text.resize(reader.text.size() - delta->retract);
        reader.text += delta->text;
        for (const auto& fragment : delta->tools) reader.arguments += fragment.arguments;
        const auto check = [&] {
            const Reply& so_far = stream.so_far();
            std::string arguments;
            for (const baton::Part& part : so_far.parts) {
                if (part.kind == baton::Part::Kind::tool_call) arguments += part.text;
            }
            reader.same = reader.same && so_far.text() == reader.text && arguments == reader.arguments &&
                          so_far.trace.attempts.empty() == so_far.trace.cache_hit;
        };
        check();
        if (reader.deltas == pause) {
            auto timer = lab.clock.timer(lab.io.get_executor());
            timer.expires_at(lab.clock.now() + 10s);
            reader.asleep = true;
            co_await timer.async_wait(asio::as_tuple(asio::deferred));
            reader.asleep = false;
        }
    }
    reader.so_far_at_end = stream.so_far().text();
    reader.reply = stream.reply();
    reader.ended = true;
}

void got_all(const Reader& reader, const std::string& text = whole) {
    BOOST_TEST_REQUIRE(reader.ended);
    BOOST_TEST_REQUIRE(reader.reply.has_value());
    BOOST_TEST(reader.same);
    BOOST_TEST(reader.text == text);
    BOOST_TEST(reader.so_far_at_end == text);
}
void got_part(const Reader& reader, Errc errc) {
    BOOST_TEST_REQUIRE(reader.ended);
    BOOST_TEST_REQUIRE(reader.reply.has_error());
    BOOST_TEST(reader.reply.error().errc() == errc);
    BOOST_TEST(reader.same);
    BOOST_TEST(reader.delivered() == reader.text);
    BOOST_TEST(reader.so_far_at_end.empty());
}

using Plain = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>>;
using Shared = Virtual<baton::Provider<baton::OpenAI>, baton::Cache<baton::ExactMatch>, baton::Use<Spy>>;

struct Bench : Lab {
    template <class Chat>
    void start(Chat& chat, Reader& reader, int pause = -1) {
        asio::co_spawn(io, read(*this, chat, reader, pause), asio::detached);
    }
};

/// Accepts at the end: until then a stream is held back.
struct Judge {
    baton::Judgement on_reply(Reply&, baton::Draft&) { return {}; }
};

} // namespace

BOOST_AUTO_TEST_CASE(of_a_stream_that_arrives_whole_or_breaks) {
    for (const bool calls : {false, true}) {
        for (const Fault fault : {Fault::none, Fault::reset_mid_body}) {
            for (const auto host : {openai_url, anthropic_url}) {
                Bench b;
                b.net.serve(host == openai_url ? "openai.test" : "anthropic.test", [&](const ServedRequest&) {
                    Behaviour behaviour = slowly(calls ? with_a_call() : Answer(whole, 8));
                    behaviour.fault = fault;
                    behaviour.at = 5;
                    return behaviour;
                });
                Plain chat = host == openai_url ? b.make<Plain>(openai()) : b.make<Plain>(anthropic());
                Reader reader;
                b.start(chat, reader);
                b.run();
                fault == Fault::none ? got_all(reader) : got_part(reader, Errc::truncated);
                BOOST_TEST(reader.deltas >= 5);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(of_a_stream_that_is_resumed_and_departs) {
    using Resumed = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                            baton::Resume<baton::Restart>>;
    for (const std::string& second : {whole, std::string("one two three and no more")}) {
        Bench b;
        Behaviour breaks = slowly();
        breaks.fault = Fault::reset_mid_body;
        breaks.at = 5;
        b.net.serve("openai.test", always(breaks));
        b.net.serve("anthropic.test", always(slowly(Answer(second, 6))));
        Resumed chat = b.make<Resumed>(openai(), anthropic());
        Reader reader;
        b.start(chat, reader);
        b.run();
        got_all(reader, second);
    }
}

BOOST_AUTO_TEST_CASE(of_what_comes_from_elsewhere) {
    { // from the cache, and from a policy that held it back
        for (const bool calls : {false, true}) {
            Bench b;
            b.net.serve("openai.test", always(slowly(calls ? with_a_call() : Answer(whole, 8))));
            Shared chat = b.make<Shared>(openai(), b.spy);
            for (int i = 0; i < 2; ++i) {
                Reader reader;
                b.start(chat, reader);
                b.run();
                got_all(reader);
                if (!calls) BOOST_TEST(reader.reply->trace.cache_hit == (i == 1));
            }
            using Judged = Virtual<baton::Provider<baton::OpenAI>, baton::Use<Judge>>;
            Judged judged = b.make<Judged>(openai());
            Reader reader;
            b.start(judged, reader);
            b.run();
            got_all(reader);
        }
    }
    // from a rival
    using Hedged = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                           baton::Hedge<baton::AfterP95>>;
    Bench b;
    Duration delay = 100ms;
    b.net.serve("openai.test", [&](const ServedRequest&) {
        Behaviour behaviour = slowly();
        behaviour.delay = delay;
        return behaviour;
    });
    b.net.serve("anthropic.test", always(slowly()));
    Hedged chat = b.make<Hedged>(openai(), anthropic());
    for (int i = 0; i < 40; ++i) (void)b.stream(chat, Request("Warm up"));
    delay = 5s;
    Reader reader;
    b.start(chat, reader);
    b.run();
    got_all(reader);
    BOOST_TEST(reader.reply->provider == "anthropic");
}

// One reader rests, the other runs ahead to the end; then the orchestrator goes.
BOOST_AUTO_TEST_CASE(of_a_reader_that_others_have_left_behind) {
    for (const bool slow_is_first : {true, false}) {
        for (const int pause : {1, 3, 7}) {
            Bench b;
            b.net.serve("openai.test", always(slowly()));
            std::optional<Shared> chat;
            chat.emplace(b.make<Shared>(openai(), b.spy));
            Reader slow, quick;
            const auto start = [&](Reader& reader) { b.start(*chat, reader, &reader == &slow ? pause : -1); };
            start(slow_is_first ? slow : quick);
            start(slow_is_first ? quick : slow);
            b.clock.advance(b.io, 5s);
            got_all(quick);
            BOOST_TEST_REQUIRE(slow.asleep);
            BOOST_TEST(slow.text.size() < whole.size());
            BOOST_TEST(b.net.requests().size() == 1u);
            chat.reset();
            b.run();
            got_part(slow, Errc::cancelled);
        }
    }
}

// The last reader leaves an answer of which another, who left before, had seen more.
BOOST_AUTO_TEST_CASE(of_the_last_reader_of_an_answer_that_is_not_whole) {
    Bench b;
    Behaviour behaviour = slowly();
    behaviour.fault = Fault::stall;
    behaviour.at = 6;
    b.net.serve("openai.test", always(behaviour));
    std::optional<Shared> chat;
    chat.emplace(b.make<Shared>(openai(), b.spy));
    Reader slow;
    b.start(*chat, slow, 2);
    const auto quick = b.start_stream(*chat, Request("Count to eight."));
    b.clock.advance(b.io, 1s);
    BOOST_TEST_REQUIRE(slow.asleep);
    BOOST_TEST((!quick->result.text.empty() && quick->result.text.size() < whole.size()));
    quick->signal.emit(asio::cancellation_type::terminal);
    b.clock.advance(b.io, 1s);
    BOOST_TEST(quick->result.errc() == Errc::cancelled);
    BOOST_TEST(quick->result.reply.error().detail().delivered == quick->result.text);
    chat.reset();
    b.run();
    got_part(slow, Errc::cancelled);
    BOOST_TEST(slow.text.size() < quick->result.text.size());
}

// A unary caller was handed nothing of the stream that it had joined.
BOOST_AUTO_TEST_CASE(of_a_caller_who_waits_for_all_of_it) {
    Bench b;
    b.net.serve("openai.test", always(slowly()));
    b.net.settings().max_reply = 800; // of events: not what another vendor does better
    Shared chat = b.make<Shared>(openai(), b.spy);
    Reader streamed;
    b.start(chat, streamed);
    const auto unary = b.start_complete(chat, Request("Count to eight."));
    b.run();
    got_part(streamed, Errc::too_large);
    BOOST_TEST(!streamed.text.empty());
    BOOST_TEST(unary->result.errc() == Errc::too_large);
    BOOST_TEST(unary->result.reply.error().detail().delivered.empty());
}

// Wherever the cancellation comes, also while a delta is on its way between two strands.
template <class Chat>
void cancelled_anywhere() {
    bool ended = false;
    int cut = 0;
    for (int steps = 0; !ended && steps < 1000; ++steps) {
        Bench b;
        b.net.serve("openai.test", always(slowly()));
        Chat chat = b.make<Chat>(openai(), b.spy);
        const auto call = b.start_stream(chat, Request("Count to eight."));
        for (int i = 0; i < steps; ++i) b.clock.step(b.io);
        ended = call->finished > 0;
        call->signal.emit(asio::cancellation_type::terminal);
        b.run();
        BOOST_TEST(call->finished == 1);
        BOOST_TEST(!call->thrown);
        if (call->result.reply) continue;
        BOOST_TEST(call->result.errc() == Errc::cancelled);
        BOOST_TEST(call->result.reply.error().detail().delivered == call->result.text);
        cut += !call->result.text.empty();
    }
    BOOST_TEST(ended);
    BOOST_TEST(cut >= 8); // in each pause between two pieces
}

BOOST_AUTO_TEST_CASE(of_a_caller_who_cancels) {
    cancelled_anywhere<Virtual<baton::Provider<baton::OpenAI>, baton::Use<Spy>>>();
    cancelled_anywhere<Shared>();
    cancelled_anywhere<
        Virtual<baton::Provider<baton::OpenAI>, baton::Use<Spy>, baton::Threads<baton::Multi>>>();
    cancelled_anywhere<Virtual<baton::Provider<baton::OpenAI>, baton::Cache<baton::ExactMatch>,
                               baton::Use<Spy>, baton::Threads<baton::Multi>>>();
}

BOOST_AUTO_TEST_SUITE_END()
