// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/openai_responses_dialect.hpp>

namespace baton::wire {
namespace detail {

/// Writes `input`. The first thing that cannot be said is kept in `error`.
class ResponsesInput {
public:
    /// `stored`: the vendor may know the items of earlier answers by their ids.
    ResponsesInput(const ResponsesDialect& dialect, bool lossy, bool stored, json::Writer& writer) noexcept
        : dialect_(dialect), lossy_(lossy), stored_(stored), w_(writer) {}

    std::optional<Error> error;

    void write(const Message& message) {
        switch (message.role) {
        case Role::system: return turn("system", message);
        case Role::user: return turn("user", message);
        case Role::tool: return turn({}, message);
        case Role::assistant: return assistant(message.parts);
        }
    }

private:
    using Kind = Part::Kind;

    bool ours(const Part& part) const { return part.detail && part.detail->vendor == dialect_.vendor.name; }
    bool foreign(const Part& part) const {
        return part.detail && !part.detail->vendor.empty() && part.detail->vendor != dialect_.vendor.name;
    }
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!error && !lossy_) error = cannot_express(dialect_.vendor.name, member, why, next_step);
    }

    // --- what others than the model say ---

    // Texts, images and documents are one item; tool results and opaque items between them are their own.
    void turn(std::string_view role, const Message& message) {
        bool open = false;
        const auto content = [&] {
            if (!open) w_.begin_object().key("role").string(role).key("content").begin_array();
            open = true;
        };
        const auto item = [&] {
            if (open) w_.end_array().end_object();
            open = false;
        };
        const Part* const end = message.parts.data() + message.parts.size();
        for (const Part& part : message.parts) {
            if (part.kind == Kind::tool_result) {
                item();
                result(part);
            } else if (part.kind == Kind::opaque) {
                if (foreign(part)) continue;
                !role.empty() && is_input(part) ? content() : item();
                raw(part.text, "opaque part");
            } else if (role.empty()) {
                refuse("tool message", "it may hold tool results only", "build it with tool_result()");
            } else if (part.kind == Kind::text && !open && alone(&part + 1, end)) {
                w_.begin_object().key("role").string(role).key("content").string(part.text).end_object();
            } else if (part.kind == Kind::text) {
                content();
                w_.begin_object().key("type").string("input_text").key("text").string(part.text).end_object();
            } else if (part.kind == Kind::tool_call || part.kind == Kind::thinking) {
                refuse(part.kind == Kind::tool_call ? "tool_call" : "thinking",
                       "only assistant messages may hold one", "move it to an assistant message");
            } else if (role != "user") {
                refuse(part.kind == Kind::image ? "image" : "document", "only user messages may hold one",
                       "move it to a user message");
            } else if (part.kind == Kind::image) {
                content();
                w_.begin_object().key("type").string("input_image").key("image_url");
                url(part);
                if (ours(part) || of_dialect(part, "openai")) members(part.detail->extra);
                w_.end_object();
            } else {
                content();
                document(part);
            }
        }
        item();
    }
    /// Whether no part of what follows belongs to the same item.
    bool alone(const Part* next, const Part* end) const {
        while (next != end && next->kind == Kind::opaque && foreign(*next)) ++next;
        return next == end || next->kind == Kind::tool_result ||
               (next->kind == Kind::opaque && !is_input(*next));
    }
    static bool is_input(const Part& part) { return type_of(part.text).starts_with("input_"); }
    static std::string type_of(std::string_view json) {
        std::string type;
        json::Reader reader(json);
        reader.object([&](std::string_view key) {
            if (json::is(key, "type")) reader.append_string(type);
        });
        return type;
    }
    void raw(const std::string& json, std::string_view member) {
        if (is_json_object(json)) {
            w_.raw(json);
        } else {
            w_.null();
            if (!error) error = not_json(dialect_.vendor.name, member);
        }
    }
    static bool data(const Part& part) { return part.detail && !part.detail->media_type.empty(); }
    void url(const Part& part) {
        if (!data(part)) {
            w_.string(part.text);
            return;
        }
        std::string whole("data:");
        whole.reserve(part.text.size() + part.detail->media_type.size() + 16);
        whole.append(part.detail->media_type).append(";base64,").append(part.text);
        w_.string(whole);
    }
    void document(const Part& part) {
        w_.begin_object().key("type").string("input_file");
        if (data(part)) {
            w_.key("filename")
                .string(part.detail->name.empty() ? std::string_view("document") : part.detail->name);
            w_.key("file_data");
        } else {
            w_.key("file_url");
        }
        url(part);
        w_.end_object();
    }
    void result(const Part& part) {
        w_.begin_object().key("type").string("function_call_output").key("call_id");
        w_.string(part.detail ? std::string_view(part.detail->id) : std::string_view());
        w_.key("output").string(part.text).end_object();
    }

    // --- what the model said ---

