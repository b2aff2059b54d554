// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/testing/scenario.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace baton::testing {

BATON_DECL std::string_view to_string(Episode::Kind kind) noexcept {
    using Kind = Episode::Kind;
    switch (kind) {
    case Kind::outage_refuse: return "outage_refuse";
    case Kind::outage_hang: return "outage_hang";
    case Kind::outage_error: return "outage_error";
    case Kind::flapping: return "flapping";
    case Kind::dead_key: return "dead_key";
    case Kind::rate_limit: return "rate_limit";
    case Kind::capacity: return "capacity";
    case Kind::context_overflow: return "context_overflow";
    case Kind::content_filter: return "content_filter";
    case Kind::brown_out: return "brown_out";
    case Kind::slow_first_token: return "slow_first_token";
    case Kind::stream_cuts: return "stream_cuts";
    case Kind::malformed_events: return "malformed_events";
    }
    return "?";
}

// --- ProviderScript
// ---------------------------------------------------------------------------------------

BATON_DECL ProviderScript& ProviderScript::add(const Episode& episode) {
    using baton::detail::require_option;
    require_option(episode.begin >= Duration::zero() && episode.length >= Duration::zero(),
                   "ProviderScript: begin and length of an episode must not be negative");
    require_option(episode.share >= 0 && episode.share <= 1, "ProviderScript: share must be within 0 and 1");
    require_option(!episode.span || *episode.span >= Duration::zero(),
                   "ProviderScript: a span must not be negative");
    switch (episode.kind) {
    case Episode::Kind::brown_out:
        require_option(episode.amount >= 1 && episode.amount <= 1e6,
                       "ProviderScript: slower must be between 1 and 1000000");
        break;
    case Episode::Kind::capacity:
        require_option(episode.amount > 0 && episode.amount <= 1e9,
                       "ProviderScript: per_minute must be above 0 and at most 10^9");
        break;
    case Episode::Kind::flapping:
        require_option(episode.span && *episode.span > Duration::zero(),
                       "ProviderScript: period must be positive");
        break;
    default: break;
    }
    episodes_.push_back(episode);
    return *this;
}

BATON_DECL ProviderScript& ProviderScript::answers(std::uint32_t least, std::uint32_t most,
                                                   std::uint32_t per_event) {
    baton::detail::require_option(least >= 1 && least <= most && most <= 1'000'000,
                                  "ProviderScript: answers must have 1 <= least <= most <= 1000000");
    baton::detail::require_option(per_event >= 1, "ProviderScript: per_event must be positive");
    least_ = least;
    most_ = most;
    per_event_ = per_event;
    return *this;
}

BATON_DECL ProviderScript& ProviderScript::outage(Duration begin, Duration length, Outage how) {
    using Kind = Episode::Kind;
    const Kind kind = how == Outage::refuse ? Kind::outage_refuse
                      : how == Outage::hang ? Kind::outage_hang
                                            : Kind::outage_error;
    return add({.kind = kind, .begin = begin, .length = length});
}

BATON_DECL ProviderScript& ProviderScript::rate_limit(Duration begin, Duration length,
                                                      std::optional<Duration> retry_after, double share) {
    return add({.kind = Episode::Kind::rate_limit,
                .begin = begin,
                .length = length,
                .share = share,
                .span = retry_after});
}

BATON_DECL ProviderScript& ProviderScript::capacity(Duration begin, Duration length, double per_minute) {
    return add({.kind = Episode::Kind::capacity, .begin = begin, .length = length, .amount = per_minute});
}

BATON_DECL ProviderScript& ProviderScript::brown_out(Duration begin, Duration length, double slower,
                                                     double errors) {
    return add({.kind = Episode::Kind::brown_out,
                .begin = begin,
                .length = length,
                .share = errors,
                .amount = slower});
}

