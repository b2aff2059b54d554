// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace gateway {

/// What a client shows to be let in, wherever its SDK puts it; "" if it shows nothing.
inline std::string_view credential(const HttpRequest& request) noexcept {
    const std::string_view authorization = request.header("authorization");
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() > scheme.size() &&
        baton::iequals(authorization.substr(0, scheme.size()), scheme)) {
        return authorization.substr(authorization.find_first_not_of(' ', scheme.size()));
    }
    for (const char* name : {"x-api-key", "api-key", "x-goog-api-key"}) {
        if (const std::string_view value = request.header(name); !value.empty()) return value;
    }
    for (std::string_view rest = request.query; !rest.empty();) {
        const std::string_view one = rest.substr(0, rest.find('&'));
        if (one.starts_with("key=")) return one.substr(4);
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
    return {};
}

/// How two digests are compared: 0 if they are equal, in a time that depends on their length alone.
using Compare = int (*)(const void*, const void*, std::size_t);

/// The key `shown` is, or null, as for nothing shown. Every key is compared whatever the outcome, so that the
/// time says nothing about which of them is near; and what is compared are hashes, so that it would not help
/// to know.
inline const KeyConfig* find_key(const Config& config, std::string_view shown,
                                 Compare compare = CRYPTO_memcmp) noexcept {
    if (shown.empty()) return nullptr;
    std::array<unsigned char, 32> hash{};
    if (EVP_Digest(shown.data(), shown.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1)
        return nullptr;
    const KeyConfig* found = nullptr;
    for (const KeyConfig& key : config.keys) {
        if (compare(key.sha256.data(), hash.data(), hash.size()) == 0) found = &key;
    }
    return found;
}

} // namespace gateway
