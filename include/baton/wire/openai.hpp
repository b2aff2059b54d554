// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>
#include <baton/wire/encode.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule openai_rules[] = {
    {Errc::quota, "billing_hard_limit_reached", {}},
    {Errc::quota, "billing_not_active", {}},
    {Errc::quota, "credit_balance_exhausted", {}},
    {Errc::quota, {}, "exceeded your current quota"},
    {Errc::context_overflow, {}, "exceeds the context window"},
    {Errc::auth, {}, "incorrect api key"},
    {Errc::auth, "account_deactivated", {}},
    {Errc::permission, "unsupported_country_region_territory", {}},
    {Errc::transient, "model_error", {}},
};

inline constexpr ChatDialect openai_chat{
    .vendor = {.name = "openai", .key_variable = "OPENAI_API_KEY", .rules = openai_rules},
    .base_url = "https://api.openai.com/v1",
    .base_url_variable = "OPENAI_BASE_URL",
    .model = "gpt-5-mini", // as of November 2026; see Options::model
    .embedding_model = "text-embedding-3-small",
    .capabilities = {.tools = true,
                     .parallel_tools = true,
                     .images = true,
                     .image_urls = true,
                     .documents = true,
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
                     .embeddings = true,
                     .max_context = 1050000},
    .max_tokens_member = "max_completion_tokens",
    .blocks_of = "openai",
    .vectors = ChatDialect::Vectors::base64,
    .embed_batch = {.inputs = 1024, .tokens = 300'000}, // half of what it may, for answers below 32 MiB
};

} // namespace detail

/// OpenAI's chat completions. For servers that call themselves compatible: wire/compatible.hpp.
struct OpenAI : ChatWire<detail::openai_chat> {
    struct Options {
        std::string_view base_url{};     ///< "" = $OPENAI_BASE_URL, else https://api.openai.com/v1
        std::string_view key{};          ///< "" = $OPENAI_API_KEY
        std::string_view model{};        ///< "" = default_model
        std::string_view organization{}; ///< sent as OpenAI-Organization; "" = $OPENAI_ORG_ID
        std::string_view project{};      ///< sent as OpenAI-Project; "" = $OPENAI_PROJECT_ID
    };

    /// Concept ReadsEnvironment: organization and project, where the key is the environment's, too.
    BATON_DECL static void read_environment(Options& options, KeyFrom from, Environment environment);

    /// Appends the credential lines; nullopt, or which option cannot be a header.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);
};

static_assert(Wire<OpenAI>, "OpenAI must model the Wire concept");

} // namespace baton::wire

namespace baton {
using wire::OpenAI;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/openai.ipp>
#endif
