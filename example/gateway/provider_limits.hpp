// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/gcra.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace gateway {

/// What one provider was sent lately, by all threads. Thread-safe.
class ProviderRates {
public:
    /// Levels stay.
    void configure(const baton::Gcra& limits) {
        const std::lock_guard lock(mutex_);
        core_.configure(limits);
    }
    template <class F>
    auto with(F&& f) {
        const std::lock_guard lock(mutex_);
        return f(core_);
    }

private:
    std::mutex mutex_;
    baton::Gcra::Core core_{baton::Gcra{}};
};

/// baton's Gcra with limits of its own for each provider, of which every thread's orchestrator draws. Two
/// threads that look at one moment may both go: a burst is exceeded by one attempt a thread at most, and the
/// debt is waited for. Of a limit on concurrency each thread has an equal share, at least one.
class ProviderLimits {
public:
    struct Options {};
    static constexpr baton::LimitScope scope = baton::LimitScope::provider;

    class Core {
    public:
        explicit Core(const ProviderLimits& strategy) { configure(strategy); }

        void configure(const ProviderLimits& strategy) {
            rates_ = strategy.limited_ ? strategy.rates_ : nullptr;
            concurrency_ = strategy.concurrency_;
        }
        std::int64_t concurrency() const noexcept { return concurrency_; }
        baton::TimePoint ready_at(const baton::Demand& demand, const baton::Demand& ahead,
                                  baton::TimePoint now) const {
            if (!rates_) return baton::TimePoint::min();
            return rates_->with([&](auto& core) { return core.ready_at(demand, ahead, now); });
        }
        void charge(const baton::Demand& demand, baton::TimePoint now) {
            if (rates_) rates_->with([&](auto& core) { core.charge(demand, now); });
        }
        void refund(const baton::Demand& demand) {
            if (rates_) rates_->with([&](auto& core) { core.refund(demand); });
        }
        void ended(const baton::Admitted& admitted, const baton::LimitOutcome& outcome,
                   baton::TimePoint now) {
            if (rates_) rates_->with([&](auto& core) { core.ended(admitted, outcome, now); });
        }
        double headroom(baton::TimePoint now) const {
            return rates_ ? rates_->with([&](auto& core) { return core.headroom(now); }) : 1;
        }
        void observe(const baton::RateHeaders& headers, baton::TimePoint now) {
            if (rates_) rates_->with([&](auto& core) { core.observe(headers, now); });
        }
        bool rested(baton::TimePoint now) const {
            return !rates_ || rates_->with([&](auto& core) { return core.rested(now); });
        }

    private:
        std::shared_ptr<ProviderRates> rates_; // null: none is limited
        std::int64_t concurrency_ = 0;
    };
    using State = baton::LimitState<Core>;

    /// No limits.
    ProviderLimits() = default;
    explicit ProviderLimits(const Options&) {}

    /// Adds the next provider of the composition. Throws std::invalid_argument naming the option that is out
    /// of range.
    void add(const baton::Gcra::Options& limits, std::shared_ptr<ProviderRates> rates, unsigned threads) {
        const baton::Gcra checked(limits);
        ProviderLimits& one = each_.emplace_back();
        one.rates_ = std::move(rates);
        one.limited_ = (limits.requests_per_minute | limits.input_tokens_per_minute |
                        limits.output_tokens_per_minute | limits.tokens_per_minute) != 0;
        const std::int64_t share = (limits.concurrency + threads - 1) / std::max(threads, 1U);
        one.concurrency_ = share;
        one.waits_ = checked.waits();
    }

    const ProviderLimits& of(std::size_t provider) const noexcept {
        return provider < each_.size() ? each_[provider] : *this;
    }
    baton::LimitWaits waits() const noexcept { return waits_; }

private:
    std::vector<ProviderLimits> each_;
    std::shared_ptr<ProviderRates> rates_;
    std::int64_t concurrency_ = 0;
    baton::LimitWaits waits_{std::chrono::seconds(5), 1000};
    bool limited_ = false;
};

static_assert(baton::LimitStrategy<ProviderLimits>);

} // namespace gateway
