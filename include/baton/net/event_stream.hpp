// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/net/sse.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton::net {

/// CRC-32/ISO-HDLC, the one of gzip and PNG. `before`: the sum of the bytes in front of these.
BATON_DECL std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) noexcept;

/// Parses AWS's binary event streams (application/vnd.amazon.eventstream) in pieces of any size; the events
/// do not depend on how the stream was cut. An event's `data` is the message's payload, as it is; its `type`
/// is the `:event-type` header, "exception:" and the `:exception-type` for a message that is an exception,
/// "error:" and the `:error-code` for one that is an error (whose `data` is then the `:error-message`, if the
/// payload is empty), and "message" where no header says. The types of exceptions and errors are made valid
/// UTF-8; `id` is always empty. A message that lies whole in the input is viewed in place: nothing is copied,
/// nothing allocated. Both checksums and the form of all headers are verified. Linear time, however small the
/// pieces. Not thread-safe.
class EventStreamParser {
public:
    /// Bytes of one message's headers; AWS's own limit.
    static constexpr std::size_t max_headers = 128 * 1024;

    enum class Status : unsigned char {
        need_more, ///< all input is consumed
        event,     ///< there is an event, and the input behind it is left
        too_large, ///< a limit was exceeded; stays so until reset()
        corrupt    ///< a checksum is wrong, or lengths or headers do not fit; stays so until reset()
    };

    /// `max_payload`: bytes of one message's payload.
    explicit EventStreamParser(std::size_t max_payload = std::size_t{8} << 20) : max_payload_(max_payload) {}

    /// Consumes from the front of `input` up to and including the next message. The event's views point into
    /// the bytes of `input` or into the parser, and hold until the next call or reset().
    BATON_DECL Status next(std::string_view& input, SseEvent& event);

    /// The stream has ended: an incomplete message is never an event.
    bool finish(SseEvent&) noexcept { return false; }

    /// Back to the start of a stream; keeps the limit and the memory.
    void reset() noexcept {
        held_.clear();
        total_ = 0;
        shown_ = false;
        failure_ = Status::need_more;
    }

    /// Whether the start of a message is pending: the end of the stream now would cut it.
    bool mid_event() const noexcept { return !shown_ && !held_.empty(); }

private:
    BATON_DECL Status read_prelude(const char* bytes, std::size_t& total) const noexcept;
    BATON_DECL Status read_message(std::string_view message, SseEvent& event);
    BATON_DECL Status fail(Status why, std::string_view& input) noexcept;

    std::size_t max_payload_;
    std::size_t total_ = 0;              // bytes of the message in held_, once its prelude is there
    Status failure_ = Status::need_more; // or why nothing more is read
    bool shown_ = false;                 // held_ is a message that was an event
    std::string held_;                   // a message that came in several pieces
    std::string type_;                   // a type that is not just a header's value
};

} // namespace baton::net

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/net/impl/event_stream.ipp>
#endif
