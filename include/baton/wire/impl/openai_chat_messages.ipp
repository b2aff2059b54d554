// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/impl/chat_assembler.ipp> // the names of kept members
#include <baton/wire/openai_chat.hpp>

#include <algorithm>

namespace baton::wire {
namespace detail {

/// Writes `messages` of a chat completion. The first thing that cannot be said is kept in `error`; if the
/// request is `lossy`, it is dropped instead.
class ChatMessages {
public:
    ChatMessages(const ChatDialect& dialect, bool lossy, json::Writer& writer) noexcept
        : dialect_(dialect), lossy_(lossy), w_(writer) {}

    std::optional<Error> error;

    void write(const std::vector<Message>& messages) {
        w_.begin_array();
        for (const Message& message : messages) {
            switch (message.role) {
            case Role::system: plain("system", message, false); break;
            case Role::user: plain("user", message, true); break;
            case Role::assistant: assistant(message, &message == &messages.back()); break;
            case Role::tool: results(message); break;
            }
        }
        w_.end_array();
    }

private:
    using Kind = Part::Kind;
    using Thinking = ChatDialect::Thinking;

    bool ours(const Part& part) const {
        return part.detail && (part.detail->vendor.empty() || part.detail->vendor == dialect_.vendor.name);
    }
    // what only this vendor can have said
    bool surely_ours(const Part& part) const {
        return part.detail && part.detail->vendor == dialect_.vendor.name;
    }
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!error && !lossy_) error = cannot_express(dialect_.vendor.name, member, why, next_step);
    }
    bool may(bool can, std::string_view member) {
        if (!can) refuse(member, "its API takes none", "use a target that does");
        return can;
    }
    bool marked(const Part& part) const {
        return dialect_.capabilities.cache_control && part.detail && part.detail->cache_point;
    }
    void text(const Part& part) {
        w_.begin_object().key("type").string("text").key("text").string(part.text);
        if (marked(part)) {
            w_.key("cache_control").begin_object().key("type").string("ephemeral").end_object();
        }
        w_.end_object();
    }
    // came as `function_call` (see ChatAssembler::legacy_call) and goes back as one; Gemini, too, has calls
    // without an id
    bool is_legacy(const Part& part) const {
        return surely_ours(part) && part.detail->id.empty() && part.detail->extra.empty();
    }
    void begin(std::string_view role) { w_.begin_object().key("role").string(role).key("content"); }

    void plain(std::string_view role, const Message& message, bool rich) {
        if (message.parts.size() == 1 && message.parts[0].kind == Kind::text && !marked(message.parts[0])) {
            begin(role);
            w_.string(message.parts[0].text).end_object();
            return;
        }
        std::size_t own = 0; // tool results are messages of their own here
        for (const Part& part : message.parts) {
            if (part.kind == Kind::tool_result) {
                result(part);
            } else {
                ++own;
            }
        }
        if (own == 0 && !message.parts.empty()) return;
        begin(role);
        w_.begin_array();
        for (const Part& part : message.parts) {
            const bool media = part.kind == Kind::image || part.kind == Kind::document;
            if (part.kind == Kind::text) {
                text(part);
            } else if (part.kind == Kind::opaque) {
                if (!part.detail || ours(part) || of_dialect(part, dialect_.blocks_of)) w_.raw(part.text);
            } else if (media && !rich) {
                refuse(part.kind == Kind::image ? "image" : "document", "only user messages may hold one",
                       "move it to a user message");
            } else if (part.kind == Kind::image) {
                image(part);
            } else if (part.kind == Kind::document) {
                document(part);
            } else if (part.kind == Kind::tool_call) {
                refuse("tool_call", "only assistant messages may hold one",
                       "move it to an assistant message");
            }
        }
        w_.end_array().end_object();
    }

    static bool is_data(const Part& part) { return part.detail && !part.detail->media_type.empty(); }
    // `text` is a URL, or base64 data of the given type
    void url(const Part& part) {
        if (!is_data(part)) {
            w_.string(part.text);
            return;
        }
        std::string whole("data:");
        whole.reserve(part.text.size() + part.detail->media_type.size() + 16);
        whole.append(part.detail->media_type).append(";base64,").append(part.text);
        w_.string(whole);
    }
    void image(const Part& part) {
        const Capabilities& can = dialect_.capabilities;
        if (!may(is_data(part) ? can.images : can.image_urls, is_data(part) ? "image" : "image_url")) return;
        w_.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
        url(part);
        if (of_dialect(part, "openai") || surely_ours(part)) {
            auto wrong = write_members(dialect_.vendor.name, "Part::Detail::extra", part.detail->extra, w_);
            if (wrong && !error) error = std::move(wrong);
        }
        w_.end_object().end_object();
    }
    void document(const Part& part) {
        if (!may(dialect_.capabilities.documents, "document")) return;
        if (dialect_.documents == ChatDialect::Documents::url) {
            w_.begin_object().key("type").string("document_url").key("document_url");
            url(part);
            if (part.detail && !part.detail->name.empty()) w_.key("document_name").string(part.detail->name);
            w_.end_object();
            return;
        }
        if (!is_data(part) && dialect_.documents == ChatDialect::Documents::file) {
            return refuse("document", "its API takes no document by URL",
                          "send the bytes as base64 with a media type");
        }
        const bool named = part.detail && !part.detail->name.empty();
        w_.begin_object().key("type").string("file").key("file").begin_object();
        w_.key("filename").string(named ? std::string_view(part.detail->name) : "document");
        w_.key("file_data");
        url(part);
        w_.end_object().end_object();
    }

