// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/error_status.hpp>
#include <baton/serve/impl/openai.ipp>
#include <baton/serve/impl/openai_responses_input.ipp>

namespace baton::serve {
namespace detail::responses {

inline bool is_own(const Part& part) noexcept {
    return part.detail && part.detail->vendor == OpenAIResponses::name;
}
/// The first part of an item that was decoded from this API; see whole_item().
inline bool is_head(const Part& part) noexcept {
    return is_own(part) && part.detail->extra.starts_with("\"item\":{");
}
inline bool is_content(const Part& part) noexcept {
    return part.kind == Kind::opaque && is_own(part) && part.detail->extra == content_mark;
}

/// Of an answer's id, what may be part of an item's: OpenAI takes letters, digits, '_' and '-', 64 in all.
inline std::string make_item_id(std::string_view prefix, std::string_view answer, std::size_t item) {
    constexpr std::size_t longest = 40;
    std::string id(prefix);
    for (const char c : answer.substr(answer.size() > longest ? answer.size() - longest : 0)) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '_' || c == '-';
        id += fits ? c : '_';
    }
    return id.append("_").append(std::to_string(item));
}

/// Log probabilities as this API lists them; "" if `json` is none: chat completions have them in `content`.
inline std::string logprob_list(std::string_view json) {
    if (json.starts_with('[')) return std::string(json);
    std::string list;
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (key == "content" && reader.kind() == json::Reader::Kind::array) list = reader.raw();
    });
    return list;
}

/// Members of `list`, `"a":1,"b":2`, but for `except`.
inline void members(json::Writer& json, const std::string& list, std::string_view except = {}) {
    if (list.empty()) return;
    const std::string object = "{" + list + "}";
    json::Reader check(object);
    if (!(check.skip() && check.finish())) return; // put there by hand
    json::Reader reader(object);
    reader.object([&](std::string_view key) {
        if (key == except) return;
        json.key(key);
        json.raw(reader.raw());
    });
}

/// One element of a message's content, or of what a reasoning item shows.
inline void write_element(json::Writer& json, const Part& part, std::string_view logprobs = {}) {
    if (part.kind == Kind::opaque) {
        json.raw(part.text);
        return;
    }
    const bool refusal = openai::is_refusal(part);
    const bool thought = part.kind == Kind::thinking;
    json.begin_object().key("type");
    if (thought) {
        json.string(is_own(part) && !part.detail->name.empty() ? std::string_view(part.detail->name)
                                                               : std::string_view("summary_text"));
    } else {
        json.string(refusal ? "refusal" : "output_text");
    }
    json.key(refusal ? "refusal" : "text").string(part.text);
    if (is_own(part) && !part.detail->extra.empty()) {
        members(json, part.detail->extra, "item");
    } else if (!refusal && !thought) {
        json.key("annotations").begin_array().end_array();
    }
    if (!refusal && !thought) json.key("logprobs").raw(logprobs.empty() ? "[]" : logprobs);
    json.end_object();
}

/// A message of this answer; `content`: the elements of its content, as JSON.
inline void write_message(json::Writer& json, std::string_view id, std::string_view content, bool done) {
    json.begin_object().key("id").string(id).key("type").string("message");
    json.key("status").string(done ? "completed" : "in_progress").key("content").raw(content);
    json.key("role").string("assistant").end_object();
}

inline void write_reasoning(json::Writer& json, std::string_view id, std::string_view text,
                            std::string_view signature) {
    json.begin_object().key("id").string(id).key("type").string("reasoning").key("summary").begin_array();
    if (!text.empty())
        json.begin_object().key("type").string("summary_text").key("text").string(text).end_object();
    json.end_array();
    if (!signature.empty()) json.key("encrypted_content").string(signature);
    json.end_object();
}

inline void write_call(json::Writer& json, std::string_view id, const Part::Detail& detail,
                       std::string_view arguments, bool done) {
    json.begin_object();
    if (detail.vendor == OpenAIResponses::name && !detail.extra.empty()) {
        members(json, detail.extra);
    } else {
        json.key("id").string(id).key("status").string(done ? "completed" : "in_progress");
    }
    json.key("type").string("function_call").key("call_id").string(detail.id);
    json.key("name").string(detail.name).key("arguments").string(arguments).end_object();
}

