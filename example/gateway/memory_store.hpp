// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"
#include "provider_limits.hpp"

#include <baton/policy/rng.hpp>
#include <baton/store/memory_cache.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// How much of its limits a key has used. All or nothing of a demand is charged. Thread-safe; the lock is
/// held for some arithmetic.
class KeyUse {
public:
    KeyVerdict admit(const KeyLimits& limits, const KeyDemand& demand, Clock::time_point time,
                     PeriodAt period, KeyReservation& reserved) {
        using Kind = KeyVerdict::Kind;
        const std::int64_t now = nanoseconds(time.time_since_epoch()).count();
        const auto tokens = static_cast<double>(demand.tokens);
        const std::lock_guard lock(mutex_);
        follow(limits.requests, requests_, requests_rate_, now);
        follow(limits.tokens, tokens_, tokens_rate_, now);
        KeyVerdict verdict;
        if (const nanoseconds wait = limits.requests.wait(requests_, 1, now); wait.count() > 0)
            verdict = {Kind::requests, wait, {}, {}};
        if (const nanoseconds wait = limits.tokens.wait(tokens_, tokens, now); wait > verdict.wait)
            verdict = {Kind::tokens, wait, {}, {}};
        if (period_ != period.number) {
            period_ = period.number;
            spent_ = 0;
        }
        if (limits.budget > 0 && spent_ + std::max<NanoDollars>(demand.cost, 1) > limits.budget)
            verdict = {Kind::budget, period.left, {}, {}};
        if (verdict.kind == Kind::admitted) {
            requests_ = limits.requests.after(requests_, 1, now);
            tokens_ = limits.tokens.after(tokens_, tokens, now);
            spent_ += demand.cost;
            reserved = {demand, period.number, 0, true};
        }
        verdict.requests_ahead = nanoseconds(requests_ - now);
        verdict.tokens_ahead = nanoseconds(tokens_ - now);
        return verdict;
    }

    /// `taken` instead of what was reserved.
    void settle(const KeyLimits& limits, const KeyReservation& reserved, const KeyDemand& taken,
                Clock::time_point time) {
        const std::int64_t now = nanoseconds(time.time_since_epoch()).count();
        const auto units = static_cast<double>(taken.tokens - reserved.charged.tokens);
        const std::lock_guard lock(mutex_);
        const Rate rate{tokens_rate_}; // the level's, which a reload may have changed since
        if (limits.tokens && rate && units < 0) tokens_ -= rate.worth(-units).count();
        if (limits.tokens && units > 0) tokens_ = rate.after(tokens_, units, now);
        if (reserved.period == period_) spent_ += taken.cost - reserved.charged.cost;
    }

private:
    /// Under another rate, what is used takes another time to come back.
    static void follow(const Rate& rule, std::int64_t& level, double& rate, std::int64_t now) noexcept {
        if (rate == rule.per_minute) return;
        if (rate > 0 && rule && level > now)
            level =
                now + static_cast<std::int64_t>(static_cast<double>(level - now) * (rate / rule.per_minute));
        rate = rule.per_minute;
    }

    std::mutex mutex_;
    std::int64_t requests_ = 0, tokens_ = 0;     // levels, see Rate
    double requests_rate_ = 0, tokens_rate_ = 0; // of which the levels are
    std::int64_t period_ = 0;
    NanoDollars spent_ = 0; // in that period, with what is reserved
};

/// What the threads of this process have in common: the use of keys, what was sent to providers, and one
/// exact cache. Survives a reload of the configuration: keys are known by their hash, providers by their
/// place.
class MemoryStore {
public:
    explicit MemoryStore(const Config& config)
        : answers_({.max_bytes = config.cache_options.max_bytes,
                    .max_entry_bytes = config.cache_options.max_entry_bytes},
                   baton::random_seed()) {}

    /// Gives keys and providers of a new configuration their places. This and the next: one thread at a time.
    void adopt(Config& config) {
        for (KeyConfig& key : config.keys) {
            std::shared_ptr<KeyUse>& use = keys_[key.sha256];
            if (!use) use = std::make_shared<KeyUse>();
            key.use = use;
        }
        providers_.resize(config.providers.size());
        for (std::size_t i = 0; i < providers_.size(); ++i) {
            if (!providers_[i]) providers_[i] = std::make_shared<ProviderRates>();
            config.providers[i].rates = providers_[i];
        }
    }

    /// From now on these are the limits of providers.
    void apply(const Config& config) {
        for (const ProviderConfig& provider : config.providers)
            provider.rates->configure(baton::Gcra(provider.limits));
    }

    std::optional<std::string> find(std::string_view key, Clock::time_point now) {
        const std::uint64_t hash = answers_.hash(key);
        const std::lock_guard lock(mutex_);
        const auto found = answers_.find(key, hash, now);
        if (!found) return std::nullopt;
        return std::string(found.value());
    }
    void put(std::string_view key, std::string_view answer, Clock::time_point now, baton::Duration ttl) {
        const std::uint64_t hash = answers_.hash(key);
        const std::lock_guard lock(mutex_);
        answers_.put(key, hash, answer, now, ttl);
    }

private:
    std::map<std::array<unsigned char, 32>, std::shared_ptr<KeyUse>> keys_;
    std::vector<std::shared_ptr<ProviderRates>> providers_;
    std::mutex mutex_; // of the answers
    baton::MemoryCache answers_;
};

} // namespace gateway
