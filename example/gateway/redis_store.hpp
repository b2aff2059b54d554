// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "redis_link.hpp"

#include <baton/core/sha256.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

/// The store in Redis, which several gateways share. The same rules as MemoryStore's, run by the server in
/// one step and by its clock, so that gateways need not agree on the time.
class RedisStore {
public:
    /// `number`, not 0: known to what is reserved here, so that no other settles it.
    RedisStore(const Executor& executor, const RedisConfig& config, unsigned number)
        : number_(number), prefix_(config.prefix), link_(std::make_shared<RedisLink>(executor, config)) {}
    RedisStore(RedisStore&&) = default;
    RedisStore& operator=(RedisStore&&) = delete;
    ~RedisStore() {
        if (link_) link_->close();
    }

    unsigned number() const noexcept { return number_; }

    /// Nothing: Redis did not say in time.
    Task<std::optional<KeyVerdict>> admit(const KeyConfig& key, KeyDemand demand, PeriodAt period,
                                          KeyReservation& reserved) {
        const KeyLimits& limits = key.limits;
        const std::array<std::string, 3> requests = rate(limits.requests, 1);
        const std::array<std::string, 3> tokens = rate(limits.tokens, static_cast<double>(demand.tokens));
        std::string command = redis_command(
            {"EVAL", admit_script, "3", name(key, ":r"), name(key, ":t"), budget_name(key, period.number),
             requests[0], requests[1], requests[2], tokens[0], tokens[1], tokens[2],
             std::to_string(limits.budget), std::to_string(demand.cost), keep_budget});
        const auto link = link_; // outlives a reload
        const unsigned number = number_;
        const RedisLink::Reply reply =
            co_await link->ask(std::move(command), refund(key, demand, period.number));
        if (!reply) co_return std::nullopt;
        std::optional<KeyVerdict> said = read_verdict(*reply);
        if (!said) co_return std::nullopt;
        KeyVerdict& verdict = *said;
        if (verdict.kind == KeyVerdict::Kind::budget) verdict.wait = period.left;
        if (verdict.kind == KeyVerdict::Kind::admitted) reserved = {demand, period.number, number, true};
        co_return verdict;
    }

    /// Waits for nothing. If Redis does not answer, what was reserved stays.
    void settle(const KeyConfig& key, const KeyReservation& reserved, const KeyDemand& taken) {
        const auto units = static_cast<double>(taken.tokens - reserved.charged.tokens);
        const NanoDollars money = key.limits.budget > 0 ? taken.cost - reserved.charged.cost : 0;
        const std::string time =
            key.limits.tokens && units != 0
                ? (units < 0 ? "-" : "") + micros(key.limits.tokens.worth(std::abs(units)))
                : "0";
        if (time == "0" && money == 0) return;
        link_->tell(settle_command(key, ":t", reserved.period, time, money));
    }

    /// Nothing: it is not there, or Redis did not say in time.
    Task<std::optional<std::string>> find(std::string_view key) {
        std::string command = redis_command({"GET", answer_name(key)});
        const auto link = link_;
        const RedisLink::Reply reply = co_await link->ask(std::move(command));
        if (!reply || reply->type != REDIS_REPLY_STRING) co_return std::nullopt;
        co_return std::string(reply->str, reply->len);
    }
    void put(std::string_view key, std::string_view answer, baton::Duration ttl) {
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(ttl).count();
        link_->tell(redis_command({"SET", answer_name(key), answer, "PX", std::to_string(ms)}));
    }

private:
    // Levels are microseconds of Redis' clock. Numbers are kept as text: Lua would write large ones with an
    // exponent.
    static constexpr std::string_view admit_script =
        "local t = redis.call('TIME') local now = t[1] * 1000000 + t[2] "
        "local ahead, kind, wait = {0, 0}, 0, 0 "
        "for i = 1, 2 do local need, burst = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]) "
        "if burst > 0 then ahead[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0') - now, 0) "
        "local early = need > 0 and ahead[i] + need - burst or 0 "
        "if early > wait then kind, wait = i, early end end end "
        "local budget, cost = tonumber(ARGV[7]), tonumber(ARGV[8]) "
        "if budget > 0 and tonumber(redis.call('GET', KEYS[3]) or '0') + math.max(cost, 1) > budget then "
        "kind = 3 end "
        "if kind == 0 then for i = 1, 2 do if tonumber(ARGV[3 * i]) > 0 then "
        "ahead[i] = ahead[i] + tonumber(ARGV[3 * i - 2]) "
        "redis.call('SET', KEYS[i], string.format('%.0f', now + ahead[i]), 'PX', "
        "string.format('%.0f', ahead[i] / 1000 + 1)) end end "
        "if budget > 0 and cost > 0 then redis.call('INCRBY', KEYS[3], ARGV[8]) "
        "redis.call('EXPIRE', KEYS[3], ARGV[9]) end end "
        "return {kind, math.ceil(wait), math.ceil(ahead[1]), math.ceil(ahead[2])}";
    static constexpr std::string_view settle_script =
        "local t = redis.call('TIME') local now = t[1] * 1000000 + t[2] "
        "if ARGV[1] ~= '0' then "
        "local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or '0') - now, 0) + tonumber(ARGV[1]) "
        "if ahead > 0 then redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', "
        "string.format('%.0f', ahead / 1000 + 1)) else redis.call('DEL', KEYS[1]) end end "
        "if ARGV[2] ~= '0' then redis.call('INCRBY', KEYS[2], ARGV[2]) "
        "redis.call('EXPIRE', KEYS[2], ARGV[3]) end return 0";
    static constexpr std::string_view keep_budget = "2764800"; // seconds: 32 days, longer than any period

