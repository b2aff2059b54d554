// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/utf8.hpp>
#include <baton/serve/anthropic.hpp>
#include <baton/serve/error_status.hpp>
#include <baton/serve/openai.hpp>
#include <baton/testing/answer_plan.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <string_view>
#include <type_traits>

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

template <class... F>
bool one_of(Fault fault, F... list) noexcept {
    return ((fault == list) || ...);
}

/// A good answer reaches a client that can cope, in spite of the fault.
inline bool harmless(Fault fault, bool stream, bool openai) noexcept {
    // A finish reason is a terminal event of OpenAI's dialect; Anthropic's has only one, message_stop.
    if (fault == Fault::missing_done) return stream && openai;
    if (fault == Fault::done_without_blank) return !stream || openai;
    return one_of(fault, Fault::none, Fault::close_after, Fault::close_on_next, Fault::close_announced,
                  Fault::early_response, Fault::slow_headers, Fault::trickle, Fault::split_utf8,
                  Fault::interim, Fault::comments, Fault::tiny_events, Fault::trailers, Fault::giant_header,
                  Fault::many_headers, Fault::extra_bytes, Fault::lone_surrogate, Fault::split_surrogate,
                  Fault::giant_event);
}

/// Builds one AnswerPlan: the body with its pieces, then the framing around it, then the cuts.
class Planner {
public:
    Planner(const ServedRequest& request, const Behaviour& behaviour)
        : request_(request), behaviour_(behaviour) {
        stream_ = request.incoming.stream;
    }

    AnswerPlan make(std::span<const std::string> models) {
        make_body(models);
        frame();
        cut();
        return std::move(plan_);
    }

private:
    using Framing = Behaviour::Framing;

    struct Token {
        std::string_view say;  // what is encoded
        std::string_view raw;  // JSON text that takes the marker's place in it
        std::string_view text; // what it means
    };
    struct Piece { // an event, or a whole body
        std::size_t end;
        std::size_t tokens, text;
    };
    static constexpr std::string_view marker = "@marker@";

    std::size_t count_or(std::size_t usual) const noexcept {
        return behaviour_.count ? behaviour_.count : usual;
    }
    void piece() { pieces_.push_back({body_.size(), tokens_said_, plan_.text.size()}); }

    // --- the body ---------------------------------------------------------------------------------

    void make_body(std::span<const std::string> models) {
        plan_.status = 200;
        if (behaviour_.response) {
            plan_.status = behaviour_.response->status;
            content_type_ = behaviour_.response->content_type;
            headers_ = behaviour_.response->headers;
            body_ = behaviour_.response->body;
            return piece();
        }
        switch (request_.kind) {
        case ServedRequest::Kind::openai: return make_answer<serve::OpenAI>();
        case ServedRequest::Kind::anthropic: return make_answer<serve::Anthropic>();
        case ServedRequest::Kind::models:
            if (behaviour_.error) return make_error(*behaviour_.error);
            request_.anthropic() ? serve::Anthropic::encode_models(models, body_)
                                 : serve::OpenAI::encode_models(models, body_);
            plan_.complete = harmless(behaviour_.fault, false, true);
            return piece();
        case ServedRequest::Kind::other: break;
        }
        make_error(Error(Errc::not_found, "no such path: " + request_.target));
    }

    void make_error(const Error& error) {
        plan_.status = request_.anthropic() ? serve::Anthropic::encode_error(error, body_)
                                            : serve::OpenAI::encode_error(error, body_);
        serve::write_retry_headers(error, headers_);
        stream_ = false;
        piece();
    }

    Error error_to_tell() const {
        if (behaviour_.error) return *behaviour_.error;
        Error::Detail detail;
        detail.message = "Overloaded";
        detail.status = 529;
        return Error(Errc::transient, std::move(detail));
    }

    template <class Dialect>
    void make_answer() {
        const Fault fault = behaviour_.fault;
        if (request_.problem) return make_error(*request_.problem);
        if (behaviour_.error && fault != Fault::error_in_200 && fault != Fault::error_event) {
            return make_error(*behaviour_.error);
        }
        if (fault == Fault::empty_body) return piece();
        if (fault == Fault::error_in_200 || (fault == Fault::error_event && !stream_)) {
            Dialect::encode_error(error_to_tell(), body_);
            if (stream_) content_type_ = "text/event-stream";
            return piece();
        }
        list_tokens();
        const bool openai = request_.kind == ServedRequest::Kind::openai;
        plan_.complete = harmless(fault, stream_, openai);
        Reply reply = behaviour_.answer.reply(request_.incoming.request.model);
        if (reply.id == "answer-1") reply.id = "answer-" + std::to_string(request_.number);
        stream_ ? stream_answer<Dialect>(reply) : whole_answer<Dialect>(reply);
    }

