// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <cstdint>
#include <optional>

namespace baton {

/// What a vendor said of one of its limits.
struct RateWindow {
    std::optional<std::int64_t> limit;     ///< what the whole window holds
    std::optional<std::int64_t> remaining; ///< what is left of it now; not negative
    std::optional<Duration> reset; ///< until it is whole again; positive, counted from when it was read

    explicit operator bool() const noexcept { return limit || remaining || reset; }
};

/// What the headers of one answer say of the vendor's limits, by dimension. Where a vendor has several
/// windows of one dimension (a minute, a day), the one with the least left. Read by wire::parse_rate_headers.
struct RateHeaders {
    RateWindow requests;
    RateWindow tokens; ///< input and output together
    RateWindow input_tokens;
    RateWindow output_tokens;

    explicit operator bool() const noexcept { return requests || tokens || input_tokens || output_tokens; }
};

} // namespace baton
