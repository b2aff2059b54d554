// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/bedrock.hpp>

namespace baton::wire {
namespace detail {

inline Part& opaque_part(std::string text, std::string_view name, Reply& reply) {
    Part& part = reply.parts.emplace_back(Part::Kind::opaque, std::move(text));
    part.detail.ensure().name = name;
    part.detail->vendor = Bedrock::name;
    return part;
}

inline void keep_extra(Part& part, std::string members) {
    if (members.empty()) return;
    part.detail.ensure().extra = std::move(members);
    part.detail->vendor = Bedrock::name;
}

/// Joins the texts of a list of {"text":...}; false if it holds anything else, or not one text.
inline bool read_cited_text(json::Reader& reader, std::string& out) {
    int texts = 0, others = 0;
    reader.array([&] {
        reader.object([&](std::string_view key) {
            const bool text = json::is(key, "text") && reader.append_string(out);
            ++(text ? texts : others);
        });
    });
    return texts == 1 && others == 0;
}

} // namespace detail

// --- BedrockBlocks: whole blocks -------------------------------------------------------------------

BATON_DECL void BedrockBlocks::add(std::string_view json, Reply& reply) {
    const std::size_t from = reply.parts.size();
    std::string name;
    int members = 0;
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (++members > 1) return;
        name = key;
        if (name == "text") {
            std::string text;
            if (reader.append_string(text)) reply.parts.emplace_back(std::move(text));
        } else if (name == "toolUse") {
            add_tool(reader.raw(), false, reply);
        } else if (name == "reasoningContent") {
            std::string text, signature, extra;
            bool plain = false;
            reader.object([&](std::string_view kind) {
                if (!json::is(kind, "reasoningText")) return;
                plain = reader.object([&](std::string_view member) {
                    if (json::is(member, "text")) {
                        reader.append_string(text);
                    } else if (json::is(member, "signature")) {
                        reader.append_string(signature);
                    } else {
                        const std::string quoted(member);
                        json::append_member(extra, quoted, reader.raw());
                    }
                });
            });
            if (!plain) return;
            Part& part = reply.parts.emplace_back(Part::Kind::thinking, std::move(text));
            part.detail.ensure().signature = std::move(signature);
            part.detail->vendor = Bedrock::name;
            detail::keep_extra(part, std::move(extra));
        } else if (name == "citationsContent") {
            std::string text, extra;
            const std::string_view whole = reader.raw();
            json::Reader inner(whole);
            bool simple = false;
            inner.object([&](std::string_view member) {
                if (json::is(member, "content")) {
                    simple = detail::read_cited_text(inner, text);
                } else {
                    const std::string quoted(member);
                    json::append_member(extra, quoted, inner.raw());
                }
            });
            if (!simple || extra.empty()) return;
            detail::keep_extra(reply.parts.emplace_back(std::move(text)), std::move(extra));
        }
    });
    if (members != 1 || reply.parts.size() == from) {
        while (reply.parts.size() > from) reply.parts.pop_back();
        detail::opaque_part(std::string(json), name, reply);
    }
}

// False: not a call of the caller's tools, but one that the vendor runs itself.
BATON_DECL bool BedrockBlocks::add_tool(std::string_view json, bool streamed, Reply& reply) {
    std::string id, name, type, extra;
    std::string_view input;
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (json::is(key, "toolUseId")) {
            reader.append_string(id);
        } else if (json::is(key, "name")) {
            reader.append_string(name);
        } else if (json::is(key, "input")) {
            input = reader.raw();
        } else {
            const std::string quoted(key);
            const std::string_view value = reader.raw();
            if (quoted == "type") json::Reader(value).append_string(type);
            json::append_member(extra, quoted, value);
        }
    });
    if (!type.empty() && type != "tool_use") return false;
    Part& part = reply.parts.emplace_back(Part::Kind::tool_call, std::string());
    if (streamed) part.text.reserve(256); // also keeps it off the small buffer
    part.text = input;
    if (!streamed && input.empty()) part.text = "{}";
    part.detail.ensure().id = std::move(id);
    part.detail->name = std::move(name);
    detail::keep_extra(part, std::move(extra));
    ++calls_;
    return true;
}

