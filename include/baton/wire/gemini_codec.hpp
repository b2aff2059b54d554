// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>
#include <baton/wire/gemini_arguments.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// generateContent: Google's dialect, spoken by the Gemini API and by Vertex AI.
namespace baton::wire {

/// How the two doors to it differ. A wire holds one of static storage duration.
struct GeminiDialect {
    Vendor vendor;
    Capabilities capabilities;
    std::string_view models_path; ///< in front of a bare model name: "/models/"
    std::span<const std::string_view>
        finish_reasons;  ///< by number, as `$alt=json;enum-encoding=int` sends them
    bool vertex = false; ///< document titles, `predict` for embeddings, another body for countTokens
};

/// Writes path and body. nullopt, or Errc::invalid_request naming the member that is at fault.
///
/// - Schemas are JSON Schema, so they go into `parametersJsonSchema` and `responseJsonSchema`; the older
///   `parameters` and `responseSchema` are OpenAPI schemas and refuse `additionalProperties`, `$ref`, ...
/// - A call to a strict tool is enforced by mode VALIDATED (or ANY), which then holds for all tools.
/// - `reasoning(effort)`: thinkingLevel; for models before Gemini 3 the thinkingBudget that Google itself
///   gives these words in its OpenAI-compatible door. Thoughts are asked for, unless they are turned off.
/// - Members of Request::extra are sent as they are; inside `generationConfig`, its `thinkingConfig` and
///   `toolConfig` they take the place of single members, and `tools` are added to the request's.
/// - A tool result needs its function's name: taken from the call with the same id; among calls without ids
///   (most models give none) the results answer in the order of the calls.
/// - Left out: other vendors' thinking and opaque parts; cache points and, on the Gemini API, the titles of
///   documents, for which there are no words.
BATON_DECL std::optional<Error> encode_gemini(const GeminiDialect& dialect, const Draft& draft,
                                              const Target& target, bool stream, Outgoing out);
BATON_DECL std::optional<Error> encode_gemini_count(const GeminiDialect& dialect, const Draft& draft,
                                                    const Target& target, Outgoing out);
BATON_DECL std::optional<Error> encode_gemini_embed(const GeminiDialect& dialect, const EmbedRequest& request,
                                                    const Target& target, Outgoing out);

/// Reads a whole 2xx body, or the array of responses that streaming without `alt=sse` gives.
BATON_DECL std::optional<Error> decode_gemini(const GeminiDialect& dialect, std::string_view body,
                                              Reply& reply);
BATON_DECL std::optional<Error> decode_gemini_count(const GeminiDialect& dialect, std::string_view body,
                                                    std::uint64_t& tokens);
/// batchEmbedContents, embedContent or Vertex's predict.
BATON_DECL std::optional<Error> decode_gemini_embed(const GeminiDialect& dialect, std::string_view body,
                                                    Embeddings& answer);
BATON_DECL std::optional<Error> decode_gemini_models(const GeminiDialect& dialect, std::string_view body,
                                                     std::vector<ModelInfo>& models);
/// The path of the next page of the list at `list`, "" if there is none.
BATON_DECL std::string next_gemini_page(std::string_view list, std::string_view body);

/// Classifies an error response. A quota per day is Errc::quota, one per minute a rate limit: Google's
/// message is the same for both.
BATON_DECL Error make_gemini_error(const GeminiDialect& dialect, int status, Headers headers,
                                   std::string_view body, WallTime now);

/// Reads responses, whole ones or a stream's, into one growing Reply. An implementation detail.
///
/// - What is neither text nor a function call stays opaque, byte for byte and in its place; so does an empty
///   text that carries a signature. A part with a signature is never joined with its neighbours.
/// - Grounding, citation and URL metadata become opaque parts at the end, never sent back: they are no parts
///   of a message.
/// - A prompt that was blocked is Errc::content_filtered; an answer cut by a filter is a Reply that says so.
/// - STOP with function calls is StopReason::tool_calls; Google has no word of its own for it.
class GeminiAssembler {
public:
    GeminiAssembler(const GeminiDialect& dialect, bool streamed) noexcept
        : dialect_(&dialect), streamed_(streamed) {}

