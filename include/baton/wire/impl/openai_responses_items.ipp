// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/wire/openai_responses_dialect.hpp>

#include <algorithm>

namespace baton::wire {
BATON_DECL ResponsesItems::Kind ResponsesItems::kind_of(std::string_view type) noexcept {
    if (json::is(type, "message")) return Kind::message;
    if (json::is(type, "reasoning")) return Kind::reasoning;
    if (json::is(type, "function_call")) return Kind::call;
    return Kind::other;
}

BATON_DECL ResponsesItems::Slot* ResponsesItems::find(std::int64_t index) noexcept {
    if (index < 0) return slots_.empty() ? nullptr : &slots_.back();
    for (std::size_t i = slots_.size(); i-- > 0;) {
        if (slots_[i].index == index) return &slots_[i];
    }
    return nullptr;
}

BATON_DECL ResponsesItems::Slot& ResponsesItems::open(std::int64_t index, Kind kind, Reply& reply) {
    if (index < 0) index = slots_.empty() ? 0 : slots_.back().index + 1;
    auto at = slots_.end();
    while (at != slots_.begin() && (at - 1)->index > index) --at;
    const auto first = at == slots_.end() ? static_cast<std::uint32_t>(reply.parts.size()) : at->first;
    return *slots_.insert(at, Slot{index, first, 0, 0, kind, false, false, -1});
}

BATON_DECL Part& ResponsesItems::insert(Slot& slot, std::uint32_t at, Part::Kind kind, Reply& reply) {
    Part& part = *reply.parts.emplace(reply.parts.begin() + at);
    part.kind = kind;
    // growing text is kept off the small buffer: views of it survive when parts move
    if (streamed_) part.text.reserve(kind == Part::Kind::text ? 1024 : 256);
    ++slot.parts;
    for (Slot* later = &slot + 1; later != slots_.data() + slots_.size(); ++later) ++later->first;
    return part;
}

BATON_DECL void ResponsesItems::clear(Slot& slot, Reply& reply) {
    const auto begin = reply.parts.begin() + slot.first;
    reply.parts.erase(begin, begin + slot.parts);
    for (Slot* later = &slot + 1; later != slots_.data() + slots_.size(); ++later) later->first -= slot.parts;
    slot.parts = slot.summaries = 0;
}

BATON_DECL Part::Detail& ResponsesItems::ours(Part& part) const {
    Part::Detail& detail = part.detail.ensure();
    detail.vendor = vendor_;
    return detail;
}

BATON_DECL void ResponsesItems::append(std::string& whole, std::string_view text, std::string_view& shown) {
    streamed_ ? shown_text_.append(whole, text, shown) : void(whole.append(text));
}

BATON_DECL void ResponsesItems::complete(std::string& whole, std::string_view text, std::string_view& shown) {
    if (text.starts_with(whole)) {
        if (text.size() > whole.size()) append(whole, text.substr(whole.size()), shown);
    } else {
        whole = text; // a stream that was resumed in the middle
    }
}

BATON_DECL Part& ResponsesItems::element(Slot& slot, Text kind, std::int64_t place, Reply& reply) {
    const bool summary = kind == Text::summary;
    const std::uint32_t begin = summary ? 0 : slot.summaries, end = summary ? slot.summaries : slot.parts;
    const std::uint32_t count = end - begin;
    if (place < 0) place = count == 0 ? 0 : count - 1;
    if (place < count) return reply.parts[slot.first + begin + static_cast<std::uint32_t>(place)];
    const bool thought = slot.kind == Kind::reasoning;
    Part& part = insert(slot, slot.first + end, thought ? Part::Kind::thinking : Part::Kind::text, reply);
    if (summary) ++slot.summaries;
    if (thought) ours(part).name = summary ? "summary_text" : "reasoning_text";
    if (kind == Text::refusal) ours(part).name = "refusal";
    return part;
}

BATON_DECL void ResponsesItems::text(Text kind, Place place, std::string_view text, bool whole, Delta& delta,
                                     Reply& reply) {
    if (text.empty()) return;
    const bool spoken = kind == Text::output || kind == Text::refusal;
    const Kind holder = spoken ? Kind::message : Kind::reasoning;
    Slot* slot = find(place.item);
    if (slot == nullptr) slot = &open(place.item, holder, reply);
    if (slot->kind != holder || slot->done) return;
    Part& part = element(*slot, kind, place.part, reply);
    std::string_view& shown = spoken ? delta.text : delta.reasoning;
    whole ? complete(part.text, text, shown) : append(part.text, text, shown);
}

BATON_DECL void ResponsesItems::show_call(Slot& slot, std::size_t from, Delta& delta, const Reply& reply) {
    const Part& part = reply.parts[slot.first];
    const bool first = slot.call < 0;
    if (first) slot.call = calls_++;
    shown_ = {slot.call, {}, {}, std::string_view(part.text).substr(std::min(from, part.text.size()))};
    if (!slot.opened && part.detail) {
        shown_.id = part.detail->id;
        shown_.name = part.detail->name;
        slot.opened = !shown_.id.empty() || !shown_.name.empty();
    }
    if (first || !shown_.id.empty() || !shown_.name.empty() || !shown_.arguments.empty())
        delta.tools = {&shown_, 1};
}

BATON_DECL void ResponsesItems::arguments(std::int64_t item, std::string_view text, bool whole, Delta& delta,
                                          Reply& reply) {
    Slot* slot = find(item);
    if (slot == nullptr) slot = &open(item, Kind::call, reply);
    if (slot->kind != Kind::call || slot->done) return;
    if (slot->parts == 0)
        ours(insert(*slot, slot->first, Part::Kind::tool_call, reply)); // a call has a Detail
    std::string& known = reply.parts[slot->first].text;
    const std::size_t from = known.size();
    if (!whole) {
        known.append(text);
    } else if (text.starts_with(known)) {
        known.append(text.substr(from));
    } else {
        known = text;
        return;
    }
    if (known.size() > from) show_call(*slot, from, delta, reply);
}

BATON_DECL void ResponsesItems::elements(Slot& slot, bool summary, std::string_view json, bool whole,
                                         Delta& delta, Reply& reply) {
    std::int64_t place = 0;
    json::Reader reader(json);
    if (reader.kind() == json::Reader::Kind::string) { // a content that is but its text
        std::string_view text;
        if (!reader.string(text, scratch_) || text.empty()) return;
        const bool thought = slot.kind == Kind::reasoning;
        const Text kind = summary ? Text::summary : thought ? Text::reasoning : Text::output;
        complete(element(slot, kind, 0, reply).text, text, thought ? delta.reasoning : delta.text);
        return;
    }
    reader.array([&] { read_element(slot, summary, place++, reader.raw(), whole, delta, reply); });
}

BATON_DECL void ResponsesItems::read_element(Slot& slot, bool summary, std::int64_t place,
                                             std::string_view json, bool whole, Delta& delta, Reply& reply) {
    std::string_view type, text, logprobs; // text: with its quotes
    std::string type_scratch, extra;
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (json::is(key, "type")) {
            reader.string(type, type_scratch);
        } else if ((json::is(key, "text") || json::is(key, "refusal")) &&
                   reader.kind() == json::Reader::Kind::string) {
            text = reader.raw();
        } else if (json::is(key, "logprobs")) {
            logprobs = reader.raw(); // the caller's business, not the vendor's
        } else if (whole) {
            const std::string name(key);
            json::append_member(extra, name, reader.raw());
        }
    });
    const bool thought = slot.kind == Kind::reasoning, refusal = json::is(type, "refusal");
    const Text kind = summary   ? Text::summary
                      : thought ? Text::reasoning
                      : refusal ? Text::refusal
                                : Text::output;
    if (text.empty() || !(thought || refusal || json::is(type, "output_text"))) {
        if (!whole) return;
        Part& part = element(slot, kind, place, reply);
        part.kind = Part::Kind::opaque;
        part.text = json;
        ours(part).name = std::string(type);
        part.detail->extra = detail::content_mark;
        return;
    }
    Part& part = element(slot, kind, place, reply);
    json::Reader value(text);
    if (!streamed_ && part.text.empty()) { // decoded once, straight into its place
        value.append_string(part.text);
    } else if (std::string_view decoded; value.string(decoded, scratch_)) {
        complete(part.text, decoded, thought ? delta.reasoning : delta.text);
    }
    if (!whole) return;
    ours(part).extra = std::move(extra);
    part.detail->name = thought || refusal ? type : std::string_view();
    if (logprobs.size() > 2 && logprobs.front() == '[') {
        std::string& all = reply.extras.ensure().logprobs;
        if (all.empty()) {
            all = logprobs;
        } else { // of several texts, one list
            all.pop_back();
            all.append(",").append(logprobs.substr(1));
        }
    }
}

