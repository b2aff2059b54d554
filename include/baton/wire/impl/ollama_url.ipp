// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/ollama_url.hpp>

#include <cstddef>
#include <string_view>

namespace baton::wire {
namespace detail {

inline std::string_view trim_host(std::string_view text) noexcept {
    constexpr std::string_view around = " \t\r\n\"'";
    const std::size_t first = text.find_first_not_of(around);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(around) - first + 1);
}

} // namespace detail

BATON_DECL std::string ollama_url(Environment environment) {
    std::string_view rest = detail::trim_host(environment("OLLAMA_HOST"));
    std::string_view scheme = "http", port = ":11434";
    if (const std::size_t mark = rest.find("://"); mark != rest.npos) {
        scheme = rest.substr(0, mark);
        rest.remove_prefix(mark + 3);
        port = {}; // that of the scheme
    }
    const std::size_t slash = rest.find('/');
    const std::string_view path = slash == rest.npos ? std::string_view() : rest.substr(slash);
    std::string_view host = rest.substr(0, slash);
    const bool brackets = host.starts_with('[');
    const std::size_t colon = host.rfind(':');
    // "::1" is an address without a port
    const bool bare = !brackets && colon != host.npos && host.find(':') != colon;
    if (!bare && colon != host.npos && !(brackets && host.ends_with(']'))) {
        port = host.substr(colon);
        host = host.substr(0, colon);
    }
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "[::]" || host == "::") host = "[::1]";
    std::string url(scheme);
    url.append("://");
    const bool enclose = bare && !host.starts_with('[');
    url.append(enclose ? "[" : "").append(host).append(enclose ? "]" : "").append(port).append(path);
    return url;
}

} // namespace baton::wire
