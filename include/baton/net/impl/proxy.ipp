// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/proxy.hpp>

#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <array>
#include <cstring>
#include <utility>

namespace baton::net {

namespace detail {

inline void wipe(std::string& text) noexcept {
    volatile char* p = text.data(); // volatile: text is about to be freed
    for (std::size_t i = 0; i < text.size(); ++i) p[i] = 0;
}

// false if an escape is broken or stands for a control character
BATON_DECL bool percent_decode(std::string_view text, std::string& out) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'                     ? c - '0'
               : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                        : -1;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            if (text.size() - i < 3) return false;
            const int high = digit(text[i + 1]), low = digit(text[i + 2]);
            if (high < 0 || low < 0) return false;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
        out += c;
    }
    return true;
}

BATON_DECL void append_base64(std::string_view bytes, std::string& out) {
    constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        const auto at = [&](std::size_t k) {
            return k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U;
        };
        const unsigned group = at(0) << 16 | at(1) << 8 | at(2);
        out += alphabet[group >> 18];
        out += alphabet[group >> 12 & 63];
        out += left > 1 ? alphabet[group >> 6 & 63] : '=';
        out += left > 2 ? alphabet[group & 63] : '=';
    }
}

// Address bits, for comparing with a network: 0 = not an address.
struct AddressBits {
    std::array<unsigned char, 16> bytes{};
    int bits = 0;
};
BATON_DECL AddressBits address_bits(std::string_view host) {
    AddressBits result;
    const boost::urls::string_view text(host.data(), host.size());
    if (const auto v4 = boost::urls::parse_ipv4_address(text)) {
        const auto bytes = v4->to_bytes();
        std::memcpy(result.bytes.data(), bytes.data(), bytes.size());
        result.bits = 32;
    } else if (const auto v6 = boost::urls::parse_ipv6_address(text)) {
        const auto bytes = v6->to_bytes();
        std::memcpy(result.bytes.data(), bytes.data(), bytes.size());
        result.bits = 128;
    }
    return result;
}

BATON_DECL bool same_network(std::string_view a, std::string_view b, int prefix) {
    const AddressBits left = address_bits(a), right = address_bits(b);
    if (left.bits == 0 || left.bits != right.bits || prefix > left.bits) return false;
    for (int bit = 0; bit < prefix; bit += 8) {
        const int mask = prefix - bit >= 8 ? 0xff : 0xff << (8 - (prefix - bit)) & 0xff;
        const auto i = static_cast<std::size_t>(bit / 8);
        if (((left.bytes[i] ^ right.bytes[i]) & mask) != 0) return false;
    }
    return true;
}

// digits only, at most `max`; -1 otherwise
BATON_DECL int small_number(std::string_view text, int max) {
    int value = 0;
    for (char c : text) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
        if (value > max) return -1;
    }
    return text.empty() ? -1 : value;
}

} // namespace detail

BATON_DECL ProxySettings::Entry ProxySettings::parse_entry(std::string_view value,
                                                           std::string_view variable) {
    Entry entry;
    if (value.empty()) return entry;
    entry.set = true;
    // "proxy:3128" is common
    const std::string text =
        value.find("://") == std::string_view::npos ? "http://" + std::string(value) : std::string(value);
    detail::UrlParts parts;
    const char* why = detail::parse_url(text, parts);
    if (why != nullptr && (text.starts_with("socks") || text.starts_with("SOCKS"))) {
        why = "names a SOCKS proxy, which baton does not speak; use an http:// proxy";
    } else if (why == nullptr &&
               (parts.has_query || parts.has_fragment || (parts.path != "" && parts.path != "/"))) {
        why = "has a path, query or fragment; give host and port only, such as http://proxy.example.com:3128";
    }
    std::string credentials;
    credentials.reserve(text.size() + 1); // no regrowth: it would leave copies
    if (why == nullptr && parts.has_userinfo) {
        const bool ok =
            detail::percent_decode(parts.user, credentials) &&
            credentials.find(':') == std::string::npos; // would move part of the name to the password
        credentials += ':';
        if (!ok || !detail::percent_decode(parts.password, credentials)) {
            why = "has a user name or password with a broken or forbidden escape";
        } else {
            std::string header = "Basic ";
            header.reserve(header.size() + credentials.size() * 4 / 3 + 4);
            detail::append_base64(credentials, header);
            entry.endpoint.authorization = Secret(header);
            detail::wipe(header);
        }
    }
    detail::wipe(credentials);
    if (why != nullptr) {
        entry.error.assign(variable).append(1, ' ').append(why);
        return entry;
    }
    entry.endpoint.host = std::move(parts.host);
    entry.endpoint.port = parts.port;
    entry.endpoint.tls = parts.tls;
    return entry;
}

