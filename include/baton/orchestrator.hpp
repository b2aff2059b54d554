// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/error.hpp>
#include <baton/core/request.hpp>
#include <baton/orchestrator/check.hpp>
#include <baton/orchestrator/probe.hpp>
#include <baton/orchestrator/stream.hpp>

#include <algorithm>
#include <concepts>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace baton {

/// What `chat.health()` found out about one provider.
class HealthReport {
public:
    std::string provider;
    result<Duration> answer = Duration{}; ///< how long its model list took, or why it could not be had
    bool ok() const noexcept { return answer.has_value(); }
};

namespace detail {

/// What an Orchestrator of a list that failed its checks becomes, so that the sentence is the only error.
struct Unusable {
    template <class... A>
    explicit Unusable(A&&...) {}
};

template <class C>
class Engine {
public:
    using executor_type = typename C::executor;

    /// Keys and base URLs come from each vendor's environment variables unless an option says otherwise.
    /// `options`: Options of strategies and wires, strategy objects, `on<P>(...)`; any order. What
    /// Options view is copied. Throws std::invalid_argument or boost::system::system_error naming the
    /// option that is wrong; a missing key is not an error (the provider is skipped).
    template <class... A>
    explicit Engine(const executor_type& executor, A&&... options) {
        static_assert((check_argument<C, std::decay_t<A>>() && ...));
        static_assert(distinct<std::decay_t<A>...>,
                      "baton: two arguments of one type; the second would be lost");
        std::tuple<std::decay_t<A>...> args(std::forward<A>(options)...);
        state_.reset(new State<C>(executor, args));
    }
    Engine(Engine&&) noexcept = default;
    Engine& operator=(Engine&& other) noexcept {
        if (this != &other) {
            close();
            state_ = std::move(other.state_);
        }
        return *this;
    }
    /// Cancels every call under way; each yields Errc::cancelled. May run before or after the executor's
    /// context is gone.
    ~Engine() { close(); }

    /// The whole answer to `request`: cache, route, retries and fallback included. Never throws for what
    /// happens to the call; a cancelled caller gets Errc::cancelled.
    boost::asio::awaitable<result<Reply>, executor_type> complete(Request request) {
        return baton::detail::run<C>(Call<C>::make(*state_, Mode::complete, std::move(request)),
                                     WholeReply());
    }

    /// The answer in pieces. Does no I/O and never fails; see Stream.
    Stream<C> stream(Request request) {
        return Stream<C>(Call<C>::make(*state_, Mode::stream, std::move(request)));
    }

    /// `complete` for any Asio completion token: void(result<Reply>).
    template <class Token>
    auto async_complete(Request request, Token&& token) {
        return initiate<C>(Call<C>::make(*state_, Mode::complete, std::move(request)), WholeReply(),
                           std::forward<Token>(token));
    }

    /// Asks every provider for its model list; one result each, in list order. An unconfigured provider
    /// yields Errc::auth.
    boost::asio::awaitable<std::vector<HealthReport>, executor_type> health() { return check_health(state_); }

    /// One vector for each text, from the first provider that embeds: retries, breakers and fallback as for
    /// completions. Vectors of different models do not compare: name the model. More texts than the vendor
    /// takes at once are sent in batches, one after another, to the provider and model that answered the
    /// first, within one deadline. If one fails, all fail; what the others used stands in the error's trace.
    boost::asio::awaitable<result<Embeddings>, executor_type> embed(EmbedRequest request) {
        const auto limit = request.deadline;
        return run_errand(state_, std::make_unique<EmbedErrand<C>>(std::move(request)), limit,
                          [](EmbedErrand<C>& errand, const Reply& reply) {
                              errand.answer.provider = reply.provider;
                              if (errand.answer.model.empty()) errand.answer.model = reply.model;
                              return std::move(errand.answer);
                          });
    }

    /// Input tokens of `request` as the vendor counts them, without answering it; from the first provider
    /// that can. Not an estimate.
    boost::asio::awaitable<result<std::uint64_t>, executor_type> count_tokens(Request request) {
        const auto limit = request.deadline;
        return run_errand(state_, std::make_unique<CountErrand<C>>(std::move(request)), limit,
                          [](CountErrand<C>& errand, const Reply&) { return errand.tokens; });
    }

    /// The models of the provider at `index` in list order. Google's lists are read page by page, up to 100;
    /// the others are asked for in one, as long as they may be.
    boost::asio::awaitable<result<std::vector<ModelInfo>>, executor_type> models(std::size_t index = 0) {
        return run_errand(state_, std::make_unique<ModelsErrand<C>>(index, true), std::nullopt,
                          [](ModelsErrand<C>& errand, const Reply&) { return std::move(errand.models); });
    }

    /// A snapshot of the counters. Under Threads<Multi> consistent at one instant.
    Stats stats() const { return state_->stats(); }

