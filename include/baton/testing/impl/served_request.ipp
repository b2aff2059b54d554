// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/headers.hpp>
#include <baton/serve/anthropic.hpp>
#include <baton/serve/gemini.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/openai_responses.hpp>
#include <baton/testing/served_request.hpp>

#include <algorithm>
#include <charconv>

namespace baton::testing {
namespace detail {

inline bool is_token_char(char c) noexcept {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
}
inline bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}
/// Visible, blank, tab, or not ASCII.
inline bool is_field_text(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}
inline std::string_view trim_blanks(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}
inline bool read_size(std::string_view text, int base, std::size_t& size) noexcept {
    const auto done = std::from_chars(text.data(), text.data() + text.size(), size, base);
    return done.ec == std::errc{} && done.ptr == text.data() + text.size() && !text.empty();
}

} // namespace detail

BATON_DECL std::string_view ServedRequest::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers) {
        if (iequals(key, name)) return value;
    }
    return {};
}

BATON_DECL void ServedRequest::classify(bool whole) {
    const std::string_view path = std::string_view(target).substr(0, target.find('?'));
    if (path.ends_with("/chat/completions")) kind = Kind::openai;
    if (path.ends_with("/messages")) kind = Kind::anthropic;
    if (path.ends_with("/models")) kind = Kind::models;
    if (path.ends_with("/responses")) kind = Kind::responses;
    const serve::GeminiTarget google(target);
    using Method = serve::GeminiTarget::Method;
    if (google.method == Method::generate || google.method == Method::stream) kind = Kind::gemini;
    id = header("x-request-number");
    if (!whole || method != "POST") return;
    if (kind == Kind::openai) problem = serve::OpenAI::decode(body, incoming);
    if (kind == Kind::anthropic) problem = serve::Anthropic::decode(body, incoming);
    if (kind == Kind::responses) problem = serve::OpenAIResponses::decode(body, incoming);
    if (kind == Kind::gemini) problem = serve::Gemini::decode(google, body, incoming);
    if (!id.empty()) return;
    const auto& messages = incoming.request.messages;
    const auto last = std::find_if(messages.rbegin(), messages.rend(),
                                   [](const Message& message) { return message.role == Role::user; });
    if (last == messages.rend()) return;
    const std::string text = last->text();
    const std::size_t hash = text.find('#');
    if (hash == std::string::npos) return;
    const std::size_t end = text.find_first_not_of("0123456789", hash + 1);
    id = text.substr(hash + 1, end == std::string::npos ? end : end - hash - 1);
}

BATON_DECL bool RequestParser::parse_field(std::string_view line, ServedRequest& request) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return refuse("a header line has no colon");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = detail::trim_blanks(line.substr(colon + 1));
    if (!detail::is_token(name)) return refuse("a header's name is not a token");
    if (!detail::is_field_text(value)) return refuse("a header's value holds control characters");
    if (iequals(name, "content-length")) {
        const bool digits = value.find_first_not_of("0123456789") == std::string_view::npos;
        if (has_length_ || !digits || !detail::read_size(value, 10, left_))
            return refuse("a bad content-length");
        if (left_ > max_body) return refuse("the body is too large");
        has_length_ = true;
    } else if (iequals(name, "transfer-encoding")) {
        if (chunked_ || !iequals(value, "chunked")) return refuse("a transfer-encoding other than chunked");
        chunked_ = true;
    } else if (iequals(name, "host")) {
        if (has_host_) return refuse("more than one host");
        has_host_ = true;
    } else if (iequals(name, "expect")) {
        if (!iequals(value, "100-continue")) return refuse("an unknown expectation");
        expects_continue_ = true;
    }
    request.headers.emplace_back(name, value);
    return true;
}

BATON_DECL bool RequestParser::parse_head(std::string_view head, ServedRequest& request) {
    // Each line ends with CRLF, the last one included; the blank line is gone.
    std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) return refuse("the request line has not three parts");
    const std::string_view target = line.substr(first + 1, second - first - 1);
    if (line.substr(second + 1) != "HTTP/1.1") return refuse("the version is not HTTP/1.1");
    if (!detail::is_token(line.substr(0, first))) return refuse("the method is not a token");
    if (target.empty() || !detail::is_field_text(target)) return refuse("a bad request target");
    request.method = line.substr(0, first);
    request.target = target;
    for (std::size_t at = end + 2; at < head.size(); at = end + 2) {
        end = head.find("\r\n", at);
        if (!parse_field(head.substr(at, end - at), request)) return false;
    }
    if (!has_host_) return refuse("no host");
    if (chunked_ && has_length_) return refuse("both content-length and transfer-encoding");
    if (constexpr std::string_view scheme = "http://"; request.target.starts_with(scheme)) {
        const std::size_t slash = request.target.find('/', scheme.size()); // a request to a proxy
        request.target = slash == std::string::npos ? "/" : request.target.substr(slash);
    }
    return true;
}

BATON_DECL RequestParser::Status RequestParser::parse_chunks(std::string& in, ServedRequest& request) {
    std::size_t used = 0;
    const auto line = [&](std::string_view& text) {
        const std::size_t end = in.find("\r\n", used);
        if (end == std::string::npos) return false;
        text = std::string_view(in).substr(used, end - used);
        used = end + 2;
        return true;
    };
    Status status = Status::need_more;
    for (std::string_view text; status == Status::need_more;) {
        if (stage_ == Stage::chunk_data) {
            const std::size_t available = in.size() - used;
            if (available < left_ + 2) break;
            request.body.append(in, used, left_);
            if (in.compare(used + left_, 2, "\r\n") != 0 || request.body.size() > max_body) {
                refuse("a bad chunk");
                status = Status::bad;
            }
            used += left_ + 2;
            stage_ = Stage::chunk_size;
        } else if (!line(text)) {
            if (in.size() - used > max_head) {
                refuse("a chunk's header is too long");
                status = Status::bad;
            }
            break;
        } else if (stage_ == Stage::trailer) {
            if (text.empty()) status = Status::complete; // fields behind the body are read and dropped
        } else {
            const std::string_view size = detail::trim_blanks(text.substr(0, text.find(';')));
            if (!detail::read_size(size, 16, left_) || left_ > max_body) {
                refuse("a bad chunk size");
                status = Status::bad;
            }
            stage_ = left_ == 0 ? Stage::trailer : Stage::chunk_data;
        }
    }
    in.erase(0, used);
    if (status == Status::complete) stage_ = Stage::complete;
    return status;
}

BATON_DECL RequestParser::Status RequestParser::parse(std::string& in, ServedRequest& request) {
    if (stage_ == Stage::head) {
        const std::size_t end = in.find("\r\n\r\n");
        if (end == std::string::npos || end > max_head) {
            if (in.size() <= max_head && in.find('\0') == std::string::npos) return Status::need_more;
            refuse("the header is too large, or holds NUL");
            return Status::bad;
        }
        if (!parse_head(std::string_view(in).substr(0, end + 2), request)) return Status::bad;
        in.erase(0, end + 4);
        stage_ = chunked_ ? Stage::chunk_size : Stage::length;
        return Status::head;
    }
    if (stage_ == Stage::length) {
        if (in.size() < left_) return Status::need_more;
        request.body.assign(in, 0, left_);
        in.erase(0, left_);
        stage_ = Stage::complete;
    }
    return stage_ == Stage::complete ? Status::complete : parse_chunks(in, request);
}

} // namespace baton::testing
