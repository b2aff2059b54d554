// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/hash.hpp>
#include <baton/core/headers.hpp>
#include <baton/core/secret.hpp>
#include <baton/core/target.hpp>
#include <baton/orchestrator/options.hpp>
#include <baton/policy/context_windows.hpp>
#include <baton/policy/endpoint.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace baton::detail {

/// One place a provider lives, at run time.
struct EndpointSettings {
    std::uint64_t id = 0;   ///< of base URL and key: state belongs to it, through changes of the list
    std::string problem;    ///< not empty: cannot be asked, and why
    std::string name;       ///< "" = its number
    double weight = 1;      ///< its share of the load
    std::size_t origin = 0; ///< in the pool
    std::string path;       ///< prefix of the base URL
    Secret head;            ///< header lines common to all its requests, credentials included
    Secret key;             ///< so that no error text repeats it
    std::string base_url;   ///< as configured
    std::string authority;  ///< the Host header
    bool given_url = false; ///< by the caller, and not by the environment or made from options
    wire::KeyFrom key_from = wire::KeyFrom::caller;
    std::shared_ptr<const void> account; ///< the wire's Account, where it has one
};

/// What is known of one provider at run time.
struct ProviderSettings {
    std::string_view name;
    std::string problem;                     ///< not empty: unconfigured, and why
    std::vector<EndpointSettings> endpoints; ///< one at least
    Capabilities capabilities;
    Target target;                                                ///< with its default model
    std::vector<std::pair<std::string, std::uint32_t>> windows{}; ///< of models, in tokens
    std::pair<std::string_view, std::uint32_t> default_window{};  ///< of the wire's default model, if known

