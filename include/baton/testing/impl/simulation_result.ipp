// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/testing/simulation_result.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace baton::testing {

BATON_DECL Percentiles::Percentiles(std::vector<Duration> durations) : count(durations.size()) {
    if (durations.empty()) return;
    std::sort(durations.begin(), durations.end());
    const auto rank = [&](std::uint64_t per_mille) {
        const std::uint64_t nearest = (count * per_mille + 999) / 1000;
        return durations[std::max<std::uint64_t>(nearest, 1) - 1];
    };
    p50 = rank(500);
    p90 = rank(900);
    p99 = rank(990);
    p999 = rank(999);
    most = durations.back();
}

namespace detail {

using Calls = std::span<const SimulationResult::Call>;

inline Calls begun_within(Calls calls, Duration begin, Duration length) {
    const auto before = [](const SimulationResult::Call& call, Duration at) { return call.begin < at; };
    const Duration end = length > Duration::max() - begin ? Duration::max() : begin + length;
    const auto first = std::lower_bound(calls.begin(), calls.end(), begin, before);
    return {first, std::lower_bound(first, calls.end(), end, before)};
}

inline std::optional<Duration> recovered(Calls all, Duration from, std::int32_t host, bool must_serve,
                                         Duration window, double rate) {
    const Calls calls = begun_within(all, from, Duration::max());
    std::size_t ahead = 0, good = 0; // calls[i, ahead) began within the window from calls[i]; of them
    for (std::size_t i = 0; i < calls.size(); ++i) {
        for (; ahead < calls.size() && calls[ahead].begin - calls[i].begin < window; ++ahead) {
            good += calls[ahead].succeeded();
        }
        const bool serves = calls[i].succeeded() && (!must_serve || calls[i].host == host);
        if (serves && static_cast<double>(good) >= rate * static_cast<double>(ahead - i)) {
            return calls[i].begin - from;
        }
        good -= calls[i].succeeded();
    }
    return std::nullopt;
}

} // namespace detail

BATON_DECL SimulationSummary SimulationResult::summary(Duration begin, Duration length) const {
    SimulationSummary sum;
    sum.begin = begin;
    sum.length = length;
    std::vector<Duration> latencies, first_tokens;
    for (const Call& call : detail::begun_within(calls, begin, length)) {
        ++sum.requests;
        sum.attempts += call.attempts;
        sum.hedges += call.hedges;
        sum.resumes += call.resumes;
        if (!call.succeeded()) {
            ++sum.errors[call.outcome];
            continue;
        }
        ++sum.succeeded;
        sum.by_fallback += call.fallback;
        sum.stale += call.stale;
        sum.tokens += call.tokens;
        latencies.push_back(call.latency);
        if (call.streamed) first_tokens.push_back(call.first_token);
    }
    sum.latency = Percentiles(std::move(latencies));
    sum.first_token = Percentiles(std::move(first_tokens));
    return sum;
}

BATON_DECL std::vector<SimulationSummary> SimulationResult::over_time(Duration width) const {
    baton::detail::require_option(width > Duration::zero(), "SimulationResult: width must be positive");
    std::vector<SimulationSummary> pieces;
    for (Duration begin{}; begin < traffic; begin += width) {
        pieces.push_back(summary(begin, std::min(width, traffic - begin)));
    }
    return pieces;
}

BATON_DECL std::vector<Recovery> SimulationResult::recoveries(Duration window, double rate) const {
    baton::detail::require_option(window > Duration::zero(), "SimulationResult: window must be positive");
    std::vector<Recovery> found;
    for (Recovery recovery : episodes) {
        const Duration end = recovery.episode.end();
        if (end >= traffic) continue;
        const auto index = std::find(hosts.begin(), hosts.end(), recovery.host) - hosts.begin();
        const auto host = static_cast<std::int32_t>(index);
        const bool first_choice = std::any_of(calls.begin(), calls.end(), [&](const Call& call) {
            return call.host == host && !call.fallback;
        });
        recovery.took = detail::recovered(calls, end, host, first_choice, window, rate);
        const auto later = [](const Recovery& a, const Recovery& b) {
            return a.episode.end() < b.episode.end();
        };
        found.insert(std::upper_bound(found.begin(), found.end(), recovery, later), recovery);
    }
    return found;
}

} // namespace baton::testing
