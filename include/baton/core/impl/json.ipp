// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/impl/json_numbers.ipp>
#include <baton/core/impl/json_strings.ipp>
#include <baton/core/json.hpp>

#include <charconv>
#include <limits>
#include <system_error>

namespace baton::json {

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
        const char* const close = detail::find<baton::detail::JsonSpecial>(begin_, quote + 1, end_);
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

/// A number without fraction, as sign and magnitude.
struct Reader::Whole {
    std::uint64_t magnitude = 0;
    bool negative = false;
    const char* end = nullptr;
};

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

// From behind an opening quote to behind the closing one.
BATON_HOT const char* Reader::pass_string(const char* body) noexcept {
    const char* const at = detail::find<baton::detail::JsonSpecial>(begin_, body, end_);
    return at != end_ && *at == '"' ? at + 1 : pass_specials(at);
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
    const char first = *at;
    if (first == '"') return pass_string(at + 1);
    if (first == '-' || detail::is_digit(first)) {
        at = detail::number_end(at, end_, error);
        if (at != nullptr) return at;
    } else if (first == 'n') {
        if (word("null")) return at + 4;
    } else if (first == 't') {
        if (word("true")) return at + 4;
    } else if (first == 'f') {
        if (word("false")) return at + 5;
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
