// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Calls on many threads at once, over real sockets: meant to run under ThreadSanitizer. And the destruction
// of a real context, whose sockets and timers are Asio's own.
#include <boost/test/unit_test.hpp>

#include <baton/baton.hpp>
#include <baton/testing/fault_server.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(threads)

namespace asio = boost::asio;
using namespace std::chrono_literals;
using baton::Errc;
using baton::Request;
using baton::testing::Answer;
using baton::testing::Behaviour;
using baton::testing::Fault;
using baton::testing::FaultServer;
using baton::testing::ServedRequest;

/// Hooks run one at a time, so a plain count will do.
class Counter {
public:
    void on_start(const Request&) { ++state->started; }
    void on_delta(baton::Delta&) { ++state->deltas; }
    void on_end(const baton::Outcome&) { ++state->ended; }
    struct State {
        std::size_t started = 0, deltas = 0, ended = 0;
    };
    std::shared_ptr<State> state = std::make_shared<State>();
};

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>,
                                 baton::Breaker<baton::HalfOpen>, baton::Cache<baton::ExactMatch>,
                                 baton::Use<Counter>, baton::Threads<baton::Multi>>;

Answer answer_of(const ServedRequest& request) {
    return Answer::words(8, request.id.empty() ? 1 : std::stoul(request.id));
}

/// Shared by the coroutines of one test.
struct Tally {
    std::atomic<int> finished = 0, right = 0, broken = 0, cancelled = 0, wrong = 0, thrown = 0;

    void count(const baton::result<baton::Reply>& reply, const std::string& text, const std::string& expected,
               bool streamed) {
        if (reply) {
            ++(reply->text() == expected && (!streamed || text == expected) ? right : wrong);
        } else {
            const bool fine = expected.starts_with(text);
            ++(!fine ? wrong : reply.error() == Errc::cancelled ? cancelled : broken);
        }
    }
};

asio::awaitable<void> ask(Chat& chat, Request request, bool streamed, std::string expected, Tally& tally) {
    std::string text;
    if (streamed) {
        auto stream = chat.stream(std::move(request));
        while (auto delta = co_await stream.next()) text += delta->text;
        tally.count(stream.reply(), text, expected, true);
    } else {
        const auto reply = co_await chat.complete(std::move(request));
        tally.count(reply, text, expected, false);
    }
}

auto finished(Tally& tally) {
    return [&tally](std::exception_ptr thrown) {
        tally.thrown += thrown != nullptr;
        ++tally.finished;
    };
}

using Hedged = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>,
                                   baton::Hedge<baton::AfterP95>, baton::Resume<baton::Restart>,
                                   baton::Limit<baton::Gcra>, baton::Balance<baton::PowerOfTwo>,
                                   baton::Health<baton::Passive>, baton::Threads<baton::Multi>>;

asio::awaitable<void> ask_hedged(Hedged& chat, int number, Tally& tally) {
    Request request("Call #" + std::to_string(number));
    const std::string expected = Answer::words(8, static_cast<std::uint64_t>(number)).text();
    if (number % 2 == 0) {
        std::string text;
        auto stream = chat.stream(std::move(request));
        while (auto delta = co_await stream.next()) text += delta->text;
        tally.count(stream.reply(), text, expected, true);
    } else {
        const auto reply = co_await chat.complete(std::move(request));
        tally.count(reply, {}, expected, false);
    }
}

BOOST_AUTO_TEST_CASE(races_on_many_threads) {
    constexpr int calls = 400;
    FaultServer server([](const ServedRequest& request) {
        Behaviour b(answer_of(request));
        // some are late, and their rivals come first, at the same time or after them
        b.delay = std::chrono::milliseconds(request.number % 5 == 0 ? 5 + request.number % 11 : 0);
        if (request.number % 17 == 0) b.fault = Fault::reset_mid_body;
        b.at = 4;
        return b;
    });
    const std::string url = server.url();
    Tally tally;
    std::uint64_t hedges = 0;
    {
        asio::thread_pool pool(4);
        Hedged chat(
            pool.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "k"},
            baton::ExpBackoff::Options{.base = 1ms, .cap = 5ms},
            baton::AfterP95::Options{.least = 0, .most = 1, .floor = 1ms, .min_samples = 8, .budget = 1},
            baton::Gcra::Options{.concurrency = 64, .max_wait = 30s, .max_queue = 1000});
        for (int i = 0; i < calls; ++i)
            asio::co_spawn(asio::make_strand(pool), ask_hedged(chat, i, tally), finished(tally));
        pool.join();
        hedges = chat.stats().hedges;
        BOOST_TEST(chat.stats().active_calls == 0u);
    }
    BOOST_TEST(tally.finished == calls);
    BOOST_TEST(tally.thrown == 0);
    BOOST_TEST(tally.wrong == 0);
    BOOST_TEST(tally.right >= calls * 9 / 10);
    BOOST_TEST(hedges > 0u);
    BOOST_TEST_MESSAGE("races: " << hedges << " hedges in " << calls << " calls, " << tally.right
                                 << " right");
}

