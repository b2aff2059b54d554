// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The orchestrator over real sockets: TLS good and bad, a proxy, kept connections, health, configuration.

#include <baton/baton.hpp>
#include <baton/testing/certificates.hpp>
#include <baton/testing/fault_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <string>

BOOST_AUTO_TEST_SUITE(network)

namespace {

namespace asio = boost::asio;
using baton::testing::Answer;
using baton::testing::Behaviour;
using baton::testing::FaultServer;
using baton::testing::Tls;

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>>;

FaultServer::Options tls(Tls kind) {
    FaultServer::Options options;
    options.tls = kind;
    return options;
}

baton::result<baton::Reply> ask(Chat& chat, asio::io_context& io, bool streamed) {
    baton::result<baton::Reply> outcome = baton::Errc::cancelled;
    auto talk = [&]() -> asio::awaitable<void> {
        if (streamed) {
            auto stream = chat.stream("Hello?");
            while (auto delta = co_await stream.next()) BOOST_TEST(!delta->empty());
            outcome = stream.reply();
        } else {
            outcome = co_await chat.complete("Hello?");
        }
    };
    asio::co_spawn(io, talk(), asio::detached);
    io.restart();
    io.run();
    return outcome;
}

} // namespace

BOOST_AUTO_TEST_CASE(tls_is_spoken_verified_and_kept) {
    FaultServer server(baton::testing::always(Behaviour(Answer("Over TLS, in pieces.", 5))), tls(Tls::valid));
    const std::string url = server.url("/v1");
    asio::io_context io;
    Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "key"},
              baton::Tcp::Options{.ca_pem = server.ca_pem()}};
    for (const bool streamed : {false, true, false, true}) {
        const auto reply = ask(chat, io, streamed);
        BOOST_REQUIRE_MESSAGE(reply.has_value(), (reply ? "" : reply.error().what()));
        BOOST_TEST(reply->text() == "Over TLS, in pieces.");
    }
    BOOST_TEST(server.totals().connections_opened == 1U);
    BOOST_TEST(server.totals().handshakes == 1U);
}

BOOST_AUTO_TEST_CASE(bad_certificates_are_refused_before_a_request) {
    for (const Tls kind : {Tls::expired, Tls::not_yet_valid, Tls::wrong_host, Tls::self_signed,
                           Tls::unknown_authority, Tls::tls1_1}) {
        FaultServer server(baton::testing::always(Behaviour()), tls(kind));
        const std::string url = server.url("/v1");
        asio::io_context io;
        Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "sk-marker-secret"},
                  baton::Tcp::Options{.ca_pem = server.ca_pem()}};
        const auto reply = ask(chat, io, false);
        BOOST_REQUIRE(reply.has_error());
        BOOST_TEST((reply.error() == baton::Errc::tls));
        BOOST_TEST(!reply.error().detail().message.empty());
        BOOST_TEST(reply.error().what().find("marker") == std::string::npos);
        BOOST_TEST(server.totals().requests == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_tunnel_through_a_proxy_reaches_the_vendor_with_its_own_tls) {
    const baton::testing::TestAuthority authority;
    const auto certificate = authority.valid("vendor.test");
    FaultServer::Options vendor_options = tls(Tls::valid);
    vendor_options.certificate_pem = certificate.certificate_pem;
    vendor_options.key_pem = certificate.key_pem;
    FaultServer vendor(baton::testing::always(Behaviour(Answer("Through the tunnel."))), vendor_options);
    FaultServer::Options proxy_options;
    proxy_options.proxy = true;
    FaultServer proxy(baton::testing::always(Behaviour()), proxy_options);

    ::setenv("https_proxy", proxy.url("").c_str(), 1);
    const std::string url = "https://vendor.test:" + std::to_string(vendor.port()) + "/v1";
    const std::string ca = authority.pem();
    asio::io_context io;
    Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "key"},
              baton::Tcp::Options{.ca_pem = ca}};
    ::unsetenv("https_proxy");
    for (const bool streamed : {false, true}) {
        const auto reply = ask(chat, io, streamed);
        BOOST_REQUIRE_MESSAGE(reply.has_value(), (reply ? "" : reply.error().what()));
        BOOST_TEST(reply->text() == "Through the tunnel.");
    }
    BOOST_TEST(proxy.totals().connects == 1U);
    BOOST_TEST(vendor.totals().requests == 2U);
}

BOOST_AUTO_TEST_CASE(a_refused_tunnel_is_a_typed_error) {
    FaultServer::Options proxy_options;
    proxy_options.proxy = true;
    proxy_options.connect_status = 407;
    FaultServer proxy(baton::testing::always(Behaviour()), proxy_options);
    ::setenv("https_proxy", proxy.url("").c_str(), 1);
    asio::io_context io;
    Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = "https://vendor.test/v1", .key = "key"}};
    ::unsetenv("https_proxy");
    const auto reply = ask(chat, io, false);
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error() == baton::Errc::unavailable));
    BOOST_TEST(reply.error().detail().message.find("407") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nobody_listens) {
    const std::string url = "http://127.0.0.1:" + std::to_string(baton::testing::closed_port()) + "/v1";
    asio::io_context io;
    Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = url, .key = "key"}};
    const auto reply = ask(chat, io, true);
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error() == baton::Errc::unavailable));
    BOOST_TEST(reply.error().detail().trace.attempts.size() == 1U);
    BOOST_TEST(!reply.error().detail().trace.attempts[0].sent);
}

BOOST_AUTO_TEST_CASE(health_asks_each_provider_and_configure_moves_it) {
    FaultServer first(baton::testing::always(Behaviour(Answer("first"))));
    FaultServer second(baton::testing::always(Behaviour(Answer("second"))));
    const std::string first_url = first.url("/v1"), second_url = second.url("/v1");
    asio::io_context io;
    Chat chat{io.get_executor(), baton::OpenAI::Options{.base_url = first_url, .key = "key"}};
    std::vector<baton::HealthReport> health;
    auto check = [&]() -> asio::awaitable<void> { health = co_await chat.health(); };
    asio::co_spawn(io, check(), asio::detached);
    io.run();
    BOOST_REQUIRE(health.size() == 1U);
    BOOST_TEST(health[0].provider == "openai");
    BOOST_TEST(health[0].ok());

    const auto before = ask(chat, io, false);
    chat.configure(baton::OpenAI::Options{.base_url = second_url, .key = "key"});
    const auto after = ask(chat, io, false);
    BOOST_REQUIRE(before.has_value());
    BOOST_REQUIRE(after.has_value());
    BOOST_TEST(before->text() == "first");
    BOOST_TEST(after->text() == "second");
}

BOOST_AUTO_TEST_SUITE_END()
