// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>
#include <baton/detail/require_option.hpp>
#include <baton/policy/retry.hpp>
#include <baton/policy/slot.hpp>

#include <algorithm>
#include <concepts>
#include <tuple>
#include <type_traits>
#include <utility>

namespace baton {

/// What fills the Fallback slot: whether an error may send the call to the next target. Who satisfies it:
/// InOrder, AlsoOnContentFilter, OnClasses, Stay, StaleCache, and any class with `bool may_move(Errc) const`.
template <class S>
concept FallbackStrategy = requires(const S& strategy, Errc error) {
    { strategy.may_move(error) } -> std::same_as<bool>;
};

/// A last stage, asked once no target is left: it says nothing of moving, and may serve an old answer.
template <class S>
concept ServesStale = FallbackStrategy<S> && requires(const S& strategy, Errc error, Duration age) {
    { strategy.may_serve_stale(error, age) } -> std::same_as<bool>;
    { strategy.max_stale() } -> std::same_as<Duration>;
};

/// Whether an answer past its time is better than `error`: only where the *targets* failed (stale-if-error of
/// RFC 5861, section 4, which names 500, 502, 503 and 504, extended by what an LLM vendor adds). Never where
/// the request is at fault, a filter spoke, or the caller is gone.
constexpr bool may_serve_stale(Errc error) noexcept {
    switch (error) {
    case Errc::transient:
    case Errc::rate_limited:
    case Errc::quota:
    case Errc::auth:
    case Errc::permission:
    case Errc::unavailable:
    case Errc::tls:
    case Errc::timeout_connect:
    case Errc::timeout_first_token:
    case Errc::timeout_idle:
    case Errc::timeout_total:
    case Errc::truncated:
    case Errc::protocol:
    case Errc::breaker_open: return true;
    default: return false;
    }
}

/// Moves on when another vendor, key or model may do better, in the order of the targets. Never because the
/// request is at fault, and around a content filter only if asked. After `context_overflow` the caller of
/// `may_move` offers larger models only.
class InOrder {
public:
    struct Options {
        bool around_content_filter = false; ///< ask the next vendor what this one refused
    };

    InOrder() = default;
    explicit InOrder(const Options& options) noexcept : options_(options) {}

    constexpr bool may_move(Errc error) const noexcept {
        switch (error) {
        case Errc::transient:
        case Errc::rate_limited:
        case Errc::quota:
        case Errc::auth:
        case Errc::permission:
        case Errc::not_found:
        case Errc::context_overflow:
        case Errc::unavailable:
        case Errc::tls:
        case Errc::timeout_connect:
        case Errc::timeout_first_token:
        case Errc::timeout_idle:
        case Errc::truncated:
        case Errc::protocol:
        case Errc::breaker_open: return true;
        case Errc::content_filtered: return options_.around_content_filter;
        case Errc::ok:
        case Errc::invalid_request:
        case Errc::timeout_total:
        case Errc::cancelled:
        case Errc::no_target:
        case Errc::too_large:
        case Errc::slow_reader: return false;
        }
        return false;
    }

private:
    Options options_;
};

/// `Fallback<Stay>`: the first target is the only one ever asked.
class Stay {
public:
    struct Options {};

    Stay() = default;
    explicit Stay(const Options&) noexcept {}

    static constexpr bool may_move(Errc) noexcept { return false; }
};

/// `Fallback<AlsoOnContentFilter>`: as InOrder, and what one vendor's filter refused is asked of the next.
class AlsoOnContentFilter {
public:
    struct Options {};

    AlsoOnContentFilter() = default;
    explicit AlsoOnContentFilter(const Options&) noexcept {}

    static constexpr bool may_move(Errc error) noexcept {
        return error == Errc::content_filtered || InOrder().may_move(error);
    }
};

/// `Fallback<OnClasses<Errc::transient, Errc::unavailable>>`: only errors of these classes move on. A class
/// that no other target can help with (ends_call) does not compile.
template <Errc... Classes>
class OnClasses {
    static_assert(sizeof...(Classes) > 0, "OnClasses names at least one class of error");
    static_assert((!ends_call(Classes) && ...), "OnClasses: an error of this class ends the call everywhere");

public:
    struct Options {};

