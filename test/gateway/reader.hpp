// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "client.hpp"

#include <array>
#include <string>
#include <string_view>

/// How a client of one dialect asks, and what it makes of what it gets if it keeps to the dialect's rules and
/// to nothing else. For texts without anything to escape.
struct Dialect {
    std::string_view name;
    /// What precedes a piece of text, whole and streamed; only behind `event`, if that is there.
    std::string_view whole_text, streamed_text, event;
    /// What ends a good answer, whole and streamed; what an error is, as a body and in a stream.
    std::string_view whole_end, streamed_end, error, streamed_error;
    /// It has no word for a stream that fails, but to be cut.
    bool cuts = false;
};

inline constexpr std::array dialects = {
    Dialect{"chat",
            R"("content":")",
            R"("delta":{"content":")",
            {},
            R"("finish_reason":"stop")",
            "data: [DONE]\n\n",
            R"({"error":{)",
            R"(data: {"error":)"},
    Dialect{"messages",
            R"("type":"text","text":")",
            R"("type":"text_delta","text":")",
            {},
            R"("stop_reason":"end_turn")",
            "event: message_stop\n",
            R"({"type":"error","error":{)",
            "event: error\n"},
    Dialect{"responses", R"("text":")", R"("delta":")", "event: response.output_text.delta\n",
            R"("status":"completed")", "event: response.completed\n", R"({"error":{)",
            "event: response.failed\n"},
    Dialect{"gemini",
            R"("text":")",
            R"("text":")",
            {},
            R"("finishReason":"STOP")",
            R"("finishReason":"STOP")",
            R"({"error":{)",
            R"("error":{)",
            true},
};

/// A request for an answer to `prompt`.
inline std::string question(const Dialect& dialect, std::string_view model, bool stream,
                            std::string_view prompt, std::string_view headers = {}) {
    const std::string name(model), said(prompt);
    const std::string streamed = stream ? "\"stream\":true," : "";
    if (dialect.name == "gemini") {
        return post("/v1beta/models/" + name +
                        (stream ? ":streamGenerateContent?alt=sse" : ":generateContent"),
                    R"({"contents":[{"role":"user","parts":[{"text":")" + said + R"("}]}]})", headers);
    }
    const std::string start = "{\"model\":\"" + name + "\"," + streamed;
    if (dialect.name == "responses")
        return post("/v1/responses", start + "\"input\":\"" + said + "\"}", headers);
    return post(dialect.name == "chat" ? "/v1/chat/completions" : "/v1/messages",
                start + R"("max_tokens":500,"messages":[{"role":"user","content":")" + said + "\"}]}",
                headers);
}

/// `broken` is a stream that has begun and says that it failed; `error` has a status of its own; whatever is
/// none of the others is `wrong`: a part that looks like the whole, an end and an error, a body in no shape.
enum class End : unsigned char { whole, broken, error, wrong };

struct Reading {
    End end = End::wrong;
    std::string text;
    std::string_view why; ///< what is wrong
};

inline std::string shown(const Dialect& dialect, bool stream, std::string_view body) {
    const std::string_view start = stream ? dialect.streamed_text : dialect.whole_text;
    std::string text;
    for (std::size_t at = 0;;) {
        if (stream && !dialect.event.empty()) {
            at = body.find(dialect.event, at);
            if (at == std::string_view::npos) return text;
        }
        at = body.find(start, at);
        if (at == std::string_view::npos) return text;
        at += start.size();
        text += body.substr(at, body.find('"', at) - at);
    }
}

inline Reading read(const Dialect& dialect, bool stream, const RawClient::Response& got) {
    const auto has = [&](std::string_view what) { return got.body.find(what) != std::string::npos; };
    Reading made{End::wrong, shown(dialect, stream, got.body), {}};
    if (got.status == 0) {
        made.why = "no answer";
    } else if (got.status != 200) {
        const bool asks_to_wait = got.status == 429 || got.status == 503;
        if (got.status < 400 || !got.whole || !got.body.starts_with(dialect.error)) {
            made.why = "an error in no shape";
        } else if (asks_to_wait && got.header("retry-after").empty()) {
            made.why = "an error that does not say when to come again";
        } else {
            made.end = End::error;
        }
    } else if (dialect.name == "gemini" && got.whole && made.text.empty() && has(R"("blockReason":")")) {
        made.end = End::error; // how Google says that the question was refused
    } else if (!stream) {
        if (got.whole && has(dialect.whole_end)) {
            made.end = End::whole;
        } else {
            made.why = "a part that looks like the whole";
        }
    } else if (has(dialect.streamed_end) && has(dialect.streamed_error)) {
        made.why = "an end and an error";
    } else if (has(dialect.streamed_end)) {
        made.end = got.whole ? End::whole : End::wrong;
        made.why = got.whole ? "" : "an end without the end of its framing";
    } else if (has(dialect.streamed_error) || (dialect.cuts && !got.whole)) {
        made.end = End::broken;
    } else {
        made.why = "neither an end nor an error";
    }
    return made;
}
