// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Calls that are cut short at every point: cancelled, or with their context, orchestrator or stream
// destroyed, or with an I/O operation that fails, after each number of handlers. Meant to run under
// AddressSanitizer.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

using namespace lab;

BOOST_AUTO_TEST_SUITE(torture)

/// Names the task a virtual millisecond later.
class SlowClassifier {
public:
    asio::awaitable<std::string> classify(const baton::Draft&) {
        if (!*enabled) co_return std::string();
        auto timer = clock->timer(co_await asio::this_coro::executor);
        timer.expires_at(clock->now() + 1ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return std::string("named");
    }
    std::shared_ptr<baton::testing::ManualClock> clock;
    std::shared_ptr<bool> enabled = std::make_shared<bool>(false);
};

using Plain = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                      baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                      baton::Route<baton::ByTask>, baton::Use<Spy, SlowClassifier>>;
using Cached = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                       baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                       baton::Cache<baton::ExactMatch>, baton::Use<Spy>>;

/// A call, spawned so that it refers to nothing that the test may destroy but what it destroys on purpose.
template <class Chat>
struct Victim : Running {
    using Stream = decltype(std::declval<Chat&>().stream(Request()));
    std::unique_ptr<Stream> stream;
};

template <class Chat>
asio::awaitable<void> read_while_there(std::shared_ptr<Victim<Chat>> call) {
    while (call->stream) {
        auto delta = co_await call->stream->next();
        if (!delta) break;
        call->result.text += delta->text;
    }
    if (call->stream) call->result.reply = call->stream->reply();
}

const Answer good_answer = Answer::words(6, 3);

/// Everything of one trial. The context can be destroyed before the rest.
template <class Chat>
struct Rig {
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>();
    baton::testing::ManualClock clock;
    baton::testing::MemoryNet net{clock};
    Spy spy;
    SlowClassifier classifier;
    std::optional<Chat> chat;
    std::vector<std::shared_ptr<Victim<Chat>>> calls; // the first is the one that is struck

