// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/gemini_codec.hpp>

#include <algorithm>

namespace baton::wire {
namespace detail {

/// A string, or a number as text.
inline std::string word_of(json::Reader& reader) {
    std::string word;
    if (reader.kind() == json::Reader::Kind::number) {
        word = std::string(reader.raw());
    } else {
        reader.append_string(word);
    }
    return word;
}

/// Of a list of {modality, tokenCount}, the tokens of sound.
inline std::uint64_t audio_tokens(json::Reader& reader) {
    constexpr std::int64_t audio_number = 4; // with enum-encoding=int
    std::uint64_t sum = 0;
    reader.array([&] {
        std::uint64_t count = 0;
        bool audio = false;
        reader.object([&](std::string_view key) {
            if (json::is(key, "modality")) {
                std::string_view text;
                std::string scratch;
                std::int64_t number = 0;
                if (reader.string(text, scratch)) {
                    audio = text == "AUDIO";
                } else if (reader.integer(number)) {
                    audio = number == audio_number;
                }
            } else if (json::is(key, "tokenCount")) {
                reader.unsigned_integer(count);
            }
        });
        if (audio) sum += count;
    });
    return sum;
}

// Google's word for "per day" is in the name of the quota that was exceeded; its messages and its retryDelay
// do not tell a day's quota from a minute's.
inline bool quota_of_a_day(std::string_view body) noexcept {
    const std::size_t id = body.find("\"quotaId\"");
    if (id == std::string_view::npos) return false;
    const std::size_t day = body.find("PerDay", id);
    return day != std::string_view::npos;
}

inline Error with_daily_quota(Error error, std::string_view body) {
    if (error.errc() != Errc::rate_limited || !quota_of_a_day(body)) return error;
    Error::Detail detail = error.detail();
    detail.message += "; the quota of a day is used up: raise it, or list another provider";
    return Error(Errc::quota, std::move(detail));
}

} // namespace detail

BATON_DECL Error make_gemini_error(const GeminiDialect& dialect, int status, Headers headers,
                                   std::string_view body, WallTime now) {
    return detail::with_daily_quota(make_error(dialect.vendor, status, headers, body, now), body);
}

// --- GeminiAssembler: what surrounds the content ---------------------------------------------------

BATON_DECL void GeminiAssembler::finish_reason(std::string_view json, Reply& reply) const {
    struct Word {
        std::string_view text;
        StopReason stop;
    };
    static constexpr Word words[] = {
        {"STOP", StopReason::stop},
        {"MAX_TOKENS", StopReason::length},
        {"SAFETY", StopReason::content_filter},
        {"RECITATION", StopReason::content_filter},
        {"BLOCKLIST", StopReason::content_filter},
        {"PROHIBITED_CONTENT", StopReason::content_filter},
        {"SPII", StopReason::content_filter},
        {"MODEL_ARMOR", StopReason::content_filter},
        {"IMAGE_SAFETY", StopReason::content_filter},
        {"IMAGE_PROHIBITED_CONTENT", StopReason::content_filter},
        {"IMAGE_RECITATION", StopReason::content_filter},
    };
    if (json.empty()) return;
    json::Reader reader(json);
    std::int64_t number = -1;
    std::string word;
    if (reader.integer(number)) {
        const auto& names = dialect_->finish_reasons;
        const bool known = number >= 0 && static_cast<std::size_t>(number) < names.size();
        word = known ? std::string(names[static_cast<std::size_t>(number)]) : std::to_string(number);
    } else if (!reader.append_string(word)) {
        return;
    }
    reply.stop_text.clear();
    for (const Word& known : words) {
        if (known.text != word) continue;
        reply.stop = known.stop;
        return;
    }
    reply.stop = StopReason::unknown;
    reply.stop_text = std::move(word);
}

BATON_DECL void GeminiAssembler::feedback(json::Reader& reader) {
    reader.object([&](std::string_view key) {
        if (json::is(key, "blockReason")) {
            block_reason_ = detail::word_of(reader);
        } else if (json::is(key, "blockReasonMessage")) {
            block_message_ = detail::word_of(reader);
        }
    });
}

BATON_DECL Error GeminiAssembler::blocked() const {
    Error::Detail detail;
    detail.status = 200;
    detail.vendor_code = block_reason_;
    detail.message.append("the prompt was blocked");
    if (!block_reason_.empty()) detail.message.append(" (").append(block_reason_).append(")");
    if (!block_message_.empty()) detail.message.append(": ").append(block_message_);
    detail.message.append("; change the prompt, or the safety settings through extra");
    return Error(Errc::content_filtered, std::move(detail));
}

// Each event has one, and only the last that counts anything matters: its counters belong together, and what
// it does not name is zero. So they are kept, and read at the end.
BATON_DECL void GeminiAssembler::settle_usage(Reply& reply) {
    json::Reader reader(usage_);
    std::uint64_t prompt = 0, answer = 0, thoughts = 0, tools = 0, cached = 0, total = 0;
    std::uint64_t audio_in = 0, audio_cached = 0, audio_out = 0;
    bool counts = false;
    std::string_view tier;
    std::string scratch;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "promptTokenCount")) {
                counts |= reader.unsigned_integer(prompt);
            } else if (json::is(key, "candidatesTokenCount")) {
                counts |= reader.unsigned_integer(answer);
            } else if (json::is(key, "totalTokenCount")) {
                counts |= reader.unsigned_integer(total);
            } else if (json::is(key, "thoughtsTokenCount")) {
                counts |= reader.unsigned_integer(thoughts);
            } else if (json::is(key, "toolUsePromptTokenCount")) {
                counts |= reader.unsigned_integer(tools);
            } else if (json::is(key, "cachedContentTokenCount")) {
                counts |= reader.unsigned_integer(cached);
            } else if (json::is(key, "promptTokensDetails") || json::is(key, "toolUsePromptTokensDetails")) {
                audio_in += detail::audio_tokens(reader);
            } else if (json::is(key, "cacheTokensDetails")) {
                audio_cached = detail::audio_tokens(reader);
            } else if (json::is(key, "candidatesTokensDetails")) {
                audio_out = detail::audio_tokens(reader);
            } else if (json::is(key, "serviceTier")) {
                reader.string(tier, scratch);
            }
        })) {
        return;
    }
    if (!tier.empty() && !iequals(tier, "standard")) reply.extras.ensure().service_tier = tier;
    if (!counts) return;
    const auto take = [](std::uint64_t& from, std::uint64_t part) {
        part = std::min(from, part); // never below zero, whatever a vendor adds up
        from -= part;
        return part;
    };
    // Thoughts come on top of the answer's tokens, as do a tool's prompts to the prompt's; but early models
    // count thoughts in, which the total shows.
    if (total != 0 && thoughts != 0 && prompt + tools + answer + thoughts > total) take(answer, thoughts);
    std::uint64_t input = prompt + tools;
    Usage& usage = reply.usage;
    usage.cached_input_tokens = take(input, cached);
    usage.input_audio_tokens = take(input, audio_in - std::min(audio_in, audio_cached));
    usage.input_tokens = input;
    usage.reasoning_tokens = thoughts;
    usage.output_audio_tokens = take(answer, audio_out);
    usage.output_tokens = answer;
    usage.reported = true;
}

