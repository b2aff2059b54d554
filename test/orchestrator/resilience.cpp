// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The sixteen ways a provider breaks, each with and without a fallback, whole and streamed; and what Resume,
// Hedge, Limit, Balance and Health add to a call. In virtual time.
#define BOOST_TEST_MODULE resilience
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <algorithm>
#include <vector>

using namespace lab;

BOOST_AUTO_TEST_SUITE(resilience)

namespace {

using baton::ResumeMode;
using baton::testing::CannedResponse;

template <class... More>
using Full =
    Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
            baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>, baton::Fallback<baton::InOrder>,
            baton::Resume<baton::Auto>, baton::Health<baton::Passive>, baton::Use<Spy>, More...>;
using Chat = Full<>;

// Sixty tokens that are told apart.
std::string sixty() {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "w" + std::to_string(100 + i) + " ";
    return text;
}
const std::string whole = sixty();
std::string tokens(int from, int to) {
    return whole.substr(std::size_t(from) * 5, std::size_t(to - from) * 5);
}

/// A vendor that continues what it is shown, as a good model does; else says all of it.
Behaviour goes_on(const ServedRequest& request, std::string_view lead = {}) {
    for (const baton::Message& message : request.incoming.request.messages) {
        if (message.role != baton::Role::assistant) continue;
        const std::string said = message.text();
        std::string rest(lead);
        rest += whole.substr(std::min(whole.size(), said.size()));
        return Behaviour(Answer(rest, std::max<std::size_t>(1, rest.size() / 5)));
    }
    return Behaviour(Answer(whole, 60));
}

struct Scene : Lab {
    template <class C = Chat, class... Options>
    C chat(bool fallback, Options&&... options) {
        if (fallback) return make<C>(openai(), anthropic(), spy, std::forward<Options>(options)...);
        return make<C>(openai(), spy, std::forward<Options>(options)...);
    }
    void primary(Script script) { net.serve("openai.test", std::move(script)); }
    Scene() {
        net.serve("anthropic.test", [](const ServedRequest& request) { return goes_on(request); });
    }
    ~Scene() {
        BOOST_TEST(net.misused() == 0u);
        BOOST_TEST(net.open() == 0u);
    }
    std::size_t asked(std::string_view host) const {
        return static_cast<std::size_t>(
            std::count_if(net.requests().begin(), net.requests().end(),
                          [&](const ServedRequest& request) { return request.header("host") == host; }));
    }
};

Request hello() { return Request("Say sixty words."); }

/// Runs `check(scene, result, streamed, fallback)` in all four modes.
template <class C = Chat, class Setup, class Check>
void in_every_mode(Setup setup, Check check) {
    for (const bool fallback : {false, true}) {
        for (const bool streamed : {false, true}) {
            BOOST_TEST_CONTEXT((fallback ? "with" : "without")
                               << " a fallback, " << (streamed ? "streamed" : "whole")) {
                Scene scene;
                setup(scene);
                C chat = scene.chat<C>(fallback);
                const Result got = scene.ask(chat, streamed, hello());
                BOOST_TEST(got.ended);
                if (streamed && got.reply) BOOST_TEST(got.text == got.reply->text());
                check(scene, got, streamed, fallback);
            }
        }
    }
}

void is_whole(const Result& got) {
    BOOST_TEST_REQUIRE(got.reply.has_value(), (got.reply ? "" : got.reply.error().what()));
    BOOST_TEST(got.reply->text() == whole);
}

Behaviour answers() { return Behaviour(Answer(whole, 60)); }

} // namespace

// --- the sixteen

BOOST_AUTO_TEST_CASE(fault_1_a_short_wait_is_honoured_on_the_same_target) {
    in_every_mode(
        [](Scene& s) { s.primary(sequence(fails(Errc::rate_limited, "retry-after: 2\r\n"), answers())); },
        [](Scene& s, const Result& got, bool, bool) {
            is_whole(got);
            BOOST_TEST(!got.reply->served_by_fallback);
            BOOST_TEST(s.elapsed() >= 1800ms);
            BOOST_TEST(s.elapsed() <= 2300ms);
        });
}

BOOST_AUTO_TEST_CASE(fault_1_a_long_wait_moves_on) {
    in_every_mode([](Scene& s) { s.primary(always(fails(Errc::rate_limited, "retry-after: 90\r\n"))); },
                  [](Scene& s, const Result& got, bool, bool fallback) {
                      BOOST_TEST(s.asked("openai.test") == 1u);
                      BOOST_TEST(s.elapsed() < 1s);
                      if (fallback) return is_whole(got);
                      BOOST_TEST(got.errc() == Errc::rate_limited);
                      BOOST_TEST((got.reply.error().detail().retry_after == Duration(90s)));
                  });
}

BOOST_AUTO_TEST_CASE(fault_2_limited_for_ever) {
    in_every_mode([](Scene& s) { s.primary(always(fails(Errc::rate_limited))); },
                  [](Scene& s, const Result& got, bool, bool fallback) {
                      BOOST_TEST(s.asked("openai.test") <= 4u);
                      BOOST_TEST(s.elapsed() <= 3s);
                      BOOST_TEST(s.net.requests().size() <= 6u);
                      if (fallback) return is_whole(got);
                      BOOST_TEST(got.errc() == Errc::rate_limited);
                  });
}

BOOST_AUTO_TEST_CASE(fault_3_one_500) {
    in_every_mode([](Scene& s) { s.primary(sequence(fails(Errc::transient), answers())); },
                  [](Scene&, const Result& got, bool, bool) {
                      is_whole(got);
                      BOOST_TEST(!got.reply->served_by_fallback);
                  });
}

