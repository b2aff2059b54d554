// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/event_stream.hpp>
#include <baton/net/ndjson.hpp>
#include <baton/net/sse.hpp>
#include <baton/orchestrator/environment.hpp>
#include <baton/policy/active.hpp>
#include <baton/policy/balance.hpp>
#include <baton/policy/breaker.hpp>
#include <baton/policy/cache.hpp>
#include <baton/policy/deadline.hpp>
#include <baton/policy/fallback.hpp>
#include <baton/policy/health.hpp>
#include <baton/policy/hedge.hpp>
#include <baton/policy/limit.hpp>
#include <baton/policy/provider.hpp>
#include <baton/policy/resume.hpp>
#include <baton/policy/retry.hpp>
#include <baton/policy/route.hpp>
#include <baton/policy/use.hpp>
#include <baton/wire/concept.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace baton::detail {

namespace mp = boost::mp11;

/// A slot nobody filled. One type per slot, so that several take no room beside each other.
template <class Slot>
struct Absent {};

template <class P>
concept policy = requires { typename P::slot; };

template <class Slot>
struct in_slot {
    template <class P>
    using fn = std::is_same<typename P::slot, Slot>;
};

template <class Slot, class List>
using policies_in = mp::mp_filter_q<in_slot<Slot>, List>;

template <class P>
using strategy_of = typename P::strategy;

/// The strategy in `Slot` of `List`, else `Default`.
template <class Slot, class List, class Default>
using strategy_or =
    mp::mp_front<mp::mp_push_back<mp::mp_transform<strategy_of, policies_in<Slot, List>>, Default>>;

template <class P>
struct provider_parts;
template <class W, class... Ps>
struct provider_parts<Provider<W, Ps...>> {
    using wire = W;
    using policies = mp::mp_list<Ps...>;
};

template <class... T>
struct unpack_sequence {
    using type = mp::mp_list<>;
};
template <template <class...> class S, class... T>
struct unpack_sequence<S<T...>> {
    using type = mp::mp_list<T...>;
};
template <class P>
using sequence_of = typename unpack_sequence<P>::type;

/// Slots that hold one policy at most.
using single_slots =
    mp::mp_list<slot::retry, slot::breaker, slot::fallback, slot::resume, slot::route, slot::balance,
                slot::limit, slot::hedge, slot::health, slot::cache, slot::deadline, slot::executor,
                slot::clock, slot::rng, slot::transport, slot::threads>;
/// Slots a provider may fill for itself.
using provider_slots = mp::mp_list<slot::retry, slot::breaker>;

template <class List, class Slot>
inline constexpr bool at_most_one = mp::mp_size<policies_in<Slot, List>>::value <= 1;

/// What cuts a stream of one framing into events. All have the shape of SseParser.
template <wire::Framing F>
struct event_parser {
    using type = net::SseParser;
};
template <>
struct event_parser<wire::Framing::ndjson> {
    using type = net::NdjsonParser;
};
template <>
struct event_parser<wire::Framing::event_stream> {
    using type = net::EventStreamParser;
};

template <class S>
struct fallback_parts_of {
    using type = mp::mp_list<S>;
};
template <class... S>
struct fallback_parts_of<FallbackChain<S...>> {
    using type = mp::mp_list<S...>;
};
/// What options may configure of a Fallback.
template <class S>
using fallback_parts = typename fallback_parts_of<S>::type;

/// What a type list means, worked out once. Only instantiated for lists that passed `check`.
template <class... Ps>
struct Composition {
    using list = mp::mp_list<Ps...>;
    using provider_list = policies_in<slot::provider, list>;
    static constexpr std::size_t providers = mp::mp_size<provider_list>::value;

    template <std::size_t I>
    using provider = mp::mp_at_c<provider_list, I>;
    template <std::size_t I>
    using wire = typename provider_parts<provider<I>>::wire;
    template <class P>
    using wire_of = typename provider_parts<P>::wire;
    using wires = mp::mp_transform<wire_of, provider_list>;
    template <class W>
    using decoder_of = typename W::StreamDecoder;
    using decoders = mp::mp_unique<mp::mp_transform<decoder_of, wires>>;

