// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/sha256.hpp>
#include <baton/core/sigv4.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace baton::sigv4 {
namespace detail {

using Digest = std::array<unsigned char, SigningKey::size>;

inline Digest hmac_sha256(std::string_view key, std::string_view text) {
    Digest out{};
    unsigned int size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), out.data(), &size) ==
            nullptr ||
        size != out.size()) {
        throw std::runtime_error("HMAC-SHA256 is not available: OpenSSL has no provider for it");
    }
    return out;
}
inline std::string_view view(const Digest& digest) noexcept {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

inline int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}
inline std::string uri_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high >= 0 && low >= 0) {
                out += static_cast<char>(high << 4 | low);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

/// Dots resolved as in RFC 3986, section 5.2.4, and no empty segments.
inline std::string normalized_path(std::string_view path) {
    std::vector<std::string_view> segments;
    bool directory = true; // ends in a slash, or in what stands for one
    while (!path.empty()) {
        const std::size_t slash = path.find('/');
        const std::string_view segment = path.substr(0, slash);
        path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
        directory = slash != std::string_view::npos || segment == "." || segment == "..";
        if (segment == ".." && !segments.empty()) segments.pop_back();
        if (!segment.empty() && segment != "." && segment != "..") segments.push_back(segment);
    }
    std::string out;
    for (const std::string_view segment : segments) out.append("/").append(segment);
    if (directory || out.empty()) out += '/';
    return out;
}

/// Decoded first: what is percent-encoded already is not to be encoded twice, unlike the path.
inline std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> members;
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view member = query.substr(0, end);
        query.remove_prefix(end == query.npos ? query.size() : end + 1);
        if (member.empty()) continue;
        const std::size_t equals = member.find('=');
        const std::string_view value = equals == member.npos ? std::string_view() : member.substr(equals + 1);
        members.emplace_back(uri_encode(uri_decode(member.substr(0, equals)), true),
                             uri_encode(uri_decode(value), true));
    }
    std::sort(members.begin(), members.end());
    std::string out;
    for (const auto& [name, value] : members) {
        out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
    }
    return out;
}

/// Space around it is not part of a value, and several spaces are one.
inline void append_header_value(std::string& out, std::string_view value) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    bool any = false, pending = false;
    for (const char c : value) {
        if (is_space(c)) {
            pending = any;
            continue;
        }
        if (pending) out += ' ';
        out += c;
        any = true;
        pending = false;
    }
}

} // namespace detail

BATON_DECL SigningKey::~SigningKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

BATON_DECL SigningKey SigningKey::derive(const Secret& secret, const Scope& scope) {
    std::string first("AWS4");
    first.reserve(first.size() + secret.reveal().size());
    first += secret.reveal();
    detail::Digest step = detail::hmac_sha256(first, scope.date);
    OPENSSL_cleanse(first.data(), first.size());
    step = detail::hmac_sha256(detail::view(step), scope.region);
    step = detail::hmac_sha256(detail::view(step), scope.service);
    SigningKey key;
    key.bytes_ = detail::hmac_sha256(detail::view(step), "aws4_request");
    OPENSSL_cleanse(step.data(), step.size());
    return key;
}

BATON_DECL SigningKey SigningKeyCache::get(const Secret& secret, const Scope& scope) const {
    std::string name(scope.date);
    name.append("/").append(scope.region).append("/").append(scope.service);
    if (last_ == nullptr || last_->busy.test_and_set(std::memory_order_acquire)) {
        return SigningKey::derive(secret, scope);
    }
    struct Release {
        std::atomic_flag& flag;
        ~Release() { flag.clear(std::memory_order_release); }
    } release{last_->busy};
    const std::string_view a = last_->secret.reveal(), b = secret.reveal();
    const bool same =
        last_->scope == name && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
    if (!same) {
        last_->scope.clear(); // should derive() throw, nothing is remembered
        last_->key = SigningKey::derive(secret, scope);
        last_->secret = secret;
        last_->scope = std::move(name);
    }
    return last_->key;
}

BATON_DECL std::string timestamp(WallTime now) {
    using namespace std::chrono;
    const auto day = floor<days>(now);
    const year_month_day date(day);
    const hh_mm_ss time(floor<seconds>(now - day));
    char out[40];
    const int size =
        std::snprintf(out, sizeof out, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                      static_cast<int>(time.seconds().count()));
    return {out, static_cast<std::size_t>(std::clamp(size, 0, static_cast<int>(sizeof out) - 1))};
}

BATON_DECL std::string canonical_request(const Request& request, std::string& signed_headers) {
    std::vector<std::pair<std::string, std::size_t>> headers; // lower case, and which one
    headers.reserve(request.headers.size());
    for (const HeaderField& field : request.headers) {
        std::string name(field.name);
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
        headers.emplace_back(std::move(name), headers.size());
    }
    std::sort(headers.begin(), headers.end());
    std::string out(request.method);
    out.append("\n").append(uri_encode(detail::normalized_path(request.path), false));
    out.append("\n").append(detail::canonical_query(request.query)).append("\n");
    signed_headers.clear();
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const std::string& name = headers[i].first;
        const bool repeated = i > 0 && headers[i - 1].first == name;
        if (repeated) {
            out.back() = ','; // in place of the line's end
        } else {
            signed_headers.append(i > 0 ? ";" : "").append(name);
            out.append(name).append(":");
        }
        detail::append_header_value(out, request.headers[headers[i].second].value);
        out += '\n';
    }
    out.append("\n").append(signed_headers).append("\n").append(sha256(request.body));
    return out;
}

BATON_DECL std::string authorization(const Request& request, std::string_view access_key_id,
                                     const SigningKey& key, const Scope& scope, std::string_view time) {
    constexpr char hex[] = "0123456789abcdef";
    std::string signed_headers;
    const std::string canonical = canonical_request(request, signed_headers);
    std::string scope_text(scope.date);
    scope_text.append("/").append(scope.region).append("/").append(scope.service).append("/aws4_request");
    std::string to_sign("AWS4-HMAC-SHA256\n");
    to_sign.append(time).append("\n").append(scope_text).append("\n").append(sha256(canonical));
    std::string out("AWS4-HMAC-SHA256 Credential=");
    out.append(access_key_id).append("/").append(scope_text);
    out.append(", SignedHeaders=").append(signed_headers).append(", Signature=");
    for (const unsigned char byte : detail::hmac_sha256(key.bytes(), to_sign)) {
        out += hex[byte >> 4];
        out += hex[byte & 15];
    }
    return out;
}

} // namespace baton::sigv4