    /// Changes options at run time: wires' Options and credentials, endpoints (with weights and keys), route
    /// tables, the orchestrator's limits and breaker. What a wire's Options leave
    /// empty of key, base_url and model stays as it is; every other member is taken as given. A wire with an
    /// account (AzureOpenAI, Bedrock, Vertex) is given everything again, Credentials included.
    /// Calls in flight keep what they began with; breakers, budgets, statistics and connections survive,
    /// cached answers do not. Throws like the constructor, also where a provider would become unconfigured,
    /// and then nothing has changed.
    template <class... A>
    void configure(A&&... options) {
        static_assert((check_argument<C, std::decay_t<A>>() && ...));
        constexpr bool changeable = (can_change<C, std::decay_t<A>> && ...);
        static_assert(changeable,
                      "baton: configure() changes wires' Options, endpoints, route tables, limits and the "
                      "breaker; other policies keep what they were constructed with");
        static_assert(distinct<std::decay_t<A>...>,
                      "baton: two arguments of one type; the second would be lost");
        std::tuple<std::decay_t<A>...> args(std::forward<A>(options)...);
        state_->configure(args);
    }

    /// Background work of the policies that have any: the probes of `Health<Active>`. Returns when it is
    /// cancelled or the orchestrator goes, and at once if there is nothing to do. No call needs it. Several
    /// at once share the work: none probes what another does, and together they keep to the one budget.
    boost::asio::awaitable<void, executor_type> run() {
        if constexpr (C::has_probes) {
            return probe<C>(state_);
        } else {
            return nothing_to_do();
        }
    }

    executor_type get_executor() const noexcept { return state_->executor; }

private:
    using Ptr = typename Call<C>::Ptr;

    static boost::asio::awaitable<void, executor_type> nothing_to_do() { co_return; }

    static boost::asio::awaitable<std::vector<HealthReport>, executor_type>
    check_health(boost::intrusive_ptr<State<C>> state) {
        std::vector<HealthReport> all;
        const auto snapshot = [&] {
            const std::unique_lock lock(state->mutex);
            return state->snapshot;
        }();
        for (std::size_t i = 0; i < C::providers; ++i) {
            HealthReport one;
            one.provider = snapshot->providers[i].name;
            if (!snapshot->providers[i].problem.empty()) {
                one.answer = Error(Errc::auth, snapshot->providers[i].problem);
            } else {
                Ptr call = Call<C>::make(*state, Mode::errand, Request());
                call->run_errand(std::make_unique<ModelsErrand<C>>(i, false));
                const result<Reply> reply = co_await baton::detail::run<C>(call, WholeReply());
                if (reply) {
                    one.answer = reply->trace.attempts.back().latency;
                } else {
                    one.answer = reply.error();
                }
                if (reply.has_error() && reply.error() == Errc::cancelled) {
                    all.push_back(std::move(one));
                    co_return all;
                }
            }
            all.push_back(std::move(one));
        }
        co_return all;
    }

    template <class E, class Take>
    static boost::asio::awaitable<result<std::invoke_result_t<Take, E&, const Reply&>>, executor_type>
    run_errand(boost::intrusive_ptr<State<C>> state, std::unique_ptr<E> errand, std::optional<Duration> limit,
               Take take) {
        const TimePoint until = state->limits.total(state->clock.now(), limit);
        std::optional<Attempt> before; // what earlier batches or pages, each a call of its own, came to
        for (;;) {
            Request about;
            about.deadline = limit;
            if (before && until != never) about.deadline = std::max(until - state->clock.now(), Duration(1));
            Ptr call = Call<C>::make(*state, Mode::errand, std::move(about));
            E& started = call->run_errand(std::move(errand));
            result<Reply> reply = co_await baton::detail::run<C>(call, WholeReply());
            if (!reply) {
                if (!before) co_return reply.error();
                co_return reply.error().with([&](Error::Detail& detail) {
                    detail.trace.attempts.insert(detail.trace.attempts.begin(), *before);
                });
            }
            if (!started.more()) co_return take(started, *reply);
            if (!before) before = reply->trace.attempts.back();
            before->usage = started.usage();
            errand = call->template take_errand<E>();
            // a coroutine that was cancelled as its call ended must not wait again: Asio would throw
            const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
            if (cancellation.cancelled() != boost::asio::cancellation_type::none)
                co_return Error(Errc::cancelled);
        }
    }

    void close() noexcept {
        if (state_) state_->shut_down();
    }

    boost::intrusive_ptr<State<C>> state_;
};

template <class List, bool = check<List>::ok>
struct door {
    using type = Unusable;
};
template <class... Ps>
struct door<mp::mp_list<Ps...>, true> {
    using type = Engine<Composition<Ps...>>;
};

} // namespace detail

/// The orchestrator a list of policies describes. Their order does not matter, except that providers are
/// tried in theirs. Move-only. Under `Threads<Single>` (default) all calls run on one thread or strand.
template <class... Policies>
class Orchestrator : public detail::door<detail::mp::mp_list<Policies...>>::type {
    using Base = typename detail::door<detail::mp::mp_list<Policies...>>::type;

public:
    using Base::Base;

    /// As the constructor, with a typed error instead of an exception.
    template <class... A>
    static result<Orchestrator> make(A&&... arguments) {
        try {
            return Orchestrator(std::forward<A>(arguments)...);
        } catch (const std::exception& e) {
            return Error(Errc::invalid_request, e.what());
        }
    }
};

} // namespace baton
