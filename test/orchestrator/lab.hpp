// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "../support/print.hpp"

#include <baton/baton.hpp>
#include <baton/testing/memory_net.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

// A laboratory for orchestrators: vendors in memory, virtual time, and what calls yield in plain form.
namespace lab {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using baton::Duration;
using baton::Errc;
using baton::Reply;
using baton::Request;
using baton::result;
using baton::testing::always;
using baton::testing::Answer;
using baton::testing::Behaviour;
using baton::testing::Fault;
using baton::testing::Script;
using baton::testing::sequence;
using baton::testing::ServedRequest;

/// Keys of the machine that runs the tests must not decide what they do.
struct NoKeys {
    NoKeys() {
        for (const char* name :
             {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OPENAI_ORG_ID",
              "OPENAI_PROJECT_ID", "ANTHROPIC_AUTH_TOKEN"}) {
            ::unsetenv(name);
        }
    }
};
inline const NoKeys no_keys;

/// Watches calls, and lets a test put its own functions into the hooks. Copies share one state.
class Spy {
public:
    struct State {
        std::vector<std::string> log; // what happened, one word each
        std::vector<baton::Attempt> attempts;
        std::vector<Errc> ends;
        std::function<std::optional<baton::Error>(baton::Draft&)> request;
        std::function<void(std::vector<const baton::Target*>&)> targets;
        std::function<void(baton::Delta&)> delta;
        std::function<void(Reply&)> reply;
        std::function<std::string(const baton::Draft&)> classify;
        std::function<void(const baton::Outcome&)> end;
        std::uint64_t fingerprint = 0;
    };

    std::optional<baton::Error> on_request(baton::Draft& draft) {
        state->log.push_back("request");
        return state->request ? state->request(draft) : std::nullopt;
    }
    std::string classify(const baton::Draft& draft) {
        return state->classify ? state->classify(draft) : std::string();
    }
    void on_targets(std::vector<const baton::Target*>& targets) {
        state->log.push_back("targets");
        if (state->targets) state->targets(targets);
    }
    void on_start(const Request&) { state->log.push_back("start"); }
    void on_attempt(const baton::Attempt& attempt) {
        state->log.push_back("attempt");
        state->attempts.push_back(attempt);
    }
    void on_delta(baton::Delta& delta) {
        state->log.push_back("delta");
        if (state->delta) state->delta(delta);
    }
    void on_reply(Reply& reply) {
        state->log.push_back("reply");
        if (state->reply) state->reply(reply);
    }
    void on_end(const baton::Outcome& outcome) {
        state->log.push_back("end");
        state->ends.push_back(outcome.error ? outcome.error->errc() : Errc::ok);
        if (state->end) state->end(outcome);
    }
    std::uint64_t fingerprint() const { return state->fingerprint; }

