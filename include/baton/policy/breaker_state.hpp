// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/breaker.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace baton {

/// The part of a circuit breaker that does not depend on when it trips: phases, generations, probes.
/// `Trip` decides from the samples of the closed phase:
///
///     explicit Trip(const Strategy&)
///     bool sample(bool failed, TimePoint now)   one more verdict; true: open now
///     void clear()
///
/// Every phase is a generation of its own. A permit carries the generation it was given in, so that a verdict
/// that comes late changes nothing. In half-open at most `probes` permits are out or judged at any moment. A
/// probe that is dropped without a verdict, or has none after `probe_deadline`, gives its place back; the
/// late verdict of the latter changes nothing either. Pure: takes `now`; no allocation. Not thread-safe.
template <class Trip>
class BreakerState {
public:
    static constexpr int max_probes = 8;

    struct Phases {
        Duration open;           ///< how long the first open phase lasts
        Duration open_max;       ///< each failed half-open phase doubles it, up to this
        double jitter;           ///< +- this part of it
        int probes;              ///< 1 to max_probes
        int passes;              ///< probes that must succeed to close, 1 to `probes`
        Duration probe_deadline; ///< a probe without a verdict for so long is given up
        BreakerMode mode = BreakerMode::automatic;
    };

    class Permit {
    public:
        Permit() = default;
        Permit(Permit&& other) noexcept
            : state_(std::exchange(other.state_, nullptr)), generation_(other.generation_),
              ticket_(other.ticket_), stage_(other.stage_), probe_(other.probe_) {}
        Permit& operator=(Permit&& other) noexcept {
            if (this != &other) {
                release();
                state_ = std::exchange(other.state_, nullptr);
                generation_ = other.generation_;
                ticket_ = other.ticket_;
                stage_ = other.stage_;
                probe_ = other.probe_;
            }
            return *this;
        }
        ~Permit() { release(); }

        /// False: the breaker refused.
        explicit operator bool() const noexcept { return state_ != nullptr; }
        /// Whether this call is one of the few that decide about closing.
        bool probe() const noexcept { return probe_ != no_probe; }

        /// The target answered (its first token arrived). Only the first verdict counts.
        void success(TimePoint now) noexcept {
            if (state_ && stage_ == Stage::pending) {
                stage_ = Stage::passed;
                state_->judge(*this, false, now);
            }
        }
        /// The target failed. After `success` it is a second, separate sample: the answer broke off.
        void failure(TimePoint now) noexcept {
            if (!state_) return;
            if (stage_ == Stage::pending) {
                stage_ = Stage::done;
                state_->judge(*this, true, now);
            } else if (stage_ == Stage::passed) {
                stage_ = Stage::done;
                state_->broke(*this, now);
            }
        }
        /// Gives it back; what the destructor does.
        void release() noexcept {
            if (state_ && stage_ == Stage::pending) state_->give_back(*this);
            state_ = nullptr;
        }

    private:
        friend class BreakerState;
        enum class Stage : unsigned char { pending, passed, done };
        static constexpr unsigned char no_probe = 0xff;
        Permit(BreakerState& state, std::uint32_t generation, std::uint32_t ticket,
               unsigned char probe) noexcept
            : state_(&state), generation_(generation), ticket_(ticket), probe_(probe) {}

        BreakerState* state_ = nullptr;
        std::uint32_t generation_ = 0;
        std::uint32_t ticket_ = 0;
        Stage stage_ = Stage::pending;
        unsigned char probe_ = no_probe; ///< index of its place
    };

    template <class Strategy>
    explicit BreakerState(const Strategy& strategy) : phases_(strategy.phases()), trip_(strategy) {
        const BreakerMode mode = std::exchange(phases_.mode, BreakerMode::automatic);
        force(mode);
        counters_ = {};
    }
    BreakerState(const BreakerState&) = delete; // permits point to it
    BreakerState& operator=(const BreakerState&) = delete;

    template <RandomSource R>
    Permit try_acquire(TimePoint now, R& rng) noexcept {
        if (phase_ == BreakerPhase::closed) [[likely]] {
            if (!drawn_) draw(rng);
            return Permit(*this, generation_, 0, Permit::no_probe);
        }
        if (phases_.mode == BreakerMode::forced_open) return refuse();
        if (phase_ == BreakerPhase::open) {
            if (now < retry_at_) return refuse();
            start_probing();
        }
        if (!drawn_) draw(rng);
        Permit permit = probe(now);
        return permit ? std::move(permit) : refuse();
    }

    /// In metrics_only: where it would stand.
    BreakerPhase phase() const noexcept { return phase_; }
    BreakerMode mode() const noexcept { return phases_.mode; }
    const BreakerCounters& counters() const noexcept { return counters_; }

    /// Changes the mode at run time, until the next `force` or `configure`. The same mode again: nothing.
    void force(BreakerMode mode) noexcept {
        if (mode == phases_.mode) return;
        phases_.mode = mode;
        enter(mode == BreakerMode::forced_open ? BreakerPhase::open : BreakerPhase::closed);
        retry_at_ = never;
        level_ = 0;
        drawn_ = false;
        trip_.clear();
    }

