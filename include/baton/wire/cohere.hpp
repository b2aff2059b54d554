// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>
#include <baton/wire/encode.hpp>
#include <baton/wire/shown.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule cohere_rules[] = {
    {Errc::quota, {}, "api calls / month"}, // a trial key's; its calls per minute are a rate limit
    {Errc::context_overflow, "TOO_MANY_TOKENS", {}}, {Errc::context_overflow, {}, "too many tokens"},
    {Errc::auth, {}, "invalid api token"},           {Errc::not_found, {}, "was removed on"},
    {Errc::content_filtered, {}, {}, 498},
};

inline constexpr Vendor cohere_vendor{.name = "cohere", .key_variable = "CO_API_KEY", .rules = cohere_rules};

} // namespace detail

/// Puts an answer's message together, whole or from events. `tool_plan` is a thinking part of that name,
/// first; then come the elements of `content`, the calls, and as opaque parts what baton does not model:
/// members of the message under their name (`citations`), elements of the content without one.
/// An implementation detail of this dialect.
class CohereAssembler {
public:
    /// Which member of an event's `delta.message` counts, and how.
    enum class Piece : unsigned char { content_start, content, tool_plan, call_start, call, citation };

    /// Appends the complete message that `reader` is at; false if it is none.
    BATON_DECL bool whole(json::Reader& reader, Reply& reply);
    /// Reads an event's `delta.message`; false if it does not fit what came before.
    BATON_DECL bool extend(Piece piece, std::int64_t index, json::Reader& reader, Delta& delta, Reply& reply);
    /// An event's `logprobs`: those of its text.
    BATON_DECL void add_logprobs(json::Reader& reader);
    /// The message is complete.
    BATON_DECL void finish(Reply& reply);

private:
    enum class Kind : unsigned char { text, thinking, other, call };
    struct Slot {
        std::int64_t index;
        std::uint32_t part; ///< in the reply
        Kind kind;
        int call; ///< of a tool call: which one
    };

    BATON_DECL Slot* find(std::int64_t index, bool call) noexcept;
    BATON_DECL Slot& open(std::int64_t index, Kind kind, Reply& reply);
    BATON_DECL bool add_text(std::int64_t index, Kind kind, json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL bool start_content(std::int64_t index, json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL bool extend_content(std::int64_t index, json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL bool extend_other(Slot& slot, std::string_view json, Reply& reply);
    BATON_DECL bool start_call(std::int64_t index, json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL bool extend_call(std::int64_t index, json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL static void add_element(std::string_view json, Reply& reply);
    BATON_DECL static void add_call(std::string_view json, Reply& reply);

    boost::container::small_vector<Slot, 4> slots_;
    std::int64_t plan_ = -1; ///< the part that grows with `tool_plan`
    int calls_ = 0;
    std::string scratch_;              ///< for text with escapes; keeps its capacity
    std::string citations_, logprobs_; ///< joined by commas
    ShownText shown_text_, shown_reasoning_;
    ShownCalls shown_calls_;
};

/// Decodes a streamed chat (concept StreamDecoder). Only `message-end` ends it. Not thread-safe.
class CohereStreamDecoder {
public:
    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    enum class Event : unsigned char {
        unnamed,
        content_delta,
        content_start,
        tool_plan_delta,
        tool_call_start,
        tool_call_delta,
        citation_start,
        message_start,
        message_end,
        error,
        unknown ///< includes the ends of content, calls and citations, which say nothing new
    };

    BATON_DECL static Event named(std::string_view type) noexcept;
    static bool is_indexed(Event event) noexcept {
        return event == Event::content_delta || event == Event::content_start ||
               event == Event::tool_call_delta || event == Event::tool_call_start;
    }
    BATON_DECL bool read_delta(Event event, std::int64_t index, json::Reader& reader, Delta& delta,
                               Reply& reply);
    BATON_DECL Step fail(Error error);

    CohereAssembler message_;
    std::optional<Error> failure_; ///< a finish_reason that is an error
    Error error_;
};

/// Cohere's chat, version 2. Documents to answer from, safety mode and citation options go through `extra`
/// (`{"documents":[...]}`). `strict` of one tool asks for all of them; a response_format's `strict` is always
/// on. A tool cannot be named, parallel calls not forbidden, and log probabilities come without alternatives.
struct Cohere {
    struct Options {
        std::string_view base_url{};    ///< "" = $CO_API_URL, else https://api.cohere.com
        std::string_view key{};         ///< "" = $CO_API_KEY, else $COHERE_API_KEY
        std::string_view model{};       ///< "" = default_model
        std::string_view client_name{}; ///< sent as X-Client-Name: the project's name in Cohere's statistics
    };

    static constexpr std::string_view name = "cohere";
    static constexpr std::string_view default_base_url = "https://api.cohere.com";
    static constexpr std::string_view default_model =
        "command-a-03-2025"; // as of November 2026; see Options::model
    static constexpr std::string_view default_embedding_model = "embed-v4.0";
    static constexpr std::string_view key_variable = "CO_API_KEY";
    static constexpr std::string_view other_key_variable = "COHERE_API_KEY";
    static constexpr std::string_view base_url_variable = "CO_API_URL";
    static constexpr std::string_view health_path = "/v1/models?page_size=1000"; // the most on one page
    static constexpr Framing framing = Framing::sse;
    static constexpr Capabilities capabilities{.tools = true,
                                               .images = true,
                                               .image_urls = true,
                                               .json_object = true,
                                               .json_schema = true,
                                               .strict_tools = true,
                                               .reasoning = true,
                                               .reasoning_budget = true,
                                               .top_k = true,
                                               .seed = true,
                                               .penalties = true,
                                               .logprobs = true,
                                               .embeddings = true,
                                               .max_context = 288'000}; // its model list, November 2026

    using StreamDecoder = CohereStreamDecoder;

    /// Appends the credential lines; nullopt, or which option cannot be a header.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);
    BATON_DECL static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream,
                                                  Outgoing out);
    BATON_DECL static std::optional<Error> decode(std::string_view body, Reply& reply);
    /// Vectors of floats. What the texts are for must be said: it is a document where the request does not.
    BATON_DECL static std::optional<Error> encode_embed(const EmbedRequest& request, const Target& target,
                                                        Outgoing out);
    static EmbedBatch embed_batch(std::string_view) noexcept { return {.inputs = 96}; }
    BATON_DECL static std::optional<Error> decode_embed(std::string_view body, Embeddings& answer);
    BATON_DECL static std::optional<Error> decode_models(std::string_view body,
                                                         std::vector<ModelInfo>& models);
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_error(detail::cohere_vendor, status, headers, body, now);
    }
};

static_assert(Wire<Cohere>, "Cohere must model the Wire concept");
static_assert(Embeds<Cohere> && ListsModels<Cohere>);

} // namespace baton::wire

namespace baton {
using wire::Cohere;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/cohere.ipp>
#include <baton/wire/impl/cohere_encode.ipp>
#include <baton/wire/impl/cohere_message.ipp>
#include <baton/wire/impl/cohere_request.ipp>
#endif
