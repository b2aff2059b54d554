// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/secret.hpp>
#include <baton/net/url.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::net {

/// A proxy: where it listens, and the value of Proxy-Authorization, which cannot be printed.
struct ProxyEndpoint {
    std::string host; ///< as BaseUrl::host
    std::uint16_t port = 0;
    bool tls = false;     ///< the connection to the proxy is TLS itself (https://proxy)
    Secret authorization; ///< "Basic ..."; empty if the URL has no user name
};

/// Which connections go through which proxy. Immutable after construction; threads may share it.
class ProxySettings {
public:
    /// What for_target decided: neither member set means a direct connection. A tunnel (CONNECT) serves
    /// both schemes; for http, proxies also take the absolute form of the target.
    struct Choice {
        const ProxyEndpoint* proxy = nullptr; ///< lives as long as the settings
        std::string_view error;               ///< the variable for this target is unusable: do not connect
    };

    ProxySettings() = default; ///< everything direct

    /// Values as in the variables of the same names; "" is unset. A value that is wrong does harm only
    /// when a target needs it: for_target reports it then, and nothing goes around the proxy.
    BATON_DECL ProxySettings(std::string_view http_proxy, std::string_view https_proxy,
                             std::string_view all_proxy, std::string_view no_proxy);

    /// Reads http_proxy, https_proxy, all_proxy and no_proxy, each in lower case, else in upper case.
    /// HTTP_PROXY is ignored if REQUEST_METHOD is set: in a CGI program it is the client's "Proxy:"
    /// header. `getenv` takes a const char* and returns something like const char*, null if unset.
    template <class GetEnv>
    static ProxySettings from_environment(GetEnv&& getenv) {
        const auto get = [&](const char* lower, const char* upper) -> std::string {
            if (const char* value = getenv(lower); value != nullptr && *value != '\0') return value;
            const char* value = upper != nullptr ? getenv(upper) : nullptr;
            return value != nullptr ? value : std::string();
        };
        const bool cgi = getenv("REQUEST_METHOD") != nullptr;
        return ProxySettings(get("http_proxy", cgi ? nullptr : "HTTP_PROXY"),
                             get("https_proxy", "HTTPS_PROXY"), get("all_proxy", "ALL_PROXY"),
                             get("no_proxy", "NO_PROXY"));
    }

    /// Direct for loopback hosts and for what no_proxy lists: "*", a name with its subdomains ("corp.io",
    /// ".corp.io"), an address, a network ("10.0.0.0/8"), each optionally with ":port".
    BATON_DECL Choice for_target(const BaseUrl& url) const;

private:
    struct Rule {
        std::string host;       ///< name or address; "*" for all
        std::uint16_t port = 0; ///< 0: any
        int prefix = -1;        ///< bits of a network; -1: not a network
    };
    struct Entry {
        ProxyEndpoint endpoint;
        std::string error;
        bool set = false;
    };
    BATON_DECL static Entry parse_entry(std::string_view value, std::string_view variable);
    BATON_DECL bool bypassed(const BaseUrl& url) const;

    Entry http_, https_;
    std::vector<Rule> rules_;
};

/// The bytes that ask `proxy` for a tunnel to `target`. A Secret, since they may hold a password.
BATON_DECL Secret connect_request(const BaseUrl& target, const ProxyEndpoint& proxy);

/// Reads a proxy's answer to CONNECT. After `done`, bytes that were not used belong to the tunnel.
class ConnectResponse {
public:
    enum class Status : unsigned char { want_input, done, refused };
    static constexpr std::size_t max_header = 16 * 1024; ///< bytes, all interim responses together

    /// Takes bytes as they arrive; `used` says how many. Final once it is not want_input.
    BATON_DECL Status feed(std::string_view bytes, std::size_t& used);
    /// The connection ended.
    BATON_DECL Status feed_eof();

    /// HTTP status of the answer; 0 before its first line is complete.
    int http_status() const noexcept { return http_status_; }
    /// After `refused`: why, and what to do.
    BATON_DECL std::string error_text() const;

private:
    Status refuse(const char* why) noexcept {
        why_ = why;
        return status_ = Status::refused;
    }
    Status status_ = Status::want_input;
    const char* why_ = "";
    int http_status_ = 0;
    std::size_t size_ = 0;
    std::size_t column_ = 0; // in the present line
    char line_[13] = {};     // "HTTP/1.1 200 "
    bool first_line_ = true, cr_ = false;
};

} // namespace baton::net

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/net/impl/proxy.ipp>
#endif
