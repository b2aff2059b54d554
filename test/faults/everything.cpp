// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Scorecard lines 1 to 3 with every resilience policy on: streamed requests over real sockets, a fifth of
// them struck by faults, two vendors of which the first has two keys. No token is lost, doubled or out of
// place, nothing is left behind, and the books of limiter, caller and vendors agree.
#include <boost/test/unit_test.hpp>

#include "../orchestrator/everything.hpp"
#include "../support/long_form.hpp"
#include "exact_faults.hpp"

#include <baton/testing/fault_server.hpp>

#include <array>
#include <filesystem>
#include <iterator>
#include <map>

BOOST_AUTO_TEST_SUITE(everything_on)

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using baton::testing::Answer;
using baton::testing::Behaviour;
using baton::testing::Fault;
using baton::testing::ServedRequest;
using everything::Books;
using everything::Clerk;
using everything::Counting;

using Chat = baton::Orchestrator<
    baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>, baton::Retry<baton::ExpBackoff>,
    baton::Breaker<baton::HalfOpen>, baton::Fallback<baton::InOrder, baton::StaleCache>,
    baton::Resume<baton::Auto>, baton::Balance<baton::PowerOfTwo>, baton::Health<baton::Passive>,
    baton::Hedge<baton::AfterP95>, baton::Limit<baton::Gcra, baton::PerTenant<baton::Gcra>, Counting>,
    baton::Route<baton::ByTask>, baton::Cache<baton::ExactMatch>, baton::Deadline<baton::Limits>,
    baton::Use<Clerk>>;

constexpr std::size_t at_once = 64;
constexpr std::uint64_t seed = 20261128;

using baton::test::faults; // and two errors behind them

/// No two tokens are alike: a lost, doubled or exchanged one shows.
std::vector<std::string> tokens_of(std::uint64_t number) {
    std::vector<std::string> tokens;
    for (std::uint64_t i = 0; i < 6 + number % 40; ++i)
        tokens.push_back(std::to_string(number) + "." + std::to_string(i) + "\u00e4 ");
    return tokens;
}
std::string text_of(std::uint64_t number) {
    std::string text;
    for (const std::string& token : tokens_of(number)) text += token;
    return text;
}

