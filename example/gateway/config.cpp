// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "config_reader.hpp"

#include <baton/core/sha256.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace gateway {
namespace {

bool is_loopback(std::string_view host) noexcept {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

bool parse_listen(Config& config, const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon + 1 == text.size()) return false;
    const std::string port = text.substr(colon + 1);
    if (port.find_first_not_of("0123456789") != std::string::npos || port.size() > 5 ||
        std::stoul(port) > 65535)
        return false;
    config.host = text.substr(0, colon);
    if (config.host.starts_with('[') && config.host.ends_with(']'))
        config.host = config.host.substr(1, config.host.size() - 2);
    if (config.host == "localhost") config.host = "127.0.0.1";
    config.port = static_cast<std::uint16_t>(std::stoul(port));
    return true;
}

/// What is wrong with an address that everybody reaches and nobody needs a key for; "": nothing.
std::string open_to_all(const Config& config) {
    if (is_loopback(config.host) || !config.keys.empty() || config.public_listen) return {};
    return config.host +
           " is not a loopback address and no [[keys]] are given; add keys, or say server.public = true";
}

/// Equal for two configurations that send equal requests to equal models.
std::string fingerprint(const Config& config) {
    std::string text;
    const auto add = [&](std::string_view part) { text.append(part).append(1, '\0'); };
    for (const ProviderConfig& provider : config.providers) {
        if (!provider.configured) continue;
        add(provider.name);
        add(provider.base_url);
        add(provider.model);
        for (const EndpointConfig& endpoint : provider.endpoints) add(endpoint.base_url);
    }
    for (const TaskConfig& task : config.tasks) {
        add(task.name);
        for (const std::string& target : task.targets) add(target);
    }
    return baton::sha256(text);
}

class Loader {
public:
    Loader(Config& config, const std::string& name, std::span<const KnownProvider> known)
        : config_(config), in_(name), known_(known) {
        for (const KnownProvider& one : known) config.providers.emplace_back().name = one.name;
    }

    void read(const toml::table& root) {
        in_.members(root, "",
                    {
                        {"server", [&](Node n, Name m) { server(n, m); }},
                        {"providers", [&](Node n, Name m) { read_providers(config_, in_, n, m); }},
                        {"aliases", [&](Node n, Name m) { read_aliases(config_, in_, n, m); }},
                        {"tasks", [&](Node n, Name m) { read_tasks(config_, in_, n, m); }},
                        {"keys", [&](Node n, Name m) { read_keys(config_, in_, n, m); }},
                        {"routing", [&](Node n, Name m) { read_routing(config_, in_, n, m); }},
                        {"context_windows", [&](Node n, Name m) { read_windows(config_, in_, n, m); }},
                        {"prices", [&](Node n, Name m) { read_prices(config_, in_, n, m); }},
                        {"hedge", [&](Node n, Name m) { hedge(n, m); }},
                        {"retry", [&](Node n, Name m) { retry(n, m); }},
                        {"resume",
                         [&](Node n, Name m) {
                             in_.members(n, m,
                                         {{"max_resumes", in_.whole(config_.resume.max_resumes, 0, 16)}});
                         }},
                        {"breaker", [&](Node n, Name m) { breaker(n, m); }},
                        {"health", [&](Node n, Name m) { health(n, m); }},
                        {"deadline", [&](Node n, Name m) { deadline(n, m); }},
                        {"cache", [&](Node n, Name m) { cache(n, m); }},
                        {"redis", [&](Node n, Name m) { read_redis(config_, in_, n, m); }},
                    });
    }

