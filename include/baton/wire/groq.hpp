// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule groq_rules[] = {
    {Errc::quota, "blocked_api_access", {}}, // a 400: the organization has spent what it set as its limit
    {Errc::permission, "organization_restricted", {}}, // a 400
};

inline constexpr ChatDialect groq_chat{
    .vendor = {.name = "groq", .key_variable = "GROQ_API_KEY", .rules = groq_rules},
    .base_url = "https://api.groq.com", // as $GROQ_BASE_URL of Groq's own SDKs: without the path
    .base_url_variable = "GROQ_BASE_URL",
    .model = "openai/gpt-oss-120b", // as of November 2026
    .capabilities = {.tools = true,
                     .parallel_tools = true,
                     .images = true,
                     .image_urls = true,
                     .json_object = true,
                     .json_schema = true,
                     .reasoning_effort = true,
                     .seed = true,
                     .penalties = true,
                     .service_tier = true,
                     .end_user = true},
    .path = "/openai/v1/chat/completions",
    .models_path = "/openai/v1/models",
    .max_tokens_member = "max_completion_tokens",
};

} // namespace detail

/// Groq. It refuses log probabilities and more than one answer.
struct Groq : ChatWire<detail::groq_chat> {};

static_assert(Wire<Groq>);

} // namespace baton::wire

namespace baton {
using wire::Groq;
} // namespace baton
