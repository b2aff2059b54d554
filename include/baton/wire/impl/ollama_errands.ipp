// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/impl/embeddings.ipp>
#include <baton/wire/ollama.hpp>

namespace baton::wire {
BATON_DECL result<std::string> Ollama::base_url(const Options&, Environment environment) {
    return ollama_url(environment);
}

BATON_DECL std::optional<Error> Ollama::encode_embed(const EmbedRequest& request, const Target& target,
                                                     Outgoing out) {
    Extra extra;
    if (auto error = extra.read(name, request.extra)) return error;
    if (auto error = detail::without_inputs(request)) return error;
    out.path = "/api/embed";
    json::Writer w(out.body);
    w.begin_object();
    if (!extra.has("model")) w.key("model").string(target.model);
    if (!extra.has("input")) {
        w.key("input").begin_array();
        for (const std::string& input : request.inputs) w.string(input);
        w.end_array();
    }
    if (request.dimensions && !extra.has("dimensions")) w.key("dimensions").number(*request.dimensions);
    extra.write(w);
    w.end_object();
    return std::nullopt;
}

BATON_DECL std::optional<Error> Ollama::decode_embed(std::string_view body, Embeddings& answer) {
    bool failed = false, listed = false, whole = true;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "embeddings")) {
            listed |=
                reader.array([&] { whole &= detail::read_vector(reader, answer.vectors.emplace_back()); });
        } else if (json::is(key, "embedding")) { // of the older /api/embeddings
            listed = true;
            whole &= detail::read_vector(reader, answer.vectors.emplace_back());
        } else if (json::is(key, "model")) {
            reader.append_string(answer.model);
        } else if (json::is(key, "prompt_eval_count")) {
            answer.usage.reported = reader.unsigned_integer(answer.usage.input_tokens);
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    if (!reader.finish())
        return malformed(detail::ollama_vendor, "embeddings that are not a JSON object", body);
    if (failed) return make_error_in_answer(detail::ollama_vendor, body);
    if (listed && whole) return std::nullopt;
    return malformed(detail::ollama_vendor, "embeddings without a vector for each", body);
}

BATON_DECL std::optional<Error> Ollama::decode_models(std::string_view body, std::vector<ModelInfo>& models) {
    bool failed = false, listed = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
        if (!json::is(key, "models")) return;
        listed |= reader.array([&] {
            ModelInfo& model = models.emplace_back();
            std::string display;
            reader.object([&](std::string_view member) {
                if (json::is(member, "model")) reader.append_string(model.id);
                if (json::is(member, "name")) reader.append_string(display);
            });
            if (model.id.empty()) model.id = std::move(display);
            if (model.id.empty()) models.pop_back();
        });
        listed |= reader.null(); // no models
    });
    if (!reader.finish()) return malformed(detail::ollama_vendor, "a model list that is not JSON", body);
    if (failed) return make_error_in_answer(detail::ollama_vendor, body);
    if (!listed) return malformed(detail::ollama_vendor, "a model list without `models`", body);
    return std::nullopt;
}

} // namespace baton::wire
