// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The fault server over real sockets, seen by a client that knows nothing but sockets (and, for https, TLS).
#include <boost/test/unit_test.hpp>

#include <baton/net/tls.hpp>
#include <baton/testing/black_hole.hpp>
#include <baton/testing/fault_server.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <charconv>
#include <map>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(fault_server)

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Totals = Ledger::Totals;
using TlsStatus = net::TlsSession::Status;

namespace {

std::string body_for(bool stream, std::string_view prompt) {
    return std::string(R"({"model":"m","max_tokens":9,)") + (stream ? R"("stream":true,)" : "") +
           R"("messages":[{"role":"user","content":")" + std::string(prompt) + R"("}]})";
}
std::string request_bytes(bool stream, std::string_view prompt,
                          std::string_view path = "/v1/chat/completions", std::string_view headers = {}) {
    const std::string body = body_for(stream, prompt);
    std::string bytes("POST ");
    bytes.append(path).append(" HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n").append(headers);
    bytes.append("content-length: ").append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    return bytes;
}

/// The content of every event of an OpenAI stream, joined; for what our own encoder wrote without escapes.
std::string spoken(std::string_view bytes) {
    std::string text;
    constexpr std::string_view start = R"("delta":{"content":")";
    for (std::size_t at = bytes.find(start); at != std::string_view::npos; at = bytes.find(start, at)) {
        at += start.size();
        const std::size_t end = bytes.find('"', at);
        if (end == std::string_view::npos || bytes.find("\n\n", end) == std::string_view::npos) break;
        text += bytes.substr(at, end - at);
    }
    return text;
}

/// A blocking socket. A read gives up after `patience`, so that a hanging server fails a test.
class RawClient {
public:
    explicit RawClient(std::uint16_t port, std::chrono::milliseconds patience = 20s) : socket_(io_) {
        socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port), ec);
        socket_.set_option(tcp::no_delay(true), ignored_);
        const timeval time{patience.count() / 1000, (patience.count() % 1000) * 1000};
        ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    }
    void send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ec); }
    /// The next bytes; "" at the end, with its reason in `ec`.
    std::string receive() {
        char bytes[16384];
        const ssize_t n = ::recv(socket_.native_handle(), bytes, sizeof bytes, 0); // Asio would wait for ever
        ec.clear();
        if (n == 0) ec = asio::error::eof;
        if (n < 0) ec.assign(errno, boost::system::system_category());
        return std::string(bytes, n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    std::string receive_all() {
        std::string all, piece;
        while (piece = receive(), !piece.empty()) all += piece;
        return all;
    }
    std::string receive_until(std::string_view end) {
        std::string all, piece;
        while (all.find(end) == std::string::npos) {
            piece = receive();
            if (piece.empty()) break;
            all += piece;
        }
        return all;
    }
    /// One response that is framed properly, and nothing else.
    std::string receive_response() {
        std::string all = receive_until("\r\n\r\n");
        const std::size_t head = all.find("\r\n\r\n") + 4;
        const std::size_t length = all.find("content-length: ");
        if (length != std::string::npos && length < head) {
            std::size_t size = 0;
            std::from_chars(all.data() + length + 16, all.data() + head, size);
            while (all.size() < head + size && !ec) all += receive();
            return all;
        }
        while (!all.ends_with("0\r\n\r\n") && !ec) all += receive();
        return all;
    }
    void close() { socket_.close(ignored_); }
    bool timed_out() const { return ec == boost::system::errc::operation_would_block; }

    boost::system::error_code ec;

private:
    asio::io_context io_;
    tcp::socket socket_;
    boost::system::error_code ignored_;
};

/// TLS by hand over a RawClient.
class TlsClient {
public:
    TlsClient(std::uint16_t port, const std::string& ca_pem, std::string_view host = "127.0.0.1")
        : raw_(port), session(context(ca_pem), host) {
        status = TlsStatus::want_input;
        while (status == TlsStatus::want_input) {
            status = session.handshake();
            flush();
            if (status == TlsStatus::want_input) fill();
        }
    }
    explicit TlsClient(RawClient& tunnel, const std::string& ca_pem)
        : raw_(0), tunnel_(&tunnel), session(context(ca_pem), "127.0.0.1") {
        status = TlsStatus::want_input;
        while (status == TlsStatus::want_input) {
            status = session.handshake();
            flush();
            if (status == TlsStatus::want_input) fill();
        }
    }
    void send(std::string_view bytes) {
        std::size_t n = 0;
        session.write(bytes, n);
        flush();
    }
    /// Until `end` was seen, or the connection's end, the reason of which is in `status`.
    std::string receive_until(std::string_view end) {
        std::string all;
        while (all.find(end) == std::string::npos) {
            char bytes[4096];
            std::size_t n = 0;
            status = session.read(bytes, sizeof bytes, n);
            all.append(bytes, n);
            flush();
            if (status == TlsStatus::want_input) {
                fill();
            } else if (status != TlsStatus::ok) {
                break;
            }
        }
        return all;
    }
    std::string receive_all() { return receive_until("\x01 no such thing"); }

private:
    static net::TlsContext context(const std::string& ca_pem) {
        net::TlsOptions options;
        options.ca_pem = ca_pem;
        return net::TlsContext::client(options);
    }
    RawClient& raw() { return tunnel_ ? *tunnel_ : raw_; }
    void flush() {
        const std::string bytes(session.output());
        session.consume_output(bytes.size());
        if (!bytes.empty()) raw().send(bytes);
    }
    void fill() {
        const std::string bytes = raw().receive();
        bytes.empty() ? session.feed_eof() : session.feed(bytes);
    }
    RawClient raw_;
    RawClient* tunnel_ = nullptr;

public:
    net::TlsSession session;
    TlsStatus status;
};

Answer sample() { return Answer("one two three four five", 5); }
Script with(Fault fault, std::size_t at = 2) { return always(Behaviour(sample(), fault, at)); }

bool all_closed(const Totals& totals) { return totals.connections_opened == totals.connections_closed; }

} // namespace

