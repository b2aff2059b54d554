// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The sixteen ways a provider breaks, each with and without a fallback, whole and streamed; stale answers and
// the fallback hook. In virtual time.
#include <boost/test/unit_test.hpp>

#include "scene.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace lab;

BOOST_AUTO_TEST_SUITE(resilience)

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

BOOST_AUTO_TEST_CASE(every_cut_and_every_seam_gives_the_whole) {
    for (const Fault fault : {Fault::reset_mid_body, Fault::close_mid_body, Fault::error_event}) {
        for (std::size_t at = 1; at < 60; ++at) {
            Scene s;
            s.primary(always(Behaviour(Answer(whole, 60), fault, at)));
            Chat chat = s.chat(true);
            const Result got = s.stream(chat, hello());
            BOOST_TEST_CONTEXT(baton::testing::to_string(fault) << " after " << at) {
                is_whole(got);
                BOOST_TEST(got.text == whole);
            }
        }
    }
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

BOOST_AUTO_TEST_SUITE_END()
