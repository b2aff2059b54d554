// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/http_reader.hpp>

#include <boost/beast/http/error.hpp>

#include <cstring>

namespace baton::net {

BATON_DECL void HttpReader::Parser::on_response_impl(int code, View, int version, Ec&) {
    sink_.status = code;
    sink_.version = version;
}

BATON_DECL void HttpReader::Parser::on_field_impl(Field name, View text, View value, Ec& ec) {
    if (sink_.lengths.size() == sink_.max_fields) {
        ec = boost::beast::http::error::header_limit;
        return;
    }
    if (name == Field::transfer_encoding) {
        // anything but one plain "chunked" leaves it open where the body ends
        sink_.odd |= sink_.chunked || !iequals({value.data(), value.size()}, "chunked");
        sink_.chunked = true;
    } else if (name == Field::content_length) {
        sink_.length = true;
    }
    sink_.text.append(text.data(), text.size()).append(value.data(), value.size());
    sink_.lengths.emplace_back(static_cast<std::uint32_t>(text.size()),
                               static_cast<std::uint32_t>(value.size()));
}

BATON_DECL void HttpReader::Parser::on_header_impl(Ec& ec) {
    // both framings at once, or chunked in HTTP/1.0: request smuggling's tools, never an honest server
    if (sink_.odd || (sink_.chunked && (sink_.length || sink_.version < 11))) {
        ec = boost::beast::http::error::bad_transfer_encoding;
        return;
    }
    sink_.head = true;
}

BATON_DECL std::size_t HttpReader::Parser::on_body_impl(View body, Ec&) {
    sink_.slice = {body.data(), body.size()};
    return body.size();
}

BATON_DECL std::size_t HttpReader::Parser::on_chunk_body_impl(std::uint64_t, View body, Ec&) {
    sink_.slice = {body.data(), body.size()};
    return body.size();
}

BATON_DECL void HttpReader::restart() {
    sink_.status = 0;
    sink_.text.clear();
    sink_.lengths.clear();
    sink_.slice = {};
    sink_.max_fields = limits_.fields;
    sink_.head = sink_.chunked = sink_.length = sink_.odd = false;
    parser_.emplace(sink_);
    parser_->header_limit(limits_.header);
    parser_->body_limit(boost::none); // counted by those who keep it
}

BATON_DECL void HttpReader::start(const HttpLimits& limits) {
    limits_ = limits;
    interim_ = 0;
    eof_ = false;
    seen_ = false;
    failure_ = Failure::none;
    restart();
}

BATON_DECL std::span<char> HttpReader::prepare() {
    constexpr std::size_t initial = 16 * 1024, smallest_read = 4 * 1024;
    if (begin_ == end_) begin_ = end_ = 0;
    if (buffer_.size() - end_ < smallest_read) {
        if (begin_ > 0) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        // grows only while a header or chunk header is incomplete; `next` bounds that
        if (buffer_.size() - end_ < smallest_read) {
            buffer_.resize(buffer_.empty() ? initial : buffer_.size() * 2);
        }
    }
    return {buffer_.data() + end_, buffer_.size() - end_};
}

BATON_DECL HttpReader::Status HttpReader::next(std::string_view& slice) {
    namespace http = boost::beast::http;
    for (;;) {
        if (failure_ != Failure::none) return Status::failed;
        if (parser_->is_done() && !sink_.head) return Status::done;
        boost::beast::error_code ec;
        std::size_t used = 0;
        sink_.slice = {};
        if (!sink_.head || !parser_->is_done()) {
            if (begin_ != end_) {
                used = parser_->put(boost::asio::const_buffer(buffer_.data() + begin_, end_ - begin_), ec);
                begin_ += used;
                seen_ = true;
            } else if (eof_) {
                if (!seen_) return fail(Failure::truncated);
                parser_->put_eof(ec);
                if (!ec) continue;
            } else {
                return Status::need_more;
            }
        }
        if (ec == http::error::need_more) {
            if (eof_) return fail(Failure::truncated);
            // an incomplete header or chunk header must not grow without bound
            if (end_ - begin_ > limits_.header) return fail(Failure::too_large);
            return Status::need_more;
        }
        if (ec) {
            const bool large = ec == http::error::header_limit || ec == http::error::buffer_overflow;
            const bool cut = ec == http::error::partial_message || ec == http::error::end_of_stream;
            return fail(large ? Failure::too_large : cut ? Failure::truncated : Failure::malformed);
        }
        if (sink_.head) {
            if (sink_.status >= 200) {
                sink_.head = false;
                return Status::head;
            }
            // 100, 102, 103: not the answer. 101 would change the protocol we never asked to change.
            if (sink_.status == 101 || ++interim_ > limits_.interim) return fail(Failure::malformed);
            restart();
            continue;
        }
        if (!sink_.slice.empty()) {
            slice = sink_.slice;
            return Status::body;
        }
    }
}

BATON_DECL Headers HttpReader::headers() {
    fields_.clear();
    std::string_view text = sink_.text;
    for (const auto& [name, value] : sink_.lengths) {
        fields_.push_back({text.substr(0, name), text.substr(name, value)});
        text.remove_prefix(name + value);
    }
    return Headers(fields_);
}

} // namespace baton::net
