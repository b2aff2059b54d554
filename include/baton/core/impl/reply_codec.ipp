// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/reply_codec.hpp>

#include <cstdint>

namespace baton {
namespace detail {

inline constexpr char reply_codec_version = 1;

inline void put_number(std::string& out, std::uint64_t value) { // LEB128: 7 bits a byte, low ones first
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

inline void put_text(std::string& out, std::string_view text) {
    put_number(out, text.size());
    out += text;
}

/// Reads from untrusted bytes: after the first thing that does not fit, everything reads as empty.
class UnpackCursor {
public:
    explicit UnpackCursor(std::string_view bytes) noexcept : left_(bytes) {}

    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            if (shift == 63 && byte > 1) break; // the 64th bit is the last there is
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if (byte < 0x80) return byte == 0 && shift > 0 ? fail() : value; // one form per number
        }
        return fail();
    }

    /// A number of at most `most`, for enumerations and flags.
    unsigned char small(unsigned most) noexcept {
        const std::uint64_t value = number();
        return static_cast<unsigned char>(value <= most ? value : fail());
    }

    std::string_view text() noexcept {
        const std::uint64_t size = number();
        if (size > left_.size()) {
            fail();
            return {};
        }
        const std::string_view text = left_.substr(0, static_cast<std::size_t>(size));
        left_.remove_prefix(text.size());
        return text;
    }

    std::uint64_t fail() noexcept {
        good_ = false;
        left_ = {};
        return 0;
    }
    bool good() const noexcept { return good_; }
    bool at_end() const noexcept { return good_ && left_.empty(); }

private:
    std::string_view left_;
    bool good_ = true;
};

} // namespace detail

BATON_DECL void pack(const Reply& reply, std::string& out, int provider) {
    using detail::put_number, detail::put_text;
    std::size_t size = 64 + reply.id.size() + reply.model.size() + reply.stop_text.size();
    for (const Part& part : reply.parts) size += part.text.size() + (part.detail ? 128 : 8);
    if (out.capacity() - out.size() < size) out.reserve(out.size() + size);

    out += detail::reply_codec_version;
    put_number(out, static_cast<std::uint64_t>(provider < 0 ? 0 : std::int64_t{provider} + 1));
    // As in canonical.ipp, the bindings name every member: a class that gains one does not compile until
    // somebody has decided here whether it is kept.
    const auto& [id, model, provider_name, parts, stop, stop_text, usage, trace, served_by_fallback, joined] =
        reply;
    static_cast<void>(provider_name);
    static_cast<void>(trace);
    static_cast<void>(served_by_fallback);
    static_cast<void>(joined);
    put_text(out, id);
    put_text(out, model);
    put_number(out, static_cast<unsigned char>(stop));
    put_text(out, stop_text);
    const auto& [input, cached, written, input_audio, output, reasoning, output_audio, reported, estimated] =
        usage;
    put_number(out, (reported ? 1U : 0U) | (estimated ? 2U : 0U));
    for (const std::uint64_t count : {input, cached, written, input_audio, output, reasoning, output_audio}) {
        put_number(out, count);
    }
    put_number(out, parts.size());
    for (const auto& [kind, text, detail] : parts) {
        put_number(out, static_cast<unsigned char>(kind));
        put_text(out, text);
        if (!detail) {
            put_number(out, 0);
            continue;
        }
        const auto& [call, name, media_type, signature, vendor, extra, is_error] = *detail;
        put_number(out, is_error ? 2 : 1);
        put_text(out, call);
        put_text(out, name);
        put_text(out, media_type);
        put_text(out, signature);
        put_text(out, vendor);
        put_text(out, extra);
    }
}

BATON_DECL bool unpack(std::string_view bytes, Reply& reply, int* provider) {
    reply = Reply();
    if (provider) *provider = -1;
    detail::UnpackCursor in(bytes);
    if (in.number() != static_cast<unsigned char>(detail::reply_codec_version)) return false;
    const std::uint64_t index = in.number();
    if (index > 0x7fffffffU) return false;
    reply.id = in.text();
    reply.model = in.text();
    reply.stop = static_cast<StopReason>(in.small(static_cast<unsigned char>(StopReason::pause)));
    reply.stop_text = in.text();
    const unsigned flags = in.small(3);
    reply.usage.reported = (flags & 1U) != 0;
    reply.usage.estimated = (flags & 2U) != 0;
    Usage& u = reply.usage;
    for (std::uint64_t* count :
         {&u.input_tokens, &u.cached_input_tokens, &u.cache_write_tokens, &u.input_audio_tokens,
          &u.output_tokens, &u.reasoning_tokens, &u.output_audio_tokens}) {
        *count = in.number();
    }
    // Part by part, never by a count that the bytes claim: nothing is allocated that they do not hold.
    for (std::uint64_t left = in.number(); left > 0 && in.good(); --left) {
        Part& part = reply.parts.emplace_back();
        part.kind = static_cast<Part::Kind>(in.small(static_cast<unsigned char>(Part::Kind::opaque)));
        part.text = in.text();
        const unsigned detail = in.small(2);
        if (detail == 0) continue;
        Part::Detail& rest = part.detail.ensure();
        rest.is_error = detail == 2;
        rest.id = in.text();
        rest.name = in.text();
        rest.media_type = in.text();
        rest.signature = in.text();
        rest.vendor = in.text();
        rest.extra = in.text();
    }
    if (!in.at_end()) {
        reply = Reply();
        return false;
    }
    reply.seal();
    if (provider) *provider = static_cast<int>(index) - 1;
    return true;
}

} // namespace baton
