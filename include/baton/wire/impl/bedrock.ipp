// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/bedrock.hpp>

namespace baton::wire {
namespace detail {

inline void set_bedrock_stop(std::string_view reason, Reply& reply) {
    struct Word {
        std::string_view text;
        StopReason stop;
    };
    static constexpr Word words[] = {
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
    for (const Word& word : words) {
        if (word.text != reason) continue;
        reply.stop = word.stop;
        return;
    }
    reply.stop = StopReason::unknown;
    reply.stop_text = std::string(reason);
}

/// What stands beside the content in whole answers, and in `messageStop` and `metadata` of streams.
inline void read_bedrock_member(json::Reader& reader, std::string_view key, Reply& reply) {
    std::string_view text;
    std::string scratch;
    if (json::is(key, "stopReason")) {
        if (reader.string(text, scratch)) set_bedrock_stop(text, reply);
    } else if (json::is(key, "usage")) {
        // disjoint: inputTokens leaves out what was read from or written to the cache
        Usage& usage = reply.usage;
        usage.reported = reader.object([&](std::string_view member) {
            if (json::is(member, "inputTokens")) {
                reader.unsigned_integer(usage.input_tokens);
            } else if (json::is(member, "outputTokens")) {
                reader.unsigned_integer(usage.output_tokens);
            } else if (json::is(member, "cacheReadInputTokens") ||
                       json::is(member, "cacheReadInputTokenCount")) {
                reader.unsigned_integer(usage.cached_input_tokens);
            } else if (json::is(member, "cacheWriteInputTokens") ||
                       json::is(member, "cacheWriteInputTokenCount")) {
                reader.unsigned_integer(usage.cache_write_tokens);
            }
        });
    } else if (json::is(key, "additionalModelResponseFields")) {
        reader.object([&](std::string_view member) {
            if (json::is(member, "stop_sequence") && reader.string(text, scratch)) reply.stop_text = text;
        });
    } else if (json::is(key, "serviceTier")) {
        reader.object([&](std::string_view member) {
            if (!json::is(member, "type") || !reader.string(text, scratch)) return;
            if (!text.empty() && text != "default") reply.extras.ensure().service_tier = text;
        });
    } else if (json::is(key, "trace")) { // a prompt router says which model it took
        reader.object([&](std::string_view member) {
            if (!json::is(member, "promptRouter")) return;
            reader.object([&](std::string_view inner) {
                if (json::is(inner, "invokedModelId") && reader.string(text, scratch)) reply.model = text;
            });
        });
    }
}

/// `body` with the error's class among its members: AWS sends it beside the body.
inline std::string with_error_type(std::string_view body, std::string_view type) {
    type = type.substr(0, type.find(':')); // "ValidationException:http://..."
    if (const std::size_t hash = type.rfind('#'); hash != type.npos) type.remove_prefix(hash + 1);
    std::string out(body);
    if (type.empty() || body.starts_with('<')) return out;
    if (!is_json_object(body)) {
        std::string text;
        json::Writer(text).begin_object().key("message").string(body.empty() ? type : body).end_object();
        out = std::move(text);
    }
    out.erase(out.find_last_of('}'));
    if (out.find('"') != out.npos) out += ','; // it has members
    out += "\"__type\":";
    json::append_string(out, type);
    return out += '}';
}

} // namespace detail

// --- BedrockStreamDecoder --------------------------------------------------------------------------

BATON_DECL Step BedrockStreamDecoder::fail(Error error) {
    error_ = std::move(error);
    return Step::failed;
}

BATON_DECL Step BedrockStreamDecoder::on_event(std::string_view type, std::string_view data, Delta& delta,
                                               Reply& reply) {
    delta = Delta{};
    const bool grows = json::is(type, "contentBlockDelta");
    const bool starts = json::is(type, "contentBlockStart");
    const bool stops = json::is(type, "contentBlockStop");
    const bool message_stops = json::is(type, "messageStop");
    const bool measures = json::is(type, "metadata");
    if (!grows && !starts && !stops && !message_stops && !measures) {
        if (!type.starts_with("exception:") && !type.starts_with("error:")) return Step::nothing;
        const std::string_view name = type.substr(type.find(':') + 1);
        return fail(make_error_in_answer(detail::bedrock_vendor, detail::with_error_type(data, name)));
    }
    std::int64_t index = -1;
    std::string_view late; // a delta that stands in front of its index
    bool fits = true;
    json::Reader reader(data);
    reader.object([&](std::string_view key) {
        if (json::is(key, "contentBlockIndex")) {
            reader.integer(index);
        } else if (grows && json::is(key, "delta")) {
            if (index >= 0) {
                fits = blocks_.extend(index, reader, delta, reply);
            } else {
                late = reader.raw();
            }
        } else if (starts && json::is(key, "start")) {
            late = reader.raw();
        } else if (message_stops || measures) {
            detail::read_bedrock_member(reader, key, reply);
        }
    });
    if (!reader.finish()) [[unlikely]] {
        delta = Delta{};
        return fail(malformed(detail::bedrock_vendor, "an event that is not a JSON object", data));
    }
    if (!late.empty()) {
        json::Reader again(late);
        fits = index >= 0 && (starts ? blocks_.start(index, late, delta, reply)
                                     : blocks_.extend(index, again, delta, reply));
    }
    if (stops) fits = blocks_.stop(index, reply);
    if (message_stops || measures) fits = blocks_.stop_all(reply) && fits;
    if (!fits) [[unlikely]] {
        delta = Delta{};
        return fail(malformed(detail::bedrock_vendor, "a content block that does not fit together", data));
    }
    stopped_ |= message_stops;
    measured_ |= measures;
    if (stopped_ && measured_) {
        reply.seal();
        return Step::end;
    }
    return delta.empty() ? Step::nothing : Step::delta;
}

BATON_DECL Step BedrockStreamDecoder::on_body_end(Reply&) {
    return fail(Error(Errc::truncated, "the stream stopped before its metadata event; retry"));
}

// --- whole bodies ----------------------------------------------------------------------------------

BATON_DECL std::optional<Error> Bedrock::decode(std::string_view body, Reply& reply) {
    BedrockBlocks blocks;
    bool failed = false, content = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "output")) {
            reader.object([&](std::string_view member) {
                if (!json::is(member, "message")) return;
                reader.object([&](std::string_view inner) {
                    if (!json::is(inner, "content")) return;
                    content = reader.array([&] { blocks.add(reader.raw(), reply); });
                });
            });
        } else if (json::is(key, "__type") || json::is(key, "message")) {
            failed = true;
        } else {
            detail::read_bedrock_member(reader, key, reply);
        }
    });
    if (!reader.finish()) {
        return malformed(detail::bedrock_vendor, "an answer that is not a JSON object", body);
    }
    if (!content && failed) return make_error_in_answer(detail::bedrock_vendor, body);
    if (!content) return malformed(detail::bedrock_vendor, "an answer without content", body);
    reply.seal();
    return std::nullopt;
}

BATON_DECL Error Bedrock::decode_error(int status, Headers headers, std::string_view body, WallTime now) {
    std::string type(headers.get("x-amzn-errortype"));
    if (type.empty()) { // may stand in the body with its name space: "com.amazon.coral.service#..."
        json::Reader reader(body);
        reader.object([&](std::string_view key) {
            if (json::is(key, "__type")) reader.append_string(type);
        });
    }
    const std::string typed = detail::with_error_type(body, type);
    return make_error(detail::bedrock_vendor, status, headers, typed, now);
}

BATON_DECL std::optional<Error> Bedrock::decode_count(std::string_view body, std::uint64_t& tokens) {
    bool found = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "inputTokens")) found = reader.unsigned_integer(tokens);
    });
    if (reader.finish() && found) return std::nullopt;
    return malformed(detail::bedrock_vendor, "a count without inputTokens", body);
}

} // namespace baton::wire
