// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/hash.hpp>
#include <baton/detail/require_option.hpp>
#include <baton/testing/simulation.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace baton::testing {

// --- Simulation
// -------------------------------------------------------------------------------------------

BATON_DECL ProviderScript& Simulation::provider(std::string_view host) {
    for (Named& provider : providers_) {
        if (provider.host == host) return provider.script;
    }
    providers_.push_back({std::string(host), {}});
    return providers_.back().script;
}

BATON_DECL Simulation& Simulation::traffic(double per_second, Duration length) {
    baton::detail::require_option(per_second >= 0 && per_second <= 1e6,
                                  "Simulation: per_second must be between 0 and 1000000");
    baton::detail::require_option(length > Duration::zero(), "Simulation: length must be positive");
    steps_.push_back({per_second, length});
    return *this;
}

BATON_DECL Simulation& Simulation::streams(double share) {
    baton::detail::require_option(share >= 0 && share <= 1, "Simulation: streams must be within 0 and 1");
    streams_ = share;
    return *this;
}

// --- SimulationRun
// ----------------------------------------------------------------------------------------

BATON_DECL SimulationRun::SimulationRun(const Simulation& simulation)
    : simulation_(simulation), traffic_rng_(Xoshiro(simulation.seed_).stream(1)) {
    net_.keep_requests(false);
    for (const Simulation::Step& step : simulation.steps_) result_.traffic += step.length;
    for (std::size_t host = 0; host < simulation.providers_.size(); ++host) serve(host);
}

BATON_DECL void SimulationRun::serve(std::size_t host) {
    const auto& [name, script] = simulation_.providers_[host];
    result_.hosts.push_back(name);
    for (const Episode& episode : script.episodes()) result_.episodes.emplace_back(name, episode);
    // By its name and not its place, so that a further provider changes nothing for the others.
    ScriptedProvider& provider =
        providers_.emplace_back(script, Xoshiro(simulation_.seed_).stream(2 + detail::hash_of(name)).next());
    net_.on_connect(name, [this, &provider](std::uint64_t) { return provider.connect(now()); });
    net_.serve(name, [this, &provider, host](const ServedRequest& request) {
        Behaviour behaviour = provider.answer(now(), request);
        const bool billed = !behaviour.error && behaviour.answer.usage.reported;
        const Usage usage = billed ? behaviour.answer.usage : Usage();
        bills_.resize(std::max<std::size_t>(bills_.size(), request.number));
        bills_[request.number - 1] = {request.number, usage.input_tokens,      usage.output_tokens,
                                      host,           request.incoming.stream, false};
        return behaviour;
    });
}

BATON_DECL void SimulationRun::start(std::function<void(std::size_t, Request, bool)> arrive,
                                     std::function<void()> over) {
    on_arrival_ = std::move(arrive);
    over_ = std::move(over);
    schedule();
    if (!more_) over_();
}

/// Puts the time of the next arrival into next_; false if there is none.
BATON_DECL bool SimulationRun::next_arrival() {
    const bool poisson = simulation_.arrivals_ == Arrivals::poisson;
    // A unit of arrivals, used up at the rate of each step it passes.
    double left = poisson ? -std::log(1 - traffic_rng_.unit()) : 1.0;
    for (; step_ < simulation_.steps_.size(); ++step_) {
        const auto& [per_second, length] = simulation_.steps_[step_];
        const Duration end = step_begin_ + length;
        const double room = per_second * std::chrono::duration<double>(end - next_).count();
        if (left <= room && per_second > 0) {
            next_ += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(left / per_second));
            return next_ < end || step_ + 1 < simulation_.steps_.size();
        }
        left -= room;
        next_ = step_begin_ = end;
    }
    return false;
}

BATON_DECL void SimulationRun::schedule() {
    more_ = next_arrival();
    if (more_) timer_ = clock_.at(after(start_, next_), [this] { arrive(); });
}

BATON_DECL void SimulationRun::arrive() {
    static constexpr std::size_t question = 400; // bytes: about a hundred tokens
    const std::size_t number = result_.calls.size();
    const bool streamed = traffic_rng_.unit() < simulation_.streams_;
    SimulationResult::Call& call = result_.calls.emplace_back();
    call.begin = now();
    call.streamed = streamed;
    result_.max_in_flight = std::max(result_.max_in_flight, ++in_flight_);
    Request request = simulation_.make_ ? simulation_.make_(number) : Request(std::string(question, '?'));
    schedule();
    on_arrival_(number, std::move(request), streamed);
}