/// What a vendor says of the number behind '#': a request that goes on has other words behind it.
Behaviour script(const ServedRequest& request) {
    const auto& messages = request.incoming.request.messages;
    const std::string asked = messages.empty() ? std::string("#0") : messages.front().text();
    const std::uint64_t number = std::strtoull(asked.c_str() + asked.find('#') + 1, nullptr, 10);
    std::size_t said = 0;
    for (const baton::Message& message : messages)
        if (message.role == baton::Role::assistant) said += message.text().size();
    Behaviour behaviour{Answer()};
    for (std::string token : tokens_of(number)) {
        const std::size_t heard = std::min(said, token.size());
        said -= heard;
        if (heard < token.size()) behaviour.answer.tokens.push_back(token.substr(heard));
    }
    const std::uint64_t draw = baton::testing::random_at(seed + request.number * 7919, number);
    behaviour.tokens_per_write = 1 + (draw / 100'000) % 4;
    if (draw % 100 >= 20) return behaviour;
    const std::uint64_t kind = (draw / 100) % (faults.size() + 2);
    if (kind == faults.size()) return baton::testing::overloaded();
    if (kind > faults.size()) return baton::testing::rate_limited("retry-after: 0\r\n");
    behaviour.fault = faults[kind];
    behaviour.at = (draw / 10'000) % 8;
    return behaviour;
}

struct Tally {
    std::size_t outcomes = 0, whole = 0, resumed = 0, by_fallback = 0;
    std::uint64_t sent = 0, dropped = 0;
    std::map<baton::Errc, std::size_t> errors;
    std::string first_wrong;
    void wrong(std::size_t number, const std::string& what) {
        if (first_wrong.empty()) first_wrong = "request " + std::to_string(number) + ": " + what;
    }
};

asio::awaitable<void> worker(Chat& chat, std::size_t& next, std::size_t requests, Tally& tally) {
    while (next < requests) {
        const std::size_t number = next++;
        auto stream = chat.stream(baton::Request("#" + std::to_string(number)));
        std::string text;
        while (auto delta = co_await stream.next()) {
            text.resize(text.size() - std::min(text.size(), delta->retract));
            text += delta->text;
        }
        const auto& reply = stream.reply();
        const std::string whole = text_of(number);
        const baton::Trace& trace = reply ? reply->trace : reply.error().detail().trace;
        ++tally.outcomes;
        tally.sent += static_cast<std::uint64_t>(trace.sent());
        for (const baton::Attempt& attempt : trace.attempts) {
            tally.dropped += attempt.sent && attempt.outcome == baton::Errc::cancelled;
            tally.resumed += attempt.resume != baton::ResumeMode::none;
        }
        if (reply) {
            ++tally.whole;
            tally.by_fallback += reply->served_by_fallback;
            if (text != whole) tally.wrong(number, "completed with another text: " + text);
            if (reply->text() != whole) tally.wrong(number, "the reply's text is another");
        } else {
            ++tally.errors[reply.error().errc()];
            if (!whole.starts_with(text)) tally.wrong(number, "delivered what is no prefix: " + text);
            if (reply.error().detail().delivered != text) tally.wrong(number, "carries another text");
            if (reply.error().detail().message.empty()) tally.wrong(number, "an error without a text");
        }
    }
}

std::ptrdiff_t descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

} // namespace

BOOST_AUTO_TEST_CASE(streams_with_faults_under_every_policy) {
    const std::size_t requests = baton::test::rounds(2'000, 10'000);
    baton::testing::FaultServer first(script), second(script);
    Tally tally;
    Books books;
    Clerk clerk;
    baton::Stats stats;
    const auto before = descriptors();
    {
        asio::io_context io;
        Chat chat{io.get_executor(),
                  clerk,
                  baton::endpoints<baton::OpenAI>(baton::Endpoint(first.url("/v1")).with_key("a"),
                                                  baton::Endpoint(first.url("/v1")).with_key("b")),
                  baton::Anthropic::Options{.base_url = second.url("/v1"), .key = "key"},
                  baton::ExpBackoff::Options{.base = 1ms, .cap = 5ms, .budget_reserve = 1'000'000},
                  baton::Limits::Options{.first_token = 1s, .idle = 1s},
                  baton::Gcra::Options{.requests_per_minute = 100'000'000, .concurrency = 1'000},
                  baton::PerTenant<baton::Gcra>::Options{{.concurrency = 1'000}},
                  Counting::Options{&books},
                  baton::ExactMatch::Options{.max_bytes = 1024 * 1024},
                  baton::ByTask{baton::otherwise(baton::to<baton::OpenAI>(), baton::to<baton::Anthropic>())}};
        std::size_t next = 0;
        std::exception_ptr failure;
        for (std::size_t i = 0; i < at_once; ++i) {
            asio::co_spawn(io, worker(chat, next, requests, tally), [&](std::exception_ptr error) {
                if (error) failure = error;
            });
        }
        io.run(); // returns only if nothing is left waiting: no timer, no handler
        BOOST_TEST(!failure);
        stats = chat.stats();
        BOOST_TEST(stats.active_calls == 0U);
        BOOST_TEST(stats.open_connections == stats.idle_connections);
        for (const auto& target : stats.targets) BOOST_TEST(target.in_flight == 0U);
    }
    BOOST_TEST(tally.first_wrong == "");
    BOOST_TEST(tally.outcomes == requests);
    BOOST_TEST(tally.whole * 1000 >= requests * 990);
    const auto quiet = [](const auto& totals) {
        return totals.connections_closed == totals.connections_opened && totals.finished == totals.requests;
    };
    BOOST_TEST(first.wait(quiet));
    BOOST_TEST(second.wait(quiet));
    BOOST_TEST(descriptors() == before);
    const auto a = first.totals(), b = second.totals();
    BOOST_TEST(a.bad_requests + b.bad_requests == 0U);
    // a loser that was cancelled while its request was on its way may not have been read
    const std::uint64_t arrived = a.requests + a.closed_on_arrival + b.requests + b.closed_on_arrival;
    BOOST_TEST(arrived <= tally.sent);
    BOOST_TEST(tally.sent - arrived <= tally.dropped);
    // one that was given up while it was being opened is a connection to the vendor only, if at all
    const std::uint64_t accepted = a.connections_opened + b.connections_opened;
    BOOST_TEST(stats.established_connections <= accepted);
    BOOST_TEST(accepted - stats.established_connections <= stats.abandoned_connections);
    // every lease ended once, with what its attempt took, and the caller was told of each
    const Clerk::State& told = *clerk.state;
    BOOST_TEST(books.charged == books.refunded + books.ended);
    BOOST_TEST(books.ended == told.sent);
    BOOST_TEST(books.input == told.input);
    BOOST_TEST(books.output == told.output);
    BOOST_TEST(told.starts == told.ends);
    BOOST_TEST(static_cast<std::uint64_t>(told.sent) == tally.sent);
    BOOST_TEST(told.traced == told.sent);
    BOOST_TEST(tally.resumed > 0U);

    std::string errors;
    for (const auto& [errc, n] : tally.errors)
        errors += " " + std::string(to_string(errc)) + " " + std::to_string(n);
    BOOST_TEST_MESSAGE("every policy: whole "
                       << tally.whole << " of " << requests << ", attempts " << tally.sent << ", resumed "
                       << tally.resumed << ", hedges " << stats.hedges << ", by fallback "
                       << tally.by_fallback << "; leases " << books.charged << " = " << books.ended
                       << " settled + " << books.refunded << " refunded, tokens estimated " << books.estimated
                       << ", taken " << books.input + books.output
                       << "; errors:" << (errors.empty() ? " none" : errors));
}

BOOST_AUTO_TEST_SUITE_END()