    Rig() {
        classifier.clock = std::make_shared<baton::testing::ManualClock>(clock);
        net.serve("openai.test", always(Behaviour(good_answer)));
        net.serve("anthropic.test", always(Behaviour(good_answer)));
        net.settings().pool.connections = 2;
    }
    void make() {
        const baton::HalfOpen::Options breaker{
            .min_calls = 2, .open = 1s, .jitter = 0, .probes = 1, .passes = 1};
        if constexpr (std::is_same_v<Chat, Plain>) {
            chat.emplace(io->get_executor(), clock, net, baton::Xoshiro(1), spy, classifier, openai(),
                         anthropic(), breaker);
        } else {
            chat.emplace(io->get_executor(), clock, net, baton::Xoshiro(1), spy, openai(), anthropic(),
                         breaker);
        }
    }
    std::shared_ptr<Victim<Chat>> start(bool streamed, Request request = Request("Hello")) {
        auto call = std::make_shared<Victim<Chat>>();
        calls.push_back(call);
        if (streamed) {
            call->stream = std::make_unique<typename Victim<Chat>::Stream>(chat->stream(std::move(request)));
            spawn(io->get_executor(), read_while_there<Chat>(call), call);
        } else {
            asio::co_spawn(*io, chat->complete(std::move(request)),
                           asio::bind_cancellation_slot(
                               call->signal.slot(), [call](std::exception_ptr thrown, result<Reply> reply) {
                                   ++call->finished;
                                   call->thrown = thrown;
                                   call->result.reply = std::move(reply);
                               }));
        }
        return call;
    }
    void run() { clock.run(*io); }
    /// Calls to come before those that are struck.
    void warm_up(int n = 1) {
        for (int i = 0; i < n; ++i) {
            start(false, Request("Warm up #" + std::to_string(i)));
            run();
        }
        calls.clear();
        spy.state->ends.clear();
        spy.state->log.clear();
    }
};

template <class Chat>
struct Scene {
    const char* name;
    std::function<void(Rig<Chat>&)> start;
};

Behaviour slowly(Behaviour behaviour) {
    behaviour.delay = 10ms;
    behaviour.gap = 5ms;
    behaviour.tokens_per_write = 1;
    return behaviour;
}
Behaviour trickled() {
    Behaviour behaviour(good_answer, Fault::trickle);
    behaviour.count = 60;
    behaviour.step = 5ms;
    return behaviour;
}

template <class Chat>
std::vector<Scene<Chat>> scenes() {
    using R = Rig<Chat>;
    std::vector<Scene<Chat>> all{
        {"a whole answer",
         [](R& rig) {
             rig.make();
             rig.start(false);
         }},
        {"a whole answer in pieces",
         [](R& rig) {
             rig.net.serve("openai.test", always(trickled()));
             rig.make();
             rig.start(false);
         }},
        {"a stream",
         [](R& rig) {
             rig.net.serve("openai.test", always(slowly(Behaviour(good_answer))));
             rig.make();
             rig.start(true);
         }},
        {"a stream that comes at once",
         [](R& rig) {
             rig.make();
             rig.start(true);
         }},
        {"the wait before a retry",
         [](R& rig) {
             rig.net.serve("openai.test", sequence(baton::testing::overloaded(), Behaviour(good_answer)));
             rig.make();
             rig.start(true);
         }},
        {"the move to a fallback",
         [](R& rig) {
             rig.net.serve("openai.test", always(fails(Errc::quota)));
             rig.make();
             rig.start(true);
         }},
        {"a slow connection",
         [](R& rig) {
             rig.net.on_connect("openai.test",
                                [](std::uint64_t) { return baton::testing::Accept::yes(30ms); });
             rig.make();
             rig.start(false);
         }},
        {"a connection that never stands, then the fallback",
         [](R& rig) {
             rig.net.on_connect("openai.test", [](std::uint64_t n) {
                 return n > 3 ? baton::testing::Accept::yes() : baton::testing::Accept::hang();
             });
             rig.make();
             rig.start(true);
         }},
        {"a request written in pieces",
         [](R& rig) {
             rig.net.write_at_most(100);
             rig.make();
             rig.start(true);
         }},
        {"the wait for a connection",
         [](R& rig) {
             rig.net.serve("openai.test", always(slowly(Behaviour(good_answer))));
             rig.net.settings().pool.connections = 1;
             rig.make();
             auto other = rig.start(true, Request("Before"));
             rig.start(true, Request("Me"));
             rig.start(false, Request("After"));
             std::swap(rig.calls[0], rig.calls[1]);
         }},
        {"the call others wait behind",
         [](R& rig) {
             rig.net.serve("openai.test", always(slowly(Behaviour(good_answer))));
             rig.net.settings().pool.connections = 1;
             rig.make();
             for (int i = 0; i < 4; ++i) rig.start(i % 2 == 0, Request("Hello #" + std::to_string(i)));
         }},
        {"a kept connection that turns out to be closed",
         [](R& rig) {
             rig.net.serve("openai.test",
                           sequence(Behaviour(good_answer, Fault::close_on_next), Behaviour(good_answer)));
             rig.make();
             rig.warm_up();
             rig.start(true);
         }},
        {"a kept connection",
         [](R& rig) {
             rig.make();
             rig.warm_up(2);
             rig.start(false);
         }},
        {"a probe of a breaker",
         [](R& rig) {
             rig.net.serve("openai.test", sequence(fails(Errc::transient), fails(Errc::transient),
                                                   slowly(Behaviour(good_answer))));
             rig.make();
             rig.warm_up();
             rig.clock.advance(*rig.io, 2s);
             rig.start(true);
         }},
        {"silence until the first-token limit",
         [](R& rig) {
             rig.net.serve("openai.test", always(Behaviour(good_answer, Fault::silence)));
             rig.make();
             rig.start(true);
         }},
        {"an end whose framing is late",
         [](R& rig) {
             rig.net.serve("openai.test", always(slowly(Behaviour(good_answer, Fault::missing_last_chunk))));
             rig.make();
             rig.start(true);
         }},
        {"an end whose framing never comes",
         [](R& rig) {
             Behaviour behaviour(good_answer, Fault::stall, 100);
             behaviour.tokens_per_write = 1;
             rig.net.serve("openai.test", always(behaviour));
             rig.make();
             rig.start(false);
         }},
    };
    if constexpr (std::is_same_v<Chat, Cached>) {
        for (const bool slow : {false, true}) {
            const auto prepare = [slow](R& rig) {
                if (slow) rig.net.serve("openai.test", always(slowly(Behaviour(good_answer))));
                rig.make();
            };
            all.push_back({"a leader", [=](R& rig) {
                               prepare(rig);
                               for (int i = 0; i < 5; ++i) rig.start(i % 2 == 0);
                           }});
            all.push_back({"a follower", [=](R& rig) {
                               prepare(rig);
                               for (int i = 0; i < 5; ++i) rig.start(i % 2 == 1);
                               std::swap(rig.calls[0], rig.calls[3]);
                           }});
            all.push_back({"a follower of a unary call", [=](R& rig) {
                               prepare(rig);
                               for (int i = 0; i < 3; ++i) rig.start(i == 1);
                               std::swap(rig.calls[0], rig.calls[1]);
                           }});
        }
        all.push_back({"a hit", [](R& rig) {
                           rig.make();
                           rig.start(false);
                           rig.run();
                           rig.calls.clear();
                           rig.spy.state->ends.clear();
                           rig.spy.state->log.clear();
                           rig.start(true);
                       }});
    } else {
        all.push_back({"a classifier that takes its time", [](R& rig) {
                           *rig.classifier.enabled = true;
                           rig.make();
                           rig.start(true);
                           rig.start(false);
                       }});
    }
    return all;
}

enum class Blow { cancel, end_context, end_orchestrator_then_context, end_orchestrator, end_stream };

/// What must hold of an orchestrator whose calls are over.
template <class Chat>
void check_quiet(Rig<Chat>& rig) {
    const baton::Stats stats = rig.chat->stats();
    BOOST_TEST(stats.active_calls == 0u);
    BOOST_TEST(stats.open_connections == stats.idle_connections);
    BOOST_TEST(stats.open_connections == rig.net.open());
    BOOST_TEST(rig.net.misused() == 0u);
}

/// It still works: the pool has room, the breaker admits.
template <class Chat>
void check_alive(Rig<Chat>& rig) {
    rig.calls.clear();
    rig.net.serve("openai.test", always(Behaviour(good_answer)));
    rig.net.on_connect("openai.test", {});
    rig.clock.advance(*rig.io, 2s);
    const auto again = rig.start(true, Request("Again"));
    const auto more = rig.start(false, Request("More"));
    rig.run();
    for (const auto& call : {again, more}) {
        BOOST_TEST(call->result.errc() == Errc::ok);
        if (call->result.reply) BOOST_TEST(call->result.reply->text() == good_answer.text());
    }
    check_quiet(rig);
}

template <class Chat>
void check_outcomes(Rig<Chat>& rig, Blow blow) {
    for (std::size_t i = 0; i < rig.calls.size(); ++i) {
        const Victim<Chat>& call = *rig.calls[i];
        BOOST_TEST(call.finished == 1);
        BOOST_TEST(!call.thrown);
        BOOST_TEST(good_answer.text().starts_with(call.result.text));
        const bool may_be_cut = i == 0 || blow == Blow::end_orchestrator;
        const bool gone = i == 0 && blow == Blow::end_stream; // nobody to tell
        if (!gone) {
            const Errc errc = call.result.errc();
            BOOST_TEST((errc == Errc::ok || (may_be_cut && errc == Errc::cancelled)));
        }
        if (call.result.reply) BOOST_TEST(call.result.reply->text() == good_answer.text());
    }
    const std::vector<std::string>& log = rig.spy.state->log;
    BOOST_TEST(rig.spy.state->ends.size() ==
               static_cast<std::size_t>(std::count(log.begin(), log.end(), "start")));
}

/// Strikes after `steps` handlers. False if the victim was over by then.
template <class Chat>
bool strike(const Scene<Chat>& scene, Blow blow, int steps) {
    Rig<Chat> rig;
    scene.start(rig);
    for (int i = 0; i < steps; ++i) {
        if (rig.calls[0]->finished > 0 || !rig.clock.step(*rig.io)) break;
    }
    if (rig.calls[0]->finished > 0) return false;
    BOOST_TEST_CONTEXT(scene.name << ", blow " << static_cast<int>(blow) << " after " << steps
                                  << " handlers") {
        switch (blow) {
        case Blow::cancel: rig.calls[0]->signal.emit(asio::cancellation_type::terminal); break;
        case Blow::end_context: {
            rig.io.reset();
            BOOST_TEST(rig.chat->stats().active_calls == 0u);
            for (const auto& call : rig.calls) BOOST_TEST(call->finished <= 1);
            rig.calls.clear();
            rig.chat.reset();
            BOOST_TEST(rig.net.open() == 0u);
            return true;
        }
        case Blow::end_orchestrator_then_context: {
            rig.chat.reset();
            rig.io.reset();
            rig.calls.clear();
            BOOST_TEST(rig.net.open() == 0u);
            return true;
        }
        case Blow::end_orchestrator: rig.chat.reset(); break;
        case Blow::end_stream: rig.calls[0]->stream.reset(); break;
        }
        rig.run();
        check_outcomes(rig, blow);
        if (rig.chat) {
            check_quiet(rig);
            check_alive(rig);
            rig.chat.reset();
        }
        rig.run();
        rig.calls.clear();
        BOOST_TEST(rig.net.open() == 0u);
        BOOST_TEST(baton::testing::detail::VirtualService::of(rig.io->get_executor()).objects == 0u);
    }
    return true;
}

template <class Chat>
void strike_everywhere(Blow blow) {
    for (const Scene<Chat>& scene : scenes<Chat>()) {
        if (blow == Blow::end_stream) {
            Rig<Chat> rig;
            scene.start(rig);
            if (!rig.calls[0]->stream) continue;
        }
        int steps = 0;
        while (strike(scene, blow, steps)) {
            ++steps;
            BOOST_REQUIRE(steps < 2000); // it hangs
        }
        BOOST_TEST_MESSAGE(scene.name << ": " << steps << " points");
        BOOST_TEST(steps > 0);
    }
}

BOOST_AUTO_TEST_CASE(cancelled) { strike_everywhere<Plain>(Blow::cancel); }
BOOST_AUTO_TEST_CASE(cancelled_while_shared) { strike_everywhere<Cached>(Blow::cancel); }
BOOST_AUTO_TEST_CASE(the_stream_destroyed) { strike_everywhere<Plain>(Blow::end_stream); }
BOOST_AUTO_TEST_CASE(the_stream_destroyed_while_shared) { strike_everywhere<Cached>(Blow::end_stream); }
BOOST_AUTO_TEST_CASE(the_orchestrator_destroyed) { strike_everywhere<Plain>(Blow::end_orchestrator); }
BOOST_AUTO_TEST_CASE(the_orchestrator_destroyed_while_shared) {
    strike_everywhere<Cached>(Blow::end_orchestrator);
}
BOOST_AUTO_TEST_CASE(the_context_destroyed) { strike_everywhere<Plain>(Blow::end_context); }
BOOST_AUTO_TEST_CASE(the_context_destroyed_while_shared) { strike_everywhere<Cached>(Blow::end_context); }
BOOST_AUTO_TEST_CASE(the_orchestrator_destroyed_and_then_the_context) {
    strike_everywhere<Plain>(Blow::end_orchestrator_then_context);
    strike_everywhere<Cached>(Blow::end_orchestrator_then_context);
}

template <class Chat>
void fail_every_operation() {
    for (const Scene<Chat>& scene : scenes<Chat>()) {
        for (std::uint64_t k = 1;; ++k) {
            Rig<Chat> rig;
            scene.start(rig);
            rig.net.fail_operation(k);
            rig.run();
            BOOST_TEST_CONTEXT(scene.name << ", operation " << k << " fails") {
                for (const auto& call : rig.calls) {
                    BOOST_TEST(call->finished == 1);
                    BOOST_TEST(!call->thrown);
                    BOOST_TEST(good_answer.text().starts_with(call->result.text));
                    BOOST_TEST((call->result.errc() == Errc::ok || call->result.errc() == Errc::truncated));
                    if (!call->result.reply) BOOST_TEST_MESSAGE(call->result.reply.error());
                }
                check_quiet(rig);
                const bool reached = rig.net.operations() >= k;
                check_alive(rig);
                if (!reached) break;
            }
            BOOST_REQUIRE(k < 500u);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_operation_fails) { fail_every_operation<Plain>(); }
BOOST_AUTO_TEST_CASE(an_operation_fails_while_shared) { fail_every_operation<Cached>(); }

BOOST_AUTO_TEST_CASE(finished_streams_outlive_their_context) {
    for (const bool ended : {false, true}) {
        Rig<Cached> rig;
        rig.net.serve("openai.test", always(slowly(Behaviour(good_answer))));
        rig.make();
        const auto call = rig.start(true);
        const auto follower = rig.start(true);
        if (ended) {
            rig.run();
        } else {
            while (call->result.text.empty()) rig.clock.step(*rig.io);
        }
        rig.io.reset();
        rig.calls.clear();
        BOOST_TEST(call->finished == (ended ? 1 : 0));
        rig.chat.reset();
        if (ended) BOOST_TEST(call->stream->reply()->text() == good_answer.text());
    }
}

BOOST_AUTO_TEST_CASE(health_checks_are_calls_too) {
    for (int steps = 0; steps < 60; ++steps) {
        for (int blow = 0; blow < 3; ++blow) {
            Rig<Plain> rig;
            rig.net.on_connect("anthropic.test",
                               [](std::uint64_t) { return baton::testing::Accept::yes(5ms); });
            rig.make();
            int finished = 0;
            std::vector<baton::HealthReport> health;
            asio::cancellation_signal signal;
            asio::co_spawn(
                *rig.io, rig.chat->health(),
                asio::bind_cancellation_slot(
                    signal.slot(), [&](std::exception_ptr thrown, std::vector<baton::HealthReport> found) {
                        BOOST_TEST(!thrown);
                        ++finished;
                        health = std::move(found);
                    }));
            for (int i = 0; i < steps; ++i) rig.clock.step(*rig.io);
            const bool was_over = finished > 0;
            if (blow == 0) signal.emit(asio::cancellation_type::terminal);
            if (blow == 1) rig.chat.reset();
            if (blow == 2) {
                rig.io.reset();
                continue;
            }
            rig.run();
            BOOST_TEST(finished == 1);
            if (was_over) {
                BOOST_REQUIRE(health.size() == 2u);
                BOOST_TEST(health[0].ok());
                BOOST_TEST(health[1].answer.value() == 5ms);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
