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
constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
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
    // odd, half of the bits set; the fractional parts of the square roots of 2, 3 and 5, made odd
    constexpr std::uint64_t k0 = 0x6a09e667f3bcc909U, k1 = 0xbb67ae8584caa73bU, k2 = 0x3c6ef372fe94f82bU;

    const char* p = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t state = detail::scatter(seed) ^ k0;
    // The state goes in on the left of the product. A right factor of zero would forget it, and input alone
    // decides that factor: hence the constant, which no text comes near.
    while (left > 64) {
        state = detail::fold(detail::load8(p) ^ state, detail::load8(p + 8) ^ k1);
        state = detail::fold(detail::load8(p + 16) ^ state, detail::load8(p + 24) ^ k1);
        state = detail::fold(detail::load8(p + 32) ^ state, detail::load8(p + 40) ^ k1);
        state = detail::fold(detail::load8(p + 48) ^ state, detail::load8(p + 56) ^ k1);
        p += 64;
        left -= 64;
    }
    while (left > 16) {
        state = detail::fold(detail::load8(p) ^ state, detail::load8(p + 8) ^ k1);
        p += 16;
        left -= 16;
    }
    std::uint64_t a = 0, b = 0; // the last 1 to 16 bytes; overlapping reads instead of a loop
    if (left >= 8) {
        a = detail::load8(p);
        b = detail::load8(p + left - 8);
    } else if (left > 0) {
        std::memcpy(&a, p, left);
    }
    state = detail::fold(a ^ state, b ^ k1);
    return detail::fold(state ^ k2, bytes.size() ^ k0 ^ seed);
}

} // namespace baton
