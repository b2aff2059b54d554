// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ChatDialect mistral_chat{
    .vendor = {.name = "mistral", .key_variable = "MISTRAL_API_KEY", .rules = {}},
    .base_url = "https://api.mistral.ai/v1",
    .base_url_variable = "MISTRAL_BASE_URL",
    .model = "mistral-small-latest", // as of November 2026
    .embedding_model = "mistral-embed",
    .capabilities = {.tools = true,
                     .parallel_tools = true,
                     .images = true,
                     .image_urls = true,
                     .documents = true,
                     .json_object = true,
                     .json_schema = true,
                     .strict_tools = true,
                     .prefill = true,
                     .reasoning = true,
                     .reasoning_effort = true,
                     .seed = true,
                     .penalties = true,
                     .choices = true,
                     .embeddings = true},
    .seed_member = "random_seed",
    .dimensions_member = "output_dimension",
    .thinking = ChatDialect::Thinking::part,
    .documents = ChatDialect::Documents::url,
    .embed_batch = {.inputs = 512, .tokens = 16'384}, // as its refusals say
    .stream_options = false,                          // usage comes unasked
    .prefix_marker = true,
};

} // namespace detail

/// Mistral AI. A trailing assistant message is continued.
struct Mistral : ChatWire<detail::mistral_chat> {};

static_assert(Wire<Mistral>);

} // namespace baton::wire

namespace baton {
using wire::Mistral;
} // namespace baton
