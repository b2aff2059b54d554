// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// Runs the hand-written client against the mock and prints its figures: see run_driver for the arguments.

#include "client.hpp"

#include "../support/driver.hpp"

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace asio = boost::asio;

template <class Executor>
asio::awaitable<void, Executor> make_calls(Executor executor, bench::DriverPlan& plan, bench::Tally& tally) {
    handwritten::ClientOptions options;
    options.host = "127.0.0.1";
    options.port = std::to_string(plan.port);
    options.read_size = plan.read_size;
    handwritten::Client<handwritten::PlainStream<Executor>> client(executor, std::move(options));

    for (std::size_t i = 0; i < plan.calls; ++i) {
        handwritten::ChatRequest request;
        request.model = bench::model_asked;
        if (plan.mode != "unary-small")
            request.messages.push_back({"system", "You answer in one paragraph."});
        request.messages.push_back({"user", std::string(plan.next_prompt(i))});
        handwritten::ChatReply reply;
        std::size_t streamed = 0;
        if (plan.streaming)
            reply = co_await client.stream(request, [&](std::string_view text) { streamed += text.size(); });
        else
            reply = co_await client.complete(request);
        if (plan.streaming && streamed != reply.text.size()) throw std::runtime_error("deltas are missing");
        tally.call_done(reply.text, reply.finish_reason, reply.usage.prompt_tokens,
                        reply.usage.completion_tokens);
    }
}

template <class Executor>
void run(bench::DriverPlan& plan, bench::Tally& tally) {
    asio::io_context io(1);
    std::exception_ptr failure;
    asio::co_spawn(io, make_calls<Executor>(io.get_executor(), plan, tally),
                   [&](std::exception_ptr error) { failure = error; });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

} // namespace

int main(int argc, char** argv) {
    return bench::run_driver(argc, argv, [](bench::DriverPlan& plan, bench::Tally& tally) {
        if (plan.concrete_executor)
            run<asio::io_context::executor_type>(plan, tally);
        else
            run<asio::any_io_executor>(plan, tally);
    });
}
