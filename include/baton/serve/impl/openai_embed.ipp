// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/request_reader.hpp>

#include <bit>
#include <cstdint>

namespace baton::serve {
namespace detail::openai {

/// RFC 4648 section 4 of the numbers' bytes, IEEE 754 of 32 bits each, the low byte first.
inline std::string vector_base64(const std::vector<float>& vector) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((vector.size() * 4 + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int bytes = 0;
    const auto put = [&](int count) {
        for (int i = 0; i < count; ++i) out += digits[bits >> (18 - 6 * i) & 63U];
        bits = 0;
        bytes = 0;
    };
    for (const float value : vector) {
        const auto word = std::bit_cast<std::uint32_t>(value);
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bits |= (word >> shift & 0xFFU) << (16 - 8 * bytes);
            if (++bytes == 3) put(4);
        }
    }
    const int rest = bytes;
    if (rest != 0) {
        put(rest + 1);
        out.append(static_cast<std::size_t>(3 - rest), '=');
    }
    return out;
}

} // namespace detail::openai

BATON_DECL std::optional<Error> OpenAI::decode_embed(std::string_view text, EmbedRequest& request,
                                                     bool& base64) {
    detail::RequestReader body(text);
    base64 = false;
    body.in.object([&](std::string_view key) {
        if (!body.first_time(key)) return;
        if (key == "model") {
            body.text(key, request.model);
        } else if (key == "input") {
            body.texts("input", request.inputs);
        } else if (key == "dimensions") {
            body.count("dimensions", request.dimensions);
        } else if (key == "encoding_format") {
            std::string format;
            body.text("encoding_format", format);
            base64 = format == "base64";
            if (!base64 && !format.empty() && format != "float")
                body.fail("'encoding_format' must be float or base64, not '" + format + "'");
        } else {
            body.keep(std::string(key));
        }
    });
    if (request.inputs.empty() && !body.in.failed())
        body.fail("'input' must be a string or an array with at least one string");
    request.extra = body.take_extra();
    return body.verdict();
}

BATON_DECL void OpenAI::encode_embed(const Embeddings& answer, bool base64, std::string& out) {
    json::Writer json(out);
    json.begin_object().key("object").string("list").key("data").begin_array();
    std::size_t index = 0;
    for (const std::vector<float>& vector : answer.vectors) {
        json.begin_object().key("object").string("embedding").key("index").number(index++).key("embedding");
        if (base64) {
            json.string(detail::openai::vector_base64(vector));
        } else {
            json.begin_array();
            for (const float value : vector) json.number(static_cast<double>(value));
            json.end_array();
        }
        json.end_object();
    }
    json.end_array().key("model").string(answer.model).key("usage").begin_object();
    json.key("prompt_tokens").number(answer.usage.total_input());
    json.key("total_tokens").number(answer.usage.total()).end_object().end_object();
}

} // namespace baton::serve
