// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/secret.hpp>
#include <baton/core/target.hpp>
#include <baton/orchestrator/options.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace baton::detail {

/// What is known of one provider at run time.
struct ProviderSettings {
    std::string_view name;
    std::string problem;    ///< not empty: unconfigured, and why
    std::size_t origin = 0; ///< in the pool
    std::string path;       ///< prefix of the base URL
    Secret head;            ///< header lines common to all its requests, credentials included
    std::string health;     ///< path of the health check
    Target target;          ///< with its default model
};

/// A route row, resolved.
struct PlannedRow {
    std::string task;
    std::vector<Target> targets;
};

/// Everything a call reads of the configuration. Immutable; calls in flight keep the one they began with.
template <class Counter>
struct Snapshot : boost::intrusive_ref_counter<Snapshot<Counter>, Counter> {
    std::vector<ProviderSettings> providers;
    std::vector<PlannedRow> rows;
    const PlannedRow* otherwise = nullptr;

    const PlannedRow* row(std::string_view task) const noexcept {
        for (const PlannedRow& r : rows) {
            if (r.task == task) return &r;
        }
        return otherwise;
    }
};

[[noreturn]] inline void bad_option(const std::string& text) { throw std::invalid_argument(text); }

/// Environment variable `name`, "" if unset.
inline std::string_view environment(std::string_view name) {
    if (name.empty()) return {};
    const char* value = std::getenv(std::string(name).c_str());
    return value ? value : "";
}

/// One provider's settings from its options, the environment and the wire's defaults, in that order.
template <class W, class Pool>
ProviderSettings make_provider(const typename W::Options& options, std::size_t index, const NetSettings& net,
                               Pool& pool) {
    ProviderSettings made;
    made.name = W::name;
    const std::string option = std::string(W::name) + " Options.base_url";
    std::string_view base = options.base_url;
    if (base.empty()) base = environment(W::base_url_variable);
    if (base.empty()) base = W::default_base_url;
    std::string problem;
    std::optional<net::BaseUrl> url = net::BaseUrl::parse(base, option, problem, net.allow_http);
    if (!url) bad_option(problem);

    const Secret key(options.key.empty() ? environment(W::key_variable) : options.key);
    if (!net::header_value_ok(key.reveal())) {
        bad_option(std::string(W::name) +
                   " key: contains a line break or control character; check how it was read");
    }
    if (key.empty() && !W::key_variable.empty()) {
        made.problem = std::string(W::key_variable) + " is not set; export it or pass " +
                       std::string(W::name) + "'s Options{.key = ...}";
    }
    std::string head =
        "Host: " + url->authority() +
        "\r\nUser-Agent: baton/0.1\r\nAccept-Encoding: identity\r\nContent-Type: application/json\r\n";
    if (const std::optional<Error> refused = W::write_account_headers(options, key, head)) {
        bad_option(refused->detail().message);
    }
    made.path = url->path();
    made.health = W::health_path;
    made.target.provider = index;
    made.target.provider_name = W::name;
    made.target.model = options.model.empty() ? std::string_view(W::default_model) : options.model;
    const net::ProxySettings::Choice choice = net.proxy.for_target(*url);
    if (!choice.error.empty()) bad_option(std::string(choice.error));
    if (choice.proxy && choice.proxy->tls) {
        bad_option("the proxy for " + url->host_port() +
                   " is an https:// URL; baton speaks plain http to proxies (the tunnel inside is TLS): use "
                   "http://");
    }
    made.head = Secret(head);
    volatile char* wipe = head.data();
    for (std::size_t i = 0; i < head.size(); ++i) wipe[i] = 0;
    const net::TlsContext tls = url->tls() ? net.tls : net::TlsContext();
    made.origin = pool.intern(net::Origin(std::move(*url), tls, choice.proxy));
    return made;
}

/// Resolves the rows of a route table against the providers of C.
template <class C, class Snap, class Route>
void plan_rows(Snap& snapshot, const Route& route) {
    snapshot.rows.reserve(route.entries.size());
    for (const auto& entry : route.entries) {
        PlannedRow planned;
        planned.task = entry.task;
        for (const RowTarget& row : entry.targets) {
            std::size_t index = C::providers;
            mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
                using W = typename C::template wire<i.value>;
                const bool match =
                    row.provider_type ? row.provider_type == &type_tag<W> : row.provider_name == W::name;
                if (match && index == C::providers) index = i;
            });
            if (index == C::providers) {
                bad_option(
                    "Route: row \"" + entry.task + "\" names provider \"" + row.provider_name +
                    "\", which is not in the composition; list it as Provider<...> or correct the name");
            }
            Target target = snapshot.providers[index].target;
            if (!row.model.empty()) target.model = row.model;
            target.temperature = row.temperature;
            target.max_tokens = row.max_tokens;
            target.max_latency = entry.latency;
            planned.targets.push_back(std::move(target));
        }
        if (planned.targets.empty()) {
            bad_option("Route: row \"" + entry.task +
                       "\" has no targets; give it at least one to<Provider>(model)");
        }
        snapshot.rows.push_back(std::move(planned));
    }
    for (const PlannedRow& row : snapshot.rows) {
        if (row.task.empty()) snapshot.otherwise = &row;
    }
}

} // namespace baton::detail