    // The answer's tokens, and among them what the fault wants said.
    void list_tokens() {
        const std::vector<std::string>& tokens = behaviour_.answer.tokens;
        const std::size_t at = std::min(behaviour_.at, tokens.size());
        tokens_.reserve(tokens.size() + 1);
        for (std::size_t i = 0; i <= tokens.size(); ++i) {
            if (i == at) list_extra_tokens();
            if (i < tokens.size()) tokens_.push_back({tokens[i], {}, tokens[i]});
        }
    }
    void list_extra_tokens() {
        strike_ = tokens_.size();
        switch (behaviour_.fault) {
        case Fault::lone_surrogate: tokens_.push_back({marker, "\\ud83d", utf8::replacement}); break;
        case Fault::split_surrogate:
            tokens_.push_back({marker, "\\ud83d", {}});
            tokens_.push_back({marker, "\\ude00", "\U0001F600"});
            break;
        case Fault::nul_bytes: tokens_.push_back({marker, std::string_view("\0\0", 2), {}}); break;
        case Fault::bad_json: tokens_.push_back({marker, "\"}{", {}}); break;
        case Fault::giant_event:
            extra_.assign(count_or(8 * 1024 * 1024), 'x');
            tokens_.push_back({extra_, {}, extra_});
            break;
        case Fault::tiny_events:
            for (std::size_t i = 0; i < count_or(10'000); ++i) tokens_.push_back({"x", {}, "x"});
            break;
        default: break;
        }
    }
    void replace_marker(std::size_t from, std::string_view raw) {
        const std::size_t at = body_.find(marker, from);
        if (at != std::string::npos) body_.replace(at, marker.size(), raw);
    }

    template <class Dialect>
    void whole_answer(Reply& reply) {
        std::string said;
        for (const Token& token : tokens_) {
            said += token.say;
            plan_.text += token.text;
            ++tokens_said_;
        }
        for (Part& part : reply.parts) {
            if (part.kind == Part::Kind::text) part.text = said;
        }
        const bool has_text = !behaviour_.answer.tokens.empty();
        if (!has_text && !said.empty()) reply.parts.emplace_back(said);
        Dialect::encode(reply, now(), body_);
        for (const Token& token : tokens_) {
            if (!token.raw.empty()) replace_marker(0, token.raw);
        }
        if (behaviour_.fault == Fault::missing_end || behaviour_.fault == Fault::missing_done) {
            body_.resize(body_.size() / 2); // a whole body has no other end than its last brace
        }
        piece();
    }

    template <class Dialect>
    void stream_answer(const Reply& reply) {
        content_type_ = "text/event-stream";
        typename Dialect::StreamEncoder encoder;
        StreamHeadOf head{reply, now(), request_.incoming.include_usage};
        encoder.begin(head.value, body_);
        piece();
        if (behaviour_.fault == Fault::comments) {
            for (std::size_t i = 0; i < count_or(3); ++i) {
                body_ += std::is_same_v<Dialect, serve::Anthropic>
                             ? "event: ping\ndata: {\"type\": \"ping\"}\n\n"
                             : ": keep-alive\n\n";
                piece();
            }
        }
        stream_thinking(encoder);
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (i == strike_ && strike(encoder)) return;
            const std::size_t from = body_.size();
            Delta delta;
            delta.text = tokens_[i].say;
            encoder.delta(delta, body_);
            if (!tokens_[i].raw.empty()) replace_marker(from, tokens_[i].raw);
            plan_.text += tokens_[i].text;
            ++tokens_said_;
            piece();
        }
        if (strike_ >= tokens_.size() && strike(encoder)) return;
        stream_tool_calls(encoder);
        finish(encoder, reply);
    }

    struct StreamHeadOf {
        StreamHeadOf(const Reply& reply, WallTime now, bool include_usage) {
            value.id = reply.id;
            value.model = reply.model;
            value.created = now;
            value.usage = reply.usage;
            value.usage.output_tokens = 1; // Anthropic says one before it has said anything
            value.usage.reasoning_tokens = 0;
            value.include_usage = include_usage;
        }
        serve::StreamHead value;
    };

    template <class Encoder>
    void stream_thinking(Encoder& encoder) {
        for (const std::string& token : behaviour_.answer.reasoning) {
            Delta delta;
            delta.reasoning = token;
            encoder.delta(delta, body_);
            piece();
        }
        if (behaviour_.answer.signature.empty()) return;
        Part part(Part::Kind::thinking, std::string());
        part.detail.ensure().signature = behaviour_.answer.signature;
        encoder.part(part, body_);
        piece();
    }

    template <class Encoder>
    void stream_tool_calls(Encoder& encoder) {
        int index = 0;
        for (const Answer::ToolCall& call : behaviour_.answer.tool_calls) {
            bool first = true;
            for (const std::string& arguments : call.arguments) {
                Delta::ToolFragment fragment;
                fragment.index = index;
                if (first) {
                    fragment.id = call.id;
                    fragment.name = call.name;
                }
                first = false;
                fragment.arguments = arguments;
                Delta delta;
                delta.tools = {&fragment, 1};
                encoder.delta(delta, body_);
                piece();
            }
            ++index;
        }
    }

    // The place where the fault strikes. True if the stream ends here.
    template <class Encoder>
    bool strike(Encoder& encoder) {
        strike_piece_ = pieces_.size();
        if (behaviour_.fault != Fault::error_event) return false;
        encoder.fail(error_to_tell(), body_);
        piece();
        return true;
    }

    template <class Encoder>
    void finish(Encoder& encoder, const Reply& reply) {
        if (behaviour_.fault == Fault::missing_end) return;
        encoder.finish(reply, body_);
        if (behaviour_.fault == Fault::done_without_blank) body_.pop_back();
        if (behaviour_.fault == Fault::missing_done) body_.resize(body_.rfind("\n\n", body_.size() - 3) + 2);
        piece();
    }

    static WallTime now() { return std::chrono::system_clock::now(); }

    // --- the framing ------------------------------------------------------------------------------

    Framing framing() const noexcept {
        const Fault fault = behaviour_.fault;
        if (one_of(fault, Fault::bad_chunk_size, Fault::huge_chunk_size, Fault::missing_last_chunk,
                   Fault::trailers, Fault::length_and_chunked, Fault::bad_record)) {
            return Framing::chunked;
        }
        if (fault == Fault::short_length || fault == Fault::long_length) return Framing::length;
        if (behaviour_.framing != Framing::natural) return behaviour_.framing;
        return stream_ ? Framing::chunked : Framing::length;
    }

    void frame() {
        const Fault fault = behaviour_.fault;
        std::string& out = plan_.bytes;
        const Framing framing = this->framing();
        out.reserve(body_.size() + 12 * pieces_.size() + 512 + count_or(0));
        if (fault == Fault::interim) write_interim(out);
        head_begin_ = out.size();
        if (fault != Fault::no_headers) write_head(out, framing);
        body_begin_ = out.size();
        if (framing == Framing::chunked) {
            write_chunks(out);
        } else {
            for (const Piece& piece : pieces_) mark(body_begin_ + piece.end, body_begin_ + piece.end, piece);
            out += body_;
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
        out.append("content-type: ").append(content_type_).append("\r\n");
        out.append(request_.anthropic() ? "request-id: req_" : "x-request-id: req_");
        out.append(std::to_string(request_.number)).append("\r\n");
        out.append(headers_).append(behaviour_.headers);
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
            std::size_t length = body_.size();
            if (fault == Fault::short_length) length -= std::min(length, count_or(1));
            if (fault == Fault::long_length) length += count_or(16);
            out.append("content-length: ").append(std::to_string(length)).append("\r\n");
        }
        out += "\r\n";
    }

    void write_chunks(std::string& out) {
        std::size_t from = 0;
        for (const Piece& piece : pieces_) {
            if (piece.end > from) {
                char size[16];
                const auto done = std::to_chars(size, size + sizeof size, piece.end - from, 16);
                out.append(size, done.ptr).append("\r\n").append(body_, from, piece.end - from);
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
        if (stream_ && strike_piece_ > 0) {
            const std::size_t offset = cuts_[strike_piece_ - 1] + behaviour_.count;
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
    AnswerPlan plan_;
    std::string body_, headers_, content_type_ = "application/json";
    std::vector<Piece> pieces_;
    std::vector<std::size_t> cuts_; // of each piece: where, in plan_.bytes, a write may end behind it
    std::vector<Token> tokens_;
    std::string extra_; // of the token a fault adds
    std::size_t strike_ = 0, strike_piece_ = 0, tokens_said_ = 0;
    std::size_t head_begin_ = 0, body_begin_ = 0;
    bool stream_ = false;
};

} // namespace detail

BATON_DECL AnswerPlan make_plan(const ServedRequest& request, const Behaviour& behaviour,
                                std::span<const std::string> models) {
    return detail::Planner(request, behaviour).make(models);
}

} // namespace baton::testing
