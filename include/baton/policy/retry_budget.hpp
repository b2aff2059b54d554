// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/detail/require_option.hpp>

#include <array>
#include <chrono>
#include <cstdint>

namespace baton {

/// Keeps retries a bounded share of calls, so that a vendor in trouble does not also meet a retry storm: a
/// leaky token bucket in which every call deposits, every retry withdraws, both are forgotten after `ttl`,
/// and a floor lets quiet programs retry too (Finagle, RetryBudget.scala: ratio 0.2, ttl 10 s, reserve 10/s).
/// Pure: time is passed in. Not thread-safe.
class RetryBudget {
public:
    static constexpr int slices = 10;

    /// `ratio`: retries per call, 0.000001 to 1000; 0 leaves the reserve alone. `reserve`: retries per second
    /// that are always allowed, 0 to 1,000,000. `ttl`: 1 s to 60 s. Throws std::invalid_argument, naming what
    /// is out of range.
    RetryBudget(double ratio, double reserve, Duration ttl)
        : slice_(ttl / slices), deposit_(ratio > 0 ? scale : 0) {
        using namespace std::chrono_literals;
        // at less, a retry costs more than 64 bits can hold a minute's reserve of
        detail::require_option(ratio == 0 || (ratio >= 1e-6 && ratio <= 1000),
                               "budget_ratio must be 0 or between 0.000001 and 1000");
        detail::require_option(reserve >= 0 && reserve <= 1e6,
                               "budget_reserve must be between 0 and 1000000");
        detail::require_option(ttl >= 1s && ttl <= 60s, "budget_ttl must be between 1 s and 60 s");
        if (ratio > 0) cost_ = static_cast<std::int64_t>(static_cast<double>(scale) / ratio);
        const double seconds = std::chrono::duration<double>(ttl).count();
        reserve_ = static_cast<std::int64_t>(reserve * seconds) * cost_;
    }

    /// One call has started.
    void deposit(TimePoint now) noexcept {
        advance(now);
        add(deposit_);
    }

    /// Pays for one retry; false if the budget does not allow it (nothing is taken then).
    bool withdraw(TimePoint now) noexcept {
        advance(now);
        if (sum_ + reserve_ < cost_) return false;
        add(-cost_);
        return true;
    }

    /// Retries that could be paid for now.
    std::int64_t balance(TimePoint now) noexcept {
        advance(now);
        const std::int64_t tokens = sum_ + reserve_;
        return tokens > 0 ? tokens / cost_ : 0;
    }

private:
    static constexpr std::int64_t scale = 1000;

    void add(std::int64_t amount) noexcept {
        ring_[newest_] += amount;
        sum_ += amount;
    }

    void advance(TimePoint now) noexcept {
        if (now.time_since_epoch() < next_) return; // a clock that steps back charges the newest slice
        const std::int64_t slice = now.time_since_epoch() / slice_;
        if (slice - current_ >= slices) {
            ring_.fill(0);
            sum_ = 0;
        } else {
            for (std::int64_t i = current_ + 1; i <= slice; ++i) {
                std::int64_t& oldest = ring_[static_cast<std::size_t>(i % slices)];
                sum_ -= oldest;
                oldest = 0;
            }
        }
        current_ = slice;
        next_ = slice_ * (slice + 1);
        newest_ = static_cast<std::size_t>(slice % slices);
    }

    Duration slice_;
    Duration next_{}; ///< since the clock's epoch: when the newest slice is over
    std::size_t newest_ = 0;
    std::int64_t deposit_;
    std::int64_t cost_ = 1; ///< of a retry
    std::int64_t reserve_ = 0;
    std::int64_t sum_ = 0;
    std::int64_t current_ = 0;
    std::array<std::int64_t, slices> ring_{};
};

} // namespace baton
