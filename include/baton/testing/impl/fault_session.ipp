// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/tls.hpp>
#include <baton/testing/impl/ledger_book.ipp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace baton::testing::detail {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

inline auto into(boost::system::error_code& ec) {
    return asio::redirect_error(asio::use_awaitable_t<Executor>(), ec);
}

/// One connection of a FaultServer: bytes in and out, through TLS if there is any. Its coroutines must not
/// outlive it. What it moves is entered into the book.
class Session {
public:
    Session(Socket accepted, LedgerBook& book)
        : socket(std::move(accepted)), timer(socket.get_executor()), upstream(socket.get_executor()),
          book_(book) {
        boost::system::error_code ignored;
        socket.set_option(asio::ip::tcp::no_delay(true), ignored); // each write is a packet of its own
        number = book_.opened();
    }

    /// Sends as it is, even where there is TLS.
    Awaitable<bool> send_raw(std::string_view bytes) {
        boost::system::error_code ec;
        book_.sent(number, bytes.size());
        co_await asio::async_write(socket, asio::buffer(bytes.data(), bytes.size()), into(ec));
        co_return !ec;
    }
    /// False if the client has gone.
    Awaitable<bool> send(std::string_view bytes) {
        bool sent = false;
        if (!tls) {
            sent = co_await send_raw(bytes);
            co_return sent;
        }
        std::size_t n = 0;
        if (tls.write(bytes, n) == TlsStatus::ok) sent = co_await flush();
        co_return sent;
    }
    /// Bytes from the socket into `buffer`; 0 when there will be no more.
    Awaitable<std::size_t> receive_raw() {
        boost::system::error_code ec;
        const std::size_t n =
            co_await socket.async_read_some(asio::buffer(buffer.data(), buffer.size()), into(ec));
        if (n > 0) book_.received(number, n);
        co_return ec ? 0 : n;
    }
    /// Appends to `in`; false when there will be no more.
    Awaitable<bool> receive() {
        std::size_t n = 0;
        if (!tls) {
            n = co_await receive_raw();
            in.append(buffer.data(), n);
            co_return n > 0;
        }
        for (;;) {
            const TlsStatus status = tls.read(buffer.data(), buffer.size(), n);
            in.append(buffer.data(), n);
            const bool flushed = co_await flush(); // key updates, alerts
            if (n > 0) co_return true;
            if (!flushed || status != TlsStatus::want_input) co_return false;
            co_await feed();
        }
    }
    /// Reads and forgets, until the client leaves.
    Awaitable<void> drain() {
        for (std::size_t n = 1; n > 0;) n = co_await receive_raw();
    }
    Awaitable<bool> handshake(const net::TlsContext& context) {
        tls = net::TlsSession::accept(context);
        for (;;) {
            const TlsStatus status = tls.handshake();
            const bool flushed = co_await flush();
            if (status == TlsStatus::ok && flushed) break;
            if (status != TlsStatus::want_input || !flushed) {
                book_.count(&Ledger::Totals::handshakes_failed);
                co_return false;
            }
            co_await feed();
        }
        book_.count(&Ledger::Totals::handshakes);
        co_return true;
    }
    Awaitable<void> pause(Duration time) {
        if (time <= Duration::zero()) co_return;
        boost::system::error_code ec;
        timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(time));
        co_await timer.async_wait(into(ec));
    }

    /// Ends what we send, in order.
    Awaitable<void> say_goodbye(bool close_notify) {
        if (tls && close_notify) {
            tls.close_notify();
            co_await flush();
        }
        finish_sending();
    }
    void finish_sending() {
        boost::system::error_code ignored;
        socket.shutdown(asio::socket_base::shutdown_send, ignored);
    }
    /// Ends whatever is under way; the coroutine that waits for it finds out.
    void abort(bool reset) {
        boost::system::error_code ignored;
        if (reset) socket.set_option(asio::socket_base::linger(true, 0), ignored);
        socket.close(ignored);
        upstream.close(ignored);
        timer.cancel();
    }

    std::uint64_t number = 0;
    std::uint64_t requests = 0;
    Socket socket;
    Timer timer;
    Socket upstream; // the far end of a CONNECT tunnel
    bool pumped_back = false;
    net::TlsSession tls;
    std::string in; // received and not yet parsed
    std::vector<char> buffer = std::vector<char>(16 * 1024);

private:
    using TlsStatus = net::TlsSession::Status;

    Awaitable<bool> flush() {
        bool sent = true;
        while (sent && !tls.output().empty()) {
            const std::string bytes(tls.output()); // the view would not survive the wait
            tls.consume_output(bytes.size());
            sent = co_await send_raw(bytes);
        }
        co_return sent;
    }
    Awaitable<void> feed() {
        const std::size_t n = co_await receive_raw();
        if (n == 0) {
            tls.feed_eof();
        } else {
            tls.feed({buffer.data(), n});
        }
    }

    LedgerBook& book_;
};

} // namespace baton::testing::detail
