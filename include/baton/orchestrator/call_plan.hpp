// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

// Which targets serve a call, in which order; step 3 of design section 5.
namespace baton::detail {

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
