// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "config_reader.hpp"

#include <baton/core/sha256.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

// Clients' keys with their limits, and the Redis that several gateways count them in.
namespace gateway {
namespace {

int hex_digit(char c) noexcept {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

void read_hash(KeyConfig& key, const Reader& in, Node n, Name m) {
    std::string hex;
    in.text(hex)(n, m);
    if (hex.size() != 64) in.fail(n, m, "must be 64 hexadecimal digits: printf %s \"$KEY\" | sha256sum");
    for (std::size_t i = 0; i < key.sha256.size(); ++i) {
        const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) in.fail(n, m, "must be 64 hexadecimal digits");
        key.sha256[i] = static_cast<unsigned char>(high * 16 + low);
    }
    if (hex == baton::sha256("")) in.fail(n, m, "is that of an empty key; was $KEY set?");
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void read_period(KeyLimits& limits, const Reader& in, Node n, Name m) {
    std::string text;
    in.text(text)(n, m);
    const auto at = std::find(std::begin(period_names), std::end(period_names), text);
    if (at == std::end(period_names)) in.fail(n, m, "must be \"hour\", \"day\" or \"month\"");
    limits.period = static_cast<Period>(at - std::begin(period_names));
}

} // namespace

void read_keys(Config& config, const Reader& in, Node node, Name path) {
    const toml::array* array = node.as_array();
    if (!array) in.fail(node, path, "must be [[keys]] tables");
    for (const toml::node& value : *array) {
        KeyConfig key;
        KeyLimits& limits = key.limits;
        bool hashed = false;
        double budget = 0, token_burst = 0;
        in.members(value, path,
                   {
                       {"name", in.text(key.name)},
                       {"sha256",
                        [&](Node n, Name m) {
                            read_hash(key, in, n, m);
                            hashed = true;
                        }},
                       {"requests_per_minute", in.number(limits.requests.per_minute, 0, 1e9)},
                       {"burst", in.number(limits.requests.burst, 1, 1e6)},
                       {"tokens_per_minute", in.number(limits.tokens.per_minute, 0, 1e9)},
                       {"token_burst", in.number(token_burst, 1, 1e9)},
                       {"budget_usd", in.number(budget, 0, 1e6)},
                       {"budget_period", [&](Node n, Name m) { read_period(limits, in, n, m); }},
                   });
        if (key.name.empty()) in.fail(value, path + ".name", "is missing");
        if (std::any_of(key.name.begin(), key.name.end(), is_control))
            in.fail(value, path + ".name", "must hold no control characters");
        if (std::any_of(config.keys.begin(), config.keys.end(),
                        [&](const KeyConfig& other) { return other.name == key.name; }))
            in.fail(value, path + ".name", "is another key's; give each of them its own");
        if (!hashed) in.fail(value, path + ".sha256", "is missing");
        if (std::any_of(config.keys.begin(), config.keys.end(),
                        [&](const KeyConfig& other) { return other.sha256 == key.sha256; }))
            in.fail(value, path + ".sha256", "is another key's; give each of them its own");
        limits.tokens.burst = std::max(token_burst > 0 ? token_burst : limits.tokens.per_minute, 1.0);
        limits.budget = static_cast<NanoDollars>(std::llround(budget * 1e9));
        config.keys.push_back(std::move(key));
    }
}

void read_redis(Config& config, const Reader& in, Node node, Name path) {
    RedisConfig& redis = config.redis;
    std::string fail = "open";
    in.members(node, path,
               {
                   {"address",
                    [&](Node n, Name m) {
                        std::string address;
                        in.text(address)(n, m);
                        const std::size_t colon = address.rfind(':');
                        if (colon == std::string::npos || colon == 0 ||
                            address.find_first_not_of("0123456789", colon + 1) != std::string::npos ||
                            address.size() - colon > 6 || address.size() == colon + 1 ||
                            std::stoul(address.substr(colon + 1)) > 65535) {
                            in.fail(n, m, "must be \"host:port\"");
                        }
                        redis.host = address.substr(0, colon);
                        redis.port = static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)));
                    }},
                   {"budget_ms", in.milliseconds(redis.budget)},
                   {"prefix", in.text(redis.prefix)},
                   {"username", in.text(redis.username)},
                   {"password", in.secret(redis.password)},
                   {"password_env", in.secret_of_environment(redis.password)},
                   {"on_outage",
                    [&](Node n, Name m) {
                        in.text(fail)(n, m);
                        if (fail != "open" && fail != "closed")
                            in.fail(n, m, "must be \"open\" or \"closed\"");
                    }},
               });
    redis.fail_open = fail == "open";
}

} // namespace gateway
