// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/time.hpp>
#include <baton/testing/pending.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace baton::testing {

namespace detail {

/// Something that happens at a point of virtual time. Leaves its timeline when destroyed.
class TimelineEvent
    : public boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual void due() = 0;
    friend bool operator<(const TimelineEvent& a, const TimelineEvent& b) noexcept {
        return a.at < b.at || (a.at == b.at && a.order < b.order);
    }

    TimePoint at{};
    std::uint64_t order = 0; ///< among events of one instant: first come, first served

protected:
    ~TimelineEvent() = default;
};

/// Virtual time and what is to happen in it. Not thread-safe.
class Timeline {
public:
    BATON_DECL explicit Timeline(WallTime wall) noexcept;

    TimePoint now() const noexcept { return now_; }
    WallTime wall() const noexcept {
        return wall_ + std::chrono::duration_cast<WallTime::duration>(now_ - start_);
    }
    /// From `never` on: not at all.
    BATON_DECL void schedule(TimelineEvent& event, TimePoint at) noexcept;
    /// Goes to the next event that is not after `until` and lets it happen; false if there is none.
    BATON_DECL bool step(TimePoint until);
    void skip_to(TimePoint at) noexcept {
        if (at > now_) now_ = at;
    }
    bool empty() const noexcept { return events_.empty(); }

private:
    TimePoint start_, now_;
    WallTime wall_;
    std::uint64_t orders_ = 0;
    boost::intrusive::set<TimelineEvent, boost::intrusive::constant_time_size<false>> events_;
};

/// The part of a ManualTimer that stays where it is.
class TimerCore final : public TimelineEvent {
public:
    TimerCore(std::shared_ptr<Timeline> timeline, VirtualService& service)
        : timeline_(std::move(timeline)), tenant_(service) {}
    TimerCore(const TimerCore&) = delete;
    TimerCore& operator=(const TimerCore&) = delete;
    ~TimerCore() { complete_all(boost::asio::error::operation_aborted); }

    BATON_DECL std::size_t expires_at(TimePoint at);
    BATON_DECL void add(Pending<boost::system::error_code>& wait);
    BATON_DECL std::size_t complete_all(boost::system::error_code ec);
    void due() override { complete_all({}); }

    VirtualService& service() noexcept { return tenant_.service(); }
    TimePoint expiry() const noexcept { return expiry_; }

private:
    std::shared_ptr<Timeline> timeline_;
    Tenant tenant_;
    TimePoint expiry_{};
    PendingList<boost::system::error_code> waits_;
};

} // namespace detail

/// An Asio timer in virtual time: expires_at, async_wait with any completion token (per-operation
/// cancellation included), cancel. As Asio's, it must not outlive its execution context, and its handlers
/// run on their associated executors, never inside a call of this class.
template <class Ex>
class ManualTimer {
public:
    using executor_type = Ex;

    ManualTimer(std::shared_ptr<detail::Timeline> timeline, const Ex& executor)
        : executor_(executor), core_(std::make_unique<detail::TimerCore>(
                                   std::move(timeline), detail::VirtualService::of(executor))) {}

    executor_type get_executor() const noexcept { return executor_; }
    TimePoint expiry() const noexcept { return core_->expiry(); }
    /// Cancels waits under way; returns how many.
    std::size_t expires_at(TimePoint at) { return core_->expires_at(at); }
    std::size_t cancel() { return core_->complete_all(boost::asio::error::operation_aborted); }

    template <class Token>
    auto async_wait(Token&& token) {
        using error_code = boost::system::error_code;
        return boost::asio::async_initiate<Token, void(error_code)>(
            [](auto handler, ManualTimer* self) {
                self->core_->add(*detail::make_pending<error_code>(std::move(handler), self->executor_,
                                                                   self->core_->service()));
            },
            token, this);
    }

private:
    Ex executor_;
    std::unique_ptr<detail::TimerCore> core_;
};

/// Virtual time, for `Clock<ManualClock>`: it passes only when told to, and then jumps from one deadline to
/// the next, so a test of minutes takes no time and always goes the same way. A handle: copies share one
/// timeline, so give the same clock to the orchestrator and to MemoryNet. Not thread-safe.
///
///     testing::ManualClock clock;
///     Chat chat{io.get_executor(), clock, ...};
///     co_spawn(io, talk(chat), detached);
///     clock.run(io);                       // instead of io.run()
class ManualClock {
public:
    /// Monotonic time starts at one hour, calendar time at `wall` (default: 2026-01-01 00:00 UTC).
    explicit ManualClock(WallTime wall = WallTime(std::chrono::seconds(1767225600)))
        : timeline_(std::make_shared<detail::Timeline>(wall)) {}

    template <class Ex>
    using Timer = ManualTimer<Ex>;
    template <class Ex>
    ManualTimer<Ex> timer(const Ex& executor) const {
        return ManualTimer<Ex>(timeline_, executor);
    }
    TimePoint now() const noexcept { return timeline_->now(); }
    WallTime wall() const noexcept { return timeline_->wall(); }

    /// Runs `context` until nothing is left to do, however long that takes in virtual time. Returns the
    /// number of handlers run. A wait that has no deadline does not count as something left to do.
    template <class Context>
    std::size_t run(Context& context) {
        return run_until(context, never);
    }
    /// The same for the next `span` of virtual time, which has passed in any case when it returns.
    template <class Context>
    std::size_t advance(Context& context, Duration span) {
        const TimePoint until = after(now(), span);
        const std::size_t handlers = run_until(context, until);
        timeline_->skip_to(until);
        return handlers;
    }
    /// Runs one handler, letting time pass if there is none ready; false if nothing is left to do.
    template <class Context>
    bool step(Context& context) {
        for (;;) {
            context.restart();
            if (context.poll_one() > 0) return true;
            if (!timeline_->step(never)) return false;
        }
    }

    /// Something to happen at a point in time; cancelled when destroyed.
    class Scheduled {
    public:
        Scheduled() = default;

    private:
        friend class ManualClock;
        struct Event final : detail::TimelineEvent {
            explicit Event(std::function<void()> action) : action(std::move(action)) {}
            void due() override {
                const std::function<void()> once = std::move(action); // it may destroy or replace this event
                once();
            }
            std::function<void()> action;
        };
        std::unique_ptr<Event> event_;
    };
    /// Calls `action` from within run(), advance() or step() when it is time.
    Scheduled at(TimePoint time, std::function<void()> action) const {
        Scheduled made;
        made.event_ = std::make_unique<Scheduled::Event>(std::move(action));
        timeline_->schedule(*made.event_, time);
        return made;
    }

private:
    template <class Context>
    std::size_t run_until(Context& context, TimePoint until) {
        std::size_t handlers = 0;
        for (;;) {
            context.restart();
            handlers += context.poll();
            if (!timeline_->step(until)) return handlers;
        }
    }

    std::shared_ptr<detail::Timeline> timeline_;
};

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/manual_clock.ipp>
#endif
