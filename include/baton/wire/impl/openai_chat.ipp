// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/openai_chat.hpp>

#include <algorithm>

namespace baton::wire {
namespace detail {

/// An error where one may stand; null is none.
inline bool is_chat_error(json::Reader& reader) noexcept {
    const auto kind = reader.kind();
    return kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
}

} // namespace detail

// --- ChatChoices -----------------------------------------------------------------------------------

template <bool Streamed>
void ChatChoices::choice(json::Reader& reader, std::int64_t position, Delta& delta, Reply& reply) {
    constexpr std::int64_t unknown = -1;
    // whole bodies hold the choices in order, whatever their `index` says; a chunk is about one of them
    std::int64_t index = Streamed ? unknown : position;
    Aside aside; // set only if `any`: most events need none of it
    bool any = false;
    reader.object([&](std::string_view key) BATON_HOT_LAMBDA {
        // a stream's chunk may also have a `message`, which repeats everything so far (Perplexity)
        if (Streamed ? json::is(key, "delta") : json::is(key, "message")) {
            if (index == 0) {
                first_.message(reader, delta, reply);
            } else {
                put_aside(aside, any).message = reader.raw();
            }
        } else if (json::is(key, "index")) {
            if (Streamed) reader.integer(index);
        } else if (json::is(key, "finish_reason")) {
            if (!reader.null()) put_aside(aside, any).finish = reader.raw();
        } else if (json::is(key, "logprobs")) {
            if (!reader.null()) put_aside(aside, any).logprobs = reader.raw();
        } else if (json::is(key, "error")) {
            if (detail::is_chat_error(reader)) failure_ = reader.raw();
        } else if (json::is(key, "content_filter_results")) {
            put_aside(aside, any).filter = reader.raw();
        }
    });
    seen_ |= index <= 0;
    if (any && !reader.failed()) late(static_cast<std::size_t>(index < 0 ? 0 : index), aside, delta, reply);
}

BATON_DECL ChatChoices::Aside& ChatChoices::put_aside(Aside& aside, bool& any) noexcept {
    if (!any) aside = Aside{{}, {}, {}, {}};
    any = true;
    return aside;
}

BATON_DECL void ChatChoices::late(std::size_t index, const Aside& aside, Delta& delta, Reply& reply) {
    if (index > 0) return other(index, aside, reply);
    if (!aside.message.empty()) {
        json::Reader reader(aside.message);
        first_.message(reader, delta, reply);
    }
    if (!aside.finish.empty()) first_.finish(aside.finish, reply);
    if (!aside.logprobs.empty()) first_.logprobs(aside.logprobs);
    if (!aside.filter.empty()) first_.keep(filter, aside.filter, false);
}

BATON_DECL void ChatChoices::read(json::Reader& reader, Delta& delta, Reply& reply) {
    std::int64_t position = 0;
    if (streamed()) {
        reader.array([&] { choice<true>(reader, position++, delta, reply); });
    } else {
        reader.array([&] { choice<false>(reader, position++, delta, reply); });
    }
}

BATON_DECL void ChatChoices::other(std::size_t index, const Aside& aside, Reply& reply) {
    if (index >= static_cast<std::size_t>(max_choices)) return;
    std::vector<Reply>& answers = reply.extras.ensure().alternatives;
    if (answers.size() < index) answers.resize(index);
    while (others_.size() < index) others_.emplace_back(*dialect_, reserve_);
    ChatAssembler& assembler = others_[index - 1];
    Reply& answer = answers[index - 1];
    Delta not_shown;
    if (!aside.message.empty()) {
        json::Reader reader(aside.message);
        assembler.message(reader, not_shown, answer);
    }
    if (!aside.finish.empty()) assembler.finish(aside.finish, answer);
    if (!aside.logprobs.empty()) assembler.logprobs(aside.logprobs);
    if (!aside.filter.empty()) assembler.keep(filter, aside.filter, false);
}

BATON_DECL void ChatChoices::keep(std::string_view key, json::Reader& reader, Reply& reply) {
    if (json::is(key, "service_tier")) {
        std::string_view tier;
        // OpenAI has it in every event
        if (reader.string(tier, scratch_) && !json::is(tier, "default")) served_by(tier, reply);
    } else if (json::is(key, "citations")) {
        first_.keep(citations, reader.raw(), false);
    } else if (json::is(key, "search_results")) {
        first_.keep(search_results, reader.raw(), false);
    } else if (json::is(key, "prompt_filter_results")) {
        first_.keep(prompt_filter, reader.raw(), false);
    }
}

BATON_DECL void ChatChoices::served_by(std::string_view tier, Reply& reply) {
    for (std::string_view usual : {"", "default", "auto", "on_demand", "standard"}) {
        if (tier == usual) return;
    }
    reply.extras.ensure().service_tier = tier;
}

BATON_DECL void ChatChoices::usage(json::Reader& reader, Reply& reply) {
    std::uint64_t prompt = 0, completion = 0, total = 0;
    std::uint64_t cached = 0, written = 0, audio_in = 0, reasoning = 0, audio_out = 0;
    const auto count = [&](std::uint64_t& to) {
        std::uint64_t value = 0;
        if (reader.unsigned_integer(value)) to = std::max(to, value); // named twice, one may be 0
    };
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "prompt_tokens")) {
                count(prompt);
            } else if (json::is(key, "completion_tokens")) {
                count(completion);
            } else if (json::is(key, "total_tokens")) {
                count(total);
            } else if (json::is(key, "prompt_tokens_details")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "cached_tokens")) count(cached);
                    if (json::is(member, "cache_write_tokens")) count(written);
                    if (json::is(member, "audio_tokens")) count(audio_in);
                });
            } else if (json::is(key, "completion_tokens_details")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "reasoning_tokens")) count(reasoning);
                    if (json::is(member, "audio_tokens")) count(audio_out);
                });
            } else if (json::is(key, "prompt_cache_hit_tokens") || json::is(key, "cached_tokens") ||
                       json::is(key, "num_cached_tokens")) {
                count(cached); // DeepSeek; Moonshot, Together; Mistral
            } else if (json::is(key, "cache_creation_input_tokens")) {
                count(written); // Vercel's gateway
            } else if (json::is(key, "reasoning_tokens")) {
                count(reasoning); // Perplexity
            } else if (json::is(key, "service_tier")) {
                member(key, reader, reply); // Mistral
            }
        })) {
        return;
    }
    // Vendors count the parts into the whole, except where the numbers show that a part comes on top of it:
    // reasoning (xAI; Gemini behind gateways), audio (Mistral).
    const auto on_top = [&](std::uint64_t part) { return part != 0 && total >= prompt + completion + part; };
    if (on_top(reasoning) || reasoning > completion) completion += reasoning;
    if (on_top(audio_in)) prompt += audio_in;
    const auto take = [](std::uint64_t& from, std::uint64_t part) {
        part = std::min(from, part); // never below zero, whatever a vendor adds up
        from -= part;
        return part;
    };
    Usage& usage = reply.usage;
    usage.cached_input_tokens = take(prompt, cached);
    usage.cache_write_tokens = take(prompt, written);
    usage.input_audio_tokens = take(prompt, audio_in);
    usage.input_tokens = prompt;
    usage.reasoning_tokens = take(completion, reasoning);
    usage.output_audio_tokens = take(completion, audio_out);
    usage.output_tokens = completion;
    usage.reported = true;
}

