// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/rate_headers.hpp>
#include <baton/core/time.hpp>
#include <baton/policy/limit_queue.hpp>
#include <baton/policy/slot.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace baton {

/// Why a limit refused a call.
enum class Refusal : unsigned char {
    none,
    queue_full, ///< as many calls as may are waiting already
    too_long,   ///< it could not go within `max_wait` and its deadline
};

/// What a limit answers. `Lease` is empty unless `kind` is `admitted`.
template <class Lease>
struct Admission {
    enum class Kind : unsigned char { admitted, wait, refused };

    Kind kind = Kind::refused;
    Refusal refusal = Refusal::none;
    Lease lease{};
    /// wait: when to ask again, at the earliest; `never` if only others can help (a lease that ends, a
    /// waiter ahead that goes).
    TimePoint until = never;
    /// wait: when to ask for the last time; what is not admitted then is refused.
    TimePoint give_up = never;
    /// refused: how long until it would have been admitted, so far as is known; 0: not known.
    Duration retry_after{};

    /// wait: when to ask again if nobody wakes the call before.
    TimePoint sleep_until() const noexcept { return until < give_up ? until : give_up; }
};

/// What became of an attempt that was sent.
struct LimitOutcome {
    static constexpr std::int64_t unknown = -1;

    Errc error = Errc::ok;
    /// As the vendor counted them; `unknown` is charged as estimated. Of an attempt the vendor refused, 0.
    std::int64_t input_tokens = unknown;
    std::int64_t output_tokens = unknown;
    /// From the request's last byte to the first content; 0: none came.
    Duration first_token{};
};

/// What one State of a limit is kept for.
enum class LimitScope : unsigned char {
    target,   ///< one provider, endpoint and model: what a strategy has if it says nothing else
    provider, ///< all endpoints and models of one provider
    tenant,   ///< all calls of one tenant, wherever they go
    key,      ///< one endpoint or credential of a provider, all models
};

/// Leave for one attempt, to be given back. Empty: none. Dropped before `sent()`, it costs nothing; after, it
/// is charged as estimated; `settle` charges what it really took. Each of them once.
template <class L>
concept LimitLease = std::movable<L> && !std::copyable<L> && std::default_initializable<L> &&
                     requires(L& lease, const LimitOutcome& outcome, TimePoint now) {
                         static_cast<bool>(lease);
                         lease.sent();
                         lease.settle(outcome, now);
                         lease.release();
                     };

/// What fills the Limit slot. The strategy holds checked options; `S::State`, made from it, is the limit of
/// one target (or of what `S::scope` says): it does not move, and outlives its leases and tickets. Who
/// satisfies it: Gcra, Aimd, Gradient2, these in PerProvider, PerTenant and PerKey, and any class built on
/// LimitState (policy/limit_state.hpp).
template <class S>
concept LimitStrategy =
    std::constructible_from<typename S::State, const S&> && LimitLease<typename S::State::Lease> &&
    requires(typename S::State& state, const typename S::State& seen, const S& strategy, const Demand& demand,
             LimitTicket& ticket, const RateHeaders& headers, TimePoint now) {
        { S::scope } -> std::convertible_to<LimitScope>;
        { state.acquire(demand, now, ticket) } -> std::same_as<Admission<typename S::State::Lease>>;
        state.leave(ticket);
        state.configure(strategy);
        state.observe(headers, now);
        state.cool_down(now);
        { state.to_wake(now) } -> std::same_as<LimitTicket*>;
        { seen.next_wake(now) } -> std::same_as<TimePoint>;
        { seen.has_waiters() } -> std::same_as<bool>;
        { seen.headroom(now) } -> std::same_as<double>; ///< 0: nothing may go; 1: all of it is free
        { seen.idle(now) } -> std::same_as<bool>;       ///< nothing would be lost with it
    };

/// A limit of scope `provider` with options of its own for each: `strategy.of(i)` is what the State of the
/// composition's i-th provider is made of and configured with. Valid as long as the strategy.
template <class S>
concept LimitsEachProvider = LimitStrategy<S> && S::scope == LimitScope::provider &&
                             requires(const S& strategy, std::size_t provider) {
                                 { strategy.of(provider) } -> std::same_as<const S&>;
                             };

class Gcra; // policy/gcra.hpp

namespace detail {

/// `Strategy` under another scope. Options of its own, so that `Limit<Gcra, PerTenant<Gcra>>` has two kinds.
template <class Strategy, LimitScope Scope>
class ScopedLimit : public Strategy {
public:
    struct Options {
        typename Strategy::Options each{}; ///< of every one of them
    };
    static constexpr LimitScope scope = Scope;

    ScopedLimit() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit ScopedLimit(const Options& options) : Strategy(options.each) {}
};

} // namespace detail

/// One limit for all targets of a provider.
template <class Strategy>
class PerProvider : public detail::ScopedLimit<Strategy, LimitScope::provider> {
public:
    using detail::ScopedLimit<Strategy, LimitScope::provider>::ScopedLimit;
};

/// One limit for each tenant, over all targets.
template <class Strategy>
class PerTenant : public detail::ScopedLimit<Strategy, LimitScope::tenant> {
public:
    using detail::ScopedLimit<Strategy, LimitScope::tenant>::ScopedLimit;
};

/// One limit for each endpoint or credential, over all models.
template <class Strategy>
class PerKey : public detail::ScopedLimit<Strategy, LimitScope::key> {
public:
    using detail::ScopedLimit<Strategy, LimitScope::key>::ScopedLimit;
};

/// Slot `Limit`: how much goes to a target at once and per minute. Several strategies are asked in order; a
/// call keeps the leases it has, unsent, while it waits for the next one's.
template <class... Strategies>
struct Limit {
    using slot = slot::limit;
};

} // namespace baton