    /// When a probe may go, at the earliest; TimePoint::min() if at any time; `never` if forced open.
    TimePoint retry_at() const noexcept {
        if (phase_ == BreakerPhase::closed || phases_.mode == BreakerMode::metrics_only) {
            return TimePoint::min();
        }
        if (phase_ == BreakerPhase::open) return retry_at_;
        TimePoint earliest = never;
        for (std::size_t i = 0; i < places(); ++i) {
            if (places_[i].ticket == 0) return TimePoint::min();
            earliest = std::min(earliest, places_[i].until);
        }
        return earliest;
    }

    /// Changes whenever the phase does; for tests and statistics.
    std::uint32_t generation() const noexcept { return generation_; }

    /// Takes over new options at run time. The phase and its end stay, samples are counted anew, and a
    /// half-open phase starts over (its probes' verdicts are stale). A new mode is taken over as by `force`.
    template <class Strategy>
    void configure(const Strategy& strategy) {
        const BreakerMode before = phases_.mode;
        phases_ = strategy.phases();
        trip_ = Trip(strategy);
        const BreakerMode mode = std::exchange(phases_.mode, before);
        force(mode);
        if (phase_ == BreakerPhase::half_open) start_probing();
    }

private:
    static constexpr std::uint32_t no_generation = 0;
    struct Place {
        TimePoint until{};        ///< `never` once its probe was judged: used up in this generation
        std::uint32_t ticket = 0; ///< of the probe it was given to last; 0: free
    };

    void enter(BreakerPhase phase) noexcept {
        counters_.transitions += phase != phase_;
        phase_ = phase;
        if (++generation_ == no_generation) ++generation_;
    }

    /// No permit; in metrics_only one whose verdict does not count.
    Permit refuse() noexcept {
        ++counters_.refused;
        return phases_.mode == BreakerMode::metrics_only ? Permit(*this, no_generation, 0, Permit::no_probe)
                                                         : Permit();
    }

    void start_probing() noexcept {
        enter(BreakerPhase::half_open);
        passed_ = failed_ = 0;
        places_.fill(Place{});
    }

    /// The jitter of the next open phase. Drawn here, where there is a source, and used when it begins.
    template <RandomSource R>
    void draw(R& rng) noexcept {
        const Duration width(
            static_cast<Duration::rep>(static_cast<double>(open_for().count()) * phases_.jitter));
        jitter_ = rng.uniform(2 * width) - width;
        drawn_ = true;
    }

    Duration open_for() const noexcept {
        const Duration open = phases_.open;
        return level_ < 40 && open.count() <= (phases_.open_max.count() >> level_)
                   ? open * (Duration::rep{1} << level_)
                   : phases_.open_max;
    }

    void open(TimePoint now) noexcept {
        enter(BreakerPhase::open);
        retry_at_ = after(now, open_for() + jitter_);
        drawn_ = false;
        if (level_ < 40) ++level_;
        trip_.clear();
    }

    std::size_t places() const noexcept { return static_cast<std::size_t>(phases_.probes); }

    Permit probe(TimePoint now) noexcept {
        for (std::size_t i = 0; i < places(); ++i) {
            Place& place = places_[i];
            if (place.ticket != 0 && now < place.until) continue;
            if (++tickets_ == 0) tickets_ = 1;
            place = {after(now, phases_.probe_deadline), tickets_};
            return Permit(*this, generation_, tickets_, static_cast<unsigned char>(i));
        }
        return {};
    }

    void judge(const Permit& permit, bool failed, TimePoint now) noexcept {
        if (permit.generation_ != generation_ || phases_.mode == BreakerMode::disabled) return;
        if (!permit.probe()) {
            if (trip_.sample(failed, now)) open(now);
            return;
        }
        Place& place = places_[permit.probe_];
        if (place.ticket != permit.ticket_) return; // given up, and its place is another probe's
        if (now >= place.until) {
            place = Place{};
            return;
        }
        place.until = never;
        ++(failed ? failed_ : passed_);
        // as soon as the outcome is certain, without waiting for the slowest probe
        if (passed_ >= phases_.passes) {
            enter(BreakerPhase::closed);
            level_ = 0;
            drawn_ = false;
            trip_.clear();
        } else if (failed_ > phases_.probes - phases_.passes) {
            open(now);
        }
    }

    void broke(const Permit& permit, TimePoint now) noexcept {
        if (permit.generation_ != generation_ || phases_.mode == BreakerMode::disabled) return;
        if (!permit.probe() && trip_.sample(true, now)) open(now);
    }

    void give_back(const Permit& permit) noexcept {
        if (!permit.probe() || permit.generation_ != generation_) return;
        Place& place = places_[permit.probe_];
        if (place.ticket == permit.ticket_) place = Place{};
    }

    Phases phases_;
    Trip trip_;
    BreakerCounters counters_;
    TimePoint retry_at_{};
    Duration jitter_{};
    std::uint32_t generation_ = 1;
    std::uint32_t tickets_ = 0;
    int level_ = 0; ///< open phases since it was last closed
    int passed_ = 0, failed_ = 0;
    BreakerPhase phase_ = BreakerPhase::closed;
    bool drawn_ = false;
    std::array<Place, max_probes> places_{};
};

} // namespace baton
