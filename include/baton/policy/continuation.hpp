// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/request.hpp>
#include <baton/core/trace.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton {

/// How follow-up requests and their seams are made: what the strategies of the Resume slot have in common.
class Continuation {
public:
    static constexpr std::size_t max_window = 4096;

    Continuation() = default;
    /// From the options of a strategy. Throws std::invalid_argument, naming the option that is out of range.
    template <class Options>
    explicit Continuation(const Options& options)
        : bytes_per_token(options.bytes_per_token), window(options.window), min_overlap(options.min_overlap) {
        if (!options.instruction.empty()) instruction = options.instruction;
        check();
    }
    BATON_DECL void check() const;

    /// The user turn of Instruct.
    std::string instruction =
        "Your last answer was cut off. Continue it from exactly where it stopped, in the same language and "
        "format. Begin with the very next character: no repetition, no introduction, no apology.";
    /// How many bytes of text make a token, to lower `max_tokens` by what was delivered. 4 is the usual
    /// figure for English; other scripts have fewer, so that the estimate errs on the side of a longer
    /// answer.
    std::uint32_t bytes_per_token = 4;
    std::size_t window = 512;    ///< see Seam
    std::size_t min_overlap = 4; ///< see Seam
    std::size_t min_echo = 16;   ///< see Seam
};

/// The part of `delivered` that a Prefill sends: without white space at its end, which Anthropic refuses.
BATON_DECL std::string_view without_trailing_space(std::string_view delivered) noexcept;

/// Makes of a copy of the original request the one that carries on after `delivered`:
///
/// - prefill: an assistant message with the delivered text, its trailing white space left out;
/// - instruct: that message with all of it, and a user turn with `how.instruction`;
/// - restart (and where no text but white space would be sent): nothing.
///
/// If the request ends with an assistant message already (the caller's own prefill), the text goes to its
/// end. `max_tokens`, if set, is lowered by an estimate of what was delivered, to no less than 1. A
/// continuation is the answer to no other request: it is never `cacheable`.
BATON_DECL void continue_request(Request& edited, ResumeMode mode, std::string_view delivered,
                                 const Continuation& how);

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/policy/impl/continuation.ipp>
#endif
