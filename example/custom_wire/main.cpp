// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// Two vendors baton does not know, in one composition: Acme, which speaks OpenAI's chat completions and so is
// a table of facts (acme.hpp), and Parrot, which speaks an API of its own and so is a class (parrot.hpp, the
// thing to copy). Both are simulated inside this process.

#include "acme.hpp"
#include "parrot.hpp"
#include "parrot_server.hpp"

#include <baton/baton.hpp>
#include <baton/testing/fault_server.hpp>

#include <iostream>

namespace asio = boost::asio;

// A wire of one's own is used as any other: every policy works with it.
using Chat = baton::Orchestrator<baton::Provider<Parrot>, baton::Provider<Acme>>;

namespace {

constexpr const char* rhyme = "Polly put the kettle on, we'll all have tea.";

// Streams one answer to the terminal; who gave it, or "" if nobody did.
asio::awaitable<std::string> show(Chat& chat, const char* title, const baton::Request& request,
                                  std::string_view expected) {
    std::cout << title << "\n  ";
    std::string text;
    auto stream = chat.stream(request);
    while (auto delta = co_await stream.next()) {
        text += delta->text;
        std::cout << delta->text << std::flush;
    }
    const auto& reply = stream.reply(); // an error if the answer was cut short
    if (!reply) {
        std::cout << reply.error() << '\n';
        co_return std::string();
    }
    std::cout << "\n  [" << reply->provider << "/" << reply->model << ", " << reply->usage.output_tokens
              << " tokens" << (reply->served_by_fallback ? ", served by the fallback" : "") << "]\n\n";
    co_return text == expected && reply->text() == expected ? std::string(reply->provider) : std::string();
}

asio::awaitable<void> tour(Chat& chat, ParrotServer& bird, bool& good) {
    const baton::Request plain{baton::user(rhyme), baton::max_tokens(50)};
    const std::string first = co_await show(chat, "1. Parrot, streamed", plain, rhyme);

    bird.asleep = true; // 503, code "asleep": transient, so the next provider is asked
    const std::string second = co_await show(chat, "2. Parrot sleeps, Acme answers", plain, "Tea it is.");
    bird.asleep = false;

    // Parrot's capabilities say that it has no tools, so it is not even asked.
    const baton::Request with_tools{baton::user("Boil water."),
                                    baton::tools(baton::Tool("kettle", "Boils."))};
    const std::string third = co_await show(chat, "3. What Parrot cannot do", with_tools, "Tea it is.");

    // Named alone, it says why not, before anything is sent.
    auto refused = co_await chat.complete({baton::user("Hi."), baton::seed(7), baton::model("parrot/grey")});
    std::cout << "4. Parrot and nobody else\n  ";
    if (!refused) std::cout << refused.error() << '\n';

    good = first == "parrot" && second == "acme" && third == "acme" && refused.has_error();
    bird.stop();
}

} // namespace

int main() {
    using namespace baton::testing;
    asio::io_context io;
    ParrotServer bird(io);
    FaultServer acme([](const ServedRequest&) { return Behaviour(Answer("Tea it is.")); });
    const std::string bird_url = bird.url(), acme_url = acme.url("/v1");
    Chat chat{io.get_executor(), Parrot::Options{.base_url = bird_url, .key = "simulated"},
              Acme::Options{.base_url = acme_url, .key = "simulated"}};
    bool good = false;
    asio::co_spawn(io, tour(chat, bird, good), asio::detached);
    io.run();
    return good ? 0 : 1;
}
