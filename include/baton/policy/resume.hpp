// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/target.hpp>
#include <baton/detail/require_option.hpp>
#include <baton/policy/continuation.hpp>
#include <baton/policy/retry.hpp>
#include <baton/policy/slot.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace baton {

/// What is known when a stream has died after the commit point, and a target is about to be asked to go on.
struct ResumeFacts {
    Capabilities capabilities{}; ///< of that target
    std::size_t text_bytes = 0;  ///< of the answer's text, delivered to the caller
    int resumes = 0;             ///< already made in this call
    bool tool_fragments = false; ///< a part of a tool call was delivered
    bool opaque_parts = false;   ///< the answer holds blocks that cannot be sent back unfinished
    bool structured = false;     ///< the request asks for JSON: half of a document is not continued as one
};

/// Whether a stream that died of `error` may be resumed at all. Not where the request, the caller, the clock
/// or a content filter ended it, and not where the prompt, which a continuation only makes longer, is too
/// long.
constexpr bool may_resume(Errc error) noexcept {
    switch (error) {
    case Errc::transient:
    case Errc::rate_limited:
    case Errc::quota:
    case Errc::auth:
    case Errc::permission:
    case Errc::not_found:
    case Errc::unavailable:
    case Errc::tls:
    case Errc::timeout_connect:
    case Errc::timeout_first_token:
    case Errc::timeout_idle:
    case Errc::truncated:
    case Errc::protocol:
    case Errc::breaker_open: return true;
    default: return false;
    }
}

/// Whether `mode` can carry on what was delivered. Fragments of a tool call, opaque blocks and JSON documents
/// are not continued from the middle. If no text was delivered, there is nothing to continue or to match, and
/// Restart is a plain second attempt.
constexpr bool can_resume(ResumeMode mode, const ResumeFacts& facts) noexcept {
    const bool only_text =
        facts.text_bytes > 0 && !facts.tool_fragments && !facts.opaque_parts && !facts.structured;
    switch (mode) {
    case ResumeMode::none: return true;
    case ResumeMode::prefill: return only_text && facts.capabilities.prefill;
    case ResumeMode::instruct: return only_text;
    case ResumeMode::restart: return true;
    }
    return false;
}

/// What fills the Resume slot: how a dead stream is carried on. Who satisfies it: Never, Prefill, Instruct,
/// Restart, Auto, and any class with these members. Pure and const: the calls of all threads may share it.
template <class S>
concept ResumeStrategy = requires(const S& strategy, ResumeMode refused, const ResumeFacts& facts) {
    { strategy.first(facts) } -> std::same_as<ResumeMode>; ///< none: the call ends with its error
    /// A target refused (4xx) a continuation in mode `refused`: what to try next, with the same target or
    /// another. Does not count as a resume.
    { strategy.next_after_refusal(refused, facts) } -> std::same_as<ResumeMode>;
};

/// A ResumeStrategy that ever resumes says how follow-up requests and seams are made.
template <class S>
concept ContinuesCalls = ResumeStrategy<S> && requires(const S& strategy) {
    { strategy.continuation() } -> std::same_as<const Continuation&>;
};

class Auto;

/// The slot: what happens when a stream dies after the commit point. Without it, or with `Resume<Never>`, the
/// call ends with the stream's error.
template <class Strategy = Auto>
struct Resume {
    using slot = slot::resume;
    using strategy = Strategy;
};

namespace detail {

/// The modes from `from` on, in the order prefill, instruct, restart; the first that can.
constexpr ResumeMode first_possible(ResumeMode from, const ResumeFacts& facts) noexcept {
    for (auto mode = from; mode <= ResumeMode::restart;
         mode = static_cast<ResumeMode>(static_cast<unsigned char>(mode) + 1)) {
        if (mode != ResumeMode::none && can_resume(mode, facts)) return mode;
    }
    return ResumeMode::none;
}

/// One mode only, and a plain second attempt where no text was delivered.
constexpr ResumeMode only(ResumeMode mode, const ResumeFacts& facts, int max_resumes) noexcept {
    if (facts.resumes >= max_resumes) return ResumeMode::none;
    if (can_resume(mode, facts)) return mode;
    const bool nothing_seen = facts.text_bytes == 0 && !facts.tool_fragments && !facts.opaque_parts;
    return nothing_seen ? ResumeMode::restart : ResumeMode::none;
}

inline void require_resumes(int max_resumes) {
    require_option(max_resumes >= 0 && max_resumes <= 16, "Resume: max_resumes must be between 0 and 16");
}

} // namespace detail

/// `Resume<Prefill>`: the target continues a trailing assistant message. The most exact way, at the few
/// vendors that have it; elsewhere the call ends with its error.
class Prefill {
public:
    struct Options {
        int max_resumes = 2;               ///< per call; 0 to 16
        std::uint32_t bytes_per_token = 4; ///< to lower `max_tokens` by what was delivered; 1 to 64
        std::size_t min_echo = 16;         ///< see Continuation; 1 or more
    };

