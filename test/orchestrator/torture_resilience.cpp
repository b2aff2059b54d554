// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Calls under every resilience policy at once, cut short at every point: cancelled, their stream,
// orchestrator or context destroyed, an I/O operation failed, an answer cut at every seventh byte, a deadline
// anywhere. Each has one outcome, and gives back what it took: connections, leases, places in line. Meant to
// run under AddressSanitizer.
#include <boost/test/unit_test.hpp>

#include "../support/long_form.hpp"
#include "everything.hpp"

#include <algorithm>
#include <map>

using namespace everything;

BOOST_AUTO_TEST_SUITE(torture_resilience)

namespace {

enum class Blow { none, cancel, end_context, end_orchestrator_then_context, end_orchestrator, end_stream };

/// Every lease ended once, with what its attempt took; and the caller was told of each.
void check_books(const Rig& rig) {
    const Books& books = rig.books;
    const Clerk::State& told = *rig.clerk.state;
    BOOST_TEST(books.charged == books.refunded + books.ended);
    BOOST_TEST(books.unknown == 0); // what nobody said is estimated
    BOOST_TEST(books.ended == told.sent);
    BOOST_TEST(books.input == told.input);
    BOOST_TEST(books.output == told.output);
    BOOST_TEST(told.starts == told.ends);
    if (rig.calls.size() > 1) return; // readers of one call are each told of its attempts
    BOOST_TEST(told.traced == told.sent);
    BOOST_TEST(told.traced_input == told.input);
    BOOST_TEST(told.traced_output == told.output);
}

/// What must hold of an orchestrator whose calls are over.
void check_quiet(Rig& rig) {
    const baton::Stats stats = rig.chat->stats();
    BOOST_TEST(stats.active_calls == 0u);
    BOOST_TEST(stats.open_connections == stats.idle_connections);
    BOOST_TEST(stats.open_connections == rig.net.open());
    BOOST_TEST(rig.net.misused() == 0u);
    for (const auto& target : stats.targets) BOOST_TEST(target.in_flight == 0u);
}

/// It still works: as many as the limits let through at once are not kept waiting.
void check_alive(Rig& rig) {
    rig.calls.clear();
    rig.all(goes_on);
    rig.clock.advance(*rig.io, 90s); // until everybody is well again
    const baton::TimePoint before = rig.clock.now();
    rig.start(true, Request("Again"));
    rig.start(false, Request("More"));
    BOOST_TEST(rig.run());
    for (const auto& call : rig.calls) {
        BOOST_TEST(call->result.errc() == Errc::ok);
        if (call->result.reply) BOOST_TEST(call->result.reply->text() == whole);
    }
    for (int i = 0; i < 2; ++i) rig.start(true, Request("Another tenant's", baton::tenant("other")));
    BOOST_TEST(rig.run());
    BOOST_TEST((rig.clock.now() - before < Duration(1s)));
    check_quiet(rig);
    BOOST_TEST(rig.books.charged == rig.books.refunded + rig.books.ended);
}

/// The outcome of one call. `may`: what it may end with besides a whole answer.
void check_outcome(const Scene& scene, const Victim& call, std::initializer_list<Errc> may) {
    BOOST_TEST(call.finished == 1);
    BOOST_TEST(!call.thrown);
    const Errc errc = call.result.errc();
    const bool allowed = errc == Errc::ok ? scene.answered || may.size() == 0
                                          : std::find(may.begin(), may.end(), errc) != may.end();
    BOOST_TEST(allowed,
               "ended with " << errc << ": " << (call.result.reply ? "" : call.result.reply.error().what()));
    const std::string expected = scene.tools ? tool_answer().text() : whole;
    BOOST_TEST(expected.starts_with(call.result.text), "read \"" << call.result.text << '"');
    if (call.result.reply) {
        BOOST_TEST(call.result.reply->text() == expected);
        if (call.stream) BOOST_TEST(call.result.text == expected);
        if (call.stream && scene.tools) BOOST_TEST(call.arguments == R"({"city":"Berlin","unit":"C"})");
    } else if (call.stream && errc != Errc::cancelled) {
        BOOST_TEST(call.result.reply.error().detail().delivered == call.result.text);
    }
}

/// Ends what is left of a trial.
void check_gone(Rig& rig) {
    if (rig.chat) {
        check_quiet(rig);
        check_alive(rig);
        rig.chat.reset();
    }
    BOOST_TEST(rig.run());
    rig.calls.clear();
    BOOST_TEST(rig.net.open() == 0u);
    BOOST_TEST(baton::testing::detail::VirtualService::of(rig.io->get_executor()).objects == 0u);
}

/// Strikes after `steps` handlers. False if the victim was over by then.
bool strike(const Scene& scene, Blow blow, int steps) {
    Rig rig;
    scene.start(rig);
    for (int i = 0; i < steps; ++i) {
        if (rig.calls[0]->finished > 0 || !rig.clock.step(*rig.io)) break;
    }
    if (rig.calls[0]->finished > 0) return false;
    BOOST_TEST_CONTEXT(scene.name << ", blow " << static_cast<int>(blow) << " after " << steps
                                  << " handlers") {
        switch (blow) {
        case Blow::none: break;
        case Blow::cancel: rig.calls[0]->signal.emit(asio::cancellation_type::terminal); break;
        case Blow::end_context: {
            rig.io.reset();
            BOOST_TEST(rig.chat->stats().active_calls == 0u);
            for (const auto& call : rig.calls) BOOST_TEST(call->finished <= 1);
            check_books(rig);
            rig.calls.clear();
            rig.chat.reset();
            BOOST_TEST(rig.net.open() == 0u);
            return true;
        }
        case Blow::end_orchestrator_then_context: {
            rig.chat.reset();
            rig.io.reset();
            check_books(rig);
            rig.calls.clear();
            BOOST_TEST(rig.net.open() == 0u);
            return true;
        }
        case Blow::end_orchestrator: rig.chat.reset(); break;
        case Blow::end_stream: rig.calls[0]->stream.reset(); break;
        }
        BOOST_TEST(rig.run());
        for (std::size_t i = 0; i < rig.calls.size(); ++i) {
            Victim& call = *rig.calls[i];
            if (i == 0 && blow == Blow::end_stream) { // nobody to tell
                BOOST_TEST(call.finished == 1);
            } else if (i == 0 || blow == Blow::end_orchestrator) {
                check_outcome(scene, call,
                              {Errc::cancelled, scene.answered ? Errc::cancelled : Errc::truncated});
            } else {
                check_outcome(scene, call, {});
            }
        }
        check_books(rig);
        check_gone(rig);
    }
    return true;
}

void strike_everywhere(Blow blow) {
    int points = 0;
    for (const Scene& scene : scenes()) {
        if (blow == Blow::end_stream) {
            Rig rig;
            scene.start(rig);
            if (!rig.calls[0]->stream) continue;
        }
        int steps = 0;
        while (strike(scene, blow, steps)) {
            ++steps;
            BOOST_REQUIRE(steps < 2000); // it hangs
        }
        BOOST_TEST(steps > 0);
        points += steps;
    }
    BOOST_TEST_MESSAGE("blow " << static_cast<int>(blow) << ": " << points << " points");
}

} // namespace

