// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/drive.hpp>

#include <algorithm>
#include <chrono>
#include <memory>

namespace baton::detail {

/// One endpoint that is due.
struct DueProbe {
    std::size_t provider = 0, endpoint = 0;
    std::uint64_t id = 0;
    bool found = false;
    TimePoint next = never; ///< else: when the first of them will be
};

/// The first endpoint whose probe is due now; it is marked as out.
template <class C>
DueProbe due_probe(State<C>& state, ProbeBudget& budget) {
    const std::unique_lock lock(state.mutex);
    DueProbe due;
    const TimePoint t = state.clock.now();
    mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
        auto& own = std::get<i.value>(state.own);
        const ProviderSettings& provider = state.snapshot->providers[i];
        if (!provider.problem.empty()) return;
        for (std::size_t e = 0; e < own.probes.size() && !due.found; ++e) {
            const TimePoint at = own.probes[e].next_probe(state.health, own.endpoints[e], t, state.rng);
            due.next = std::min(due.next, at);
            if (at > t || !own.probes[e].start(budget, t)) continue;
            due.provider = i;
            due.endpoint = e;
            due.id = provider.endpoints[e].id;
            due.found = true;
        }
    });
    return due;
}

/// What a probe found. If the list of endpoints has changed meanwhile, nobody wants to know.
template <class C>
void report_probe(State<C>& state, const DueProbe& due, Errc outcome) {
    const std::unique_lock lock(state.mutex);
    mp::mp_with_index<C::providers>(due.provider, [&](auto i) {
        auto& own = std::get<decltype(i)::value>(state.own);
        const auto& endpoints = state.snapshot->providers[due.provider].endpoints;
        if (due.endpoint >= own.probes.size() || endpoints[due.endpoint].id != due.id) return;
        own.probes[due.endpoint].finish(state.health, own.endpoints[due.endpoint], outcome,
                                        state.clock.now());
    });
}

/// No timer is waited for when this goes.
template <class C>
struct NoProbing {
    State<C>& state;
    ~NoProbing() { state.probing = nullptr; }
};

/// `run()` of a composition with `Health<Active>`: asks endpoints that are kept from calls for their model
/// list, one after another, as often as the strategy says and its budget allows. A probe takes ten seconds at
/// most.
template <class C>
boost::asio::awaitable<void, typename C::executor> probe(boost::intrusive_ptr<State<C>> state) {
    namespace asio = boost::asio;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    auto timer = state->clock.timer(state->executor);
    ProbeBudget budget(state->health);
    // trouble begins between two looks; to see it some time late delays its first probe by as much
    const Duration look = state->health.options().interval / 8;
    while (cancellation.cancelled() == asio::cancellation_type::none && !state->closed) {
        const DueProbe due = due_probe<C>(*state, budget);
        if (due.found) {
            Request limit;
            limit.deadline = std::chrono::seconds(10);
            auto call = Call<C>::make(*state, Mode::errand, std::move(limit));
            call->run_errand(std::make_unique<ModelsErrand<C>>(due.provider, false, due.endpoint));
            const result<Reply> found = co_await run<C>(std::move(call), WholeReply());
            const Errc outcome = found ? Errc::ok : found.error().errc();
            // our own deadline is the endpoint's silence
            report_probe<C>(*state, due,
                            outcome == Errc::timeout_total ? Errc::timeout_first_token : outcome);
            continue;
        }
        const TimePoint t = state->clock.now();
        timer.expires_at(
            std::min(std::max(due.next, after(t, std::chrono::milliseconds(1))), after(t, look)));
        state->probing = &timer;
        const NoProbing after_all{*state}; // however this ends
        co_await timer.async_wait(asio::as_tuple(asio::deferred));
    }
}

} // namespace baton::detail
