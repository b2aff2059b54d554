// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "admission.hpp"

#include "answers.hpp"
#include "auth.hpp"
#include "prices.hpp"

#include <baton/core/estimate.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace gateway {

using baton::Errc;
using baton::Error;

std::optional<Error> identify(Exchange& x) {
    if (!x.config->keys.empty()) {
        x.key = find_key(*x.config, credential(x.client.request()));
        if (!x.key) {
            Counters::add(x.counters.refused_key);
            return problem(Errc::auth,
                           "no valid key: send one as a bearer token, x-api-key or x-goog-api-key");
        }
    }
    return std::nullopt;
}

std::optional<Error> crowded(Exchange& x) {
    if (static_cast<std::size_t>(x.counters.active.load(std::memory_order_relaxed)) >
        x.config->max_concurrent) {
        Counters::add(x.counters.limited_concurrency);
        return problem(Errc::unavailable, "too many requests at once; see retry-after");
    }
    return std::nullopt;
}

namespace {

/// Tokens of an answer nobody has put a limit to.
constexpr std::uint32_t usual_output = 500;

/// The targets the route has for a task.
const std::vector<std::string>* row_of(const Config& config, const std::string& task) {
    const std::vector<std::string>* otherwise = nullptr;
    for (const TaskConfig& row : config.tasks) {
        if (row.name == task) return &row.targets;
        if (row.name.empty()) otherwise = &row.targets;
    }
    return otherwise;
}

NanoDollars price_of(const Config& config, const std::string& target, const baton::Usage& usage) {
    const std::size_t slash = target.find('/');
    const std::string provider = target.substr(0, slash);
    std::string model = slash == std::string::npos ? std::string() : target.substr(slash + 1);
    if (const ProviderConfig* known = config.provider(provider); model.empty() && known) model = known->model;
    const Price* price = find_price(config, provider, model);
    return price ? cost(*price, usage) : 0;
}

} // namespace

NanoDollars dearest(const Config& config, std::span<const std::string> targets, const baton::Usage& usage) {
    NanoDollars most = 0;
    for (const std::string& target : targets) most = std::max(most, price_of(config, target, usage));
    return most;
}

KeyDemand estimate(const Config& config, const baton::Request& request) {
    baton::Usage usage;
    usage.input_tokens = baton::estimate_input(request);
    usage.output_tokens = request.max_tokens.value_or(usual_output);
    KeyDemand demand;
    demand.tokens = static_cast<std::int64_t>(usage.total());
    if (config.prices.empty()) return demand;
    if (!request.fallbacks.empty()) {
        demand.cost = dearest(config, request.fallbacks, usage);
    } else if (const std::vector<std::string>* row = row_of(config, request.task)) {
        demand.cost = dearest(config, *row, usage);
    } else {
        for (const ProviderConfig& provider : config.providers) {
            if (provider.configured)
                demand.cost = std::max(demand.cost, price_of(config, provider.name, usage));
        }
    }
    return demand;
}

Task<std::optional<Error>> spend(Exchange& x, Store& store, KeyDemand demand) {
    const KeyLimits& limits = x.key->limits;
    const std::optional<KeyVerdict> verdict = co_await store.admit(*x.key, demand, x.reserved);
    if (!verdict)
        co_return problem(Errc::unavailable, "the store of limits does not answer; see retry-after");
    if (const auto write = x.where.dialect->write_rate) {
        const auto now = std::chrono::system_clock::now();
        if (limits.requests) write("requests", limits.requests, verdict->requests_ahead, now, x.rate_lines);
        if (limits.tokens) write("tokens", limits.tokens, verdict->tokens_ahead, now, x.rate_lines);
    }
    if (verdict->kind == KeyVerdict::Kind::admitted) co_return std::nullopt;
    Counters::add(x.counters.limited_key);
    Error::Detail detail;
    detail.retry_after = verdict->wait;
    if (verdict->kind == KeyVerdict::Kind::budget) {
        detail.message = "this key has spent its budget of this " +
                         std::string(period_names[static_cast<std::size_t>(limits.period)]) +
                         "; see retry-after for the next, or ask for a larger one";
        detail.should_retry = false; // clients would wait in vain
        co_return Error(Errc::quota, std::move(detail));
    }
    detail.message = verdict->kind == KeyVerdict::Kind::tokens
                         ? "this key's token rate is used up; see retry-after"
                         : "this key's request rate is used up; see retry-after";
    co_return Error(Errc::rate_limited, std::move(detail));
}

void settle(Exchange& x, Store& store, const KeyDemand& taken) {
    Counters::add(x.counters.cost, static_cast<std::uint64_t>(taken.cost));
    if (x.key) store.settle(*x.key, x.reserved, taken);
}

void settle(Exchange& x, Store& store, const baton::Trace& trace) {
    KeyDemand taken;
    if (trace.joined)
        return settle(x, store, taken); // the attempts are another request's, which pays for them
    for (const baton::Attempt& attempt : trace.attempts) {
        if (!attempt.sent) continue;
        Counters::add(x.counters.attempts);
        const std::uint64_t tokens = attempt.usage.total();
        if (tokens == 0) continue;
        taken.tokens += static_cast<std::int64_t>(tokens);
        if (const Price* price = find_price(*x.config, attempt.provider, attempt.model)) {
            taken.cost += cost(*price, attempt.usage);
        } else {
            Counters::add(x.counters.unpriced);
        }
    }
    settle(x, store, taken);
}

} // namespace gateway
