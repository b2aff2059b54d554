// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/openai_chat.hpp>

#include <algorithm>
#include <iterator>

namespace baton::wire {

// --- ChatAssembler ---------------------------------------------------------------------------------

BATON_DECL Part& ChatAssembler::new_part(Part::Kind kind, int& index, Reply& reply) {
    index = static_cast<int>(reply.parts.size());
    Part& part = reply.parts.emplace_back();
    part.kind = kind;
    if (streamed())
        part.text.reserve(reserve_); // also keeps the text off the small buffer: views survive moves
    return part;
}

BATON_DECL void ChatAssembler::set_stop(std::string_view reason, Reply& reply) {
    struct Word {
        std::string_view text;
        StopReason stop;
    };
    static constexpr Word words[] = {
        {"stop", StopReason::stop},
        {"length", StopReason::length},
        {"tool_calls", StopReason::tool_calls},
        {"content_filter", StopReason::content_filter},
        {"function_call", StopReason::tool_calls},
        {"eos", StopReason::stop},            // Together
        {"end_turn", StopReason::stop},       // gateways that pass Anthropic's words on
        {"max_tokens", StopReason::length},   //
        {"tool_use", StopReason::tool_calls}, //
        {"model_length", StopReason::length}, // Mistral
    };
    if (reason.empty()) return; // "" is what some send instead of null
    finish_seen_ = true;
    for (const Word& word : words) {
        if (word.text != reason) continue;
        reply.stop = word.stop;
        return;
    }
    reply.stop = StopReason::unknown;
    reply.stop_text = std::string(reason);
}

BATON_DECL void ChatAssembler::choice(json::Reader& reader, Delta& delta, Reply& reply) {
    std::int64_t index = none;
    std::string_view early_content; // came before `index`
    std::string_view finish;        // with its quotes
    choice_seen_ = true;
    reader.object([&](std::string_view key) {
        // a stream's chunk may also have a `message`, which repeats everything so far (Perplexity)
        if (streamed() ? json::is(key, "delta") : json::is(key, "message")) {
            if (index == 0) {
                content(reader, delta, reply);
            } else if (index == none) {
                early_content = reader.raw();
            }
        } else if (json::is(key, "index")) {
            reader.integer(index);
        } else if (json::is(key, "finish_reason")) {
            if (index <= 0 && !reader.null()) finish = reader.raw(); // `index` may still come
        }
    });
    if (index > 0 || reader.failed()) return;
    if (!early_content.empty()) {
        json::Reader late(early_content);
        content(late, delta, reply);
    }
    if (finish.size() > 2 && finish.front() == '"') {
        json::Reader late(finish);
        std::string reason;
        if (late.append_string(reason)) set_stop(reason, reply);
    }
}

BATON_DECL void ChatAssembler::content(json::Reader& reader, Delta& delta, Reply& reply) {
    bool reasoned = false; // some vendors repeat the same thought under two names
    reader.object([&](std::string_view key) {
        if (json::is(key, "content")) {
            std::string_view text;
            if (!streamed() && text_part_ == none) { // decoded once, straight into its place
                std::string whole;
                if (!reader.append_string(whole)) return content_array(reader, delta, reply);
                if (!whole.empty()) new_part(Part::Kind::text, text_part_, reply).text = std::move(whole);
            } else if (reader.string(text, scratch_)) {
                add_text(text, delta, reply);
            } else {
                content_array(reader, delta, reply);
            }
        } else if (json::is(key, "reasoning_content") || json::is(key, "reasoning")) {
            std::string_view text;
            if (reasoned || !reader.string(text, scratch_)) return;
            reasoned = !text.empty();
            add_reasoning(text, delta, reply);
        } else if (json::is(key, "tool_calls")) {
            reader.array([&] { tool_call(reader, reply); });
        } else if (json::is(key, "refusal")) {
            refusal(reader, delta, reply);
        } else if (json::is(key, "function_call")) {
            legacy_call(reader, reply);
        } else if (json::is(key, "audio")) {
            audio(reader, reply);
        }
    });
}

BATON_DECL void ChatAssembler::content_array(json::Reader& reader, Delta& delta, Reply& reply) {
    reader.array([&] {
        reader.object([&](std::string_view key) {
            std::string_view text;
            if (json::is(key, "text")) {
                if (reader.string(text, scratch_)) add_text(text, delta, reply);
            } else if (json::is(key, "thinking")) {
                thinking(reader, delta, reply);
            } else if (json::is(key, "refusal")) {
                refusal(reader, delta, reply);
            }
        });
    });
}

BATON_DECL void ChatAssembler::thinking(json::Reader& reader, Delta& delta, Reply& reply) {
    std::string_view text;
    if (reader.string(text, scratch_)) return add_reasoning(text, delta, reply);
    reader.array([&] {
        reader.object([&](std::string_view key) {
            std::string_view piece;
            if (json::is(key, "text") && reader.string(piece, scratch_)) {
                add_reasoning(piece, delta, reply);
            }
        });
    });
}

BATON_DECL void ChatAssembler::refusal(json::Reader& reader, Delta& delta, Reply& reply) {
    std::string_view text;
    if (!reader.string(text, scratch_) || text.empty()) return;
    if (refusal_part_ == none) {
        Part::Detail& detail = new_part(Part::Kind::text, refusal_part_, reply).detail.ensure();
        detail.name = "refusal"; // so that it can go back as what it was
        detail.vendor = vendor_;
    }
    append(reply.parts[static_cast<std::size_t>(refusal_part_)].text, text, delta.text);
}

BATON_DECL std::uint32_t ChatAssembler::find_call(std::int64_t wire_index, std::string_view id,
                                                  Reply& reply) {
    for (std::size_t i = streamed() ? calls_.size() : 0; i-- > 0;) {
        // without an index, fragments belong to the call last begun; with one, a new id under an old index
        // is a new call (vendors that number every parallel call 0)
        if (wire_index != none && calls_[i].wire_index != wire_index) continue;
        const std::string& known = reply.parts[calls_[i].part].detail->id;
        if (id.empty() || known.empty() || known == id) return static_cast<std::uint32_t>(i);
    }
    calls_.push_back({wire_index, static_cast<std::uint32_t>(reply.parts.size())});
    Part& part = reply.parts.emplace_back();
    part.kind = Part::Kind::tool_call;
    part.detail.ensure();
    if (streamed()) part.text.reserve(reserve_ / 4);
    return static_cast<std::uint32_t>(calls_.size() - 1);
}

BATON_DECL void ChatAssembler::tool_call(json::Reader& reader, Reply& reply) {
    std::int64_t index = none;
    std::string_view id, name, arguments; // arguments: still JSON, a string with its quotes or an object
    std::string id_scratch, name_scratch;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "index")) {
                reader.integer(index);
            } else if (json::is(key, "id")) {
                reader.string(id, id_scratch);
            } else if (json::is(key, "function")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "arguments")) {
                        arguments = reader.raw();
                    } else if (json::is(member, "name")) {
                        reader.string(name, name_scratch);
                    }
                });
            }
        })) {
        return;
    }
    const std::size_t before = calls_.size();
    const std::uint32_t call = find_call(index, id, reply);
    Part& part = reply.parts[calls_[call].part];
    const bool opens = calls_.size() > before;
    // id and name come once; vendors that repeat them with every fragment must not change them
    if (part.detail->id.empty()) part.detail->id = id;
    if (part.detail->name.empty()) part.detail->name = name;
    const std::size_t start = part.text.size();
    if (!arguments.empty() && arguments.front() == '"') {
        json::Reader inner(arguments);
        inner.append_string(part.text);
    } else if (!arguments.empty() && arguments.front() == '{') {
        part.text.append(arguments); // an object instead of a string (Ollama)
    }
    if (!opens && part.text.size() == start) return;
    for (const Fragment& fragment : fragments_) {
        if (fragment.call == call) return; // one fragment per call and event
    }
    fragments_.push_back({call, start, opens});
}

