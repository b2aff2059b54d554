// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/canonical.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace baton {
namespace detail {

// Everything is a word of 8 bytes or a text, and every choice is announced by a word before it; so the form
// can be read back in only one way, which is what makes it unambiguous. Words and short texts are gathered on
// the stack: an append to the string costs as much as writing thirty bytes.
class CanonicalWriter {
public:
    explicit CanonicalWriter(std::string& out) noexcept : out_(out) {}

    void word(std::uint64_t value) {
        if (sizeof near_ - used_ < 8) flush();
        put(value);
    }
    /// `mark` shares the word of the length, which never needs its upper 16 bits.
    void text(std::string_view text, std::uint64_t mark = 0) {
        const std::uint64_t head = text.size() | mark << 48;
        if (text.size() > sizeof near_ || sizeof near_ - used_ < 8 + text.size()) return far(head, text);
        put(head);
        if (text.empty()) return;
        std::memcpy(near_ + used_, text.data(), text.size());
        used_ += text.size();
    }
    void flush() {
        if (used_ == 0) return;
        out_.append(near_, used_);
        used_ = 0;
    }

private:
    void put(std::uint64_t value) noexcept {
        std::memcpy(near_ + used_, &value, 8);
        used_ += 8;
    }
    void far(std::uint64_t head, std::string_view text) {
        word(head);
        flush();
        // room for what follows too: nearly always the one allocation there is
        const std::size_t room = text.size() + 2 * sizeof near_;
        if (out_.capacity() - out_.size() < room) out_.reserve(out_.size() + room);
        out_.append(text);
    }

