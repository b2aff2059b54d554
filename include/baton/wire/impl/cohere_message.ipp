// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/cohere.hpp>

#include <string>
#include <utility>
#include <vector>

namespace baton::wire {
namespace detail {

inline Part& cohere_opaque(std::string json, std::string_view name, Reply& reply) {
    Part& part = reply.parts.emplace_back(Part::Kind::opaque, std::move(json));
    part.detail.ensure().name = name;
    part.detail->vendor = Cohere::name;
    return part;
}

inline void append_element(std::string& list, std::string_view json) {
    if (json.empty()) return;
    if (!list.empty()) list += ',';
    list += json;
}

/// An element of a message's content; of texts also what is not modelled, as `"a":1,"b":2`.
struct CohereElement {
    explicit CohereElement(std::string_view json) {
        json::Reader reader(json);
        reader.object([&](std::string_view key) {
            if (json::is(key, "type")) {
                reader.append_string(type);
            } else if (json::is(key, "text")) {
                text = reader.raw();
            } else if (json::is(key, "thinking")) {
                thinking = reader.raw();
            } else {
                std::string member;
                json::append_string(member, key);
                const std::string_view value = reader.raw();
                if (value != "null") append_element(extra, member.append(":").append(value));
            }
        });
    }
    std::string type, extra;
    std::string_view text, thinking; // with their quotes
};

inline void keep_cohere_extra(Part& part, const std::string& extra) {
    if (extra.empty()) return;
    part.detail.ensure().extra = extra;
    part.detail->vendor = Cohere::name;
}

/// A list, or one element of it, as streams send it.
template <class F>
bool one_or_many(json::Reader& reader, F&& element) {
    return reader.kind() == json::Reader::Kind::array ? reader.array(element) : (element(), true);
}

} // namespace detail

// --- whole messages --------------------------------------------------------------------------------

BATON_DECL void CohereAssembler::add_element(std::string_view json, Reply& reply) {
    const detail::CohereElement element(json);
    if (element.type == "text" || element.type == "thinking") {
        const bool text = element.type == "text";
        Part& part = reply.parts.emplace_back(text ? Part::Kind::text : Part::Kind::thinking, std::string());
        json::Reader(text ? element.text : element.thinking).append_string(part.text);
        if (!text) part.detail.ensure().vendor = Cohere::name;
        detail::keep_cohere_extra(part, element.extra);
    } else {
        detail::cohere_opaque(std::string(json), {}, reply);
    }
}

BATON_DECL void CohereAssembler::add_call(std::string_view json, Reply& reply) {
    Part& part = reply.parts.emplace_back(Part::Kind::tool_call, std::string());
    Part::Detail& detail = part.detail.ensure();
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (json::is(key, "id")) {
            reader.append_string(detail.id);
        } else if (json::is(key, "function")) {
            reader.object([&](std::string_view member) {
                if (json::is(member, "name")) reader.append_string(detail.name);
                if (json::is(member, "arguments")) reader.append_string(part.text);
            });
        }
    });
    if (part.text.empty()) part.text = "{}";
}

BATON_DECL bool CohereAssembler::whole(json::Reader& reader, Reply& reply) {
    std::string plan;
    std::string_view content, calls;
    std::vector<std::pair<std::string, std::string_view>> others;
    const bool object = reader.object([&](std::string_view key) {
        if (json::is(key, "content")) {
            content = reader.raw();
        } else if (json::is(key, "tool_plan")) {
            reader.append_string(plan);
        } else if (json::is(key, "tool_calls")) {
            calls = reader.raw();
        } else if (!json::is(key, "role")) {
            const std::string name(key);
            const std::string_view value = reader.raw();
            if (value != "null" && value != "[]") others.emplace_back(name, value);
        }
    });
    if (!plan.empty()) {
        Part& part = reply.parts.emplace_back(Part::Kind::thinking, std::move(plan));
        part.detail.ensure().name = "tool_plan";
        part.detail->vendor = Cohere::name;
    }
    json::Reader elements(content), list(calls);
    std::string text;
    if (elements.append_string(text)) {
        if (!text.empty()) reply.parts.emplace_back(std::move(text));
    } else {
        elements.array([&] { add_element(elements.raw(), reply); });
    }
    list.array([&] { add_call(list.raw(), reply); });
    for (const auto& [name, value] : others) detail::cohere_opaque(std::string(value), name, reply);
    return object;
}

