// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Bytes and connections: reuse, the pool, odd and broken responses, and answers that are cut at every byte.
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"
#include "lab.hpp"

#include <baton/serve/openai.hpp>

#include <algorithm>

using namespace lab;
using End = baton::testing::MemoryNet::End;

BOOST_AUTO_TEST_SUITE(connections)

using Chat = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                     baton::Retry<baton::ExpBackoff>, baton::Use<Spy>>;

struct Fixture : Lab {
    template <class... Options>
    Chat chat(Options&&... options) {
        return make<Chat>(openai(), spy, std::forward<Options>(options)...);
    }
    Fixture() { net.serve("openai.test", always(Behaviour(Answer("Rhine, Elbe", 4)))); }
    ~Fixture() { BOOST_TEST(net.misused() == 0u); }
    std::uint64_t opened() const { return net.ledger().totals.connections_opened; }
};

Request hello() { return Request("Hello"); }

// --- reuse
// ------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(whole_answers_and_streams_share_one_kept_connection, Fixture) {
    Chat one = chat();
    for (int i = 0; i < 20; ++i) BOOST_TEST(ask(one, i % 3 == 0, hello()).errc() == Errc::ok);
    BOOST_TEST(opened() == 1u);
    BOOST_TEST(one.stats().idle_connections == 1u);
    BOOST_TEST(spy.state->attempts.back().reused);
    BOOST_TEST(!spy.state->attempts.front().reused);
}

