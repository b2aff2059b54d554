// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/serve/impl/openai_responses_input.ipp>

namespace baton::serve {
namespace detail::responses {

using Mode = ToolChoice::Mode;

/// False if the tool is not a function.
inline bool tool(RequestReader& body, std::vector<Tool>& tools) {
    const std::string_view raw = body.in.raw();
    RequestReader in(raw);
    Tool result;
    std::string type;
    in.object("tools[]", [&](std::string_view key) {
        if (key == "type") {
            in.text("tools[].type", type);
        } else if (key == "name") {
            in.text("tools[].name", result.name);
        } else if (key == "description") {
            in.text("tools[].description", result.description);
        } else if (key == "parameters") {
            if (!in.in.null()) result.parameters = in.in.raw();
        } else if (key == "strict") {
            in.flag("tools[].strict", result.strict);
        } else if (const std::string name(key); !in.in.null()) { // defer_loading ...
            result.vendor = OpenAIResponses::name;
            json::append_member(result.extra, name, in.in.raw());
        }
    });
    if (type.empty() && !in.in.failed()) in.fail("'tools[].type' is missing");
    if (!type.empty() && type != "function") return false; // its members are the vendor's to judge
    if (result.name.empty()) in.fail("'tools[].name' is missing");
    body.adopt(in);
    tools.push_back(std::move(result));
    return true;
}

inline void tools(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    RequestReader list(raw);
    bool all = true;
    list.array("tools", [&] { all = tool(list, request.tools) && all; });
    body.adopt(list);
    if (!all) body.keep("tools", raw);
}

inline void tool_choice(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    if (raw == "null") return;
    if (raw == "\"auto\"") {
        request.tool_choice = ToolChoice(Mode::automatic);
    } else if (raw == "\"none\"") {
        request.tool_choice = ToolChoice(Mode::none);
    } else if (raw == "\"required\"") {
        request.tool_choice = ToolChoice(Mode::required);
    } else {
        json::Reader in(raw);
        std::string type, name;
        in.object([&](std::string_view key) {
            if (key == "type") in.append_string(type);
            if (key == "name") in.append_string(name);
        });
        if (type == "function" && !name.empty()) {
            request.tool_choice = ToolChoice(std::move(name));
        } else {
            body.keep("tool_choice", raw);
        }
    }
}

/// `text`: the format, and perhaps members that only this API has.
inline void text_format(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    RequestReader in(raw);
    std::string type;
    ResponseFormat format(std::string(), std::string(), false);
    bool more = false;
    in.object("text", [&](std::string_view key) {
        if (key != "format") {
            more |= !in.in.null();
            return;
        }
        in.object("text.format", [&](std::string_view member) {
            if (member == "type") in.text("text.format.type", type);
            if (member == "name") in.text("text.format.name", format.name);
            if (member == "strict") in.flag("text.format.strict", format.strict);
            if (member == "schema" && !in.in.null()) format.schema = in.in.raw();
        });
    });
    if (type == "json_object") {
        request.response_format = ResponseFormat(ResponseFormat::Kind::json_object);
    } else if (type == "json_schema") {
        if (format.schema.empty()) in.fail("'text.format.schema' is missing");
        request.response_format = std::move(format);
    } else {
        if (type == "text") request.response_format = ResponseFormat(ResponseFormat::Kind::text);
        more |= !type.empty() && type != "text";
    }
    body.adopt(in);
    if (more) body.keep("text", raw);
}

inline void reasoning(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    RequestReader in(raw);
    bool more = false;
    in.object("reasoning", [&](std::string_view key) {
        if (key != "effort") {
            more |= !in.in.null();
            return;
        }
        std::string effort;
        in.text("reasoning.effort", effort);
        if (!effort.empty()) request.tuning.ensure().reasoning_effort = std::move(effort);
    });
    body.adopt(in);
    if (more) body.keep("reasoning", raw); // `summary`
}

/// What the wire asks for by itself is not kept.
inline void include(RequestReader& body, bool& logprobs) {
    const std::string_view raw = body.in.raw();
    RequestReader in(raw);
    bool known = true;
    in.array("include", [&] {
        std::string what;
        in.text("include[]", what);
        logprobs |= what == "message.output_text.logprobs";
        known &= what == "message.output_text.logprobs" || what == "reasoning.encrypted_content";
    });
    body.adopt(in);
    if (!known) body.keep("include", raw);
}

} // namespace detail::responses

BATON_DECL std::optional<Error> OpenAIResponses::decode(std::string_view text, Incoming& incoming) {
    using namespace detail::responses;
    detail::RequestReader body(text);
    Request& request = incoming.request;
    std::string instructions, user;
    bool has_input = false, logprobs = false;
    std::optional<std::uint32_t> alternatives;
    body.in.object([&](std::string_view key) {
        if (!body.first_time(key)) return;
        if (key == "model") {
            body.text(key, request.model);
        } else if (key == "input") {
            std::string said;
            if (body.in.append_string(said)) {
                request.messages.emplace_back(Role::user, std::move(said));
                has_input = true;
            } else {
                has_input = body.in.array([&] { input_item(body, request.messages); });
                if (!has_input) body.expected("input", "a string or an array of items");
                if (request.messages.empty()) has_input = false;
            }
        } else if (key == "instructions") {
            body.text("instructions", instructions);
        } else if (key == "stream") {
            body.flag(key, incoming.stream);
        } else if (key == "temperature") {
            body.number("temperature", request.temperature);
        } else if (key == "top_p") {
            body.number("top_p", request.top_p);
        } else if (key == "max_output_tokens") {
            body.count("max_output_tokens", request.max_tokens);
        } else if (key == "tools") {
            tools(body, request);
        } else if (key == "tool_choice") {
            tool_choice(body, request);
        } else if (key == "parallel_tool_calls") {
            body.flag("parallel_tool_calls", request.parallel_tools);
        } else if (key == "text") {
            text_format(body, request);
        } else if (key == "reasoning") {
            reasoning(body, request);
        } else if (key == "top_logprobs") {
            body.count("top_logprobs", alternatives);
        } else if (key == "include") {
            include(body, logprobs);
        } else if (key == "service_tier") {
            std::string tier;
            body.text("service_tier", tier);
            if (!tier.empty()) request.tuning.ensure().service_tier = std::move(tier);
        } else if (key == "safety_identifier" || key == "user") {
            std::string id;
            const bool newer = key == "safety_identifier"; // of both, the newer word counts
            body.text(newer ? "safety_identifier" : "user", id);
            if (!id.empty() && (newer || user.empty())) user = std::move(id);
        } else if (key == "store") {
            const std::string_view raw = body.in.raw(); // nothing is stored unless it is asked for
            if (raw != "false" && raw != "null") body.keep("store", raw);
        } else if (key == "fallbacks") { // not OpenAI's; several gateways take it
            body.texts("fallbacks", request.fallbacks);
        } else {
            body.keep(std::string(key));
        }
    });
    if (!has_input && !body.in.failed())
        body.fail("'input' must be a string or an array with at least one item");
    if (logprobs || alternatives.value_or(0) != 0)
        request.tuning.ensure().top_logprobs = alternatives.value_or(0);
    if (!user.empty()) request.tuning.ensure().user = std::move(user);
    if (!instructions.empty())
        request.messages.insert(request.messages.begin(), Message(Role::system, std::move(instructions)));
    incoming.include_usage = true; // this dialect always says it
    request.extra = body.take_extra();
    if (!request.extra.empty()) request.extra_of = "openai_responses";
    return body.verdict();
}

} // namespace baton::serve