BATON_DECL void CohereAssembler::add_logprobs(json::Reader& reader) {
    detail::one_or_many(reader, [&] {
        const std::string_view element = reader.raw();
        if (element != "null") detail::append_element(logprobs_, element);
    });
}

BATON_DECL void CohereAssembler::finish(Reply& reply) {
    for (const Slot& slot : slots_) {
        std::string& text = reply.parts[slot.part].text;
        if (slot.kind == Kind::call && text.empty()) text = "{}";
    }
    if (!citations_.empty()) detail::cohere_opaque("[" + citations_ + "]", "citations", reply);
    if (!logprobs_.empty()) reply.extras.ensure().logprobs = "[" + logprobs_ + "]";
    reply.seal();
}

// --- messages in pieces ----------------------------------------------------------------------------

BATON_DECL CohereAssembler::Slot* CohereAssembler::find(std::int64_t index, bool call) noexcept {
    for (std::size_t i = slots_.size(); i-- > 0;) {
        if (slots_[i].index == index && (slots_[i].kind == Kind::call) == call) return &slots_[i];
    }
    return nullptr;
}

BATON_DECL CohereAssembler::Slot& CohereAssembler::open(std::int64_t index, Kind kind, Reply& reply) {
    const auto at = static_cast<std::uint32_t>(reply.parts.size());
    Part& part = reply.parts.emplace_back();
    // growing text is kept off the small buffer: views of it survive when parts move
    part.text.reserve(kind == Kind::text ? 1024 : 256);
    if (kind != Kind::text) part.detail.ensure().vendor = Cohere::name;
    if (kind == Kind::thinking) part.kind = Part::Kind::thinking;
    if (kind == Kind::other) part.kind = Part::Kind::opaque;
    if (kind == Kind::call) part.kind = Part::Kind::tool_call;
    return slots_.emplace_back(Slot{index, at, kind, kind == Kind::call ? calls_++ : 0});
}

BATON_DECL bool CohereAssembler::add_text(std::int64_t index, Kind kind, json::Reader& reader, Delta& delta,
                                          Reply& reply) {
    std::string_view text;
    if (!reader.string(text, scratch_)) return reader.null();
    Slot* slot = find(index, false);
    if (slot == nullptr) slot = &open(index, kind, reply);
    if (slot->kind != kind) return false;
    std::string& whole = reply.parts[slot->part].text;
    if (kind == Kind::text) {
        shown_text_.append(whole, text, delta.text);
    } else {
        shown_reasoning_.append(whole, text, delta.reasoning);
    }
    return true;
}

BATON_DECL bool CohereAssembler::start_content(std::int64_t index, json::Reader& reader, Delta& delta,
                                               Reply& reply) {
    if (find(index, false) != nullptr) return false;
    const std::string_view json = reader.raw();
    const detail::CohereElement element(json);
    if (element.type == "text" || element.type == "thinking") {
        const Slot& slot = open(index, element.type == "text" ? Kind::text : Kind::thinking, reply);
        detail::keep_cohere_extra(reply.parts[slot.part], element.extra);
        json::Reader inner(json);
        return extend_content(index, inner, delta, reply);
    }
    reply.parts[open(index, Kind::other, reply).part].text = json;
    return true;
}

BATON_DECL bool CohereAssembler::extend_content(std::int64_t index, json::Reader& reader, Delta& delta,
                                                Reply& reply) {
    if (Slot* const slot = find(index, false); slot != nullptr && slot->kind == Kind::other) {
        return extend_other(*slot, reader.raw(), reply);
    }
    bool fits = true;
    reader.object([&](std::string_view key) {
        if (json::is(key, "text")) {
            fits = add_text(index, Kind::text, reader, delta, reply) && fits;
        } else if (json::is(key, "thinking")) {
            fits = add_text(index, Kind::thinking, reader, delta, reply) && fits;
        }
    });
    return fits;
}

