// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "lab.hpp"

#include <array>
#include <new>

// A composition with every resilience policy on, calls in it that can be struck at any point, and the scenes
// to strike them in. Shared by torture_resilience.cpp and torture_memory.cpp.
namespace everything {

using namespace lab;

/// Which allocations may fail: those made while `armed`, outside of any Exempt. Operator new is replaced in
/// torture_memory.cpp.
struct Memory {
    static inline bool armed = false;
    static inline int exempt = 0;
    static inline std::uint64_t made = 0, fail_at = 0; ///< of those that may fail
    static bool fails() noexcept { return armed && exempt == 0 && ++made == fail_at; }
    /// What an asynchronous operation allocates before it takes its handler over, as Asio's do.
    static void operation() {
        if (fails()) throw std::bad_alloc();
    }
};
/// The laboratory's own memory never runs out: vendors, network, virtual time and the tests themselves.
struct Exempt {
    Exempt() noexcept { ++Memory::exempt; }
    Exempt(const Exempt&) = delete;
    ~Exempt() { --Memory::exempt; }
};

template <class Ex>
class CalmTimer {
    using Base = baton::testing::ManualTimer<Ex>;

public:
    using executor_type = Ex;
    explicit CalmTimer(Base base) : base_(std::move(base)) {}
    CalmTimer(CalmTimer&&) = default;
    ~CalmTimer() {
        const Exempt exempt;
        base_.reset();
    }
    executor_type get_executor() const noexcept { return base_->get_executor(); }
    std::size_t expires_at(baton::TimePoint at) {
        const Exempt exempt;
        return base_->expires_at(at);
    }
    std::size_t cancel() {
        const Exempt exempt;
        return base_->cancel();
    }
    template <class Token>
    auto async_wait(Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code)>(
            [](auto handler, CalmTimer* self) {
                Memory::operation();
                const Exempt exempt;
                self->base_->async_wait(std::move(handler));
            },
            token, this);
    }

private:
    std::optional<Base> base_;
};

struct CalmClock : baton::testing::ManualClock {
    template <class Ex>
    using Timer = CalmTimer<Ex>;
    template <class Ex>
    CalmTimer<Ex> timer(const Ex& executor) const {
        const Exempt exempt;
        return CalmTimer<Ex>(ManualClock::timer(executor));
    }
};

template <class Ex>
class CalmSocket {
public:
    template <class Make>
    explicit CalmSocket(Make make) : base_(make()) {}
    ~CalmSocket() { close(); }
    template <class Done>
    void connect(const std::string& host, std::uint16_t port, Done done) {
        Memory::operation();
        const Exempt exempt;
        base_.connect(host, port, std::move(done));
    }
    std::size_t try_read(std::span<char> to, boost::system::error_code& ec) {
        const Exempt exempt;
        return base_.try_read(to, ec);
    }
    std::size_t try_write(std::string_view from, boost::system::error_code& ec) {
        const Exempt exempt;
        return base_.try_write(from, ec);
    }
    template <class Token>
    auto async_read(std::span<char> to, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [to](auto handler, CalmSocket* self) {
                Memory::operation();
                const Exempt exempt;
                self->base_.async_read(to, std::move(handler));
            },
            token, this);
    }
    template <class Token>
    auto async_write(std::string_view from, Token&& token) {
        return asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [from](auto handler, CalmSocket* self) {
                Memory::operation();
                const Exempt exempt;
                self->base_.async_write(from, std::move(handler));
            },
            token, this);
    }
    void cancel() {
        const Exempt exempt;
        base_.cancel();
    }
    void close() {
        const Exempt exempt;
        base_.close();
    }

private:
    baton::testing::MemorySocket<Ex> base_;
};

struct CalmNet : baton::testing::MemoryNet {
    using MemoryNet::MemoryNet;
    template <class Ex>
    using Socket = CalmSocket<Ex>;
    template <class Ex>
    auto socket_maker(const Ex& executor) const {
        return [this, &executor] {
            const Exempt exempt;
            return CalmSocket<Ex>(MemoryNet::socket_maker(executor));
        };
    }
};

/// What the limiter saw: each lease ends once, refunded or with what it took.
struct Books {
    std::int64_t charged = 0, refunded = 0, ended = 0, unknown = 0, input = 0, output = 0;
    std::int64_t estimated = 0; ///< tokens charged and not refunded
};

/// A limit without bounds that keeps books.
class Counting {
public:
    struct Options {
        Books* books = nullptr;
    };
    static constexpr baton::LimitScope scope = baton::LimitScope::provider;