BOOST_AUTO_TEST_CASE(unharmed) {
    for (const Scene& scene : scenes()) {
        BOOST_TEST_CONTEXT(scene.name) {
            Rig rig;
            scene.start(rig);
            BOOST_TEST(rig.run());
            BOOST_TEST(scene.reached(rig));
            for (const auto& call : rig.calls) {
                if (scene.answered) {
                    check_outcome(scene, *call, {});
                } else {
                    check_outcome(scene, *call, {Errc::truncated});
                }
            }
            check_books(rig);
            check_gone(rig);
        }
    }
}

BOOST_AUTO_TEST_CASE(cancelled) { strike_everywhere(Blow::cancel); }
BOOST_AUTO_TEST_CASE(the_stream_destroyed) { strike_everywhere(Blow::end_stream); }
BOOST_AUTO_TEST_CASE(the_orchestrator_destroyed) { strike_everywhere(Blow::end_orchestrator); }
BOOST_AUTO_TEST_CASE(the_context_destroyed) { strike_everywhere(Blow::end_context); }
BOOST_AUTO_TEST_CASE(the_orchestrator_destroyed_and_then_the_context) {
    strike_everywhere(Blow::end_orchestrator_then_context);
}

BOOST_AUTO_TEST_CASE(an_operation_fails) {
    std::uint64_t operations = 0;
    for (const Scene& scene : scenes()) {
        for (std::uint64_t k = 1;; ++k) {
            Rig rig;
            scene.start(rig);
            rig.net.fail_operation(k);
            BOOST_TEST_CONTEXT(scene.name << ", operation " << k << " fails") {
                BOOST_TEST(rig.run());
                for (const auto& call : rig.calls) {
                    if (scene.answered) {
                        check_outcome(scene, *call, {});
                    } else {
                        check_outcome(scene, *call, {Errc::truncated, Errc::invalid_request});
                    }
                }
                check_books(rig);
                const bool reached = rig.net.operations() >= k;
                rig.net.fail_operation(0);
                check_gone(rig);
                if (!reached) break;
                ++operations;
            }
            BOOST_REQUIRE(k < 500u);
        }
    }
    BOOST_TEST_MESSAGE(operations << " operations");
}

