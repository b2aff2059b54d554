// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "reference.hpp"

#include <cctype>
#include <map>
#include <string>
#include <string_view>

/// The slow and obvious reading of Cohere's and Ollama's own APIs. `Reading::blocks` has one element: the
/// message as it would go back.
namespace baton::test {

// --- Cohere v2 chat --------------------------------------------------------------------------------

inline void cohere_usage(const json::value& usage, Reading& out) {
    if (!usage.is_object()) return;
    const json::value& tokens = at(usage, "tokens");
    const json::value& counted = tokens.is_object() ? tokens : at(usage, "billed_units");
    out.usage.cached_input_tokens = count_at(usage, "cached_tokens");
    out.usage.input_tokens = count_at(counted, "input_tokens") - out.usage.cached_input_tokens;
    out.usage.reasoning_tokens = count_at(counted, "reasoning_tokens");
    out.usage.output_tokens = count_at(counted, "output_tokens") - out.usage.reasoning_tokens;
    out.usage.reported = true;
}

inline void cohere_stop(const std::string& reason, Reading& out) {
    static const std::map<std::string, StopReason> words = {
        {"COMPLETE", StopReason::stop},
        {"MAX_TOKENS", StopReason::length},
        {"TOOL_CALL", StopReason::tool_calls},
        {"STOP_SEQUENCE", StopReason::stop_sequence},
    };
    const auto found = words.find(reason);
    if (found != words.end()) out.stop = found->second;
    if (found == words.end()) out.stop_text = reason;
}

/// From the whole message, everything that is derived from it.
inline void cohere_message(json::value message, Reading& out) {
    json::object& members = message.as_object();
    out.reasoning += string_of(at(message, "tool_plan"));
    if (at(message, "content").is_array()) {
        for (const json::value& element : at(message, "content").get_array()) {
            out.text += string_of(at(element, "text"));
            out.reasoning += string_of(at(element, "thinking"));
        }
    }
    if (json::value* calls = members.if_contains("tool_calls"); calls != nullptr && calls->is_array()) {
        for (json::value& call : calls->get_array()) {
            json::object& function = call.at("function").as_object();
            if (text_at(function, "arguments").empty()) function["arguments"] = "{}";
            out.calls.push_back(
                {string_of(at(call, "id")), text_at(function, "name"), string_of(function["arguments"])});
        }
    }
    for (const char* name : {"content", "tool_calls", "citations", "tool_plan"}) {
        const json::value& value = at(message, name);
        if ((value.is_array() && value.get_array().empty()) || value.is_null() || value == "")
            members.erase(name);
    }
    out.blocks.push_back(message);
    out.complete = true;
}

inline Reading read_cohere(const std::string& body) {
    Reading out;
    const json::value whole = parse(body);
    if (at(whole, "message").is_string()) {
        out.failure = whole.as_object();
        return out;
    }
    out.id = string_of(at(whole, "id"));
    cohere_usage(at(whole, "usage"), out);
    cohere_stop(string_of(at(whole, "finish_reason")), out);
    cohere_message(at(whole, "message"), out);
    return out;
}

inline Reading read_cohere_stream(const std::string& body) {
    Reading out;
    json::object message;
    const auto list = [&](const char* name) -> json::array& {
        if (!message.contains(name)) message[name] = json::array();
        return message[name].as_array();
    };
    const auto append = [](json::value& to, const json::value& from) {
        to = string_of(to) + string_of(from);
    };
    for (const auto& [type, data] : plain_events(body)) {
        if (data.starts_with("[DONE]")) break;
        const json::value event = parse(data);
        const json::value& delta = at(event, "delta");
        const json::value& piece = at(delta, "message");
        const std::size_t index = count_at(event, "index");
        if (type == "message-start") {
            out.id = string_of(at(event, "id"));
            message["role"] = "assistant";
        } else if (type == "content-start") {
            list("content").push_back(at(piece, "content"));
        } else if (type == "content-delta") {
            json::object& element = list("content").at(index).as_object();
            for (const char* name : {"text", "thinking"}) {
                if (at(at(piece, "content"), name).is_string())
                    append(element[name], at(at(piece, "content"), name));
            }
        } else if (type == "tool-plan-delta") {
            append(message["tool_plan"], at(piece, "tool_plan"));
        } else if (type == "tool-call-start") {
            list("tool_calls").push_back(at(piece, "tool_calls"));
        } else if (type == "tool-call-delta") {
            append(list("tool_calls").at(index).at("function").as_object()["arguments"],
                   at(at(at(piece, "tool_calls"), "function"), "arguments"));
        } else if (type == "citation-start") {
            list("citations").push_back(at(piece, "citations"));
        } else if (type == "message-end") {
            cohere_usage(at(delta, "usage"), out);
            cohere_stop(string_of(at(delta, "finish_reason")), out);
            cohere_message(message, out);
            break;
        }
    }
    if (!out.complete) { // what was shown until then
        for (const json::value& element : list("content")) out.text += string_of(at(element, "text"));
    }
    return out;
}

// --- Ollama chat -----------------------------------------------------------------------------------

inline void ollama_document(const json::value& document, Reading& out) {
    const json::value& message = at(document, "message");
    if (out.model.empty()) out.model = string_of(at(document, "model"));
    out.text += string_of(at(message, "content"));
    out.reasoning += string_of(at(message, "thinking"));
    if (at(message, "tool_calls").is_array()) {
        for (const json::value& call : at(message, "tool_calls").get_array()) {
            std::string id = string_of(at(call, "id"));
            if (id.empty()) { // as promised in the header: of the time and the number
                id = "call_";
                for (const char c : string_of(at(document, "created_at"))) {
                    if (std::isalnum(static_cast<unsigned char>(c)) && id.size() < 29) id += c;
                }
                id += "_" + std::to_string(out.calls.size());
            }
            out.calls.push_back({id, string_of(at(at(call, "function"), "name")),
                                 json::serialize(at(at(call, "function"), "arguments"))});
        }
    }
    if (at(document, "done") != true) return;
    out.complete = true;
    const std::string reason = string_of(at(document, "done_reason"));
    if (reason == "stop") {
        out.stop = out.calls.empty() ? StopReason::stop : StopReason::tool_calls;
    } else if (reason == "length") {
        out.stop = StopReason::length;
    } else {
        out.stop_text = reason;
    }
    out.usage.input_tokens = count_at(document, "prompt_eval_count");
    out.usage.output_tokens = count_at(document, "eval_count");
    out.usage.reported = out.usage.input_tokens + out.usage.output_tokens > 0;
}

inline void ollama_message(Reading& out) {
    json::object message{{"role", "assistant"}, {"content", out.text}};
    if (!out.reasoning.empty()) message["thinking"] = out.reasoning;
    json::array calls;
    for (const Reading::Call& call : out.calls) {
        calls.push_back(json::object{
            {"id", call.id},
            {"function", json::object{{"name", call.name}, {"arguments", parse(call.arguments)}}}});
    }
    if (!calls.empty()) message["tool_calls"] = calls;
    out.blocks.push_back(message);
}

inline Reading read_ollama_stream(const std::string& body) {
    Reading out;
    for (std::size_t from = 0; from < body.size() && !out.complete && !out.failure;) {
        const std::size_t end = std::min(body.find('\n', from), body.size());
        const std::string line = body.substr(from, end - from);
        from = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const json::value document = parse(line);
        if (at(document, "error").is_string()) {
            out.failure = document.as_object();
        } else {
            ollama_document(document, out);
        }
    }
    if (out.complete) ollama_message(out);
    return out;
}

inline Reading read_ollama(const std::string& body) {
    Reading out;
    const json::value document = parse(body);
    if (at(document, "error").is_string()) {
        out.failure = document.as_object();
        return out;
    }
    ollama_document(document, out);
    ollama_message(out);
    return out;
}

} // namespace baton::test
