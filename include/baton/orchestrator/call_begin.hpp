// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

// The first half of a call's work: validation, hooks, cache, route; steps 1 to 3 of design section 5.
namespace baton::detail {

template <class C>
Want Call<C>::step() {
    for (;;) {
        switch (phase_) {
        case Phase::begin: begin(); break;
        case Phase::classify: {
            classify();
            if (phase_ == Phase::classify) return Want::classify;
            break;
        }
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
        case Phase::over: return Want::done;
        }
        if constexpr (shares) {
            if (this->follows) return Want::done; // advance() goes on with the work it follows
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
        trace().cache_hit = trace().joined = false;
        trace().task = {};
        answer().provider = {};
        answer().served_by_fallback = false;
    }
    mine_ = nullptr;
    replay_.restart();
    replaying_ = rang_ = left_ = false;
    waiting_ = Waiting::nothing;
    phase_ = Phase::begin;
    draft_ = Draft();
    request_.clear();
    snapshot_.reset();
    targets_.clear();
    own_targets_.clear();
    excluded_.clear();
    cursor_ = 0;
    task_.clear();
    error_ = Error();
    resume_at_ = never;
    waited_ = {};
    retries_on_target_ = retries_ = rounds_ = 0;
    fresh_only_ = replayed_ = committed_ = false;
}

/// Back to an empty answer, for another attempt; the trace stays.
template <class C>
void Call<C>::clear_answer() {
    Reply& a = answer();
    a.id.clear();
    a.model.clear();
    a.parts.clear();
    a.stop = StopReason::unknown;
    a.stop_text.clear();
    a.usage = Usage();
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
    set_phase(Phase::plan);
    state_->each_hook([&](auto& hook) {
        if constexpr (requires { hook.on_start(request_); }) hook.on_start(request_);
    });
    if (mode_ == Mode::health) return;
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
        const auto append = [&](std::uint64_t part) {
            this->key.append(reinterpret_cast<const char*>(&part), sizeof part);
        };
        append(snapshot_->revision);
        state_->each_hook([&](auto& hook) {
            if constexpr (requires { hook.fingerprint(); }) append(hook.fingerprint());
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
            return other.key == this->key &&
                   (other.mode_ != Mode::stream ||
                    Replay().behind(other.answer()) <= cache.exact.options.replay_bytes);
        });
        if (flight) {
            this->follows.reset(flight);
            ++flight->readers;
            if (!flight->replaying_) {
                flight->replaying_ = true;
                flight->replay_.skip_to_end(flight->answer());
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

template <class C>
void Call<C>::classify() {
    task_ = draft_->task;
    bool waits = false;
    if (task_.empty()) {
        state_->each_hook([&](auto& hook) {
            if constexpr (requires { hook.classify(draft_); }) {
                using T = decltype(hook.classify(draft_));
                if constexpr (std::is_convertible_v<T, std::string_view>) {
                    if (task_.empty()) task_ = hook.classify(draft_);
                } else {
                    waits = true;
                }
            }
        });
    }
    if (!waits) set_phase(Phase::plan);
}

template <class C>
void Call<C>::plan() {
    targets_.clear();
    own_targets_.clear();
    cursor_ = 0;
    retries_on_target_ = 0;
    const auto& providers = snapshot_->providers;

    // "vendor/name", if vendor is one of ours; else nullptr
    const auto named = [&](std::string_view name) -> const Target* {
        const std::size_t slash = name.find('/');
        for (const ProviderSettings& p : providers) {
            if (name.substr(0, slash) != p.name) continue;
            own_targets_.push_back(p.target);
            if (slash != std::string_view::npos) own_targets_.back().model = name.substr(slash + 1);
            return &own_targets_.back();
        }
        return nullptr;
    };

    if (mode_ == Mode::health) {
        targets_.push_back(&providers[health_].target);
        return set_phase(Phase::choose);
    }
    const std::string_view model = draft_->model;
    const Target* one = model.find('/') != std::string_view::npos ? named(model) : nullptr;
    if (one) {
        targets_.push_back(one);
    } else if (draft_->fallbacks.empty()) {
        const PlannedRow* row = snapshot_->row(task_);
        if (row) {
            trace().task = row->task;
            for (const Target& t : row->targets) targets_.push_back(&t);
        } else {
            for (const ProviderSettings& p : providers) targets_.push_back(&p.target);
        }
    }
    for (const std::string& name : draft_->fallbacks) {
        if (const Target* t = named(name)) {
            targets_.push_back(t);
        } else {
            return finish(Error(Errc::invalid_request, "fallbacks: \"" + name +
                                                           "\" names no provider of this "
                                                           "composition; write \"provider/model\""));
        }
    }
    if (!one && !model.empty()) {
        // a bare name goes to the providers that list it, else to the first; the others keep their own
        const auto lists = [&](std::size_t provider) {
            if (providers[provider].target.model == model) return true;
            for (const PlannedRow& row : snapshot_->rows) {
                for (const Target& t : row.targets) {
                    if (t.provider == provider && t.model == model) return true;
                }
            }
            return false;
        };
        bool listed = false;
        for (const Target* t : targets_) listed |= lists(t->provider);
        for (std::size_t i = 0; i < targets_.size(); ++i) {
            if (listed ? !lists(targets_[i]->provider) : i > 0) continue;
            own_targets_.push_back(*targets_[i]);
            own_targets_.back().model = model;
            targets_[i] = &own_targets_.back();
        }
    }

    // what cannot serve is skipped and noted
    std::size_t kept = 0;
    for (const Target* t : targets_) {
        const ProviderSettings& p = providers[t->provider];
        Errc skip = !p.problem.empty() ? Errc::auth : t->model.empty() ? Errc::invalid_request : Errc::ok;
        if (skip == Errc::ok) {
            for (const Excluded& e : excluded_) {
                if (e.provider == t->provider && e.model == t->model) skip = Errc::no_target;
            }
        }
        if (skip == Errc::ok) {
            targets_[kept++] = t;
            continue;
        }
        if (rounds_ == 0) {
            Attempt& note = trace().attempts.emplace_back();
            note.provider = p.name;
            note.model = t->model;
            note.outcome = skip;
        }
    }
    const std::size_t wanted = targets_.size();
    targets_.resize(kept);
    state_->each_hook([&](auto& hook) {
        if constexpr (requires(std::vector<const Target*>& list) { hook.on_targets(list); }) {
            std::vector<const Target*> list(targets_.begin(), targets_.end());
            hook.on_targets(list);
            targets_.assign(list.begin(), list.end());
        }
    });
    if (!targets_.empty()) return set_phase(Phase::choose);
    if (rounds_ > 0)
        return finish(Error(Errc::no_target, "no target is left that a policy's judgement allows"));

    std::string text;
    Errc errc = Errc::no_target;
    for (const ProviderSettings& p : providers) {
        if (p.problem.empty()) continue;
        text += (text.empty() ? "" : "; ") + p.problem;
        errc = Errc::auth;
    }
    if (kept == 0 && wanted > 0 && errc != Errc::auth) {
        errc = Errc::invalid_request;
        text =
            "no model is set; pass Options{.model = ...} of the provider, or model(\"...\") in the request";
    }
    if (text.empty()) text = "no target can serve this request; see the trace for those that were left out";
    finish(Error(errc, text));
}

} // namespace baton::detail
