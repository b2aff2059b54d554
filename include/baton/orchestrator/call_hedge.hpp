// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>
#include <baton/orchestrator/side_effects.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>

// A second attempt beside one whose first token is late: `Hedge`. The second one belongs to a call of its
// own, the *rival*, which is driven until its first content. If that comes before ours, its attempt changes
// hands: connection, decoder and permits become this call's, and what this call had goes down with the rival.
namespace baton::detail {

/// Performs a rival's waits, up to its first content.
template <class C>
boost::asio::awaitable<void, typename C::executor> drive_rival(boost::intrusive_ptr<Call<C>> call) {
    namespace asio = boost::asio;
    constexpr auto token = asio::as_tuple(asio::deferred);
    try {
        for (Want want = call->advance(); want != Want::done && want != Want::delta; want = call->advance()) {
            if (!call->begin_wait(want)) continue;
            if (want == Want::read) {
                const auto done = co_await call->async_read(token);
                call->resumed_read(std::get<0>(done), std::get<1>(done));
            } else if (want == Want::write) {
                const auto done = co_await call->async_write(token);
                call->resumed_write(std::get<0>(done), std::get<1>(done));
            } else {
                co_await call->async_park(token);
                call->resumed_park();
            }
        }
    } catch (...) { // only out of memory gets here: it has lost
        call->leave(Errc::cancelled);
    }
    call->rival_reports();
}

/// The request has left: when a rival is to begin, if its first token is not there by then.
template <class C>
void Call<C>::plan_hedge() {
    if constexpr (C::has_hedge) {
        this->hedge_at = never;
        if (this->beside || this->hedged || committed_ || mode_ == Mode::errand) return;
        const std::optional<Duration> delay =
            with_provider([&](auto i) { return this->template known<decltype(i)::value>().hedge.delay(); });
        if (delay) this->hedge_at = after(sent_at_, *delay);
    }
}

template <class C>
void Call<C>::begin_hedge() {
    if constexpr (C::has_hedge) {
        this->hedge_at = never;
        HedgeFacts facts;
        facts.now = now();
        facts.committed = committed_;
        facts.extra_attempts = this->hedged;
        facts.side_effects = !draft_->hedge.value_or(!has_side_effects(*draft_));
        if (phase_ != Phase::receive || got_first_ || draft_->hedge == false || !state_->hedge.allow(facts))
            return;
        this->hedged = true;
        try {
            Ptr rival = make(*state_, mode_, Request(*draft_));
            this->rival = rival;
            rival->become_rival(*this);
            boost::asio::co_spawn(rival->executor(), drive_rival<C>(rival), boost::asio::detached);
            ++state_->counters.hedges;
        } catch (const std::bad_alloc&) { // then the call goes on without
            drop_rival();
        }
    }
}

/// Begins where the other call stands, and goes elsewhere: to an endpoint at another address, else to the
/// next target, else to another key of the same address, else to the same once more.
template <class C>
void Call<C>::become_rival(Call& other) {
    if constexpr (C::has_hedge) {
        this->beside = &other;
        started_ = other.started_;
        own_total_ = total_ = other.total_;
        cutoff_ = Cutoff{total_, Errc::timeout_total};
        snapshot_ = other.snapshot_;
        draft_ = Draft(request_);
        task_ = other.task_;
        needs_ = other.needs_;
        primary_skipped_ = other.primary_skipped_;
        for (const Target* target : other.targets_) {
            own_targets_.push_back(*target);
            targets_.push_back(&own_targets_.back());
        }
        cursor_ = other.cursor_;
        tried_ = other.tried_ | std::uint64_t{1} << other.endpoint_;
        const std::uint64_t keys = tried_;
        endpoint_ = other.endpoint_;
        pass_over_address(); // another key of one that is slow is slow, too
        if (!untried_endpoint()) {
            tried_ = keys;
            if (cursor_ + 1 < targets_.size() && state_->fallback.may_move(Errc::timeout_first_token)) {
                this->at_home = cursor_++;
                tried_ = 0;
            } else if (!untried_endpoint()) {
                tried_ = 0;
            }
        }
        set_phase(Phase::choose);
    }
}

/// The rival has content, an answer, or has failed.
template <class C>
void Call<C>::rival_reports() {
    if constexpr (C::has_hedge) {
        const std::unique_lock lock(state_->mutex);
        this->reported = true;
        Call* const other = this->beside;
        if (!other) return; // dropped meanwhile
        other->rival_ready = true;
        other->wake_driver();
    }
}

/// On this call's side: what the rival's report means. Its attempt is taken over if it came first.
template <class C>
void Call<C>::hear_rival() {
    if constexpr (C::has_hedge) {
        this->rival_ready = false;
        Call& r = *this->rival;
        const bool failed = r.phase_ == Phase::over && r.error_.errc() != Errc::ok;
        const bool late = got_first_ || committed_ || phase_ == Phase::over || phase_ == Phase::drain;
        if (failed || late) {
            drop_rival();
            if (failed && phase_ == Phase::rival) decide(Error(error_));
            return;
        }
        auto& attempts = this->trace().attempts; // nothing throws behind this
        attempts.reserve(attempts.size() + r.trace().attempts.size());
        end_attempt(Errc::cancelled);
        release_connection(false);
        leave_limits(); // it may stand in line, for a second try on a kept connection
        permit_.template emplace<0>();
        cursor_ = r.cursor_;
        endpoint_ = r.endpoint_;
        known_ = r.known_;
        conn_ = std::move(r.conn_);
        permit_ = std::move(r.permit_);
        r.permit_.template emplace<0>();
        decoder_ = std::move(r.decoder_);
        parsers_ = std::move(r.parsers_);
        std::swap(body_, r.body_);
        input_ = std::exchange(r.input_, {});
        whole_ = std::exchange(r.whole_, {});
        streaming_ = r.streaming_;
        sniffed_ = r.sniffed_;
        got_first_ = r.got_first_;
        complete_ = r.complete_;
        committed_ = r.committed_;
        streamed_ = r.streamed_;
        deltas_ = r.deltas_;
        sent_at_ = r.sent_at_;
        attempt_started_ = r.attempt_started_;
        books_open_ = std::exchange(r.books_open_, false);
        cutoff_ = r.cutoff_;
        resume_at_ = never;
        // the answer, and the attempt it belongs to; what its views showed is read from the answer itself
        Trace trace = std::move(this->trace());
        for (Attempt& a : r.trace().attempts) trace.attempts.push_back(std::move(a));
        r.trace().attempts.clear();
        std::swap(outcome_, r.outcome_);
        this->trace() = std::move(trace);
        replaying_ = true;
        const bool whole = r.phase_ == Phase::over;
        phase_ = r.phase_;
        r.phase_ = Phase::over;
        if constexpr (C::has_limit) {
            this->leases = std::move(r.leases);
            this->states = std::exchange(r.states, {});
        }
        drop_rival();
        if (whole) settle_answer();
    }
}

/// The rival goes down: its attempt is cancelled, settled and noted in this call's trace.
template <class C>
void Call<C>::drop_rival() {
    if constexpr (C::has_hedge) {
        this->hedge_at = never;
        this->rival_ready = false;
        const Ptr r = std::move(this->rival);
        if (!r) return;
        r->beside = nullptr;
        if constexpr (C::multi) {
            // its wait may be about to begin on its own strand: there it ends, and settles itself
            if (!r->reported) {
                r->dropped = true;
                r->interrupt();
                return;
            }
        }
        if (r->phase_ != Phase::over) {
            r->end_attempt(Errc::cancelled);
            r->release_connection(false);
            r->finish(Error(Errc::cancelled)); // another attempt was faster; nobody reads it
        }
        auto& own = trace().attempts;
        const bool running = phase_ >= Phase::acquire && phase_ < Phase::pause && !own.empty();
        try {
            own.reserve(own.size() + r->trace().attempts.size());
            for (Attempt& a : r->trace().attempts)
                own.insert(running ? own.end() - 1 : own.end(), std::move(a));
        } catch (const std::bad_alloc&) {
            // settled, but not in the trace: destructors get here, too
        }
        r->trace().attempts.clear();
        r->leave(Errc::cancelled);
    }
}

} // namespace baton::detail
