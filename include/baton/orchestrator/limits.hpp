// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/hash.hpp>
#include <baton/orchestrator/options.hpp>
#include <baton/policy/limit_states.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

namespace baton::detail {

/// The limits of an orchestrator: for each strategy, one State for each thing of its scope. Nothing without
/// `Limit<...>`.
template <class C, bool = C::has_limit>
struct LimitTable {
    template <class Args>
    explicit LimitTable(Args&) noexcept {}
};

template <class C>
struct LimitTable<C, true> {
    static std::uint64_t key(LimitScope scope, std::size_t provider, std::uint64_t endpoint,
                             std::string_view model) noexcept {
        if (scope == LimitScope::provider) return scatter(provider);
        const std::uint64_t place = scatter(endpoint ^ scatter(provider));
        return scope == LimitScope::key ? place : hash64(model, place);
    }

    template <class S>
    struct Entry {
        template <class Args>
        explicit Entry(Args& args) : strategy(pick<S>(args)) {}
        using State = typename S::State;

        /// `key`: what its scope makes of an attempt; a tenant's is its name.
        State& at(std::size_t provider, std::uint64_t endpoint, std::string_view model,
                  std::string_view tenant, TimePoint now) {
            if constexpr (S::scope == LimitScope::tenant) return states.at(tenant, strategy, now);
            const std::uint64_t place = key(S::scope, provider, endpoint, model);
            return states.at({reinterpret_cast<const char*>(&place), sizeof place}, strategy_of(provider),
                             now);
        }

        /// Gives every State its new options, and hands each to `changed`.
        template <class F>
        void configure(S next, F changed) {
            strategy = std::move(next);
            if constexpr (LimitsEachProvider<S>) {
                for (std::size_t provider = 0; provider < C::providers; ++provider) {
                    const std::uint64_t place = key(S::scope, provider, 0, {});
                    State* state = states.find({reinterpret_cast<const char*>(&place), sizeof place});
                    if (!state) continue;
                    state->configure(strategy_of(provider));
                    changed(*state);
                }
            } else {
                states.for_each([&](std::string_view, State& state) {
                    state.configure(strategy);
                    changed(state);
                });
            }
        }

        const S& strategy_of([[maybe_unused]] std::size_t provider) const noexcept {
            if constexpr (LimitsEachProvider<S>) {
                return strategy.of(provider);
            } else {
                return strategy;
            }
        }

        S strategy;
        LimitStates<S> states;
    };
    template <class S>
    using entry_of = std::unique_ptr<Entry<S>>; // it does not move

    template <class Args>
    explicit LimitTable(Args& args) : LimitTable(args, static_cast<typename C::limits*>(nullptr)) {}
    template <class Args, class... S>
    LimitTable(Args& args, mp::mp_list<S...>*) : entries(std::unique_ptr<Entry<S>>(new Entry<S>(args))...) {}

    mp::mp_rename<mp::mp_transform<entry_of, typename C::limits>, std::tuple> entries;
};

} // namespace baton::detail