BATON_DECL void ChatAssembler::legacy_call(json::Reader& reader, Reply& reply) {
    // before there were several calls there was one, without an id
    std::string_view name;
    std::string name_scratch, arguments;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "name")) {
                reader.string(name, name_scratch);
            } else if (json::is(key, "arguments")) {
                reader.append_string(arguments);
            }
        })) {
        return;
    }
    if (name.empty() && arguments.empty()) return; // a placeholder beside real tool calls (Snowflake)
    const std::size_t before = calls_.size();
    const std::uint32_t call = find_call(0, {}, reply);
    Part& part = reply.parts[calls_[call].part];
    if (part.detail->name.empty()) part.detail->name = name;
    const std::size_t start = part.text.size();
    part.text += arguments;
    if (calls_.size() > before || part.text.size() > start)
        fragments_.push_back({call, start, calls_.size() > before});
}

BATON_DECL void ChatAssembler::audio(json::Reader& reader, Reply& reply) {
    // Whole bodies only: streamed audio comes in pieces of base64 that no later request refers to.
    if (streamed() || reader.kind() != json::Reader::Kind::object) return;
    Part part(Part::Kind::opaque, std::string(reader.raw()));
    Part::Detail& detail = part.detail.ensure();
    detail.name = "audio";
    detail.vendor = vendor_;
    json::Reader inner(part.text);
    inner.object([&](std::string_view key) {
        if (json::is(key, "id")) inner.append_string(detail.id);
    });
    reply.parts.push_back(std::move(part));
}

BATON_DECL void ChatAssembler::finish_event(Delta& delta, const Reply& reply) {
    if (fragments_.empty()) return;
    shown_.clear();
    for (const Fragment& fragment : fragments_) {
        const Part& part = reply.parts[calls_[fragment.call].part];
        Delta::ToolFragment& shown = shown_.emplace_back();
        shown.index = static_cast<int>(fragment.call);
        shown.arguments = std::string_view(part.text).substr(fragment.arguments);
        if (fragment.opens) {
            shown.id = part.detail->id;
            shown.name = part.detail->name;
        }
    }
    delta.tools = {shown_.data(), shown_.size()};
}