BOOST_AUTO_TEST_CASE(a_connection_serves_many_requests) {
    FaultServer server(always(Behaviour(sample())));
    RawClient client(server.port());
    std::string bytes_sent, bytes_received;
    for (int i = 0; i < 20; ++i) {
        const std::string_view path = i % 4 < 2 ? "/v1/chat/completions" : "/v1/messages";
        const std::string request = request_bytes(i % 2 == 0, "#" + std::to_string(100 + i % 10), path);
        client.send(request);
        bytes_sent += request;
        const std::string response = client.receive_response();
        bytes_received += response;
        BOOST_TEST(response.starts_with("HTTP/1.1 200 OK\r\n"));
        const bool whole = response.find("one two three four five") != std::string::npos;
        BOOST_TEST(whole == (i % 2 == 1));
        if (i % 4 == 0) BOOST_TEST(spoken(response) == "one two three four five");
    }
    const std::string list = "GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n";
    client.send(list);
    bytes_sent += list;
    const std::string models = client.receive_response();
    BOOST_TEST((models.find("\"mock\"") != std::string::npos));
    bytes_received += models;
    client.close();
    BOOST_TEST(server.wait(all_closed));
    const Ledger ledger = server.ledger();
    BOOST_TEST(ledger.totals.requests == 21U);
    BOOST_TEST(ledger.totals.finished == 21U);
    BOOST_TEST(ledger.totals.completed == 21U);
    BOOST_TEST(ledger.totals.tokens == 100U);
    BOOST_TEST(ledger.totals.connections_opened == 1U);
    BOOST_TEST(ledger.totals.bytes_in == bytes_sent.size());
    BOOST_TEST(ledger.totals.bytes_out == bytes_received.size());
    BOOST_REQUIRE_EQUAL(ledger.requests.size(), 21U);
    BOOST_TEST(ledger.connections.at(0).requests == 21U);
    BOOST_TEST(ledger.connections[0].closed);
    for (std::size_t i = 0; i < 20; ++i) {
        const Ledger::Served& served = ledger.requests[i];
        BOOST_TEST(served.number == i + 1);
        BOOST_TEST(served.id == std::to_string(100 + i % 10));
        BOOST_TEST(served.attempt == i / 10);
        BOOST_TEST(served.text == "one two three four five");
        BOOST_TEST(served.tokens == 5U);
        BOOST_TEST(served.stream == (i % 2 == 0));
        BOOST_TEST(served.status == 200);
    }
}

