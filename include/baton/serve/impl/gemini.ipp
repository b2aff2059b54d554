// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/error_status.hpp>
#include <baton/serve/impl/gemini_contents.ipp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace baton::serve {
namespace detail::gemini {

inline bool is_own(const Part& part) noexcept { return part.detail && part.detail->vendor == Gemini::name; }

/// Members of a candidate that the wire of this API keeps as opaque parts of this name.
inline bool is_beside(const Part& part) noexcept {
    const std::string_view name = part.detail ? std::string_view(part.detail->name) : std::string_view();
    return part.kind == Kind::opaque && is_own(part) &&
           (name == "groundingMetadata" || name == "citationMetadata" || name == "urlContextMetadata" ||
            name == "safetyRatings");
}

inline std::string_view finish_reason(const Reply& reply) noexcept {
    switch (reply.stop) {
    case StopReason::stop:
    case StopReason::stop_sequence:
    case StopReason::tool_calls: // no word of its own for it
    case StopReason::pause: return "STOP";
    case StopReason::length: return "MAX_TOKENS";
    case StopReason::content_filter:
    case StopReason::refusal: return "SAFETY";
    case StopReason::unknown: break;
    }
    return reply.stop_text.empty() ? std::string_view("STOP") : std::string_view(reply.stop_text);
}

inline void write_call(json::Writer& json, std::string_view id, std::string_view name,
                       std::string_view arguments) {
    json.key("functionCall").begin_object();
    if (!id.empty()) json.key("id").string(id);
    json.key("name").string(name).key("args").raw(object_or_empty(arguments)).end_object();
}

/// False if there is no word for it.
inline bool write_part(json::Writer& json, const Part& part) {
    if (part.kind == Kind::opaque) {
        if (!is_own(part) || is_beside(part)) return false;
        json.raw(part.text);
        return true;
    }
    const bool thought = part.kind == Kind::thinking, call = part.kind == Kind::tool_call;
    if (part.kind != Kind::text && !thought && !call) return false;
    const std::string_view signature = is_own(part) ? std::string_view(part.detail->signature) : "";
    if (part.text.empty() && !call && signature.empty()) return false;
    json.begin_object();
    if (call) {
        static const Part::Detail nothing;
        const Part::Detail& detail = part.detail ? *part.detail : nothing;
        write_call(json, detail.id, detail.name, part.text);
    } else {
        json.key("text").string(part.text);
        if (thought) json.key("thought").boolean(true);
    }
    if (!signature.empty()) json.key("thoughtSignature").string(signature);
    if (is_own(part) && !part.detail->extra.empty()) {
        const std::string object = "{" + part.detail->extra + "}";
        json::Reader check(object);
        json::Reader reader(check.skip() && check.finish() ? std::string_view(object) : "{}");
        reader.object([&](std::string_view key) {
            json.key(key);
            json.raw(reader.raw());
        });
    }
    json.end_object();
    return true;
}

inline void write_usage(json::Writer& json, const Usage& usage) {
    const auto modality = [&](std::string_view details, std::uint64_t text, std::uint64_t audio) {
        if (audio == 0) return;
        json.key(details).begin_array().begin_object().key("modality").string("TEXT");
        json.key("tokenCount").number(text).end_object().begin_object().key("modality").string("AUDIO");
        json.key("tokenCount").number(audio).end_object().end_array();
    };
    const std::uint64_t answer = usage.output_tokens + usage.output_audio_tokens;
    json.begin_object().key("promptTokenCount").number(usage.total_input());
    json.key("candidatesTokenCount").number(answer).key("totalTokenCount").number(usage.total());
    if (usage.cached_input_tokens != 0) json.key("cachedContentTokenCount").number(usage.cached_input_tokens);
    if (usage.reasoning_tokens != 0) json.key("thoughtsTokenCount").number(usage.reasoning_tokens);
    modality("promptTokensDetails", usage.total_input() - usage.input_audio_tokens, usage.input_audio_tokens);
    modality("candidatesTokensDetails", usage.output_tokens, usage.output_audio_tokens);
    json.end_object();
}

/// `parts`: JSON. `finished`: the answer ends with it.
inline void write_candidate(json::Writer& json, std::string_view parts, const Reply* finished,
                            std::size_t index) {
    json.begin_object().key("content").begin_object().key("parts").raw(parts).key("role").string("model");
    json.end_object();
    if (finished) {
        json.key("finishReason").string(finish_reason(*finished));
        for (const Part& part : finished->parts) {
            if (is_beside(part)) json.key(part.detail->name).raw(part.text);
        }
        const bool logprobs =
            finished->extras && finished->extras->logprobs.find("chosenCandidates") != std::string::npos;
        if (logprobs) json.key("logprobsResult").raw(finished->extras->logprobs);
    }
    json.key("index").number(index).end_object();
}

inline std::string write_parts(const Parts& parts) {
    std::string text;
    json::Writer json(text);
    json.begin_array();
    for (const Part& part : parts) write_part(json, part);
    json.end_array();
    return text;
}

/// What stands behind the candidates of every response.
inline void write_tail(json::Writer& json, const Usage* usage, std::string_view id, std::string_view model) {
    if (usage && usage->reported) {
        json.key("usageMetadata");
        write_usage(json, *usage);
    }
    json.key("modelVersion").string(model).key("responseId").string(id);
}

struct Status {
    int code;
    std::string_view word;
};
inline Status status_of(const Error& error) noexcept {
    const int code = http_status(error);
    switch (error.errc()) {
    case Errc::auth: return {code, "UNAUTHENTICATED"};
    case Errc::permission: return {code, "PERMISSION_DENIED"};
    case Errc::not_found: return {code, "NOT_FOUND"};
    case Errc::rate_limited:
    case Errc::quota: return {code, "RESOURCE_EXHAUSTED"};
    case Errc::cancelled: return {code, "CANCELLED"};
    default: break;
    }
    if (code == 504) return {code, "DEADLINE_EXCEEDED"};
    if (code == 502 || code == 503 || code == 529) return {code, "UNAVAILABLE"};
    return {code, code < 500 ? "INVALID_ARGUMENT" : "INTERNAL"};
}

inline void write_error(json::Writer& json, const Error& error) {
    const Status status = status_of(error);
    json.begin_object().key("error").begin_object().key("code").number(status.code);
    std::string message(error_message(error));
    // the words by which clients tell it from other errors of its status
    if (error.errc() == Errc::context_overflow)
        message += " (the input token count exceeds the maximum number of tokens allowed)";
    json.key("message").string(message).key("status").string(status.word);
    json.key("details").begin_array();
    if (error.errc() == Errc::content_filtered) {
        json.begin_object().key("@type").string("type.googleapis.com/google.rpc.ErrorInfo");
        json.key("reason").string("content_filter").end_object();
    }
    if (error.errc() == Errc::quota) { // a day's quota is told from a minute's by its name
        json.begin_object().key("@type").string("type.googleapis.com/google.rpc.QuotaFailure");
        json.key("violations").begin_array().begin_object().key("quotaId").string("RequestsPerDay");
        json.end_object().end_array().end_object();
    }
    if (const auto wait = error.detail().retry_after; wait && *wait >= Duration::zero()) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
        json.begin_object().key("@type").string("type.googleapis.com/google.rpc.RetryInfo");
        json.key("retryDelay").string(std::to_string(seconds) + "s").end_object();
    }
    json.end_array().end_object().end_object();
}

} // namespace detail::gemini

