// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/utf8.hpp>
#include <baton/serve/anthropic.hpp>
#include <baton/serve/error_status.hpp>
#include <baton/serve/gemini.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/openai_responses.hpp>
#include <baton/testing/fault_script.hpp>
#include <baton/testing/served_request.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace baton::testing::detail {

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

/// The body of an answer, in pieces, with the faults that are in its content.
class AnswerBody {
public:
    struct Piece { // an event, or a whole body
        std::size_t end;
        std::size_t tokens, text;
    };

    AnswerBody(const ServedRequest& request, const Behaviour& behaviour, std::span<const std::string> models)
        : stream(request.incoming.stream), request_(request), behaviour_(behaviour) {
        make_body(models);
    }

    std::string bytes, headers, content_type = "application/json";
    std::vector<Piece> pieces;
    std::string text;             ///< what all tokens say
    std::size_t strike_piece = 0; ///< before which the fault strikes; 0: the body is not a stream
    int status = 200;
    bool stream;
    bool complete = false;

private:
    struct Token {
        std::string_view say;  // what is encoded
        std::string_view raw;  // JSON text that takes the marker's place in it
        std::string_view text; // what it means
    };
    static constexpr std::string_view marker = "@marker@";

    void piece() {
        replace_markers(pieces.empty() ? 0 : pieces.back().end);
        pieces.push_back({bytes.size(), tokens_said_, text.size()});
    }

    std::size_t count_or(std::size_t usual) const noexcept {
        return behaviour_.count ? behaviour_.count : usual;
    }

    void make_body(std::span<const std::string> models) {
        if (behaviour_.response) {
            status = behaviour_.response->status;
            content_type = behaviour_.response->content_type;
            headers = behaviour_.response->headers;
            bytes = behaviour_.response->body;
            return piece();
        }
        switch (request_.kind) {
        case ServedRequest::Kind::openai: return make_answer<serve::OpenAI>();
        case ServedRequest::Kind::anthropic: return make_answer<serve::Anthropic>();
        case ServedRequest::Kind::models:
            if (behaviour_.error) return make_error(*behaviour_.error);
            request_.anthropic() ? serve::Anthropic::encode_models(models, bytes)
            : request_.gemini()  ? serve::Gemini::encode_models(models, bytes)
                                 : serve::OpenAI::encode_models(models, bytes);
            complete = harmless(behaviour_.fault, false, true);
            return piece();
        case ServedRequest::Kind::responses: return make_answer<serve::OpenAIResponses>();
        case ServedRequest::Kind::gemini: return make_answer<serve::Gemini>();
        case ServedRequest::Kind::other: break;
        }
        make_error(Error(Errc::not_found, "no such path: " + request_.target));
    }

