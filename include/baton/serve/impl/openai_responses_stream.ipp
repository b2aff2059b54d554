// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/serve/impl/openai_responses.ipp>

namespace baton::serve {
namespace detail::responses {

/// One event; `write` adds its members.
template <class F>
void event(std::string_view type, std::uint64_t& sequence, std::string& out, F&& write) {
    out.append("event: ").append(type).append("\ndata: ");
    json::Writer json(out);
    json.begin_object().key("type").string(type).key("sequence_number").number(sequence++);
    write(json);
    json.end_object();
    out += "\n\n";
}

inline std::string text_part(std::string_view text) {
    std::string part;
    json::Writer json(part);
    write_element(json, Part(std::string(text)));
    return part;
}
inline std::string summary_part(std::string_view text) {
    std::string part;
    json::Writer json(part);
    json.begin_object().key("type").string("summary_text").key("text").string(text).end_object();
    return part;
}

} // namespace detail::responses

BATON_DECL std::string OpenAIResponses::StreamEncoder::item_id(std::string_view prefix,
                                                               std::size_t item) const {
    return detail::responses::make_item_id(prefix, id_, item);
}

BATON_DECL void OpenAIResponses::StreamEncoder::begin(const StreamHead& head, std::string& out) {
    using namespace detail::responses;
    id_ = head.id;
    model_ = head.model;
    created_ = head.created;
    for (const std::string_view type : {"response.created", "response.in_progress"}) {
        event(type, sequence_, out, [&](json::Writer& json) {
            json.key("response");
            write_response(json, id_, model_, created_, "in_progress", "[]", nullptr);
        });
    }
}

BATON_DECL void OpenAIResponses::StreamEncoder::item_event(std::string_view type, std::size_t item,
                                                           std::string_view json, std::string& out) {
    if (items_.size() <= item) items_.resize(item + 1);
    if (type == "response.output_item.done") items_[item] = json;
    detail::responses::event(type, sequence_, out, [&](json::Writer& event) {
        event.key("output_index").number(item).key("item");
        std::string line; // an opaque part may hold line breaks
        detail::append_one_line(line, json);
        event.raw(line);
    });
}

BATON_DECL void OpenAIResponses::StreamEncoder::open(Open kind, std::string& out) {
    using namespace detail::responses;
    if (open_ == kind) return;
    close(out);
    open_ = kind;
    item_ = items_.size();
    text_.clear();
    const bool message = kind == Open::message;
    const std::string id = item_id(message ? "msg_" : "rs_", item_);
    std::string item;
    json::Writer json(item);
    message ? write_message(json, id, "[]", false) : write_reasoning(json, id, {}, {});
    item_event("response.output_item.added", item_, item, out);
    event(message ? "response.content_part.added" : "response.reasoning_summary_part.added", sequence_, out,
          [&](json::Writer& event) {
              event.key("item_id").string(id).key("output_index").number(item_);
              event.key(message ? "content_index" : "summary_index").number(0);
              event.key("part").raw(message ? text_part({}) : summary_part({}));
          });
}

BATON_DECL void OpenAIResponses::StreamEncoder::close(std::string& out, std::string_view signature) {
    using namespace detail::responses;
    if (open_ == Open::nothing) return;
    const bool message = open_ == Open::message;
    open_ = Open::nothing;
    const std::string id = item_id(message ? "msg_" : "rs_", item_);
    const std::string part = message ? text_part(text_) : summary_part(text_);
    const auto place = [&](json::Writer& event) {
        event.key("item_id").string(id).key("output_index").number(item_);
        event.key(message ? "content_index" : "summary_index").number(0);
    };
    event(message ? "response.output_text.done" : "response.reasoning_summary_text.done", sequence_, out,
          [&](json::Writer& event) {
              place(event);
              event.key("text").string(text_);
              if (message) event.key("logprobs").begin_array().end_array();
          });
    event(message ? "response.content_part.done" : "response.reasoning_summary_part.done", sequence_, out,
          [&](json::Writer& event) {
              place(event);
              event.key("part").raw(part);
          });
    std::string item;
    json::Writer json(item);
    message ? write_message(json, id, "[" + part + "]", true) : write_reasoning(json, id, text_, signature);
    item_event("response.output_item.done", item_, item, out);
}

BATON_DECL OpenAIResponses::StreamEncoder::Call&
OpenAIResponses::StreamEncoder::call(const Delta::ToolFragment& fragment, std::string& out) {
    for (Call& known : calls_) {
        if (known.index == fragment.index) return known;
    }
    const std::size_t item = items_.size();
    Call& made = calls_.emplace_back();
    made.index = fragment.index;
    made.item = item;
    made.id = fragment.id;
    made.name = fragment.name;
    std::string json_text;
    json::Writer json(json_text);
    Part::Detail detail;
    detail.id = made.id;
    detail.name = made.name;
    detail::responses::write_call(json, item_id("fc_", item), detail, {}, false);
    item_event("response.output_item.added", item, json_text, out);
    return made;
}

BATON_DECL void OpenAIResponses::StreamEncoder::delta(const Delta& delta, std::string& out) {
    using namespace detail::responses;
    const auto fragment = [&](std::string_view type, std::string_view prefix, std::string_view index,
                              std::string_view text) {
        text_ += text;
        event(type, sequence_, out, [&](json::Writer& json) {
            json.key("item_id").string(item_id(prefix, item_)).key("output_index").number(item_);
            json.key(index).number(0).key("delta").string(text);
            if (prefix == "msg_") json.key("logprobs").begin_array().end_array();
        });
    };
    if (!delta.reasoning.empty()) {
        open(Open::reasoning, out);
        fragment("response.reasoning_summary_text.delta", "rs_", "summary_index", delta.reasoning);
    }
    if (!delta.text.empty()) {
        open(Open::message, out);
        fragment("response.output_text.delta", "msg_", "content_index", delta.text);
    }
    for (const Delta::ToolFragment& tool : delta.tools) {
        close(out);
        Call& made = call(tool, out);
        if (tool.arguments.empty()) continue;
        made.arguments += tool.arguments;
        event("response.function_call_arguments.delta", sequence_, out, [&](json::Writer& json) {
            json.key("item_id").string(item_id("fc_", made.item)).key("output_index").number(made.item);
            json.key("delta").string(tool.arguments);
        });
    }
}

BATON_DECL void OpenAIResponses::StreamEncoder::part(const Part& part, std::string& out) {
    using namespace detail::responses;
    if (!is_own(part)) return;
    if (part.kind == Kind::thinking && !part.detail->signature.empty()) {
        const std::string& id = part.detail->id;
        if (open_ == Open::reasoning && (id.empty() || id == item_id("rs_", item_)))
            return close(out, part.detail->signature);
        // the ciphertext belongs to an item of another name: one of its own, without what was shown already
        close(out);
        const std::size_t item = items_.size();
        for (const bool done : {false, true}) {
            std::string text;
            json::Writer json(text);
            write_reasoning(json, id.empty() ? item_id("rs_", item) : id, {},
                            done ? std::string_view(part.detail->signature) : std::string_view());
            item_event(done ? "response.output_item.done" : "response.output_item.added", item, text, out);
        }
    } else if (part.kind == Kind::opaque && !is_content(part) && !is_head(part)) {
        close(out);
        const std::size_t item = items_.size();
        item_event("response.output_item.added", item, part.text, out);
        item_event("response.output_item.done", item, part.text, out);
    }
}

BATON_DECL void OpenAIResponses::StreamEncoder::close_calls(std::string& out) {
    using namespace detail::responses;
    for (const Call& made : calls_) {
        const std::string id = item_id("fc_", made.item);
        const std::string_view arguments =
            made.arguments.empty() ? std::string_view("{}") : std::string_view(made.arguments);
        event("response.function_call_arguments.done", sequence_, out, [&](json::Writer& json) {
            json.key("item_id").string(id).key("output_index").number(made.item);
            json.key("arguments").string(arguments).key("name").string(made.name);
        });
        Part::Detail detail;
        detail.id = made.id;
        detail.name = made.name;
        std::string item;
        json::Writer json(item);
        write_call(json, id, detail, arguments, true);
        item_event("response.output_item.done", made.item, item, out);
    }
    calls_.clear();
}

BATON_DECL void OpenAIResponses::StreamEncoder::terminal(std::string_view type, std::string_view response,
                                                         std::string& out) {
    detail::responses::event(type, sequence_, out, [&](json::Writer& json) {
        std::string line;
        detail::append_one_line(line, response);
        json.key("response").raw(line);
    });
}

BATON_DECL void OpenAIResponses::StreamEncoder::finish(const Reply& reply, std::string& out) {
    using namespace detail::responses;
    close(out);
    close_calls(out);
    std::string output("["), response;
    for (const std::string& item : items_) output.append(output.size() > 1 ? "," : "").append(item);
    output += ']';
    const bool complete = incomplete_reason(reply).empty();
    json::Writer json(response);
    write_response(json, id_, model_, created_, complete ? "completed" : "incomplete", output, &reply);
    terminal(complete ? "response.completed" : "response.incomplete", response, out);
}

// What is open stays open: no `done` event for a text or a call that was cut.
BATON_DECL void OpenAIResponses::StreamEncoder::fail(const Error& error, std::string& out) {
    using namespace detail::responses;
    std::string body, object, code, type, brief;
    OpenAI::encode_error(error, body);
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (key != "error") return;
        object = reader.raw();
        json::Reader inner(object);
        inner.object([&](std::string_view member) {
            if (member == "code") inner.append_string(code);
            if (member == "type") inner.append_string(type);
        });
    });
    const std::string_view word = code.empty() ? type : code;
    event("error", sequence_, out, [&](json::Writer& json) {
        json.key("code").string(word).key("message").string(error_message(error)).key("param").null();
        json.key("error").raw(object);
    });
    json::Writer json(brief);
    json.begin_object().key("code").string(word).key("message").string(error_message(error)).end_object();
    std::string response;
    json::Writer whole(response);
    std::string output("[");
    for (const std::string& item : items_) {
        if (!item.empty()) output.append(output.size() > 1 ? "," : "").append(item);
    }
    output += ']';
    write_response(whole, id_, model_, created_, "failed", output, nullptr, brief);
    terminal("response.failed", response, out);
}

} // namespace baton::serve
