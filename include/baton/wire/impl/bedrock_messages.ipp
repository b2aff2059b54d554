// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/bedrock.hpp>

namespace baton::wire {
namespace detail {

/// The first thing that cannot be said, unless the request takes that as it comes.
class BedrockRefusal {
public:
    explicit BedrockRefusal(bool lossy) noexcept : lossy_(lossy) {}
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!lossy_ && !error) error = cannot_express(Bedrock::name, member, why, next_step);
    }
    void bad_json(std::string_view member) {
        if (!error) error = not_json(Bedrock::name, member);
    }
    std::optional<Error> error;

private:
    bool lossy_;
};

struct FormatName {
    std::string_view media_type, extension, format;
};
inline constexpr FormatName bedrock_images[] = {
    {"image/png", "png", "png"}, {"image/jpeg", "jpg", "jpeg"},  {"image/jpg", "jpeg", "jpeg"},
    {"image/gif", "gif", "gif"}, {"image/webp", "webp", "webp"},
};
inline constexpr FormatName bedrock_documents[] = {
    {"application/pdf", "pdf", "pdf"},
    {"text/csv", "csv", "csv"},
    {"application/msword", "doc", "doc"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", "docx"},
    {"application/vnd.ms-excel", "xls", "xls"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx", "xlsx"},
    {"text/html", "html", "html"},
    {"text/plain", "txt", "txt"},
    {"text/markdown", "md", "md"},
};

/// Letters, digits, single spaces, hyphens, parentheses and brackets are what Bedrock takes.
inline std::string document_name(std::string_view name, int number) {
    std::string out;
    for (const char c : name.substr(0, 200)) {
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                           c == ' ' || c == '-' || c == '(' || c == ')' || c == '[' || c == ']';
        if (c == ' ' && out.ends_with(' ')) continue;
        out += plain ? c : '-';
    }
    return out.empty() ? "document " + std::to_string(number) : out;
}

/// Writes `system` and `messages`.
class BedrockMessages {
public:
    BedrockMessages(json::Writer& writer, BedrockRefusal& refusal) noexcept : w_(writer), refusal_(refusal) {}

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
                    refusal_.refuse("system message", "it may hold text only",
                                    "move other parts to a user message");
                }
            }
        }
        w_.end_array();
    }

    // Turns must alternate: neighbours that speak as one are one turn.
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
                w_.begin_object().key("role").string(speaks ? "assistant" : "user");
                w_.key("content").begin_array();
                open = true;
                assistant = speaks;
            }
            for (const Part& part : message.parts) {
                if (sent(part) && allowed(part, speaks)) block(part);
            }
        }
        if (open) w_.end_array().end_object();
        w_.end_array();
    }

