// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/net/http_reader.hpp>
#include <baton/net/proxy.hpp>
#include <baton/net/tls.hpp>
#include <baton/net/url.hpp>

#include <boost/asio/error.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace baton::net {

/// Everything that decides who is at the other end of a connection. Two requests may share a connection
/// only if they have the same Origin.
class Origin {
public:
    Origin(BaseUrl url, TlsContext tls, const ProxyEndpoint* proxy)
        : url(std::move(url)), tls(std::move(tls)), proxy(proxy) {}

    /// Where the TCP connection goes.
    const std::string& dial_host() const noexcept { return proxy ? proxy->host : url.host(); }
    std::uint16_t dial_port() const noexcept { return proxy ? proxy->port : url.port(); }

    bool same_peer(const Origin& other) const noexcept {
        return url.tls() == other.url.tls() && url.port() == other.url.port() &&
               url.host() == other.url.host() && tls == other.tls && proxy == other.proxy;
    }

    BaseUrl url;
    TlsContext tls;             ///< empty for plain http
    const ProxyEndpoint* proxy; ///< null: direct
};

/// One HTTP connection: a socket with its byte transformers (TLS if the origin has it, then HTTP). All
/// members are synchronous; who drives it waits for the socket where Io says so.
template <class S>
class Connection {
    using error_code = boost::system::error_code;

public:
    enum class Io : unsigned char { done, want_read, want_write, failed };

    template <class Make>
    Connection(const Origin& origin, std::size_t origin_index, Make&& make_socket)
        : origin(&origin), origin_index(origin_index), socket(make_socket()) {}

    // ---- set-up -------------------------------------------------------------------------------------

    /// After the TCP connection stands: what remains to be said before the first request.
    void begin_setup() {
        raw_.clear();
        sent_ = 0;
        if (origin->proxy) {
            connect_.emplace();
            raw_ = connect_request(origin->url, *origin->proxy).reveal();
        } else if (origin->tls) {
            begin_tls();
        }
    }

    /// Advances CONNECT and the TLS handshake; `done` when a request may be sent.
    Io setup() {
        if (const Io io = flush(); io != Io::done) return io;
        if (connect_) return Io::want_read; // on_read moves it on
        if (!tls_ || tls_.established()) return Io::done;
        const TlsSession::Status status = tls_.handshake();
        if (const Io io = flush(); io != Io::done) return io;
        if (status == TlsSession::Status::ok) return Io::done;
        if (status == TlsSession::Status::want_input) return Io::want_read;
        return fail(tls_.verify_failed() || status == TlsSession::Status::error ? Problem::tls
                                                                                : Problem::closed);
    }

    // ---- a request ----------------------------------------------------------------------------------

    /// Where the next request's bytes go; append, then `flush()` until done.
    std::string& outgoing() {
        raw_.clear();
        sent_ = 0;
        encrypted_ = false;
        return raw_;
    }

    /// Sends what is pending as far as the socket takes it.
    Io flush() {
        if (tls_ && tls_.established() && !encrypted_ && !raw_.empty()) {
            std::size_t n = 0;
            if (tls_.write(raw_, n) != TlsSession::Status::ok) return fail(Problem::tls);
            raw_.clear();
            encrypted_ = true;
        }
        for (;;) {
            const std::string_view left = pending();
            if (left.empty()) return Io::done;
            error_code ec;
            const std::size_t n = socket.try_write(left, ec);
            if (ec == boost::asio::error::would_block || ec == boost::asio::error::try_again)
                return Io::want_write;
            if (ec) return fail(Problem::closed);
            on_write(n);
        }
    }
    /// The bytes `flush()` could not send.
    std::string_view pending() const noexcept {
        return sent_ < raw_.size() ? std::string_view(raw_).substr(sent_)
                                   : (tls_ ? tls_.output() : std::string_view());
    }
    void on_write(std::size_t n) noexcept {
        if (n > 0) wrote_any = true;
        if (sent_ < raw_.size()) {
            sent_ += n;
        } else if (tls_) {
            tls_.consume_output(n);
        }
    }

    // ---- the response -------------------------------------------------------------------------------

    /// Where bytes from the socket go.
    std::span<char> read_buffer() {
        if (connect_) return reader.prepare();
        return tls_ ? tls_.prepare(16 * 1024) : reader.prepare();
    }