BATON_DECL void Gemini::encode(const Reply& reply, WallTime, std::string& out) {
    using namespace detail::gemini;
    json::Writer json(out);
    json.begin_object().key("candidates").begin_array();
    write_candidate(json, write_parts(reply.parts), &reply, 0);
    if (reply.extras) {
        std::size_t index = 0;
        for (const Reply& other : reply.extras->alternatives)
            write_candidate(json, write_parts(other.parts), &other, ++index);
    }
    json.end_array();
    write_tail(json, &reply.usage, reply.id, reply.model);
    json.end_object();
}

BATON_DECL int Gemini::encode_error(const Error& error, std::string& out) {
    json::Writer json(out);
    detail::gemini::write_error(json, error);
    return http_status(error);
}

BATON_DECL void Gemini::encode_blocked(const Error& error, std::string_view model, std::string& out) {
    const std::string& reason = error.detail().vendor_code;
    json::Writer json(out);
    json.begin_object().key("promptFeedback").begin_object().key("blockReason");
    json.string(reason.empty() ? std::string_view("OTHER") : std::string_view(reason));
    json.key("blockReasonMessage").string(error_message(error)).end_object();
    json.key("modelVersion").string(model).end_object();
}

BATON_DECL void Gemini::StreamEncoder::begin(const StreamHead& head, std::string& out) {
    id_ = head.id;
    model_ = head.model;
    array_ = head.array;
    if (array_) out += '[';
}

