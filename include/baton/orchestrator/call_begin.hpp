// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

// The first half of a call's work: validation, hooks, cache; steps 1 and 2 of design section 5.
namespace baton::detail {

template <class C>
Want Call<C>::step() {
    for (;;) {
        if constexpr (C::has_hedge) {
            if (this->rival_ready) hear_rival();
        }
        switch (phase_) {
        case Phase::begin:
            begin();
            if constexpr (shares) {
                if (this->follows) return Want::done; // advance() goes on with the work it follows
            }
            break;
        case Phase::classify:
            if constexpr (Classifying<C>::later) {
                if (this->classifier) return Want::park;
            }
            classify();
            break;
        case Phase::plan: plan(); break;
        case Phase::choose: choose(); break;
        case Phase::acquire:
            if (!acquire()) return Want::park;
            break;
        case Phase::connect:
            if (!connected_) return Want::park;
            connect();
            break;
        case Phase::setup:
            if (const Want want = setup(); want != Want::done) return want;
            break;
        case Phase::send:
            if (const Want want = send(); want != Want::done) return want;
            break;
        case Phase::receive:
            if (const Want want = receive(); want != Want::done) return want;
            break;
        case Phase::drain:
            if (const Want want = drain(); want != Want::done) return want;
            break;
        case Phase::pause:
            if (now() < resume_at_) return Want::park;
            resume_at_ = never;
            set_phase(Phase::choose);
            break;
        case Phase::queue:
            if constexpr (C::has_limit) {
                if (now() < resume_at_ && !std::exchange(this->woken, false)) return Want::park;
                resume_at_ = never;
                this->waits_for_limit = true;
                set_phase(Phase::choose);
            }
            break;
        case Phase::rival: return Want::park; // until somebody wakes it
        case Phase::over: return Want::done;
        }
    }
}

template <class C>
void Call<C>::reset() {
    if constexpr (shares) {
        this->follows.reset();
        this->driver = nullptr;
        this->waiters.clear();
        this->readers = 1;
        this->queued_for_work = false;
        this->copy.reset();
        this->key.clear();
        this->in_flight = false;
    }
    own_error_.reset();
    if (outcome_.has_error()) {
        outcome_ = Reply();
    } else { // cheaper than a new one
        clear_answer();
        trace().attempts.clear();
        trace().cache_hit = trace().joined = trace().stale = false;
        trace().task = {};
        answer().provider = {};
        answer().served_by_fallback = false;
    }
    mine_ = nullptr;
    replay_.restart();
    shown_.reset();
    withheld_ = false;
    replaying_ = rang_ = left_ = false;
    waiting_ = Waiting::rest;
    phase_ = Phase::begin;
    draft_ = Draft();
    request_.clear();
    snapshot_.reset();
    targets_.clear();
    own_targets_.clear();
    excluded_.clear();
    errand_.reset();
    cursor_ = 0;
    task_.clear();
    error_ = Error();
    resume_at_ = never;
    waited_ = {};
    retries_on_target_ = retries_ = rounds_ = 0;
    endpoint_ = 0;
    tried_ = 0;
    outgrown_.reset();
    moved_ = to_sibling_ = false;
    if constexpr (C::has_resume) {
        if (this->broke.errc() != Errc::ok) static_cast<Resuming<C>&>(*this) = Resuming<C>();
    }
    if constexpr (C::has_hedge) static_cast<Hedging<C>&>(*this) = Hedging<C>();
    if constexpr (C::has_health) static_cast<Resting<C>&>(*this) = Resting<C>();
    if constexpr (C::has_limit) {
        this->demand.requests = 0;
        this->waits_for_limit = this->woken = false;
    }
    fresh_only_ = replayed_ = committed_ = false;
}

template <class C>
void Call<C>::clear_answer() {
    Reply& a = answer();
    a.id.clear();
    a.model.clear();
    a.parts.clear();
    a.stop = StopReason::unknown;
    a.stop_text.clear();
    a.usage = Usage();
    a.extras.reset();
    a.joined.clear();
}

template <class C>
void Call<C>::begin() {
    started_ = now();
    own_total_ = total_ = state_->limits.total(started_, request_.deadline);
    cutoff_ = Cutoff{total_, Errc::timeout_total};
    begun_ = true;
    ++state_->active_calls;
    snapshot_ = state_->snapshot;
    draft_ = Draft(request_);
    if constexpr (C::has_hedge) state_->hedge.on_call(started_);
    set_phase(Phase::plan);
    state_->each_hook([&](auto& hook) {
        if constexpr (requires { hook.on_start(request_); }) hook.on_start(request_);
    });
    if (mode_ == Mode::errand) return;
    std::optional<Error> refused;
    state_->each_hook([&](auto& hook) {
        if constexpr (requires { hook.on_request(draft_); }) {
            if (refused) return;
            if constexpr (std::is_void_v<decltype(hook.on_request(draft_))>) {
                hook.on_request(draft_);
            } else {
                refused = hook.on_request(draft_);
            }
        }
    });
    if (refused) return finish(*refused);
    if (draft_->messages.empty()) {
        return finish(
            Error(Errc::invalid_request, "the request has no messages; give it one, e.g. user(\"Hello\")"));
    }
    if (look_up()) return;
    set_phase(Phase::classify);
}

template <class C>
bool Call<C>::look_up() {
    if constexpr (shares) {
        if (!draft_->cacheable || !draft_->tools.empty()) return false;
        auto& cache = state_->cache;
        this->key.clear();
        canonical(*draft_, this->key);
        state_->each_hook([&](auto& hook) {
            if constexpr (requires { hook.fingerprint(); }) {
                const std::uint64_t part = hook.fingerprint();
                this->key.append(reinterpret_cast<const char*>(&part), sizeof part);
            }
        });
        this->hash = cache.store.hash(this->key);
        if (const auto hit = cache.store.find(this->key, this->hash, started_)) {
            int provider = -1;
            if (unpack(hit.value(), answer(), &provider)) { // starts from an empty Reply, trace included
                if (provider >= 0 && static_cast<std::size_t>(provider) < C::providers) {
                    answer().provider = snapshot_->providers[static_cast<std::size_t>(provider)].name;
                }
                ++cache.hits;
                trace().cache_hit = true;
                replaying_ = true;
                this->key.clear(); // it is stored already
                finish();
                return true;
            }
        }
        if (!cache.exact.options.single_flight) return false;
        Call* flight = cache.flights.find(this->hash, [&](const Call& other) {
            // a stream whose beginning is too far back for a newcomer is not joined
            return other.key == this->key && other.snapshot_ == snapshot_ &&
                   (other.mode_ != Mode::stream ||
                    Replay().behind(other.answer()) <= cache.exact.options.replay_bytes);
        });
        if (Ptr joined = flight ? flight->reference() : Ptr()) {
            this->follows = std::move(joined);
            ++flight->readers;
            if (!flight->replaying_) {
                flight->replaying_ = true;
                flight->replay_.skip_to_end(flight->answer());
                if constexpr (C::has_resume) flight->replay_.saw_retractions(flight->retractions);
            }
            flight->total_ = std::max(flight->total_, total_);
            replaying_ = true;
            ++cache.joins;
            return true;
        }
        cache.flights.insert(*this);
        this->in_flight = true;
    }
    return false;
}

} // namespace baton::detail
