// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/impl/gemini_contents.ipp>
#include <baton/serve/percent.hpp>

#include <algorithm>

// What is neither a question nor its answer: paths, models, token counts, embeddings.
namespace baton::serve {
namespace detail::gemini {

inline void write_model(json::Writer& json, std::string_view model) {
    json.begin_object().key("name").string(std::string("models/").append(model));
    json.key("displayName").string(model).key("supportedGenerationMethods").begin_array();
    for (const std::string_view method :
         {"generateContent", "countTokens", "embedContent", "batchEmbedContents"}) {
        json.string(method);
    }
    json.end_array().end_object();
}

inline void write_vector(json::Writer& json, const std::vector<float>& vector) {
    json.begin_object().key("values").begin_array();
    for (const float value : vector) json.number(static_cast<double>(value));
    json.end_array().end_object();
}

/// One request to embed: its text is added to `request`.
inline void embed_one(RequestReader& body, EmbedRequest& request) {
    std::string text;
    bool has_content = false;
    const bool object = body.in.object([&](std::string_view key) {
        const std::string member = camel(key);
        if (member == "content") {
            std::string role;
            Parts parts;
            content(body, "content", role, parts);
            has_content = !parts.empty();
            for (const Part& part : parts) {
                if (part.kind != Kind::text) body.fail("'content.parts[]' must hold text to be embedded");
                text += part.text;
            }
        } else if (member == "model") {
            body.text("model", request.model);
            if (request.model.starts_with("models/")) request.model.erase(0, 7);
        } else if (member == "outputDimensionality") {
            body.count("outputDimensionality", request.dimensions);
        } else if (member == "taskType") {
            std::string type;
            body.text("taskType", type);
            if (type == "RETRIEVAL_DOCUMENT") {
                request.purpose = EmbedRequest::Purpose::document;
            } else if (type == "RETRIEVAL_QUERY") {
                request.purpose = EmbedRequest::Purpose::query;
            }
        }
    });
    if (!object) return body.expected("requests[]", "an object");
    if (!has_content && !body.in.failed()) body.fail("'content' is missing");
    request.inputs.push_back(std::move(text));
}

} // namespace detail::gemini

BATON_DECL GeminiTarget::GeminiTarget(std::string_view target) {
    const std::size_t question = target.find('?');
    std::string_view path = target.substr(0, question);
    if (question != std::string_view::npos) {
        std::string_view query = target.substr(question + 1);
        while (!query.empty()) {
            const std::size_t end = std::min(query.find('&'), query.size());
            sse |= query.substr(0, end) == "alt=sse" || query.substr(0, end) == "%24alt=sse";
            query.remove_prefix(std::min(end + 1, query.size()));
        }
    }
    constexpr std::string_view collection = "/models";
    const std::size_t at = path.find(collection);
    std::string_view rest;
    if (at == std::string_view::npos) {
        const std::size_t tuned = path.find("/tunedModels/");
        if (tuned == std::string_view::npos) return;
        rest = path.substr(tuned + 1); // such a name is a path of its own
    } else {
        rest = path.substr(at + collection.size());
        if (rest.empty() || rest == "/") {
            method = Method::models;
            return;
        }
        if (rest.front() != '/') return;
        rest.remove_prefix(1);
    }
    const std::size_t colon = rest.rfind(':');
    const std::string_view verb =
        colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    struct Verb {
        std::string_view name;
        Method method;
    };
    static constexpr Verb verbs[] = {{"generateContent", Method::generate},
                                     {"streamGenerateContent", Method::stream},
                                     {"countTokens", Method::count},
                                     {"embedContent", Method::embed},
                                     {"batchEmbedContents", Method::batch_embed}};
    method = Method::model; // a model's name may hold a colon
    for (const Verb& known : verbs) {
        if (known.name == verb) method = known.method;
    }
    model = percent_decoded(method == Method::model ? rest : rest.substr(0, colon));
    if (model.empty()) method = Method::unknown;
}

BATON_DECL void Gemini::encode_models(std::span<const std::string> models, std::string& out) {
    json::Writer json(out);
    json.begin_object().key("models").begin_array();
    for (const std::string& model : models) detail::gemini::write_model(json, model);
    json.end_array().end_object();
}

BATON_DECL void Gemini::encode_model(std::string_view model, std::string& out) {
    json::Writer json(out);
    detail::gemini::write_model(json, model);
}

BATON_DECL void Gemini::encode_count(std::uint64_t tokens, std::string& out) {
    json::Writer json(out);
    json.begin_object().key("totalTokens").number(tokens).end_object();
}

BATON_DECL std::optional<Error> Gemini::decode_embed(const GeminiTarget& target, std::string_view text,
                                                     EmbedRequest& request) {
    using namespace detail::gemini;
    detail::RequestReader body(text);
    if (target.method == GeminiTarget::Method::embed) {
        embed_one(body, request);
    } else {
        body.in.object([&](std::string_view key) {
            if (!body.first_time(key)) return;
            if (key == "requests") {
                body.array("requests", [&] { embed_one(body, request); });
            } else {
                body.keep(std::string(key));
            }
        });
        if (request.inputs.empty() && !body.in.failed())
            body.fail("'requests' must be an array with at least one request");
    }
    if (!target.model.empty()) request.model = target.model;
    request.extra = body.take_extra();
    return body.verdict();
}

BATON_DECL void Gemini::encode_embed(const GeminiTarget& target, const Embeddings& answer, std::string& out) {
    using namespace detail::gemini;
    json::Writer json(out);
    json.begin_object();
    if (target.method == GeminiTarget::Method::embed) {
        static const std::vector<float> none;
        json.key("embedding");
        write_vector(json, answer.vectors.empty() ? none : answer.vectors[0]);
    } else {
        json.key("embeddings").begin_array();
        for (const std::vector<float>& vector : answer.vectors) write_vector(json, vector);
        json.end_array();
    }
    if (answer.usage.reported) {
        json.key("usageMetadata").begin_object().key("promptTokenCount").number(answer.usage.total_input());
        json.end_object();
    }
    json.end_object();
}

} // namespace baton::serve