    /// What depends on several members.
    void finish(const toml::table* root) {
        for (std::size_t i = 0; i < known_.size(); ++i) {
            ProviderConfig& provider = config_.providers[i];
            const KnownProvider& known = known_[i];
            const std::string_view url = environment(known.base_url_variable);
            if (provider.base_url.empty() && !url.empty()) {
                if (const char* problem = url_problem(url))
                    throw ConfigError(std::string(known.base_url_variable) + ": " + problem);
                provider.base_url = url;
            }
            if (provider.key.empty() && !known.key_variable.empty())
                provider.key = baton::Secret(environment(known.key_variable));
            if (provider.model.empty()) provider.model = known.default_model;
            const auto own = [&](auto&& has) {
                return std::any_of(provider.endpoints.begin(), provider.endpoints.end(), has);
            };
            provider.configured =
                known.needs_base_url
                    ? !provider.base_url.empty() || own([](const auto& e) { return !e.base_url.empty(); })
                    : !provider.key.empty() ||
                          // left to the wire, which knows what kind of credential it is
                          (!known.other_key_variable.empty() &&
                           !environment(known.other_key_variable).empty()) ||
                          own([](const auto& e) { return !e.key.empty(); });
        }
        config_.fingerprint = fingerprint(config_);
        if (const std::string_view listen = environment("BATON_LISTEN"); !listen.empty()) {
            if (!parse_listen(config_, std::string(listen)))
                throw ConfigError("BATON_LISTEN: must be \"host:port\"");
        }
        if (const toml::node* listen = root ? root->at_path("server.listen").node() : nullptr) {
            if (const std::string what = open_to_all(config_); !what.empty())
                in_.fail(*listen, "server.listen", what);
        }
        check_listen(config_);
        if (config_.certificate.empty() != config_.certificate_key.empty()) {
            throw ConfigError("server: tls_certificate and tls_key belong together; give both or none");
        }
    }

private:
    void server(Node node, Name path) {
        ServerLimits& limits = config_.server;
        in_.members(node, path,
                    {
                        {"listen",
                         [&](Node n, Name m) {
                             std::string text;
                             in_.text(text)(n, m);
                             if (!parse_listen(config_, text))
                                 in_.fail(n, m, "must be \"host:port\", e.g. \"127.0.0.1:8080\"");
                         }},
                        {"public", in_.flag(config_.public_listen)},
                        {"reuse_port", in_.flag(config_.reuse_port)},
                        {"metrics_public", in_.flag(config_.metrics_public)},
                        {"threads", in_.whole(config_.threads, 0, 1024)},
                        {"tls_certificate", in_.text(config_.certificate)},
                        {"tls_key", in_.text(config_.certificate_key)},
                        {"max_body_bytes", in_.whole(limits.framing.max_body, 1024, std::int64_t{1} << 30)},
                        {"max_header_bytes", in_.whole(limits.framing.max_head, 1024, std::int64_t{1} << 20)},
                        {"max_connections", in_.whole(limits.max_connections, 1, 1'000'000)},
                        {"max_concurrent", in_.whole(config_.max_concurrent, 1, 1'000'000)},
                        {"max_upstream_connections", in_.whole(config_.max_upstream, 1, 1'000'000)},
                        {"header_timeout_ms", in_.milliseconds(limits.head)},
                        {"body_timeout_ms", in_.milliseconds(limits.body)},
                        {"write_timeout_ms", in_.milliseconds(limits.write)},
                        {"idle_timeout_ms", in_.milliseconds(limits.idle)},
                    });
    }

