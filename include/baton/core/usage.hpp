// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstdint>

namespace baton {

/// What an exchange consumed, in tokens, as *disjoint* counters: no token is in two of them, so a price
/// is a plain dot product. Vendors report nested totals (OpenAI's prompt_tokens includes the cached
/// ones); the wires take them apart. Cumulative over a stream, never additive.
struct Usage {
    std::uint64_t input_tokens = 0;        ///< read by the model at full price
    std::uint64_t cached_input_tokens = 0; ///< read from the vendor's prompt cache
    std::uint64_t cache_write_tokens = 0;  ///< written to the vendor's prompt cache
    std::uint64_t input_audio_tokens = 0;  ///< audio read
    std::uint64_t output_tokens = 0;       ///< visible output
    std::uint64_t reasoning_tokens = 0;    ///< hidden or visible thinking, billed as output
    std::uint64_t output_audio_tokens = 0; ///< audio written
    bool reported = false; ///< false: the vendor has not said (all counters are zero, or `estimated`)
    /// True: our own estimate, at least in part (the answer never arrived whole, or without its usage).
    bool estimated = false;

    constexpr std::uint64_t total_input() const noexcept {
        return input_tokens + cached_input_tokens + cache_write_tokens + input_audio_tokens;
    }
    constexpr std::uint64_t total_output() const noexcept {
        return output_tokens + reasoning_tokens + output_audio_tokens;
    }
    constexpr std::uint64_t total() const noexcept { return total_input() + total_output(); }

    /// Two exchanges together: a stream and what resumed it.
    constexpr Usage& operator+=(const Usage& other) noexcept {
        input_tokens += other.input_tokens;
        cached_input_tokens += other.cached_input_tokens;
        cache_write_tokens += other.cache_write_tokens;
        input_audio_tokens += other.input_audio_tokens;
        output_tokens += other.output_tokens;
        reasoning_tokens += other.reasoning_tokens;
        output_audio_tokens += other.output_audio_tokens;
        reported |= other.reported;
        estimated |= other.estimated;
        return *this;
    }
    friend constexpr bool operator==(const Usage&, const Usage&) = default;
};

} // namespace baton