    /// This provider with another model.
    Target with_model(std::string_view model) const {
        Target made = target;
        made.model = model;
        made.max_context = max_context(model);
        return made;
    }
    std::uint32_t max_context(std::string_view model) const noexcept {
        for (const auto& [name, tokens] : windows) {
            if (name == model && tokens != 0) return tokens;
        }
        return model == default_window.first ? default_window.second : capabilities.max_context;
    }
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

/// One endpoint's settings from its own words, its provider's options, the environment and the wire's
/// defaults, in that order.
template <class W, class Pool>
EndpointSettings make_endpoint(const typename W::Options& options, const credentials_of<W>* credentials,
                               const Endpoint& own, const NetSettings& net, Pool& pool,
                               const EndpointSettings* before) {
    EndpointSettings made;
    // what an account is made of belongs together: nothing of an earlier one is mixed in
    if constexpr (wire::HasAccount<W>) before = nullptr;
    const std::string option = std::string(W::name) + " Options.base_url";
    std::string_view base = own.base_url;
    if (base.empty()) base = options.base_url;
    if (base.empty() && before && (before->given_url || !wire::HasBaseUrl<W>)) base = before->base_url;
    made.given_url = !own.base_url.empty() || !options.base_url.empty() || (before && before->given_url);
    if (base.empty()) base = environment(W::base_url_variable);
    if (base.empty()) base = W::default_base_url;
    std::string problem, made_base;
    if constexpr (wire::HasBaseUrl<W>) {
        if (base.empty()) {
            result<std::string> found = W::base_url(options, environment);
            if (found) {
                base = made_base = *std::move(found);
            } else {
                made.problem = found.error().detail().message;
                base = "https://unconfigured.invalid";
            }
        }
    }
    if (base.empty()) {
        made.problem =
            option + " is not set" +
            (W::base_url_variable.empty()
                 ? std::string("; give the server's address, e.g. http://127.0.0.1:8000/v1")
                 : ", nor is " + std::string(W::base_url_variable) + "; give the server's address");
        base = "https://unconfigured.invalid";
    }
    std::optional<net::BaseUrl> url = net::BaseUrl::parse(base, option, problem, net.allow_http);
    if (!url) bad_option(problem);

    typename W::Options filled = options; // from here and there; an account is told what the caller gave
    if (!own.key.empty()) filled.key = own.key;
    if (filled.key.empty() && before) {
        filled.key = before->key.reveal();
        made.key_from = before->key_from;
    }
    constexpr std::string_view other_variable = wire::other_key_variable<W>();
    const auto look_in = [&](std::string_view variable, wire::KeyFrom from) {
        if (!filled.key.empty()) return;
        filled.key = environment(variable);
        made.key_from = from;
    };
    look_in(W::key_variable, wire::KeyFrom::variable);
    look_in(other_variable, wire::KeyFrom::other_variable);
    if constexpr (wire::ReadsEnvironment<W>) W::read_environment(filled, made.key_from, environment);
    const Secret key(filled.key);
    if (!header_value_ok(key.reveal())) {
        bad_option(std::string(W::name) +
                   " key: contains a line break or control character; check how it was read");
    }
    if (key.empty() && !W::key_variable.empty() && !wire::HasAccount<W>) {
        made.problem =
            std::string(W::key_variable) + " is not set" +
            (other_variable.empty() ? "; export it"
                                    : ", nor is " + std::string(other_variable) + "; export one of them") +
            " or pass " + std::string(W::name) + "'s Options{.key = ...}";
    }
    std::string head =
        "Host: " + url->authority() +
        "\r\nUser-Agent: baton/0.1\r\nAccept-Encoding: identity\r\nContent-Type: application/json\r\n";
    if (const std::optional<Error> refused = W::write_account_headers(filled, key, head)) {
        bad_option(refused->detail().message);
    }
    if constexpr (wire::HasAccount<W>) {
        const auto make = [&] {
            if constexpr (requires { typename W::Credentials; }) {
                return W::Account::make(options, key, environment, credentials);
            } else {
                return W::Account::make(options, key, environment);
            }
        };
        result<typename W::Account> account = make();
        if (!account) {
            if (account.error() != Errc::auth) bad_option(account.error().detail().message);
            if (made.problem.empty()) made.problem = account.error().detail().message;
        } else {
            made.account = std::make_shared<const typename W::Account>(*std::move(account));
        }
    }
    made.id = scatter(hash64(base, 1) ^ scatter(hash64(key.reveal(), 2)));
    made.name = own.name;
    made.weight = own.weight;
    made.path = url->path().empty() ? wire::bare_path<W>() : std::string_view(url->path());
    made.authority = url->authority();
    made.key = key;
    made.base_url = base;
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

/// One provider's settings. `list`: its endpoints as the arguments give them; null: one, made of the options,
/// or those there were before.
template <class W, class Pool>
ProviderSettings make_provider(const typename W::Options& options, const credentials_of<W>* credentials,
                               const std::vector<Endpoint>* list, std::size_t index, const NetSettings& net,
                               Pool& pool, const ProviderSettings* before) {
    ProviderSettings made;
    made.name = W::name;
    made.capabilities = W::capabilities;
    if constexpr (requires { W::default_model_context; })
        made.default_window = {W::default_model, W::default_model_context};
    made.target.provider = index;
    made.target.provider_name = W::name;
    if constexpr (wire::HasAccount<W>) before = nullptr;
    made.target.model = !options.model.empty() ? options.model
                        : before               ? std::string_view(before->target.model)
                                               : std::string_view(W::default_model);
    const auto option = [&](const char* text) {
        bad_option("endpoints<" + std::string(W::name) + ">: " + text);
    };
    if (!list && before && before->endpoints.size() > 1) {
        if (!options.base_url.empty() || !options.key.empty()) {
            option("there are several; give them again instead of Options.base_url or key");
        }
        for (const EndpointSettings& old : before->endpoints) {
            Endpoint same = Endpoint(old.base_url).with_key(std::string(old.key.reveal()));
            same.weight = old.weight;
            same.name = old.name;
            made.endpoints.push_back(make_endpoint<W>(options, credentials, same, net, pool, &old));
        }
    } else if (!list) {
        made.endpoints.push_back(make_endpoint<W>(options, credentials, Endpoint(), net, pool,
                                                  before ? &before->endpoints.front() : nullptr));
    } else {
        if (list->empty()) option("the list is empty; give it at least one Endpoint");
        if (list->size() > Endpoints<W>::most) option("more than 64; split them over several providers");
        for (const Endpoint& own : *list) {
            if (!(own.weight >= 0 && own.weight <= 1e6)) option("weight must be between 0 and 1000000");
            made.endpoints.push_back(make_endpoint<W>(options, credentials, own, net, pool,
                                                      before ? &before->endpoints.front() : nullptr));
            for (std::size_t i = 0; i + 1 < made.endpoints.size(); ++i) {
                if (made.endpoints[i].id == made.endpoints.back().id)
                    option("two with the same base_url and key; give the sum of their weights to one");
            }
        }
    }
    // those without a credential are left out; the provider is unconfigured if nothing is left
    const std::string problem = made.endpoints.front().problem;
    auto configured = made.endpoints;
    std::erase_if(configured, [](const EndpointSettings& e) { return !e.problem.empty(); });
    if (configured.empty()) {
        made.problem = problem;
    } else {
        made.endpoints = std::move(configured);
    }
    return made;
}

/// Resolves the rows of a route table against the providers of C.
template <class C, class Snap, class Route>
void plan_rows(Snap& snapshot, const Route& route) {
    snapshot.rows.reserve(route.entries.size());
    for (const auto& entry : route.entries) {
        for (const PlannedRow& known : snapshot.rows) {
            if (known.task == entry.task) {
                bad_option("Route: row \"" + entry.task + "\" is given twice; merge the two");
            }
        }
        if (entry.latency && *entry.latency <= Duration::zero()) {
            bad_option("Route: row \"" + entry.task + "\": max_latency must be positive");
        }
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
            for (bool Capabilities::* what : entry.needed) {
                if (snapshot.providers[index].capabilities.*what) continue;
                bad_option("Route: row \"" + entry.task + "\" needs what " +
                           std::string(snapshot.providers[index].name) +
                           " cannot do; take it out of the row");
            }
            const ProviderSettings& provider = snapshot.providers[index];
            Target target = row.model.empty() ? provider.target : provider.with_model(row.model);
            target.temperature = row.temperature;
            target.max_tokens = row.max_tokens;
            target.max_latency = entry.latency;
            if (row.max_context != 0) target.max_context = row.max_context;
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
