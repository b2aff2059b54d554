// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/answer_plan.hpp>
#include <baton/testing/certificates.hpp>
#include <baton/testing/fault_server.hpp>
#include <baton/testing/impl/fault_session.ipp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/post.hpp>

#include <charconv>
#include <exception>
#include <future>
#include <set>
#include <thread>
#include <unordered_map>

namespace baton::testing {
namespace detail {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

inline net::TlsContext make_context(const FaultServer::Options& options, const TestAuthority& authority) {
    Certificate certificate;
    CertificateSpec other;
    other.dns.assign(1, "other.test");
    other.ips.clear();
    switch (options.tls) {
    case Tls::expired: certificate = authority.expired("127.0.0.1"); break;
    case Tls::not_yet_valid: certificate = authority.not_yet_valid("127.0.0.1"); break;
    case Tls::wrong_host: certificate = authority.issue(other); break;
    case Tls::self_signed: certificate = self_signed(); break;
    case Tls::unknown_authority: certificate = TestAuthority("another authority").issue(); break;
    default: certificate = authority.issue(); break;
    }
    if (!options.certificate_pem.empty()) {
        certificate.certificate_pem = options.certificate_pem;
        certificate.key_pem = options.key_pem;
    }
    net::TlsServerOptions server;
    if (options.tls == Tls::tls1_1) server.min = server.max = net::TlsVersion::tls1_1;
    return net::TlsContext::server(certificate.certificate_pem, certificate.key_pem, server);
}

} // namespace detail

struct FaultServer::Core : std::enable_shared_from_this<Core> {
    using Self = std::shared_ptr<Core>;
    using SessionPtr = std::shared_ptr<detail::Session>;
    template <class T>
    using Awaitable = detail::Awaitable<T>;

