// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/bedrock.hpp>
#include <baton/wire/impl/bedrock_blocks.ipp>
#include <baton/wire/impl/bedrock_messages.ipp>

namespace baton::wire {
namespace detail {

inline bool has_tool_parts(const Request& request) noexcept {
    for (const Message& message : request.messages) {
        for (const Part& part : message.parts) {
            if (part.kind == Part::Kind::tool_call || part.kind == Part::Kind::tool_result) return true;
        }
    }
    return false;
}

/// Whether tools are to be offered at all: there is no choice "none", but one can leave them out.
inline bool offers_tools(const Request& request, BedrockRefusal& refusal) {
    using Mode = ToolChoice::Mode;
    const Mode mode = request.tool_choice ? request.tool_choice->mode : Mode::vendor_default;
    if (request.tools.empty()) {
        if (mode == Mode::required || mode == Mode::named) {
            refusal.refuse("tool_choice", "there are no tools to choose from", "give the request its tools");
        }
        return false;
    }
    if (mode != Mode::none) return true;
    if (!has_tool_parts(request)) return false;
    refusal.refuse("tool_choice: none",
                   "while messages hold tool calls it must be given tools, and has no such choice",
                   "leave the choice to the model");
    return true;
}

inline void write_bedrock_tools(const Request& request, json::Writer& w, BedrockRefusal& refusal) {
    using Mode = ToolChoice::Mode;
    w.begin_object().key("tools").begin_array();
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
        const Tool& tool = request.tools[i];
        w.begin_object().key("toolSpec").begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) w.key("description").string(tool.description);
        w.key("inputSchema").begin_object().key("json");
        if (tool.parameters.empty()) {
            w.raw(R"({"type":"object","properties":{}})"); // required even where there is nothing to say
        } else {
            if (!is_json_object(tool.parameters)) {
                refusal.bad_json("tools[" + std::to_string(i) + "].parameters");
            }
            w.raw(tool.parameters);
        }
        w.end_object();
        if (tool.strict) w.key("strict").boolean(true);
        w.end_object().end_object();
    }
    w.end_array();
    const Mode mode = request.tool_choice ? request.tool_choice->mode : Mode::vendor_default;
    if (mode == Mode::automatic || mode == Mode::required) {
        w.key("toolChoice").begin_object().key(mode == Mode::automatic ? "auto" : "any");
        w.begin_object().end_object().end_object();
    } else if (mode == Mode::named) {
        w.key("toolChoice").begin_object().key("tool").begin_object();
        w.key("name").string(request.tool_choice->name).end_object().end_object();
    }
    w.end_object();
}

/// A model's own parameters, named as its maker does: members for additionalModelRequestFields.
inline std::string bedrock_model_fields(const Request& request, const Target& target,
                                        BedrockRefusal& refusal) {
    std::string out;
    if (!request.tuning) return out;
    const Tuning& tuning = *request.tuning;
    const std::string_view model = target.model;
    const auto made_by = [&](std::string_view maker) { return model.find(maker) != model.npos; };
    const bool claude = made_by("anthropic."), nova = made_by("amazon.nova"), gpt = made_by("openai.");
    constexpr std::string_view instead =
        "put the model's own name for it into extra.additionalModelRequestFields";
    if (tuning.top_k) {
        const std::string k = std::to_string(*tuning.top_k);
        if (claude) {
            json::append_member(out, "top_k", k);
        } else if (nova) {
            json::append_member(out, "inferenceConfig", "{\"topK\":" + k + "}");
        } else {
            refusal.refuse("top_k", "Converse has no word for it, and the model's is not known", instead);
        }
    }
    if (tuning.reasoning_tokens) {
        const std::uint32_t tokens = *tuning.reasoning_tokens;
        if (claude && tokens > 0) {
            json::append_member(out, "thinking",
                                "{\"type\":\"enabled\",\"budget_tokens\":" + std::to_string(tokens) + "}");
        } else if (!(claude && tokens == 0)) { // Claude does not think unless it is asked to
            refusal.refuse("reasoning", "the model has no known cap in tokens", instead);
        }
    }
    if (!tuning.reasoning_effort.empty()) {
        std::string effort;
        json::append_string(effort, tuning.reasoning_effort);
        if (gpt) {
            json::append_member(out, "reasoning_effort", effort);
        } else if (made_by("amazon.nova-2")) {
            json::append_member(out, "reasoningConfig",
                                "{\"type\":\"enabled\",\"maxReasoningEffort\":" + effort + "}");
        } else {
            refusal.refuse("reasoning", "the model has no known words for effort", instead);
        }
    }
    return out;
}

inline void missing_from_bedrock(const Request& request, BedrockRefusal& refusal) {
    constexpr std::string_view next_step = "leave it out or use a target that has it";
    const auto refuse = [&](bool asked, std::string_view member, std::string_view why) {
        if (asked) refusal.refuse(member, why, next_step);
    };
    const Tuning plain;
    const Tuning& tuning = request.tuning ? *request.tuning : plain;
    constexpr std::string_view none = "Converse has no such parameter";
    refuse(request.seed.has_value(), "seed", none);
    refuse(tuning.frequency_penalty.has_value(), "frequency_penalty", none);
    refuse(tuning.presence_penalty.has_value(), "presence_penalty", none);
    refuse(tuning.choices && *tuning.choices > 1, "choices", "Converse gives one answer");
    refuse(tuning.top_logprobs.has_value(), "top_logprobs", none);
    refuse(!tuning.user.empty(), "end_user",
           "Converse has no such parameter; extra.requestMetadata is logged");
    refuse(!request.parallel_tools && !request.tools.empty(), "parallel_tools",
           "Converse cannot forbid several calls");
    refuse(request.response_format && request.response_format->kind == ResponseFormat::Kind::json_object,
           "response_format: json_object", "Converse has no schema-free JSON mode; it has schemas");
}