BOOST_FIXTURE_TEST_CASE(an_errors_connection_is_kept_too, Fixture) {
    net.serve("openai.test", always(fails(Errc::invalid_request)));
    Chat one = chat();
    for (int i = 0; i < 4; ++i) BOOST_TEST(ask(one, i % 2 == 0, hello()).errc() == Errc::invalid_request);
    BOOST_TEST(opened() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_old_idle_connection_is_not_used, Fixture) {
    net.settings().pool.idle = 30s;
    Chat one = chat();
    complete(one, hello());
    clock.advance(io, 29s);
    complete(one, hello());
    BOOST_TEST(opened() == 1u);
    clock.advance(io, 31s);
    complete(one, hello());
    BOOST_TEST(opened() == 2u);
    BOOST_TEST(net.open() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_connection_the_server_closed_meanwhile_is_noticed, Fixture) {
    Chat one = chat();
    for (const End how : {End::close, End::reset}) {
        complete(one, hello());
        const auto before = opened();
        net.close_idle(how);
        const Result got = complete(one, hello());
        BOOST_TEST(got.errc() == Errc::ok);
        BOOST_TEST(got.reply->trace.attempts.size() == 1u + 1u); // the first: Anthropic has no key
        BOOST_TEST(opened() == before + 1);
    }
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_closes_under_the_request_is_replaced_once, Fixture) {
    for (const bool streamed : {false, true}) {
        Lab fresh;
        fresh.net.serve("openai.test", always(Behaviour(Answer("Rhine, Elbe", 4), Fault::close_on_next)));
        Chat one = fresh.make<Chat>(openai(), fresh.spy, baton::ExpBackoff::Options{.max_retries = 0});
        for (int i = 0; i < 5; ++i) {
            const Result got = fresh.ask(one, streamed, hello());
            BOOST_TEST(got.errc() == Errc::ok); // without a retry of the policy
            BOOST_TEST(fresh.elapsed() == 0s);
        }
        BOOST_TEST(fresh.net.ledger().totals.connections_opened == 5u);
        BOOST_TEST(fresh.net.requests().size() == 5u); // none was answered twice
        const auto& attempts = fresh.spy.state->attempts;
        BOOST_TEST(std::count_if(attempts.begin(), attempts.end(), [](const baton::Attempt& attempt) {
                       return attempt.reused && attempt.outcome == Errc::unavailable;
                   }) == 4);
        BOOST_TEST(fresh.net.open() == 1u);
    }
}

BOOST_FIXTURE_TEST_CASE(a_fresh_connection_that_closes_is_an_error, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer("never"), Fault::close_before_headers)));
    Chat one = chat(baton::ExpBackoff::Options{.max_retries = 0});
    BOOST_TEST(complete(one, hello()).errc() == Errc::unavailable);
    BOOST_TEST(net.requests().size() == 1u);
    BOOST_TEST(net.open() == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_is_not_cleanly_over_is_not_used_again, Fixture) {
    for (const Fault fault :
         {Fault::extra_bytes, Fault::close_announced, Fault::short_length, Fault::close_after}) {
        for (const bool streamed : {false, true}) {
            Lab fresh;
            fresh.net.serve("openai.test", always(Behaviour(Answer("Rhine, Elbe", 4), fault)));
            Chat one = fresh.make<Chat>(openai(), fresh.spy, baton::ExpBackoff::Options{.max_retries = 0});
            for (int i = 0; i < 3; ++i) fresh.ask(one, streamed, hello());
            BOOST_TEST_CONTEXT(baton::testing::to_string(fault) << (streamed ? " streamed" : "")) {
                BOOST_TEST(fresh.net.ledger().totals.connections_opened == 3u);
                BOOST_TEST(fresh.net.misused() == 0u);
                if (fault != Fault::short_length) BOOST_TEST(fresh.spy.state->ends[2] == Errc::ok);
            }
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_stream_left_early_closes_its_connection, Fixture) {
    Chat one = chat();
    {
        auto stream = one.stream(hello());
        const auto run = std::make_shared<Running>();
        const auto read_one = [](auto& from) -> asio::awaitable<void> {
            auto delta = co_await from.next();
            BOOST_TEST(delta.has_value());
        };
        spawn(io.get_executor(), read_one(stream), run);
        this->run();
        BOOST_TEST(one.stats().active_calls == 1u);
    }
    BOOST_TEST(one.stats().active_calls == 0u);
    BOOST_TEST(net.open() == 0u); // at once, without a turn of the context
    BOOST_TEST(complete(one, hello()).errc() == Errc::ok);
    BOOST_TEST(opened() == 2u);
}

// --- the pool
// -----------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(the_cap_holds_and_who_waits_is_served_in_order, Fixture) {
    Behaviour slow(Answer("one"));
    slow.delay = 100ms;
    net.serve("openai.test", always(slow));
    net.settings().pool.connections = 3;
    Chat one = chat();
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < 30; ++i) calls.push_back(start_complete(one, Request("Call #" + std::to_string(i))));
    run();
    BOOST_TEST(opened() == 3u);
    BOOST_TEST(elapsed() == 1s);
    for (std::size_t i = 0; i < 30; ++i) {
        BOOST_TEST(calls[i]->result.errc() == Errc::ok);
        BOOST_TEST(net.requests()[i].id == std::to_string(i));
    }
    BOOST_TEST(one.stats().open_connections == 3u);
}

BOOST_FIXTURE_TEST_CASE(who_waits_too_long_for_a_connection_gets_an_error_that_says_so, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer("never"), Fault::silence)));
    net.settings().pool.connections = 1;
    net.settings().pool_wait = 2s;
    Chat one =
        chat(baton::ExpBackoff::Options{.max_retries = 0}, baton::Limits::Options{.first_byte_unary = 60s});
    const auto first = start_complete(one, hello());
    const auto second = start_complete(one, hello());
    run_until([&] { return second->finished > 0; });
    BOOST_TEST(elapsed() == 2s);
    BOOST_TEST(second->result.errc() == Errc::timeout_connect);
    BOOST_TEST(second->result.reply.error().what().find("pool_wait") != std::string::npos);
    BOOST_TEST(first->finished == 0);
    run();
    BOOST_TEST(first->result.errc() == Errc::timeout_first_token);
    BOOST_TEST(one.stats().open_connections == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_connection_that_fails_frees_its_place_for_who_waits, Fixture) {
    net.on_connect("openai.test", [](std::uint64_t n) {
        return n == 1 ? baton::testing::Accept::refuse(10ms) : baton::testing::Accept::yes();
    });
    net.settings().pool.connections = 1;
    Chat one = chat(baton::ExpBackoff::Options{.max_retries = 0});
    const auto first = start_complete(one, hello());
    const auto second = start_complete(one, hello());
    run();
    BOOST_TEST(first->result.errc() == Errc::unavailable);
    BOOST_TEST(second->result.errc() == Errc::ok);
    BOOST_TEST(elapsed() == 10ms);
    BOOST_TEST(one.stats().established_connections == 1u);
    BOOST_TEST(one.stats().abandoned_connections == 0u);
}

