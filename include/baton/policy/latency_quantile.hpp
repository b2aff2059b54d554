// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace baton {

/// A quantile and the median of the last `window` latencies. Selected anew every `stride` samples; between,
/// they are those of a moment ago. Exact to the microsecond, up to 71 minutes. No allocation.
class LatencyQuantile {
public:
    static constexpr std::size_t window = 128;
    static constexpr std::size_t stride = 8;

    /// `quantile`: above 0 and below 1, by nearest rank.
    explicit LatencyQuantile(double quantile) noexcept : quantile_(quantile) {}

    void observe(Duration latency) noexcept {
        const std::int64_t us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
        ring_[next_] = static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, UINT32_MAX));
        next_ = next_ + 1 == window ? 0 : next_ + 1;
        if (count_ < window) ++count_;
        if (++since_ < stride) return;
        since_ = 0;
        select();
    }

    /// Samples in the window.
    std::size_t count() const noexcept { return count_; }
    /// Both 0 before the first `stride` samples.
    Duration value() const noexcept { return std::chrono::microseconds(value_); }
    Duration median() const noexcept { return std::chrono::microseconds(median_); }

private:
    static std::ptrdiff_t rank(double quantile, std::size_t count) noexcept {
        const auto nearest = static_cast<std::ptrdiff_t>(std::ceil(quantile * static_cast<double>(count)));
        return std::clamp<std::ptrdiff_t>(nearest, 1, static_cast<std::ptrdiff_t>(count)) - 1;
    }

    void select() noexcept {
        std::array<std::uint32_t, window> sorted = ring_;
        const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(count_);
        const auto at = sorted.begin() + rank(quantile_, count_);
        std::nth_element(sorted.begin(), at, end);
        value_ = *at;
        const auto middle = sorted.begin() + rank(0.5, count_);
        std::nth_element(sorted.begin(), middle, end);
        median_ = *middle;
    }

    double quantile_;
    std::size_t next_ = 0, count_ = 0, since_ = 0;
    std::uint32_t value_ = 0, median_ = 0;
    std::array<std::uint32_t, window> ring_{};
};

} // namespace baton
