// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_assembler.hpp>

namespace baton::wire {

BATON_DECL std::uint32_t ChatAssembler::find_call(std::int64_t wire_index, std::string_view id,
                                                  Reply& reply) {
    for (std::size_t i = streamed() ? calls_.size() : 0; i-- > 0;) {
        // without an index, fragments belong to the call last begun; with one, a new id under an old index
        // is a new call (vendors that number every parallel call 0)
        if (wire_index != none && calls_[i].wire_index != wire_index) continue;
        const std::string& known = reply.parts[calls_[i].part].detail->id;
        if (id.empty() || known.empty() || known == id) return static_cast<std::uint32_t>(i);
    }
    calls_.push_back(Call{wire_index, static_cast<std::uint32_t>(reply.parts.size())});
    Part& part = reply.parts.emplace_back();
    part.kind = Part::Kind::tool_call;
    part.detail.ensure();
    if (streamed()) part.text.reserve(reserve_ / 4);
    return static_cast<std::uint32_t>(calls_.size() - 1);
}

BATON_DECL void ChatAssembler::tool_call(json::Reader& reader, Reply& reply) {
    std::int64_t index = none;
    std::string_view id, name, extra, arguments; // the last two: still JSON
    std::string id_scratch, name_scratch;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "index")) {
                reader.integer(index);
            } else if (json::is(key, "id")) {
                reader.string(id, id_scratch);
            } else if (json::is(key, "function")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "arguments")) {
                        arguments = reader.raw();
                    } else if (json::is(member, "name")) {
                        reader.string(name, name_scratch);
                    }
                });
            } else if (json::is(key, "extra_content")) {
                if (reader.kind() == json::Reader::Kind::object) extra = reader.raw();
            }
        })) {
        return;
    }
    Part& part = reply.parts[calls_[find_call(index, id, reply)].part];
    unseen_ = true;
    // id and name come once; vendors that repeat them with every fragment must not change them
    if (part.detail->id.empty()) part.detail->id = id;
    if (part.detail->name.empty()) part.detail->name = name;
    if (!extra.empty() && part.detail->extra.empty()) { // Gemini's signature of the thought behind the call
        part.detail->vendor = dialect_->vendor.name;
        part.detail->extra.assign("\"extra_content\":").append(extra);
    }
    if (!arguments.empty() && arguments.front() == '"') {
        json::Reader inner(arguments);
        inner.append_string(part.text);
    } else if (!arguments.empty() && arguments.front() == '{') {
        part.text.append(arguments); // an object instead of a string (Ollama)
    }
}

BATON_DECL void ChatAssembler::legacy_call(json::Reader& reader, Reply& reply) {
    // before there were several calls there was one, without an id
    std::string_view name;
    std::string name_scratch, arguments;
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "name")) {
                reader.string(name, name_scratch);
            } else if (json::is(key, "arguments")) {
                reader.append_string(arguments);
            }
        })) {
        return;
    }
    if (name.empty() && arguments.empty()) return; // a placeholder beside real tool calls (Snowflake)
    Part& part = reply.parts[calls_[find_call(0, {}, reply)].part];
    unseen_ = true;
    if (part.detail->name.empty()) part.detail->name = name;
    part.detail->vendor = dialect_->vendor.name; // so that it can go back as what it was
    part.text += arguments;
}

BATON_DECL void ChatAssembler::finish_event(Delta& delta, const Reply& reply) {
    if (!unseen_) return;
    unseen_ = false;
    shown_.clear();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        Call& call = calls_[i];
        const Part& part = reply.parts[call.part];
        if (!call.opened && part.detail->name.empty() && !finished_) {
            unseen_ = true;
            break;
        }
        if (call.opened && part.text.size() == call.shown) continue;
        Delta::ToolFragment& shown = shown_.emplace_back();
        shown.index = static_cast<int>(i);
        shown.arguments = std::string_view(part.text).substr(call.shown);
        if (!call.opened) {
            shown.id = part.detail->id;
            shown.name = part.detail->name;
        }
        call.opened = true;
        call.shown = part.text.size();
    }
    delta.tools = {shown_.data(), shown_.size()};
}

} // namespace baton::wire
