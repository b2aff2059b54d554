// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/gcra_bucket.hpp>
#include <baton/policy/limit_state.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace baton {

/// The vendor's limits, kept before it has to say so: requests, tokens and concurrency in one lease, which is
/// granted whole or not at all. Each rate is a GCRA (GcraBucket): over any span W at most `rate * W + burst`
/// is admitted. A call that asks for more than the burst goes when the bucket is full, and the debt it leaves
/// keeps those behind it waiting. Tokens are charged as estimated when the call is admitted, and put right
/// when its usage is known; a charge after the fact may lead into debt too.
class Gcra {
public:
    struct Options {
        std::int64_t requests_per_minute = 0;      ///< 0 (no limit) to 300,000,000, as all four
        std::int64_t input_tokens_per_minute = 0;  ///< Anthropic's ITPM
        std::int64_t output_tokens_per_minute = 0; ///< Anthropic's OTPM
        std::int64_t tokens_per_minute = 0;        ///< input and output together: OpenAI's TPM
        std::int64_t concurrency = 0;              ///< attempts at once; 0: any number
        /// How much of a rate may go at once after a rest: so many seconds' worth, at least one unit; 1 ms to
        /// 1 day. Short enough that a vendor who counts by the minute sees no more than 7/6 of the rate.
        Duration burst = std::chrono::seconds(10);
        std::int64_t request_burst =
            0;                        ///< requests that may go at once; 0: by `burst`; at most a day's worth
        std::int64_t token_burst = 0; ///< tokens of each kind that may; 0: by `burst`; at most a day's worth
        Duration max_wait = std::chrono::seconds(5); ///< how long a call may wait here; 0: refused at once
        std::int64_t max_queue = 1000;               ///< how many calls may wait at once; 0 to 1,000,000
    };

    static constexpr LimitScope scope = LimitScope::target;

    /// The buckets of one State.
    class Core {
    public:
        explicit Core(const Gcra& strategy) noexcept { configure(strategy); }

        void configure(const Gcra& strategy) noexcept {
            const Options& o = strategy.options();
            concurrency_ = o.concurrency;
            set(requests, o.requests_per_minute, o.request_burst, o.burst);
            set(input, o.input_tokens_per_minute, o.token_burst, o.burst);
            set(output, o.output_tokens_per_minute, o.token_burst, o.burst);
            set(total, o.tokens_per_minute, o.token_burst, o.burst);
        }

        std::int64_t concurrency() const noexcept { return concurrency_; }

        TimePoint ready_at(const Demand& demand, const Demand& ahead, TimePoint now) const noexcept {
            const Costs cost = costs(demand), before = costs(ahead);
            TimePoint ready = TimePoint::min();
            for (std::size_t i = 0; i < dimensions; ++i) {
                ready = std::max(ready, buckets_[i].ready_at(cost[i], before[i], now));
            }
            return ready;
        }
        void charge(const Demand& demand, TimePoint now) noexcept {
            const Costs cost = costs(demand);
            for (std::size_t i = 0; i < dimensions; ++i) buckets_[i].charge(cost[i], now);
        }
        void refund(const Demand& demand) noexcept {
            const Costs cost = costs(demand);
            for (std::size_t i = 0; i < dimensions; ++i) buckets_[i].refund(cost[i]);
        }

        void ended(const Admitted& admitted, const LimitOutcome& outcome, TimePoint now) noexcept {
            Demand actual = admitted.demand;
            if (outcome.input_tokens >= 0) actual.input_tokens = outcome.input_tokens;
            if (outcome.output_tokens >= 0) actual.output_tokens = outcome.output_tokens;
            const Costs estimated = costs(admitted.demand), cost = costs(actual);
            for (std::size_t i = 0; i < dimensions; ++i) {
                if (cost[i] < estimated[i]) buckets_[i].refund(estimated[i] - cost[i]);
                if (cost[i] > estimated[i]) buckets_[i].charge(cost[i] - estimated[i], now);
            }
        }

