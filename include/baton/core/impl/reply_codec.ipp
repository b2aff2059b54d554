// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/reply_codec.hpp>

#include <bit>
#include <cstdint>
#include <cstring>

namespace baton {
namespace detail {

// The form: words of 8 bytes, low byte first, and texts, each preceded by a word with its length and, in the
// upper 16 bits, a mark. Fixed words and not varints: they are a hundred bytes of a reply of kilobytes, and
// are counted and written without a branch. One description, walked twice: to know the size, and to write in
// place.
inline constexpr std::uint64_t reply_codec_version = 1;

constexpr std::uint64_t low_byte_first(std::uint64_t word) noexcept {
    if constexpr (std::endian::native == std::endian::little) return word;
    std::uint64_t swapped = 0;
    for (int i = 0; i < 8; ++i) swapped |= (word >> 8 * i & 0xff) << (56 - 8 * i);
    return swapped;
}

class PackSize {
public:
    void word(std::uint64_t) noexcept { size += 8; }
    template <class... Word>
    void words(Word...) noexcept {
        size += 8 * sizeof...(Word);
    }
    void text(std::string_view text, std::uint64_t = 0) noexcept { size += 8 + text.size(); }
    std::size_t size = 0;
};

class PackWriter {
public:
    explicit PackWriter(char* to) noexcept : to_(to) {}
    void word(std::uint64_t value) noexcept { words(value); }
    template <class... Word>
    void words(Word... word) noexcept {
        const std::uint64_t all[] = {low_byte_first(word)...};
        std::memcpy(to_, all, sizeof all);
        to_ += sizeof all;
    }
    void text(std::string_view text, std::uint64_t mark = 0) noexcept {
        word(text.size() | mark << 48);
        if (text.empty()) return;
        std::memcpy(to_, text.data(), text.size());
        to_ += text.size();
    }

private:
    char* to_;
};

template <class Sink>
void walk_reply(Sink& sink, const Reply& reply, int index) noexcept {
    // As in canonical.ipp, the bindings name every member: a class that gains one does not compile until
    // somebody has decided here whether it is kept.
    const auto& [id, model, provider, parts, stop, stop_text, usage, trace, served_by_fallback, extras,
                 joined] = reply;
    const auto& [input, cached, written, input_audio, output, reasoning, output_audio, reported, estimated] =
        usage;
    static_cast<void>(provider);
    static_cast<void>(trace);
    static_cast<void>(served_by_fallback);
    static_cast<void>(extras); // a reply that has any is not packed
    static_cast<void>(joined);
    sink.word(reply_codec_version | std::uint64_t{static_cast<unsigned char>(stop)} << 8 |
              std::uint64_t{reported} << 16 | std::uint64_t{estimated} << 17 |
              static_cast<std::uint64_t>(index < 0 ? 0 : std::int64_t{index} + 1) << 32);
    sink.text(id);
    sink.text(model);
    sink.text(stop_text);
    sink.words(input, cached, written, input_audio, output, reasoning, output_audio,
               std::uint64_t{parts.size()});
    for (const auto& [kind, text, detail] : parts) {
        const bool is_error = detail && detail->is_error;
        sink.text(text, static_cast<unsigned char>(kind) | (detail ? 0x100U : 0U) | (is_error ? 0x200U : 0U));
        if (!detail) continue;
        const auto& [call, name, media_type, signature, vendor, extra, in_the_mark, cache_point] = *detail;
        static_cast<void>(in_the_mark);
        static_cast<void>(cache_point); // is for requests
        sink.text(call);
        sink.text(name);
        sink.text(media_type);
        sink.text(signature);
        sink.text(vendor);
        sink.text(extra);
    }
}

/// Reads from untrusted bytes: after the first thing that does not fit, everything reads as empty.
class UnpackCursor {
public:
    explicit UnpackCursor(std::string_view bytes) noexcept : left_(bytes) {}

