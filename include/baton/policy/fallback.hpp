// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/policy/slot.hpp>

#include <concepts>

namespace baton {

/// What fills the Fallback slot: whether an error may send the call to the next target. Who satisfies it:
/// InOrder, Stay, and any class with `bool may_move(Errc) const`.
template <class S>
concept FallbackStrategy = requires(const S& strategy, Errc error) {
    { strategy.may_move(error) } -> std::same_as<bool>;
};

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

/// The slot: whether the class of an error lets the call go to another target. Without it: InOrder.
template <class Strategy = InOrder>
struct Fallback {
    using slot = slot::fallback;
    using strategy = Strategy;
};

static_assert(FallbackStrategy<InOrder> && FallbackStrategy<Stay>);

} // namespace baton
