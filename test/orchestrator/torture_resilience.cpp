// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Calls under every resilience policy at once, cut short at every point: cancelled, their stream,
// orchestrator or context destroyed, an I/O operation failed, an answer cut at every seventh byte. Each has
// one outcome, and gives back what it took: connections, leases, places in line. Meant to run under
// AddressSanitizer.
#define BOOST_TEST_MODULE torture_resilience
#include <boost/test/unit_test.hpp>

#include "everything.hpp"

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

BOOST_AUTO_TEST_SUITE_END()