BATON_DECL bool ChatChoices::finished() const noexcept {
    for (const ChatAssembler& other : others_) {
        if (!other.finished()) return false;
    }
    return first_.finished();
}

BATON_DECL void ChatChoices::seal(Reply& reply) {
    for (std::size_t i = 0; i < others_.size(); ++i) others_[i].seal(reply.extras->alternatives[i]);
    first_.seal(reply);
}

// --- ChatStreamDecoder -----------------------------------------------------------------------------

BATON_DECL Step ChatStreamDecoder::fail(Error error) {
    error_ = std::move(error);
    return Step::failed;
}

BATON_DECL Step ChatStreamDecoder::on_event(std::string_view type, std::string_view data, Delta& delta,
                                            Reply& reply) {
    delta = Delta{};
    if (data.starts_with("[DONE]")) {
        if (!choices_.finished()) {
            return fail(
                Error(Errc::truncated, "the stream was declared done without a finish reason; retry"));
        }
        choices_.seal(reply);
        return Step::end;
    }
    bool failed = json::is(type, "error");
    json::Reader reader(data);
    reader.object([&](std::string_view key) BATON_HOT_LAMBDA {
        if (json::is(key, "choices")) {
            choices_.read(reader, delta, reply);
        } else if (json::is(key, "id")) {
            if (reply.id.empty()) reader.append_string(reply.id);
        } else if (json::is(key, "model")) {
            if (reply.model.empty()) reader.append_string(reply.model);
        } else if (json::is(key, "usage")) {
            if (!reader.null()) choices_.usage(reader, reply);
        } else if (json::is(key, "error")) {
            failed |= detail::is_chat_error(reader);
        } else if (json::is(key, "x_groq")) {
            reader.object([&](std::string_view member) {
                if (json::is(member, "usage")) choices_.usage(reader, reply);
            });
        } else {
            choices_.member(key, reader, reply);
        }
    });
    if (failed || !choices_.failure().empty()) [[unlikely]]
        return fail(make_error_in_answer(dialect_->vendor, failed ? data : choices_.failure()));
    if (!reader.finish()) [[unlikely]] {
        // events of a type we do not know may hold anything; but what was read of one is in the Reply
        choices_.finish_event(delta, reply);
        const bool known = type.empty() || json::is(type, "message") || !delta.empty();
        return known ? fail(malformed(dialect_->vendor, "an event that is not a JSON object", data))
                     : Step::nothing;
    }
    choices_.finish_event(delta, reply);
    return delta.empty() ? Step::nothing : Step::delta;
}

BATON_DECL Step ChatStreamDecoder::on_body_end(Reply& reply) {
    if (!choices_.finished()) {
        return fail(Error(Errc::truncated, "the stream stopped before its finish reason; retry"));
    }
    choices_.seal(reply);
    return Step::end;
}

// --- whole bodies ----------------------------------------------------------------------------------

BATON_DECL std::optional<Error> decode_chat(const ChatDialect& dialect, std::string_view body, Reply& reply) {
    ChatChoices choices(dialect, 0);
    Delta delta;
    bool failed = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "choices")) {
            choices.read(reader, delta, reply);
        } else if (json::is(key, "id")) {
            reader.append_string(reply.id);
        } else if (json::is(key, "model")) {
            reader.append_string(reply.model);
        } else if (json::is(key, "usage")) {
            choices.usage(reader, reply);
        } else if (json::is(key, "error")) {
            failed |= detail::is_chat_error(reader);
        } else {
            choices.member(key, reader, reply);
        }
    });
    if (!reader.finish()) return malformed(dialect.vendor, "an answer that is not a JSON object", body);
    if (failed) return make_error_in_answer(dialect.vendor, body);
    if (!choices.failure().empty()) return make_error_in_answer(dialect.vendor, choices.failure());
    if (!choices.seen()) return malformed(dialect.vendor, "an answer without choices", body);
    choices.seal(reply);
    return std::nullopt;
}

} // namespace baton::wire
