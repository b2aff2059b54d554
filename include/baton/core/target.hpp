// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton {

/// What a wire can express; each publishes its own as a constant. What is false is refused before anything is
/// sent (or dropped, if the request is `lossy`).
struct Capabilities {
    bool streaming = true;
    bool system_role = true;
    bool tools = false;
    bool parallel_tools = false;   ///< several calls in one answer, and a switch to forbid it
    bool tool_choice = true;       ///< "required", "none" or a named tool; meaningless without `tools`
    bool images = false;           ///< base64 in user messages
    bool image_urls = false;       ///< images by http(s) URL
    bool documents = false;        ///< base64 in user messages
    bool json_object = false;      ///< any JSON object
    bool json_schema = false;      ///< answers of a given schema
    bool strict_tools = false;     ///< enforces a tool's schema
    bool prefill = false;          ///< a trailing assistant message is continued; else a turn like others
    bool reasoning = false;        ///< thinking blocks can be read and sent back
    bool reasoning_effort = false; ///< has a word for how hard to think
    bool reasoning_budget = false; ///< ... in tokens
    bool stop_sequences = true;
    bool temperature = true;
    bool top_p = true;
    bool top_k = false;
    bool seed = false;
    bool penalties = false; ///< frequency and presence
    bool logprobs = false;
    bool choices = false; ///< n > 1
    bool service_tier = false;
    bool end_user = false;
    bool cache_control = false; ///< has prompt-cache markers; else they are passed over
    bool embeddings = false;
    bool token_count = false;      ///< counts a request's tokens without answering it
    std::uint32_t max_context = 0; ///< tokens of the largest model; 0: not known
};

/// Where one attempt goes: a provider, a model, and what the route set for it.
class Target {
public:
    std::size_t provider = 0;       ///< index in the composition
    std::string_view provider_name; ///< static storage
    std::string model;
    std::optional<double> temperature;       ///< instead of the request's
    std::optional<std::uint32_t> max_tokens; ///< the smaller of this and the request's applies
    std::optional<Duration> max_latency;     ///< first token later than this moves on
    std::uint32_t max_context = 0;           ///< tokens its model takes; 0: not known
};

} // namespace baton