/// Writes `output`, item by item.
class OutputWriter {
public:
    OutputWriter(const Reply& reply, json::Writer& json)
        : reply_(reply), json_(json), logprobs_(reply.extras ? logprob_list(reply.extras->logprobs) : "") {}

    void write() {
        const Parts& parts = reply_.parts;
        json_.begin_array();
        for (std::size_t i = 0; i < parts.size();) {
            const Part& part = parts[i];
            if (is_head(part)) {
                i = group(i);
            } else if (part.kind == Kind::text || is_content(part)) {
                i = texts(i);
            } else {
                single(part);
                ++i;
            }
        }
        json_.end_array();
    }

private:
    std::string next_id(std::string_view prefix) { return make_item_id(prefix, reply_.id, items_++); }
    std::string_view logprobs() { // of the first text
        const bool first = !std::exchange(told_logprobs_, true);
        return first ? std::string_view(logprobs_) : std::string_view();
    }
    void element(const Part& part, json::Writer& json) {
        const bool said = part.kind == Kind::text && !openai::is_refusal(part);
        write_element(json, part, said ? logprobs() : std::string_view());
    }

    void single(const Part& part) {
        static const Part::Detail nothing;
        const Part::Detail& detail = part.detail ? *part.detail : nothing;
        if (part.kind == Kind::tool_call) {
            write_call(json_, next_id("fc_"), detail, part.text, true);
        } else if (part.kind == Kind::thinking) {
            const std::string_view signature =
                is_own(part) ? std::string_view(detail.signature) : std::string_view();
            if (part.text.empty() && signature.empty()) return;
            const std::string made = next_id("rs_");
            const bool own_id = is_own(part) && !detail.id.empty();
            write_reasoning(json_, own_id ? detail.id : made, part.text, signature);
        } else if (part.kind == Kind::opaque && is_own(part)) {
            ++items_;
            json_.raw(part.text);
        }
    }
    /// Texts that follow each other.
    std::size_t texts(std::size_t from) {
        std::size_t end = from;
        std::string content;
        json::Writer list(content);
        list.begin_array();
        for (; end < reply_.parts.size(); ++end) {
            const Part& part = reply_.parts[end];
            if (is_head(part) || !(part.kind == Kind::text || is_content(part))) break;
            element(part, list);
        }
        list.end_array();
        write_message(json_, next_id("msg_"), content, true);
        return end;
    }
    bool goes_on(const Part& part, const Part& head) const {
        if (!is_own(part) || is_head(part) || part.detail->id != head.detail->id) return false;
        if (is_content(part)) return true;
        if (part.kind != Kind::text && part.kind != Kind::thinking) return false;
        return part.kind == head.kind || head.kind == Kind::opaque;
    }
    /// An item as the vendor said it: parts `from` to the one that is returned.
    std::size_t group(std::size_t from) {
        const Parts& parts = reply_.parts;
        const Part& first = parts[from];
        std::size_t end = from + 1;
        while (end < parts.size() && goes_on(parts[end], first)) ++end;
        ++items_;
        const auto list = [&](bool summaries) {
            json_.begin_array();
            for (std::size_t i = from; i < end; ++i) {
                const Part& part = parts[i];
                const bool thought = part.kind == Kind::thinking;
                if (thought && part.detail->name.empty()) continue; // the place of an item without content
                if ((thought && part.detail->name == "summary_text") == summaries) element(part, json_);
            }
            json_.end_array();
        };
        const std::string object = "{" + first.detail->extra + "}";
        json_.begin_object();
        json::Reader reader(object);
        reader.object([&](std::string_view name) {
            if (name != "item") return;
            reader.object([&](std::string_view key) {
                json_.key(key);
                const bool summaries = key == "summary";
                if ((summaries || key == "content") && reader.kind() == json::Reader::Kind::array) {
                    list(summaries);
                } else {
                    json_.raw(reader.raw());
                }
            });
        });
        if (!first.detail->signature.empty()) json_.key("encrypted_content").string(first.detail->signature);
        json_.end_object();
        return end;
    }