// --- BedrockBlocks: blocks in pieces ---------------------------------------------------------------

BATON_DECL BedrockBlocks::Block& BedrockBlocks::open(std::int64_t index, Kind kind, Reply& reply) {
    Block& block = blocks_.emplace_back();
    block.index = index;
    block.kind = kind;
    block.part = reply.parts.size();
    switch (kind) {
    case Kind::text: reply.parts.emplace_back().text.reserve(blocks_.size() == 1 ? 1024 : 128); break;
    case Kind::thinking:
        reply.parts.emplace_back(Part::Kind::thinking, std::string()).text.reserve(512);
        reply.parts.back().detail.ensure().vendor = Bedrock::name;
        break;
    case Kind::tool: break; // see add_tool
    case Kind::redacted:
    case Kind::server_call:
    case Kind::other: detail::opaque_part({}, {}, reply); break;
    }
    return block;
}

BATON_DECL bool BedrockBlocks::start(std::int64_t index, std::string_view json, Delta& delta, Reply& reply) {
    if (find(index) != nullptr) return false;
    bool fits = true;
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (find(index) != nullptr) {
            fits = false; // a union has one member
            return;
        }
        const std::string name(key);
        const std::string_view whole = reader.raw();
        if (name == "toolUse" && add_tool(whole, true, reply)) {
            Block& block = open(index, Kind::tool, reply);
            block.part = reply.parts.size() - 1;
            block.call = calls_ - 1;
            const Part& part = reply.parts.back();
            shown_calls_.open(block.call, part.detail->id, part.detail->name, part.text, delta);
            return;
        }
        Block& block = open(index, name == "toolUse" ? Kind::server_call : Kind::other, reply);
        reply.parts.back().detail->name = name;
        json::Reader members(whole);
        fits = members.object([&](std::string_view member) {
            const std::string quoted(member);
            json::append_member(block.members, quoted, members.raw());
        });
    });
    return fits;
}

BATON_DECL bool BedrockBlocks::extend(std::int64_t index, json::Reader& reader, Delta& delta, Reply& reply) {
    Block* block = find(index);
    if (block != nullptr && !block->open) return false;
    bool fits = true;
    const bool object = reader.object([&](std::string_view key) {
        if (!fits) return;
        if (json::is(key, "text")) {
            std::string_view text;
            if (block == nullptr) block = &open(index, Kind::text, reply);
            fits = block->kind == Kind::text && reader.string(text, scratch_);
            if (!fits) return;
            shown_text_.append(reply.parts[block->part].text, text, delta.text);
        } else if (json::is(key, "toolUse")) {
            fits = block != nullptr && extend_tool(*block, reader, delta, reply);
        } else if (json::is(key, "reasoningContent")) {
            fits = extend_thinking(index, block, reader, delta, reply);
        } else if (json::is(key, "citation")) {
            if (block == nullptr) block = &open(index, Kind::text, reply);
            fits = block->kind == Kind::text;
            if (!block->pieces.empty()) block->pieces += ',';
            block->pieces += reader.raw();
        } else {
            const std::string name(key);
            fits = extend_other(index, block, name, reader, reply);
        }
    });
    return fits && object;
}

