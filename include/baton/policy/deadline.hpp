// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>
#include <baton/detail/require_option.hpp>
#include <baton/policy/slot.hpp>

#include <algorithm>
#include <concepts>
#include <optional>

namespace baton {

/// When to give up, and with which error. Always absolute, and never after the end of the call.
struct Cutoff {
    TimePoint at = never;
    Errc error = Errc::timeout_total;

    /// A phase that may last `limit` from `start`, in a call that ends at `total`.
    static constexpr Cutoff phase(TimePoint start, Duration limit, Errc error, TimePoint total) noexcept {
        const TimePoint at = after(start, limit);
        return at < total ? Cutoff{at, error} : Cutoff{total, Errc::timeout_total};
    }
    friend constexpr bool operator==(const Cutoff&, const Cutoff&) = default;
};

/// What fills the Deadline slot: when each phase of a call must be over. Pure; all times absolute. Who
/// satisfies it: Limits, NoDeadline.
template <class S>
concept DeadlineStrategy = requires(const S& limits, TimePoint time, std::optional<Duration> span) {
    /// The end of the whole call, from its start and the request's own `deadline`.
    { limits.total(time, span) } -> std::same_as<TimePoint>;
    /// Resolve, connect and handshake, begun at `time`.
    { limits.connect(time, time) } -> std::same_as<Cutoff>;
    /// First content of a stream, after its request was sent at `time`; `span`: the target's max_latency.
    { limits.first_token(time, time, span) } -> std::same_as<Cutoff>;
    /// First byte of a whole answer, likewise.
    { limits.first_byte_unary(time, time, span) } -> std::same_as<Cutoff>;
    /// The next byte, after one at `time`.
    { limits.idle(time, time) } -> std::same_as<Cutoff>;
};

/// The default limits. One absolute deadline covers waits, retries and fallbacks; each phase gets its own
/// limit or what is left, whichever is less.
class Limits {
public:
    /// Each is positive; `Duration::max()` switches one off.
    struct Options {
        Duration connect = std::chrono::seconds(5);      ///< resolve, connect and TLS handshake together
        Duration first_token = std::chrono::seconds(60); ///< streams: from request sent to first content
        Duration first_byte_unary =
            std::chrono::seconds(300);              ///< whole answers: from request sent to first byte
        Duration idle = std::chrono::seconds(45);   ///< between two reads of an answer
        Duration total = std::chrono::seconds(600); ///< the call; a request's `deadline` replaces it
    };

    Limits() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Limits(const Options& options) : options_(options) {
        using detail::require_option;
        require_option(options.connect > Duration::zero(), "Limits: connect must be positive");
        require_option(options.first_token > Duration::zero(), "Limits: first_token must be positive");
        require_option(options.first_byte_unary > Duration::zero(),
                       "Limits: first_byte_unary must be positive");
        require_option(options.idle > Duration::zero(), "Limits: idle must be positive");
        require_option(options.total > Duration::zero(), "Limits: total must be positive");
    }

    TimePoint total(TimePoint start, std::optional<Duration> own) const noexcept {
        return after(start, own.value_or(options_.total));
    }
    Cutoff connect(TimePoint start, TimePoint total) const noexcept {
        return Cutoff::phase(start, options_.connect, Errc::timeout_connect, total);
    }
    Cutoff first_token(TimePoint sent, TimePoint total, std::optional<Duration> max_latency) const noexcept {
        return first(sent, options_.first_token, max_latency, total);
    }
    Cutoff first_byte_unary(TimePoint sent, TimePoint total,
                            std::optional<Duration> max_latency) const noexcept {
        return first(sent, options_.first_byte_unary, max_latency, total);
    }
    Cutoff idle(TimePoint last_byte, TimePoint total) const noexcept {
        return Cutoff::phase(last_byte, options_.idle, Errc::timeout_idle, total);
    }

    const Options& options() const noexcept { return options_; }

private:
    static Cutoff first(TimePoint sent, Duration limit, std::optional<Duration> max_latency,
                        TimePoint total) noexcept {
        return Cutoff::phase(sent, std::min(limit, max_latency.value_or(limit)), Errc::timeout_first_token,
                             total);
    }

    Options options_;
};

/// `Deadline<NoDeadline>`, and what holds where the slot is absent: nothing but what a request or a target
/// asks for itself. Empty.
class NoDeadline {
public:
    struct Options {};

    NoDeadline() = default;
    explicit NoDeadline(const Options&) noexcept {}

    static constexpr TimePoint total(TimePoint start, std::optional<Duration> own) noexcept {
        return own ? after(start, *own) : never;
    }
    static constexpr Cutoff connect(TimePoint, TimePoint total) noexcept {
        return {total, Errc::timeout_total};
    }
    static constexpr Cutoff first_token(TimePoint sent, TimePoint total,
                                        std::optional<Duration> max_latency) noexcept {
        return max_latency ? Cutoff::phase(sent, *max_latency, Errc::timeout_first_token, total)
                           : Cutoff{total, Errc::timeout_total};
    }
    static constexpr Cutoff first_byte_unary(TimePoint sent, TimePoint total,
                                             std::optional<Duration> max_latency) noexcept {
        return first_token(sent, total, max_latency);
    }
    static constexpr Cutoff idle(TimePoint, TimePoint total) noexcept { return {total, Errc::timeout_total}; }
};

/// The slot: how long each part of a call may take.
template <class Strategy = Limits>
struct Deadline {
    using slot = slot::deadline;
    using strategy = Strategy;
};

static_assert(DeadlineStrategy<Limits> && DeadlineStrategy<NoDeadline>);

} // namespace baton
