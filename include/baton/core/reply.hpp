// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/message.hpp>
#include <baton/core/trace.hpp>
#include <baton/core/usage.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton {

/// Why the model stopped.
enum class StopReason : unsigned char {
    unknown,        ///< the vendor gave none, or one we do not know; see Reply::stop_text
    stop,           ///< finished by itself
    length,         ///< hit a token cap
    tool_calls,     ///< waits for tool results
    stop_sequence,  ///< met one of Request::stop
    content_filter, ///< cut by the vendor's filter
    refusal,        ///< the model declined
    pause,          ///< the vendor paused a long turn; send the reply back to go on
};

class Reply;

/// What few answers have besides themselves. Such an answer is not cached.
struct ReplyExtras {
    /// Answers 1, 2, ... of a request with `choices(n)`: their parts, stop and log probabilities.
    std::vector<Reply> alternatives;
    std::string logprobs;     ///< the vendor's JSON for the first answer's log probabilities
    std::string service_tier; ///< which one served, in the vendor's word, where that differs from its default
};

/// The whole answer. Its tool calls are complete: a truncated stream never becomes a Reply.
class Reply {
public:
    /// All text parts, joined. Valid while the Reply lives and its parts are not edited.
    std::string_view text() const noexcept {
        std::string_view only;
        int count = 0;
        for (const Part& part : parts) {
            if (part.kind != Part::Kind::text) continue;
            only = part.text;
            ++count;
        }
        return count > 1 ? std::string_view(joined) : only;
    }

    /// Call after editing `parts`: rebuilds what text() returns when there are several text parts.
    void seal() {
        int count = 0;
        for (const Part& part : parts) count += part.kind == Part::Kind::text;
        if (count > 1) joined = joined_text(parts);
    }

    /// The turn as it goes into the next request.
    Message message() const& { return Message(Role::assistant, parts); }
    Message message() && { return Message(Role::assistant, std::move(parts)); }

    std::string id;            ///< the vendor's
    std::string model;         ///< what the vendor reported
    std::string_view provider; ///< who served it, its name in the composition
    Parts parts;               ///< text, tool calls, thinking, opaque blocks, in order
    StopReason stop = StopReason::unknown;
    std::string stop_text; ///< the vendor's own word when `stop` is unknown, or the sequence met
    Usage usage;
    Trace trace; ///< how it was got
    bool served_by_fallback = false;
    Boxed<ReplyExtras> extras; ///< see there

    std::string joined; ///< see seal()
};

} // namespace baton
