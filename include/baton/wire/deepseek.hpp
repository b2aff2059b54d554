// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule deepseek_rules[] = {
    {Errc::not_found, {}, "model not exist"},            // a 400
    {Errc::content_filtered, {}, "content exists risk"}, // a 400
};

inline constexpr ChatDialect deepseek_chat{
    .vendor = {.name = "deepseek", .key_variable = "DEEPSEEK_API_KEY", .rules = deepseek_rules},
    .base_url = "https://api.deepseek.com",
    .base_url_variable = "DEEPSEEK_BASE_URL",
    .model = "deepseek-chat", // as of November 2026
    .capabilities = {.tools = true,
                     .json_object = true,
                     .reasoning = true,
                     .reasoning_effort = true,
                     .penalties = true,
                     .logprobs = true,
                     .max_context = 1048565}, // as its own error says
    .thinking = ChatDialect::Thinking::with_calls,
    .thinking_switch = true,
};

} // namespace detail

/// DeepSeek. What it thought goes back beside tool calls, where it insists on it.
struct DeepSeek : ChatWire<detail::deepseek_chat> {};

static_assert(Wire<DeepSeek>);

} // namespace baton::wire

namespace baton {
using wire::DeepSeek;
} // namespace baton
