// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::net {

/// A socket as the orchestrator uses one: connect by name, try to read or write without waiting, or
/// wait for it. Who satisfies it: TcpSocket, testing::MemorySocket. TLS and HTTP are byte transformers
/// above it, so every socket runs the same code.
template <class S>
concept Socket = requires(S s, std::span<char> in, std::string_view out, boost::system::error_code ec) {
    { s.try_read(in, ec) } -> std::same_as<std::size_t>;   // would_block when there is nothing
    { s.try_write(out, ec) } -> std::same_as<std::size_t>; // would_block when nothing fits
    s.cancel();
    s.close();
};

/// TCP, connected by host name and port. Connecting runs beside the call that asked for it: a resolver
/// cannot be interrupted while it asks the system, so the call does not wait for its answer to cancel.
template <class Ex>
class TcpSocket {
    using Native = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Ex>;
    using Endpoint = boost::asio::ip::tcp::endpoint;
    using error_code = boost::system::error_code;

public:
    explicit TcpSocket(const Ex& executor) : native_(executor) {}
    TcpSocket(const TcpSocket&) = delete;
    TcpSocket& operator=(const TcpSocket&) = delete;
    ~TcpSocket() { close(); }

    /// Starts connecting; `done(error_code)` runs on its associated executor, unless the socket is
    /// closed first. Every address of the name is tried in turn. Where other threads may close the socket
    /// meanwhile, `done.guard().lock()` holds them off.
    template <class Done>
    void connect(const std::string& host, std::uint16_t port, Done done) {
        close();
        auto* attempt = new Attempt<Done>(*this, std::move(done), port);
        attempt_ = attempt;
        attempt->start(host);
    }

    std::size_t try_read(std::span<char> to, error_code& ec) {
        return native_.read_some(boost::asio::buffer(to.data(), to.size()), ec);
    }
    std::size_t try_write(std::string_view from, error_code& ec) {
        return native_.write_some(boost::asio::buffer(from.data(), from.size()), ec);
    }
    template <class Token>
    auto async_read(std::span<char> to, Token&& token) {
        return native_.async_read_some(boost::asio::buffer(to.data(), to.size()), std::forward<Token>(token));
    }
    template <class Token>
    auto async_write(std::string_view from, Token&& token) {
        return native_.async_write_some(boost::asio::buffer(from.data(), from.size()),
                                        std::forward<Token>(token));
    }

    /// Ends a wait under way with operation_aborted; the connection stays as it is.
    void cancel() {
        error_code ignored;
        native_.cancel(ignored);
    }
    void close() {
        if (attempt_) attempt_->abandon();
        attempt_.reset();
        error_code ignored;
        native_.close(ignored);
    }

private:
    // Outlives the TcpSocket while Asio holds its handler; abandoned, it ends without calling anyone.
    struct AttemptBase : boost::intrusive_ref_counter<AttemptBase> {
        virtual ~AttemptBase() = default; // once per connection, not per call
        virtual void abandon() = 0;
    };

    template <class Done>
    struct Attempt final : AttemptBase {
        using DoneExecutor = typename Done::executor_type;

        Attempt(TcpSocket& owner, Done done, std::uint16_t port)
            : owner(&owner), guard(done.guard()), done(std::move(done)), port(port),
              resolver(owner.native_.get_executor()) {}

        void start(const std::string& host) {
            error_code ec;
            const auto literal = boost::asio::ip::make_address(host, ec);
            if (!ec) {
                endpoints.emplace_back(literal, port);
                next(error_code());
                return;
            }
            resolver.async_resolve(host, std::to_string(port),
                                   bound([self = self()](const error_code& failed, const auto& found) {
                                       const auto lock = self->guard.lock();
                                       if (!self->owner) return;
                                       for (const auto& entry : found)
                                           self->endpoints.push_back(entry.endpoint());
                                       self->next(failed);
                                   }));
        }

        void next(error_code last) {
            if (at == endpoints.size()) return finish(last ? last : boost::asio::error::host_not_found);
            Native& socket = owner->native_;
            error_code ignored;
            socket.close(ignored);
            socket.async_connect(endpoints[at++], bound([self = self()](const error_code& failed) {
                                     const auto lock = self->guard.lock();
                                     if (!self->owner) return;
                                     if (failed) return self->next(failed);
                                     self->finish(error_code());
                                 }));
        }

        void finish(error_code ec) {
            if (!ec) {
                Native& socket = owner->native_;
                error_code ignored;
                socket.non_blocking(true, ignored);
                socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
                socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
            }
            Done call = std::move(*done);
            TcpSocket* socket = owner;
            abandon();
            socket->attempt_.reset(); // may destroy *this; nothing of it is used below
            call(ec);
        }

        void abandon() override {
            owner = nullptr;
            done.reset();
            resolver.cancel();
        }

        boost::intrusive_ptr<Attempt> self() { return boost::intrusive_ptr<Attempt>(this); }
        template <class F>
        auto bound(F f) {
            return boost::asio::bind_executor(done->get_executor(), std::move(f));
        }

        TcpSocket* owner;
        const decltype(std::declval<const Done&>().guard()) guard; // outlives `done`
        std::optional<Done> done;
        std::uint16_t port;
        boost::asio::ip::basic_resolver<boost::asio::ip::tcp, Ex> resolver;
        std::vector<Endpoint> endpoints;
        std::size_t at = 0;
    };

    Native native_;
    boost::intrusive_ptr<AttemptBase> attempt_;
};

} // namespace baton::net
