// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>
#include <baton/wire/shown.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The Responses dialect: OpenAI's second API, and with small differences that of half a dozen other vendors.
/// The conversation is kept by the caller, not by the vendor: requests say `"store":false` and carry every
/// item of earlier answers as the vendor said it.
namespace baton::wire {

namespace detail {
/// As Detail::extra of an opaque part: not an item, but an element of an item's content.
inline constexpr std::string_view content_mark = "\"content\":true";
} // namespace detail

/// How one vendor's Responses API differs. A wire holds one of static storage duration.
struct ResponsesDialect {
    /// When to ask for `reasoning.encrypted_content`, without which thinking cannot go back.
    enum class Ciphertext : unsigned char {
        never,
        by_model, ///< only from OpenAI's reasoning models, known by name: the others answer 400
        always
    };

    Vendor vendor;
    Capabilities capabilities;
    std::string_view path = "/responses";
    std::string_view user_member = "user"; ///< OpenAI itself: "safety_identifier"
    Ciphertext ciphertext = Ciphertext::always;
    /// A reasoning item that is but an id is looked up among the stored ones: 404 where nothing was stored.
    bool looks_up_reasoning = false;
};

/// Writes path and body. nullopt, or Errc::invalid_request naming the member that is at fault.
/// Left out, because no other model can use them: thinking and opaque parts of other vendors.
BATON_DECL std::optional<Error> encode_responses(const ResponsesDialect& dialect, const Draft& draft,
                                                 const Target& target, bool stream, Outgoing out);

/// The same request for `<path>/input_tokens`, which counts instead of answering. Request::extra and what has
/// no influence on the count stay behind.
BATON_DECL std::optional<Error> encode_responses_count(const ResponsesDialect& dialect, const Draft& draft,
                                                       const Target& target, Outgoing out);

/// Reads a whole 2xx body, or the error it carries. One that is still queued or in progress (`background`) is
/// a Reply with StopReason::pause.
BATON_DECL std::optional<Error> decode_responses(const ResponsesDialect& dialect, std::string_view body,
                                                 Reply& reply);
BATON_DECL std::optional<Error> decode_responses_count(const ResponsesDialect& dialect, std::string_view body,
                                                       std::uint64_t& tokens);

/// Turns output items into parts, in the order of their `output_index` whatever the order of the events.
/// A message is one part per element of its content, a reasoning item one per summary or text, a function
/// call one; every other item is one opaque part. The first part of a message or reasoning item has the
/// item's own members in Detail::extra, as `"item":{...}`; encode_responses puts it together again.
/// An implementation detail of this dialect.
class ResponsesItems {
public:
    /// What a text is part of.
    enum class Text : unsigned char { output, refusal, summary, reasoning };
    /// -1 where the event does not say.
    struct Place {
        std::int64_t item = -1; ///< output_index
        std::int64_t part = -1; ///< content_index or summary_index
    };

    ResponsesItems(std::string_view vendor, bool streamed) noexcept : vendor_(vendor), streamed_(streamed) {}

    /// Reads the item `json`. `whole`: it is complete and overrides what was read before.
    BATON_DECL void item(std::int64_t index, std::string_view json, bool whole, Delta& delta, Reply& reply);
    /// A fragment of a text, or with `whole` all of it.
    BATON_DECL void text(Text kind, Place place, std::string_view text, bool whole, Delta& delta,
                         Reply& reply);
    /// The same of a call's arguments.
    BATON_DECL void arguments(std::int64_t item, std::string_view text, bool whole, Delta& delta,
                              Reply& reply);
    /// Reads a final `response` object and closes the Reply. `status`: what to assume if it has none.
    BATON_DECL std::optional<Error> finish(const Vendor& vendor, json::Reader& reader,
                                           std::string_view status, std::string_view body, Reply& reply);

private:
    enum class Kind : unsigned char { message, reasoning, call, other };
    struct Slot {
        std::int64_t index;      ///< output_index
        std::uint32_t first;     ///< its first part in Reply::parts
        std::uint32_t parts;     ///< how many
        std::uint32_t summaries; ///< how many of them, in front, are from a reasoning item's `summary`
        Kind kind;
        bool done;   ///< read whole
        bool opened; ///< a call: its id and name have been shown
        int call;    ///< a call that has been shown: its number, in the order of that; else -1
    };

    BATON_DECL static Kind kind_of(std::string_view type) noexcept;
    BATON_DECL Slot* find(std::int64_t index) noexcept;
    BATON_DECL Slot& open(std::int64_t index, Kind kind, Reply& reply);
    BATON_DECL Part& insert(Slot& slot, std::uint32_t at, Part::Kind kind, Reply& reply);
    BATON_DECL void clear(Slot& slot, Reply& reply);
    BATON_DECL Part& element(Slot& slot, Text kind, std::int64_t place, Reply& reply);
    BATON_DECL void elements(Slot& slot, bool summary, std::string_view json, bool whole, Delta& delta,
                             Reply& reply);
    BATON_DECL void read_element(Slot& slot, bool summary, std::int64_t place, std::string_view json,
                                 bool whole, Delta& delta, Reply& reply);
    BATON_DECL void show_call(Slot& slot, std::size_t from, Delta& delta, const Reply& reply);
    BATON_DECL void append(std::string& whole, std::string_view text, std::string_view& shown);
    BATON_DECL void complete(std::string& whole, std::string_view text, std::string_view& shown);
    BATON_DECL Part::Detail& ours(Part& part) const;

    std::string_view vendor_;
    bool streamed_;
    int calls_ = 0;
    std::string scratch_; // for text with escapes; keeps its capacity
    ShownText shown_text_;
    boost::container::small_vector<Slot, 4> slots_; // sorted by index
    Delta::ToolFragment shown_;
};

/// Decodes a streamed response (concept StreamDecoder). Only response.completed or response.incomplete end
/// it well. Movable, not thread-safe.
class ResponsesStreamDecoder {
public:
    explicit ResponsesStreamDecoder(const ResponsesDialect& dialect) noexcept
        : dialect_(&dialect), items_(dialect.vendor.name, true) {}

    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    BATON_DECL Step fail(Error error);
    BATON_DECL Step finish(std::string_view response, std::string_view status, std::string_view data,
                           Delta& delta, Reply& reply);

    const ResponsesDialect* dialect_;
    ResponsesItems items_;
    std::string scratch_; // for deltas with escapes; keeps its capacity
    Error error_;
};

/// The decoder of one dialect, default-constructible as the orchestrator needs it.
template <const ResponsesDialect& Dialect>
class ResponsesDecoderFor : public ResponsesStreamDecoder {
public:
    ResponsesDecoderFor() noexcept : ResponsesStreamDecoder(Dialect) {}
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/openai_responses_encode.ipp>
#include <baton/wire/impl/openai_responses_items.ipp>
#include <baton/wire/impl/openai_responses_request.ipp>
#include <baton/wire/impl/openai_responses_stream.ipp>
#endif
