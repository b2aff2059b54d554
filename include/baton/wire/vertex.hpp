// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/gemini.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::wire {

namespace detail {

// Candidate.FinishReason of google.cloud.aiplatform.v1beta1.
inline constexpr std::string_view vertex_finish_reasons[] = {"FINISH_REASON_UNSPECIFIED",
                                                             "STOP",
                                                             "MAX_TOKENS",
                                                             "SAFETY",
                                                             "RECITATION",
                                                             "OTHER",
                                                             "BLOCKLIST",
                                                             "PROHIBITED_CONTENT",
                                                             "SPII",
                                                             "MALFORMED_FUNCTION_CALL",
                                                             "MODEL_ARMOR",
                                                             "IMAGE_SAFETY",
                                                             "IMAGE_PROHIBITED_CONTENT",
                                                             "IMAGE_RECITATION",
                                                             "IMAGE_OTHER",
                                                             "UNEXPECTED_TOOL_CALL",
                                                             "NO_IMAGE"};

inline constexpr Capabilities vertex_capabilities = [] {
    Capabilities can = gemini_capabilities;
    can.service_tier = false; // a header there, with words of its own
    return can;
}();

inline constexpr GeminiDialect vertex_dialect{
    .vendor = {.name = "vertex", .key_variable = "GOOGLE_OAUTH_ACCESS_TOKEN", .rules = gemini_rules},
    .capabilities = vertex_capabilities,
    .models_path = "/publishers/google/models/",
    .finish_reasons = vertex_finish_reasons,
    .vertex = true};

} // namespace detail

/// Gemini on Vertex AI, with OAuth access tokens. These live for about an hour, so a program that runs longer
/// gives Vertex::Credentials. A model name with a slash is a path below the location: "endpoints/123".
struct Vertex {
    struct Options {
        /// Where the API is: "" = $GOOGLE_VERTEX_BASE_URL, else made from the location. One that holds a
        /// "/projects/..." path is used as it is.
        std::string_view base_url{};
        std::string_view key{};           ///< an access token; "" = $GOOGLE_OAUTH_ACCESS_TOKEN
        std::string_view model{};         ///< "" = default_model
        std::string_view project{};       ///< "" = $GOOGLE_CLOUD_PROJECT
        std::string_view location{};      ///< "europe-west4"; "" = $GOOGLE_CLOUD_LOCATION, else "global"
        std::string_view version{};       ///< "" = "v1beta1", the one with every feature
        std::string_view quota_project{}; ///< sent as x-goog-user-project
    };

    /// Where access tokens come from; given to the orchestrator beside the Options. The function is called
    /// for each attempt, from whichever thread runs the call, and should keep its token until shortly before
    /// that expires: while it works, the call's executor does nothing else. What it throws, and an empty
    /// token, is Errc::auth.
    class Credentials {
    public:
        explicit Credentials(std::function<std::string()> token) : token(std::move(token)) {}
        std::function<std::string()> token;
    };

    static constexpr std::string_view name = "vertex";
    static constexpr std::string_view default_base_url = ""; // see base_url()
    static constexpr std::string_view default_model =
        "gemini-3.5-flash"; // as of November 2026; see Options::model
    static constexpr std::string_view default_embedding_model = "gemini-embedding-001";
    static constexpr std::string_view default_version = "v1beta1";
    static constexpr std::string_view key_variable = "GOOGLE_OAUTH_ACCESS_TOKEN";
    static constexpr std::string_view base_url_variable = "GOOGLE_VERTEX_BASE_URL";
    static constexpr std::string_view health_path = "/v1beta1/publishers/google/models?pageSize=100";
    static constexpr Framing framing = Framing::sse;
    static constexpr const GeminiDialect& dialect = detail::vertex_dialect;
    static constexpr Capabilities capabilities = dialect.capabilities;

    using StreamDecoder = GeminiDecoderFor<detail::vertex_dialect>;

    /// Concept HasBaseUrl: "https://europe-west4-aiplatform.googleapis.com".
    BATON_DECL static result<std::string> base_url(const Options& options, Environment environment);

    /// Concept HasAccount: the token, and the project's and location's part of the path. As thread-safe as
    /// the function of its Credentials.
    class Account {
    public:
        BATON_DECL static result<Account> make(const Options& options, const Secret& key,
                                               Environment environment,
                                               const Credentials* credentials = nullptr);
        BATON_DECL std::optional<Error> authorize(const Departure& departure, Outgoing out) const;

    private:
        Secret fixed_;
        std::function<std::string()> token_;
        std::string prefix_; ///< "/v1beta1/projects/p/locations/l"
    };

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
    /// predict.
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
    static EmbedBatch embed_batch(std::string_view model) noexcept {
        const bool one = model.starts_with("gemini-embedding"); // each request may hold a single text
        return {.inputs = one ? 1U : 250U, .tokens = 20'000};
    }
    static std::optional<Error> decode_count(std::string_view body, std::uint64_t& tokens) {
        return decode_gemini_count(dialect, body, tokens);
    }
    static std::optional<Error> decode_models(std::string_view body, std::vector<ModelInfo>& models) {
        return decode_gemini_models(dialect, body, models);
    }
    static std::string next_models(std::string_view body) { return next_gemini_page(health_path, body); }
};

static_assert(Wire<Vertex>, "Vertex must model the Wire concept");
static_assert(HasAccount<Vertex> && HasBaseUrl<Vertex> && Embeds<Vertex> && CountsTokens<Vertex> &&
              ListsModels<Vertex>);

} // namespace baton::wire

namespace baton {
using wire::Vertex;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/vertex.ipp>
#endif