    void assistant(const Parts& parts) {
        for (std::size_t i = 0; i < parts.size();) {
            const Part& part = parts[i];
            if (head(part)) {
                i = group(parts, i);
                continue;
            }
            if (part.kind == Kind::text || content(part)) {
                i = plain(parts, i);
                continue;
            }
            ++i;
            if (part.kind == Kind::tool_call) {
                call(part);
            } else if (part.kind == Kind::thinking) {
                thought(part);
            } else if (part.kind != Kind::opaque) {
                refuse("assistant message", "it may hold text, thinking and tool calls only",
                       "move images, documents and tool results to a user or tool message");
            } else if (!foreign(part)) {
                raw(part.text, "opaque part");
            }
        }
    }
    /// The first part of an item that was decoded, see ResponsesItems.
    bool head(const Part& part) const { return ours(part) && part.detail->extra.starts_with("\"item\":{"); }
    bool content(const Part& part) const {
        return part.kind == Kind::opaque && ours(part) && part.detail->extra == content_mark;
    }
    bool goes_on(const Part& part, const Part& head) const {
        if (!ours(part) || this->head(part) || part.detail->id != head.detail->id) return false;
        if (content(part)) return true;
        if (part.kind != Kind::text && part.kind != Kind::thinking) return false;
        return part.kind == head.kind || head.kind == Kind::opaque;
    }

    // Members as they came, `"a":1,"b":2`, except those named; a user may have put anything there.
    void members(const std::string& list, std::string_view except = {}) {
        auto wrong = write_members(dialect_.vendor.name, "Part::Detail::extra", list, w_, except);
        if (wrong && !error) error = std::move(wrong);
    }
    void element(const Part& part) {
        if (content(part) || (head(part) && part.kind == Kind::opaque)) return raw(part.text, "opaque part");
        const std::string_view name = part.detail ? std::string_view(part.detail->name) : std::string_view();
        const bool refusal = part.kind == Kind::text && ours(part) && name == "refusal";
        w_.begin_object().key("type");
        w_.string(part.kind == Kind::thinking ? name : refusal ? "refusal" : "output_text");
        w_.key(refusal ? "refusal" : "text").string(part.text);
        if (ours(part)) members(part.detail->extra, "item");
        w_.end_object();
    }

    /// A message or reasoning item as the vendor said it: parts `from` to the one that is returned.
    std::size_t group(const Parts& parts, std::size_t from) {
        const Part& first = parts[from];
        std::size_t end = from + 1;
        while (end < parts.size() && goes_on(parts[end], first)) ++end;
        const auto summary = [](const Part& part) {
            return part.kind == Kind::thinking && part.detail->name == "summary_text";
        };
        const auto said = [](const Part& part) { // not just the place of an item without any content
            return part.kind != Kind::thinking || !part.detail->name.empty();
        };
        const std::string& signature = first.detail->signature;
        if (first.kind == Kind::thinking && signature.empty() && dialect_.looks_up_reasoning && !stored_) {
            bool bare = true;
            for (std::size_t i = from; i < end; ++i) bare &= summary(parts[i]) || !said(parts[i]);
            if (bare) return end;
        }
        const auto elements = [&](bool summaries) {
            w_.begin_array();
            for (std::size_t i = from; i < end; ++i) {
                if (said(parts[i]) && summary(parts[i]) == summaries) element(parts[i]);
            }
            w_.end_array();
        };
        const std::string object = "{" + first.detail->extra + "}";
        if (!is_json_object(object)) {
            if (!error) error = not_json(dialect_.vendor.name, "Part::Detail::extra");
            return end;
        }
        w_.begin_object();
        json::Reader reader(object);
        reader.object([&](std::string_view name) {
            if (!json::is(name, "item")) return;
            reader.object([&](std::string_view key) {
                w_.key(key);
                const bool summaries = json::is(key, "summary");
                if ((summaries || json::is(key, "content")) && reader.kind() == json::Reader::Kind::array) {
                    elements(summaries);
                } else {
                    w_.raw(reader.raw());
                }
            });
        });
        if (!signature.empty()) w_.key("encrypted_content").string(signature);
        w_.end_object();
        return end;
    }
    /// Texts that were not decoded from this vendor, as far as they follow each other.
    std::size_t plain(const Parts& parts, std::size_t from) {
        std::size_t end = from;
        while (end < parts.size() && !head(parts[end]) &&
               (parts[end].kind == Kind::text || content(parts[end]))) {
            ++end;
        }
        w_.begin_object().key("role").string("assistant").key("content");
        const Part& first = parts[from];
        if (end == from + 1 && first.kind == Kind::text &&
            !(ours(first) && first.detail->name == "refusal")) {
            w_.string(first.text);
        } else {
            w_.begin_array();
            for (std::size_t i = from; i < end; ++i) element(parts[i]);
            w_.end_array();
        }
        w_.end_object();
        return end;
    }
    void call(const Part& part) {
        w_.begin_object().key("type").string("function_call").key("call_id");
        w_.string(part.detail ? std::string_view(part.detail->id) : std::string_view());
        w_.key("name").string(part.detail ? std::string_view(part.detail->name) : std::string_view());
        write_arguments(part, w_.key("arguments"));
        if (ours(part)) members(part.detail->extra);
        w_.end_object();
    }
    /// Thinking that a user put together; of no use without its ciphertext.
    void thought(const Part& part) {
        if (foreign(part) || !part.detail || part.detail->signature.empty()) return;
        w_.begin_object().key("type").string("reasoning");
        if (!part.detail->id.empty()) w_.key("id").string(part.detail->id);
        w_.key("summary").begin_array();
        if (!part.text.empty()) {
            w_.begin_object().key("type").string("summary_text").key("text").string(part.text).end_object();
        }
        w_.end_array().key("encrypted_content").string(part.detail->signature).end_object();
    }

    const ResponsesDialect& dialect_;
    bool lossy_;
    bool stored_;
    json::Writer& w_;
};

} // namespace detail
} // namespace baton::wire
