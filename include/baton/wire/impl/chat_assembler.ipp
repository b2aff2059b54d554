// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/wire/chat_assembler.hpp>

#include <utility>

namespace baton::wire {
namespace detail {

/// Members of messages that are kept. Groq refuses its `executed_tools` in requests; reasoning details and
/// citations of files are of use only there.
inline constexpr ChatKept chat_annotations{"annotations", true};
inline constexpr ChatKept chat_details{"reasoning_details", true};
inline constexpr ChatKept chat_kept_in_messages[] = {
    {"extra_content", true}, // Gemini's thought signatures
    {"images", true},
    {"executed_tools", false},
    {"context", false}, // the sources of Azure's answers from one's own data
};

/// Whether assistant messages in requests have a member of this name.
inline bool chat_goes_back(std::string_view name) noexcept {
    if (name == chat_annotations.name || name == chat_details.name) return true;
    for (const ChatKept& kept : chat_kept_in_messages) {
        if (kept.name == name) return kept.goes_back;
    }
    return false;
}

/// What is between the brackets of an array or object, as text.
inline std::string_view chat_inside(std::string_view json) noexcept {
    constexpr std::string_view space = " \t\r\n";
    json = json.substr(1, json.size() - 2);
    const std::size_t first = json.find_first_not_of(space);
    return first == std::string_view::npos ? std::string_view()
                                           : json.substr(first, json.find_last_not_of(space) - first + 1);
}

/// Whether a JSON value, as text, says anything at all: null, "", [] and {} do not.
inline bool chat_says_something(std::string_view json) noexcept {
    if (json.front() == '[' || json.front() == '{') return !chat_inside(json).empty();
    return json.size() > 2 && json != "null";
}

} // namespace detail

BATON_DECL Part& ChatAssembler::new_part(Part::Kind kind, int& index, Reply& reply) {
    index = static_cast<int>(reply.parts.size());
    Part& part = reply.parts.emplace_back();
    part.kind = kind;
    if (streamed())
        part.text.reserve(reserve_); // also keeps the text off the small buffer: views survive moves
    if (kind == Part::Kind::thinking && dialect_->thinking != ChatDialect::Thinking::dropped) {
        part.detail.ensure().vendor = dialect_->vendor.name; // only there can it go back
    }
    return part;
}

BATON_DECL void ChatAssembler::finish(std::string_view json, Reply& reply) {
    struct Word {
        std::string_view text;
        StopReason stop;
    };
    static constexpr Word words[] = {
        {"stop", StopReason::stop},
        {"length", StopReason::length},
        {"tool_calls", StopReason::tool_calls},
        {"content_filter", StopReason::content_filter},
        {"function_call", StopReason::tool_calls},
        {"eos", StopReason::stop},            // Together
        {"end_turn", StopReason::stop},       // gateways that pass Anthropic's words on
        {"max_tokens", StopReason::length},   //
        {"tool_use", StopReason::tool_calls}, //
        {"model_length", StopReason::length}, // Mistral
    };
    if (json.size() <= 2 || json.front() != '"') return; // "" is what some send instead of null
    finished_ = true;
    for (const Word& word : words) {
        if (json.substr(1, json.size() - 2) != word.text) continue;
        reply.stop = word.stop;
        return;
    }
    reply.stop = StopReason::unknown;
    reply.stop_text.clear();
    json::Reader(json).append_string(reply.stop_text);
}

BATON_DECL void ChatAssembler::message(json::Reader& reader, Delta& delta, Reply& reply) {
    bool reasoned = false;         // some vendors repeat the same thought under two names
    std::string_view reasoning_of; // `reasoning_details`
    reader.object([&](std::string_view key) BATON_HOT_LAMBDA {
        if (json::is(key, "content")) {
            std::string_view text;
            if (!streamed() && text_part_ == none) { // decoded once, straight into its place
                std::string whole;
                if (!reader.append_string(whole)) return content(reader, delta, reply);
                if (!whole.empty()) new_part(Part::Kind::text, text_part_, reply).text = std::move(whole);
            } else if (reader.string(text, scratch_)) {
                add_text(text, delta, reply);
            } else {
                content(reader, delta, reply);
            }
        } else if (json::is(key, "reasoning_content") || json::is(key, "reasoning")) {
            std::string_view text;
            if (reasoned || !reader.string(text, scratch_)) return;
            reasoned = !text.empty();
            add_reasoning(text, delta, reply);
        } else if (json::is(key, "tool_calls")) {
            reader.array([&] { tool_call(reader, reply); });
        } else if (json::is(key, "refusal")) {
            refusal(reader, delta, reply);
        } else if (json::is(key, "function_call")) {
            legacy_call(reader, reply);
        } else if (json::is(key, "reasoning_details")) {
            if (reader.kind() == json::Reader::Kind::array) reasoning_of = reader.raw();
        } else if (json::is(key, "annotations")) {
            if (reader.kind() == json::Reader::Kind::array)
                keep(detail::chat_annotations, reader.raw(), streamed());
        } else if (json::is(key, "audio")) {
            audio(reader, reply);
        } else {
            for (const ChatKept& kept : detail::chat_kept_in_messages) {
                if (key == kept.name) return keep(kept, reader.raw(), streamed());
            }
        }
    });
    reasoned_ |= reasoned;
    if (!reasoning_of.empty() && !reader.failed()) details(reasoning_of, delta, reply);
}

BATON_DECL void ChatAssembler::content(json::Reader& reader, Delta& delta, Reply& reply) {
    reader.array([&] {
        if (reader.kind() == json::Reader::Kind::object) content_part(reader.raw(), delta, reply);
    });
}

BATON_DECL void ChatAssembler::content_part(std::string_view json, Delta& delta, Reply& reply) {
    // what thinks or speaks again after something else is a part of its own, so that order is kept
    const auto resume = [&](int& index) {
        if (index != static_cast<int>(reply.parts.size()) - 1) index = none;
    };
    bool known = false;
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        std::string_view text;
        if (json::is(key, "text")) {
            resume(text_part_);
            known = true;
            if (reader.string(text, scratch_)) add_text(text, delta, reply);
        } else if (json::is(key, "thinking")) {
            resume(reasoning_part_);
            known = true;
            thinking(reader, delta, reply);
        } else if (json::is(key, "refusal")) {
            known = true;
            refusal(reader, delta, reply);
        }
    });
    if (known || reader.failed()) return;
    Part& part = reply.parts.emplace_back(Part::Kind::opaque, std::string(json));
    part.detail.ensure().vendor = dialect_->vendor.name;
}