    /// Bytes have arrived in read_buffer() (n > 0) or the peer has closed (n == 0).
    void on_read(std::size_t n) {
        if (connect_) return on_connect_answer(n);
        if (!tls_) {
            n > 0 ? reader.commit(n) : reader.commit_eof();
            return;
        }
        n > 0 ? tls_.commit(n) : tls_.feed_eof();
        if (tls_.established()) decrypt();
    }

    /// Reads what has come without waiting; whether the response has begun. After a request that could not be
    /// sent whole: such a connection is not reusable.
    bool poll_answer() {
        unsent_ = true;
        error_code ec;
        for (int i = 0; i < 4 && !reader.started(); ++i) {
            const std::size_t n = socket.try_read(read_buffer(), ec);
            if (ec || n == 0) break;
            on_read(n);
        }
        return reader.started();
    }
    /// Whether another request may follow the answer that has just been read whole.
    bool reusable() const noexcept { return !unsent_ && reader.reusable(); }

    /// An idle connection still stands: nothing has arrived, except TLS's own tickets.
    bool idle_ok() {
        error_code ec;
        for (;;) {
            const std::size_t n = socket.try_read(read_buffer(), ec);
            if (ec == boost::asio::error::would_block || ec == boost::asio::error::try_again) break;
            if (ec || n == 0 || !tls_) return false;
            on_read(n);
        }
        return problem == Problem::none && !reader.leftover() && !ended_;
    }

    void close() { socket.close(); }

    /// What went wrong, in words of this layer.
    enum class Problem : unsigned char { none, closed, tls, proxy, truncated };
    std::string problem_text() const {
        switch (problem) {
        case Problem::none: break;
        case Problem::closed: return "the connection was closed by " + origin->url.host_port();
        case Problem::tls: return tls_ ? tls_.error_text() : "TLS failed";
        case Problem::proxy: return connect_ ? connect_->error_text() : "the proxy refused the connection";
        case Problem::truncated:
            return "TLS with " + origin->url.host_port() +
                   " ended without close_notify: the answer may be cut";
        }
        return {};
    }

    const Origin* origin;
    std::size_t origin_index;
    S socket;
    HttpReader reader;
    Problem problem = Problem::none;
    bool wrote_any = false; ///< a byte of the present request has left
    std::uint32_t exchanges = 0;
    TimePoint idle_since{};

private:
    void begin_tls() { tls_ = TlsSession(origin->tls, origin->url.host(), origin->url.host_port()); }

    void on_connect_answer(std::size_t n) {
        std::size_t used = 0;
        const std::string_view bytes(reader.prepare().data(), n);
        const auto status = n > 0 ? connect_->feed(bytes, used) : connect_->feed_eof();
        if (status == ConnectResponse::Status::refused) {
            fail(Problem::proxy);
        } else if (status == ConnectResponse::Status::done) {
            connect_.reset();
            raw_.clear(); // what the proxy was told is not for the server behind it
            sent_ = 0;
            if (origin->tls) {
                begin_tls();
                tls_.feed(bytes.substr(used));
            } else if (used < n) {
                fail(Problem::proxy); // a server that talks before it is asked
            }
        }
    }

    void decrypt() {
        for (;;) {
            const std::span<char> room = reader.prepare();
            std::size_t n = 0;
            switch (tls_.read(room.data(), room.size(), n)) {
            case TlsSession::Status::ok: reader.commit(n); break;
            case TlsSession::Status::want_input: return;
            case TlsSession::Status::eof: ended_ = true; return reader.commit_eof();
            case TlsSession::Status::truncated:
                // harmless if HTTP's own framing says the answer is complete; the reader decides
                ended_ = true;
                truncated_ = true;
                return;
            case TlsSession::Status::error: fail(Problem::tls); return;
            }
        }
    }

    Io fail(Problem why) noexcept {
        if (problem == Problem::none) problem = why;
        return Io::failed;
    }

    TlsSession tls_;
    std::optional<ConnectResponse> connect_;
    std::string raw_;      // plain bytes to send
    std::size_t sent_ = 0; // of raw_, without TLS
    bool encrypted_ = false;
    bool ended_ = false;
    bool unsent_ = false; // part of a request was never sent

public:
    bool truncated_ = false; ///< the TLS stream was cut
};

} // namespace baton::net
