// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/request.hpp>
#include <baton/core/target.hpp>

#include <cstdint>
#include <string_view>

/// What a request asks for that not every wire can express, as bits: so that targets which cannot are left
/// out before anything is sent, and a request of plain text costs one comparison.
namespace baton::detail {

struct Need {
    bool Capabilities::* capability;
    std::string_view member; ///< of the request, as the caller knows it
};
inline constexpr Need needs[] = {
    {&Capabilities::tools, "tools"},
    {&Capabilities::images, "image"},
    {&Capabilities::image_urls, "image_url"},
    {&Capabilities::documents, "document"},
    {&Capabilities::json_object, "response_format: json_object"},
    {&Capabilities::json_schema, "response_format: json_schema"},
    {&Capabilities::seed, "seed"},
    {&Capabilities::stop_sequences, "stop"},
    {&Capabilities::penalties, "frequency_penalty, presence_penalty"},
    {&Capabilities::choices, "choices"},
    {&Capabilities::logprobs, "top_logprobs"},
    {&Capabilities::top_k, "top_k"},
    {&Capabilities::streaming, "stream"},
};

/// Bit i: needs[i].
inline std::uint32_t needs_of(const Request& request, bool streamed) noexcept {
    std::uint32_t bits = streamed ? 1U << 12 : 0;
    bits |= request.tools.empty() ? 0U : 1U;
    if (request.response_format) {
        bits |= request.response_format->kind == ResponseFormat::Kind::json_object   ? 1U << 4
                : request.response_format->kind == ResponseFormat::Kind::json_schema ? 1U << 5
                                                                                     : 0U;
    }
    bits |= request.seed ? 1U << 6 : 0U;
    bits |= request.stop.empty() ? 0U : 1U << 7;
    if (request.tuning) {
        const Tuning& tuning = *request.tuning;
        bits |= tuning.frequency_penalty || tuning.presence_penalty ? 1U << 8 : 0U;
        bits |= tuning.choices && *tuning.choices > 1 ? 1U << 9 : 0U;
        bits |= tuning.top_logprobs ? 1U << 10 : 0U;
        bits |= tuning.top_k ? 1U << 11 : 0U;
    }
    for (const Message& message : request.messages) {
        for (const Part& part : message.parts) {
            if (part.kind == Part::Kind::document) bits |= 1U << 3;
            if (part.kind != Part::Kind::image) continue;
            bits |= part.detail && !part.detail->media_type.empty() ? 1U << 1 : 1U << 2;
        }
    }
    return bits;
}

/// Name of the first need that `can` does not meet; "" if it meets all.
inline std::string_view first_missing(std::uint32_t bits, const Capabilities& can) noexcept {
    for (std::size_t i = 0; bits >> i != 0; ++i) {
        if ((bits >> i & 1) != 0 && !(can.*needs[i].capability)) return needs[i].member;
    }
    return {};
}

} // namespace baton::detail
