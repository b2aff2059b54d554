// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/request.hpp>
#include <baton/core/usage.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace baton {

/// Tokens of a text of so many bytes, roughly: four bytes each, as OpenAI's and Anthropic's own documents
/// estimate English. For limits, and for what nobody counted because the answer never arrived whole.
constexpr std::uint64_t estimate_tokens(std::size_t bytes) noexcept { return (bytes + 3) / 4; }

/// Tokens of a request's prompt, roughly: its texts, tools and schema, and four for each turn.
inline std::uint64_t estimate_input(const Request& request) noexcept {
    std::size_t bytes = 0;
    for (const Message& message : request.messages) {
        bytes += 16;
        for (const Part& part : message.parts) {
            // an image costs what its size says, not its base64: about 1,000 tokens at most vendors
            bytes += part.kind == Part::Kind::image ? std::min<std::size_t>(part.text.size(), 4000)
                                                    : part.text.size();
        }
    }
    for (const Tool& tool : request.tools)
        bytes += tool.name.size() + tool.description.size() + tool.parameters.size() + tool.extra.size();
    if (request.response_format) bytes += request.response_format->schema.size();
    return estimate_tokens(bytes);
}

/// What an attempt that broke off has cost, by what is known of it: what the vendor had reported so far, else
/// the estimated prompt, and the output that was seen. `deltas`: pieces that came, of which each is a token
/// at least.
inline Usage estimate_usage(const Usage& reported, const Request& request, std::size_t seen_bytes,
                            std::uint64_t deltas) noexcept {
    Usage usage = reported;
    usage.estimated = true;
    if (usage.total_input() == 0) usage.input_tokens = estimate_input(request);
    const std::uint64_t seen = seen_bytes == 0 ? 0 : std::max(deltas, estimate_tokens(seen_bytes));
    if (usage.total_output() < seen) usage.output_tokens += seen - usage.total_output();
    return usage;
}

} // namespace baton