    Core(boost::asio::io_context& context, Script script_, Options options_)
        : io(context), acceptor(context), script(std::move(script_)), options(std::move(options_)) {
        namespace asio = boost::asio;
        const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), options.port);
        acceptor.open(endpoint.protocol());
        acceptor.set_option(asio::socket_base::reuse_address(true));
        acceptor.bind(endpoint);
        acceptor.listen();
        port = acceptor.local_endpoint().port();
        if (options.models.empty()) options.models.assign(1, "mock");
        if (options.tls == Tls::off) return;
        const TestAuthority authority;
        ca_pem = authority.pem();
        tls = detail::make_context(options, authority);
    }

    /// Its end, for whatever reason, is the end of the connection.
    class Presence {
    public:
        Presence(Self core, SessionPtr session) : core_(std::move(core)), session_(std::move(session)) {
            core_->sessions.insert(session_.get());
        }
        Presence(const Presence&) = delete;
        Presence& operator=(const Presence&) = delete;
        ~Presence() {
            core_->sessions.erase(session_.get());
            session_->abort(false);
            core_->book.closed(session_->number);
        }

    private:
        Self core_;
        SessionPtr session_;
    };

    // --- connections -------------------------------------------------------------------------------

    static Awaitable<void> accept_all(Self self) {
        namespace asio = boost::asio;
        detail::Timer timer(self->io.get_executor());
        while (self->acceptor.is_open()) {
            boost::system::error_code ec;
            detail::Socket socket(self->io.get_executor());
            co_await self->acceptor.async_accept(socket, detail::into(ec));
            if (!self->acceptor.is_open()) break;
            if (ec) { // out of descriptors, or the client has gone already
                timer.expires_after(std::chrono::milliseconds(1));
                co_await timer.async_wait(detail::into(ec));
                continue;
            }
            auto session = std::make_shared<detail::Session>(std::move(socket), self->book);
            asio::co_spawn(self->io, serve(self, session), asio::detached);
        }
    }

    static Awaitable<void> serve(Self self, SessionPtr session) {
        const Presence presence(self, session);
        if (self->stopped) co_return; // accepted just before
        const ConnectionFault fault = self->options.on_connection
                                          ? self->options.on_connection(session->number)
                                          : ConnectionFault::none;
        if (fault != ConnectionFault::none) {
            co_await break_connection(*session, fault);
            co_return;
        }
        if (self->tls) {
            const bool established = co_await session->handshake(self->tls);
            if (!established) co_return;
        }
        for (bool more = true; more;) more = co_await serve_one(self, session);
    }

    static Awaitable<void> break_connection(detail::Session& session, ConnectionFault fault) {
        if (fault == ConnectionFault::reset) session.abort(true);
        if (fault == ConnectionFault::silence) {
            co_await session.drain();
        } else if (fault == ConnectionFault::handshake_eof || fault == ConnectionFault::handshake_garbage) {
            co_await session.receive_raw();
            const std::string garbage = "SSH-2.0-this_is_no_TLS\r\n";
            if (fault == ConnectionFault::handshake_garbage) co_await session.send_raw(garbage);
            session.finish_sending();
        }
    }

    // --- requests ----------------------------------------------------------------------------------

    /// One request and its answer; false if it was the connection's last.
    static Awaitable<bool> serve_one(Self self, SessionPtr session) {
        Core& core = *self;
        ServedRequest request;
        request.connection = session->number;
        request.on_connection = session->requests + 1;
        RequestParser parser;
        for (;;) {
            const RequestParser::Status status = parser.parse(session->in, request);
            if (status == RequestParser::Status::complete) break;
            bool go_on = true;
            if (status == RequestParser::Status::need_more) {
                go_on = co_await session->receive();
            } else if (status == RequestParser::Status::bad) {
                go_on = co_await refuse(core, *session, parser.problem());
            } else if (request.method == "CONNECT" && core.options.proxy) {
                go_on = co_await tunnel(self, session, request.target);
            } else {
                request.classify(false);
                request.number = core.next_number;
                std::optional<Behaviour> early;
                if (core.options.early) early = core.options.early(request);
                if (early) {
                    go_on = co_await answer(core, *session, request, *early);
                    co_await session->say_goodbye(core.options.close_notify);
                    co_await session->drain();
                    co_return false;
                }
                const std::string go = parser.expects_continue() ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
                if (!go.empty()) go_on = co_await session->send(go);
            }
            if (!go_on) co_return false;
        }
        request.classify(true);
        const Behaviour behaviour = core.ask_script(request);
        const bool more = co_await answer(core, *session, request, behaviour);
        co_return more;
    }

    /// Gives the request its numbers and asks what to do with it.
    Behaviour ask_script(ServedRequest& request) {
        request.attempt = request.id.empty() ? 0 : attempts[request.id]++;
        request.number = next_number;
        try {
            return script(request);
        } catch (const std::exception& e) {
            return Behaviour(
                CannedResponse(500, std::string("the script threw: ") + e.what(), {}, "text/plain"));
        }
    }

    static Awaitable<bool> refuse(Core& core, detail::Session& session, std::string_view problem) {
        core.book.count(&Ledger::Totals::bad_requests);
        std::string text = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\n";
        text.append("content-length: ")
            .append(std::to_string(problem.size()))
            .append("\r\n\r\n")
            .append(problem);
        co_await session.send(text);
        co_await session.say_goodbye(core.options.close_notify);
        co_await session.drain();
        co_return false;
    }

    /// Plays the plan of an answer; false if the connection is over.
    static Awaitable<bool> answer(Core& core, detail::Session& session, ServedRequest& request,
                                  const Behaviour& behaviour) {
        using End = AnswerPlan::End;
        request.number = core.next_number++;
        ++session.requests;
        const AnswerPlan plan = make_plan(request, behaviour, core.options.models);
        core.book.begin(request, behaviour, plan);
        std::size_t sent = 0, mark = 0;
        bool alive = true;
        for (const AnswerPlan::Step& step : plan.steps) {
            co_await session.pause(step.pause);
            // Before the bytes leave: a client that has them must find them in the ledger.
            core.book.progress(request, plan, step.end, mark);
            const std::string_view slice = std::string_view(plan.bytes).substr(sent, step.end - sent);
            alive = co_await session.send(slice);
            if (!alive) break;
            sent = step.end;
        }
        const bool junk = alive && !plan.below_tls.empty();
        if (junk) alive = co_await session.send_raw(plan.below_tls);
        if (alive) co_await session.pause(plan.end_pause);
        core.book.finish(request, alive);
        if (!alive) co_return false;
        if (plan.end == End::keep) co_return true;
        co_await end_connection(core, session, plan.end);
        co_return false;
    }

    static Awaitable<void> end_connection(Core& core, detail::Session& session, AnswerPlan::End end) {
        using End = AnswerPlan::End;
        boost::system::error_code ec;
        switch (end) {
        case End::reset: session.abort(true); break;
        case End::hold: co_await session.drain(); break;
        case End::close_on_next:
            co_await session.socket.async_wait(boost::asio::socket_base::wait_read, detail::into(ec));
            if (!ec && session.socket.available(ec) > 0) {
                core.book.count(&Ledger::Totals::closed_on_arrival);
                co_await session.receive_raw(); // what is unread would turn the close into a reset
            }
            session.finish_sending();
            break;
        default: co_await session.say_goodbye(core.options.close_notify); break;
        }
    }

    // --- proxy -------------------------------------------------------------------------------------

    static Awaitable<bool> tunnel(Self self, SessionPtr session, std::string authority) {
        namespace asio = boost::asio;
        Core& core = *self;
        core.book.tunnel(authority);
        boost::system::error_code ec;
        std::uint16_t port = 0;
        const std::size_t colon = authority.rfind(':') + 1; // 0 if there is none
        std::from_chars(authority.data() + colon, authority.data() + authority.size(), port);
        int status = core.options.connect_status;
        if (status / 100 == 2) {
            const asio::ip::tcp::endpoint target(asio::ip::address_v4::loopback(), port);
            co_await session->upstream.async_connect(target, detail::into(ec));
            if (ec) status = 502;
        }
        const bool open = status / 100 == 2;
        const std::string reply =
            "HTTP/1.1 " + std::to_string(status) +
            (open ? " Connection Established\r\n\r\n" : " No\r\ncontent-length: 0\r\n\r\n");
        const bool sent = co_await session->send_raw(reply);
        if (!open) {
            session->requests += 1;
            co_await session->say_goodbye(core.options.close_notify);
            co_return false;
        }
        if (!sent) co_return false;
        session->upstream.set_option(asio::ip::tcp::no_delay(true), ec);
        co_await asio::async_write(session->upstream, asio::buffer(session->in), detail::into(ec));
        session->in.clear();
        asio::co_spawn(core.io, pump_back(self, session), asio::detached);
        while (!ec) {
            const std::size_t n = co_await session->receive_raw();
            if (n == 0) break;
            co_await asio::async_write(session->upstream, asio::buffer(session->buffer.data(), n),
                                       detail::into(ec));
        }
        session->upstream.shutdown(asio::socket_base::shutdown_send, ec);
        while (!session->pumped_back) { // the timer is only something to wait for
            session->timer.expires_at(std::chrono::steady_clock::time_point::max());
            co_await session->timer.async_wait(detail::into(ec));
        }
        co_return false;
    }

    /// What the far end of the tunnel says, to the client. `self` keeps the session's book alive.
    static Awaitable<void> pump_back([[maybe_unused]] Self self, SessionPtr session) {
        boost::system::error_code ec;
        std::vector<char> bytes(16 * 1024);
        for (bool sent = true; sent;) {
            const std::size_t n =
                co_await session->upstream.async_read_some(boost::asio::buffer(bytes), detail::into(ec));
            if (ec) break;
            sent = co_await session->send_raw(std::string_view(bytes.data(), n));
        }
        if (ec == boost::asio::error::eof) {
            session->finish_sending();
        } else {
            session->abort(true);
        }
        session->pumped_back = true;
        session->timer.cancel();
    }

    // --- the server's life -------------------------------------------------------------------------

    /// Runs `f` where the sessions live, and waits for it.
    template <class F>
    void run_there(F f) {
        if (!thread.joinable() || std::this_thread::get_id() == thread.get_id()) return f();
        std::promise<void> done;
        boost::asio::post(io, [&] {
            f();
            done.set_value();
        });
        done.get_future().wait();
    }
    void close_port() {
        boost::system::error_code ignored;
        acceptor.close(ignored);
    }
    void abort_all(bool reset) {
        for (detail::Session* session : sessions) session->abort(reset);
    }
    void stop() {
        run_there([this] {
            stopped = true;
            close_port();
            abort_all(false);
        });
        work.reset();
        if (thread.joinable()) thread.join();
    }

    std::unique_ptr<boost::asio::io_context> own; // first: it must outlive everything else here
    detail::LedgerBook book;
    boost::asio::io_context& io;
    std::optional<boost::asio::executor_work_guard<detail::Executor>> work;
    detail::Acceptor acceptor;
    std::thread thread;
    Script script;
    Options options;
    net::TlsContext tls;
    std::string ca_pem;
    std::uint16_t port = 0;
    std::set<detail::Session*> sessions;                     // the thread of `io` only, as the next three
    std::unordered_map<std::string, std::uint64_t> attempts; // by id
    std::uint64_t next_number = 1;
    bool stopped = false;
};

