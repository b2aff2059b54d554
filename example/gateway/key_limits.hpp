// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

// What a client's key may: the rules alone. Where its use is counted is the store's business.
namespace gateway {

using std::chrono::nanoseconds;

/// Generic cell rate algorithm (ITU-T I.371): a client may be at most `burst` units ahead of its steady rate.
/// All that is kept is its level, the time at which it will be even again.
struct Rate {
    double per_minute = 0; ///< 0: no limit
    double burst = 1;      ///< units that may come at once

    explicit operator bool() const noexcept { return per_minute > 0; }

    /// How long the rate takes to bring `units`.
    nanoseconds worth(double units) const noexcept {
        return nanoseconds(static_cast<std::int64_t>(std::min(units * (60e9 / per_minute), 4e18)));
    }
    /// 0: `units` may go; else when. What is more than the burst goes when nothing is used, and leaves a
    /// debt.
    nanoseconds wait(std::int64_t level, double units, std::int64_t now) const noexcept {
        if (per_minute <= 0 || units <= 0) return {};
        const std::int64_t ahead = std::max(level - now, std::int64_t{0});
        return std::max(nanoseconds(ahead) + worth(std::min(units, burst)) - worth(burst), nanoseconds(0));
    }
    /// The level once `units` have gone.
    std::int64_t after(std::int64_t level, double units, std::int64_t now) const noexcept {
        return per_minute <= 0 ? level : std::max(level, now) + worth(units).count();
    }
    /// Units that may come at once, if the level is `ahead` of now.
    std::int64_t left(nanoseconds ahead) const noexcept {
        if (per_minute <= 0) return 0;
        const double used = static_cast<double>(std::max(ahead, nanoseconds(0)).count()) * per_minute / 60e9;
        return static_cast<std::int64_t>(std::max(std::floor(burst - used + 1e-6), 0.0));
    }
};

/// Money in billionths of a US dollar.
using NanoDollars = std::int64_t;

/// How long a budget lasts: calendar hours, days or months, UTC.
enum class Period : unsigned char { hour, day, month };

inline constexpr std::string_view period_names[] = {"hour", "day", "month"};

/// One of them: which, and when it ends.
struct PeriodAt {
    std::int64_t number = 0;
    nanoseconds left{};
};

inline PeriodAt period_at(Period kind, baton::WallTime time) {
    using namespace std::chrono;
    const sys_days day = floor<days>(time);
    if (kind == Period::hour) {
        const auto hour = floor<hours>(time);
        return {hour.time_since_epoch().count(), hour + hours(1) - time};
    }
    if (kind == Period::day) return {day.time_since_epoch().count(), day + days(1) - time};
    const year_month_day date(day);
    const year_month next = date.year() / date.month() + months(1);
    const std::int64_t number = int{date.year()} * 12 + static_cast<int>(unsigned{date.month()}) - 1;
    return {number, sys_days(next / 1) - time};
}

/// What one key may.
struct KeyLimits {
    Rate requests;
    Rate tokens;            ///< input and output together
    NanoDollars budget = 0; ///< in a period; 0: any amount
    Period period = Period::month;

    explicit operator bool() const noexcept { return requests || tokens || budget > 0; }
};

/// What a request will take, as far as can be told before it is answered.
struct KeyDemand {
    std::int64_t tokens = 0;
    NanoDollars cost = 0;
};

/// What a store says to a request.
struct KeyVerdict {
    enum class Kind : unsigned char { admitted, requests, tokens, budget };

    Kind kind = Kind::admitted;   ///< or what is used up
    nanoseconds wait{};           ///< until it would be admitted
    nanoseconds requests_ahead{}; ///< how far the levels are ahead of now, this request included
    nanoseconds tokens_ahead{};
};

/// What an admitted request holds until it is known what it took: charged to its key as estimated, and put
/// right by Store::settle. Never settled, the estimate stands.
struct KeyReservation {
    KeyDemand charged;
    std::int64_t period = 0;
    unsigned redis = 0; ///< which, as Store counts them; 0: none, but this process's memory
    bool open = false;
};

} // namespace gateway