BATON_DECL ProviderScript& ProviderScript::flapping(Duration begin, Duration length, Duration period,
                                                    double down) {
    return add(
        {.kind = Episode::Kind::flapping, .begin = begin, .length = length, .share = down, .span = period});
}

BATON_DECL ProviderScript& ProviderScript::slow_first_token(Duration begin, Duration length, Duration later,
                                                            double share) {
    return add({.kind = Episode::Kind::slow_first_token,
                .begin = begin,
                .length = length,
                .share = share,
                .span = later});
}

BATON_DECL ProviderScript& ProviderScript::stream_cuts(Duration begin, Duration length, double share) {
    return add({.kind = Episode::Kind::stream_cuts, .begin = begin, .length = length, .share = share});
}

BATON_DECL ProviderScript& ProviderScript::malformed_events(Duration begin, Duration length, double share) {
    return add({.kind = Episode::Kind::malformed_events, .begin = begin, .length = length, .share = share});
}

BATON_DECL ProviderScript& ProviderScript::dead_key(Duration begin, Duration length) {
    return add({.kind = Episode::Kind::dead_key, .begin = begin, .length = length});
}

BATON_DECL ProviderScript& ProviderScript::context_overflow(Duration begin, Duration length, double share) {
    return add({.kind = Episode::Kind::context_overflow, .begin = begin, .length = length, .share = share});
}

BATON_DECL ProviderScript& ProviderScript::content_filter(Duration begin, Duration length, double share) {
    return add({.kind = Episode::Kind::content_filter, .begin = begin, .length = length, .share = share});
}

// --- ScriptedProvider
// -------------------------------------------------------------------------------------

BATON_DECL ScriptedProvider::ScriptedProvider(ProviderScript script, std::uint64_t seed)
    : script_(std::move(script)), rng_(seed) {
    // libstdc++'s stable_sort uses what Clang reports as deprecated; there are only a few
    std::vector<Episode> sorted;
    for (const Episode& episode : script_.episodes_) {
        const auto after =
            std::upper_bound(sorted.begin(), sorted.end(), episode,
                             [](const Episode& a, const Episode& b) { return a.kind < b.kind; });
        sorted.insert(after, episode);
    }
    script_.episodes_ = std::move(sorted);
    ready_at_.resize(script_.episodes_.size());
}

BATON_DECL Accept ScriptedProvider::connect(Duration now) {
    const Duration takes = script_.connecting_.draw(rng_);
    for (const Episode& episode : script_.episodes_) {
        if (episode.kind == Episode::Kind::outage_refuse && episode.holds(now)) return Accept::refuse(takes);
    }
    return Accept::yes(takes);
}

BATON_DECL Behaviour ScriptedProvider::answer(Duration now, const ServedRequest& request) {
    slowness_ = 1;
    for (const Episode& episode : script_.episodes_) {
        if (episode.kind == Episode::Kind::brown_out && episode.holds(now)) slowness_ *= episode.amount;
    }
    for (std::size_t i = 0; i < script_.episodes_.size(); ++i) {
        if (!script_.episodes_[i].holds(now)) continue;
        if (std::optional<Behaviour> no = refusal(i, now)) return std::move(*no);
    }
    return reply(now, request);
}

namespace detail {
inline Duration scaled(Duration span, double by) noexcept {
    return by == 1 ? span : Duration(static_cast<Duration::rep>(static_cast<double>(span.count()) * by));
}
} // namespace detail

BATON_DECL Behaviour ScriptedProvider::fail(Errc code, int status, std::optional<Duration> retry_after) {
    Error::Detail detail;
    detail.message = "as the scenario has it";
    detail.status = status;
    detail.retry_after = retry_after;
    Behaviour behaviour(Error(code, std::move(detail)));
    behaviour.delay = detail::scaled(script_.refusing_.draw(rng_), slowness_);
    return behaviour;
}

