// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/openai_embeddings.hpp>
#include <baton/wire/openai_responses_dialect.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace baton::wire {

namespace detail {

/// Codes of the `error` member of a response, which come with no status, besides the API's own.
inline constexpr ErrorRule responses_rules[] = {
    {Errc::quota, "billing_hard_limit_reached", {}},
    {Errc::quota, "billing_not_active", {}},
    {Errc::quota, "credit_balance_exhausted", {}},
    {Errc::quota, {}, "exceeded your current quota"},
    {Errc::context_overflow, {}, "exceeds the context window"},
    {Errc::auth, {}, "incorrect api key"},
    {Errc::auth, "account_deactivated", {}},
    {Errc::permission, "unsupported_country_region_territory", {}},
    {Errc::transient, "model_error", {}},
    {Errc::content_filtered, "image_content_policy_violation", {}},
    {Errc::content_filtered, "invalid_prompt", "usage policy"},
    {Errc::invalid_request, "invalid_prompt", {}},
    {Errc::invalid_request, "invalid_image", {}},
    {Errc::invalid_request, "invalid_image_format", {}},
    {Errc::invalid_request, "invalid_base64_image", {}},
    {Errc::invalid_request, "invalid_image_url", {}},
    {Errc::invalid_request, "invalid_image_mode", {}},
    {Errc::invalid_request, "image_too_large", {}},
    {Errc::invalid_request, "image_too_small", {}},
    {Errc::invalid_request, "image_parse_error", {}},
    {Errc::invalid_request, "image_file_too_large", {}},
    {Errc::invalid_request, "unsupported_image_media_type", {}},
    {Errc::invalid_request, "empty_image_file", {}},
    {Errc::invalid_request, "failed_to_download_image", {}},
    {Errc::invalid_request, "image_file_not_found", {}},
};

inline constexpr Capabilities responses_capabilities{.tools = true,
                                                     .parallel_tools = true,
                                                     .images = true,
                                                     .image_urls = true,
                                                     .documents = true,
                                                     .json_object = true,
                                                     .json_schema = true,
                                                     .strict_tools = true,
                                                     .reasoning = true,
                                                     .reasoning_effort = true,
                                                     .stop_sequences = false,
                                                     .logprobs = true,
                                                     .service_tier = true,
                                                     .end_user = true,
                                                     .token_count = true};

inline constexpr ResponsesDialect openai_responses{
    .vendor = {.name = "openai_responses", .key_variable = "OPENAI_API_KEY", .rules = responses_rules},
    .capabilities = responses_capabilities,
    .user_member = "safety_identifier",
    .ciphertext = ResponsesDialect::Ciphertext::by_model,
    .looks_up_reasoning = true,
};

inline constexpr ResponsesDialect azure_responses{
    .vendor = {.name = "azure_responses", .key_variable = "AZURE_OPENAI_API_KEY", .rules = responses_rules},
    .capabilities = responses_capabilities,
    .ciphertext = ResponsesDialect::Ciphertext::by_model,
    .looks_up_reasoning = true,
};

} // namespace detail

/// OpenAI's Responses API, and whatever calls itself compatible and needs no special care. Nothing is stored
/// at the vendor unless `extra` says `"store":true`. The first system message is sent as `instructions`.
struct OpenAIResponses {
    struct Options {
        std::string_view base_url{};     ///< "" = $OPENAI_BASE_URL, else https://api.openai.com/v1
        std::string_view key{};          ///< "" = $OPENAI_API_KEY
        std::string_view model{};        ///< "" = default_model
        std::string_view organization{}; ///< sent as OpenAI-Organization; "" = $OPENAI_ORG_ID
        std::string_view project{};      ///< sent as OpenAI-Project; "" = $OPENAI_PROJECT_ID
    };

    /// Concept ReadsEnvironment: organization and project, where the key is the environment's, too.
    BATON_DECL static void read_environment(Options& options, KeyFrom from, Environment environment);

    static constexpr std::string_view name = "openai_responses";
    static constexpr std::string_view default_base_url = "https://api.openai.com/v1";
    static constexpr std::string_view default_model = "gpt-5-mini"; // as of November 2026; see Options::model
    static constexpr std::string_view key_variable = "OPENAI_API_KEY";
    static constexpr std::string_view base_url_variable = "OPENAI_BASE_URL";
    static constexpr std::string_view health_path = "/models";
    static constexpr Framing framing = Framing::sse;
    static constexpr const ResponsesDialect& dialect = detail::openai_responses;
    static constexpr Capabilities capabilities = dialect.capabilities;