BOOST_FIXTURE_TEST_CASE(different_hosts_have_different_caps, Fixture) {
    net.settings().pool.connections = 1;
    net.serve("anthropic.test", always(Behaviour(Answer("Oder"))));
    Behaviour slow(Answer("one"));
    slow.delay = 1s;
    net.serve("openai.test", always(slow));
    Chat one = make<Chat>(openai(), anthropic(), spy);
    const auto first = start_complete(one, hello());
    const auto second = start_complete(one, Request("Hello", baton::model("anthropic/claude-x")));
    run_until([&] { return second->finished > 0; });
    BOOST_TEST(second->result.errc() == Errc::ok);
    BOOST_TEST(elapsed() == 0s);
    run();
}

// --- odd responses
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(oddities_that_do_no_harm, Fixture) {
    for (const Fault fault : {Fault::slow_headers, Fault::trickle, Fault::split_utf8, Fault::interim,
                              Fault::comments, Fault::trailers}) {
        for (const bool streamed : {false, true}) {
            for (const bool anthropic_too : {false, true}) {
                Lab fresh;
                Behaviour behaviour(Answer::words(30, 7), fault, 3);
                behaviour.step = 1ms;
                fresh.net.serve("openai.test", always(behaviour));
                fresh.net.serve("anthropic.test", always(behaviour));
                Chat one = anthropic_too ? fresh.make<Chat>(anthropic(), fresh.spy)
                                         : fresh.make<Chat>(openai(), fresh.spy);
                const Result got = fresh.ask(one, streamed, hello());
                BOOST_TEST_CONTEXT(baton::testing::to_string(fault) << (streamed ? " streamed" : "")) {
                    BOOST_TEST(got.errc() == Errc::ok);
                    if (got.reply) BOOST_TEST(got.reply->text() == Answer::words(30, 7).text());
                    if (streamed) BOOST_TEST(got.text == Answer::words(30, 7).text());
                    BOOST_TEST(fresh.net.open() == 1u);
                }
            }
        }
    }
}

BOOST_FIXTURE_TEST_CASE(things_that_are_no_answer, Fixture) {
    struct Case {
        Fault fault;
        Errc whole, streamed;
    };
    for (const Case& c : {Case{Fault::garbage, Errc::protocol, Errc::protocol},
                          Case{Fault::no_headers, Errc::protocol, Errc::protocol},
                          Case{Fault::length_and_chunked, Errc::protocol, Errc::protocol},
                          Case{Fault::giant_header, Errc::protocol, Errc::protocol},
                          Case{Fault::many_headers, Errc::protocol, Errc::protocol},
                          Case{Fault::empty_body, Errc::protocol, Errc::protocol},
                          Case{Fault::long_length, Errc::truncated, Errc::ok},
                          Case{Fault::reset_before_headers, Errc::unavailable, Errc::unavailable},
                          Case{Fault::reset_in_headers, Errc::truncated, Errc::truncated},
                          Case{Fault::close_mid_body, Errc::truncated, Errc::truncated}}) {
        for (const bool streamed : {false, true}) {
            Lab fresh;
            fresh.net.serve("openai.test", always(Behaviour(Answer("Rhine, Elbe", 4), c.fault)));
            Chat one = fresh.make<Chat>(openai(), fresh.spy, baton::ExpBackoff::Options{.max_retries = 0});
            const Result got = fresh.ask(one, streamed, hello());
            BOOST_TEST_CONTEXT(baton::testing::to_string(c.fault) << (streamed ? " streamed" : "")) {
                BOOST_TEST(got.errc() == (streamed ? c.streamed : c.whole));
                const std::size_t kept = c.fault == Fault::empty_body; // whose framing is sound
                BOOST_TEST(fresh.net.open() == kept);
                BOOST_TEST(one.stats().open_connections == kept);
            }
        }
    }
}

