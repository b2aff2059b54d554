// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/cohere.hpp>
#include <baton/wire/impl/cohere_encode.ipp>
#include <baton/wire/impl/embeddings.ipp>

namespace baton::wire {
namespace detail {

/// What this API has no word for: refused, unless the request is lossy.
inline std::optional<Error> missing_from_cohere(const Request& request, const Extra& extra) {
    if (request.lossy) return std::nullopt;
    const auto refuse = [](std::string_view member, std::string_view why = "its API has no such parameter") {
        return cannot_express(Cohere::name, member, why, or_lossy);
    };
    if (request.tool_choice && request.tool_choice->mode == ToolChoice::Mode::named &&
        !extra.has("tool_choice")) {
        return cannot_express(Cohere::name, "tool_choice", "its API cannot name a tool",
                              "offer that tool alone and require a call, or use a target that can");
    }
    if (!request.parallel_tools && !request.tools.empty()) {
        return refuse("parallel_tools", "its API cannot forbid parallel calls");
    }
    if (!request.tuning) return std::nullopt;
    const Tuning& tuning = *request.tuning;
    if (tuning.choices && *tuning.choices > 1) return refuse("choices");
    if (tuning.top_logprobs && *tuning.top_logprobs > 0) {
        return refuse("top_logprobs", "its log probabilities come without alternatives (0 asks for them)");
    }
    if (!tuning.reasoning_effort.empty() && tuning.reasoning_effort != "none" && !extra.has("thinking")) {
        return refuse("reasoning_effort", "it takes a number of tokens");
    }
    if (!tuning.service_tier.empty()) return refuse("service_tier");
    if (!tuning.user.empty()) return refuse("end_user");
    return std::nullopt;
}

inline std::optional<Error> write_cohere_tools(const Request& request, json::Writer& w) {
    w.begin_array();
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
        const Tool& tool = request.tools[i];
        w.begin_object().key("type").string("function").key("function").begin_object();
        w.key("name").string(tool.name);
        if (!tool.description.empty()) w.key("description").string(tool.description);
        w.key("parameters");
        if (tool.parameters.empty()) {
            w.raw(R"({"type":"object","properties":{}})"); // required even where there is nothing to say
        } else if (is_json_object(tool.parameters)) {
            w.raw(tool.parameters);
        } else {
            return not_json(Cohere::name, "tools[" + std::to_string(i) + "].parameters");
        }
        w.end_object().end_object();
    }
    w.end_array();
    return std::nullopt;
}

inline std::optional<Error> write_cohere_format(const ResponseFormat& format, json::Writer& w) {
    w.begin_object().key("type").string("json_object");
    if (format.kind == ResponseFormat::Kind::json_schema) {
        if (!is_json_object(format.schema)) return not_json(Cohere::name, "response_format.schema");
        w.key("json_schema").raw(format.schema);
    }
    w.end_object();
    return std::nullopt;
}

template <class Ours>
void write_cohere_tuning(const Tuning& tuning, json::Writer& w, Ours&& ours) {
    if (tuning.top_k && ours("k")) w.number(*tuning.top_k);
    if (tuning.frequency_penalty && ours("frequency_penalty")) w.number(*tuning.frequency_penalty);
    if (tuning.presence_penalty && ours("presence_penalty")) w.number(*tuning.presence_penalty);
    if (tuning.top_logprobs && ours("logprobs")) w.boolean(true);
    const bool budget = tuning.reasoning_tokens.value_or(0) > 0;
    if (budget ? ours("thinking")
               : (tuning.reasoning_tokens || tuning.reasoning_effort == "none") && ours("thinking")) {
        w.begin_object().key("type").string(budget ? "enabled" : "disabled");
        if (budget) w.key("token_budget").number(*tuning.reasoning_tokens);
        w.end_object();
    }
}

inline std::optional<Error> write_cohere(const Request& request, const Target& target, bool stream,
                                         json::Writer& w) {
    Extra extra;
    if (auto wrong = foreign_content(Cohere::name, request)) return wrong;
    if (auto error = extra.read(Cohere::name, request, Cohere::name)) return error;
    if (auto error = missing_from_cohere(request, extra)) return error;
    const auto ours = [&](std::string_view name) {
        if (extra.has(name)) return false;
        w.key(name);
        return true;
    };
    w.begin_object();
    if (ours("model")) w.string(target.model);
    if (ours("messages")) {
        CohereMessages messages(request.lossy, w);
        messages.write(request.messages);
        if (messages.error) return std::move(messages.error);
    }
    if (!request.tools.empty() && ours("tools")) {
        if (auto error = write_cohere_tools(request, w)) return error;
    }
    bool strict = false;
    for (const Tool& tool : request.tools) strict |= tool.strict;
    if (strict && ours("strict_tools")) w.boolean(true);
    using Mode = ToolChoice::Mode; // "automatic" is what there is without a word
    const Mode mode = request.tool_choice ? request.tool_choice->mode : Mode::vendor_default;
    if ((mode == Mode::required || mode == Mode::none) && ours("tool_choice")) {
        w.string(mode == Mode::required ? "REQUIRED" : "NONE");
    }
    if (request.response_format && request.response_format->kind != ResponseFormat::Kind::text &&
        ours("response_format")) {
        if (auto error = write_cohere_format(*request.response_format, w)) return error;
    }
    if (const auto cap = effective_max_tokens(request, target)) {
        if (ours("max_tokens")) w.number(*cap);
    }
    if (!request.stop.empty() && ours("stop_sequences")) {
        w.begin_array();
        for (const std::string& sequence : request.stop) w.string(sequence);
        w.end_array();
    }
    if (const auto value = effective_temperature(request, target)) {
        if (ours("temperature")) w.number(*value);
    }
    if (request.top_p && ours("p")) w.number(*request.top_p);
    if (request.seed && ours("seed")) w.number(*request.seed);
    if (request.tuning) write_cohere_tuning(*request.tuning, w, ours);
    if (stream) w.key("stream").boolean(true);
    extra.write(w);
    w.end_object();
    return std::nullopt;
}

} // namespace detail

