// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/anthropic.hpp>

#include <algorithm>

namespace baton::wire {
namespace detail {

inline void set_anthropic_stop(std::string_view reason, Reply& reply) {
    struct Word {
        std::string_view text;
        StopReason stop;
    };
    static constexpr Word words[] = {
        {"end_turn", StopReason::stop},
        {"tool_use", StopReason::tool_calls},
        {"max_tokens", StopReason::length},
        {"stop_sequence", StopReason::stop_sequence},
        {"pause_turn", StopReason::pause},
        {"refusal", StopReason::refusal},
        {"model_context_window_exceeded", StopReason::length},
    };
    if (reason.empty()) return;
    for (const Word& word : words) {
        if (word.text != reason) continue;
        reply.stop = word.stop;
        return;
    }
    reply.stop = StopReason::unknown;
    reply.stop_text = std::string(reason);
}

/// `stop_reason` and `stop_sequence`, wherever they stand.
inline void read_anthropic_stop(json::Reader& reader, std::string_view key, Reply& reply) {
    std::string_view text;
    std::string scratch;
    if (json::is(key, "stop_reason")) {
        if (reader.string(text, scratch)) set_anthropic_stop(text, reply);
    } else if (json::is(key, "stop_sequence")) {
        if (reader.string(text, scratch)) reply.stop_text = std::string(text);
    }
}

/// Counters are cumulative: what is named replaces what was known, what is not named stays.
inline void read_anthropic_usage(json::Reader& reader, Usage& usage) {
    std::uint64_t thinking = 0, output = 0;
    bool output_named = false;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "input_tokens")) {
                reader.unsigned_integer(usage.input_tokens);
            } else if (json::is(key, "cache_read_input_tokens")) {
                reader.unsigned_integer(usage.cached_input_tokens);
            } else if (json::is(key, "cache_creation_input_tokens")) {
                reader.unsigned_integer(usage.cache_write_tokens);
            } else if (json::is(key, "output_tokens")) {
                output_named = reader.unsigned_integer(output);
            } else if (json::is(key, "output_tokens_details")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "thinking_tokens")) reader.unsigned_integer(thinking);
                });
            }
        })) {
        return;
    }
    if (output_named) {
        usage.reasoning_tokens = std::min(thinking, output);
        usage.output_tokens = output - usage.reasoning_tokens;
    }
    usage.reported = true;
}

/// Nothing a vendor would miss: null, or the empty list it sends in advance.
inline bool says_nothing(std::string_view json) noexcept { return json == "null" || json == "[]"; }

} // namespace detail

// --- AnthropicBlocks -------------------------------------------------------------------------------

BATON_DECL void AnthropicBlocks::add(std::string_view json, bool streamed, Reply& reply) {
    std::string_view type, text, thinking, signature, id, name, input; // text, thinking: with their quotes
    std::string extra;
    std::string scratch[4];
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (json::is(key, "type")) {
            reader.string(type, scratch[0]);
        } else if (json::is(key, "text")) {
            text = reader.raw();
        } else if (json::is(key, "thinking")) {
            thinking = reader.raw();
        } else if (json::is(key, "signature")) {
            reader.string(signature, scratch[1]);
        } else if (json::is(key, "id")) {
            reader.string(id, scratch[2]);
        } else if (json::is(key, "name")) {
            reader.string(name, scratch[3]);
        } else if (json::is(key, "input")) {
            input = reader.raw();
        } else {
            const std::string quoted(key);
            const std::string_view value = reader.raw();
            if (detail::says_nothing(value)) return;
            if (!extra.empty()) extra += ',';
            json::append_string(extra, quoted);
            extra.append(":").append(value);
        }
    });
    Part& part = reply.parts.emplace_back();
    const auto keep_extra = [&] {
        if (extra.empty()) return;
        Part::Detail& detail = part.detail.ensure();
        detail.extra = std::move(extra);
        detail.vendor = Anthropic::name;
    };
    if (type == "text") {
        // growing text is kept off the small buffer: views of it survive when parts move
        if (streamed) part.text.reserve(first_text_ ? 1024 : 128);
        first_text_ = false;
        json::Reader(text).append_string(part.text);
        keep_extra();
        open_ = Open::text;
    } else if (type == "thinking") {
        part.kind = Part::Kind::thinking;
        if (streamed) part.text.reserve(512);
        json::Reader(thinking).append_string(part.text);
        part.detail.ensure().signature = signature;
        part.detail->vendor = Anthropic::name;
        keep_extra();
        open_ = Open::thinking;
    } else if (type == "tool_use") {
        part.kind = Part::Kind::tool_call;
        if (streamed) part.text.reserve(256);
        if (!(streamed && input == "{}")) part.text = input;
        part.detail.ensure().id = id;
        part.detail->name = name;
        keep_extra();
        ++calls_;
        open_ = Open::tool;
    } else {
        part.kind = Part::Kind::opaque;
        part.text = json;
        part.detail.ensure().name = type;
        part.detail->vendor = Anthropic::name;
        open_ = Open::opaque;
    }
    if (!streamed) close(reply);
}

