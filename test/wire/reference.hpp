// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "../support/recorded.hpp"

#include <baton/core/errc.hpp>
#include <baton/core/reply.hpp>
#include <baton/core/usage.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A second, slow and obvious reading of what vendors sent, on Boost.JSON documents and without any code
/// of the wires: what the wires are compared with.
namespace baton::test {

/// What an answer says.
struct Reading {
    struct Call {
        std::string id, name, arguments;
        friend bool operator==(const Call&, const Call&) = default;
    };
    std::string id, model, text, reasoning, stop_text;
    std::vector<Call> calls;
    StopReason stop = StopReason::unknown;
    Usage usage;
    json::array blocks;                  ///< Anthropic: the content as it would go back
    std::optional<json::object> failure; ///< an error object in place of an answer
    bool complete = false;
};

/// The events of a stream, split the plain way: a blank line ends an event, data lines are joined.
inline std::vector<std::pair<std::string, std::string>> plain_events(std::string_view body) {
    std::vector<std::pair<std::string, std::string>> events;
    std::string type, data;
    bool any = false;
    while (!body.empty()) {
        const std::size_t end = body.find('\n');
        if (end == std::string_view::npos) break; // an unfinished line is no line
        std::string_view line = body.substr(0, end);
        body.remove_prefix(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto value = [&](std::size_t name) {
            line.remove_prefix(name);
            if (line.starts_with(' ')) line.remove_prefix(1);
            return std::string(line);
        };
        if (line.empty()) {
            if (any) events.emplace_back(type.empty() ? "message" : type, data);
            type.clear();
            data.clear();
            any = false;
        } else if (line.starts_with("data:")) {
            if (any) data += '\n';
            data += value(5);
            any = true;
        } else if (line.starts_with("event:")) {
            type = value(6);
        }
    }
    if (any && body.empty())
        events.emplace_back(type.empty() ? "message" : type, data); // only the blank line is missing
    return events;
}

inline std::uint64_t count_at(const json::value& object, std::string_view key) {
    if (!object.is_object()) return 0;
    const json::value* value = object.get_object().if_contains({key.data(), key.size()});
    return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

// --- OpenAI chat -----------------------------------------------------------------------------------

inline StopReason chat_stop(const std::string& reason) {
    static const std::map<std::string, StopReason> words = {
        {"stop", StopReason::stop},
        {"eos", StopReason::stop},
        {"length", StopReason::length},
        {"tool_calls", StopReason::tool_calls},
        {"function_call", StopReason::tool_calls},
        {"content_filter", StopReason::content_filter},
    };
    const auto found = words.find(reason);
    return found == words.end() ? StopReason::unknown : found->second;
}

inline Usage chat_usage(const json::value& usage) {
    Usage out;
    out.reported = true;
    const json::value& in = at(usage, "prompt_tokens_details");
    const json::value& done = at(usage, "completion_tokens_details");
    out.cached_input_tokens = count_at(in, "cached_tokens");
    if (out.cached_input_tokens == 0) out.cached_input_tokens = count_at(usage, "prompt_cache_hit_tokens");
    out.cache_write_tokens = count_at(in, "cache_write_tokens");
    out.input_audio_tokens = count_at(in, "audio_tokens");
    out.input_tokens = count_at(usage, "prompt_tokens") - out.cached_input_tokens - out.cache_write_tokens -
                       out.input_audio_tokens;
    out.reasoning_tokens = count_at(done, "reasoning_tokens");
    out.output_audio_tokens = count_at(done, "audio_tokens");
    std::uint64_t completion = count_at(usage, "completion_tokens");
    if (count_at(usage, "prompt_tokens") + completion + out.reasoning_tokens ==
        count_at(usage, "total_tokens")) {
        completion += out.reasoning_tokens; // reported beside each other
    }
    out.output_tokens = completion - out.reasoning_tokens - out.output_audio_tokens;
    return out;
}

inline void chat_content(const json::value& content, Reading& out) {
    if (content.is_string()) out.text += string_of(content);
    if (!content.is_array()) return;
    for (const json::value& part : content.get_array()) {
        out.text += string_of(at(part, "text"));
        const json::value& thinking = at(part, "thinking");
        out.reasoning += string_of(thinking);
        if (!thinking.is_array()) continue;
        for (const json::value& piece : thinking.get_array()) out.reasoning += string_of(at(piece, "text"));
    }
}

/// A message, or the delta of one; `slots`: which call each tool index means.
inline void chat_message(const json::value& message, Reading& out, bool streamed,
                         std::map<std::int64_t, std::size_t>& slots) {
    chat_content(at(message, "content"), out);
    out.text += string_of(at(message, "refusal"));
    const std::string thought = string_of(at(message, "reasoning_content"));
    out.reasoning += thought.empty() ? string_of(at(message, "reasoning")) : thought;
    if (!string_of(at(message, "refusal")).empty()) out.stop_text = "(refused)"; // taken out again at the end
    const auto add = [&](const json::value& call, const json::value& function,
                         std::optional<std::int64_t> index) {
        std::size_t slot = out.calls.size();
        const std::string id = string_of(at(call, "id"));
        if (streamed && index && slots.contains(*index) &&
            (id.empty() || out.calls[slots[*index]].id.empty() || id == out.calls[slots[*index]].id)) {
            slot = slots[*index];
        } else if (streamed && !index && !out.calls.empty() && (id.empty() || id == out.calls.back().id)) {
            slot = out.calls.size() - 1;
        }
        if (slot == out.calls.size()) out.calls.emplace_back();
        if (index) slots[*index] = slot;
        Reading::Call& to = out.calls[slot];
        if (to.id.empty()) to.id = id;
        if (to.name.empty()) to.name = string_of(at(function, "name"));
        const json::value& arguments = at(function, "arguments");
        to.arguments += arguments.is_object() ? json::serialize(arguments) : string_of(arguments);
    };
    if (const json::value& calls = at(message, "tool_calls"); calls.is_array()) {
        for (const json::value& call : calls.get_array()) {
            std::optional<std::int64_t> index;
            if (at(call, "index").is_number()) index = at(call, "index").to_number<std::int64_t>();
            add(call, at(call, "function"), index);
        }
    }
    if (const json::value& call = at(message, "function_call"); call.is_object()) add({}, call, 0);
}

inline void chat_finish(Reading& out) {
    for (Reading::Call& call : out.calls) {
        if (call.arguments.empty()) call.arguments = "{}";
    }
    if (out.stop_text == "(refused)") {
        out.stop = StopReason::refusal;
        out.stop_text.clear();
    }
}

inline void chat_choice_end(const json::value& choice, Reading& out) {
    const std::string reason = string_of(at(choice, "finish_reason"));
    if (reason.empty()) return;
    out.complete = true;
    out.stop = chat_stop(reason);
    if (out.stop == StopReason::unknown) out.stop_text = reason;
}

inline Reading read_chat(const std::string& body) {
    Reading out;
    const json::value whole = parse(body);
    if (at(whole, "error").is_object() || at(whole, "error").is_string()) {
        out.failure = whole.as_object();
        return out;
    }
    out.id = string_of(at(whole, "id"));
    out.model = string_of(at(whole, "model"));
    if (at(whole, "usage").is_object()) out.usage = chat_usage(at(whole, "usage"));
    std::map<std::int64_t, std::size_t> slots;
    const json::value& first = whole.at("choices").as_array().at(0);
    chat_choice_end(first, out);
    chat_message(at(first, "message"), out, false, slots);
    chat_finish(out);
    out.complete = true;
    return out;
}

inline Reading read_chat_stream(const std::string& body) {
    Reading out;
    std::map<std::int64_t, std::size_t> slots;
    for (const auto& [type, data] : plain_events(body)) {
        if (data.starts_with("[DONE]")) break;
        const json::value event = parse(data);
        if (type == "error" || at(event, "error").is_object() || at(event, "error").is_string()) {
            out.failure = event.as_object();
            return out;
        }
        if (out.id.empty()) out.id = string_of(at(event, "id"));
        if (out.model.empty()) out.model = string_of(at(event, "model"));
        if (at(at(event, "x_groq"), "usage").is_object())
            out.usage = chat_usage(at(at(event, "x_groq"), "usage"));
        if (at(event, "usage").is_object()) out.usage = chat_usage(at(event, "usage"));
        if (!at(event, "choices").is_array()) continue;
        for (const json::value& choice : at(event, "choices").get_array()) {
            if (count_at(choice, "index") != 0) continue;
            chat_message(at(choice, "delta"), out, true, slots);
            chat_choice_end(choice, out);
        }
    }
    chat_finish(out);
    return out;
}

// --- Anthropic messages ----------------------------------------------------------------------------

inline void anthropic_stop(const json::value& holder, Reading& out) {
    static const std::map<std::string, StopReason> words = {
        {"end_turn", StopReason::stop},       {"max_tokens", StopReason::length},
        {"tool_use", StopReason::tool_calls}, {"stop_sequence", StopReason::stop_sequence},
        {"refusal", StopReason::refusal},     {"pause_turn", StopReason::pause},
    };
    if (const std::string reason = string_of(at(holder, "stop_reason")); !reason.empty()) {
        const auto found = words.find(reason);
        out.stop = found == words.end() ? StopReason::unknown : found->second;
        if (found == words.end()) out.stop_text = reason;
    }
    if (const std::string met = string_of(at(holder, "stop_sequence")); !met.empty()) out.stop_text = met;
}

inline void anthropic_usage(const json::value& usage, Reading& out) {
    if (!usage.is_object()) return;
    const auto take = [&](const char* key, std::uint64_t& to) {
        if (at(usage, key).is_number()) to = count_at(usage, key);
    };
    take("input_tokens", out.usage.input_tokens);
    take("cache_read_input_tokens", out.usage.cached_input_tokens);
    take("cache_creation_input_tokens", out.usage.cache_write_tokens);
    if (at(usage, "output_tokens").is_number()) {
        out.usage.reasoning_tokens = count_at(at(usage, "output_tokens_details"), "thinking_tokens");
        out.usage.output_tokens = count_at(usage, "output_tokens") - out.usage.reasoning_tokens;
    }
    out.usage.reported = true;
}

/// From the finished blocks, everything that is derived from them.
inline void anthropic_finish(Reading& out) {
    for (const json::value& block : out.blocks) {
        const std::string type = string_of(at(block, "type"));
        if (type == "text") out.text += string_of(at(block, "text"));
        if (type == "thinking") out.reasoning += string_of(at(block, "thinking"));
        if (type == "tool_use") {
            out.calls.push_back({string_of(at(block, "id")), string_of(at(block, "name")),
                                 json::serialize(at(block, "input"))});
        }
    }
}

inline Reading read_anthropic(const std::string& body) {
    Reading out;
    const json::value whole = parse(body);
    if (at(whole, "error").is_object()) {
        out.failure = whole.as_object();
        return out;
    }
    out.id = string_of(at(whole, "id"));
    out.model = string_of(at(whole, "model"));
    anthropic_usage(at(whole, "usage"), out);
    anthropic_stop(whole, out);
    out.blocks = at(whole, "content").as_array();
    anthropic_finish(out);
    out.complete = true;
    return out;
}

inline Reading read_anthropic_stream(const std::string& body) {
    Reading out;
    std::string pieces;
    for (const auto& [type, data] : plain_events(body)) {
        if (type == "ping") continue;
        const json::value event = parse(data);
        if (type == "error") {
            out.failure = event.as_object();
            break;
        }
        if (type == "message_start") {
            const json::value& message = at(event, "message");
            out.id = string_of(at(message, "id"));
            out.model = string_of(at(message, "model"));
            out.blocks = at(message, "content").as_array();
            anthropic_usage(at(message, "usage"), out);
            anthropic_stop(message, out);
        } else if (type == "content_block_start") {
            out.blocks.push_back(at(event, "content_block"));
            pieces.clear();
        } else if (type == "content_block_delta") {
            json::object& block = out.blocks.back().as_object();
            const json::value& delta = at(event, "delta");
            const std::string kind = string_of(at(delta, "type"));
            const auto append = [&](const char* from, const char* to) {
                block[to] = string_of(at(block, to)) + string_of(at(delta, from));
            };
            if (kind == "text_delta") append("text", "text");
            if (kind == "thinking_delta") append("thinking", "thinking");
            if (kind == "signature_delta") append("signature", "signature");
            if (kind == "compaction_delta") append("content", "content");
            if (kind == "input_json_delta") {
                pieces += string_of(at(delta, "partial_json"));
            }
            if (kind == "citations_delta") {
                if (!at(block, "citations").is_array()) block["citations"] = json::array();
                block["citations"].as_array().push_back(at(delta, "citation"));
            }
        } else if (type == "content_block_stop") {
            if (!pieces.empty()) out.blocks.back().as_object()["input"] = parse(pieces);
            pieces.clear();
        } else if (type == "message_delta") {
            anthropic_usage(at(event, "usage"), out);
            anthropic_stop(at(event, "delta"), out);
        } else if (type == "message_stop") {
            out.complete = true;
            break; // some recordings hold several streams, one after the other
        }
    }
    if (out.complete) anthropic_finish(out);
    if (!out.complete) { // what was shown until then
        for (const json::value& block : out.blocks) out.text += string_of(at(block, "text"));
    }
    return out;
}

} // namespace baton::test
