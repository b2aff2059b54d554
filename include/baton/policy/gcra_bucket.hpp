// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <algorithm>
#include <cstdint>

namespace baton {

/// One rate as a GCRA: a token bucket kept as one moment, the "theoretical arrival time" at which it is full
/// again (ITU-T I.371; brandur.org/rate-limiting). A unit costs `minute / per_minute`, kept as nanoseconds
/// and a fraction of one, so that nothing drifts. What costs more than the burst goes when the bucket is full
/// and leaves it in debt: it does not wait for ever, and what follows waits for it. Times are cut to +-146
/// years around the clock's zero and costs to a century: no input overflows. Pure. Not thread-safe.
class GcraBucket {
public:
    static constexpr std::int64_t max_per_minute = 300'000'000; ///< keeps the arithmetic within 64 bits

    GcraBucket() = default;
    /// `per_minute`: 0 (no limit) to max_per_minute; `burst`: 1 to a day's worth.
    GcraBucket(std::int64_t per_minute, std::int64_t burst) noexcept { configure(per_minute, burst); }

    bool limited() const noexcept { return rate_ != 0; }
    std::int64_t burst() const noexcept { return burst_; }

    /// When `cost` may go, once `ahead` has gone; TimePoint::min() if at any time.
    TimePoint ready_at(std::int64_t cost, std::int64_t ahead, TimePoint now) const noexcept {
        if (rate_ == 0 || cost == 0) return TimePoint::min();
        const Moment start = plus(std::max(full_at_, moment(now)), worth(ahead));
        return rounded_up(minus(plus(start, worth(std::min(cost, burst_))), worth(burst_)));
    }

    void charge(std::int64_t cost, TimePoint now) noexcept {
        if (rate_ != 0 && cost != 0) full_at_ = plus(std::max(full_at_, moment(now)), worth(cost));
    }
    void refund(std::int64_t cost) noexcept {
        if (rate_ != 0) full_at_ = minus(full_at_, worth(cost));
    }

    /// At most `units` are left now.
    void leave_at_most(std::int64_t units, TimePoint now) noexcept {
        if (rate_ == 0 || units >= burst_) return;
        full_at_ = std::max(full_at_, plus(moment(now), worth(burst_ - std::max<std::int64_t>(units, 0))));
    }
    /// No unit before `then`.
    void empty_until(TimePoint then) noexcept {
        if (rate_ != 0) full_at_ = std::max(full_at_, plus(moment(then), worth(burst_ - 1)));
    }

    /// The part of the burst that is free, 0 to 1.
    double headroom(TimePoint now) const noexcept {
        if (rate_ == 0) return 1;
        const auto missing = static_cast<double>(full_at_.ns - moment(now).ns);
        return std::clamp(1 - missing / static_cast<double>(std::max<std::int64_t>(worth(burst_).ns, 1)), 0.0,
                          1.0);
    }
    bool full(TimePoint now) const noexcept { return rate_ == 0 || !(moment(now) < full_at_); }

    /// The moment it is full again stays, to the nanosecond above.
    void configure(std::int64_t per_minute, std::int64_t burst) noexcept {
        if (full_at_.part != 0) full_at_ = {full_at_.ns + 1, 0};
        rate_ = static_cast<std::uint64_t>(per_minute);
        burst_ = burst;
    }

private:
    static constexpr std::uint64_t minute = 60'000'000'000;
    static constexpr std::int64_t century = 3'155'760'000'000'000'000;
    static constexpr std::int64_t bound = (std::int64_t{1} << 62) - 1; // so that the difference of two fits

    /// `ns + part / rate_` nanoseconds, `part < rate_`; a moment since the clock's zero, or a span.
    struct Moment {
        std::int64_t ns = 0;
        std::uint64_t part = 0;
        friend constexpr bool operator<(const Moment& a, const Moment& b) noexcept {
            return a.ns != b.ns ? a.ns < b.ns : a.part < b.part;
        }
    };

    static Moment moment(TimePoint t) noexcept {
        return {std::clamp<std::int64_t>(t.time_since_epoch().count(), -bound, bound), 0};
    }

    /// How long the rate takes to bring `units`.
    Moment worth(std::int64_t units) const noexcept {
        const auto n = static_cast<std::uint64_t>(units);
        const std::uint64_t minutes = n / rate_, rest = n % rate_ * minute; // rest < 3e8 * 6e10 = 1.8e19
        if (minutes >= static_cast<std::uint64_t>(century) / minute) return {century, 0};
        return {static_cast<std::int64_t>(minutes * minute + rest / rate_), rest % rate_};
    }

    /// Spans are a century at most: neither can overflow.
    Moment plus(Moment at, Moment span) const noexcept {
        at.ns += span.ns;
        at.part += span.part;
        if (at.part >= rate_) {
            at.part -= rate_;
            ++at.ns;
        }
        return at.ns >= bound ? Moment{bound, 0} : at;
    }
    Moment minus(Moment at, Moment span) const noexcept {
        at.ns -= span.ns;
        if (at.part < span.part) {
            at.part += rate_;
            --at.ns;
        }
        at.part -= span.part;
        return at.ns < -bound ? Moment{-bound, 0} : at;
    }
    static TimePoint rounded_up(Moment at) noexcept {
        return TimePoint(Duration(at.ns + (at.part != 0 ? 1 : 0)));
    }

    std::uint64_t rate_ = 0; ///< units per minute
    std::int64_t burst_ = 1;
    Moment full_at_{-bound, 0};
};

} // namespace baton
