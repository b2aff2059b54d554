// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/ollama.hpp>

namespace baton::wire {
namespace detail {

/// Writes `messages`. The first thing that cannot be said is kept in `error`; if the request is `lossy`, it
/// is dropped instead.
class OllamaMessages {
public:
    OllamaMessages(const std::vector<Message>& messages, bool lossy, json::Writer& writer) noexcept
        : messages_(messages), lossy_(lossy), w_(writer) {}

    std::optional<Error> error;

    void write() {
        w_.begin_array();
        for (std::size_t i = 0; i < messages_.size(); ++i) {
            switch (messages_[i].role) {
            case Role::system: turn("system", i); break;
            case Role::user: turn("user", i); break;
            case Role::tool: turn({}, i); break;
            case Role::assistant: assistant(messages_[i].parts); break;
            }
        }
        w_.end_array();
    }

private:
    using Kind = Part::Kind;

    static bool foreign(const Part& part) noexcept {
        return part.detail && !part.detail->vendor.empty() && part.detail->vendor != Ollama::name;
    }
    static std::string_view name_of(const Part& part) noexcept {
        return part.detail ? std::string_view(part.detail->name) : std::string_view();
    }
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!error && !lossy_) error = cannot_express(Ollama::name, member, why, next_step);
    }

    // --- what others than the model say ---

    // Texts and images are one message; tool results between them are messages of their own.
    void turn(std::string_view role, std::size_t at) {
        const Parts& parts = messages_[at].parts;
        for (std::size_t i = 0; i < parts.size();) {
            if (parts[i].kind == Kind::tool_result) {
                result(parts[i++], at);
                continue;
            }
            std::size_t end = i;
            while (end < parts.size() && parts[end].kind != Kind::tool_result) ++end;
            said(role, parts, i, end);
            i = end;
        }
    }
    void said(std::string_view role, const Parts& parts, std::size_t from, std::size_t to) {
        std::string text;
        std::size_t texts = 0, images = 0;
        for (std::size_t i = from; i < to; ++i) {
            const Part& part = parts[i];
            if (part.kind == Kind::opaque && foreign(part)) continue;
            if (role.empty()) {
                refuse("tool message", "it may hold tool results only", "build it with tool_result()");
            } else if (part.kind == Kind::text) {
                if (texts++ > 0) text += "\n\n";
                text += part.text;
            } else if (part.kind == Kind::image) {
                images += image(role, part);
            } else if (part.kind == Kind::document) {
                refuse("document", "its API takes none", "send its text, or use a target that takes one");
            } else if (part.kind == Kind::opaque) {
                refuse("opaque part", "its messages hold text and images only", "leave it out");
            } else {
                refuse(part.kind == Kind::tool_call ? "tool_call" : "thinking",
                       "only assistant messages may hold one", "move it to an assistant message");
            }
        }
        if (texts == 0 && images == 0) return;
        w_.begin_object().key("role").string(role).key("content").string(text);
        if (images > 0) {
            w_.key("images").begin_array();
            for (std::size_t i = from; i < to; ++i) {
                if (parts[i].kind == Kind::image && data(parts[i])) w_.string(parts[i].text);
            }
            w_.end_array();
        }
        w_.end_object();
    }
    static bool data(const Part& part) noexcept { return part.detail && !part.detail->media_type.empty(); }
    bool image(std::string_view role, const Part& part) {
        if (role != "user") {
            refuse("image", "only user messages may hold one", "move it to a user message");
        } else if (!data(part)) {
            refuse("image_url", "its API takes no image by URL",
                   "send the bytes as base64 with a media type");
        } else {
            return true;
        }
        return false;
    }
    /// The call that a result answers is known by its tool's name; newer servers know ids, too.
    void result(const Part& part, std::size_t at) {
        const std::string_view id = part.detail ? std::string_view(part.detail->id) : std::string_view();
        const std::string_view own = name_of(part);
        const std::string_view tool = own.empty() ? called(id, at) : own;
        w_.begin_object().key("role").string("tool").key("content").string(part.text);
        if (!tool.empty()) w_.key("tool_name").string(tool);
        if (!id.empty()) w_.key("tool_call_id").string(id);
        w_.end_object();
    }
    // The nearest earlier call `id`.
    std::string_view called(std::string_view id, std::size_t before) const noexcept {
        for (std::size_t i = before; i-- > 0;) {
            for (const Part& part : messages_[i].parts) {
                if (part.kind == Kind::tool_call && part.detail && part.detail->id == id)
                    return name_of(part);
            }
        }
        return {};
    }

    // --- what the model said ---

    static bool is_member(const Part& part) noexcept {
        return part.kind == Kind::opaque && !foreign(part) && !name_of(part).empty();
    }
    void assistant(const Parts& parts) {
        std::string text, thinking;
        bool calls = false, members = false;
        for (const Part& part : parts) {
            switch (part.kind) {
            case Kind::text: text += part.text; break;
            case Kind::thinking:
                if (!foreign(part)) thinking += part.text;
                break;
            case Kind::tool_call: calls = true; break;
            case Kind::opaque:
                members |= is_member(part);
                if (!foreign(part) && !is_member(part)) {
                    refuse("opaque part", "its messages have no list of contents", "leave it out");
                }
                break;
            default:
                refuse("assistant message", "it may hold text, thinking and tool calls only",
                       "move images, documents and tool results to a user or tool message");
            }
        }
        if (text.empty() && thinking.empty() && !calls && !members) return;
        w_.begin_object().key("role").string("assistant").key("content").string(text);
        if (!thinking.empty()) w_.key("thinking").string(thinking);
        if (calls) {
            w_.key("tool_calls").begin_array();
            for (const Part& part : parts) {
                if (part.kind == Kind::tool_call) call(part);
            }
            w_.end_array();
        }
        for (auto part = parts.begin(); members && part != parts.end(); ++part) {
            if (is_member(*part)) member(parts, part);
        }
        w_.end_object();
    }
    void call(const Part& part) {
        w_.begin_object();
        if (part.detail && !part.detail->id.empty()) w_.key("id").string(part.detail->id);
        w_.key("function").begin_object().key("name").string(name_of(part)).key("arguments");
        if (part.text.empty()) {
            w_.begin_object().end_object();
        } else if (is_json_object(part.text)) {
            w_.raw(part.text);
        } else {
            w_.null();
            if (!error) error = not_json(Ollama::name, "tool_call arguments");
        }
        w_.end_object().end_object();
    }
    void member(const Parts& parts, Parts::const_iterator part) {
        for (auto earlier = parts.begin(); earlier != part; ++earlier) {
            if (is_member(*earlier) && name_of(*earlier) == name_of(*part)) return; // one of its name
        }
        json::Reader reader(part->text);
        if (!(reader.skip() && reader.finish())) {
            if (!error) error = not_json(Ollama::name, "opaque part");
            return;
        }
        w_.key(name_of(*part)).raw(part->text);
    }

    const std::vector<Message>& messages_;
    bool lossy_;
    json::Writer& w_;
};

} // namespace detail
} // namespace baton::wire
