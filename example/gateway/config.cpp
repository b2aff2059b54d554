// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

namespace gateway {
namespace {

std::string_view environment(std::string_view name) {
    const char* value = name.empty() ? nullptr : std::getenv(std::string(name).c_str());
    return value ? value : "";
}

/// Walks a document and says where something is wrong.
class Reader {
public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    [[noreturn]] void fail(const toml::node& at, const std::string& member, const std::string& what) const {
        throw ConfigError(name_ + ":" + std::to_string(at.source().begin.line) + ": " + member + ": " + what);
    }

    /// Hands each member of `table` to the handler of its name; an unknown one is an error.
    using Handlers =
        std::vector<std::pair<std::string_view, std::function<void(const toml::node&, const std::string&)>>>;
    void members(const toml::node& node, const std::string& path, const Handlers& handlers) const {
        const toml::table* table = node.as_table();
        if (!table) fail(node, path, "must be a table");
        for (const auto& [key, value] : *table) {
            const auto handler = std::find_if(handlers.begin(), handlers.end(),
                                              [&](const auto& h) { return h.first == key.str(); });
            const std::string member =
                path.empty() ? std::string(key.str()) : path + "." + std::string(key.str());
            if (handler == handlers.end()) {
                std::string known;
                for (const auto& h : handlers) known += (known.empty() ? "" : ", ") + std::string(h.first);
                fail(value, member, "unknown member; known here: " + known);
            }
            handler->second(value, member);
        }
    }

    auto text(std::string& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            if (!node.is_string()) fail(node, member, "must be a string");
            out = **node.as_string();
        };
    }
    auto flag(bool& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            if (!node.is_boolean()) fail(node, member, "must be true or false");
            out = **node.as_boolean();
        };
    }
    template <class T>
    auto whole(T& out, std::int64_t least, std::int64_t most) const {
        return [&out, least, most, this](const toml::node& node, const std::string& member) {
            const auto value = node.is_integer() ? **node.as_integer() : least - 1;
            if (value < least || value > most) {
                fail(node, member,
                     "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
            }
            out = static_cast<T>(value);
        };
    }
    template <class D>
    auto milliseconds(D& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            std::int64_t value = 0;
            whole(value, 1, 86'400'000)(node, member);
            out = std::chrono::milliseconds(value);
        };
    }
    auto number(double& out, double least, double most) const {
        return [&out, least, most, this](const toml::node& node, const std::string& member) {
            const std::optional<double> value = node.value<double>();
            if (!value || !(*value >= least && *value <= most)) {
                std::ostringstream range;
                range << "must be a number from " << least << " to " << most;
                fail(node, member, range.str());
            }
            out = *value;
        };
    }
    auto texts(std::vector<std::string>& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            const toml::array* array = node.as_array();
            if (!array) fail(node, member, "must be an array of strings");
            out.clear();
            for (const toml::node& element : *array) text(out.emplace_back())(element, member);
        };
    }

private:
    std::string name_;
};

