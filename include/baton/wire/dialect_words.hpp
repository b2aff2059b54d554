// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <string_view>

namespace baton::wire {

/// What becomes of a member of Request::extra that was written for one vendor's API, at another.
enum class Fate : unsigned char {
    passes,  ///< nobody's word that we know: whoever it is for
    dropped, ///< a setting of that vendor's service
    refused, ///< the answer would be to another question
};

namespace detail {

struct DialectWord {
    std::string_view dialect, word;
    bool matters = false;
};

/// Members of requests that this library has no word for, as clients were seen to send them or their vendors'
/// APIs to name them. Not complete: a word that is missing here passes.
inline constexpr DialectWord dialect_words[] = {
    {"openai", "audio", true},
    {"openai", "function_call", true},
    {"openai", "functions", true},
    {"openai", "logit_bias", true},
    {"openai", "metadata"},
    {"openai", "modalities"},
    {"openai", "moderation"},
    {"openai", "prediction"},
    {"openai", "prompt_cache_key"},
    {"openai", "prompt_cache_options"},
    {"openai", "prompt_cache_retention"},
    {"openai", "safety_identifier"},
    {"openai", "store"},
    {"openai", "tool_choice"},
    {"openai", "tools", true},
    {"openai", "verbosity"},
    {"openai", "web_search_options", true},
    {"openai_responses", "background", true},
    {"openai_responses", "context_management"},
    {"openai_responses", "conversation", true},
    {"openai_responses", "include"},
    {"openai_responses", "max_tool_calls"},
    {"openai_responses", "metadata"},
    {"openai_responses", "moderation"},
    {"openai_responses", "previous_response_id", true},
    {"openai_responses", "prompt", true},
    {"openai_responses", "prompt_cache_key"},
    {"openai_responses", "prompt_cache_options"},
    {"openai_responses", "prompt_cache_retention"},
    {"openai_responses", "reasoning"},
    {"openai_responses", "safety_identifier"},
    {"openai_responses", "store"},
    {"openai_responses", "stream_options"},
    {"openai_responses", "text"},
    {"openai_responses", "tool_choice"},
    {"openai_responses", "tools", true},
    {"openai_responses", "truncation"},
    {"anthropic", "cache_control"},
    {"anthropic", "container", true},
    {"anthropic", "context_management"},
    {"anthropic", "inference_geo"},
    {"anthropic", "mcp_servers", true},
    {"anthropic", "metadata"},
    {"anthropic", "output_config"},
    {"anthropic", "output_format", true},
    {"anthropic", "speed"},
    {"anthropic", "thinking"},
    {"anthropic", "tool_choice"},
    {"anthropic", "tools", true},
    {"gemini", "cachedContent", true},
    {"gemini", "generationConfig"},
    {"gemini", "labels"},
    {"gemini", "safetySettings"},
    {"gemini", "store"},
    {"gemini", "toolConfig"},
    {"gemini", "tools", true},
};

/// Google takes cachedContent and cached_content.
constexpr bool same_word(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    std::size_t i = 0, j = 0;
    for (;; ++i, ++j) {
        while (i < a.size() && a[i] == '_') ++i;
        while (j < b.size() && b[j] == '_') ++j;
        if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
        if (lower(a[i]) != lower(b[j])) return false;
    }
}

constexpr const DialectWord* find_word(std::string_view dialect, std::string_view word) noexcept {
    for (const DialectWord& known : dialect_words) {
        if (known.dialect == dialect && same_word(known.word, word)) return &known;
    }
    return nullptr;
}

} // namespace detail

/// `from`, `to`: names of dialects ("openai" stands for chat completions of whatever vendor); "": any. What
/// both of OpenAI's have with one name means the same, but for tools.
constexpr Fate fate_of(std::string_view word, std::string_view from, std::string_view to) noexcept {
    if (from.empty() || from == to) return Fate::passes;
    const detail::DialectWord* const known = detail::find_word(from, word);
    if (!known) return Fate::passes;
    const bool kin = from.starts_with("openai") && to.starts_with("openai");
    if (kin && detail::find_word(to, word) && !word.starts_with("tool")) return Fate::passes;
    return known->matters ? Fate::refused : Fate::dropped;
}

} // namespace baton::wire
