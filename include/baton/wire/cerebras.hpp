// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule cerebras_rules[] = {
    {Errc::rate_limited, "request_quota_exceeded", {}},
    {Errc::rate_limited, "token_quota_exceeded", {}},
};

inline constexpr ChatDialect cerebras_chat{
    .vendor = {.name = "cerebras", .key_variable = "CEREBRAS_API_KEY", .rules = cerebras_rules},
    .base_url = "https://api.cerebras.ai", // as $CEREBRAS_BASE_URL of its own SDKs: without the path
    .base_url_variable = "CEREBRAS_BASE_URL",
    .model = "gpt-oss-120b", // as of November 2026
    .capabilities = {.tools = true,
                     .json_object = true,
                     .json_schema = true,
                     .strict_tools = true,
                     .reasoning_effort = true,
                     .seed = true,
                     .logprobs = true,
                     .end_user = true},
    .path = "/v1/chat/completions",
    .models_path = "/v1/models",
    .max_tokens_member = "max_completion_tokens",
};

} // namespace detail

/// Cerebras. Its "request_quota_exceeded" is a limit per second, not a used-up plan.
struct Cerebras : ChatWire<detail::cerebras_chat> {};

static_assert(Wire<Cerebras>);

} // namespace baton::wire

namespace baton {
using wire::Cerebras;
} // namespace baton
