// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/endpoint_health.hpp>
#include <baton/policy/slot.hpp>

#include <concepts>
#include <cstddef>
#include <span>

namespace baton {

/// Which endpoints of a provider may take calls, besides the mask.
struct HealthChoice {
    std::size_t usable = 0;                ///< how many; 0 only if there is no endpoint at all
    bool panic = false;                    ///< too few are healthy: ejections are ignored
    bool least_bad = false;                ///< none is usable: the one marked comes back first
    TimePoint retry_at = TimePoint::min(); ///< with least_bad: when it does

    friend constexpr bool operator==(const HealthChoice&, const HealthChoice&) = default;
};

/// What fills the Health slot. `S::State`, made from the strategy, belongs to the endpoints of one provider;
/// `choose` marks in `usable` (as long as `endpoints`) where calls may go. `probes`: whether the strategy
/// also wants endpoints probed (see Active). Who satisfies it: Passive, Active.
template <class S>
concept HealthStrategy =
    std::constructible_from<typename S::State, const S&> &&
    requires(const S& strategy, typename S::State& state, std::span<EndpointHealth> endpoints, TimePoint now,
             std::span<bool> usable) {
        { strategy.rules() } -> std::same_as<const HealthRules&>;
        { state.choose(endpoints, now, usable) } -> std::same_as<HealthChoice>;
        { S::probes } -> std::convertible_to<bool>;
    };

class Passive; // policy/passive.hpp

/// The slot: keeps calls away from endpoints that fail, are resting, or whose key is dead.
template <class Strategy = Passive>
struct Health {
    using slot = slot::health;
    using strategy = Strategy;
};

/// Marks where calls may go. Cool-downs and quarantines hold always. Of `n` endpoints at most
/// `max_ejected` x n stay ejected, but one may be, and one that is neither cooling nor quarantined always
/// stays in; those that would be back first are let in. If then a smaller share than `panic_threshold` of
/// those that are neither cooling nor quarantined is healthy, all of these take calls. If there are none of
/// these, the least bad is marked: the one that comes back first, quarantined ones last.
/// `usable` is as long as `endpoints`.
inline HealthChoice choose_usable(const HealthRules& rules, std::span<const EndpointHealth> endpoints,
                                  TimePoint now, std::span<bool> usable) noexcept {
    const std::size_t n = endpoints.size();
    std::size_t alive = 0, healthy = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const EndpointHealth& e = endpoints[i];
        const bool in = !e.cooling(now) && !e.quarantined(now);
        usable[i] = in && !e.ejected(now);
        alive += in;
        healthy += usable[i];
    }
    if (healthy == n) [[likely]]
        return {.usable = n};
    const auto first_back = [&](auto eligible) {
        std::size_t best = n;
        for (std::size_t i = 0; i < n; ++i) {
            if (!usable[i] && eligible(endpoints[i]) &&
                (best == n || endpoints[i].retry_at() < endpoints[best].retry_at())) {
                best = i;
            }
        }
        return best;
    };
    if (alive == 0) {
        std::size_t best = first_back([&](const EndpointHealth& e) { return !e.quarantined(now); });
        if (best == n) best = first_back([](const EndpointHealth&) { return true; });
        usable[best] = true;
        return {1, false, true, endpoints[best].retry_at()};
    }
    const auto share = static_cast<std::size_t>(rules.max_ejected * static_cast<double>(n));
    const std::size_t most = rules.max_ejected > 0 ? std::max<std::size_t>(share, 1) : 0;
    const auto only_ejected = [&](const EndpointHealth& e) { return !e.cooling(now) && !e.quarantined(now); };
    while (alive - healthy > std::min(most, alive - 1)) {
        usable[first_back(only_ejected)] = true;
        ++healthy;
    }
    if (static_cast<double>(healthy) >= rules.panic_threshold * static_cast<double>(alive)) {
        return {.usable = healthy};
    }
    for (std::size_t i = 0; i < n; ++i) usable[i] = only_ejected(endpoints[i]);
    return {.usable = alive, .panic = true};
}

/// Ejects by rate, once an `interval`: who failed `failure_rate` of at least `min_calls` calls, and `outlier`
/// times as often as its siblings together. Trouble that all share is the vendor's, and the breaker's to
/// judge.
class HealthSweep {
public:
    void run(const HealthRules& rules, std::span<EndpointHealth> endpoints, TimePoint now) noexcept {
        if (now < next_) return;
        // after a pause, what was counted is of another time
        const bool timely = next_ != TimePoint::min() && now - next_ < rules.interval;
        next_ = after(now, rules.interval);
        double calls = 0, failures = 0;
        for (const EndpointHealth& e : endpoints) {
            calls += e.calls();
            failures += e.failures();
        }
        for (EndpointHealth& e : endpoints) {
            const double own_calls = e.calls(), own = e.failures();
            if (timely && own_calls < rules.min_calls)
                continue; // too few to judge: kept for the next interval
            e.clear_interval();
            if (!timely || own < rules.failure_rate * own_calls) continue;
            // own / own_calls >= outlier * others / other_calls; others without calls excuse nothing
            if (own * (calls - own_calls) >= rules.outlier * (failures - own) * own_calls)
                e.eject(rules, now);
        }
    }

private:
    TimePoint next_ = TimePoint::min();
};

} // namespace baton