int hex_digit(char c) noexcept {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

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

class Loader {
public:
    Loader(Config& config, const std::string& name, std::span<const KnownProvider> known)
        : config_(config), in_(name), known_(known) {
        for (const KnownProvider& one : known) config.providers.emplace_back().name = one.name;
    }

    void read(const toml::table& root) {
        in_.members(root, "",
                    {
                        {"server", [&](const toml::node& n, const std::string& m) { server(n, m); }},
                        {"providers", [&](const toml::node& n, const std::string& m) { providers(n, m); }},
                        {"aliases", [&](const toml::node& n, const std::string& m) { aliases(n, m); }},
                        {"tasks", [&](const toml::node& n, const std::string& m) { tasks(n, m); }},
                        {"keys", [&](const toml::node& n, const std::string& m) { keys(n, m); }},
                        {"routing", [&](const toml::node& n, const std::string& m) { routing(n, m); }},
                        {"retry", [&](const toml::node& n, const std::string& m) { retry(n, m); }},
                        {"resume",
                         [&](const toml::node& n, const std::string& m) {
                             in_.members(n, m,
                                         {{"max_resumes", in_.whole(config_.resume.max_resumes, 0, 16)}});
                         }},
                        {"health", [&](const toml::node& n, const std::string& m) { health(n, m); }},
                        {"deadline", [&](const toml::node& n, const std::string& m) { deadline(n, m); }},
                        {"cache", [&](const toml::node& n, const std::string& m) { cache(n, m); }},
                        {"redis", [&](const toml::node& n, const std::string& m) { redis(n, m); }},
                    });
    }

    /// What depends on several members.
    void finish(const toml::table* root) {
        for (std::size_t i = 0; i < known_.size(); ++i) {
            ProviderConfig& provider = config_.providers[i];
            const KnownProvider& known = known_[i];
            const std::string_view url = environment(known.base_url_variable);
            if (provider.base_url.empty() && !url.empty()) provider.base_url = url;
            if (provider.key.empty() && !known.key_variable.empty())
                provider.key = baton::Secret(environment(known.key_variable));
            if (provider.model.empty()) provider.model = known.default_model;
            provider.configured = known.needs_base_url ? !provider.base_url.empty() : !provider.key.empty();
        }
        if (const std::string_view listen = environment("BATON_LISTEN"); !listen.empty()) {
            if (!parse_listen(config_, std::string(listen)))
                throw ConfigError("BATON_LISTEN: must be \"host:port\"");
        }
        if (!is_loopback(config_.host) && config_.keys.empty() && !config_.public_listen) {
            const std::string what = "server.listen: " + config_.host +
                                     " is not a loopback address and no [[keys]] are given; "
                                     "add keys, or say server.public = true";
            if (root && root->at_path("server.listen").node())
                in_.fail(*root->at_path("server.listen").node(), "server.listen", what.substr(15));
            throw ConfigError(what);
        }
        if (config_.certificate.empty() != config_.certificate_key.empty()) {
            throw ConfigError("server: tls_certificate and tls_key belong together; give both or none");
        }
    }

private:
    using Node = const toml::node&;
    using Name = const std::string&;

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

    void providers(Node node, Name path) {
        const toml::table* table = node.as_table();
        if (!table) in_.fail(node, path, "must be a table");
        for (const auto& [key, value] : *table) {
            const std::string member = path + "." + std::string(key.str());
            const auto at =
                std::find_if(config_.providers.begin(), config_.providers.end(),
                             [&, name = key.str()](const ProviderConfig& p) { return p.name == name; });
            if (at == config_.providers.end()) {
                std::string known;
                for (const ProviderConfig& p : config_.providers)
                    known += (known.empty() ? "" : ", ") + p.name;
                in_.fail(value, member, "no such provider; known: " + known);
            }
            ProviderConfig& provider = *at;
            in_.members(
                value, member,
                {
                    {"base_url",
                     [&](Node n, Name m) {
                         in_.text(provider.base_url)(n, m);
                         if (!provider.base_url.starts_with("https://") &&
                             !provider.base_url.starts_with("http://")) {
                             in_.fail(n, m, "must begin with https:// (or http:// for this machine)");
                         }
                         if (provider.base_url.find('@') != std::string::npos ||
                             provider.base_url.find('?') != std::string::npos) {
                             in_.fail(
                                 n, m,
                                 "must hold neither credentials nor a query; keys have members of their own");
                         }
                     }},
                    {"key",
                     [&](Node n, Name m) {
                         std::string text;
                         in_.text(text)(n, m);
                         provider.key = baton::Secret(text);
                     }},
                    {"key_env",
                     [&](Node n, Name m) {
                         std::string variable;
                         in_.text(variable)(n, m);
                         const std::string_view found = environment(variable);
                         if (found.empty())
                             in_.fail(n, m, "environment variable " + variable + " is not set");
                         provider.key = baton::Secret(found);
                     }},
                    {"model", in_.text(provider.model)},
                    {"models", in_.texts(provider.models)},
                });
        }
    }

    void targets(std::vector<std::string>& out, Node node, Name member) {
        in_.texts(out)(node, member);
        if (out.empty()) in_.fail(node, member, "needs at least one \"vendor/model\"");
        for (const std::string& target : out) check_target(target, node, member);
    }
    void check_target(const std::string& target, Node node, Name member) {
        const std::string vendor = target.substr(0, target.find('/'));
        if (!config_.provider(vendor))
            in_.fail(node, member, "\"" + target + "\" names no provider; write \"vendor/model\"");
    }

    void aliases(Node node, Name path) {
        const toml::table* table = node.as_table();
        if (!table) in_.fail(node, path, "must be a table");
        for (const auto& [key, value] : *table) {
            AliasConfig& alias = config_.aliases.emplace_back();
            alias.name = key.str();
            targets(alias.targets, value, path + "." + alias.name);
        }
    }
    void tasks(Node node, Name path) {
        const toml::table* table = node.as_table();
        if (!table) in_.fail(node, path, "must be a table");
        for (const auto& [key, value] : *table) {
            TaskConfig& task = config_.tasks.emplace_back();
            task.name = key.str();
            const std::string member = path + "." + task.name;
            if (task.name == "default") task.name.clear();
            in_.members(value, member,
                        {
                            {"targets", [&](Node n, Name m) { targets(task.targets, n, m); }},
                            {"max_latency_ms", in_.milliseconds(task.max_latency)},
                        });
            if (task.targets.empty()) in_.fail(value, member + ".targets", "is missing");
        }
    }

    void keys(Node node, Name path) {
        const toml::array* array = node.as_array();
        if (!array) in_.fail(node, path, "must be [[keys]] tables");
        for (const toml::node& value : *array) {
            KeyConfig key;
            bool hashed = false;
            in_.members(
                value, path,
                {
                    {"name", in_.text(key.name)},
                    {"sha256",
                     [&](Node n, Name m) {
                         std::string hex;
                         in_.text(hex)(n, m);
                         if (hex.size() != 64)
                             in_.fail(n, m, "must be 64 hexadecimal digits: printf %s \"$KEY\" | sha256sum");
                         for (std::size_t i = 0; i < key.sha256.size(); ++i) {
                             const int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
                             if (high < 0 || low < 0) in_.fail(n, m, "must be 64 hexadecimal digits");
                             key.sha256[i] = static_cast<unsigned char>(high * 16 + low);
                         }
                         hashed = true;
                     }},
                    {"requests_per_minute", in_.number(key.requests_per_minute, 0, 1e9)},
                    {"burst", in_.number(key.burst, 1, 1e6)},
                });
            if (key.name.empty()) in_.fail(value, path + ".name", "is missing");
            if (!hashed) in_.fail(value, path + ".sha256", "is missing");
            config_.keys.push_back(std::move(key));
        }
    }

    void routing(Node node, Name path) {
        in_.members(node, path,
                    {
                        {"unknown_model",
                         [&](Node n, Name m) {
                             in_.text(config_.unknown_model)(n, m);
                             if (!config_.provider(config_.unknown_model))
                                 in_.fail(n, m, "names no provider");
                         }},
                        {"lossy", in_.flag(config_.lossy)},
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
    void health(Node node, Name path) {
        baton::HealthRules& rules = config_.health.rules;
        in_.members(node, path,
                    {
                        {"max_cool_down_ms", in_.milliseconds(rules.max_cool_down)},
                        {"credential_retry_ms", in_.milliseconds(rules.credential_retry)},
                        {"trial_ms", in_.milliseconds(rules.trial)},
                        {"quota_retry_ms", in_.milliseconds(rules.quota_retry)},
                        {"max_quota_retry_ms", in_.milliseconds(rules.max_quota_retry)},
                    });
        if (rules.max_quota_retry < rules.quota_retry)
            in_.fail(node, path + ".max_quota_retry_ms", "must be at least quota_retry_ms");
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
    void redis(Node node, Name path) {
        std::string address, fail = "open";
        in_.members(node, path,
                    {
                        {"address",
                         [&](Node n, Name m) {
                             in_.text(address)(n, m);
                             const std::size_t colon = address.rfind(':');
                             if (colon == std::string::npos || colon == 0 ||
                                 address.find_first_not_of("0123456789", colon + 1) != std::string::npos ||
                                 address.size() - colon > 6 || address.size() == colon + 1 ||
                                 std::stoul(address.substr(colon + 1)) > 65535) {
                                 in_.fail(n, m, "must be \"host:port\"");
                             }
                             config_.redis.host = address.substr(0, colon);
                             config_.redis.port =
                                 static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1)));
                         }},
                        {"budget_ms", in_.milliseconds(config_.redis.budget)},
                        {"prefix", in_.text(config_.redis.prefix)},
                        {"on_outage",
                         [&](Node n, Name m) {
                             in_.text(fail)(n, m);
                             if (fail != "open" && fail != "closed")
                                 in_.fail(n, m, "must be \"open\" or \"closed\"");
                         }},
                    });
        config_.redis.fail_open = fail == "open";
    }

    Config& config_;
    Reader in_;
    std::span<const KnownProvider> known_;
};

std::string quoted(std::string_view text) {
    std::ostringstream out;
    out << toml::value<std::string>(std::string(text));
    return out.str();
}
template <class List>
std::string listed(const List& list) {
    std::string out = "[";
    for (const auto& one : list) out += (out.size() > 1 ? ", " : "") + quoted(one);
    return out + "]";
}
std::int64_t in_ms(baton::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

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

std::string print_config(const Config& config) {
    std::ostringstream out;
    const auto masked = [](bool empty) { return empty ? "\"\"" : "\"***\""; };
    const bool v6 = config.host.find(':') != std::string::npos;
    out << "[server]\nlisten = "
        << quoted((v6 ? "[" + config.host + "]" : config.host) + ":" + std::to_string(config.port))
        << "\nthreads = " << config.threads << "\nmax_body_bytes = " << config.server.framing.max_body
        << "\nmax_header_bytes = " << config.server.framing.max_head
        << "\nmax_connections = " << config.server.max_connections
        << "\nmax_concurrent = " << config.max_concurrent
        << "\nmax_upstream_connections = " << config.max_upstream
        << "\nheader_timeout_ms = " << config.server.head.count()
        << "\nbody_timeout_ms = " << config.server.body.count()
        << "\nwrite_timeout_ms = " << config.server.write.count()
        << "\nidle_timeout_ms = " << config.server.idle.count() << '\n';
    if (config.public_listen) out << "public = true\n";
    if (!config.certificate.empty()) {
        out << "tls_certificate = " << quoted(config.certificate)
            << "\ntls_key = " << quoted(config.certificate_key) << '\n';
    }
    for (const ProviderConfig& p : config.providers) {
        if (!p.configured) continue;
        out << "\n[providers." << p.name << "]\nkey = " << masked(p.key.empty()) << '\n';
        if (!p.base_url.empty()) out << "base_url = " << quoted(p.base_url) << '\n';
        if (!p.model.empty()) out << "model = " << quoted(p.model) << '\n';
        if (!p.models.empty()) out << "models = " << listed(p.models) << '\n';
    }
    if (!config.aliases.empty()) out << "\n[aliases]\n";
    for (const AliasConfig& a : config.aliases) out << quoted(a.name) << " = " << listed(a.targets) << '\n';
    for (const TaskConfig& t : config.tasks) {
        out << "\n[tasks." << quoted(t.name.empty() ? "default" : t.name)
            << "]\ntargets = " << listed(t.targets) << '\n';
        if (t.max_latency) out << "max_latency_ms = " << in_ms(*t.max_latency) << '\n';
    }
    for (const KeyConfig& k : config.keys) {
        out << "\n[[keys]]\nname = " << quoted(k.name)
            << "\nsha256 = \"***\"\nrequests_per_minute = " << k.requests_per_minute
            << "\nburst = " << k.burst << '\n';
    }
    out << "\n[routing]\nlossy = " << (config.lossy ? "true" : "false") << '\n';
    if (!config.unknown_model.empty()) out << "unknown_model = " << quoted(config.unknown_model) << '\n';
    out << "\n[retry]\nmax_retries = " << config.retry.max_retries
        << "\nbase_ms = " << in_ms(config.retry.base) << "\ncap_ms = " << in_ms(config.retry.cap)
        << "\n\n[deadline]\nconnect_ms = " << in_ms(config.deadline.connect)
        << "\nfirst_token_ms = " << in_ms(config.deadline.first_token)
        << "\nfirst_byte_unary_ms = " << in_ms(config.deadline.first_byte_unary)
        << "\nidle_ms = " << in_ms(config.deadline.idle) << "\ntotal_ms = " << in_ms(config.deadline.total)
        << "\n\n[resume]\nmax_resumes = " << config.resume.max_resumes
        << "\n\n[health]\nmax_cool_down_ms = " << in_ms(config.health.rules.max_cool_down)
        << "\ncredential_retry_ms = " << in_ms(config.health.rules.credential_retry)
        << "\ntrial_ms = " << in_ms(config.health.rules.trial)
        << "\nquota_retry_ms = " << in_ms(config.health.rules.quota_retry)
        << "\nmax_quota_retry_ms = " << in_ms(config.health.rules.max_quota_retry)
        << "\n\n[cache]\nenabled = " << (config.cache ? "true" : "false")
        << "\nttl_ms = " << in_ms(config.cache_options.ttl)
        << "\nmax_bytes = " << config.cache_options.max_bytes << '\n';
    if (!config.redis.host.empty()) {
        out << "\n[redis]\naddress = " << quoted(config.redis.host + ":" + std::to_string(config.redis.port))
            << "\nbudget_ms = " << config.redis.budget.count() << "\nprefix = " << quoted(config.redis.prefix)
            << "\non_outage = " << (config.redis.fail_open ? "\"open\"" : "\"closed\"") << '\n';
    }
    return out.str();
}

} // namespace gateway
