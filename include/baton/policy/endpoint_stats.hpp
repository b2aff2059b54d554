// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace baton {

/// How an attempt ended, as far as its endpoint is concerned.
enum class AttemptEnd : unsigned char {
    ok,      ///< the answer is complete
    failed,  ///< the endpoint did not deliver: an error, a time-out, a broken stream
    dropped, ///< the caller or a faster hedge ended it: says nothing of the endpoint
};

/// What is known of one endpoint from the attempts it served: how many are under way, and how long its first
/// tokens take. Two averages of the latter:
///
/// `peak` jumps to any larger sample and falls off exponentially, with samples or without (Finagle,
/// PeakEwma.scala): quick to see trouble, slow to forget it. `average` is plain, and says when it is stale.
///
/// A failure counts as a first token that took twice the larger of the two, `first_failure` where nothing is
/// known: an endpoint that fails at once must not look like the fastest. (Ours; Finagle leaves it to others.)
/// Pure: time is passed in. Not thread-safe.
class EndpointStats {
public:
    static constexpr Duration decay = std::chrono::seconds(10); ///< peak falls to 1/e in this time (Finagle)
    static constexpr double gain = 0.2;           ///< weight of a new sample in the plain average
    static constexpr double first_failure = 1;    ///< seconds
    static constexpr double failure_ceiling = 60; ///< seconds

    /// An attempt is about to be made.
    void start(TimePoint) noexcept {
        ++in_flight_;
        ++requests_;
    }
    /// Its first token came `latency` after it was sent. A negative latency counts as none.
    void first_token(Duration latency, TimePoint now) noexcept {
        sample(std::max(0.0, std::chrono::duration<double>(latency).count()), now);
    }
    /// It is over. Once for each `start`; one too many is ignored.
    void end(AttemptEnd how, TimePoint now) noexcept {
        if (in_flight_ == 0) return;
        --in_flight_;
        if (how != AttemptEnd::failed) return;
        ++failures_;
        const double known = 2 * std::max(peak(now), average_);
        sample(last_ == TimePoint::min() ? first_failure : std::min(known, failure_ceiling), now);
    }

    std::uint32_t in_flight() const noexcept { return in_flight_; }
    std::uint64_t requests() const noexcept { return requests_; }
    std::uint64_t failures() const noexcept { return failures_; }

    /// Seconds; 0 before the first sample. Never negative.
    double peak(TimePoint now) const noexcept { return peak_ == 0 ? 0 : peak_ * faded(now); }

    /// Peak x (attempts under way + 1): what one more attempt would meet. An endpoint of which nothing is
    /// known costs nothing while it is idle, and more than any known one while its first attempt is out, so
    /// that one attempt and not a crowd finds out (Finagle).
    double cost(TimePoint now) const noexcept {
        if (last_ == TimePoint::min()) return in_flight_ == 0 ? 0 : unknown + in_flight_;
        return peak(now) * (in_flight_ + 1.0);
    }

    /// Plain exponential average in seconds; only meaningful when not stale.
    double average() const noexcept { return average_; }
    /// Whether the last sample is older than `age`, or there is none.
    bool stale(TimePoint now, Duration age) const noexcept {
        return last_ == TimePoint::min() || now - last_ > age;
    }

private:
    static constexpr double unknown = 1e6; // 11 days: above the cost of any known endpoint

    double faded(TimePoint now) const noexcept {
        if (now <= last_) return 1; // a clock that steps back ages nothing
        return std::exp(-(std::chrono::duration<double>(now - last_) / decay));
    }

    void sample(double seconds, TimePoint now) noexcept {
        if (last_ == TimePoint::min()) {
            peak_ = average_ = seconds;
        } else {
            // against what is left of it, as every reader sees it
            const double weight = faded(now), left = peak_ * weight;
            peak_ = seconds > left ? seconds : left + seconds * (1 - weight);
            average_ += gain * (seconds - average_);
        }
        last_ = std::max(last_, now);
    }

    double peak_ = 0;
    double average_ = 0;
    TimePoint last_ = TimePoint::min();
    std::uint64_t requests_ = 0;
    std::uint64_t failures_ = 0;
    std::uint32_t in_flight_ = 0;
};

} // namespace baton
