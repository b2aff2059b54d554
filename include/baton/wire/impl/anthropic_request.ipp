// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/anthropic.hpp>

namespace baton::wire {
namespace detail {

inline std::optional<Error> write_anthropic_tools(const Request& request, json::Writer& w) {
    w.begin_array();
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
        const Tool& tool = request.tools[i];
        w.begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) w.key("description").string(tool.description);
        w.key("input_schema");
        if (tool.parameters.empty()) {
            w.raw(R"({"type":"object","properties":{}})"); // required even where there is nothing to say
        } else if (is_json_object(tool.parameters)) {
            w.raw(tool.parameters);
        } else {
            return not_json(Anthropic::name, "tools[" + std::to_string(i) + "].parameters");
        }
        if (tool.strict) w.key("strict").boolean(true);
        if (auto wrong = tool_extra(tool, Anthropic::name, Anthropic::name, i, w)) return wrong;
        w.end_object();
    }
    w.end_array();
    return std::nullopt;
}

inline void write_anthropic_choice(const Request& request, json::Writer& w) {
    using Mode = ToolChoice::Mode;
    const Mode mode = request.tool_choice ? request.tool_choice->mode : Mode::vendor_default;
    w.begin_object().key("type");
    switch (mode) {
    case Mode::vendor_default:
    case Mode::automatic: w.string("auto"); break;
    case Mode::none: w.string("none"); break;
    case Mode::required: w.string("any"); break;
    case Mode::named: w.string("tool").key("name").string(request.tool_choice->name); break;
    }
    if (!request.parallel_tools && mode != Mode::none) w.key("disable_parallel_tool_use").boolean(true);
    w.end_object();
}

/// What this API has no word for: refused, unless the request is lossy.
inline std::optional<Error> missing_from_anthropic(const Request& request, const Extra& extra) {
    if (request.lossy) return std::nullopt;
    const auto refuse = [](std::string_view member) {
        return cannot_express(Anthropic::name, member, "its API has no such parameter", or_lossy);
    };
    if (request.seed) return refuse("seed");
    if (request.response_format && request.response_format->kind == ResponseFormat::Kind::json_object &&
        !extra.has("output_config")) {
        return cannot_express(Anthropic::name, "response_format: json_object",
                              "its API has no schema-free JSON mode",
                              "give a JSON Schema, or ask for JSON in the prompt");
    }
    if (!request.tuning) return std::nullopt;
    const Tuning& tuning = *request.tuning;
    if (tuning.frequency_penalty) return refuse("frequency_penalty");
    if (tuning.presence_penalty) return refuse("presence_penalty");
    if (tuning.top_logprobs) return refuse("top_logprobs");
    if (tuning.choices && *tuning.choices > 1) return refuse("choices");
    return std::nullopt;
}

/// The schema of the answer and how hard to think share one member.
inline std::optional<Error> write_anthropic_output(const Request& request, json::Writer& w) {
    w.begin_object();
    if (request.response_format && request.response_format->kind == ResponseFormat::Kind::json_schema) {
        if (!is_json_object(request.response_format->schema))
            return not_json(Anthropic::name, "response_format.schema");
        w.key("format").begin_object().key("type").string("json_schema").key("schema");
        w.raw(request.response_format->schema).end_object();
    }
    if (request.tuning && !request.tuning->reasoning_effort.empty()) {
        w.key("effort").string(request.tuning->reasoning_effort);
    }
    w.end_object();
    return std::nullopt;
}

template <class Ours>
void write_anthropic_tuning(const Tuning& tuning, json::Writer& w, Ours&& ours) {
    if (tuning.top_k && ours("top_k")) w.number(*tuning.top_k);
    if (tuning.reasoning_tokens && ours("thinking")) {
        w.begin_object().key("type");
        if (*tuning.reasoning_tokens == 0) {
            w.string("disabled");
        } else {
            w.string("enabled").key("budget_tokens").number(*tuning.reasoning_tokens);
        }
        w.end_object();
    }
    if (!tuning.service_tier.empty() && ours("service_tier")) w.string(tuning.service_tier);
    if (!tuning.user.empty() && ours("metadata")) {
        w.begin_object().key("user_id").string(tuning.user).end_object();
    }
}

/// What the request is for: an answer, or the count of its input tokens, which takes fewer members.
enum class AnthropicUse : unsigned char { answer, stream, count };

