// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/error.hpp>

#include <algorithm>
#include <ostream>

namespace baton {

namespace detail {

constexpr bool token_char(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.' || c == '+' || c == '/' || c == '=' || c == '*';
}

// Vendors echo keys back ("Incorrect API key provided: sk-..."), whole or masked. A word is taken for a
// credential if it starts like one or is a long unbroken mix of letters and digits.
BATON_DECL bool looks_secret(std::string_view word, std::string_view previous) noexcept {
    constexpr std::string_view prefixes[] = {"sk-",   "sk_",  "gsk_", "xai-",   "AIza",  "hf_",
                                             "pplx-", "csk-", "AKIA", "ASIA",   "ya29.", "eyJ",
                                             "r8_",   "ABSK", "tgp_", "nvapi-", "ghp_"};
    for (std::string_view prefix : prefixes) {
        if (word.size() > prefix.size() + 3 && word.starts_with(prefix)) return true;
    }
    if ((previous == "Bearer" || previous == "bearer" || previous == "Basic") && word.size() >= 8)
        return true;
    if (word.size() < 32) return false;
    bool digit = false, alpha = false;
    std::size_t breaks = 0;
    for (char c : word) {
        digit |= c >= '0' && c <= '9';
        alpha |= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        breaks += c == '-' || c == '.' || c == '/' || c == '_';
    }
    return digit && alpha && breaks * 12 < word.size(); // URLs, uuids and model names have more breaks
}

} // namespace detail

BATON_DECL std::string redact(std::string_view text) {
    constexpr char hex[] = "0123456789abcdef";
    std::string out;
    std::string_view previous;
    std::size_t i = 0;
    while (i < text.size() && out.size() < Error::max_message) {
        if (detail::token_char(text[i])) {
            std::size_t end = i;
            while (end < text.size() && detail::token_char(text[end])) ++end;
            const std::string_view word = text.substr(i, end - i);
            out += detail::looks_secret(word, previous) ? std::string_view("***") : word;
            previous = word;
            i = end;
        } else if (const auto c = static_cast<unsigned char>(text[i]); c < 0x20 || c == 0x7f) {
            if (c == '\n' || c == '\t') {
                out += ' ';
            } else {
                out += "\\x";
                out += hex[c >> 4];
                out += hex[c & 15];
            }
            ++i;
        } else {
            out += text[i++];
        }
    }
    if (out.size() > Error::max_message || i < text.size()) {
        std::size_t end = std::min(out.size(), Error::max_message - 3);
        while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;
        out.resize(end);
        out += "...";
    }
    return out;
}

BATON_DECL Error::Error(Errc code, std::string_view message) : code_(code) {
    auto node = new Node;
    node_.reset(node);
    node->message = redact(message);
}

BATON_DECL Error::Error(Errc code, Detail detail) : code_(code) {
    auto node = new Node;
    node_.reset(node);
    static_cast<Detail&>(*node) = std::move(detail);
    node->message = redact(node->message);
}

BATON_DECL const Error::Detail& Error::detail() const noexcept {
    static const Detail none;
    return node_ ? static_cast<const Detail&>(*node_) : none;
}

BATON_DECL std::string Error::what() const {
    const Detail& d = detail();
    std::string text;
    if (!d.provider.empty()) {
        text += d.provider;
        if (!d.model.empty()) text.append("/").append(d.model);
        text += ": ";
    }
    text += to_string(code_);
    if (d.status != 0) text.append(" (HTTP ").append(std::to_string(d.status)).append(")");
    if (!d.message.empty()) text.append(": ").append(d.message);
    if (!d.request_id.empty()) text.append(" [request ").append(d.request_id).append("]");
    if (d.trace.sent() > 1) {
        text.append(" (").append(std::to_string(d.trace.sent())).append(" attempts)");
    }
    return text;
}

BATON_DECL std::ostream& operator<<(std::ostream& out, const Error& error) { return out << error.what(); }

} // namespace baton
