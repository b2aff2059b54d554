// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"
#include "provider_limits.hpp"

#include <baton/baton.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace gateway {

/// The vendors, in the order in which they are tried where nothing else is said.
template <class... P>
struct Vendors {
    /// The whole gateway as one type: this is the place to add a policy. What is not configured is skipped.
    using Chat =
        baton::Orchestrator<baton::Executor<Executor>, baton::Provider<P>..., baton::Retry<baton::ExpBackoff>,
                            baton::Breaker<baton::HalfOpen>, baton::Fallback<baton::InOrder>,
                            baton::Route<baton::ByTask>, baton::Balance<baton::PowerOfTwo>,
                            baton::Limit<ProviderLimits>, baton::Hedge<ConfiguredHedge>,
                            baton::Cache<baton::ExactMatch>, baton::Deadline<baton::Limits>,
                            baton::Resume<baton::Auto>, baton::Health<baton::Passive>>;

    static std::vector<KnownProvider> known() {
        std::vector<KnownProvider> all;
        (all.push_back(one<P>()), ...);
        return all;
    }
    /// Calls f(on<P>(options)..., endpoints<P>..., context_windows<P>..., route table, limits): what a reload
    /// may change.
    template <class F>
    static auto with_options(const Config& config, F&& f) {
        return f(baton::on<P>(options<P>(config))..., equals<P>(config)..., windows<P>(config)...,
                 table(config), limits(config));
    }

private:
    /// A vendor for which only an address makes sense: an endpoint of one's own.
    template <class V>
    static constexpr bool custom = V::key_variable.empty() || std::string_view(V::name).starts_with("custom");

    template <class V>
    static KnownProvider one() {
        KnownProvider made;
        made.name = V::name;
        made.needs_base_url = custom<V>;
        if (!custom<V>) {
            made.key_variable = V::key_variable;
            made.other_key_variable = baton::wire::other_key_variable<V>();
            made.base_url_variable = V::base_url_variable;
            made.default_model = V::default_model;
        }
        return made;
    }
    template <class V>
    static typename V::Options options(const Config& config) {
        typename V::Options made{};
        const ProviderConfig& from = *config.provider(V::name);
        made.base_url = from.base_url;
        made.key = from.key.reveal();
        made.model = from.model;
        if (custom<V> && made.key.empty() && from.configured) made.key = "none"; // and not OPENAI_API_KEY
        return made;
    }
    /// At least one, so that a reload may also take them away.
    template <class V>
    static baton::Endpoints<V> equals(const Config& config) {
        baton::Endpoints<V> made;
        for (const EndpointConfig& from : config.provider(V::name)->endpoints) {
            made.list.push_back(baton::Endpoint(from.base_url)
                                    .with_key(std::string(from.key.reveal()))
                                    .with_weight(from.weight)
                                    .with_name(from.name));
        }
        if (made.list.empty()) made.list.emplace_back();
        return made;
    }
    template <class V>
    static baton::ContextWindows<V> windows(const Config& config) {
        baton::ContextWindows<V> made;
        for (const auto& [model, tokens] : config.provider(V::name)->windows)
            made.list.push_back({model, tokens});
        return made;
    }
    static ProviderLimits limits(const Config& config) {
        ProviderLimits made;
        for (const ProviderConfig& provider : config.providers)
            made.add(provider.limits, provider.rates, config.threads);
        return made;
    }
    static baton::RowTarget target(const std::string& name) { return baton::to(name); }
    static baton::ByTask<> table(const Config& config) {
        baton::ByTask<> made;
        bool has_default = false;
        for (const TaskConfig& task : config.tasks) {
            auto& row = made.entries.emplace_back();
            row.task = task.name;
            row.latency = task.max_latency;
            for (const std::string& name : task.targets) row.targets.push_back(target(name));
            has_default |= task.name.empty();
        }
        if (!has_default && config.any_configured()) {
            auto& row = made.entries.emplace_back();
            for (const ProviderConfig& provider : config.providers) {
                if (provider.configured) row.targets.push_back(target(provider.name));
            }
        }
        return made;
    }
};

using AllVendors =
    Vendors<baton::OpenAI, baton::Anthropic, baton::Gemini, baton::Mistral, baton::Groq, baton::Together,
            baton::DeepSeek, baton::XAI, baton::OpenRouter, baton::Compatible<"local">,
            baton::As<"custom1", baton::OpenAI>, baton::As<"custom2", baton::OpenAI>>;
using Chat = AllVendors::Chat;

inline Chat make_chat(const Executor& executor, const Config& config) {
    baton::Tcp::Options net;
    net.max_connections = config.max_upstream;
    baton::ExactMatch::Options flights = config.cache_options; // equal calls share one; answers are kept
    flights.max_bytes = 1024;                                  // where all threads find them, see Store
    flights.max_entry_bytes = 0;
    return AllVendors::with_options(config, [&](auto&&... options) {
        return Chat(executor, std::forward<decltype(options)>(options)..., net, config.retry, config.deadline,
                    config.resume, config.breaker, config.health, config.hedge, flights);
    });
}

} // namespace gateway
