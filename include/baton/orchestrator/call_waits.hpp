// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>

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

/// Ends the wait under way; from any thread, with the lock held. Allocates nothing: destructors get here,
/// too.
template <class C>
void Call<C>::interrupt() noexcept {
    if constexpr (C::multi) {
        // its own thread may be on its way to the wait, which then ends as soon as it has begun
        if (this->wait != Interruptible<C>::Wait::begun) {
            this->wait = Interruptible<C>::Wait::unwanted;
            return;
        }
    }
    if (waiting_ == Waiting::park && park_) {
        park_->cancel();
    } else if (waiting_ == Waiting::io && work().conn_) {
        work().conn_->socket.cancel();
    }
}

/// Begins the wait that begin_wait() has allowed, by `start`. Under Threads<Multi> with the lock held: who
/// interrupts the call finds the wait begun, or is found by it.
template <class C>
template <class Signature, class Start, class Token>
auto Call<C>::begin_operation(Start start, Token&& token) {
    if constexpr (C::multi) {
        return boost::asio::async_initiate<Token, Signature>(
            [](auto handler, Call* call, Start begin) {
                using Wait = typename Interruptible<C>::Wait;
                const std::unique_lock lock(call->state_->mutex);
                begin(*call, std::move(handler));
                if (std::exchange(call->wait, Wait::begun) == Wait::unwanted) call->interrupt();
            },
            token, this, start);
    } else {
        return start(*this, std::forward<Token>(token));
    }
}

template <class C>
template <class Token>
auto Call<C>::async_read(Token&& token) {
    return begin_operation<void(error_code, std::size_t)>(
        []<class T>(Call& call, T&& then) {
            Connection& connection = *call.work().conn_;
            return connection.socket.async_read(connection.read_buffer(), std::forward<T>(then));
        },
        std::forward<Token>(token));
}

template <class C>
template <class Token>
auto Call<C>::async_write(Token&& token) {
    return begin_operation<void(error_code, std::size_t)>(
        []<class T>(Call& call, T&& then) {
            Connection& connection = *call.work().conn_;
            return connection.socket.async_write(connection.pending(), std::forward<T>(then));
        },
        std::forward<Token>(token));
}

template <class C>
template <class Token>
auto Call<C>::async_park(Token&& token) {
    return begin_operation<void(error_code)>(
        []<class T>(Call& call, T&& then) { return call.park_->async_wait(std::forward<T>(then)); },
        std::forward<Token>(token));
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
void Call<C>::end_wait() noexcept {
    waiting_ = Waiting::nothing;
    if constexpr (C::multi) this->wait = Interruptible<C>::Wait::none;
}

template <class C>
void Call<C>::resumed_read(error_code ec, std::size_t n) {
    const std::unique_lock lock(state_->mutex);
    end_wait();
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
    end_wait();
    Call& w = work();
    if (!w.conn_ || ec == boost::asio::error::operation_aborted) return;
    if (ec) {
        w.conn_->problem = Connection::Problem::closed;
    } else {
        w.conn_->on_write(n);
    }
}

} // namespace baton::detail
