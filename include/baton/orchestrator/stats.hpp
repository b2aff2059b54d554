// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/breaker.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace baton {

/// What `chat.stats()` says of one target.
struct TargetStats {
    std::string provider;
    std::string model;
    std::string endpoint;       ///< its name; "" = the provider has but one
    std::uint64_t requests = 0; ///< attempts sent
    std::uint64_t errors = 0;   ///< of those, failed
    Duration first_token{};     ///< moving average over about the last ten answers; 0: none yet
    Duration latency{};         ///< the same, to the end of the answer
    BreakerPhase breaker = BreakerPhase::closed;
    std::uint32_t in_flight = 0; ///< attempts under way; with `Balance`
    bool resting = false;        ///< kept from calls by `Health`: cooling, quarantined or ejected
};

/// What `chat.stats()` says of the whole.
struct Stats {
    std::vector<TargetStats> targets;
    std::size_t active_calls = 0;
    std::size_t open_connections = 0;          ///< now, busy and idle
    std::uint64_t established_connections = 0; ///< ever
    /// Connections that were being established when their attempt ended (a beaten hedge, a cancel, a limit of
    /// time), or still are; the peer may have accepted them.
    std::uint64_t abandoned_connections = 0;
    std::size_t idle_connections = 0;
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_joins = 0; ///< calls answered by another call's upstream request
    std::uint64_t stale_hits = 0;  ///< calls answered from the cache after its time
    std::uint64_t hedges = 0;      ///< second attempts begun beside late ones
    std::uint64_t resumes = 0;     ///< attempts that went on with a broken stream
    std::uint64_t limited = 0;     ///< targets passed over because a `Limit` had no room
};

} // namespace baton
