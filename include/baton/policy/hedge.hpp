// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/policy/slot.hpp>

#include <concepts>
#include <optional>

namespace baton {

/// What is known of a call when its hedge timer fires.
struct HedgeFacts {
    TimePoint now{};
    bool committed = false;    ///< a delta has reached the caller
    bool side_effects = false; ///< the vendor does more than answer: hosted tools, stored or stateful turns
    int extra_attempts = 0;    ///< hedges this call already made
};

/// What fills the Hedge slot: when a second attempt is raced against one whose first token is late. The
/// strategy is shared by all calls; `S::State`, made from it, belongs to one target. Who satisfies it:
/// AfterP95.
///
/// For the caller of it: the first *content delta* wins and reaches the user at once; the loser is cancelled,
/// and settled as estimated. The second goes to another place: an endpoint at another address, else the next
/// target, else another key of the same address, else the same once more. Each attempt reports to its
/// target's `observe` its own time to first token, a cancelled loser the time it had waited: leaving those
/// out would teach that the target is fast.
template <class S>
concept HedgeStrategy = std::constructible_from<typename S::State, const S&> &&
                        requires(S& strategy, typename S::State& state, const typename S::State& seen,
                                 Duration latency, TimePoint now, const HedgeFacts& facts) {
                            strategy.on_call(now); ///< a call starts
                            {
                                strategy.allow(facts)
                            } -> std::same_as<bool>; ///< hedge now; true takes from the budget
                            state.observe(latency);
                            /// How long to wait for the first token before a hedge; nothing: do not hedge.
                            { seen.delay() } -> std::same_as<std::optional<Duration>>;
                        };

class AfterP95; // policy/after_p95.hpp

/// The slot: races a second attempt against a late one.
template <class Strategy = AfterP95>
struct Hedge {
    using slot = slot::hedge;
    using strategy = Strategy;
};

} // namespace baton
