// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/hash.hpp>
#include <baton/core/time.hpp>

#include <bit>
#include <concepts>
#include <cstdint>

namespace baton {

/// A source of random numbers: what strategies that spread load draw from. `Xoshiro` satisfies it, and any
/// class with these three members. Never used for anything secret.
template <class R>
concept RandomSource = requires(R& rng, Duration span, std::uint64_t count) {
    { rng.next() } -> std::same_as<std::uint64_t>;       ///< 64 random bits
    { rng.uniform(span) } -> std::same_as<Duration>;     ///< in [0, span], 0 for a negative span
    { rng.below(count) } -> std::same_as<std::uint64_t>; ///< in [0, count), 0 for 0
};

/// xoshiro256** (Blackman and Vigna, 2018): 2^256 - 1 long, a handful of instructions a number. The same seed
/// gives the same numbers on every machine. Not thread-safe.
class Xoshiro {
public:
    explicit constexpr Xoshiro(std::uint64_t seed = 0) noexcept : seed_(seed) {
        for (std::uint64_t& word : state_) {
            word = detail::scatter(seed);
            seed += 0x9e3779b97f4a7c15U;
        }
    }

    /// An independent source for part `id` of a program (a target, a shard). It depends on the seed alone and
    /// not on how many numbers were drawn, so that parts do not disturb each other's numbers.
    constexpr Xoshiro stream(std::uint64_t id) const noexcept {
        return Xoshiro(detail::scatter(seed_ ^ detail::scatter(id + 1)));
    }

    constexpr std::uint64_t next() noexcept {
        const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    /// Uniform in [0, count); 0 for a count of 0. Biased by less than count / 2^64.
    constexpr std::uint64_t below(std::uint64_t count) noexcept {
        return static_cast<std::uint64_t>((detail::Wide{next()} * count) >> 64);
    }

    /// Uniform in [0, span], both ends included; 0 for a negative span.
    constexpr Duration uniform(Duration span) noexcept {
        if (span <= Duration::zero()) return Duration::zero();
        return Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>(span.count()) + 1)));
    }

    /// Uniform in [0, 1).
    constexpr double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

private:
    std::uint64_t state_[4] = {};
    std::uint64_t seed_;
};

/// A seed nobody can guess, from the operating system: the default outside tests.
BATON_DECL std::uint64_t random_seed();

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/policy/impl/rng.ipp>
#endif
