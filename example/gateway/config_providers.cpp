// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "config_reader.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

// Providers with their endpoints, limits and prices, and the names by which requests reach them.
namespace gateway {
namespace {

auto url(const Reader& in, std::string& out) {
    return [&in, &out](Node n, Name m) {
        in.text(out)(n, m);
        if (const char* problem = url_problem(out)) in.fail(n, m, problem);
    };
}

void read_endpoints(ProviderConfig& provider, const Reader& in, Node node, Name path) {
    const toml::array* array = node.as_array();
    if (!array) in.fail(node, path, "must be [[" + path + "]] tables");
    if (array->size() > 64) in.fail(node, path, "must be 64 at most");
    for (const toml::node& value : *array) {
        EndpointConfig one;
        in.members(value, path,
                   {
                       {"name", in.text(one.name)},
                       {"base_url", url(in, one.base_url)},
                       {"key", in.secret(one.key)},
                       {"key_env", in.secret_of_environment(one.key)},
                       {"weight", in.number(one.weight, 0, 1e6)},
                   });
        const bool twice =
            std::any_of(provider.endpoints.begin(), provider.endpoints.end(), [&](const EndpointConfig& e) {
                return e.base_url == one.base_url && e.key.reveal() == one.key.reveal();
            });
        if (twice) in.fail(value, path, "two with the same base_url and key; give one of them both weights");
        provider.endpoints.push_back(std::move(one));
    }
}

void read_limits(ProviderConfig& provider, const Reader& in, Node node, Name path) {
    baton::Gcra::Options& limits = provider.limits;
    constexpr std::int64_t most = 300'000'000;
    std::int64_t burst = std::chrono::ceil<std::chrono::milliseconds>(limits.burst).count();
    std::int64_t wait = std::chrono::ceil<std::chrono::milliseconds>(limits.max_wait).count();
    in.members(node, path,
               {
                   {"requests_per_minute", in.whole(limits.requests_per_minute, 0, most)},
                   {"tokens_per_minute", in.whole(limits.tokens_per_minute, 0, most)},
                   {"input_tokens_per_minute", in.whole(limits.input_tokens_per_minute, 0, most)},
                   {"output_tokens_per_minute", in.whole(limits.output_tokens_per_minute, 0, most)},
                   {"concurrency", in.whole(limits.concurrency, 0, 1'000'000)},
                   {"burst_ms", in.whole(burst, 1, 86'400'000)},
                   {"max_wait_ms", in.whole(wait, 0, 86'400'000)},
               });
    limits.burst = std::chrono::milliseconds(burst);
    limits.max_wait = std::chrono::milliseconds(wait);
}

void check_target(const Config& config, const Reader& in, const std::string& target, Node node, Name member) {
    if (!config.provider(target.substr(0, target.find('/'))))
        in.fail(node, member, "\"" + target + "\" names no provider; write \"vendor/model\"");
}

void read_targets(const Config& config, const Reader& in, std::vector<std::string>& out, Node node,
                  Name member) {
    in.texts(out)(node, member);
    if (out.empty()) in.fail(node, member, "needs at least one \"vendor/model\"");
    for (const std::string& target : out) check_target(config, in, target, node, member);
}

} // namespace

const char* url_problem(std::string_view url) noexcept {
    if (!url.starts_with("https://") && !url.starts_with("http://"))
        return "must begin with https:// (or http:// for this machine)";
    if (url.find('@') != std::string_view::npos || url.find('?') != std::string_view::npos)
        return "must hold neither credentials nor a query; keys have members of their own";
    return nullptr;
}

void read_providers(Config& config, const Reader& in, Node node, Name path) {
    for (const auto& [key, value] : in.table(node, path)) {
        const std::string member = path + "." + std::string(key.str());
        const auto at = std::find_if(config.providers.begin(), config.providers.end(),
                                     [name = key.str()](const ProviderConfig& p) { return p.name == name; });
        if (at == config.providers.end()) {
            std::string known;
            for (const ProviderConfig& p : config.providers) known += (known.empty() ? "" : ", ") + p.name;
            in.fail(value, member, "no such provider; known: " + known);
        }
        ProviderConfig& provider = *at;
        in.members(value, member,
                   {
                       {"base_url", url(in, provider.base_url)},
                       {"key", in.secret(provider.key)},
                       {"key_env", in.secret_of_environment(provider.key)},
                       {"model", in.text(provider.model)},
                       {"models", in.texts(provider.models)},
                       {"endpoints", [&](Node n, Name m) { read_endpoints(provider, in, n, m); }},
                       {"limits", [&](Node n, Name m) { read_limits(provider, in, n, m); }},
                   });
    }
}

void read_windows(Config& config, const Reader& in, Node node, Name path) {
    for (const auto& [key, value] : in.table(node, path)) {
        const std::string name(key.str()), member = path + ".\"" + name + "\"";
        const std::size_t slash = name.find('/');
        if (slash == std::string::npos) in.fail(value, member, "must be called \"vendor/model\"");
        check_target(config, in, name, value, member);
        for (ProviderConfig& provider : config.providers) {
            if (provider.name != std::string_view(name).substr(0, slash)) continue;
            in.whole(provider.windows.emplace_back(name.substr(slash + 1), 0).second, 1,
                     1'000'000'000)(value, member);
        }
    }
}

void read_prices(Config& config, const Reader& in, Node node, Name path) {
    for (const auto& [key, value] : in.table(node, path)) {
        const std::string name(key.str()), member = path + ".\"" + name + "\"";
        if (name.find('/') == std::string::npos)
            in.fail(value, member, "must be called \"vendor/model\", or \"vendor/*\" for all its models");
        check_target(config, in, name, value, member);
        Price& price = config.prices[name];
        double cached = -1, write = -1;
        in.members(value, member,
                   {
                       {"input", in.number(price.input, 0, 1e6)},
                       {"output", in.number(price.output, 0, 1e6)},
                       {"cached_input", in.number(cached, 0, 1e6)},
                       {"cache_write", in.number(write, 0, 1e6)},
                   });
        price.cached_input = cached >= 0 ? cached : price.input;
        price.cache_write = write >= 0 ? write : price.input;
    }
}

void read_aliases(Config& config, const Reader& in, Node node, Name path) {
    for (const auto& [key, value] : in.table(node, path)) {
        AliasConfig& alias = config.aliases.emplace_back();
        alias.name = key.str();
        read_targets(config, in, alias.targets, value, path + "." + alias.name);
    }
}

void read_tasks(Config& config, const Reader& in, Node node, Name path) {
    for (const auto& [key, value] : in.table(node, path)) {
        TaskConfig& task = config.tasks.emplace_back();
        task.name = key.str();
        const std::string member = path + "." + task.name;
        if (task.name == "default") task.name.clear();
        in.members(value, member,
                   {
                       {"targets", [&](Node n, Name m) { read_targets(config, in, task.targets, n, m); }},
                       {"max_latency_ms", in.milliseconds(task.max_latency)},
                   });
        if (task.targets.empty()) in.fail(value, member + ".targets", "is missing");
    }
}

void read_routing(Config& config, const Reader& in, Node node, Name path) {
    in.members(node, path,
               {
                   {"unknown_model",
                    [&](Node n, Name m) {
                        in.text(config.unknown_model)(n, m);
                        if (!config.provider(config.unknown_model)) in.fail(n, m, "names no provider");
                    }},
                   {"lossy", in.flag(config.lossy)},
               });
}

} // namespace gateway
