// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/sse.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

/// What the HTML standard says about event streams, written down step by step over the whole text, with
/// no eye to speed; and a driver that feeds SseParser in pieces. Used by the unit test and the fuzzer.
namespace baton::test {

struct Event {
    std::string type, data, id;
    bool operator==(const Event&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Event& event) {
        return out << '(' << event.type << ',' << event.data << ',' << event.id << ')';
    }
};

struct Stream {
    std::vector<Event> events;
    std::optional<std::uint64_t> retry;
    bool mid_event = false;
    bool too_large = false;
    bool operator==(const Stream&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Stream& stream) {
        for (const auto& event : stream.events) out << event;
        if (stream.retry) out << " retry " << *stream.retry;
        return out << (stream.mid_event ? " mid_event" : "") << (stream.too_large ? " too_large" : "");
    }
};

/// The "UTF-8 decoder" of the WHATWG encoding standard, with its variable names; back to UTF-8.
inline std::string decode(std::string_view bytes) {
    std::string out, pending;
    int needed = 0, seen = 0, lower = 0x80, upper = 0xBF;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const int byte = static_cast<unsigned char>(bytes[i]);
        if (needed == 0) {
            if (byte < 0x80) {
                out += bytes[i];
                continue;
            }
            pending = bytes.substr(i, 1);
            if (byte >= 0xC2 && byte <= 0xDF) {
                needed = 1;
            } else if (byte >= 0xE0 && byte <= 0xEF) {
                if (byte == 0xE0) lower = 0xA0;
                if (byte == 0xED) upper = 0x9F;
                needed = 2;
            } else if (byte >= 0xF0 && byte <= 0xF4) {
                if (byte == 0xF0) lower = 0x90;
                if (byte == 0xF4) upper = 0x8F;
                needed = 3;
            } else {
                out += "\xEF\xBF\xBD";
            }
            continue;
        }
        const bool continues = byte >= lower && byte <= upper;
        lower = 0x80;
        upper = 0xBF;
        if (!continues) {
            needed = seen = 0;
            out += "\xEF\xBF\xBD";
            --i; // the byte is looked at again
            continue;
        }
        pending += bytes[i];
        if (++seen == needed) {
            out += pending;
            needed = seen = 0;
        }
    }
    return needed != 0 ? out + "\xEF\xBF\xBD" : out;
}

inline Stream model(std::string_view bytes) {
    Stream stream;
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    const std::string text = decode(bytes);
    std::string data, type, id;
    bool pending = false;
    std::size_t at = 0;
    for (;;) {
        const std::size_t stop = text.find_first_of("\r\n", at);
        if (stop == text.npos) break;
        const std::string line = text.substr(at, stop - at);
        at = stop + (text.compare(stop, 2, "\r\n") == 0 ? 2 : 1);
        if (line.empty()) {
            if (!data.empty()) {
                data.pop_back();
                stream.events.push_back({type.empty() ? "message" : type, data, id});
            }
            data.clear();
            type.clear();
            pending = false;
            continue;
        }
        const std::size_t colon = line.find(':');
        const std::string name = line.substr(0, colon);
        std::string value = colon == line.npos ? "" : line.substr(colon + 1);
        if (!value.empty() && value[0] == ' ') value.erase(0, 1);
        if (name == "event") type = value;
        if (name == "data") data += value + '\n';
        if (name == "id" && value.find('\0') == value.npos) {
            id = value;
            pending = true;
        }
        if (name == "retry" && !value.empty() && value.find_first_not_of("0123456789") == value.npos) {
            const std::string digits = value.substr(std::min(value.find_first_not_of('0'), value.size() - 1));
            // What does not fit is ignored.
            if (digits.size() < 20 || (digits.size() == 20 && digits <= "18446744073709551615")) {
                stream.retry = std::stoull(digits);
            }
        }
    }
    stream.mid_event = pending || !data.empty() || !type.empty() || (at < text.size() && text[at] != ':');
    return stream;
}

/// Feeds pieces one after the other; each lies in memory of exactly its size, gone when the next comes.
class Feeder {
public:
    explicit Feeder(net::SseParser::Limits limits = {}) : parser(limits) {}

    void feed(std::string_view piece) {
        const auto memory = std::make_unique<char[]>(piece.size());
        piece.copy(memory.get(), piece.size());
        std::string_view input(memory.get(), piece.size());
        net::SseEvent event;
        for (;;) {
            switch (parser.next(input, event)) {
            case net::SseParser::Status::need_more: consumed = consumed && input.empty(); return;
            case net::SseParser::Status::event:
                stream.events.push_back(
                    {std::string(event.type), std::string(event.data), std::string(event.id)});
                break;
            case net::SseParser::Status::too_large: stream.too_large = true; return;
            }
        }
    }
    /// What came of it. Once a limit is exceeded, only that and the events before it are defined.
    Stream result() const {
        Stream all = stream;
        if (all.too_large) return all;
        all.retry = parser.retry();
        all.mid_event = parser.mid_event();
        return all;
    }

    net::SseParser parser;
    Stream stream;
    bool consumed = true; ///< whether need_more always meant that the whole input was used
};

} // namespace baton::test
