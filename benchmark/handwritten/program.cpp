// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// A whole program on the hand-written client, TLS included: what baton's quickstart is compared with in
// compile time and size. Prints a streamed answer, then a plain one.

#include "client.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>
#include <utility>

namespace {

namespace asio = boost::asio;

asio::awaitable<void> talk(asio::ssl::context& tls, std::string_view key) {
    handwritten::ClientOptions options;
    options.key = key;
    handwritten::Client<handwritten::TlsStream<>> client(co_await asio::this_coro::executor, tls,
                                                         std::move(options));

    handwritten::ChatRequest request;
    request.model = "gpt-4o-mini";
    request.messages.push_back({"user", "Tell a story about a river in three sentences."});
    co_await client.stream(request, [](std::string_view text) { std::cout << text << std::flush; });

    request.messages.back().content = "What is the capital of France?";
    const handwritten::ChatReply reply = co_await client.complete(request);
    std::cout << '\n' << reply.text << '\n';
}

} // namespace

int main() {
    const char* key = std::getenv("OPENAI_API_KEY");
    if (key == nullptr) {
        std::cerr << "OPENAI_API_KEY is not set\n";
        return 1;
    }
    try {
        asio::ssl::context tls(asio::ssl::context::tls_client);
        tls.set_default_verify_paths();
        asio::io_context io;
        std::exception_ptr failure;
        asio::co_spawn(io, talk(tls, key), [&](std::exception_ptr error) { failure = error; });
        io.run();
        if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
