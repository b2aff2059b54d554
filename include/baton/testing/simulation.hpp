// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/reply.hpp>
#include <baton/core/request.hpp>
#include <baton/policy/rng.hpp>
#include <baton/testing/manual_clock.hpp>
#include <baton/testing/memory_net.hpp>
#include <baton/testing/scenario.hpp>
#include <baton/testing/simulation_result.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::testing {

/// When requests come.
enum class Arrivals : unsigned char {
    poisson, ///< independently of each other
    constant ///< evenly spaced
};

/// Runs a composed orchestrator through hours of traffic against simulated providers, in virtual time: what
/// happens depends on the scenario, the composition and the seed alone. Compositions run by one Simulation
/// get the same requests at the same times.
///
///     using Chat = Orchestrator<Provider<OpenAI>, Provider<Anthropic>, Retry<ExpBackoff>,
///                               Clock<testing::ManualClock>, Transport<testing::MemoryNet>, Rng<Xoshiro>>;
///     testing::Simulation sim(42);
///     sim.provider("api.openai.com").outage(10min, 5min).price(2'500'000, 10'000'000);
///     sim.provider("api.anthropic.com").first_token(testing::Latency::lognormal(600ms, 3s));
///     sim.traffic(20, 1h).streams(0.5);                  // 20 requests a second for an hour
///     auto result = sim.run<Chat>(OpenAI::Options{.key = "k"}, Anthropic::Options{.key = "k"});
///     std::cout << result.summary().success_rate() << ' ' << result.hash;
///
/// A provider speaks the dialect it is asked in, OpenAI's or Anthropic's. Not thread-safe.
class Simulation {
public:
    class Step {
    public:
        double per_second = 0;
        Duration length{};
    };

    explicit Simulation(std::uint64_t seed = 0) : seed_(seed) {}

    /// The script of the provider at `host` ("name" or "name:port"), made at the first call. The reference
    /// stays good.
    BATON_DECL ProviderScript& provider(std::string_view host);
    /// Then, for `length`, this many requests per second (0: none). Called again, appends: a day is a list of
    /// such steps. Throws std::invalid_argument unless 0 <= per_second <= 10^6 and length is positive.
    BATON_DECL Simulation& traffic(double per_second, Duration length);
    /// Default: poisson.
    Simulation& arrivals(Arrivals how) { return arrivals_ = how, *this; }
    /// The share of requests that are streamed, 0 to 1; default 0.5.
    BATON_DECL Simulation& streams(double share);
    /// Makes the request with this number, from 0. Default: a question of 400 bytes.
    Simulation& requests(std::function<Request(std::uint64_t number)> make) {
        return make_ = std::move(make), *this;
    }

    /// One run from the start of the traffic until its last call has ended; calls that hang for ever are then
    /// cancelled. `Chat` is an Orchestrator with Clock<ManualClock>, Transport<MemoryNet> and Rng<Xoshiro>;
    /// `options` go to its constructor. May be repeated.
    template <class Chat, class... Options>
    SimulationResult run(Options&&... options) const;

    std::uint64_t seed() const noexcept { return seed_; }

private:
    friend class SimulationRun;
    struct Named {
        std::string host;
        ProviderScript script;
    };
    std::uint64_t seed_;
    std::deque<Named> providers_;
    std::vector<Step> steps_;
    Arrivals arrivals_ = Arrivals::poisson;
    double streams_ = 0.5;
    std::function<Request(std::uint64_t)> make_;
};

/// The part of a run that does not depend on the composition. An implementation detail of Simulation.
class SimulationRun {
public:
    BATON_DECL explicit SimulationRun(const Simulation& simulation);
    SimulationRun(const SimulationRun&) = delete;
    SimulationRun& operator=(const SimulationRun&) = delete;

    /// Calls `arrive(number, request, streamed)` at each arrival, and `over` when the last call has ended.
    BATON_DECL void start(std::function<void(std::size_t, Request, bool)> arrive, std::function<void()> over);
    BATON_DECL void text(std::size_t number) noexcept;
    BATON_DECL void end(std::size_t number, const result<Reply>& reply);
    BATON_DECL SimulationResult finish();

    const ManualClock& clock() const noexcept { return clock_; }
    ManualClock& clock() noexcept { return clock_; }
    MemoryNet& net() noexcept { return net_; }
    Xoshiro rng() const noexcept { return Xoshiro(simulation_.seed_).stream(0); }

private:
    struct Bill {
        std::uint64_t number, input, output; // of the request at the network, and its tokens
        std::size_t host;
        bool stream, delivered;
    };

    Duration now() const noexcept { return clock_.now() - start_; }
    BATON_DECL Bill* bill_of(std::string_view id, std::string_view prefix) noexcept;
    BATON_DECL void serve(std::size_t host);
    BATON_DECL bool next_arrival();
    BATON_DECL void schedule();
    BATON_DECL void arrive();
    BATON_DECL void mix(std::uint64_t word) noexcept;
    BATON_DECL void mix(std::string_view text) noexcept;
    BATON_DECL void mix(const Trace& trace) noexcept;

    const Simulation& simulation_;
    ManualClock clock_;
    MemoryNet net_{clock_};
    TimePoint start_ = clock_.now();
    Xoshiro traffic_rng_;
    std::deque<ScriptedProvider> providers_;
    std::vector<Bill> bills_; // by request number
    SimulationResult result_;
    std::uint64_t in_flight_ = 0;
    std::size_t step_ = 0;
    Duration step_begin_{}, next_{};
    bool more_ = true;
    ManualClock::Scheduled timer_;
    std::function<void(std::size_t, Request, bool)> on_arrival_;
    std::function<void()> over_;
};

namespace detail {

template <class Chat>
boost::asio::awaitable<void, typename Chat::executor_type>
simulated_call(Chat& chat, SimulationRun& run, std::size_t number, Request request, bool streamed) {
    if (streamed) {
        auto stream = chat.stream(std::move(request));
        while (auto delta = co_await stream.next()) {
            if (!delta->text.empty()) run.text(number);
        }
        run.end(number, stream.reply());
    } else {
        const result<Reply> reply = co_await chat.complete(std::move(request));
        run.end(number, reply);
    }
}

} // namespace detail

template <class Chat, class... Options>
SimulationResult Simulation::run(Options&&... options) const {
    namespace asio = boost::asio;
    asio::io_context io(1);
    SimulationRun run(*this);
    std::exception_ptr thrown;
    const auto ended = [&thrown](std::exception_ptr exception) {
        if (exception && !thrown) thrown = exception;
    };
    asio::cancellation_signal background; // for what the composition does beside its calls
    {
        Chat chat(io.get_executor(), run.clock(), run.net(), run.rng(), std::forward<Options>(options)...);
        asio::co_spawn(chat.get_executor(), chat.run(),
                       asio::bind_cancellation_slot(background.slot(), [](std::exception_ptr) {}));
        run.start(
            [&](std::size_t number, Request request, bool streamed) {
                asio::co_spawn(chat.get_executor(),
                               detail::simulated_call(chat, run, number, std::move(request), streamed),
                               ended);
            },
            [&] { background.emit(asio::cancellation_type::terminal); });
        run.clock().run(io);
    }
    background.emit(asio::cancellation_type::terminal);
    run.clock().run(io); // calls that hung end now, as their orchestrator is gone
    if (thrown) std::rethrow_exception(thrown);
    return run.finish();
}

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/simulation.ipp>
#endif
