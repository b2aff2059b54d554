// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/time.hpp>
#include <baton/policy/rng.hpp>
#include <baton/testing/fault_script.hpp>
#include <baton/testing/latency.hpp>
#include <baton/testing/memory_world.hpp>
#include <baton/testing/served_request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace baton::testing {

/// How a provider that is down shows it.
enum class Outage : unsigned char {
    error,  ///< 503 to every request
    refuse, ///< no new connection; a reset on kept ones
    hang,   ///< takes the request and never answers
};

/// Something that is wrong with a provider from `begin` (since the start of the run) for `length`. Made by
/// the functions of ProviderScript of the same names.
class Episode {
public:
    /// In this order: where several hold at once, the first that refuses the request decides.
    enum class Kind : unsigned char {
        outage_refuse,
        outage_hang,
        outage_error,
        flapping,
        dead_key,
        rate_limit,
        capacity,
        context_overflow,
        content_filter,
        brown_out,
        slow_first_token,
        stream_cuts,
        malformed_events,
    };

    Duration end() const noexcept {
        return length > Duration::max() - begin ? Duration::max() : begin + length;
    }
    bool holds(Duration at) const noexcept { return at >= begin && at < end(); }

    Kind kind = Kind::outage_error;
    Duration begin{}, length{};
    double share = 1;                  ///< of requests struck; flapping: of the period, down
    double amount = 1;                 ///< brown_out: latency times this; capacity: requests per minute
    std::optional<Duration> span = {}; ///< rate_limit: Retry-After; flapping: period; slow_first_token: added
};

/// Its identifier, e.g. "brown_out".
BATON_DECL std::string_view to_string(Episode::Kind kind) noexcept;

/// What a simulated provider is like: how fast it is, what it costs, and what goes wrong with it when. All
/// times are virtual, counted from the start of the run; episodes may overlap. Every function throws
/// std::invalid_argument when a value is out of range: times must not be negative, shares be within 0 and 1.
class ProviderScript {
public:
    /// From the request's last byte to the first token. Default: log-normal, median 400 ms, p99 2 s.
    ProviderScript& first_token(Latency latency) { return first_token_ = latency, *this; }
    /// Between two tokens. Drawn once per answer, which then keeps its pace. Default: 15 to 25 ms.
    ProviderScript& between_tokens(Latency latency) { return between_tokens_ = latency, *this; }
    /// Until a connection is made. Default: 20 to 60 ms (TCP and TLS within a continent).
    ProviderScript& connecting(Latency latency) { return connecting_ = latency, *this; }
    /// Until an error is said. Default: 20 to 60 ms.
    ProviderScript& refusing(Latency latency) { return refusing_ = latency, *this; }
    /// Length of its answers, in tokens; `per_event` of them travel in one event of a stream (lengths are
    /// rounded up to whole events). 1 <= least <= most. Default: 20 to 60, 4 per event.
    BATON_DECL ProviderScript& answers(std::uint32_t least, std::uint32_t most, std::uint32_t per_event = 4);
    /// Millionths of the currency per million tokens: 2'500'000 is 2.50 a million. Default: 0.
    ProviderScript& price(std::uint64_t input, std::uint64_t output) {
        return input_price_ = input, output_price_ = output, *this;
    }
    /// At most this many requests a minute, at all times; more are answered 429 with a Retry-After. Refills
    /// continuously, and six seconds' worth (at least one request) may come at once.
    ProviderScript& capacity(double per_minute) { return capacity({}, Duration::max(), per_minute); }

    BATON_DECL ProviderScript& outage(Duration begin, Duration length, Outage how = Outage::error);
    /// 429 to `share` of requests, with `retry_after` as the hint if there is one.
    BATON_DECL ProviderScript& rate_limit(Duration begin, Duration length,
                                          std::optional<Duration> retry_after = std::nullopt,
                                          double share = 1);
    /// As capacity(per_minute), for a while.
    BATON_DECL ProviderScript& capacity(Duration begin, Duration length, double per_minute);
    /// Latencies times `slower` (at least 1), and `errors` of requests fail with 500.
    BATON_DECL ProviderScript& brown_out(Duration begin, Duration length, double slower, double errors);
    /// Up, then down (503) for `down` of each `period`.
    BATON_DECL ProviderScript& flapping(Duration begin, Duration length, Duration period, double down = 0.5);
    /// The first token comes this much later, in `share` of answers.
    BATON_DECL ProviderScript& slow_first_token(Duration begin, Duration length, Duration later,
                                                double share = 1);
    /// Streams end with a reset at a random token.
    BATON_DECL ProviderScript& stream_cuts(Duration begin, Duration length, double share);
    /// One event of a stream is not JSON.
    BATON_DECL ProviderScript& malformed_events(Duration begin, Duration length, double share);
    /// 401: the key was revoked.
    BATON_DECL ProviderScript& dead_key(Duration begin, Duration length);
    /// The prompt does not fit.
    BATON_DECL ProviderScript& context_overflow(Duration begin, Duration length, double share);
    /// The vendor's filter refuses.
    BATON_DECL ProviderScript& content_filter(Duration begin, Duration length, double share);
    BATON_DECL ProviderScript& add(const Episode& episode);

    const std::vector<Episode>& episodes() const noexcept { return episodes_; }
    std::uint32_t tokens_per_event() const noexcept { return per_event_; }
    std::uint64_t input_price() const noexcept { return input_price_; }
    std::uint64_t output_price() const noexcept { return output_price_; }

private:
    friend class ScriptedProvider;
    using ms = std::chrono::milliseconds;
    Latency first_token_ = Latency::lognormal(ms(400), ms(2000));
    Latency between_tokens_ = Latency::uniform(ms(15), ms(25));
    Latency connecting_ = Latency::uniform(ms(20), ms(60));
    Latency refusing_ = Latency::uniform(ms(20), ms(60));
    std::uint32_t least_ = 20, most_ = 60, per_event_ = 4;
    std::uint64_t input_price_ = 0, output_price_ = 0;
    std::vector<Episode> episodes_;
};

/// A ProviderScript at work: decides about each connection and request by the time, its own source of chance
/// and what it has seen. `now` is the time since the start of the run and must not go back. Usable as the
/// Script of a MemoryNet of one's own. Not thread-safe.
class ScriptedProvider {
public:
    BATON_DECL ScriptedProvider(ProviderScript script, std::uint64_t seed);

    BATON_DECL Accept connect(Duration now);
    /// A good answer has the id "sim-" and the request's number, and reports its usage: an input token for
    /// every four bytes of the request's body.
    BATON_DECL Behaviour answer(Duration now, const ServedRequest& request);

    const ProviderScript& script() const noexcept { return script_; }

private:
    BATON_DECL Behaviour fail(Errc code, int status, std::optional<Duration> retry_after = std::nullopt);
    BATON_DECL std::optional<Behaviour> refusal(std::size_t index, Duration now);
    BATON_DECL std::optional<Behaviour> over_capacity(std::size_t index, Duration now);
    BATON_DECL Behaviour reply(Duration now, const ServedRequest& request);
    bool strikes(const Episode& episode) { return rng_.unit() < episode.share; }

    ProviderScript script_;          // its episodes sorted by kind
    std::vector<Duration> ready_at_; // of each episode that is a capacity: when it would be all there again
    Xoshiro rng_;
    double slowness_ = 1;
};

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/scenario.ipp>
#endif
