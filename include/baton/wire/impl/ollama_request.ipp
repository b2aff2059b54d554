// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/impl/ollama_encode.ipp>
#include <baton/wire/ollama.hpp>

namespace baton::wire {
namespace detail {

/// What this API has no word for: refused, unless the request is lossy.
inline std::optional<Error> missing_from_ollama(const Request& request) {
    if (request.lossy) return std::nullopt;
    const auto refuse = [](std::string_view member, std::string_view why = "its API has no such parameter") {
        return cannot_express(Ollama::name, member, why, or_lossy);
    };
    using Mode = ToolChoice::Mode;
    const Mode mode = request.tool_choice ? request.tool_choice->mode : Mode::vendor_default;
    if (mode != Mode::vendor_default && mode != Mode::automatic) return refuse("tool_choice");
    if (!request.parallel_tools && !request.tools.empty()) {
        return refuse("parallel_tools", "its API cannot forbid parallel calls");
    }
    for (std::size_t i = 0; i < request.tools.size(); ++i) {
        if (request.tools[i].strict) return refuse("tools[" + std::to_string(i) + "].strict");
    }
    if (!request.tuning) return std::nullopt;
    const Tuning& tuning = *request.tuning;
    if (tuning.choices && *tuning.choices > 1) return refuse("choices");
    if (tuning.reasoning_tokens.value_or(0) > 0) {
        return refuse("reasoning_tokens", "it takes a level (\"low\") or none at all (0)");
    }
    if (!tuning.service_tier.empty()) return refuse("service_tier");
    if (!tuning.user.empty()) return refuse("end_user");
    return std::nullopt;
}

class OllamaRequest {
public:
    OllamaRequest(const Request& request, const Target& target, json::Writer& writer) noexcept
        : request_(request), target_(target), w_(writer) {}

    std::optional<Error> write(bool stream) {
        if (auto wrong = foreign_content(Ollama::name, request_)) return wrong;
        if (auto error = extra_.read(Ollama::name, request_, Ollama::name)) return error;
        if (auto error = missing_from_ollama(request_)) return error;
        w_.begin_object();
        if (ours("model")) w_.string(target_.model);
        if (ours("messages")) {
            OllamaMessages messages(request_.messages, request_.lossy, w_);
            messages.write();
            if (messages.error) return std::move(messages.error);
        }
        if (!request_.tools.empty() && ours("tools")) {
            if (auto error = tools()) return error;
        }
        if (auto error = format()) return error;
        think();
        options();
        if (request_.tuning && request_.tuning->top_logprobs) {
            if (ours("logprobs")) w_.boolean(true);
            if (*request_.tuning->top_logprobs > 0 && ours("top_logprobs")) {
                w_.number(*request_.tuning->top_logprobs);
            }
        }
        w_.key("stream").boolean(stream); // its default is true
        std::string room;
        json::Reader reader(extra_.json(request_, room));
        reader.object([&](std::string_view key) {
            if (json::is(key, "options") && merged_) return;
            w_.key(key);
            w_.raw(reader.raw());
        });
        w_.end_object();
        return std::nullopt;
    }

private:
    bool ours(std::string_view name) {
        if (extra_.has(name)) return false;
        w_.key(name);
        return true;
    }

    std::optional<Error> tools() {
        w_.begin_array();
        for (std::size_t i = 0; i < request_.tools.size(); ++i) {
            const Tool& tool = request_.tools[i];
            w_.begin_object().key("type").string("function").key("function").begin_object();
            w_.key("name").string(tool.name);
            if (!tool.description.empty()) w_.key("description").string(tool.description);
            w_.key("parameters");
            if (tool.parameters.empty()) {
                w_.raw(R"({"type":"object","properties":{}})"); // templates read it
            } else if (is_json_object(tool.parameters)) {
                w_.raw(tool.parameters);
            } else {
                return not_json(Ollama::name, "tools[" + std::to_string(i) + "].parameters");
            }
            w_.end_object().end_object();
        }
        w_.end_array();
        return std::nullopt;
    }
    std::optional<Error> format() {
        using Kind = ResponseFormat::Kind;
        const Kind kind = request_.response_format ? request_.response_format->kind : Kind::text;
        if (kind == Kind::text || !ours("format")) return std::nullopt;
        if (kind == Kind::json_object) {
            w_.string("json");
        } else if (is_json_object(request_.response_format->schema)) {
            w_.raw(request_.response_format->schema);
        } else {
            return not_json(Ollama::name, "response_format.schema");
        }
        return std::nullopt;
    }
    void think() {
        if (!request_.tuning) return;
        const Tuning& tuning = *request_.tuning;
        const bool none = tuning.reasoning_effort == "none" ||
                          (tuning.reasoning_effort.empty() && tuning.reasoning_tokens == 0u);
        if (!none && tuning.reasoning_effort.empty()) return;
        if (!ours("think")) return;
        if (none) {
            w_.boolean(false);
        } else {
            w_.string(tuning.reasoning_effort);
        }
    }

    /// The request's, and beside them those of extra's `options`, which come first where both have one.
    void options() {
        Extra theirs;
        bool usable = true, any = false;
        json::Reader reader(request_.extra);
        reader.object([&](std::string_view key) {
            if (!json::is(key, "options")) return;
            any = true;
            const std::string_view value = reader.raw();
            usable = is_json_object(value) && !theirs.read(Ollama::name, value);
        });
        if (!usable) return; // sent as it is: the server says what is wrong
        const Tuning none;
        const Tuning& tuning = request_.tuning ? *request_.tuning : none;
        bool open = false;
        const auto option = [&](std::string_view name, bool said) {
            if (!said || theirs.has(name)) return false;
            if (!open) w_.key("options").begin_object();
            open = true;
            w_.key(name);
            return true;
        };
        const auto number = [&](std::string_view name, const auto& value) {
            if (option(name, value.has_value())) w_.number(*value);
        };
        number("temperature", effective_temperature(request_, target_));
        number("top_p", request_.top_p);
        number("top_k", tuning.top_k);
        number("seed", request_.seed);
        number("num_predict", effective_max_tokens(request_, target_));
        number("frequency_penalty", tuning.frequency_penalty);
        number("presence_penalty", tuning.presence_penalty);
        if (option("stop", !request_.stop.empty())) {
            w_.begin_array();
            for (const std::string& sequence : request_.stop) w_.string(sequence);
            w_.end_array();
        }
        if (!open) return;
        theirs.write(w_);
        w_.end_object();
        merged_ = any;
    }

    const Request& request_;
    const Target& target_;
    json::Writer& w_;
    Extra extra_;
    bool merged_ = false; ///< extra's options have been written
};

} // namespace detail

BATON_DECL std::optional<Error> Ollama::encode(const Draft& draft, const Target& target, bool stream,
                                               Outgoing out) {
    const std::size_t before = out.body.size();
    out.path = "/api/chat";
    out.body.reserve(before + text_size(*draft));
    json::Writer writer(out.body);
    auto error = detail::OllamaRequest(*draft, target, writer).write(stream);
    if (error) out.body.resize(before);
    return error;
}

} // namespace baton::wire
