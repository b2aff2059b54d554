// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/continuation.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton {

/// Where the answer of a resumed call is sewn to what was delivered before: takes the text of the new attempt
/// in pieces of any size and says what goes to the caller.
///
/// prefill: the new text is the exact continuation of the text that was sent. It is let through, except for
///   what the caller has: the white space that was cut off before sending, as far as the new text begins with
///   it; and the whole of the sent text, if a vendor echoes it and it has at least `min_echo` bytes.
/// instruct: a model often repeats its last words. Dropped are the longest end of the delivered text, of at
///   most `window` bytes, that the new text begins with, or the whole of the delivered text if longer.
///   An overlap of fewer than `min_overlap` bytes, or of white space only, is not evidence of repetition and
///   is let through: a doubled space is a blemish, a lost letter or line break is a lie. For the same text
///   twice in the answer itself ("ha ha ha ha" and more of it) the longest overlap is still the rule.
/// restart: the new text is suppressed as long as it equals the delivered text. Where it departs, or ends
///   early, `retract` says how many bytes of the delivered text the caller has to take back; the text that
///   replaces them follows in the same step.
///
/// No step splits a character of UTF-8 at the seam if the delivered and the new text are well-formed. Held
/// back is only what may yet turn out to be a repetition; it is at most `window` bytes, unless the new text
/// repeats the delivered text from its start, and then no memory is spent on it. Time is linear in all
/// pieces. Pure; not thread-safe. No allocation once `settled()`.
class Seam {
public:
    struct Step {
        std::string_view text;   ///< to be appended; valid until the next member is called
        std::size_t retract = 0; ///< bytes to take off the end of the delivered text first
    };

    /// Passes everything through.
    Seam() = default;
    BATON_DECL Seam(ResumeMode mode, std::string_view delivered, const Continuation& how);

    /// Takes a piece of the new text. `delivered` is the same text as at construction until `settled()`, and
    /// not looked at afterwards; `text` of the result may lie in it or in `piece`.
    BATON_DECL Step feed(std::string_view delivered, std::string_view piece);
    /// The new attempt has ended well: releases what is held back. (If it dies instead, what is held is
    /// dropped with the Seam, and the next attempt gets a Seam of its own.)
    BATON_DECL Step finish(std::string_view delivered);

    /// Nothing is held or compared any more: pieces may go past the Seam.
    bool settled() const noexcept { return stage_ == Stage::open; }
    /// Bytes of the new text that were dropped because the caller had them.
    std::size_t dropped() const noexcept { return dropped_; }

private:
    enum class Stage : unsigned char {
        open,    ///< everything passes
        echo,    ///< equal to the sent text from its start, so far
        space,   ///< equal to the white space cut off, so far
        overlap, ///< equal to a part of the window, so far
        match,   ///< restart: equal to the delivered text, so far
    };

    BATON_DECL void after_echo(std::size_t delivered) noexcept;
    BATON_DECL std::string_view cut_space(std::string_view delivered, std::string_view piece) noexcept;
    BATON_DECL Step search(std::string_view delivered, std::string_view piece);
    BATON_DECL bool advance(std::string_view window, bool ended);
    BATON_DECL void extend_border();
    BATON_DECL Step release() noexcept;
    BATON_DECL Step depart(std::string_view delivered, std::string_view piece);

    Stage stage_ = Stage::open;
    ResumeMode mode_ = ResumeMode::none;
    std::size_t sent_ = 0;   ///< bytes of the delivered text that were sent, and may be echoed
    std::size_t window_ = 0; ///< bytes at the end of the delivered text in which an overlap may begin
    std::size_t least_ = 1;  ///< bytes an overlap must have
    std::size_t equal_ = 0;  ///< echo, space, match: bytes equal so far; overlap: of the candidate
    std::size_t start_ = 0;  ///< overlap: where in the window the longest candidate begins
    std::size_t dropped_ = 0;
    std::string held_;                  ///< overlap: the new text so far; else what a step had to join
    std::vector<std::uint16_t> border_; ///< Knuth, Morris and Pratt's failure function of `held_`
};

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/policy/impl/seam.ipp>
#endif
