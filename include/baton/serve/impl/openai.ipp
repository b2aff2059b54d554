// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/error_status.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/request_reader.hpp>

namespace baton::serve {
namespace detail::openai {

using Kind = Part::Kind;

/// What the model declined with: a text that must go back under its own name.
inline bool is_refusal(const Part& part) noexcept {
    return part.kind == Kind::text && part.detail && part.detail->name == "refusal";
}

inline std::string_view finish_reason(const Reply& reply) noexcept {
    switch (reply.stop) {
    case StopReason::stop:
    case StopReason::stop_sequence:
    case StopReason::refusal: // the message says so, not the reason
    case StopReason::pause: return "stop";
    case StopReason::length: return "length";
    case StopReason::tool_calls: return "tool_calls";
    case StopReason::content_filter: return "content_filter";
    case StopReason::unknown: break;
    }
    return reply.stop_text.empty() ? std::string_view("stop") : std::string_view(reply.stop_text);
}

/// Nested totals, as this dialect counts: the prompt includes what was cached, the completion what was
/// thought.
inline void usage(json::Writer& json, const Usage& usage) {
    json.begin_object();
    json.key("prompt_tokens").number(usage.total_input());
    json.key("completion_tokens").number(usage.total_output());
    json.key("total_tokens").number(usage.total());
    json.key("prompt_tokens_details").begin_object();
    json.key("cached_tokens").number(usage.cached_input_tokens);
    if (usage.cache_write_tokens != 0) json.key("cache_write_tokens").number(usage.cache_write_tokens);
    json.key("audio_tokens").number(usage.input_audio_tokens);
    json.end_object();
    json.key("completion_tokens_details").begin_object();
    json.key("reasoning_tokens").number(usage.reasoning_tokens);
    json.key("audio_tokens").number(usage.output_audio_tokens);
    json.end_object().end_object();
}

inline void error_object(json::Writer& json, const Error& error, int status) {
    std::string_view type = "server_error", code;
    switch (error.errc()) {
    case Errc::invalid_request:
    case Errc::too_large: type = "invalid_request_error"; break;
    case Errc::context_overflow: type = "invalid_request_error", code = "context_length_exceeded"; break;
    case Errc::content_filtered: type = "invalid_request_error", code = "content_filter"; break;
    case Errc::auth: type = "invalid_request_error", code = "invalid_api_key"; break;
    case Errc::permission: type = "permission_error"; break;
    case Errc::not_found: type = "invalid_request_error", code = "model_not_found"; break;
    case Errc::rate_limited: type = "rate_limit_error", code = "rate_limit_exceeded"; break;
    case Errc::quota: type = code = "insufficient_quota"; break;
    case Errc::transient: break;
    default: // a class of ours that OpenAI has no word for
        code = to_string(error.errc());
        if (status == 504) type = "timeout_error";
        break;
    }
    json.begin_object().key("error").begin_object();
    json.key("message").string(error_message(error)).key("type").string(type).key("param").null();
    json.key("code");
    code.empty() ? json.null() : json.string(code);
    json.end_object().end_object();
}

/// Whether `call` has a thought signature of Google's, without which its next models think less well.
inline bool has_signature(const Part& call) noexcept {
    return call.kind == Kind::tool_call && call.detail && !call.detail->signature.empty() &&
           (call.detail->vendor == "gemini" || call.detail->vendor == "vertex");
}
/// In the place that Google's own API of this dialect has for it.
inline void write_signature(json::Writer& json, const Part& call) {
    json.key("extra_content").begin_object().key("google").begin_object();
    json.key("thought_signature").string(call.detail->signature).end_object().end_object();
}

/// `index`: -1 where it is not said.
inline void write_tool_call(json::Writer& json, const Part& part, int index) {
    json.begin_object();
    if (index >= 0) json.key("index").number(index);
    if (part.detail) json.key("id").string(part.detail->id);
    json.key("type").string("function").key("function").begin_object();
    json.key("name").string(part.detail ? std::string_view(part.detail->name) : std::string_view());
    json.key("arguments").string(part.text).end_object();
    if (has_signature(part)) write_signature(json, part);
    json.end_object();
}

/// Log probabilities as this API has them, or null: of the Responses API the list they are in, of others
/// nothing.
inline void write_logprobs(json::Writer& json, const Reply& reply) {
    const std::string_view raw = reply.extras ? std::string_view(reply.extras->logprobs) : std::string_view();
    bool own = false;
    json::Reader reader(raw);
    reader.object([&](std::string_view key) { own |= key == "content" || key == "refusal"; });
    if (own) {
        std::string line;
        append_one_line(line, raw);
        json.raw(line);
    } else if (raw.starts_with('[')) {
        std::string line;
        append_one_line(line, raw);
        json.begin_object().key("content").raw(line).key("refusal").null().end_object();
    } else {
        json.null();
    }
}

/// The members of a whole message that a delta has too.
inline void write_said(json::Writer& json, const Reply& reply, bool streamed) {
    std::string text, refusal, thinking;
    bool texts = false, calls = false;
    for (const Part& part : reply.parts) {
        if (part.kind == Kind::thinking) thinking += part.text;
        calls |= part.kind == Kind::tool_call;
        if (part.kind != Kind::text) continue;
        (is_refusal(part) ? refusal : text) += part.text;
        texts |= !is_refusal(part);
    }
    json.key("role").string("assistant");
    if (!thinking.empty()) json.key("reasoning_content").string(thinking);
    json.key("content");
    texts ? json.string(text) : json.null();
    json.key("refusal");
    refusal.empty() ? json.null() : json.string(refusal);
    if (!calls) return;
    json.key("tool_calls").begin_array();
    int index = 0;
    for (const Part& part : reply.parts) {
        if (part.kind == Kind::tool_call) write_tool_call(json, part, streamed ? index++ : -1);
    }
    json.end_array();
}

/// `streamed`: all of it in one delta.
inline void write_choice(json::Writer& json, const Reply& reply, std::size_t index, bool streamed = false) {
    json.begin_object().key("index").number(index);
    json.key(streamed ? "delta" : "message").begin_object();
    write_said(json, reply, streamed);
    json.end_object().key("logprobs");
    write_logprobs(json, reply);
    json.key("finish_reason").string(finish_reason(reply)).end_object();
}

} // namespace detail::openai

BATON_DECL void OpenAI::encode(const Reply& reply, WallTime now, std::string& out) {
    using namespace detail::openai;
    json::Writer json(out);
    json.begin_object();
    json.key("id").string(reply.id).key("object").string("chat.completion");
    json.key("created").number(detail::unix_seconds(now)).key("model").string(reply.model);
    json.key("choices").begin_array();
    write_choice(json, reply, 0);
    if (reply.extras) {
        std::size_t index = 0;
        for (const Reply& other : reply.extras->alternatives) write_choice(json, other, ++index);
    }
    json.end_array();
    if (reply.usage.reported) {
        json.key("usage");
        usage(json, reply.usage);
    }
    if (reply.extras && !reply.extras->service_tier.empty())
        json.key("service_tier").string(reply.extras->service_tier);
    json.end_object();
}

BATON_DECL int OpenAI::encode_error(const Error& error, std::string& out) {
    const int status = http_status(error);
    json::Writer json(out);
    detail::openai::error_object(json, error, status);
    return status;
}

BATON_DECL void OpenAI::encode_models(std::span<const std::string> models, std::string& out) {
    json::Writer json(out);
    json.begin_object().key("object").string("list").key("data").begin_array();
    for (const std::string& model : models) {
        json.begin_object().key("id").string(model).key("object").string("model").key("created").number(0);
        json.key("owned_by").string("baton").end_object();
    }
    json.end_array().end_object();
}

BATON_DECL void OpenAI::StreamEncoder::begin(const StreamHead& head, std::string& out) {
    usage_ = head.include_usage;
    prefix_ = "data: ";
    json::Writer json(prefix_);
    json.begin_object();
    json.key("id").string(head.id).key("object").string("chat.completion.chunk");
    json.key("created").number(detail::unix_seconds(head.created)).key("model").string(head.model);
    // Where usage is wanted, OpenAI says null in every chunk but the last.
    if (usage_ && !strict_) json.key("usage").null();
    prefix_ += ",\"choices\":[";
    out += prefix_;
    out +=
        R"({"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]})";
    out += "\n\n";
}

