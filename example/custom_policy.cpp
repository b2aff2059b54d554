// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// A retry strategy of one's own: patient by night, impatient by day. Anything with `decide` is one.

#include <baton/baton.hpp>
#include <baton/testing/fault_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

class Patient {
public:
    struct Options {
        int retries = 5;
        baton::Duration step = 10ms; // the wait grows by this much each time
    };
    Patient() = default;
    explicit Patient(const Options& options) : options_(options) {}

    template <baton::RandomSource R>
    baton::RetryDecision decide(const baton::RetryFacts& facts, R&) const {
        const baton::Duration wait = options_.step * (facts.retries_on_target + 1);
        const bool again = !facts.committed && facts.retries_on_target < options_.retries &&
                           baton::retryable_on_same_target(facts.error) && wait < facts.deadline - facts.now;
        if (again) return baton::RetryDecision::retry_same(wait);
        return facts.another_target ? baton::RetryDecision::move_on() : baton::RetryDecision::stop();
    }

private:
    Options options_;
};

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<Patient>>;

int main() {
    using namespace baton::testing;
    FaultServer vendor(sequence({overloaded(), overloaded(), Behaviour(Answer("At last."))}));
    const std::string url = vendor.url("/v1");
    asio::io_context io;
    Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "simulated"},
              Patient::Options{.step = 5ms}};
    int attempts = 0;
    auto ask = [&]() -> asio::awaitable<void> {
        auto reply = co_await chat.complete("Are you there?");
        if (!reply) co_return;
        attempts = reply->trace.sent();
        std::cout << reply->text() << " (" << attempts << " attempts)\n";
    };
    asio::co_spawn(io, ask(), asio::detached);
    io.run();
    return attempts == 3 ? 0 : 1;
}
