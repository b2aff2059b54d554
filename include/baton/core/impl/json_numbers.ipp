// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>

#include <charconv>
#include <limits>
#include <system_error>

namespace baton::json {
namespace detail {

using namespace baton::detail;

inline bool is_digit(char c) noexcept { return static_cast<unsigned char>(c - '0') < 10; }

/// The end of a run of digits; one vector load replaces the loop for time stamps and the like.
struct NotDigit {
    static constexpr bool has(unsigned char byte) noexcept { return byte < '0' || byte > '9'; }
#if defined(BATON_SSE2)
    static BATON_HOT __m128i in(__m128i word) noexcept {
        const auto shifted = _mm_sub_epi8(word, _mm_set1_epi8('0' - 128)); // '0' to '9' become the least ten
        return _mm_subs_epi8(_mm_set1_epi8(-128 + 9), shifted);            // negative if greater
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

} // namespace baton::json
