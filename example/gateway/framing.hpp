// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/headers.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/// What a client may send. Sizes in bytes.
struct FramingLimits {
    std::size_t max_target = 8 * 1024;
    std::size_t max_head = 64 * 1024; ///< request line and fields
    std::size_t max_fields = 100;
    std::size_t max_body = 32 * 1024 * 1024;
};

/// One request. Views are into `bytes` (and `decoded`), so it is moved as a whole or not at all.
class HttpRequest {
public:
    HttpRequest() = default;
    HttpRequest(const HttpRequest&) = delete;
    HttpRequest& operator=(const HttpRequest&) = delete;

    std::string_view header(std::string_view name) const noexcept {
        return baton::Headers(std::span<const baton::HeaderField>(fields)).get(name);
    }
    void clear() noexcept {
        bytes.clear();
        decoded.clear();
        fields.clear();
        method = target = path = query = body = {};
        keep_alive = true;
        minor = 1;
    }

    std::string_view method, target, path, query, body;
    std::vector<baton::HeaderField> fields;
    bool keep_alive = true;
    int minor = 1; ///< of HTTP/1.x

    std::string bytes;   ///< the whole request as it came
    std::string decoded; ///< its body, if that came in chunks
};

/// Cuts HTTP/1.1 requests out of bytes, strictly: whatever a second parser could understand differently is
/// refused, and after a refusal the connection is of no use. RFC 9112; the list of smuggling forms is in
/// test/gateway/framing.cpp. Pure: no socket, no clock. One object per connection.
class RequestParser {
public:
    enum class Status : unsigned char { need_more, complete, bad };

    explicit RequestParser(const FramingLimits& limits) noexcept : limits_(&limits) {}

    /// Looks at `in`, which grows between calls. On `complete` the request has taken its bytes out of `in`
    /// and what is left there belongs to the next one; call again for that.
    Status parse(std::string& in, HttpRequest& request) {
        if (stage_ == Stage::head) {
            if (!find_head(in)) return status_ == 0 ? Status::need_more : Status::bad;
            base_ =
                reinterpret_cast<std::uintptr_t>(in.data()); // the bytes may move before the body is there
            if (!parse_head(std::string_view(in).substr(start_, head_ - start_), request)) return Status::bad;
            stage_ = chunked_ ? Stage::chunk_size : Stage::length;
            at_ = head_;
        }
        if (stage_ == Stage::length) {
            if (in.size() - head_ < length_) return Status::need_more;
            at_ = head_ + length_;
        } else if (!parse_chunks(in, request)) {
            return status_ == 0 ? Status::need_more : Status::bad;
        }
        take(in, request);
        return Status::complete;
    }

    /// After `bad`: the HTTP status, and why.
    int status() const noexcept { return status_; }
    std::string_view problem() const noexcept { return problem_; }

    /// The head is there and the body is not: bytes that are still to come, as far as they are known.
    bool in_body() const noexcept { return stage_ != Stage::head; }
    std::size_t expected(std::size_t have) const noexcept {
        return stage_ == Stage::length && head_ + length_ > have ? head_ + length_ - have : 0;
    }
    /// The client waits for "100 Continue"; once per request.
    bool take_expectation() noexcept { return std::exchange(expects_continue_, false); }
    /// Some bytes of a request have come.
    static bool begun(std::string_view in) noexcept { return !in.empty(); }

    static bool is_token(std::string_view text) noexcept {
        return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
            constexpr std::string_view others = "!#$%&'*+-.^_`|~";
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   others.find(c) != std::string_view::npos;
        });
    }

