// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

// What a call waits for, and what ends a wait early: deadlines, other threads, other readers.
namespace baton::detail {

template <class C>
struct Call<C>::Alarm {
    Ptr call;
    void operator()(const error_code& ec) const {
        if (ec != boost::asio::error::operation_aborted) call->on_alarm();
    }
};

template <class C>
bool Call<C>::begin_wait(Want want) {
    const std::unique_lock lock(state_->mutex);
    if constexpr (C::multi) {
        if (left_ || over()) return false;
    }
    Call& w = work();
    waiting_ = want == Want::read || want == Want::write ? Waiting::io : Waiting::park;
    if (want == Want::park) {
        if (!park_) park_.emplace(state_->clock.timer(state_->executor));
        bool driving = true;
        if constexpr (shares) driving = w.driver == this;
        park_->expires_at(driving ? w.resume_at_ : never);
    }
    arm();
    return true;
}

/// The limit of the present phase, which only who performs the waits watches over.
template <class C>
TimePoint Call<C>::my_cutoff() const noexcept {
    if constexpr (shares) {
        if (const Call* driver = work().driver; driver && driver != this) return never;
    }
    const Call& w = work();
    if constexpr (C::has_hedge) return std::min(w.cutoff_.at, w.hedge_at);
    return w.cutoff_.at;
}

template <class C>
void Call<C>::arm() {
    const TimePoint at = std::min(my_cutoff(), own_total_);
    if (at >= alarm_at_ || at >= never) return;
    alarm_at_ = at;
    if (!alarm_) alarm_.emplace(state_->clock.timer(state_->executor));
    alarm_->expires_at(at);
    if constexpr (C::multi) {
        alarm_->async_wait(boost::asio::bind_executor(*strand_, Alarm{Ptr(this)}));
    } else {
        alarm_->async_wait(Alarm{Ptr(this)});
    }
}

template <class C>
void Call<C>::on_alarm() {
    const std::unique_lock lock(state_->mutex);
    alarm_at_ = never;
    if (left_ || over() || waiting_ < Waiting::io) return;       // the next wait arms it again
    if (now() < std::min(my_cutoff(), own_total_)) return arm(); // the limit moved on meanwhile
    rang_ = true;
    interrupt();
}

template <class C>
void Call<C>::alarm_rang() {
    rang_ = false;
    Call& w = work();
    const TimePoint t = now();
    bool driving = true, alone = true;
    if constexpr (shares) {
        driving = !w.driver || w.driver == this;
        alone = w.readers == 1;
    }
    if (t >= own_total_) {
        const Error late(Errc::timeout_total,
                         "the call's total deadline passed; raise Limits::Options.total or the "
                         "request's deadline, or ask for less");
        if (!alone || &w != this) {
            leave(Errc::timeout_total);
        } else {
            w.end_attempt(Errc::timeout_total);
            w.release_connection(false);
            if (!w.serve_stale(Errc::timeout_total)) w.finish(w.located(late));
        }
    } else if (driving && t >= w.cutoff_.at) {
        w.cut_off();
    } else if constexpr (C::has_hedge) {
        if (driving && t >= w.hedge_at) w.begin_hedge();
    }
}

template <class C>
void Call<C>::interrupt() noexcept {
    const auto cancel = [](Call& call) {
        if (call.waiting_ == Waiting::park && call.park_) {
            call.park_->cancel();
        } else if (call.waiting_ == Waiting::io && call.work().conn_) {
            call.work().conn_->socket.cancel();
        }
    };
    if constexpr (C::multi) {
        // from another strand, the wait may not have begun yet: queue behind it
        if (state_->context_gone) return; // nobody will run it
        Ptr self = reference();
        if (!self) return;
        boost::asio::post(*strand_, [cancel, self = std::move(self)] {
            const std::unique_lock lock(self->state_->mutex);
            cancel(*self);
        });
    } else {
        cancel(*this);
    }
}

template <class C>
void Call<C>::wake_driver() noexcept {
    if constexpr (shares) {
        if (this->driver) this->driver->interrupt();
    } else {
        interrupt();
    }
}

template <class C>
void Call<C>::resumed_read(error_code ec, std::size_t n) {
    const std::unique_lock lock(state_->mutex);
    waiting_ = Waiting::nothing;
    Call& w = work();
    if (!w.conn_ || ec == boost::asio::error::operation_aborted) return; // advance() knows why
    if (ec == boost::asio::error::eof) {
        w.conn_->on_read(0);
    } else if (ec) {
        w.conn_->problem = Connection::Problem::closed;
    } else {
        w.conn_->on_read(n);
    }
}

template <class C>
void Call<C>::resumed_write(error_code ec, std::size_t n) {
    const std::unique_lock lock(state_->mutex);
    waiting_ = Waiting::nothing;
    Call& w = work();
    if (!w.conn_ || ec == boost::asio::error::operation_aborted) return;
    if (ec) {
        w.conn_->problem = Connection::Problem::closed;
    } else {
        w.conn_->on_write(n);
    }
}

} // namespace baton::detail
