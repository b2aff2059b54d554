// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/composition.hpp>

// The sentences that a wrong composition gets from the compiler.
namespace baton::detail {

/// What the orchestrator asks of a clock and of a transport.
template <class S>
concept ClockStrategy = requires(const S& clock, const boost::asio::any_io_executor& executor) {
    { clock.now() } -> std::same_as<TimePoint>;
    { clock.wall() } -> std::same_as<WallTime>;
    clock.timer(executor);
    typename S::template Timer<boost::asio::any_io_executor>;
};
template <class S>
concept TransportStrategy = requires(const S& transport, const boost::asio::any_io_executor& executor) {
    typename S::template Socket<boost::asio::any_io_executor>;
    transport.socket_maker(executor);
    { transport.settings() } -> std::convertible_to<const NetSettings&>;
};

template <class List>
struct check;

/// The sentences a wrong composition gets. Each failed check stops the ones behind it.
template <class... Ps>
struct check<mp::mp_list<Ps...>> {
    static constexpr bool policies_only = (policy<Ps> && ...);
    static_assert(policies_only,
                  "baton: every argument of Orchestrator<...> must be a policy: Provider<...>, "
                  "Retry<...>, Breaker<...>, Route<...>, Cache<...>, ...; a type without a member "
                  "`slot` is not one");

    static consteval bool run() {
        if constexpr (!policies_only) {
            return false;
        } else {
            using list = mp::mp_list<Ps...>;
            using providers = policies_in<slot::provider, list>;
            constexpr bool some = !mp::mp_empty<providers>::value;
            static_assert(some, "baton: an Orchestrator needs at least one Provider<...>");
            constexpr bool retry = at_most_one<list, slot::retry>;
            static_assert(retry, "baton: slot Retry is filled twice; keep one Retry<...>");
            constexpr bool breaker = at_most_one<list, slot::breaker>;
            static_assert(breaker, "baton: slot Breaker is filled twice; keep one Breaker<...>");
            constexpr bool fallback = at_most_one<list, slot::fallback>;
            static_assert(fallback, "baton: slot Fallback is filled twice; keep one Fallback<...>");
            constexpr bool route = at_most_one<list, slot::route>;
            static_assert(route, "baton: slot Route is filled twice; keep one Route<...>");
            constexpr bool resume = at_most_one<list, slot::resume>;
            static_assert(resume, "baton: slot Resume is filled twice; keep one Resume<...>");
            constexpr bool balance = at_most_one<list, slot::balance>;
            static_assert(balance, "baton: slot Balance is filled twice; keep one Balance<...>");
            constexpr bool limit = at_most_one<list, slot::limit>;
            static_assert(limit, "baton: slot Limit is filled twice; list the strategies in one Limit<A, B>");
            constexpr bool hedge = at_most_one<list, slot::hedge>;
            static_assert(hedge, "baton: slot Hedge is filled twice; keep one Hedge<...>");
            constexpr bool health = at_most_one<list, slot::health>;
            static_assert(health, "baton: slot Health is filled twice; keep one Health<...>");
            constexpr bool cache = at_most_one<list, slot::cache>;
            static_assert(cache, "baton: slot Cache is filled twice; list the strategies in one Cache<A, B>");
            constexpr bool deadline = at_most_one<list, slot::deadline>;
            static_assert(deadline, "baton: slot Deadline is filled twice; keep one Deadline<...>");
            constexpr bool environment = at_most_one<list, slot::executor> &&
                                         at_most_one<list, slot::clock> && at_most_one<list, slot::rng> &&
                                         at_most_one<list, slot::transport> &&
                                         at_most_one<list, slot::threads>;
            static_assert(environment,
                          "baton: Executor, Clock, Rng, Transport and Threads may each be given once");
            if constexpr (some && retry && breaker && fallback && resume && route && balance && limit &&
                          hedge && health && cache && deadline && environment) {
                return strategies<list>() && resilience<list>() && surroundings<list>() &&
                       (provider_ok<Ps>() && ...);
            } else {
                return false;
            }
        }
    }

    template <class P>
    static consteval bool provider_ok() {
        if constexpr (std::is_same_v<typename P::slot, slot::provider>) {
            constexpr bool wire = wire::Wire<typename provider_parts<P>::wire>;
            static_assert(wire, "baton: the argument of Provider<...> is not a Wire; see the concept "
                                "baton::wire::Wire for the members it must have");
            constexpr bool inner = mp::mp_all_of<typename provider_parts<P>::policies, is_policy>::value;
            static_assert(inner, "baton: Provider<Wire, ...> takes policies after the wire");
            if constexpr (inner) {
                constexpr bool allowed =
                    mp::mp_all_of<typename provider_parts<P>::policies, is_provider_slot>::value;
                static_assert(allowed,
                              "baton: a provider may carry its own Retry<...> and Breaker<...>; other "
                              "policies belong to the orchestrator");
                constexpr bool once = at_most_one<typename provider_parts<P>::policies, slot::retry> &&
                                      at_most_one<typename provider_parts<P>::policies, slot::breaker>;
                static_assert(once, "baton: a slot of a provider is filled twice; keep one policy per slot");
                if constexpr (allowed && once) {
                    return wire && strategies<typename provider_parts<P>::policies>();
                }
            }
            return false;
        } else {
            return true;
        }
    }

