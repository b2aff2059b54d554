// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace baton {

/// Where a provider lives: one of several equal places to send a request to, such as regions of a deployment
/// or keys of one account. What is left empty is taken from the wire's Options, then from the environment.
class Endpoint {
public:
    Endpoint() = default;
    explicit Endpoint(std::string base_url) : base_url(std::move(base_url)) {}

    /// Its own credential.
    Endpoint with_key(std::string value) && {
        key = std::move(value);
        return std::move(*this);
    }
    /// Its share of the load beside the others', 0 to 1,000,000; 0: drained, asked only if nothing else is
    /// left.
    Endpoint with_weight(double value) && {
        weight = value;
        return std::move(*this);
    }
    /// What the trace and statistics call it, instead of its number; no part of its identity.
    Endpoint with_name(std::string value) && {
        name = std::move(value);
        return std::move(*this);
    }

    std::string base_url;
    std::string key;
    std::string name;
    double weight = 1;
};

/// The equal endpoints of provider P, an argument of the Orchestrator's constructor and of `configure`. State
/// (breakers, limits, statistics) belongs to an endpoint's base URL and key, and survives a change of the
/// list.
template <class P>
class Endpoints {
public:
    static constexpr std::size_t most = 64;
    using provider = P;

    Endpoints() = default;
    explicit Endpoints(std::vector<Endpoint> list) : list(std::move(list)) {}

    std::vector<Endpoint> list;
};

/// `endpoints<AzureOpenAI>(Endpoint("https://eu...").with_weight(2), Endpoint("https://us..."))`: deployments
/// that are equals. `Balance` chooses among them; without it they are tried in this order.
template <class P, class... E>
Endpoints<P> endpoints(E... list) {
    Endpoints<P> made;
    (made.list.push_back(std::move(list)), ...);
    return made;
}

/// `keys<OpenAI>("sk-1", "sk-2")`: several credentials of one provider.
template <class P, class... K>
Endpoints<P> keys(K&&... list) {
    Endpoints<P> made;
    (made.list.push_back(Endpoint().with_key(std::string(std::forward<K>(list)))), ...);
    return made;
}

} // namespace baton
