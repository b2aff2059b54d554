// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/time.hpp>
#include <baton/detail/require_option.hpp>
#include <baton/policy/breaker.hpp>

#include <algorithm>
#include <cstdint>

namespace baton {

/// The numbers Health goes by. Ejection as in Envoy's and gRPC's outlier detection
/// (`outlier_detection.proto`, gRFC A50), with volumes for pools of 1 to 10 endpoints instead of hundreds.
struct HealthRules {
    int consecutive_failures = 5; ///< in a row eject; 1 to 1000, 0: never
    double failure_rate = 0.3;    ///< of an interval's calls ejects, ...; above 0, up to 1
    double outlier = 2;           ///< ... if it is this many times that of the others together; 1 to 1000
    int min_calls = 10;           ///< in an interval, to speak of a rate; 1 to 1,000,000
    Duration interval = std::chrono::seconds(10); ///< of the rate, and what takes back one ejection; positive
    Duration ejection = std::chrono::seconds(30); ///< x times ejected lately; positive
    Duration max_ejection = std::chrono::seconds(300); ///< `ejection` to 24 h
    double max_ejected =
        0.5; ///< share of a provider's endpoints that may be out at once, at least one; 0 to 1
    double panic_threshold =
        0.5; ///< with a smaller share of healthy ones left, ejections are ignored; 0 to 1
    Duration max_cool_down = std::chrono::hours(1); ///< what a vendor's Retry-After is believed; 0: not
    Duration credential_retry =
        std::chrono::minutes(10); ///< between trials of a refused key; 0: it is used on
    Duration quota_retry =
        std::chrono::seconds(60); ///< the first trial without credit, doubling ...; 0: it is used on
    Duration max_quota_retry = std::chrono::hours(1); ///< ... up to this; `quota_retry` to 24 h
    Duration trial = std::chrono::seconds(30); ///< one call tests a key; without verdict, another; positive

    /// Throws std::invalid_argument, naming what is out of range.
    void check() const {
        using namespace std::chrono_literals;
        using detail::require_option;
        require_option(consecutive_failures >= 0 && consecutive_failures <= 1000,
                       "HealthRules: consecutive_failures must be between 0 and 1000");
        require_option(failure_rate > 0 && failure_rate <= 1,
                       "HealthRules: failure_rate must be above 0 and at most 1");
        require_option(outlier >= 1 && outlier <= 1000, "HealthRules: outlier must be between 1 and 1000");
        require_option(min_calls >= 1 && min_calls <= 1'000'000,
                       "HealthRules: min_calls must be between 1 and 1000000");
        require_option(interval > 0ns && interval <= 24h,
                       "HealthRules: interval must be positive and at most 24 h");
        require_option(ejection > 0ns, "HealthRules: ejection must be positive");
        require_option(max_ejection >= ejection && max_ejection <= 24h,
                       "HealthRules: max_ejection must be between ejection and 24 h");
        require_option(max_ejected >= 0 && max_ejected <= 1,
                       "HealthRules: max_ejected must be between 0 and 1");
        require_option(panic_threshold >= 0 && panic_threshold <= 1,
                       "HealthRules: panic_threshold must be between 0 and 1");
        require_option(max_cool_down >= 0ns, "HealthRules: max_cool_down must not be negative");
        require_option(credential_retry >= 0ns, "HealthRules: credential_retry must not be negative");
        require_option(quota_retry >= 0ns, "HealthRules: quota_retry must not be negative");
        require_option(max_quota_retry >= quota_retry && max_quota_retry <= 24h,
                       "HealthRules: max_quota_retry must be between quota_retry and 24 h");
        require_option(trial > 0ns, "HealthRules: trial must be positive");
    }
};

/// Whether a vendor that answers with `error` has taken the credential: it says what is wrong with the
/// request, or with its rate. Not `too_large`, which a front refuses before it looks at the key.
constexpr bool accepts_credential(Errc error) noexcept {
    switch (error) {
    case Errc::ok:
    case Errc::rate_limited:
    case Errc::not_found:
    case Errc::invalid_request:
    case Errc::context_overflow:
    case Errc::content_filtered: return true;
    default: return false;
    }
}

/// What is wrong with one endpoint, from the attempts it served. Three things, apart from each other:
///
/// A *cool-down* is the vendor's own word (`Retry-After`); it is never shortened. A *quarantine* keeps calls
/// from a dead credential: a refused key is tried again by one call every `credential_retry`, one without
/// credit after `quota_retry`, doubling; any answer that shows the credential to be good ends it (see
/// accepts_credential). An *ejection* takes out what fails, for `ejection` x times ejected, less one for each
/// `interval` it stayed in since. `is_target_failure` says what counts.
///
/// The result of an attempt that began before the last change is stale and changes nothing. Pure: time is
/// passed in; no allocation. Not thread-safe.
class EndpointHealth {
public:
    /// Whether calls may go there, whatever holds for its siblings (see choose_usable).
    bool usable(TimePoint now) const noexcept { return now >= retry_at(); }
    /// When that is, unless something happens; TimePoint::min() or any past time: now.
    TimePoint retry_at() const noexcept {
        return std::max({cool_until_, ejected_until_, quarantined_until_});
    }
    bool cooling(TimePoint now) const noexcept { return now < cool_until_; }
    bool ejected(TimePoint now) const noexcept { return now < ejected_until_; }
    /// Whether its credential is dead and not up for trial.
    bool quarantined(TimePoint now) const noexcept { return now < quarantined_until_; }
    /// Whether its credential was refused and has not worked since.
    bool suspect() const noexcept { return suspect_; }
    TimePoint cool_until() const noexcept { return cool_until_; }
    TimePoint ejected_until() const noexcept { return ejected_until_; }