BATON_DECL FaultServer::FaultServer(Script script, Options options) {
    auto own = std::make_unique<boost::asio::io_context>(1);
    core_ = std::make_shared<Core>(*own, std::move(script), std::move(options));
    core_->own = std::move(own);
    core_->work.emplace(core_->io.get_executor());
    boost::asio::co_spawn(core_->io, Core::accept_all(core_), boost::asio::detached);
    core_->thread = std::thread([&io = core_->io] { io.run(); });
}

BATON_DECL FaultServer::FaultServer(boost::asio::io_context& io, Script script, Options options)
    : core_(std::make_shared<Core>(io, std::move(script), std::move(options))) {
    boost::asio::co_spawn(io, Core::accept_all(core_), boost::asio::detached);
}

BATON_DECL FaultServer::~FaultServer() { stop(); }

BATON_DECL std::uint16_t FaultServer::port() const noexcept { return core_->port; }

BATON_DECL std::string FaultServer::url(std::string_view path) const {
    std::string url = core_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:";
    return url.append(std::to_string(core_->port)).append(path);
}

BATON_DECL const std::string& FaultServer::ca_pem() const noexcept { return core_->ca_pem; }

BATON_DECL Ledger FaultServer::ledger() const { return core_->book.copy(); }

BATON_DECL Ledger::Totals FaultServer::totals() const { return core_->book.totals(); }

BATON_DECL bool FaultServer::wait(const std::function<bool(const Ledger::Totals&)>& done,
                                  std::chrono::milliseconds limit) const {
    return core_->book.wait(done, limit);
}

BATON_DECL void FaultServer::stop_accepting() {
    core_->run_there([this] { core_->close_port(); });
}

BATON_DECL void FaultServer::drop_connections() {
    core_->run_there([this] { core_->abort_all(true); });
}

BATON_DECL void FaultServer::stop() { core_->stop(); }

BATON_DECL std::uint16_t closed_port() {
    namespace asio = boost::asio;
    asio::io_context io;
    const asio::ip::tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
    const detail::Acceptor acceptor(io, any); // not reused soon: the system hands out ports in turn
    return acceptor.local_endpoint().port();
}

} // namespace baton::testing
