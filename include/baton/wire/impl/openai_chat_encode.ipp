// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/impl/openai_chat_messages.ipp>
#include <baton/wire/openai_chat.hpp>

namespace baton::wire {
namespace detail {

/// Writes one request body. What the vendor has no word for ends in `error`, or nowhere if the request is
/// `lossy`.
class ChatRequest {
public:
    ChatRequest(const ChatDialect& dialect, const Request& request, json::Writer& writer) noexcept
        : dialect_(dialect), can_(dialect.capabilities), request_(request), w_(writer) {}

    std::optional<Error> write(const Target& target, bool stream) {
        if (auto wrong = foreign_content(dialect_.vendor.name, request_, dialect_.blocks_of)) return wrong;
        if (auto wrong = extra_.read(dialect_.vendor.name, request_, "openai")) return wrong;
        w_.begin_object();
        if (ours("model")) w_.string(target.model);
        if (ours("messages")) {
            ChatMessages messages(dialect_, request_.lossy, w_);
            messages.write(request_.messages);
            if (!error_) error_ = std::move(messages.error);
        }
        sampling(target);
        if (request_.tuning) tuning(*request_.tuning);
        tools();
        format();
        if (stream) {
            w_.key("stream").boolean(true);
            if (dialect_.stream_options && ours("stream_options")) {
                w_.begin_object().key("include_usage").boolean(true).end_object();
            }
        }
        extra_.write(w_);
        w_.end_object();
        return std::move(error_);
    }

private:
    // Writes the key, unless `extra` has one of this name.
    bool ours(std::string_view name) {
        if (extra_.has(name)) return false;
        w_.key(name);
        return true;
    }
    // Whether `member` can be written; if not, it is refused, or dropped.
    bool may(bool can, std::string_view member) {
        if (!can && !request_.lossy && !error_) {
            error_ = cannot_express(dialect_.vendor.name, member, "its API has no such parameter", or_lossy);
        }
        return can;
    }
    template <class T>
    void number(bool can, std::string_view name, const std::optional<T>& value) {
        if (value && may(can, name) && ours(name)) w_.number(*value);
    }
    void word(bool can, std::string_view name, const std::string& value) {
        if (!value.empty() && may(can, name) && ours(name)) w_.string(value);
    }

    void sampling(const Target& target) {
        number(true, dialect_.max_tokens_member, effective_max_tokens(request_, target));
        number(can_.temperature, "temperature", effective_temperature(request_, target));
        number(can_.top_p, "top_p", request_.top_p);
        if (request_.seed && may(can_.seed, "seed") && ours(dialect_.seed_member)) w_.number(*request_.seed);
        if (!request_.stop.empty() && may(can_.stop_sequences, "stop") && ours("stop")) {
            w_.begin_array();
            for (const std::string& sequence : request_.stop) w_.string(sequence);
            w_.end_array();
        }
    }

    void tuning(const Tuning& tuning) {
        number(can_.penalties, "frequency_penalty", tuning.frequency_penalty);
        number(can_.penalties, "presence_penalty", tuning.presence_penalty);
        number(can_.top_k, "top_k", tuning.top_k);
        if (tuning.choices && *tuning.choices != 1 && may(can_.choices, "choices") && ours("n")) {
            w_.number(*tuning.choices);
        }
        if (tuning.top_logprobs && may(can_.logprobs, "top_logprobs") && ours("logprobs")) {
            if (dialect_.logprobs_number) {
                w_.number(*tuning.top_logprobs);
            } else {
                w_.boolean(true);
                if (*tuning.top_logprobs > 0 && ours("top_logprobs")) w_.number(*tuning.top_logprobs);
            }
        }
        reasoning(tuning);
        word(can_.service_tier, "service_tier", tuning.service_tier);
        word(can_.end_user, "user", tuning.user);
    }

    void reasoning(const Tuning& tuning) {
        std::string_view effort = tuning.reasoning_effort;
        std::uint32_t budget = tuning.reasoning_tokens.value_or(0);
        if (tuning.reasoning_tokens && budget == 0) effort = "none"; // can be said without having budgets
        if (budget > 0 && !may(can_.reasoning_budget, "reasoning_tokens")) budget = 0;
        if (!effort.empty() && !may(can_.reasoning_effort, "reasoning_effort")) effort = {};
        if (budget == 0 && effort.empty()) return;
        if (dialect_.thinking_switch && effort == "none") {
            if (!ours("thinking")) return;
            w_.begin_object().key("type").string("disabled").end_object();
        } else if (!dialect_.reasoning_object) {
            if (!effort.empty() && ours("reasoning_effort")) w_.string(effort);
        } else if (ours("reasoning")) { // one of both: a budget says more
            w_.begin_object();
            if (budget > 0) {
                w_.key("max_tokens").number(budget);
            } else {
                w_.key("effort").string(effort);
            }
            w_.end_object();
        }
    }