    std::uint64_t ejections() const noexcept { return ejections_; }     ///< since the start
    std::uint64_t quarantines() const noexcept { return quarantines_; } ///< since the start

    /// The vendor asks for quiet until then. Believed up to `max_cool_down`; an earlier end than known is
    /// not.
    void cool_down(const HealthRules& rules, TimePoint until, TimePoint now) noexcept {
        cool_until_ = std::max(cool_until_, std::min(until, after(now, rules.max_cool_down)));
    }

    /// An attempt starts. If it is the trial of a suspect credential, the others wait for its verdict.
    void on_start(const HealthRules& rules, TimePoint now) noexcept {
        if (suspect_ && now >= quarantined_until_) quarantined_until_ = after(now, rules.trial);
    }

    /// What came of an attempt that began at `started`; Errc::ok: its first token arrived. Call it again for
    /// a stream that breaks later. Not for what was refused before it was sent.
    void on_result(const HealthRules& rules, Errc error, TimePoint started, TimePoint now) noexcept {
        if (started < epoch_) return;
        if (suspect_ && accepts_credential(error)) clear_credential(now);
        switch (error) {
        case Errc::ok:
            run_ = 0;
            if (!ejected(now)) ++calls_;
            return;
        case Errc::auth:
        case Errc::permission: return quarantine(rules.credential_retry, now);
        case Errc::quota: {
            const Duration::rep longest = rules.max_quota_retry.count();
            const bool fits = rules.quota_retry.count() <= (longest >> quota_level_);
            quarantine(fits ? rules.quota_retry * (Duration::rep{1} << quota_level_) : rules.max_quota_retry,
                       now);
            if (quota_level_ < 40) ++quota_level_;
            return;
        }
        default: break;
        }
        if (!is_target_failure(error) || ejected(now)) return;
        ++calls_;
        ++failures_;
        ++run_;
        if (rules.consecutive_failures != 0 && run_ >= rules.consecutive_failures) eject(rules, now);
    }

    /// What came of a probe. A success ends ejection and quarantine, but no cool-down; another answer that
    /// shows the credential to be good ends the quarantine; a failure keeps an ejected endpoint out for
    /// another `ejection`. `not_found` says nothing: what has no such path to probe need not look at the key.
    void on_probe(const HealthRules& rules, Errc error, TimePoint started, TimePoint now) noexcept {
        if (started < epoch_ || error == Errc::not_found) return;
        if (!ejected(now)) return on_result(rules, error, started, now);
        if (error == Errc::ok) {
            ejected_until_ = epoch_ = now;
            if (suspect_) clear_credential(now);
        } else if (is_target_failure(error)) {
            ejected_until_ = std::max(ejected_until_, after(now, rules.ejection));
        } else {
            on_result(rules, error, started, now);
        }
    }

    /// The configuration changed: its credential may be a new one.
    void configure(TimePoint now) noexcept { clear_credential(now); }

    /// Takes it out now: for HealthGroup and for operators.
    void eject(const HealthRules& rules, TimePoint now) noexcept {
        if (times_ > 0 && now > ejected_until_) {
            times_ -=
                static_cast<int>(std::min<std::int64_t>(times_, (now - ejected_until_) / rules.interval));
        }
        if (times_ < 1'000'000) ++times_;
        const bool fits = rules.ejection.count() <= rules.max_ejection.count() / times_;
        ejected_until_ = after(now, fits ? rules.ejection * times_ : rules.max_ejection);
        epoch_ = now;
        ++ejections_;
        run_ = 0;
        clear_interval();
    }

    /// Calls and failures that count in the interval under way.
    std::uint32_t calls() const noexcept { return calls_; }
    std::uint32_t failures() const noexcept { return failures_; }
    void clear_interval() noexcept { calls_ = failures_ = 0; }

private:
    void quarantine(Duration retry, TimePoint now) noexcept {
        if (retry == Duration::zero()) { // the rules say so, perhaps since a moment ago
            if (suspect_) clear_credential(now);
            return;
        }
        if (!suspect_) ++quarantines_;
        suspect_ = true;
        quarantined_until_ = after(now, retry);
        epoch_ = now;
    }

    void clear_credential(TimePoint now) noexcept {
        suspect_ = false;
        quota_level_ = 0;
        quarantined_until_ = TimePoint::min();
        epoch_ = now;
    }

    TimePoint cool_until_ = TimePoint::min();
    TimePoint ejected_until_ = TimePoint::min();
    TimePoint quarantined_until_ = TimePoint::min();
    TimePoint epoch_ = TimePoint::min(); ///< attempts that began before it are stale
    std::uint64_t ejections_ = 0;
    std::uint64_t quarantines_ = 0;
    std::uint32_t calls_ = 0;
    std::uint32_t failures_ = 0;
    int run_ = 0;   ///< failures in a row
    int times_ = 0; ///< ejected, less what was taken back at the last ejection
    int quota_level_ = 0;
    bool suspect_ = false;
};

} // namespace baton
