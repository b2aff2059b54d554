// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/anthropic.hpp>

namespace baton::wire {
namespace detail {

/// Writes `system` and `messages`. The first thing that cannot be said is kept in `error`.
class AnthropicMessages {
public:
    explicit AnthropicMessages(json::Writer& writer) noexcept : w_(writer) {}

    std::optional<Error> error;

    static bool any_system(const Request& request) noexcept {
        for (const Message& message : request.messages) {
            if (message.role == Role::system && any(message)) return true;
        }
        return false;
    }

    void system(const Request& request) {
        w_.begin_array();
        for (const Message& message : request.messages) {
            if (message.role != Role::system) continue;
            for (const Part& part : message.parts) {
                if (!sent(part)) continue;
                if (part.kind == Kind::text || part.kind == Kind::opaque) {
                    block(part);
                } else {
                    refuse("system message", "it may hold text only", "move other parts to a user message");
                }
            }
        }
        w_.end_array();
    }

    // Neighbours that speak as one are one turn: tool results must directly follow their calls together.
    void turns(const Request& request) {
        w_.begin_array();
        bool open = false, assistant = false;
        for (const Message& message : request.messages) {
            if (message.role == Role::system || !any(message)) continue;
            const bool speaks = message.role == Role::assistant;
            if (open && speaks != assistant) {
                w_.end_array().end_object();
                open = false;
            }
            if (!open) {
                w_.begin_object()
                    .key("role")
                    .string(speaks ? "assistant" : "user")
                    .key("content")
                    .begin_array();
                open = true;
                assistant = speaks;
            }
            for (const Part& part : message.parts) {
                if (sent(part)) allowed(part, message.role);
            }
        }
        if (open) w_.end_array().end_object();
        w_.end_array();
    }

private:
    using Kind = Part::Kind;

    static bool ours(const Part& part) noexcept {
        return part.detail && (part.detail->vendor.empty() || part.detail->vendor == Anthropic::name);
    }
    /// Empty text is refused by the vendor; other vendors' thinking and opaque blocks mean nothing here.
    static bool sent(const Part& part) noexcept {
        switch (part.kind) {
        case Kind::text: return !part.text.empty();
        case Kind::thinking:
            return ours(part) && (!part.detail->vendor.empty() || !part.detail->signature.empty());
        case Kind::opaque: return !part.detail || ours(part);
        default: return true;
        }
    }
    static bool any(const Message& message) noexcept {
        for (const Part& part : message.parts) {
            if (sent(part)) return true;
        }
        return false;
    }
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!error) error = cannot_express(Anthropic::name, member, why, next_step);
    }

    void allowed(const Part& part, Role role) {
        const bool assistant = role == Role::assistant;
        if (part.kind == Kind::tool_call && !assistant) {
            return refuse("tool_call", "only assistant messages may hold one",
                          "move it to an assistant message");
        }
        if (assistant &&
            (part.kind == Kind::tool_result || part.kind == Kind::image || part.kind == Kind::document)) {
            return refuse("assistant message", "it may hold text, thinking and tool calls only",
                          "move images, documents and tool results to a user or tool message");
        }
        block(part);
    }

    void block(const Part& part) {
        switch (part.kind) {
        case Kind::text: begin("text").key("text").string(part.text); break;
        case Kind::thinking:
            begin("thinking").key("thinking").string(part.text);
            if (!part.detail->signature.empty()) w_.key("signature").string(part.detail->signature);
            break;
        case Kind::opaque: w_.raw(part.text); return;
        case Kind::tool_call: call(part); break;
        case Kind::tool_result:
            begin("tool_result").key("tool_use_id");
            w_.string(part.detail ? std::string_view(part.detail->id) : std::string_view());
            if (!part.text.empty()) w_.key("content").string(part.text);
            if (part.detail && part.detail->is_error) w_.key("is_error").boolean(true);
            break;
        case Kind::image:
            begin("image");
            source(part);
            break;
        case Kind::document:
            begin("document");
            source(part);
            if (part.detail && !part.detail->name.empty()) w_.key("title").string(part.detail->name);
            break;
        }
        if (part.detail && part.detail->vendor == Anthropic::name) extra(part.detail->extra);
        w_.end_object();
    }
    json::Writer& begin(std::string_view type) { return w_.begin_object().key("type").string(type); }