    void retry(Node node, Name path) {
        in_.members(node, path,
                    {
                        {"max_retries", in_.whole(config_.retry.max_retries, 0, 100)},
                        {"base_ms", in_.milliseconds(config_.retry.base)},
                        {"cap_ms", in_.milliseconds(config_.retry.cap)},
                    });
        if (config_.retry.cap < config_.retry.base)
            in_.fail(node, path + ".cap_ms", "must be at least base_ms");
    }
    void breaker(Node node, Name path) {
        baton::HalfOpen::Options& made = config_.breaker;
        bool enabled = true;
        in_.members(node, path,
                    {
                        {"enabled", in_.flag(enabled)},
                        {"window_ms", in_.milliseconds(made.window)},
                        {"min_calls", in_.whole(made.min_calls, 1, 1'000'000)},
                        {"failure_rate", in_.number(made.failure_rate, 0.01, 1)},
                        {"open_ms", in_.milliseconds(made.open)},
                        {"open_max_ms", in_.milliseconds(made.open_max)},
                    });
        made.mode = enabled ? baton::BreakerMode::automatic : baton::BreakerMode::disabled;
        try {
            baton::HalfOpen checked(made);
        } catch (const std::invalid_argument& wrong) {
            in_.fail(node, path, wrong.what());
        }
    }
    void health(Node node, Name path) {
        baton::HealthRules& rules = config_.health.rules;
        in_.members(node, path,
                    {
                        {"max_cool_down_ms", in_.milliseconds(rules.max_cool_down, 0)},
                        {"credential_retry_ms", in_.milliseconds(rules.credential_retry, 0)},
                        {"trial_ms", in_.milliseconds(rules.trial)},
                        {"quota_retry_ms", in_.milliseconds(rules.quota_retry, 0)},
                        {"max_quota_retry_ms", in_.milliseconds(rules.max_quota_retry, 0)},
                    });
        if (rules.max_quota_retry < rules.quota_retry)
            in_.fail(node, path + ".max_quota_retry_ms", "must be at least quota_retry_ms");
    }
    void hedge(Node node, Name path) {
        baton::AfterP95::Options& each = config_.hedge.each;
        in_.members(node, path,
                    {
                        {"enabled", in_.flag(config_.hedge.on)},
                        {"quantile", in_.number(each.quantile, 0.01, 0.999)},
                        {"floor_ms", in_.milliseconds(each.floor)},
                        {"min_samples", in_.whole(each.min_samples, 8, 128)},
                        {"budget", in_.number(each.budget, 0, 1)},
                    });
    }
    void deadline(Node node, Name path) {
        in_.members(node, path,
                    {
                        {"connect_ms", in_.milliseconds(config_.deadline.connect)},
                        {"first_token_ms", in_.milliseconds(config_.deadline.first_token)},
                        {"first_byte_unary_ms", in_.milliseconds(config_.deadline.first_byte_unary)},
                        {"idle_ms", in_.milliseconds(config_.deadline.idle)},
                        {"total_ms", in_.milliseconds(config_.deadline.total)},
                    });
    }
    void cache(Node node, Name path) {
        in_.members(
            node, path,
            {
                {"enabled", in_.flag(config_.cache)},
                {"ttl_ms", in_.milliseconds(config_.cache_options.ttl)},
                {"max_bytes", in_.whole(config_.cache_options.max_bytes, 1024, std::int64_t{1} << 40)},
            });
    }

    Config& config_;
    Reader in_;
    std::span<const KnownProvider> known_;
};

} // namespace

const ProviderConfig* Config::provider(std::string_view name) const noexcept {
    for (const ProviderConfig& one : providers) {
        if (one.name == name) return &one;
    }
    return nullptr;
}
bool Config::any_configured() const noexcept {
    return std::any_of(providers.begin(), providers.end(),
                       [](const ProviderConfig& p) { return p.configured; });
}

void set_listen(Config& config, const std::string& text) {
    if (!parse_listen(config, text)) throw ConfigError("listen: must be \"host:port\"");
    check_listen(config);
}

void check_listen(const Config& config) {
    if (const std::string what = open_to_all(config); !what.empty())
        throw ConfigError("server.listen: " + what);
}

Config parse_config(std::string_view text, const std::string& name, std::span<const KnownProvider> known) {
    Config config;
    try {
        const toml::table root = toml::parse(text, name);
        Loader loader(config, name, known);
        loader.read(root);
        loader.finish(&root);
    } catch (const toml::parse_error& e) {
        throw ConfigError(name + ":" + std::to_string(e.source().begin.line) + ": " +
                          std::string(e.description()));
    }
    return config;
}

Config load_config(const std::string& file, std::span<const KnownProvider> known) {
    if (file.empty()) return parse_config("", "environment", known);
    std::ifstream in(file, std::ios::binary);
    if (!in) throw ConfigError(file + ": cannot be read");
    std::ostringstream text;
    text << in.rdbuf();
    return parse_config(text.str(), file, known);
}

} // namespace gateway