BATON_DECL ProxySettings::ProxySettings(std::string_view http_proxy, std::string_view https_proxy,
                                        std::string_view all_proxy, std::string_view no_proxy)
    : http_(http_proxy.empty() ? parse_entry(all_proxy, "ALL_PROXY") : parse_entry(http_proxy, "HTTP_PROXY")),
      https_(https_proxy.empty() ? parse_entry(all_proxy, "ALL_PROXY")
                                 : parse_entry(https_proxy, "HTTPS_PROXY")) {
    while (!no_proxy.empty()) {
        const std::size_t end = no_proxy.find_first_of(", \t");
        std::string_view item = no_proxy.substr(0, end);
        no_proxy.remove_prefix(end == std::string_view::npos ? no_proxy.size() : end + 1);
        if (item.empty()) continue;

        Rule rule;
        if (const std::size_t slash = item.find('/'); slash != std::string_view::npos) {
            rule.prefix = detail::small_number(item.substr(slash + 1), 128);
            rule.host = item.substr(0, slash);
            const int bits = detail::address_bits(rule.host).bits;
            if (rule.prefix >= 0 && rule.prefix <= bits && bits != 0) rules_.push_back(std::move(rule));
            continue;
        }
        // an IPv6 address has colons of its own; with a port it is in brackets
        const std::size_t colon = item.rfind(':');
        const bool bracketed = item.starts_with('[');
        if (colon != std::string_view::npos &&
            (bracketed ? item[colon - 1] == ']' : item.find(':') == colon)) {
            const int port = detail::small_number(item.substr(colon + 1), 65535);
            if (port <= 0) continue;
            rule.port = static_cast<std::uint16_t>(port);
            item = item.substr(0, colon);
        }
        if (bracketed && item.ends_with(']')) item = item.substr(1, item.size() - 2);
        if (item.starts_with("*.")) item.remove_prefix(2);
        if (item.starts_with('.')) item.remove_prefix(1);
        if (item.ends_with('.')) item.remove_suffix(1);
        if (item.empty()) continue;
        rule.host = item;
        for (char& c : rule.host) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        if (const int bits = detail::address_bits(rule.host).bits; bits != 0) rule.prefix = bits;
        rules_.push_back(std::move(rule));
    }
}

BATON_DECL bool ProxySettings::bypassed(const BaseUrl& url) const {
    if (url.loopback()) return true;
    const std::string& host = url.host();
    for (const Rule& rule : rules_) {
        if (rule.port != 0 && rule.port != url.port()) continue;
        if (rule.host == "*") return true;
        if (rule.prefix >= 0) {
            if (url.ip_literal() && detail::same_network(host, rule.host, rule.prefix)) return true;
            continue;
        }
        if (url.ip_literal() || !host.ends_with(rule.host)) continue; // "0.0.1" is no suffix of an address
        const std::size_t before = host.size() - rule.host.size();
        if (before == 0 || host[before - 1] == '.') return true;
    }
    return false;
}

BATON_DECL ProxySettings::Choice ProxySettings::for_target(const BaseUrl& url) const {
    const Entry& entry = url.tls() ? https_ : http_;
    if (!entry.set || bypassed(url)) return {};
    if (!entry.error.empty()) return {nullptr, entry.error};
    return {&entry.endpoint, {}};
}

BATON_DECL Secret connect_request(const BaseUrl& target, const ProxyEndpoint& proxy) {
    const std::string where = target.host_port();
    std::string text;
    text.reserve(128 + 2 * where.size() +
                 proxy.authorization.reveal().size()); // no regrowth: it would leave copies
    text.append("CONNECT ").append(where).append(" HTTP/1.1\r\nHost: ").append(where).append("\r\n");
    if (!proxy.authorization.empty()) {
        text.append("Proxy-Authorization: ").append(proxy.authorization.reveal()).append("\r\n");
    }
    text += "\r\n";
    Secret request(text);
    detail::wipe(text);
    return request;
}

BATON_DECL ConnectResponse::Status ConnectResponse::feed(std::string_view bytes, std::size_t& used) {
    used = 0;
    while (status_ == Status::want_input && used < bytes.size()) {
        const char c = bytes[used++];
        if (++size_ > max_header) return refuse("the proxy's answer to CONNECT is larger than 16 KiB");
        if (cr_ && c != '\n') return refuse("the proxy's answer to CONNECT is not HTTP");
        if (c == '\r') {
            cr_ = true;
            continue;
        }
        if (c != '\n') {
            if (first_line_ && column_ < sizeof line_) line_[column_] = c;
            ++column_;
            continue;
        }
        if (!cr_) return refuse("the proxy's answer to CONNECT is not HTTP");
        cr_ = false;
        const std::size_t length = std::exchange(column_, 0);
        if (first_line_) {
            first_line_ = false;
            // "HTTP/1.1 200" and then a space or the end of the line
            const std::string_view line(line_, 12);
            const int status = detail::small_number(line.substr(9), 999);
            const bool code_ends = length == 12 || line_[12] == ' ';
            if (length < 12 || !code_ends ||
                !(line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) || status < 100 ||
                status > 599) {
                return refuse("the proxy's answer to CONNECT is not HTTP");
            }
            http_status_ = status;
        } else if (length == 0) {
            if (http_status_ >= 200 && http_status_ < 300) return status_ = Status::done;
            if (http_status_ >= 200) return refuse("");
            first_line_ = true; // an interim response
        }
    }
    return status_;
}

BATON_DECL ConnectResponse::Status ConnectResponse::feed_eof() {
    if (status_ != Status::want_input) return status_;
    return refuse("the proxy closed the connection before it answered CONNECT");
}

BATON_DECL std::string ConnectResponse::error_text() const {
    if (status_ != Status::refused) return {};
    if (*why_ != '\0') return why_;
    std::string text = "the proxy refused CONNECT with status " + std::to_string(http_status_);
    if (http_status_ == 407) text += "; put user:password@ in front of the host in HTTPS_PROXY";
    if (http_status_ == 403 || http_status_ == 405)
        text += "; the target or its port may not be allowed there";
    return text;
}

} // namespace baton::net