    std::string settle_command(const KeyConfig& key, std::string_view level, std::int64_t period,
                               const std::string& time, NanoDollars money) const {
        return redis_command({"EVAL", settle_script, "2", name(key, level), budget_name(key, period), time,
                              std::to_string(money), keep_budget});
    }
    /// Gives back what was reserved for a request that waited no longer, and went on without or not at all.
    RedisLink::Late refund(const KeyConfig& key, const KeyDemand& demand, std::int64_t period) const {
        const auto back = [](const Rate& rate, double units) {
            return rate ? micros(-rate.worth(units)) : std::string("0");
        };
        const KeyLimits& limits = key.limits;
        return
            [request = settle_command(key, ":r", period, back(limits.requests, 1), 0),
             rest = settle_command(key, ":t", period, back(limits.tokens, static_cast<double>(demand.tokens)),
                                   limits.budget > 0 ? -demand.cost : 0)](RedisLink& link,
                                                                          const redisReply& late) {
                const std::optional<KeyVerdict> said = read_verdict(late);
                if (!said || said->kind != KeyVerdict::Kind::admitted) return;
                link.amend(request);
                link.amend(rest);
            };
    }
    /// What the script says; nothing: it is not the script that answers. Of a budget, not until when.
    static std::optional<KeyVerdict> read_verdict(const redisReply& reply) {
        std::array<long long, 4> said{};
        if (reply.type != REDIS_REPLY_ARRAY || reply.elements != said.size()) return std::nullopt;
        for (std::size_t i = 0; i < said.size(); ++i) {
            if (reply.element[i]->type != REDIS_REPLY_INTEGER) return std::nullopt;
            said[i] = reply.element[i]->integer;
        }
        if (said[0] < 0 || said[0] > 3) return std::nullopt;
        using us = std::chrono::microseconds;
        return KeyVerdict{static_cast<KeyVerdict::Kind>(said[0]), us(said[1]), us(said[2]), us(said[3])};
    }

    static std::string micros(nanoseconds time) {
        return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
    }
    /// What `units` add to the level, what must be free for them, and the burst; no burst: no limit.
    static std::array<std::string, 3> rate(const Rate& rate, double units) {
        if (!rate) return {"0", "0", "0"};
        return {micros(rate.worth(units)), micros(rate.worth(std::min(units, rate.burst))),
                micros(rate.worth(rate.burst))};
    }
    /// The braces keep what one script touches in one slot of a cluster.
    std::string name(const KeyConfig& key, std::string_view what) const {
        static constexpr char digits[] = "0123456789abcdef";
        std::string made = prefix_ + "{";
        for (std::size_t i = 0; i < 16; ++i) {
            made += digits[key.sha256[i] >> 4];
            made += digits[key.sha256[i] & 15];
        }
        return made.append("}").append(what);
    }
    std::string budget_name(const KeyConfig& key, std::int64_t period) const {
        return name(key, ":") + std::string(period_names[static_cast<std::size_t>(key.limits.period)]) + ":" +
               std::to_string(period);
    }
    std::string answer_name(std::string_view key) const { return prefix_ + "answer:" + baton::sha256(key); }

    unsigned number_;
    std::string prefix_;
    std::shared_ptr<RedisLink> link_;
};

} // namespace gateway
