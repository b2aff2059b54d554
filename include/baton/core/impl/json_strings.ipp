// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/impl/json_numbers.ipp>
#include <baton/core/json.hpp>
#include <baton/core/utf8.hpp>

#include <algorithm>

namespace baton::json {
namespace detail {

using namespace baton::detail;

/// The value of four hexadecimal digits, or a number above 0xFFFF.
inline std::uint32_t hex4(const char* at) noexcept {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const char c = at[i];
        std::uint32_t digit = 0x10000;
        if (is_digit(c)) digit = static_cast<std::uint32_t>(c - '0');
        const char lower = static_cast<char>(c | 0x20);
        if (lower >= 'a' && lower <= 'f') digit = static_cast<std::uint32_t>(lower - 'a' + 10);
        if (digit > 15) return digit;
        value = value << 4 | digit;
    }
    return value;
}

struct Backslash {
    static constexpr bool has(unsigned char byte) noexcept { return byte == '\\'; }
    static constexpr std::uint64_t in(std::uint64_t word) noexcept { return bytes_equal(word, '\\'); }
#if defined(BATON_SSE2)
    static BATON_HOT __m128i in(__m128i word) noexcept { return _mm_cmpeq_epi8(word, _mm_set1_epi8('\\')); }
#endif
};

} // namespace detail

BATON_DECL bool Reader::any_string(std::string_view& out, std::string& scratch) {
    skip_space();
    if (at_ == end_ || *at_ != '"') return false;
    const char* const from = at_ + 1;
    const char* const close = detail::find<baton::detail::JsonSpecial>(begin_, from, end_);
    if (close == end_ || *close != '"') [[unlikely]]
        return special_string(out, scratch);
    out = {from, static_cast<std::size_t>(close - from)};
    at_ = close + 1;
    return true;
}

BATON_DECL bool Reader::special_string(std::string_view& out, std::string& scratch) {
    const char* const from = at_ + 1;
    const char* const after = pass_specials(from);
    if (after == nullptr) return false;
    at_ = after;
    out = {from, static_cast<std::size_t>(after - 1 - from)};
    if (escaped_) {
        scratch.clear();
        unescape(out, scratch);
        out = scratch;
    }
    return true;
}

BATON_DECL bool Reader::append_string(std::string& out) {
    skip_space();
    if (at_ == end_ || *at_ != '"') return false;
    const char* const from = at_ + 1;
    const char* const after = pass_specials(from);
    if (after == nullptr) return false;
    at_ = after;
    const std::string_view body(from, static_cast<std::size_t>(after - 1 - from));
    if (escaped_) {
        unescape(body, out);
    } else {
        out.append(body);
    }
    return true;
}

// From anywhere in a string's body to behind the closing quote, whatever lies between.
BATON_DECL const char* Reader::pass_specials(const char* at) noexcept {
    escaped_ = false;
    for (;;) {
        at = detail::find<baton::detail::JsonSpecial>(begin_, at, end_);
        if (at == end_) return fail(at), nullptr;
        // Runs of escapes or of characters that are not ASCII are not worth a vector load for each.
        do {
            const auto byte = static_cast<unsigned char>(*at);
            if (byte >= 0x80) {
                const utf8::Sequence next = utf8::sequence(at, end_);
                if (!next.valid) return fail(at), nullptr;
                at += next.length;
            } else if (byte == '"') {
                return at + 1;
            } else if (byte == '\\') {
                escaped_ = true;
                if (end_ - at < 2) return fail(end_), nullptr;
                switch (at[1]) {
                case '"':
                case '\\':
                case '/':
                case 'b':
                case 'f':
                case 'n':
                case 'r':
                case 't': at += 2; break;
                case 'u':
                    if (end_ - at < 6 || detail::hex4(at + 2) > 0xFFFF) return fail(at), nullptr;
                    at += 6;
                    break;
                default: return fail(at), nullptr;
                }
            } else {
                return fail(at), nullptr;
            }
        } while (at != end_ && detail::JsonSpecial::has(static_cast<unsigned char>(*at)));
    }
}

// Appends the decoded form of a body that pass_specials() has validated. It goes through a buffer on the
// stack, so that 16 bytes can be copied at once, whatever of them is wanted.
BATON_DECL void Reader::unescape(std::string_view body, std::string& out) const {
    constexpr std::ptrdiff_t piece = 16;
    char buffer[512];
    char* to = buffer;
    const char* at = body.data();
    const char* const end = at + body.size();
    if (out.capacity() - out.size() < body.size())
        out.reserve(out.size() + body.size()); // once, not by doubling
    while (at != end) {
        if (buffer + sizeof buffer - to < piece) {
            out.append(buffer, static_cast<std::size_t>(to - buffer));
            to = buffer;
        }
        if (*at != '\\') {
            std::ptrdiff_t plain = 0;
            if (end_ - at >= piece) {
                std::memcpy(to, at, piece);
                plain = std::min(baton::detail::find_in_16<detail::Backslash>(at) - at, end - at);
            } else { // 16 bytes from here are not all part of the text
                plain = detail::find<detail::Backslash>(begin_, at, end) - at;
                std::memcpy(to, at, static_cast<std::size_t>(plain));
            }
            to += plain;
            at += plain;
            continue;
        }
        const char escape = at[1];
        at += 2;
        switch (escape) {
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'u': {
            std::uint32_t code = detail::hex4(at);
            at += 4;
            if (code >= 0xD800 && code < 0xE000) {
                const bool leads = code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u';
                const std::uint32_t low = leads ? detail::hex4(at + 2) : 0;
                if (low >= 0xDC00 && low < 0xE000) {
                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                    at += 6;
                } else {
                    code = 0xFFFD;
                }
            }
            to = utf8::write(to, code);
            break;
        }
        default: *to++ = escape; // '"', '\\', '/'
        }
    }
    out.append(buffer, static_cast<std::size_t>(to - buffer));
}

} // namespace baton::json