    template <class List>
    static consteval bool strategies() {
        using R = strategy_or<slot::retry, List, Never>;
        constexpr bool retry = RetryStrategy<R>;
        static_assert(retry, "baton: the strategy of Retry<...> is not a RetryStrategy: it needs "
                             "`RetryDecision decide(const RetryFacts&, auto& rng)`");
        using B = strategy_or<slot::breaker, List, Absent<slot::breaker>>;
        constexpr bool breaker = std::is_same_v<B, Absent<slot::breaker>> || BreakerStrategy<B>;
        static_assert(breaker,
                      "baton: the strategy of Breaker<...> is not a BreakerStrategy: it needs a nested "
                      "`State` with `try_acquire(now, rng)`; see policy/breaker.hpp");
        using F = strategy_or<slot::fallback, List, InOrder>;
        constexpr bool fallback = FallbackStrategy<F>;
        static_assert(fallback, "baton: the strategy of Fallback<...> is not a FallbackStrategy: it needs "
                                "`bool may_move(Errc) const`");
        return retry && breaker && fallback;
    }

    template <class List>
    static consteval bool resilience() {
        constexpr bool resume = ResumeStrategy<strategy_or<slot::resume, List, Never>>;
        static_assert(resume,
                      "baton: the strategy of Resume<...> is not a ResumeStrategy: it needs first(facts) "
                      "and next_after_refusal(mode, facts); see policy/resume.hpp");
        using B = strategy_or<slot::balance, List, Absent<slot::balance>>;
        constexpr bool balance = std::is_same_v<B, Absent<slot::balance>> || BalanceStrategy<B>;
        static_assert(balance,
                      "baton: the strategy of Balance<...> is not a BalanceStrategy: it needs a nested "
                      "`State` with `pick(candidates, facts, rng)`; see policy/balance.hpp");
        using H = strategy_or<slot::health, List, Absent<slot::health>>;
        constexpr bool health = std::is_same_v<H, Absent<slot::health>> || HealthStrategy<H>;
        static_assert(health,
                      "baton: the strategy of Health<...> is not a HealthStrategy: it needs rules() and a "
                      "nested `State` with `choose(endpoints, now, usable)`; see policy/health.hpp");
        using G = strategy_or<slot::hedge, List, Absent<slot::hedge>>;
        constexpr bool hedge = std::is_same_v<G, Absent<slot::hedge>> || HedgeStrategy<G>;
        static_assert(hedge,
                      "baton: the strategy of Hedge<...> is not a HedgeStrategy: it needs on_call, allow and "
                      "a nested `State` with observe and delay; see policy/hedge.hpp");
        using limits = mp::mp_flatten<mp::mp_transform<sequence_of, policies_in<slot::limit, List>>>;
        constexpr bool limit = mp::mp_all_of<limits, is_limit>::value && mp::mp_is_set<limits>::value;
        static_assert(limit,
                      "baton: the strategies of Limit<...> must be distinct LimitStrategies, such as Gcra, "
                      "Aimd or PerTenant<Gcra>; see policy/limit.hpp");
        constexpr bool stale = !ServesStale<strategy_or<slot::fallback, List, InOrder>> ||
                               !mp::mp_empty<policies_in<slot::cache, List>>::value;
        static_assert(stale, "baton: Fallback<..., StaleCache> needs a Cache<...> to serve from");
        return resume && balance && health && hedge && limit && stale;
    }

    template <class List>
    static consteval bool surroundings() {
        using caches = mp::mp_transform<sequence_of, policies_in<slot::cache, List>>;
        constexpr bool cache =
            mp::mp_empty<caches>::value || std::is_same_v<mp::mp_flatten<caches>, mp::mp_list<ExactMatch>>;
        static_assert(cache, "baton: the strategies of Cache<...> must be known ones: Cache<ExactMatch>");
        constexpr bool deadline = DeadlineStrategy<strategy_or<slot::deadline, List, Limits>>;
        static_assert(
            deadline,
            "baton: the strategy of Deadline<...> is not a DeadlineStrategy: it needs total, connect, "
            "first_token, first_byte_unary and idle; see policy/deadline.hpp");
        constexpr bool clock = ClockStrategy<strategy_or<slot::clock, List, Steady>>;
        static_assert(
            clock, "baton: the strategy of Clock<...> needs now(), wall() and timer(executor); see Steady");
        constexpr bool transport = TransportStrategy<strategy_or<slot::transport, List, Tcp>>;
        static_assert(transport, "baton: the strategy of Transport<...> needs a template Socket<Executor>, "
                                 "socket_maker(executor) and settings(); see Tcp");
        return cache && deadline && clock && transport;
    }

    template <class S>
    using is_limit = std::bool_constant<LimitStrategy<S>>;
    template <class P>
    using is_policy = std::bool_constant<policy<P>>;
    template <class P>
    using is_provider_slot = mp::mp_contains<provider_slots, typename P::slot>;

    static constexpr bool ok = run();
};

} // namespace baton::detail
