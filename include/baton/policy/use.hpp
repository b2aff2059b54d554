// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/draft.hpp>
#include <baton/core/error.hpp>
#include <baton/core/reply.hpp>
#include <baton/core/trace.hpp>
#include <baton/policy/slot.hpp>

#include <utility>

namespace baton {

/// What a policy that judges replies says in `on_reply`.
class Judgement {
public:
    enum class Kind : unsigned char {
        accept, ///< hand it to the caller
        reject, ///< fail the call with `error`
        again,  ///< another round with the Draft as the policy has just edited it
        move,   ///< another round without the target that gave this reply
    };
    Judgement() = default;
    static Judgement accept() { return Judgement(); }
    static Judgement reject(Error why) { return Judgement(Kind::reject, std::move(why)); }
    static Judgement again() { return Judgement(Kind::again, Error()); }
    static Judgement move() { return Judgement(Kind::move, Error()); }

    Kind kind() const noexcept { return kind_; }
    const Error& error() const noexcept { return error_; }

private:
    Judgement(Kind kind, Error error) : kind_(kind), error_(std::move(error)) {}
    Kind kind_ = Kind::accept;
    Error error_;
};

/// How a call ended, for `on_end`. Exactly one of `reply` and `error` is set; views for the time of the hook.
struct Outcome {
    const Reply* reply = nullptr;
    const Error* error = nullptr;
    const Trace* trace = nullptr; ///< its attempts: provider, model, latency, primary or fallback
    Duration latency{};           ///< from start to end, waits included
};

/// Slot `Use`: an open sequence of the user's own policies. A policy is any object with any of these
/// plain member functions; what it lacks costs nothing. They run on the call's executor, in list order
/// (under `Threads<Multi>`, one call at a time):
///
///     void on_request(Draft&)                      edit the request before anything else happens
///     std::optional<Error> on_request(Draft&)      ... or refuse it
///     T classify(const Draft&)                     the task; T is text, or an awaitable of text, which is
///                                                  cancelled when the call ends (and runs beside other
///                                                  calls, so it must be thread-safe under `Threads<Multi>`)
///     void on_targets(std::vector<const Target*>&) reorder or remove targets
///     void on_start(const Request&)                a call begins
///     void on_attempt(const Attempt&)              an attempt ended (or was skipped)
///     void on_delta(Delta&)                        a streamed piece is about to be handed over
///     Judgement on_reply(Reply&, Draft&)             judge the whole answer; streams are then buffered
///     void on_reply(Reply&)                        edit the whole answer
///     void on_end(const Outcome&)                  the call is over
///     std::uint64_t fingerprint() const            part of the cache key, if it can change an answer
template <class... Policies>
struct Use {
    using slot = slot::use;
};

/// Slot `Observe`: as `Use`, for policies that only watch: on_start, on_attempt, on_end.
template <class... Observers>
struct Observe {
    using slot = slot::observe;
};

} // namespace baton
