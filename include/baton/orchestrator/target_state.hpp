// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/composition.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace baton::detail {

/// State of `Absent` breakers, so that one code path serves both.
struct NoBreaker {
    struct Permit {
        explicit operator bool() const noexcept { return true; }
        void success(TimePoint) noexcept {}
        void failure(TimePoint) noexcept {}
    };
    template <class... A>
    explicit NoBreaker(const A&...) noexcept {}
    template <class R>
    Permit try_acquire(TimePoint, R&) noexcept {
        return {};
    }
    BreakerPhase phase() const noexcept { return BreakerPhase::closed; }
};

template <class B>
struct breaker_state {
    using type = typename B::State;
};
template <class Slot>
struct breaker_state<Absent<Slot>> {
    using type = NoBreaker;
};

/// State of a slot's strategy; nothing where the slot is absent.
template <class S>
struct state_of {
    using type = typename S::State;
};
template <class Slot>
struct state_of<Absent<Slot>> {
    struct type {
        template <class A>
        explicit type(const A&) noexcept {}
    };
};
template <class Slot>
struct NoStats {};

/// The run-time state of one target: an endpoint of a provider, with a model.
template <class C, class B>
struct TargetState {
    template <class Strategy, class Hedge>
    TargetState(std::uint64_t endpoint, std::string_view model, const Strategy& strategy, const Hedge& hedge)
        : endpoint(endpoint), model(model), breaker(strategy), hedge(hedge) {}
    std::uint64_t endpoint; ///< EndpointSettings::id
    std::string model;
    [[no_unique_address]] typename breaker_state<B>::type breaker;
    [[no_unique_address]] typename state_of<typename C::hedge>::type hedge;
    [[no_unique_address]] std::conditional_t<C::has_balance, EndpointStats, NoStats<slot::balance>> load;
    std::uint64_t requests = 0, errors = 0;
    Duration first_token{}, latency{};

    static void average(Duration& into, Duration sample) noexcept {
        into = into == Duration::zero() ? sample : into + (sample - into) / 10;
    }
};

/// What one provider carries for itself.
template <class C, std::size_t I>
struct OwnPolicies {
    using R =
        std::conditional_t<C::template own_retry<I>, typename C::template retry_for<I>, Absent<slot::retry>>;
    using B = std::conditional_t<C::template own_breaker<I>, typename C::template breaker_for<I>,
                                 Absent<slot::breaker>>;
    [[no_unique_address]] R retry;
    [[no_unique_address]] B breaker;
    [[no_unique_address]] typename state_of<typename C::balance>::type balance;
    [[no_unique_address]] typename state_of<typename C::health>::type health;
    std::deque<TargetState<C, typename C::template breaker_for<I>>> targets; // permits point into them
    /// As the present snapshot's list.
    [[no_unique_address]] std::conditional_t<C::has_health, std::vector<EndpointHealth>,
                                             NoStats<slot::health>> endpoints;
    [[no_unique_address]] std::conditional_t<C::has_probes, std::vector<ProbeSchedule>,
                                             NoStats<slot::observe>> probes;

    explicit OwnPolicies(const typename C::balance& balance, const typename C::health& health)
        : balance(balance), health(health) {}
};

template <class C, class = std::make_index_sequence<C::providers>>
struct own_tuple;
template <class C, std::size_t... I>
struct own_tuple<C, std::index_sequence<I...>> {
    using type = std::tuple<OwnPolicies<C, I>...>;
};

} // namespace baton::detail
