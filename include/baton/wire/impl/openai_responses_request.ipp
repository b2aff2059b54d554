// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/impl/openai_responses_encode.ipp>
#include <baton/wire/openai_responses_dialect.hpp>

namespace baton::wire {
namespace detail {

/// Whether `model` is one of OpenAI's that think: o1, o3-..., gpt-5..., codex-..., but not gpt-5-chat. Names
/// of gateways ("openai/gpt-5") count too.
inline bool is_reasoning_model(std::string_view model) noexcept {
    if (const std::size_t slash = model.rfind('/'); slash != std::string_view::npos) {
        model.remove_prefix(slash + 1);
    }
    if (model.find("-chat") != std::string_view::npos) return false;
    const auto digit = [&](std::size_t at) {
        return at < model.size() && model[at] >= '0' && model[at] <= '9' ? model[at] - '0' : -1;
    };
    if (model.starts_with("gpt-")) return digit(4) >= 5 || (digit(4) > 0 && digit(5) >= 0);
    return model.starts_with("codex-") || (model.starts_with('o') && digit(1) > 0);
}

/// The system message that can be `instructions`: the first, if it is but text.
inline const Message* responses_instructions(const Request& request, const Extra& extra) noexcept {
    if (request.messages.empty() || extra.has("instructions") || extra.has("input")) return nullptr;
    const Message& first = request.messages.front();
    if (first.role != Role::system || first.parts.size() != 1) return nullptr;
    return first.parts[0].kind == Part::Kind::text ? &first : nullptr;
}

/// Members of the request that this API has no word for.
inline std::optional<Error> missing_from_responses(const ResponsesDialect& dialect, const Request& request) {
    const Capabilities& can = dialect.capabilities;
    const auto refuse = [&](std::string_view member) {
        return cannot_express(dialect.vendor.name, member, "its API has no such parameter", or_lossy);
    };
    if (request.seed && !can.seed) return refuse("seed");
    if (!request.stop.empty() && !can.stop_sequences) return refuse("stop");
    if (!request.tools.empty() && !can.tools) return refuse("tools");
    if (request.response_format) {
        const auto kind = request.response_format->kind;
        if (kind == ResponseFormat::Kind::json_object && !can.json_object)
            return refuse("response_format: json_object");
        if (kind == ResponseFormat::Kind::json_schema && !can.json_schema)
            return refuse("response_format: json_schema");
    }
    if (!request.tuning) return std::nullopt;
    const Tuning& tuning = *request.tuning;
    if (tuning.frequency_penalty && !can.penalties) return refuse("frequency_penalty");
    if (tuning.presence_penalty && !can.penalties) return refuse("presence_penalty");
    if (tuning.choices && *tuning.choices != 1) return refuse("choices");
    if (tuning.top_k && !can.top_k) return refuse("top_k");
    if (tuning.top_logprobs && !can.logprobs) return refuse("top_logprobs");
    if (tuning.reasoning_tokens.value_or(0) != 0) return refuse("reasoning_tokens");
    if (tuning.reasoning_tokens && !can.reasoning_effort) return refuse("reasoning_tokens");
    if (!tuning.reasoning_effort.empty() && !can.reasoning_effort) return refuse("reasoning_effort");
    if (!tuning.service_tier.empty() && !can.service_tier) return refuse("service_tier");
    if (!tuning.user.empty() && !can.end_user) return refuse("end_user");
    return std::nullopt;
}

inline std::optional<Error> write_responses_tools(const ResponsesDialect& dialect, const Request& request,
                                                  json::Writer& w) {
    w.begin_array();
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
        const Tool& tool = request.tools[i];
        w.begin_object().key("type").string("function").key("name").string(tool.name);
        if (!tool.description.empty()) w.key("description").string(tool.description);
        w.key("parameters");
        if (tool.parameters.empty()) { // required even where there is nothing to say
            w.raw(tool.strict
                      ? R"({"type":"object","properties":{},"required":[],"additionalProperties":false})"
                      : R"({"type":"object","properties":{}})");
        } else if (is_json_object(tool.parameters)) {
            w.raw(tool.parameters);
        } else {
            return not_json(dialect.vendor.name, "tools[" + std::to_string(i) + "].parameters");
        }
        w.key("strict").boolean(tool.strict); // this API's default is true
        if (auto wrong = tool_extra(tool, dialect.vendor.name, "openai_responses", i, w)) return wrong;
        w.end_object();
    }
    w.end_array();
    return std::nullopt;
}

inline void write_responses_choice(const ToolChoice& choice, json::Writer& w) {
    using Mode = ToolChoice::Mode;
    switch (choice.mode) {
    case Mode::vendor_default:
    case Mode::automatic: w.string("auto"); break;
    case Mode::none: w.string("none"); break;
    case Mode::required: w.string("required"); break;
    case Mode::named:
        w.begin_object().key("type").string("function").key("name").string(choice.name).end_object();
        break;
    }
}

inline std::optional<Error> write_responses_format(const ResponsesDialect& dialect,
                                                   const ResponseFormat& format, json::Writer& w) {
    w.begin_object().key("format").begin_object().key("type");
    if (format.kind == ResponseFormat::Kind::json_object) {
        w.string("json_object");
    } else {
        if (!is_json_object(format.schema)) return not_json(dialect.vendor.name, "response_format.schema");
        w.string("json_schema");
        w.key("name").string(format.name.empty() ? std::string_view("answer")
                                                 : std::string_view(format.name));
        w.key("schema").raw(format.schema).key("strict").boolean(format.strict);
    }
    w.end_object().end_object();
    return std::nullopt;
}

/// `counting`: the request is for the endpoint that counts tokens.
class ResponsesRequest {
public:
    ResponsesRequest(const ResponsesDialect& dialect, const Request& request, const Target& target,
                     bool counting, json::Writer& writer) noexcept
        : dialect_(dialect), request_(request), target_(target), counting_(counting), w_(writer) {}

