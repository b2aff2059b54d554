// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <openssl/types.h> // forward declarations only

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace baton::net {

/// How to check the server and how to present ourselves. The default checks the chain against the
/// system's certificate authorities and the host name against the certificate. What the views refer to
/// is copied by TlsContext::client. Files are PEM.
struct TlsOptions {
    std::string_view ca_file{};                ///< trust these authorities instead of the system's
    std::string_view ca_pem{};                 ///< the same, in memory; with both set, both are trusted
    std::string_view certificate_file{};       ///< client certificate, followed by its chain
    std::string_view certificate_pem{};        ///< the same, in memory; give one of the two
    std::string_view key_file{};               ///< the certificate's private key, not encrypted
    std::string_view key_pem{};                ///< the same, in memory; give one of the two
    bool insecure_no_verify_for_tests = false; ///< accept any certificate: others may read everything

    bool operator==(const TlsOptions&) const = default;
};

enum class TlsVersion : unsigned char { tls1_1, tls1_2, tls1_3 };

/// A server's side of TLS. `min` and `max` bound the version; TLS 1.1 exists for tests that must fail.
struct TlsServerOptions {
    TlsVersion min = TlsVersion::tls1_2;
    TlsVersion max = TlsVersion::tls1_3;
    std::string_view client_ca_pem{}; ///< if set, clients must present a certificate of these authorities
};

/// What all sessions with the same options share: authorities, client certificate, resumable sessions.
/// A counted handle to one SSL_CTX: copying is cheap, and copies are equal. Thread-safe.
class TlsContext {
public:
    TlsContext() = default; ///< empty

    /// TLS 1.2 or 1.3, ALPN "http/1.1". Throws boost::system::system_error (Errc::tls) with a text that
    /// names the option. With default options every call returns the same context of the process. The
    /// system's authorities are loaded once, by the first session; where that is one bundle file it
    /// takes a while (measured: 45 ms for 144 authorities), with a hashed directory it does not.
    BATON_DECL static TlsContext client(const TlsOptions& options = {});

    /// `certificate_pem` is the leaf followed by its chain. Throws like `client`.
    BATON_DECL static TlsContext server(std::string_view certificate_pem, std::string_view key_pem,
                                        const TlsServerOptions& options = {});

    BATON_DECL TlsContext(const TlsContext& other) noexcept;
    TlsContext(TlsContext&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
    TlsContext& operator=(TlsContext other) noexcept {
        std::swap(context_, other.context_);
        return *this;
    }
    BATON_DECL ~TlsContext();

    explicit operator bool() const noexcept { return context_ != nullptr; }
    /// Same SSL_CTX, hence same trust and same identity: fit for the key of a connection pool.
    auto operator<=>(const TlsContext&) const noexcept = default;
    SSL_CTX* native_handle() const noexcept { return context_; }

private:
    explicit TlsContext(SSL_CTX* owned) noexcept : context_(owned) {}
    SSL_CTX* context_ = nullptr;
};

/// One TLS connection without its socket: bytes in, bytes out. Who owns the socket moves `output()` to
/// it and what arrives from it to `feed()`; that way the same code serves a TCP socket and a pair in
/// memory. Move-only; one thread at a time.
///
/// After every call, whatever its result, `output()` may hold bytes to be sent (handshake, alerts, key
/// updates). Memory: what was fed and not yet read, plus what was written and not yet sent, plus about
/// 40 KiB inside OpenSSL.
class TlsSession {
public:
    enum class Status : unsigned char {
        ok,
        want_input, ///< all input is used up: send output(), then feed() more
        eof,        ///< the peer ended the stream properly (close_notify)
        truncated,  ///< the connection ended without close_notify: somebody may have cut the answer
        error,      ///< final; see error_text()
    };

    TlsSession() = default; ///< empty; only bool, move and destruction are allowed

    /// A client that will accept only a certificate for `host`: a DNS name (a trailing dot is dropped) or
    /// an IP address (also in brackets). SNI is sent for names only. Sessions of equal host and `peer`
    /// (e.g. "host:port" and the proxy on the way) resume each other. A bad host does not throw:
    /// handshake() reports it.
    BATON_DECL TlsSession(const TlsContext& context, std::string_view host, std::string_view peer = {});

    /// The server's end of a connection that has just been accepted.
    BATON_DECL static TlsSession accept(const TlsContext& context);

    TlsSession(TlsSession&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}
    TlsSession& operator=(TlsSession other) noexcept {
        std::swap(impl_, other.impl_);
        return *this;
    }
    BATON_DECL ~TlsSession();

    explicit operator bool() const noexcept { return impl_ != nullptr; }

    /// Advances the handshake; ok when it is complete and the peer is verified. `truncated` if the
    /// connection ended before that.
    BATON_DECL Status handshake();

    /// Decrypts up to `size` bytes into `to`. ok with n > 0, unless size is 0. Data that arrived before an
    /// end or an error is handed out first.
    BATON_DECL Status read(char* to, std::size_t size, std::size_t& n);

    /// Encrypts all of `plain` into output(). want_input, and n = 0, before the handshake is complete.
    BATON_DECL Status write(std::string_view plain, std::size_t& n);

    /// Room for `size` bytes to receive into, without a copy; valid until the next call of any member.
    BATON_DECL std::span<char> prepare(std::size_t size);
    /// The first `size` bytes of the last prepare() arrived from the peer.
    BATON_DECL void commit(std::size_t size) noexcept;
    /// The same in one step, for bytes that are already elsewhere; they are copied.
    BATON_DECL void feed(std::string_view cipher);
    /// The peer's end of the connection is closed.
    BATON_DECL void feed_eof() noexcept;

    /// Bytes to send; valid until the next call of any member.
    BATON_DECL std::string_view output() const noexcept;
    BATON_DECL void consume_output(std::size_t size) noexcept;

    /// Tells the peer that we will send nothing more. No effect before the handshake or after an error.
    BATON_DECL void close_notify();

    /// What went wrong and where to look, e.g. "certificate verify failed: hostname mismatch (host 'x')".
    BATON_DECL std::string error_text() const;
    /// The handshake failed because the peer's certificate was refused by us.
    BATON_DECL bool verify_failed() const noexcept;
    /// The handshake used a session of an earlier connection.
    BATON_DECL bool resumed() const noexcept;
    /// Handshake complete and no end or error seen.
    BATON_DECL bool established() const noexcept;
    /// "TLSv1.3"; "" before the handshake.
    BATON_DECL std::string_view version() const noexcept;
    /// Server side: the name the client asked for (SNI); "" if none.
    BATON_DECL std::string_view server_name() const noexcept;

private:
    struct Impl;
    explicit TlsSession(Impl* impl) noexcept : impl_(impl) {}
    Impl* impl_ = nullptr;
};

} // namespace baton::net

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/net/impl/tls.ipp>
#endif
