// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// SSE2 is part of every x86-64; define BATON_NO_SIMD to run the portable code there too (for tests).
#if defined(__SSE2__) && !defined(BATON_NO_SIMD)
#define BATON_SSE2 1
#include <emmintrin.h>
#endif

#if defined(__GNUC__)
#define BATON_HOT __attribute__((always_inline)) inline
#define BATON_COLD __attribute__((cold))
#else
#define BATON_HOT inline
#define BATON_COLD
#endif

/// Finds the first byte of a set, 16 bytes at a time (8 without SSE2), never reading outside the range
/// it was given. A set names its bytes three times: one byte, eight in a word (may also flag a byte
/// that follows a member, never misses the first one), sixteen in a vector (the sign bits tell).
namespace baton::detail {

inline constexpr std::uint64_t every_byte = 0x0101010101010101;
inline constexpr std::uint64_t every_high_bit = 0x80 * every_byte;

constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint64_t limit) noexcept {
    return (word - limit * every_byte) & ~word & every_high_bit;
}
constexpr std::uint64_t bytes_equal(std::uint64_t word, std::uint64_t byte) noexcept {
    return bytes_below(word ^ (byte * every_byte), 1);
}

/// What may not stand in a JSON string as it is, and what must be validated: controls, '"', '\\',
/// non-ASCII. One subtraction finds all but the backslash: x ^ 2 moves '"' next to the controls (and
/// maps the controls onto themselves), non-ASCII bytes are negative, and saturation keeps them so.
struct JsonSpecial {
    static constexpr bool has(unsigned char byte) noexcept {
        return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
    }
    static constexpr std::uint64_t in(std::uint64_t word) noexcept {
        return bytes_below(word ^ (2 * every_byte), 0x21) | bytes_equal(word, '\\') | (word & every_high_bit);
    }
#if defined(BATON_SSE2)
    static BATON_HOT __m128i in(__m128i word) noexcept {
        return _mm_or_si128(_mm_subs_epi8(_mm_xor_si128(word, _mm_set1_epi8(2)), _mm_set1_epi8(0x21)),
                            _mm_cmpeq_epi8(word, _mm_set1_epi8('\\')));
    }
#endif
};

/// Line ends and non-ASCII, in one subtraction; the other bytes below 14 are let in because they are too
/// rare in an event stream to pay for a second one.
struct LineSpecial {
    static constexpr bool has(unsigned char byte) noexcept { return byte < 14 || byte >= 0x80; }
    static constexpr std::uint64_t in(std::uint64_t word) noexcept {
        return bytes_below(word, 14) | (word & every_high_bit);
    }
#if defined(BATON_SSE2)
    static BATON_HOT __m128i in(__m128i word) noexcept { return _mm_subs_epi8(word, _mm_set1_epi8(14)); }
#endif
};

struct LineEnd {
    static constexpr bool has(unsigned char byte) noexcept { return byte == '\n' || byte == '\r'; }
    static constexpr std::uint64_t in(std::uint64_t word) noexcept {
        return bytes_equal(word, '\n') | bytes_equal(word, '\r');
    }
#if defined(BATON_SSE2)
    static BATON_HOT __m128i in(__m128i word) noexcept {
        return _mm_or_si128(_mm_cmpeq_epi8(word, _mm_set1_epi8('\n')),
                            _mm_cmpeq_epi8(word, _mm_set1_epi8('\r')));
    }
#endif
};

struct NonAscii {
    static constexpr bool has(unsigned char byte) noexcept { return byte >= 0x80; }
    static constexpr std::uint64_t in(std::uint64_t word) noexcept { return word & every_high_bit; }
#if defined(BATON_SSE2)
    static BATON_HOT __m128i in(__m128i word) noexcept { return word; }
#endif
};

#if defined(BATON_SSE2)
/// Unlike std::countr_zero unsigned, which spares each use as an offset a sign extension.
BATON_HOT std::size_t lowest_bit(unsigned mask) noexcept {
    return static_cast<unsigned>(std::countr_zero(mask));
}

template <class Set>
BATON_HOT unsigned mask16(const char* bytes) noexcept {
    const auto word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    return static_cast<unsigned>(_mm_movemask_epi8(Set::in(word)));
}
#endif

/// The first byte of `Set` among the 16 at `bytes`, else bytes + 16. All 16 must be readable.
template <class Set>
BATON_HOT const char* find_in_16(const char* bytes) noexcept {
#if defined(BATON_SSE2)
    return bytes + lowest_bit(mask16<Set>(bytes) | 0x10000U);
#else
    const char* const end = bytes + 16;
    while (bytes != end && !Set::has(static_cast<unsigned char>(*bytes))) ++bytes;
    return bytes;
#endif
}

/// The first byte of `Set` in [from, end), else `end`. [readable, end) is known to be readable and
/// holds `from`: it lets the last, short piece be looked at with one full load. `far`: expect hundreds of
/// bytes, look at 64 at once.
template <class Set, bool far = false>
BATON_HOT const char* find(const char* readable, const char* from, const char* end) noexcept {
#if defined(BATON_SSE2)
    if constexpr (far) {
        for (; end - from >= 64; from += 64) {
            const auto part = [from](int index) {
                return Set::in(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from) + index));
            };
            const auto any = _mm_or_si128(_mm_or_si128(part(0), part(1)), _mm_or_si128(part(2), part(3)));
            if (_mm_movemask_epi8(any) != 0) break;
        }
    }
    while (end - from >= 16) {
        if (const unsigned mask = mask16<Set>(from)) return from + lowest_bit(mask);
        from += 16;
    }
    if (end - readable >= 16) {
        const auto seen = 16 - (end - from); // up to 16: the mask then becomes empty
        const unsigned mask = mask16<Set>(end - 16) >> seen;
        return mask != 0 ? from + lowest_bit(mask) : end;
    }
#else
    (void)readable;
    for (; end - from >= 8; from += 8) {
        std::uint64_t word;
        std::memcpy(&word, from, sizeof word);
        if (Set::in(word) != 0) break;
    }
#endif
    while (from != end && !Set::has(static_cast<unsigned char>(*from))) ++from;
    return from;
}

} // namespace baton::detail