    std::optional<Error> write(bool stream) {
        if (!counting_) {
            if (auto wrong = foreign_content(dialect_.vendor.name, request_)) return wrong;
            if (auto error = extra_.read(dialect_.vendor.name, request_, "openai_responses")) return error;
        }
        if (!request_.lossy) {
            if (auto error = missing_from_responses(dialect_, request_)) return error;
        }
        w_.begin_object();
        if (ours("model")) w_.string(target_.model);
        if (auto error = prompt()) return error;
        if (!counting_) settings();
        if (stream) w_.key("stream").boolean(true);
        extra_.write(w_);
        w_.end_object();
        return std::nullopt;
    }

private:
    bool ours(std::string_view name) {
        if (extra_.has(name)) return false;
        w_.key(name);
        return true;
    }

    /// What the model reads.
    std::optional<Error> prompt() {
        const Capabilities& can = dialect_.capabilities;
        const Message* const instructions = responses_instructions(request_, extra_);
        if (instructions != nullptr && ours("instructions")) w_.string(instructions->parts[0].text);
        if (ours("input")) {
            ResponsesInput input(dialect_, request_.lossy, extra_.has("store"), w_);
            w_.begin_array();
            for (const Message& message : request_.messages) {
                if (&message != instructions) input.write(message);
            }
            w_.end_array();
            if (input.error) return std::move(input.error);
        }
        if (can.tools && !request_.tools.empty() && ours("tools")) {
            if (auto error = write_responses_tools(dialect_, request_, w_)) return error;
        }
        if (request_.tool_choice && request_.tool_choice->mode != ToolChoice::Mode::vendor_default &&
            ours("tool_choice")) {
            write_responses_choice(*request_.tool_choice, w_);
        }
        if (!request_.parallel_tools && !request_.tools.empty() && ours("parallel_tool_calls")) {
            w_.boolean(false);
        }
        if (request_.response_format) {
            const auto kind = request_.response_format->kind;
            const bool known = kind == ResponseFormat::Kind::json_object   ? can.json_object
                               : kind == ResponseFormat::Kind::json_schema ? can.json_schema
                                                                           : false;
            if (known && ours("text")) {
                if (auto error = write_responses_format(dialect_, *request_.response_format, w_))
                    return error;
            }
        }
        if (!request_.tuning || !can.reasoning_effort) return std::nullopt;
        const Tuning& tuning = *request_.tuning;
        const bool none = tuning.reasoning_effort.empty() && tuning.reasoning_tokens == 0u;
        if ((none || !tuning.reasoning_effort.empty()) && ours("reasoning")) {
            w_.begin_object().key("effort");
            w_.string(none ? std::string_view("none") : std::string_view(tuning.reasoning_effort));
            w_.end_object();
        }
        return std::nullopt;
    }

    /// How it answers.
    void settings() {
        const Capabilities& can = dialect_.capabilities;
        if (const auto cap = effective_max_tokens(request_, target_)) {
            if (ours("max_output_tokens")) w_.number(*cap);
        }
        if (const auto value = effective_temperature(request_, target_)) {
            if (ours("temperature")) w_.number(*value);
        }
        if (request_.top_p && ours("top_p")) w_.number(*request_.top_p);
        bool logprobs = false;
        if (request_.tuning) {
            const Tuning& tuning = *request_.tuning;
            if (tuning.top_logprobs && can.logprobs) {
                logprobs = true;
                if (ours("top_logprobs")) w_.number(*tuning.top_logprobs);
            }
            if (!tuning.service_tier.empty() && can.service_tier && ours("service_tier")) {
                w_.string(tuning.service_tier);
            }
            if (!tuning.user.empty() && can.end_user && ours(dialect_.user_member)) w_.string(tuning.user);
        }
        using Ciphertext = ResponsesDialect::Ciphertext;
        const bool ciphertext =
            dialect_.ciphertext == Ciphertext::always ||
            (dialect_.ciphertext == Ciphertext::by_model && is_reasoning_model(target_.model));
        if ((logprobs || ciphertext) && ours("include")) {
            w_.begin_array();
            if (ciphertext) w_.string("reasoning.encrypted_content");
            if (logprobs) w_.string("message.output_text.logprobs");
            w_.end_array();
        }
        if (ours("store")) w_.boolean(false);
    }

    const ResponsesDialect& dialect_;
    const Request& request_;
    const Target& target_;
    bool counting_;
    json::Writer& w_;
    Extra extra_;
};

inline std::optional<Error> write_responses(const ResponsesDialect& dialect, const Draft& draft,
                                            const Target& target, bool counting, bool stream, Outgoing out) {
    const std::size_t before = out.body.size();
    out.path = dialect.path;
    if (counting) out.path += "/input_tokens";
    out.body.reserve(before + text_size(*draft));
    json::Writer writer(out.body);
    auto error = ResponsesRequest(dialect, *draft, target, counting, writer).write(stream);
    if (error) out.body.resize(before);
    return error;
}

} // namespace detail

BATON_DECL std::optional<Error> encode_responses(const ResponsesDialect& dialect, const Draft& draft,
                                                 const Target& target, bool stream, Outgoing out) {
    return detail::write_responses(dialect, draft, target, false, stream, out);
}

BATON_DECL std::optional<Error> encode_responses_count(const ResponsesDialect& dialect, const Draft& draft,
                                                       const Target& target, Outgoing out) {
    return detail::write_responses(dialect, draft, target, true, false, out);
}

} // namespace baton::wire
