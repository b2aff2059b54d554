// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/serve/openai_responses.hpp>
#include <baton/serve/request_reader.hpp>

#include <algorithm>
#include <iterator>
#include <span>

// `input`: what was said so far.
namespace baton::serve::detail::responses {

using Kind = Part::Kind;

/// As Detail::extra of an opaque part: not an item, but an element of an item's content.
inline constexpr std::string_view content_mark = "\"content\":true";

inline Part opaque(std::string_view raw, std::string type) {
    return detail::part(Kind::opaque, std::string(raw), [&](Part::Detail& detail) {
        detail.name = std::move(type);
        detail.vendor = OpenAIResponses::name;
    });
}

/// One element of the `content` of a message that is not the model's.
inline Part input_part(RequestReader& body) {
    const std::string_view raw = body.in.raw(); // read twice, so that an unknown type can be kept whole
    RequestReader element(raw);
    std::string type, text, url, level, file_name, file_data, file_url;
    element.object("input[].content[]", [&](std::string_view key) {
        if (key == "type") element.text("input[].content[].type", type);
        if (key == "text") element.text("input[].content[].text", text);
        if (key == "image_url") element.text("input[].content[].image_url", url);
        if (key == "detail") element.text("input[].content[].detail", level);
        if (key == "filename") element.text("input[].content[].filename", file_name);
        if (key == "file_data") element.text("input[].content[].file_data", file_data);
        if (key == "file_url") element.text("input[].content[].file_url", file_url);
    });
    body.adopt(element);
    if (type == "input_text" || type == "output_text" || type == "text") return Part(std::move(text));
    std::string media_type, base64;
    if (type == "input_image" && !url.empty()) return openai_image(std::move(url), level);
    if (type == "input_file" && split_data_url(file_data, media_type, base64))
        return document_data(std::move(base64), std::move(media_type), std::move(file_name));
    if (type == "input_file" && !file_url.empty()) return document_url(std::move(file_url));
    if (type.empty() && !body.in.failed()) body.fail("'input[].content[].type' is missing");
    return opaque(raw, std::move(type));
}

/// One element of what the model said or thought: of an item's `content` or `summary`.
inline Part output_part(RequestReader& body, bool thought) {
    const std::string_view raw = body.in.raw();
    RequestReader element(raw);
    std::string type, text, extra;
    bool has_text = false;
    element.object("input[].content[]", [&](std::string_view key) {
        if (key == "type") {
            element.text("input[].content[].type", type);
        } else if (key == "text" || key == "refusal") {
            element.text("input[].content[].text", text);
            has_text = true;
        } else if (key == "logprobs") {
            element.in.skip(); // the caller's business, not the model's
        } else {
            const std::string member(key);
            json::append_member(extra, member, element.in.raw());
        }
    });
    body.adopt(element);
    if (type.empty() && !body.in.failed()) body.fail("'input[].content[].type' is missing");
    const bool refusal = type == "refusal";
    if (!has_text || !(thought || refusal || type == "output_text" || type == "input_text")) {
        Part part = opaque(raw, std::move(type));
        part.detail->extra = content_mark;
        return part;
    }
    Part part(thought ? Kind::thinking : Kind::text, std::move(text));
    if (thought || refusal || !extra.empty()) {
        Part::Detail& detail = part.detail.ensure();
        detail.vendor = OpenAIResponses::name;
        detail.extra = std::move(extra);
        if (thought || refusal) detail.name = std::move(type);
    }
    return part;
}

/// The members of one item.
struct Item {
    std::string_view raw, content, summary, output;
    std::string type, role, id, call_id, name, arguments, signature;
    bool has_output = false;