    void make_error(const Error& error) {
        status = request_.anthropic() ? serve::Anthropic::encode_error(error, bytes)
                 : request_.gemini()  ? serve::Gemini::encode_error(error, bytes)
                                      : serve::OpenAI::encode_error(error, bytes);
        serve::write_retry_headers(error, headers);
        stream = false;
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
        if (fault == Fault::error_in_200 || (fault == Fault::error_event && !stream)) {
            Dialect::encode_error(error_to_tell(), bytes);
            if (stream) content_type = "text/event-stream";
            return piece();
        }
        list_tokens();
        const bool openai = request_.kind == ServedRequest::Kind::openai;
        complete = harmless(fault, stream, openai);
        Reply reply = behaviour_.answer.reply(request_.incoming.request.model);
        if (reply.id == "answer-1") reply.id = "answer-" + std::to_string(request_.number);
        stream ? stream_answer<Dialect>(reply) : whole_answer<Dialect>(reply);
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
        for (const Token& token : tokens_) {
            if (!token.raw.empty()) raws_.push_back(token.raw);
        }
    }
    void list_extra_tokens() {
        strike_ = tokens_.size();
        switch (behaviour_.fault) {
        case Fault::lone_surrogate: tokens_.push_back({marker, "\\ud83d", utf8::replacement}); break;
        case Fault::split_surrogate: {
            // Google's servers cannot do this, so nobody joins the halves of two of its events
            const bool joined = !(stream && request_.kind == ServedRequest::Kind::gemini);
            tokens_.push_back({marker, "\\ud83d", joined ? std::string_view() : utf8::replacement});
            tokens_.push_back({marker, "\\ude00", joined ? "\U0001F600" : utf8::replacement});
            break;
        }
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
    // Some dialects say a text again when it is complete: then its markers come again in the same order.
    void replace_markers(std::size_t from) {
        if (raws_.empty()) return;
        for (std::size_t at = from; (at = bytes.find(marker, at)) != std::string::npos;) {
            const std::string_view raw = raws_[replaced_++ % raws_.size()];
            bytes.replace(at, marker.size(), raw);
            at += raw.size();
        }
    }

    template <class Dialect>
    void whole_answer(Reply& reply) {
        std::string said;
        for (const Token& token : tokens_) {
            said += token.say;
            text += token.text;
            ++tokens_said_;
        }
        for (Part& part : reply.parts) {
            if (part.kind == Part::Kind::text) part.text = said;
        }
        const bool has_text = !behaviour_.answer.tokens.empty();
        if (!has_text && !said.empty()) reply.parts.emplace_back(said);
        Dialect::encode(reply, now(), bytes);
        replace_markers(0);
        if (behaviour_.fault == Fault::missing_end || behaviour_.fault == Fault::missing_done) {
            bytes.resize(bytes.size() / 2); // a whole body has no other end than its last brace
        }
        piece();
    }

    template <class Dialect>
    void stream_answer(const Reply& reply) {
        if (!request_.incoming.array) content_type = "text/event-stream";
        typename Dialect::StreamEncoder encoder;
        StreamHeadOf head{reply, now(), request_.incoming.include_usage};
        head.value.array = request_.incoming.array;
        encoder.begin(head.value, bytes);
        piece();
        if (behaviour_.fault == Fault::comments) {
            for (std::size_t i = 0; i < count_or(3); ++i) {
                bytes += std::is_same_v<Dialect, serve::Anthropic>
                             ? "event: ping\ndata: {\"type\": \"ping\"}\n\n"
                             : ": keep-alive\n\n";
                piece();
            }
        }
        stream_thinking(encoder);
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (i == strike_ && strike(encoder)) return;
            Delta delta;
            delta.text = tokens_[i].say;
            encoder.delta(delta, bytes);
            text += tokens_[i].text;
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
            encoder.delta(delta, bytes);
            piece();
        }
        if (behaviour_.answer.signature.empty()) return;
        Part part(Part::Kind::thinking, std::string());
        part.detail.ensure().signature = behaviour_.answer.signature;
        encoder.part(part, bytes);
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
                encoder.delta(delta, bytes);
                piece();
            }
            ++index;
        }
    }

    // The place where the fault strikes. True if the stream ends here.
    template <class Encoder>
    bool strike(Encoder& encoder) {
        strike_piece = pieces.size();
        if (behaviour_.fault != Fault::error_event) return false;
        encoder.fail(error_to_tell(), bytes);
        piece();
        return true;
    }

    template <class Encoder>
    void finish(Encoder& encoder, const Reply& reply) {
        if (behaviour_.fault == Fault::missing_end) return;
        encoder.finish(reply, bytes);
        if (behaviour_.fault == Fault::done_without_blank) bytes.pop_back();
        if (behaviour_.fault == Fault::missing_done) bytes.resize(bytes.rfind("\n\n", bytes.size() - 3) + 2);
        piece();
    }

    static WallTime now() { return std::chrono::system_clock::now(); }

    const ServedRequest& request_;
    const Behaviour& behaviour_;
    std::vector<Token> tokens_;
    std::vector<std::string_view> raws_; // what takes the markers' places, in order
    std::size_t replaced_ = 0;
    std::string extra_; // of the token a fault adds
    std::size_t strike_ = 0, tokens_said_ = 0;
};

} // namespace baton::testing::detail