    const Reply& reply_;
    json::Writer& json_;
    std::string logprobs_;
    bool told_logprobs_ = false;
    std::size_t items_ = 0;
};

inline void write_usage(json::Writer& json, const Usage& usage) {
    json.begin_object();
    json.key("input_tokens").number(usage.total_input());
    json.key("input_tokens_details").begin_object();
    json.key("cached_tokens").number(usage.cached_input_tokens);
    json.key("cache_write_tokens").number(usage.cache_write_tokens);
    if (usage.input_audio_tokens != 0) json.key("audio_tokens").number(usage.input_audio_tokens);
    json.end_object();
    json.key("output_tokens").number(usage.total_output());
    json.key("output_tokens_details").begin_object();
    json.key("reasoning_tokens").number(usage.reasoning_tokens);
    if (usage.output_audio_tokens != 0) json.key("audio_tokens").number(usage.output_audio_tokens);
    json.end_object();
    json.key("total_tokens").number(usage.total()).end_object();
}

/// Why an answer is not complete; "" if it is.
inline std::string_view incomplete_reason(const Reply& reply) noexcept {
    switch (reply.stop) {
    case StopReason::length: return "max_output_tokens";
    case StopReason::content_filter: return "content_filter";
    case StopReason::pause: return "pause";
    case StopReason::unknown: return reply.stop_text;
    default: return {};
    }
}

/// A response object. `output`: JSON. `reply`: of a finished answer; `error`: JSON, of one that failed.
inline void write_response(json::Writer& json, std::string_view id, std::string_view model, WallTime created,
                           std::string_view status, std::string_view output, const Reply* reply,
                           std::string_view error = "null") {
    json.begin_object().key("id").string(id).key("object").string("response");
    json.key("created_at").number(detail::unix_seconds(created)).key("status").string(status);
    json.key("background").boolean(false).key("error").raw(error).key("incomplete_details");
    if (const std::string_view why = reply ? incomplete_reason(*reply) : std::string_view(); !why.empty()) {
        json.begin_object().key("reason").string(why).end_object();
    } else {
        json.null();
    }
    json.key("instructions").null().key("max_output_tokens").null().key("model").string(model);
    json.key("output").raw(output).key("parallel_tool_calls").boolean(true);
    json.key("previous_response_id").null();
    json.key("reasoning").begin_object().key("effort").null().key("summary").null().end_object();
    json.key("service_tier");
    const bool tier = reply && reply->extras && !reply->extras->service_tier.empty();
    json.string(tier ? std::string_view(reply->extras->service_tier) : std::string_view("default"));
    json.key("store").boolean(false).key("temperature").null();
    json.key("text").raw(R"({"format":{"type":"text"}})");
    json.key("tool_choice").string("auto").key("tools").begin_array().end_array().key("top_p").null();
    json.key("truncation").string("disabled").key("usage");
    reply ? write_usage(json, reply->usage) : static_cast<void>(json.null());
    json.key("user").null().key("metadata").begin_object().end_object().end_object();
}

} // namespace detail::responses

BATON_DECL void OpenAIResponses::encode(const Reply& reply, WallTime now, std::string& out) {
    using namespace detail::responses;
    std::string output;
    json::Writer list(output);
    OutputWriter(reply, list).write();
    const std::string_view status = incomplete_reason(reply).empty() ? "completed" : "incomplete";
    json::Writer json(out);
    write_response(json, reply.id, reply.model, now, status, output, &reply);
}

BATON_DECL int OpenAIResponses::encode_error(const Error& error, std::string& out) {
    return OpenAI::encode_error(error, out);
}

BATON_DECL void OpenAIResponses::encode_models(std::span<const std::string> models, std::string& out) {
    OpenAI::encode_models(models, out);
}

BATON_DECL void OpenAIResponses::encode_count(std::uint64_t tokens, std::string& out) {
    json::Writer json(out);
    json.begin_object().key("object").string("response.input_tokens");
    json.key("input_tokens").number(tokens).end_object();
}

} // namespace baton::serve
