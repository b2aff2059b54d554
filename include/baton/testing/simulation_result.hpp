// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>
#include <baton/testing/scenario.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace baton::testing {

/// How a number of durations is spread: exact, by nearest rank (the smallest value that at least this share
/// of all does not exceed). All zero if there are none.
class Percentiles {
public:
    Percentiles() = default;
    /// Sorts `durations`.
    BATON_DECL explicit Percentiles(std::vector<Duration> durations);

    std::size_t count = 0;
    Duration p50{}, p90{}, p99{}, p999{}, most{};
};

/// What some calls of a simulation came to.
class SimulationSummary {
public:
    SimulationSummary() = default;

    Duration begin{}, length{}; ///< when these calls began: [begin, begin + length)
    std::uint64_t requests = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t by_fallback = 0; ///< of `succeeded`
    std::uint64_t attempts = 0;    ///< sent to a provider
    std::uint64_t hedges = 0;      ///< of `attempts`: begun beside one that was late
    std::uint64_t resumes = 0;     ///< of `attempts`: went on with a broken stream
    std::uint64_t stale = 0;       ///< of `succeeded`: from the cache after its time
    std::uint64_t tokens = 0;      ///< of output, in replies that arrived whole
    std::map<Errc, std::uint64_t> errors;
    Percentiles latency;     ///< of calls that succeeded, from request to the end of the reply
    Percentiles first_token; ///< of streams that succeeded, from request to the first text handed out

    /// 1 if there were no requests.
    double success_rate() const noexcept { return share(succeeded, requests, 1); }
    double fallback_share() const noexcept { return share(by_fallback, succeeded, 0); }
    double attempts_per_request() const noexcept { return share(attempts, requests, 0); }

private:
    static double share(std::uint64_t part, std::uint64_t whole, double none) noexcept {
        return whole == 0 ? none : static_cast<double>(part) / static_cast<double>(whole);
    }
};

/// How long after an episode's end all was well again.
class Recovery {
public:
    Recovery() = default;
    Recovery(std::string host, const Episode& episode) : host(std::move(host)), episode(episode) {}

    std::string host;
    Episode episode;
    /// From the episode's end; nothing: not before the run ended.
    std::optional<Duration> took;
};

/// What happened in one run of a Simulation. A copy: it does not change.
class SimulationResult {
public:
    SimulationResult() = default;

    class Call {
    public:
        bool succeeded() const noexcept { return outcome == Errc::ok; }

        Duration begin{};           ///< since the start of the run
        Duration latency{};         ///< until it ended
        Duration first_token{};     ///< streams: until the first text was handed out; 0: none was
        Errc outcome = Errc::ok;    ///< `cancelled`: it hung until the run was over
        std::uint32_t attempts = 0; ///< sent to a provider
        std::uint16_t hedges = 0;   ///< of these, begun beside one that was late
        std::uint16_t resumes = 0;  ///< of these, went on with a broken stream
        std::uint32_t tokens = 0;   ///< of output, if it succeeded
        std::int32_t host = -1;     ///< which of `hosts` served it; -1: none (an error, a cache)
        bool streamed = false;
        bool fallback = false; ///< served by a target that is not its first
        bool stale = false;    ///< served from the cache after its time, since every target failed
    };

    /// All calls, or those that began in [begin, begin + length).
    SimulationSummary summary() const { return summary({}, Duration::max()); }
    BATON_DECL SimulationSummary summary(Duration begin, Duration length) const;
    /// The run cut into pieces of `width`, for drawing. Throws std::invalid_argument unless it is positive.
    BATON_DECL std::vector<SimulationSummary> over_time(Duration width) const;
    /// Of every episode that ended within the run, in order of its end: the time from there to the first call
    /// that its provider served and from which on, for `window`, at least `rate` of the calls succeeded. A
    /// provider that never was a first choice need not serve again.
    BATON_DECL std::vector<Recovery> recoveries(Duration window = std::chrono::minutes(1),
                                                double rate = 0.99) const;

    std::vector<Call> calls;        ///< in order of their begin
    std::vector<std::string> hosts; ///< of the simulated providers
    std::vector<Recovery> episodes; ///< of all providers; `took` is not filled in
    Duration traffic{};             ///< how long requests came
    Duration length{};              ///< from the start to the end of the last call, in virtual time
    std::uint64_t max_in_flight = 0;
    /// What the providers bill for answers that reached the caller whole, and for all others, in millionths
    /// of the currency. A whole (not streamed) answer that was begun is billed to its end, as vendors do; a
    /// stream as far as it was sent. Where a stream broke and was resumed, the pieces that its reply is put
    /// together of all count as delivered, each at its own provider's price.
    std::uint64_t cost_delivered = 0, cost_wasted = 0;
    /// Over every call in order of its end: when, which, each attempt (provider, model, outcome, sent,
    /// waited, latency, hedge, resume) and how it ended. Two runs of one scenario, seed and composition have
    /// the same hash.
    std::uint64_t hash = 0;
};

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/simulation_result.ipp>
#endif
