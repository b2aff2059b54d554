// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>
#include <baton/core/usage.hpp>

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace baton {

/// How an attempt stands to what was delivered before it.
enum class ResumeMode : unsigned char {
    none,     ///< nothing was: it begins the answer
    prefill,  ///< the delivered text was sent as the beginning of the vendor's own turn
    instruct, ///< the vendor was asked, in a user's turn, to go on where the text stops
    restart,  ///< the answer was asked for again; what equals the delivered text is suppressed
};

/// One request on the wire, or the decision not to send one.
class Attempt {
public:
    std::string_view provider;            ///< its name in the composition (static storage)
    std::string model;                    ///< as sent
    std::string request_id;               ///< the vendor's, when it failed after its headers were there
    Errc outcome = Errc::ok;              ///< `ok`, or why it failed or was skipped
    int status = 0;                       ///< HTTP status; 0: no response
    bool sent = false;                    ///< at least one byte of the request left the process
    bool reused = false;                  ///< on a kept connection
    bool fallback = false;                ///< not the first target of the call
    bool hedge = false;                   ///< begun beside another one that was late
    ResumeMode resume = ResumeMode::none; ///< how it goes on with what a broken one had delivered
    std::uint16_t endpoint = 0;           ///< of the provider, from 0
    std::uint16_t malformed_events = 0;   ///< skipped in its stream
    Duration waited{};                    ///< slept before it (backoff or the vendor's hint)
    Duration first_token{};               ///< from the request's last byte to the first content; 0: none came
    Duration latency{};                   ///< from start to outcome
    Usage usage; ///< as the vendor reported; `estimated` where it broke off: nothing if nothing was sent
};

/// The record of a call behind its Reply or Error: what was tried, in order, and why it moved on.
class Trace {
public:
    boost::container::small_vector<Attempt, 1> attempts;
    bool cache_hit = false; ///< answered from the cache
    bool joined = false;    ///< answered by another call's flight
    bool stale = false;     ///< answered from the cache after its time, since every target failed
    std::string_view task;  ///< the route row that was taken ("" = default row or no route)

    /// Attempts that reached a vendor.
    int sent() const noexcept {
        int n = 0;
        for (const Attempt& a : attempts) n += a.sent;
        return n;
    }
};

} // namespace baton