BOOST_AUTO_TEST_CASE(fault_4_503_for_ever) {
    in_every_mode([](Scene& s) { s.primary(always(fails(Errc::transient))); },
                  [](Scene& s, const Result& got, bool, bool fallback) {
                      BOOST_TEST(s.asked("openai.test") == 3u);
                      if (fallback) return is_whole(got);
                      BOOST_TEST(got.errc() == Errc::transient);
                  });
}

BOOST_AUTO_TEST_CASE(fault_5_reset_before_headers) {
    in_every_mode(
        [](Scene& s) {
            s.primary(sequence(Behaviour(Answer(whole, 60), Fault::reset_before_headers), answers()));
        },
        [](Scene&, const Result& got, bool, bool) { is_whole(got); });
}

BOOST_AUTO_TEST_CASE(fault_6_no_answer_at_all) {
    for (const bool fallback : {false, true}) {
        Scene s;
        Behaviour silent;
        silent.fault = Fault::silence;
        s.primary(always(silent));
        Chat chat = s.chat(fallback, baton::Limits::Options{.first_token = 10s, .first_byte_unary = 10s});
        const Result got = s.stream(chat, hello());
        BOOST_TEST(s.asked("openai.test") == 1u); // a silent route is not tried twice
        BOOST_TEST(s.elapsed() < 11s);
        if (fallback) {
            is_whole(got);
        } else {
            BOOST_TEST(got.errc() == Errc::timeout_first_token);
        }
    }
}

BOOST_AUTO_TEST_CASE(fault_7_headers_at_once_and_the_first_token_late) {
    for (const bool fallback : {false, true}) {
        Scene s;
        Behaviour late = answers();
        late.fault = Fault::trickle; // headers come, and bytes, but no content for 20 s
        late.step = 100ms;
        s.primary(always(late));
        Chat chat = s.chat(fallback, baton::Limits::Options{.first_token = 5s});
        const Result got = s.stream(chat, hello());
        BOOST_TEST(s.asked("openai.test") == 1u);
        BOOST_TEST(s.elapsed() < 6s);
        if (fallback) {
            is_whole(got);
            BOOST_TEST(got.reply->served_by_fallback);
        } else {
            BOOST_TEST(got.errc() == Errc::timeout_first_token);
        }
    }
}

