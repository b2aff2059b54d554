// A program outside the source tree, built against the installed library. It calls into each library that the
// installed description has to name, so a missing one does not link.
#include <baton/baton.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <iostream>
#include <thread>

namespace asio = boost::asio;

using Chat = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>>;

int main() {
    asio::io_context io;
    Chat chat{io.get_executor()};
    bool answered = false;
    // A cancelled call still has its one outcome, and nothing goes out to the network.
    chat.async_complete("Name three rivers.", [&](baton::result<baton::Reply> reply) { answered = !reply; });
    chat = Chat{io.get_executor()};
    io.run();

    std::thread{[] {}}.join();
    const bool url = boost::urls::parse_uri("https://example.com/v1").has_value();
    SSL_CTX* tls = SSL_CTX_new(TLS_client_method());
    const bool works = url && tls != nullptr && boost::json::serialize(boost::json::value(7)) == "7";
    SSL_CTX_free(tls);
    std::cout << "baton " << BATON_VERSION << ", " << OpenSSL_version(OPENSSL_VERSION) << '\n';
    return works && answered ? 0 : 1;
}
