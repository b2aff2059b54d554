// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule azure_rules[] = {
    {Errc::quota, {}, "exceeded your current quota"},
    {Errc::content_filtered, {}, "content management policy"},
    {Errc::context_overflow, {}, "exceeds the context window"},
    {Errc::not_found, "DeploymentNotFound", {}},
};

inline constexpr ChatDialect azure_chat{
    .vendor = {.name = "azure", .key_variable = "AZURE_OPENAI_API_KEY", .rules = azure_rules},
    .base_url_variable = "AZURE_OPENAI_ENDPOINT",
    .capabilities = {.tools = true,
                     .parallel_tools = true,
                     .images = true,
                     .image_urls = true,
                     .json_object = true,
                     .json_schema = true,
                     .strict_tools = true,
                     .reasoning_effort = true,
                     .seed = true,
                     .penalties = true,
                     .logprobs = true,
                     .choices = true,
                     .service_tier = true,
                     .end_user = true,
                     .embeddings = true},
    .models_path = "/openai/v1/models",
    .max_tokens_member = "max_completion_tokens",
    .vectors = ChatDialect::Vectors::base64,
    .embed_batch = {.inputs = 1024, .tokens = 300'000}, // half of what it may, for answers below 32 MiB
};

} // namespace detail

/// Azure OpenAI, and models of others on Azure. The model is the deployment's name. With a dated
/// Options::api_version: `/openai/deployments/{model}/chat/completions?api-version=...`; without one, or with
/// "v1", the v1 API. A base URL that goes on after the host (`.../openai/v1`, `.../models`) is taken at its
/// word. A prompt that the content filter stops is Errc::content_filtered; an answer that it cuts has
/// StopReason::content_filter.
struct AzureOpenAI : ChatWire<detail::azure_chat> {
    struct Options {
        std::string_view base_url{}; ///< "" = $AZURE_OPENAI_ENDPOINT: "https://<resource>.openai.azure.com"
        std::string_view key{};      ///< "" = $AZURE_OPENAI_API_KEY
        std::string_view model{};    ///< the deployment; no default
        std::string_view api_version{}; ///< "" = $OPENAI_API_VERSION, else the v1 API
        std::string_view bearer{}; ///< an Entra ID token in place of the key; "" = $AZURE_OPENAI_AD_TOKEN
    };

    /// What the environment decides: the API's version, and a token where there is no key.
    class Account {
    public:
        BATON_DECL static result<Account> make(const Options& options, const Secret& key,
                                               Environment environment);
        BATON_DECL std::optional<Error> authorize(const Departure& departure, Outgoing out) const;

    private:
        std::string api_version_; ///< for the query; "" = none
        bool v1_ = false;
        Secret token_; ///< for each request; empty where the account's headers hold the credential
    };

    /// `api-key`, or `authorization` if Options::bearer is given.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);
    BATON_DECL static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream,
                                                  Outgoing out);
    BATON_DECL static std::optional<Error> encode_embed(const EmbedRequest& request, const Target& target,
                                                        Outgoing out);
};

static_assert(Wire<AzureOpenAI> && HasAccount<AzureOpenAI> && Embeds<AzureOpenAI>);

} // namespace baton::wire

namespace baton {
using wire::AzureOpenAI;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/azure.ipp>
#endif
