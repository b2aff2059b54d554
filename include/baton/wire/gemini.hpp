// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/gemini_codec.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::wire {

namespace detail {

// Both doors. 429 is a rate limit unless decode_error() finds the quota of a day.
inline constexpr ErrorRule gemini_rules[] = {
    {Errc::quota, "BILLING_DISABLED", {}},
    {Errc::quota, {}, "enable billing"},
    {Errc::quota, {}, "credits are depleted"},
    {Errc::quota, {}, "limit: 0,"}, // of a minute too: this account has none of this model
    {Errc::context_overflow, {}, "exceeds the maximum number of tokens"},
    {Errc::auth, {}, "api key not valid"},
    {Errc::auth, {}, "api key expired"},
    {Errc::auth, "UNAUTHENTICATED", {}},
    {Errc::permission, {}, "location is not supported"},
    {Errc::transient, "UNAVAILABLE", {}},
};

inline constexpr Capabilities gemini_capabilities{.tools = true,
                                                  .images = true,
                                                  .image_urls = true,
                                                  .documents = true,
                                                  .json_object = true,
                                                  .json_schema = true,
                                                  .strict_tools = true,
                                                  .reasoning = true,
                                                  .reasoning_effort = true,
                                                  .reasoning_budget = true,
                                                  .top_k = true,
                                                  .seed = true,
                                                  .penalties = true,
                                                  .logprobs = true,
                                                  .choices = true,
                                                  .service_tier = true,
                                                  .embeddings = true,
                                                  .token_count = true,
                                                  .max_context = 1'048'576};

// Candidate.FinishReason of google.ai.generativelanguage.v1beta; Vertex numbers them otherwise.
inline constexpr std::string_view gemini_finish_reasons[] = {"FINISH_REASON_UNSPECIFIED",
                                                             "STOP",
                                                             "MAX_TOKENS",
                                                             "SAFETY",
                                                             "RECITATION",
                                                             "OTHER",
                                                             "LANGUAGE",
                                                             "BLOCKLIST",
                                                             "PROHIBITED_CONTENT",
                                                             "SPII",
                                                             "MALFORMED_FUNCTION_CALL",
                                                             "IMAGE_SAFETY",
                                                             "UNEXPECTED_TOOL_CALL"};

inline constexpr GeminiDialect gemini_dialect{
    .vendor = {.name = "gemini", .key_variable = "GEMINI_API_KEY", .rules = gemini_rules},
    .capabilities = gemini_capabilities,
    .models_path = "/models/",
    .finish_reasons = gemini_finish_reasons};

} // namespace detail

/// Google's Gemini API, with an API key. What is sent how: encode_gemini(); what is read how:
/// GeminiAssembler. A base URL without a path, which is how other libraries take it, gets "/v1beta".
struct Gemini {
    struct Options {
        std::string_view base_url{}; ///< "" = $GOOGLE_GEMINI_BASE_URL, else default_base_url
        std::string_view key{};      ///< "" = $GEMINI_API_KEY, else $GOOGLE_API_KEY
        std::string_view model{};    ///< "" = default_model
    };

    static constexpr std::string_view name = "gemini";
    static constexpr std::string_view default_base_url = "https://generativelanguage.googleapis.com/v1beta";
    static constexpr std::string_view default_model =
        "gemini-3.5-flash"; // as of November 2026; see Options::model
    static constexpr std::string_view default_embedding_model = "gemini-embedding-001";
    static constexpr std::string_view key_variable = "GEMINI_API_KEY";
    static constexpr std::string_view other_key_variable = "GOOGLE_API_KEY";
    static constexpr std::string_view base_url_variable = "GOOGLE_GEMINI_BASE_URL";
    static constexpr std::string_view health_path = "/models?pageSize=1000"; // the most there are on one page
    static constexpr std::string_view bare_path = "/v1beta";
    static constexpr Framing framing = Framing::sse;
    static constexpr const GeminiDialect& dialect = detail::gemini_dialect;
    static constexpr Capabilities capabilities = dialect.capabilities;

    using StreamDecoder = GeminiDecoderFor<detail::gemini_dialect>;

    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);

    static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream, Outgoing out) {
        return encode_gemini(dialect, draft, target, stream, out);
    }
    static std::optional<Error> decode(std::string_view body, Reply& reply) {
        return decode_gemini(dialect, body, reply);
    }
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_gemini_error(dialect, status, headers, body, now);
    }
    /// batchEmbedContents.
    static std::optional<Error> encode_embed(const EmbedRequest& request, const Target& target,
                                             Outgoing out) {
        return encode_gemini_embed(dialect, request, target, out);
    }
    static std::optional<Error> decode_embed(std::string_view body, Embeddings& answer) {
        return decode_gemini_embed(dialect, body, answer);
    }
    static std::optional<Error> encode_count(const Draft& draft, const Target& target, Outgoing out) {
        return encode_gemini_count(dialect, draft, target, out);
    }
    static EmbedBatch embed_batch(std::string_view) noexcept { return {.inputs = 100}; }
    static std::optional<Error> decode_count(std::string_view body, std::uint64_t& tokens) {
        return decode_gemini_count(dialect, body, tokens);
    }
    static std::optional<Error> decode_models(std::string_view body, std::vector<ModelInfo>& models) {
        return decode_gemini_models(dialect, body, models);
    }
    static std::string next_models(std::string_view body) { return next_gemini_page(health_path, body); }
};

static_assert(Wire<Gemini>, "Gemini must model the Wire concept");
static_assert(Embeds<Gemini> && CountsTokens<Gemini> && ListsModels<Gemini>);

} // namespace baton::wire

namespace baton {
using wire::Gemini;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/gemini.ipp>
#endif
