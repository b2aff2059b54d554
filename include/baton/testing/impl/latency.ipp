// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/testing/latency.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

namespace baton::testing {

BATON_DECL Latency Latency::constant(Duration span) {
    baton::detail::require_option(span >= Duration::zero(), "Latency::constant: span must not be negative");
    return {Shape::constant, span, span};
}

BATON_DECL Latency Latency::uniform(Duration least, Duration most) {
    baton::detail::require_option(least >= Duration::zero() && least <= most,
                                  "Latency::uniform: least must be between 0 and most");
    return {Shape::uniform, least, most};
}

BATON_DECL Latency Latency::lognormal(Duration median, Duration p99) {
    baton::detail::require_option(median > Duration::zero() && median <= p99,
                                  "Latency::lognormal: median must be above 0 and at most p99");
    constexpr double z99 = 2.3263478740408408; // of the standard normal distribution
    const double sigma =
        std::log(static_cast<double>(p99.count()) / static_cast<double>(median.count())) / z99;
    return {Shape::lognormal, median, std::chrono::hours(24), sigma};
}

BATON_DECL Duration Latency::draw(Xoshiro& rng) const noexcept {
    const double first = rng.unit(), second = rng.unit();
    switch (shape_) {
    case Shape::constant: break;
    case Shape::uniform:
        return low_ +
               Duration(static_cast<Duration::rep>(first * static_cast<double>((high_ - low_).count() + 1)));
    case Shape::lognormal: {
        // Box and Muller (1958); 1 - first is never 0
        const double z = std::sqrt(-2 * std::log(1 - first)) * std::cos(2 * std::numbers::pi * second);
        const double span = static_cast<double>(low_.count()) * std::exp(sigma_ * z);
        return Duration(static_cast<Duration::rep>(std::min(span, static_cast<double>(high_.count()))));
    }
    }
    return low_;
}

BATON_DECL Duration Latency::median() const noexcept {
    return shape_ == Shape::uniform ? low_ + (high_ - low_) / 2 : low_;
}

} // namespace baton::testing