BOOST_AUTO_TEST_CASE(requests_may_be_pipelined_or_cut_anywhere) {
    FaultServer server(always(Behaviour(sample())));
    RawClient client(server.port());
    const std::string request = request_bytes(false, "x");
    for (const char c : request) client.send(std::string_view(&c, 1));
    BOOST_TEST(client.receive_response().starts_with("HTTP/1.1 200"));
    client.send(request + request);
    std::string both = client.receive_response();
    while (both.find("HTTP/1.1 200", 1) == std::string::npos && !client.ec) both += client.receive();
    BOOST_TEST(server.wait([](const Totals& t) { return t.completed == 3; }));
}

BOOST_AUTO_TEST_CASE(broken_connections_deliver_a_prefix) {
    struct Row {
        Fault fault;
        bool reset;
        std::string_view text; ///< what the client gets
    };
    const Row rows[] = {
        {Fault::reset_before_headers, true, ""},
        {Fault::close_before_headers, false, ""},
        {Fault::reset_in_headers, true, ""},
        {Fault::reset_mid_body, true, "one two t"},
        {Fault::close_mid_body, false, "one two t"},
        {Fault::bad_chunk_size, false, "one two t"},
        {Fault::bad_record, false, "one two t"},
        {Fault::garbage, false, ""},
        {Fault::missing_last_chunk, false, "one two three four five"},
        {Fault::no_headers, false, "one two three four five"},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT(to_string(row.fault)) {
            FaultServer server(with(row.fault));
            RawClient client(server.port());
            client.send(request_bytes(true, "x"));
            const std::string bytes = client.receive_all();
            BOOST_TEST((client.ec == (row.reset ? boost::system::error_code(asio::error::connection_reset)
                                                : boost::system::error_code(asio::error::eof))),
                       client.ec.message());
            BOOST_TEST(spoken(bytes) == row.text);
            client.close();
            BOOST_TEST(server.wait(all_closed));
            const Ledger ledger = server.ledger();
            BOOST_TEST(ledger.requests.at(0).text == row.text);
            BOOST_TEST(!ledger.requests[0].completed);
            BOOST_TEST(ledger.requests[0].finished);
            BOOST_TEST((ledger.requests[0].fault == row.fault));
            BOOST_TEST(ledger.totals.bytes_out == bytes.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_silent_server_stays_silent_until_the_client_leaves) {
    for (const Fault fault : {Fault::silence, Fault::stall}) {
        FaultServer server(with(fault));
        RawClient client(server.port(), 100ms);
        client.send(request_bytes(true, "x"));
        const std::string bytes = client.receive_all();
        BOOST_TEST(client.timed_out());
        BOOST_TEST(spoken(bytes) == (fault == Fault::stall ? "one two t" : ""));
        BOOST_TEST(server.totals().finished == 1U);
        BOOST_TEST(server.totals().connections_closed == 0U);
        client.close();
        BOOST_TEST(server.wait(all_closed));
    }
}

BOOST_AUTO_TEST_CASE(odd_but_good_answers_arrive_whole) {
    for (const Fault fault :
         {Fault::slow_headers, Fault::trickle, Fault::split_utf8, Fault::interim, Fault::comments,
          Fault::trailers, Fault::giant_header, Fault::close_announced, Fault::close_after}) {
        BOOST_TEST_CONTEXT(to_string(fault)) {
            const std::string text = "caf\u00e9 \u6c34 \U0001F30A";
            FaultServer server(always(Behaviour(Answer(text, 4), fault)));
            RawClient client(server.port());
            client.send(request_bytes(true, "x"));
            std::string bytes =
                client.receive_until(fault == Fault::trailers ? "x-trailer: value\r\n\r\n" : "0\r\n\r\n");
            BOOST_TEST(spoken(bytes) == text);
            BOOST_TEST(server.totals().completed == 1U);
            if (fault == Fault::interim) {
                BOOST_TEST(bytes.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 "));
            }
            if (fault == Fault::close_announced || fault == Fault::close_after) {
                const bool announced = bytes.find("connection: close") != std::string::npos;
                BOOST_TEST(announced == (fault == Fault::close_announced));
                bytes = client.receive();
                BOOST_TEST((client.ec == asio::error::eof));
            } else {
                client.send(request_bytes(false, "y"));
                bytes = client.receive_until(fault == Fault::interim ? "\"usage\"" : "}");
                BOOST_TEST((bytes.find("HTTP/1.1 200 OK") != std::string::npos));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(writes_follow_the_tokens) {
    Behaviour behaviour(sample());
    behaviour.tokens_per_write = 1;
    behaviour.gap = 20ms;
    FaultServer server(always(behaviour));
    RawClient client(server.port());
    client.send(request_bytes(true, "x"));
    int reads = 0;
    std::string all, piece;
    while (!all.ends_with("0\r\n\r\n") && (piece = client.receive(), !piece.empty())) {
        all += piece;
        ++reads;
        // a client that has a token finds it in the ledger
        BOOST_TEST(server.ledger().requests.at(0).text.size() >= spoken(all).size());
    }
    BOOST_TEST(reads > 1);
    BOOST_TEST(spoken(all) == "one two three four five");
}

BOOST_AUTO_TEST_CASE(a_kept_connection_is_closed_under_the_client) {
    FaultServer server(with(Fault::close_on_next));
    RawClient client(server.port());
    client.send(request_bytes(false, "x"));
    const std::string response = client.receive_response();
    BOOST_TEST((response.find("connection: keep-alive\r\n") != std::string::npos));
    BOOST_TEST(server.totals().connections_closed == 0U);
    client.send(request_bytes(false, "y"));
    BOOST_TEST(client.receive_all() == "");
    BOOST_TEST(!client.timed_out());
    BOOST_TEST(server.wait(all_closed));
    BOOST_TEST(server.totals().requests == 1U);
    BOOST_TEST(server.totals().completed == 1U);
    BOOST_TEST(server.totals().closed_on_arrival == 1U);
}

BOOST_AUTO_TEST_CASE(an_early_response_does_not_wait_for_the_body) {
    FaultServer::Options options;
    options.early = [](const ServedRequest& request) -> std::optional<Behaviour> {
        if (request.header("x-early").empty()) return std::nullopt;
        return Behaviour(CannedResponse(413, "{}", "connection: close\r\n"));
    };
    FaultServer server(always(Behaviour(sample())), options);
    RawClient client(server.port());
    client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-early: 1\r\ncontent-length: 1000000\r\n\r\n{");
    BOOST_TEST(client.receive_all().starts_with("HTTP/1.1 413 "));
    BOOST_TEST((client.ec == asio::error::eof));
    client.close();
    RawClient patient(server.port());
    patient.send(request_bytes(false, "x"));
    BOOST_TEST(patient.receive_response().starts_with("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(expectations_are_met) {
    FaultServer server(always(Behaviour(sample())));
    RawClient client(server.port());
    const std::string body = body_for(false, "x");
    client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: " +
                std::to_string(body.size()) + "\r\n\r\n");
    BOOST_TEST(client.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(body);
    BOOST_TEST(client.receive_response().starts_with("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(what_is_no_http_is_refused) {
    FaultServer server(always(Behaviour(sample())));
    RawClient client(server.port());
    client.send("POST /v1/messages HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n");
    BOOST_TEST(client.receive_all().starts_with("HTTP/1.1 400 "));
    client.close();
    BOOST_TEST(server.wait(all_closed));
    BOOST_TEST(server.totals().bad_requests == 1U);
    BOOST_TEST(server.totals().requests == 0U);
}

BOOST_AUTO_TEST_CASE(a_script_that_throws_is_an_answer) {
    FaultServer server([](const ServedRequest&) -> Behaviour { throw std::runtime_error("oh"); });
    RawClient client(server.port());
    client.send(request_bytes(false, "x"));
    BOOST_TEST(client.receive_response().ends_with("the script threw: oh"));
}

BOOST_AUTO_TEST_CASE(connections_can_fail_before_any_request) {
    FaultServer::Options options;
    options.on_connection = [](std::uint64_t number) {
        return number == 1   ? ConnectionFault::reset
               : number == 2 ? ConnectionFault::close
               : number == 3 ? ConnectionFault::silence
                             : ConnectionFault::none;
    };
    FaultServer server(always(Behaviour(sample())), options);
    RawClient reset(server.port());
    BOOST_TEST(reset.receive_all() == "");
    BOOST_TEST((reset.ec == asio::error::connection_reset));
    RawClient closed(server.port());
    BOOST_TEST(closed.receive_all() == "");
    BOOST_TEST((closed.ec == asio::error::eof));
    RawClient silent(server.port(), 50ms);
    silent.send(request_bytes(false, "x"));
    BOOST_TEST(silent.receive_all() == "");
    BOOST_TEST(silent.timed_out());
    RawClient good(server.port());
    good.send(request_bytes(false, "x"));
    BOOST_TEST(good.receive_response().starts_with("HTTP/1.1 200"));

    server.stop_accepting();
    RawClient refused(server.port());
    BOOST_TEST((refused.ec == asio::error::connection_refused));
    RawClient nobody(closed_port());
    BOOST_TEST((nobody.ec == asio::error::connection_refused));
    good.send(request_bytes(false, "x")); // connections stay
    BOOST_TEST(good.receive_response().starts_with("HTTP/1.1 200"));
    server.drop_connections();
    BOOST_TEST(good.receive_all() == "");
    BOOST_TEST((good.ec == asio::error::connection_reset));
}

BOOST_AUTO_TEST_CASE(a_black_hole_answers_nobody) {
    const BlackHole hole;
    for (int i = 0; i < 3; ++i) {
        asio::io_context io;
        tcp::socket socket(io);
        bool ended = false;
        socket.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), hole.port()),
                             [&](boost::system::error_code) { ended = true; });
        io.run_for(50ms);
        BOOST_TEST(!ended);
        socket.close();
        io.run();
    }
}

BOOST_AUTO_TEST_CASE(tls_of_the_good_kind) {
    FaultServer::Options options;
    options.tls = Tls::valid;
    FaultServer server(with(Fault::close_mid_body), options);
    BOOST_TEST(server.url().starts_with("https://127.0.0.1:"));
    TlsClient client(server.port(), server.ca_pem());
    BOOST_TEST((client.status == TlsStatus::ok), client.session.error_text());
    client.send(request_bytes(true, "x"));
    BOOST_TEST(spoken(client.receive_all()) == "one two t");
    BOOST_TEST((client.status == TlsStatus::eof)); // closed in order, in the middle
    BOOST_TEST(server.totals().handshakes == 1U);

    options.close_notify = false;
    FaultServer rude(with(Fault::close_mid_body), options);
    TlsClient cut(rude.port(), rude.ca_pem());
    cut.send(request_bytes(true, "x"));
    BOOST_TEST(spoken(cut.receive_all()) == "one two t");
    BOOST_TEST((cut.status == TlsStatus::truncated));

    FaultServer broken(with(Fault::bad_record), options);
    TlsClient confused(broken.port(), broken.ca_pem());
    confused.send(request_bytes(true, "x"));
    BOOST_TEST(spoken(confused.receive_all()) == "one two t");
    BOOST_TEST((confused.status == TlsStatus::error));
}

BOOST_AUTO_TEST_CASE(tls_of_every_bad_kind) {
    for (const Tls tls : {Tls::expired, Tls::not_yet_valid, Tls::wrong_host, Tls::self_signed,
                          Tls::unknown_authority, Tls::tls1_1}) {
        BOOST_TEST_CONTEXT("kind " << static_cast<int>(tls)) {
            FaultServer::Options options;
            options.tls = tls;
            FaultServer server(always(Behaviour(sample())), options);
            TlsClient client(server.port(), server.ca_pem());
            BOOST_TEST((client.status != TlsStatus::ok));
            BOOST_TEST(client.session.verify_failed() == (tls != Tls::tls1_1));
            BOOST_TEST_MESSAGE(client.session.error_text());
            BOOST_TEST(server.totals().requests == 0U);
        }
    }
    for (const ConnectionFault fault : {ConnectionFault::handshake_eof, ConnectionFault::handshake_garbage}) {
        FaultServer::Options options;
        options.tls = Tls::valid;
        options.on_connection = [=](std::uint64_t) { return fault; };
        FaultServer server(always(Behaviour(sample())), options);
        TlsClient client(server.port(), server.ca_pem());
        BOOST_TEST((client.status ==
                    (fault == ConnectionFault::handshake_eof ? TlsStatus::truncated : TlsStatus::error)));
        BOOST_TEST(!client.session.verify_failed());
        BOOST_TEST_MESSAGE(client.session.error_text() << " " << static_cast<int>(client.status));
    }
}

BOOST_AUTO_TEST_CASE(a_proxy_tunnels) {
    FaultServer::Options secure, proxying;
    secure.tls = Tls::valid;
    proxying.proxy = true;
    FaultServer origin(always(Behaviour(sample())), secure), proxy(always(Behaviour(sample())), proxying);
    const std::string authority = "vendor.test:" + std::to_string(origin.port());
    {
        RawClient tunnel(proxy.port());
        tunnel.send("CONNECT " + authority + " HTTP/1.1\r\nhost: " + authority + "\r\n\r\n");
        BOOST_TEST(tunnel.receive().starts_with("HTTP/1.1 200 "));
        TlsClient client(tunnel, origin.ca_pem());
        BOOST_TEST((client.status == TlsStatus::ok), client.session.error_text());
        client.send(request_bytes(true, "x"));
        BOOST_TEST(spoken(client.receive_until("0\r\n\r\n")) == "one two three four five");
    }
    BOOST_TEST(proxy.wait(all_closed));
    BOOST_TEST(origin.wait(all_closed));
    const Ledger ledger = proxy.ledger();
    BOOST_TEST(ledger.totals.connects == 1U);
    BOOST_TEST(ledger.connects.at(0) == authority);
    BOOST_TEST(ledger.totals.requests == 0U);
    BOOST_TEST(origin.totals().requests == 1U);

    RawClient plain(proxy.port()); // a proxy takes plain requests too
    plain.send(request_bytes(false, "x", "http://vendor.test/v1/messages"));
    BOOST_TEST(plain.receive_response().starts_with("HTTP/1.1 200"));
    RawClient nowhere(proxy.port());
    nowhere.send("CONNECT x:" + std::to_string(closed_port()) + " HTTP/1.1\r\nhost: x\r\n\r\n");
    BOOST_TEST(nowhere.receive_all().starts_with("HTTP/1.1 502 "));
    proxying.connect_status = 407;
    FaultServer strict(always(Behaviour()), proxying);
    RawClient refused(strict.port());
    refused.send("CONNECT x:1 HTTP/1.1\r\nhost: x\r\n\r\n");
    BOOST_TEST(refused.receive_all().starts_with("HTTP/1.1 407 "));
}

// --- on an io_context of the caller's ---------------------------------------------------------------

namespace {

asio::awaitable<std::string> ask(std::uint16_t port, std::string bytes) {
    tcp::socket socket(co_await asio::this_coro::executor);
    boost::system::error_code ec;
    co_await socket.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port),
                                  asio::redirect_error(asio::use_awaitable, ec));
    co_await asio::async_write(socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    std::string all;
    std::vector<char> buffer(4096);
    while (!ec && !all.ends_with("0\r\n\r\n")) {
        const std::size_t n = co_await socket.async_read_some(asio::buffer(buffer),
                                                              asio::redirect_error(asio::use_awaitable, ec));
        all.append(buffer.data(), n);
    }
    co_return all;
}

asio::awaitable<void> ask_and_stop(FaultServer& server, std::string& answer) {
    answer = co_await ask(server.port(), request_bytes(true, "x"));
    server.stop();
}

} // namespace

BOOST_AUTO_TEST_CASE(it_runs_where_the_caller_runs) {
    asio::io_context io;
    FaultServer server(io, always(Behaviour(sample())));
    std::string answer;
    asio::co_spawn(io, ask_and_stop(server, answer), asio::detached);
    io.run(); // returns: nothing is left behind
    BOOST_TEST(spoken(answer) == "one two three four five");
    BOOST_TEST(server.totals().completed == 1U);
    BOOST_TEST(all_closed(server.totals()));
}

BOOST_AUTO_TEST_CASE(it_may_die_at_any_moment) {
    // Run the first n handlers of a conversation with a stall in it, then destroy everything.
    for (const Fault fault : {Fault::none, Fault::stall, Fault::close_on_next}) {
        for (int n = 0; n < 40; ++n) {
            asio::io_context io;
            FaultServer server(io, with(fault));
            asio::co_spawn(io, ask(server.port(), request_bytes(true, "x")), asio::detached);
            for (int i = 0; i < n; ++i) {
                if (io.run_one_for(20ms) == 0) break;
            }
            BOOST_TEST(server.totals().connections_opened <= 1U);
            if (n % 2 == 0) server.stop();
        }
    }
    for (int n = 0; n < 20; ++n) { // with its own thread
        FaultServer server(with(Fault::stall));
        RawClient client(server.port());
        client.send(request_bytes(true, "x"));
        if (n % 2 == 0) client.receive();
        if (n % 3 == 0) server.stop();
    }
}

// --- many requests ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(ten_thousand_streams_and_equal_ledgers) {
    constexpr int threads = 4, per_thread = 2500;
    const std::vector<Fault> faults{
        Fault::reset_before_headers, Fault::reset_in_headers, Fault::reset_mid_body,
        Fault::close_mid_body,       Fault::close_after,      Fault::error_event,
        Fault::missing_end,          Fault::trickle,          Fault::bad_chunk_size};
    FaultServer server(seeded(7, 0.2, faults, [](const ServedRequest& request) {
        std::string text;
        for (int i = 0; i < 20; ++i) text.append("t").append(request.id).append(" ");
        return Answer(text, 20);
    }));
    struct Outcome {
        std::string id, text;
        bool ended = false;
    };
    std::vector<std::vector<Outcome>> outcomes(threads);
    std::vector<std::uint64_t> connections(threads, 0);
    const auto start = std::chrono::steady_clock::now();
    const auto work = [&](std::size_t me) {
        std::optional<RawClient> client;
        for (int i = 0; i < per_thread; ++i) {
            if (!client) {
                client.emplace(server.port());
                ++connections[me];
            }
            Outcome& outcome = outcomes[me].emplace_back();
            outcome.id = std::to_string(static_cast<int>(me) * per_thread + i);
            client->send(request_bytes(true, "#" + outcome.id));
            const std::string bytes = client->receive_until("\r\n0\r\n\r\n");
            outcome.text = spoken(bytes);
            outcome.ended = bytes.ends_with("\r\n0\r\n\r\n") && bytes.find("[DONE]") != std::string::npos;
            if (client->ec || !bytes.ends_with("\r\n0\r\n\r\n")) {
                client.reset();
                continue;
            }
            // A connection that promises to stay may have closed behind the answer: that is close_after.
            const Ledger::Totals totals = server.totals();
            if (totals.connections_closed > 0 && bytes.find("connection: keep-alive") != std::string::npos)
                client.reset();
        }
    };
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(work, i);
    for (std::thread& worker : workers) worker.join();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    BOOST_TEST_MESSAGE(threads * per_thread << " streams in " << elapsed.count() << " s");

    BOOST_TEST(server.wait(all_closed));
    const Ledger ledger = server.ledger();
    std::uint64_t opened = 0, completed = 0;
    for (const std::uint64_t n : connections) opened += n;
    BOOST_TEST(ledger.totals.connections_opened == opened);
    BOOST_TEST(ledger.totals.requests == static_cast<std::uint64_t>(threads * per_thread));
    BOOST_TEST(ledger.totals.finished == ledger.totals.requests);
    std::map<std::string, const Ledger::Served*> by_id;
    for (const Ledger::Served& served : ledger.requests) by_id[served.id] = &served;
    BOOST_TEST(by_id.size() == ledger.requests.size());
    std::size_t wrong = 0;
    for (const auto& list : outcomes) {
        for (const Outcome& outcome : list) {
            const Ledger::Served& served = *by_id.at(outcome.id);
            completed += outcome.ended;
            wrong += outcome.ended != served.completed;
            wrong += outcome.ended ? outcome.text != served.text : !served.text.starts_with(outcome.text);
        }
    }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(completed == ledger.totals.completed);
    BOOST_TEST(completed > 8'000U);
    BOOST_TEST(completed < 9'000U);
}

BOOST_AUTO_TEST_SUITE_END()
