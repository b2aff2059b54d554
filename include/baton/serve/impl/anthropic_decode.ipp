// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/serve/anthropic.hpp>
#include <baton/serve/request_reader.hpp>

namespace baton::serve {
namespace detail::anthropic {

using Kind = Part::Kind;
using Mode = ToolChoice::Mode;

/// `source` of an image or document. False if it is of a kind that only Anthropic understands.
inline bool source(RequestReader& block, std::string& text, std::string& media_type) {
    std::string type, data, url;
    block.object("content[].source", [&](std::string_view key) {
        if (key == "type") block.text("content[].source.type", type);
        if (key == "media_type") block.text("content[].source.media_type", media_type);
        if (key == "data") block.text("content[].source.data", data);
        if (key == "url") block.text("content[].source.url", url);
    });
    if (type == "url" && !url.empty()) {
        media_type.clear();
        text = std::move(url);
        return true;
    }
    text = std::move(data);
    return type == "base64" && !text.empty() && !media_type.empty();
}

/// A tool result's `content`; false if it holds more than text.
inline bool result_text(RequestReader& block, std::string& text) {
    if (block.in.append_string(text)) return true;
    bool only_text = true;
    block.array("content[].content", [&] {
        std::string type, piece;
        block.object("content[].content[]", [&](std::string_view key) {
            if (key == "type") block.text("content[].content[].type", type);
            if (key == "text") block.text("content[].content[].text", piece);
        });
        only_text &= type == "text";
        text += piece;
    });
    return only_text;
}

/// One element of a `content` array.
inline Part content_block(RequestReader& body) {
    const std::string_view raw = body.in.raw(); // read twice, so that an unknown type can be kept whole
    RequestReader block(raw);
    std::string type, text, thinking, input, result, source_text;
    Part::Detail detail;
    bool source_known = false, result_known = true;
    block.object("messages[].content[]", [&](std::string_view key) {
        if (key == "type") {
            block.text("content[].type", type);
        } else if (key == "text") {
            block.text("content[].text", text);
        } else if (key == "thinking") {
            block.text("content[].thinking", thinking);
        } else if (key == "signature") {
            block.text("content[].signature", detail.signature);
        } else if (key == "source") {
            source_known = source(block, source_text, detail.media_type);
        } else if (key == "id" || key == "tool_use_id") {
            block.text("content[].id", detail.id);
        } else if (key == "name" || key == "title") {
            block.text("content[].name", detail.name);
        } else if (key == "input") {
            input = block.in.raw();
        } else if (key == "content") {
            result_known = result_text(block, result);
        } else if (key == "is_error") {
            block.flag("content[].is_error", detail.is_error);
        } else {
            const std::string name(
                key); // cache_control, citations ...; also null, as it goes back as it came
            block.keep(name, block.in.raw());
        }
    });
    if (const std::string extra = block.take_extra(); extra.size() > 2) {
        detail.extra = extra.substr(1, extra.size() - 2);
        detail.vendor = Anthropic::name;
    }
    const auto made = [&](Kind kind, std::string& content) {
        body.adopt(block);
        if (detail == Part::Detail()) return Part(kind, std::move(content));
        return Part(kind, std::move(content), std::move(detail));
    };
    if (type == "text") return made(Kind::text, text);
    if (type == "tool_use") return made(Kind::tool_call, input);
    if (type == "tool_result" && result_known) return made(Kind::tool_result, result);
    if (type == "thinking") {
        detail.vendor = Anthropic::name; // goes back with or without a signature
        return made(Kind::thinking, thinking);
    }
    if (type == "image" && source_known) return made(Kind::image, source_text);
    if (type == "document" && source_known) return made(Kind::document, source_text);
    // What is left is the vendor's own, and so is its shape: complaints about it are not ours to make.
    if (type.empty() && !body.in.failed()) body.fail("'messages[].content[].type' is missing");
    return detail::part(Kind::opaque, std::string(raw), [&](Part::Detail& own) {
        own.name = std::move(type);
        own.vendor = Anthropic::name;
    });
}

inline void content(RequestReader& body, std::string_view member, Parts& parts) {
    std::string text;
    if (body.in.append_string(text)) {
        parts.emplace_back(std::move(text));
    } else if (!body.in.array([&] { parts.push_back(content_block(body)); })) {
        body.expected(member, "a string or an array of blocks");
    }
}

inline void message(RequestReader& body, std::vector<Message>& messages) {
    std::string role;
    Parts parts;
    const bool object = body.in.object([&](std::string_view key) {
        if (key == "role") {
            body.text("messages[].role", role);
        } else if (key == "content") {
            parts.clear();
            content(body, "messages[].content", parts);
        }
    });
    if (!object) return body.expected("messages[]", "an object");
    if (role == "assistant" || role == "system") {
        messages.emplace_back(role == "system" ? Role::system : Role::assistant, std::move(parts));
    } else if (role == "user") {
        // Results come first in a user turn; each is a turn of its own in the other dialects.
        auto rest = parts.begin();
        for (; rest != parts.end() && rest->kind == Kind::tool_result; ++rest) {
            messages.emplace_back(Role::tool, Parts()).parts.push_back(std::move(*rest));
        }
        if (rest == parts.end() && !parts.empty()) return;
        parts.erase(parts.begin(), rest);
        messages.emplace_back(Role::user, std::move(parts));
    } else if (!body.in.failed()) {
        body.fail("'messages[].role' must be user or assistant, not '" + role + "'");
    }
}

/// False if the tool is one of the vendor's own: then the whole list goes to the vendor as it came.
inline bool tool(RequestReader& body, std::vector<Tool>& tools) {
    Tool result;
    std::string type = "custom";
    body.object("tools[]", [&](std::string_view key) {
        if (key == "type") {
            body.text("tools[].type", type);
        } else if (key == "name") {
            body.text("tools[].name", result.name);
        } else if (key == "description") {
            body.text("tools[].description", result.description);
        } else if (key == "input_schema") {
            if (!body.in.null()) result.parameters = body.in.raw();
        } else if (key == "strict") {
            body.flag("tools[].strict", result.strict);
        } else if (const std::string name(key); !body.in.null()) { // cache_control ...
            result.vendor = Anthropic::name;
            json::append_member(result.extra, name, body.in.raw());
        }
    });
    if (type != "custom" && !type.empty()) return false; // "" was null
    if (result.name.empty()) body.fail("'tools[].name' is missing");
    tools.push_back(std::move(result));
    return true;
}

inline void tools(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    RequestReader list(raw);
    bool all = true;
    list.array("tools", [&] { all = tool(list, request.tools) && all; });
    body.adopt(list);
    if (all) return;
    request.tools.clear();
    body.keep("tools", raw);
}

inline void tool_choice(RequestReader& body, Request& request) {
    std::string type, name;
    bool single = false;
    const std::string_view raw = body.in.raw();
    if (raw == "null") return;
    RequestReader in(raw);
    in.object("tool_choice", [&](std::string_view key) {
        if (key == "type") in.text("tool_choice.type", type);
        if (key == "name") in.text("tool_choice.name", name);
        if (key == "disable_parallel_tool_use") in.flag("tool_choice.disable_parallel_tool_use", single);
    });
    body.adopt(in);
    if (single) request.parallel_tools = false;
    if (type == "auto") {
        // "auto" is also what must be said to carry disable_parallel_tool_use
        if (!single) request.tool_choice = ToolChoice(Mode::automatic);
    } else if (type == "any") {
        request.tool_choice = ToolChoice(Mode::required);
    } else if (type == "none") {
        request.tool_choice = ToolChoice(Mode::none);
    } else if (type == "tool" && !name.empty()) {
        request.tool_choice = ToolChoice(std::move(name));
    } else {
        body.keep("tool_choice", raw);
    }
}

inline void output_config(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    RequestReader in(raw);
    bool more = false;
    in.object("output_config", [&](std::string_view key) {
        if (key != "format") {
            more = true;
            return;
        }
        std::string type, schema;
        in.object("output_config.format", [&](std::string_view member) {
            if (member == "type") in.text("output_config.format.type", type);
            if (member == "schema") schema = in.in.raw();
        });
        if (type == "json_schema")
            request.response_format = ResponseFormat(std::string(), std::move(schema), true);
    });
    body.adopt(in);
    // Members of it that we do not model: Anthropic gets the whole as it came (extra takes the place of
    // what the wire would write), the other vendors the format.
    if (more || !request.response_format) body.keep("output_config", raw);
}

} // namespace detail::anthropic

BATON_DECL std::optional<Error> Anthropic::decode(std::string_view text, Incoming& incoming) {
    using namespace detail::anthropic;
    detail::RequestReader body(text);
    Request& request = incoming.request;
    Parts system;
    bool has_messages = false;
    body.in.object([&](std::string_view key) {
        if (!body.first_time(key)) return;
        if (key == "model") {
            body.text(key, request.model);
        } else if (key == "messages") {
            body.array("messages", [&] { message(body, request.messages); });
            has_messages = !request.messages.empty();
        } else if (key == "system") {
            if (!body.in.null()) content(body, "system", system);
        } else if (key == "stream") {
            body.flag(key, incoming.stream);
        } else if (key == "temperature") {
            body.number("temperature", request.temperature);
        } else if (key == "top_p") {
            body.number("top_p", request.top_p);
        } else if (key == "top_k") {
            std::optional<std::uint32_t> count;
            body.count("top_k", count);
            if (count) request.tuning.ensure().top_k = count;
        } else if (key == "max_tokens") {
            body.count("max_tokens", request.max_tokens);
        } else if (key == "stop_sequences") {
            body.texts("stop_sequences", request.stop);
        } else if (key == "tools") {
            tools(body, request);
        } else if (key == "tool_choice") {
            tool_choice(body, request);
        } else if (key == "output_config") {
            output_config(body, request);
        } else if (key == "fallbacks") { // not Anthropic's; several gateways take it
            body.texts("fallbacks", request.fallbacks);
        } else {
            body.keep(std::string(key));
        }
    });
    if (!has_messages && !body.in.failed())
        body.fail("'messages' must be an array with at least one message");
    incoming.include_usage = true; // this dialect always says it
    if (!system.empty())
        request.messages.insert(request.messages.begin(), Message(Role::system, std::move(system)));
    request.extra = body.take_extra();
    if (!request.extra.empty()) request.extra_of = Anthropic::name;
    return body.verdict();
}

} // namespace baton::serve