// --- GeminiStreamDecoder ---------------------------------------------------------------------------

BATON_DECL Step GeminiStreamDecoder::on_event(std::string_view, std::string_view data, Delta& delta,
                                              Reply& reply) {
    delta = Delta{};
    if (data.starts_with("[DONE]")) return on_body_end(reply); // a proxy's habit
    std::optional<Error> wrong;
    if (data.starts_with('[')) [[unlikely]] { // errors come in a list of one
        json::Reader list(data);
        list.array([&] { wrong = assembler_.response(list.raw(), delta, reply); });
        if (!list.finish()) wrong = malformed(dialect_->vendor, "an event that is not JSON", data);
    } else {
        wrong = assembler_.response(data, delta, reply);
    }
    if (wrong) [[unlikely]] {
        delta = Delta{};
        assembler_.settle_usage(reply);
        error_ = detail::with_daily_quota(*std::move(wrong), data);
        return Step::failed;
    }
    return delta.empty() ? Step::nothing : Step::delta;
}

BATON_DECL Step GeminiStreamDecoder::on_body_end(Reply& reply) {
    if (!assembler_.finish_seen()) {
        assembler_.settle_usage(reply);
        error_ = Error(Errc::truncated, "the stream stopped before its finish reason; retry");
        return Step::failed;
    }
    assembler_.seal(reply);
    return Step::end;
}

// --- whole bodies ----------------------------------------------------------------------------------

BATON_DECL std::optional<Error> decode_gemini(const GeminiDialect& dialect, std::string_view body,
                                              Reply& reply) {
    Delta delta;
    json::Reader reader(body);
    const bool list = reader.kind() == json::Reader::Kind::array;
    GeminiAssembler assembler(dialect, list);
    std::optional<Error> wrong;
    if (list) {
        reader.array([&] {
            const std::string_view one = reader.raw();
            if (!wrong) wrong = assembler.response(one, delta, reply);
        });
        if (!reader.finish()) wrong = malformed(dialect.vendor, "an answer that is not JSON", body);
    } else {
        wrong = assembler.response(body, delta, reply);
    }
    if (wrong) return detail::with_daily_quota(*std::move(wrong), body);
    if (!assembler.candidate_seen()) return malformed(dialect.vendor, "an answer without candidates", body);
    assembler.seal(reply);
    return std::nullopt;
}

} // namespace baton::wire
