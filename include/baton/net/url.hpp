// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::net {

/// Where an endpoint lives: scheme, host, port and the path prefix of its API. Made only by parse(), so
/// that nothing in it can end a header line or point somewhere else than it reads.
class BaseUrl {
public:
    /// Parses e.g. "https://api.openai.com/v1". Refused: user names, queries and fragments (keys do not
    /// belong in URLs), spaces and control characters, numbers that only some resolvers take for an
    /// address ("0x7f.1", "2130706433"), and http to anything but localhost, 127.0.0.0/8 and [::1] unless
    /// `allow_http`. On failure `error` is a sentence that begins with `option` and names the next step;
    /// it never repeats the URL, which may hold a key.
    BATON_DECL static std::optional<BaseUrl> parse(std::string_view text, std::string_view option,
                                                   std::string& error, bool allow_http = false);

    bool tls() const noexcept { return tls_; }
    std::string_view scheme() const noexcept { return tls_ ? "https" : "http"; }
    /// Lower case, without brackets and without a trailing dot; IPv6 in its shortest form.
    const std::string& host() const noexcept { return host_; }
    std::uint16_t port() const noexcept { return port_; }
    bool ip_literal() const noexcept { return ip_; }
    /// "" or "/v1": begins with a slash and does not end with one; still percent-encoded.
    const std::string& path() const noexcept { return path_; }
    /// The value of the Host header: brackets around IPv6, the port only if it is not the default.
    const std::string& authority() const noexcept { return authority_; }
    /// Host and port, always both: "[::1]:443". For CONNECT and for keys.
    BATON_DECL std::string host_port() const;
    /// localhost, 127.0.0.0/8 or ::1
    bool loopback() const noexcept { return loopback_; }

    bool operator==(const BaseUrl&) const = default;

private:
    BaseUrl() = default;
    std::string host_, path_, authority_;
    std::uint16_t port_ = 0;
    bool tls_ = false, ip_ = false, loopback_ = false;
};

namespace detail {

/// The parts of an absolute http(s) URL after the checks that every URL must pass.
struct UrlParts {
    bool tls = false, ip = false, ipv6 = false, loopback = false;
    bool has_userinfo = false, has_query = false, has_fragment = false;
    std::uint16_t port = 0;
    std::string host;
    std::string_view path, user, password; ///< views into the parsed text, still percent-encoded
};
/// nullptr, or what is wrong: the second half of a sentence.
BATON_DECL const char* parse_url(std::string_view text, UrlParts& parts);

} // namespace detail

/// What of the path of a base URL stands in front of `path`. Some libraries want base URLs with "/v1" where
/// others have it in their paths; what one ends with and the other begins with is said once: nothing of "/v1"
/// stands in front of "/v1/messages".
inline std::string_view path_before(std::string_view base, std::string_view path) noexcept {
    for (std::size_t at = 0; at < base.size(); at = std::min(base.find('/', at + 1), base.size())) {
        const std::string_view end = base.substr(at);
        if (path.starts_with(end) && path.substr(end.size()).starts_with('/')) return base.substr(0, at);
    }
    return base;
}

/// A non-empty RFC 9110 token.
BATON_DECL bool header_name_ok(std::string_view name) noexcept;

/// A request target: begins with '/' (or "http://", the absolute form for proxies), visible ASCII only,
/// no fragment.
BATON_DECL bool target_ok(std::string_view target) noexcept;

} // namespace baton::net

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/net/impl/url.ipp>
#endif
