// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "../net/event_stream_model.hpp"
#include "reference.hpp"

/// A plain reading of Bedrock's Converse and ConverseStream; see reference.hpp.
namespace baton::test {

inline void converse_stop(const json::value& holder, Reading& out) {
    static const std::map<std::string, StopReason> words = {
        {"end_turn", StopReason::stop},
        {"tool_use", StopReason::tool_calls},
        {"max_tokens", StopReason::length},
        {"stop_sequence", StopReason::stop_sequence},
        {"guardrail_intervened", StopReason::content_filter},
        {"content_filtered", StopReason::content_filter},
        {"model_context_window_exceeded", StopReason::length},
        {"refusal", StopReason::refusal},
        {"pause_turn", StopReason::pause},
    };
    const std::string reason = string_of(at(holder, "stopReason"));
    const auto found = words.find(reason);
    out.stop = found == words.end() ? StopReason::unknown : found->second;
    if (found == words.end()) out.stop_text = reason;
    const std::string met = string_of(at(at(holder, "additionalModelResponseFields"), "stop_sequence"));
    if (!met.empty()) out.stop_text = met;
}

// The recordings say that the counters are disjoint: where all four are there, they add up to totalTokens.
inline void converse_usage(const json::value& usage, Reading& out) {
    if (!usage.is_object()) return;
    out.usage.reported = true;
    out.usage.input_tokens = count_at(usage, "inputTokens");
    out.usage.output_tokens = count_at(usage, "outputTokens");
    // InvokeModel has only the longer names
    const auto either = [&](const char* a, const char* b) {
        return at(usage, a).is_number() ? count_at(usage, a) : count_at(usage, b);
    };
    out.usage.cached_input_tokens = either("cacheReadInputTokens", "cacheReadInputTokenCount");
    out.usage.cache_write_tokens = either("cacheWriteInputTokens", "cacheWriteInputTokenCount");
    if (at(usage, "totalTokens").is_number() && count_at(usage, "totalTokens") != out.usage.total()) {
        throw std::runtime_error("the counters do not add up to totalTokens: are they nested?");
    }
}

/// From the finished blocks, everything that is derived from them.
inline void converse_finish(Reading& out) {
    for (const json::value& block : out.blocks) {
        if (at(block, "text").is_string()) out.text += string_of(at(block, "text"));
        if (const json::value& cited = at(at(block, "citationsContent"), "content"); cited.is_array()) {
            for (const json::value& piece : cited.as_array()) out.text += string_of(at(piece, "text"));
        }
        out.reasoning += string_of(at(at(at(block, "reasoningContent"), "reasoningText"), "text"));
        const json::value& call = at(block, "toolUse");
        const std::string type = string_of(at(call, "type"));
        if (call.is_object() && (type.empty() || type == "tool_use")) {
            out.calls.push_back({string_of(at(call, "toolUseId")), string_of(at(call, "name")),
                                 json::serialize(at(call, "input"))});
        }
    }
}

inline Reading read_converse(const std::string& body) {
    Reading out;
    const json::value whole = parse(body);
    converse_usage(at(whole, "usage"), out);
    converse_stop(whole, out);
    out.blocks = at(at(at(whole, "output"), "message"), "content").as_array();
    converse_finish(out);
    out.complete = true;
    return out;
}

/// The same from the events of a stream, in order; what is no such event is passed over.
inline Reading read_converse_events(const std::vector<BinaryEvent>& events) {
    Reading out;
    std::map<std::int64_t, json::object> blocks; // by index
    std::map<std::int64_t, std::string> inputs;
    bool stopped = false;
    for (const auto& [type, data] : events) {
        if (type.starts_with("exception:") || type.starts_with("error:")) {
            out.failure = json::object{{"type", type}, {"message", data}};
            break;
        }
        const json::value event = parse(data);
        if (type == "messageStop") {
            converse_stop(event, out);
            stopped = true;
        }
        if (type == "metadata") {
            converse_usage(at(event, "usage"), out);
            out.complete = stopped;
        }
        if (!at(event, "contentBlockIndex").is_number()) continue;
        const auto index = at(event, "contentBlockIndex").to_number<std::int64_t>();
        json::object& block = blocks[index];
        if (type == "contentBlockStart") block = at(event, "start").as_object();
        if (type != "contentBlockDelta") continue;
        const json::value& delta = at(event, "delta");
        if (at(delta, "text").is_string()) {
            block["text"] = string_of(at(block, "text")) + string_of(at(delta, "text"));
        }
        if (at(delta, "citation").is_object()) {
            if (!at(block, "citations").is_array()) block["citations"] = json::array();
            block["citations"].as_array().push_back(at(delta, "citation"));
        }
        if (at(delta, "toolUse").is_object()) inputs[index] += string_of(at(at(delta, "toolUse"), "input"));
        if (at(delta, "toolResult").is_array()) {
            json::object& result = block["toolResult"].as_object();
            if (!at(result, "content").is_array()) result["content"] = json::array();
            for (const json::value& piece : at(delta, "toolResult").as_array()) {
                result["content"].as_array().push_back(piece);
            }
        }
        if (const json::value& thought = at(delta, "reasoningContent"); thought.is_object()) {
            if (block.empty()) block["reasoningContent"] = json::object();
            json::object& content = block["reasoningContent"].as_object();
            if (at(thought, "redactedContent").is_string()) {
                content["redactedContent"] = at(thought, "redactedContent");
                continue;
            }
            if (!at(content, "reasoningText").is_object())
                content["reasoningText"] = json::object{{"text", ""}};
            json::object& text = content["reasoningText"].as_object();
            for (const char* member : {"text", "signature"}) {
                if (at(thought, member).is_string()) {
                    text[member] = string_of(at(text, member)) + string_of(at(thought, member));
                }
            }
        }
    }
    for (auto& [index, block] : blocks) {
        if (at(block, "toolUse").is_object()) {
            const std::string input = inputs[index];
            block["toolUse"].as_object()["input"] = parse(input.empty() ? "{}" : input);
        }
        if (at(block, "citations").is_array()) { // as whole answers have it
            json::object cited{{"content", json::array{json::object{{"text", at(block, "text")}}}},
                               {"citations", at(block, "citations")}};
            block = json::object{{"citationsContent", cited}};
        }
        out.blocks.push_back(block);
    }
    converse_finish(out);
    return out;
}

inline Reading read_converse_stream(const std::string& body) {
    return read_converse_events(plain_binary_events(body).events);
}

// --- InvokeModel: the same framing around what a model's maker says itself -------------------------

inline std::string plain_base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos) continue;
        bits = bits << 6 | static_cast<unsigned>(digit);
        if ((count += 6) >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count & 0xFF);
        }
    }
    return out;
}

/// What is inside a `chunk` event.
inline std::string invoke_chunk(std::string_view data) {
    return plain_base64(string_of(at(parse(data), "bytes")));
}

/// The chunks of a model that speaks Converse's words (Nova): {"contentBlockDelta":{...}}.
inline Reading read_invoked_nova(const std::string& body) {
    std::vector<BinaryEvent> events;
    for (const BinaryEvent& event : plain_binary_events(body).events) {
        const json::value chunk = parse(invoke_chunk(event.data));
        for (const auto& member : chunk.as_object()) {
            if (!member.key().starts_with("amazon-bedrock")) {
                events.push_back({std::string(member.key()), json::serialize(member.value())});
            }
        }
    }
    return read_converse_events(events);
}

/// The chunks of a model that speaks Anthropic's: each is an event of its own streams.
inline Reading read_invoked_claude(const std::string& body) {
    std::string sse;
    for (const BinaryEvent& event : plain_binary_events(body).events) {
        const std::string chunk = invoke_chunk(event.data);
        sse += "event: " + string_of(at(parse(chunk), "type")) + "\ndata: " + chunk + "\n\n";
    }
    return read_anthropic_stream(sse);
}

} // namespace baton::test