    /// One response object; nullopt, or what is wrong with it.
    BATON_DECL std::optional<Error> response(std::string_view json, Delta& delta, Reply& reply);
    bool finish_seen() const noexcept { return finish_seen_; }
    bool candidate_seen() const noexcept { return candidate_seen_; }
    /// Writes Reply::usage; seal() does it too.
    BATON_DECL void settle_usage(Reply& reply);
    /// Closes the Reply.
    BATON_DECL void seal(Reply& reply);

private:
    /// One candidate's state.
    struct Track {
        int calls = 0; ///< function calls so far
        int open = -1; ///< the part whose arguments go on
        GeminiArguments arguments;
    };
    struct Fragment {
        int call;
        std::size_t part;
        std::size_t arguments; ///< where this response's arguments start in the part's text
        bool opens;            ///< carries id and name
    };
    /// The members of one part.
    struct Piece {
        std::string_view json, text, signature, call, name;
        bool has_text = false, thought = false, other = false;
    };
    /// Lists of what a candidate says beside its content, one element for each response.
    enum Beside : std::size_t { grounding, citations, urls, logprobs, ratings, besides };

    BATON_DECL void candidate(json::Reader& reader, std::int64_t position, Delta& delta, Reply& reply);
    BATON_DECL void content(std::string_view json, Track& track, Delta* delta, Reply& reply);
    BATON_DECL void part(const Piece& piece, Track& track, Delta* delta, Reply& reply);
    BATON_DECL void opaque(const Piece& piece, std::string_view name, Reply& reply);
    BATON_DECL void text(const Piece& piece, Delta* delta, Reply& reply);
    BATON_DECL void call(const Piece& piece, Track& track, Delta* delta, Reply& reply);
    BATON_DECL void close(Track& track, bool shown, Reply& reply);
    BATON_DECL void show_from_here(const Track& track, bool opens, const Reply& reply);
    BATON_DECL void finish_reason(std::string_view json, Reply& reply) const;
    BATON_DECL void feedback(json::Reader& reader);
    BATON_DECL void finish_delta(Delta& delta, const Reply& reply);
    BATON_DECL Error blocked() const;

    const GeminiDialect* dialect_;
    bool streamed_;
    bool finish_seen_ = false;
    bool candidate_seen_ = false;
    bool brought_ = false; // the current response has brought content
    bool torn_ = false;    // ... arguments that do not continue what there is
    std::string usage_;    // the last usageMetadata, as it came
    std::string block_reason_, block_message_;
    std::string scratch_, signature_scratch_; // for strings with escapes; they keep their capacity
    std::string joined_, joined_thoughts_;    // see text()
    Track first_;
    std::vector<Track> others_;
    std::string beside_[besides];
    boost::container::small_vector<Fragment, 2> fragments_;
    boost::container::small_vector<Delta::ToolFragment, 2> shown_;
};

/// Decodes a streamed answer (concept StreamDecoder). No event ends it: a finish reason makes the body's end
/// an end, unless content without one followed. Movable, not thread-safe.
class GeminiStreamDecoder {
public:
    explicit GeminiStreamDecoder(const GeminiDialect& dialect) noexcept
        : dialect_(&dialect), assembler_(dialect, true) {}

    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    const GeminiDialect* dialect_;
    GeminiAssembler assembler_;
    Error error_;
};

/// The decoder of one dialect, default-constructible as the orchestrator needs it.
template <const GeminiDialect& Dialect>
class GeminiDecoderFor : public GeminiStreamDecoder {
public:
    GeminiDecoderFor() noexcept : GeminiStreamDecoder(Dialect) {}
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/gemini_codec.ipp>
#include <baton/wire/impl/gemini_encode.ipp>
#include <baton/wire/impl/gemini_errands.ipp>
#include <baton/wire/impl/gemini_reply.ipp>
#endif
