// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/core/headers.hpp>
#include <baton/net/proxy.hpp>
#include <baton/net/url.hpp>

#include <map>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace baton::net;
using baton::header_value_ok;

BaseUrl url(std::string_view text) {
    std::string error;
    std::optional<BaseUrl> parsed = BaseUrl::parse(text, "base_url", error, true);
    BOOST_REQUIRE_MESSAGE(parsed, text << ": " << error);
    return *parsed;
}

} // namespace

BOOST_AUTO_TEST_SUITE(base_url)

BOOST_AUTO_TEST_CASE(accepted) {
    const struct {
        const char* text;
        const char* host;
        int port;
        const char* path;
        const char* authority;
        const char* host_port;
        bool tls, ip, loopback;
    } rows[] = {
        {"https://api.openai.com/v1", "api.openai.com", 443, "/v1", "api.openai.com", "api.openai.com:443",
         true, false, false},
        {"https://api.openai.com", "api.openai.com", 443, "", "api.openai.com", "api.openai.com:443", true,
         false, false},
        {"https://api.openai.com/", "api.openai.com", 443, "", "api.openai.com", "api.openai.com:443", true,
         false, false},
        {"https://a.test/x/y//", "a.test", 443, "/x/y", "a.test", "a.test:443", true, false, false},
        {"https://a.test/x%20y/@z:1", "a.test", 443, "/x%20y/@z:1", "a.test", "a.test:443", true, false,
         false},
        {"HTTPS://API.Example.COM/V1", "api.example.com", 443, "/V1", "api.example.com",
         "api.example.com:443", true, false, false},
        {"https://a.test./v1", "a.test", 443, "/v1", "a.test", "a.test:443", true, false, false},
        {"https://a.test:443/", "a.test", 443, "", "a.test", "a.test:443", true, false, false},
        {"https://a.test:8443", "a.test", 8443, "", "a.test:8443", "a.test:8443", true, false, false},
        {"https://a.test:80", "a.test", 80, "", "a.test:80", "a.test:80", true, false, false},
        {"https://a.test:00443", "a.test", 443, "", "a.test", "a.test:443", true, false, false},
        {"https://a.test:65535", "a.test", 65535, "", "a.test:65535", "a.test:65535", true, false, false},
        {"https://a.test:", "a.test", 443, "", "a.test", "a.test:443", true, false, false},
        {"https://my_container-1/v1", "my_container-1", 443, "/v1", "my_container-1", "my_container-1:443",
         true, false, false},
        {"https://xn--bcher-kva.example", "xn--bcher-kva.example", 443, "", "xn--bcher-kva.example",
         "xn--bcher-kva.example:443", true, false, false},
        {"https://10.0.0.1.example.test/v1", "10.0.0.1.example.test", 443, "/v1", "10.0.0.1.example.test",
         "10.0.0.1.example.test:443", true, false, false},
        {"https://127.0.0.1x:81/v1", "127.0.0.1x", 81, "/v1", "127.0.0.1x:81", "127.0.0.1x:81", true, false,
         false},
        {"http://localhost", "localhost", 80, "", "localhost", "localhost:80", false, false, true},
        {"http://LOCALHOST.:8000/v1/", "localhost", 8000, "/v1", "localhost:8000", "localhost:8000", false,
         false, true},
        {"http://127.0.0.1:11434", "127.0.0.1", 11434, "", "127.0.0.1:11434", "127.0.0.1:11434", false, true,
         true},
        {"http://127.255.255.254", "127.255.255.254", 80, "", "127.255.255.254", "127.255.255.254:80", false,
         true, true},
        {"http://127.0.0.1./", "127.0.0.1", 80, "", "127.0.0.1", "127.0.0.1:80", false, true, true},
        {"http://[::1]:8080/v1", "::1", 8080, "/v1", "[::1]:8080", "[::1]:8080", false, true, true},
        {"http://[0:0:0:0:0:0:0:1]", "::1", 80, "", "[::1]", "[::1]:80", false, true, true},
        {"https://[2001:DB8:0::5]", "2001:db8::5", 443, "", "[2001:db8::5]", "[2001:db8::5]:443", true, true,
         false},
        {"https://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", 443, "", "[::ffff:127.0.0.1]",
         "[::ffff:127.0.0.1]:443", true, true, false},
        {"https://10.0.0.1", "10.0.0.1", 443, "", "10.0.0.1", "10.0.0.1:443", true, true, false},
    };
    for (const auto& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            std::string error = "old";
            const auto parsed = BaseUrl::parse(row.text, "base_url", error);
            BOOST_REQUIRE_MESSAGE(parsed, error);
            BOOST_TEST(error == "");
            BOOST_TEST(parsed->host() == row.host);
            BOOST_TEST(parsed->port() == row.port);
            BOOST_TEST(parsed->path() == row.path);
            BOOST_TEST(parsed->authority() == row.authority);
            BOOST_TEST(parsed->host_port() == row.host_port);
            BOOST_TEST(parsed->tls() == row.tls);
            BOOST_TEST(parsed->scheme() == (row.tls ? "https" : "http"));
            BOOST_TEST(parsed->ip_literal() == row.ip);
            BOOST_TEST(parsed->loopback() == row.loopback);
        }
    }
}

