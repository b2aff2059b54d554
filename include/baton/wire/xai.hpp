// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule xai_rules[] = {
    {Errc::auth, {}, "incorrect api key"},
    {Errc::quota, {}, "have any credits"},
    {Errc::quota, {}, "used all available credits"},
    {Errc::context_overflow, {}, "maximum prompt length"},
    {Errc::content_filtered, {}, "content violates usage guidelines"}, // a 403
};

inline constexpr ChatDialect xai_chat{
    .vendor = {.name = "xai", .key_variable = "XAI_API_KEY", .rules = xai_rules},
    .base_url = "https://api.x.ai/v1",
    .base_url_variable = "XAI_BASE_URL",
    .model = "grok-4.3", // as of November 2026
    .capabilities = {.tools = true,
                     .parallel_tools = true,
                     .images = true,
                     .image_urls = true,
                     .json_object = true,
                     .json_schema = true,
                     .reasoning_effort = true,
                     .seed = true,
                     .penalties = true,
                     .logprobs = true,
                     .choices = true,
                     .end_user = true,
                     .max_context = 2000000},
    .max_tokens_member = "max_completion_tokens",
};

} // namespace detail

/// xAI (Grok). A bad key is a 400.
struct XAI : ChatWire<detail::xai_chat> {};

static_assert(Wire<XAI>);

} // namespace baton::wire

namespace baton {
using wire::XAI;
} // namespace baton