BATON_DECL void AnthropicBlocks::show(Mark from, Delta& delta, const Reply& reply) {
    int call = calls_;
    for (std::size_t i = from.parts; i < reply.parts.size(); ++i)
        call -= reply.parts[i].kind == Part::Kind::tool_call;
    for (std::size_t i = from.parts - (from.parts > 0); i < reply.parts.size(); ++i) {
        const Part& part = reply.parts[i];
        const bool begun = i >= from.parts;
        const std::size_t before = begun ? 0 : from.text;
        if (part.kind == Part::Kind::tool_call) {
            if (begun) {
                shown_calls_.open(call++, part.detail->id, part.detail->name, part.text, delta);
            } else {
                shown_calls_.grow(call - 1, part.text, before, delta);
            }
        } else if (part.text.size() > before && part.kind != Part::Kind::opaque) {
            const std::string_view added = std::string_view(part.text).substr(before);
            if (part.kind == Part::Kind::text) {
                shown_text_.join(added, delta.text);
            } else {
                shown_reasoning_.join(added, delta.reasoning);
            }
        }
    }
}

BATON_DECL void AnthropicBlocks::add_citation(std::string_view json) {
    if (json.empty()) return;
    if (!citations_.empty()) citations_ += ',';
    citations_ += json;
}

BATON_DECL bool AnthropicBlocks::extend(json::Reader& reader, Reply& reply) {
    if (open_ == Open::none) return false;
    Part& part = reply.parts.back();
    reader.object([&](std::string_view key) {
        if (json::is(key, "type")) {
            // every kind of delta has a member of its own name
        } else if (json::is(key, "text")) {
            if (open_ == Open::text) reader.append_string(part.text);
        } else if (json::is(key, "partial_json")) {
            if (open_ == Open::tool) reader.append_string(part.text);
            if (open_ == Open::opaque) reader.append_string(pieces_);
        } else if (json::is(key, "thinking")) {
            if (open_ == Open::thinking) reader.append_string(part.text);
        } else if (json::is(key, "signature")) {
            if (open_ == Open::thinking) reader.append_string(part.detail->signature);
        } else if (json::is(key, "citation")) {
            if (open_ == Open::text) add_citation(reader.raw());
        } else if (json::is(key, "content")) { // compaction
            if (open_ == Open::opaque) pieces_are_text_ = reader.append_string(pieces_);
        }
    });
    return true;
}