BOOST_AUTO_TEST_CASE(an_answer_is_cut) {
    // every seventh byte of the shapes an answer has; of those where only what follows differs, every 91st,
    // and where every answer is cut, not only the first
    int cuts = 0;
    for (const Scene& scene : scenes()) {
        const std::string_view name = scene.name;
        const bool shape = name == "a whole answer" || name == "a stream" || scene.tools;
        for (const bool first_only : {true, false}) {
            bool reached = true;
            for (std::size_t at = 0; reached; at += first_only && shape ? 7 : 91) {
                Rig rig;
                scene.start(rig);
                const std::size_t before = rig.net.requests().size();
                using End = baton::testing::MemoryNet::End;
                rig.net.cut(at, at % 2 == 0 ? End::reset : End::close);
                BOOST_TEST_CONTEXT(scene.name << ", " << (first_only ? "the first" : "every")
                                              << " answer cut before byte " << at) {
                    int steps = 0;
                    while (rig.clock.step(*rig.io) && ++steps < 50'000) {
                        if (first_only && rig.net.requests().size() > before) rig.net.uncut();
                    }
                    BOOST_TEST(steps < 50'000);
                    const auto& answers = rig.net.ledger().requests;
                    reached = at < 2000 && std::any_of(
                                               answers.begin(), answers.end(),
                                               [&](const auto& served) {
                                                   return served.number > before && !served.completed;
                                               });
                    for (const auto& call : rig.calls) {
                        if (first_only && scene.answered) {
                            check_outcome(scene, *call, {});
                        } else {
                            check_outcome(scene, *call,
                                          {Errc::truncated, Errc::unavailable, Errc::protocol, Errc::quota,
                                           Errc::invalid_request, Errc::rate_limited, Errc::transient,
                                           Errc::breaker_open, Errc::ok});
                        }
                    }
                    check_books(rig);
                    rig.net.uncut();
                    if (++cuts % 8 == 0) check_gone(rig); // it takes longer than the rest
                }
            }
        }
    }
    BOOST_TEST_MESSAGE(cuts << " cuts");
}

namespace {

/// Two tool calls behind a little text.
const std::string orders[] = {R"({"city":"Berlin","unit":"C"})",
                              R"({"to":"ann@b.test","say":"\u00e4 \"now\""})"};
Answer two_calls() {
    Answer answer;
    answer.tokens = {"Let ", "me ", "see. "};
    answer.tool_calls.push_back(Answer::ToolCall("c1", "weather", orders[0], 5));
    answer.tool_calls.push_back(Answer::ToolCall("c2", "send", orders[1], 6));
    return answer;
}

/// What somebody who executes tool calls as the library tells him to does with an outcome.
struct Executed {
    std::size_t whole = 0, half = 0;
    explicit Executed(const result<Reply>& reply) {
        if (!reply) return;
        std::size_t next = 0;
        for (const baton::Part& part : reply->parts) {
            if (part.kind != baton::Part::Kind::tool_call) continue;
            const bool known = next < 2 && part.text == orders[next] &&
                               part.detail->name == (next == 0 ? "weather" : "send");
            ++(known ? whole : half);
            ++next;
        }
    }
};

} // namespace

