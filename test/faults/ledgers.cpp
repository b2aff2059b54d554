// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// 10,000 streamed requests over real sockets, a fifth of them struck by faults: nothing is lost, doubled or
// left behind, and the client's books agree with the server's.
#include <baton/baton.hpp>
#include <baton/testing/fault_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include "exact_faults.hpp"

#include <array>
#include <exception>
#include <map>
#include <string>

BOOST_AUTO_TEST_SUITE(ledgers)

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using baton::testing::Answer;
using baton::testing::Behaviour;
using baton::testing::Fault;
using baton::testing::ServedRequest;

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>>;

constexpr std::size_t requests = 10'000;
constexpr std::size_t at_once = 64;
constexpr std::uint64_t seed = 20261121;

using baton::test::faults;

Answer answer_for(std::size_t number) { return Answer::words(5 + number % 40, number); }

Behaviour script(const ServedRequest& request) {
    const std::size_t number = std::stoul(request.id);
    Behaviour behaviour(answer_for(number));
    // the same fault for the same attempt of the same request, in whatever order they arrive
    const std::uint64_t draw = baton::testing::random_at(seed + request.attempt, number);
    if (draw % 100 < 20) {
        behaviour.fault = faults[(draw / 100) % faults.size()];
        behaviour.at = (draw / 10'000) % 8;
    }
    behaviour.tokens_per_write = 1 + (draw / 100'000) % 4;
    return behaviour;
}

struct Books {
    std::size_t outcomes = 0, completed = 0, sent = 0;
    std::map<std::string, std::size_t> errors;
    std::string first_wrong;

    void wrong(std::size_t number, const std::string& what) {
        if (first_wrong.empty()) first_wrong = "request " + std::to_string(number) + ": " + what;
    }
};

asio::awaitable<void> worker(Chat& chat, std::size_t& next, Books& books) {
    while (next < requests) {
        const std::size_t number = next++;
        auto stream = chat.stream(baton::Request("#" + std::to_string(number)));
        std::string text;
        while (auto delta = co_await stream.next()) text += delta->text;
        const auto& reply = stream.reply();
        ++books.outcomes;
        const std::string whole = answer_for(number).text();
        const baton::Trace& trace = reply ? reply->trace : reply.error().detail().trace;
        books.sent += static_cast<std::size_t>(trace.sent());
        if (reply) {
            ++books.completed;
            if (text != whole) books.wrong(number, "completed with another text: " + text);
            if (reply->text() != whole) books.wrong(number, "the reply's text is another");
        } else {
            ++books.errors[std::string(to_string(reply.error().errc()))];
            if (!whole.starts_with(text)) books.wrong(number, "delivered what is no prefix: " + text);
            if (reply.error().errc() == baton::Errc::ok) books.wrong(number, "an error without a code");
            if (reply.error().detail().message.empty()) books.wrong(number, "an error without a text");
            if (!text.empty() && reply.error().detail().delivered != text) {
                books.wrong(number, "the error does not carry what was delivered");
            }
        }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(ten_thousand_streams_with_faults) {
    baton::testing::FaultServer server(script);
    const std::string url = server.url("/v1");
    Books books;
    std::uint64_t established = 0;
    {
        asio::io_context io;
        Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "key"},
                  baton::ExpBackoff::Options{.base = 1ms, .cap = 5ms, .budget_reserve = 100'000},
                  baton::Limits::Options{.first_token = 1s, .idle = 1s}};
        std::size_t next = 0;
        std::exception_ptr failure;
        for (std::size_t i = 0; i < at_once; ++i) {
            asio::co_spawn(io, worker(chat, next, books), [&](std::exception_ptr error) {
                if (error) failure = error;
            });
        }
        io.run(); // returns only if nothing is left waiting
        BOOST_TEST(!failure);
        const baton::Stats stats = chat.stats();
        BOOST_TEST(stats.active_calls == 0U);
        BOOST_TEST(stats.open_connections == stats.idle_connections);
        established = stats.established_connections;
    }
    BOOST_TEST(books.first_wrong == "");
    BOOST_TEST(books.outcomes == requests);
    BOOST_TEST(books.completed * 10 >= requests * 8);
    const bool settled = server.wait([](const auto& totals) {
        return totals.connections_closed == totals.connections_opened && totals.finished == totals.requests;
    });
    BOOST_TEST(settled);
    const auto totals = server.totals();
    BOOST_TEST(totals.requests + totals.closed_on_arrival == books.sent);
    BOOST_TEST(totals.connections_opened == established);
    BOOST_TEST(totals.bad_requests == 0U);

    std::string errors;
    for (const auto& [name, count] : books.errors) errors += ' ' + name + ' ' + std::to_string(count);
    BOOST_TEST_MESSAGE("completed " << books.completed << " of " << requests << ", attempts " << books.sent
                                    << ", connections " << established << "; errors:" << errors);
}

BOOST_AUTO_TEST_SUITE_END()