    class Core {
    public:
        explicit Core(const Counting& strategy) : books_(strategy.books) {}
        void configure(const Counting&) noexcept {}
        std::int64_t concurrency() const noexcept { return 0; }
        baton::TimePoint ready_at(const baton::Demand&, const baton::Demand&,
                                  baton::TimePoint) const noexcept {
            return baton::TimePoint::min();
        }
        void charge(const baton::Demand& demand, baton::TimePoint) noexcept {
            ++books_->charged;
            books_->estimated += demand.tokens();
        }
        void refund(const baton::Demand& demand) noexcept {
            ++books_->refunded;
            books_->estimated -= demand.tokens();
        }
        void ended(const baton::Admitted&, const baton::LimitOutcome& what, baton::TimePoint) noexcept {
            ++books_->ended;
            books_->unknown += what.input_tokens < 0 || what.output_tokens < 0;
            books_->input += std::max<std::int64_t>(what.input_tokens, 0);
            books_->output += std::max<std::int64_t>(what.output_tokens, 0);
        }
        double headroom(baton::TimePoint) const noexcept { return 1; }
        void observe(const baton::RateHeaders&, baton::TimePoint) noexcept {}
        bool rested(baton::TimePoint) const noexcept { return true; }

    private:
        Books* books_;
    };
    using State = baton::LimitState<Core>;

    Counting() = default;
    explicit Counting(const Options& options) : books(options.books) {}
    baton::LimitWaits waits() const noexcept { return {5s, 100}; }

    Books* books = nullptr;
};

/// What the caller is told of attempts, and of ends. Allocates nothing. Copies share one state.
class Clerk {
public:
    struct State {
        std::int64_t sent = 0, input = 0, output = 0, starts = 0, ends = 0;
        std::int64_t traced = 0, traced_input = 0, traced_output = 0; ///< in the traces of calls that ended
        std::array<int, 4> resumes{};                                 ///< by ResumeMode
    };
    void on_start(const Request&) { ++state->starts; }
    void on_attempt(const baton::Attempt& a) {
        if (!a.sent) return;
        ++state->sent;
        state->input += static_cast<std::int64_t>(a.usage.total_input());
        state->output += static_cast<std::int64_t>(a.usage.total_output());
        ++state->resumes[static_cast<std::size_t>(a.resume)];
    }
    void on_end(const baton::Outcome& outcome) {
        ++state->ends;
        if (!outcome.trace) return;
        for (const baton::Attempt& a : outcome.trace->attempts) {
            if (!a.sent) continue;
            ++state->traced;
            state->traced_input += static_cast<std::int64_t>(a.usage.total_input());
            state->traced_output += static_cast<std::int64_t>(a.usage.total_output());
        }
    }
    std::shared_ptr<State> state = std::make_shared<State>();
};

using Chat = baton::Orchestrator<
    baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>, baton::Retry<baton::ExpBackoff>,
    baton::Breaker<baton::HalfOpen>, baton::Fallback<baton::InOrder, baton::StaleCache>,
    baton::Resume<baton::Auto>, baton::Balance<baton::PowerOfTwo>, baton::Health<baton::Passive>,
    baton::Hedge<baton::AfterP95>, baton::Limit<baton::Gcra, baton::PerTenant<baton::Gcra>, Counting>,
    baton::Cache<baton::ExactMatch>, baton::Deadline<baton::Limits>, baton::Use<Clerk>,
    baton::Clock<CalmClock>, baton::Transport<CalmNet>, baton::Rng<baton::Xoshiro>>;
using Stream = decltype(std::declval<Chat&>().stream(Request()));

/// A call, spawned so that it refers to nothing that the test may destroy but what it destroys on purpose.
struct Victim : Running {
    std::unique_ptr<Stream> stream;
    std::string arguments; ///< of its tool call
};

inline asio::awaitable<void> read_while_there(std::shared_ptr<Victim> call) {
    while (call->stream) {
        auto delta = co_await call->stream->next();
        if (!delta) break;
        const Exempt exempt;
        std::string& text = call->result.text;
        text.resize(text.size() - std::min(text.size(), delta->retract));
        text += delta->text;
        if (delta->seam == baton::Delta::Seam::restarted) call->arguments.clear();
        for (const auto& fragment : delta->tools) call->arguments += fragment.arguments;
    }
    const Exempt exempt;
    if (call->stream) call->result.reply = call->stream->reply();
}

constexpr int length = 12; ///< tokens of an answer, five bytes each
inline const std::string whole = [] {
    std::string text;
    for (int i = 0; i < length; ++i) text += "w" + std::to_string(100 + i) + " ";
    return text;
}();

