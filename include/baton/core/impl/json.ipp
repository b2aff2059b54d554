// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/utf8.hpp>

#include <charconv>
#include <limits>
#include <system_error>

namespace baton::json {
namespace detail {

using namespace baton::detail;

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

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

/// The end of a run of digits; one vector load replaces the loop for time stamps and the like.
struct NotDigit {
    static constexpr bool has(unsigned char byte) noexcept { return byte < '0' || byte > '9'; }
#if defined(BATON_SSE2)
    static BATON_HOT __m128i in(__m128i word) noexcept {
        const auto shifted = _mm_sub_epi8(word, _mm_set1_epi8('0' - 128)); // '0' to '9' become the least ten
        return _mm_cmpgt_epi8(shifted, _mm_set1_epi8(-128 + 9));
    }
#endif
};

/// The end of the number at `at` ('-' or a digit), or nullptr with `error` at the offending byte.
BATON_HOT const char* number_end(const char* at, const char* end, const char*& error) noexcept {
    const auto digits = [&] {
        if (at == end || !is_digit(*at)) return false;
        ++at;
        if (end - at >= 16 && is_digit(*at)) at = find_in_16<NotDigit>(at);
        while (at != end && is_digit(*at)) ++at;
        return true;
    };
    const auto fail = [&]() -> const char* {
        error = at;
        return nullptr;
    };
    if (*at == '-') ++at;
    if (at != end && *at == '0') {
        ++at;
    } else if (!digits()) {
        return fail();
    }
    if (at != end && *at == '.') {
        ++at;
        if (!digits()) return fail();
    }
    if (at != end && (*at | 0x20) == 'e') {
        ++at;
        if (at != end && (*at == '+' || *at == '-')) ++at;
        if (!digits()) return fail();
    }
    return at;
}

/// Whether a valid number that is not in the range of double is too small rather than too large.
/// from_chars does not say which; the two are 600 orders of magnitude apart, so the order decides.
inline bool is_tiny(std::string_view number) noexcept {
    constexpr std::int64_t far = 1'000'000'000'000'000;
    if (number.front() == '-') number.remove_prefix(1);
    std::int64_t order = 0; // of the first digit that is not zero
    bool found = false;
    bool fraction = false;
    std::size_t i = 0;
    for (; i < number.size() && (number[i] | 0x20) != 'e'; ++i) {
        if (number[i] == '.') {
            fraction = true;
            continue;
        }
        found = found || number[i] != '0';
        if (fraction && !found) --order;
        if (!fraction && found) ++order;
    }
    if (i == number.size()) return order <= 0;
    const bool negative = number[++i] == '-';
    if (negative || number[i] == '+') ++i;
    std::int64_t exponent = 0;
    for (; i < number.size() && exponent < far; ++i) exponent = exponent * 10 + (number[i] - '0');
    return order + (negative ? -exponent : exponent) <= 0;
}

} // namespace detail

/// A number without fraction, as sign and magnitude.
struct Reader::Whole {
    std::uint64_t magnitude = 0;
    bool negative = false;
    const char* end = nullptr;
};

BATON_DECL bool Reader::fail(const char* where) noexcept {
    if (error_ == nullptr) error_ = where;
    at_ = end_;
    return false;
}

// Behind the opening brace: the first key, or the end of the object.
BATON_DECL bool Reader::first_member_slow(std::string_view& key) {
    const char* const at = spaces(at_);
    if (at == end_ || *at != '}') return member(at, key);
    at_ = at + 1;
    return false;
}

// Behind a value: a comma and the next key, or the end of the object.
BATON_DECL bool Reader::next_member_slow(std::string_view& key) {
    const char* const at = spaces(at_);
    if (at != end_ && *at == ',') return member(spaces(at + 1), key);
    if (at == end_ || *at != '}') return fail(at);
    at_ = at + 1;
    return false;
}

// As quick_member(), for keys of any length and up to the end of the text. Calls nothing on its way,
// which is worth a third of its time.
BATON_DECL bool Reader::compact_member(const char* quote, std::string_view& key) {
    if (quote != end_ && *quote == '"') [[likely]] {
        const char* const close = detail::find<detail::JsonSpecial>(begin_, quote + 1, end_);
        if (end_ - close > 2 && std::memcmp(close, "\":", 2) == 0 && close[2] > ' ') [[likely]] {
            key = {quote + 1, static_cast<std::size_t>(close - quote - 1)};
            at_ = close + 2;
            return true;
        }
    }
    return member(quote, key);
}

BATON_DECL bool Reader::member(const char* at, std::string_view& key) {
    at_ = at;
    if (!any_string(key, key_)) return fail(at_);
    skip_space();
    if (at_ == end_ || *at_ != ':') return fail(at_);
    ++at_;
    skip_space();
    return at_ != end_ || fail(at_); // so that an unmoved at_ always means an unconsumed value
}

BATON_DECL bool Reader::first_element() noexcept {
    skip_space();
    if (at_ == end_) return fail(at_);
    if (*at_ != ']') return true;
    ++at_;
    return false;
}

BATON_DECL bool Reader::next_element_slow() noexcept {
    skip_space();
    if (at_ == end_ || (*at_ != ',' && *at_ != ']')) return fail(at_);
    if (*at_++ == ']') return false;
    skip_space();
    return at_ != end_ || fail(at_);
}

BATON_DECL bool Reader::any_string(std::string_view& out, std::string& scratch) {
    skip_space();
    if (at_ == end_ || *at_ != '"') return false;
    const char* const from = at_ + 1;
    const char* const close = detail::find<detail::JsonSpecial>(begin_, from, end_);
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

// From behind an opening quote to behind the closing one.
BATON_HOT const char* Reader::pass_string(const char* body) noexcept {
    const char* const at = detail::find<detail::JsonSpecial>(begin_, body, end_);
    return at != end_ && *at == '"' ? at + 1 : pass_specials(at);
}

// From anywhere in a string's body to behind the closing quote, whatever lies between.
BATON_DECL const char* Reader::pass_specials(const char* at) noexcept {
    escaped_ = false;
    for (;;) {
        at = detail::find<detail::JsonSpecial>(begin_, at, end_);
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

// Decodes a body that pass_specials() has validated.
BATON_DECL void Reader::unescape(std::string_view body, std::string& out) {
    const std::size_t before = out.size();
    out.resize(before + body.size()); // decoded is never longer: \uXXXX gives at most 3 bytes, a pair 4
    char* to = out.data() + before;
    const char* at = body.data();
    const char* const end = at + body.size();
    for (;;) {
        const auto* escape =
            static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
        const auto plain = static_cast<std::size_t>((escape != nullptr ? escape : end) - at);
        std::memcpy(to, at, plain);
        to += plain;
        if (escape == nullptr) break;
        at = escape + 2;
        switch (escape[1]) {
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
        default: *to++ = escape[1]; // '"', '\\', '/'
        }
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
}

BATON_DECL bool Reader::whole(Whole& out) const noexcept {
    const char* at = at_;
    if (at == end_ || kinds[static_cast<unsigned char>(*at)] != Kind::number) return false;
    out.negative = *at == '-';
    if (out.negative) ++at;
    const char* const first = at;
    std::uint64_t value = 0;
    for (; at != end_ && detail::is_digit(*at); ++at) {
        const auto digit = static_cast<std::uint64_t>(*at - '0');
        constexpr auto most = std::numeric_limits<std::uint64_t>::max();
        if (at - first >= 19 && (value > most / 10 || value * 10 > most - digit)) return false;
        value = value * 10 + digit;
    }
    if (at == first || (*first == '0' && at - first > 1)) return false;
    if (at != end_ && *at == '.') {
        const char* const point = at++;
        while (at != end_ && *at == '0') ++at;
        if (at - point == 1 || (at != end_ && detail::is_digit(*at))) return false;
    }
    if (at != end_ && (*at | 0x20) == 'e') return false;
    out.magnitude = value;
    out.end = at;
    return true;
}

BATON_DECL bool Reader::integer(std::int64_t& out) noexcept {
    skip_space();
    Whole value;
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    if (!whole(value) || value.magnitude > most + (value.negative ? 1 : 0)) return false;
    out = static_cast<std::int64_t>(value.negative ? 0 - value.magnitude : value.magnitude);
    at_ = value.end;
    return true;
}

BATON_DECL bool Reader::unsigned_integer(std::uint64_t& out) noexcept {
    skip_space();
    Whole value;
    if (!whole(value) || (value.negative && value.magnitude != 0)) return false;
    out = value.magnitude;
    at_ = value.end;
    return true;
}

BATON_DECL bool Reader::number(double& out) noexcept {
    if (kind() != Kind::number) return false;
    const char* error = nullptr;
    const char* const end = detail::number_end(at_, end_, error);
    if (end == nullptr) return false;
    double value = 0;
    if (std::from_chars(at_, end, value).ec != std::errc()) {
        if (!detail::is_tiny({at_, static_cast<std::size_t>(end - at_)})) return false;
        value = *at_ == '-' ? -0.0 : 0.0;
    }
    out = value;
    at_ = end;
    return true;
}

BATON_DECL bool Reader::skip_any() noexcept {
    const char* at = spaces(at_);
    if (at == end_) return fail(at);
    at = *at == '{' || *at == '[' ? pass_container(at) : pass_scalar(at);
    if (at == nullptr) return false;
    at_ = at;
    return true;
}

BATON_HOT const char* Reader::pass_scalar(const char* at) noexcept {
    const auto word = [&](std::string_view literal) {
        const auto left = static_cast<std::size_t>(end_ - at);
        return left >= literal.size() && std::memcmp(at, literal.data(), literal.size()) == 0;
    };
    const char* error = at;
    switch (kinds[static_cast<unsigned char>(*at)]) {
    case Kind::string: return pass_string(at + 1);
    case Kind::number:
        at = detail::number_end(at, end_, error);
        if (at != nullptr) return at;
        break;
    case Kind::null:
        if (word("null")) return at + 4;
        break;
    case Kind::boolean:
        if (word("true")) return at + 4;
        if (word("false")) return at + 5;
        break;
    default: break;
    }
    return fail(error), nullptr;
}

// From behind a brace or a comma to behind the colon.
BATON_HOT const char* Reader::pass_key(const char* at) noexcept {
    at = spaces(at);
    if (at == end_ || *at != '"') return fail(at), nullptr;
    at = pass_string(at + 1);
    if (at == nullptr) return nullptr;
    at = spaces(at);
    if (at == end_ || *at != ':') return fail(at), nullptr;
    return at + 1;
}

// Without recursion: what the open brackets are is one bit each, 64 in a word; only deeper texts (which
// a max_depth above 64 would allow) recurse, once for each further 64.
BATON_DECL const char* Reader::pass_container(const char* at) noexcept {
    constexpr int word = 64;
    const int room = max_depth_ - depth_;
    std::uint64_t objects = 0; // bit 0: the innermost open bracket is a brace
    int open_here = 0;
    for (;;) {
        at = spaces(at);
        if (at == end_) return fail(at), nullptr;
        if (*at != '{' && *at != '[') {
            at = pass_scalar(at);
        } else if (open_here == word) {
            depth_ += word;
            at = pass_container(at);
            depth_ -= word;
        } else {
            if (open_here >= room) return fail(at), nullptr;
            ++open_here;
            const bool object = *at == '{';
            objects = objects << 1 | (object ? 1 : 0);
            at = spaces(at + 1);
            if (at == end_) return fail(at), nullptr;
            if (*at != (object ? '}' : ']')) {
                if (object) at = pass_key(at);
                if (at == nullptr) return nullptr;
                continue;
            }
        }
        if (at == nullptr) return nullptr;
        // Behind a value, or before the bracket that closes an empty container: close what closes.
        for (;;) {
            if (open_here == 0) return at;
            at = spaces(at);
            if (at == end_) return fail(at), nullptr;
            const bool in_object = (objects & 1) != 0;
            if (*at == ',') {
                at = in_object ? pass_key(at + 1) : at + 1;
                if (at == nullptr) return nullptr;
                break;
            }
            if (*at != (in_object ? '}' : ']')) return fail(at), nullptr;
            ++at;
            --open_here;
            objects >>= 1;
        }
    }
}

BATON_DECL bool Reader::finish() noexcept {
    skip_space();
    if (at_ != end_) return fail(at_);
    if (failed()) return false;
    for (const char* at = begin_; at != end_; ++at) {
        if (!is_space(*at)) return true;
    }
    return fail(at_); // nothing was there
}

} // namespace baton::json
