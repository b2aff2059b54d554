// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/core/errc.hpp>
#include <baton/net/tls.hpp>
#include <baton/testing/certificates.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <openssl/bio.h>
#include <unistd.h>

namespace {

using namespace baton::net;
using namespace baton::testing;
using Status = TlsSession::Status;

constexpr std::string_view question = "POST /v1/chat HTTP/1.1\r\nauthorization: Bearer secret\r\n\r\n";
constexpr std::string_view answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

const TestAuthority& authority() {
    static const TestAuthority one;
    return one;
}

TlsOptions trusting(const TestAuthority& who) { return {.ca_pem = who.pem()}; }

TlsContext server_of(const Certificate& certificate, const TlsServerOptions& options = {}) {
    return TlsContext::server(certificate.certificate_pem, certificate.key_pem, options);
}

// Reads all there is; the status that stopped it.
Status drain(TlsSession& session, std::string& to) {
    char block[1000];
    for (;;) {
        std::size_t n = 0;
        const Status status = session.read(block, sizeof block, n);
        BOOST_REQUIRE((status == Status::ok) == (n > 0));
        if (status != Status::ok) return status;
        to.append(block, n);
    }
}

// A client and a server that ask and answer over a pipe in memory, `step` bytes at a time.
struct Pair {
    TlsSession client, server;
    std::string at_server, at_client;
    Status client_status = Status::want_input, server_status = Status::want_input;
    bool asked = false, answered = false;

    Pair(const TlsContext& client_context, const TlsContext& server_context, std::string_view host,
         std::string_view peer = {})
        : client(client_context, host, peer), server(TlsSession::accept(server_context)) {}

    bool move(TlsSession& from, TlsSession& to, std::size_t step) {
        const std::string_view bytes = from.output().substr(0, step);
        if (bytes.empty()) return false;
        to.feed(bytes);
        from.consume_output(bytes.size());
        return true;
    }

    void run(std::size_t step = 1 << 20) {
        for (bool moved = true; moved;) {
            client_status = client.handshake();
            if (client_status == Status::ok && !asked) {
                std::size_t n = 0;
                BOOST_TEST((client.write(question, n) == Status::ok));
                BOOST_TEST(n == question.size());
                asked = true;
            }
            client_status = drain(client, at_client);
            moved = move(client, server, step);
            server_status = drain(server, at_server);
            if (at_server == question && !answered) {
                std::size_t n = 0;
                BOOST_TEST((server.write(answer, n) == Status::ok));
                answered = true;
            }
            moved |= move(server, client, step);
            // what has no reader any more stays unread, as on a closed socket
            if (client_status == Status::error || client_status == Status::truncated) {
                server.feed(client.output());
                server_status = drain(server, at_server);
                break;
            }
        }
    }
};

void check_good(Pair& pair) {
    BOOST_TEST(pair.at_server == question);
    BOOST_TEST(pair.at_client == answer);
    BOOST_TEST(pair.client.error_text() == "");
    BOOST_TEST(pair.client.established());
    BOOST_TEST(pair.server.established());
    BOOST_TEST(!pair.client.verify_failed());
}

} // namespace

namespace baton::net {
std::ostream& operator<<(std::ostream& out, TlsSession::Status status) {
    constexpr const char* names[] = {"ok", "want_input", "eof", "truncated", "error"};
    return out << names[static_cast<int>(status)];
}
} // namespace baton::net

BOOST_AUTO_TEST_SUITE(good)

