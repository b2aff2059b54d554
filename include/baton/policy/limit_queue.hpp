// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace baton {

/// `a + b` for counts that are not negative; at most the greatest std::int64_t.
constexpr std::int64_t saturated_sum(std::int64_t a, std::int64_t b) noexcept {
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

/// What one attempt is expected to take of a limit. Negative numbers count as 0.
struct Demand {
    std::int64_t requests = 1;
    std::int64_t input_tokens = 0;
    std::int64_t output_tokens = 0; ///< expected, or at most (`max_tokens`)
    std::int16_t priority = 0;      ///< higher goes first
    TimePoint deadline = never;     ///< of the call

    std::int64_t tokens() const noexcept { return saturated_sum(input_tokens, output_tokens); }
};

class LimitQueue;

/// A call's place in a limit's queue: one per call and limit, passed to every `acquire`. Dropping it leaves
/// the queue. It may be moved while it waits, and is never dropped after the limit's State.
class LimitTicket {
public:
    /// `owner`: whatever tells the holder which call to wake.
    explicit LimitTicket(void* owner = nullptr) noexcept : owner_(owner) {}
    LimitTicket(LimitTicket&& other) noexcept { take(other); }
    LimitTicket& operator=(LimitTicket&& other) noexcept {
        if (this != &other) {
            leave();
            take(other);
        }
        return *this;
    }
    ~LimitTicket() { leave(); }

    bool waiting() const noexcept { return queue_ != nullptr; }
    void* owner() const noexcept { return owner_; }
    const Demand& demand() const noexcept { return demand_; } ///< while it waits
    TimePoint give_up() const noexcept { return give_up_; }   ///< while it waits
    inline void leave() noexcept;

private:
    friend class LimitQueue;
    inline void take(LimitTicket& other) noexcept;

    LimitQueue* queue_ = nullptr;
    LimitTicket* ahead_ = nullptr;
    LimitTicket* behind_ = nullptr;
    void* owner_ = nullptr;
    Demand demand_{};
    TimePoint give_up_ = never;
};

/// Tickets by priority, the higher ahead, and within one in the order they came. Intrusive: no allocation.
/// Joining walks past those of lower priority. Not thread-safe.
class LimitQueue {
public:
    LimitQueue() = default;
    LimitQueue(const LimitQueue&) = delete; // tickets point to it
    LimitQueue& operator=(const LimitQueue&) = delete;
    ~LimitQueue() {
        while (front_ != nullptr) leave(*front_);
    }

    std::size_t size() const noexcept { return size_; }
    LimitTicket* front() const noexcept { return front_; }
    bool holds(const LimitTicket& ticket) const noexcept { return ticket.queue_ == this; }

    /// Whether one of this priority would stand first.
    bool would_lead(std::int16_t priority) const noexcept {
        return front_ == nullptr || front_->demand_.priority < priority;
    }

    /// What those that one of this priority would stand behind ask for together.
    Demand demand_ahead(std::int16_t priority) const noexcept {
        Demand sum{.requests = 0};
        for (const LimitTicket* t = front_; t != nullptr && t->demand_.priority >= priority; t = t->behind_) {
            sum.requests = saturated_sum(sum.requests, t->demand_.requests);
            sum.input_tokens = saturated_sum(sum.input_tokens, t->demand_.input_tokens);
            sum.output_tokens = saturated_sum(sum.output_tokens, t->demand_.output_tokens);
        }
        return sum;
    }

    void join(LimitTicket& ticket, const Demand& demand, TimePoint give_up) noexcept {
        ticket.leave();
        LimitTicket* before = back_;
        while (before != nullptr && before->demand_.priority < demand.priority) before = before->ahead_;
        ticket.queue_ = this;
        ticket.demand_ = demand;
        ticket.give_up_ = give_up;
        ticket.ahead_ = before;
        ticket.behind_ = before != nullptr ? before->behind_ : front_;
        link(ticket);
        ++size_;
    }

    void leave(LimitTicket& ticket) noexcept {
        if (ticket.queue_ != this) return;
        (ticket.ahead_ != nullptr ? ticket.ahead_->behind_ : front_) = ticket.behind_;
        (ticket.behind_ != nullptr ? ticket.behind_->ahead_ : back_) = ticket.ahead_;
        ticket.queue_ = nullptr;
        ticket.ahead_ = ticket.behind_ = nullptr;
        --size_;
    }

private:
    friend class LimitTicket;
    /// Makes its neighbours point to it.
    void link(LimitTicket& ticket) noexcept {
        (ticket.ahead_ != nullptr ? ticket.ahead_->behind_ : front_) = &ticket;
        (ticket.behind_ != nullptr ? ticket.behind_->ahead_ : back_) = &ticket;
    }

    LimitTicket* front_ = nullptr;
    LimitTicket* back_ = nullptr;
    std::size_t size_ = 0;
};

inline void LimitTicket::leave() noexcept {
    if (queue_ != nullptr) queue_->leave(*this);
}

inline void LimitTicket::take(LimitTicket& other) noexcept {
    queue_ = std::exchange(other.queue_, nullptr);
    ahead_ = std::exchange(other.ahead_, nullptr);
    behind_ = std::exchange(other.behind_, nullptr);
    owner_ = other.owner_;
    demand_ = other.demand_;
    give_up_ = other.give_up_;
    if (queue_ != nullptr) queue_->link(*this);
}

} // namespace baton
