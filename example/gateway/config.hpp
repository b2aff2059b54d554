// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "hedge.hpp"
#include "http_server.hpp"
#include "key_limits.hpp"

#include <baton/core/secret.hpp>
#include <baton/policy/cache.hpp>
#include <baton/policy/deadline.hpp>
#include <baton/policy/exp_backoff.hpp>
#include <baton/policy/gcra.hpp>
#include <baton/policy/half_open.hpp>
#include <baton/policy/passive.hpp>
#include <baton/policy/resume.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace gateway {

class ProviderRates; // provider_limits.hpp
class KeyUse;        // memory_store.hpp

/// A configuration that cannot be used; what() says "file:line: member: what to do".
class ConfigError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One of a provider's equals: another key, another region, or both.
struct EndpointConfig {
    std::string base_url; ///< "" = the provider's
    baton::Secret key;    ///< empty: the provider's
    std::string name;     ///< in the trace; "" = its number
    double weight = 1;    ///< its share beside the others
};

/// A vendor's account.
struct ProviderConfig {
    std::string name;
    std::string base_url;                  ///< "" = the vendor's own
    baton::Secret key;                     ///< empty: from the vendor's environment variable
    std::string model;                     ///< "" = the wire's default
    std::vector<std::string> models;       ///< bare names that mean this provider
    std::vector<EndpointConfig> endpoints; ///< none: one, made of the above
    std::vector<std::pair<std::string, std::uint32_t>>
        windows;                          ///< tokens that its models take, by their names
    baton::Gcra::Options limits;          ///< what we send it at most, all threads together
    std::shared_ptr<ProviderRates> rates; ///< how much that was lately; see ProviderLimits
    bool configured = false;
};

/// What tokens of a model cost, in US dollars for a million.
struct Price {
    double input = 0, output = 0;
    double cached_input = 0; ///< read from the vendor's prompt cache
    double cache_write = 0;
};

/// A client's key. Only its hash is known here.
struct KeyConfig {
    std::string name; ///< in metrics of nobody and in caches as the tenant
    std::array<unsigned char, 32> sha256{};
    KeyLimits limits;
    std::shared_ptr<KeyUse> use; ///< how much of them is used, in memory; see MemoryStore
};

struct AliasConfig {
    std::string name;
    std::vector<std::string> targets; ///< "vendor/model", in order
};

struct TaskConfig {
    std::string name; ///< "" = requests without a task
    std::vector<std::string> targets;
    std::optional<baton::Duration> max_latency;
};

struct RedisConfig {
    std::string host; ///< "" = not used
    std::uint16_t port = 6379;
    std::chrono::milliseconds budget{5}; ///< for one answer; beyond it the request goes on without
    bool fail_open = true;               ///< what an outage means: admit, or refuse
    std::string prefix = "baton:";
    std::string username; ///< "" = the default user
    baton::Secret password;

    friend bool operator==(const RedisConfig& a, const RedisConfig& b) {
        const auto all = [](const RedisConfig& of) {
            return std::tuple(std::string_view(of.host), of.port, of.budget, of.fail_open,
                              std::string_view(of.prefix), std::string_view(of.username),
                              of.password.reveal());
        };
        return all(a) == all(b);
    }
};

/// Everything that can be set. Owns what it names; immutable once it is in use.
struct Config {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;
    unsigned threads = 0;                     ///< 0: one per core
    bool public_listen = false;               ///< an address other than loopback is allowed without keys
    bool reuse_port = false;                  ///< other processes may listen on the same port
    bool metrics_public = false;              ///< the metrics are shown without a key
    std::string certificate, certificate_key; ///< PEM files; both or none
    ServerLimits server;
    std::size_t max_concurrent = 1000; ///< requests answered at once, each thread
    std::size_t max_upstream = 2000;   ///< connections to one vendor, each thread
    bool lossy = false;                ///< what a vendor cannot express is dropped, not refused
    bool cache = false;
    baton::ExactMatch::Options cache_options;
    baton::ExpBackoff::Options retry;
    baton::Limits::Options deadline;
    baton::Auto::Options resume;
    baton::HalfOpen::Options breaker;
    baton::Passive::Options health;
    ConfiguredHedge::Options hedge;
    std::string unknown_model;             ///< provider that gets names nobody lists; "" = they are refused
    std::vector<ProviderConfig> providers; ///< all that the composition has, in its order
    std::vector<AliasConfig> aliases;
    std::vector<TaskConfig> tasks;
    std::map<std::string, Price, std::less<>> prices; ///< by "vendor/model", or "vendor/*"
    std::vector<KeyConfig> keys;                      ///< none: no key is asked for
    RedisConfig redis;
    std::string fingerprint; ///< of what decides who answers: part of the cache's keys

    const ProviderConfig* provider(std::string_view name) const noexcept;
    bool any_configured() const noexcept;
};

/// A provider the composition has, as the configuration needs to know it.
struct KnownProvider {
    std::string_view name, key_variable, base_url_variable, default_model;
    bool needs_base_url = false;
    std::string_view other_key_variable{};
};

/// Reads `file` ("" = none) and the environment. Throws ConfigError.
Config load_config(const std::string& file, std::span<const KnownProvider> known);
Config parse_config(std::string_view text, const std::string& name, std::span<const KnownProvider> known);

/// Sets host and port from "host:port", "[::1]:8080" or "localhost:0". Throws ConfigError, also as the next.
void set_listen(Config& config, const std::string& text);

/// Throws ConfigError if the address is open to others, no key is asked for, and nobody said it should be so.
void check_listen(const Config& config);

/// The same as TOML, secrets as "***".
std::string print_config(const Config& config);

} // namespace gateway