    std::shared_ptr<State> state = std::make_shared<State>();
};

inline constexpr std::string_view openai_url = "http://openai.test/v1";
inline constexpr std::string_view anthropic_url = "http://anthropic.test/v1";
inline baton::OpenAI::Options openai() { return {.base_url = openai_url, .key = "key-o"}; }
inline baton::Anthropic::Options anthropic() { return {.base_url = anthropic_url, .key = "key-a"}; }

/// How one call ended, and what it handed out before.
class Result {
public:
    bool ended = false;
    std::vector<std::string> deltas;
    std::string text; // of the deltas, joined
    result<Reply> reply = baton::Error(Errc::cancelled, "has not ended");
    Errc errc() const { return reply ? Errc::ok : reply.error().errc(); }
};

/// One running call: complete() or stream(), with a signal to cancel it.
class Running {
public:
    Result result;
    asio::cancellation_signal signal;
    int finished = 0;          // completions of the coroutine
    std::exception_ptr thrown; // nothing may be
    std::function<void()> each_delta;
};

template <class Chat>
asio::awaitable<void, typename Chat::executor_type> complete_into(Chat& chat, Request request,
                                                                  std::shared_ptr<Running> run) {
    result<Reply> reply = co_await chat.complete(std::move(request));
    run->result.reply = std::move(reply);
    run->result.ended = true;
}

template <class Stream, class Executor>
asio::awaitable<void, Executor> read_into(Stream& stream, std::shared_ptr<Running> run) {
    while (auto delta = co_await stream.next()) {
        run->result.deltas.emplace_back(delta->text);
        run->result.text += delta->text;
        if (run->each_delta) run->each_delta();
    }
    run->result.reply = stream.reply();
    run->result.ended = true;
}

template <class Chat>
asio::awaitable<void, typename Chat::executor_type> stream_into(Chat& chat, Request request,
                                                                std::shared_ptr<Running> run) {
    auto stream = chat.stream(std::move(request));
    while (auto delta = co_await stream.next()) {
        run->result.deltas.emplace_back(delta->text);
        run->result.text += delta->text;
        if (run->each_delta) run->each_delta();
    }
    run->result.reply = stream.reply();
    run->result.ended = true;
}

template <class Executor, class Awaitable>
void spawn(const Executor& executor, Awaitable awaitable, const std::shared_ptr<Running>& run) {
    asio::co_spawn(executor, std::move(awaitable),
                   asio::bind_cancellation_slot(run->signal.slot(), [run](std::exception_ptr thrown) {
                       ++run->finished;
                       run->thrown = thrown;
                   }));
}

/// The machine room: context, clock, vendors. Destroyed last, so declare it first.
class Lab {
public:
    asio::io_context io;
    baton::testing::ManualClock clock;
    baton::testing::MemoryNet net{clock};
    Spy spy;

    Duration elapsed() const { return clock.now().time_since_epoch() - std::chrono::hours(1); }
    void run() { clock.run(io); }
    /// Runs handler by handler until `done()`, no further; false if it never came to that.
    template <class F>
    bool run_until(F done) {
        while (!done()) {
            if (!clock.step(io)) return false;
        }
        return true;
    }

    template <class Chat, class... Options>
    Chat make(Options&&... options) {
        return Chat(io.get_executor(), clock, net, baton::Xoshiro(1), std::forward<Options>(options)...);
    }
    template <class Chat>
    std::shared_ptr<Running> start_complete(Chat& chat, Request request) {
        auto run = std::make_shared<Running>();
        spawn(chat.get_executor(), complete_into(chat, std::move(request), run), run);
        return run;
    }
    template <class Chat>
    std::shared_ptr<Running> start_stream(Chat& chat, Request request) {
        auto run = std::make_shared<Running>();
        spawn(chat.get_executor(), stream_into(chat, std::move(request), run), run);
        return run;
    }
    template <class Chat>
    Result complete(Chat& chat, Request request) {
        const auto call = start_complete(chat, std::move(request));
        run();
        return std::move(call->result);
    }
    template <class Chat>
    Result stream(Chat& chat, Request request) {
        const auto call = start_stream(chat, std::move(request));
        run();
        return std::move(call->result);
    }
    /// By `streamed`, one or the other.
    template <class Chat>
    Result ask(Chat& chat, bool streamed, Request request) {
        return streamed ? stream(chat, std::move(request)) : complete(chat, std::move(request));
    }
};

/// A composition for tests: `Policies` in virtual time and memory, with a repeatable source of chance.
template <class... Policies>
using Virtual = baton::Orchestrator<Policies..., baton::Clock<baton::testing::ManualClock>,
                                    baton::Transport<baton::testing::MemoryNet>, baton::Rng<baton::Xoshiro>>;

/// An error as a vendor says it.
inline Behaviour fails(Errc errc, std::string headers = {}) {
    Behaviour behaviour{baton::Error(errc, "because of the test")};
    behaviour.headers = std::move(headers);
    return behaviour;
}

} // namespace lab

namespace baton {
inline std::ostream& operator<<(std::ostream& out, BreakerPhase phase) {
    return out << static_cast<int>(phase);
}
} // namespace baton

namespace std::chrono {
inline ostream& operator<<(ostream& out, nanoseconds span) { return out << span.count() << "ns"; }
} // namespace std::chrono
