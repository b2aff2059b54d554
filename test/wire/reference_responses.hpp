// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "reference.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

/// The slow and obvious reading of the Responses API.
namespace baton::test {

/// An item as it would go back: as it came, without the log probabilities, which are for the caller.
inline json::value responses_item(json::value item) {
    json::object& members = item.as_object();
    if (json::value* content = members.if_contains("content"); content != nullptr && content->is_array()) {
        for (json::value& element : content->as_array()) element.as_object().erase("logprobs");
    }
    if (string_of(at(item, "type")) == "function_call" && string_of(at(item, "arguments")).empty()) {
        members["arguments"] = "{}";
    }
    return item;
}

inline Usage responses_usage(const json::value& usage) {
    Usage out;
    out.reported = true;
    out.cached_input_tokens = count_at(at(usage, "input_tokens_details"), "cached_tokens");
    out.cache_write_tokens = count_at(at(usage, "input_tokens_details"), "cache_write_tokens");
    out.input_tokens = count_at(usage, "input_tokens") - out.cached_input_tokens - out.cache_write_tokens;
    out.reasoning_tokens = count_at(at(usage, "output_tokens_details"), "reasoning_tokens");
    out.output_tokens = count_at(usage, "output_tokens") - out.reasoning_tokens;
    return out;
}

/// From the finished items and the response object, everything that is derived from them.
inline void responses_finish(const json::value& response, Reading& out) {
    out.id = string_of(at(response, "id"));
    out.model = string_of(at(response, "model"));
    if (at(response, "usage").is_object()) out.usage = responses_usage(at(response, "usage"));
    bool refused = false;
    for (json::value& item : out.blocks) {
        item = responses_item(item);
        const std::string type = string_of(at(item, "type"));
        if (type == "message") {
            for (const json::value& element : at(item, "content").as_array()) {
                out.text += string_of(at(element, "text")) + string_of(at(element, "refusal"));
                refused |= string_of(at(element, "type")) == "refusal";
            }
        } else if (type == "reasoning") {
            for (const char* list : {"summary", "content"}) {
                if (!at(item, list).is_array()) continue;
                for (const json::value& element : at(item, list).as_array()) {
                    out.reasoning += string_of(at(element, "text"));
                }
            }
        } else if (type == "function_call") {
            out.calls.push_back({string_of(at(item, "call_id")), string_of(at(item, "name")),
                                 string_of(at(item, "arguments"))});
        }
    }
    const std::string status = string_of(at(response, "status"));
    if (status == "queued" || status == "in_progress") {
        out.stop = StopReason::pause;
    } else if (status == "incomplete") {
        const std::string reason = string_of(at(at(response, "incomplete_details"), "reason"));
        out.stop = reason == "max_output_tokens" ? StopReason::length
                   : reason == "content_filter"  ? StopReason::content_filter
                                                 : StopReason::unknown;
        if (out.stop == StopReason::unknown) out.stop_text = reason;
    } else {
        out.stop = refused              ? StopReason::refusal
                   : !out.calls.empty() ? StopReason::tool_calls
                                        : StopReason::stop;
    }
    out.complete = true;
}

inline Reading read_responses(const std::string& body) {
    Reading out;
    const json::value whole = parse(body);
    if (at(whole, "error").is_object()) {
        out.failure = whole.as_object();
        return out;
    }
    out.blocks = whole.at("output").as_array();
    responses_finish(whole, out);
    return out;
}

inline Reading read_responses_stream(const std::string& body) {
    Reading out;
    std::map<std::int64_t, json::value> items;
    std::string shown;
    for (const auto& [name, data] : plain_events(body)) {
        if (data.starts_with("[DONE]")) break;
        const json::value event = parse(data);
        const std::string type = string_of(at(event, "type"));
        if (type == "error" || type == "response.failed") {
            out.failure = (type == "error" ? event : at(event, "response")).as_object();
            break;
        }
        if (type == "response.output_text.delta" || type == "response.refusal.delta") {
            shown += string_of(at(event, "delta"));
        } else if (type == "response.output_item.done") {
            items[event.at("output_index").to_number<std::int64_t>()] = event.at("item");
        } else if (type == "response.completed" || type == "response.incomplete") {
            for (const auto& [index, item] : items) out.blocks.push_back(item);
            responses_finish(event.at("response"), out);
            break; // some recordings hold several streams, one after the other
        }
    }
    if (!out.complete) out.text = shown;
    return out;
}

} // namespace baton::test