BATON_DECL std::optional<Error> Cohere::encode(const Draft& draft, const Target& target, bool stream,
                                               Outgoing out) {
    const std::size_t before = out.body.size();
    out.path = "/v2/chat";
    out.body.reserve(before + text_size(*draft));
    json::Writer writer(out.body);
    auto error = detail::write_cohere(*draft, target, stream, writer);
    if (error) out.body.resize(before);
    return error;
}

BATON_DECL std::optional<Error> Cohere::encode_embed(const EmbedRequest& request, const Target& target,
                                                     Outgoing out) {
    Extra extra;
    if (auto error = extra.read(name, request.extra)) return error;
    if (auto error = detail::without_inputs(request)) return error;
    out.path = "/v2/embed";
    json::Writer w(out.body);
    const auto ours = [&](std::string_view member) {
        if (extra.has(member)) return false;
        w.key(member);
        return true;
    };
    w.begin_object();
    if (ours("model")) w.string(target.model);
    if (ours("texts")) {
        w.begin_array();
        for (const std::string& input : request.inputs) w.string(input);
        w.end_array();
    }
    if (ours("input_type")) {
        w.string(request.purpose == EmbedRequest::Purpose::query ? "search_query" : "search_document");
    }
    if (ours("embedding_types")) w.begin_array().string("float").end_array();
    if (request.dimensions && ours("output_dimension")) w.number(*request.dimensions);
    extra.write(w);
    w.end_object();
    return std::nullopt;
}

BATON_DECL std::optional<Error> Cohere::decode_embed(std::string_view body, Embeddings& answer) {
    bool failed = false, listed = false, whole = true;
    json::Reader reader(body);
    const auto vectors = [&] {
        listed |= reader.array([&] { whole &= detail::read_vector(reader, answer.vectors.emplace_back()); });
    };
    reader.object([&](std::string_view key) {
        if (json::is(key, "embeddings")) {
            if (reader.kind() == json::Reader::Kind::array) return vectors(); // as version 1 does
            reader.object([&](std::string_view type) {
                if (json::is(type, "float")) vectors();
            });
        } else if (json::is(key, "meta")) {
            reader.object([&](std::string_view member) {
                if (!json::is(member, "billed_units")) return;
                std::uint64_t texts = 0, images = 0;
                answer.usage.reported = reader.object([&](std::string_view unit) {
                    if (json::is(unit, "input_tokens")) reader.unsigned_integer(texts);
                    if (json::is(unit, "image_tokens")) reader.unsigned_integer(images);
                });
                answer.usage.input_tokens = texts + images;
            });
        } else if (json::is(key, "message")) {
            failed |= reader.kind() == json::Reader::Kind::string;
        }
    });
    if (!reader.finish())
        return malformed(detail::cohere_vendor, "embeddings that are not a JSON object", body);
    if (failed) return make_error_in_answer(detail::cohere_vendor, body);
    if (listed && whole) return std::nullopt;
    return malformed(detail::cohere_vendor, "embeddings without a vector of floats for each", body);
}

BATON_DECL std::optional<Error> Cohere::decode_models(std::string_view body, std::vector<ModelInfo>& models) {
    bool failed = false, listed = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "message")) failed |= reader.kind() == json::Reader::Kind::string;
        if (!json::is(key, "models")) return;
        listed = reader.array([&] {
            ModelInfo& model = models.emplace_back();
            model.owner = name;
            reader.object([&](std::string_view member) {
                if (json::is(member, "name")) reader.append_string(model.id);
                if (json::is(member, "context_length")) reader.unsigned_integer(model.max_context);
            });
            if (model.id.empty()) models.pop_back();
        });
    });
    if (!reader.finish()) return malformed(detail::cohere_vendor, "a model list that is not JSON", body);
    if (failed) return make_error_in_answer(detail::cohere_vendor, body);
    if (!listed) return malformed(detail::cohere_vendor, "a model list without `models`", body);
    return std::nullopt;
}

} // namespace baton::wire
