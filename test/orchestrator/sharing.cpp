// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Answers that are used more than once: the cache, and calls that share one upstream request.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

using namespace lab;

BOOST_AUTO_TEST_SUITE(sharing)

using Chat = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                     baton::Retry<baton::ExpBackoff>, baton::Cache<baton::ExactMatch>, baton::Use<Spy>>;

struct Fixture : Lab {
    template <class... Options>
    Chat chat(Options&&... options) {
        return make<Chat>(openai(), anthropic(), spy, std::forward<Options>(options)...);
    }
    Fixture() {
        net.serve("openai.test", [](const ServedRequest& request) {
            return Behaviour(Answer("answer " + std::to_string(request.number) + " to all", 4));
        });
    }
    ~Fixture() { BOOST_TEST(net.misused() == 0u); }
    std::size_t upstream() const { return net.requests().size(); }
};

Request hello() { return Request(baton::system("Be brief."), "Hello", baton::temperature(0.5)); }

// --- cache
// ------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(an_equal_request_is_answered_from_memory_in_both_modes, Fixture) {
    for (const bool first_streamed : {false, true}) {
        for (const bool then_streamed : {false, true}) {
            Lab fresh;
            Behaviour slow(Answer("Rhine, Elbe and Oder", 6));
            slow.delay = 3s;
            fresh.net.serve("openai.test", always(slow));
            Chat one = fresh.make<Chat>(openai(), anthropic(), fresh.spy);
            const Result asked = fresh.ask(one, first_streamed, hello());
            const auto operations = fresh.net.operations();
            const Result hit = fresh.ask(one, then_streamed, hello());
            BOOST_REQUIRE(asked.reply);
            BOOST_REQUIRE(hit.reply);
            BOOST_TEST(fresh.net.operations() == operations); // no I/O
            BOOST_TEST(fresh.elapsed() == 3s);
            BOOST_TEST(hit.reply->text() == "Rhine, Elbe and Oder");
            if (then_streamed) BOOST_TEST(hit.text == "Rhine, Elbe and Oder");
            BOOST_TEST(hit.reply->id == asked.reply->id);
            BOOST_TEST(hit.reply->model == asked.reply->model);
            BOOST_TEST(hit.reply->provider == "openai");
            BOOST_TEST(hit.reply->stop == baton::StopReason::stop);
            BOOST_TEST((hit.reply->usage == asked.reply->usage));
            BOOST_TEST(hit.reply->trace.cache_hit);
            BOOST_TEST(!asked.reply->trace.cache_hit);
            BOOST_TEST(hit.reply->trace.attempts.empty());
            BOOST_TEST(one.stats().cache_hits == 1u);
            BOOST_TEST(fresh.spy.state->ends.size() == 2u);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(a_hit_does_not_suspend, Fixture) {
    Chat one = chat();
    complete(one, hello());
    const auto call = start_complete(one, hello());
    io.restart();
    BOOST_TEST(io.poll_one() == 1u); // the spawned coroutine, from its beginning to its end
    BOOST_TEST(call->result.errc() == Errc::ok);
    run();
    const auto streamed = start_stream(one, hello());
    io.restart();
    BOOST_TEST(io.poll_one() == 1u);
    BOOST_TEST(streamed->result.errc() == Errc::ok);
}

BOOST_FIXTURE_TEST_CASE(any_difference_is_a_miss, Fixture) {
    Chat one = chat();
    std::size_t n = 0;
    const auto is_new = [&](Request request) {
        complete(one, std::move(request));
        BOOST_TEST(upstream() == ++n);
    };
    is_new(hello());
    is_new(Request(baton::system("Be brief."), "Hello", baton::temperature(0.6)));
    is_new(Request(baton::system("Be brief."), "Hello"));
    is_new(Request(baton::system("Be brief."), "Hello ", baton::temperature(0.5)));
    is_new(Request(baton::system("Be brief."), "Hello", baton::temperature(0.5), baton::max_tokens(9)));
    is_new(Request(baton::system("Be brief."), "Hello", baton::temperature(0.5), baton::model("gpt-x")));
    is_new(Request(baton::system("Be brief."), "Hello", baton::temperature(0.5), baton::stop("x")));
    is_new(Request("Be brief.", "Hello", baton::temperature(0.5)));
    is_new(Request(baton::system("Be brief."), "Hello", baton::temperature(0.5),
                   baton::extra("{\"user\":\"a\"}")));
    for (int i = 0; i < 2; ++i) complete(one, hello());
    BOOST_TEST(upstream() == n);
}

BOOST_FIXTURE_TEST_CASE(tenants_never_share, Fixture) {
    Chat one = chat();
    const auto of = [](const char* tenant) { return Request("Hello", baton::tenant(tenant)); };
    const auto first = start_complete(one, of("a"));
    const auto second = start_complete(one, of("b")); // nor a flight under way
    run();
    BOOST_TEST(upstream() == 2u);
    BOOST_TEST(first->result.reply->text() != second->result.reply->text());
    BOOST_TEST(complete(one, of("a")).reply->text() == first->result.reply->text());
    BOOST_TEST(complete(one, of("b")).reply->text() == second->result.reply->text());
    BOOST_TEST(upstream() == 2u);
}

BOOST_FIXTURE_TEST_CASE(what_is_cut_filtered_or_wrong_is_not_stored, Fixture) {
    std::vector<Behaviour> bad;
    for (const baton::StopReason stop : {baton::StopReason::length, baton::StopReason::content_filter}) {
        Answer answer("half an", 2);
        answer.stop = stop;
        bad.emplace_back(answer);
    }
    bad.push_back(fails(Errc::invalid_request));
    bad.emplace_back(Answer("half an", 2), Fault::missing_end);
    bad.emplace_back(Answer("half an", 2), Fault::reset_mid_body, 1);
    for (const Behaviour& behaviour : bad) {
        for (const bool streamed : {false, true}) {
            Lab fresh;
            fresh.net.serve("openai.test", sequence(behaviour, Behaviour(Answer("whole"))));
            Chat one = fresh.make<Chat>(openai(), fresh.spy, baton::ExpBackoff::Options{.max_retries = 0});
            fresh.ask(one, streamed, hello());
            const Result second = fresh.ask(one, streamed, hello());
            BOOST_REQUIRE(second.reply);
            BOOST_TEST(second.reply->text() == "whole");
            BOOST_TEST(fresh.net.requests().size() == 2u);
            fresh.ask(one, streamed, hello());
            BOOST_TEST(fresh.net.requests().size() == 2u);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(what_asks_not_to_be_cached_and_what_calls_tools_is_not, Fixture) {
    Chat one = chat();
    for (int i = 0; i < 2; ++i) complete(one, Request("Hello", baton::cache(baton::no)));
    BOOST_TEST(upstream() == 2u);
    for (int i = 0; i < 2; ++i)
        complete(one, Request("Hello", baton::tools(baton::Tool("clock", "tells the time"))));
    BOOST_TEST(upstream() == 4u);
    const auto first = start_complete(one, Request("Hello", baton::cache(baton::no)));
    const auto second = start_complete(one, Request("Hello", baton::cache(baton::no)));
    run();
    BOOST_TEST(upstream() == 6u);
}

BOOST_FIXTURE_TEST_CASE(answers_expire, Fixture) {
    Chat one = chat(baton::ExactMatch::Options{.ttl = 60s});
    complete(one, hello());
    clock.advance(io, 53s); // +- a tenth
    complete(one, hello());
    BOOST_TEST(upstream() == 1u);
    clock.advance(io, 14s);
    complete(one, hello());
    BOOST_TEST(upstream() == 2u);
}

BOOST_FIXTURE_TEST_CASE(what_can_change_an_answer_is_part_of_the_key, Fixture) {
    Chat one = chat();
    complete(one, hello());
    spy.state->fingerprint = 7;
    complete(one, hello());
    BOOST_TEST(upstream() == 2u);
    one.configure(openai());
    complete(one, hello());
    BOOST_TEST(upstream() == 3u);
    spy.state->request = [](baton::Draft& draft) -> std::optional<baton::Error> {
        draft.edit().messages.push_back(baton::user("More."));
        return std::nullopt;
    };
    complete(one, hello());
    BOOST_TEST(upstream() == 4u);
}

// --- single flight
// ------------------------------------------------------------------------------------------------

/// An answer that takes its time, so that there is something to join.
Behaviour slow_answer(const ServedRequest& request) {
    Behaviour behaviour(Answer::words(20, 5));
    behaviour.delay = 100ms;
    if (request.incoming.stream) {
        behaviour.tokens_per_write = 1;
        behaviour.gap = 10ms;
    } else {
        behaviour.fault = Fault::trickle;
        behaviour.count = 20;
        behaviour.step = 10ms;
    }
    return behaviour;
}
const std::string slow_text = Answer::words(20, 5).text();

BOOST_AUTO_TEST_CASE(a_thousand_equal_calls_are_one_upstream) {
    for (int mode = 0; mode < 3; ++mode) { // unary, streamed, mixed
        Lab lab;
        lab.net.serve("openai.test", slow_answer);
        Chat one = lab.make<Chat>(openai(), lab.spy);
        std::vector<std::shared_ptr<Running>> calls;
        for (int i = 0; i < 1000; ++i) {
            const bool streamed = mode == 1 || (mode == 2 && i % 2 == 1);
            calls.push_back(streamed ? lab.start_stream(one, hello()) : lab.start_complete(one, hello()));
        }
        lab.run();
        int right = 0, joined = 0;
        for (std::size_t i = 0; i < calls.size(); ++i) {
            const Result& got = calls[i]->result;
            BOOST_REQUIRE(got.reply);
            const bool streamed = mode == 1 || (mode == 2 && i % 2 == 1);
            right += got.reply->text() == slow_text && (!streamed || got.text == slow_text);
            joined += got.reply->trace.joined;
            BOOST_TEST(calls[i]->finished == 1);
        }
        BOOST_TEST(right == 1000);
        BOOST_TEST(joined == 999);
        BOOST_TEST(lab.net.requests().size() == 1u);
        BOOST_TEST(one.stats().cache_joins == 999u);
        BOOST_TEST(one.stats().active_calls == 0u);
        BOOST_TEST(lab.net.open() == 1u);
        BOOST_TEST(lab.spy.state->ends.size() == 1000u);
    }
}

BOOST_AUTO_TEST_CASE(who_joins_late_begins_at_the_first_token) {
    for (const bool leader_streams : {false, true}) {
        Lab lab;
        lab.net.serve("openai.test", slow_answer);
        Chat one = lab.make<Chat>(openai(), lab.spy);
        std::vector<std::shared_ptr<Running>> calls;
        calls.push_back(leader_streams ? lab.start_stream(one, hello()) : lab.start_complete(one, hello()));
        for (int i = 0; i < 30; ++i) {
            lab.clock.advance(lab.io, 10ms);
            calls.push_back(i % 2 ? lab.start_stream(one, hello()) : lab.start_complete(one, hello()));
        }
        lab.run();
        for (std::size_t i = 1; i < calls.size(); ++i) {
            BOOST_REQUIRE(calls[i]->result.reply);
            BOOST_TEST(calls[i]->result.reply->text() == slow_text);
            if (i % 2 == 0) BOOST_TEST(calls[i]->result.text == slow_text);
        }
        BOOST_TEST(lab.net.requests().size() == 1u); // those after its end hit the cache
    }
}

/// `readers` equal calls; after `steps` handlers the first one is cancelled. False if it was over by then.
bool cancel_leader_after(int steps, int mode, int readers) {
    Lab lab;
    lab.net.serve("openai.test", slow_answer);
    Chat one = lab.make<Chat>(openai(), lab.spy);
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < readers; ++i) {
        const bool streamed = mode == 1 || (mode == 2 && i % 2 == 0);
        calls.push_back(streamed ? lab.start_stream(one, hello()) : lab.start_complete(one, hello()));
    }
    for (int i = 0; i < steps; ++i) {
        if (calls[0]->finished > 0) return false;
        lab.clock.step(lab.io);
    }
    if (calls[0]->finished > 0) return false;
    calls[0]->signal.emit(asio::cancellation_type::terminal);
    lab.run();
    BOOST_TEST_CONTEXT("mode " << mode << ", cancelled after " << steps << " handlers") {
        BOOST_TEST(calls[0]->finished == 1);
        BOOST_TEST(!calls[0]->thrown);
        BOOST_TEST((calls[0]->result.errc() == Errc::cancelled || calls[0]->result.errc() == Errc::ok));
        BOOST_TEST(slow_text.starts_with(calls[0]->result.text));
        for (int i = 1; i < readers; ++i) {
            const Result& got = calls[static_cast<std::size_t>(i)]->result;
            BOOST_TEST(got.errc() == Errc::ok);
            if (!got.reply) continue;
            BOOST_TEST(got.reply->text() == slow_text);
            if (!got.deltas.empty()) BOOST_TEST(got.text == slow_text);
        }
        BOOST_TEST(lab.net.requests().size() == 1u);
        BOOST_TEST(one.stats().active_calls == 0u);
        BOOST_TEST(lab.net.misused() == 0u);
        BOOST_TEST(lab.spy.state->ends.size() == static_cast<std::size_t>(readers));
    }
    return true;
}

BOOST_AUTO_TEST_CASE(a_leader_that_leaves_at_any_point_hands_over) {
    for (int mode = 0; mode < 3; ++mode) {
        int points = 0;
        while (cancel_leader_after(points, mode, 7)) ++points;
        BOOST_TEST(points > 20);
    }
}

BOOST_AUTO_TEST_CASE(a_thousand_calls_whose_leader_leaves) {
    for (int mode = 0; mode < 2; ++mode) {
        for (const int steps : {1, 1000, 1001, 1010}) BOOST_TEST(cancel_leader_after(steps, mode, 1000));
    }
}

BOOST_AUTO_TEST_CASE(readers_that_leave_one_by_one_leave_the_rest_alone) {
    Lab lab;
    lab.net.serve("openai.test", slow_answer);
    Chat one = lab.make<Chat>(openai(), lab.spy);
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < 20; ++i)
        calls.push_back(i % 3 ? lab.start_stream(one, hello()) : lab.start_complete(one, hello()));
    for (std::size_t i = 0; i < 19; ++i) {
        lab.clock.advance(lab.io, 9ms);
        calls[i]->signal.emit(asio::cancellation_type::terminal);
    }
    lab.run();
    for (std::size_t i = 0; i < 19; ++i) BOOST_TEST(calls[i]->result.errc() == Errc::cancelled);
    BOOST_TEST(calls[19]->result.errc() == Errc::ok);
    BOOST_TEST(calls[19]->result.text == slow_text);
    BOOST_TEST(lab.net.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_last_reader_that_leaves_ends_the_request) {
    Lab lab;
    lab.net.serve("openai.test", slow_answer);
    Chat one = lab.make<Chat>(openai(), lab.spy);
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < 5; ++i)
        calls.push_back(i % 2 ? lab.start_stream(one, hello()) : lab.start_complete(one, hello()));
    lab.clock.advance(lab.io, 130ms);
    for (const auto& call : calls) call->signal.emit(asio::cancellation_type::terminal);
    lab.clock.advance(lab.io, 0s);
    BOOST_TEST(lab.net.open() == 0u);
    BOOST_TEST(one.stats().active_calls == 0u);
    BOOST_TEST(one.stats().open_connections == 0u);
    for (const auto& call : calls) BOOST_TEST(call->result.errc() == Errc::cancelled);
    BOOST_TEST(lab.complete(one, hello()).reply->text() == slow_text); // not stored, asked anew
    BOOST_TEST(lab.net.requests().size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_error_reaches_every_reader) {
    Lab lab;
    Behaviour bad = fails(Errc::quota);
    bad.delay = 1s;
    lab.net.serve("openai.test", always(bad));
    Chat one = lab.make<Chat>(openai(), lab.spy);
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < 50; ++i)
        calls.push_back(i % 2 ? lab.start_stream(one, hello()) : lab.start_complete(one, hello()));
    lab.run();
    for (const auto& call : calls) BOOST_TEST(call->result.errc() == Errc::quota);
    BOOST_TEST(lab.net.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_breaks_for_every_reader_at_the_same_place) {
    Lab lab;
    lab.net.serve("openai.test", [](const ServedRequest& request) {
        Behaviour broken = slow_answer(request);
        broken.fault = Fault::reset_mid_body;
        broken.at = 10;
        return broken;
    });
    Chat one = lab.make<Chat>(openai(), lab.spy);
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(lab.start_stream(one, hello()));
    lab.run();
    for (const auto& call : calls) {
        BOOST_TEST(call->result.errc() == Errc::truncated);
        BOOST_TEST(call->result.text == calls[0]->result.text);
        BOOST_TEST(slow_text.starts_with(call->result.text));
        BOOST_TEST(call->result.reply.error().detail().delivered == call->result.text);
    }
    BOOST_TEST(!calls[0]->result.text.empty());
}

/// Reads `first` deltas, sleeps, and then reads on.
asio::awaitable<void> sleepy(Chat& chat, const baton::testing::ManualClock& clock, asio::io_context& io,
                             std::size_t first, Duration nap, std::shared_ptr<Running> run) {
    auto stream = chat.stream(hello());
    auto timer = clock.timer(io.get_executor());
    while (auto delta = co_await stream.next()) {
        run->result.text += delta->text;
        run->result.deltas.emplace_back(delta->text);
        if (run->result.deltas.size() != first) continue;
        timer.expires_at(clock.now() + nap);
        co_await timer.async_wait(asio::use_awaitable);
    }
    run->result.reply = stream.reply();
}

BOOST_AUTO_TEST_CASE(a_slow_reader_is_detached_and_stalls_nobody) {
    Lab lab;
    lab.net.serve("openai.test", slow_answer);
    Chat one = lab.make<Chat>(openai(), lab.spy, baton::ExactMatch::Options{.replay_bytes = 16});
    const auto first = lab.start_stream(one, hello());
    const auto slow = std::make_shared<Running>();
    spawn(lab.io.get_executor(), sleepy(one, lab.clock, lab.io, 2, 80ms, slow), slow);
    const auto third = lab.start_complete(one, hello());
    lab.run();
    BOOST_TEST(first->result.text == slow_text);
    BOOST_TEST(first->result.errc() == Errc::ok);
    BOOST_TEST(third->result.errc() == Errc::ok);
    BOOST_TEST(slow->result.errc() == Errc::slow_reader);
    BOOST_TEST(slow_text.starts_with(slow->result.text));
    BOOST_TEST(lab.elapsed() >= 300ms);
    BOOST_TEST(lab.elapsed() < 350ms); // as without the slow one
}

BOOST_AUTO_TEST_CASE(a_slow_leader_stalls_nobody) {
    Lab lab;
    lab.net.serve("openai.test", slow_answer);
    Chat one = lab.make<Chat>(openai(), lab.spy);
    const auto slow = std::make_shared<Running>();
    spawn(lab.io.get_executor(), sleepy(one, lab.clock, lab.io, 1, 10s, slow), slow);
    const auto second = lab.start_stream(one, hello());
    const auto third = lab.start_complete(one, hello());
    lab.clock.advance(lab.io, 1s);
    BOOST_TEST(second->result.text == slow_text);
    BOOST_TEST(third->result.errc() == Errc::ok);
    BOOST_TEST(slow->finished == 0);
    lab.run();
    BOOST_TEST(slow->result.errc() == Errc::ok);
    BOOST_TEST(slow->result.text == slow_text);
}

BOOST_AUTO_TEST_CASE(a_delta_stays_readable_while_others_read_on) {
    Lab lab;
    lab.net.serve("openai.test", [](const ServedRequest& request) {
        Behaviour behaviour = slow_answer(request);
        // so long that what was said before cannot stay where it is
        behaviour.answer.reasoning = {"Hm, let me think of it for a while. ", std::string(100'000, 'm')};
        behaviour.answer.tool_calls.emplace_back("call_1", "clock", R"({"zone":"UTC"})", 4);
        return behaviour;
    });
    Chat one = lab.make<Chat>(openai(), lab.spy);
    const auto leader = std::make_shared<Running>();
    const auto look_late = [&]() -> asio::awaitable<void> {
        auto stream = one.stream(hello());
        auto timer = lab.clock.timer(lab.io.get_executor());
        while (auto delta = co_await stream.next()) {
            const baton::OwnedDelta now(*delta);
            timer.expires_at(lab.clock.now() + 25ms); // meanwhile others get ahead
            co_await timer.async_wait(asio::use_awaitable);
            const baton::OwnedDelta later(*delta);
            BOOST_TEST(now.text == later.text);
            BOOST_TEST(now.reasoning == later.reasoning);
            BOOST_REQUIRE(now.tools.size() == later.tools.size());
            for (std::size_t i = 0; i < now.tools.size(); ++i) {
                BOOST_TEST(now.tools[i].id + now.tools[i].name + now.tools[i].arguments ==
                           later.tools[i].id + later.tools[i].name + later.tools[i].arguments);
            }
            leader->result.text += delta->text;
        }
        leader->result.reply = stream.reply();
    };
    spawn(lab.io.get_executor(), look_late(), leader);
    lab.clock.advance(lab.io, 125ms);
    const auto follower = lab.start_stream(one, hello());
    lab.run();
    BOOST_TEST(leader->result.text == slow_text);
    BOOST_TEST(follower->result.text == slow_text);
    BOOST_TEST((leader->result.reply->parts == follower->result.reply->parts));
    BOOST_TEST(leader->result.reply->parts.size() == 3u);
}

BOOST_AUTO_TEST_CASE(who_takes_the_reply_away_takes_it_from_nobody) {
    for (const bool leader_first : {false, true}) {
        Lab lab;
        lab.net.serve("openai.test", slow_answer);
        Chat one = lab.make<Chat>(openai(), lab.spy);
        const auto slow = std::make_shared<Running>();
        auto quick = std::make_shared<Running>();
        const auto take = [&]() -> asio::awaitable<void> {
            auto stream = one.stream(hello());
            while (auto delta = co_await stream.next()) quick->result.text += delta->text;
            quick->result.reply = std::move(stream).reply();
        };
        if (leader_first) spawn(lab.io.get_executor(), take(), quick);
        spawn(lab.io.get_executor(), sleepy(one, lab.clock, lab.io, 3, 5s, slow), slow);
        if (!leader_first) spawn(lab.io.get_executor(), take(), quick);
        lab.run();
        for (const auto& call : {slow, quick}) {
            BOOST_REQUIRE(call->result.reply);
            BOOST_TEST(call->result.reply->text() == slow_text);
            BOOST_TEST(call->result.text == slow_text);
        }
    }
}

/// Accepts the second answer.
class Picky {
public:
    baton::Judgement on_reply(Reply&, baton::Draft&) {
        return ++*asked == 1 ? *first : baton::Judgement::accept();
    }
    std::shared_ptr<int> asked = std::make_shared<int>(0);
    std::shared_ptr<baton::Judgement> first = std::make_shared<baton::Judgement>(baton::Judgement::again());
};

BOOST_AUTO_TEST_CASE(readers_of_a_judged_stream_see_only_what_was_accepted) {
    using Judged =
        Virtual<baton::Provider<baton::OpenAI>, baton::Cache<baton::ExactMatch>, baton::Use<Picky>>;
    for (const bool rejected : {false, true}) {
        Lab lab;
        const Answer wrong = Answer::words(20, 77);
        lab.net.serve("openai.test", [&, n = 0](const ServedRequest& request) mutable {
            Behaviour behaviour = slow_answer(request);
            if (n++ == 0) behaviour.answer = wrong;
            return behaviour;
        });
        Picky picky;
        if (rejected) *picky.first = baton::Judgement::reject(baton::Error(Errc::content_filtered, "no"));
        Judged one = lab.make<Judged>(openai(), picky);
        std::vector<std::shared_ptr<Running>> calls;
        for (int i = 0; i < 4; ++i) {
            calls.push_back(i == 2 ? lab.start_complete(one, hello()) : lab.start_stream(one, hello()));
            lab.clock.advance(lab.io, 60ms);
        }
        lab.run();
        BOOST_TEST(lab.net.requests().size() == (rejected ? 1u : 2u));
        for (std::size_t i = 0; i < calls.size(); ++i) {
            BOOST_TEST(calls[i]->result.errc() == (rejected ? Errc::content_filtered : Errc::ok));
            BOOST_TEST(calls[i]->result.text == (rejected || i == 2 ? "" : slow_text));
            if (calls[i]->result.reply) BOOST_TEST(calls[i]->result.reply->text() == slow_text);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_reader_has_its_own_deadline) {
    Lab lab;
    lab.net.serve("openai.test", slow_answer);
    Chat one = lab.make<Chat>(openai(), lab.spy);
    const auto with = [](Duration span) {
        Request request = hello();
        request.deadline = span;
        return request;
    };
    for (const bool streamed : {false, true}) {
        for (const bool short_first : {false, true}) {
            const Duration begin = lab.elapsed();
            Request a = with(short_first ? 150ms : 10s), b = with(short_first ? 10s : 150ms);
            a.seed = b.seed = streamed * 2 + short_first; // a new flight each time
            const auto first =
                streamed ? lab.start_stream(one, std::move(a)) : lab.start_complete(one, std::move(a));
            const auto second =
                streamed ? lab.start_stream(one, std::move(b)) : lab.start_complete(one, std::move(b));
            const auto& late = short_first ? first : second;
            const auto& patient = short_first ? second : first;
            lab.run_until([&] { return late->finished > 0; });
            BOOST_TEST(late->result.errc() == Errc::timeout_total);
            BOOST_TEST(lab.elapsed() - begin == 150ms);
            lab.run();
            BOOST_TEST(patient->result.errc() == Errc::ok);
        }
    }
    BOOST_TEST(lab.net.requests().size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