    using StreamDecoder = ResponsesDecoderFor<detail::openai_responses>;

    /// Appends the credential lines; nullopt, or which option cannot be a header.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);

    static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream, Outgoing out) {
        return encode_responses(dialect, draft, target, stream, out);
    }
    static std::optional<Error> decode(std::string_view body, Reply& reply) {
        return decode_responses(dialect, body, reply);
    }
    static std::optional<Error> encode_count(const Draft& draft, const Target& target, Outgoing out) {
        return encode_responses_count(dialect, draft, target, out);
    }
    static std::optional<Error> decode_count(std::string_view body, std::uint64_t& tokens) {
        return decode_responses_count(dialect, body, tokens);
    }
    static std::optional<Error> decode_models(std::string_view body, std::vector<ModelInfo>& models) {
        return decode_model_list(dialect.vendor, body, models);
    }
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_error(dialect.vendor, status, headers, body, now);
    }
};

/// The same API of Azure OpenAI, in its version-less form: a base URL without a path gets "/openai/v1". The
/// model is the name of a deployment, so there is no default. Thinking is asked for in a form that can go
/// back only where the deployment is called like its model ("gpt-5-mini"); else say so in `extra`:
/// `{"include":["reasoning.encrypted_content"]}`.
struct AzureResponses {
    struct Options {
        std::string_view base_url{}; ///< "" = $AZURE_OPENAI_BASE_URL, else made from the following
        std::string_view key{};      ///< "" = $AZURE_OPENAI_API_KEY, else $AZURE_OPENAI_AD_TOKEN, a token
        std::string_view model{};    ///< the deployment
        std::string_view resource{}; ///< "name" of https://name.openai.azure.com; "" = $AZURE_OPENAI_ENDPOINT
        bool bearer = false;         ///< the key is an access token of Microsoft Entra ID, not an API key
    };

    static constexpr std::string_view name = "azure_responses";
    static constexpr std::string_view default_base_url = "";
    static constexpr std::string_view default_model = "";
    static constexpr std::string_view key_variable = "AZURE_OPENAI_API_KEY";
    static constexpr std::string_view other_key_variable = "AZURE_OPENAI_AD_TOKEN";
    static constexpr std::string_view base_url_variable = "AZURE_OPENAI_BASE_URL";
    static constexpr std::string_view health_path = "/models";
    static constexpr std::string_view bare_path = "/openai/v1";
    static constexpr Framing framing = Framing::sse;
    static constexpr const ResponsesDialect& dialect = detail::azure_responses;
    static constexpr Capabilities capabilities = [] {
        Capabilities can = dialect.capabilities;
        can.token_count = false; // has no such endpoint
        return can;
    }();

    using StreamDecoder = ResponsesDecoderFor<detail::azure_responses>;

    /// Concept ReadsEnvironment.
    BATON_DECL static void read_environment(Options& options, KeyFrom from, Environment environment);
    /// From Options::resource, else $AZURE_OPENAI_ENDPOINT; an error if there is neither.
    BATON_DECL static result<std::string> base_url(const Options& options, Environment environment);
    /// Appends the credential line; nullopt, or which option cannot be a header.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);

    static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream, Outgoing out) {
        return encode_responses(dialect, draft, target, stream, out);
    }
    static std::optional<Error> decode(std::string_view body, Reply& reply) {
        return decode_responses(dialect, body, reply);
    }
    static std::optional<Error> decode_models(std::string_view body, std::vector<ModelInfo>& models) {
        return decode_model_list(dialect.vendor, body, models);
    }
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_error(dialect.vendor, status, headers, body, now);
    }
};

static_assert(Wire<OpenAIResponses> && CountsTokens<OpenAIResponses> && ListsModels<OpenAIResponses>);
static_assert(Wire<AzureResponses> && HasBaseUrl<AzureResponses> && ListsModels<AzureResponses>);

} // namespace baton::wire

namespace baton {
using wire::AzureResponses;
using wire::OpenAIResponses;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/openai_responses.ipp>
#endif