BATON_DECL bool AnthropicBlocks::close(Reply& reply) {
    if (open_ == Open::none) return true;
    Part& part = reply.parts.back();
    bool good = true;
    if (open_ == Open::text && !citations_.empty()) {
        Part::Detail& detail = part.detail.ensure();
        detail.extra.append(detail.extra.empty() ? "" : ",")
            .append("\"citations\":[")
            .append(citations_)
            .append("]");
        detail.vendor = Anthropic::name;
        citations_.clear();
    } else if (open_ == Open::tool && part.text.empty()) {
        part.text = "{}";
    } else if (open_ == Open::opaque && !pieces_.empty()) {
        good = close_opaque(part);
    }
    open_ = Open::none;
    return good;
}

// The block was begun with a placeholder (`"input":{}` or `"content":null`) for what came in pieces.
BATON_DECL bool AnthropicBlocks::close_opaque(Part& part) {
    std::string value;
    if (pieces_are_text_) {
        json::append_string(value, pieces_);
    } else {
        value = std::move(pieces_);
        json::Reader pieces(value);
        if (!pieces.skip() || !pieces.finish()) return false;
    }
    std::string whole;
    json::Writer writer(whole);
    json::Reader reader(part.text);
    const std::string_view place = pieces_are_text_ ? "content" : "input";
    bool placed = false;
    writer.begin_object();
    reader.object([&](std::string_view key) {
        writer.key(key);
        if (key == place) {
            writer.raw(value);
            placed = true;
        } else {
            writer.raw(reader.raw());
        }
    });
    if (!placed) writer.key(place).raw(value);
    writer.end_object();
    part.text = std::move(whole);
    pieces_.clear();
    pieces_are_text_ = false;
    return true;
}

// --- AnthropicStreamDecoder ------------------------------------------------------------------------

BATON_DECL Step AnthropicStreamDecoder::fail(Error error) {
    error_ = std::move(error);
    return Step::failed;
}

BATON_DECL void AnthropicStreamDecoder::start(json::Reader& reader, Reply& reply) {
    reader.object([&](std::string_view key) {
        if (json::is(key, "id")) {
            if (reply.id.empty()) reader.append_string(reply.id);
        } else if (json::is(key, "model")) {
            if (reply.model.empty()) reader.append_string(reply.model);
        } else if (json::is(key, "usage")) {
            detail::read_anthropic_usage(reader, reply.usage);
        } else if (json::is(key, "content")) {
            // after a programmatic tool call the whole message comes in its first event
            reader.array([&] { blocks_.add(reader.raw(), false, reply); });
        } else {
            detail::read_anthropic_stop(reader, key, reply);
        }
    });
}

BATON_DECL AnthropicStreamDecoder::Event AnthropicStreamDecoder::named(std::string_view type) noexcept {
    if (json::is(type, "content_block_delta")) return Event::block_delta;
    if (json::is(type, "content_block_start")) return Event::block_start;
    if (json::is(type, "content_block_stop")) return Event::block_stop;
    if (json::is(type, "message_start")) return Event::message_start;
    if (json::is(type, "message_delta")) return Event::message_delta;
    if (json::is(type, "message_stop")) return Event::message_stop;
    if (json::is(type, "error")) return Event::error;
    return type.empty() ? Event::unnamed : Event::unknown;
}

