// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/time.hpp>
#include <baton/policy/rng.hpp>

namespace baton::testing {

/// How long something takes: a distribution to draw durations from. A small value; the same source of chance
/// gives the same durations.
class Latency {
public:
    /// Takes no time.
    constexpr Latency() = default;

    /// Always `span`. Throws std::invalid_argument if it is negative.
    BATON_DECL static Latency constant(Duration span);
    /// Evenly between `least` and `most`, both included. Throws std::invalid_argument unless
    /// 0 <= least <= most.
    BATON_DECL static Latency uniform(Duration least, Duration most);
    /// Log-normal, the usual shape of a server's latency: half of the draws are below `median`, 99 % below
    /// `p99`. exp(mu + sigma z) with mu = ln(median), sigma = ln(p99 / median) / 2.3263, the standard
    /// normal's 99th percentile. Throws std::invalid_argument unless 0 < median <= p99.
    BATON_DECL static Latency lognormal(Duration median, Duration p99);

    /// One draw. It takes the same number of random numbers (two) whatever the distribution, so that a
    /// change of one distribution does not disturb what else is drawn from the source.
    BATON_DECL Duration draw(Xoshiro& rng) const noexcept;

    /// The value in the middle.
    BATON_DECL Duration median() const noexcept;

private:
    enum class Shape : unsigned char { constant, uniform, lognormal };
    constexpr Latency(Shape shape, Duration low, Duration high, double sigma = 0) noexcept
        : shape_(shape), low_(low), high_(high), sigma_(sigma) {}

    Shape shape_ = Shape::constant;
    Duration low_{}, high_{}; // lognormal: the median, and what no draw exceeds
    double sigma_ = 0;
};

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/latency.ipp>
#endif
