// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>

#include <boost/container/small_vector.hpp>

#include <string>
#include <string_view>

namespace baton {

/// One request on the wire, or the decision not to send one.
class Attempt {
public:
    std::string_view provider; ///< its name in the composition (static storage)
    std::string model;         ///< as sent
    std::string request_id;    ///< the vendor's, when it failed
    Errc outcome = Errc::ok;   ///< `ok`, or why it failed or was skipped
    int status = 0;            ///< HTTP status; 0: no response
    bool sent = false;         ///< at least one byte of the request left the process
    bool reused = false;       ///< on a kept connection
    bool fallback = false;     ///< not the first target of the call
    Duration waited{};         ///< slept before it (backoff or the vendor's hint)
    Duration first_token{};    ///< from the request's last byte to the first content; 0: none came
    Duration latency{};        ///< from start to outcome
};

/// The record of a call behind its Reply or Error: what was tried, in order, and why it moved on.
class Trace {
public:
    boost::container::small_vector<Attempt, 1> attempts;
    bool cache_hit = false; ///< answered from the cache
    bool joined = false;    ///< answered by another call's flight
    std::string_view task;  ///< the route row that was taken ("" = default row or no route)

    /// Attempts that reached a vendor.
    int sent() const noexcept {
        int n = 0;
        for (const Attempt& a : attempts) n += a.sent;
        return n;
    }
};

} // namespace baton