BATON_DECL Step AnthropicStreamDecoder::on_event(std::string_view type, std::string_view data, Delta& delta,
                                                 Reply& reply) {
    delta = Delta{};
    // where the stream names no event, the payload's own type counts
    Event event = json::is(type, "message") ? Event::unnamed : named(type);
    std::int64_t index = -1;
    bool orphan = false; // a delta for a block that is not open
    bool error_member = false;
    const AnthropicBlocks::Mark mark = AnthropicBlocks::mark(reply);
    json::Reader reader(data);
    reader.object([&](std::string_view key) {
        if (json::is(key, "delta")) {
            if (event == Event::message_delta) {
                reader.object(
                    [&](std::string_view member) { detail::read_anthropic_stop(reader, member, reply); });
            } else {
                orphan = index != open_index_ || !blocks_.extend(reader, reply);
            }
        } else if (json::is(key, "index")) {
            reader.integer(index);
        } else if (json::is(key, "type")) {
            std::string own;
            if (event == Event::unnamed && reader.append_string(own)) event = named(own);
        } else if (json::is(key, "content_block")) {
            if (!blocks_.close(reply)) orphan = true;
            blocks_.add(reader.raw(), true, reply);
            open_index_ = index;
        } else if (json::is(key, "message")) {
            if (event != Event::error) start(reader, reply);
        } else if (json::is(key, "usage")) {
            detail::read_anthropic_usage(reader, reply.usage);
        } else if (json::is(key, "error")) {
            error_member = reader.kind() == json::Reader::Kind::object;
        }
    });
    if (error_member || event == Event::error) [[unlikely]] {
        return fail(make_error_in_answer(detail::anthropic_vendor, data));
    }
    blocks_.show(mark, delta, reply);
    if (!reader.finish()) [[unlikely]] {
        // an unknown one may hold anything; but what was read of it is in the Reply
        if (event == Event::unknown && delta.empty() && reply.parts.size() == mark.parts)
            return Step::nothing;
        return fail(malformed(detail::anthropic_vendor, "an event that is not a JSON object", data));
    }
    orphan |= event == Event::message_stop && !delta.empty(); // nobody would see it
    if (orphan) [[unlikely]] {
        return fail(malformed(detail::anthropic_vendor, "a content block that does not fit together", data));
    }
    if (event == Event::block_stop || event == Event::message_stop) {
        open_index_ = -1;
        if (!blocks_.close(reply)) {
            return fail(malformed(detail::anthropic_vendor, "a content block that is not JSON", data));
        }
        if (event == Event::message_stop) {
            reply.seal();
            return Step::end;
        }
    }
    return delta.empty() ? Step::nothing : Step::delta;
}

BATON_DECL Step AnthropicStreamDecoder::on_body_end(Reply&) {
    return fail(Error(Errc::truncated, "the stream stopped before its message_stop event; retry"));
}

// --- whole bodies ----------------------------------------------------------------------------------

BATON_DECL std::optional<Error> Anthropic::decode(std::string_view body, Reply& reply) {
    AnthropicBlocks blocks;
    bool failed = false, content = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "content")) {
            content = true;
            reader.array([&] { blocks.add(reader.raw(), false, reply); });
        } else if (json::is(key, "id")) {
            reader.append_string(reply.id);
        } else if (json::is(key, "model")) {
            reader.append_string(reply.model);
        } else if (json::is(key, "usage")) {
            detail::read_anthropic_usage(reader, reply.usage);
        } else if (json::is(key, "error")) {
            failed = reader.kind() == json::Reader::Kind::object;
        } else {
            detail::read_anthropic_stop(reader, key, reply);
        }
    });
    if (!reader.finish())
        return malformed(detail::anthropic_vendor, "an answer that is not a JSON object", body);
    if (failed) return make_error_in_answer(detail::anthropic_vendor, body);
    if (!content) return malformed(detail::anthropic_vendor, "an answer without content", body);
    reply.seal();
    return std::nullopt;
}

BATON_DECL void Anthropic::read_environment(Options& options, KeyFrom from, Environment) {
    options.bearer |= from == KeyFrom::other_variable;
}

BATON_DECL std::optional<Error> Anthropic::write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines) {
    constexpr std::string_view option = "the key (ANTHROPIC_API_KEY or Anthropic::Options::key)";
    auto error = options.bearer ? append_header(lines, "authorization", key.reveal(), "Bearer ", option)
                                : append_header(lines, "x-api-key", key.reveal(), {}, option);
    const std::string_view version = options.version.empty() ? default_version : options.version;
    if (!error) error = append_header(lines, "anthropic-version", version, {}, "Anthropic::Options::version");
    if (!error) error = append_header(lines, "anthropic-beta", options.beta, {}, "Anthropic::Options::beta");
    return error;
}

} // namespace baton::wire
