// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::net {

/// One dispatched event of an event stream. The views are valid until the next call of the parser.
struct SseEvent {
    std::string_view type; ///< "message" unless an `event` field said otherwise
    std::string_view data; ///< the `data` lines, joined by LF; valid UTF-8
    std::string_view id;   ///< the last event id, which persists over events
};

/// Parses text/event-stream (WHATWG HTML, section 9.2.6) in pieces of any size; the events do not
/// depend on how the stream was cut. Comments, unknown fields and `retry` give no event. Bytes that are
/// not UTF-8 become U+FFFD. An event that lies whole in the input with one `data` line is viewed in
/// place: nothing is copied, nothing allocated. Linear time, however small the pieces. Not thread-safe.
class SseParser {
public:
    struct Limits {
        std::size_t line = 1 << 20;  ///< bytes of one line without its end; comments are not counted
        std::size_t event = 8 << 20; ///< bytes of an event's data
    };
    enum class Status : unsigned char {
        need_more, ///< all input is consumed
        event,     ///< there is an event, and the input behind it is left
        too_large  ///< a limit was exceeded; stays so until reset()
    };

    SseParser() : SseParser(Limits()) {}
    explicit SseParser(Limits limits) : limits_(limits) {}

    /// Consumes from the front of `input` up to and including the next event. The event's views point
    /// into the bytes of `input` or into the parser, and hold until the next call or reset().
    BATON_DECL Status next(std::string_view& input, SseEvent& event);

    /// The stream has ended: whether there is something left that the standard discards and vendors mean.
    /// Either a last event that lacks nothing but its blank line (the HTTP framing has said that nothing is
    /// missing), or a bare JSON document behind the last event, as Google sends for an error.
    BATON_DECL bool finish(SseEvent& event);

    /// Back to the start of a stream; keeps the limits and the memory.
    BATON_DECL void reset() noexcept;

    /// The last valid `retry` field, in milliseconds.
    std::optional<std::uint64_t> retry() const noexcept { return retry_; }

    /// Whether bytes of an event that was not dispatched are pending: the end of the stream now would
    /// discard them. Comments, complete unknown fields and complete `retry` fields do not count.
    bool mid_event() const noexcept {
        return has_data_ || has_type_ || has_id_ || !line_.empty() || bom_ != 0;
    }

private:
    // What the front of the next input may be, other than the start of a line.
    enum Pending : unsigned char {
        nothing = 0,
        byte_order_mark = 1,
        line_feed = 2,
        comment = 4,
        failure = 8,
        document = 16 // lines of one are being collected
    };
    // The event as far as it is known during one call: views into the input, or into data_ and type_.
    struct Draft {
        std::string_view data;
        std::string_view type;
        bool owns_data = false;
        bool owns_type = false;
    };

    bool whole_event(std::string_view& input, SseEvent& event);
    BATON_DECL bool resume(const char*& at, const char* end);
    BATON_DECL bool field(std::string_view line, bool stable, bool ascii, Draft& draft);
    BATON_DECL bool add_data(std::string_view value, bool stable, bool ascii, Draft& draft);
    BATON_DECL Status pause(const char* from, const char* end, const Draft& draft);

    Limits limits_;
    unsigned char pending_ = byte_order_mark;
    unsigned char bom_ = 0; // bytes of a byte order mark seen while it is incomplete
    bool has_data_ = false; // the pending event has a data line, maybe an empty one
    bool has_type_ = false; // ... an event field that is not empty
    bool has_id_ = false;   // ... an id field
    std::string line_;      // an incomplete line
    std::string data_;      // data that had to be copied; stale unless has_data_
    std::string type_;      // likewise
    std::string id_;
    std::string document_; // lines that are no fields, from one on that begins with a brace
    std::optional<std::uint64_t> retry_;
};

} // namespace baton::net

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/net/impl/sse.ipp>
#endif