inline std::optional<Error> write_anthropic(const Request& request, const Target& target, AnthropicUse use,
                                            json::Writer& w) {
    Extra extra;
    if (auto wrong = foreign_content(Anthropic::name, request)) return wrong;
    if (auto error = extra.read(Anthropic::name, request, Anthropic::name)) return error;
    if (auto error = missing_from_anthropic(request, extra)) return error;
    const auto ours = [&](std::string_view name) {
        if (extra.has(name)) return false;
        w.key(name);
        return true;
    };
    w.begin_object();
    if (ours("model")) w.string(target.model);
    const bool answers = use != AnthropicUse::count;
    if (answers && ours("max_tokens"))
        w.number(effective_max_tokens(request, target).value_or(Anthropic::default_max_tokens));
    AnthropicMessages messages(w);
    if (AnthropicMessages::any_system(request) && ours("system")) messages.system(request);
    if (ours("messages")) messages.turns(request);
    if (messages.error) return std::move(messages.error);
    if (const auto value = effective_temperature(request, target); answers && value) {
        if (ours("temperature")) w.number(*value);
    }
    if (answers && request.top_p && ours("top_p")) w.number(*request.top_p);
    if (answers && !request.stop.empty() && ours("stop_sequences")) {
        w.begin_array();
        for (const std::string& sequence : request.stop) w.string(sequence);
        w.end_array();
    }
    if (!request.tools.empty() && ours("tools")) {
        if (auto error = write_anthropic_tools(request, w)) return error;
    }
    const bool chosen = request.tool_choice && request.tool_choice->mode != ToolChoice::Mode::vendor_default;
    if ((chosen || (!request.parallel_tools && !request.tools.empty())) && ours("tool_choice")) {
        write_anthropic_choice(request, w);
    }
    const bool schema =
        request.response_format && request.response_format->kind == ResponseFormat::Kind::json_schema;
    const bool effort = request.tuning && !request.tuning->reasoning_effort.empty();
    if ((schema || effort) && ours("output_config")) {
        if (auto error = write_anthropic_output(request, w)) return error;
    }
    if (request.tuning && answers) write_anthropic_tuning(*request.tuning, w, ours);
    if (use == AnthropicUse::stream) w.key("stream").boolean(true);
    extra.write(w);
    w.end_object();
    return std::nullopt;
}

} // namespace detail

BATON_DECL std::optional<Error> Anthropic::encode(const Draft& draft, const Target& target, bool stream,
                                                  Outgoing out) {
    const std::size_t before = out.body.size();
    out.path = "/v1/messages";
    out.body.reserve(before + text_size(*draft));
    json::Writer writer(out.body);
    auto error = detail::write_anthropic(
        *draft, target, stream ? detail::AnthropicUse::stream : detail::AnthropicUse::answer, writer);
    if (error) out.body.resize(before);
    return error;
}

BATON_DECL std::optional<Error> Anthropic::encode_count(const Draft& draft, const Target& target,
                                                        Outgoing out) {
    const std::size_t before = out.body.size();
    out.path = "/v1/messages/count_tokens";
    json::Writer writer(out.body);
    auto error = detail::write_anthropic(*draft, target, detail::AnthropicUse::count, writer);
    if (error) out.body.resize(before);
    return error;
}

BATON_DECL std::optional<Error> Anthropic::decode_count(std::string_view body, std::uint64_t& tokens) {
    json::Reader reader(body);
    bool found = false;
    reader.object([&](std::string_view key) {
        if (json::is(key, "input_tokens")) found = reader.unsigned_integer(tokens);
    });
    if (found && reader.finish()) return std::nullopt;
    return malformed(detail::anthropic_vendor, "a token count", body);
}

BATON_DECL std::optional<Error> Anthropic::decode_models(std::string_view body,
                                                         std::vector<ModelInfo>& models) {
    json::Reader reader(body);
    bool found = false;
    reader.object([&](std::string_view key) {
        if (!json::is(key, "data")) return;
        found = reader.array([&] {
            ModelInfo& model = models.emplace_back();
            model.owner = "anthropic";
            reader.object([&](std::string_view member) {
                if (json::is(member, "id")) reader.append_string(model.id);
            });
        });
    });
    if (found && reader.finish()) return std::nullopt;
    return malformed(detail::anthropic_vendor, "a model list", body);
}

} // namespace baton::wire
