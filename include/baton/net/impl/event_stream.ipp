// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/utf8.hpp>
#include <baton/net/event_stream.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace baton::net {
namespace detail {

/// Four bytes at a time ("slicing by 4"): row k is the table of a byte that k more bytes follow.
inline constexpr auto crc32_tables = [] {
    std::array<std::array<std::uint32_t, 256>, 4> rows{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t sum = byte;
        for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? 0xEDB88320U : 0U);
        rows[0][byte] = sum;
    }
    for (std::size_t byte = 0; byte < 256; ++byte) {
        for (std::size_t k = 1; k < 4; ++k) {
            rows[k][byte] = (rows[k - 1][byte] >> 8) ^ rows[0][rows[k - 1][byte] & 0xFF];
        }
    }
    return rows;
}();

inline std::uint32_t byte_at(const char* bytes, int index) noexcept {
    return static_cast<unsigned char>(bytes[index]);
}
inline std::uint32_t big_endian_32(const char* bytes) noexcept {
    return byte_at(bytes, 0) << 24 | byte_at(bytes, 1) << 16 | byte_at(bytes, 2) << 8 | byte_at(bytes, 3);
}
inline std::size_t big_endian_16(const char* bytes) noexcept {
    return byte_at(bytes, 0) << 8 | byte_at(bytes, 1);
}

/// The headers that say what a message is. Views of the message.
struct EventHeaders {
    std::string_view message_type, event_type, exception_type, error_code, error_message;

    void take(std::string_view name, std::string_view value) noexcept {
        const auto is = [name]<std::size_t N>(const char(&word)[N]) { // of constant size: no call of memcmp
            return name.size() == N - 1 && std::memcmp(name.data(), word, N - 1) == 0;
        };
        if (is(":event-type")) event_type = value;
        if (is(":message-type")) message_type = value;
        if (is(":exception-type")) exception_type = value;
        if (is(":error-code")) error_code = value;
        if (is(":error-message")) error_message = value;
    }
};

/// False: they do not fit together.
inline bool read_event_headers(std::string_view bytes, EventHeaders& out) noexcept {
    constexpr std::size_t counted = 99; // the value is preceded by its size in two bytes
    constexpr std::size_t string_type = 7;
    // by type: true, false, byte, short, integer, long, bytes, string, timestamp, UUID
    constexpr std::array<std::size_t, 10> sizes{0, 0, 1, 2, 4, 8, counted, counted, 8, 16};
    while (!bytes.empty()) {
        const std::size_t name_size = byte_at(bytes.data(), 0);
        if (name_size == 0 || bytes.size() < 2 + name_size) return false;
        const std::string_view name = bytes.substr(1, name_size);
        const std::size_t type = byte_at(bytes.data() + 1 + name_size, 0);
        bytes.remove_prefix(2 + name_size);
        if (type >= sizes.size()) return false;
        std::size_t size = sizes[type];
        if (size == counted) {
            if (bytes.size() < 2) return false;
            size = big_endian_16(bytes.data());
            bytes.remove_prefix(2);
        }
        if (bytes.size() < size) return false;
        if (type == string_type && name.front() == ':') out.take(name, bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
    return true;
}

inline constexpr std::size_t prelude_size = 12; // total size, headers' size, their checksum
inline constexpr std::size_t sum_size = 4;

} // namespace detail

BATON_DECL std::uint32_t crc32(std::string_view bytes, std::uint32_t before) noexcept {
    const auto& rows = detail::crc32_tables;
    std::uint32_t sum = ~before;
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 4; left -= 4, at += 4) {
        sum ^= detail::byte_at(at, 0) | detail::byte_at(at, 1) << 8 | detail::byte_at(at, 2) << 16 |
               detail::byte_at(at, 3) << 24;
        sum = rows[3][sum & 0xFF] ^ rows[2][sum >> 8 & 0xFF] ^ rows[1][sum >> 16 & 0xFF] ^ rows[0][sum >> 24];
    }
    for (; left > 0; --left, ++at) sum = (sum >> 8) ^ rows[0][(sum ^ detail::byte_at(at, 0)) & 0xFF];
    return ~sum;
}

BATON_DECL EventStreamParser::Status EventStreamParser::next(std::string_view& input, SseEvent& event) {
    if (failure_ != Status::need_more) return fail(failure_, input);
    if (shown_) reset();
    if (held_.empty() && input.size() >= detail::prelude_size) {
        std::size_t total = 0;
        if (const Status bad = read_prelude(input.data(), total); bad != Status::need_more) {
            return fail(bad, input);
        }
        if (input.size() >= total) {
            const Status status = read_message(input.substr(0, total), event);
            if (status != Status::event) return fail(status, input);
            input.remove_prefix(total);
            return status;
        }
    }
    for (;;) {
        const std::size_t wanted = total_ != 0 ? total_ : detail::prelude_size;
        const std::size_t taken = std::min(wanted - held_.size(), input.size());
        held_.append(input.substr(0, taken));
        input.remove_prefix(taken);
        if (held_.size() < wanted) return Status::need_more;
        if (total_ != 0) break;
        if (const Status bad = read_prelude(held_.data(), total_); bad != Status::need_more) {
            return fail(bad, input);
        }
    }
    const Status status = read_message(held_, event);
    if (status != Status::event) return fail(status, input);
    shown_ = true;
    return status;
}

// Nothing behind a damaged message can be found again: the rest of the stream is not read.
BATON_DECL EventStreamParser::Status EventStreamParser::fail(Status why, std::string_view& input) noexcept {
    failure_ = why;
    held_.clear();
    input.remove_prefix(input.size());
    return why;
}

// `need_more`: it is good.
BATON_DECL EventStreamParser::Status EventStreamParser::read_prelude(const char* bytes,
                                                                     std::size_t& total) const noexcept {
    if (crc32({bytes, 8}) != detail::big_endian_32(bytes + 8)) return Status::corrupt;
    constexpr std::size_t frame = detail::prelude_size + detail::sum_size;
    const std::size_t size = detail::big_endian_32(bytes);
    const std::size_t headers = detail::big_endian_32(bytes + 4);
    if (size < frame || headers > size - frame) return Status::corrupt;
    if (headers > max_headers || size - frame - headers > max_payload_) return Status::too_large;
    total = size;
    return Status::need_more;
}

BATON_DECL EventStreamParser::Status EventStreamParser::read_message(std::string_view message,
                                                                     SseEvent& event) {
    const std::string_view summed = message.substr(0, message.size() - detail::sum_size);
    if (crc32(summed) != detail::big_endian_32(summed.data() + summed.size())) return Status::corrupt;
    const std::size_t header_size = detail::big_endian_32(message.data() + 4);
    detail::EventHeaders headers;
    if (!detail::read_event_headers(summed.substr(detail::prelude_size, header_size), headers)) {
        return Status::corrupt;
    }
    event.id = {};
    event.data = summed.substr(detail::prelude_size + header_size);
    event.type = headers.event_type.empty() ? std::string_view("message") : headers.event_type;
    const bool error = headers.message_type == "error";
    if (error || headers.message_type == "exception") [[unlikely]] {
        type_ = error ? "error:" : "exception:";
        utf8::append_valid(type_, error ? headers.error_code : headers.exception_type);
        event.type = type_;
        if (error && event.data.empty()) event.data = headers.error_message;
    }
    return Status::event;
}

} // namespace baton::net
