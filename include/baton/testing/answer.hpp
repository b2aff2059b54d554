// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/reply.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::testing {

/// What a simulated model says, token by token: as one body, or each token as one event.
class Answer {
public:
    class ToolCall {
    public:
        ToolCall() = default;
        /// `arguments`, a JSON object as text, is streamed in `pieces` fragments.
        BATON_DECL ToolCall(std::string id, std::string name, std::string_view arguments,
                            std::size_t pieces = 1);
        std::string id, name;
        std::vector<std::string> arguments; ///< in fragments
    };

    Answer() = default;
    /// `text` cut into `pieces` nearly equal tokens, never inside a character.
    BATON_DECL explicit Answer(std::string_view text, std::size_t pieces = 1);
    /// `count` words, the same for the same seed; some are not ASCII.
    BATON_DECL static Answer words(std::size_t count, std::uint64_t seed);

    /// All tokens, joined.
    BATON_DECL std::string text() const;
    /// The whole answer, as the client should see it. `model` is used where the answer names none.
    BATON_DECL Reply reply(std::string_view model) const;

    std::vector<std::string> reasoning; ///< tokens of visible thinking, before the text
    std::string signature;              ///< of the thinking, for dialects that have one
    std::vector<std::string> tokens;
    std::vector<ToolCall> tool_calls;
    StopReason stop = StopReason::unknown; ///< unknown: tool_calls if there are any, else stop
    std::string stop_text;
    Usage usage;       ///< not `reported`: made up from the number of tokens
    std::string id;    ///< "": made up
    std::string model; ///< "": as requested
};

/// `text` cut into `pieces` nearly equal parts (some empty if it is too short), never inside a UTF-8
/// character.
BATON_DECL std::vector<std::string> cut(std::string_view text, std::size_t pieces);

/// One step of SplitMix64: a random number for each (seed, number) pair, so that what happens to a request
/// does not depend on the order in which requests arrive.
constexpr std::uint64_t random_at(std::uint64_t seed, std::uint64_t number) noexcept {
    std::uint64_t z = seed + (number + 1) * 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/answer.ipp>
#endif
