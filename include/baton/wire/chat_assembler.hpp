// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/delta.hpp>
#include <baton/core/json.hpp>
#include <baton/core/reply.hpp>
#include <baton/wire/chat_dialect.hpp>
#include <baton/wire/chat_reasoning.hpp>
#include <baton/wire/shown.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// For the lambdas that see every member of every event: GCC leaves them out of line, at 200 instructions
/// each.
#if defined(__GNUC__)
#define BATON_HOT_LAMBDA __attribute__((always_inline))
#else
#define BATON_HOT_LAMBDA
#endif

namespace baton::wire {

/// A member of an answer that is kept as it came, as an opaque part of this name.
struct ChatKept {
    std::string_view name;
    bool goes_back; ///< is a member of assistant messages in requests, too
};

/// Reads what one choice's message and its streamed deltas have in common into one growing Reply. Text,
/// reasoning and tool calls are each appended to the last part of their kind; but what is said after a
/// refusal, or refused after more was said, is a part of its own: both are shown as text, in this order. An
/// implementation detail of this dialect.
class ChatAssembler {
public:
    /// `reserve`: bytes a new text part makes room for at once; 0 = a whole body, not a stream.
    ChatAssembler(const ChatDialect& dialect, std::size_t reserve) noexcept
        : dialect_(&dialect), reserve_(reserve) {}

    /// The `delta` of an event, or a whole `message`.
    BATON_DECL void message(json::Reader& reader, Delta& delta, Reply& reply);
    /// The value of `finish_reason`, still JSON.
    BATON_DECL void finish(std::string_view reason, Reply& reply);
    /// The value of `logprobs`, still JSON.
    BATON_DECL void logprobs(std::string_view json);
    /// A member that is kept; one that came before is replaced, or goes on if it is an array of a stream.
    BATON_DECL void keep(const ChatKept& member, std::string_view json, bool goes_on);
    /// Shows in the delta what the event brought of tool calls. A call is shown from its name on: arguments
    /// that come before it wait, and so do later calls.
    BATON_DECL void finish_event(Delta& delta, const Reply& reply);
    bool finished() const noexcept { return finished_; }
    /// Gives every tool call arguments, adds what was kept, and closes the Reply.
    BATON_DECL void seal(Reply& reply);

private:
    static constexpr int none = -1;

    struct Call {
        std::int64_t wire_index; ///< the vendor's `index`; none where it sends none
        std::uint32_t part;      ///< in Reply::parts
        bool opened = false;     ///< its id and name were shown
        std::size_t shown = 0;   ///< bytes of its arguments
    };
    struct Kept {
        const ChatKept* member;
        std::string json;
    };
    struct Column { ///< one array of a streamed `logprobs`
        std::string name;
        std::string elements;
    };

    bool streamed() const noexcept { return reserve_ != 0; }
    BATON_DECL void content(json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL void content_part(std::string_view json, Delta& delta, Reply& reply);
    BATON_DECL void thinking(json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL void details(std::string_view json, Delta& delta, Reply& reply);
    BATON_DECL void refusal(json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL void tool_call(json::Reader& reader, Reply& reply);
    BATON_DECL void legacy_call(json::Reader& reader, Reply& reply);
    BATON_DECL void audio(json::Reader& reader, Reply& reply);
    BATON_DECL std::uint32_t find_call(std::int64_t wire_index, std::string_view id, Reply& reply);
    BATON_DECL Part& new_part(Part::Kind kind, int& index, Reply& reply);

    void add_text(std::string_view text, Delta& delta, Reply& reply) {
        if (text.empty()) return;
        Part& part = text_part_ > refusal_part_ ? reply.parts[static_cast<std::size_t>(text_part_)]
                                                : new_part(Part::Kind::text, text_part_, reply);
        append(part.text, text, delta.text, shown_text_);
    }
    void add_reasoning(std::string_view text, Delta& delta, Reply& reply) {
        if (text.empty()) return;
        Part& part = reasoning_part_ >= 0 ? reply.parts[static_cast<std::size_t>(reasoning_part_)]
                                          : new_part(Part::Kind::thinking, reasoning_part_, reply);
        append(part.text, text, delta.reasoning, shown_reasoning_);
    }
    void append(std::string& whole, std::string_view text, std::string_view& shown, ShownText& memory) {
        // parts of a whole body are no place to point at: they move
        streamed() ? memory.append(whole, text, shown) : void(whole.append(text));
    }

    const ChatDialect* dialect_;
    std::size_t reserve_;
    int text_part_ = none;
    int reasoning_part_ = none;
    int refusal_part_ = none;
    bool finished_ = false;
    bool unseen_ = false;   // calls, or more of them, that no delta has shown
    bool reasoned_ = false; // under a name of its own, not only in `reasoning_details`
    std::string scratch_;   // for text with escapes; keeps its capacity
    ShownText shown_text_, shown_reasoning_;
    std::string logprobs_;        // of a whole body
    std::vector<Column> columns_; // of a stream
    std::vector<Kept> kept_;
    ChatReasoningDetails details_;
    boost::container::small_vector<Call, 4> calls_;
    boost::container::small_vector<Delta::ToolFragment, 4> shown_;
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/chat_assembler.ipp>
#include <baton/wire/impl/chat_calls.ipp>
#endif