    std::string& out_;
    std::size_t used_ = 0;
    char near_[256];
};

inline void walk_canonical(CanonicalWriter& sink, const std::vector<std::string>& texts) {
    sink.word(texts.size());
    for (const std::string& text : texts) sink.text(text);
}

// The structured bindings name every member: a class that gains one does not compile until somebody has
// decided here whether it can change an answer.

inline void walk_canonical(CanonicalWriter& sink, const Part& part) {
    const auto& [kind, text, detail] = part;
    const bool is_error = detail && detail->is_error;
    sink.text(text, static_cast<unsigned char>(kind) | (detail ? 0x100U : 0U) | (is_error ? 0x200U : 0U));
    if (!detail) return;
    const auto& [id, name, media_type, signature, vendor, extra, in_the_word_above, cache_point] = *detail;
    static_cast<void>(in_the_word_above);
    static_cast<void>(cache_point); // changes what a request costs, not what is asked
    sink.text(id);
    sink.text(name);
    sink.text(media_type);
    sink.text(signature);
    sink.text(vendor);
    sink.text(extra);
}

inline void walk_canonical(CanonicalWriter& sink, const Message& message) {
    const auto& [role, parts] = message;
    sink.word(static_cast<unsigned char>(role) | std::uint64_t{parts.size()} << 8);
    for (const Part& part : parts) walk_canonical(sink, part);
}

inline void walk_canonical(CanonicalWriter& sink, const Tool& tool) {
    const auto& [name, description, parameters, strict, vendor, extra] = tool;
    sink.word(strict ? 1 : 0);
    sink.text(name);
    sink.text(description);
    sink.text(parameters);
    sink.text(vendor);
    sink.text(extra);
}

inline void walk_canonical(CanonicalWriter& sink, const ToolChoice& choice) {
    const auto& [mode, name] = choice;
    sink.word(static_cast<unsigned char>(mode));
    sink.text(name);
}

inline void walk_canonical(CanonicalWriter& sink, const ResponseFormat& format) {
    const auto& [kind, name, schema, strict] = format;
    sink.word(static_cast<unsigned char>(kind) | (strict ? 0x100U : 0U));
    sink.text(name);
    sink.text(schema);
}

inline void walk_canonical(CanonicalWriter& sink, const Tuning& tuning) {
    const auto& [frequency_penalty, presence_penalty, choices, top_logprobs, top_k, reasoning_tokens,
                 reasoning_effort, service_tier, user] = tuning;
    std::uint64_t present = 0;
    int at = 0;
    const auto bit = [&](bool set) { present |= std::uint64_t{set} << at++; };
    bit(frequency_penalty.has_value());
    bit(presence_penalty.has_value());
    bit(choices.has_value());
    bit(top_logprobs.has_value());
    bit(top_k.has_value());
    bit(reasoning_tokens.has_value());
    sink.word(present);
    for (const auto& value : {frequency_penalty, presence_penalty}) {
        if (value) sink.word(std::bit_cast<std::uint64_t>(*value + 0.0));
    }
    for (const auto& value : {choices, top_logprobs, top_k, reasoning_tokens}) {
        if (value) sink.word(*value);
    }
    sink.text(reasoning_effort);
    sink.text(service_tier);
    sink.text(user);
}

inline void walk_canonical(CanonicalWriter& sink, const Request& request) {
    const auto& [messages, model, task, tenant, extra, tools, stop, fallbacks, tool_choice, response_format,
                 tuning, temperature, top_p, seed, max_tokens, deadline, priority, hedge, parallel_tools,
                 cacheable, lossy, extra_of] = request;
    static_cast<void>(deadline);
    static_cast<void>(priority);
    static_cast<void>(hedge);
    static_cast<void>(cacheable);

    // one bit for every member that may be absent or empty: most are, mostly all of them, and then take no
    // room
    std::uint64_t present = 0;
    const auto bit = [&](bool set, int at) { present |= std::uint64_t{set} << at; };
    const bool plain = (tenant.size() | model.size() | task.size() | extra.size()) == 0 && tools.empty() &&
                       stop.empty() && fallbacks.empty() && !tool_choice && !response_format && !tuning &&
                       !temperature && !top_p && !seed && !max_tokens && parallel_tools && !lossy;
    if (!plain) {
        bit(!parallel_tools, 0);
        bit(temperature.has_value(), 1);
        bit(top_p.has_value(), 2);
        bit(seed.has_value(), 3);
        bit(max_tokens.has_value(), 4);
        bit(!tenant.empty(), 5);
        bit(!model.empty(), 6);
        bit(!task.empty(), 7);
        bit(!extra.empty(), 8);
        bit(!tools.empty(), 9);
        bit(!stop.empty(), 10);
        bit(!fallbacks.empty(), 11);
        bit(static_cast<bool>(tool_choice), 12);
        bit(static_cast<bool>(response_format), 13);
        bit(static_cast<bool>(tuning), 14);
        bit(lossy, 15);
    }
    sink.word(present | std::uint64_t{messages.size()} << 16);

    if (present != 0) {
        // + 0.0: of the two zeros, which are equal, it makes one
        if (temperature) sink.word(std::bit_cast<std::uint64_t>(*temperature + 0.0));
        if (top_p) sink.word(std::bit_cast<std::uint64_t>(*top_p + 0.0));
        if (seed) sink.word(static_cast<std::uint64_t>(*seed));
        if (max_tokens) sink.word(*max_tokens);
        if (!tenant.empty()) sink.text(tenant);
        if (!model.empty()) sink.text(model);
        if (!task.empty()) sink.text(task);
        if (!extra.empty()) {
            sink.text(extra);
            sink.text(extra_of);
        }
        if (!tools.empty()) {
            sink.word(tools.size());
            for (const Tool& tool : tools) walk_canonical(sink, tool);
        }
        if (!stop.empty()) walk_canonical(sink, stop);
        if (!fallbacks.empty()) walk_canonical(sink, fallbacks);
        if (tool_choice) walk_canonical(sink, *tool_choice);
        if (response_format) walk_canonical(sink, *response_format);
        if (tuning) walk_canonical(sink, *tuning);
    }
    // last, because they are long: nothing is left to gather behind a long text
    for (const Message& message : messages) walk_canonical(sink, message);
}

} // namespace detail

BATON_DECL void canonical(const Request& request, std::string& out) {
    detail::CanonicalWriter writer(out);
    detail::walk_canonical(writer, request);
    writer.flush();
}

} // namespace baton
