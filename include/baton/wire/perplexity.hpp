// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule perplexity_rules[] = {
    // it says that the key is wrong "or" the credit is used up
    {Errc::auth, "invalid_api_key", {}},
    {Errc::context_overflow, "too_many_prompt_tokens", {}},
};

inline constexpr ChatDialect perplexity_chat{
    .vendor = {.name = "perplexity", .key_variable = "PERPLEXITY_API_KEY", .rules = perplexity_rules},
    .base_url = "https://api.perplexity.ai",
    .base_url_variable = "PERPLEXITY_BASE_URL",
    .other_key_variable = "PPLX_API_KEY",
    .model = "sonar", // as of November 2026
    .embedding_model = "pplx-embed-v1-0.6b",
    .capabilities = {.tool_choice = false,
                     .images = true,
                     .image_urls = true,
                     .json_schema = true,
                     .reasoning_effort = true,
                     .top_k = true,
                     .penalties = true,
                     .embeddings = true},
    .embeddings_path = "/v1/embeddings",
    .models_path = "/v1/models", // "/models" is a 404
    .vectors = ChatDialect::Vectors::base64_int8,
    .stream_options = false, // usage comes unasked, with every event
};

} // namespace detail

/// Perplexity: answers from the web, whose sources are kept as opaque parts "citations" and "search_results".
/// It has no tools. A bad key may be a web page.
struct Perplexity : ChatWire<detail::perplexity_chat> {};

static_assert(Wire<Perplexity>);

} // namespace baton::wire

namespace baton {
using wire::Perplexity;
} // namespace baton
