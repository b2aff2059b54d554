// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/request_reader.hpp>

// Members of a request that say how to answer.
namespace baton::serve::detail::openai {

using Mode = ToolChoice::Mode;

inline void tool_choice(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    if (raw == "null") return;
    if (raw == "\"auto\"") {
        request.tool_choice = ToolChoice(Mode::automatic);
    } else if (raw == "\"none\"") {
        request.tool_choice = ToolChoice(Mode::none);
    } else if (raw == "\"required\"" || raw == "\"any\"") { // "any" is Mistral's word
        request.tool_choice = ToolChoice(Mode::required);
    } else {
        json::Reader in(raw);
        std::string type, name;
        in.object([&](std::string_view key) {
            if (key == "type") in.append_string(type);
            if (key != "function") return;
            in.object([&](std::string_view member) {
                if (member == "name") in.append_string(name);
            });
        });
        if (type == "function" && !name.empty()) {
            request.tool_choice = ToolChoice(std::move(name));
        } else {
            body.keep("tool_choice", raw);
        }
    }
}

/// Members of Request::tuning; false if it is none of them. What says the same as its absence is left out:
/// vendors without a word for it would refuse it.
inline bool tuning(RequestReader& body, std::string_view key, Request& request, bool& logprobs) {
    const auto word = [&](std::string_view member, std::string Tuning::* place) {
        std::string value;
        body.text(member, value);
        if (!value.empty()) request.tuning.ensure().*place = std::move(value);
    };
    const auto penalty = [&](std::string_view member, std::optional<double> Tuning::* place) {
        std::optional<double> value;
        body.number(member, value);
        if (value.value_or(0) != 0) request.tuning.ensure().*place = value;
    };
    std::optional<std::uint32_t> count;
    if (key == "reasoning_effort") {
        word("reasoning_effort", &Tuning::reasoning_effort);
    } else if (key == "service_tier") {
        word("service_tier", &Tuning::service_tier);
    } else if (key == "user" || key == "safety_identifier") {
        word(key == "user" ? "user" : "safety_identifier", &Tuning::user);
    } else if (key == "frequency_penalty") {
        penalty("frequency_penalty", &Tuning::frequency_penalty);
    } else if (key == "presence_penalty") {
        penalty("presence_penalty", &Tuning::presence_penalty);
    } else if (key == "n") {
        body.count("n", count);
        if (count.value_or(1) != 1) request.tuning.ensure().choices = count;
    } else if (key == "logprobs") {
        body.flag("logprobs", logprobs);
    } else if (key == "top_logprobs") {
        body.count("top_logprobs", count);
        if (count.value_or(0) != 0) request.tuning.ensure().top_logprobs = count;
    } else {
        return false;
    }
    return true;
}

inline void response_format(RequestReader& body, Request& request) {
    const std::string_view raw = body.in.raw();
    if (raw == "null") return;
    RequestReader in(raw);
    std::string type;
    ResponseFormat format(std::string(), std::string(), false);
    in.object("response_format", [&](std::string_view key) {
        if (key == "type") in.text("response_format.type", type);
        if (key != "json_schema") return;
        in.object("response_format.json_schema", [&](std::string_view member) {
            if (member == "name") in.text("response_format.json_schema.name", format.name);
            if (member == "strict") in.flag("response_format.json_schema.strict", format.strict);
            if (member == "schema" && !in.in.null()) format.schema = in.in.raw();
        });
    });
    body.adopt(in);
    if (type == "text") {
        request.response_format = ResponseFormat(ResponseFormat::Kind::text);
    } else if (type == "json_object") {
        request.response_format = ResponseFormat(ResponseFormat::Kind::json_object);
    } else if (type == "json_schema") {
        if (format.schema.empty()) body.fail("'response_format.json_schema.schema' is missing");
        request.response_format = std::move(format);
    } else {
        body.keep("response_format", raw);
    }
}

} // namespace baton::serve::detail::openai