/// How many bytes of its answer a vendor is shown: it goes on behind them, as a good model does.
inline std::size_t said_before(const ServedRequest& request) {
    for (const baton::Message& message : request.incoming.request.messages) {
        if (message.role == baton::Role::assistant) return message.text().size();
    }
    return 0;
}
/// A vendor that says `whole`, slowly if it streams.
inline Behaviour goes_on(const ServedRequest& request) {
    const std::string text = whole.substr(std::min(whole.size(), said_before(request)));
    Behaviour behaviour(Answer(text, std::max<std::size_t>(1, text.size() / 5)));
    behaviour.delay = 5ms;
    behaviour.gap = 2ms;
    behaviour.tokens_per_write = 1;
    return behaviour;
}
/// A vendor that says a little and calls a tool.
inline Answer tool_answer() {
    Answer answer;
    answer.tokens = {"Let ", "me ", "see. "};
    answer.tool_calls.push_back(Answer::ToolCall("c1", "weather", R"({"city":"Berlin","unit":"C"})", 6));
    return answer;
}
inline Behaviour calls_tool(const ServedRequest& request) {
    Answer answer = tool_answer();
    const std::string text = answer.text();
    const std::string left = text.substr(std::min(text.size(), said_before(request)));
    answer.tokens.clear();
    if (!left.empty()) answer.tokens.push_back(left);
    return Behaviour(std::move(answer));
}
inline Behaviour cut_after(Behaviour behaviour, std::size_t tokens) {
    behaviour.fault = Fault::reset_mid_body;
    behaviour.at = tokens;
    return behaviour;
}
/// The first of a host's requests, from now on, meets `fault`.
inline Script first_meets(std::function<Behaviour(const ServedRequest&)> fault) {
    return [fault = std::move(fault), n = std::make_shared<int>(0)](const ServedRequest& request) {
        return (*n)++ == 0 ? fault(request) : goes_on(request);
    };
}

/// Everything of one trial. The context can be destroyed before the rest.
struct Rig {
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>();
    CalmClock clock;
    CalmNet net{clock};
    Clerk clerk;
    Books books;
    std::optional<Chat> chat;
    std::vector<std::shared_ptr<Victim>> calls; // the first is the one that is struck
    double second_endpoint = 1;                 // its weight
    int min_calls = 20;                         // of the breaker

    Rig() {
        all(goes_on);
        net.settings().pool.connections = 4;
    }
    /// Both endpoints of the first provider by one script.
    void primary(Script script) {
        const auto shared = std::make_shared<Script>(std::move(script));
        for (const char* host : {"a.test", "b.test"})
            net.serve(host, [shared](const ServedRequest& request) { return (*shared)(request); });
    }
    void all(Script script) {
        net.serve("anthropic.test", script);
        primary(std::move(script));
    }
    void make(const baton::Limits::Options& limits = {
                  .first_token = 10s, .first_byte_unary = 10s, .idle = 5s, .total = 30s}) {
        chat.emplace(io->get_executor(), clock, net, baton::Xoshiro(1), clerk, anthropic(),
                     baton::endpoints<baton::OpenAI>(
                         baton::Endpoint("http://a.test/v1").with_key("k-a"),
                         baton::Endpoint("http://b.test/v1").with_key("k-b").with_weight(second_endpoint)),
                     baton::HalfOpen::Options{
                         .min_calls = min_calls, .open = 1s, .jitter = 0, .probes = 1, .passes = 1},
                     limits, baton::AfterP95::Options{.min_samples = 8, .budget = 1},
                     baton::Gcra::Options{.concurrency = 2},
                     baton::PerTenant<baton::Gcra>::Options{{.concurrency = 2}}, Counting::Options{&books},
                     baton::ExactMatch::Options{.ttl = 60s}, baton::StaleCache::Options{.max_stale = 1h});
    }
    std::shared_ptr<Victim> start(bool streamed, Request request = Request("Hello")) {
        auto call = std::make_shared<Victim>();
        calls.push_back(call);
        if (streamed) {
            call->stream = std::make_unique<Stream>(chat->stream(std::move(request)));
            spawn(io->get_executor(), read_while_there(call), call);
        } else {
            asio::co_spawn(*io, chat->complete(std::move(request)),
                           asio::bind_cancellation_slot(
                               call->signal.slot(), [call](std::exception_ptr thrown, result<Reply> reply) {
                                   ++call->finished;
                                   call->thrown = thrown;
                                   call->result.reply = std::move(reply);
                               }));
        }
        return call;
    }
    /// Runs until nothing is left to do. False: it goes on and on.
    bool run() {
        for (int i = 0; i < 50'000; ++i) {
            if (!clock.step(*io)) return true;
        }
        return false;
    }
    /// Calls to come before those that are struck.
    void warm_up(int n) {
        for (int i = 0; i < n; ++i) {
            start(false, Request("Warm up #" + std::to_string(i)));
            run();
        }
        calls.clear();
        *clerk.state = Clerk::State();
        books = Books();
    }
};

