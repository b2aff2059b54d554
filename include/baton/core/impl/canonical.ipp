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

// One description of the form, walked twice: to know its size, and to write it into one allocation.
// Everything is a word of 8 bytes or a text, and every choice is announced by a word before it; so the form
// can be read back in only one way, which is what makes it unambiguous.
class CanonicalSize {
public:
    void word(std::uint64_t) noexcept { size += 8; }
    void text(std::string_view text) noexcept { size += 8 + text.size(); }
    std::size_t size = 0;
};

class CanonicalWriter {
public:
    explicit CanonicalWriter(char* to) noexcept : to_(to) {}
    void word(std::uint64_t value) noexcept {
        std::memcpy(to_, &value, 8);
        to_ += 8;
    }
    void text(std::string_view text) noexcept {
        word(text.size());
        if (!text.empty()) std::memcpy(to_, text.data(), text.size());
        to_ += text.size();
    }

private:
    char* to_;
};

template <class Sink>
void walk_canonical(Sink& sink, const std::vector<std::string>& texts) {
    sink.word(texts.size());
    for (const std::string& text : texts) sink.text(text);
}

// The structured bindings name every member: a class that gains one does not compile until somebody has
// decided here whether it can change an answer.

template <class Sink>
void walk_canonical(Sink& sink, const Part& part) {
    const auto& [kind, text, detail] = part;
    const bool is_error = detail && detail->is_error;
    sink.word(static_cast<unsigned char>(kind) | (detail ? 0x100U : 0U) | (is_error ? 0x200U : 0U));
    sink.text(text);
    if (!detail) return;
    const auto& [id, name, media_type, signature, vendor, extra, in_the_word_above] = *detail;
    static_cast<void>(in_the_word_above);
    sink.text(id);
    sink.text(name);
    sink.text(media_type);
    sink.text(signature);
    sink.text(vendor);
    sink.text(extra);
}

template <class Sink>
void walk_canonical(Sink& sink, const Message& message) {
    const auto& [role, parts] = message;
    sink.word(static_cast<unsigned char>(role) | std::uint64_t{parts.size()} << 8);
    for (const Part& part : parts) walk_canonical(sink, part);
}

template <class Sink>
void walk_canonical(Sink& sink, const Tool& tool) {
    const auto& [name, description, parameters, strict] = tool;
    sink.word(strict ? 1 : 0);
    sink.text(name);
    sink.text(description);
    sink.text(parameters);
}

template <class Sink>
void walk_canonical(Sink& sink, const ToolChoice& choice) {
    const auto& [mode, name] = choice;
    sink.word(static_cast<unsigned char>(mode));
    sink.text(name);
}

template <class Sink>
void walk_canonical(Sink& sink, const ResponseFormat& format) {
    const auto& [kind, name, schema, strict] = format;
    sink.word(static_cast<unsigned char>(kind) | (strict ? 0x100U : 0U));
    sink.text(name);
    sink.text(schema);
}

template <class Sink>
void walk_canonical(Sink& sink, const Request& request) {
    const auto& [messages, model, task, tenant, extra, tools, stop, fallbacks, tool_choice, response_format,
                 temperature, top_p, seed, max_tokens, deadline, priority, parallel_tools, cacheable] =
        request;
    static_cast<void>(deadline);
    static_cast<void>(priority);
    static_cast<void>(cacheable);

    sink.word((tool_choice ? 1U : 0U) | (response_format ? 2U : 0U) | (temperature ? 4U : 0U) |
              (top_p ? 8U : 0U) | (seed ? 16U : 0U) | (max_tokens ? 32U : 0U) | (parallel_tools ? 64U : 0U));
    // + 0.0: of the two zeros, which are equal, it makes one
    if (temperature) sink.word(std::bit_cast<std::uint64_t>(*temperature + 0.0));
    if (top_p) sink.word(std::bit_cast<std::uint64_t>(*top_p + 0.0));
    if (seed) sink.word(static_cast<std::uint64_t>(*seed));
    if (max_tokens) sink.word(*max_tokens);
    sink.text(tenant);
    sink.text(model);
    sink.text(task);
    sink.text(extra);
    sink.word(messages.size());
    for (const Message& message : messages) walk_canonical(sink, message);
    sink.word(tools.size());
    for (const Tool& tool : tools) walk_canonical(sink, tool);
    walk_canonical(sink, stop);
    walk_canonical(sink, fallbacks);
    if (tool_choice) walk_canonical(sink, *tool_choice);
    if (response_format) walk_canonical(sink, *response_format);
}

} // namespace detail

BATON_DECL void canonical(const Request& request, std::string& out) {
    detail::CanonicalSize size;
    detail::walk_canonical(size, request);
    const std::size_t start = out.size();
    out.resize(start + size.size);
    detail::CanonicalWriter writer(out.data() + start);
    detail::walk_canonical(writer, request);
}

} // namespace baton