BATON_DECL std::optional<Behaviour> ScriptedProvider::refusal(std::size_t index, Duration now) {
    using Kind = Episode::Kind;
    const Episode& episode = script_.episodes_[index];
    switch (episode.kind) {
    case Kind::outage_refuse: return Behaviour(Answer(), Fault::reset_before_headers);
    case Kind::outage_hang: return Behaviour(Answer(), Fault::silence);
    case Kind::outage_error: return fail(Errc::transient, 503);
    case Kind::flapping: {
        const Duration up = detail::scaled(*episode.span, 1 - episode.share);
        if ((now - episode.begin) % *episode.span < up) return std::nullopt;
        return fail(Errc::transient, 503);
    }
    case Kind::dead_key: return fail(Errc::auth, 401);
    case Kind::capacity: return over_capacity(index, now);
    case Kind::rate_limit:
        return strikes(episode) ? std::optional(fail(Errc::rate_limited, 429, episode.span)) : std::nullopt;
    case Kind::context_overflow:
        return strikes(episode) ? std::optional(fail(Errc::context_overflow, 400)) : std::nullopt;
    case Kind::content_filter:
        return strikes(episode) ? std::optional(fail(Errc::content_filtered, 400)) : std::nullopt;
    case Kind::brown_out: return strikes(episode) ? std::optional(fail(Errc::transient, 500)) : std::nullopt;
    case Kind::slow_first_token:
    case Kind::stream_cuts:
    case Kind::malformed_events: break; // of answers: see reply()
    }
    return std::nullopt;
}

// The generic cell rate algorithm (ITU-T I.371): one time says how much is left.
BATON_DECL std::optional<Behaviour> ScriptedProvider::over_capacity(std::size_t index, Duration now) {
    const double per_minute = script_.episodes_[index].amount;
    const Duration each = detail::scaled(std::chrono::minutes(1), 1 / per_minute);
    const Duration burst = std::max(each, Duration(std::chrono::seconds(6)));
    const Duration next = std::max(ready_at_[index], now) + each;
    if (next - now > burst) return fail(Errc::rate_limited, 429, next - now - burst);
    ready_at_[index] = next;
    return std::nullopt;
}

BATON_DECL Behaviour ScriptedProvider::reply(Duration now, const ServedRequest& request) {
    const std::uint64_t length = script_.least_ + rng_.below(script_.most_ - script_.least_ + 1);
    const std::size_t events = (length + script_.per_event_ - 1) / script_.per_event_;
    const bool stream = request.incoming.stream;

    Answer answer;
    answer.id = "sim-" + std::to_string(request.number);
    answer.tokens.assign(events, "river ");
    answer.usage.input_tokens = std::max<std::uint64_t>(1, request.body.size() / 4);
    answer.usage.output_tokens = events * script_.per_event_;
    answer.usage.reported = true;

    Behaviour behaviour(std::move(answer));
    behaviour.delay = detail::scaled(script_.first_token_.draw(rng_), slowness_);
    behaviour.gap = detail::scaled(script_.between_tokens_.draw(rng_), slowness_ * script_.per_event_);
    behaviour.tokens_per_write = stream ? 1 : 0;
    for (const Episode& episode : script_.episodes_) {
        if (!episode.holds(now) || episode.kind < Episode::Kind::slow_first_token || !strikes(episode))
            continue;
        if (episode.kind == Episode::Kind::slow_first_token) {
            behaviour.delay += *episode.span;
        } else if (stream && behaviour.fault == Fault::none) {
            const bool cut = episode.kind == Episode::Kind::stream_cuts;
            behaviour.fault = cut ? Fault::reset_mid_body : Fault::bad_json;
            behaviour.at = 1 + rng_.below(events);
        }
    }
    if (stream) {
        // an event without text comes before the first token
        behaviour.delay -= std::min(behaviour.delay, behaviour.gap);
    } else {
        behaviour.delay += behaviour.gap * static_cast<Duration::rep>(events - 1);
    }
    return behaviour;
}

} // namespace baton::testing