    /// Those that are not modelled, to go back as they came.
    std::string rest(std::span<const std::string_view> modelled) const {
        std::string members;
        json::Reader reader(raw);
        reader.object([&](std::string_view key) {
            const std::string member(key);
            const std::string_view value = reader.raw();
            if (std::find(modelled.begin(), modelled.end(), member) != modelled.end()) return;
            const bool list = (member == "content" || member == "summary") && value.starts_with('[');
            json::append_member(members, member, list ? std::string_view("[]") : value);
        });
        return members;
    }
};

inline void elements(RequestReader& body, std::string_view raw, std::string_view member, bool mine,
                     bool thought, Parts& parts) {
    RequestReader list(raw);
    std::string text;
    if (list.in.append_string(text)) {
        Part part(thought ? Kind::thinking : Kind::text, std::move(text));
        if (thought) part.detail.ensure().vendor = OpenAIResponses::name;
        parts.push_back(std::move(part));
    } else if (!list.in.array(
                   [&] { parts.push_back(mine ? output_part(list, thought) : input_part(list)); })) {
        body.expected(member, "a string or an array of parts");
    }
    body.adopt(list);
}

/// The model's turn that goes on here, or a new one.
inline Message& model_turn(std::vector<Message>& messages, bool fresh = false) {
    if (fresh || messages.empty() || messages.back().role != Role::assistant)
        messages.emplace_back(Role::assistant, Parts());
    return messages.back();
}

/// A message or reasoning item as the vendor said it: its first part has the item's own members.
inline void whole_item(RequestReader& body, const Item& item, std::vector<Message>& messages) {
    const bool thought = item.type == "reasoning";
    Parts parts;
    if (thought && !item.summary.empty() && item.summary != "null")
        elements(body, item.summary, "input[].summary", true, true, parts);
    if (!item.content.empty() && item.content != "null")
        elements(body, item.content, "input[].content", true, thought, parts);
    Message& turn = model_turn(messages);
    if (parts.empty() && !thought) {
        turn.parts.push_back(opaque(item.raw, item.type));
        turn.parts.back().detail->id = item.id;
        return;
    }
    if (parts.empty()) parts.emplace_back(Kind::thinking, std::string());
    for (Part& part : parts) {
        part.detail.ensure().vendor = OpenAIResponses::name;
        part.detail->id = item.id;
    }
    Part::Detail& head = *parts[0].detail;
    static constexpr std::string_view ciphertext[] = {"encrypted_content"};
    const std::string rest = item.rest(std::span(ciphertext, item.signature.empty() ? 0 : 1));
    head.extra = "\"item\":{" + rest + "}" + (head.extra.empty() ? "" : ",") + head.extra;
    head.signature = item.signature;
    std::move(parts.begin(), parts.end(), std::back_inserter(turn.parts));
}

inline void message(RequestReader& body, const Item& item, std::vector<Message>& messages) {
    if (item.content.empty() || item.content == "null")
        return body.expected("input[].content", "a string or an array of parts");
    if (item.role == "assistant") {
        if (!item.id.empty()) return whole_item(body, item, messages);
        Parts parts;
        elements(body, item.content, "input[].content", true, false, parts);
        const bool spoken = !messages.empty() && messages.back().role == Role::assistant &&
                            !messages.back().parts.empty() && messages.back().parts.back().kind == Kind::text;
        Message& turn = model_turn(messages, spoken); // two texts in a row are two turns
        std::move(parts.begin(), parts.end(), std::back_inserter(turn.parts));
        return;
    }
    const bool system = item.role == "system" || item.role == "developer";
    if (!system && item.role != "user") {
        return body.fail("'input[].role' must be system, developer, user or assistant, not '" + item.role +
                         "'");
    }
    Parts parts;
    elements(body, item.content, "input[].content", false, false, parts);
    messages.emplace_back(system ? Role::system : Role::user, std::move(parts));
}

/// A tool's answer: text, or if there is more to it an opaque item.
inline void tool_output(RequestReader& body, const Item& item, std::vector<Message>& messages) {
    if (item.call_id.empty()) body.fail("'input[].call_id' is missing in an item 'function_call_output'");
    if (!item.has_output) body.fail("'input[].output' is missing in an item 'function_call_output'");
    RequestReader list(item.output);
    std::string text;
    bool only_text = true;
    if (!list.in.append_string(text) && !list.in.null()) {
        const bool array = list.in.array([&] {
            const Part part = input_part(list);
            only_text &= part.kind == Kind::text;
            if (part.kind == Kind::text) text += part.text;
        });
        if (!array) body.expected("input[].output", "a string or an array of parts");
    }
    body.adopt(list);
    if (only_text) {
        messages.push_back(tool_result(item.call_id, std::move(text)));
    } else {
        messages.emplace_back(Role::tool, Parts()).parts.push_back(opaque(item.raw, item.type));
    }
}

inline void function_call(RequestReader& body, Item& item, std::vector<Message>& messages) {
    if (item.call_id.empty()) body.fail("'input[].call_id' is missing in an item 'function_call'");
    if (item.name.empty()) body.fail("'input[].name' is missing in an item 'function_call'");
    Part::Detail detail;
    static constexpr std::string_view modelled[] = {"type", "call_id", "name", "arguments"};
    detail.extra = item.rest(modelled);
    if (!detail.extra.empty()) detail.vendor = OpenAIResponses::name;
    detail.id = std::move(item.call_id);
    detail.name = std::move(item.name);
    model_turn(messages).parts.emplace_back(Kind::tool_call, std::move(item.arguments), std::move(detail));
}

/// One element of `input`.
inline void input_item(RequestReader& body, std::vector<Message>& messages) {
    Item item;
    item.raw = body.in.raw();
    RequestReader in(item.raw);
    const bool object = in.in.object([&](std::string_view key) {
        if (key == "type") in.text("input[].type", item.type);
        if (key == "role") in.text("input[].role", item.role);
        if (key == "id") in.text("input[].id", item.id);
        if (key == "call_id") in.text("input[].call_id", item.call_id);
        if (key == "name") in.text("input[].name", item.name);
        if (key == "content") item.content = in.in.raw();
        if (key == "summary") item.summary = in.in.raw();
        if (key == "encrypted_content") in.text("input[].encrypted_content", item.signature);
        if (key == "arguments") {
            if (in.in.kind() == json::Reader::Kind::object) {
                item.arguments = in.in.raw();
            } else {
                in.text("input[].arguments", item.arguments);
            }
        }
        if (key == "output") {
            item.output = in.in.raw();
            item.has_output = true;
        }
    });
    if (!object) return body.expected("input[]", "an object");
    if (item.type.empty() && item.role.empty()) return body.fail("'input[].type' is missing");
    if (item.type.empty() || item.type == "message") {
        body.adopt(in);
        message(body, item, messages);
    } else if (item.type == "reasoning") {
        body.adopt(in);
        whole_item(body, item, messages);
    } else if (item.type == "function_call") {
        body.adopt(in);
        function_call(body, item, messages);
    } else if (item.type == "function_call_output") {
        body.adopt(in);
        tool_output(body, item, messages);
    } else if (item.type.ends_with("_output") || item.type == "mcp_approval_response") {
        messages.emplace_back(Role::tool, Parts()).parts.push_back(opaque(item.raw, item.type));
    } else { // the vendor's own, and so is its shape: complaints about it are not ours to make
        Part part = opaque(item.raw, item.type);
        part.detail->id = item.id;
        model_turn(messages).parts.push_back(std::move(part));
    }
}

} // namespace baton::serve::detail::responses
