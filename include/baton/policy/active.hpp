// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/passive.hpp>
#include <baton/policy/rng.hpp>

#include <array>
#include <cstdint>

namespace baton {

/// `Health<Active>`: Passive, and probes that find out when an endpoint is well again without a caller paying
/// for it. Probes are sent inside `run()` only.
class Active {
public:
    struct Options {
        HealthRules rules{};
        Duration interval = std::chrono::seconds(30); ///< between two probes of an endpoint; 1 ms to 24 h
        double jitter = 0.1;                          ///< +- this part of the interval, at random; 0 to 0.5
        bool all = false;                             ///< probe healthy endpoints too
        int probes_per_minute = 20; ///< of all endpoints of the orchestrator together; 1 to 60
    };
    using State = HealthGroup;
    static constexpr bool probes = true;

    Active() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Active(const Options& options) : options_(options) {
        using namespace std::chrono_literals;
        using detail::require_option;
        options.rules.check();
        require_option(options.interval >= 1ms && options.interval <= 24h,
                       "Active: interval must be between 1 ms and 24 h");
        require_option(options.jitter >= 0 && options.jitter <= 0.5,
                       "Active: jitter must be between 0 and 0.5");
        require_option(options.probes_per_minute >= 1 && options.probes_per_minute <= 60,
                       "Active: probes_per_minute must be between 1 and 60");
    }

    const HealthRules& rules() const noexcept { return options_.rules; }
    const Options& options() const noexcept { return options_; }

private:
    Options options_;
};

static_assert(HealthStrategy<Active>);

/// One per orchestrator: at most `probes_per_minute` probes start in any 60 s. Pure; not thread-safe.
class ProbeBudget {
public:
    explicit ProbeBudget(const Active& strategy) noexcept
        : size_(static_cast<std::size_t>(strategy.options().probes_per_minute)) {
        starts_.fill(TimePoint::min());
    }

    /// When the next probe may start; TimePoint::min() or any past time: now.
    TimePoint next() const noexcept {
        const TimePoint oldest = starts_[oldest_];
        return oldest == TimePoint::min() ? oldest : after(oldest, std::chrono::minutes(1));
    }
    bool take(TimePoint now) noexcept {
        if (now < next()) return false;
        starts_[oldest_] = now;
        oldest_ = oldest_ + 1 == size_ ? 0 : oldest_ + 1;
        return true;
    }

private:
    std::array<TimePoint, 60> starts_{};
    std::size_t size_;
    std::size_t oldest_ = 0;
};

/// One per endpoint: when it is probed. Pure; not thread-safe.
class ProbeSchedule {
public:
    /// When `start` may be asked next; `never` while a probe is out or none is needed. Needed: while the
    /// endpoint is ejected or its credential suspect (always with `all`), and not before the end of a
    /// cool-down.
    template <RandomSource R>
    TimePoint next_probe(const Active& strategy, const EndpointHealth& health, TimePoint now,
                         R& rng) noexcept {
        const Active::Options& o = strategy.options();
        if (out_) return never;
        if (!o.all && !health.ejected(now) && !health.suspect()) {
            due_ = never;
            return never;
        }
        if (due_ == never) {
            const Duration width(
                static_cast<Duration::rep>(static_cast<double>(o.interval.count()) * o.jitter));
            due_ = after(now, o.interval + rng.uniform(2 * width) - width);
        }
        due_ = std::max(due_, health.cool_until());
        return due_;
    }

    /// True: send a probe now. One at a time; where the budget is used up, it is put off.
    bool start(ProbeBudget& budget, TimePoint now) noexcept {
        if (out_ || now < due_) return false;
        if (!budget.take(now)) {
            due_ = budget.next();
            return false;
        }
        out_ = true;
        started_ = now;
        return true;
    }

    /// The probe ended; Errc::ok, the error, or Errc::cancelled if it tells nothing. Feeds `health`.
    void finish(const Active& strategy, EndpointHealth& health, Errc error, TimePoint now) noexcept {
        if (!out_) return;
        out_ = false;
        due_ = never;
        if (error != Errc::cancelled) health.on_probe(strategy.rules(), error, started_, now);
    }

    bool out() const noexcept { return out_; }

private:
    TimePoint due_ = never;
    TimePoint started_{};
    bool out_ = false;
};

} // namespace baton