BATON_DECL bool BedrockBlocks::extend_thinking(std::int64_t index, Block* block, json::Reader& reader,
                                               Delta& delta, Reply& reply) {
    bool fits = true;
    const bool object = reader.object([&](std::string_view key) {
        if (!fits) return;
        const bool redacted = json::is(key, "redactedContent");
        if (block == nullptr) block = &open(index, redacted ? Kind::redacted : Kind::thinking, reply);
        if (block->kind != (redacted ? Kind::redacted : Kind::thinking)) {
            fits = false;
        } else if (redacted) {
            // base64 texts can be put together unless the first is padded: then it is a block of its own
            if (block->pieces.ends_with('=')) {
                fits = finish(*block, reply);
                block->index = -1;
                block = &open(index, Kind::redacted, reply);
            }
            fits = fits && reader.append_string(block->pieces);
        } else if (std::string_view text; json::is(key, "text")) {
            fits = reader.string(text, scratch_);
            if (!fits) return;
            shown_reasoning_.append(reply.parts[block->part].text, text, delta.reasoning);
        } else if (json::is(key, "signature")) {
            fits = reader.append_string(reply.parts[block->part].detail->signature);
        }
    });
    return fits && object;
}

BATON_DECL bool BedrockBlocks::extend_tool(Block& block, json::Reader& reader, Delta& delta, Reply& reply) {
    if (block.kind != Kind::tool && block.kind != Kind::server_call) return false;
    bool fits = true;
    const bool object = reader.object([&](std::string_view key) {
        if (!json::is(key, "input")) return;
        if (block.kind == Kind::server_call) {
            fits = reader.append_string(block.pieces);
            return;
        }
        std::string& arguments = reply.parts[block.part].text;
        const std::size_t before = arguments.size();
        fits = reader.append_string(arguments);
        shown_calls_.grow(block.call, arguments, before, delta);
    });
    return fits && object;
}

// The elements of a list (a server tool's result) or the members of an object.
BATON_DECL bool BedrockBlocks::extend_other(std::int64_t index, Block* block, std::string_view name,
                                            json::Reader& reader, Reply& reply) {
    if (block == nullptr) {
        block = &open(index, Kind::other, reply);
        reply.parts.back().detail->name = name;
    }
    if (block->kind != Kind::other || reply.parts[block->part].detail->name != name) return false;
    const auto add_element = [&] {
        if (!block->pieces.empty()) block->pieces += ',';
        block->pieces += reader.raw();
    };
    if (reader.kind() == json::Reader::Kind::array) return reader.array(add_element);
    if (reader.kind() != json::Reader::Kind::object) return false;
    return reader.object([&](std::string_view member) {
        const std::string quoted(member);
        json::append_member(block->members, quoted, reader.raw());
    });
}

BATON_DECL bool BedrockBlocks::finish(Block& block, Reply& reply) {
    Part& part = reply.parts[block.part];
    block.open = false;
    switch (block.kind) {
    case Kind::thinking: break;
    case Kind::text:
        if (!block.pieces.empty()) detail::keep_extra(part, "\"citations\":[" + block.pieces + "]");
        break;
    case Kind::tool:
        if (part.text.empty()) part.text = "{}";
        break;
    case Kind::redacted:
        part.detail->name = "reasoningContent";
        part.text = "{\"reasoningContent\":{\"redactedContent\":";
        json::append_string(part.text, block.pieces);
        part.text += "}}";
        break;
    case Kind::server_call: {
        const std::string_view input = block.pieces.empty() ? std::string_view("{}") : block.pieces;
        if (!is_json_object(input)) return false;
        json::append_member(block.members, "input", input);
        part.text = "{\"toolUse\":{" + block.members + "}}";
        break;
    }
    case Kind::other:
        if (!block.pieces.empty()) {
            json::append_member(block.members, "content", "[" + block.pieces + "]");
        }
        part.text = "{";
        json::append_string(part.text, part.detail->name);
        part.text.append(":{").append(block.members).append("}}");
        break;
    }
    return true;
}

BATON_DECL bool BedrockBlocks::stop(std::int64_t index, Reply& reply) {
    Block* const block = find(index);
    return block == nullptr || !block->open || finish(*block, reply); // an empty text has no block
}

BATON_DECL bool BedrockBlocks::stop_all(Reply& reply) {
    bool good = true;
    for (Block& block : blocks_) good = (!block.open || finish(block, reply)) && good;
    return good;
}

} // namespace baton::wire
