// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule huggingface_rules[] = {
    {Errc::not_found, {}, "is not supported by any provider"}, // a 400
};

inline constexpr ChatDialect huggingface_chat{
    .vendor = {.name = "huggingface", .key_variable = "HF_TOKEN", .rules = huggingface_rules},
    .base_url = "https://router.huggingface.co/v1",
    .base_url_variable = "HUGGINGFACE_BASE_URL",
    .other_key_variable = "HUGGING_FACE_HUB_TOKEN",
    .model = "openai/gpt-oss-120b", // as of November 2026
    .capabilities = {.tools = true,
                     .images = true,
                     .image_urls = true,
                     .json_object = true,
                     .json_schema = true,
                     .reasoning_effort = true,
                     .seed = true,
                     .penalties = true,
                     .logprobs = true},
};

} // namespace detail

/// Hugging Face's router: many hosts behind one door, which differ in what they can do ("model:host" picks
/// one).
struct HuggingFace : ChatWire<detail::huggingface_chat> {};

static_assert(Wire<HuggingFace>);

} // namespace baton::wire

namespace baton {
using wire::HuggingFace;
} // namespace baton