// Scorecard line 4: tool calls cut at each byte of the answer, once or in every attempt.
BOOST_AUTO_TEST_CASE(no_half_tool_call_is_ever_executed) {
    using End = baton::testing::MemoryNet::End;
    const std::size_t stride = baton::test::rounds(13, 1);
    std::size_t cuts = 0, truncated = 0, whole_ones = 0, unfinished = 0, half = 0, wrong = 0;
    for (const std::string model : {"openai/m", "anthropic/m"}) {
        for (const bool streamed : {true, false}) {
            for (const bool every : {true, false}) {
                std::size_t size = 4000; // until it is known
                for (std::size_t at = 0; at < size; at += stride) {
                    Rig rig;
                    rig.all(always(Behaviour(two_calls())));
                    rig.make();
                    rig.net.cut(at, at / stride % 2 == 0 ? End::reset : End::close);
                    const auto call =
                        rig.start(streamed, Request("Do it", baton::model(model),
                                                    baton::tools(baton::Tool("weather", "tells it"),
                                                                 baton::Tool("send", "sends it"))));
                    while (rig.clock.step(*rig.io)) {
                        if (!every && !rig.net.requests().empty()) rig.net.uncut();
                    }
                    size = rig.net.last_answer().size();
                    if (at >= size) break;
                    const Executed executed(call->result.reply);
                    const Errc errc = call->result.errc();
                    ++cuts;
                    truncated += errc == Errc::truncated;
                    unfinished += errc != Errc::ok;
                    whole_ones += executed.whole;
                    half += executed.half;
                    // all of it once, or nothing; where nothing else is to come, in its terminal event at
                    // least
                    bool right = call->finished == 1 && executed.half == 0 &&
                                 executed.whole == (errc == Errc::ok ? 2U : 0U);
                    if (!every) right = right && errc == Errc::ok;
                    if (every && errc == Errc::ok) right = right && streamed && at + 400 > size;
                    if (every && errc != Errc::ok && at > 0 && streamed) {
                        right = right && (errc == Errc::truncated || errc == Errc::unavailable);
                    }
                    const std::string both = orders[0] + orders[1]; // fragments may have been shown
                    if (streamed) right = right && both.starts_with(call->arguments);
                    if (right || ++wrong > 3) continue;
                    BOOST_TEST_MESSAGE(model << ", streamed " << streamed << ", every " << every
                                             << ", cut at " << at << " of " << size << ": " << errc
                                             << ", executed " << executed.whole << " and " << executed.half);
                }
            }
        }
    }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(half == 0U);
    BOOST_TEST(cuts >= 1000U);
    BOOST_TEST_MESSAGE("scorecard 4: " << cuts << " cuts, " << unfinished << " calls with an error ("
                                       << truncated << " truncated), of which 0 executed anything; "
                                       << whole_ones << " tool calls executed whole, " << half
                                       << " incomplete ones");
}

namespace {

/// Latencies, faults, errors and hints by chance. One in `good` answers is in trouble.
Behaviour by_chance(const ServedRequest& request, baton::Xoshiro& rng, std::uint64_t good) {
    const auto some = [&](Duration most) {
        return rng.below(3) == 0 ? rng.uniform(most) : rng.uniform(most) / 50;
    };
    Behaviour behaviour = goes_on(request);
    switch (rng.below(good) == 0 ? rng.below(6) : 6) {
    case 0: behaviour = fails(Errc::transient); break;
    case 1:
        behaviour = fails(Errc::rate_limited, "retry-after: " + std::to_string(rng.below(8)) + "\r\n");
        break;
    case 6: break;
    default:
        behaviour.fault = static_cast<Fault>(rng.below(static_cast<std::uint64_t>(Fault::count_)));
        behaviour.at = rng.below(length);
        if (behaviour.fault == Fault::giant_event || behaviour.fault == Fault::tiny_events)
            behaviour.count = 999;
        behaviour.step = some(2s);
    }
    behaviour.delay = some(4s);
    behaviour.gap = some(1s);
    // what comes behind a good answer may come after the connection was used again: neither side's fault
    if (behaviour.fault == Fault::close_after || behaviour.fault == Fault::close_on_next ||
        behaviour.fault == Fault::extra_bytes) {
        behaviour.fault = Fault::none;
    }
    return behaviour;
}

struct Timed {
    baton::TimePoint due{}, ended{};
    Errc errc = Errc::ok;
    int outcomes = 0;
};
asio::awaitable<void> timed(Rig& rig, Request request, bool streamed, Timed& call) {
    if (streamed) {
        auto stream = rig.chat->stream(std::move(request));
        while (auto delta = co_await stream.next()) {
        }
        call.errc = stream.reply() ? Errc::ok : stream.reply().error().errc();
    } else {
        const result<Reply> reply = co_await rig.chat->complete(std::move(request));
        call.errc = reply ? Errc::ok : reply.error().errc();
    }
    call.ended = rig.clock.now();
    ++call.outcomes;
}

} // namespace