/// Those members of `extra` that CountTokens knows.
inline void write_counted(const std::string& extra, json::Writer& w) {
    json::Reader reader(extra);
    reader.object([&](std::string_view key) {
        for (const std::string_view known :
             {"system", "messages", "toolConfig", "additionalModelRequestFields"}) {
            if (key != known) continue;
            w.key(known).raw(reader.raw());
            return;
        }
    });
}

inline std::optional<Error> write_bedrock(const Request& request, const Target& target, bool counting,
                                          json::Writer& w) {
    Extra extra;
    BedrockRefusal refusal(request.lossy);
    if (auto wrong = foreign_content(Bedrock::name, request)) return wrong;
    if (auto error = extra.read(Bedrock::name, request, Bedrock::name)) return error;
    missing_from_bedrock(request, refusal);
    const auto ours = [&](std::string_view name) {
        if (extra.has(name)) return false;
        w.key(name);
        return true;
    };
    w.begin_object();
    BedrockMessages messages(w, refusal);
    if (BedrockMessages::any_system(request) && ours("system")) messages.system(request);
    if (ours("messages")) messages.turns(request);
    if (offers_tools(request, refusal) && ours("toolConfig")) write_bedrock_tools(request, w, refusal);
    if (const std::string fields = bedrock_model_fields(request, target, refusal); !fields.empty()) {
        if (ours("additionalModelRequestFields")) {
            w.raw("{" + fields + "}");
        } else {
            refusal.refuse("top_k or reasoning", "extra.additionalModelRequestFields stands in its place",
                           "put all of them into extra");
        }
    }
    const auto temperature = effective_temperature(request, target);
    const auto max_tokens = effective_max_tokens(request, target);
    const bool inference = temperature || max_tokens || request.top_p || !request.stop.empty();
    if (!counting && inference && ours("inferenceConfig")) {
        w.begin_object();
        if (max_tokens) w.key("maxTokens").number(*max_tokens);
        if (temperature) w.key("temperature").number(*temperature);
        if (request.top_p) w.key("topP").number(*request.top_p);
        if (!request.stop.empty()) {
            w.key("stopSequences").begin_array();
            for (const std::string& sequence : request.stop) w.string(sequence);
            w.end_array();
        }
        w.end_object();
    }
    const ResponseFormat* format = request.response_format ? &*request.response_format : nullptr;
    if (!counting && format && format->kind == ResponseFormat::Kind::json_schema && ours("outputConfig")) {
        if (!is_json_object(format->schema)) refusal.bad_json("response_format.schema");
        w.begin_object().key("textFormat").begin_object().key("type").string("json_schema");
        w.key("structure").begin_object().key("jsonSchema").begin_object();
        if (!format->name.empty()) w.key("name").string(format->name);
        w.key("schema").string(format->schema).end_object().end_object().end_object().end_object();
    }
    if (!counting && request.tuning && !request.tuning->service_tier.empty() && ours("serviceTier")) {
        w.begin_object().key("type").string(request.tuning->service_tier).end_object();
    }
    if (counting) {
        write_counted(request.extra, w);
    } else {
        extra.write(w);
    }
    w.end_object();
    return std::move(refusal.error);
}

inline std::optional<Error> bedrock_path(const Target& target, std::string_view operation,
                                         std::string& path) {
    if (target.model.empty()) {
        return Error(Errc::invalid_request, "bedrock needs a model: set Bedrock::Options::model, e.g. to an "
                                            "inference profile's id");
    }
    path = "/model/";
    path += sigv4::uri_encode(target.model, true);
    path += operation;
    return std::nullopt;
}

} // namespace detail

BATON_DECL std::optional<Error> Bedrock::encode(const Draft& draft, const Target& target, bool stream,
                                                Outgoing out) {
    const std::size_t before = out.body.size();
    if (auto error = detail::bedrock_path(target, stream ? "/converse-stream" : "/converse", out.path)) {
        return error;
    }
    out.body.reserve(before + text_size(*draft));
    json::Writer writer(out.body);
    auto error = detail::write_bedrock(*draft, target, false, writer);
    if (error) out.body.resize(before);
    return error;
}

BATON_DECL std::optional<Error> Bedrock::encode_count(const Draft& draft, const Target& target,
                                                      Outgoing out) {
    const std::size_t before = out.body.size();
    if (auto error = detail::bedrock_path(target, "/count-tokens", out.path)) return error;
    std::string converse;
    json::Writer writer(converse);
    auto error = detail::write_bedrock(*draft, target, true, writer);
    if (!error) {
        json::Writer(out.body).begin_object().key("input").begin_object().key("converse").raw(converse);
        out.body += "}}";
    }
    if (error) out.body.resize(before);
    return error;
}

} // namespace baton::wire
