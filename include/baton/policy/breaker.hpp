// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>
#include <baton/policy/rng.hpp>
#include <baton/policy/slot.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace baton {

/// Where a circuit breaker stands.
enum class BreakerPhase : unsigned char {
    closed,    ///< calls pass
    open,      ///< calls are refused until `retry_at()`
    half_open, ///< a few probes pass and decide
};

/// What a breaker does with what it sees. Changing it closes the breaker and forgets all samples; permits
/// given before change nothing any more.
enum class BreakerMode : unsigned char {
    automatic,    ///< opens and closes by what it sees
    forced_open,  ///< refuses every call until the mode changes: for maintenance
    disabled,     ///< lets every call pass and looks at none
    metrics_only, ///< lets every call pass and says, in `phase()` and `counters()`, what it would have done
};

/// What a breaker has done since it was made; for statistics.
struct BreakerCounters {
    std::uint64_t transitions = 0; ///< changes of phase
    std::uint64_t refused = 0;     ///< calls refused; in metrics_only those it would have refused
};

/// Leave for one attempt. Empty: refused. Judged once, with `success` (at the first token) or `failure`;
/// dropped without a verdict it changes nothing, as if it had never been asked for.
template <class P>
concept BreakerPermit = std::movable<P> && !std::copyable<P> && std::default_initializable<P> &&
                        requires(P& permit, TimePoint now) {
                            static_cast<bool>(permit);
                            permit.success(now);
                            permit.failure(now);
                        };

/// What fills the Breaker slot. The strategy holds checked options; `S::State`, made from it, is the breaker
/// of one target: it does not move, and outlives its permits. Who satisfies it: HalfOpen,
/// ConsecutiveFailures, and any class built on BreakerState (policy/breaker_state.hpp).
template <class S>
concept BreakerStrategy =
    std::constructible_from<typename S::State, const S&> && BreakerPermit<typename S::State::Permit> &&
    requires(typename S::State& state, const typename S::State& seen, Xoshiro& rng, TimePoint now,
             Errc error) {
        { state.try_acquire(now, rng) } -> std::same_as<typename S::State::Permit>;
        { seen.phase() } -> std::same_as<BreakerPhase>; ///< for statistics
        {
            seen.retry_at()
        } -> std::same_as<TimePoint>; ///< when a refused call may be asked again, at the earliest
        { S::counts_as_failure(error) } -> std::same_as<bool>;
    };

class HalfOpen; // policy/half_open.hpp

/// The slot: keeps calls away from a target that is known to be failing.
template <class Strategy = HalfOpen>
struct Breaker {
    using slot = slot::breaker;
    using strategy = Strategy;
};

/// What says that the *target* is ill. The vendor's refusal of a request, credentials, credit, rate limits
/// and filters say nothing of its health; neither do the caller's own cancellation and total deadline.
constexpr bool is_target_failure(Errc error) noexcept {
    switch (error) {
    case Errc::transient:
    case Errc::unavailable:
    case Errc::tls:
    case Errc::timeout_connect:
    case Errc::timeout_first_token:
    case Errc::timeout_idle:
    case Errc::truncated:
    case Errc::protocol: return true;
    default: return false;
    }
}

} // namespace baton
