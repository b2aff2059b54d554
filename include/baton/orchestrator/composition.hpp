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
    template <class S>
    using limit_state_of = typename S::State*;
    using limit_states = mp::mp_rename<mp::mp_transform<limit_state_of, limits>, std::tuple>;
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

} // namespace baton::detail