BATON_DECL void SimulationRun::text(std::size_t number) noexcept {
    SimulationResult::Call& call = result_.calls[number];
    if (call.first_token == Duration::zero()) call.first_token = now() - call.begin;
}

BATON_DECL void SimulationRun::end(std::size_t number, const result<Reply>& reply) {
    SimulationResult::Call& call = result_.calls[number];
    call.latency = now() - call.begin;
    call.outcome = reply ? Errc::ok : reply.error().errc();
    const Trace& trace = reply ? reply->trace : reply.error().detail().trace;
    call.attempts = static_cast<std::uint32_t>(trace.sent());
    for (const Attempt& attempt : trace.attempts) {
        call.hedges += attempt.sent && attempt.hedge;
        call.resumes += attempt.sent && attempt.resume != ResumeMode::none;
    }
    if (reply) {
        call.tokens = static_cast<std::uint32_t>(reply->usage.total_output());
        call.fallback = reply->served_by_fallback;
        call.stale = trace.stale;
        if (Bill* bill = bill_of(reply->id, "sim-")) {
            bill->delivered = true;
            if (!trace.cache_hit && !trace.stale) call.host = static_cast<std::int32_t>(bill->host);
        }
        for (const Attempt& attempt : trace.attempts) { // a broken one whose text is part of the reply
            if (call.resumes == 0 || attempt.outcome == Errc::ok || attempt.first_token == Duration::zero())
                continue;
            if (Bill* bill = bill_of(attempt.request_id, "req_")) bill->delivered = true;
        }
    }
    result_.length = std::max(result_.length, now());
    mix(static_cast<std::uint64_t>(now().count()));
    mix(number);
    mix(trace);
    mix(static_cast<std::uint64_t>(call.outcome));
    mix(call.tokens);
    if (--in_flight_ == 0 && !more_) over_();
}

/// The bill of the request that the provider calls by `prefix` and its number; null: it is none of these.
BATON_DECL SimulationRun::Bill* SimulationRun::bill_of(std::string_view id,
                                                       std::string_view prefix) noexcept {
    std::size_t number = 0;
    if (id.starts_with(prefix)) std::from_chars(id.data() + prefix.size(), id.data() + id.size(), number);
    return number > 0 && number <= bills_.size() ? &bills_[number - 1] : nullptr;
}

BATON_DECL SimulationResult SimulationRun::finish() {
    // Prices are per million tokens: whole millionths only at the end.
    std::vector<std::uint64_t> delivered(result_.hosts.size()), wasted(result_.hosts.size());
    for (const Bill& bill : bills_) {
        if (bill.number == 0) continue;
        const ProviderScript& script = providers_[bill.host].script();
        const auto& sent = net_.ledger().requests[bill.number - 1];
        std::uint64_t output = bill.output;
        if (bill.stream && !sent.completed) {
            const std::uint64_t per_event = script.tokens_per_event();
            output = std::min<std::uint64_t>(bill.output, sent.tokens * per_event);
        }
        const std::uint64_t price = bill.input * script.input_price() + output * script.output_price();
        (bill.delivered ? delivered : wasted)[bill.host] += price;
    }
    for (std::size_t host = 0; host < result_.hosts.size(); ++host) {
        result_.cost_delivered += delivered[host] / 1'000'000;
        result_.cost_wasted += wasted[host] / 1'000'000;
    }
    return std::move(result_);
}

BATON_DECL void SimulationRun::mix(std::uint64_t word) noexcept {
    result_.hash = baton::detail::scatter(result_.hash ^ word);
}

BATON_DECL void SimulationRun::mix(std::string_view text) noexcept { mix(detail::hash_of(text)); }

BATON_DECL void SimulationRun::mix(const Trace& trace) noexcept {
    mix(trace.attempts.size() << 1 | static_cast<std::uint64_t>(trace.stale));
    for (const Attempt& attempt : trace.attempts) {
        mix(attempt.provider);
        mix(std::string_view(attempt.model));
        mix(static_cast<std::uint64_t>(attempt.outcome));
        mix(static_cast<std::uint64_t>(attempt.sent));
        mix(static_cast<std::uint64_t>(attempt.waited.count()));
        mix(static_cast<std::uint64_t>(attempt.latency.count()));
        mix(static_cast<std::uint64_t>(attempt.hedge) << 8 | static_cast<std::uint64_t>(attempt.resume));
    }
}

} // namespace baton::testing