        double headroom(TimePoint now) const noexcept {
            double least = 1;
            for (const GcraBucket& bucket : buckets_) least = std::min(least, bucket.headroom(now));
            return least;
        }

        void observe(const RateHeaders& headers, TimePoint now) noexcept {
            observe(requests, headers.requests, now);
            observe(input, headers.input_tokens, now);
            observe(output, headers.output_tokens, now);
            observe(total, headers.tokens, now);
        }

        bool rested(TimePoint now) const noexcept {
            return std::all_of(buckets_.begin(), buckets_.end(),
                               [now](const GcraBucket& bucket) { return bucket.full(now); });
        }

    private:
        enum Dimension : std::size_t { requests, input, output, total, dimensions };
        using Costs = std::array<std::int64_t, dimensions>;

        static Costs costs(const Demand& demand) noexcept {
            return {demand.requests, demand.input_tokens, demand.output_tokens, demand.tokens()};
        }

        void set(Dimension which, std::int64_t rate, std::int64_t burst, Duration seconds) noexcept {
            if (burst == 0) {
                const double units =
                    static_cast<double>(rate) * std::chrono::duration<double>(seconds).count() / 60;
                burst = static_cast<std::int64_t>(units);
            }
            buckets_[which].configure(rate, std::max<std::int64_t>(burst, 1));
        }

        void observe(Dimension which, const RateWindow& said, TimePoint now) noexcept {
            if (!said.remaining) return;
            buckets_[which].leave_at_most(*said.remaining, now);
            if (*said.remaining > 0 || !said.reset) return;
            // `reset` is when all is back. A vendor that says how much that is brings the first unit sooner.
            const std::int64_t units = std::max<std::int64_t>(said.limit.value_or(1), 1);
            buckets_[which].empty_until(after(now, *said.reset / units));
        }

        std::array<GcraBucket, dimensions> buckets_{};
        std::int64_t concurrency_ = 0;
    };
    using State = LimitState<Core>;

    Gcra() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Gcra(const Options& options) : options_(options) {
        using namespace std::chrono_literals;
        const auto rate = [](std::int64_t value) {
            return value >= 0 && value <= GcraBucket::max_per_minute;
        };
        detail::require_option(rate(options.requests_per_minute),
                               "Gcra: requests_per_minute must be between 0 and 300000000");
        detail::require_option(rate(options.input_tokens_per_minute),
                               "Gcra: input_tokens_per_minute must be between 0 and 300000000");
        detail::require_option(rate(options.output_tokens_per_minute),
                               "Gcra: output_tokens_per_minute must be between 0 and 300000000");
        detail::require_option(rate(options.tokens_per_minute),
                               "Gcra: tokens_per_minute must be between 0 and 300000000");
        detail::require_option(options.concurrency >= 0, "Gcra: concurrency must not be negative");
        detail::require_option(options.burst >= 1ms && options.burst <= 24h,
                               "Gcra: burst must be between 1 ms and 1 day");
        const auto day = [](std::int64_t burst, std::int64_t per_minute) {
            return burst >= 0 && (per_minute == 0 || burst <= per_minute * 24 * 60);
        };
        detail::require_option(day(options.request_burst, options.requests_per_minute),
                               "Gcra: request_burst must be between 0 and a day's worth");
        detail::require_option(day(options.token_burst, options.input_tokens_per_minute) &&
                                   day(options.token_burst, options.output_tokens_per_minute) &&
                                   day(options.token_burst, options.tokens_per_minute),
                               "Gcra: token_burst must be between 0 and a day's worth");
        detail::require_option(options.max_wait >= Duration::zero(), "Gcra: max_wait must not be negative");
        detail::require_option(options.max_queue >= 0 && options.max_queue <= 1'000'000,
                               "Gcra: max_queue must be between 0 and 1000000");
    }

    const Options& options() const noexcept { return options_; }
    LimitWaits waits() const noexcept { return {options_.max_wait, options_.max_queue}; }

private:
    Options options_{};
};

static_assert(LimitStrategy<Gcra> && LimitStrategy<PerTenant<Gcra>>);

} // namespace baton
