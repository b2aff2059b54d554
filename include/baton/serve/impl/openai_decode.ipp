// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/serve/impl/openai_options.ipp>
#include <baton/serve/openai.hpp>
#include <baton/serve/request_reader.hpp>

#include <iterator>

namespace baton::serve {
namespace detail::openai {

using Kind = Part::Kind;

/// What the model declined with: a text that must go back under its own name.
inline Part refusal_part(std::string text) {
    return detail::part(Kind::text, std::move(text), [](Part::Detail& detail) {
        detail.name = "refusal";
        detail.vendor = OpenAI::name;
    });
}

/// One element of a `content` array.
inline Part content_part(RequestReader& body) {
    const std::string_view raw = body.in.raw(); // read twice, so that an unknown type can be kept whole
    RequestReader element(raw);
    std::string type, text, url, level, refusal, file_name, file_data;
    element.object("messages[].content[]", [&](std::string_view key) {
        if (key == "type") {
            element.text("content[].type", type);
        } else if (key == "text") {
            element.text("content[].text", text);
        } else if (key == "refusal") {
            element.text("content[].refusal", refusal);
        } else if (key == "image_url") {
            if (element.in.append_string(url)) return; // some clients send the bare URL
            element.object("content[].image_url", [&](std::string_view member) {
                if (member == "url") element.text("content[].image_url.url", url);
                if (member == "detail") element.text("content[].image_url.detail", level);
            });
        } else if (key == "file") {
            element.object("content[].file", [&](std::string_view member) {
                if (member == "filename") element.text("content[].file.filename", file_name);
                if (member == "file_data") element.text("content[].file.file_data", file_data);
            });
        }
    });
    body.adopt(element);
    if (type == "text") return Part(std::move(text));
    if (type == "refusal") return refusal_part(std::move(refusal));
    std::string media_type, base64;
    if (type == "image_url" && !url.empty()) return openai_image(std::move(url), level);
    if (type == "file" && split_data_url(file_data, media_type, base64)) {
        return detail::part(Kind::document, std::move(base64), [&](Part::Detail& detail) {
            detail.name = std::move(file_name);
            detail.media_type = std::move(media_type);
        });
    }
    return detail::part(Kind::opaque, std::string(raw), [&](Part::Detail& detail) {
        detail.name = std::move(type);
        detail.vendor = OpenAI::name;
    });
}

inline void content(RequestReader& body, Parts& parts) {
    std::string text;
    if (body.in.append_string(text)) {
        parts.emplace_back(std::move(text));
    } else if (!body.in.null() && !body.in.array([&] { parts.push_back(content_part(body)); })) {
        body.expected("messages[].content", "a string, an array of parts, or null");
    }
}

inline Part tool_call(RequestReader& body) {
    Part::Detail detail;
    std::string arguments;
    body.object("messages[].tool_calls[]", [&](std::string_view key) {
        if (key == "id") {
            body.text("messages[].tool_calls[].id", detail.id);
        } else if (key == "function") {
            body.object("messages[].tool_calls[].function", [&](std::string_view member) {
                if (member == "name") body.text("messages[].tool_calls[].function.name", detail.name);
                if (member == "arguments") body.text("messages[].tool_calls[].function.arguments", arguments);
            });
        } else if (key == "extra_content") { // see write_signature
            body.object("messages[].tool_calls[].extra_content", [&](std::string_view vendor) {
                if (vendor != "google") return;
                body.object("messages[].tool_calls[].extra_content.google", [&](std::string_view member) {
                    if (member != "thought_signature") return;
                    body.text("messages[].tool_calls[].extra_content.google.thought_signature",
                              detail.signature);
                });
            });
        }
    });
    if (detail.name.empty()) body.fail("'messages[].tool_calls[].function.name' is missing");
    return Part(Kind::tool_call, std::move(arguments), std::move(detail));
}

inline void message(RequestReader& body, std::vector<Message>& messages) {
    std::string role, tool_call_id, reasoning, refusal;
    Parts parts, calls;
    bool has_content = false;
    const bool object = body.in.object([&](std::string_view key) {
        if (key == "role") {
            body.text("messages[].role", role);
        } else if (key == "content") {
            parts.clear();
            content(body, parts);
            has_content = !parts.empty();
        } else if (key == "tool_calls") {
            calls.clear();
            body.array("messages[].tool_calls", [&] { calls.push_back(tool_call(body)); });
        } else if (key == "tool_call_id") {
            body.text("messages[].tool_call_id", tool_call_id);
        } else if (key == "reasoning_content" || key == "reasoning") {
            std::string text;
            if (body.in.append_string(text) && !text.empty()) reasoning = std::move(text);
        } else if (key == "refusal") {
            body.text("messages[].refusal", refusal);
        }
    });
    if (!object) return body.expected("messages[]", "an object");
    if (role == "system" || role == "developer") {
        messages.emplace_back(Role::system, std::move(parts));
    } else if (role == "user") {
        messages.emplace_back(Role::user, std::move(parts));
    } else if (role == "assistant") {
        Message turn(Role::assistant, Parts());
        if (!reasoning.empty()) turn.parts.emplace_back(Kind::thinking, std::move(reasoning));
        // "content": "" beside tool calls says nothing, and would not come back the same from others.
        const bool silent =
            has_content && parts.size() == 1 && parts[0] == Part(std::string()) && !calls.empty();
        if (!silent) std::move(parts.begin(), parts.end(), std::back_inserter(turn.parts));
        if (!refusal.empty()) turn.parts.push_back(refusal_part(std::move(refusal)));
        std::move(calls.begin(), calls.end(), std::back_inserter(turn.parts));
        messages.push_back(std::move(turn));
    } else if (role == "tool") {
        if (tool_call_id.empty())
            body.fail("'messages[].tool_call_id' is missing in a message of role 'tool'");
        messages.push_back(tool_result(std::move(tool_call_id), joined_text(parts)));
    } else if (!body.in.failed()) {
        body.fail("'messages[].role' must be system, developer, user, assistant or tool, not '" + role + "'");
    }
}

/// False if the tool is not a function: then the whole list goes to the vendor as it came.
inline bool tool(RequestReader& body, std::vector<Tool>& tools) {
    Tool result;
    std::string type = "function";
    body.object("tools[]", [&](std::string_view key) {
        if (key == "type") return body.text("tools[].type", type);
        if (key != "function") { // cache_control, where a vendor takes it
            const std::string name(key);
            if (body.in.null()) return;
            result.vendor = OpenAI::name;
            return json::append_member(result.extra, name, body.in.raw());
        }
        body.object("tools[].function", [&](std::string_view member) {
            if (member == "name") {
                body.text("tools[].function.name", result.name);
            } else if (member == "description") {
                body.text("tools[].function.description", result.description);
            } else if (member == "parameters") {
                if (!body.in.null()) result.parameters = body.in.raw();
            } else if (member == "strict") {
                body.flag("tools[].function.strict", result.strict);
            }
        });
    });
    if (type != "function") return false;
    if (result.name.empty()) body.fail("'tools[].function.name' is missing");
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

} // namespace detail::openai

BATON_DECL std::optional<Error> OpenAI::decode(std::string_view text, Incoming& incoming) {
    using namespace detail::openai;
    detail::RequestReader body(text);
    Request& request = incoming.request;
    bool has_messages = false, logprobs = false;
    body.in.object([&](std::string_view key) {
        if (!body.first_time(key)) return;
        if (key == "model") {
            body.text(key, request.model);
        } else if (key == "messages") {
            body.array(key, [&] { message(body, request.messages); });
            has_messages = !request.messages.empty();
        } else if (key == "stream") {
            body.flag(key, incoming.stream);
        } else if (key == "stream_options") {
            body.object("stream_options", [&](std::string_view option) {
                if (option == "include_usage")
                    body.flag("stream_options.include_usage", incoming.include_usage);
            });
        } else if (key == "temperature") {
            body.number("temperature", request.temperature);
        } else if (key == "top_p") {
            body.number("top_p", request.top_p);
        } else if (key == "max_tokens" || key == "max_completion_tokens") {
            body.count(key == "max_tokens" ? "max_tokens" : "max_completion_tokens", request.max_tokens);
        } else if (key == "seed") {
            std::int64_t seed = 0;
            if (body.in.integer(seed)) {
                request.seed = seed;
            } else if (!body.in.null()) {
                body.keep("seed"); // beyond 64 bits: the vendor's to judge
            }
        } else if (key == "stop") {
            body.texts("stop", request.stop);
        } else if (key == "tools") {
            tools(body, request);
        } else if (key == "tool_choice") {
            tool_choice(body, request);
        } else if (key == "parallel_tool_calls") {
            body.flag("parallel_tool_calls", request.parallel_tools);
        } else if (key == "response_format") {
            response_format(body, request);
        } else if (key == "fallbacks") { // not OpenAI's; several gateways take it
            body.texts("fallbacks", request.fallbacks);
        } else if (!tuning(body, key, request, logprobs)) {
            body.keep(std::string(key));
        }
    });
    if (!has_messages && !body.in.failed())
        body.fail("'messages' must be an array with at least one message");
    if (logprobs && !request.tuning.ensure().top_logprobs) request.tuning->top_logprobs = 0;
    request.extra = body.take_extra();
    if (!request.extra.empty()) request.extra_of = "openai";
    return body.verdict();
}

} // namespace baton::serve