// A kind of content that is not known: texts grow as those that are known do, the rest is replaced.
BATON_DECL bool CohereAssembler::extend_other(Slot& slot, std::string_view json, Reply& reply) {
    struct Member {
        std::string name, value;
    };
    std::vector<Member> members;
    for (const std::string_view object : {std::string_view(reply.parts[slot.part].text), json}) {
        json::Reader reader(object);
        if (!reader.object([&](std::string_view key) {
                std::string name(key), value(reader.raw());
                for (Member& known : members) {
                    if (known.name != name) continue;
                    if (known.value.starts_with('"') && value.starts_with('"')) {
                        known.value.pop_back();
                        known.value.append(value, 1);
                    } else {
                        known.value = std::move(value);
                    }
                    return;
                }
                members.push_back({std::move(name), std::move(value)});
            })) {
            return false;
        }
    }
    std::string whole;
    json::Writer writer(whole);
    writer.begin_object();
    for (const Member& member : members) writer.key(member.name).raw(member.value);
    writer.end_object();
    reply.parts[slot.part].text = std::move(whole);
    return true;
}

BATON_DECL bool CohereAssembler::start_call(std::int64_t index, json::Reader& reader, Delta& delta,
                                            Reply& reply) {
    if (find(index, true) != nullptr) return false;
    const Slot& slot = open(index, Kind::call, reply);
    Part& part = reply.parts[slot.part];
    Part::Detail& detail = *part.detail;
    detail.vendor.clear(); // nothing of the vendor's own
    const bool object = reader.object([&](std::string_view key) {
        if (json::is(key, "id")) {
            reader.append_string(detail.id);
        } else if (json::is(key, "function")) {
            reader.object([&](std::string_view member) {
                if (json::is(member, "name")) reader.append_string(detail.name);
                if (json::is(member, "arguments")) reader.append_string(part.text);
            });
        }
    });
    shown_calls_.open(slot.call, detail.id, detail.name, part.text, delta);
    return object;
}

BATON_DECL bool CohereAssembler::extend_call(std::int64_t index, json::Reader& reader, Delta& delta,
                                             Reply& reply) {
    const Slot* const slot = find(index, true);
    if (slot == nullptr) return false;
    Part& part = reply.parts[slot->part];
    const std::size_t before = part.text.size();
    reader.object([&](std::string_view key) {
        if (!json::is(key, "function")) return;
        reader.object([&](std::string_view member) {
            if (json::is(member, "arguments")) reader.append_string(part.text);
        });
    });
    shown_calls_.grow(slot->call, part.text, before, delta);
    return true;
}

BATON_DECL bool CohereAssembler::extend(Piece piece, std::int64_t index, json::Reader& reader, Delta& delta,
                                        Reply& reply) {
    bool fits = true;
    const bool object = reader.object([&](std::string_view key) {
        if (json::is(key, "content")) {
            if (piece == Piece::content) fits = extend_content(index, reader, delta, reply) && fits;
            if (piece == Piece::content_start) fits = start_content(index, reader, delta, reply) && fits;
        } else if (json::is(key, "tool_plan") && piece == Piece::tool_plan) {
            std::string_view text;
            if (!reader.string(text, scratch_)) return;
            if (plan_ < 0) {
                plan_ = static_cast<std::int64_t>(reply.parts.size());
                Part& part = reply.parts.emplace_back(Part::Kind::thinking, std::string());
                part.text.reserve(256);
                part.detail.ensure().name = "tool_plan";
                part.detail->vendor = Cohere::name;
            }
            shown_reasoning_.append(reply.parts[static_cast<std::size_t>(plan_)].text, text, delta.reasoning);
        } else if (json::is(key, "tool_calls")) {
            if (piece == Piece::call) fits = extend_call(index, reader, delta, reply) && fits;
            if (piece == Piece::call_start) fits = start_call(index, reader, delta, reply) && fits;
        } else if (json::is(key, "citations") && piece == Piece::citation) {
            detail::one_or_many(reader, [&] { detail::append_element(citations_, reader.raw()); });
        }
    });
    return fits && object;
}

} // namespace baton::wire