BOOST_AUTO_TEST_CASE(refused) {
    const std::string nul("https://a.test\0.evil.test/", 25);
    const struct {
        std::string text;
        const char* words;
    } rows[] = {
        {"", "is empty"},
        {"api.openai.com", "https://"},
        {"api.openai.com/v1", "https://"},
        {"api.openai.com:443", "https://"},
        {"localhost:8000", "https://"},
        {"//a.test/v1", "https://"},
        {"/v1", "https://"},
        {"ftp://a.test", "scheme"},
        {"file:///etc/passwd", "scheme"},
        {"httpss://a.test", "scheme"},
        {"https:a.test", "not a URL"},
        {"https:/a.test", "not a URL"},
        {"https://", "no host"},
        {"https:///v1", "no host"},
        {"https://:443", "no host"},
        {"https://.", "no host"},
        {"https://origin@other", "user name"},
        {"https://api.openai.com@evil.test/v1", "user name"},
        {"https://user:hunter2@a.test", "user name"},
        {"https://@a.test", "user name"},
        {"https://a.test\\@evil.test", "not a URL"},
        {"https://a.test\\evil.test", "not a URL"},
        {"https://a.test/v1?key=hunter2", "query"},
        {"https://a.test?", "query"},
        {"https://a.test?@evil.test", "query"},
        {"https://a.test#hunter2", "fragment"},
        {"https://a.test/v1#", "fragment"},
        {" https://a.test", "space"},
        {"https://a.test ", "space"},
        {"https://a.test\n", "line break"},
        {"https://a.test\r\nhost: evil", "line break"},
        {"https://a.test/v1\r\nx: y", "line break"},
        {"https://a.test\t", "control"},
        {nul, "control"},
        {"https://a.test\x7f", "control"},
        {"https://b\xc3\xbc"
         "cher.example",
         "ASCII"},
        {"https://a.test/%zz", "not a URL"},
        {"https://a%2etest", "character"},
        {"https://a%00b", "character"},
        {"https://a!b.test", "character"},
        {"https://a..test", "empty or too long part"},
        {"https://.a.test", "empty or too long part"},
        {"https://a.test..", "empty or too long part"},
        {"https://" + std::string(64, 'a') + ".test", "empty or too long part"},
        {"https://" + std::string(300, 'a'), "253"},
        {"https://2130706433", "number"},
        {"https://0x7f000001", "number"},
        {"https://0x7f.1", "number"},
        {"https://127.1", "number"},
        {"https://127.0.0.1.1", "number"},
        {"https://0177.0.0.1", "number"},
        {"https://127.0.0.01", "number"},
        {"https://127.0.0.0x1", "number"},
        {"https://256.0.0.1", "number"},
        {"https://a.test.1", "number"},
        {"http://2130706433", "number"},
        {"http://127.1", "number"},
        {"https://[::1", "not a URL"},
        {"https://[::g]", "not a URL"},
        {"https://[v1.x]", "IPv6"},
        {"https://[fe80::1%25eth0]", "not a URL"},
        {"https://[]", "not a URL"},
        {"https://::1", "no host"},
        {"https://a.test:0", "port"},
        {"https://a.test:65536", "port"},
        {"https://a.test:99999999999999999999999", "port"},
        {"https://a.test:4294967739", "port"},
        {"https://a.test:-1", "not a URL"},
        {"https://a.test:44x", "not a URL"},
        {"https://10.0.0.1.a.test:44x", "not a URL"},
        {"https://a.test:443:443", "not a URL"},
        {"http://api.openai.com/v1", "https"},
        {"http://localhost.evil.test", "https"},
        {"http://xlocalhost", "https"},
        {"http://127.0.0.1.evil.test", "https"},
        {"http://127.0.0.1x", "https"},
        {"http://128.0.0.1", "https"},
        {"http://0.0.0.0", "https"},
        {"http://[::]", "https"},
        {"http://[::2]", "https"},
        {"http://[::ffff:127.0.0.1]", "https"},
        {"http://169.254.169.254", "https"},
    };
    for (const auto& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            std::string error;
            BOOST_TEST(!BaseUrl::parse(row.text, "OpenAI::Options::base_url", error));
            BOOST_TEST(error.starts_with("OpenAI::Options::base_url "), error);
            BOOST_TEST(error.find(row.words) != error.npos, error);
            BOOST_TEST(error.find("hunter2") == error.npos, error);
            BOOST_TEST(error.find("evil") == error.npos, error);
        }
    }
}