    std::uint64_t word() noexcept {
        if (left_.size() < 8) {
            fail();
            return 0;
        }
        std::uint64_t value;
        std::memcpy(&value, left_.data(), 8);
        left_.remove_prefix(8);
        return low_byte_first(value);
    }
    /// A text, and its mark.
    std::string_view text(std::uint64_t& mark) noexcept {
        const std::uint64_t head = word();
        const std::uint64_t size = head & 0xffff'ffff'ffffU;
        mark = head >> 48;
        if (size > left_.size()) {
            fail();
            return {};
        }
        const std::string_view text = left_.substr(0, static_cast<std::size_t>(size));
        left_.remove_prefix(text.size());
        return text;
    }
    /// A text that bears no mark.
    std::string_view text() noexcept {
        std::uint64_t mark = 0;
        const std::string_view plain = text(mark);
        if (mark != 0) fail();
        return plain;
    }
    void fail() noexcept {
        good_ = false;
        left_ = {};
    }
    bool good() const noexcept { return good_; }
    bool at_end() const noexcept { return good_ && left_.empty(); }

private:
    std::string_view left_;
    bool good_ = true;
};

inline bool read_part(UnpackCursor& in, Part& part) {
    std::uint64_t mark = 0;
    part.text = in.text(mark);
    const std::uint64_t kind = mark & 0xff, flags = mark >> 8; // 0: no detail, 1: detail, 3: and an error
    if (kind > static_cast<unsigned char>(Part::Kind::opaque) || flags > 3 || flags == 2) return false;
    part.kind = static_cast<Part::Kind>(kind);
    if (flags == 0) return in.good();
    Part::Detail& detail = part.detail.ensure();
    detail.is_error = flags == 3;
    detail.id = in.text();
    detail.name = in.text();
    detail.media_type = in.text();
    detail.signature = in.text();
    detail.vendor = in.text();
    detail.extra = in.text();
    return in.good();
}

inline bool read_reply(UnpackCursor& in, Reply& reply, std::uint64_t& index) {
    const std::uint64_t head = in.word();
    const std::uint64_t stop = head >> 8 & 0xff, flags = head >> 16 & 0xffff;
    index = head >> 32;
    if ((head & 0xff) != reply_codec_version || stop > static_cast<unsigned char>(StopReason::pause) ||
        flags > 3 || index > 0x7fff'ffffU) {
        return false;
    }
    reply.stop = static_cast<StopReason>(stop);
    reply.id = in.text();
    reply.model = in.text();
    reply.stop_text = in.text();
    Usage& usage = reply.usage;
    usage.reported = (flags & 1) != 0;
    usage.estimated = (flags & 2) != 0;
    usage.input_tokens = in.word();
    usage.cached_input_tokens = in.word();
    usage.cache_write_tokens = in.word();
    usage.input_audio_tokens = in.word();
    usage.output_tokens = in.word();
    usage.reasoning_tokens = in.word();
    usage.output_audio_tokens = in.word();
    // Part by part, never by a count that the bytes claim: nothing is allocated that they do not hold.
    for (std::uint64_t left = in.word(); left > 0; --left) {
        if (!in.good() || !read_part(in, reply.parts.emplace_back())) return false;
    }
    return in.at_end();
}

} // namespace detail

BATON_DECL std::size_t packed_size(const Reply& reply, int provider) noexcept {
    detail::PackSize sink;
    detail::walk_reply(sink, reply, provider);
    return sink.size;
}

BATON_DECL void pack(const Reply& reply, char* to, int provider) noexcept {
    detail::PackWriter writer(to);
    detail::walk_reply(writer, reply, provider);
}

BATON_DECL void pack(const Reply& reply, std::string& out, int provider) {
    const std::size_t start = out.size();
    out.resize(start + packed_size(reply, provider));
    pack(reply, out.data() + start, provider);
}

BATON_DECL bool unpack(std::string_view bytes, Reply& reply, int* provider) {
    reply = Reply();
    detail::UnpackCursor in(bytes);
    std::uint64_t index = 0;
    const bool good = detail::read_reply(in, reply, index);
    if (good) {
        reply.seal();
    } else {
        reply = Reply();
    }
    if (provider) *provider = good ? static_cast<int>(index) - 1 : -1;
    return good;
}

} // namespace baton
