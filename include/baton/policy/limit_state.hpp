// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/limit.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace baton {

/// What every limit has: `S::Options` of a strategy on LimitState repeats these two.
struct LimitWaits {
    Duration max_wait;      ///< how long a call may wait; 0: none does
    std::int64_t max_queue; ///< how many may wait at once
};

/// An attempt as a limit knows it.
struct Admitted {
    Demand demand{};
    TimePoint at{};             ///< when it was admitted
    std::int64_t in_flight = 0; ///< at its end: how many were out, with it
};

/// The part of a limit that does not depend on what it limits: leases, concurrency, the queue, the cool-down.
/// `Core` says how much may go:
///
///     explicit Core(const Strategy&)
///     void configure(const Strategy&)
///     std::int64_t concurrency() const                   leases at once; 0: any number
///     TimePoint ready_at(demand, ahead, now) const       when `demand` may go, after `ahead` has gone
///     void charge(demand, now)   void refund(demand)     all of it, or nothing
///     void ended(const Admitted&, const LimitOutcome&, now)
///     double headroom(now) const                         0 to 1, concurrency apart
///     void observe(const RateHeaders&, now)
///     bool rested(now) const                             as new: nothing to remember
///
/// Calls are admitted in the order of their priority and, within one, of their coming: a later call that
/// needs less never overtakes. Whenever a lease ended, a waiter went or left, or limits grew, the front of
/// the queue may go: ask `to_wake(now)` and let its owner call `acquire` again. Leases and tickets are
/// dropped before the State. Pure: takes `now`; no allocation. Not thread-safe.
template <class Core>
class LimitState {
public:
    class Lease {
    public:
        Lease() = default;
        Lease(Lease&& other) noexcept
            : state_(std::exchange(other.state_, nullptr)), admitted_(other.admitted_), sent_(other.sent_) {}
        Lease& operator=(Lease&& other) noexcept {
            if (this != &other) {
                release();
                state_ = std::exchange(other.state_, nullptr);
                admitted_ = other.admitted_;
                sent_ = other.sent_;
            }
            return *this;
        }
        ~Lease() { release(); }

        explicit operator bool() const noexcept { return state_ != nullptr; }
        const Demand& demand() const noexcept { return admitted_.demand; }

        /// The first byte is about to leave: from here on the attempt costs what was estimated.
        void sent() noexcept { sent_ = true; }
        bool is_sent() const noexcept { return sent_; }

        /// Ends it: what it took less than estimated is refunded, what it took more is charged. Of an attempt
        /// that was never sent everything is refunded, whatever `outcome` says. Only the first call counts.
        void settle(const LimitOutcome& outcome, TimePoint now) noexcept {
            if (state_ == nullptr) return;
            if (!sent_) return release();
            std::exchange(state_, nullptr)->end(admitted_, outcome, now);
        }
        /// Gives it back; what the destructor does.
        void release() noexcept {
            if (state_ != nullptr) std::exchange(state_, nullptr)->drop(admitted_, sent_);
        }

    private:
        friend class LimitState;
        Lease(LimitState& state, const Demand& demand, TimePoint now) noexcept
            : state_(&state), admitted_{demand, now} {}

        LimitState* state_ = nullptr;
        Admitted admitted_{};
        bool sent_ = false;
    };
    using Answer = Admission<Lease>;

    template <class Strategy>
    explicit LimitState(const Strategy& strategy) : core_(strategy), waits_(strategy.waits()) {}
    LimitState(const LimitState&) = delete; // leases point to it
    LimitState& operator=(const LimitState&) = delete;

    /// Asks for leave, now and again until it is no longer `wait`. While `ticket` waits, the demand it came
    /// with counts, and the new one is ignored.
    Answer acquire(const Demand& asked, TimePoint now, LimitTicket& ticket) noexcept {
        if (queue_.holds(ticket)) return ask_again(ticket, now);
        const Demand demand = checked(asked);
        const bool leads = queue_.would_lead(demand.priority);
        if (leads && now < demand.deadline && can_go(demand, now)) return admit(demand, now);
        const TimePoint give_up = std::min(after(now, waits_.max_wait), demand.deadline);
        const TimePoint ready =
            std::max(core_.ready_at(demand, queue_.demand_ahead(demand.priority), now), cool_until_);
        if (now >= give_up || ready > give_up) return refuse(Refusal::too_long, ready, now);
        if (static_cast<std::int64_t>(queue_.size()) >= waits_.max_queue)
            return refuse(Refusal::queue_full, ready, now);
        queue_.join(ticket, demand, give_up);
        return wait(ticket, now);
    }

    /// Gives up the place in the queue; nothing if it has none here.
    void leave(LimitTicket& ticket) noexcept { queue_.leave(ticket); }

    bool has_waiters() const noexcept { return queue_.size() != 0; }
    std::size_t waiters() const noexcept { return queue_.size(); }