// Scorecard line 8: whatever happens, and whenever: no call outlives its deadline by a millisecond.
BOOST_AUTO_TEST_CASE(no_schedule_outlives_its_deadline) {
    constexpr std::size_t calls = 25;
    const std::size_t rigs = baton::test::rounds(100, 400);
    Duration worst = Duration::min();
    std::map<Errc, std::size_t> ends;
    std::uint64_t hedges = 0, resumed = 0, attempts = 0;
    for (std::size_t seed = 1; seed <= rigs; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            baton::Xoshiro rng(seed), vendors(seed + 1'000'000);
            const auto some = [&](Duration most) {
                return 1ms + rng.uniform(rng.below(2) ? most : most / 20);
            };
            Rig rig;
            rig.all([&vendors, good = seed % 2 == 0 ? 8U : 2U](const ServedRequest& request) {
                return by_chance(request, vendors, good);
            });
            for (const char* host : {"a.test", "b.test", "anthropic.test"}) {
                rig.net.on_connect(host, [&vendors](std::uint64_t) {
                    using baton::testing::Accept;
                    const auto kind = vendors.below(12);
                    return kind == 0 ? Accept::hang()
                           : kind == 1
                               ? Accept::refuse(vendors.uniform(1s))
                               : Accept::yes(vendors.uniform(kind < 4 ? Duration(2s) : Duration(20ms)));
                });
            }
            const Duration total = some(20s) + 100ms;
            rig.make({.connect = some(3s),
                      .first_token = some(8s),
                      .first_byte_unary = some(8s),
                      .idle = some(4s),
                      .total = total});
            std::vector<Timed> records(calls);
            for (std::size_t i = 0; i < calls; ++i) {
                // few questions: some calls follow others, some meet what is cached
                Request request("Hello #" + std::to_string(rng.below(3) ? i + 100 : rng.below(4)));
                Duration allowed = total;
                if (rng.below(2)) request.deadline = allowed = rng.below(8) ? some(15s) : Duration(0);
                records[i].due = rig.clock.now() + allowed;
                asio::co_spawn(*rig.io, timed(rig, std::move(request), rng.below(2) == 0, records[i]),
                               asio::detached);
                rig.clock.advance(*rig.io, rng.below(2) ? rng.uniform(3s) : Duration(0));
            }
            BOOST_TEST(rig.run());
            for (const Timed& call : records) {
                BOOST_TEST(call.outcomes == 1);
                worst = std::max(worst, call.ended - call.due);
                ++ends[call.errc];
            }
            hedges += rig.chat->stats().hedges;
            for (std::size_t mode = 1; mode < 4; ++mode)
                resumed += static_cast<std::uint64_t>(rig.clerk.state->resumes[mode]);
            attempts += static_cast<std::uint64_t>(rig.clerk.state->sent);
            check_quiet(rig);
            BOOST_TEST(rig.books.charged == rig.books.refunded + rig.books.ended);
            rig.chat.reset();
            rig.run();
        }
    }
    BOOST_TEST(worst <= 1ms);
    BOOST_TEST(ends[Errc::ok] > rigs * calls / 10);
    BOOST_TEST(ends[Errc::timeout_total] > rigs * calls / 20);
    BOOST_TEST(hedges > 0U);
    BOOST_TEST(resumed > 0U);
    std::string said;
    for (const auto& [errc, n] : ends) said += " " + std::string(to_string(errc)) + " " + std::to_string(n);
    BOOST_TEST_MESSAGE("scorecard 8: " << rigs * calls << " schedules, " << attempts << " attempts, "
                                       << hedges << " hedges, " << resumed << " resumed; latest end "
                                       << static_cast<double>(worst.count()) / 1e6
                                       << " ms after its deadline;" << said);
}

BOOST_AUTO_TEST_SUITE_END()
