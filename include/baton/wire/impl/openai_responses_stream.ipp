// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/openai_responses_dialect.hpp>

#include <algorithm>

namespace baton::wire {
namespace detail {

/// Takes the counters of a `usage` object apart; null changes nothing.
inline void read_responses_usage(json::Reader& reader, Usage& usage) {
    std::uint64_t in = 0, out = 0, total = 0, cached = 0, written = 0, audio_in = 0, reasoning = 0,
                  audio_out = 0;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "input_tokens")) {
                reader.unsigned_integer(in);
            } else if (json::is(key, "output_tokens")) {
                reader.unsigned_integer(out);
            } else if (json::is(key, "total_tokens")) {
                reader.unsigned_integer(total);
            } else if (json::is(key, "input_tokens_details")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "cached_tokens")) reader.unsigned_integer(cached);
                    if (json::is(member, "cache_write_tokens")) reader.unsigned_integer(written);
                    if (json::is(member, "audio_tokens")) reader.unsigned_integer(audio_in);
                });
            } else if (json::is(key, "output_tokens_details")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "reasoning_tokens")) reader.unsigned_integer(reasoning);
                    if (json::is(member, "audio_tokens")) reader.unsigned_integer(audio_out);
                });
            }
        })) {
        return;
    }
    // counted into the whole, except where the total shows that it comes on top
    if (reasoning != 0 && total >= in + out + reasoning) out += reasoning;
    const auto take = [](std::uint64_t& from, std::uint64_t part) {
        part = std::min(from, part); // never below zero, whatever a vendor adds up
        from -= part;
        return part;
    };
    usage.cached_input_tokens = take(in, cached);
    usage.cache_write_tokens = take(in, written);
    usage.input_audio_tokens = take(in, audio_in);
    usage.input_tokens = in;
    usage.reasoning_tokens = take(out, reasoning);
    usage.output_audio_tokens = take(out, audio_out);
    usage.output_tokens = out;
    usage.reported = true;
}

/// What a response's `status` means for a Reply, or the error that it is.
inline std::optional<Error> set_responses_stop(const Vendor& vendor, std::string_view status,
                                               std::string_view reason, std::string_view error,
                                               std::string_view body, Reply& reply) {
    if (error.starts_with('{')) return make_error_in_answer(vendor, error);
    if (error.starts_with('"')) return make_error_in_answer(vendor, body);
    if (status == "failed") return Error(Errc::transient, "the response failed, no reason given; retry");
    if (status == "cancelled") return Error(Errc::cancelled, "the response was cancelled at the vendor");
    bool call = false, refused = false;
    for (const Part& part : reply.parts) {
        call |= part.kind == Part::Kind::tool_call;
        refused |= part.kind == Part::Kind::text && part.detail && part.detail->name == "refusal";
    }
    if (status == "completed" || status == "complete") {
        reply.stop = refused ? StopReason::refusal : call ? StopReason::tool_calls : StopReason::stop;
    } else if (status == "queued" || status == "in_progress") {
        reply.stop = StopReason::pause;
    } else if (reason == "max_output_tokens" || reason == "max_tokens") {
        reply.stop = StopReason::length;
    } else if (reason == "content_filter") {
        reply.stop = StopReason::content_filter;
    } else {
        reply.stop_text = std::string(reason.empty() ? status : reason);
    }
    return std::nullopt;
}

enum class ResponsesEvent : unsigned char {
    unknown,
    output_text,
    refusal,
    summary_text,
    reasoning_text,
    arguments,
    item_added,
    item_done,
    progress,
    completed,
    incomplete,
    failed,
    error,
};

struct ResponsesEventName {
    std::string_view name;
    ResponsesEvent event;
    bool whole = false; ///< carries all of a text, not a fragment
};

