// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/composition.hpp>
#include <baton/policy/context_windows.hpp>
#include <baton/policy/endpoint.hpp>

#include <tuple>

namespace baton {

namespace detail {

/// Arguments meant for one provider; made by `on<P>(...)`.
template <class P, class... A>
struct On {
    using provider = P;
    std::tuple<A...> args;
};

} // namespace detail

/// Directs options or strategies to one provider's own policies: `on<Anthropic>(ExpBackoff::Options{...})`.
template <class P, class... A>
detail::On<P, std::decay_t<A>...> on(A&&... args) {
    return {std::tuple<std::decay_t<A>...>(std::forward<A>(args)...)};
}

namespace detail {

template <class S, class A>
concept options_of = requires { typename S::Options; } && std::is_same_v<typename S::Options, A>;

template <class S, class A>
inline constexpr bool same_template = false;
template <template <class...> class T, class... X, class... Y>
inline constexpr bool same_template<T<X...>, T<Y...>> = true;

/// Whether an argument of type A configures strategy S: its Options, the strategy itself, or the same
/// class template with typed rows (`ByTask{row(...)}`).
template <class S, class A>
inline constexpr bool configures =
    options_of<S, A> || std::is_same_v<S, A> || (same_template<S, A> && std::is_constructible_v<S, A>);

template <class A>
inline constexpr bool is_on = false;
template <class P, class... A>
inline constexpr bool is_on<On<P, A...>> = true;

/// A static_assert's condition for an Options type: see design section 2.
template <class O>
inline constexpr bool options_ok = std::is_aggregate_v<O> && std::is_trivially_destructible_v<O>;

/// S made from the one argument in `args` that configures it, else by default.
template <class S, class... A>
S pick(std::tuple<A...>& args) {
    constexpr std::size_t index = [] {
        std::size_t i = 0;
        for (bool match : {configures<S, A>..., true}) {
            if (match) break;
            ++i;
        }
        return i;
    }();
    if constexpr (index < sizeof...(A)) {
        return S(std::move(std::get<index>(args)));
    } else {
        return S();
    }
}

template <class S, class Args>
inline constexpr bool configured_in = false;
template <class S, class... A>
inline constexpr bool configured_in<S, std::tuple<A...>> = (configures<S, A> || ...);

/// How many of the global strategies an argument configures.
template <class A, class List>
inline constexpr std::size_t matches_in = 0;
template <class A, class... S>
inline constexpr std::size_t matches_in<A, mp::mp_list<S...>> =
    (std::size_t{0} + ... + (configures<S, A> ? 1 : 0));

/// W::Credentials: an object among the options for what an Options member cannot be, such as a callable.
struct NoCredentials {};
template <class W>
struct credentials {
    using type = NoCredentials;
};
template <class W>
    requires requires { typename W::Credentials; }
struct credentials<W> {
    using type = typename W::Credentials;
};
template <class W>
using credentials_of = typename credentials<W>::type;

template <class C>
using global_strategies =
    mp::mp_append<mp::mp_list<typename C::retry, typename C::breaker, typename C::resume, typename C::balance,
                              typename C::health, typename C::hedge, typename C::route, typename C::deadline,
                              typename C::clock, typename C::rng, typename C::transport>,
                  typename C::limits, fallback_parts<typename C::fallback>, typename C::caches,
                  typename C::hooks>;

template <class A, class List>
inline constexpr std::size_t wires_with = 0;
template <class A, class... W>
inline constexpr std::size_t wires_with<A, mp::mp_list<W...>> =
    (std::size_t{0} + ... +
     (std::is_same_v<typename W::Options, A> || std::is_same_v<credentials_of<W>, A> ||
              std::is_same_v<Endpoints<W>, A> || std::is_same_v<ContextWindows<W>, A>
          ? 1
          : 0));

/// Arguments whose type names the provider they are about.
template <class A>
inline constexpr bool is_of_provider = false;
template <class P>
inline constexpr bool is_of_provider<Endpoints<P>> = true;
template <class P>
inline constexpr bool is_of_provider<ContextWindows<P>> = true;

/// Checks `to<P>` of typed route rows against the provider list.
template <class Wires, class A>
struct rows_ok : std::true_type {};
template <class Wires, template <class...> class T, class... R>
    requires requires(T<R...> t) { t.entries; }
struct rows_ok<Wires, T<R...>> {
    template <class Row>
    struct row;
    template <template <class...> class Rw, class... P>
    struct row<Rw<To<P>...>> {
        static constexpr bool value = ((std::is_void_v<P> || mp::mp_contains<Wires, P>::value) && ...);
    };
    static constexpr bool value = (row<R>::value && ...);
};

/// Whether every argument of an on<P>(...) configures P's wire or one of P's own policies.
template <class C, class A>
struct on_fits;
template <class C, class P, class... A>
struct on_fits<C, On<P, A...>> {
    static constexpr std::size_t index = mp::mp_find<typename C::wires, P>::value;
    using own = typename provider_parts<typename C::template provider<index>>::policies;
    using strategies = mp::mp_transform<strategy_of, own>;
    static constexpr bool value = ((std::is_same_v<typename P::Options, A> ||
                                    std::is_same_v<credentials_of<P>, A> || matches_in<A, strategies> == 1) &&
                                   ...);
};

template <class... A>
inline constexpr bool distinct = mp::mp_is_set<mp::mp_list<A...>>::value;

/// Whether `configure` can change what A configures.
template <class C, class A>
inline constexpr bool can_change =
    wires_with<A, typename C::wires> > 0 || configures<typename C::route, A> ||
    configures<typename C::breaker, A> || matches_in<A, typename C::limits> > 0;
template <class C, class P, class... A>
inline constexpr bool can_change<C, On<P, A...>> =
    ((std::is_same_v<typename P::Options, A> || std::is_same_v<credentials_of<P>, A>) && ...);

template <class C, class A>
consteval bool check_argument() {
    if constexpr (is_on<A>) {
        constexpr bool known = mp::mp_contains<typename C::wires, typename A::provider>::value;
        static_assert(known, "baton: on<P>(...) names a provider that is not in the composition");
        if constexpr (known) {
            constexpr bool fits = on_fits<C, A>::value;
            static_assert(fits,
                          "baton: on<P>(...) takes the wire's Options or Credentials and what configures the "
                          "provider's own policies; this argument configures neither");
            return fits;
        } else {
            return false;
        }
    } else {
        if constexpr (is_of_provider<A>) {
            constexpr bool known = mp::mp_contains<typename C::wires, typename A::provider>::value;
            static_assert(known, "baton: endpoints<P>(...), keys<P>(...) or context_windows<P>(...) names a "
                                 "provider that is not in the composition");
            return known;
        }
        constexpr std::size_t matches =
            matches_in<A, global_strategies<C>> + wires_with<A, typename C::wires>;
        static_assert(matches > 0,
                      "baton: this argument configures nothing in the composition; check that the policy "
                      "it belongs to is listed, or use on<P>(...) for a provider's own policy");
        static_assert(matches < 2,
                      "baton: this argument configures two slots; use on<P>(...) to say which provider "
                      "is meant");
        constexpr bool rows = rows_ok<typename C::wires, A>::value;
        static_assert(rows,
                      "baton: to<P>(...) in a route row names a provider that is not in the composition");
        return matches == 1 && rows;
    }
}

} // namespace detail

} // namespace baton
