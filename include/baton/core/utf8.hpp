// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/scan.hpp>

#include <string>
#include <string_view>

/// UTF-8 as the Unicode standard (table 3-7) and the WHATWG encoding standard have it: no overlong
/// forms, no surrogates, nothing above U+10FFFF.
namespace baton::utf8 {

/// The encoding of U+FFFD, which stands for what could not be decoded.
inline constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// What the bytes at some place are: one well-formed character, or the longest start of one that is not
/// continued ("maximal subpart"), which a decoder replaces by a single U+FFFD.
struct Sequence {
    unsigned length; ///< bytes, 1 to 4
    bool valid;
};

/// Looks at [at, end), which is not empty.
inline Sequence sequence(const char* at, const char* end) noexcept {
    const auto byte = [&](int index) { return static_cast<unsigned char>(at[index]); };
    const auto continues = [&](int index) { return (byte(index) & 0xC0) == 0x80; };
    const unsigned char lead = byte(0);
    const auto left = end - at;
    if (lead < 0x80) return {1, true};
    if (lead < 0xC2 || lead > 0xF4) return {1, false}; // continuation, overlong, or above U+10FFFF
    if (left < 2) return {1, false};
    if (lead < 0xE0) return continues(1) ? Sequence{2, true} : Sequence{1, false};
    // The second byte carries all further restrictions: E0 and F0 overlong, ED surrogate, F4 too large.
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(1) < low || byte(1) > high) return {1, false};
    if (left < 3 || !continues(2)) return {2, false};
    if (lead < 0xF0) return {3, true};
    if (left < 4 || !continues(3)) return {3, false};
    return {4, true};
}

/// Whether all of `text` is well-formed.
BATON_DECL bool is_valid(std::string_view text) noexcept;

/// Appends `text`, each maximal ill-formed subpart replaced by U+FFFD.
BATON_DECL void append_valid(std::string& out, std::string_view text);

/// Writes a code point that is not a surrogate and not above U+10FFFF; returns the end of the 1 to 4
/// bytes written.
inline char* write(char* to, std::uint32_t code_point) noexcept {
    const auto put = [&](std::uint32_t byte) { *to++ = static_cast<char>(byte); };
    if (code_point < 0x80) {
        put(code_point);
    } else if (code_point < 0x800) {
        put(0xC0 | code_point >> 6);
        put(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        put(0xE0 | code_point >> 12);
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    } else {
        put(0xF0 | code_point >> 18);
        put(0x80 | (code_point >> 12 & 0x3F));
        put(0x80 | (code_point >> 6 & 0x3F));
        put(0x80 | (code_point & 0x3F));
    }
    return to;
}

} // namespace baton::utf8

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/utf8.ipp>
#endif
