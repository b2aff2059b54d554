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
        const bool own = part.detail && part.detail->vendor == Anthropic::name;
        if (own) {
            auto wrong = write_members(Anthropic::name, "Part::Detail::extra", part.detail->extra, w_);
            if (wrong && !error) error = std::move(wrong);
        }
        if (part.detail && part.detail->cache_point &&
            !(own && part.detail->extra.find("\"cache_control\"") != std::string::npos)) {
            w_.key("cache_control").begin_object().key("type").string("ephemeral").end_object();
        }
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

    json::Writer& w_;
};

} // namespace detail
} // namespace baton::wire
