// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "framing.hpp"

#include <baton/net/tls.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
using Clock = std::chrono::steady_clock;

/// How long a client may take, and how much it may want. Limits of one server thread.
struct ServerLimits {
    FramingLimits framing;
    std::size_t max_connections = 10'000;
    std::chrono::milliseconds head{10'000};    ///< from a request's first byte to the end of its head
    std::chrono::milliseconds body{30'000};    ///< for a body, and what it takes at the slowest rate besides
    std::chrono::milliseconds write{30'000};   ///< for the client to take what is sent
    std::chrono::milliseconds idle{75'000};    ///< between two requests
    static constexpr std::size_t slowest = 16; ///< bytes of a body in a millisecond, on average
};

class HttpServer;

/// One client's connection, on the thread of its server. A read is always under way, also while a request is
/// answered: that is how a client's leaving is noticed at once, and it is the first read of the next request.
class Connection
    : public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter>,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
    using Ptr = boost::intrusive_ptr<Connection>;

    inline Connection(HttpServer& server, Socket socket);

    const HttpRequest& request() const noexcept { return request_; }
    HttpRequest& request() noexcept { return request_; }
    bool gone() const noexcept { return gone_; }
    bool keep_alive() const noexcept { return request_.keep_alive && !last_ && !abort_; }
    bool secure() const noexcept { return static_cast<bool>(tls_); }

    /// Sends `bytes`, or as many as the client takes now; the rest waits for drain(). True: all are on the
    /// way.
    inline bool send(std::string_view bytes);
    /// Until everything is on the way. False: the client has gone, or is too slow.
    inline Task<bool> drain();
    /// After this answer the connection is closed: with or without a proper end.
    void close_after() noexcept { request_.keep_alive = false; }
    void abort_after() noexcept { abort_ = true; }

    inline void start();
    inline void check(Clock::time_point now);
    inline void shut_down(); ///< no further request; what is under way may end
    inline void abort();

private:
    static constexpr std::size_t most_pipelined = 64 * 1024;

    inline void read();
    inline void on_read(boost::system::error_code ec, std::size_t n);
    inline bool take_plain(std::string_view bytes);
    inline void next();
    inline void begin();
    inline void finished();
    inline void leave();
    inline void lost();
    void expect(std::chrono::milliseconds time) noexcept { deadline_ = Clock::now() + time; }
    inline bool flush();

    HttpServer& server_;
    Socket socket_;
    baton::net::TlsSession tls_;
    RequestParser parser_;
    HttpRequest request_;
    std::string in_;  // received and not yet parsed
    std::string out_; // to be sent
    std::size_t sent_ = 0;
    Clock::time_point deadline_, body_begun_;
    asio::cancellation_signal cancel_;
    bool busy_ = false, gone_ = false, leaving_ = false, abort_ = false, last_ = false, handshaking_ = false,
         mid_request_ = false;
    std::array<char, 2048> buffer_;
};

/// Accepts and serves connections on one thread. `Service` answers one request: it reads connection.request()
/// and sends the whole response; its cancellation means that the client has gone.
class HttpServer {
public:
    using Service = std::function<Task<void>(Connection&)>;
    /// What is answered to bytes that are no request.
    using Refusal = std::function<std::string(int status, std::string_view why)>;
    /// Whether a body that has not come yet is waited for. False: it has sent the answer instead.
    using Welcome = std::function<bool(Connection&)>;

    HttpServer(asio::io_context& io, const ServerLimits& limits, Service service, Refusal refusal,
               Welcome welcome)
        : limits(limits), io_(io), service(std::move(service)), refusal(std::move(refusal)),
          welcome(std::move(welcome)), acceptor_(io.get_executor()), timer_(io.get_executor()),
          retry_(io.get_executor()), scratch(64 * 1024) {}
    ~HttpServer() { connections.clear(); }

    /// Throws boost::system::system_error. Several servers may listen on one port; `first`: of which no other
    /// may do so yet. The address is bound without sharing then, and opened to the others of this process
    /// before any of another could have it: there is no moment in which two first ones succeed.
    void listen(const asio::ip::tcp::endpoint& where, bool first) {
        using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
        acceptor_.open(where.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        if (!first) acceptor_.set_option(reuse_port(true));
        acceptor_.bind(where);
        if (first) acceptor_.set_option(reuse_port(true));
        acceptor_.listen(1024);
        acceptor_.non_blocking(true);
        accept();
        tick();
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// Accepts no more; connections end with the request they are at, and then the io_context is stopped.
    void drain() {
        draining = true;
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        retry_.cancel();
        for (auto at = connections.begin(); at != connections.end();) (at++)->shut_down();
        if (connections.empty()) io_.stop();
    }
    void abort() {
        for (auto at = connections.begin(); at != connections.end();) (at++)->abort();
    }
    void tls(baton::net::TlsContext context) { tls_ = std::move(context); }
    const baton::net::TlsContext& tls() const noexcept { return tls_; }
    std::size_t open() const noexcept { return open_; }

    ServerLimits limits; ///< may be changed between requests

private:
    friend class Connection;

    void accept() {
        acceptor_.async_accept([this](boost::system::error_code ec, Connection::Socket socket) {
            if (ec == asio::error::operation_aborted || !acceptor_.is_open()) return;
            if (ec) { // no descriptors left, most likely: ask again a little later
                retry_.expires_after(std::chrono::milliseconds(50));
                retry_.async_wait([this](boost::system::error_code cancelled) {
                    if (!cancelled && acceptor_.is_open()) accept();
                });
                return;
            }
            if (open_ < limits.max_connections) {
                Connection::Ptr made(new Connection(*this, std::move(socket)));
                connections.push_back(*made);
                made->start();
            }
            accept();
        });
    }
    // One timer for all connections: their limits are seconds.
    void tick() {
        timer_.expires_after(std::chrono::milliseconds(250));
        timer_.async_wait([this](boost::system::error_code cancelled) {
            if (cancelled) return;
            const auto now = Clock::now();
            for (auto at = connections.begin(); at != connections.end();) (at++)->check(now);
            tick();
        });
    }

    asio::io_context& io_;
    Service service;
    Refusal refusal;
    Welcome welcome;
    baton::net::TlsContext tls_;
    asio::basic_socket_acceptor<asio::ip::tcp, Executor> acceptor_;
    asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer_, retry_;
    std::vector<char> scratch; // for reads that fill a connection's own buffer
    boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections;
    std::size_t open_ = 0;
    bool draining = false;
};

// ---- Connection

inline Connection::Connection(HttpServer& server, Socket socket)
    : server_(server), socket_(std::move(socket)), parser_(server_.limits.framing) {
    ++server_.open_;
}

inline void Connection::start() {
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    if (server_.tls_) {
        tls_ = baton::net::TlsSession::accept(server_.tls_);
        handshaking_ = true;
    }
    expect(server_.limits.head);
    read();
}

inline void Connection::read() {
    socket_.async_read_some(
        asio::buffer(buffer_),
        [self = Ptr(this)](boost::system::error_code ec, std::size_t n) { self->on_read(ec, n); });
}

inline void Connection::on_read(boost::system::error_code ec, std::size_t n) {
    if (ec) return lost();
    bool good = take_plain({buffer_.data(), n});
    // A full buffer: more is likely to be there, and in larger pieces.
    for (int turns = 0; good && n == buffer_.size() && turns < 8; ++turns) {
        n = socket_.read_some(asio::buffer(server_.scratch), ec);
        if (ec == asio::error::would_block || ec == asio::error::try_again) break;
        if (ec) return lost();
        good = take_plain({server_.scratch.data(), n});
        n = n == server_.scratch.size() ? buffer_.size() : 0;
    }
    if (!good || (busy_ && in_.size() > most_pipelined)) return lost();
    if (!busy_ && !leaving_ && !handshaking_) next();
    if (socket_.is_open()) read();
}

/// Bytes from the socket, decrypted where they need to be. False: the connection is over.
inline bool Connection::take_plain(std::string_view bytes) {
    if (leaving_) return true; // read and forgotten
    if (!tls_) {
        in_ += bytes;
        return true;
    }
    using Status = baton::net::TlsSession::Status;
    tls_.feed(bytes);
    if (handshaking_) {
        const Status status = tls_.handshake();
        flush();
        if (status == Status::want_input) return true;
        if (status != Status::ok) return false;
        handshaking_ = false;
    }
    for (char plain[4096];;) {
        std::size_t n = 0;
        const Status status = tls_.read(plain, sizeof plain, n);
        in_.append(plain, n);
        if (n > 0 && status == Status::ok) continue;
        flush();
        return status == Status::ok || status == Status::want_input;
    }
}

/// Begins the next request, if it is there.
inline void Connection::next() {
    const bool in_body = parser_.in_body();
    const RequestParser::Status status = parser_.parse(in_, request_);
    if (status == RequestParser::Status::complete) return begin();
    if (status == RequestParser::Status::bad) {
        send(server_.refusal(parser_.status(), parser_.problem()));
        return leave();
    }
    if (parser_.in_body() && !in_body) {
        if (!server_.welcome(*this)) return leave();
        body_begun_ = Clock::now();
    }
    if (parser_.take_expectation()) send("HTTP/1.1 100 Continue\r\n\r\n");
    if (last_ && in_.empty()) return leave();
    if (parser_.in_body()) {
        // Not from read to read: a byte now and then would hold the connection for ever.
        deadline_ =
            body_begun_ + server_.limits.body + std::chrono::milliseconds(in_.size() / ServerLimits::slowest);
        if (!in_body) in_.reserve(in_.size() + std::min<std::size_t>(parser_.expected(in_.size()), 1 << 20));
    } else if (!in_.empty() && !std::exchange(mid_request_, true)) {
        expect(server_.limits.head);
    }
}

inline void Connection::begin() {
    busy_ = true;
    mid_request_ = false;
    deadline_ = Clock::time_point::max();
    asio::co_spawn(
        socket_.get_executor(), server_.service(*this),
        asio::bind_cancellation_slot(cancel_.slot(), [self = Ptr(this)](std::exception_ptr failure) {
            if (failure) self->gone_ = true; // cancelled, or out of memory: nothing can be said any more
            self->finished();
        }));
}

/// The answer is sent, or the client has gone.
inline void Connection::finished() {
    busy_ = false;
    if (gone_ || abort_) return abort();
    if (!request_.keep_alive || last_) return leave();
    expect(server_.limits.idle);
    if (!in_.empty()) next();
}

inline bool Connection::flush() {
    boost::system::error_code ec;
    if (tls_) {
        out_.append(tls_.output());
        tls_.consume_output(tls_.output().size());
    }
    while (sent_ < out_.size()) {
        const std::size_t n = socket_.write_some(asio::buffer(out_.data() + sent_, out_.size() - sent_), ec);
        if (ec && ec != asio::error::would_block && ec != asio::error::try_again) gone_ = true;
        if (ec) return false;
        sent_ += n;
    }
    out_.clear();
    sent_ = 0;
    return true;
}

inline bool Connection::send(std::string_view bytes) {
    if (gone_) return false;
    if (tls_) {
        std::size_t n = 0;
        if (tls_.write(bytes, n) != baton::net::TlsSession::Status::ok) {
            gone_ = true;
            return false;
        }
        return flush();
    }
    if (out_.empty()) {
        boost::system::error_code ec;
        const std::size_t n = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec);
        if (!ec && n == bytes.size()) return true;
        bytes.remove_prefix(n);
    }
    out_ += bytes;
    return flush();
}

inline Task<bool> Connection::drain() {
    while (!gone_ && !flush()) {
        expect(server_.limits.write);
        const auto done =
            co_await socket_.async_wait(asio::socket_base::wait_write, asio::as_tuple(asio::deferred));
        deadline_ = Clock::time_point::max();
        if (std::get<0>(done)) gone_ = true;
    }
    co_return !gone_;
}

/// The client has left, or must.
inline void Connection::lost() {
    gone_ = true;
    if (busy_) {
        boost::system::error_code ignored;
        socket_.cancel(ignored);
        cancel_.emit(asio::cancellation_type::terminal); // the call upstream ends with it
    } else {
        abort();
    }
}

/// Ends the connection properly: what was sent must arrive, so what the client still sends is read until it
/// closes, too (closing a socket with unread bytes resets it and may destroy the answer on its way).
inline void Connection::leave() {
    if (leaving_) return;
    leaving_ = true;
    if (tls_) tls_.close_notify();
    flush();
    boost::system::error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    if (ignored) return abort();
    expect(std::chrono::milliseconds(2'000));
}

inline void Connection::abort() {
    gone_ = true;
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (busy_) return cancel_.emit(asio::cancellation_type::terminal);
    if (is_linked()) {
        --server_.open_;
        unlink();
        if (server_.draining && server_.connections.empty()) server_.io_.stop();
    }
}

inline void Connection::shut_down() {
    last_ = true;
    if (!busy_ && !leaving_ && in_.empty()) leave();
}

inline void Connection::check(Clock::time_point now) {
    if (now < deadline_) return;
    if (!busy_ && !leaving_ && !handshaking_ && (mid_request_ || parser_.in_body())) {
        send(server_.refusal(408, "the request took too long"));
        return leave();
    }
    abort();
}

} // namespace gateway
