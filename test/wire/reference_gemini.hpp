// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "reference.hpp"

#include <map>
#include <string>

/// The slow and obvious reading of generateContent; see reference.hpp. `Reading::blocks` are the parts as
/// they would go back to the vendor.
namespace baton::test {

inline std::uint64_t gemini_audio(const json::value& details) {
    std::uint64_t sum = 0;
    if (!details.is_array()) return 0;
    for (const json::value& entry : details.get_array()) {
        const json::value& modality = at(entry, "modality");
        if (string_of(modality) == "AUDIO" || (modality.is_int64() && modality.get_int64() == 4))
            sum += count_at(entry, "tokenCount");
    }
    return sum;
}

inline void gemini_usage(const json::value& usage, Reading& out) {
    if (!usage.is_object()) return;
    bool counts = false;
    for (const char* name : {"promptTokenCount", "candidatesTokenCount", "totalTokenCount",
                             "thoughtsTokenCount", "toolUsePromptTokenCount", "cachedContentTokenCount"}) {
        counts |= at(usage, name).is_number();
    }
    if (!counts) return;
    Usage u;
    u.reported = true;
    u.cached_input_tokens = count_at(usage, "cachedContentTokenCount");
    const std::uint64_t cached_audio = gemini_audio(at(usage, "cacheTokensDetails"));
    u.input_audio_tokens = gemini_audio(at(usage, "promptTokensDetails")) +
                           gemini_audio(at(usage, "toolUsePromptTokensDetails")) - cached_audio;
    u.input_tokens = count_at(usage, "promptTokenCount") + count_at(usage, "toolUsePromptTokenCount") -
                     u.cached_input_tokens - u.input_audio_tokens;
    u.reasoning_tokens = count_at(usage, "thoughtsTokenCount");
    u.output_audio_tokens = gemini_audio(at(usage, "candidatesTokensDetails"));
    u.output_tokens = count_at(usage, "candidatesTokenCount") - u.output_audio_tokens;
    // "total = prompt + candidates": then the thoughts are among the candidates' tokens
    if (u.reasoning_tokens != 0 &&
        count_at(usage, "promptTokenCount") + count_at(usage, "candidatesTokenCount") ==
            count_at(usage, "totalTokenCount")) {
        u.output_tokens -= u.reasoning_tokens;
    }
    out.usage = u;
}

inline void gemini_stop(const json::value& reason, Reading& out) {
    static const std::map<std::string, StopReason> words = {
        {"STOP", StopReason::stop},
        {"MAX_TOKENS", StopReason::length},
        {"SAFETY", StopReason::content_filter},
        {"RECITATION", StopReason::content_filter},
        {"MODEL_ARMOR", StopReason::content_filter},
        {"PROHIBITED_CONTENT", StopReason::content_filter},
        {"1", StopReason::stop},
        {"2", StopReason::length},
    };
    const std::string word = reason.is_int64() ? std::to_string(reason.get_int64()) : string_of(reason);
    if (word.empty()) return;
    const auto found = words.find(word);
    out.stop = found == words.end() ? StopReason::unknown : found->second;
    out.stop_text = found == words.end() ? word : "";
    out.complete = true;
}

/// Puts `piece` at the place that a JSONPath of names and indexes means.
inline void gemini_partial(json::value& root, const json::value& piece) {
    std::string path = string_of(at(piece, "jsonPath")).substr(1);
    json::value* place = &root;
    while (!path.empty()) {
        if (path[0] == '.') {
            const std::size_t end = path.find_first_of(".[", 1);
            if (!place->is_object()) *place = json::object();
            place = &place->as_object()[path.substr(1, end == path.npos ? end : end - 1)];
            path = end == path.npos ? "" : path.substr(end);
        } else {
            const std::size_t end = path.find(']');
            const auto index = static_cast<std::size_t>(std::stoul(path.substr(1, end - 1)));
            if (!place->is_array()) *place = json::array();
            if (place->as_array().size() <= index) place->as_array().resize(index + 1);
            place = &place->as_array()[index];
            path = path.substr(end + 1);
        }
    }
    if (at(piece, "stringValue").is_string()) {
        *place = string_of(*place) + string_of(at(piece, "stringValue"));
    } else if (at(piece, "numberValue").is_number()) {
        *place = at(piece, "numberValue");
    } else if (at(piece, "boolValue").is_bool()) {
        *place = at(piece, "boolValue");
    } else {
        *place = nullptr;
    }
}

/// Takes in one response object. `streamed`: neighbouring texts without signatures are one.
inline void gemini_response(const json::value& response, bool streamed, bool& call_open, Reading& out) {
    if (at(response, "error").is_object()) {
        out.failure = response.as_object();
        return;
    }
    if (out.id.empty()) out.id = string_of(at(response, "responseId"));
    if (out.model.empty()) out.model = string_of(at(response, "modelVersion"));
    gemini_usage(at(response, "usageMetadata"), out);
    const json::value& candidates = at(response, "candidates");
    const json::value& feedback = at(response, "promptFeedback");
    const bool any = candidates.is_array() && !candidates.get_array().empty();
    if (!any && (!at(feedback, "blockReason").is_null() || !at(feedback, "blockReasonMessage").is_null())) {
        out.failure = json::object{{"error", {{"type", "the prompt was blocked"}}}};
        return;
    }
    if (!any) return;
    const json::value& first = candidates.get_array()[0];
    const std::size_t before = out.blocks.size();
    const std::string text_before = out.text;
    if (const json::value& parts = at(at(first, "content"), "parts"); parts.is_array()) {
        for (const json::value& part : parts.get_array()) {
            const json::object& members = part.as_object();
            if (members.empty() ||
                (members.size() == 1 && members.contains("text") && string_of(at(part, "text")).empty())) {
                continue; // says nothing
            }
            if (members.contains("functionCall")) {
                const json::value& call = at(part, "functionCall");
                if (!call_open) {
                    json::object block = members;
                    block["functionCall"] =
                        json::object{{"name", at(call, "name")}, {"args", json::object()}};
                    json::object& inner = block["functionCall"].as_object();
                    if (at(call, "args").is_object()) inner["args"] = at(call, "args");
                    if (!string_of(at(call, "id")).empty()) inner["id"] = at(call, "id");
                    out.blocks.push_back(std::move(block));
                }
                json::value& args = out.blocks.back().as_object()["functionCall"].as_object()["args"];
                if (const json::value& pieces = at(call, "partialArgs"); pieces.is_array()) {
                    for (const json::value& piece : pieces.get_array()) gemini_partial(args, piece);
                }
                call_open = at(call, "willContinue").is_bool() && at(call, "willContinue").get_bool();
                continue;
            }
            const bool thought = at(part, "thought").is_bool() && at(part, "thought").get_bool();
            if (members.contains("text")) (thought ? out.reasoning : out.text) += string_of(at(part, "text"));
            const std::size_t plain = thought ? 2 : 1;
            json::object* last = out.blocks.empty() ? nullptr : &out.blocks.back().as_object();
            if (streamed && members.contains("text") && members.size() == plain && last &&
                last->size() == plain && last->contains("text") && last->contains("thought") == thought) {
                (*last)["text"] = string_of((*last)["text"]) + string_of(at(part, "text"));
            } else {
                out.blocks.push_back(part);
            }
        }
    }
    const bool brought = out.blocks.size() > before || out.text != text_before;
    if (brought) out.complete = false;
    gemini_stop(at(first, "finishReason"), out);
}

inline void gemini_finish(Reading& out) {
    for (const json::value& block : out.blocks) {
        const json::value& call = at(block, "functionCall");
        if (!call.is_object()) continue;
        out.calls.push_back(
            {string_of(at(call, "id")), string_of(at(call, "name")), json::serialize(at(call, "args"))});
    }
    if (!out.calls.empty() && out.stop == StopReason::stop) out.stop = StopReason::tool_calls;
}

inline Reading read_gemini(const std::string& body) {
    Reading out;
    const json::value whole = parse(body);
    bool call_open = false;
    if (whole.is_array()) { // a stream without alt=sse
        for (const json::value& response : whole.get_array()) gemini_response(response, true, call_open, out);
    } else {
        gemini_response(whole, false, call_open, out);
        if (!out.failure && !at(whole, "candidates").is_array())
            out.failure = json::object{{"error", {{"type", "not an answer"}}}};
    }
    if (!out.failure) gemini_finish(out);
    out.complete = true;
    return out;
}

/// What stands behind the last event, if it is a JSON document and no event.
inline std::string bare_document(const std::string& body) {
    for (const char* end : {"\n{", "\n["}) {
        if (const std::size_t start = body.find(end); start != body.npos) return body.substr(start + 1);
    }
    return {};
}

inline Reading read_gemini_stream(const std::string& body) {
    Reading out;
    bool call_open = false;
    for (const auto& [type, data] : plain_events(body)) {
        gemini_response(parse(data), true, call_open, out);
        if (out.failure) return out;
    }
    if (const std::string rest = bare_document(body); !rest.empty()) {
        out.failure = parse(rest).as_object();
        return out;
    }
    if (out.complete) gemini_finish(out);
    return out;
}

} // namespace baton::test
