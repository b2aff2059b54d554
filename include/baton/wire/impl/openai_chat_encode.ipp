// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/openai_chat.hpp>

namespace baton::wire {
namespace detail {

/// Writes `messages` of a chat completion. The first thing that cannot be said is kept in `error`.
class ChatMessages {
public:
    ChatMessages(const ChatDialect& dialect, json::Writer& writer) noexcept : dialect_(dialect), w_(writer) {}

    std::optional<Error> error;

    void write(const Message& message) {
        switch (message.role) {
        case Role::system: return plain("system", message, false);
        case Role::user: return plain("user", message, true);
        case Role::assistant: return assistant(message);
        case Role::tool: return results(message);
        }
    }

private:
    using Kind = Part::Kind;

    bool ours(const Part& part) const {
        return part.detail && (part.detail->vendor.empty() || part.detail->vendor == dialect_.vendor.name);
    }
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!error) error = cannot_express(dialect_.vendor.name, member, why, next_step);
    }
    void text(const Part& part) {
        w_.begin_object().key("type").string("text").key("text").string(part.text).end_object();
    }

    void plain(std::string_view role, const Message& message, bool rich) {
        if (message.parts.size() == 1 && message.parts[0].kind == Kind::text) {
            w_.begin_object()
                .key("role")
                .string(role)
                .key("content")
                .string(message.parts[0].text)
                .end_object();
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
        w_.begin_object().key("role").string(role).key("content").begin_array();
        for (const Part& part : message.parts) {
            if (part.kind == Kind::text) {
                text(part);
            } else if (part.kind == Kind::image && rich && dialect_.capabilities.images) {
                image(part);
            } else if (part.kind == Kind::document && rich && dialect_.capabilities.documents) {
                document(part);
            } else if (part.kind == Kind::opaque) {
                if (ours(part)) w_.raw(part.text);
            } else if (part.kind == Kind::image || part.kind == Kind::document) {
                refuse(part.kind == Kind::image ? "image" : "document",
                       rich ? "its API takes none" : "only user messages may hold one",
                       rich ? "use a target that does" : "move it to a user message");
            } else if (part.kind == Kind::tool_call) {
                refuse("tool_call", "only assistant messages may hold one",
                       "move it to an assistant message");
            }
        }
        w_.end_array().end_object();
    }

    // `text` is a URL, or base64 data of the given type
    void url(const Part& part) {
        const bool data = part.detail && !part.detail->media_type.empty();
        if (!data) {
            w_.string(part.text);
            return;
        }
        std::string whole("data:");
        whole.reserve(part.text.size() + part.detail->media_type.size() + 16);
        whole.append(part.detail->media_type).append(";base64,").append(part.text);
        w_.string(whole);
    }
    void image(const Part& part) {
        w_.begin_object().key("type").string("image_url").key("image_url").begin_object().key("url");
        url(part);
        w_.end_object().end_object();
    }
    void document(const Part& part) {
        if (!part.detail || part.detail->media_type.empty()) {
            return refuse("document", "its API takes no document by URL",
                          "send the bytes as base64 with a media type");
        }
        w_.begin_object().key("type").string("file").key("file").begin_object();
        w_.key("filename")
            .string(part.detail->name.empty() ? std::string_view("document") : part.detail->name);
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

    void assistant(const Message& message) {
        std::size_t texts = 0;
        const Part *refused = nullptr, *audio = nullptr, *legacy = nullptr;
        bool calls = false;
        for (const Part& part : message.parts) {
            const bool named = part.detail && ours(part);
            if (part.kind == Kind::text && named && part.detail->name == "refusal") {
                refused = &part;
            } else if (part.kind == Kind::text) {
                ++texts;
            } else if (part.kind == Kind::opaque && named && part.detail->name == "audio") {
                audio = &part;
            } else if (part.kind == Kind::tool_call) {
                if (part.detail && part.detail->id.empty()) {
                    legacy = &part; // a call without an id came as `function_call` and goes back as one
                } else {
                    calls = true;
                }
            } else if (part.kind != Kind::thinking && part.kind != Kind::opaque) {
                refuse("assistant message", "it may hold text and tool calls only",
                       "move images, documents and tool results to a user or tool message");
            }
        }
        w_.begin_object().key("role").string("assistant").key("content");
        const auto spoken = [&](const Part& part) { return part.kind == Kind::text && &part != refused; };
        if (texts > 1) {
            w_.begin_array();
            for (const Part& part : message.parts) {
                if (spoken(part)) text(part);
            }
            w_.end_array();
        } else if (texts == 1) {
            for (const Part& part : message.parts) {
                if (spoken(part)) w_.string(part.text);
            }
        } else if (calls || legacy != nullptr || refused != nullptr || audio != nullptr) {
            w_.null();
        } else {
            w_.string("");
        }
        if (refused != nullptr) w_.key("refusal").string(refused->text);
        if (audio != nullptr) w_.key("audio").begin_object().key("id").string(audio->detail->id).end_object();
        if (legacy != nullptr) {
            w_.key("function_call");
            function(*legacy);
        }
        if (calls) {
            w_.key("tool_calls").begin_array();
            for (const Part& part : message.parts) {
                if (part.kind != Kind::tool_call || !part.detail || part.detail->id.empty()) continue;
                w_.begin_object()
                    .key("id")
                    .string(part.detail->id)
                    .key("type")
                    .string("function")
                    .key("function");
                function(part);
                w_.end_object();
            }
            w_.end_array();
        }
        w_.end_object();
    }
    void function(const Part& call) {
        w_.begin_object().key("name").string(call.detail->name);
        w_.key("arguments").string(call.text.empty() ? std::string_view("{}") : std::string_view(call.text));
        w_.end_object();
    }

    const ChatDialect& dialect_;
    json::Writer& w_;
};

inline std::optional<Error> write_chat_tools(const ChatDialect& dialect, const Request& request,
                                             json::Writer& w) {
    w.begin_array();
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
        const Tool& tool = request.tools[i];
        w.begin_object().key("type").string("function").key("function").begin_object();
        w.key("name").string(tool.name);
        if (!tool.description.empty()) w.key("description").string(tool.description);
        if (!tool.parameters.empty()) {
            if (!is_json_object(tool.parameters)) {
                return not_json(dialect.vendor.name, "tools[" + std::to_string(i) + "].parameters");
            }
            w.key("parameters").raw(tool.parameters);
        }
        if (tool.strict) w.key("strict").boolean(true);
        w.end_object().end_object();
    }
    w.end_array();
    return std::nullopt;
}

inline void write_chat_choice(const ToolChoice& choice, json::Writer& w) {
    using Mode = ToolChoice::Mode;
    switch (choice.mode) {
    case Mode::vendor_default:
    case Mode::automatic: w.string("auto"); break;
    case Mode::none: w.string("none"); break;
    case Mode::required: w.string("required"); break;
    case Mode::named:
        w.begin_object().key("type").string("function").key("function");
        w.begin_object().key("name").string(choice.name).end_object().end_object();
        break;
    }
}

inline std::optional<Error> write_chat_format(const ChatDialect& dialect, const ResponseFormat& format,
                                              json::Writer& w) {
    w.begin_object().key("type");
    if (format.kind == ResponseFormat::Kind::json_object) {
        w.string("json_object");
    } else {
        if (!is_json_object(format.schema)) return not_json(dialect.vendor.name, "response_format.schema");
        w.string("json_schema").key("json_schema").begin_object();
        w.key("name").string(format.name.empty() ? std::string_view("answer")
                                                 : std::string_view(format.name));
        w.key("schema").raw(format.schema).key("strict").boolean(format.strict).end_object();
    }
    w.end_object();
    return std::nullopt;
}

/// Members of the request that this vendor has no word for.
inline std::optional<Error> missing_from_dialect(const ChatDialect& dialect, const Request& request) {
    const Capabilities& can = dialect.capabilities;
    const auto refuse = [&](std::string_view member) {
        return cannot_express(dialect.vendor.name, member, "its API has no such parameter",
                              "leave it out or use a target that has it");
    };
    if (request.seed && !can.seed) return refuse("seed");
    if (!request.tools.empty() && !can.tools) return refuse("tools");
    if (!request.stop.empty() && !can.stop_sequences) return refuse("stop");
    if (request.response_format) {
        const auto kind = request.response_format->kind;
        if (kind == ResponseFormat::Kind::json_object && !can.json_object)
            return refuse("response_format: json_object");
        if (kind == ResponseFormat::Kind::json_schema && !can.json_schema)
            return refuse("response_format: json_schema");
    }
    return std::nullopt;
}

inline std::optional<Error> write_chat(const ChatDialect& dialect, const Request& request,
                                       const Target& target, bool stream, json::Writer& w) {
    Extra extra;
    if (auto error = extra.read(dialect.vendor.name, request.extra)) return error;
    if (auto error = missing_from_dialect(dialect, request)) return error;
    const auto ours = [&](std::string_view name) {
        if (extra.has(name)) return false;
        w.key(name);
        return true;
    };
    w.begin_object();
    if (ours("model")) w.string(target.model);
    if (ours("messages")) {
        ChatMessages messages(dialect, w);
        w.begin_array();
        for (const Message& message : request.messages) messages.write(message);
        w.end_array();
        if (messages.error) return std::move(messages.error);
    }
    if (const auto cap = effective_max_tokens(request, target)) {
        if (ours(dialect.max_tokens_member)) w.number(*cap);
    }
    if (const auto value = effective_temperature(request, target)) {
        if (ours("temperature")) w.number(*value);
    }
    if (request.top_p && ours("top_p")) w.number(*request.top_p);
    if (request.seed && ours("seed")) w.number(*request.seed);
    if (!request.stop.empty() && ours("stop")) {
        w.begin_array();
        for (const std::string& sequence : request.stop) w.string(sequence);
        w.end_array();
    }
    if (!request.tools.empty() && ours("tools")) {
        if (auto error = write_chat_tools(dialect, request, w)) return error;
    }
    if (request.tool_choice && request.tool_choice->mode != ToolChoice::Mode::vendor_default &&
        ours("tool_choice")) {
        write_chat_choice(*request.tool_choice, w);
    }
    // without tools the vendor refuses this one
    if (!request.parallel_tools && !request.tools.empty() && ours("parallel_tool_calls")) w.boolean(false);
    if (request.response_format && request.response_format->kind != ResponseFormat::Kind::text &&
        ours("response_format")) {
        if (auto error = write_chat_format(dialect, *request.response_format, w)) return error;
    }
    if (stream) {
        w.key("stream").boolean(true);
        if (dialect.stream_options && ours("stream_options")) {
            w.begin_object().key("include_usage").boolean(true).end_object();
        }
    }
    extra.write(w);
    w.end_object();
    return std::nullopt;
}

} // namespace detail

BATON_DECL std::optional<Error> encode_chat(const ChatDialect& dialect, const Draft& draft,
                                            const Target& target, bool stream, Outgoing out) {
    const std::size_t before = out.body.size();
    out.path = dialect.path;
    out.body.reserve(before + text_size(*draft));
    json::Writer writer(out.body);
    auto error = detail::write_chat(dialect, *draft, target, stream, writer);
    if (error) out.body.resize(before);
    return error;
}

} // namespace baton::wire
