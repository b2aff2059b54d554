// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/cohere.hpp>

namespace baton::wire {
namespace detail {

/// Writes `messages`. The first thing that cannot be said is kept in `error`; if the request is `lossy`, it
/// is dropped instead.
class CohereMessages {
public:
    CohereMessages(bool lossy, json::Writer& writer) noexcept : lossy_(lossy), w_(writer) {}

    std::optional<Error> error;

    void write(const std::vector<Message>& messages) {
        w_.begin_array();
        for (const Message& message : messages) {
            switch (message.role) {
            case Role::system: turn("system", message); break;
            case Role::user: turn("user", message); break;
            case Role::tool: turn({}, message); break;
            case Role::assistant: assistant(message.parts); break;
            }
        }
        w_.end_array();
    }

private:
    using Kind = Part::Kind;

    static bool foreign(const Part& part) noexcept {
        return part.detail && !part.detail->vendor.empty() && part.detail->vendor != Cohere::name;
    }
    static std::string_view name_of(const Part& part) noexcept {
        return part.detail ? std::string_view(part.detail->name) : std::string_view();
    }
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!error && !lossy_) error = cannot_express(Cohere::name, member, why, next_step);
    }
    void raw(std::string_view json) {
        json::Reader reader(json);
        if (reader.skip() && reader.finish()) {
            w_.raw(json);
        } else {
            w_.null();
            if (!error) error = not_json(Cohere::name, "opaque part");
        }
    }

    // --- what others than the model say ---

    // Texts and images are one message; tool results between them are messages of their own.
    void turn(std::string_view role, const Message& message) {
        if (!role.empty() && message.parts.size() == 1 && message.parts[0].kind == Kind::text) {
            w_.begin_object().key("role").string(role).key("content").string(message.parts[0].text);
            w_.end_object();
            return;
        }
        bool open = false;
        const auto content = [&] {
            if (!open) w_.begin_object().key("role").string(role).key("content").begin_array();
            open = true;
        };
        const auto close = [&] {
            if (open) w_.end_array().end_object();
            open = false;
        };
        for (const Part& part : message.parts) {
            if (part.kind == Kind::tool_result) {
                close();
                result(part);
            } else if (part.kind == Kind::opaque && foreign(part)) {
                continue;
            } else if (role.empty()) {
                refuse("tool message", "it may hold tool results only", "build it with tool_result()");
            } else if (part.kind == Kind::text) {
                content();
                text("text", part);
            } else if (part.kind == Kind::opaque) {
                content();
                raw(part.text);
            } else if (part.kind == Kind::tool_call || part.kind == Kind::thinking) {
                refuse(part.kind == Kind::tool_call ? "tool_call" : "thinking",
                       "only assistant messages may hold one", "move it to an assistant message");
            } else if (part.kind == Kind::document) {
                refuse("document", "its API takes documents as text only",
                       "send their text, or put them into extra's `documents`");
            } else if (role != "user") {
                refuse("image", "only user messages may hold one", "move it to a user message");
            } else {
                content();
                image(part);
            }
        }
        close();
    }
    void text(std::string_view type, const Part& part) {
        w_.begin_object().key("type").string(type).key(type).string(part.text);
        if (part.detail && part.detail->vendor == Cohere::name) extra(part.detail->extra);
        w_.end_object();
    }
    // members as they came, `"a":1,"b":2`; a user may have put anything there
    void extra(const std::string& members) {
        if (members.empty()) return;
        const std::string object = "{" + members + "}";
        if (!is_json_object(object)) {
            if (!error) error = not_json(Cohere::name, "Part::Detail::extra");
            return;
        }
        json::Reader reader(object);
        reader.object([&](std::string_view key) {
            w_.key(key);
            w_.raw(reader.raw());
        });
    }
    void image(const Part& part) {
        w_.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
        if (part.detail && !part.detail->media_type.empty()) {
            std::string whole("data:");
            whole.reserve(part.text.size() + part.detail->media_type.size() + 16);
            whole.append(part.detail->media_type).append(";base64,").append(part.text);
            w_.string(whole);
        } else {
            w_.string(part.text);
        }
        w_.end_object().end_object();
    }
    void result(const Part& part) {
        w_.begin_object().key("role").string("tool").key("tool_call_id");
        w_.string(part.detail ? std::string_view(part.detail->id) : std::string_view());
        w_.key("content").string(part.text).end_object();
    }

