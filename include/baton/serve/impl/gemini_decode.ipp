// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/impl/gemini_contents.ipp>

#include <algorithm>
#include <limits>

namespace baton::serve {
namespace detail::gemini {

using Mode = ToolChoice::Mode;

/// Copies an OpenAPI schema, as `parameters` and `responseSchema` have them, as JSON Schema: types in lower
/// case, `nullable` as a type, members in camelCase.
inline void json_schema(json::Reader& in, json::Writer& out) {
    std::string type;
    bool nullable = false;
    if (in.kind() != json::Reader::Kind::object) {
        const std::string_view raw = in.raw();
        out.raw(raw.empty() ? std::string_view("null") : raw);
        return;
    }
    out.begin_object();
    in.object([&](std::string_view key) {
        const std::string member = camel(key);
        if (member == "type" && in.kind() == json::Reader::Kind::string) {
            in.append_string(type);
            for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        } else if (member == "nullable" && in.boolean(nullable)) {
            return;
        } else if (member == "properties" && in.kind() == json::Reader::Kind::object) {
            out.key(member).begin_object();
            in.object([&](std::string_view name) { // names, not members of a schema
                out.key(name);
                json_schema(in, out);
            });
            out.end_object();
        } else if (member == "anyOf" && in.kind() == json::Reader::Kind::array) {
            out.key(member).begin_array();
            in.array([&] { json_schema(in, out); });
            out.end_array();
        } else if (member == "items" && in.kind() == json::Reader::Kind::object) {
            out.key(member);
            json_schema(in, out);
        } else if (const std::string_view raw = in.raw(); member != "propertyOrdering" && !raw.empty()) {
            out.key(member).raw(raw); // propertyOrdering is Google's alone
        }
    });
    if (nullable && !type.empty()) {
        out.key("type").begin_array().string(type).string("null").end_array();
    } else if (!type.empty()) {
        out.key("type").string(type);
    }
    out.end_object();
}

inline std::string json_schema(std::string_view raw) {
    std::string text;
    json::Writer out(text);
    json::Reader in(raw);
    json_schema(in, out);
    return text;
}

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

/// `generationConfig.thinkingConfig`. What it says of showing thoughts is kept where the wire of this API
/// would say otherwise: it asks for them where there is thinking.
inline void thinking(RequestReader& in, RequestReader& kept, Request& request) {
    const std::string_view raw = in.in.raw();
    RequestReader config(raw);
    std::int64_t budget = -1;
    std::string level;
    bool has_budget = false, shows = false, says_shows = false, more = false;
    config.object("generationConfig.thinkingConfig", [&](std::string_view key) {
        const std::string member = camel(key);
        if (member == "thinkingBudget") {
            if (config.in.integer(budget)) {
                has_budget = true;
            } else if (!config.in.null()) {
                config.expected("generationConfig.thinkingConfig.thinkingBudget", "a whole number");
            }
        } else if (member == "thinkingLevel") {
            config.text("generationConfig.thinkingConfig.thinkingLevel", level);
        } else if (member == "includeThoughts") {
            says_shows = !config.in.null();
            config.flag("generationConfig.thinkingConfig.includeThoughts", shows);
        } else {
            more = true;
        }
    });
    in.adopt(config);
    for (char& c : level) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    const bool modelled = !more && !(has_budget && (budget < 0 || budget > most)) &&
                          !(has_budget && !level.empty()) && (has_budget || !level.empty());
    if (!modelled) { // -1: as much as the model likes
        kept.keep("thinkingConfig", raw);
        return;
    }
    if (has_budget) request.tuning.ensure().reasoning_tokens = static_cast<std::uint32_t>(budget);
    if (!level.empty()) request.tuning.ensure().reasoning_effort = level;
    const bool thinks = !has_budget || budget > 0;
    if (shows != thinks)
        kept.keep("thinkingConfig", shows ? R"({"includeThoughts":true})" : R"({"includeThoughts":false})");
}

/// A count, which Google takes in any notation of JSON: 40, 40.0, 4E1.
inline void count(RequestReader& in, std::string_view member, std::optional<std::uint32_t>& out) {
    double value = 0;
    if (in.in.null()) return;
    if (in.in.number(value) && value >= 0 && value <= std::numeric_limits<std::uint32_t>::max() &&
        value == static_cast<double>(static_cast<std::uint32_t>(value))) {
        out = static_cast<std::uint32_t>(value);
    } else {
        in.expected(member, "a whole number, 0 or greater");
    }
}

inline void generation_config(RequestReader& body, Request& request) {
    constexpr std::string_view in_config = "generationConfig.";
    const std::string_view raw = body.in.raw();
    RequestReader in(raw), kept("{}");
    std::string media_type, schema;
    std::optional<double> penalty;
    std::optional<std::uint32_t> number, logprobs;
    bool wants_logprobs = false;
    in.object("generationConfig", [&](std::string_view key) {
        const std::string member = camel(key), full = std::string(in_config) + member;
        if (!in.first_time(member)) return;
        if (member == "temperature") {
            in.number(full, request.temperature);
        } else if (member == "topP") {
            in.number(full, request.top_p);
        } else if (member == "topK") {
            count(in, full, number);
            if (number) request.tuning.ensure().top_k = number;
        } else if (member == "maxOutputTokens") {
            count(in, full, request.max_tokens);
        } else if (member == "stopSequences") {
            in.texts(full, request.stop);
        } else if (member == "seed") {
            std::int64_t seed = 0;
            if (in.in.integer(seed)) {
                request.seed = seed;
            } else if (!in.in.null()) {
                in.expected(full, "a whole number");
            }
        } else if (member == "candidateCount") {
            number.reset();
            count(in, full, number);
            if (number.value_or(1) != 1) request.tuning.ensure().choices = number;
        } else if (member == "frequencyPenalty" || member == "presencePenalty") {
            penalty.reset();
            in.number(full, penalty);
            if (penalty.value_or(0) == 0) return; // none
            (member == "frequencyPenalty" ? request.tuning.ensure().frequency_penalty
                                          : request.tuning.ensure().presence_penalty) = penalty;
        } else if (member == "responseLogprobs") {
            in.flag(full, wants_logprobs);
        } else if (member == "logprobs") {
            count(in, full, logprobs);
        } else if (member == "responseMimeType") {
            in.text(full, media_type);
        } else if (member == "responseSchema" || member == "responseJsonSchema") {
            if (in.in.null()) return;
            if (in.in.kind() != json::Reader::Kind::object) return in.expected(full, "an object");
            const std::string_view text = in.in.raw();
            schema = member == "responseSchema" ? json_schema(text) : std::string(text);
        } else if (member == "thinkingConfig") {
            if (!in.in.null()) thinking(in, kept, request);
        } else {
            kept.keep(std::string(key), in.in.raw());
        }
    });
    body.adopt(in);
    if (wants_logprobs) request.tuning.ensure().top_logprobs = logprobs.value_or(0);
    if (media_type == "application/json" || (media_type.empty() && !schema.empty())) {
        // not strict: the schemas of this API need not be closed, as others' strict modes want
        request.response_format = schema.empty() ? ResponseFormat(ResponseFormat::Kind::json_object)
                                                 : ResponseFormat(std::string(), std::move(schema), false);
    } else if (!media_type.empty() && media_type != "text/plain") { // "text/x.enum"
        std::string text;
        json::append_string(text, media_type);
        kept.keep("responseMimeType", text);
        if (!schema.empty()) kept.keep("responseJsonSchema", schema);
    }
    if (const std::string extra = kept.take_extra(); !extra.empty()) body.keep("generationConfig", extra);
}

inline void body_members(RequestReader& body, Request& request, Parts& system, bool& has_contents) {
    const bool object = body.in.object([&](std::string_view key) {
        const std::string member = camel(key);
        if (!body.first_time(member)) return;
        if (member == "contents") {
            if (body.in.kind() == json::Reader::Kind::array) {
                body.array("contents", [&] { turn(body, request.messages); });
            } else if (!body.in.null()) {
                turn(body, request.messages);
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
        std::string id, name;
    };
    std::vector<Open> open;
    std::size_t number = 0;
    for (Message& message : request.messages) {
        for (Part& part : message.parts) {
            if (part.kind == Part::Kind::tool_call) {
                Part::Detail& detail = part.detail.ensure();
                if (!detail.id.empty()) continue;
                detail.id = "call_" + std::to_string(++number);
                open.push_back({detail.id, detail.name});
            } else if (part.kind == Part::Kind::tool_result) {
                Part::Detail& detail = part.detail.ensure();
                if (!detail.id.empty()) continue;
                const auto call = std::find_if(open.begin(), open.end(), [&](const Open& candidate) {
                    return detail.name.empty() || candidate.name == detail.name;
                });
                if (call == open.end()) continue;
                detail.id = call->id;
                open.erase(call);
            }
        }
    }
}

} // namespace baton::serve
