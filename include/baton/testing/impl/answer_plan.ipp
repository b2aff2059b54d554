// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/answer_plan.hpp>
#include <baton/testing/impl/answer_body.ipp>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

namespace baton::testing {
namespace detail {

inline std::string_view reason_phrase(int status) noexcept {
    switch (status) {
    case 200: return "OK";
    case 307: return "Temporary Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    default: return "Whatever";
    }
}

/// Puts an answer's body into HTTP, and cuts it where the fault says so.
class Planner {
public:
    Planner(const ServedRequest& request, const Behaviour& behaviour, std::span<const std::string> models)
        : request_(request), behaviour_(behaviour), body_(request, behaviour, models) {
        plan_.status = body_.status;
        plan_.complete = body_.complete;
        plan_.text = body_.text;
    }

    AnswerPlan make() {
        frame();
        cut();
        return std::move(plan_);
    }

private:
    using Framing = Behaviour::Framing;
    using Piece = AnswerBody::Piece;

    std::size_t count_or(std::size_t usual) const noexcept {
        return behaviour_.count ? behaviour_.count : usual;
    }

    // --- the framing ------------------------------------------------------------------------------

    Framing framing() const noexcept {
        const Fault fault = behaviour_.fault;
        if (one_of(fault, Fault::bad_chunk_size, Fault::huge_chunk_size, Fault::missing_last_chunk,
                   Fault::trailers, Fault::length_and_chunked, Fault::bad_record)) {
            return Framing::chunked;
        }
        if (fault == Fault::short_length || fault == Fault::long_length) return Framing::length;
        if (behaviour_.framing != Framing::natural) return behaviour_.framing;
        return body_.stream ? Framing::chunked : Framing::length;
    }

    void frame() {
        const Fault fault = behaviour_.fault;
        std::string& out = plan_.bytes;
        const Framing framing = this->framing();
        out.reserve(body_.bytes.size() + 12 * body_.pieces.size() + 512 + count_or(0));
        if (fault == Fault::interim) write_interim(out);
        head_begin_ = out.size();
        if (fault != Fault::no_headers) write_head(out, framing);
        body_begin_ = out.size();
        if (framing == Framing::chunked) {
            write_chunks(out);
        } else {
            for (const Piece& piece : body_.pieces)
                mark(body_begin_ + piece.end, body_begin_ + piece.end, piece);
            out += body_.bytes;
        }
        if (fault == Fault::extra_bytes) out += "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        if (framing == Framing::until_close) plan_.end = AnswerPlan::End::close;
    }

    void mark(std::size_t offset, std::size_t cut, const Piece& piece) {
        plan_.marks.push_back({offset, piece.tokens, piece.text});
        cuts_.push_back(cut);
    }

    void write_interim(std::string& out) const {
        constexpr std::string_view responses[] = {
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 102 Processing\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n",
        };
        for (std::size_t i = 0; i < count_or(3); ++i) out += responses[i % std::size(responses)];
    }

    void write_head(std::string& out, Framing framing) const {
        const Fault fault = behaviour_.fault;
        const std::string status = std::to_string(plan_.status);
        out.append("HTTP/1.1 ").append(status).append(" ").append(reason_phrase(plan_.status)).append("\r\n");
        out.append("content-type: ").append(body_.content_type).append("\r\n");
        out.append(request_.anthropic() ? "request-id: req_" : "x-request-id: req_");
        out.append(std::to_string(request_.number)).append("\r\n");
        out.append(body_.headers).append(behaviour_.headers);
        if (fault == Fault::giant_header) {
            out.append("x-giant: ").append(count_or(64 * 1024), 'g').append("\r\n");
        }
        if (fault == Fault::many_headers) {
            for (std::size_t i = 0; i < count_or(5000); ++i) {
                out.append("x-field-").append(std::to_string(i)).append(": v\r\n");
            }
        }
        const bool closes = one_of(fault, Fault::close_announced, Fault::early_response);
        if (closes || framing == Framing::until_close) out += "connection: close\r\n";
        if (fault == Fault::close_after || fault == Fault::close_on_next) out += "connection: keep-alive\r\n";
        if (framing == Framing::chunked) out += "transfer-encoding: chunked\r\n";
        if (framing == Framing::length || fault == Fault::length_and_chunked) {
            std::size_t length = body_.bytes.size();
            if (fault == Fault::short_length) length -= std::min(length, count_or(1));
            if (fault == Fault::long_length) length += count_or(16);
            out.append("content-length: ").append(std::to_string(length)).append("\r\n");
        }
        out += "\r\n";
    }

    void write_chunks(std::string& out) {
        std::size_t from = 0;
        for (const Piece& piece : body_.pieces) {
            if (piece.end > from) {
                char size[16];
                const auto done = std::to_chars(size, size + sizeof size, piece.end - from, 16);
                out.append(size, done.ptr).append("\r\n").append(body_.bytes, from, piece.end - from);
                out += "\r\n";
                mark(out.size() - 2, out.size(), piece);
            } else {
                mark(out.size(), out.size(), piece);
            }
            from = piece.end;
        }
        if (behaviour_.fault == Fault::missing_last_chunk) return;
        out += behaviour_.fault == Fault::trailers ? "0\r\nx-trailer: value\r\n\r\n" : "0\r\n\r\n";
        if (!cuts_.empty()) cuts_.back() = out.size(); // the end of the chunks leaves with the last piece
    }

