// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton {

/// What a wire can express; each publishes its own as a constant.
struct Capabilities {
    bool streaming = true;
    bool system_role = true;
    bool tools = false;
    bool parallel_tools = false;
    bool images = false;
    bool documents = false;
    bool json_object = false;
    bool json_schema = false;
    bool seed = false;
    bool prefill = false;   ///< a trailing assistant message is continued
    bool reasoning = false; ///< thinking blocks can be read and sent back
    bool stop_sequences = true;
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
};

} // namespace baton
