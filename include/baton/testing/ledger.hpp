// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/fault_script.hpp>
#include <baton/testing/served_request.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace baton::testing {

/// What a FaultServer saw and did, to be compared with what its clients believe. A copy: it does not
/// change.
class Ledger {
public:
    class Totals {
    public:
        std::uint64_t connections_opened = 0; ///< accepted
        std::uint64_t connections_closed = 0; ///< of these, by whichever side
        std::uint64_t handshakes = 0;         ///< TLS, completed
        std::uint64_t handshakes_failed = 0;
        std::uint64_t requests = 0;          ///< read whole (or answered early)
        std::uint64_t bad_requests = 0;      ///< refused as not HTTP
        std::uint64_t finished = 0;          ///< of `requests`: nothing more will be sent
        std::uint64_t completed = 0;         ///< of `finished`: a good answer was sent whole
        std::uint64_t tokens = 0;            ///< sent, reasoning and tool calls not counted
        std::uint64_t closed_on_arrival = 0; ///< kept connections closed under a new request
        std::uint64_t connects = 0;          ///< CONNECT requests (proxy)
        std::uint64_t bytes_in = 0;          ///< on the sockets of clients
        std::uint64_t bytes_out = 0;         ///< the same

        friend bool operator==(const Totals&, const Totals&) = default;
    };

    /// One request. What counts as sent was handed to the operating system, or is about to be: what a
    /// client got can be less, never more.
    class Served {
    public:
        std::uint64_t number = 0, connection = 0, attempt = 0; ///< as in ServedRequest
        std::string id;
        ServedRequest::Kind kind = ServedRequest::Kind::other;
        bool stream = false;
        Fault fault = Fault::none;
        int status = 0;         ///< as far as one was said
        std::string text;       ///< of the tokens that were sent
        std::size_t tokens = 0; ///< how many
        bool finished = false;  ///< nothing more will be sent
        bool completed = false; ///< a good answer was sent whole, its framing included
    };

    class Connection {
    public:
        std::uint64_t number = 0;
        std::uint64_t requests = 0;
        std::uint64_t bytes_in = 0, bytes_out = 0;
        bool closed = false;
    };

    Totals totals;
    std::vector<Served> requests;        ///< by number
    std::vector<Connection> connections; ///< by number
    std::vector<std::string> connects;   ///< authorities asked for with CONNECT, in order
};

} // namespace baton::testing
