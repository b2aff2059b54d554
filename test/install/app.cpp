// A program outside the source tree, built against the installed library. It calls into each library that the
// installed description has to name, so a missing one does not link.
#if __has_include(<baton/baton.hpp>)
#include <baton/baton.hpp>
#else
#include <baton/core/config.hpp>
#endif

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <iostream>
#include <thread>

int main() {
    std::thread{[] {}}.join();
    const bool url = boost::urls::parse_uri("https://example.com/v1").has_value();
    SSL_CTX* tls = SSL_CTX_new(TLS_client_method());
    const bool works = url && tls != nullptr && boost::json::serialize(boost::json::value(7)) == "7";
    SSL_CTX_free(tls);
    std::cout << "baton " << BATON_VERSION << ", " << OpenSSL_version(OPENSSL_VERSION) << '\n';
    return works ? 0 : 1;
}
