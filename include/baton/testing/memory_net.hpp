// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/orchestrator/environment.hpp>
#include <baton/testing/fault_script.hpp>
#include <baton/testing/ledger.hpp>
#include <baton/testing/manual_clock.hpp>
#include <baton/testing/memory_world.hpp>
#include <baton/testing/served_request.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::testing {

/// The client's end of a connection in memory; used as net::TcpSocket is. Must not outlive its context.
template <class Ex>
class MemorySocket {
    using error_code = boost::system::error_code;

public:
    MemorySocket(std::shared_ptr<detail::World> world, const Ex& executor)
        : world_(std::move(world)), tenant_(detail::VirtualService::of(executor)), executor_(executor) {}
    MemorySocket(const MemorySocket&) = delete;
    MemorySocket& operator=(const MemorySocket&) = delete;
    ~MemorySocket() { close(); }

    template <class Done>
    void connect(const std::string& host, std::uint16_t port, Done done) {
        close();
        const auto executor = done.get_executor();
        link_ = world_->connect(
            host, port, *detail::make_pending<error_code>(std::move(done), executor, tenant_.service()));
    }
    std::size_t try_read(std::span<char> to, error_code& ec) {
        if (!link_) return closed(ec);
        return link_->try_read(to, ec);
    }
    std::size_t try_write(std::string_view from, error_code& ec) {
        if (!link_) return closed(ec);
        return link_->try_write(from, ec);
    }
    template <class Token>
    auto async_read(std::span<char> to, Token&& token) {
        return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
            [to](auto handler, MemorySocket* self) {
                auto& pending = self->make(std::move(handler));
                self->link_ ? self->link_->read(to, pending) : detail::abort_pending(pending);
            },
            token, this);
    }
    template <class Token>
    auto async_write(std::string_view from, Token&& token) {
        return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
            [from](auto handler, MemorySocket* self) {
                auto& pending = self->make(std::move(handler));
                self->link_ ? self->link_->write(from, pending) : detail::abort_pending(pending);
            },
            token, this);
    }
    void cancel() {
        if (link_) link_->cancel();
    }
    void close() {
        if (link_) std::exchange(link_, nullptr)->client_closes();
    }

private:
    static std::size_t closed(error_code& ec) noexcept {
        ec = boost::asio::error::bad_descriptor;
        return 0;
    }
    template <class Handler>
    auto& make(Handler handler) {
        return *detail::make_pending<error_code, std::size_t>(std::move(handler), executor_,
                                                              tenant_.service());
    }

    std::shared_ptr<detail::World> world_;
    detail::Tenant tenant_;
    Ex executor_;
    std::shared_ptr<detail::Link> link_;
};

/// `Transport<MemoryNet>`: vendors in memory and in virtual time. What each request is answered with is a
/// Script, as for FaultServer; only what is below HTTP differs (no TLS: https is carried as it is). A
/// handle: copies share one network. Not thread-safe.
///
///     testing::MemoryNet net(clock);
///     net.serve("openai.test", always(Behaviour(Answer("Rhine, Elbe", 4))));
///     Chat chat{io.get_executor(), clock, net, OpenAI::Options{.base_url = "http://openai.test/v1", ...}};
class MemoryNet {
public:
    using End = AnswerPlan::End;

    explicit MemoryNet(const ManualClock& clock) : world_(std::make_shared<detail::World>(clock)) {}

    template <class Ex>
    using Socket = MemorySocket<Ex>;
    template <class Ex>
    auto socket_maker(const Ex& executor) const {
        return [this, &executor] { return MemorySocket<Ex>(world_, executor); };
    }
    const NetSettings& settings() const noexcept { return settings_of(*world_); }
    /// To be set before the orchestrator is made, except for limits, which are read at each use.
    NetSettings& settings() noexcept { return settings_of(*world_); }

    /// Answers requests to `host` ("name" or "name:port", without a port: 80 and 443) by `script`.
    void serve(std::string_view host, Script script) { world_->serve(host, std::move(script)); }
    /// What happens to connections to `host`: the first is number 1. Default: accepted at once.
    void on_connect(std::string_view host, std::function<Accept(std::uint64_t number)> decide) {
        world_->on_connect(host, std::move(decide));
    }

    // Faults of bytes, for all connections, from now on.

    /// A read yields at most this many bytes; 0: no limit.
    void read_at_most(std::size_t bytes) { world_->read_cap = bytes; }
    /// A write takes at most this many bytes, and then none for `pause`; 0: no limit.
    void write_at_most(std::size_t bytes, Duration pause = std::chrono::milliseconds(1)) {
        world_->write_cap = bytes;
        world_->write_pause = pause;
    }
    /// Ends every answer before byte `at` (of header and body) with `end`.
    void cut(std::size_t at, End end) {
        world_->cut_at = at;
        world_->cut_end = end;
    }
    void uncut() { world_->cut_at = std::string::npos; }
    /// Lets the `k`th operation (connect, read or write; from 1) from now on fail with a reset; 0: none.
    void fail_operation(std::uint64_t k) {
        world_->operations = 0;
        world_->fail_at = k;
    }
    std::uint64_t operations() const noexcept { return world_->operations; }

    /// Closes all connections that no request occupies, as vendors do after a while.
    void close_idle(End how = End::close) { world_->close_idle(how); }

    // What happened.

    /// Requests, connections, bytes and tokens so far.
    const Ledger& ledger() const noexcept { return world_->ledger; }
    /// Every request in order of arrival, whole.
    const std::vector<ServedRequest>& requests() const noexcept { return world_->requests; }
    /// false: from now on neither whole requests nor, in the ledger, texts are kept; for long runs.
    void keep_requests(bool keep) { world_->keep_requests = keep; }
    /// The bytes of the last answer as they were planned (before `cut`).
    const std::string& last_answer() const noexcept { return world_->last_answer; }
    /// Connections the client holds open.
    std::size_t open() const noexcept { return world_->open; }
    /// Requests sent on a connection whose previous answer was not yet sent, or not yet read, to its end.
    /// Never right.
    std::uint64_t misused() const noexcept { return world_->misused; }

private:
    static NetSettings& settings_of(detail::World& world) noexcept { return world.settings; }

    std::shared_ptr<detail::World> world_;
};

} // namespace baton::testing