BOOST_FIXTURE_TEST_CASE(an_error_document_in_a_200_is_an_error, Fixture) {
    for (const bool streamed : {false, true}) {
        for (const bool labelled : {false, true}) { // as an event stream, or as JSON
            Lab fresh;
            Behaviour behaviour(Answer("never"), Fault::error_in_200);
            if (!labelled) {
                behaviour = Behaviour(baton::testing::CannedResponse(
                    200, R"({"error":{"message":"Overloaded","type":"server_error","code":null}})"));
            }
            fresh.net.serve("openai.test", sequence(behaviour, Behaviour(Answer("now"))));
            Chat one = fresh.make<Chat>(openai(), fresh.spy);
            const Result got = fresh.ask(one, streamed, hello());
            BOOST_REQUIRE(got.reply);
            BOOST_TEST(got.reply->text() == "now");
            BOOST_TEST(fresh.net.requests().size() == 2u);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_vendor_that_ignores_stream_is_read_all_the_same, Fixture) {
    std::string body;
    baton::serve::OpenAI::encode(Answer("Rhine, Elbe", 4).reply("gpt-x"), clock.wall(), body);
    for (const char* type : {"application/json", "text/event-stream"}) {
        net.serve("openai.test", always(Behaviour(baton::testing::CannedResponse(200, body, {}, type))));
        Chat one = chat();
        const Result got = stream(one, hello());
        BOOST_REQUIRE(got.reply);
        BOOST_TEST(got.text == "Rhine, Elbe");
        BOOST_TEST(got.reply->text() == "Rhine, Elbe");
    }
}

BOOST_FIXTURE_TEST_CASE(limits_on_size_hold, Fixture) {
    net.settings().max_reply = 2000;
    net.serve("openai.test", always(Behaviour(Answer(std::string(5000, 'x'), 100))));
    Chat one = chat();
    BOOST_TEST(complete(one, hello()).errc() == Errc::too_large);
    const Result streamed = stream(one, hello());
    BOOST_TEST(streamed.errc() == Errc::too_large);
    BOOST_TEST(std::string(5000, 'x').starts_with(streamed.text));
    BOOST_TEST(net.open() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_giant_event_is_refused, Fixture) {
    Behaviour behaviour(Answer("a b", 2), Fault::giant_event, 1);
    behaviour.count = 9 * 1024 * 1024;
    net.serve("openai.test", always(behaviour));
    Chat one = chat();
    BOOST_TEST(stream(one, hello()).errc() == Errc::too_large);
}

// --- cuts, and reads and writes of any size
// -------------------------------------------------------------------------

const Answer story = Answer::words(12, 4);

/// What a call over one vendor yields when its bytes come as `prepare` has it.
template <class Prepare>
Result played(bool with_anthropic, bool streamed, Prepare prepare, std::string* planned = nullptr) {
    Lab lab;
    Behaviour behaviour(story);
    lab.net.serve("openai.test", always(behaviour));
    lab.net.serve("anthropic.test", always(behaviour));
    prepare(lab.net);
    const baton::ExpBackoff::Options once{.max_retries = 0};
    Chat one =
        with_anthropic ? lab.make<Chat>(anthropic(), lab.spy, once) : lab.make<Chat>(openai(), lab.spy, once);
    Result got = lab.ask(one, streamed, hello());
    if (planned) *planned = lab.net.last_answer();
    BOOST_TEST(lab.net.misused() == 0u);
    BOOST_TEST(one.stats().active_calls == 0u);
    BOOST_TEST(lab.net.open() == one.stats().open_connections);
    if (!got.reply) BOOST_TEST(lab.net.open() == 0u);
    return got;
}

BOOST_AUTO_TEST_CASE(an_answer_cut_at_any_byte_is_whole_or_a_typed_error) {
    for (const bool with_anthropic : {false, true}) {
        for (const bool streamed : {false, true}) {
            std::string planned;
            const Result whole = played(with_anthropic, streamed, [](auto&) {}, &planned);
            BOOST_REQUIRE(whole.reply);
            BOOST_TEST(whole.reply->text() == story.text());
            const std::size_t head = planned.find("\r\n\r\n") + 4;
            for (const End end : {End::close, End::reset, End::hold}) {
                std::size_t complete_from = planned.size(), wrong = 0;
                for (std::size_t at = 0; at <= planned.size(); at += baton::test::one_in) {
                    const Result got = played(with_anthropic, streamed, [&](auto& net) { net.cut(at, end); });
                    const Errc errc = got.errc();
                    bool right = story.text().starts_with(got.text);
                    if (got.reply) {
                        complete_from = std::min(complete_from, at);
                        right = right && got.reply->text() == story.text() &&
                                (!streamed || got.text == story.text());
                        // OpenAI's usage comes behind the finish reason, which says that the text is whole
                        const bool usage = got.reply->usage == whole.reply->usage ||
                                           (!with_anthropic && streamed && !got.reply->usage.reported);
                        right = right && usage && got.reply->stop == whole.reply->stop;
                        right =
                            right && (at == planned.size() || streamed); // a whole body needs all its bytes
                    } else if (end == End::hold) {
                        right = right && (errc == Errc::timeout_first_token || errc == Errc::timeout_idle);
                        right =
                            right && (at >= head || errc == (at == 0 || streamed ? Errc::timeout_first_token
                                                                                 : Errc::timeout_idle));
                    } else {
                        right = right && errc == (at == 0 ? Errc::unavailable : Errc::truncated);
                    }
                    if (!got.reply) right = right && got.reply.error().detail().delivered == got.text;
                    wrong += !right;
                    if (right || wrong > 3) continue;
                    BOOST_TEST_MESSAGE("vendor " << with_anthropic << ", streamed " << streamed << ", end "
                                                 << static_cast<int>(end) << ", cut at " << at << " of "
                                                 << planned.size() << ": " << errc << ", text " << got.text);
                }
                BOOST_TEST(wrong == 0u);
                // behind the terminal event nothing is missing but framing
                BOOST_TEST(complete_from + 400 > planned.size());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_terminal_event_without_its_blank_line) {
    // the HTTP framing says that nothing is missing: so it is not, for either dialect
    for (const bool with_anthropic : {false, true}) {
        Lab lab;
        lab.net.serve("openai.test", always(Behaviour(story, Fault::done_without_blank)));
        lab.net.serve("anthropic.test", always(Behaviour(story, Fault::done_without_blank)));
        Chat one = with_anthropic ? lab.make<Chat>(anthropic(), lab.spy) : lab.make<Chat>(openai(), lab.spy);
        const Result got = lab.stream(one, hello());
        BOOST_TEST(got.errc() == Errc::ok);
        BOOST_TEST(got.text == story.text());
    }
}

BOOST_AUTO_TEST_CASE(reads_and_writes_of_any_size_make_no_difference) {
    for (const bool with_anthropic : {false, true}) {
        for (const bool streamed : {false, true}) {
            const Result whole = played(with_anthropic, streamed, [](auto&) {});
            for (const std::size_t size : {1U, 2U, 3U, 5U, 7U, 16U, 61U, 200U}) {
                const Result read =
                    played(with_anthropic, streamed, [&](auto& net) { net.read_at_most(size); });
                const Result written =
                    played(with_anthropic, streamed, [&](auto& net) { net.write_at_most(size); });
                for (const Result& got : {read, written}) {
                    BOOST_REQUIRE(got.reply);
                    BOOST_TEST(got.deltas == whole.deltas, boost::test_tools::per_element());
                    BOOST_TEST((got.reply->parts == whole.reply->parts));
                    BOOST_TEST((got.reply->usage == whole.reply->usage));
                    BOOST_TEST(got.reply->model == whole.reply->model);
                    BOOST_TEST(got.reply->stop == whole.reply->stop);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_first_delta_is_handed_over_before_the_next_read) {
    Lab lab;
    Behaviour slow(Answer("one two three", 3));
    slow.tokens_per_write = 1;
    slow.gap = 1s;
    lab.net.serve("openai.test", always(slow));
    Chat one = lab.make<Chat>(openai(), lab.spy);
    const auto call = lab.start_stream(one, hello());
    std::vector<Duration> when;
    call->each_delta = [&] { when.push_back(lab.elapsed()); };
    lab.run();
    BOOST_TEST(when == (std::vector<Duration>{1s, 2s, 3s}),
               boost::test_tools::per_element()); // the head comes first
}

// --- repeatability
// --------------------------------------------------------------------------------------------------

/// A run of many calls with faults, as one text.
std::string trace_of(std::uint64_t seed) {
    Lab lab;
    using baton::testing::seeded;
    const auto answers = [](const ServedRequest& request) { return Answer::words(5, request.number); };
    const std::vector<Fault> faults{Fault::reset_mid_body,       Fault::silence, Fault::error_event,
                                    Fault::close_before_headers, Fault::trickle, Fault::garbage,
                                    Fault::missing_end,          Fault::stall};
    lab.net.serve("openai.test", seeded(seed, 0.4, faults, answers));
    lab.net.serve("anthropic.test", seeded(seed + 1, 0.2, faults, answers));
    lab.net.settings().pool.connections = 4;
    Chat one(lab.io.get_executor(), lab.clock, lab.net, baton::Xoshiro(seed), openai(), anthropic(), lab.spy);
    std::string trace;
    lab.spy.state->end = [&](const baton::Outcome& outcome) {
        trace += std::to_string(lab.elapsed().count()) + ":";
        for (const baton::Attempt& a : outcome.trace->attempts) {
            trace += std::string(a.provider) + "," + std::string(to_string(a.outcome)) + "," +
                     std::to_string(a.waited.count()) + "," + std::to_string(a.latency.count()) + ";";
        }
        trace += outcome.error ? std::string(to_string(outcome.error->errc()))
                               : std::string(outcome.reply->text());
        trace += "\n";
    };
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < 60; ++i) {
        Request request("Call #" + std::to_string(i));
        calls.push_back(i % 2 ? lab.start_stream(one, std::move(request))
                              : lab.start_complete(one, std::move(request)));
    }
    lab.run();
    int ok = 0;
    for (const auto& call : calls) {
        BOOST_TEST(call->finished == 1);
        ok += call->result.errc() == Errc::ok;
    }
    BOOST_TEST(ok > 40);
    BOOST_TEST(one.stats().active_calls == 0u);
    BOOST_TEST(lab.net.open() == one.stats().open_connections);
    return trace;
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_trace) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const std::string first = trace_of(seed);
        BOOST_TEST(first == trace_of(seed));
        BOOST_TEST(first != trace_of(seed + 10));
    }
}

BOOST_AUTO_TEST_SUITE_END()