struct Scene {
    const char* name;
    std::function<void(Rig&)> start;
    std::function<bool(Rig&)> reached; ///< without any blow, it was what its name says
    bool answered = true;              ///< without any blow, the calls end well
    bool tools = false;                ///< the answer has a tool call
};

/// Eight calls that were quick, then one whose first token comes after `delay`, and the rival's after
/// `rivals`.
inline void race(Rig& rig, bool streamed, Duration delay, Duration rivals, bool ours_fails = false,
                 bool rival_fails = false) {
    rig.second_endpoint = 0; // it is the rival's
    rig.make();
    rig.warm_up(8);
    const auto serve = [&](const char* host, Duration after, bool failing) {
        rig.net.serve(host, [after, failing](const ServedRequest& request) {
            Behaviour behaviour = failing ? fails(Errc::transient) : goes_on(request);
            behaviour.delay = after;
            return behaviour;
        });
    };
    serve("a.test", delay, ours_fails);
    serve("b.test", rivals, rival_fails);
    rig.start(streamed);
}

inline std::vector<Scene> scenes() {
    const auto resumed = [](baton::ResumeMode mode) {
        return [mode](Rig& rig) { return rig.clerk.state->resumes[static_cast<std::size_t>(mode)] == 1; };
    };
    const auto asked = [](std::int64_t n) { return [n](Rig& rig) { return rig.clerk.state->sent == n; }; };
    const auto hedged = [](Rig& rig) { return rig.chat->stats().hedges == 1; };
    const auto cut_at_five = [](const ServedRequest& request) { return cut_after(goes_on(request), 5); };
    // the other endpoint cannot stand in
    const auto only_fallback = [=](Rig& rig) {
        rig.primary([=, n = 0](const ServedRequest& request) mutable {
            return n++ == 0 ? cut_at_five(request) : fails(Errc::quota);
        });
    };
    const auto takes_no_turns = [](const ServedRequest& request) { // of an assistant, however it is put
        return request.incoming.request.messages.size() > 1 ? fails(Errc::invalid_request) : goes_on(request);
    };
    return {
        {"a whole answer",
         [](Rig& rig) {
             rig.make();
             rig.start(false);
         },
         asked(1)},
        {"a stream",
         [](Rig& rig) {
             rig.make();
             rig.start(true);
         },
         asked(1)},
        {"503, then the other endpoint",
         [](Rig& rig) {
             rig.primary(first_meets([](auto&) { return fails(Errc::transient); }));
             rig.make();
             rig.start(true);
         },
         asked(2)},
        {"the wait for Retry-After",
         [](Rig& rig) {
             rig.all([](const ServedRequest& request) {
                 return request.number <= 3 ? fails(Errc::rate_limited, "retry-after: 1\r\n")
                                            : goes_on(request);
             });
             rig.make();
             rig.start(true);
         },
         [](Rig& rig) { return rig.clock.now().time_since_epoch() > 1h + 1s; }},
        {"the move to the fallback",
         [](Rig& rig) {
             rig.primary(always(fails(Errc::quota)));
             rig.make();
             rig.start(false);
         },
         asked(3)},
        {"a stream that breaks, resumed by a prefill",
         [=](Rig& rig) {
             only_fallback(rig);
             rig.make();
             rig.start(true);
         },
         resumed(baton::ResumeMode::prefill)},
        {"a stream that breaks, resumed by an instruction",
         [=](Rig& rig) {
             rig.primary(first_meets(cut_at_five));
             rig.make();
             rig.start(true);
         },
         resumed(baton::ResumeMode::instruct)},
        {"a stream that breaks, a refused continuation, and a restart",
         [=](Rig& rig) {
             only_fallback(rig);
             rig.net.serve("anthropic.test", takes_no_turns);
             rig.make();
             rig.start(true);
         },
         resumed(baton::ResumeMode::restart)},
        {"a stream that breaks, and nobody goes on",
         [=](Rig& rig) {
             only_fallback(rig);
             rig.net.serve("anthropic.test", always(fails(Errc::invalid_request)));
             rig.make();
             rig.start(true);
         },
         [](Rig& rig) {
             return rig.calls[0]->result.errc() == Errc::truncated &&
                    rig.calls[0]->result.text == whole.substr(0, 25);
         },
         false},
        {"a tool call that breaks",
         [](Rig& rig) {
             rig.net.serve("a.test", [n = 0](const ServedRequest& request) mutable {
                 if (n++ > 0) return calls_tool(request);
                 Behaviour cut = cut_after(Behaviour(tool_answer()), 3);
                 cut.count = 700; // bytes: in the middle of the call
                 return cut;
             });
             rig.net.serve("b.test", calls_tool);
             rig.net.serve("anthropic.test", calls_tool);
             rig.second_endpoint = 0;
             rig.make();
             rig.start(true, Request("Weather?", baton::tools(baton::Tool("weather", "tells it"))));
         },
         asked(2), true, true},
        {"a race that the rival wins", [](Rig& rig) { race(rig, true, 2s, 5ms); }, hedged},
        {"a race of whole answers that the rival wins", [](Rig& rig) { race(rig, false, 2s, 5ms); }, hedged},
        {"a race that the rival loses", [](Rig& rig) { race(rig, true, 60ms, 2s); }, hedged},
        {"a race in which ours fails", [](Rig& rig) { race(rig, true, 60ms, 100ms, true); }, hedged},
        {"a race in which both fail, then the fallback",
         [](Rig& rig) { race(rig, true, 60ms, 100ms, true, true); }, hedged},
        {"a race that three readers watch",
         [](Rig& rig) {
             race(rig, true, 2s, 5ms);
             rig.start(false);
             rig.start(true);
         },
         hedged},
        {"a race on a kept connection that turns out to be closed",
         [](Rig& rig) {
             race(rig, true, 2s, 150ms);
             rig.net.serve("a.test", first_meets([](auto&) {
                               Behaviour behaviour(Answer("ok"), Fault::reset_before_headers);
                               behaviour.delay = 80ms;
                               return behaviour;
                           }));
             rig.net.serve("b.test", [](const ServedRequest& request) {
                 Behaviour behaviour = goes_on(request);
                 behaviour.delay = 150ms;
                 return behaviour;
             });
         },
         hedged},
        {"the line before a limit",
         [](Rig& rig) {
             rig.make();
             for (int i = 0; i < 5; ++i) rig.start(i % 2 == 0, Request("Hello #" + std::to_string(i)));
             std::swap(rig.calls[0], rig.calls[2]);
         },
         asked(5)},
        {"those who go before others in a limit's line",
         [](Rig& rig) {
             rig.make();
             for (int i = 0; i < 5; ++i) rig.start(i % 2 == 1, Request("Hello #" + std::to_string(i)));
         },
         asked(5)},
        {"the line before a limit while a breaker opens",
         [](Rig& rig) {
             rig.min_calls = 2;
             rig.second_endpoint = 0;
             rig.primary([n = 0](const ServedRequest& request) mutable {
                 Behaviour behaviour = n++ < 2 ? fails(Errc::transient) : goes_on(request);
                 behaviour.delay = 5ms;
                 return behaviour;
             });
             rig.make();
             for (int i = 0; i < 4; ++i) rig.start(i % 2 == 0, Request("Hello #" + std::to_string(i)));
             std::swap(rig.calls[0], rig.calls[2]);
         },
         asked(6)},
        {"one that is read by three, and breaks",
         [=](Rig& rig) {
             rig.primary(first_meets(cut_at_five));
             rig.make();
             for (const bool streamed : {true, false, true}) rig.start(streamed);
         },
         [](Rig& rig) { return rig.chat->stats().cache_joins == 2 && rig.clerk.state->sent == 2; }},
        {"a reader behind another's call that breaks",
         [=](Rig& rig) {
             rig.primary(first_meets(cut_at_five));
             rig.make();
             for (const bool streamed : {false, true, true}) rig.start(streamed);
             std::swap(rig.calls[0], rig.calls[1]);
         },
         [](Rig& rig) { return rig.chat->stats().cache_joins == 2; }},
        {"an answer past its time",
         [](Rig& rig) {
             rig.make();
             rig.start(false);
             rig.run();
             rig.warm_up(0);
             rig.clock.advance(*rig.io, 2min);
             rig.all(always(fails(Errc::quota)));
             rig.start(true);
         },
         [](Rig& rig) { return rig.chat->stats().stale_hits == 1; }},
    };
}

} // namespace everything
