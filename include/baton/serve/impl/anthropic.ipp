// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/anthropic.hpp>
#include <baton/serve/error_status.hpp>
#include <baton/serve/request_reader.hpp>

namespace baton::serve {
namespace detail::anthropic {

using Kind = Part::Kind;

inline std::string_view stop_reason(const Reply& reply) noexcept {
    switch (reply.stop) {
    case StopReason::stop: return "end_turn";
    case StopReason::length: return "max_tokens";
    case StopReason::tool_calls: return "tool_use";
    case StopReason::stop_sequence: return "stop_sequence";
    case StopReason::content_filter:
    case StopReason::refusal: return "refusal";
    case StopReason::pause: return "pause_turn";
    case StopReason::unknown: break;
    }
    return reply.stop_text.empty() ? std::string_view("end_turn") : std::string_view(reply.stop_text);
}

inline void stop_members(json::Writer& json, const Reply& reply) {
    json.key("stop_reason").string(stop_reason(reply)).key("stop_sequence");
    reply.stop == StopReason::stop_sequence && !reply.stop_text.empty() ? json.string(reply.stop_text)
                                                                        : json.null();
}

/// This dialect's input counters are disjoint as ours; what was thought counts as output.
inline void usage(json::Writer& json, const Usage& usage) {
    json.begin_object();
    json.key("input_tokens").number(usage.input_tokens + usage.input_audio_tokens);
    json.key("cache_creation_input_tokens").number(usage.cache_write_tokens);
    json.key("cache_read_input_tokens").number(usage.cached_input_tokens);
    json.key("output_tokens").number(usage.total_output());
    if (usage.reasoning_tokens != 0) {
        json.key("output_tokens_details").begin_object();
        json.key("thinking_tokens").number(usage.reasoning_tokens).end_object();
    }
    json.end_object();
}

inline bool is_own(const Part& part) noexcept {
    return part.detail && part.detail->vendor == Anthropic::name;
}

inline void write_block(json::Writer& json, const Part& part) {
    static const Part::Detail none;
    const Part::Detail& detail = part.detail ? *part.detail : none;
    if (part.kind == Kind::opaque) {
        std::string line;
        append_one_line(line, part.text);
        json.raw(line);
        return;
    }
    json.begin_object().key("type");
    if (part.kind == Kind::thinking) {
        json.string("thinking").key("thinking").string(part.text).key("signature").string(detail.signature);
    } else if (part.kind == Kind::tool_call) {
        std::string line; // what a model writes may have line breaks between its members
        append_one_line(line, object_or_empty(part.text));
        json.string("tool_use").key("id").string(detail.id).key("name").string(detail.name);
        json.key("input").raw(line);
    } else {
        json.string("text").key("text").string(part.text);
    }
    if (is_own(part) && !detail.extra.empty()) {
        const std::string extra = "{" + detail.extra + "}";
        json::Reader in(extra);
        in.object([&](std::string_view key) {
            json.key(key);
            json.raw(in.raw());
        });
    }
    json.end_object();
}

/// What an answer may hold in this dialect.
inline bool expressible(const Part& part) noexcept {
    return part.kind == Kind::text || part.kind == Kind::thinking || part.kind == Kind::tool_call ||
           (part.kind == Kind::opaque && is_own(part));
}

inline void error_object(json::Writer& json, const Error& error, int status) {
    std::string_view type = "api_error";
    switch (error.errc()) {
    case Errc::invalid_request:
    case Errc::context_overflow:
    case Errc::content_filtered: type = "invalid_request_error"; break;
    case Errc::auth: type = "authentication_error"; break;
    case Errc::permission: type = "permission_error"; break;
    case Errc::not_found: type = "not_found_error"; break;
    case Errc::too_large: type = "request_too_large"; break;
    case Errc::rate_limited: type = "rate_limit_error"; break;
    case Errc::quota: type = "billing_error"; break;
    default:
        if (status == 503 || status == 529) type = "overloaded_error";
        if (status == 504) type = "timeout_error";
        break;
    }
    std::string message(error_message(error));
    // the words by which clients tell it from other requests that are at fault
    constexpr std::string_view words = "prompt is too long";
    if (error.errc() == Errc::context_overflow && message.find(words) == std::string::npos)
        message.append(" (").append(words).append(")");
    json.begin_object().key("type").string("error").key("error").begin_object();
    json.key("type").string(type).key("message").string(message).end_object();
    if (const std::string& id = error.detail().request_id; !id.empty()) json.key("request_id").string(id);
    json.end_object();
}

/// "event: x\ndata: " in front and a blank line behind what `write` writes.
template <class F>
void event(std::string& out, std::string_view type, F&& write) {
    out.append("event: ").append(type).append("\ndata: ");
    json::Writer json(out);
    json.begin_object().key("type").string(type);
    write(json);
    json.end_object();
    out += "\n\n";
}

inline void block_delta(std::string& out, int index, std::string_view type, std::string_view member,
                        std::string_view text) {
    event(out, "content_block_delta", [&](json::Writer& json) {
        json.key("index").number(index).key("delta").begin_object();
        json.key("type").string(type).key(member).string(text).end_object();
    });
}

} // namespace detail::anthropic

BATON_DECL void Anthropic::encode(const Reply& reply, WallTime, std::string& out) {
    using namespace detail::anthropic;
    json::Writer json(out);
    json.begin_object();
    json.key("id").string(reply.id).key("type").string("message").key("role").string("assistant");
    json.key("model").string(reply.model).key("content").begin_array();
    for (const Part& part : reply.parts) {
        if (expressible(part)) write_block(json, part);
    }
    json.end_array();
    stop_members(json, reply);
    json.key("usage");
    usage(json, reply.usage);
    json.end_object();
}

BATON_DECL int Anthropic::encode_error(const Error& error, std::string& out) {
    int status = http_status(error);
    if (error.errc() == Errc::quota) status = 402;
    if (error.errc() == Errc::unavailable || error.errc() == Errc::breaker_open) status = 529;
    json::Writer json(out);
    detail::anthropic::error_object(json, error, status);
    return status;
}

BATON_DECL void Anthropic::encode_models(std::span<const std::string> models, std::string& out) {
    json::Writer json(out);
    json.begin_object().key("data").begin_array();
    for (const std::string& model : models) {
        json.begin_object()
            .key("type")
            .string("model")
            .key("id")
            .string(model)
            .key("display_name")
            .string(model);
        json.key("created_at").string("1970-01-01T00:00:00Z").end_object();
    }
    json.end_array().key("has_more").boolean(false);
    json.key("first_id");
    models.empty() ? json.null() : json.string(models.front());
    json.key("last_id");
    models.empty() ? json.null() : json.string(models.back());
    json.end_object();
}

BATON_DECL void Anthropic::encode_count(std::uint64_t tokens, std::string& out) {
    json::Writer json(out);
    json.begin_object().key("input_tokens").number(tokens).end_object();
}

BATON_DECL void Anthropic::StreamEncoder::begin(const StreamHead& head, std::string& out) {
    detail::anthropic::event(out, "message_start", [&](json::Writer& json) {
        json.key("message").begin_object();
        json.key("id").string(head.id).key("type").string("message").key("role").string("assistant");
        json.key("model").string(head.model).key("content").begin_array().end_array();
        json.key("stop_reason").null().key("stop_sequence").null().key("usage");
        detail::anthropic::usage(json, head.usage);
        json.end_object();
    });
}

BATON_DECL void Anthropic::StreamEncoder::close(std::string& out) {
    if (block_ == Block::none) return;
    detail::anthropic::event(out, "content_block_stop",
                             [&](json::Writer& json) { json.key("index").number(index_); });
    block_ = Block::none;
}

BATON_DECL void Anthropic::StreamEncoder::open(Block kind, std::string& out) {
    if (block_ == kind) return;
    close(out);
    block_ = kind;
    ++index_;
    detail::anthropic::event(out, "content_block_start", [&](json::Writer& json) {
        json.key("index").number(index_).key("content_block");
        json.raw(kind == Block::text ? R"({"type":"text","text":""})"
                                     : R"({"type":"thinking","thinking":"","signature":""})");
    });
}

BATON_DECL void Anthropic::StreamEncoder::delta(const Delta& delta, std::string& out) {
    using detail::anthropic::block_delta;
    if (!delta.reasoning.empty()) {
        open(Block::thinking, out);
        block_delta(out, index_, "thinking_delta", "thinking", delta.reasoning);
    }
    if (!delta.text.empty()) {
        open(Block::text, out);
        block_delta(out, index_, "text_delta", "text", delta.text);
    }
    for (const Delta::ToolFragment& tool : delta.tools) {
        const auto call = static_cast<std::size_t>(tool.index < 0 ? 0 : tool.index);
        if (tool_blocks_.size() <= call) tool_blocks_.resize(call + 1, -1);
        if (tool_blocks_[call] < 0) {
            close(out);
            block_ = Block::tool;
            tool_blocks_[call] = ++index_;
            detail::anthropic::event(out, "content_block_start", [&](json::Writer& json) {
                json.key("index").number(index_).key("content_block").begin_object();
                json.key("type").string("tool_use").key("id").string(tool.id).key("name").string(tool.name);
                json.key("input").begin_object().end_object().end_object();
            });
        }
        const bool closed = block_ != Block::tool || tool_blocks_[call] != index_;
        if (tool.arguments.empty()) continue;
        if (closed) {
            late_ = true;
        } else {
            block_delta(out, tool_blocks_[call], "input_json_delta", "partial_json", tool.arguments);
        }
    }
}

BATON_DECL void Anthropic::StreamEncoder::part(const Part& part, std::string& out) {
    using namespace detail::anthropic;
    if (part.kind == Kind::thinking && part.detail && !part.detail->signature.empty()) {
        open(Block::thinking, out); // a signature alone: thinking that is not shown
        block_delta(out, index_, "signature_delta", "signature", part.detail->signature);
        close(out);
    } else if (part.kind == Kind::opaque && is_own(part)) {
        close(out);
        ++index_;
        event(out, "content_block_start", [&](json::Writer& json) {
            json.key("index").number(index_).key("content_block");
            write_block(json, part);
        });
        event(out, "content_block_stop", [&](json::Writer& json) { json.key("index").number(index_); });
    }
}

BATON_DECL void Anthropic::StreamEncoder::finish(const Reply& reply, std::string& out) {
    using namespace detail::anthropic;
    close(out);
    if (late_) {
        return fail(Error(Errc::protocol, "the vendor's tool calls came interleaved, which a stream of this "
                                          "dialect cannot carry; ask without stream"),
                    out);
    }
    event(out, "message_delta", [&](json::Writer& json) {
        json.key("delta").begin_object();
        stop_members(json, reply);
        json.end_object().key("usage");
        usage(json, reply.usage);
    });
    event(out, "message_stop", [](json::Writer&) {});
}

BATON_DECL void Anthropic::StreamEncoder::fail(const Error& error, std::string& out) {
    std::string ignored;
    out += "event: error\ndata: ";
    json::Writer json(out);
    const int status = encode_error(error, ignored);
    detail::anthropic::error_object(json, error, status);
    out += "\n\n";
}

} // namespace baton::serve
