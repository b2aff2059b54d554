// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "memory_store.hpp"
#include "metrics.hpp"
#if defined(GATEWAY_WITH_REDIS)
#include "redis_store.hpp"
#endif

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

/// One thread's way to what must be one for all: Redis if it is configured, else this process's memory. While
/// Redis does not answer, keys are counted in memory or refused, as configured, and nothing is cached.
class Store {
public:
    Store(Executor executor, MemoryStore& memory, Counters& counters)
        : executor_(executor), memory_(memory), counters_(counters) {}

    /// Throws ConfigError if this gateway cannot do what is configured.
    static void check([[maybe_unused]] const RedisConfig& config) {
#if !defined(GATEWAY_WITH_REDIS)
        if (!config.host.empty()) throw ConfigError("redis: this gateway was built without hiredis");
#endif
    }
    /// As check().
    void configure(const RedisConfig& config) {
        if (config == config_) return;
        check(config);
#if defined(GATEWAY_WITH_REDIS)
        redis_.reset();
        if (!config.host.empty()) redis_.emplace(executor_, config, ++made_);
#endif
        config_ = config;
    }

    /// Charges a key with `demand`, or says when it may. Nothing: the store does not answer, and then nobody
    /// is admitted; or the client has left.
    Task<std::optional<KeyVerdict>> admit(const KeyConfig& key, KeyDemand demand, KeyReservation& reserved) {
        const PeriodAt period = period_at(key.limits.period, std::chrono::system_clock::now());
#if defined(GATEWAY_WITH_REDIS)
        if (redis_) {
            std::optional<KeyVerdict> said = co_await redis_->admit(key, demand, period, reserved);
            if (said) co_return said;
            const asio::cancellation_state caller = co_await asio::this_coro::cancellation_state;
            if (caller.cancelled() != asio::cancellation_type::none) co_return std::nullopt; // it has left
            Counters::add(counters_.store_outages);
            if (!config_.fail_open) co_return std::nullopt;
        }
#endif
        co_return key.use->admit(key.limits, demand, Clock::now(), period, reserved);
    }

    /// Once for each that was admitted: what it took in the end. Of what was reserved in a Redis that is not
    /// used any more, the estimate stands there.
    void settle(const KeyConfig& key, KeyReservation& reserved, const KeyDemand& taken) {
        if (!reserved.open) return;
        reserved.open = false;
#if defined(GATEWAY_WITH_REDIS)
        if (redis_ && redis_->number() == reserved.redis) redis_->settle(key, reserved, taken);
#endif
        if (reserved.redis == 0) key.use->settle(key.limits, reserved, taken, Clock::now());
    }

    /// The answer stored under `key`.
    Task<std::optional<std::string>> find(const std::string& key) {
#if defined(GATEWAY_WITH_REDIS)
        if (redis_) co_return co_await redis_->find(key);
#endif
        co_return memory_.find(key, Clock::now());
    }
    void put(const std::string& key, std::string_view answer, baton::Duration ttl) {
#if defined(GATEWAY_WITH_REDIS)
        if (redis_) return redis_->put(key, answer, ttl);
#endif
        memory_.put(key, answer, Clock::now(), ttl);
    }

private:
    Executor executor_;
    MemoryStore& memory_;
    Counters& counters_;
    RedisConfig config_;
#if defined(GATEWAY_WITH_REDIS)
    std::optional<RedisStore> redis_;
    unsigned made_ = 0; // of them, until now
#endif
};

} // namespace gateway