BATON_DECL void ResponsesItems::item(std::int64_t index, std::string_view json, bool whole, Delta& delta,
                                     Reply& reply) {
    std::string_view type, id, call_id, name, arguments, content, summary; // the last three: still JSON
    std::string signature, scratch[4];
    json::Reader reader(json);
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "type")) {
                reader.string(type, scratch[0]);
            } else if (json::is(key, "id")) {
                reader.string(id, scratch[1]);
            } else if (json::is(key, "call_id")) {
                reader.string(call_id, scratch[2]);
            } else if (json::is(key, "name")) {
                reader.string(name, scratch[3]);
            } else if (json::is(key, "arguments")) {
                arguments = reader.raw();
            } else if (json::is(key, "content")) {
                content = reader.raw();
            } else if (json::is(key, "summary")) {
                summary = reader.raw();
            } else if (json::is(key, "encrypted_content")) {
                reader.append_string(signature);
            }
        })) {
        return;
    }
    const Kind kind = kind_of(type);
    Slot* slot = whole || index >= 0 ? find(index) : nullptr; // added without an index: the next one
    if (slot != nullptr && slot->done) {                      // a vendor that gives several items one index
        if (!whole) return;
        slot = nullptr;
        index = -1;
    }
    if (slot == nullptr) slot = &open(index, kind, reply);
    if (slot->kind != kind && !whole && streamed_ && slot->parts > 0) {
        slot = &open(index, kind, reply); // two items under one number: what was shown stands
    } else if (slot->kind != kind) {      // opened by a fragment that was misleading
        clear(*slot, reply);
        slot->kind = kind;
    }
    // The members that are not modelled, to go back as they came.
    const auto rest = [&] {
        std::string members;
        json::Reader again(json);
        again.object([&](std::string_view key) {
            const std::string member(key);
            const std::string_view value = again.raw();
            if (kind == Kind::call) {
                if (member == "type" || member == "call_id" || member == "name" || member == "arguments")
                    return;
            } else if (member == "content" || member == "summary") {
                if (value.starts_with('[') || value.starts_with('"'))
                    return json::append_member(members, member, "[]");
            } else if (member == "encrypted_content" && !signature.empty()) {
                return;
            }
            json::append_member(members, member, value);
        });
        return members;
    };
    slot->done |= whole;
    if (kind == Kind::other) {
        if (slot->parts == 0) insert(*slot, slot->first, Part::Kind::opaque, reply);
        Part& part = reply.parts[slot->first];
        part.text = json;
        ours(part).name = type;
        part.detail->id = id;
        return;
    }
    if (kind == Kind::call) {
        if (slot->parts == 0) insert(*slot, slot->first, Part::Kind::tool_call, reply);
        Part& part = reply.parts[slot->first];
        ours(part).id = call_id;
        part.detail->name = name;
        std::string decoded;
        if (!json::Reader(arguments).append_string(decoded) && arguments.starts_with('{')) {
            decoded = arguments; // an object instead of a string
        }
        // what is known already is not shown again, also where an item is announced twice
        const bool goes_on = decoded.starts_with(part.text);
        const std::size_t known = part.text.size();
        if (!decoded.empty() && (whole || part.text.empty())) part.text = std::move(decoded);
        if (streamed_) show_call(*slot, goes_on ? known : part.text.size(), delta, reply);
        if (whole) part.detail->extra = rest();
        return;
    }
    elements(*slot, true, summary, whole, delta, reply);
    elements(*slot, false, content, whole, delta, reply);
    if (!whole) return;
    if (slot->parts == 0) { // nothing said: its place is kept
        Part& part = insert(*slot, slot->first,
                            kind == Kind::reasoning ? Part::Kind::thinking : Part::Kind::opaque, reply);
        if (kind == Kind::message) {
            part.text = json;
            ours(part).name = type;
            part.detail->id = id;
            return;
        }
    }
    for (std::uint32_t i = 0; i < slot->parts; ++i) ours(reply.parts[slot->first + i]).id = id;
    Part::Detail& head = *reply.parts[slot->first].detail;
    head.extra = "\"item\":{" + rest() + "}" + (head.extra.empty() ? "" : ",") + head.extra;
    head.signature = std::move(signature);
}

} // namespace baton::wire
