// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/headers.hpp>

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::net {

/// What a response may cost us in memory. Beast's own defaults are 8 KiB of header and 8 MiB of body:
/// too small for vendors' header lists and for long streams.
struct HttpLimits {
    std::uint32_t header = 64 * 1024; ///< bytes of status line and fields, or of one chunk header
    std::size_t fields = 200;         ///< number of header fields
    int interim = 8;                  ///< 1xx responses skipped before the final one
};

/// Reads one HTTP/1.1 response from bytes: no I/O, and no copy of the body, which `next()` hands out as
/// slices of the receive buffer. One object serves a connection; `start()` begins each response. The
/// parsing is Beast's; what Beast 1.81 lets through and must not be (a 1xx as the final answer,
/// contradictory framing) is refused here.
class HttpReader {
public:
    enum class Status : unsigned char {
        need_more, ///< read bytes into prepare()
        head,      ///< status and headers are known
        body,      ///< a slice of the body
        done,      ///< the response is complete
        failed,    ///< see failure()
    };
    enum class Failure : unsigned char { none, malformed, too_large, truncated };

    /// Begins a response.
    BATON_DECL void start(const HttpLimits& limits);

    /// Room for received bytes. Invalidates slices handed out before.
    BATON_DECL std::span<char> prepare();
    void commit(std::size_t n) noexcept { end_ += n; }
    /// The peer closed its side: completes a body that is delimited by the end of the connection.
    void commit_eof() noexcept { eof_ = true; }

    /// What comes next in the buffer. A body slice is valid until `prepare()`.
    BATON_DECL Status next(std::string_view& slice);

    int status() const noexcept { return sink_.status; }
    /// All fields of the response. Valid until `start()`.
    BATON_DECL Headers headers();
    Failure failure() const noexcept { return failure_; }
    /// The connection may carry another request: this response is complete and nothing follows it.
    bool reusable() const noexcept {
        return parser_ && parser_->is_done() && parser_->keep_alive() && begin_ == end_ && !eof_;
    }
    /// The last slice was the end of the response.
    bool complete() const noexcept { return parser_ && parser_->is_done(); }
    /// Bytes are there that belong to no response.
    bool leftover() const noexcept { return begin_ != end_; }
    /// Any byte of the response has arrived.
    bool started() const noexcept { return seen_ || begin_ != end_; }

private:
    struct Sink {
        int status = 0;
        int version = 11;
        std::string text; // names and values, one after the other: the receive buffer moves on
        std::vector<std::pair<std::uint32_t, std::uint32_t>> lengths;
        std::string_view slice;
        std::size_t max_fields = 0;
        bool head = false;
        bool chunked = false, length = false, odd = false;
    };
    class Parser final : public boost::beast::http::basic_parser<false> {
    public:
        explicit Parser(Sink& sink) : sink_(sink) {}

    private:
        using Ec = boost::beast::error_code;
        using View = boost::beast::string_view;
        using Field = boost::beast::http::field;
        BATON_DECL void on_response_impl(int code, View reason, int version, Ec& ec) override;
        BATON_DECL void on_field_impl(Field name, View text, View value, Ec& ec) override;
        BATON_DECL void on_header_impl(Ec& ec) override;
        BATON_DECL std::size_t on_body_impl(View body, Ec& ec) override;
        BATON_DECL std::size_t on_chunk_body_impl(std::uint64_t remain, View body, Ec& ec) override;
        void on_request_impl(boost::beast::http::verb, View, View, int, Ec&) override {}
        void on_body_init_impl(const boost::optional<std::uint64_t>&, Ec&) override {}
        void on_chunk_header_impl(std::uint64_t, View, Ec&) override {}
        void on_finish_impl(Ec&) override {}
        Sink& sink_;
    };

    BATON_DECL void restart();
    Status fail(Failure why) noexcept {
        failure_ = why;
        return Status::failed;
    }

    HttpLimits limits_;
    Sink sink_;
    std::optional<Parser> parser_;
    std::vector<char> buffer_;
    std::vector<HeaderField> fields_;
    std::size_t begin_ = 0, end_ = 0;
    Failure failure_ = Failure::none;
    int interim_ = 0;
    bool eof_ = false;
    bool seen_ = false;
};

} // namespace baton::net

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/net/impl/http_reader.ipp>
#endif