    // --- what the model said ---

    enum class Place : unsigned char { nowhere, content, plan, call, member };
    static Place place(const Part& part) noexcept {
        switch (part.kind) {
        case Kind::text: return part.text.empty() ? Place::nowhere : Place::content;
        case Kind::tool_call: return Place::call;
        case Kind::thinking:
            if (foreign(part)) return Place::nowhere;
            return name_of(part) == "tool_plan" ? Place::plan : Place::content;
        case Kind::opaque:
            if (foreign(part)) return Place::nowhere;
            return name_of(part).empty() ? Place::content : Place::member;
        default: return Place::nowhere;
        }
    }
    void assistant(const Parts& parts) {
        std::size_t counts[5] = {};
        const Part* only = nullptr; // element of the content, if there is but one
        for (const Part& part : parts) {
            const Place where = place(part);
            ++counts[static_cast<std::size_t>(where)];
            if (where == Place::content) only = &part;
            if (part.kind == Kind::image || part.kind == Kind::document || part.kind == Kind::tool_result) {
                refuse("assistant message", "it may hold text, thinking and tool calls only",
                       "move images, documents and tool results to a user or tool message");
            }
        }
        const auto count = [&](Place where) { return counts[static_cast<std::size_t>(where)]; };
        if (count(Place::nowhere) == parts.size()) return; // the vendor refuses a turn that says nothing
        w_.begin_object().key("role").string("assistant");
        if (count(Place::plan) > 0) {
            std::string plan;
            for (const Part& part : parts) {
                if (place(part) == Place::plan) plan += part.text;
            }
            w_.key("tool_plan").string(plan);
        }
        if (count(Place::content) == 1 && only->kind == Kind::text &&
            !(only->detail && !only->detail->extra.empty())) {
            w_.key("content").string(only->text);
        } else if (count(Place::content) > 0) {
            w_.key("content").begin_array();
            for (const Part& part : parts) {
                if (place(part) != Place::content) continue;
                if (part.kind == Kind::opaque) {
                    raw(part.text);
                } else {
                    text(part.kind == Kind::text ? "text" : "thinking", part);
                }
            }
            w_.end_array();
        }
        if (count(Place::call) > 0) calls(parts);
        if (count(Place::member) > 0) members(parts);
        w_.end_object();
    }
    void calls(const Parts& parts) {
        w_.key("tool_calls").begin_array();
        for (const Part& part : parts) {
            if (part.kind != Kind::tool_call) continue;
            w_.begin_object().key("id").string(part.detail ? std::string_view(part.detail->id) : "");
            w_.key("type").string("function").key("function").begin_object();
            write_arguments(part, w_.key("name").string(name_of(part)).key("arguments"));
            w_.end_object().end_object();
        }
        w_.end_array();
    }
    void members(const Parts& parts) {
        for (auto part = parts.begin(); part != parts.end(); ++part) {
            if (place(*part) != Place::member) continue;
            bool again = false; // parts of several answers may have been put into one message
            for (auto earlier = parts.begin(); earlier != part; ++earlier) {
                again |= place(*earlier) == Place::member && name_of(*earlier) == name_of(*part);
            }
            if (again) continue;
            w_.key(name_of(*part));
            raw(part->text);
        }
    }

    bool lossy_;
    json::Writer& w_;
};

} // namespace detail
} // namespace baton::wire