BATON_DECL void ChatAssembler::thinking(json::Reader& reader, Delta& delta, Reply& reply) {
    std::string_view text;
    if (reader.string(text, scratch_)) return add_reasoning(text, delta, reply);
    reader.array([&] {
        reader.object([&](std::string_view key) {
            std::string_view piece;
            if (json::is(key, "text") && reader.string(piece, scratch_)) add_reasoning(piece, delta, reply);
        });
    });
}

BATON_DECL void ChatAssembler::details(std::string_view json, Delta& delta, Reply& reply) {
    if (streamed()) {
        details_.add(json);
    } else {
        keep(detail::chat_details, json, false);
    }
    if (reasoned_) return;
    json::Reader reader(json); // some say their thought only here (Snowflake)
    reader.array([&] {
        reader.object([&](std::string_view key) {
            std::string_view text;
            if ((json::is(key, "text") || json::is(key, "summary")) && reader.string(text, scratch_)) {
                add_reasoning(text, delta, reply);
            }
        });
    });
}

BATON_DECL void ChatAssembler::refusal(json::Reader& reader, Delta& delta, Reply& reply) {
    std::string_view text;
    if (!reader.string(text, scratch_) || text.empty()) return;
    if (refusal_part_ <= text_part_) { // there is none yet, or more was said since
        Part::Detail& detail = new_part(Part::Kind::text, refusal_part_, reply).detail.ensure();
        detail.name = "refusal"; // so that it can go back as what it was
        detail.vendor = dialect_->vendor.name;
    }
    append(reply.parts[static_cast<std::size_t>(refusal_part_)].text, text, delta.text, shown_text_);
}

BATON_DECL void ChatAssembler::audio(json::Reader& reader, Reply& reply) {
    // Whole bodies only: streamed audio comes in pieces of base64 that no later request refers to.
    if (streamed() || reader.kind() != json::Reader::Kind::object) return;
    Part part(Part::Kind::opaque, std::string(reader.raw()));
    Part::Detail& detail = part.detail.ensure();
    detail.name = "audio";
    detail.vendor = dialect_->vendor.name;
    json::Reader inner(part.text);
    inner.object([&](std::string_view key) {
        if (json::is(key, "id")) inner.append_string(detail.id);
    });
    if (!detail.id.empty()) reply.parts.push_back(std::move(part)); // else a placeholder (Snowflake)
}

BATON_DECL void ChatAssembler::keep(const ChatKept& member, std::string_view json, bool goes_on) {
    if (json.empty() || !detail::chat_says_something(json)) return;
    for (Kept& kept : kept_) {
        if (kept.member != &member) continue;
        if (goes_on && json.front() == '[' && kept.json.front() == '[') {
            kept.json.back() = ',';
            kept.json.append(detail::chat_inside(json)) += ']';
        } else if (kept.json != json) { // the same with every event (Perplexity)
            kept.json = json;
        }
        return;
    }
    kept_.push_back({&member, std::string(json)});
}

BATON_DECL void ChatAssembler::logprobs(std::string_view json) {
    if (!json.starts_with('{')) return;
    json::Reader reader(json);
    bool any = false;
    reader.object([&](std::string_view key) {
        const std::string_view value = reader.raw();
        if (!value.starts_with('[') || !detail::chat_says_something(value)) return;
        any = true;
        if (!streamed()) return;
        Column* column = nullptr;
        for (Column& known : columns_) {
            if (known.name == key) column = &known;
        }
        if (column == nullptr) {
            column = &columns_.emplace_back();
            column->name = key;
        }
        if (!column->elements.empty()) column->elements += ',';
        column->elements += detail::chat_inside(value);
    });
    if (any && !streamed()) logprobs_ = json;
}

BATON_DECL void ChatAssembler::seal(Reply& reply) {
    for (const Call& call : calls_) {
        std::string& arguments = reply.parts[call.part].text;
        if (arguments.empty()) arguments = "{}";
    }
    if (std::string whole = details_.take(); !whole.empty()) {
        kept_.push_back({&detail::chat_details, std::move(whole)});
    }
    for (Kept& kept : kept_) {
        Part& part = reply.parts.emplace_back(Part::Kind::opaque, std::move(kept.json));
        Part::Detail& detail = part.detail.ensure();
        detail.vendor = dialect_->vendor.name;
        detail.name = kept.member->name;
    }
    kept_.clear();
    if (!columns_.empty()) {
        json::Writer writer(logprobs_);
        writer.begin_object();
        for (const Column& column : columns_) {
            writer.key(column.name).begin_array().raw(column.elements).end_array();
        }
        writer.end_object();
        columns_.clear();
    }
    if (!logprobs_.empty()) reply.extras.ensure().logprobs = std::move(logprobs_);
    if (refusal_part_ != none) reply.stop = StopReason::refusal;
    reply.seal();
}

} // namespace baton::wire
