// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/testing/fault_script.hpp>
#include <baton/testing/ledger.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace baton::testing {

/// How a FaultServer presents itself over TLS. All but `off` and `valid` must be refused by a client that
/// trusts FaultServer::ca_pem() and connects to 127.0.0.1 or localhost.
enum class Tls : unsigned char {
    off,
    valid,
    expired,
    not_yet_valid,
    wrong_host, ///< a certificate for other.test
    self_signed,
    unknown_authority, ///< signed by another authority than ca_pem()
    tls1_1,            ///< speaks nothing newer
};

/// What goes wrong with a connection before it has carried a request.
enum class ConnectionFault : unsigned char {
    none,
    reset,             ///< TCP reset at once
    close,             ///< closed at once
    silence,           ///< accepted, never answered
    handshake_eof,     ///< reads the first bytes of the handshake, then closes
    handshake_garbage, ///< the same, then answers bytes that are no TLS record
};

/// A vendor on 127.0.0.1 that misbehaves by script: real sockets, HTTP/1.1, optionally TLS, four dialects
/// (told apart by path), and a ledger of what it did. Delays of a Behaviour are real time on timers; no
/// thread sleeps.
///
/// The server runs on a thread of its own, or on an io_context of the caller's. All members are safe to
/// call from any thread in the first case, and only from the io_context's in the second (ledger(), port()
/// and the urls always).
class FaultServer {
public:
    class Options {
    public:
        Options() {} // not an aggregate: it owns

        std::uint16_t port = 0; ///< 0: a free one
        Tls tls = Tls::off;
        std::string certificate_pem, key_pem; ///< for `valid`: these instead of made ones
        bool close_notify = true;             ///< TLS: say goodbye before closing
        std::vector<std::string> models;      ///< what /models lists; none: "mock"
        /// Decides about a connection by its number; runs where the Script runs.
        std::function<ConnectionFault(std::uint64_t)> on_connection;
        /// Asked when the headers of a request are there and its body is not; an answer is sent without
        /// reading the body, and the connection closes.
        std::function<std::optional<Behaviour>(const ServedRequest&)> early;
        /// Be a proxy: CONNECT opens a tunnel to the named port on 127.0.0.1, whatever the host's name.
        bool proxy = false;
        int connect_status = 200; ///< what CONNECT is answered with; no tunnel unless 2xx
    };

    /// On a thread of its own. Throws boost::system::system_error if it cannot listen.
    BATON_DECL explicit FaultServer(Script script, Options options = Options());
    /// On `io`, which must outlive the server or be destroyed without being run again. Accepting keeps
    /// io.run() busy until stop().
    BATON_DECL FaultServer(boost::asio::io_context& io, Script script, Options options = Options());
    FaultServer(const FaultServer&) = delete;
    FaultServer& operator=(const FaultServer&) = delete;
    /// As stop().
    BATON_DECL ~FaultServer();

    BATON_DECL std::uint16_t port() const noexcept;
    /// "http://127.0.0.1:port" or https, and `path`.
    BATON_DECL std::string url(std::string_view path = "/v1") const;
    /// The authority that signs this server's certificates: for the client to trust.
    BATON_DECL const std::string& ca_pem() const noexcept;

    BATON_DECL Ledger ledger() const;
    BATON_DECL Ledger::Totals totals() const;
    /// Waits until `done(totals)`; false if that did not happen within `limit` of real time. For servers
    /// with a thread of their own.
    BATON_DECL bool wait(const std::function<bool(const Ledger::Totals&)>& done,
                         std::chrono::milliseconds limit = std::chrono::seconds(10)) const;

    /// Closes the port, so that connecting is refused; connections stay.
    BATON_DECL void stop_accepting();
    /// Resets every connection.
    BATON_DECL void drop_connections();
    /// Ends accepting, every connection, and the server's own thread. Idempotent.
    BATON_DECL void stop();

private:
    struct Core;
    std::shared_ptr<Core> core_;
};

/// A port on 127.0.0.1 on which nobody listens.
BATON_DECL std::uint16_t closed_port();

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/fault_server.ipp>
#endif
