// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "sse_model.hpp"

#include <baton/net/event_stream.hpp>

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// AWS's description of its event streams written down over the whole text, bit by bit, with no eye to speed;
/// what writes such streams; and a driver that feeds EventStreamParser in pieces. Used by tests and fuzzers.
namespace baton::test {

struct BinaryEvent {
    std::string type, data;
    bool operator==(const BinaryEvent&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const BinaryEvent& event) {
        return out << '(' << event.type << ',' << event.data << ')';
    }
};

struct BinaryStream {
    using Status = net::EventStreamParser::Status;
    std::vector<BinaryEvent> events;
    Status end = Status::need_more;
    bool mid_event = false;
    bool operator==(const BinaryStream&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const BinaryStream& stream) {
        for (const auto& event : stream.events) out << event;
        return out << " end " << static_cast<int>(stream.end) << (stream.mid_event ? " mid_event" : "");
    }
};

/// The checksum, one bit at a time.
inline std::uint32_t plain_crc32(std::string_view bytes) {
    std::uint32_t sum = 0xFFFFFFFF;
    for (const char c : bytes) {
        for (int bit = 0; bit < 8; ++bit) {
            const std::uint32_t in = static_cast<std::uint32_t>(static_cast<unsigned char>(c) >> bit & 1);
            sum = (sum >> 1) ^ ((sum & 1) != in ? 0xEDB88320U : 0U);
        }
    }
    return sum ^ 0xFFFFFFFF;
}

inline std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    while (bytes-- > 0) out += static_cast<char>(value >> 8 * bytes & 0xFF);
    return out;
}
inline std::uint64_t from_big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

// --- writing ---------------------------------------------------------------------------------------

/// One header of any type; `value` includes its size where the type has one.
inline std::string raw_header(std::string_view name, int type, std::string_view value) {
    std::string out = big_endian(name.size(), 1);
    out.append(name).append(big_endian(static_cast<std::uint64_t>(type), 1)).append(value);
    return out;
}
inline std::string text_header(std::string_view name, std::string_view value) {
    return raw_header(name, 7, big_endian(value.size(), 2) + std::string(value));
}
inline std::string message(std::string_view headers, std::string_view payload) {
    std::string out = big_endian(16 + headers.size() + payload.size(), 4) + big_endian(headers.size(), 4);
    out += big_endian(plain_crc32(out), 4);
    out.append(headers).append(payload);
    return out + big_endian(plain_crc32(out), 4);
}
/// As Bedrock sends them.
inline std::string event_message(std::string_view type, std::string_view payload) {
    return message(text_header(":event-type", type) + text_header(":content-type", "application/json") +
                       text_header(":message-type", "event"),
                   payload);
}
inline std::string exception_message(std::string_view type, std::string_view payload) {
    return message(text_header(":exception-type", type) + text_header(":content-type", "application/json") +
                       text_header(":message-type", "exception"),
                   payload);
}

// --- reading ---------------------------------------------------------------------------------------

/// The headers by name, the last of equal names; false if they are not well formed.
inline bool plain_headers(std::string_view bytes, std::vector<std::pair<std::string, std::string>>& out) {
    while (!bytes.empty()) {
        const auto take = [&](std::uint64_t size, std::string& to) {
            if (bytes.size() < size) return false;
            to = bytes.substr(0, size);
            bytes.remove_prefix(size);
            return true;
        };
        std::string size, name, type, value;
        if (!take(1, size) || size[0] == 0 || !take(from_big_endian(size), name) || !take(1, type))
            return false;
        std::uint64_t length = 0;
        switch (type[0]) {
        case 0:
        case 1: break; // true, false
        case 2: length = 1; break;
        case 3: length = 2; break;
        case 4: length = 4; break;
        case 5:
        case 8: length = 8; break;
        case 6:
        case 7:
            if (!take(2, size)) return false;
            length = from_big_endian(size);
            break;
        case 9: length = 16; break;
        default: return false;
        }
        if (!take(length, value)) return false;
        if (type[0] == 7) out.emplace_back(name, value);
    }
    return true;
}

/// What a stream says, read from beginning to end.
inline BinaryStream plain_binary_events(std::string_view bytes, std::size_t max_payload = 8u << 20) {
    using Status = BinaryStream::Status;
    BinaryStream out;
    while (bytes.size() >= 12) {
        const std::uint64_t total = from_big_endian(bytes.substr(0, 4));
        const std::uint64_t header_size = from_big_endian(bytes.substr(4, 4));
        if (from_big_endian(bytes.substr(8, 4)) != plain_crc32(bytes.substr(0, 8)) ||
            total < 16 + header_size) {
            out.end = Status::corrupt;
            return out;
        }
        if (header_size > 128 * 1024 || total - 16 - header_size > max_payload) {
            out.end = Status::too_large;
            return out;
        }
        if (bytes.size() < total) break;
        const std::string_view whole = bytes.substr(0, total);
        bytes.remove_prefix(total);
        std::vector<std::pair<std::string, std::string>> headers;
        if (from_big_endian(whole.substr(total - 4)) != plain_crc32(whole.substr(0, total - 4)) ||
            !plain_headers(whole.substr(12, header_size), headers)) {
            out.end = Status::corrupt;
            return out;
        }
        const auto value = [&](const char* name) {
            std::string found;
            for (const auto& [key, text] : headers) {
                if (key == name) found = text;
            }
            return found;
        };
        BinaryEvent event{value(":event-type"),
                          std::string(whole.substr(12 + header_size, total - 16 - header_size))};
        if (event.type.empty()) event.type = "message";
        if (value(":message-type") == "exception")
            event.type = "exception:" + decode(value(":exception-type"));
        if (value(":message-type") == "error") {
            event.type = "error:" + decode(value(":error-code"));
            if (event.data.empty()) event.data = value(":error-message");
        }
        out.events.push_back(event);
    }
    out.mid_event = !bytes.empty();
    return out;
}

// --- driving ---------------------------------------------------------------------------------------

/// Feeds pieces to a parser and gathers what it says.
class BinaryFeeder {
public:
    explicit BinaryFeeder(std::size_t max_payload = 8u << 20) : parser_(max_payload) {}

    void feed(std::string_view piece) {
        // an exact-size copy: reading beyond a piece is an error that the sanitizer sees
        const std::vector<char> copy(piece.begin(), piece.end());
        std::string_view input(copy.data(), copy.size());
        net::SseEvent event;
        for (;;) {
            const auto status = parser_.next(input, event);
            if (status != BinaryStream::Status::event) {
                stream_.end = status;
                consumed = consumed && input.empty();
                return;
            }
            stream_.events.push_back({std::string(event.type), std::string(event.data)});
        }
    }
    BinaryStream result() const {
        BinaryStream out = stream_;
        out.mid_event = parser_.mid_event();
        return out;
    }
    void reset() {
        parser_.reset();
        stream_ = BinaryStream();
    }

    bool consumed = true; ///< all input was, whenever no event was left

private:
    net::EventStreamParser parser_;
    BinaryStream stream_;
};

} // namespace baton::test