    template <class W>
    using parser_of = typename event_parser<W::framing>::type;
    using parsers = mp::mp_unique<mp::mp_transform<parser_of, wires>>;

    template <class E>
    struct executor_type {
        using type = typename E::type;
    };
    using executor = typename mp::mp_front<
        mp::mp_push_back<policies_in<slot::executor, list>, Executor<boost::asio::any_io_executor>>>::type;
    using threads = ThreadModel<
        typename mp::mp_front<mp::mp_push_back<policies_in<slot::threads, list>, Threads<Single>>>::model>;
    using clock = strategy_or<slot::clock, list, Steady>;
    using rng = strategy_or<slot::rng, list, Xoshiro>;
    using transport = strategy_or<slot::transport, list, Tcp>;
    using timer = typename clock::template Timer<executor>;
    using socket = typename transport::template Socket<executor>;
    using connection = net::Connection<socket>;

    using retry = strategy_or<slot::retry, list, Absent<slot::retry>>;
    using breaker = strategy_or<slot::breaker, list, Absent<slot::breaker>>;
    using fallback = strategy_or<slot::fallback, list, InOrder>;
    using resume = strategy_or<slot::resume, list, Absent<slot::resume>>;
    using balance = strategy_or<slot::balance, list, Absent<slot::balance>>;
    using health = strategy_or<slot::health, list, Absent<slot::health>>;
    using hedge = strategy_or<slot::hedge, list, Absent<slot::hedge>>;
    using limits = mp::mp_flatten<mp::mp_transform<sequence_of, policies_in<slot::limit, list>>>;
    using route = strategy_or<slot::route, list, Absent<slot::route>>;
    using deadline = strategy_or<slot::deadline, list, Limits>;
    using caches = mp::mp_flatten<mp::mp_transform<sequence_of, policies_in<slot::cache, list>>>;
    using hooks =
        mp::mp_append<mp::mp_flatten<mp::mp_transform<sequence_of, policies_in<slot::observe, list>>>,
                      mp::mp_flatten<mp::mp_transform<sequence_of, policies_in<slot::use, list>>>>;

    /// A provider's own strategy, else the orchestrator's.
    template <std::size_t I>
    using retry_for = strategy_or<slot::retry, typename provider_parts<provider<I>>::policies, retry>;
    template <std::size_t I>
    using breaker_for = strategy_or<slot::breaker, typename provider_parts<provider<I>>::policies, breaker>;
    template <std::size_t I>
    static constexpr bool own_retry =
        !mp::mp_empty<policies_in<slot::retry, typename provider_parts<provider<I>>::policies>>::value;
    template <std::size_t I>
    static constexpr bool own_breaker =
        !mp::mp_empty<policies_in<slot::breaker, typename provider_parts<provider<I>>::policies>>::value;

    static constexpr bool has_route = !std::is_same_v<route, Absent<slot::route>>;
    static constexpr bool has_cache = !mp::mp_empty<caches>::value;
    template <class S>
    using lease_of = typename S::State::Lease;
    using limit_leases = mp::mp_rename<mp::mp_transform<lease_of, limits>, std::tuple>;
    using limit_tickets = std::array<LimitTicket, mp::mp_size<limits>::value>;

    static constexpr bool has_resume = ContinuesCalls<resume>;
    static constexpr bool has_balance = !std::is_same_v<balance, Absent<slot::balance>>;
    static constexpr bool has_health = !std::is_same_v<health, Absent<slot::health>>;
    static constexpr bool has_probes = [] {
        if constexpr (has_health) return bool(health::probes);
        return false;
    }();
    static constexpr bool has_hedge = !std::is_same_v<hedge, Absent<slot::hedge>>;
    static constexpr bool has_limit = !mp::mp_empty<limits>::value;
    static constexpr bool has_stale = has_cache && ServesStale<fallback>;
    static constexpr bool has_deadline = !std::is_same_v<deadline, NoDeadline>;
    static constexpr bool multi = threads::multi;
};

/// Runs `f(integral_constant<I>)` for the I that equals `index`; folds to a chain of comparisons.
template <std::size_t N, class F>
constexpr decltype(auto) dispatch(std::size_t index, F&& f) {
    return mp::mp_with_index<N>(index, std::forward<F>(f));
}

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
