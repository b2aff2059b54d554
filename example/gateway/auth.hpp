// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
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

/// The key `shown` is, or null. Every key is compared whatever the outcome, so that the time says nothing
/// about which of them is near; and what is compared are hashes, so that it would not help to know.
inline const KeyConfig* find_key(const Config& config, std::string_view shown) noexcept {
    std::array<unsigned char, 32> hash{};
    if (EVP_Digest(shown.data(), shown.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1)
        return nullptr;
    const KeyConfig* found = nullptr;
    for (const KeyConfig& key : config.keys) {
        if (CRYPTO_memcmp(key.sha256.data(), hash.data(), hash.size()) == 0) found = &key;
    }
    return found;
}

/// Generic cell rate algorithm (ITU-T I.371): a client may be at most `burst` requests ahead of its steady
/// rate. All that is kept is the time at which it will be level again. The decision alone; where that time is
/// kept is the store's business.
struct Gcra {
    std::chrono::nanoseconds interval{}; ///< between two requests at the steady rate; 0: no limit
    std::chrono::nanoseconds ahead{};    ///< how far in front of it a client may be

    explicit Gcra(const KeyConfig& key) {
        if (key.requests_per_minute <= 0) return;
        interval = std::chrono::nanoseconds(static_cast<std::int64_t>(60e9 / key.requests_per_minute));
        ahead = std::chrono::nanoseconds(
            static_cast<std::int64_t>(60e9 / key.requests_per_minute * (key.burst - 1)));
    }
    explicit operator bool() const noexcept { return interval.count() > 0; }

    struct Verdict {
        std::int64_t level = 0;          ///< the new time, if admitted
        std::chrono::nanoseconds wait{}; ///< 0: admitted
    };
    constexpr Verdict decide(std::int64_t level, std::int64_t now) const noexcept {
        const std::int64_t from = std::max(level, now);
        const std::int64_t early = from - now - ahead.count();
        if (early > 0) return {level, std::chrono::nanoseconds(early)};
        return {from + interval.count(), {}};
    }
};

/// The store in memory: one time per key, shared by all threads without a lock on a request's path. Times
/// outlive a reload of the configuration: keys are known by their hash.
class MemoryStore {
public:
    /// Gives each key of a new configuration its place.
    void adopt(Config& config) {
        for (KeyConfig& key : config.keys) {
            auto& level = levels_[key.sha256];
            if (!level) level = std::make_shared<std::atomic<std::int64_t>>(0);
            key.level = level;
        }
    }
    /// 0: admitted; else when to come again.
    static std::chrono::nanoseconds admit(const KeyConfig& key, Clock::time_point time) noexcept {
        const Gcra rule(key);
        if (!rule || !key.level) return {};
        const std::int64_t now = std::chrono::nanoseconds(time.time_since_epoch()).count();
        std::int64_t seen = key.level->load(std::memory_order_relaxed);
        for (;;) {
            const Gcra::Verdict verdict = rule.decide(seen, now);
            if (verdict.wait.count() > 0) return verdict.wait;
            if (key.level->compare_exchange_weak(seen, verdict.level, std::memory_order_relaxed)) return {};
        }
    }

private:
    std::map<std::array<unsigned char, 32>, std::shared_ptr<std::atomic<std::int64_t>>> levels_;
};

} // namespace gateway
