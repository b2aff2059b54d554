// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "config.hpp"

#include <toml++/toml.h>

#include <chrono>
#include <sstream>

namespace gateway {
namespace {

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

void print_limits(std::ostream& out, const ProviderConfig& provider) {
    const baton::Gcra::Options& limits = provider.limits;
    if ((limits.requests_per_minute | limits.tokens_per_minute | limits.input_tokens_per_minute |
         limits.output_tokens_per_minute | limits.concurrency) == 0)
        return;
    out << "\n[providers." << provider.name
        << ".limits]\nrequests_per_minute = " << limits.requests_per_minute
        << "\ntokens_per_minute = " << limits.tokens_per_minute
        << "\ninput_tokens_per_minute = " << limits.input_tokens_per_minute
        << "\noutput_tokens_per_minute = " << limits.output_tokens_per_minute
        << "\nconcurrency = " << limits.concurrency << "\nburst_ms = " << in_ms(limits.burst)
        << "\nmax_wait_ms = " << in_ms(limits.max_wait) << '\n';
}

} // namespace

std::string print_config(const Config& config) {
    std::ostringstream out;
    out.precision(15);
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
    if (config.reuse_port) out << "reuse_port = true\n";
    if (config.metrics_public) out << "metrics_public = true\n";
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
        print_limits(out, p);
        for (const EndpointConfig& e : p.endpoints) {
            out << "\n[[providers." << p.name << ".endpoints]]\nweight = " << e.weight << '\n';
            if (!e.name.empty()) out << "name = " << quoted(e.name) << '\n';
            if (!e.base_url.empty()) out << "base_url = " << quoted(e.base_url) << '\n';
            if (!e.key.empty()) out << "key = " << masked(false) << '\n';
        }
    }
    out << "\n[context_windows]\n";
    for (const ProviderConfig& p : config.providers) {
        for (const auto& [model, tokens] : p.windows)
            out << quoted(p.name + "/" + model) << " = " << tokens << '\n';
    }
    if (!config.prices.empty()) out << "\n[prices]\n";
    for (const auto& [name, price] : config.prices) {
        out << quoted(name) << " = {input = " << price.input << ", output = " << price.output
            << ", cached_input = " << price.cached_input << ", cache_write = " << price.cache_write << "}\n";
    }
    if (!config.aliases.empty()) out << "\n[aliases]\n";
    for (const AliasConfig& a : config.aliases) out << quoted(a.name) << " = " << listed(a.targets) << '\n';
    for (const TaskConfig& t : config.tasks) {
        out << "\n[tasks." << quoted(t.name.empty() ? "default" : t.name)
            << "]\ntargets = " << listed(t.targets) << '\n';
        if (t.max_latency) out << "max_latency_ms = " << in_ms(*t.max_latency) << '\n';
    }
    for (const KeyConfig& k : config.keys) {
        const KeyLimits& limits = k.limits;
        out << "\n[[keys]]\nname = " << quoted(k.name)
            << "\nsha256 = \"***\"\nrequests_per_minute = " << limits.requests.per_minute
            << "\nburst = " << limits.requests.burst << "\ntokens_per_minute = " << limits.tokens.per_minute
            << "\ntoken_burst = " << limits.tokens.burst
            << "\nbudget_usd = " << static_cast<double>(limits.budget) * 1e-9
            << "\nbudget_period = " << quoted(period_names[static_cast<std::size_t>(limits.period)]) << '\n';
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
        << "\n\n[hedge]\nenabled = " << (config.hedge.on ? "true" : "false")
        << "\nquantile = " << config.hedge.each.quantile << "\nfloor_ms = " << in_ms(config.hedge.each.floor)
        << "\nmin_samples = " << config.hedge.each.min_samples << "\nbudget = " << config.hedge.each.budget
        << "\n\n[breaker]\nenabled = "
        << (config.breaker.mode == baton::BreakerMode::automatic ? "true" : "false")
        << "\nwindow_ms = " << in_ms(config.breaker.window) << "\nmin_calls = " << config.breaker.min_calls
        << "\nfailure_rate = " << config.breaker.failure_rate << "\nopen_ms = " << in_ms(config.breaker.open)
        << "\nopen_max_ms = " << in_ms(config.breaker.open_max)
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
        if (!config.redis.username.empty()) out << "username = " << quoted(config.redis.username) << '\n';
        if (!config.redis.password.empty()) out << "password = \"***\"\n";
    }
    return out.str();
}

} // namespace gateway
