// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <boost/asio/strand.hpp>

// The reader's half of Call: its place in the answer, sharing, the end of use.
namespace baton::detail {

template <class C>
auto Call<C>::make(State<C>& state, Mode mode, Request&& request) -> Ptr {
    const std::unique_lock lock(state.mutex);
    Call* call = nullptr;
    if (!state.spare.empty()) {
        call = &state.spare.front();
        state.spare.pop_front();
        --state.spare_count;
    } else {
        call = new Call(state);
    }
    state.used.push_back(*call);
    if constexpr (C::multi) {
        if (!call->strand_) call->strand_.emplace(boost::asio::make_strand(state.executor));
    }
    call->keep_.reset(&state);
    call->mode_ = mode;
    call->request_ = std::move(request);
    return Ptr(call);
}

template <class C>
Want Call<C>::advance() {
    const std::unique_lock lock(state_->mutex);
    const Want want = get_on();
    withheld_ = has_delta_ = want == Want::delta;
    if (has_delta_) waiting_ = Waiting::rest;
    return want;
}

template <class C>
Want Call<C>::get_on() {
    end_wait(); // who interrupted it before finds it here
    if ((state_->closed || state_->context_gone) && !over()) leave(Errc::cancelled);
    if constexpr (C::has_hedge && C::multi) {
        if (this->dropped && !over()) leave(Errc::cancelled);
    }
    for (;;) {
        Call& w = work();
        if (rang_ && !over()) {
            try {
                alarm_rang();
            } catch (...) {
                w.give_up();
                throw;
            }
        }
        if (own_error_) return Want::done;
        // what a policy has yet to judge is not shown
        const bool shown = !judged || (w.phase_ == Phase::over && w.error_.errc() == Errc::ok);
        if constexpr (C::has_resume) {
            if (replaying_ && !left_ && replay_.retractions() != w.retractions) {
                delta_ = Delta{};
                if (replay_.retract(w.answer(), w.retractions, w.kept, delta_)) return Want::delta;
            }
        }
        if (replaying_ && mode_ == Mode::stream && shown && !left_) { // who left gets no more
            if constexpr (shares) {
                if (this->follows && replay_.behind(w.answer()) > state_->cache.exact.options.replay_bytes &&
                    w.phase_ != Phase::over) {
                    leave(Errc::slow_reader);
                    return Want::done;
                }
            }
            if (replay_.next(w.answer(), delta_)) {
                state_->each_hook([&](auto& hook) {
                    if constexpr (requires { hook.on_delta(delta_); }) hook.on_delta(delta_);
                });
                return Want::delta;
            }
        }
        if (w.phase_ == Phase::over) {
            if constexpr (C::has_hedge) {
                if (this->beside) return Want::done; // heard by the call beside it
            }
            if constexpr (shares) {
                if (this->follows && may_start_over()) continue;
            }
            end_use();
            settle(); // in the same breath: who read the answer from here may take it away when all have left
            return Want::done;
        }
        if constexpr (shares) {
            if (w.driver && w.driver != this) {
                if (!std::exchange(this->queued_for_work, true)) w.waiters.push_back(this);
                return Want::park;
            }
            w.driver = this;
        }
        const Want want = [&w] {
            try {
                return w.step();
            } catch (...) {
                w.give_up();
                throw;
            }
        }();
        if (want == Want::delta || want == Want::done) {
            if constexpr (shares) {
                w.driver = nullptr;
                if (!w.waiters.empty()) w.wake_readers(want == Want::delta);
            }
            if constexpr (C::has_hedge) {
                if (this->beside && want == Want::delta) return want; // the same
            }
            if (want == Want::delta && &w == this && !replaying_) {
                delta_ = decoded_;
                if constexpr (shares) {
                    if (this->in_flight) replay_.hold(delta_);
                }
                state_->each_hook([&](auto& hook) {
                    if constexpr (requires { hook.on_delta(delta_); }) hook.on_delta(delta_);
                });
                return Want::delta;
            }
            continue;
        }
        return want;
    }
}

template <class C>
void Call<C>::wake_readers(bool streams_only) {
    if constexpr (shares) {
        std::size_t kept = 0;
        for (Call* reader : this->waiters) {
            if (streams_only && reader->mode_ != Mode::stream) {
                this->waiters[kept++] = reader;
            } else {
                reader->queued_for_work = false;
                reader->interrupt();
            }
        }
        this->waiters.resize(kept);
        // somebody must go on when those who were woken do not: a unary reader that still waits
        if (kept > 0 && !this->driver && phase_ != Phase::over) {
            Call* next = this->waiters.back();
            this->waiters.pop_back();
            next->queued_for_work = false;
            next->interrupt();
        }
    }
}

/// Whether this caller is handed what Replay says, not each piece as it is decoded.
template <class C>
bool Call<C>::by_replay() const noexcept {
    return replaying_ || judged;
}

template <class C>
std::string Call<C>::handed_text() const {
    if (mode_ != Mode::stream) return {};
    const Call& w = work();
    std::string text = by_replay() ? replay_.shown_text(w.answer()) : joined_text(w.answer().parts);
    if constexpr (C::has_resume) { // what was taken back stands before the seam
        if (by_replay() && replay_.retractions() != w.retractions)
            return w.delivered.substr(0, replay_.text_bytes());
        if (withheld_ && delta_.retract > 0) {
            if (!by_replay()) return this->delivered;
            return text + w.delivered.substr(std::min(text.size(), w.delivered.size()), delta_.retract);
        }
    }
    if (!withheld_) return text;
    text.resize(text.size() - std::min(text.size(), delta_.text.size()));
    return text;
}

template <class C>
const Reply& Call<C>::so_far() {
    static const Reply nothing;
    const std::unique_lock lock(state_->mutex);
    Call& w = work();
    if (own_error_) return nothing;
    if (mine_)
        return mine_->has_error() ? nothing : mine_->value(); // the shared one may be somebody's by now
    if (w.outcome_.has_error()) return nothing;
    w.answer().seal();
    bool same = !by_replay() || replay_.caught_up(w.answer());
    std::size_t stands = Replay::all;
    if constexpr (C::multi && shares) { // another reader may make it grow while this one looks
        same = same && !this->in_flight && &w == this;
    }
    if constexpr (C::has_resume) {
        if (by_replay() && replay_.retractions() != w.retractions) same = false, stands = w.kept;
    }
    if (same) return w.answer();
    if (!shown_) shown_ = std::make_unique<Reply>();
    by_replay() ? replay_.show(w.answer(), *shown_, stands) : void(*shown_ = w.answer());
    return *shown_;
}

/// This caller's own end, in words.
template <class C>
Error Call<C>::ended_by(Errc why) const {
    const char* text = "the caller cancelled, or the orchestrator or its context was destroyed";
    if (why == Errc::slow_reader) {
        text = "this reader fell too far behind the stream it shares; read faster or raise "
               "ExactMatch::Options.replay_bytes";
    } else if (why == Errc::timeout_total) {
        text = "the call's total deadline passed; raise Limits::Options.total or the request's deadline";
    }
    try {
        return Error(why, text).with([&](Error::Detail& d) {
            d.trace = work().answer().trace;
            d.delivered = handed_text();
        });
    } catch (const std::bad_alloc&) { // it says less: destructors get here, too
        return Error(why);
    }
}

template <class C>
void Call<C>::leave(Errc why) {
    const std::unique_lock lock(state_->mutex);
    if (left_) return;
    const bool unread = std::exchange(has_delta_, false);
    Call& w = work();
    if (w.phase_ != Phase::over) {
        bool last = true;
        if constexpr (shares) {
            if (std::exchange(this->queued_for_work, false)) std::erase(w.waiters, this);
            if (w.driver == this) w.driver = nullptr;
            last = w.readers == 1;
            if (!last && !w.driver && !w.waiters.empty()) { // hand over
                Call* next = w.waiters.back();
                w.waiters.pop_back();
                next->queued_for_work = false;
                next->interrupt();
            }
        }
        if (last) {
            w.end_attempt(Errc::cancelled);
            w.release_connection(false);
            w.finish(Error(why));
        }
        own_error_ = ended_by(why);
    } else if (mode_ == Mode::stream && (unread || (replaying_ && replay_.behind(w.answer()) > 0))) {
        own_error_ = ended_by(why); // the work is done, but this caller does not get all of it
    }
    if (waiting_ >= Waiting::io) interrupt();
    end_use();
    // a late follower takes its copy in the same breath as its leave: then the answer may be taken away
    if (&w != this && !own_error_) settle();
}

/// A whole answer was to come from a stream that broke after its reader had seen some of it. This caller has
/// seen nothing, so a retry is free: the call does its own work now.
template <class C>
bool Call<C>::may_start_over() {
    if constexpr (shares) {
        if (mode_ != Mode::complete || left_) return false;
        const Call& w = work();
        if (!w.committed_ || !state_->fallback.may_move(w.error_.errc())) return false;
        --this->follows->readers;
        this->follows.reset();
        replaying_ = false;
        cutoff_ = Cutoff{total_, Errc::timeout_total};
        set_phase(Phase::classify);
        return true;
    } else {
        return false;
    }
}

/// Ends it now if it rests, else as soon as its wait is over.
template <class C>
void Call<C>::orchestrator_gone() {
    if (waiting_ == Waiting::rest) {
        if (begun_) leave(Errc::cancelled);
    } else {
        interrupt();
    }
}

template <class C>
void Call<C>::end_use() {
    if (left_) return;
    left_ = true;
    const bool begun = std::exchange(begun_, false);
    if (begun) --state_->active_calls;
    if (alarm_ && alarm_at_ != never) {
        alarm_->cancel();
        alarm_at_ = never;
    }
    Call& w = work();
    if constexpr (shares) --w.readers;
    if (!begun) return; // a Stream that was never asked for anything
    const Error* error = own_error_ ? &*own_error_ : w.error_.errc() != Errc::ok ? &w.error_ : nullptr;
    Outcome outcome{error ? nullptr : &w.answer(), error, &w.trace(), now() - started_};
    state_->each_hook([&](auto& hook) {
        if constexpr (requires { hook.on_end(outcome); }) hook.on_end(outcome);
    });
}

template <class C>
void Call<C>::drop_io() noexcept {
    leave(Errc::cancelled);
    alarm_.reset();
    park_.reset();
    if constexpr (C::multi) strand_.reset();
    alarm_at_ = never;
}

template <class C>
result<Reply>& Call<C>::settle() {
    const std::unique_lock lock(state_->mutex);
    if (mine_) return *mine_;
    bool plain = !own_error_ && error_.errc() == Errc::ok;
    if constexpr (shares) plain = plain && !this->follows && this->readers <= 0;
    if (!plain) return settle_apart();
    mine_ = &outcome_;
    return outcome_;
}

/// An error, or an answer that several readers want.
template <class C>
result<Reply>& Call<C>::settle_apart() {
    Call& w = work();
    mine_ = &outcome_;
    if constexpr (shares) {
        // others still read the answer from here: this caller gets a copy
        if (&w == this && this->readers > 0) mine_ = &this->copy.emplace();
    }
    if (own_error_) {
        *mine_ = *own_error_;
    } else if (w.error_.errc() != Errc::ok) {
        *mine_ = w.error_;
        if (&w != this) {
            try {
                *mine_ = w.error_.with([this](Error::Detail& d) {
                    d.trace.joined = true;
                    // what a stream that this caller only waited for had shown, it showed others
                    if (mode_ != Mode::stream) d.delivered.clear();
                });
            } catch (const std::bad_alloc&) {
            }
        }
    } else {
        try {
            *mine_ = w.outcome_;
            (*mine_)->trace.joined = &w != this;
        } catch (const std::bad_alloc&) { // destructors get here, too
            *mine_ = Error(Errc::cancelled);
        }
    }
    return *mine_;
}

template <class C>
void Call<C>::retire() {
    const boost::intrusive_ptr<State<C>> keep = std::move(keep_);
    const std::unique_lock lock(state_->mutex);
    references_ = 1; // what is called below may take and drop references
    leave(Errc::cancelled);
    reset();
    state_->used.erase(state_->used.iterator_to(*this));
    references_ = 0;
    constexpr std::size_t most_spare = 64;
    if (state_->closed || state_->context_gone || state_->spare_count >= most_spare) {
        delete this;
    } else {
        ++state_->spare_count;
        state_->spare.push_front(*this);
    }
}

template <class C>
void State<C>::shut_down() noexcept {
    const std::unique_lock lock(mutex);
    closed = true;
    for (ProberEntry& prober : probers) prober.timer.cancel();
    Calls visited; // ending one may retire others
    while (!used.empty()) {
        Call<C>& call = used.front();
        used.pop_front();
        visited.push_back(call);
        if (const auto held = call.reference()) held->orchestrator_gone();
    }
    used.swap(visited);
    clear_idle();
}

template <class C>
void State<C>::on_context_shutdown() noexcept {
    const std::unique_lock lock(mutex);
    context_gone = true;
    probers.clear(); // each goes with its coroutine
    watch_ = nullptr;
    // each may retire itself and others
    Calls visited;
    while (!used.empty()) {
        const boost::intrusive_ptr<Call<C>> call(&used.front());
        used.pop_front();
        visited.push_back(*call);
        call->drop_io();
    }
    used.swap(visited);
    spare.clear_and_dispose([](Call<C>* call) { delete call; });
    spare_count = 0;
    clear_idle();
}

} // namespace baton::detail