    OnClasses() = default;
    explicit OnClasses(const Options&) noexcept {}

    static constexpr bool may_move(Errc error) noexcept { return ((error == Classes) || ...); }
};

/// `Fallback<InOrder, StaleCache>`: when the chain is exhausted because the targets failed, an entry of the
/// cache that has expired may be served. Needs a `Cache` that keeps expired entries so long.
class StaleCache {
public:
    struct Options {
        Duration max_stale = std::chrono::hours(24); ///< after its expiry; positive, up to 10 years
    };

    StaleCache() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit StaleCache(const Options& options) : max_stale_(options.max_stale) {
        using namespace std::chrono_literals;
        detail::require_option(max_stale_ > Duration::zero() && max_stale_ <= 87600h,
                               "StaleCache: max_stale must be positive and at most 87600 h");
    }

    static constexpr bool may_move(Errc) noexcept { return false; }
    /// `age`: how long ago the entry expired; negative or 0 if it has not.
    constexpr bool may_serve_stale(Errc error, Duration age) const noexcept {
        return baton::may_serve_stale(error) && age <= max_stale_;
    }
    constexpr Duration max_stale() const noexcept { return max_stale_; }

private:
    Duration max_stale_ = Options{}.max_stale;
};

/// Several strategies as one: a call moves on where any of them says so. If all are last stages, the targets
/// before them are tried as by InOrder.
template <class... Strategies>
class FallbackChain {
    static constexpr bool only_last_stages = (ServesStale<Strategies> && ...);
    static constexpr bool has_stale = (ServesStale<Strategies> || ...);

public:
    FallbackChain() = default;
    explicit FallbackChain(Strategies... strategies) : strategies_(std::move(strategies)...) {}

    constexpr bool may_move(Errc error) const noexcept {
        if constexpr (only_last_stages) {
            return InOrder().may_move(error);
        } else {
            return std::apply([&](const auto&... s) { return (s.may_move(error) || ...); }, strategies_);
        }
    }

    constexpr bool may_serve_stale(Errc error, Duration age) const noexcept
        requires has_stale
    {
        const auto one = [&](const auto& strategy) {
            if constexpr (ServesStale<std::remove_cvref_t<decltype(strategy)>>) {
                return strategy.may_serve_stale(error, age);
            } else {
                return false;
            }
        };
        return std::apply([&](const auto&... s) { return (one(s) || ...); }, strategies_);
    }
    /// The longest of them: how long a cache keeps what has expired.
    constexpr Duration max_stale() const noexcept
        requires has_stale
    {
        Duration longest{};
        const auto one = [&](const auto& strategy) {
            if constexpr (ServesStale<std::remove_cvref_t<decltype(strategy)>>) {
                longest = std::max(longest, strategy.max_stale());
            }
        };
        std::apply([&](const auto&... s) { (one(s), ...); }, strategies_);
        return longest;
    }

    template <class Strategy>
    Strategy& get() noexcept {
        return std::get<Strategy>(strategies_);
    }

private:
    std::tuple<Strategies...> strategies_;
};

namespace detail {
template <class... Strategies>
struct fallback_of {
    using type = FallbackChain<Strategies...>;
};
template <>
struct fallback_of<> {
    using type = InOrder;
};
template <class Strategy>
    requires(!ServesStale<Strategy>)
struct fallback_of<Strategy> {
    using type = Strategy;
};
} // namespace detail

/// The slot: whether the class of an error lets the call go to another target, and what comes last. It takes
/// several strategies, in order. Without it: InOrder.
template <class... Strategies>
struct Fallback {
    using slot = slot::fallback;
    using strategy = typename detail::fallback_of<Strategies...>::type;
};

static_assert(FallbackStrategy<InOrder> && FallbackStrategy<AlsoOnContentFilter> && FallbackStrategy<Stay> &&
              FallbackStrategy<OnClasses<Errc::transient>> && ServesStale<StaleCache>);

} // namespace baton
