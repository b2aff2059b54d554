// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <chrono>

namespace baton {

/// Every duration in baton; user code passes any std::chrono duration (`2s`, `250ms`).
using Duration = std::chrono::nanoseconds;

/// Monotonic time. Policies receive it as `now` and never read a clock themselves; under
/// `Clock<Manual>` it is virtual.
using TimePoint = std::chrono::steady_clock::time_point;

/// Calendar time, needed only where a vendor speaks in dates (`Retry-After: <date>`, reset headers).
using WallTime = std::chrono::system_clock::time_point;

/// "Never": far enough away, and still safe to add a Duration to.
inline constexpr TimePoint never = TimePoint::max() - std::chrono::hours(24);

/// `base + span` that saturates at `never` instead of overflowing.
constexpr TimePoint after(TimePoint base, Duration span) noexcept {
    return span >= never - base ? never : base + span;
}

} // namespace baton