    void tools() {
        if (!request_.tools.empty() && may(can_.tools, "tools") && ours("tools")) {
            w_.begin_array();
            for (std::size_t i = 0; i < request_.tools.size(); ++i) tool(request_.tools[i], i);
            w_.end_array();
        }
        using Mode = ToolChoice::Mode;
        const Mode mode = request_.tool_choice ? request_.tool_choice->mode : Mode::vendor_default;
        const bool able = can_.tools && (can_.tool_choice || mode == Mode::automatic);
        if (mode != Mode::vendor_default && may(able, "tool_choice") && ours("tool_choice")) {
            choice(*request_.tool_choice);
        }
        // without tools the vendors refuse this one
        if (!request_.parallel_tools && !request_.tools.empty() &&
            may(can_.parallel_tools, "parallel_tools = false") && ours("parallel_tool_calls")) {
            w_.boolean(false);
        }
    }
    void tool(const Tool& tool, std::size_t index) {
        w_.begin_object().key("type").string("function").key("function").begin_object();
        w_.key("name").string(tool.name);
        if (!tool.description.empty()) w_.key("description").string(tool.description);
        const std::string place = "tools[" + std::to_string(index) + "]";
        if (!tool.parameters.empty()) {
            if (is_json_object(tool.parameters)) {
                w_.key("parameters").raw(tool.parameters);
            } else if (!error_) {
                error_ = not_json(dialect_.vendor.name, place + ".parameters");
            }
        }
        if (tool.strict && may(can_.strict_tools, place + ".strict")) w_.key("strict").boolean(true);
        w_.end_object();
        if (can_.cache_control) { // what clients add is a marker, and an unknown member at everybody else
            auto wrong = tool_extra(tool, dialect_.vendor.name, "openai", index, w_);
            if (wrong && !error_) error_ = std::move(wrong);
        }
        w_.end_object();
    }
    void choice(const ToolChoice& choice) {
        using Mode = ToolChoice::Mode;
        switch (choice.mode) {
        case Mode::vendor_default:
        case Mode::automatic: w_.string("auto"); break;
        case Mode::none: w_.string("none"); break;
        case Mode::required: w_.string("required"); break;
        case Mode::named:
            w_.begin_object().key("type").string("function").key("function");
            w_.begin_object().key("name").string(choice.name).end_object().end_object();
            break;
        }
    }

    void format() {
        if (!request_.response_format) return;
        const ResponseFormat& format = *request_.response_format;
        if (format.kind == ResponseFormat::Kind::json_object) {
            if (may(can_.json_object, "response_format: json_object") && ours("response_format")) {
                w_.begin_object().key("type").string("json_object").end_object();
            }
        } else if (format.kind == ResponseFormat::Kind::json_schema) {
            if (!may(can_.json_schema, "response_format: json_schema") || !ours("response_format")) return;
            w_.begin_object().key("type").string("json_schema").key("json_schema").begin_object();
            w_.key("name").string(format.name.empty() ? std::string_view("answer") : format.name);
            if (is_json_object(format.schema)) {
                w_.key("schema").raw(format.schema);
            } else if (!error_) {
                error_ = not_json(dialect_.vendor.name, "response_format.schema");
            }
            w_.key("strict").boolean(format.strict).end_object().end_object();
        }
    }

    const ChatDialect& dialect_;
    const Capabilities& can_;
    const Request& request_;
    json::Writer& w_;
    Extra extra_;
    std::optional<Error> error_;
};

} // namespace detail

BATON_DECL std::optional<Error> encode_chat(const ChatDialect& dialect, const Draft& draft,
                                            const Target& target, bool stream, Outgoing out) {
    const std::size_t before = out.body.size();
    out.path = dialect.path;
    out.body.reserve(before + text_size(*draft));
    json::Writer writer(out.body);
    auto error = detail::ChatRequest(dialect, *draft, writer).write(target, stream);
    if (error) out.body.resize(before);
    return error;
}

} // namespace baton::wire