BOOST_AUTO_TEST_CASE(http_elsewhere_only_if_allowed) {
    std::string error;
    BOOST_TEST(!BaseUrl::parse("http://10.1.2.3:8000", "base_url", error));
    BOOST_TEST(!!BaseUrl::parse("http://10.1.2.3:8000", "base_url", error, true));
    BOOST_TEST(!BaseUrl::parse("http://user@10.1.2.3:8000", "base_url", error, true));
    BOOST_TEST((url("https://a.test") == url("https://A.test:443/")));
    BOOST_TEST((url("https://a.test") != url("http://a.test:443")));
}

BOOST_AUTO_TEST_CASE(header_parts) {
    for (int c = 0; c < 256; ++c) {
        const std::string one(1, static_cast<char>(c)), value = "a" + one + "b";
        const bool control = c < 0x20 || c == 0x7f;
        BOOST_TEST(header_value_ok(value) == (!control || c == '\t'), c);
        BOOST_TEST(target_ok("/" + one) == (!control && c != ' ' && c < 0x80 && c != '#'), c);
        const bool token = std::isalnum(c) != 0 && c < 0x80;
        BOOST_TEST(header_name_ok(value) ==
                       (token || (c != 0 && std::string("!#$%&'*+-.^_`|~").find(one) != one.npos)),
                   c);
    }
    BOOST_TEST(header_value_ok(""));
    BOOST_TEST(!header_value_ok("x\r\nInjected: 1"));
    BOOST_TEST(!header_name_ok(""));
    BOOST_TEST(!header_name_ok("x: y"));
    BOOST_TEST(!target_ok(""));
    BOOST_TEST(!target_ok("v1"));
    BOOST_TEST(!target_ok("/a HTTP/1.1\r\nX: y"));
    BOOST_TEST(target_ok("/v1/models?limit=1000"));
    BOOST_TEST(target_ok("http://a.test/v1"));
    BOOST_TEST(!target_ok("https://a.test/v1"));
}

