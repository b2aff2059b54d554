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
    bool over = false;      ///< the orchestrator is gone
    TimePoint next = never; ///< else: when the first of them will be
};

/// The first endpoint whose probe is due now; it is marked as out.
template <class C>
DueProbe due_probe(State<C>& state) {
    const std::unique_lock lock(state.mutex);
    DueProbe due;
    due.over = state.closed || state.context_gone;
    if (due.over) return due;
    const TimePoint t = state.clock.now();
    mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
        auto& own = std::get<i.value>(state.own);
        const ProviderSettings& provider = state.snapshot->providers[i];
        if (!provider.problem.empty()) return;
        for (std::size_t e = 0; e < own.probes.size() && !due.found; ++e) {
            const TimePoint at = own.probes[e].next_probe(state.health, own.endpoints[e], t, state.rng);
            due.next = std::min(due.next, at);
            if (at > t || !own.probes[e].start(state.probe_budget, t)) continue;
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

/// A probe that is out. However it ends, its endpoint is told: without a verdict if it has none.
template <class C>
class ProbeOut {
public:
    ProbeOut(State<C>& state, const DueProbe& due) noexcept : state_(state), due_(due) {}
    ProbeOut(const ProbeOut&) = delete;
    ProbeOut& operator=(const ProbeOut&) = delete;
    ~ProbeOut() { report_probe<C>(state_, due_, outcome); }

    Errc outcome = Errc::cancelled;

private:
    State<C>& state_;
    const DueProbe& due_;
};

/// What a `run()` sleeps on between probes, known to its State while there is one: the orchestrator's end
/// wakes it, on whatever thread that comes.
template <class C>
class Prober {
public:
    explicit Prober(State<C>& state) : state_(state), entry_(state.clock.timer(state.executor)) {
        const std::unique_lock lock(state_.mutex);
        state_.probers.push_back(entry_);
    }
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;
    ~Prober() {
        const std::unique_lock lock(state_.mutex);
        if (entry_.is_linked()) state_.probers.erase(state_.probers.iterator_to(entry_));
    }

    /// An operation: void(error_code).
    template <class Token>
    auto sleep_until(TimePoint at, Token&& token) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
            [this](auto handler, TimePoint until) {
                // begun and ended under the lock: the end comes before, and then it does not sleep, or after
                const std::unique_lock lock(state_.mutex);
                entry_.timer.expires_at(state_.closed ? TimePoint::min() : until);
                entry_.timer.async_wait(std::move(handler));
            },
            token, at);
    }

private:
    State<C>& state_;
    typename State<C>::ProberEntry entry_;
};

/// `run()` of a composition with `Health<Active>`: asks endpoints that are kept from calls for their model
/// list, one after another, as often as the strategy says and its budget allows. A probe takes ten seconds at
/// most. Several at once share schedule and budget: none probes what another does.
template <class C>
boost::asio::awaitable<void, typename C::executor> probe(boost::intrusive_ptr<State<C>> state) {
    namespace asio = boost::asio;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    Prober<C> prober(*state);
    // trouble begins between two looks; to see it some time late delays its first probe by as much
    const Duration look = state->health.options().interval / 8;
    while (cancellation.cancelled() == asio::cancellation_type::none) {
        const DueProbe due = due_probe<C>(*state);
        if (due.over) break;
        if (due.found) {
            ProbeOut<C> out(*state, due);
            Request limit;
            limit.deadline = std::chrono::seconds(10);
            auto call = Call<C>::make(*state, Mode::errand, std::move(limit));
            call->run_errand(std::make_unique<ModelsErrand<C>>(due.provider, false, due.endpoint));
            const result<Reply> found = co_await run<C>(std::move(call), WholeReply());
            const Errc outcome = found ? Errc::ok : found.error().errc();
            // our own deadline is the endpoint's silence
            out.outcome = outcome == Errc::timeout_total ? Errc::timeout_first_token : outcome;
            continue;
        }
        const TimePoint t = state->clock.now();
        const TimePoint next =
            std::min(std::max(due.next, after(t, std::chrono::milliseconds(1))), after(t, look));
        co_await prober.sleep_until(next, asio::as_tuple(asio::deferred));
    }
}

} // namespace baton::detail
