// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/impl/gemini_config.ipp>

#include <algorithm>

namespace baton::serve {
namespace detail::gemini {

using Mode = ToolChoice::Mode;

inline void declaration(RequestReader& body, std::vector<Tool>& tools) {
    Tool tool;
    body.object("tools[].functionDeclarations[]", [&](std::string_view key) {
        const std::string member = camel(key);
        if (member == "name") {
            body.text("tools[].functionDeclarations[].name", tool.name);
        } else if (member == "description") {
            body.text("tools[].functionDeclarations[].description", tool.description);
        } else if (member == "parametersJsonSchema" || member == "parameters") {
            if (body.in.null()) return;
            if (body.in.kind() != json::Reader::Kind::object)
                return body.expected("tools[].functionDeclarations[]." + member, "an object");
            const std::string_view raw = body.in.raw();
            tool.parameters = member == "parameters" ? json_schema(raw) : std::string(raw);
        } else if (!body.in.null()) { // behavior, response ...
            tool.vendor = Gemini::name;
            json::append_member(tool.extra, member, body.in.raw());
        }
    });
    if (tool.name.empty()) body.fail("'tools[].functionDeclarations[].name' is missing");
    tools.push_back(std::move(tool));
}

/// Functions become tools; what else there is goes to Google as it came.
inline void tools(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    RequestReader list(raw);
    std::string others;
    const auto element = [&] {
        const std::string_view tool = list.in.raw();
        RequestReader in(tool);
        std::string rest;
        const bool object = in.in.object([&](std::string_view key) {
            if (camel(key) == "functionDeclarations") {
                in.array("tools[].functionDeclarations", [&] { declaration(in, request.tools); });
            } else {
                if (!rest.empty()) rest += ',';
                json::append_string(rest, key);
                rest.append(":").append(in.in.raw());
            }
        });
        if (!object) list.expected("tools[]", "an object");
        list.adopt(in);
        if (!rest.empty()) others.append(others.empty() ? "[{" : ",{").append(rest).append("}");
    };
    if (list.in.kind() == json::Reader::Kind::object) {
        element();
    } else {
        list.array("tools", element);
    }
    body.adopt(list);
    if (!others.empty()) body.keep("tools", others + "]");
}

inline void tool_config(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    RequestReader in(raw);
    std::string mode;
    std::vector<std::string> names;
    bool more = false;
    in.object("toolConfig", [&](std::string_view key) {
        if (camel(key) != "functionCallingConfig") {
            more |= !in.in.null();
            return;
        }
        in.object("toolConfig.functionCallingConfig", [&](std::string_view member) {
            const std::string name = camel(member);
            if (name == "mode") {
                if (!in.in.append_string(mode)) more = true; // a number, as protobuf's enums may be
            } else if (name == "allowedFunctionNames") {
                in.texts("toolConfig.functionCallingConfig.allowedFunctionNames", names);
            } else {
                more = true;
            }
        });
    });
    body.adopt(in);
    for (char& c : mode) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (mode == "AUTO") {
        request.tool_choice = ToolChoice(Mode::automatic);
    } else if (mode == "NONE") {
        request.tool_choice = ToolChoice(Mode::none);
    } else if (mode == "ANY" && names.size() == 1) {
        request.tool_choice = ToolChoice(names[0]);
    } else if (mode == "ANY") {
        request.tool_choice = ToolChoice(Mode::required);
        more |= !names.empty(); // one of several
    } else {
        more |= !mode.empty(); // VALIDATED
    }
    if (more) body.keep("toolConfig", raw);
}

inline void body_members(RequestReader& body, Request& request, Parts& system, bool& has_contents) {
    Calls calls;
    const bool object = body.in.object([&](std::string_view key) {
        const std::string member = camel(key);
        if (!body.first_time(member)) return;
        if (member == "contents") {
            if (body.in.kind() == json::Reader::Kind::array) {
                body.array("contents", [&] { turn(body, request.messages, calls); });
            } else if (!body.in.null()) {
                turn(body, request.messages, calls);
            }
            has_contents = !request.messages.empty();
        } else if (member == "systemInstruction") {
            std::string role;
            if (!body.in.null()) content(body, "systemInstruction", role, system);
        } else if (member == "model") { // the path says it too
            body.text("model", request.model);
            if (request.model.starts_with("models/")) request.model.erase(0, 7);
        } else if (member == "tools") {
            if (!body.in.null()) tools(body, request);
        } else if (member == "toolConfig") {
            if (!body.in.null()) tool_config(body, request);
        } else if (member == "generationConfig") {
            if (!body.in.null()) generation_config(body, request);
        } else if (member == "serviceTier") {
            std::string tier;
            body.text("serviceTier", tier);
            if (!tier.empty()) request.tuning.ensure().service_tier = std::move(tier);
        } else if (member == "generateContentRequest") { // of countTokens
            body_members(body, request, system, has_contents);
        } else if (member == "fallbacks") { // not Google's; several gateways take it
            body.texts("fallbacks", request.fallbacks);
        } else {
            body.keep(std::string(key));
        }
    });
    if (!object && !body.in.failed()) body.fail("'generateContentRequest' must be an object");
}

} // namespace detail::gemini

BATON_DECL std::optional<Error> Gemini::decode(std::string_view text, Incoming& incoming) {
    using namespace detail::gemini;
    detail::RequestReader body(text);
    Request& request = incoming.request;
    Parts system;
    bool has_contents = false;
    body_members(body, request, system, has_contents);
    if (!has_contents && !body.in.failed())
        body.fail("'contents' must be an array with at least one content");
    incoming.include_usage = true; // this dialect always says it
    if (!system.empty())
        request.messages.insert(request.messages.begin(), Message(Role::system, std::move(system)));
    request.extra = body.take_extra();
    if (!request.extra.empty()) request.extra_of = "gemini";
    return body.verdict();
}

BATON_DECL std::optional<Error> Gemini::decode(const GeminiTarget& target, std::string_view text,
                                               Incoming& incoming) {
    using Method = GeminiTarget::Method;
    if (target.method != Method::generate && target.method != Method::stream &&
        target.method != Method::count) {
        return Error(Errc::not_found, "the path names none of this API's methods that generate or count");
    }
    auto wrong = decode(text, incoming);
    if (!target.model.empty()) incoming.request.model = target.model;
    incoming.stream = target.method == Method::stream;
    incoming.array = incoming.stream && !target.sse;
    return wrong;
}

BATON_DECL void Gemini::number_calls(Request& request) {
    struct Open {
        std::string id;
        bool answered = false;
    };
    struct Queue {
        std::vector<std::size_t> calls;
        std::size_t head = 0;
    };
    std::vector<Open> open;
    std::unordered_map<std::string, std::size_t> by_id;
    std::unordered_map<std::string, Queue> by_name; // hostile requests hold many calls: no searching
    std::size_t oldest = 0;
    const auto answer = [&](const std::string& name) -> Open* {
        if (name.empty()) {
            while (oldest < open.size() && open[oldest].answered) ++oldest;
            return oldest < open.size() ? &open[oldest] : nullptr;
        }
        Queue& queue = by_name[name];
        while (queue.head < queue.calls.size() && open[queue.calls[queue.head]].answered) ++queue.head;
        return queue.head < queue.calls.size() ? &open[queue.calls[queue.head]] : nullptr;
    };
    for (Message& message : request.messages) {
        for (Part& part : message.parts) {
            if (part.kind != Part::Kind::tool_call && part.kind != Part::Kind::tool_result) continue;
            Part::Detail& detail = part.detail.ensure();
            if (part.kind == Part::Kind::tool_call) {
                // also one that has an id: its result may come without, as Google's own examples send it
                if (detail.id.empty()) detail.id = "call_" + std::to_string(open.size() + 1);
                by_name[detail.name].calls.push_back(open.size());
                by_id.emplace(detail.id, open.size());
                open.push_back({detail.id, false});
            } else if (!detail.id.empty()) {
                if (const auto call = by_id.find(detail.id); call != by_id.end())
                    open[call->second].answered = true;
            } else if (Open* const call = answer(detail.name)) {
                call->answered = true;
                detail.id = call->id;
            }
        }
    }
}

} // namespace baton::serve
