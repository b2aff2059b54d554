// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/embeddings.hpp>
#include <baton/serve/concept.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::serve {

/// What a request to Gemini's API is for: its path says what other dialects have in the body.
class GeminiTarget {
public:
    enum class Method : unsigned char {
        unknown,
        generate,    ///< generateContent
        stream,      ///< streamGenerateContent
        count,       ///< countTokens
        embed,       ///< embedContent
        batch_embed, ///< batchEmbedContents
        models,      ///< the list of models
        model        ///< one of them
    };

    /// `target`: path and query as in the request line, with or without what stands before "/models".
    BATON_DECL explicit GeminiTarget(std::string_view target);

    Method method = Method::unknown;
    std::string model; ///< without "models/"; percent escapes are decoded
    bool sse = false;  ///< `alt=sse`; a stream without it is one JSON array
};

/// The server's side of Google's generateContent, as the Gemini API and Vertex speak it. Members may be
/// written in camelCase or snake_case. Stateless, safe from any thread.
class Gemini {
public:
    static constexpr std::string_view name = "gemini"; // as the wire's: marks parts that may go back
    static constexpr std::string_view path = "/models/";

    /// Reads the body of generateContent, streamGenerateContent or countTokens (there also the one inside
    /// `generateContentRequest`); model and stream are in the path, see the second decode(). Kept in
    /// `Request::extra` as they came: members that are not modelled, also those of `generationConfig`; tools
    /// that are not functions; a `toolConfig` that says more than a ToolChoice. Schemas of the older kind
    /// (`parameters`, `responseSchema`) become JSON Schema. Not kept: `displayName`, `finishReason`s.
    BATON_DECL static std::optional<Error> decode(std::string_view body, Incoming& incoming);
    /// The same, with what the path says. Errc::not_found if it says nothing that has such a body.
    BATON_DECL static std::optional<Error> decode(const GeminiTarget& target, std::string_view body,
                                                  Incoming& incoming);

    /// Gives calls and results without an id, as most Gemini clients send them, ids "call_1", "call_2" ... by
    /// their order. Other vendors need them, Gemini takes them.
    BATON_DECL static void number_calls(Request& request);

    /// Parts this dialect has no word for (opaque blocks and signatures of others) are left out.
    BATON_DECL static void encode(const Reply& reply, WallTime now, std::string& out);

    BATON_DECL static int encode_error(const Error& error, std::string& out);
    /// What Google answers, with status 200, to a prompt that its filter blocked.
    BATON_DECL static void encode_blocked(const Error& error, std::string_view model, std::string& out);

    BATON_DECL static void encode_models(std::span<const std::string> models, std::string& out);
    BATON_DECL static void encode_model(std::string_view model, std::string& out);

    BATON_DECL static void encode_count(std::uint64_t tokens, std::string& out);

    /// The body of batchEmbedContents or embedContent.
    BATON_DECL static std::optional<Error> decode_embed(const GeminiTarget& target, std::string_view body,
                                                        EmbedRequest& request);
    BATON_DECL static void encode_embed(const GeminiTarget& target, const Embeddings& answer,
                                        std::string& out);

    /// Server-sent events, or with StreamHead::array one JSON array. A function call is one part, so it is
    /// written when it is complete. There is no terminal event: what ends an answer is its finish reason, so
    /// after fail() the connection should be cut, not closed in good order: Google's SDK for JavaScript shows
    /// nothing else to its caller.
    class StreamEncoder {
    public:
        BATON_DECL void begin(const StreamHead& head, std::string& out);
        BATON_DECL void delta(const Delta& delta, std::string& out);
        BATON_DECL void part(const Part& part, std::string& out);
        BATON_DECL void finish(const Reply& reply, std::string& out);
        BATON_DECL void fail(const Error& error, std::string& out);

    private:
        struct Call {
            int index;
            std::string id, name, arguments;
        };
        BATON_DECL void chunk(std::string_view members, std::string& out);
        BATON_DECL void parts(std::string_view list, std::string& out);

        std::string id_, model_;
        std::vector<Call> calls_;
        bool array_ = false;
        bool first_ = true;
    };
};

} // namespace baton::serve

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/serve/impl/gemini.ipp>
#include <baton/serve/impl/gemini_config.ipp>
#include <baton/serve/impl/gemini_contents.ipp>
#include <baton/serve/impl/gemini_decode.ipp>
#include <baton/serve/impl/gemini_other.ipp>
#endif