    // --- the cuts ---------------------------------------------------------------------------------

    // Where "after `at` tokens" is; in a body that is not streamed, its middle or `count` bytes.
    std::size_t strike_offset() const {
        if (body_.stream && body_.strike_piece > 0) {
            const std::size_t offset = cuts_[body_.strike_piece - 1] + behaviour_.count;
            return std::min(offset, plan_.bytes.size());
        }
        const std::size_t body = plan_.bytes.size() - body_begin_;
        return body_begin_ + std::min(count_or(body / 2), body);
    }

    void break_at(std::size_t offset, AnswerPlan::End end) {
        plan_.bytes.resize(std::min(offset, plan_.bytes.size()));
        plan_.end = end;
        plan_.end_pause = behaviour_.step;
    }

    void cut() {
        using End = AnswerPlan::End;
        const std::size_t half_head = head_begin_ + (body_begin_ - head_begin_) / 2;
        switch (behaviour_.fault) {
        case Fault::silence: break_at(0, End::hold); break;
        case Fault::reset_before_headers: break_at(0, End::reset); break;
        case Fault::close_before_headers: break_at(0, End::close); break;
        case Fault::reset_in_headers: break_at(half_head, End::reset); break;
        case Fault::reset_mid_body: break_at(strike_offset(), End::reset); break;
        case Fault::close_mid_body: break_at(strike_offset(), End::close); break;
        case Fault::stall: break_at(strike_offset(), End::hold); break;
        case Fault::bad_chunk_size:
            break_at(strike_offset(), End::close);
            plan_.bytes += "zz\r\ndata: {}\n\n\r\n";
            break;
        case Fault::huge_chunk_size:
            break_at(strike_offset(), End::close);
            plan_.bytes += "fffffffffffffffff\r\ndata: {}\n\n\r\n";
            break;
        case Fault::bad_record:
            break_at(strike_offset(), End::close);
            plan_.below_tls = "these bytes are neither a TLS record nor a chunk\r\n";
            break;
        case Fault::garbage:
            break_at(0, End::close);
            write_garbage();
            break;
        case Fault::no_headers:
        case Fault::missing_last_chunk:
        case Fault::long_length:
        case Fault::close_after:
        case Fault::close_announced:
        case Fault::early_response: plan_.end = End::close; break;
        case Fault::close_on_next: plan_.end = End::close_on_next; break;
        default: break;
        }
        make_steps();
    }

    void write_garbage() {
        for (std::size_t i = 0; i < count_or(64); ++i) {
            const auto byte = static_cast<char>(random_at(request_.number, i));
            plan_.bytes.push_back(i == 0 ? '\x8f' : byte); // the first one must not start "HTTP/"
        }
    }

    void make_steps() {
        const std::size_t size = plan_.bytes.size();
        Duration pause = behaviour_.step;
        std::vector<std::size_t> ends;
        switch (behaviour_.fault) {
        case Fault::slow_headers:
            for (std::size_t i = count_or(1); i < body_begin_; i += count_or(1)) ends.push_back(i);
            ends.push_back(body_begin_);
            break;
        case Fault::trickle:
            for (std::size_t i = body_begin_; i < size; i += count_or(1)) ends.push_back(i);
            break;
        case Fault::split_utf8:
            if (pause == Duration::zero()) pause = std::chrono::milliseconds(1); // else TCP joins them again
            for (std::size_t i = body_begin_; i < size && ends.size() < 64; ++i) {
                if (static_cast<unsigned char>(plan_.bytes[i]) >= 0xC0) ends.push_back(i + 1);
            }
            break;
        default:
            pause = behaviour_.gap;
            if (behaviour_.tokens_per_write == 0) break;
            for (std::size_t i = 0; i < cuts_.size(); ++i) {
                if (i % behaviour_.tokens_per_write == 0) ends.push_back(cuts_[i]);
            }
            break;
        }
        std::size_t at = 0;
        for (const std::size_t end : ends) {
            if (end > at && end < size) plan_.steps.push_back({at = end, pause});
        }
        if (size > at) plan_.steps.push_back({size, pause});
        if (!plan_.steps.empty()) plan_.steps.front().pause = behaviour_.delay;
        if (plan_.steps.empty()) plan_.end_pause += behaviour_.delay;
    }

    const ServedRequest& request_;
    const Behaviour& behaviour_;
    AnswerBody body_;
    AnswerPlan plan_;
    std::vector<std::size_t> cuts_; // of each piece: where, in plan_.bytes, a write may end behind it
    std::size_t head_begin_ = 0, body_begin_ = 0;
};

} // namespace detail

BATON_DECL AnswerPlan make_plan(const ServedRequest& request, const Behaviour& behaviour,
                                std::span<const std::string> models) {
    return detail::Planner(request, behaviour, models).make();
}

} // namespace baton::testing
