// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/estimate.hpp>
#include <baton/orchestrator/call.hpp>
#include <baton/orchestrator/needs.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>

// Which targets serve a call, in which order; step 3 of design section 5.
namespace baton::detail {

/// The task, where a hook names it: at once, or later.
template <class C>
void Call<C>::classify() {
    task_ = draft_->task;
    set_phase(Phase::plan);
    if (!task_.empty()) return;
    state_->each_hook([&](auto& hook) {
        if constexpr (requires { hook.classify(draft_); }) {
            if constexpr (std::is_convertible_v<decltype(hook.classify(draft_)), std::string_view>) {
                if (task_.empty()) task_ = hook.classify(draft_);
            }
        }
    });
    if constexpr (Classifying<C>::later) {
        if (task_.empty()) classify_later();
    }
}

template <class C>
struct Call<C>::Classified {
    Ptr call;
    std::shared_ptr<boost::asio::cancellation_signal> relay; // as long as the coroutine, which looks at it
    void operator()(std::exception_ptr, std::string task) const {
        const std::unique_lock lock(call->state_->mutex);
        if (!std::exchange(call->classifier, nullptr) || call->phase_ != Phase::classify) return;
        call->task_ = std::move(task); // what it threw means "no task": no call is lost for its classifier
        call->set_phase(Phase::plan);
        call->wake_driver();
    }
};

/// Runs the awaitable beside the call, which parks: deadlines and cancellation then hold as for any wait. The
/// draft it reads lives as long as it does.
template <class C>
void Call<C>::classify_later() {
    namespace asio = boost::asio;
    if constexpr (Classifying<C>::later) {
        constexpr std::size_t at = mp::mp_find_if<typename C::hooks, classifies_later_t>::value;
        const auto relay = this->classifier = std::make_shared<asio::cancellation_signal>();
        set_phase(Phase::classify);
        auto& hook = std::get<at>(state_->hooks);
        const auto run = [](Ptr call, auto& classifier) -> asio::awaitable<std::string, Ex> {
            std::string task = co_await classifier.classify(call->draft_);
            co_return task;
        };
        asio::co_spawn(this->executor(), run(Ptr(this), hook),
                       asio::bind_cancellation_slot(relay->slot(), Classified{Ptr(this), relay}));
    }
}

/// Of an errand's targets, those whose wire can do it, with the model it needs.
template <class C>
void Call<C>::offer_errand() {
    std::size_t kept = 0;
    for (const Target* t : targets_) {
        if (!errand_->offered_by(t->provider)) continue;
        const std::string_view own = errand_->default_model(t->provider);
        if (!own.empty() && errand_->model().find('/') == std::string_view::npos) {
            own_targets_.push_back(*t);
            own_targets_.back().model = own;
            t = &own_targets_.back();
        }
        targets_[kept++] = t;
    }
    targets_.resize(kept);
}

/// Targets whose window the prompt outgrows, as far as can be told before it is sent, where others are left
/// that hold it: an estimate refuses no call.
template <class C>
void Call<C>::leave_out_small() {
    if (targets_.size() < 2 || mode_ == Mode::errand) return;
    const std::uint64_t tokens = estimate_input(*draft_);
    const auto small = [&](const Target* t) { return t->max_context != 0 && t->max_context < tokens; };
    if (std::all_of(targets_.begin(), targets_.end(), small)) return;
    std::size_t kept = 0;
    for (const Target* t : targets_) {
        if (!small(t)) {
            targets_[kept++] = t;
        } else if (rounds_ == 0) {
            primary_skipped_ |= kept == 0;
            note_skipped(*t, Errc::context_overflow);
        }
    }
    targets_.resize(kept);
}

template <class C>
void Call<C>::note_skipped(const Target& target, Errc why) {
    Attempt& note = trace().attempts.emplace_back();
    note.provider = target.provider_name;
    note.model = target.model;
    note.outcome = why;
    report_attempt();
}

template <class C>
void Call<C>::plan() {
    targets_.clear();
    needs_ = mode_ == Mode::errand || draft_->lossy ? 0 : needs_of(*draft_, mode_ == Mode::stream);
    own_targets_.clear();
    cursor_ = 0;
    tried_ = 0;
    outgrown_.reset();
    retries_on_target_ = 0;
    if (rounds_ == 0) primary_skipped_ = false;
    const auto& providers = snapshot_->providers;

    // "vendor/name", if vendor is one of ours; else nullptr
    const auto named = [&](std::string_view name) -> const Target* {
        const std::size_t slash = name.find('/');
        for (const ProviderSettings& p : providers) {
            if (name.substr(0, slash) != p.name) continue;
            own_targets_.push_back(slash == std::string_view::npos ? p.target
                                                                   : p.with_model(name.substr(slash + 1)));
            return &own_targets_.back();
        }
        return nullptr;
    };

    const std::string_view model = mode_ == Mode::errand ? errand_->model() : draft_->model;
    const Target* one = model.find('/') != std::string_view::npos ? named(model) : nullptr;
    if (one) {
        targets_.push_back(one);
    } else if (draft_->fallbacks.empty()) {
        // a route is for answers
        const PlannedRow* row = mode_ == Mode::errand ? nullptr : snapshot_->row(task_);
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
    if (mode_ == Mode::errand && !targets_.empty()) {
        const std::string_view asked = targets_.front()->provider_name;
        offer_errand();
        if (targets_.empty()) {
            return finish(Error(Errc::invalid_request,
                                std::string(asked).append("'s API has no ").append(errand_->what()) +
                                    "; name a provider that has them, or leave the model out"));
        }
    }
    if (!one && !model.empty()) {
        // a bare name goes to the targets that list it, else to the first; the others keep their own
        const auto lists = [&](const Target& target) {
            if (target.model == model || providers[target.provider].target.model == model) return true;
            for (const PlannedRow& row : snapshot_->rows) {
                for (const Target& t : row.targets) {
                    if (t.provider == target.provider && t.model == model) return true;
                }
            }
            return false;
        };
        bool listed = false;
        for (const Target* t : targets_) listed |= lists(*t);
        std::size_t kept = 0;
        for (std::size_t i = 0; i < targets_.size(); ++i) {
            const Target* t = targets_[i];
            if (listed ? lists(*t) : i == 0) {
                Target& own = own_targets_.emplace_back(*t);
                if (own.model != model) own.max_context = providers[own.provider].max_context(model);
                own.model = model;
                t = &own;
            } else if (mode_ == Mode::errand) {
                continue; // vectors and counts of another model are of no use
            }
            targets_[kept++] = t;
        }
        targets_.resize(kept);
    }

    // what cannot serve is skipped and noted
    std::size_t kept = 0;
    std::string_view lacking; // what the request needs and a target cannot express
    std::string problems;     // of targets that are not configured
    for (const Target* t : targets_) {
        const ProviderSettings& p = providers[t->provider];
        const bool nameless = t->model.empty() && (mode_ != Mode::errand || errand_->needs_model());
        Errc skip = !p.problem.empty() ? Errc::auth : nameless ? Errc::invalid_request : Errc::ok;
        if (skip == Errc::auth && problems.find(p.problem) == std::string::npos)
            problems.append(problems.empty() ? "" : "; ").append(p.problem);
        if (skip == Errc::ok && needs_ != 0) {
            const std::string_view member = first_missing(needs_, p.capabilities);
            if (!member.empty()) {
                lacking = member;
                skip = Errc::invalid_request;
            }
        }
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
            primary_skipped_ |= t == targets_.front() && kept == 0;
            note_skipped(*t, skip);
        }
    }
    const std::size_t wanted = targets_.size();
    targets_.resize(kept);
    leave_out_small();
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

    std::string text = std::move(problems);
    Errc errc = text.empty() ? Errc::no_target : Errc::auth;
    if (!lacking.empty()) { // what is configured cannot say it: of more help than what is not configured
        errc = Errc::invalid_request;
        text = "no target can express `" + std::string(lacking) +
               "`; leave it out, make the request lossy to drop it, or add a provider that has it";
    } else if (kept == 0 && wanted > 0 && errc != Errc::auth) {
        errc = Errc::invalid_request;
        text =
            "no model is set; pass Options{.model = ...} of the provider, or model(\"...\") in the request";
    }
    if (text.empty()) text = "no target can serve this request; see the trace for those that were left out";
    finish(Error(errc, text));
}

} // namespace baton::detail