private:
    using Kind = Part::Kind;

    static bool ours(const Part& part) noexcept {
        return part.detail && part.detail->vendor == Bedrock::name;
    }
    /// Empty text is refused by the vendor; other vendors' thinking and opaque blocks mean nothing here.
    static bool sent(const Part& part) noexcept {
        switch (part.kind) {
        case Kind::text: return !part.text.empty() || (ours(part) && !part.detail->extra.empty());
        case Kind::thinking:
            return ours(part) ||
                   (part.detail && part.detail->vendor.empty() && !part.detail->signature.empty());
        case Kind::opaque: return !part.detail || part.detail->vendor.empty() || ours(part);
        default: return true;
        }
    }
    static bool any(const Message& message) noexcept {
        for (const Part& part : message.parts) {
            if (sent(part)) return true;
        }
        return false;
    }

    bool allowed(const Part& part, bool assistant) {
        if (part.kind == Kind::tool_call && !assistant) {
            refusal_.refuse("tool_call", "only assistant messages may hold one",
                            "move it to an assistant message");
            return false;
        }
        const bool only_user =
            part.kind == Kind::tool_result || part.kind == Kind::image || part.kind == Kind::document;
        if (assistant && only_user) {
            refusal_.refuse("assistant message", "it may hold text, thinking and tool calls only",
                            "move images, documents and tool results to a user or tool message");
            return false;
        }
        return true;
    }

    void block(const Part& part) {
        switch (part.kind) {
        case Kind::text: text(part); break;
        case Kind::thinking:
            begin("reasoningContent").key("reasoningText").begin_object().key("text").string(part.text);
            if (!part.detail->signature.empty()) w_.key("signature").string(part.detail->signature);
            extra(part);
            w_.end_object();
            end();
            break;
        case Kind::opaque:
            if (!is_json_object(part.text)) refusal_.bad_json("opaque part");
            w_.raw(part.text);
            break;
        case Kind::tool_call: call(part); break;
        case Kind::tool_result: answer(part); break;
        case Kind::image: media(part, "image", bedrock_images); break;
        case Kind::document: media(part, "document", bedrock_documents); break;
        }
        if (part.detail && part.detail->cache_point) {
            begin("cachePoint").key("type").string("default");
            end();
        }
    }
    json::Writer& begin(std::string_view kind) { return w_.begin_object().key(kind).begin_object(); }
    void end() { w_.end_object().end_object(); }

    void text(const Part& part) {
        if (!ours(part) || part.detail->extra.empty()) {
            w_.begin_object().key("text").string(part.text).end_object();
            return;
        }
        begin("citationsContent").key("content").begin_array();
        w_.begin_object().key("text").string(part.text).end_object().end_array();
        extra(part);
        end();
    }
    void call(const Part& part) {
        begin("toolUse").key("toolUseId").string(id(part)).key("name");
        w_.string(part.detail ? std::string_view(part.detail->name) : std::string_view()).key("input");
        if (part.text.empty()) {
            w_.begin_object().end_object();
        } else {
            if (!is_json_object(part.text)) refusal_.bad_json("tool_call arguments");
            w_.raw(part.text);
        }
        extra(part);
        end();
    }
    void answer(const Part& part) {
        begin("toolResult").key("toolUseId").string(id(part)).key("content").begin_array();
        if (is_json_object(part.text)) {
            w_.begin_object().key("json").raw(part.text).end_object();
        } else if (!part.text.empty()) {
            w_.begin_object().key("text").string(part.text).end_object();
        }
        w_.end_array();
        if (part.detail && part.detail->is_error) w_.key("status").string("error");
        extra(part);
        end();
    }
    static std::string_view id(const Part& part) noexcept {
        return part.detail ? std::string_view(part.detail->id) : std::string_view();
    }

    template <std::size_t N>
    void media(const Part& part, std::string_view kind, const FormatName (&formats)[N]) {
        const bool data = part.detail && !part.detail->media_type.empty();
        if (!data && !part.text.starts_with("s3://")) {
            return refusal_.refuse(kind, "of URLs it reads s3:// only", "send the data as base64");
        }
        std::string_view named =
            data ? std::string_view(part.detail->media_type) : std::string_view(part.text);
        named = data ? named.substr(0, named.find(';')) : named.substr(named.rfind('.') + 1);
        std::string_view format;
        for (const FormatName& known : formats) {
            if (iequals(named, data ? known.media_type : known.extension)) format = known.format;
        }
        if (format.empty()) {
            return refusal_.refuse(kind, "it has no format for " + std::string(named.substr(0, 80)),
                                   "convert it to a format that Bedrock reads");
        }
        begin(kind).key("format").string(format);
        if (kind == "document") {
            const std::string_view name = part.detail ? std::string_view(part.detail->name) : "";
            w_.key("name").string(document_name(name, ++documents_));
        }
        w_.key("source").begin_object();
        if (data) {
            w_.key("bytes").string(part.text);
        } else {
            w_.key("s3Location").begin_object().key("uri").string(part.text).end_object();
        }
        w_.end_object();
        extra(part);
        end();
    }

    // members as they came, `"a":1,"b":2`; a user may have put anything there
    void extra(const Part& part) {
        if (!ours(part) || part.detail->extra.empty()) return;
        const std::string object = "{" + part.detail->extra + "}";
        if (!is_json_object(object)) return refusal_.bad_json("Part::Detail::extra");
        json::Reader reader(object);
        reader.object([&](std::string_view key) {
            w_.key(key);
            w_.raw(reader.raw());
        });
    }

    json::Writer& w_;
    BedrockRefusal& refusal_;
    int documents_ = 0;
};

} // namespace detail
} // namespace baton::wire
