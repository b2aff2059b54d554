// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/scan.hpp>

#include <cstdint>
#include <string_view>

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

} // namespace baton::json
