// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "reference.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// The second reading of chat completions, for all vendors that speak it: slow and obvious, on Boost.JSON
/// documents. A stream is first put together into the message it amounts to, then read like a whole body.
namespace baton::test {

/// What an answer says beside its Reading.
struct ChatBeside {
    std::vector<Reading> others;              ///< choices 1, 2, ...
    std::map<std::string, json::value> kept;  ///< by name; without reasoning_details
    std::vector<json::value> thoughts;        ///< the elements of all reasoning_details
    std::map<std::string, json::array> probs; ///< logprobs of choice 0, by member
    std::string tier;
};

/// The message of choice `index` as it came: whole, or all its deltas in order.
struct ChatPieces {
    std::vector<json::value> messages;
    std::string finish;
    std::vector<json::value> logprobs;
    json::value filter; ///< the last of `content_filter_results`
};
struct ChatPayload {
    std::map<std::int64_t, ChatPieces> choices;
    std::vector<json::value> events;     ///< the body, or the events
    std::optional<json::object> failure; ///< an error object in place of an answer, or of its rest
};

inline bool chat_is_failure(const json::value& payload) {
    return at(payload, "error").is_object() || at(payload, "error").is_string();
}

inline ChatPayload chat_payload(const std::string& body, bool streamed) {
    ChatPayload out;
    if (!streamed) {
        out.events.push_back(parse(body));
    } else {
        for (const auto& [type, data] : plain_events(body)) {
            if (data.starts_with("[DONE]")) break;
            out.events.push_back(parse(data));
            if (type == "error" || chat_is_failure(out.events.back())) break;
        }
    }
    for (const json::value& event : out.events) {
        if (chat_is_failure(event)) {
            out.failure = event.as_object();
            return out;
        }
        if (!at(event, "choices").is_array()) continue;
        std::int64_t position = 0;
        for (const json::value& choice : at(event, "choices").get_array()) {
            const json::value& index = at(choice, "index");
            const bool by_index = streamed && index.is_number();
            ChatPieces& to = out.choices[by_index   ? index.to_number<std::int64_t>()
                                         : streamed ? 0
                                                    : position];
            to.messages.push_back(at(choice, streamed ? "delta" : "message"));
            if (const std::string reason = string_of(at(choice, "finish_reason")); !reason.empty())
                to.finish = reason;
            if (at(choice, "logprobs").is_object()) to.logprobs.push_back(at(choice, "logprobs"));
            const json::value& filter = at(choice, "content_filter_results");
            if (filter.is_object() && !filter.get_object().empty()) to.filter = filter;
            ++position;
        }
    }
    return out;
}

inline Usage chat_counts(const json::value& usage) {
    const json::value& in = at(usage, "prompt_tokens_details");
    const json::value& out = at(usage, "completion_tokens_details");
    const auto most = [](std::initializer_list<std::uint64_t> counts) { return std::max(counts); };
    Usage u;
    u.reported = true;
    std::uint64_t prompt = count_at(usage, "prompt_tokens"),
                  completion = count_at(usage, "completion_tokens");
    const std::uint64_t total = count_at(usage, "total_tokens");
    const std::uint64_t cached =
        most({count_at(in, "cached_tokens"), count_at(usage, "cached_tokens"),
              count_at(usage, "num_cached_tokens"), count_at(usage, "prompt_cache_hit_tokens")});
    const std::uint64_t written =
        most({count_at(in, "cache_write_tokens"), count_at(usage, "cache_creation_input_tokens")});
    const std::uint64_t thought =
        most({count_at(out, "reasoning_tokens"), count_at(usage, "reasoning_tokens")});
    const std::uint64_t heard = count_at(in, "audio_tokens"), spoken = count_at(out, "audio_tokens");
    // beside the completion where the total has room for both, or the completion has none for it
    if (thought > completion || (thought > 0 && prompt + completion + thought <= total))
        completion += thought;
    if (heard > 0 && prompt + completion + heard <= total) prompt += heard;
    u.cached_input_tokens = std::min(cached, prompt);
    u.cache_write_tokens = std::min(written, prompt - u.cached_input_tokens);
    u.input_audio_tokens = std::min(heard, prompt - u.cached_input_tokens - u.cache_write_tokens);
    u.input_tokens = prompt - u.cached_input_tokens - u.cache_write_tokens - u.input_audio_tokens;
    u.reasoning_tokens = std::min(thought, completion);
    u.output_audio_tokens = std::min(spoken, completion - u.reasoning_tokens);
    u.output_tokens = completion - u.reasoning_tokens - u.output_audio_tokens;
    return u;
}

inline std::string chat_thought_of(const json::value& element) {
    return string_of(at(element, "text")) + string_of(at(element, "summary"));
}

/// A choice as a Reading; `streamed`: its tool calls are put together.
inline Reading chat_answer(const ChatPieces& pieces, bool streamed) {
    Reading out;
    std::map<std::int64_t, std::size_t> slots;
    bool named = false; // reasoning under a name of its own
    for (const json::value& message : pieces.messages) {
        named |= !string_of(at(message, "reasoning")).empty() ||
                 !string_of(at(message, "reasoning_content")).empty();
    }
    for (const json::value& message : pieces.messages) {
        chat_message(message, out, streamed, slots);
        if (named || !at(message, "reasoning_details").is_array()) continue;
        for (const json::value& element : at(message, "reasoning_details").get_array())
            out.reasoning += chat_thought_of(element);
    }
    static const std::map<std::string, StopReason> more = {{"end_turn", StopReason::stop},
                                                           {"max_tokens", StopReason::length},
                                                           {"tool_use", StopReason::tool_calls},
                                                           {"model_length", StopReason::length}};
    std::string refused = std::exchange(out.stop_text, {});
    if (!pieces.finish.empty()) {
        const auto found = more.find(pieces.finish);
        out.stop = found != more.end() ? found->second : chat_stop(pieces.finish);
        if (out.stop == StopReason::unknown) out.stop_text = pieces.finish;
    }
    out.complete = !streamed || !pieces.finish.empty();
    if (!refused.empty()) out.stop_text = refused; // chat_finish takes it out
    // an empty placeholder is no call (Snowflake)
    std::erase_if(out.calls, [](const Reading::Call& call) {
        return call.id.empty() && call.name.empty() && call.arguments.empty();
    });
    chat_finish(out);
    return out;
}

inline Reading read_any_chat(const std::string& body, bool streamed) {
    const ChatPayload payload = chat_payload(body, streamed);
    Reading out;
    if (payload.choices.contains(0)) out = chat_answer(payload.choices.at(0), streamed);
    if (payload.failure) {
        out.failure = payload.failure;
        return out;
    }
    for (const auto& [index, pieces] : payload.choices) {
        if (streamed && pieces.finish.empty()) out.complete = false;
    }
    for (const json::value& event : payload.events) {
        if (out.id.empty()) out.id = string_of(at(event, "id"));
        if (out.model.empty()) out.model = string_of(at(event, "model"));
        if (at(at(event, "x_groq"), "usage").is_object())
            out.usage = chat_counts(at(at(event, "x_groq"), "usage"));
        if (at(event, "usage").is_object()) out.usage = chat_counts(at(event, "usage"));
    }
    return out;
}
inline Reading read_chat_body(const std::string& body) { return read_any_chat(body, false); }
inline Reading read_chat_events(const std::string& body) { return read_any_chat(body, true); }

inline bool chat_says_nothing(const json::value& value) {
    return value.is_null() || (value.is_array() && value.get_array().empty()) ||
           (value.is_object() && value.get_object().empty()) ||
           (value.is_string() && value.get_string().empty());
}

inline ChatBeside beside_chat(const std::string& body, bool streamed) {
    const ChatPayload payload = chat_payload(body, streamed);
    ChatBeside out;
    for (const auto& [index, pieces] : payload.choices) {
        if (index > 0) out.others.push_back(chat_answer(pieces, streamed));
    }
    if (!payload.choices.contains(0)) return out;
    for (const json::value& message : payload.choices.at(0).messages) {
        for (const char* name : {"annotations", "images", "executed_tools", "extra_content", "context"}) {
            const json::value& value = at(message, name);
            if (chat_says_nothing(value)) continue;
            json::value& kept = out.kept[name];
            if (kept.is_array() && value.is_array()) {
                for (const json::value& element : value.get_array()) kept.get_array().push_back(element);
            } else {
                kept = value;
            }
        }
        if (!at(message, "reasoning_details").is_array()) continue;
        for (const json::value& element : at(message, "reasoning_details").get_array())
            out.thoughts.push_back(element);
    }
    for (const json::value& logprobs : payload.choices.at(0).logprobs) {
        for (const auto& [name, value] : logprobs.as_object()) {
            if (!value.is_array()) continue;
            for (const json::value& element : value.get_array()) out.probs[name].push_back(element);
        }
    }
    if (const json::value& filter = payload.choices.at(0).filter; !filter.is_null())
        out.kept["content_filter_results"] = filter;
    std::erase_if(out.probs, [](const auto& column) { return column.second.empty(); });
    for (const json::value& event : payload.events) {
        for (const char* name : {"citations", "search_results", "prompt_filter_results"}) {
            if (!chat_says_nothing(at(event, name))) out.kept[name] = at(event, name);
        }
        for (const json::value* holder : {&event, &at(event, "usage")}) {
            const std::string tier = string_of(at(*holder, "service_tier"));
            const bool usual = tier.empty() || tier == "default" || tier == "auto" || tier == "on_demand" ||
                               tier == "standard";
            if (!usual) out.tier = tier;
        }
    }
    return out;
}

/// What reasoning details say, however cut: for each kind and number, the text, the signature, and the
/// elements that are neither.
struct ChatThoughts {
    std::map<std::string, std::string> texts, signatures;
    std::vector<json::value> others;
    friend bool operator==(const ChatThoughts&, const ChatThoughts&) = default;
};
inline ChatThoughts chat_thoughts_in(const std::vector<json::value>& elements) {
    ChatThoughts out;
    for (const json::value& element : elements) {
        const bool told = at(element, "text").is_string() || at(element, "summary").is_string() ||
                          at(element, "signature").is_string();
        if (!told) {
            out.others.push_back(element);
            continue;
        }
        const std::string key = string_of(at(element, "type")) + '/' + json::serialize(at(element, "index")) +
                                '/' + json::serialize(at(element, "id")) + '/' +
                                string_of(at(element, "format"));
        out.texts[key] += chat_thought_of(element);
        if (const std::string signature = string_of(at(element, "signature")); !signature.empty())
            out.signatures[key] = signature;
    }
    return out;
}

} // namespace baton::test
