// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule together_rules[] = {
    {Errc::not_found, "model_not_available", {}},
    {Errc::context_overflow, {}, "`max_new_tokens` must be <="},
};

inline constexpr ChatDialect together_chat{
    .vendor = {.name = "together", .key_variable = "TOGETHER_API_KEY", .rules = together_rules},
    .base_url = "https://api.together.xyz/v1",
    .base_url_variable = "TOGETHER_BASE_URL",
    .model = "meta-llama/Llama-3.3-70B-Instruct-Turbo", // as of November 2026
    .capabilities = {.tools = true,
                     .images = true,
                     .image_urls = true,
                     .json_object = true,
                     .json_schema = true,
                     .reasoning_effort = true,
                     .top_k = true,
                     .seed = true,
                     .penalties = true,
                     .logprobs = true,
                     .choices = true,
                     .embeddings = true},
    .dimensions_member = "",
    .blocks_of = "openai",
    .logprobs_number = true,
};

} // namespace detail

/// Together AI.
struct Together : ChatWire<detail::together_chat> {};

static_assert(Wire<Together>);

} // namespace baton::wire

namespace baton {
using wire::Together;
} // namespace baton
