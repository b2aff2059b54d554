// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "metrics_page.hpp"

#include <algorithm>
#include <atomic>
#include <string_view>

namespace gateway {

namespace {

struct PerTarget {
    std::string provider;
    std::uint64_t requests = 0, errors = 0;
    int breaker = 0;
};

std::vector<PerTarget> by_provider(const std::vector<baton::Stats>& stats) {
    std::vector<PerTarget> targets;
    for (const baton::Stats& one : stats) {
        for (const baton::TargetStats& t : one.targets) {
            auto at = std::find_if(targets.begin(), targets.end(),
                                   [&](const PerTarget& p) { return p.provider == t.provider; });
            if (at == targets.end()) {
                targets.emplace_back().provider = t.provider;
                at = targets.end() - 1;
            }
            at->requests += t.requests;
            at->errors += t.errors;
            const int phase = t.breaker == baton::BreakerPhase::closed      ? 0
                              : t.breaker == baton::BreakerPhase::half_open ? 1
                                                                            : 2;
            at->breaker = std::max(at->breaker, phase);
        }
    }
    return targets;
}

} // namespace

std::string metrics_page(const std::vector<const Counters*>& threads,
                         const std::vector<baton::Stats>& stats) {
    const std::vector<PerTarget> targets = by_provider(stats);
    std::size_t open_upstream = 0;
    std::uint64_t hedges = 0, resumes = 0, limited = 0;
    for (const baton::Stats& one : stats) {
        open_upstream += one.open_connections;
        hedges += one.hedges;
        resumes += one.resumes;
        limited += one.limited;
    }
    Exposition page;
    const auto sum = [&](auto&& get) {
        double total = 0;
        for (const Counters* thread : threads)
            total += static_cast<double>(get(*thread).load(std::memory_order_relaxed));
        return total;
    };
    const auto counter = [&](std::string_view name, std::string_view help,
                             Counters::Count Counters::* member) {
        page.family(name, "counter", help);
        page.sample(name, {}, sum([&](const Counters& c) -> const Counters::Count& { return c.*member; }));
    };
    page.family("baton_requests_total", "counter", "Requests answered, by outcome.");
    for (std::size_t i = 0; i < Counters::outcomes.size(); ++i) {
        page.sample("baton_requests_total", {{"outcome", Counters::outcomes[i]}},
                    sum([&](const Counters& c) -> const Counters::Count& { return c.requests[i]; }));
    }
    page.family("baton_active_requests", "gauge", "Requests being answered now.");
    page.sample("baton_active_requests", {},
                sum([](const Counters& c) -> const std::atomic<std::int64_t>& { return c.active; }));
    page.family("baton_upstream_connections", "gauge", "Connections to vendors, busy and idle.");
    page.sample("baton_upstream_connections", {}, static_cast<double>(open_upstream));
    counter("baton_refused_framing_total", "Connections closed because what came was no proper HTTP request.",
            &Counters::refused_framing);
    counter("baton_refused_key_total", "Requests without a valid key.", &Counters::refused_key);
    counter("baton_limited_key_total", "Requests beyond their key's rates or budget.",
            &Counters::limited_key);
    counter("baton_limited_concurrency_total", "Requests beyond the concurrency limit.",
            &Counters::limited_concurrency);
    counter("baton_attempts_total", "Requests sent to vendors.", &Counters::attempts);
    counter("baton_input_tokens_total", "Tokens read by models.", &Counters::input_tokens);
    counter("baton_output_tokens_total", "Tokens written by models.", &Counters::output_tokens);
    page.family("baton_cost_usd_total", "counter", "What vendors were asked for has cost, by [prices].");
    page.sample("baton_cost_usd_total", {},
                sum([](const Counters& c) -> const Counters::Count& { return c.cost; }) * 1e-9);
    counter("baton_unpriced_attempts_total", "Attempts at models without a price.", &Counters::unpriced);
    const auto total = [&](std::string_view name, std::string_view help, std::uint64_t value) {
        page.family(name, "counter", help);
        page.sample(name, {}, static_cast<double>(value));
    };
    total("baton_hedges_total", "Second attempts begun beside late ones.", hedges);
    total("baton_resumes_total", "Attempts that carried a broken stream on.", resumes);
    total("baton_limited_targets_total", "Targets passed over because their limits had no room.", limited);
    counter("baton_streams_truncated_total", "Streams that broke after their first delta.",
            &Counters::truncated);
    counter("baton_cache_hits_total", "Answers from the cache.", &Counters::cache_hits);
    counter("baton_cache_joins_total", "Answers shared with an equal request under way.",
            &Counters::cache_joins);
    counter("baton_store_outages_total", "Limits decided without the shared store.",
            &Counters::store_outages);
    page.family("baton_target_requests_total", "counter", "Attempts by provider.");
    for (const PerTarget& t : targets)
        page.sample("baton_target_requests_total", {{"provider", t.provider}},
                    static_cast<double>(t.requests));
    page.family("baton_target_errors_total", "counter", "Failed attempts by provider.");
    for (const PerTarget& t : targets)
        page.sample("baton_target_errors_total", {{"provider", t.provider}}, static_cast<double>(t.errors));
    page.family("baton_breaker_state", "gauge",
                "0 closed, 1 half open, 2 open; the worst of a provider's models.");
    for (const PerTarget& t : targets)
        page.sample("baton_breaker_state", {{"provider", t.provider}}, t.breaker);
    page.histogram("baton_request_duration_seconds", "From a request's last byte to the end of its answer.",
                   [&](auto&& use) {
                       for (const Counters* thread : threads) use(thread->duration);
                   });
    page.histogram("baton_first_token_seconds", "From a streamed request's last byte to the first delta.",
                   [&](auto&& use) {
                       for (const Counters* thread : threads) use(thread->first_token);
                   });
    return page.take();
}

} // namespace gateway
