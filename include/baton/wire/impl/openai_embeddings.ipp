// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/encode.hpp>
#include <baton/wire/impl/embeddings.ipp>
#include <baton/wire/openai_embeddings.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <utility>

namespace baton::wire {
namespace detail {

inline constexpr unsigned char bad_base64_digit = 64;

/// The bytes of base64 text (RFC 4648 section 4; padding may be missing); false if it is none.
inline bool embedding_bytes(std::string_view text, std::string& bytes) {
    static constexpr std::array<unsigned char, 256> values = [] {
        std::array<unsigned char, 256> table{};
        table.fill(bad_base64_digit);
        constexpr std::string_view digits =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (std::size_t i = 0; i < digits.size(); ++i) {
            table[static_cast<unsigned char>(digits[i])] = static_cast<unsigned char>(i);
        }
        return table;
    }();
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
    if (text.size() % 4 == 1) return false;
    bytes.clear();
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const unsigned char value = values[static_cast<unsigned char>(c)];
        if (value == bad_base64_digit) return false;
        bits = bits << 6 | value;
        if ((count += 6) < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 0xff);
    }
    return true;
}

inline bool vector_of_bytes(ChatDialect::Vectors form, std::string_view bytes, std::vector<float>& out) {
    out.clear();
    if (form == ChatDialect::Vectors::base64_int8) {
        for (const char byte : bytes) out.push_back(static_cast<float>(static_cast<signed char>(byte)));
        return true;
    }
    if (bytes.size() % 4 != 0) return false;
    out.reserve(bytes.size() / 4);
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
        std::uint32_t word = 0; // low byte first, whatever machine this is
        for (std::size_t i = 4; i-- > 0;) word = word << 8 | static_cast<unsigned char>(bytes[at + i]);
        out.push_back(std::bit_cast<float>(word));
    }
    return true;
}

/// Reads one element of `data` to its place; false if it holds no vector.
inline bool read_embedding(ChatDialect::Vectors form, json::Reader& reader, Embeddings& answer) {
    std::uint64_t index = answer.vectors.size();
    std::vector<float> vector;
    bool good = false;
    std::string scratch, bytes;
    reader.object([&](std::string_view key) {
        if (json::is(key, "index")) {
            reader.unsigned_integer(index);
        } else if (json::is(key, "embedding")) {
            std::string_view text;
            if (reader.string(text, scratch)) {
                good = embedding_bytes(text, bytes) && vector_of_bytes(form, bytes, vector);
                return;
            }
            good = read_vector(reader, vector);
        }
    });
    constexpr std::uint64_t most = 1 << 20; // far beyond any vendor's batch
    if (!good || vector.empty() || index >= most) return false;
    if (answer.vectors.size() <= index) answer.vectors.resize(index + 1);
    if (!answer.vectors[index].empty()) return false; // two for one input
    answer.vectors[index] = std::move(vector);
    return true;
}

inline void read_listed_model(json::Reader& reader, std::vector<ModelInfo>& models) {
    ModelInfo model;
    reader.object([&](std::string_view key) {
        if (json::is(key, "id")) {
            reader.append_string(model.id);
        } else if (json::is(key, "owned_by") || json::is(key, "organization")) {
            if (model.owner.empty()) reader.append_string(model.owner);
        } else if (json::is(key, "context_length") || json::is(key, "max_context_length") ||
                   json::is(key, "context_window") || json::is(key, "max_model_len")) {
            reader.unsigned_integer(model.max_context); // OpenRouter, Together; Mistral; Groq; vLLM
        } else if (json::is(key, "max_completion_tokens")) {
            reader.unsigned_integer(model.max_output); // Groq
        } else if (json::is(key, "top_provider")) {    // OpenRouter
            reader.object([&](std::string_view member) {
                if (json::is(member, "max_completion_tokens")) reader.unsigned_integer(model.max_output);
            });
        }
    });
    if (!model.id.empty()) models.push_back(std::move(model));
}

} // namespace detail

BATON_DECL std::optional<Error> encode_embeddings(const ChatDialect& dialect, const EmbedRequest& request,
                                                  const Target& target, Outgoing out) {
    Extra extra;
    if (auto error = extra.read(dialect.vendor.name, request.extra)) return error;
    if (auto error = detail::without_inputs(request)) return error;
    if (request.dimensions && dialect.dimensions_member.empty()) {
        return cannot_express(dialect.vendor.name, "dimensions", "its models have one size each",
                              "leave it out or use a target that can choose");
    }
    out.path = dialect.embeddings_path;
    json::Writer w(out.body);
    const auto ours = [&](std::string_view name) {
        if (extra.has(name)) return false;
        w.key(name);
        return true;
    };
    w.begin_object();
    if (ours("model")) w.string(target.model);
    if (ours("input")) {
        w.begin_array();
        for (const std::string& input : request.inputs) w.string(input);
        w.end_array();
    }
    if (request.dimensions && ours(dialect.dimensions_member)) w.number(*request.dimensions);
    using Vectors = ChatDialect::Vectors;
    if (dialect.vectors != Vectors::floats && ours("encoding_format")) {
        w.string(dialect.vectors == Vectors::base64 ? "base64" : "base64_int8");
    }
    extra.write(w);
    w.end_object();
    return std::nullopt;
}

BATON_DECL std::optional<Error> decode_embeddings(const ChatDialect& dialect, std::string_view body,
                                                  Embeddings& answer) {
    bool failed = false, whole = true, listed = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "data")) {
            listed = reader.array([&] { whole &= detail::read_embedding(dialect.vectors, reader, answer); });
        } else if (json::is(key, "model")) {
            reader.append_string(answer.model);
        } else if (json::is(key, "usage")) {
            std::uint64_t total = 0;
            answer.usage.reported = reader.object([&](std::string_view member) {
                if (json::is(member, "prompt_tokens")) reader.unsigned_integer(answer.usage.input_tokens);
                if (json::is(member, "total_tokens")) reader.unsigned_integer(total);
            });
            if (answer.usage.input_tokens == 0) answer.usage.input_tokens = total; // Voyage says only this
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    if (!reader.finish()) return malformed(dialect.vendor, "embeddings that are not a JSON object", body);
    if (failed) return make_error_in_answer(dialect.vendor, body);
    for (const std::vector<float>& vector : answer.vectors) whole &= !vector.empty();
    if (!listed || !whole) return malformed(dialect.vendor, "embeddings without a vector for each", body);
    return std::nullopt;
}

BATON_DECL std::optional<Error> decode_model_list(const Vendor& vendor, std::string_view body,
                                                  std::vector<ModelInfo>& models) {
    bool failed = false, listed = false;
    json::Reader reader(body);
    if (reader.kind() == json::Reader::Kind::array) { // Together
        listed = reader.array([&] { detail::read_listed_model(reader, models); });
    } else {
        reader.object([&](std::string_view key) {
            if (json::is(key, "data")) {
                listed = reader.array([&] { detail::read_listed_model(reader, models); });
            } else if (json::is(key, "error")) {
                const auto kind = reader.kind();
                failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
            }
        });
    }
    if (!reader.finish()) return malformed(vendor, "a model list that is not JSON", body);
    if (failed) return make_error_in_answer(vendor, body);
    if (!listed) return malformed(vendor, "a model list without `data`", body);
    return std::nullopt;
}

} // namespace baton::wire