BOOST_AUTO_TEST_CASE(fault_8_a_stream_cut_after_40_of_60_tokens) {
    for (const Fault fault : {Fault::reset_mid_body, Fault::close_mid_body, Fault::missing_last_chunk,
                              Fault::bad_chunk_size, Fault::error_event}) {
        for (const bool fallback : {false, true}) {
            BOOST_TEST_CONTEXT(baton::testing::to_string(fault) << (fallback ? ", fallback" : "")) {
                Scene s;
                s.primary([fault](const ServedRequest& request) {
                    Behaviour cut = goes_on(request);
                    if (request.attempt > 1 || request.incoming.request.messages.size() > 1) return cut;
                    cut.fault = fault;
                    cut.at = 40;
                    return cut;
                });
                Chat chat = s.chat(fallback);
                const Result got = s.stream(chat, hello());
                is_whole(got);
                BOOST_TEST(got.text == whole);
                if (fault == Fault::missing_last_chunk) continue; // all tokens and the end were there
                const auto& attempts = got.reply->trace.attempts;
                BOOST_TEST((attempts.back().resume != ResumeMode::none));
                // both are accounted for: the broken one by what was seen of it
                const auto broken = std::find_if(attempts.begin(), attempts.end(), [](const auto& a) {
                    return a.outcome != Errc::ok && a.sent;
                });
                BOOST_TEST_REQUIRE((broken != attempts.end()));
                BOOST_TEST(broken->usage.estimated);
                BOOST_TEST(broken->request_id == "req_1"); // to ask the vendor about
                BOOST_TEST(broken->usage.output_tokens >= 40u);
                BOOST_TEST(got.reply->usage.total_output() ==
                           broken->usage.total_output() + attempts.back().usage.total_output());
                BOOST_TEST(got.reply->usage.estimated);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(fault_8_without_resume_it_is_a_clear_error) {
    using Plain = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                          baton::Retry<baton::ExpBackoff>, baton::Resume<baton::Never>, baton::Use<Spy>>;
    Scene s;
    s.primary(always(Behaviour(Answer(whole, 60), Fault::reset_mid_body, 40)));
    Plain chat = s.chat<Plain>(true);
    const Result got = s.stream(chat, hello());
    BOOST_TEST(got.errc() == Errc::truncated);
    BOOST_TEST(got.text == tokens(0, 40));
    BOOST_TEST(got.reply.error().detail().delivered == tokens(0, 40));
    BOOST_TEST(s.net.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(fault_9_silent_after_20_tokens) {
    for (const bool fallback : {false, true}) {
        Scene s;
        s.primary([](const ServedRequest& request) {
            Behaviour stalled = goes_on(request);
            if (request.incoming.request.messages.size() > 1) return stalled;
            stalled.fault = Fault::stall;
            stalled.at = 20;
            return stalled;
        });
        Chat chat = s.chat(fallback, baton::Limits::Options{.idle = 8s});
        const Result got = s.stream(chat, hello());
        is_whole(got);
        BOOST_TEST(got.text == whole);
        BOOST_TEST(s.elapsed() < 12s);
    }
}

BOOST_AUTO_TEST_CASE(fault_10_one_malformed_event_is_skipped_and_counted) {
    for (const bool fallback : {false, true}) {
        Scene s;
        s.primary(always(Behaviour(Answer(whole, 60), Fault::bad_json, 30)));
        Chat chat = s.chat(fallback);
        const Result got = s.stream(chat, hello());
        is_whole(got);
        BOOST_TEST(got.reply->trace.attempts.back().malformed_events == 1u);
        BOOST_TEST(!got.reply->served_by_fallback);
    }
    Scene s;
    s.net.settings().max_malformed = 0;
    s.primary(always(Behaviour(Answer(whole, 60), Fault::bad_json, 30)));
    using Plain = Virtual<baton::Provider<baton::OpenAI>, baton::Use<Spy>>;
    Plain chat = s.make<Plain>(openai(), s.spy);
    BOOST_TEST(s.stream(chat, hello()).errc() == Errc::protocol);
}

BOOST_AUTO_TEST_CASE(fault_11_no_done) {
    in_every_mode([](Scene& s) { s.primary(always(Behaviour(Answer(whole, 60), Fault::missing_done))); },
                  [](Scene& s, const Result& got, bool streamed, bool) {
                      if (!streamed) return; // a whole body has none
                      is_whole(got);
                      BOOST_TEST(got.reply->usage.reported);
                      BOOST_TEST(s.elapsed() < 1s);
                      BOOST_TEST(s.net.requests().size() == 1u);
                  });
}

BOOST_AUTO_TEST_CASE(fault_12_context_exceeded_moves_to_the_larger_model_only) {
    using Routed = Full<baton::Route<baton::ByTask>>;
    for (const bool larger : {false, true}) {
        for (const bool streamed : {false, true}) {
            Scene s;
            s.primary(always(fails(Errc::context_overflow)));
            Routed chat = s.make<Routed>(
                openai(), anthropic(), s.spy,
                baton::ByTask{baton::otherwise(
                    baton::to<baton::OpenAI>("small").max_context(8'000),
                    baton::to<baton::Anthropic>("large").max_context(larger ? 200'000 : 8'000))});
            const Result got = s.ask(chat, streamed, hello());
            BOOST_TEST(s.asked("openai.test") == 1u);
            if (larger) {
                is_whole(got);
            } else {
                BOOST_TEST(got.errc() == Errc::context_overflow);
                BOOST_TEST(s.net.requests().size() == 1u);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(fault_13_the_content_filter_is_never_routed_around_unless_asked) {
    in_every_mode([](Scene& s) { s.primary(always(fails(Errc::content_filtered))); },
                  [](Scene& s, const Result& got, bool, bool) {
                      BOOST_TEST(got.errc() == Errc::content_filtered);
                      BOOST_TEST(s.net.requests().size() == 1u);
                      BOOST_TEST(got.reply.error().detail().message.find("because of the test") !=
                                 std::string::npos);
                  });
    using Around = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                           baton::Fallback<baton::AlsoOnContentFilter>, baton::Use<Spy>>;
    Scene s;
    s.primary(always(fails(Errc::content_filtered)));
    Around chat = s.chat<Around>(true);
    is_whole(s.complete(chat, hello()));
}

BOOST_AUTO_TEST_CASE(fault_14_a_fallback_that_refuses_the_continuation) {
    Scene s;
    s.primary(always(Behaviour(Answer(whole, 60), Fault::reset_mid_body, 40)));
    // it takes no assistant turn, however it is put
    s.net.serve("anthropic.test", [](const ServedRequest& request) {
        if (request.incoming.request.messages.size() > 1) return fails(Errc::invalid_request);
        return answers();
    });
    Chat chat = s.chat(true);
    std::vector<baton::Delta::Seam> seams;
    const Result got = s.stream(chat, hello());
    is_whole(got);
    BOOST_TEST(got.text == whole);
    BOOST_TEST((got.reply->trace.attempts.back().resume == ResumeMode::restart));

    // and if all refuse everything, the caller sees how the stream broke, not the refusal
    s.net.serve("anthropic.test", always(fails(Errc::invalid_request)));
    const Result lost = s.stream(chat, hello());
    BOOST_TEST(lost.errc() == Errc::truncated);
    BOOST_TEST(lost.text == tokens(0, 40));
}

BOOST_AUTO_TEST_CASE(fault_15_primary_down_for_a_minute) {
    Scene s;
    bool down = false;
    s.primary([&](const ServedRequest&) { return down ? fails(Errc::transient) : answers(); });
    Chat chat = s.chat(true);
    const auto second = [&] { // two calls, then time passes
        std::vector<std::shared_ptr<Running>> calls;
        for (int i = 0; i < 2; ++i) calls.push_back(s.start_stream(chat, hello()));
        s.clock.advance(s.io, 1s);
        return calls;
    };
    std::vector<std::shared_ptr<Running>> all;
    const auto minute = [&](int seconds) {
        for (int i = 0; i < seconds; ++i)
            for (auto& call : second()) all.push_back(call);
    };
    minute(30);
    down = true;
    minute(20); // until the breaker has seen enough
    const std::size_t before = s.asked("openai.test");
    minute(40);
    const std::size_t probes = s.asked("openai.test") - before;
    down = false;
    const std::size_t at_recovery = s.asked("anthropic.test");
    minute(30);
    BOOST_TEST(s.asked("anthropic.test") > 60u);
    BOOST_TEST(probes <= 12u); // of 80 calls
    minute(30);
    const std::size_t settled = s.asked("anthropic.test");
    minute(10);
    BOOST_TEST(s.asked("anthropic.test") == settled); // the primary serves again
    BOOST_TEST(settled - at_recovery <= 62u);
    s.run();
    for (const auto& call : all) is_whole(call->result);
}

BOOST_AUTO_TEST_CASE(fault_16_accounting_after_a_fail_over) {
    in_every_mode([](Scene& s) { s.primary(always(fails(Errc::transient))); },
                  [](Scene&, const Result& got, bool, bool fallback) {
                      if (!fallback) return;
                      is_whole(got);
                      BOOST_TEST(got.reply->provider == "anthropic");
                      BOOST_TEST(got.reply->served_by_fallback);
                      const auto& attempts = got.reply->trace.attempts;
                      BOOST_TEST(attempts.size() == 4u);
                      for (std::size_t i = 0; i < 3; ++i) {
                          BOOST_TEST(attempts[i].sent);
                          BOOST_TEST(attempts[i].usage.total() == 0u); // refused: not billed
                      }
                      BOOST_TEST((got.reply->usage == attempts.back().usage));
                      BOOST_TEST(!got.reply->usage.estimated);
                      BOOST_TEST(got.reply->model == attempts.back().model);
                  });
}

// The last words were there, and the connection went before the vendor had said what they cost.
BOOST_AUTO_TEST_CASE(an_answer_cut_before_its_usage_is_charged_as_estimated_and_says_so) {
    const auto cut_before_usage = [](Scene& s, std::string_view mark) {
        const std::size_t usage = s.net.last_answer().rfind(mark);
        BOOST_TEST_REQUIRE(usage != std::string::npos);
        s.net.cut(s.net.last_answer().rfind("data:", usage), baton::testing::AnswerPlan::End::close);
    };
    Scene s;
    s.primary(always(answers()));
    Chat chat = s.chat(false);
    const Result good = s.stream(chat, hello());
    is_whole(good);
    BOOST_TEST((good.reply->usage.reported && !good.reply->usage.estimated));
    cut_before_usage(s, "\"usage\":{");
    const Result got = s.stream(chat, hello());
    is_whole(got);
    BOOST_TEST(got.reply->trace.sent() == 1u);
    const baton::Usage& usage = got.reply->trace.attempts.back().usage;
    BOOST_TEST((usage.estimated && !usage.reported));
    BOOST_TEST(usage.output_tokens >= 60u);
    BOOST_TEST(usage.input_tokens > 0u);
    BOOST_TEST((got.reply->usage == usage));
    BOOST_TEST((s.spy.state->attempts.back().usage == usage));

    // behind a seam: what both took, each once
    Scene t;
    t.primary(always(Behaviour(Answer(whole, 60), Fault::reset_mid_body, 40)));
    t.net.serve("anthropic.test", [&](const ServedRequest& request) {
        Behaviour behaviour = goes_on(request);
        behaviour.fault = Fault::reset_mid_body; // its usage comes with its end
        behaviour.at = 19;
        return behaviour;
    });
    using Once = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                         baton::Resume<baton::Auto>, baton::Use<Spy>>;
    Once once = t.chat<Once>(true);
    const Result broken = t.stream(once, hello());
    BOOST_TEST_REQUIRE(broken.reply.has_error());
    for (const baton::Attempt& attempt : broken.reply.error().detail().trace.attempts) {
        BOOST_TEST(attempt.usage.estimated);
        BOOST_TEST(attempt.usage.total_output() >= 19u);
    }
}

// --- Resume

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
    Answer calls;
    calls.tokens = {"Let ", "me ", "see. "};
    calls.tool_calls.push_back(Answer::ToolCall("c1", "weather", R"({"city":"Berlin","unit":"C"})", 6));
    Behaviour cut(calls);
    cut.fault = Fault::reset_mid_body;
    cut.at = 3;
    cut.count = 700; // bytes: in the middle of the call
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

BOOST_AUTO_TEST_CASE(every_cut_and_every_seam_gives_the_whole) {
    for (const Fault fault : {Fault::reset_mid_body, Fault::close_mid_body, Fault::error_event}) {
        for (std::size_t at = 1; at < 60; ++at) {
            Scene s;
            s.primary(cut_after(at, fault));
            Chat chat = s.chat(true);
            const Result got = s.stream(chat, hello());
            BOOST_TEST_CONTEXT(baton::testing::to_string(fault) << " after " << at) {
                is_whole(got);
                BOOST_TEST(got.text == whole);
            }
        }
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

// --- stale cache, fallback hook

BOOST_AUTO_TEST_CASE(the_last_stage_is_an_answer_past_its_time) {
    using Stale = Virtual<baton::Provider<baton::OpenAI>, baton::Cache<baton::ExactMatch>,
                          baton::Fallback<baton::InOrder, baton::StaleCache>, baton::Use<Spy>>;
    for (const bool streamed : {false, true}) {
        Scene s;
        bool down = false;
        s.primary([&](const ServedRequest&) { return down ? fails(Errc::transient) : answers(); });
        Stale chat = s.make<Stale>(openai(), s.spy, baton::ExactMatch::Options{.ttl = 60s},
                                   baton::StaleCache::Options{.max_stale = 1h});
        is_whole(s.ask(chat, streamed, hello()));
        down = true;
        s.clock.advance(s.io, 120s);
        const Result got = s.ask(chat, streamed, hello());
        is_whole(got);
        BOOST_TEST(got.reply->trace.stale);
        BOOST_TEST(!got.reply->trace.cache_hit);
        BOOST_TEST(got.reply->trace.attempts.back().outcome == Errc::transient);
        if (streamed) BOOST_TEST(got.text == whole);
        // an error of the caller's own is not hidden by it, nor is another tenant served
        s.primary(always(fails(Errc::invalid_request)));
        BOOST_TEST(s.ask(chat, streamed, hello()).errc() == Errc::invalid_request);
        s.primary(always(fails(Errc::transient)));
        BOOST_TEST(s.ask(chat, streamed, Request("Say sixty words.", baton::tenant("other"))).errc() ==
                   Errc::transient);
        s.clock.advance(s.io, 2h);
        BOOST_TEST(s.ask(chat, streamed, hello()).errc() == Errc::transient);
    }
}

namespace {
struct SawFallback {
    void on_fallback(const baton::Attempt& from, const baton::Target& to) {
        log->push_back(std::string(from.provider) + " -> " + std::string(to.provider_name));
    }
    std::shared_ptr<std::vector<std::string>> log = std::make_shared<std::vector<std::string>>();
};
} // namespace

BOOST_AUTO_TEST_CASE(a_hook_hears_of_every_move) {
    using Watched =
        Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>, baton::Use<SawFallback>>;
    Scene s;
    SawFallback saw;
    s.primary(sequence(answers(), fails(Errc::transient)));
    Watched chat = s.make<Watched>(openai(), anthropic(), saw);
    s.complete(chat, hello());
    BOOST_TEST(saw.log->empty());
    s.complete(chat, hello());
    BOOST_TEST_REQUIRE(saw.log->size() == 1u);
    BOOST_TEST(saw.log->front() == "openai -> anthropic");
}

// --- endpoints: Balance, Health

namespace {
baton::Endpoints<baton::OpenAI> three() {
    return baton::endpoints<baton::OpenAI>(baton::Endpoint("http://a.test/v1").with_key("k-a"),
                                           baton::Endpoint("http://b.test/v1").with_key("k-b"),
                                           baton::Endpoint("http://c.test/v1").with_key("k-c"));
}
} // namespace

BOOST_AUTO_TEST_CASE(endpoints_are_equals_and_one_stands_in_for_another) {
    using Balanced =
        Virtual<baton::Provider<baton::OpenAI>, baton::Balance<baton::RoundRobin>, baton::Use<Spy>>;
    Scene s;
    for (const char* host : {"a.test", "b.test", "c.test"}) s.net.serve(host, always(answers()));
    Balanced chat = s.make<Balanced>(three(), s.spy);
    for (int i = 0; i < 9; ++i) is_whole(s.complete(chat, hello()));
    for (const char* host : {"a.test", "b.test", "c.test"}) BOOST_TEST(s.asked(host) == 3u);
    // each with its own key
    for (const ServedRequest& request : s.net.requests()) {
        const std::string key = "Bearer k-" + std::string(request.header("host").substr(0, 1));
        BOOST_TEST(request.header("authorization") == key);
    }
    // one that fails: the others stand in, without any Retry
    s.net.serve("b.test", always(fails(Errc::transient)));
    for (int i = 0; i < 9; ++i) is_whole(s.complete(chat, hello()));
    // at run time: b is drained, and d is new; what is known of a and c stays
    s.net.serve("d.test", always(answers()));
    chat.configure(
        baton::endpoints<baton::OpenAI>(baton::Endpoint("http://a.test/v1").with_key("k-a"),
                                        baton::Endpoint("http://b.test/v1").with_key("k-b").with_weight(0),
                                        baton::Endpoint("http://d.test/v1").with_key("k-d")));
    const std::size_t b = s.asked("b.test");
    for (int i = 0; i < 8; ++i) is_whole(s.complete(chat, hello()));
    BOOST_TEST(s.asked("b.test") == b);
    BOOST_TEST(s.asked("d.test") == 4u);
}

BOOST_AUTO_TEST_CASE(a_dead_key_is_quarantined_and_a_resting_endpoint_left_alone) {
    using Healthy = Virtual<baton::Provider<baton::OpenAI>, baton::Balance<baton::RoundRobin>,
                            baton::Health<baton::Passive>, baton::Use<Spy>>;
    Scene s;
    s.net.serve("a.test", always(fails(Errc::auth)));
    s.net.serve("b.test", sequence(fails(Errc::rate_limited, "retry-after: 30\r\n"), answers()));
    s.net.serve("c.test", always(answers()));
    Healthy chat = s.make<Healthy>(three(), s.spy);
    for (int i = 0; i < 10; ++i) {
        is_whole(s.complete(chat, hello()));
        s.clock.advance(s.io, 1s);
    }
    BOOST_TEST(s.asked("a.test") == 1u);
    BOOST_TEST(s.asked("b.test") == 1u);
    s.clock.advance(s.io, 25s);
    for (int i = 0; i < 4; ++i) is_whole(s.complete(chat, hello()));
    BOOST_TEST(s.asked("b.test") == 3u); // back, and takes its turn
    BOOST_TEST(s.asked("a.test") == 1u);
    // a new key ends the quarantine
    s.net.serve("a.test", always(answers()));
    chat.configure(three());
    for (int i = 0; i < 6; ++i) is_whole(s.complete(chat, hello()));
    BOOST_TEST(s.asked("a.test") >= 2u);
}

BOOST_AUTO_TEST_CASE(a_key_on_trial_is_released_by_an_answer_about_the_request) {
    using Healthy = Virtual<baton::Provider<baton::OpenAI>, baton::Health<baton::Passive>, baton::Use<Spy>>;
    for (const Errc answer : {Errc::invalid_request, Errc::not_found, Errc::rate_limited}) {
        for (const bool streamed : {false, true}) {
            Scene s;
            const char* wait = answer == Errc::rate_limited ? "retry-after: 2\r\n" : "";
            s.primary(sequence(fails(Errc::auth), fails(answer, wait), answers()));
            Healthy chat = s.make<Healthy>(openai(), s.spy);
            BOOST_TEST(s.ask(chat, streamed, hello()).errc() == Errc::auth);
            BOOST_TEST(s.ask(chat, streamed, hello()).errc() == Errc::auth); // not sent
            BOOST_TEST(s.asked("openai.test") == 1u);
            s.clock.advance(s.io, 10min);
            BOOST_TEST(s.ask(chat, streamed, hello()).errc() == answer); // the trial
            const Duration before = s.elapsed();
            is_whole(s.ask(chat, streamed, hello()));
            const Duration took = s.elapsed() - before;
            BOOST_TEST((answer == Errc::rate_limited ? took >= 2s && took < 3s : took < 1s));
        }
    }
}

BOOST_AUTO_TEST_CASE(two_runs_share_the_probes_and_each_ends_when_it_should) {
    using Probed = Virtual<baton::Provider<baton::OpenAI>, baton::Health<baton::Active>, baton::Use<Spy>>;
    for (const bool first_goes : {true, false}) {
        Scene s;
        for (const char* host : {"a.test", "b.test", "c.test"}) s.net.serve(host, always(fails(Errc::auth)));
        std::optional<Probed> chat;
        chat.emplace(
            s.make<Probed>(three(), s.spy, baton::Active::Options{.interval = 1s, .probes_per_minute = 3}));
        const auto first = std::make_shared<Running>(), second = std::make_shared<Running>();
        spawn(s.io.get_executor(), chat->run(), first);
        spawn(s.io.get_executor(), chat->run(), second);
        const auto call = s.start_complete(*chat, hello());
        s.clock.advance(s.io, 30s);
        BOOST_TEST(call->result.errc() == Errc::auth);
        const std::size_t calls = 3;                       // one at each of the three, with its own key
        BOOST_TEST(s.net.requests().size() == calls + 3u); // one budget for both
        Running& gone = *(first_goes ? first : second);
        Running& left = *(first_goes ? second : first);
        gone.signal.emit(asio::cancellation_type::terminal);
        s.clock.advance(s.io, 0s);
        BOOST_TEST((gone.finished == 1 && left.finished == 0));
        s.clock.advance(s.io, 60s);
        BOOST_TEST(s.net.requests().size() == calls + 6u); // the other goes on
        chat.reset();
        s.clock.advance(s.io, 0s); // at once
        BOOST_TEST(left.finished == 1);
        BOOST_TEST((!gone.thrown && !left.thrown));
    }
}

BOOST_AUTO_TEST_CASE(probes_find_out_that_a_key_works_again_without_a_caller_paying) {
    using Probed = Virtual<baton::Provider<baton::OpenAI>, baton::Balance<baton::RoundRobin>,
                           baton::Health<baton::Active>, baton::Use<Spy>>;
    Scene s;
    for (const char* host : {"b.test", "c.test"}) s.net.serve(host, always(answers()));
    bool dead = true;
    s.net.serve("a.test", [&](const ServedRequest&) { return dead ? fails(Errc::auth) : answers(); });
    Probed chat = s.make<Probed>(three(), s.spy, baton::Active::Options{.interval = 10s});
    auto running = std::make_shared<Running>();
    spawn(s.io.get_executor(), chat.run(), running);
    for (int i = 0; i < 3; ++i) {
        const auto call = s.start_complete(chat, hello());
        s.clock.advance(s.io, 1s);
        is_whole(call->result);
    }
    BOOST_TEST(s.asked("a.test") == 1u);
    s.clock.advance(s.io, 60s);
    const std::size_t probes = s.asked("a.test") - 1;
    BOOST_TEST((probes >= 4u && probes <= 7u));
    BOOST_TEST(s.net.requests().back().method == "GET");
    BOOST_TEST(s.asked("b.test") + s.asked("c.test") == 3u); // the healthy are not probed
    dead = false;
    s.clock.advance(s.io, 15s); // a probe succeeds: the endpoint is back
    const std::size_t before = s.asked("a.test");
    for (int i = 0; i < 6; ++i) {
        const auto call = s.start_complete(chat, hello());
        s.clock.advance(s.io, 100ms);
        is_whole(call->result);
    }
    BOOST_TEST(s.asked("a.test") >= before + 2u);
    running->signal.emit(asio::cancellation_type::terminal);
    s.run(); // returns: nothing is left
    BOOST_TEST(running->finished == 1);
    BOOST_TEST(!running->thrown);

    // and it ends with the orchestrator
    auto second = std::make_shared<Running>();
    {
        Probed other = s.make<Probed>(three(), s.spy);
        spawn(s.io.get_executor(), other.run(), second);
        s.clock.advance(s.io, 1s);
    }
    s.run();
    BOOST_TEST(second->finished == 1);
}

BOOST_AUTO_TEST_CASE(limits_and_the_breaker_change_at_run_time) {
    using Limited = Virtual<baton::Provider<baton::OpenAI>, baton::Limit<baton::Gcra>,
                            baton::Breaker<baton::HalfOpen>, baton::Use<Spy>>;
    Scene s;
    s.primary(always(answers()));
    Limited chat = s.make<Limited>(
        openai(), s.spy, baton::Gcra::Options{.requests_per_minute = 60, .request_burst = 1, .max_wait = 0s});
    s.complete(chat, hello());
    BOOST_TEST(s.complete(chat, hello()).errc() == Errc::rate_limited);
    chat.configure(baton::Gcra::Options{.requests_per_minute = 6000, .max_wait = 5s});
    is_whole(s.complete(chat, hello()));
    chat.configure(baton::HalfOpen::Options{.mode = baton::BreakerMode::forced_open});
    BOOST_TEST(s.complete(chat, hello()).errc() == Errc::breaker_open);
    chat.configure(baton::HalfOpen::Options{});
    is_whole(s.complete(chat, hello()));
}

BOOST_AUTO_TEST_CASE(where_all_rest_the_call_waits_a_little_or_says_when) {
    using Healthy = Virtual<baton::Provider<baton::OpenAI>, baton::Health<baton::Passive>, baton::Use<Spy>>;
    for (const bool soon : {true, false}) {
        Scene s;
        s.primary(sequence(fails(Errc::rate_limited, soon ? "retry-after: 3\r\n" : "retry-after: 40\r\n"),
                           answers()));
        Healthy chat = s.make<Healthy>(openai(), s.spy);
        BOOST_TEST(s.complete(chat, hello()).errc() == Errc::rate_limited);
        const Duration before = s.elapsed();
        const Result got = s.complete(chat, hello());
        if (soon) {
            is_whole(got);
            BOOST_TEST(s.elapsed() - before >= 3s);
        } else {
            BOOST_TEST(got.errc() == Errc::rate_limited);
            BOOST_TEST(s.net.requests().size() == 1u); // it was not asked
            BOOST_TEST((*got.reply.error().detail().retry_after > Duration(39s)));
        }
    }
}

BOOST_AUTO_TEST_CASE(siblings_that_are_kept_from_calls_are_no_way_out) {
    using Healthy =
        Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                baton::Balance<baton::RoundRobin>, baton::Health<baton::Passive>, baton::Use<Spy>>;
    Scene s;
    s.net.serve("a.test", always(fails(Errc::transient)));
    for (const char* host : {"b.test", "c.test"}) s.net.serve(host, always(fails(Errc::auth)));
    Healthy chat = s.make<Healthy>(three(), anthropic(), s.spy, baton::HalfOpen::Options{.min_calls = 8});
    std::size_t asked = 0;
    for (int i = 0; i < 20; ++i) {
        is_whole(s.complete(chat, hello()));
        BOOST_TEST(s.asked("a.test") - asked <= 3u); // one attempt and two retries
        asked = s.asked("a.test");
    }
    BOOST_TEST(asked <= 9u); // and none once its breaker is open
    BOOST_TEST(s.asked("b.test") + s.asked("c.test") == 2u);
}

// --- Limit

BOOST_AUTO_TEST_CASE(calls_over_the_limit_wait_in_line_or_are_refused) {
    using Limited = Virtual<baton::Provider<baton::OpenAI>, baton::Limit<baton::Gcra>, baton::Use<Spy>>;
    Scene s;
    Behaviour slow = answers();
    slow.delay = 1s;
    s.primary(always(slow));
    Limited chat = s.make<Limited>(openai(), s.spy,
                                   baton::Gcra::Options{.concurrency = 2, .max_wait = 3s, .max_queue = 4});
    std::vector<std::shared_ptr<Running>> calls;
    std::vector<int> order;
    for (int i = 0; i < 8; ++i) calls.push_back(s.start_complete(chat, hello()));
    s.run();
    int whole_ones = 0, refused = 0;
    for (const auto& call : calls) {
        BOOST_TEST(call->result.ended);
        if (call->result.reply) ++whole_ones;
        if (call->result.errc() == Errc::rate_limited) ++refused;
    }
    BOOST_TEST(whole_ones == 6); // two at once, four waiting; the queue holds no more
    BOOST_TEST(refused == 2);
    BOOST_TEST(calls[6]->result.errc() == Errc::rate_limited);
    BOOST_TEST((s.elapsed() >= 3s && s.elapsed() < 4s));
    // everything is given back
    BOOST_TEST(s.complete(chat, hello()).errc() == Errc::ok);

    // one that leaves the queue makes room for the next
    const auto first = s.start_complete(chat, hello()), second = s.start_complete(chat, hello());
    const auto third = s.start_complete(chat, hello()), fourth = s.start_complete(chat, hello());
    s.clock.advance(s.io, 100ms);
    third->signal.emit(asio::cancellation_type::terminal);
    s.run();
    BOOST_TEST(third->result.errc() == Errc::cancelled);
    BOOST_TEST(fourth->result.errc() == Errc::ok);
    BOOST_TEST(first->result.errc() == Errc::ok);
    BOOST_TEST(second->result.errc() == Errc::ok);
}

BOOST_AUTO_TEST_CASE(a_target_without_room_is_passed_over) {
    using Limited = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                            baton::Limit<baton::Gcra, baton::PerTenant<baton::Gcra>>, baton::Use<Spy>>;
    Scene s;
    s.primary(always(answers()));
    Limited chat =
        s.make<Limited>(openai(), anthropic(), s.spy,
                        baton::Gcra::Options{.requests_per_minute = 2, .request_burst = 2, .max_wait = 0s},
                        baton::PerTenant<baton::Gcra>::Options{
                            {.requests_per_minute = 3, .request_burst = 3, .max_wait = 0s}});
    std::size_t served = 0;
    for (int i = 0; i < 4; ++i) {
        const Result got = s.complete(chat, Request("Hello", baton::tenant("t")));
        served += got.reply.has_value();
        if (i == 3) {
            BOOST_TEST(got.errc() == Errc::rate_limited);
            BOOST_TEST(got.reply.error().detail().retry_after.has_value());
        }
    }
    BOOST_TEST(served == 3u); // the tenant's limit
    BOOST_TEST(s.asked("openai.test") == 2u);
    BOOST_TEST(s.asked("anthropic.test") == 1u);
    BOOST_TEST(s.complete(chat, Request("Hello", baton::tenant("u"))).errc() ==
               Errc::ok); // the other's is its own
}

// --- Hedge

namespace {
using Hedged = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                       baton::Hedge<baton::AfterP95>, baton::Limit<baton::Gcra>, baton::Use<Spy>>;
} // namespace

BOOST_AUTO_TEST_CASE(a_late_first_token_is_raced_and_the_loser_settled) {
    for (const bool streamed : {false, true}) {
        for (const bool rival_wins : {true, false}) {
            BOOST_TEST_CONTEXT((streamed ? "streamed" : "whole")
                               << (rival_wins ? ", rival wins" : ", rival loses")) {
                Scene s;
                Duration delay = 100ms;
                s.primary([&](const ServedRequest&) {
                    Behaviour b = answers();
                    b.delay = delay;
                    return b;
                });
                s.net.serve("anthropic.test", [&](const ServedRequest& request) {
                    Behaviour b = goes_on(request);
                    b.delay = rival_wins ? 100ms : 30s;
                    return b;
                });
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
                const auto& lost = rival_wins ? attempts[0] : attempts[0];
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
    s.primary([&](const ServedRequest&) {
        Behaviour b = answers();
        b.delay = delay;
        return b;
    });
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
    using Placed = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                           baton::Breaker<baton::HalfOpen>, baton::Hedge<baton::AfterP95>, baton::Use<Spy>>;
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
        const auto late = [&](const ServedRequest&) {
            Behaviour b = answers();
            b.delay = delay;
            return b;
        };
        s.primary(late);
        s.net.serve("elsewhere.test", late);
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
    constexpr Placed* placed = nullptr;
    const baton::HalfOpen::Options quick{.min_calls = 3, .open = 60s};
    race(placed, keys, To::vendor, false, anthropic());
    race(placed, keys, To::other_key, true, anthropic(), quick); // its breaker is open
    race(placed, places, To::other_place, false, anthropic());
    race(static_cast<Alone*>(nullptr), keys, To::other_key, false);
}

// Two keys, one address: where it is silent, another first-token limit is not spent on the other key.
BOOST_AUTO_TEST_CASE(a_silent_address_is_not_asked_again_with_another_key) {
    using Two = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                        baton::Retry<baton::ExpBackoff>, baton::Deadline<baton::Limits>, baton::Use<Spy>>;
    using One = Virtual<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>,
                        baton::Deadline<baton::Limits>, baton::Use<Spy>>;
    const auto key = [](const char* url, const char* name) { return baton::Endpoint(url).with_key(name); };
    const auto hosts = [&]<class C>(C*, const char* second, auto&&... more) {
        Scene s;
        Behaviour silent = answers();
        silent.delay = 120s;
        bool first = true;
        s.primary([&](const ServedRequest&) { return std::exchange(first, false) ? silent : answers(); });
        s.net.serve("elsewhere.test", always(answers()));
        C chat = s.make<C>(
            baton::endpoints<baton::OpenAI>(key("http://openai.test/v1", "k-1"), key(second, "k-2")), s.spy,
            baton::Limits::Options{.first_token = 2s, .first_byte_unary = 2s}, more...);
        is_whole(s.complete(chat, hello()));
        std::string asked;
        for (const ServedRequest& request : s.net.requests()) {
            asked.append(request.header("host")).append(" ");
        }
        return asked;
    };
    constexpr Two* two = nullptr;
    BOOST_TEST(hosts(two, "http://openai.test/v1", anthropic()) == "openai.test anthropic.test ");
    BOOST_TEST(hosts(two, "http://elsewhere.test/v1", anthropic()) == "openai.test elsewhere.test ");
    BOOST_TEST(hosts(static_cast<One*>(nullptr), "http://openai.test/v1") == "openai.test openai.test ");
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
        s.net.serve("anthropic.test", [&](const ServedRequest& request) {
            Behaviour b = goes_on(request);
            b.delay = rival;
            return b;
        });
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
        s.primary([&](const ServedRequest&) {
            Behaviour b = answers();
            b.delay = delay;
            return b;
        });
        s.net.serve("anthropic.test", [&](const ServedRequest& request) {
            Behaviour b = goes_on(request);
            b.delay = 1s;
            return b;
        });
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

// --- found by review

BOOST_AUTO_TEST_CASE(half_a_call_is_no_part_of_an_answer_that_makes_none) {
    Answer calls;
    calls.tokens = {"Let ", "me ", "see. "};
    calls.tool_calls.push_back(Answer::ToolCall("c1", "weather", R"({"city":"Berlin","unit":"C"})", 6));
    Behaviour cut(calls);
    cut.fault = Fault::reset_mid_body;
    cut.at = 3;
    cut.count = 700;
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

BOOST_AUTO_TEST_CASE(after_an_overflow_no_smaller_model_is_asked_even_later) {
    using Routed =
        Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                baton::Provider<baton::Compatible<"third">>, baton::Route<baton::ByTask>, baton::Use<Spy>>;
    Scene s;
    s.primary(always(fails(Errc::context_overflow)));
    s.net.serve("anthropic.test", always(fails(Errc::transient)));
    s.net.serve("third.test", always(answers()));
    Routed chat = s.make<Routed>(
        openai(), anthropic(),
        baton::Compatible<"third">::Options{.base_url = "http://third.test/v1", .model = "m"}, s.spy,
        baton::ByTask{baton::otherwise(baton::to<baton::OpenAI>("small").max_context(8'000),
                                       baton::to<baton::Anthropic>("large").max_context(128'000),
                                       baton::to<baton::Compatible<"third">>("tiny").max_context(8'000))});
    BOOST_TEST(s.complete(chat, hello()).errc() == Errc::transient);
    BOOST_TEST(s.asked("anthropic.test") == 1u);
    BOOST_TEST(s.asked("third.test") == 0u);
}

BOOST_AUTO_TEST_CASE(at_the_deadline_an_answer_past_its_time_is_served) {
    using Stale = Virtual<baton::Provider<baton::OpenAI>, baton::Cache<baton::ExactMatch>,
                          baton::Fallback<baton::InOrder, baton::StaleCache>, baton::Use<Spy>>;
    Scene s;
    Behaviour silent;
    silent.fault = Fault::silence;
    s.primary(sequence(answers(), silent));
    Stale chat = s.make<Stale>(openai(), s.spy, baton::ExactMatch::Options{.ttl = 60s});
    is_whole(s.complete(chat, hello()));
    s.clock.advance(s.io, 120s);
    const Result got = s.complete(chat, Request("Say sixty words.", baton::deadline(3s)));
    is_whole(got);
    BOOST_TEST(got.reply->trace.stale);
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