BOOST_AUTO_TEST_CASE(many_calls_with_faults) {
    constexpr int calls = 400;
    FaultServer server(
        baton::testing::seeded(7, 0.2,
                               {Fault::reset_mid_body, Fault::close_before_headers, Fault::error_event,
                                Fault::close_on_next, Fault::garbage, Fault::missing_end, Fault::trickle},
                               answer_of));
    const std::string url = server.url();
    Tally tally;
    Counter counter;
    {
        asio::thread_pool pool(4);
        Chat chat(pool.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "k"}, counter,
                  baton::ExpBackoff::Options{.base = 1ms, .cap = 5ms},
                  baton::HalfOpen::Options{.min_calls = 1000});
        for (int i = 0; i < calls; ++i) {
            Request request("Call #" + std::to_string(i));
            asio::co_spawn(asio::make_strand(pool),
                           ask(chat, std::move(request), i % 2 == 0,
                               Answer::words(8, static_cast<std::uint64_t>(i)).text(), tally),
                           finished(tally));
        }
        for (int i = 0; i < 50; ++i) { // others look and touch meanwhile
            asio::post(pool, [&] {
                const baton::Stats stats = chat.stats();
                if (stats.idle_connections > stats.open_connections) ++tally.wrong;
                chat.configure(baton::OpenAI::Options{.base_url = url, .key = "k"});
            });
        }
        pool.join();
        BOOST_TEST(chat.stats().active_calls == 0u);
        BOOST_TEST(chat.stats().open_connections == chat.stats().idle_connections);
    }
    BOOST_TEST(tally.finished == calls);
    BOOST_TEST(tally.wrong == 0);
    BOOST_TEST(tally.thrown == 0);
    BOOST_TEST(tally.cancelled == 0);
    BOOST_TEST(tally.right + tally.broken == calls);
    BOOST_TEST(tally.right >= calls * 8 / 10);
    BOOST_TEST(counter.state->started == std::size_t{calls});
    BOOST_TEST(counter.state->ended == std::size_t{calls});
}

BOOST_AUTO_TEST_CASE(equal_calls_share_one_request) {
    constexpr int calls = 300;
    FaultServer server([](const ServedRequest& request) {
        Behaviour behaviour(answer_of(request));
        behaviour.delay = 20ms;
        behaviour.gap = 2ms;
        behaviour.tokens_per_write = 1;
        return behaviour;
    });
    const std::string url = server.url(), expected = Answer::words(8, 1).text();
    for (const int mode : {0, 1, 2}) {
        const auto before = server.totals().requests;
        Tally tally;
        {
            asio::thread_pool pool(4);
            Chat chat(pool.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "k"}, Counter());
            for (int i = 0; i < calls; ++i) {
                const bool streamed = mode == 1 || (mode == 2 && i % 2 == 0);
                asio::co_spawn(asio::make_strand(pool),
                               ask(chat, Request("Hello"), streamed, expected, tally), finished(tally));
            }
            pool.join();
            BOOST_TEST(chat.stats().active_calls == 0u);
            BOOST_TEST(chat.stats().cache_joins + chat.stats().cache_hits == std::uint64_t{calls - 1});
        }
        BOOST_TEST(tally.right == calls);
        BOOST_TEST(server.totals().requests - before == 1u);
    }
}

/// A call with what is needed to cancel it on its own strand.
struct Cancellable {
    explicit Cancellable(asio::thread_pool& pool) : strand(asio::make_strand(pool)), timer(strand) {}
    asio::strand<asio::thread_pool::executor_type> strand;
    asio::steady_timer timer;
    asio::cancellation_signal signal;
};

