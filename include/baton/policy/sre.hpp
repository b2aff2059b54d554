// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/breaker.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace baton {

/// The throttle of one target, as a breaker's state: see Sre. A call counts as a request when it asks, let
/// through or not, and as accepted when it succeeds. Pure: takes `now`; no allocation. Not thread-safe.
class SreState {
public:
    static constexpr int slices = 12;

    class Permit {
    public:
        Permit() = default;
        Permit(Permit&& other) noexcept
            : state_(std::exchange(other.state_, nullptr)), slice_(other.slice_), epoch_(other.epoch_),
              stage_(other.stage_) {}
        Permit& operator=(Permit&& other) noexcept {
            if (this != &other) {
                release();
                state_ = std::exchange(other.state_, nullptr);
                slice_ = other.slice_;
                epoch_ = other.epoch_;
                stage_ = other.stage_;
            }
            return *this;
        }
        ~Permit() { release(); }

        explicit operator bool() const noexcept { return state_ != nullptr; }

        /// The target answered. Only the first verdict counts.
        void success(TimePoint now) noexcept {
            if (!state_ || stage_ != Stage::pending) return;
            stage_ = Stage::passed;
            state_->accept(now);
        }
        /// The target failed. After `success` it counts as one more request, which was not accepted: the
        /// answer broke off.
        void failure(TimePoint now) noexcept {
            if (!state_ || stage_ == Stage::done) return;
            if (stage_ == Stage::passed) state_->request(now);
            stage_ = Stage::done;
        }
        /// Without a verdict: as if it had never been asked for.
        void release() noexcept {
            if (state_ && stage_ == Stage::pending) state_->take_back(*this);
            state_ = nullptr;
        }

    private:
        friend class SreState;
        enum class Stage : unsigned char { pending, passed, done };
        Permit(SreState& state, std::int64_t slice, std::uint32_t epoch) noexcept
            : state_(&state), slice_(slice), epoch_(epoch) {}

        SreState* state_ = nullptr;
        std::int64_t slice_ = 0;  ///< in which it was counted
        std::uint32_t epoch_ = 0; ///< of the slices' width
        Stage stage_ = Stage::pending;
    };

    template <class Strategy>
    explicit SreState(const Strategy& strategy) noexcept {
        configure(strategy);
    }
    SreState(const SreState&) = delete; // permits point to it
    SreState& operator=(const SreState&) = delete;

    template <RandomSource R>
    Permit try_acquire(TimePoint now, R& rng) noexcept {
        advance(now);
        const double p = refusal();
        request(now);
        if (p > 0 && static_cast<double>(rng.next() >> 11) * 0x1p-53 < p) {
            ++counters_.refused;
            return {};
        }
        return Permit(*this, current_, epoch_);
    }

    /// The chance that the next call is refused; as of the last call.
    double refusal() const noexcept {
        if (sum_.requests < min_calls_) return 0;
        const double requests = static_cast<double>(sum_.requests);
        const double p = (requests - k_ * static_cast<double>(sum_.accepts)) / (requests + 1);
        return std::clamp(p, 0.0, max_refusal_);
    }

    /// Half-open while calls may be refused; there is no phase in which all are.
    BreakerPhase phase() const noexcept {
        return refusal() > 0 ? BreakerPhase::half_open : BreakerPhase::closed;
    }
    /// At any time: chance decides.
    static TimePoint retry_at() noexcept { return TimePoint::min(); }
    const BreakerCounters& counters() const noexcept { return counters_; }

    /// Takes over new options at run time. What was counted stays, unless the window changed.
    template <class Strategy>
    void configure(const Strategy& strategy) noexcept {
        const auto& options = strategy.options();
        k_ = options.k;
        max_refusal_ = options.max_refusal;
        min_calls_ = static_cast<std::uint64_t>(options.min_calls);
        const Duration slice = options.window / slices;
        if (slice != slice_) {
            slice_ = slice;
            clear();
            current_ = 0;
            ++epoch_;
        }
    }

private:
    struct Count {
        std::uint64_t requests = 0;
        std::uint64_t accepts = 0;
    };

    Count& newest() noexcept { return ring_[static_cast<std::size_t>(current_ % slices)]; }

    void request(TimePoint now) noexcept {
        advance(now);
        ++newest().requests;
        ++sum_.requests;
    }

    void accept(TimePoint now) noexcept {
        advance(now);
        ++newest().accepts;
        ++sum_.accepts;
    }

    void take_back(const Permit& permit) noexcept {
        if (permit.epoch_ != epoch_ || current_ - permit.slice_ >= slices) return; // forgotten already
        --ring_[static_cast<std::size_t>(permit.slice_ % slices)].requests;
        --sum_.requests;
    }

    void clear() noexcept {
        ring_.fill(Count{});
        sum_ = Count{};
    }

    void advance(TimePoint now) noexcept {
        const std::int64_t slice = now.time_since_epoch() / slice_;
        if (slice <= current_) return; // a clock that steps back counts in the newest slice
        if (slice - current_ >= slices) {
            clear();
        } else {
            for (std::int64_t i = current_ + 1; i <= slice; ++i) {
                Count& oldest = ring_[static_cast<std::size_t>(i % slices)];
                sum_.requests -= oldest.requests;
                sum_.accepts -= oldest.accepts;
                oldest = Count{};
            }
        }
        current_ = slice;
    }

    Duration slice_{};
    double k_ = 0;
    double max_refusal_ = 0;
    std::uint64_t min_calls_ = 0;
    Count sum_;
    BreakerCounters counters_;
    std::int64_t current_ = 0;
    std::uint32_t epoch_ = 0;
    std::array<Count, slices> ring_{};
};

/// `Breaker<Sre>`: client-side throttling (Site Reliability Engineering, chapter 21, "Handling Overload"):
/// each call is refused with the chance max(0, (requests - k * accepts) / (requests + 1)) over the window, so
/// that a target in trouble gets about k calls for each one that it can serve, without phases or probes.
/// Overload (`rate_limited`) counts as not accepted.
class Sre {
public:
    struct Options {
        double k = 2; ///< requests per accepted one before calls are refused; 1 to 100
        Duration window = std::chrono::minutes(2); ///< how far back calls count, in twelve slices; 1 s to 1 h
        /// Fewer calls in the window are never refused; 0 to 1,000,000. (The book has no such floor; with
        /// few calls one failure would refuse every other one.)
        int min_calls = 10;
        /// No call is refused with a greater chance, 0 to 1: without it a busy program hardly asks again
        /// after an outage. (The book has no such cap; Envoy's admission control has one of 0.8.)
        double max_refusal = 0.95;
    };
    using State = SreState;

    Sre() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Sre(const Options& options) : options_(options) {
        using namespace std::chrono_literals;
        using detail::require_option;
        require_option(options.k >= 1 && options.k <= 100, "Sre: k must be between 1 and 100");
        require_option(options.window >= 1s && options.window <= 1h,
                       "Sre: window must be between 1 s and 1 h");
        require_option(options.min_calls >= 0 && options.min_calls <= 1'000'000,
                       "Sre: min_calls must be between 0 and 1000000");
        require_option(options.max_refusal >= 0 && options.max_refusal <= 1,
                       "Sre: max_refusal must be between 0 and 1");
    }

    static constexpr bool counts_as_failure(Errc error) noexcept {
        return is_target_failure(error) || error == Errc::rate_limited;
    }

    const Options& options() const noexcept { return options_; }

private:
    Options options_;
};

static_assert(BreakerStrategy<Sre>);

} // namespace baton
