// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/url.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace baton::net {

namespace detail {

inline bool url_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Letters, digits, '-' and '_' (inner names in container networks have it), labels of 1 to 63 characters.
// A last label that reads as a number is refused: inet_aton, and so many resolvers, take "127.1" and
// "0x7f000001" for addresses, which a check of names would not see.
BATON_DECL const char* check_dns_name(std::string_view host) {
    if (host.size() > 253) return "has a host name of more than 253 characters";
    std::size_t start = 0;
    std::string_view label;
    for (std::size_t i = 0; i <= host.size(); ++i) {
        if (i < host.size() && host[i] != '.') {
            const char c = host[i];
            if ((c >= 'a' && c <= 'z') || url_digit(c) || c == '-' || c == '_') continue;
            return "has a host name with a character other than letters, digits, '-' and '.'; "
                   "write international names in their xn-- form";
        }
        label = host.substr(start, i - start);
        if (label.empty() || label.size() > 63) return "has a host name with an empty or too long part";
        start = i + 1;
    }
    bool number = true;
    for (char c : label) number = number && url_digit(c);
    if (number || label.starts_with("0x")) {
        return "has a number as host that is not an IPv4 address of four decimal parts; write it as "
               "127.0.0.1";
    }
    return nullptr;
}

BATON_DECL const char* parse_url(std::string_view text, UrlParts& parts) {
    if (text.empty()) return "is empty; give a URL such as https://api.example.com/v1";
    for (char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (u <= 0x20 || u == 0x7f)
            return "contains a space, a line break or another control character; remove it";
        if (u > 0x7f)
            return "contains a character that is not ASCII; percent-encode it, or use the xn-- form in a "
                   "host";
    }
    constexpr const char* not_a_url = "is not a URL; give one such as https://api.example.com/v1";
    const auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
    if (!parsed) {
        const bool has_scheme = text.find("://") != std::string_view::npos;
        return has_scheme ? not_a_url : "has no scheme; write https:// in front of it";
    }
    const boost::urls::url_view& url = *parsed;
    if (url.scheme_id() != boost::urls::scheme::https && url.scheme_id() != boost::urls::scheme::http) {
        // "api.example.com:443" parses as scheme "api.example.com"
        return "has a scheme other than https and http; write https:// in front of the host";
    }
    parts.tls = url.scheme_id() == boost::urls::scheme::https;
    parts.has_userinfo = url.has_userinfo();
    parts.has_query = url.has_query();
    parts.has_fragment = url.has_fragment();

    // Boost 1.81 takes "//10.0.0.1.example.com" for the host 10.0.0.1 and a path: the characters are
    // checked by now, so split the authority here.
    std::string_view rest = text.substr(text.find(':') + 1);
    if (!rest.starts_with("//")) return not_a_url;
    rest.remove_prefix(2);
    std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    parts.path = rest.substr(host.size());
    parts.path = parts.path.substr(0, parts.path.find_first_of("?#"));
    if (const std::size_t at = host.find('@'); at != std::string_view::npos) {
        parts.user = host.substr(0, at);
        host.remove_prefix(at + 1);
        if (const std::size_t colon = parts.user.find(':'); colon != std::string_view::npos) {
            parts.password = parts.user.substr(colon + 1);
            parts.user = parts.user.substr(0, colon);
        }
    }
    std::string_view port;
    const std::size_t host_end = host.starts_with('[') ? host.find(']') : 0;
    if (const std::size_t colon = host.find(':', host_end); colon != std::string_view::npos) {
        port = host.substr(colon + 1);
        host = host.substr(0, colon);
    }

    if (host.starts_with('[')) {
        host = host.substr(1, host.size() - 2);
        const auto address =
            boost::urls::parse_ipv6_address(boost::urls::string_view(host.data(), host.size()));
        if (!address) return "has something other than an IPv6 address in brackets";
        parts.ip = parts.ipv6 = true;
        parts.loopback = address->is_loopback();
        parts.host = address->to_string();
    } else {
        if (host.ends_with('.')) host.remove_suffix(1);
        if (host.empty()) return "has no host; give a URL such as https://api.example.com/v1";
        parts.host = host;
        for (char& c : parts.host) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        const auto address = boost::urls::parse_ipv4_address(boost::urls::string_view(parts.host));
        if (address) {
            parts.ip = true;
            parts.loopback = address->is_loopback();
        } else if (const char* why = check_dns_name(parts.host)) {
            return why;
        } else {
            parts.loopback = parts.host == "localhost";
        }
    }

    unsigned long number = 0;
    for (char c : port) {
        if (!url_digit(c)) return not_a_url;
        if (number <= 65535) number = number * 10 + static_cast<unsigned long>(c - '0');
    }
    if (!port.empty() && (number == 0 || number > 65535)) return "has a port outside 1 to 65535";
    parts.port = !port.empty() ? static_cast<std::uint16_t>(number) : (parts.tls ? 443 : 80);
    return nullptr;
}

} // namespace detail

BATON_DECL std::optional<BaseUrl> BaseUrl::parse(std::string_view text, std::string_view option,
                                                 std::string& error, bool allow_http) {
    detail::UrlParts parts;
    const char* why = detail::parse_url(text, parts);
    if (why == nullptr) {
        if (parts.has_userinfo) {
            why = "contains a user name or password before '@'; remove it and pass the key as an option";
        } else if (parts.has_query) {
            why = "contains a query ('?...'); remove it: keys and parameters are options of their own";
        } else if (parts.has_fragment) {
            why = "contains a fragment ('#...'); remove it";
        } else if (!parts.tls && !parts.loopback && !allow_http) {
            why = "is http to another machine, where the key could be read on the way; use https, or allow "
                  "http "
                  "explicitly";
        }
    }
    if (why != nullptr) {
        error.assign(option).append(1, ' ').append(why);
        return std::nullopt;
    }
    BaseUrl url;
    url.tls_ = parts.tls;
    url.ip_ = parts.ip;
    url.loopback_ = parts.loopback;
    url.port_ = parts.port;
    url.host_ = std::move(parts.host);
    while (parts.path.ends_with('/')) parts.path.remove_suffix(1);
    url.path_ = parts.path;
    url.authority_ = parts.ipv6 ? "[" + url.host_ + "]" : url.host_;
    if (url.port_ != (url.tls_ ? 443 : 80)) url.authority_.append(1, ':').append(std::to_string(url.port_));
    error.clear();
    return url;
}

BATON_DECL std::string BaseUrl::host_port() const {
    std::string text = host_.find(':') != std::string::npos ? "[" + host_ + "]" : host_;
    return text.append(1, ':').append(std::to_string(port_));
}

BATON_DECL bool header_name_ok(std::string_view name) noexcept {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    for (char c : name) {
        const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || detail::url_digit(c);
        if (!alnum && marks.find(c) == std::string_view::npos) return false;
    }
    return !name.empty();
}

BATON_DECL bool target_ok(std::string_view target) noexcept {
    if (!target.starts_with('/') && !target.starts_with("http://")) return false;
    for (char c : target) {
        const auto u = static_cast<unsigned char>(c);
        if (u <= 0x20 || u >= 0x7f || c == '#') return false;
    }
    return true;
}

} // namespace baton::net