    void result(const Part& part) {
        w_.begin_object().key("role").string("tool").key("tool_call_id");
        w_.string(part.detail ? std::string_view(part.detail->id) : std::string_view());
        w_.key("content").string(part.text).end_object();
    }
    void results(const Message& message) {
        for (const Part& part : message.parts) {
            if (part.kind == Kind::tool_result) {
                result(part);
            } else {
                refuse("tool message", "it may hold tool results only", "build it with tool_result()");
            }
        }
    }

    // What an assistant's message holds, by where it goes.
    struct Said {
        std::size_t texts = 0, blocks = 0; ///< elements of `content`; blocks: those that are no text
        const Part *audio = nullptr, *legacy = nullptr;
        bool refused = false, calls = false, details = false, marked = false;
        std::size_t thoughts = 0;
    };
    Said survey(const Message& message) {
        Said said;
        for (const Part& part : message.parts) {
            const std::string_view name = part.detail ? std::string_view(part.detail->name) : "";
            switch (part.kind) {
            case Kind::text:
                if (is_refusal(part)) {
                    said.refused = true;
                } else {
                    ++said.texts;
                    said.marked |= marked(part);
                }
                break;
            case Kind::opaque:
                if (!ours(part)) break;
                if (name == "audio") said.audio = &part;
                if (name.empty()) ++said.blocks;
                said.details |= name == chat_details.name;
                break;
            case Kind::tool_call:
                if (is_legacy(part)) {
                    said.legacy = &part;
                } else {
                    said.calls = true;
                }
                break;
            case Kind::thinking:
                if (!surely_ours(part)) break;
                ++said.thoughts;
                if (dialect_.thinking == Thinking::part) ++said.blocks;
                break;
            default:
                refuse("assistant message", "it may hold text and tool calls only",
                       "move images, documents and tool results to a user or tool message");
            }
        }
        return said;
    }

    void assistant(const Message& message, bool last) {
        const Said said = survey(message);
        begin("assistant");
        if (said.texts > 1 || said.blocks > 0 || said.marked) {
            w_.begin_array();
            for (const Part& part : message.parts) element(part);
            w_.end_array();
        } else if (said.texts == 1) {
            for (const Part& part : message.parts) {
                if (part.kind == Kind::text && !is_refusal(part)) w_.string(part.text);
            }
        } else if (said.calls || said.legacy != nullptr || said.refused || said.audio != nullptr) {
            w_.null();
        } else {
            w_.string("");
        }
        const bool alone = dialect_.thinking == Thinking::reasoning && !said.details;
        if (said.thoughts > 0 && (alone || (dialect_.thinking == Thinking::with_calls && said.calls))) {
            w_.key(alone ? std::string_view("reasoning") : "reasoning_content")
                .string(joined(message, [&](const Part& part) {
                    return part.kind == Kind::thinking && surely_ours(part);
                }));
        }
        if (said.refused) {
            w_.key("refusal").string(joined(message, [&](const Part& part) { return is_refusal(part); }));
        }
        if (said.audio != nullptr) {
            w_.key("audio").begin_object().key("id").string(said.audio->detail->id).end_object();
        }
        members(message);
        if (said.legacy != nullptr) {
            w_.key("function_call");
            function(*said.legacy);
        }
        if (said.calls) {
            w_.key("tool_calls").begin_array();
            for (const Part& part : message.parts) {
                if (part.kind == Kind::tool_call && part.detail && !is_legacy(part)) call(part);
            }
            w_.end_array();
        }
        if (last && dialect_.prefix_marker && !said.calls) w_.key("prefix").boolean(true);
        w_.end_object();
    }
    void members(const Message& message) {
        for (auto part = message.parts.begin(); part != message.parts.end(); ++part) {
            if (!is_member(*part)) continue;
            const bool again = std::any_of(message.parts.begin(), part, [&](const Part& earlier) {
                return is_member(earlier) && earlier.detail->name == part->detail->name;
            });
            if (!again) w_.key(part->detail->name).raw(part->text);
        }
    }
    bool is_member(const Part& part) const {
        return part.kind == Kind::opaque && surely_ours(part) && chat_goes_back(part.detail->name);
    }
    void element(const Part& part) {
        if (part.kind == Kind::text) {
            if (!is_refusal(part)) text(part);
        } else if (part.kind == Kind::opaque) {
            if (ours(part) && part.detail->name.empty()) w_.raw(part.text);
        } else if (part.kind == Kind::thinking && dialect_.thinking == Thinking::part && surely_ours(part)) {
            w_.begin_object().key("type").string("thinking").key("thinking").begin_array();
            w_.begin_object().key("type").string("text").key("text").string(part.text).end_object();
            w_.end_array().end_object();
        }
    }
    bool is_refusal(const Part& part) const {
        return part.kind == Kind::text && ours(part) && part.detail->name == "refusal";
    }
    // What is in pieces among other parts is one member.
    template <class Which>
    static std::string joined(const Message& message, Which&& which) {
        std::string all;
        for (const Part& part : message.parts) {
            if (which(part)) all += part.text;
        }
        return all;
    }
    void call(const Part& part) {
        w_.begin_object().key("id").string(part.detail->id);
        w_.key("type").string("function").key("function");
        function(part);
        if (!part.detail->extra.empty() && surely_ours(part)) w_.raw(part.detail->extra);
        w_.end_object();
    }
    void function(const Part& call) {
        w_.begin_object().key("name").string(call.detail->name);
        write_arguments(call, w_.key("arguments"));
        w_.end_object();
    }

    const ChatDialect& dialect_;
    bool lossy_;
    json::Writer& w_;
};

} // namespace detail
} // namespace baton::wire
