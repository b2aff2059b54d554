// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "models.hpp"

#include "answers.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

using baton::Errc;
using baton::Error;

std::optional<Error> expand(const Config& config, const std::string& name,
                            std::vector<std::string>& targets) {
    for (const AliasConfig& alias : config.aliases) {
        if (alias.name != name) continue;
        const std::size_t before = targets.size();
        for (const std::string& target : alias.targets) {
            if (config.provider(target.substr(0, target.find('/')))->configured) targets.push_back(target);
        }
        if (targets.size() > before) return std::nullopt;
        return problem(Errc::no_target, "no provider of the alias \"" + name + "\" is configured here");
    }
    const std::size_t before = targets.size();
    if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
        const ProviderConfig* provider = config.provider(std::string_view(name).substr(0, slash));
        if (provider && !provider->configured) {
            return problem(Errc::not_found, "provider \"" + provider->name + "\" is not configured here");
        }
        if (provider) {
            targets.push_back(name);
            return std::nullopt;
        }
    }
    for (const ProviderConfig& provider : config.providers) {
        const bool lists = provider.model == name || std::find(provider.models.begin(), provider.models.end(),
                                                               name) != provider.models.end();
        if (provider.configured && lists) targets.push_back(provider.name + "/" + name);
    }
    if (targets.size() > before) return std::nullopt;
    // By the vendors' own habits of naming, so that the usual names work without a table.
    static constexpr std::pair<std::string_view, std::string_view> habits[] = {
        {"gpt-", "openai"},        {"o1", "openai"},          {"o3", "openai"},
        {"o4", "openai"},          {"chatgpt-", "openai"},    {"text-embedding-", "openai"},
        {"claude-", "anthropic"},  {"gemini-", "gemini"},     {"mistral-", "mistral"},
        {"ministral-", "mistral"}, {"codestral-", "mistral"}, {"grok-", "xai"},
        {"deepseek-", "deepseek"}};
    for (const auto& [prefix, vendor] : habits) {
        const ProviderConfig* provider = config.provider(vendor);
        if (!name.starts_with(prefix) || !provider || !provider->configured) continue;
        targets.push_back(provider->name + "/" + name);
        return std::nullopt;
    }
    if (!config.unknown_model.empty()) {
        targets.push_back(config.unknown_model + "/" + name);
        return std::nullopt;
    }
    return problem(
        Errc::not_found,
        "the model \"" + name +
            "\" is not known here; GET /v1/models lists those that are, and \"vendor/model\" names any");
}

std::optional<Error> resolve(const Config& config, baton::Request& request) {
    if (request.fallbacks.size() > most_fallbacks)
        return problem(Errc::invalid_request,
                       "fallbacks: must be " + std::to_string(most_fallbacks) + " names at most");
    std::vector<std::string> targets;
    if (!request.model.empty() && request.model != "auto") {
        if (auto wrong = expand(config, request.model, targets)) return wrong;
    }
    for (const std::string& name : request.fallbacks) {
        if (auto wrong = expand(config, name, targets)) return wrong;
    }
    request.model.clear();
    request.fallbacks.clear();
    for (std::string& target : targets) {
        if (request.fallbacks.size() == most_targets) break;
        const auto end = request.fallbacks.end();
        if (std::find(request.fallbacks.begin(), end, target) == end)
            request.fallbacks.push_back(std::move(target));
    }
    return std::nullopt;
}

std::vector<std::string> listed_models(const Config& config) {
    std::vector<std::string> names;
    const auto add = [&](std::string name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    };
    for (const AliasConfig& alias : config.aliases) add(alias.name);
    for (const ProviderConfig& provider : config.providers) {
        if (!provider.configured) continue;
        if (!provider.model.empty()) add(provider.name + "/" + provider.model);
        for (const std::string& model : provider.models) add(provider.name + "/" + model);
    }
    return names;
}

} // namespace gateway