    Prefill() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Prefill(const Options& options) : max_resumes_(options.max_resumes) {
        detail::require_resumes(max_resumes_);
        continuation_.bytes_per_token = options.bytes_per_token;
        continuation_.min_echo = options.min_echo;
        continuation_.check();
    }

    ResumeMode first(const ResumeFacts& facts) const noexcept {
        return detail::only(ResumeMode::prefill, facts, max_resumes_);
    }
    static ResumeMode next_after_refusal(ResumeMode, const ResumeFacts&) noexcept { return ResumeMode::none; }
    const Continuation& continuation() const noexcept { return continuation_; }

private:
    int max_resumes_ = Options{}.max_resumes;
    Continuation continuation_;
};

/// `Resume<Instruct>`: the target is shown what was delivered and asked, in a user turn, to go on. Works at
/// every vendor; models sometimes repeat a few words, which the Seam drops.
class Instruct {
public:
    struct Options {
        int max_resumes = 2;               ///< per call; 0 to 16
        std::string_view instruction = {}; ///< the user turn; "": Continuation's own words
        std::uint32_t bytes_per_token = 4; ///< to lower `max_tokens` by what was delivered; 1 to 64
        std::size_t window = 512;          ///< bytes at the end in which repetition is looked for; 0 to 4096
        std::size_t min_overlap = 4;       ///< shorter repetitions are left; 1 or more
    };

    Instruct() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Instruct(const Options& options) : max_resumes_(options.max_resumes), continuation_(options) {
        detail::require_resumes(max_resumes_);
    }

    ResumeMode first(const ResumeFacts& facts) const noexcept {
        return detail::only(ResumeMode::instruct, facts, max_resumes_);
    }
    static ResumeMode next_after_refusal(ResumeMode, const ResumeFacts&) noexcept { return ResumeMode::none; }
    const Continuation& continuation() const noexcept { return continuation_; }

private:
    int max_resumes_ = Options{}.max_resumes;
    Continuation continuation_;
};

/// `Resume<Restart>`: the request is sent again, and its answer is suppressed as long as it equals what was
/// delivered. Where it departs, the caller is told how much to take back.
class Restart {
public:
    struct Options {
        int max_resumes = 2; ///< per call; 0 to 16
    };

    Restart() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Restart(const Options& options) : max_resumes_(options.max_resumes) {
        detail::require_resumes(max_resumes_);
    }

    ResumeMode first(const ResumeFacts& facts) const noexcept {
        return detail::only(ResumeMode::restart, facts, max_resumes_);
    }
    static ResumeMode next_after_refusal(ResumeMode, const ResumeFacts&) noexcept { return ResumeMode::none; }
    const Continuation& continuation() const noexcept { return continuation_; }

private:
    int max_resumes_ = Options{}.max_resumes;
    Continuation continuation_;
};

/// `Resume<Auto>`: Prefill where the target has it, then Instruct, then Restart: the first that the target
/// can do, and the next one where it refuses.
class Auto {
public:
    struct Options {
        int max_resumes = 2; ///< per call; 0 to 16
        /// Less delivered text than this is not continued but restarted, in bytes.
        std::size_t min_text = 1;
        std::string_view instruction = {}; ///< see Instruct
        std::uint32_t bytes_per_token = 4; ///< to lower `max_tokens` by what was delivered; 1 to 64
        std::size_t window = 512;          ///< see Instruct
        std::size_t min_overlap = 4;       ///< see Instruct
    };

    Auto() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Auto(const Options& options)
        : max_resumes_(options.max_resumes), min_text_(options.min_text), continuation_(options) {
        detail::require_resumes(max_resumes_);
    }

    ResumeMode first(const ResumeFacts& facts) const noexcept {
        if (facts.resumes >= max_resumes_) return ResumeMode::none;
        return detail::first_possible(
            facts.text_bytes < min_text_ ? ResumeMode::restart : ResumeMode::prefill, facts);
    }
    static ResumeMode next_after_refusal(ResumeMode refused, const ResumeFacts& facts) noexcept {
        if (refused == ResumeMode::none || refused == ResumeMode::restart) return ResumeMode::none;
        return detail::first_possible(
            refused == ResumeMode::prefill ? ResumeMode::instruct : ResumeMode::restart, facts);
    }
    const Continuation& continuation() const noexcept { return continuation_; }

private:
    int max_resumes_ = Options{}.max_resumes;
    std::size_t min_text_ = Options{}.min_text;
    Continuation continuation_;
};

static_assert(ContinuesCalls<Prefill> && ContinuesCalls<Instruct> && ContinuesCalls<Restart> &&
              ContinuesCalls<Auto> && ResumeStrategy<Never> && !ContinuesCalls<Never>);

} // namespace baton
