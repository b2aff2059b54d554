// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

// Prompts and replies of exact sizes, shaped like those of OpenAI's chat completions.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What a client must find in a prepared reply.
struct Expected {
    std::string text;
    std::string finish_reason;
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
};

inline constexpr std::string_view model_asked = "gpt-4o";
inline constexpr std::string_view model_answering = "gpt-4o-2024-08-06";

namespace detail {

inline constexpr std::string_view reply_id = "chatcmpl-BQwLk2mV0sN3fYh7tRz9cXeJ4uPa1";

inline std::string json_escaped(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

// Prose: a long paragraph, then one with line breaks and quotations, which JSON has to escape. Never ends
// inside an escape: the caller asks for a number of bytes *as escaped JSON*.
inline std::string prose(std::size_t escaped_bytes) {
    static constexpr std::string_view source =
        "The river begins as a thread of meltwater under the northern glacier, and for the first few miles "
        "it is "
        "so narrow that a child can step across it. Shepherds call that stretch the whisper. Further down "
        "three "
        "brooks join it, the valley opens, and the water slows enough for reeds to take hold. Villages "
        "appear on "
        "both banks; their mills, once the pride of the county, are now workshops and homes. After the old "
        "stone "
        "bridge it turns west, past orchards and a quarry that was flooded long ago, until it meets the "
        "tide. The "
        "salt comes up with every flood as far as the second lock, and the fishermen know to the hour when "
        "to cast "
        "their nets on which side of it. In dry summers the ferry runs aground twice a day, and nobody "
        "minds: the "
        "passengers wade ashore with their shoes in their hands, and the ferryman waits for the water. Every "
        "spring "
        "the snow reminds the river of the mountain, and the marshes stand under water for a week.\n\n"
        "People on the coast say \"it has forgotten where it comes from\", which is only half true.\n"
        "Ask the old lock keeper and he will answer: \"It forgets nothing. It is in no hurry.\"\n"
        "Then he will show you the marks on the wall of his house, one for each great flood, and tell you "
        "which of "
        "them he has seen himself, which his father saw, and which nobody believes. ";
    std::string text;
    std::size_t size = 0;
    for (std::size_t i = 0; size < escaped_bytes; i = (i + 1) % source.size()) {
        char c = source[i];
        const bool escaped = c == '"' || c == '\n';
        if (escaped && size + 2 > escaped_bytes) c = '.';
        size += (c == '"' || c == '\n') ? 2 : 1;
        text += c;
    }
    return text;
}

} // namespace detail

/// A user's prompt of exactly `bytes` bytes (plain text; a little more once escaped). `bytes` >= 32.
inline std::string make_prompt(std::size_t bytes) {
    std::string prompt = "Question 00000000. Answer briefly: ";
    if (bytes > prompt.size()) {
        std::string text = detail::prose(bytes + bytes / 4);
        prompt += text.substr(0, bytes - prompt.size());
    }
    prompt.resize(bytes);
    return prompt;
}

/// Makes a prompt from `make_prompt` differ from those of the other calls, in place and without allocating,
/// so that no cache can answer it.
inline void number_prompt(std::string& prompt, std::size_t call) {
    constexpr std::size_t first_digit = 9, digits = 8;
    for (std::size_t i = digits; i-- > 0; call /= 10)
        prompt[first_digit + i] = static_cast<char>('0' + call % 10);
}

struct UnaryReply {
    std::string body;
    Expected expected;
};

/// A `chat.completion` document of exactly `bytes` bytes.
inline UnaryReply make_unary_reply(std::size_t bytes) {
    const std::string head = std::string(R"({"id":")") + std::string(detail::reply_id) +
                             R"(","object":"chat.completion","created":1746000000,"model":")" +
                             std::string(model_answering) +
                             R"(","choices":[{"index":0,"message":{"role":"assistant","content":")";
    // Short answers come without the usage details, as from older models and most compatible servers.
    const bool detailed = bytes >= 1024;
    const std::string tail =
        std::string(R"("},"logprobs":null,"finish_reason":"stop"}],)"
                    R"("usage":{"prompt_tokens":428,"completion_tokens":397,"total_tokens":825)") +
        (detailed ? R"(,"prompt_tokens_details":{"cached_tokens":0},)"
                    R"("completion_tokens_details":{"reasoning_tokens":0})"
                  : "") +
        R"(},"system_fingerprint":"fp_0392822090"})";
    if (bytes < head.size() + tail.size() + 1)
        throw std::invalid_argument("the reply has no room for a text");
    UnaryReply reply;
    reply.expected = {detail::prose(bytes - head.size() - tail.size()), "stop", 428, 397};
    reply.body = head + detail::json_escaped(reply.expected.text) + tail;
    if (reply.body.size() != bytes) throw std::logic_error("the reply has the wrong size");
    return reply;
}

struct StreamReply {
    std::vector<std::string> lines; ///< each `data: ...`, without the line ends
    Expected expected;
    std::size_t deltas = 0; ///< lines that carry text
};

/// A stream of `count` text deltas whose data lines are exactly `bytes` bytes each, with what surrounds them
/// in a real stream: the line that opens with the role, the one with the finish reason, the usage and
/// `[DONE]`.
inline StreamReply make_stream_reply(std::size_t count, std::size_t bytes) {
    const std::string head = std::string(R"(data: {"id":")") + std::string(detail::reply_id) +
                             R"(","object":"chat.completion.chunk","created":1746000000,"model":")" +
                             std::string(model_answering) +
                             R"(","system_fingerprint":"fp_0392822090","choices":[)";
    const std::string tail = R"(],"usage":null})";
    const std::string before_text = head + R"({"index":0,"delta":{"content":")";
    const std::string after_text = R"("},"finish_reason":null})" + tail;
    if (bytes < before_text.size() + after_text.size() + 1)
        throw std::invalid_argument("the event has no room for a text");

    StreamReply reply;
    reply.deltas = count;
    reply.expected = {"", "stop", 428, static_cast<std::int64_t>(count)};
    reply.lines.push_back(
        head +
        R"({"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null})" +
        tail);
    const std::size_t piece = bytes - before_text.size() - after_text.size();
    const std::string text = detail::prose(count * piece * 2);
    std::size_t at = 0;
    for (std::size_t i = 0; i < count; ++i) {
        std::string delta, escaped;
        while (escaped.size() < piece) {
            std::string next = detail::json_escaped(text.substr(at++, 1));
            if (escaped.size() + next.size() > piece) continue; // no room for an escape: leave it out
            delta += text[at - 1];
            escaped += next;
        }
        reply.expected.text += delta;
        reply.lines.push_back(before_text + escaped + after_text);
        if (reply.lines.back().size() != bytes) throw std::logic_error("the event has the wrong size");
    }
    reply.lines.push_back(head + R"({"index":0,"delta":{},"finish_reason":"stop"})" + tail);
    reply.lines.push_back(head + R"(],"usage":{"prompt_tokens":428,"completion_tokens":)" +
                          std::to_string(count) + R"(,"total_tokens":)" + std::to_string(428 + count) +
                          R"(,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},)"
                          R"("completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,)"
                          R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}})");
    reply.lines.push_back("data: [DONE]");
    return reply;
}

} // namespace bench