BOOST_AUTO_TEST_CASE(versions_names_and_addresses) {
    const struct {
        const char* host;
        const char* in_certificate;
        const char* sni;
    } rows[] = {
        {"api.example.test", "api.example.test", "api.example.test"},
        {"api.example.test.", "api.example.test", "api.example.test"},
        {"API.example.TEST", "api.example.test", "API.example.TEST"},
        {"one.example.test", "*.example.test", "one.example.test"},
        {"127.0.0.1", "127.0.0.1", ""},
        {"::1", "::1", ""},
        {"[::1]", "::1", ""},
        {"[2001:db8:0:0::5]", "2001:db8::5", ""},
    };
    const TlsContext client = TlsContext::client(trusting(authority()));
    for (const auto& row : rows) {
        const Certificate certificate = authority().valid(row.in_certificate);
        for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
            BOOST_TEST_CONTEXT(row.host << " in " << row.in_certificate) {
                Pair pair(client, server_of(certificate, {.min = version, .max = version}), row.host);
                pair.run();
                check_good(pair);
                BOOST_TEST(pair.server.server_name() == row.sni);
                BOOST_TEST(pair.client.version() == (version == TlsVersion::tls1_2 ? "TLSv1.2" : "TLSv1.3"));
                BOOST_TEST(!pair.client.resumed());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(any_split_of_the_ciphertext) {
    const TlsContext client = TlsContext::client(trusting(authority()));
    const Certificate certificate = authority().valid("localhost");
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        const TlsContext server = server_of(certificate, {.min = version, .max = version});
        for (std::size_t step : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 13U, 64U, 255U, 1000U, 4096U}) {
            Pair pair(client, server, "localhost", "step " + std::to_string(step));
            pair.run(step);
            check_good(pair);
        }
    }
}

BOOST_AUTO_TEST_CASE(megabytes_both_ways_in_bounded_memory) {
    Pair pair(TlsContext::client(trusting(authority())), server_of(authority().valid("localhost")),
              "localhost");
    pair.run();
    std::string plain(3'000'000, 'x');
    for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<char>(i * 131 >> 3);
    for (auto [from, to] : {std::pair(&pair.client, &pair.server), std::pair(&pair.server, &pair.client)}) {
        std::size_t n = 0;
        BOOST_TEST(from->write(plain, n) == Status::ok);
        BOOST_TEST(n == plain.size());
        BOOST_TEST(from->output().size() > plain.size());
        BOOST_TEST(from->output().size() < plain.size() + plain.size() / 100); // 22 bytes per 16 KiB record
        std::string got;
        while (!from->output().empty()) {
            // the way without a copy, as a socket would fill it
            const std::span<char> room = to->prepare(10'000);
            BOOST_REQUIRE(room.size() == 10'000U);
            const std::size_t size = from->output().copy(room.data(), room.size());
            to->commit(size);
            from->consume_output(size);
            BOOST_REQUIRE(drain(*to, got) == Status::want_input);
        }
        BOOST_TEST((got == plain));
    }
}

BOOST_AUTO_TEST_CASE(client_certificates_in_memory_and_in_files) {
    CertificateSpec spec;
    spec.for_client = true;
    const Certificate identity = authority().issue(spec);
    const Certificate certificate = authority().valid("localhost");
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        const TlsContext server =
            server_of(certificate, {.min = version, .max = version, .client_ca_pem = authority().pem()});
        TlsOptions options = trusting(authority());
        options.certificate_pem = identity.certificate_pem;
        options.key_pem = identity.key_pem;
        const TlsContext client = TlsContext::client(options);
        for (const bool again : {false, true}) { // a verified client may resume, too
            Pair pair(client, server, "localhost");
            pair.run();
            check_good(pair);
            BOOST_TEST(pair.client.resumed() == again);
        }
    }
}

BOOST_AUTO_TEST_CASE(verification_can_be_switched_off_for_tests) {
    TlsOptions options;
    options.insecure_no_verify_for_tests = true;
    Pair pair(TlsContext::client(options), server_of(self_signed()), "elsewhere.test");
    pair.run();
    check_good(pair);
    BOOST_TEST(pair.server.server_name() == "elsewhere.test");
}

BOOST_AUTO_TEST_CASE(default_contexts_are_one) {
    const TlsContext first = TlsContext::client();
    BOOST_TEST((first == TlsContext::client({})));
    const TlsContext other = TlsContext::client(trusting(authority()));
    BOOST_TEST((first != other));
    BOOST_TEST((other != TlsContext::client(trusting(authority()))));
    const TlsContext copy = other;
    BOOST_TEST((copy == other));
    BOOST_TEST(!TlsContext());
    BOOST_TEST(!TlsSession());
}

BOOST_AUTO_TEST_CASE(a_session_outlives_its_context_and_moves) {
    TlsSession session;
    {
        const TlsContext context = TlsContext::client(trusting(authority()));
        TlsSession made(context, "localhost");
        session = std::move(made);
    }
    BOOST_TEST(!!session);
    BOOST_TEST(session.handshake() == Status::want_input);
    BOOST_TEST(session.output().size() > 100U);
    BOOST_TEST(session.output()[0] == '\x16'); // a handshake record
    std::size_t n = 1;
    BOOST_TEST(session.write(question, n) == Status::want_input); // not before the peer is verified
    BOOST_TEST(n == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(resumption)

BOOST_AUTO_TEST_CASE(same_peer_resumes_and_no_other) {
    CertificateSpec spec;
    spec.dns = {"a.test", "b.test"};
    const Certificate certificate = authority().issue(spec);
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        const TlsContext server = server_of(certificate, {.min = version, .max = version});
        const TlsContext client = TlsContext::client(trusting(authority()));
        const auto resumed = [&](const TlsContext& context, const char* host, const char* peer) {
            Pair pair(context, server, host, peer);
            pair.run();
            check_good(pair);
            BOOST_TEST(pair.server.resumed() == pair.client.resumed());
            return pair.client.resumed();
        };
        BOOST_TEST(!resumed(client, "a.test", "a.test:443"));
        for (int i = 0; i < 6; ++i) BOOST_TEST(resumed(client, "a.test", "a.test:443"));
        BOOST_TEST(resumed(client, "a.test.", "a.test:443"));
        BOOST_TEST(!resumed(client, "a.test", "a.test:8443"));
        BOOST_TEST(!resumed(client, "b.test", "a.test:443"));
        BOOST_TEST(!resumed(TlsContext::client(trusting(authority())), "a.test", "a.test:443"));
    }
}

BOOST_AUTO_TEST_CASE(a_resumed_session_never_skips_the_check_of_the_name) {
    const TlsContext server = server_of(authority().valid("a.test"));
    const TlsContext client = TlsContext::client(trusting(authority()));
    Pair right(client, server, "a.test", "10.0.0.1:443");
    right.run();
    check_good(right);
    Pair wrong(client, server, "b.test", "10.0.0.1:443");
    wrong.run();
    BOOST_TEST(wrong.client.verify_failed());
    BOOST_TEST(wrong.at_server == "");
}

BOOST_AUTO_TEST_CASE(a_tls13_ticket_is_used_once) {
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        const TlsContext server = server_of(authority().valid("a.test"), {.min = version, .max = version});
        const TlsContext client = TlsContext::client(trusting(authority()));
        Pair(client, server, "a.test").run(); // leaves two tickets on TLS 1.3, one on TLS 1.2
        Pair pairs[] = {{client, server, "a.test"}, {client, server, "a.test"}, {client, server, "a.test"}};
        for (Pair& pair : pairs) pair.run();
        BOOST_TEST(pairs[0].client.resumed());
        BOOST_TEST(pairs[1].client.resumed());
        BOOST_TEST(pairs[2].client.resumed() == (version == TlsVersion::tls1_2));
        for (Pair& pair : pairs) check_good(pair);
    }
}

BOOST_AUTO_TEST_CASE(a_refused_server_leaves_nothing_to_resume) {
    const TlsContext bad = server_of(authority().valid("b.test"));
    const TlsContext good = server_of(authority().valid("a.test"));
    const TlsContext client = TlsContext::client(trusting(authority()));
    for (int i = 0; i < 2; ++i) {
        Pair pair(client, bad, "a.test");
        pair.run();
        BOOST_TEST(pair.client.verify_failed());
    }
    Pair pair(client, good, "a.test");
    pair.run();
    check_good(pair);
    BOOST_TEST(!pair.client.resumed());
}

BOOST_AUTO_TEST_CASE(survives_a_connection_that_was_just_dropped) {
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        const TlsContext server = server_of(authority().valid("a.test"), {.min = version, .max = version});
        const TlsContext client = TlsContext::client(trusting(authority()));
        { // no close_notify, as after a cancelled call
            Pair pair(client, server, "a.test");
            pair.run();
        }
        Pair pair(client, server, "a.test");
        pair.run();
        BOOST_TEST(pair.client.resumed());
    }
}

BOOST_AUTO_TEST_CASE(many_peers_stay_bounded) {
    const TlsContext server = server_of(authority().valid("a.test"), {.max = TlsVersion::tls1_2});
    const TlsContext client = TlsContext::client(trusting(authority()));
    const auto resumed = [&](int i) {
        Pair pair(client, server, "a.test", std::to_string(i));
        pair.run();
        return pair.client.resumed();
    };
    for (int i = 0; i < 300; ++i) BOOST_REQUIRE(!resumed(i));
    BOOST_TEST(resumed(299));
    BOOST_TEST(resumed(150));
    BOOST_TEST(!resumed(0)); // pushed out: 256 are kept
}

BOOST_AUTO_TEST_CASE(threads_share_a_context) {
    const TlsContext server = server_of(authority().valid("a.test"));
    const TlsContext client = TlsContext::client(trusting(authority()));
    int resumed[4] = {};
    bool good[4] = {};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            good[t] = true;
            for (int i = 0; i < 20; ++i) {
                // Boost.Test macros are not for threads
                TlsSession ends[2] = {TlsSession(client, "a.test"), TlsSession::accept(server)};
                char byte = 0;
                std::size_t n = 0;
                for (int turn = 0; turn < 20; ++turn) {
                    TlsSession& self = ends[turn % 2];
                    TlsSession& other = ends[1 - turn % 2];
                    self.read(&byte, 1, n);
                    other.feed(self.output());
                    self.consume_output(self.output().size());
                }
                good[t] = good[t] && ends[0].established() && ends[1].established();
                resumed[t] += ends[0].resumed();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (int t = 0; t < 4; ++t) {
        BOOST_TEST(good[t]);
        BOOST_TEST(resumed[t] > 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(refused)

// Every way in which the other end may be the wrong one. In no case may it see a byte of the request.
BOOST_AUTO_TEST_CASE(servers_that_are_not_who_they_should_be) {
    const auto with_names = [](std::vector<std::string> dns, std::vector<std::string> ips = {}) {
        CertificateSpec spec;
        spec.dns = std::move(dns);
        spec.ips = std::move(ips);
        return authority().issue(spec);
    };
    CertificateSpec only_common_name;
    only_common_name.dns = only_common_name.ips = {};
    only_common_name.common_name = "a.test";
    CertificateSpec for_clients = TestAuthority::spec_for("a.test");
    for_clients.for_client = true;
    const TestAuthority namesake; // same name, other key

    const struct {
        const char* what;
        const char* host;
        Certificate certificate;
        const char* text;
    } rows[] = {
        {"expired", "a.test", authority().expired("a.test"), "certificate has expired"},
        {"not yet valid", "a.test", authority().not_yet_valid("a.test"), "not yet valid"},
        {"self-signed", "a.test", self_signed(TestAuthority::spec_for("a.test")), "self-signed certificate"},
        {"unknown authority", "a.test", TestAuthority("other").valid("a.test"), "unable to get local issuer"},
        {"authority of the same name", "a.test", namesake.valid("a.test"), "certificate verify failed: "},
        {"other host", "a.test", with_names({"b.test"}), "hostname mismatch (host 'a.test')"},
        {"host as suffix", "a.test", with_names({"xa.test"}), "hostname mismatch"},
        {"host as prefix", "a.test", with_names({"a.test.evil.test"}), "hostname mismatch"},
        {"host behind NUL-like text", "a.test", with_names({"a.test\\0.evil.test"}), "hostname mismatch"},
        {"name only in the subject", "a.test", authority().issue(only_common_name), "hostname mismatch"},
        {"other address", "127.0.0.1", with_names({}, {"127.0.0.2"}),
         "IP address mismatch (host '127.0.0.1')"},
        {"other IPv6 address", "::1", with_names({}, {"::2"}), "IP address mismatch"},
        {"address, certificate has names only", "127.0.0.1", with_names({"localhost"}),
         "IP address mismatch"},
        {"address written as a name", "127.0.0.1", with_names({"127.0.0.1"}), "IP address mismatch"},
        {"name, certificate has addresses only", "localhost", with_names({}, {"127.0.0.1"}),
         "hostname mismatch"},
        {"wildcard for two labels", "x.y.a.test", with_names({"*.a.test"}), "hostname mismatch"},
        {"wildcard for no label", "a.test", with_names({"*.a.test"}), "hostname mismatch"},
        {"wildcard in a label", "foo.a.test", with_names({"f*.a.test"}), "hostname mismatch"},
        {"wildcard not in front", "x.a.test", with_names({"x.*.test"}), "hostname mismatch"},
        {"wildcard for a top-level domain", "a.test", with_names({"*.test"}), "hostname mismatch"},
        {"wildcard for everything", "a.test", with_names({"*"}), "hostname mismatch"},
        {"wildcard for addresses", "127.0.0.1", with_names({"*.0.0.1"}), "IP address mismatch"},
        {"a client's certificate", "a.test", authority().issue(for_clients), "certificate purpose"},
    };
    const TlsContext client = TlsContext::client(trusting(authority()));
    std::size_t refused = 0;
    for (const auto& row : rows) {
        bool always = true;
        for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
            for (const std::size_t step : {std::size_t{1} << 20, std::size_t{1}}) {
                BOOST_TEST_CONTEXT(row.what) {
                    Pair pair(client, server_of(row.certificate, {.min = version, .max = version}), row.host);
                    pair.run(step);
                    BOOST_TEST(pair.client_status == Status::error);
                    BOOST_TEST(pair.client.verify_failed());
                    const std::string text = pair.client.error_text();
                    BOOST_TEST(text.find(row.text) != text.npos, text);
                    BOOST_TEST(text.starts_with("certificate verify failed: "), text);
                    BOOST_TEST(!pair.asked);
                    BOOST_TEST(pair.at_server == "");
                    BOOST_TEST(pair.server_status == Status::error); // it is told by an alert
                    std::size_t n = 0;
                    BOOST_TEST(pair.client.write(question, n) == Status::error);
                    BOOST_TEST(n == 0U);
                    BOOST_TEST(pair.client.handshake() == Status::error); // and it stays so
                    always = always && pair.client.verify_failed() && !pair.asked && pair.at_server.empty();
                }
            }
        }
        refused += always;
    }
    BOOST_TEST(refused == std::size(rows));
    BOOST_TEST_MESSAGE("scorecard 23: " << refused << " of " << std::size(rows)
                                        << " wrong certificates refused before a byte of the request");
}

BOOST_AUTO_TEST_CASE(an_authority_the_system_does_not_know) {
    Pair pair(TlsContext::client(), server_of(authority().valid("a.test")), "a.test");
    pair.run();
    BOOST_TEST(pair.client.verify_failed());
    const std::string text = pair.client.error_text();
    BOOST_TEST(text.find("TlsOptions::ca_file") != text.npos, text);
    BOOST_TEST(pair.at_server == "");
}

BOOST_AUTO_TEST_CASE(old_versions) {
    const Certificate certificate = authority().valid("a.test");
    Pair pair(TlsContext::client(trusting(authority())),
              server_of(certificate, {.min = TlsVersion::tls1_1, .max = TlsVersion::tls1_1}), "a.test");
    pair.run();
    BOOST_TEST_MESSAGE("scorecard 23: TLS 1.1 refused");
    BOOST_TEST(pair.client_status == Status::error);
    BOOST_TEST(!pair.client.verify_failed());
    const std::string text = pair.client.error_text();
    BOOST_TEST(text.find("protocol version") != text.npos, text);
    BOOST_TEST(pair.at_server == "");
    BOOST_TEST(!pair.asked);
}

BOOST_AUTO_TEST_CASE(clients_without_the_right_certificate) {
    CertificateSpec spec;
    spec.for_client = true;
    const TestAuthority other;
    const Certificate certificate = authority().valid("a.test");
    const Certificate stranger = other.issue(spec);
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        for (const bool has_one : {false, true}) {
            const TlsContext server =
                server_of(certificate, {.min = version, .max = version, .client_ca_pem = authority().pem()});
            TlsOptions options = trusting(authority());
            if (has_one) {
                options.certificate_pem = stranger.certificate_pem;
                options.key_pem = stranger.key_pem;
            }
            Pair pair(TlsContext::client(options), server, "a.test");
            pair.run();
            BOOST_TEST(pair.client_status == Status::error);
            BOOST_TEST(pair.server_status == Status::error);
            BOOST_TEST(!pair.client.verify_failed());
            BOOST_TEST(pair.server.verify_failed() == has_one);
            BOOST_TEST(pair.at_server == "");
            const std::string text = pair.client.error_text();
            BOOST_TEST(text.starts_with("the peer ended TLS: "), text);
            if (!has_one && version == TlsVersion::tls1_3) {
                BOOST_TEST(text.find("TlsOptions::certificate_file") != text.npos, text);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(peers_that_do_not_speak_tls) {
    const TlsContext client = TlsContext::client(trusting(authority()));
    std::size_t refused = 0;
    std::string noise(2000, '\0');
    unsigned state = 1;
    for (char& c : noise) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
    const struct {
        const char* what;
        std::string bytes;
        const char* text;
    } rows[] = {
        {"plain HTTP", "HTTP/1.1 400 Bad Request\r\nserver: nginx\r\n\r\n", "http://"},
        {"short plain HTTP", "HTTP/1.0 200\r\n\r\n", "http://"},
        {"an SSH banner", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "does not speak TLS"},
        {"noise", noise, "TLS"},
        {"zeros", std::string(100, '\0'), "TLS"},
        {"an alert", std::string("\x15\x03\x03\x00\x02\x02\x28", 7), "the peer ended TLS"},
        {"a handshake of noise", std::string("\x16\x03\x03\x00\x20", 5) + noise.substr(0, 32), "TLS"},
        {"application data first", std::string("\x17\x03\x03\x00\x20", 5) + noise.substr(0, 32), "TLS"},
    };
    for (const auto& row : rows) {
        for (const std::size_t step : {row.bytes.size(), std::size_t{1}}) {
            BOOST_TEST_CONTEXT(row.what) {
                TlsSession session(client, "a.test");
                Status status = session.handshake();
                for (std::size_t i = 0; i < row.bytes.size() && status == Status::want_input; i += step) {
                    session.feed(std::string_view(row.bytes).substr(i, step));
                    status = session.handshake();
                }
                BOOST_TEST(status == Status::error);
                const std::string text = session.error_text();
                BOOST_TEST(text.find(row.text) != text.npos, text);
                BOOST_TEST(!session.verify_failed());
                std::size_t n = 0;
                BOOST_TEST(session.write(question, n) == Status::error);
                BOOST_TEST(n == 0U);
                refused += status == Status::error && n == 0 && step == 1;
            }
        }
    }
    BOOST_TEST_MESSAGE("scorecard 23: " << refused << " of " << std::size(rows)
                                        << " peers that do not speak TLS refused");
}

BOOST_AUTO_TEST_CASE(an_end_at_any_byte_of_the_handshake) {
    const Certificate certificate = authority().valid("a.test");
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        const TlsContext server = server_of(certificate, {.min = version, .max = version});
        const TlsContext client = TlsContext::client(trusting(authority()));
        for (std::size_t cut = 0;; cut += 1 + cut / 100) {
            TlsSession ends[2] = {TlsSession(client, "a.test"), TlsSession::accept(server)};
            BOOST_TEST(ends[0].handshake() == Status::want_input);
            ends[1].feed(ends[0].output());
            BOOST_TEST(ends[1].handshake() == Status::want_input);
            // TLS 1.2 is not complete after the server's first flight, TLS 1.3 is
            if (cut >= ends[1].output().size()) { // its size varies a little: so do ECDSA signatures
                BOOST_TEST(cut > 500U);
                break;
            }
            ends[0].feed(ends[1].output().substr(0, cut));
            BOOST_REQUIRE(ends[0].handshake() == Status::want_input);
            ends[0].feed_eof();
            BOOST_REQUIRE(ends[0].handshake() == Status::truncated);
            BOOST_TEST(ends[0].error_text() == "the peer closed the connection during the TLS handshake");
            std::size_t n = 0;
            BOOST_TEST(ends[0].write(question, n) == Status::truncated);
            BOOST_TEST(n == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(host_names_that_are_none) {
    const TlsContext client = TlsContext::client(trusting(authority()));
    for (const std::string& host :
         {std::string(), std::string("."), std::string("[]"), std::string("a.test\0.evil.test", 17),
          std::string("a.test\r\nx"), std::string("a b"), std::string(300, 'a'), std::string("\xc3\xa4.test"),
          std::string(".a.test"), std::string("::zz"), std::string("*.test")}) {
        TlsSession session(client, host);
        BOOST_TEST(session.handshake() == Status::error);
        BOOST_TEST(session.output().empty());
        BOOST_TEST(session.error_text().find("host name") != std::string::npos);
        BOOST_TEST(session.server_name() == "");
        BOOST_TEST(session.version() == "");
        session.close_notify();
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(endings)

BOOST_AUTO_TEST_CASE(close_notify_is_an_end_and_its_absence_is_not) {
    for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
        for (const bool proper : {true, false}) {
            Pair pair(TlsContext::client(trusting(authority())),
                      server_of(authority().valid("a.test"), {.min = version, .max = version}), "a.test");
            pair.run();
            std::size_t n = 0;
            BOOST_TEST(pair.server.write("last words", n) == Status::ok);
            if (proper) pair.server.close_notify();
            pair.client.feed(pair.server.output());
            pair.client.feed_eof();
            std::string last;
            BOOST_TEST(drain(pair.client, last) == (proper ? Status::eof : Status::truncated));
            BOOST_TEST(last == "last words"); // what arrived whole is handed out first
            BOOST_TEST(drain(pair.client, last) == (proper ? Status::eof : Status::truncated));
            BOOST_TEST(!pair.client.established());
            BOOST_TEST((pair.client.error_text() == "") == proper);
            if (proper) { // we may still answer
                pair.client.consume_output(pair.client.output().size());
                pair.client.close_notify();
                BOOST_TEST(pair.client.output().size() > 0U);
                pair.server.feed(pair.client.output());
                std::string none;
                BOOST_TEST(drain(pair.server, none) == Status::eof);
                BOOST_TEST(none == "");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_cut_at_any_byte_of_the_stream) {
    const TlsContext server = server_of(authority().valid("a.test"));
    const TlsContext client = TlsContext::client(trusting(authority()));
    for (std::size_t cut = 0, whole = 1; cut <= whole; ++cut) {
        Pair pair(client, server, "a.test");
        pair.run();
        std::string sent;
        for (const char* piece : {"first piece, ", "second, ", "third"}) {
            std::size_t n = 0;
            BOOST_TEST(pair.server.write(piece, n) == Status::ok);
            sent += piece;
        }
        pair.server.close_notify();
        whole = pair.server.output().size();
        pair.client.feed(pair.server.output().substr(0, cut));
        pair.client.feed_eof();
        std::string got;
        const Status status = drain(pair.client, got);
        BOOST_TEST(status == (cut == whole ? Status::eof : Status::truncated));
        BOOST_TEST(sent.starts_with(got));
        BOOST_TEST((cut < whole || got == sent));
    }
}

BOOST_AUTO_TEST_CASE(a_changed_byte_is_never_delivered) {
    const TlsContext server = server_of(authority().valid("a.test"));
    const TlsContext client = TlsContext::client(trusting(authority()));
    for (std::size_t at = 0, whole = 1; at < whole; ++at) {
        Pair pair(client, server, "a.test");
        pair.run();
        std::size_t n = 0;
        BOOST_TEST(pair.server.write("the price is 100", n) == Status::ok);
        std::string bytes(pair.server.output());
        whole = bytes.size();
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        pair.client.feed(bytes);
        pair.client.feed_eof();
        std::string got;
        const Status status = drain(pair.client, got);
        BOOST_TEST(
            (status == Status::error || status == Status::truncated)); // a longer length waits, then ends
        BOOST_TEST(got == "");
        BOOST_TEST(pair.client.error_text() != "");
        BOOST_TEST(pair.client.read(bytes.data(), 1, n) == status);
    }
}

BOOST_AUTO_TEST_CASE(errors_of_others_in_this_thread_are_not_ours) {
    Pair pair(TlsContext::client(trusting(authority())), server_of(authority().valid("a.test")), "a.test");
    // leaves an entry in OpenSSL's error queue of this thread at every step
    for (int i = 0; i < 30; ++i) {
        BOOST_TEST((BIO_new_file("/nonexistent/file", "r") == nullptr));
        pair.run(200);
    }
    check_good(pair);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(options)

namespace {

struct Directory {
    std::filesystem::path path;
    Directory() : path(std::filesystem::temp_directory_path() / ("baton-tls-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path);
    }
    ~Directory() { std::filesystem::remove_all(path); }
    std::string file(const char* name, std::string_view content) const {
        std::ofstream(path / name, std::ios::binary) << content;
        return (path / name).string();
    }
};

std::string refusal(const TlsOptions& options) {
    try {
        (void)TlsContext::client(options);
    } catch (const boost::system::system_error& error) {
        BOOST_TEST((error.code() == baton::Errc::tls));
        return error.what();
    }
    return "accepted";
}

} // namespace

BOOST_AUTO_TEST_CASE(files) {
    const Directory directory;
    CertificateSpec spec;
    spec.for_client = true;
    const Certificate identity = authority().issue(spec);
    const std::string ca =
        directory.file("ca.pem", "a comment\n" + authority().pem() + TestAuthority("second").pem());
    const std::string certificate = directory.file("cert.pem", identity.certificate_pem);
    const std::string key = directory.file("key.pem", identity.key_pem);
    const TlsContext client =
        TlsContext::client({.ca_file = ca, .certificate_file = certificate, .key_file = key});
    Pair pair(client, server_of(authority().valid("a.test"), {.client_ca_pem = authority().pem()}), "a.test");
    pair.run();
    check_good(pair);
}

BOOST_AUTO_TEST_CASE(mistakes_are_named) {
    const Directory directory;
    const Certificate identity = authority().issue();
    const Certificate other = authority().issue();
    const std::string ca = directory.file("ca.pem", authority().pem());
    const std::string empty = directory.file("empty.pem", "");
    const std::string text = directory.file("text.pem", "not a certificate\n");
    const std::string absent = (directory.path / "absent.pem").string();
    const std::string folder = directory.path.string();
    std::string garbled = authority().pem();
    garbled.replace(garbled.size() / 2, 12, "!!!!!!!!!!!!");
    const std::string encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIBvTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQww"
        "HAQI\n-----END ENCRYPTED PRIVATE KEY-----\n";
    const struct {
        TlsOptions options;
        std::vector<std::string> words;
    } rows[] = {
        {{.ca_file = absent}, {"TlsOptions::ca_file", "absent.pem", "No such file"}},
        {{.ca_file = folder}, {"TlsOptions::ca_file", "directory"}},
        {{.ca_file = empty}, {"TlsOptions::ca_file", "empty"}},
        {{.ca_file = text}, {"TlsOptions::ca_file", "BEGIN CERTIFICATE"}},
        {{.ca_pem = "nothing"}, {"TlsOptions::ca_pem", "BEGIN CERTIFICATE"}},
        {{.ca_pem = garbled}, {"TlsOptions::ca_pem", "cannot be read"}},
        {{.certificate_file = absent, .key_pem = identity.key_pem},
         {"TlsOptions::certificate_file", "No such file"}},
        {{.certificate_pem = identity.certificate_pem}, {"no key", "key_file"}},
        {{.key_pem = identity.key_pem}, {"no certificate", "certificate_file"}},
        {{.certificate_pem = identity.certificate_pem, .key_file = absent},
         {"TlsOptions::key_file", "No such file"}},
        {{.certificate_pem = identity.certificate_pem, .key_pem = other.key_pem},
         {"TlsOptions::key_pem", "not the key"}},
        {{.certificate_pem = identity.certificate_pem, .key_pem = "x"},
         {"TlsOptions::key_pem", "no private key"}},
        {{.certificate_pem = identity.certificate_pem, .key_pem = encrypted},
         {"TlsOptions::key_pem", "encrypted"}},
        {{.certificate_file = ca, .certificate_pem = identity.certificate_pem, .key_pem = identity.key_pem},
         {"certificate_file", "certificate_pem", "keep one"}},
    };
    for (const auto& row : rows) {
        const std::string what = refusal(row.options);
        for (const std::string& word : row.words)
            BOOST_TEST(what.find(word) != what.npos, what << " lacks " << word);
        BOOST_TEST(what.find("PRIVATE KEY") == what.npos, what);
    }
    BOOST_TEST(refusal({.ca_file = ca}) == "accepted");
    BOOST_CHECK_THROW((void)TlsContext::server("", identity.key_pem), boost::system::system_error);
    BOOST_CHECK_THROW((void)TlsContext::server(identity.certificate_pem, other.key_pem),
                      boost::system::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