BOOST_AUTO_TEST_CASE(what_base_and_path_share_is_said_once) {
    using baton::net::path_before;
    BOOST_TEST(path_before("", "/v1/messages") == "");
    BOOST_TEST(path_before("/v1", "/v1/messages") == "");
    BOOST_TEST(path_before("/openai/v1", "/openai/v1/chat/completions") == "");
    BOOST_TEST(path_before("/team/openai/v1", "/openai/v1/chat/completions") == "/team");
    BOOST_TEST(path_before("/anthropic/v1", "/v1/messages") == "/anthropic");
    BOOST_TEST(path_before("/v1", "/chat/completions") == "/v1");
    BOOST_TEST(path_before("/v1", "/v1beta/models") == "/v1"); // whole segments
    BOOST_TEST(path_before("/v1", "/v1") == "/v1");
    BOOST_TEST(path_before("/v1/v1", "/v1/v1/x") == "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(proxy)

namespace {

ProxySettings environment(const std::map<std::string, std::string>& variables) {
    return ProxySettings::from_environment([&](const char* name) -> const char* {
        const auto found = variables.find(name);
        return found != variables.end() ? found->second.c_str() : nullptr;
    });
}

// "host:port", "direct" or the error
std::string way(const ProxySettings& settings, std::string_view target) {
    const ProxySettings::Choice choice = settings.for_target(url(target));
    BOOST_TEST((choice.proxy == nullptr || choice.error.empty()));
    if (!choice.error.empty()) return std::string(choice.error);
    if (choice.proxy == nullptr) return "direct";
    return (choice.proxy->tls ? "tls " : "") + choice.proxy->host + ":" + std::to_string(choice.proxy->port);
}

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

} // namespace

BOOST_AUTO_TEST_CASE(variables) {
    using Environment = std::map<std::string, std::string>;
    const struct {
        Environment variables;
        const char* http;
        const char* https;
    } rows[] = {
        {{}, "direct", "direct"},
        {{{"HTTPS_PROXY", "http://p.test:3128"}}, "direct", "p.test:3128"},
        {{{"HTTP_PROXY", "http://p.test:3128"}}, "p.test:3128", "direct"},
        {{{"https_proxy", "p.test:3128"}}, "direct", "p.test:3128"},
        {{{"https_proxy", "p.test"}}, "direct", "p.test:80"},
        {{{"https_proxy", "https://p.test/"}}, "direct", "tls p.test:443"},
        {{{"https_proxy", "http://[::1]:3128"}}, "direct", "::1:3128"},
        {{{"https_proxy", "http://low.test"}, {"HTTPS_PROXY", "http://up.test"}}, "direct", "low.test:80"},
        {{{"https_proxy", ""}, {"HTTPS_PROXY", "http://up.test"}}, "direct", "up.test:80"},
        {{{"ALL_PROXY", "http://all.test:1"}}, "all.test:1", "all.test:1"},
        {{{"all_proxy", "http://all.test:1"}, {"HTTPS_PROXY", "http://p.test:2"}}, "all.test:1", "p.test:2"},
        {{{"HTTP_PROXY", "http://p.test"}, {"REQUEST_METHOD", "GET"}}, "direct", "direct"},
        {{{"http_proxy", "http://p.test"}, {"REQUEST_METHOD", "GET"}}, "p.test:80", "direct"},
        {{{"HTTPS_PROXY", "http://p.test"}, {"NO_PROXY", "*"}}, "direct", "direct"},
        {{{"HTTPS_PROXY", "http://p.test"}, {"no_proxy", "a.test"}, {"NO_PROXY", "b.test"}},
         "direct",
         "direct"},
    };
    for (const auto& row : rows) {
        const ProxySettings settings = environment(row.variables);
        BOOST_TEST(way(settings, "http://a.test") == row.http);
        BOOST_TEST(way(settings, "https://a.test") == row.https);
        BOOST_TEST(way(settings, "http://127.0.0.1:8000") == "direct");
        BOOST_TEST(way(settings, "https://localhost") == "direct");
        BOOST_TEST(way(settings, "https://[::1]") == "direct");
    }
}

BOOST_AUTO_TEST_CASE(exceptions) {
    const struct {
        const char* no_proxy;
        const char* target;
        bool direct;
    } rows[] = {
        {"a.test", "https://a.test", true},
        {"A.Test", "https://a.test", true},
        {"a.test", "https://x.a.test", true},
        {"a.test", "https://xa.test", false},
        {"a.test", "https://a.test.evil", false},
        {"a.test", "https://test", false},
        {".a.test", "https://x.a.test", true},
        {".a.test", "https://a.test", true},
        {"*.a.test", "https://x.a.test", true},
        {"a.test.", "https://a.test", true},
        {"b.test,a.test", "https://a.test", true},
        {" b.test , a.test ", "https://a.test", true},
        {"b.test a.test", "https://a.test", true},
        {",,", "https://a.test", false},
        {"", "https://a.test", false},
        {"*", "https://a.test", true},
        {"b.test,*", "https://10.0.0.1", true},
        {"a.test:443", "https://a.test", true},
        {"a.test:8443", "https://a.test", false},
        {"a.test:8443", "https://a.test:8443", true},
        {"a.test:0", "https://a.test", false},
        {"a.test:x", "https://a.test", false},
        {"*:8443", "https://a.test:8443", true},
        {"10.0.0.1", "https://10.0.0.1", true},
        {"0.0.1", "https://10.0.0.1", false},
        {"10.0.0.1", "https://10.0.0.10", false},
        {"10.0.0.1", "https://110.0.0.1", false},
        {"10.0.0.0/8", "https://10.255.0.1", true},
        {"10.0.0.0/8", "https://11.0.0.1", false},
        {"192.168.4.0/22", "https://192.168.7.255", true},
        {"192.168.4.0/22", "https://192.168.8.0", false},
        {"0.0.0.0/0", "https://8.8.8.8", true},
        {"0.0.0.0/0", "https://[2001:db8::1]", false},
        {"10.0.0.0/33", "https://10.0.0.0", false},
        {"10.0.0.0/", "https://10.0.0.0", false},
        {"10.0.0.0/-1", "https://10.0.0.0", false},
        {"a.test/8", "https://a.test", false},
        {"2001:db8::/32", "https://[2001:db8:1::1]", true},
        {"2001:db8::/32", "https://[2001:db9::1]", false},
        {"2001:DB8:0::1", "https://[2001:db8::1]", true},
        {"[2001:db8::1]", "https://[2001:db8::1]", true},
        {"[2001:db8::1]:443", "https://[2001:db8::1]", true},
        {"[2001:db8::1]:444", "https://[2001:db8::1]", false},
        {"::1/128", "https://[2001:db8::1]", false},
    };
    for (const auto& row : rows) {
        const ProxySettings settings("", "http://p.test", "", row.no_proxy);
        BOOST_TEST_CONTEXT(row.no_proxy << " for " << row.target)
        BOOST_TEST(way(settings, row.target) == (row.direct ? "direct" : "p.test:80"));
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_variable_is_reported_and_not_gone_around) {
    const struct {
        const char* value;
        const char* words;
    } rows[] = {
        {"socks5://p.test:1080", "SOCKS"},
        {"http://p.test:99999", "port"},
        {"http://", "no host"},
        {"http://p.test/path", "path"},
        {"http://p.test?x", "path"},
        {"http://p.test:3128\r\nx: y", "line break"},
        {"ftp://p.test", "scheme"},
        {"http://user:hunter2%0d%0a@p.test", "escape"},
        {"http://us%3aer:hunter2@p.test", "escape"},
        {"http://user:hunter2@p.test:0", "port"},
    };
    for (const auto& row : rows) {
        const ProxySettings settings = environment({{"HTTPS_PROXY", row.value}, {"NO_PROXY", "b.test"}});
        const std::string error = way(settings, "https://a.test");
        BOOST_TEST(error.starts_with("HTTPS_PROXY "), error);
        BOOST_TEST(error.find(row.words) != error.npos, error);
        BOOST_TEST(error.find("hunter2") == error.npos, error);
        BOOST_TEST(way(settings, "https://b.test") == "direct");
        BOOST_TEST(way(settings, "http://a.test") == "direct");
        BOOST_TEST(way(environment({{"ALL_PROXY", row.value}}), "http://a.test").starts_with("ALL_PROXY "));
    }
}

BOOST_AUTO_TEST_CASE(connect) {
    const struct {
        const char* proxy;
        const char* target;
        const char* request;
    } rows[] = {
        {"http://p.test", "https://a.test/v1", "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"},
        {"http://p.test", "https://[2001:db8::1]:8443",
         "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n"},
        {"http://Aladdin:open%20sesame@p.test", "https://a.test",
         "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n"
         "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"},
        {"user@p.test:1", "https://a.test",
         "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic dXNlcjo=\r\n\r\n"},
        {"http://u:p:%E2%82%AC@p.test", "https://a.test",
         "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic "
         "dTpwOuKCrA==\r\n\r\n"},
    };
    for (const auto& row : rows) {
        const ProxySettings settings("", row.proxy, "", "");
        const BaseUrl target = url(row.target);
        const ProxySettings::Choice choice = settings.for_target(target);
        BOOST_REQUIRE_MESSAGE(choice.proxy != nullptr, choice.error);
        BOOST_TEST(connect_request(target, *choice.proxy).reveal() == row.request);
    }
    static_assert(!Printable<baton::Secret> && !Printable<ProxyEndpoint>);
    static_assert(std::is_same_v<decltype(ProxyEndpoint::authorization), baton::Secret>);
}

BOOST_AUTO_TEST_CASE(connect_responses) {
    using Status = ConnectResponse::Status;
    const struct {
        std::string bytes;
        Status status;
        int http;
        const char* words;
    } rows[] = {
        {"HTTP/1.1 200 Connection established\r\n\r\n", Status::done, 200, ""},
        {"HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", Status::done, 200, ""},
        {"HTTP/1.1 200\r\n\r\n", Status::done, 200, ""},
        {"HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", Status::done, 200, ""},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Status::done,
         200, ""},
        {"HTTP/1.1 407 Proxy Authentication Required\r\nx: y\r\n\r\n", Status::refused, 407,
         "user:password@"},
        {"HTTP/1.1 403 Forbidden\r\n\r\n", Status::refused, 403, "403"},
        {"HTTP/1.1 502 Bad Gateway\r\n\r\n", Status::refused, 502, "502"},
        {"HTTP/1.1 302 Found\r\nLocation: http://evil\r\n\r\n", Status::refused, 302, "302"},
        {"HTTP/1.1 2000\r\n\r\n", Status::refused, 0, "not HTTP"},
        {"HTTP/1.1 099 x\r\n\r\n", Status::refused, 0, "not HTTP"},
        {"HTTP/1.1 600 x\r\n\r\n", Status::refused, 0, "not HTTP"},
        {"HTTP/1.1 20x OK\r\n\r\n", Status::refused, 0, "not HTTP"},
        {"HTTP/2 200\r\n\r\n", Status::refused, 0, "not HTTP"},
        {"HTTP/1.1 20\r\n\r\n", Status::refused, 0, "not HTTP"},
        {"\r\n\r\n", Status::refused, 0, "not HTTP"},
        {"SSH-2.0-OpenSSH\r\n", Status::refused, 0, "not HTTP"},
        {"HTTP/1.1 200 OK\n\n", Status::refused, 0, "not HTTP"},
        {"HTTP/1.1 200 OK\r\rx", Status::refused, 0, "not HTTP"},
        {"HTTP/1.1 200 OK\r\n" + std::string(17'000, 'x'), Status::refused, 200, "16 KiB"},
        {std::string(17'000, 'x'), Status::refused, 0, "16 KiB"},
        {"HTTP/1.1 200 OK\r\nx: y\r\n", Status::want_input, 200, ""},
        {"", Status::want_input, 0, ""},
    };
    for (const auto& row : rows) {
        for (const std::size_t step : {row.bytes.size() + 100, std::size_t{1}, std::size_t{3}}) {
            BOOST_TEST_CONTEXT(row.bytes.substr(0, 60)) {
                ConnectResponse response;
                const std::string bytes = row.bytes + (row.status == Status::done ? "tunnel" : "");
                std::size_t at = 0;
                Status status = Status::want_input;
                while (status == Status::want_input && at < bytes.size()) {
                    std::size_t used = 0;
                    const std::string_view piece = std::string_view(bytes).substr(at, step);
                    status = response.feed(piece, used);
                    BOOST_TEST((status != Status::want_input || used == piece.size()));
                    at += used;
                }
                BOOST_TEST((status == row.status));
                if (status == Status::done) BOOST_TEST(at == row.bytes.size()); // not a byte of the tunnel
                BOOST_TEST(at <= ConnectResponse::max_header + 1);
                BOOST_TEST(response.http_status() == row.http);
                BOOST_TEST(response.error_text().find(row.words) != std::string::npos, response.error_text());
                std::size_t used = 1;
                if (status != Status::want_input) {
                    BOOST_TEST((response.feed("HTTP/1.1 200 OK\r\n\r\n", used) == row.status));
                    BOOST_TEST(used == 0U);
                    BOOST_TEST((response.feed_eof() == row.status));
                } else {
                    BOOST_TEST((response.feed_eof() == Status::refused));
                    BOOST_TEST(response.error_text().find("closed") != std::string::npos);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
