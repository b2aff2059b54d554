// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The chat completions dialect: OpenAI's, and with small differences that of a dozen other vendors.
namespace baton::wire {

/// How one vendor's chat completions differ. A wire holds one of static storage duration.
struct ChatDialect {
    Vendor vendor;
    Capabilities capabilities;
    std::string_view path = "/chat/completions";
    std::string_view max_tokens_member = "max_tokens"; ///< OpenAI itself: "max_completion_tokens"
    bool stream_options = true;                        ///< knows `stream_options.include_usage`
};

/// Writes path and body. nullopt, or Errc::invalid_request naming the member that is at fault.
/// Left out, because no other model can use them: thinking, and opaque parts of other vendors.
BATON_DECL std::optional<Error> encode_chat(const ChatDialect& dialect, const Draft& draft,
                                            const Target& target, bool stream, Outgoing out);

/// Reads a whole 2xx body: choice 0, usage, or the error it carries. Leading white space (a gateway's
/// keep-alive) is fine.
BATON_DECL std::optional<Error> decode_chat(const ChatDialect& dialect, std::string_view body, Reply& reply);

/// Reads what a message and a streamed delta have in common into one growing Reply. Text, reasoning and
/// tool calls are each appended to the last part of their kind. An implementation detail of this dialect.
class ChatAssembler {
public:
    /// `reserve`: bytes a new text part makes room for at once; 0 = a whole body, not a stream.
    ChatAssembler(std::string_view vendor, std::size_t reserve) noexcept
        : vendor_(vendor), reserve_(reserve) {}

    /// One element of `choices`: its `delta` when streamed, else its `message`. Others than choice 0 are
    /// passed over.
    BATON_DECL void choice(json::Reader& reader, Delta& delta, Reply& reply);
    /// A `usage` object, taken apart into disjoint counters; null changes nothing.
    BATON_DECL static void usage(json::Reader& reader, Reply& reply);
    /// Points the delta at the fragments of this event. Before the next event: reset().
    BATON_DECL void finish_event(Delta& delta, const Reply& reply);
    void reset() noexcept { fragments_.clear(); }
    bool finish_seen() const noexcept { return finish_seen_; }
    bool choice_seen() const noexcept { return choice_seen_; }
    /// Gives every tool call arguments, and closes the Reply.
    BATON_DECL void seal(Reply& reply);

private:
    static constexpr int none = -1;

    struct Call {
        std::int64_t wire_index; ///< the vendor's `index`; none where it sends none
        std::uint32_t part;      ///< in Reply::parts
    };
    struct Fragment {
        std::uint32_t call;    ///< in calls_
        std::size_t arguments; ///< where this event's arguments start in the part's text
        bool opens;            ///< carries id and name
    };

    bool streamed() const noexcept { return reserve_ != 0; }
    BATON_DECL void content(json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL void content_array(json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL void thinking(json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL void refusal(json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL void tool_call(json::Reader& reader, Reply& reply);
    BATON_DECL void legacy_call(json::Reader& reader, Reply& reply);
    BATON_DECL void audio(json::Reader& reader, Reply& reply);
    BATON_DECL std::uint32_t find_call(std::int64_t wire_index, std::string_view id, Reply& reply);
    BATON_DECL Part& new_part(Part::Kind kind, int& index, Reply& reply);
    BATON_DECL void set_stop(std::string_view reason, Reply& reply);

    void add_text(std::string_view text, Delta& delta, Reply& reply) {
        if (text.empty()) return;
        Part& part = text_part_ >= 0 ? reply.parts[static_cast<std::size_t>(text_part_)]
                                     : new_part(Part::Kind::text, text_part_, reply);
        append(part.text, text, delta.text);
    }
    void add_reasoning(std::string_view text, Delta& delta, Reply& reply) {
        if (text.empty()) return;
        Part& part = reasoning_part_ >= 0 ? reply.parts[static_cast<std::size_t>(reasoning_part_)]
                                          : new_part(Part::Kind::thinking, reasoning_part_, reply);
        append(part.text, text, delta.reasoning);
    }
    // What is shown is the tail of the part itself: a growing part is never in the small buffer, so the view
    // survives moves of the part. Where one event adds to two parts of a kind, their texts are joined.
    void append(std::string& whole, std::string_view text, std::string_view& shown) {
        const bool goes_on = shown.empty() || shown.data() + shown.size() == whole.data() + whole.size();
        whole.append(text);
        if (!streamed()) return;
        if (goes_on) {
            shown = std::string_view(whole).substr(whole.size() - text.size() - shown.size());
        } else {
            joined_.assign(shown).append(text);
            shown = joined_;
        }
    }

    std::string_view vendor_;
    std::size_t reserve_;
    int text_part_ = none;
    int reasoning_part_ = none;
    int refusal_part_ = none;
    bool finish_seen_ = false;
    bool choice_seen_ = false;
    std::string scratch_; // for text with escapes; keeps its capacity
    std::string joined_;  // see append()
    boost::container::small_vector<Call, 4> calls_;
    boost::container::small_vector<Fragment, 4> fragments_;
    boost::container::small_vector<Delta::ToolFragment, 4> shown_;
};

/// Decodes a streamed chat completion (concept StreamDecoder). Ends with `[DONE]`; where a vendor omits
/// it, a finish reason makes the body's end an end. Movable, not thread-safe.
class ChatStreamDecoder {
public:
    explicit ChatStreamDecoder(const ChatDialect& dialect) noexcept
        : dialect_(&dialect), assembler_(dialect.vendor.name, text_reserve) {}

    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    /// 500 events of 8 characters then cost two growth steps.
    static constexpr std::size_t text_reserve = 1024;

    BATON_DECL Step fail(Error error);

    const ChatDialect* dialect_;
    ChatAssembler assembler_;
    Error error_;
};

/// The decoder of one dialect, default-constructible as the orchestrator needs it.
template <const ChatDialect& Dialect>
class ChatDecoderFor : public ChatStreamDecoder {
public:
    ChatDecoderFor() noexcept : ChatStreamDecoder(Dialect) {}
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/openai_chat.ipp>
#include <baton/wire/impl/openai_chat_encode.ipp>
#endif