    void call(const Part& part) {
        begin("tool_use")
            .key("id")
            .string(part.detail ? std::string_view(part.detail->id) : std::string_view());
        w_.key("name").string(part.detail ? std::string_view(part.detail->name) : std::string_view());
        w_.key("input");
        if (part.text.empty()) {
            w_.begin_object().end_object();
        } else if (is_json_object(part.text)) {
            w_.raw(part.text);
        } else {
            w_.null();
            if (!error) error = not_json(Anthropic::name, "tool_call arguments");
        }
    }
    void source(const Part& part) {
        w_.key("source").begin_object().key("type");
        if (part.detail && !part.detail->media_type.empty()) {
            w_.string("base64")
                .key("media_type")
                .string(part.detail->media_type)
                .key("data")
                .string(part.text);
        } else {
            w_.string("url").key("url").string(part.text);
        }
        w_.end_object();
    }
    // members as they came, `"a":1,"b":2`; a user may have put anything there
    void extra(const std::string& members) {
        if (members.empty()) return;
        const std::string object = "{" + members + "}";
        json::Reader reader(object);
        if (!(reader.skip() && reader.finish())) {
            if (!error) error = not_json(Anthropic::name, "Part::Detail::extra");
            return;
        }
        json::Reader again(object);
        again.object([&](std::string_view key) {
            w_.key(key);
            w_.raw(again.raw());
        });
    }

    json::Writer& w_;
};

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

inline std::optional<Error> missing_from_anthropic(const Request& request, const Extra& extra) {
    if (request.seed) {
        return cannot_express(Anthropic::name, "seed", "its API has no such parameter",
                              "leave it out or use a target that has it");
    }
    if (request.response_format && request.response_format->kind == ResponseFormat::Kind::json_object &&
        !extra.has("output_config")) {
        return cannot_express(Anthropic::name, "response_format: json_object",
                              "its API has no schema-free JSON mode",
                              "give a JSON Schema, or ask for JSON in the prompt");
    }
    return std::nullopt;
}

inline std::optional<Error> write_anthropic(const Request& request, const Target& target, bool stream,
                                            json::Writer& w) {
    Extra extra;
    if (auto error = extra.read(Anthropic::name, request.extra)) return error;
    if (auto error = missing_from_anthropic(request, extra)) return error;
    const auto ours = [&](std::string_view name) {
        if (extra.has(name)) return false;
        w.key(name);
        return true;
    };
    w.begin_object();
    if (ours("model")) w.string(target.model);
    if (ours("max_tokens"))
        w.number(effective_max_tokens(request, target).value_or(Anthropic::default_max_tokens));
    AnthropicMessages messages(w);
    if (AnthropicMessages::any_system(request) && ours("system")) messages.system(request);
    if (ours("messages")) messages.turns(request);
    if (messages.error) return std::move(messages.error);
    if (const auto value = effective_temperature(request, target)) {
        if (ours("temperature")) w.number(*value);
    }
    if (request.top_p && ours("top_p")) w.number(*request.top_p);
    if (!request.stop.empty() && ours("stop_sequences")) {
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
    if (request.response_format && request.response_format->kind == ResponseFormat::Kind::json_schema &&
        ours("output_config")) {
        if (!is_json_object(request.response_format->schema))
            return not_json(Anthropic::name, "response_format.schema");
        w.begin_object().key("format").begin_object().key("type").string("json_schema").key("schema");
        w.raw(request.response_format->schema).end_object().end_object();
    }
    if (stream) w.key("stream").boolean(true);
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
    auto error = detail::write_anthropic(*draft, target, stream, writer);
    if (error) out.body.resize(before);
    return error;
}

} // namespace baton::wire
