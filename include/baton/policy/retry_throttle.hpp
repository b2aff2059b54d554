// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>

#include <algorithm>
#include <cstdint>

namespace baton {

/// gRPC's retry throttling (proposal A6): a count of tokens that starts at `tokens`, loses one with each
/// failed attempt, gains `ratio` with each success and stays between 0 and `tokens`. Retries are allowed
/// while it is more than half. Needs no clock: an idle program stays as it was. Not thread-safe.
class RetryThrottle {
public:
    /// `tokens`: 0 (off) to 1000. `ratio`: 0.001 to 1000; three decimals count.
    RetryThrottle(int tokens, double ratio) {
        detail::require_option(tokens >= 0 && tokens <= 1000, "throttle_tokens must be between 0 and 1000");
        detail::require_option(ratio >= 0.001 && ratio <= 1000,
                               "throttle_ratio must be between 0.001 and 1000");
        most_ = count_ = tokens * scale;
        // half of the last decimal: 0.001 * 1000 is not always 1
        gain_ = static_cast<std::int64_t>(ratio * static_cast<double>(scale) + 0.5);
    }

    void on_outcome(bool ok) noexcept {
        if (ok && count_ == most_) return; // as most of the time
        count_ = std::clamp<std::int64_t>(count_ + (ok ? gain_ : -scale), 0, most_);
    }
    bool allows() const noexcept { return most_ == 0 || count_ > most_ / 2; }
    /// In thousandths of a token.
    std::int64_t count() const noexcept { return count_; }

private:
    static constexpr std::int64_t scale = 1000;
    std::int64_t most_ = 0;
    std::int64_t count_ = 0;
    std::int64_t gain_ = 0;
};

} // namespace baton