BATON_DECL void OpenAI::StreamEncoder::delta(const Delta& delta, std::string& out) {
    const auto chunk = [&](auto&& write) {
        out += prefix_;
        json::Writer json(out);
        json.begin_object().key("index").number(0).key("delta").begin_object();
        write(json);
        json.end_object().key("logprobs").null().key("finish_reason").null().end_object();
        out += "]}\n\n";
    };
    if (!delta.reasoning.empty() || !delta.text.empty()) {
        chunk([&](json::Writer& json) {
            if (!delta.reasoning.empty()) json.key("reasoning_content").string(delta.reasoning);
            if (!delta.text.empty()) json.key("content").string(delta.text);
        });
    }
    for (const Delta::ToolFragment& tool : delta.tools) { // one in a chunk: clients look for one
        chunk([&](json::Writer& json) {
            json.key("tool_calls").begin_array().begin_object().key("index").number(tool.index);
            if (!tool.id.empty()) json.key("id").string(tool.id).key("type").string("function");
            json.key("function").begin_object();
            if (strict_ || !tool.name.empty()) json.key("name").string(tool.name);
            json.key("arguments").string(tool.arguments).end_object().end_object().end_array();
        });
    }
}

BATON_DECL void OpenAI::StreamEncoder::finish(const Reply& reply, std::string& out) {
    using namespace detail::openai;
    if (reply.extras) {
        std::size_t index = 0;
        for (const Reply& other : reply.extras->alternatives) {
            out += prefix_;
            json::Writer whole(out);
            write_choice(whole, other, ++index, true);
            out += "]}\n\n";
        }
    }
    int call = 0;
    for (const Part& part : reply.parts) { // known when a call is whole, and the calls are
        const int index = part.kind == Part::Kind::tool_call ? call++ : -1;
        if (strict_ || !has_signature(part)) continue;
        out += prefix_;
        json::Writer json(out);
        json.begin_object().key("index").number(0).key("delta").begin_object();
        json.key("tool_calls").begin_array().begin_object().key("index").number(index);
        json.key("function").begin_object().key("arguments").string("").end_object(); // clients demand one
        write_signature(json, part);
        json.end_object().end_array().end_object();
        json.key("logprobs").null().key("finish_reason").null().end_object();
        out += "]}\n\n";
    }
    out += prefix_;
    json::Writer json(out);
    json.begin_object().key("index").number(0).key("delta").begin_object().end_object();
    json.key("logprobs");
    write_logprobs(json, reply);
    json.key("finish_reason").string(finish_reason(reply)).end_object();
    if (usage_) {
        if (strict_) { // in the last chunk that has a choice
            out += R"(],"usage":)";
        } else {
            constexpr std::string_view replaced = R"("usage":null,"choices":[)";
            out += "]}\n\n";
            out.append(prefix_, 0, prefix_.size() - replaced.size()) += R"("choices":[],"usage":)";
        }
        json::Writer last(out);
        detail::openai::usage(last, reply.usage);
        out += "}\n\n";
    } else {
        out += "]}\n\n";
    }
    out += "data: [DONE]\n\n";
}

BATON_DECL void OpenAI::StreamEncoder::fail(const Error& error, std::string& out) {
    out += "data: ";
    json::Writer json(out);
    detail::openai::error_object(json, error, http_status(error));
    out += "\n\n";
}

} // namespace baton::serve