BOOST_AUTO_TEST_CASE(calls_are_cancelled_at_any_time) {
    constexpr int calls = 300;
    FaultServer server([](const ServedRequest& request) {
        Behaviour behaviour(answer_of(request));
        behaviour.delay = 2ms;
        behaviour.gap = 1ms;
        behaviour.tokens_per_write = 1;
        return behaviour;
    });
    const std::string url = server.url();
    Tally tally;
    asio::thread_pool pool(4);
    Chat chat(pool.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "k"}, Counter());
    std::vector<std::unique_ptr<Cancellable>> all;
    for (int i = 0; i < calls; ++i) {
        Cancellable& one = *all.emplace_back(std::make_unique<Cancellable>(pool));
        const auto number = static_cast<std::uint64_t>(i % 40); // each of them has several readers
        one.timer.expires_after(
            std::chrono::microseconds(baton::testing::random_at(3, static_cast<std::uint64_t>(i)) % 15000));
        asio::post(one.strand, [&, i, number] { // a slot is not thread-safe: all its use is on the strand
            asio::co_spawn(one.strand,
                           ask(chat, Request("Call #" + std::to_string(number)), i % 3 != 0,
                               Answer::words(8, number).text(), tally),
                           asio::bind_cancellation_slot(one.signal.slot(), finished(tally)));
            one.timer.async_wait(
                [&one](boost::system::error_code) { one.signal.emit(asio::cancellation_type::terminal); });
        });
    }
    pool.join();
    BOOST_TEST(tally.finished == calls);
    BOOST_TEST(tally.wrong == 0);
    BOOST_TEST(tally.thrown == 0);
    BOOST_TEST(tally.broken == 0);
    BOOST_TEST(chat.stats().active_calls == 0u);
    BOOST_TEST(chat.stats().open_connections == chat.stats().idle_connections);
}

BOOST_AUTO_TEST_CASE(an_orchestrator_is_destroyed_under_its_calls) {
    FaultServer server([](const ServedRequest& request) {
        Behaviour behaviour(answer_of(request));
        behaviour.delay = 5ms;
        return behaviour;
    });
    const std::string url = server.url();
    for (int round = 0; round < 20; ++round) {
        Tally tally;
        asio::thread_pool pool(4);
        std::optional<Chat> chat(std::in_place, pool.get_executor(),
                                 baton::OpenAI::Options{.base_url = url, .key = "k"}, Counter());
        constexpr int calls = 40;
        for (int i = 0; i < calls; ++i) {
            // what runs later must not refer to the orchestrator
            asio::co_spawn(
                asio::make_strand(pool), chat->complete(Request("Call #" + std::to_string(i % 10))),
                [&tally, i](std::exception_ptr thrown, baton::result<baton::Reply> reply) {
                    tally.thrown += thrown != nullptr;
                    tally.count(reply, {}, Answer::words(8, static_cast<std::uint64_t>(i % 10)).text(),
                                false);
                    ++tally.finished;
                });
        }
        if (round % 2 == 1) {
            while (tally.finished == 0) std::this_thread::yield();
        }
        chat.reset();
        pool.join();
        BOOST_TEST(tally.finished == calls);
        BOOST_TEST(tally.thrown == 0);
        BOOST_TEST(tally.right + tally.cancelled == calls);
    }
}

using Plain = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Cache<baton::ExactMatch>>;

asio::awaitable<void> read_all(std::shared_ptr<decltype(std::declval<Plain&>().stream(Request()))> stream,
                               std::string& text) {
    while (auto delta = co_await stream->next()) text += delta->text;
}

BOOST_AUTO_TEST_CASE(a_real_context_is_destroyed_after_any_number_of_handlers) {
    FaultServer server([](const ServedRequest& request) {
        Behaviour behaviour(answer_of(request));
        behaviour.gap = 1ms;
        behaviour.tokens_per_write = 1;
        return behaviour;
    });
    const std::string url = server.url();
    bool whole = false;
    for (int steps = 0; steps < 60; ++steps) {
        for (const bool orchestrator_first : {false, true}) {
            auto io = std::make_unique<asio::io_context>();
            std::optional<Plain> chat(std::in_place, io->get_executor(),
                                      baton::OpenAI::Options{.base_url = url, .key = "k"});
            std::string first, second;
            auto stream = std::make_shared<decltype(chat->stream(Request()))>(chat->stream("Hello"));
            auto follower = std::make_shared<decltype(chat->stream(Request()))>(chat->stream("Hello"));
            int completed = 0;
            asio::co_spawn(*io, read_all(stream, first), [&](std::exception_ptr) { ++completed; });
            asio::co_spawn(*io, read_all(follower, second), [&](std::exception_ptr) { ++completed; });
            asio::co_spawn(*io, chat->complete("Other"),
                           [&](std::exception_ptr, baton::result<baton::Reply>) { ++completed; });
            for (int i = 0; i < steps; ++i) io->run_one_for(1s);
            if (completed == 3) {
                whole = true;
                BOOST_TEST(first == Answer::words(8, 1).text());
                BOOST_TEST(second == first);
            }
            if (orchestrator_first) chat.reset();
            io.reset();
            if (stream->reply()) BOOST_TEST(stream->reply()->text() == first);
        }
    }
    BOOST_TEST(whole);
    BOOST_TEST(server.wait(
        [](const auto& totals) { return totals.connections_opened == totals.connections_closed; }));
}

BOOST_AUTO_TEST_SUITE_END()