BATON_DECL void ChatAssembler::usage(json::Reader& reader, Reply& reply) {
    std::uint64_t prompt = 0, completion = 0, total = 0;
    std::uint64_t cached = 0, written = 0, audio_in = 0, reasoning = 0, audio_out = 0;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "prompt_tokens")) {
                reader.unsigned_integer(prompt);
            } else if (json::is(key, "completion_tokens")) {
                reader.unsigned_integer(completion);
            } else if (json::is(key, "total_tokens")) {
                reader.unsigned_integer(total);
            } else if (json::is(key, "prompt_tokens_details")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "cached_tokens")) reader.unsigned_integer(cached);
                    if (json::is(member, "cache_write_tokens")) reader.unsigned_integer(written);
                    if (json::is(member, "audio_tokens")) reader.unsigned_integer(audio_in);
                });
            } else if (json::is(key, "completion_tokens_details")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "reasoning_tokens")) reader.unsigned_integer(reasoning);
                    if (json::is(member, "audio_tokens")) reader.unsigned_integer(audio_out);
                });
            } else if (json::is(key, "prompt_cache_hit_tokens") || json::is(key, "cached_tokens")) {
                reader.unsigned_integer(cached); // DeepSeek, Moonshot
            }
        })) {
        return;
    }
    // Vendors count the parts into the whole, except where the total shows that a part comes on top of it:
    // reasoning (xAI), audio (Mistral).
    const auto on_top = [&](std::uint64_t part) { return part != 0 && total >= prompt + completion + part; };
    if (on_top(reasoning)) completion += reasoning;
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

BATON_DECL void ChatAssembler::seal(Reply& reply) {
    for (const Call& call : calls_) {
        std::string& arguments = reply.parts[call.part].text;
        if (arguments.empty()) arguments = "{}";
    }
    if (refusal_part_ != none) reply.stop = StopReason::refusal;
    reply.seal();
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
        if (!assembler_.finish_seen()) {
            return fail(
                Error(Errc::truncated, "the stream was declared done without a finish reason; retry"));
        }
        assembler_.seal(reply);
        return Step::end;
    }
    assembler_.reset();
    bool failed = json::is(type, "error");
    json::Reader reader(data);
    reader.object([&](std::string_view key) {
        if (json::is(key, "choices")) {
            reader.array([&] { assembler_.choice(reader, delta, reply); });
        } else if (json::is(key, "id")) {
            if (reply.id.empty()) reader.append_string(reply.id);
        } else if (json::is(key, "model")) {
            if (reply.model.empty()) reader.append_string(reply.model);
        } else if (json::is(key, "usage")) {
            if (!reader.null()) ChatAssembler::usage(reader, reply);
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        } else if (json::is(key, "x_groq")) {
            reader.object([&](std::string_view member) {
                if (json::is(member, "usage")) ChatAssembler::usage(reader, reply);
            });
        }
    });
    if (failed) [[unlikely]]
        return fail(make_error_in_answer(dialect_->vendor, data));
    if (!reader.finish()) [[unlikely]] {
        // events of a type we do not know may hold anything
        const bool known = type.empty() || json::is(type, "message");
        return known ? fail(malformed(dialect_->vendor, "an event that is not a JSON object", data))
                     : Step::nothing;
    }
    assembler_.finish_event(delta, reply);
    return delta.empty() ? Step::nothing : Step::delta;
}

BATON_DECL Step ChatStreamDecoder::on_body_end(Reply& reply) {
    if (!assembler_.finish_seen()) {
        return fail(Error(Errc::truncated, "the stream stopped before its finish reason; retry"));
    }
    assembler_.seal(reply);
    return Step::end;
}

// --- whole bodies ----------------------------------------------------------------------------------

BATON_DECL std::optional<Error> decode_chat(const ChatDialect& dialect, std::string_view body, Reply& reply) {
    ChatAssembler assembler(dialect.vendor.name, 0);
    Delta delta;
    bool failed = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "choices")) {
            bool first = true; // a second one, if asked for with `n`, is passed over
            reader.array([&] {
                if (first) assembler.choice(reader, delta, reply);
                first = false;
            });
        } else if (json::is(key, "id")) {
            reader.append_string(reply.id);
        } else if (json::is(key, "model")) {
            reader.append_string(reply.model);
        } else if (json::is(key, "usage")) {
            ChatAssembler::usage(reader, reply);
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    if (!reader.finish()) return malformed(dialect.vendor, "an answer that is not a JSON object", body);
    if (failed) return make_error_in_answer(dialect.vendor, body);
    if (!assembler.choice_seen()) return malformed(dialect.vendor, "an answer without choices", body);
    assembler.seal(reply);
    return std::nullopt;
}

} // namespace baton::wire