// the frequent ones first
inline constexpr ResponsesEventName responses_events[] = {
    {"response.output_text.delta", ResponsesEvent::output_text},
    {"response.reasoning_text.delta", ResponsesEvent::reasoning_text},
    {"response.reasoning_summary_text.delta", ResponsesEvent::summary_text},
    {"response.function_call_arguments.delta", ResponsesEvent::arguments},
    {"response.refusal.delta", ResponsesEvent::refusal},
    {"response.output_item.added", ResponsesEvent::item_added},
    {"response.output_item.done", ResponsesEvent::item_done},
    {"response.output_text.done", ResponsesEvent::output_text, true},
    {"response.reasoning_text.done", ResponsesEvent::reasoning_text, true},
    {"response.reasoning_summary_text.done", ResponsesEvent::summary_text, true},
    {"response.function_call_arguments.done", ResponsesEvent::arguments, true},
    {"response.refusal.done", ResponsesEvent::refusal, true},
    {"response.created", ResponsesEvent::progress},
    {"response.queued", ResponsesEvent::progress},
    {"response.in_progress", ResponsesEvent::progress},
    {"response.completed", ResponsesEvent::completed},
    {"response.incomplete", ResponsesEvent::incomplete},
    {"response.failed", ResponsesEvent::failed},
    {"error", ResponsesEvent::error},
};

inline ResponsesEventName responses_event(std::string_view name) noexcept {
    for (const ResponsesEventName& known : responses_events) {
        if (known.name == name) return known;
    }
    return {name, ResponsesEvent::unknown};
}

} // namespace detail

BATON_DECL std::optional<Error> ResponsesItems::finish(const Vendor& vendor, json::Reader& reader,
                                                       std::string_view status, std::string_view body,
                                                       Reply& reply) {
    std::string_view reason, error;
    std::string own_status, own_reason, tier;
    bool output = false;
    Delta unseen; // what was never streamed is only in the Reply
    reader.object([&](std::string_view key) {
        if (json::is(key, "output")) {
            std::int64_t index = 0;
            output |= reader.array([&] {
                const std::string_view json = reader.raw();
                const Slot* const known = find(index);
                if (known == nullptr || !known->done) item(index, json, true, unseen, reply);
                ++index;
            });
        } else if (json::is(key, "id")) {
            std::string id;
            if (reader.append_string(id) && !id.empty()) reply.id = std::move(id);
        } else if (json::is(key, "model")) {
            std::string model;
            if (reader.append_string(model) && !model.empty()) reply.model = std::move(model);
        } else if (json::is(key, "status")) {
            if (reader.append_string(own_status)) status = own_status;
        } else if (json::is(key, "incomplete_details")) {
            reader.object([&](std::string_view member) {
                if (json::is(member, "reason") && reader.append_string(own_reason)) reason = own_reason;
            });
        } else if (json::is(key, "error")) {
            error = reader.raw();
        } else if (json::is(key, "usage")) {
            detail::read_responses_usage(reader, reply.usage);
        } else if (json::is(key, "service_tier")) {
            reader.append_string(tier);
        }
    });
    if (!reader.finish()) return malformed(vendor, "an answer that is not a JSON object", body);
    if (!output && status.empty() && !error.starts_with('{') && !error.starts_with('"')) {
        return malformed(vendor, "an answer without output", body);
    }
    if (status.empty()) status = "completed";
    if (auto failed = detail::set_responses_stop(vendor, status, reason, error, body, reply)) return failed;
    for (const Slot& slot : slots_) {
        if (slot.kind != Kind::call || slot.parts == 0) continue;
        std::string& text = reply.parts[slot.first].text;
        if (text.empty()) text = "{}";
    }
    if (!tier.empty() && tier != "default" && tier != "auto") {
        reply.extras.ensure().service_tier = std::move(tier);
    }
    reply.seal();
    return std::nullopt;
}

BATON_DECL std::optional<Error> decode_responses(const ResponsesDialect& dialect, std::string_view body,
                                                 Reply& reply) {
    ResponsesItems items(dialect.vendor.name, false);
    json::Reader reader(body);
    return items.finish(dialect.vendor, reader, {}, body, reply);
}

BATON_DECL std::optional<Error> decode_responses_count(const ResponsesDialect& dialect, std::string_view body,
                                                       std::uint64_t& tokens) {
    bool counted = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "input_tokens")) counted = reader.unsigned_integer(tokens);
    });
    if (reader.finish() && counted) return std::nullopt;
    return malformed(dialect.vendor, "a token count that has none", body);
}

