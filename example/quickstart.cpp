// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// A streamed answer, a fallback and a cache hit, each made visible. Talks to OpenAI and Anthropic if
// OPENAI_API_KEY or ANTHROPIC_API_KEY is set, else to simulators of both inside this process.

#include <baton/baton.hpp>
#include <baton/testing/fault_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

namespace asio = boost::asio;

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, // first is primary; order is fallback order
                                 baton::Provider<baton::Anthropic>, baton::Retry<baton::ExpBackoff>,
                                 baton::Breaker<baton::HalfOpen>, baton::Route<baton::ByTask>,
                                 baton::Cache<baton::ExactMatch>>;

namespace {

void show(const baton::Reply& reply) {
    std::cout << "\n  [" << reply.provider << ", " << reply.model << ", " << reply.usage.output_tokens
              << " tokens" << (reply.trace.cache_hit ? ", from the cache" : "")
              << (reply.served_by_fallback ? ", served by the fallback" : "") << "]\n";
    for (const baton::Attempt& attempt : reply.trace.attempts) {
        std::cout << "    " << attempt.provider << ": " << to_string(attempt.outcome) << '\n';
    }
}

// The exit status; exactly one story is wanted from each part.
asio::awaitable<void> tour(Chat& chat, int& failures) {
    std::cout << "\n1. A streamed answer\n  ";
    auto stream = chat.stream({baton::system("You tell stories in two sentences."),
                               baton::user("One about a river."), baton::max_tokens(200)});
    while (auto delta = co_await stream.next()) std::cout << delta->text << std::flush;
    if (const auto& whole = stream.reply()) {
        show(*whole);
    } else {
        std::cout << whole.error() << '\n';
        ++failures;
    }

    for (const char* title : {"2. A whole answer", "3. The same request again"}) {
        std::cout << '\n' << title << "\n  ";
        auto reply = co_await chat.complete({baton::user("Name three rivers."), baton::max_tokens(100)});
        if (reply) {
            std::cout << reply->text();
            show(*reply);
        } else {
            std::cout << reply.error() << '\n';
            ++failures;
        }
    }
}

bool set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

// A vendor inside this process: answers in tokens, a little time apart, after `failures` refusals.
std::unique_ptr<baton::testing::FaultServer> simulate(const char* story, int failures) {
    using namespace baton::testing;
    return std::make_unique<FaultServer>([story, failures](const ServedRequest& request) mutable {
        if (failures-- > 0) return overloaded();
        const bool streamed = request.incoming.stream;
        Behaviour behaviour(Answer(streamed ? story : "The Rhine, the Elbe and the Oder.", 24));
        behaviour.tokens_per_write = 1;
        behaviour.gap = std::chrono::milliseconds(15);
        return behaviour;
    });
}

} // namespace

int main() {
    asio::io_context io;
    int failures = 0;
    std::unique_ptr<baton::testing::FaultServer> openai, anthropic;
    std::string openai_url, anthropic_url;
    baton::OpenAI::Options primary;
    baton::Anthropic::Options secondary;
    baton::ExpBackoff::Options patience;
    if (set("OPENAI_API_KEY") || set("ANTHROPIC_API_KEY")) {
        std::cout << "Real vendors: a key is set in the environment.\n";
    } else {
        std::cout << "Simulated vendors: neither OPENAI_API_KEY nor ANTHROPIC_API_KEY is set.\n"
                     "The primary is overloaded at first, so the fallback answers.\n";
        openai =
            simulate("A river rose in the hills and ran to the sea. It took everything it met along.", 1);
        anthropic =
            simulate("Once a river asked the sea where it began. The sea said: in the rain, like you.", 0);
        openai_url = openai->url("/v1");
        anthropic_url = anthropic->url("");
        primary.base_url = openai_url;
        primary.key = "simulated";
        secondary.base_url = anthropic_url;
        secondary.key = "simulated";
        patience.max_retries = 0; // or the retry would hide the fallback
    }
    Chat chat{io.get_executor(), primary, secondary, patience};
    asio::co_spawn(io, tour(chat, failures), asio::detached);
    io.run(); // returns: between calls baton has no outstanding work
    return failures == 0 ? 0 : 1;
}
