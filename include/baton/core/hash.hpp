// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace baton {

namespace detail {

__extension__ typedef unsigned __int128 Wide;

/// Both halves of the 128-bit product, folded: one multiplication mixes every bit of both factors.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    // the same; but GCC 12 moves the halves about, and needs eight instructions a step of hash64 instead of
    // four
    std::uint64_t high;
    asm("mulq %[b]" : "+a"(a), "=d"(high) : [b] "r"(b) : "cc");
    return a ^ high;
#else
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#endif
}

/// A bijection on 64 bits that scatters neighbouring values (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", 2014).
constexpr std::uint64_t scatter(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

inline std::uint64_t load8(const char* p) noexcept {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof word);
    return word;
}

} // namespace detail

/// A fast 64-bit hash for tables in memory: 16 bytes per multiplication, every bit of the input and of the
/// seed reaches every bit of the result. With a secret seed nobody outside can choose keys that collide; a
/// table must still compare keys in full. Not cryptographic, and differs between byte orders: it never leaves
/// the process (see core/sha256.hpp for keys that do).
inline std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) noexcept {
    // the fractional parts of the square roots of 2, 3 and 5: half of the bits are set
    constexpr std::uint64_t k0 = 0x6a09e667f3bcc909U, k1 = 0xbb67ae8584caa73bU, k2 = 0x3c6ef372fe94f82bU;

    const char* p = bytes.data();
    std::size_t left = bytes.size();
    // Both factors of a step are masked by what only the seed decides: a right factor of zero, which would
    // forget the state, cannot be chosen from outside.
    std::uint64_t state = detail::fold(seed ^ k0, k2);
    std::uint64_t mask = state + k1;
    const auto step = [&](const char* at) {
        mask ^= detail::load8(at + 8);
        state = detail::fold(detail::load8(at) ^ state, mask);
    };
    for (; left > 128; p += 128, left -= 128) {
        step(p);
        step(p + 16);
        step(p + 32);
        step(p + 48);
        step(p + 64);
        step(p + 80);
        step(p + 96);
        step(p + 112);
    }
    for (; left > 16; p += 16, left -= 16) step(p);
    std::uint64_t a = 0, b = 0; // the last 1 to 16 bytes; overlapping reads instead of a loop
    if (left >= 8) {
        a = detail::load8(p);
        b = detail::load8(p + left - 8);
    } else if (left > 0) {
        std::memcpy(&a, p, left);
    }
    return detail::fold(detail::fold(a ^ state, b ^ mask) ^ k2, bytes.size() ^ k0 ^ seed);
}

} // namespace baton