// --- ResponsesStreamDecoder ------------------------------------------------------------------------

BATON_DECL Step ResponsesStreamDecoder::fail(Error error) {
    error_ = std::move(error);
    return Step::failed;
}

BATON_DECL Step ResponsesStreamDecoder::finish(std::string_view response, std::string_view status,
                                               std::string_view data, Delta& delta, Reply& reply) {
    delta = Delta{};
    json::Reader reader(response);
    auto error = items_.finish(dialect_->vendor, reader, status, data, reply);
    return error ? fail(*std::move(error)) : Step::end;
}

BATON_DECL Step ResponsesStreamDecoder::on_event(std::string_view type, std::string_view data, Delta& delta,
                                                 Reply& reply) {
    using Event = detail::ResponsesEvent;
    delta = Delta{};
    if (data.starts_with("[DONE]")) {
        return fail(Error(Errc::truncated, "the stream was declared done without its final event; retry"));
    }
    std::string_view own_type, text, item, response;
    std::string type_scratch;
    ResponsesItems::Place place;
    bool failed = false;
    json::Reader reader(data);
    reader.object([&](std::string_view key) {
        if (json::is(key, "type")) {
            reader.string(own_type, type_scratch);
        } else if (json::is(key, "delta") || json::is(key, "text") || json::is(key, "arguments") ||
                   json::is(key, "refusal")) {
            reader.string(text, scratch_);
        } else if (json::is(key, "output_index")) {
            reader.integer(place.item);
        } else if (json::is(key, "content_index") || json::is(key, "summary_index")) {
            reader.integer(place.part);
        } else if (json::is(key, "item")) {
            item = reader.raw();
        } else if (json::is(key, "response")) {
            response = reader.raw();
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    // the stream's own name for the event, which some vendors leave out, says the same
    const auto named = detail::responses_event(own_type.empty() ? type : own_type);
    if (!reader.finish()) [[unlikely]] {
        if (named.event == Event::error) return fail(make_error_in_answer(dialect_->vendor, data));
        const bool ours = named.event != Event::unknown || type.empty() || json::is(type, "message");
        return ours ? fail(malformed(dialect_->vendor, "an event that is not a JSON object", data))
                    : Step::nothing; // events of a type we do not know may hold anything
    }
    using Text = ResponsesItems::Text;
    switch (named.event) {
    case Event::output_text: items_.text(Text::output, place, text, named.whole, delta, reply); break;
    case Event::refusal: items_.text(Text::refusal, place, text, named.whole, delta, reply); break;
    case Event::summary_text: items_.text(Text::summary, place, text, named.whole, delta, reply); break;
    case Event::reasoning_text: items_.text(Text::reasoning, place, text, named.whole, delta, reply); break;
    case Event::arguments: items_.arguments(place.item, text, named.whole, delta, reply); break;
    case Event::item_added: items_.item(place.item, item, false, delta, reply); break;
    case Event::item_done: items_.item(place.item, item, true, delta, reply); break;
    case Event::progress: {
        json::Reader early(response);
        early.object([&](std::string_view key) {
            if (json::is(key, "id")) {
                if (reply.id.empty()) early.append_string(reply.id);
            } else if (json::is(key, "model")) {
                if (reply.model.empty()) early.append_string(reply.model);
            }
        });
        return Step::nothing;
    }
    case Event::completed: return finish(response, "completed", data, delta, reply);
    case Event::incomplete: return finish(response, "incomplete", data, delta, reply);
    case Event::failed: return finish(response, "failed", data, delta, reply);
    case Event::error: return fail(make_error_in_answer(dialect_->vendor, data));
    case Event::unknown:
        // a vendor or gateway that breaks off in the words of another API
        if (failed) return fail(make_error_in_answer(dialect_->vendor, data));
        return Step::nothing;
    }
    return delta.empty() ? Step::nothing : Step::delta;
}

BATON_DECL Step ResponsesStreamDecoder::on_body_end(Reply&) {
    return fail(Error(Errc::truncated, "the stream stopped before its response.completed event; retry"));
}

} // namespace baton::wire