private:
    enum class Stage : unsigned char { head, length, chunk_size, chunk_data, trailer };

    bool refuse(int status, std::string_view why) noexcept {
        status_ = status;
        problem_ = why;
        return false;
    }

    /// Finds the blank line; false: not there yet, or refused.
    bool find_head(std::string_view in) noexcept {
        if (in.starts_with("\r\n")) start_ = 2; // one empty line may come first (RFC 9112, 2.2)
        const std::size_t from = std::max(start_, scanned_ < 3 ? 0 : scanned_ - 3);
        // A bare LF or CR is refused at once: waiting for a CRLF that one parser wants and another does not
        // is how requests are smuggled.
        for (std::size_t at = std::max(start_, scanned_); at < in.size(); ++at) {
            if (in[at] == '\n' && (at == 0 || in[at - 1] != '\r'))
                return refuse(400, "a line ends without CR");
            if (at > 0 && in[at - 1] == '\r' && in[at] != '\n') return refuse(400, "a CR stands alone");
            if (in[at] == '\0') return refuse(400, "a NUL byte in the head");
            if (at + 1 - start_ > limits_->max_head) return refuse(431, "the header is too large");
            if (in[at] == '\n' && at >= from + 3 && in.substr(at - 3, 4) == "\r\n\r\n") {
                head_ = at + 1;
                return true;
            }
        }
        scanned_ = in.size();
        return false;
    }

    static std::string_view trim(std::string_view text) noexcept {
        const std::size_t first = text.find_first_not_of(" \t");
        if (first == std::string_view::npos) return {};
        return text.substr(first, text.find_last_not_of(" \t") - first + 1);
    }

    bool parse_head(std::string_view head, HttpRequest& request) {
        request.clear();
        chunked_ = has_length_ = has_host_ = has_authorization_ = expects_continue_ = false;
        length_ = 0;
        std::size_t end = head.find("\r\n");
        if (!request_line(head.substr(0, end), request)) return false;
        for (std::size_t at = end + 2; at + 2 < head.size(); at = end + 2) {
            end = head.find("\r\n", at);
            if (request.fields.size() == limits_->max_fields) return refuse(431, "too many header fields");
            if (!field(head.substr(at, end - at), request)) return false;
        }
        if (request.minor == 1 && !has_host_) return refuse(400, "no Host header");
        if (chunked_ && has_length_) return refuse(400, "both Content-Length and Transfer-Encoding");
        if (chunked_ && request.minor == 0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
        if (length_ > limits_->max_body) return refuse(413, "the body is too large");
        return true;
    }

    bool request_line(std::string_view line, HttpRequest& request) {
        const std::size_t first = line.find(' ');
        const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
        if (second == std::string_view::npos) return refuse(400, "the request line has not three parts");
        request.method = line.substr(0, first);
        request.target = line.substr(first + 1, second - first - 1);
        const std::string_view version = line.substr(second + 1);
        if (!is_token(request.method)) return refuse(400, "the method is not a token");
        if (version != "HTTP/1.1" && version != "HTTP/1.0") {
            return version.starts_with("HTTP/") && version.size() == 8
                       ? refuse(505, "the version is not HTTP/1.1")
                       : refuse(400, "the request line does not end with a version");
        }
        request.minor = version.back() - '0';
        request.keep_alive = request.minor == 1;
        if (request.target.size() > limits_->max_target) return refuse(414, "the request target is too long");
        const bool plain = std::all_of(request.target.begin(), request.target.end(),
                                       [](char c) { return c > ' ' && c < 0x7f && c != '#' && c != '\\'; });
        const bool asterisk = request.target == "*" && request.method == "OPTIONS";
        if (!plain || (!request.target.starts_with('/') && !asterisk)) {
            return refuse(400, "the request target is not an absolute path");
        }
        const std::size_t mark = request.target.find('?');
        request.path = request.target.substr(0, mark);
        request.query = mark == std::string_view::npos ? std::string_view() : request.target.substr(mark + 1);
        return true;
    }

    bool field(std::string_view line, HttpRequest& request) {
        if (line.starts_with(' ') || line.starts_with('\t')) return refuse(400, "a folded header line");
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return refuse(400, "a header line without a colon");
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = trim(line.substr(colon + 1));
        if (!is_token(name)) return refuse(400, "a header's name is not a token");
        const bool clean = std::none_of(value.begin(), value.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return (byte < 0x20 && byte != '\t') || byte == 0x7f;
        });
        if (!clean) return refuse(400, "a header's value holds control characters");
        request.fields.push_back({name, value});
        if (baton::iequals(name, "content-length")) return content_length(value);
        if (baton::iequals(name, "transfer-encoding")) {
            if (chunked_ || !baton::iequals(value, "chunked")) {
                return refuse(400, "a Transfer-Encoding other than chunked, once");
            }
            chunked_ = true;
        } else if (baton::iequals(name, "host")) {
            if (has_host_) return refuse(400, "more than one Host header");
            if (value.find_first_of(" \t,/@?#\\") != std::string_view::npos)
                return refuse(400, "a bad Host header");
            has_host_ = true;
        } else if (baton::iequals(name, "authorization")) {
            if (has_authorization_) return refuse(400, "more than one Authorization header");
            has_authorization_ = true;
        } else if (baton::iequals(name, "connection")) {
            if (has_word(value, "close")) request.keep_alive = false;
            if (request.minor == 0 && has_word(value, "keep-alive")) request.keep_alive = true;
        } else if (baton::iequals(name, "expect")) {
            if (!baton::iequals(value, "100-continue")) return refuse(417, "an unknown expectation");
            expects_continue_ = request.minor == 1;
        } else if (baton::iequals(name, "content-encoding")) {
            if (!baton::iequals(value, "identity")) return refuse(415, "a compressed body");
        }
        return true;
    }

    bool content_length(std::string_view value) {
        const auto done = std::from_chars(value.data(), value.data() + value.size(), length_);
        const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
        if (has_length_ || !digits || done.ec != std::errc{}) return refuse(400, "a bad Content-Length");
        has_length_ = true;
        return true;
    }

    static bool has_word(std::string_view list, std::string_view word) noexcept {
        while (!list.empty()) {
            const std::size_t comma = list.find(',');
            if (baton::iequals(trim(list.substr(0, comma)), word)) return true;
            list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
        }
        return false;
    }

    /// A whole line from `at_` on; false: not there yet, or refused.
    bool line(std::string_view in, std::size_t longest, std::string_view& out) noexcept {
        const std::size_t end = in.find('\n', at_);
        if (end == std::string_view::npos) {
            return in.size() - at_ > longest ? refuse(400, "a line between chunks is too long") : false;
        }
        if (end == at_ || in[end - 1] != '\r') return refuse(400, "a line between chunks ends without CR");
        out = in.substr(at_, end - 1 - at_);
        if (out.size() > longest) return refuse(400, "a line between chunks is too long");
        if (std::any_of(out.begin(), out.end(),
                        [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; })) {
            return refuse(400, "control characters between chunks");
        }
        at_ = end + 1;
        return true;
    }

    bool parse_chunks(std::string_view in, HttpRequest& request) {
        std::string_view text;
        for (;;) {
            if (stage_ == Stage::chunk_size) {
                // Chunks of one byte with long extensions would need room for many times the body.
                if (at_ - head_ > 2 * limits_->max_body + 64 * 1024)
                    return refuse(413, "the body is too large");
                if (!line(in, 256, text)) return false;
                const std::string_view size = text.substr(0, text.find(';'));
                const auto done = std::from_chars(size.data(), size.data() + size.size(), length_, 16);
                if (size.empty() || size.size() > 15 || done.ec != std::errc{} ||
                    done.ptr != size.data() + size.size()) {
                    return refuse(400, "a bad chunk size");
                }
                const std::size_t most = limits_->max_body, have = request.decoded.size();
                if (have > most || length_ > most - have) // a reload may have lowered it meanwhile
                    return refuse(413, "the body is too large");
                stage_ = length_ == 0 ? Stage::trailer : Stage::chunk_data;
            } else if (stage_ == Stage::chunk_data) {
                if (in.size() - at_ < length_ + 2) return false;
                if (in.substr(at_ + length_, 2) != "\r\n")
                    return refuse(400, "a chunk is longer than it says");
                request.decoded.append(in, at_, length_);
                at_ += length_ + 2;
                stage_ = Stage::chunk_size;
            } else {
                // Trailers are read and forgotten: nothing in them may change what the head has said.
                if (!line(in, 8 * 1024, text)) return false;
                if (text.empty()) return true;
                if (++trailers_ > limits_->max_fields) return refuse(431, "too many trailers");
                if (!is_token(text.substr(0, text.find(':')))) return refuse(400, "a bad trailer");
            }
        }
    }

    /// Moves the request's bytes out of `in` and its views with them.
    void take(std::string& in, HttpRequest& request) {
        std::string rest;
        if (in.size() > at_) rest.assign(in, at_);
        in.resize(at_);
        const bool in_place = stage_ == Stage::length;
        request.bytes.swap(in);
        in.assign(rest);
        const auto moved = [&](std::string_view& view) {
            if (!view.data()) return;
            view = {request.bytes.data() + (reinterpret_cast<std::uintptr_t>(view.data()) - base_),
                    view.size()};
        };
        for (std::string_view* view : {&request.method, &request.target, &request.path, &request.query})
            moved(*view);
        for (baton::HeaderField& f : request.fields) moved(f.name), moved(f.value);
        request.body = in_place ? std::string_view(request.bytes).substr(head_, length_)
                                : std::string_view(request.decoded);
        const FramingLimits* limits = limits_;
        *this = RequestParser(*limits);
    }

    const FramingLimits* limits_;
    Stage stage_ = Stage::head;
    bool chunked_ = false, has_length_ = false, has_host_ = false, has_authorization_ = false;
    bool expects_continue_ = false;
    int status_ = 0;
    std::string_view problem_;
    std::size_t start_ = 0, scanned_ = 0, head_ = 0, at_ = 0; // offsets in the bytes
    std::size_t length_ = 0;                                  // of the body, or of the chunk
    std::size_t trailers_ = 0;
    std::uintptr_t base_ = 0;
};

} // namespace gateway
