// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/cohere.hpp>

#include <algorithm>

namespace baton::wire {
namespace detail {

/// What `finish_reason` means for a Reply, or the error that it is. `message`: the vendor's, if it gave one.
inline std::optional<Error> set_cohere_stop(std::string_view reason, std::string_view message, Reply& reply) {
    struct Word {
        std::string_view text;
        StopReason stop;
    };
    static constexpr Word words[] = {
        {"COMPLETE", StopReason::stop},
        {"MAX_TOKENS", StopReason::length},
        {"STOP_SEQUENCE", StopReason::stop_sequence},
        {"TOOL_CALL", StopReason::tool_calls},
    };
    for (const Word& word : words) {
        if (word.text != reason) continue;
        reply.stop = word.stop;
        return std::nullopt;
    }
    if (reason == "ERROR" || reason == "TIMEOUT") {
        std::string said(message);
        if (said.empty()) said.append("the answer ended with ").append(reason);
        std::string body;
        json::Writer(body).begin_object().key("message").string(said).end_object();
        return make_error_in_answer(cohere_vendor, body);
    }
    reply.stop_text = std::string(reason);
    return std::nullopt;
}

/// `tokens` is what the model read and wrote, `billed_units` what of it costs; cached and reasoning tokens
/// are counted into the former.
inline void read_cohere_usage(json::Reader& reader, Usage& usage) {
    struct Counted {
        std::uint64_t in = 0, out = 0, reasoning = 0;
        bool any = false;
    } tokens, billed;
    std::uint64_t cached = 0;
    const auto read = [&](Counted& to) {
        reader.object([&](std::string_view key) {
            if (json::is(key, "input_tokens")) to.any |= reader.unsigned_integer(to.in);
            if (json::is(key, "output_tokens")) to.any |= reader.unsigned_integer(to.out);
            if (json::is(key, "reasoning_tokens")) reader.unsigned_integer(to.reasoning);
        });
    };
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "tokens")) read(tokens);
            if (json::is(key, "billed_units")) read(billed);
            if (json::is(key, "cached_tokens")) reader.unsigned_integer(cached);
        })) {
        return;
    }
    const Counted& all = tokens.any ? tokens : billed;
    usage.cached_input_tokens = std::min(cached, all.in);
    usage.input_tokens = all.in - usage.cached_input_tokens;
    usage.reasoning_tokens = std::min(all.reasoning, all.out);
    usage.output_tokens = all.out - usage.reasoning_tokens;
    usage.reported = true;
}

} // namespace detail

// --- CohereStreamDecoder ---------------------------------------------------------------------------

BATON_DECL Step CohereStreamDecoder::fail(Error error) {
    error_ = std::move(error);
    return Step::failed;
}

BATON_DECL CohereStreamDecoder::Event CohereStreamDecoder::named(std::string_view type) noexcept {
    if (json::is(type, "content-delta")) return Event::content_delta;
    if (json::is(type, "tool-call-delta")) return Event::tool_call_delta;
    if (json::is(type, "tool-plan-delta")) return Event::tool_plan_delta;
    if (json::is(type, "content-start")) return Event::content_start;
    if (json::is(type, "tool-call-start")) return Event::tool_call_start;
    if (json::is(type, "citation-start")) return Event::citation_start;
    if (json::is(type, "message-start")) return Event::message_start;
    if (json::is(type, "message-end")) return Event::message_end;
    if (json::is(type, "error")) return Event::error;
    return type.empty() ? Event::unnamed : Event::unknown;
}

BATON_DECL bool CohereStreamDecoder::read_delta(Event event, std::int64_t index, json::Reader& reader,
                                                Delta& delta, Reply& reply) {
    using Piece = CohereAssembler::Piece;
    Piece piece = Piece::content;
    switch (event) {
    case Event::content_delta: break;
    case Event::content_start: piece = Piece::content_start; break;
    case Event::tool_plan_delta: piece = Piece::tool_plan; break;
    case Event::tool_call_start: piece = Piece::call_start; break;
    case Event::tool_call_delta: piece = Piece::call; break;
    case Event::citation_start: piece = Piece::citation; break;
    case Event::message_end: {
        std::string reason, message;
        reader.object([&](std::string_view key) {
            if (json::is(key, "finish_reason")) reader.append_string(reason);
            if (json::is(key, "error")) reader.append_string(message);
            if (json::is(key, "usage")) detail::read_cohere_usage(reader, reply.usage);
        });
        failure_ = detail::set_cohere_stop(reason, message, reply);
        return true;
    }
    default: reader.skip(); return true;
    }
    bool fits = true;
    reader.object([&](std::string_view key) {
        if (json::is(key, "message")) fits = message_.extend(piece, index, reader, delta, reply) && fits;
    });
    return fits;
}