BATON_DECL void Gemini::StreamEncoder::chunk(std::string_view members, std::string& out) {
    if (array_) {
        out.append(std::exchange(first_, false) ? "" : "\n,\n");
    } else {
        out += "data: "; // nothing may stand before it: Google's SDK drops such an event
    }
    detail::append_one_line(out, members); // parts that came as JSON may hold line breaks
    if (!array_) out += "\n\n";
}

BATON_DECL void Gemini::StreamEncoder::parts(std::string_view list, std::string& out) {
    std::string members;
    json::Writer json(members);
    json.begin_object().key("candidates").begin_array();
    detail::gemini::write_candidate(json, list, nullptr, 0);
    json.end_array();
    detail::gemini::write_tail(json, nullptr, id_, model_);
    json.end_object();
    chunk(members, out);
}

BATON_DECL void Gemini::StreamEncoder::delta(const Delta& delta, std::string& out) {
    std::string list;
    json::Writer json(list);
    json.begin_array();
    if (!delta.reasoning.empty())
        json.begin_object().key("text").string(delta.reasoning).key("thought").boolean(true).end_object();
    if (!delta.text.empty()) json.begin_object().key("text").string(delta.text).end_object();
    json.end_array();
    if (list.size() > 2) parts(list, out);
    for (const Delta::ToolFragment& tool : delta.tools) {
        auto call = std::find_if(calls_.begin(), calls_.end(),
                                 [&](const Call& known) { return known.index == tool.index; });
        if (call == calls_.end()) {
            calls_.push_back({tool.index, std::string(tool.id), std::string(tool.name), std::string()});
            call = calls_.end() - 1;
        }
        call->arguments += tool.arguments;
    }
}

BATON_DECL void Gemini::StreamEncoder::part(const Part& part, std::string& out) {
    const bool signature = part.kind == Part::Kind::thinking && detail::gemini::is_own(part);
    if (!signature && part.kind != Part::Kind::opaque) return;
    std::string list;
    json::Writer json(list);
    json.begin_array();
    Part shown = part;
    if (signature) shown.text.clear(); // was streamed
    const bool any = detail::gemini::write_part(json, shown);
    json.end_array();
    if (any) parts(list, out);
}

BATON_DECL void Gemini::StreamEncoder::finish(const Reply& reply, std::string& out) {
    using namespace detail::gemini;
    std::string list, members;
    json::Writer calls(list);
    calls.begin_array();
    // as Google's last event has it: a client that shows the texts of all events finds one here too
    if (calls_.empty()) calls.begin_object().key("text").string("").end_object();
    for (const Call& call : calls_) {
        std::string_view signature; // a call's is in the Reply
        for (const Part& part : reply.parts) {
            const bool same = part.kind == Kind::tool_call && is_own(part) && part.detail->id == call.id &&
                              part.detail->name == call.name &&
                              detail::object_or_empty(part.text) == detail::object_or_empty(call.arguments);
            if (same) signature = part.detail->signature;
        }
        calls.begin_object();
        write_call(calls, call.id, call.name, call.arguments);
        if (!signature.empty()) calls.key("thoughtSignature").string(signature);
        calls.end_object();
    }
    calls.end_array();
    json::Writer json(members);
    json.begin_object().key("candidates").begin_array();
    write_candidate(json, list, &reply, 0);
    if (reply.extras) {
        std::size_t index = 0;
        for (const Reply& other : reply.extras->alternatives)
            write_candidate(json, write_parts(other.parts), &other, ++index);
    }
    json.end_array();
    write_tail(json, &reply.usage, id_, model_);
    json.end_object();
    chunk(members, out);
    if (array_) out += "\n]";
}

BATON_DECL void Gemini::StreamEncoder::fail(const Error& error, std::string& out) {
    std::string members;
    json::Writer json(members);
    detail::gemini::write_error(json, error);
    chunk(members, out);
    if (array_) out += "\n]";
}

} // namespace baton::serve
