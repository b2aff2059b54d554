// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// Runs one composition against the mock and prints its figures: the same command line, prompts, replies and
// reads as the hand-written client's driver. BATON_POLICIES selects the policies beside Provider<OpenAI>:
// 1 Retry<ExpBackoff>, 2 Breaker<HalfOpen>, 4 Route<ByTask>, 8 Cache<ExactMatch>; 15 is all five. 16 adds
// Resume, Balance, Health, Hedge and Limit; 19 is all that resilience is made of.

#include "../support/driver.hpp"

#include <baton/baton.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#ifndef BATON_POLICIES
#define BATON_POLICIES 15
#endif

namespace {

namespace asio = boost::asio;

template <bool Present, class Policy>
using when = std::conditional_t<Present, boost::mp11::mp_list<Policy>, boost::mp11::mp_list<>>;

template <class Executor>
using Policies =
    boost::mp11::mp_append<boost::mp11::mp_list<baton::Provider<baton::OpenAI>, baton::Executor<Executor>>,
                           when<(BATON_POLICIES & 1) != 0, baton::Retry<baton::ExpBackoff>>,
                           when<(BATON_POLICIES & 2) != 0, baton::Breaker<baton::HalfOpen>>,
                           when<(BATON_POLICIES & 4) != 0, baton::Route<baton::ByTask>>,
                           when<(BATON_POLICIES & 8) != 0, baton::Cache<baton::ExactMatch>>,
                           when<(BATON_POLICIES & 16) != 0, baton::Resume<baton::Auto>>,
                           when<(BATON_POLICIES & 16) != 0, baton::Balance<baton::PowerOfTwo>>,
                           when<(BATON_POLICIES & 16) != 0, baton::Health<baton::Passive>>,
                           when<(BATON_POLICIES & 16) != 0, baton::Hedge<baton::AfterP95>>,
                           when<(BATON_POLICIES & 16) != 0, baton::Limit<baton::Gcra>>>;
template <class Executor>
using Chat = boost::mp11::mp_rename<Policies<Executor>, baton::Orchestrator>;

template <class Executor>
asio::awaitable<void, Executor> make_calls(Chat<Executor>& chat, bench::DriverPlan& plan,
                                           bench::Tally& tally) {
    for (std::size_t i = 0; i < plan.calls; ++i) {
        baton::Request request;
        if (plan.mode != "unary-small") {
            request.messages.reserve(2);
            request.messages.push_back(baton::system("You answer in one paragraph."));
        }
        request.messages.push_back(baton::user(std::string(plan.next_prompt(plan.repeat ? 0 : i))));
        baton::result<baton::Reply> reply = baton::Errc::cancelled;
        if (plan.streaming) {
            auto stream = chat.stream(std::move(request));
            std::size_t streamed = 0;
            while (auto delta = co_await stream.next()) streamed += delta->text.size();
            reply = std::move(stream).reply();
            if (reply && streamed != reply->text().size()) throw std::runtime_error("deltas are missing");
        } else {
            reply = co_await chat.complete(std::move(request));
        }
        if (!reply) throw std::runtime_error(reply.error().what());
        if (reply->trace.cache_hit != (plan.repeat && i > 0))
            throw std::runtime_error("wrong side of the cache");
        tally.call_done(reply->text(), reply->stop == baton::StopReason::stop ? "stop" : "other",
                        reply->usage.total_input(), reply->usage.total_output());
    }
}

template <class Executor>
void run(bench::DriverPlan& plan, bench::Tally& tally) {
    asio::io_context io(1);
    const std::string base_url = "http://127.0.0.1:" + std::to_string(plan.port) + "/v1";
    baton::OpenAI::Options options;
    options.base_url = base_url;
    options.key = "sk-benchmark";
    options.model = bench::model_asked;
    Chat<Executor> chat(io.get_executor(), options);
    std::exception_ptr failure;
    asio::co_spawn(io, make_calls<Executor>(chat, plan, tally),
                   [&](std::exception_ptr error) { failure = error; });
    io.run();
    if (failure) std::rethrow_exception(failure);
}

} // namespace

int main(int argc, char** argv) {
    const int status = bench::run_driver(argc, argv, [](bench::DriverPlan& plan, bench::Tally& tally) {
        run<asio::any_io_executor>(plan, tally);
    });
    using Composition = boost::mp11::mp_rename<Policies<asio::any_io_executor>, baton::detail::Composition>;
    std::printf("sizeof_orchestrator %zu\nsizeof_call %zu\n", sizeof(Chat<asio::any_io_executor>),
                sizeof(baton::detail::Call<Composition>));
    return status;
}