    /// The waiter that would get an answer if it asked now (a lease, or its refusal); nullptr if there is
    /// none.
    LimitTicket* to_wake(TimePoint now) noexcept { return next_wake(now) <= now ? queue_.front() : nullptr; }

    /// When the front of the queue may go; `never` if it is empty or only the end of a lease can help.
    TimePoint next_wake(TimePoint now) const noexcept {
        const LimitTicket* front = queue_.front();
        if (front == nullptr) return never;
        return std::min(ready_at(front->demand(), now), front->give_up());
    }

    /// No attempt before `until`; an earlier time than the one it has changes nothing.
    void cool_down(TimePoint until) noexcept { cool_until_ = std::max(cool_until_, until); }
    TimePoint cool_until() const noexcept { return cool_until_; } ///< TimePoint::min(): never cooled

    /// Takes over what the vendor said, where it has less left than we thought.
    void observe(const RateHeaders& headers, TimePoint now) noexcept { core_.observe(headers, now); }

    /// Takes over new options at run time. Levels, leases, queue and cool-down stay; who waits keeps its
    /// time.
    template <class Strategy>
    void configure(const Strategy& strategy) {
        core_.configure(strategy);
        waits_ = strategy.waits();
    }

    /// The least of what its dimensions have free, 0 (nothing may go) to 1 (all of it is free).
    double headroom(TimePoint now) const noexcept {
        if (now < cool_until_ || has_waiters()) return 0;
        double free = core_.headroom(now);
        if (const std::int64_t most = core_.concurrency(); most > 0) {
            free = std::min(free, static_cast<double>(most - in_flight_) / static_cast<double>(most));
        }
        return std::clamp(free, 0.0, 1.0);
    }

    /// Whether a new State would answer the same: nothing out, nobody waiting, all levels full.
    bool idle(TimePoint now) const noexcept { return unused() && now >= cool_until_ && core_.rested(now); }
    /// Nothing out and nobody waiting: no handle points to it.
    bool unused() const noexcept { return in_flight_ == 0 && !has_waiters(); }

    std::int64_t in_flight() const noexcept { return in_flight_; } ///< leases out
    /// Leases at once, now; 0: any number.
    std::int64_t concurrency() const noexcept { return core_.concurrency(); }
    const Core& core() const noexcept { return core_; }

private:
    static Demand checked(Demand demand) noexcept {
        demand.requests = std::max<std::int64_t>(demand.requests, 0);
        demand.input_tokens = std::max<std::int64_t>(demand.input_tokens, 0);
        demand.output_tokens = std::max<std::int64_t>(demand.output_tokens, 0);
        return demand;
    }

    TimePoint ready_at(const Demand& demand, TimePoint now) const noexcept {
        const std::int64_t most = core_.concurrency();
        if (most > 0 && in_flight_ >= most) return never;
        return std::max(core_.ready_at(demand, Demand{.requests = 0}, now), cool_until_);
    }
    bool can_go(const Demand& demand, TimePoint now) const noexcept { return ready_at(demand, now) <= now; }

    Answer admit(const Demand& demand, TimePoint now) noexcept {
        core_.charge(demand, now);
        ++in_flight_;
        Answer answer;
        answer.kind = Answer::Kind::admitted;
        answer.lease = Lease(*this, demand, now);
        return answer;
    }

    Answer wait(const LimitTicket& ticket, TimePoint now) const noexcept {
        Answer answer;
        answer.kind = Answer::Kind::wait;
        if (queue_.front() == &ticket) answer.until = ready_at(ticket.demand(), now);
        answer.give_up = ticket.give_up();
        return answer;
    }

    static Answer refuse(Refusal why, TimePoint ready, TimePoint now) noexcept {
        Answer answer;
        answer.refusal = why;
        if (ready > now) answer.retry_after = ready - now;
        return answer;
    }

    Answer ask_again(LimitTicket& ticket, TimePoint now) noexcept {
        const Demand demand = ticket.demand();
        const bool leads = queue_.front() == &ticket;
        if (leads && now < demand.deadline && can_go(demand, now)) {
            queue_.leave(ticket);
            return admit(demand, now);
        }
        if (now < ticket.give_up()) return wait(ticket, now);
        queue_.leave(ticket);
        const TimePoint ready =
            std::max(core_.ready_at(demand, queue_.demand_ahead(demand.priority), now), cool_until_);
        return refuse(Refusal::too_long, ready, now);
    }

    void end(Admitted admitted, const LimitOutcome& outcome, TimePoint now) noexcept {
        admitted.in_flight = in_flight_;
        --in_flight_;
        core_.ended(admitted, outcome, now);
    }
    void drop(const Admitted& admitted, bool sent) noexcept {
        --in_flight_;
        if (!sent) core_.refund(admitted.demand);
    }

    Core core_;
    LimitQueue queue_;
    LimitWaits waits_;
    TimePoint cool_until_ = TimePoint::min();
    std::int64_t in_flight_ = 0;
};

} // namespace baton
