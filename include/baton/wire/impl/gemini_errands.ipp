// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/uri.hpp>
#include <baton/wire/impl/embeddings.ipp>
#include <baton/wire/impl/gemini_encode.ipp>

namespace baton::wire {
namespace detail {

/// Reads a whole body, member by member; nullopt, or why it is no such answer.
template <class F>
std::optional<Error> read_gemini_body(const GeminiDialect& dialect, std::string_view body, F&& member) {
    bool failed = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "error")) {
            failed = reader.kind() == json::Reader::Kind::object;
        } else {
            member(reader, key);
        }
    });
    if (failed) return make_error_in_answer(dialect.vendor, body);
    if (!reader.finish()) return malformed(dialect.vendor, "an answer that is not a JSON object", body);
    return std::nullopt;
}

inline std::string_view gemini_purpose(EmbedRequest::Purpose purpose) noexcept {
    switch (purpose) {
    case EmbedRequest::Purpose::document: return "RETRIEVAL_DOCUMENT";
    case EmbedRequest::Purpose::query: return "RETRIEVAL_QUERY";
    default: return {};
    }
}

/// An object with `values`, and in predict's case `statistics`.
inline void read_gemini_vector(json::Reader& reader, Embeddings& answer) {
    std::vector<float>& vector = answer.vectors.emplace_back();
    reader.object([&](std::string_view key) {
        if (json::is(key, "values")) {
            if (!read_vector(reader, vector)) vector.clear();
        } else if (json::is(key, "statistics")) {
            reader.object([&](std::string_view member) {
                std::uint64_t tokens = 0;
                if (!json::is(member, "token_count") || !reader.unsigned_integer(tokens)) return;
                answer.usage.input_tokens += tokens;
                answer.usage.reported = true;
            });
        }
    });
}

} // namespace detail

BATON_DECL std::optional<Error> encode_gemini_embed(const GeminiDialect& dialect, const EmbedRequest& request,
                                                    const Target& target, Outgoing out) {
    Extra check;
    if (auto wrong = check.read(dialect.vendor.name, request.extra)) return wrong;
    const detail::GeminiOverlay extra(request.extra);
    const std::string_view purpose = detail::gemini_purpose(request.purpose);
    detail::write_gemini_path(dialect, target.model, dialect.vertex ? "predict" : "batchEmbedContents",
                              out.path);
    json::Writer w(out.body);
    w.begin_object();
    const std::string_view list = dialect.vertex ? "instances" : "requests";
    if (!extra.has(list)) {
        if (auto error = detail::without_inputs(request)) return error;
        const bool bare = target.model.find('/') == std::string::npos;
        w.key(list).begin_array();
        for (const std::string& input : request.inputs) {
            w.begin_object();
            if (dialect.vertex) {
                w.key("content").string(input);
                if (!purpose.empty()) w.key("task_type").string(purpose);
            } else {
                w.key("model").string(bare ? "models/" + target.model : target.model);
                w.key("content").begin_object().key("parts").begin_array();
                w.begin_object().key("text").string(input).end_object().end_array().end_object();
                if (!purpose.empty()) w.key("taskType").string(purpose);
                if (request.dimensions) w.key("outputDimensionality").number(*request.dimensions);
            }
            w.end_object();
        }
        w.end_array();
    }
    if (dialect.vertex && request.dimensions && !extra.has("parameters")) {
        w.key("parameters").begin_object();
        w.key("outputDimensionality").number(*request.dimensions).end_object();
    }
    extra.write(w, detail::no_names);
    w.end_object();
    return std::nullopt;
}

BATON_DECL std::optional<Error> decode_gemini_embed(const GeminiDialect& dialect, std::string_view body,
                                                    Embeddings& answer) {
    auto wrong = detail::read_gemini_body(dialect, body, [&](json::Reader& reader, std::string_view key) {
        if (json::is(key, "embeddings")) {
            reader.array([&] { detail::read_gemini_vector(reader, answer); });
        } else if (json::is(key, "embedding")) {
            detail::read_gemini_vector(reader, answer);
        } else if (json::is(key, "predictions")) {
            reader.array([&] {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "embeddings")) detail::read_gemini_vector(reader, answer);
                });
            });
        } else if (json::is(key, "usageMetadata")) {
            reader.object([&](std::string_view member) {
                if (json::is(member, "promptTokenCount") &&
                    reader.unsigned_integer(answer.usage.input_tokens)) {
                    answer.usage.reported = true;
                }
            });
        }
    });
    if (wrong) return wrong;
    for (const std::vector<float>& vector : answer.vectors) {
        if (vector.empty()) return malformed(dialect.vendor, "an embedding without values", body);
    }
    if (answer.vectors.empty()) return malformed(dialect.vendor, "an answer without embeddings", body);
    return std::nullopt;
}

BATON_DECL std::optional<Error> decode_gemini_count(const GeminiDialect& dialect, std::string_view body,
                                                    std::uint64_t& tokens) {
    bool counted = false;
    auto wrong = detail::read_gemini_body(dialect, body, [&](json::Reader& reader, std::string_view key) {
        if (json::is(key, "totalTokens")) counted = reader.unsigned_integer(tokens);
    });
    if (wrong) return wrong;
    if (!counted) return malformed(dialect.vendor, "an answer without totalTokens", body);
    return std::nullopt;
}

BATON_DECL std::string next_gemini_page(std::string_view list, std::string_view body) {
    std::string token;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "nextPageToken")) reader.append_string(token);
    });
    if (token.empty()) return {};
    return std::string(list).append("&pageToken=").append(uri_encode(token, true));
}

// "models/x" of the Gemini API, "publishers/google/models/x" of Vertex's model garden. Another publisher's
// model keeps its path: that is how it is asked for.
BATON_DECL std::optional<Error> decode_gemini_models(const GeminiDialect& dialect, std::string_view body,
                                                     std::vector<ModelInfo>& models) {
    bool listed = false;
    auto wrong = detail::read_gemini_body(dialect, body, [&](json::Reader& reader, std::string_view key) {
        if (!json::is(key, "models") && !json::is(key, "publisherModels")) return;
        listed = reader.array([&] {
            ModelInfo& model = models.emplace_back();
            reader.object([&](std::string_view member) {
                if (json::is(member, "name")) {
                    reader.append_string(model.id);
                } else if (json::is(member, "inputTokenLimit")) {
                    reader.unsigned_integer(model.max_context);
                } else if (json::is(member, "outputTokenLimit")) {
                    reader.unsigned_integer(model.max_output);
                }
            });
            constexpr std::string_view publishers = "publishers/", own = "google/models/";
            const std::string_view path = model.id;
            if (path.starts_with(publishers)) {
                const std::string_view rest = path.substr(publishers.size());
                model.owner = rest.substr(0, rest.find('/'));
                if (rest.starts_with(own)) model.id.erase(0, publishers.size() + own.size());
            } else if (path.starts_with("models/")) {
                model.id.erase(0, std::string_view("models/").size());
            }
        });
    });
    if (wrong) return wrong;
    if (!listed && !dialect.vertex) return malformed(dialect.vendor, "an answer without models", body);
    return std::nullopt;
}

} // namespace baton::wire