BATON_DECL Step CohereStreamDecoder::on_event(std::string_view type, std::string_view data, Delta& delta,
                                              Reply& reply) {
    delta = Delta{};
    if (data.starts_with("[DONE]")) {
        return fail(Error(Errc::truncated, "the stream was declared done without its message-end; retry"));
    }
    // where the stream names no event, the payload's own type counts
    Event event = json::is(type, "message") ? Event::unnamed : named(type);
    std::int64_t index = -1;
    bool fits = true, failed = false, text = false;
    std::string_view late; // a delta that stands before the members that say what it is
    json::Reader reader(data);
    reader.object([&](std::string_view key) {
        if (json::is(key, "delta")) {
            if (event == Event::unnamed || (index < 0 && is_indexed(event))) {
                late = reader.raw();
            } else {
                fits = read_delta(event, index, reader, delta, reply);
            }
        } else if (json::is(key, "index")) {
            reader.integer(index);
        } else if (json::is(key, "type")) {
            std::string own;
            if (event == Event::unnamed && reader.append_string(own)) event = named(own);
        } else if (json::is(key, "id")) {
            if (reply.id.empty()) reader.append_string(reply.id);
        } else if (json::is(key, "logprobs")) {
            message_.add_logprobs(reader);
        } else if (json::is(key, "message")) { // without a type, the shape of an error
            text |= reader.kind() == json::Reader::Kind::string;
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    if (failed || event == Event::error || (text && event == Event::unnamed)) [[unlikely]] {
        return fail(make_error_in_answer(detail::cohere_vendor, data));
    }
    if (!reader.finish()) [[unlikely]] {
        if (event == Event::unknown) return Step::nothing; // may hold anything
        return fail(malformed(detail::cohere_vendor, "an event that is not a JSON object", data));
    }
    if (!late.empty()) {
        json::Reader again(late);
        fits = read_delta(event, index, again, delta, reply);
    }
    if (!fits) [[unlikely]] {
        return fail(malformed(detail::cohere_vendor, "an event that does not fit together", data));
    }
    if (event == Event::message_end) {
        if (failure_) return fail(*std::move(failure_));
        message_.finish(reply);
        return Step::end;
    }
    return delta.empty() ? Step::nothing : Step::delta;
}

BATON_DECL Step CohereStreamDecoder::on_body_end(Reply&) {
    return fail(Error(Errc::truncated, "the stream stopped before its message-end event; retry"));
}

// --- whole bodies ----------------------------------------------------------------------------------

BATON_DECL std::optional<Error> Cohere::decode(std::string_view body, Reply& reply) {
    CohereAssembler message;
    bool failed = false, found = false;
    std::string reason;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "message")) {
            failed |= reader.kind() == json::Reader::Kind::string;
            if (!failed) found = message.whole(reader, reply);
        } else if (json::is(key, "finish_reason")) {
            reader.append_string(reason);
        } else if (json::is(key, "id")) {
            reader.append_string(reply.id);
        } else if (json::is(key, "usage")) {
            detail::read_cohere_usage(reader, reply.usage);
        } else if (json::is(key, "logprobs")) {
            message.add_logprobs(reader);
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    if (!reader.finish()) {
        return malformed(detail::cohere_vendor, "an answer that is not a JSON object", body);
    }
    if (failed) return make_error_in_answer(detail::cohere_vendor, body);
    if (auto error = detail::set_cohere_stop(reason, {}, reply)) return error;
    if (!found) return malformed(detail::cohere_vendor, "an answer without a message", body);
    message.finish(reply);
    return std::nullopt;
}

BATON_DECL std::optional<Error> Cohere::write_account_headers(const Options& options, const Secret& key,
                                                              std::string& lines) {
    auto error = append_header(lines, "authorization", key.reveal(), "Bearer ",
                               "the key (CO_API_KEY or Cohere::Options::key)");
    if (!error) {
        error =
            append_header(lines, "x-client-name", options.client_name, {}, "Cohere::Options::client_name");
    }
    return error;
}

} // namespace baton::wire
