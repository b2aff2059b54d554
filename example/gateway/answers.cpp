// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "answers.hpp"

#include <baton/core/json_writer.hpp>
#include <baton/serve/error_status.hpp>

#include <ctime>

namespace gateway {

using baton::Errc;
using baton::Error;

namespace {

std::string_view reason(int status) noexcept {
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return status < 500 ? "Client Error" : "Server Error";
    }
}

/// "date: ...", as RFC 9110, 6.6.1, wants it in every response; written once a second.
std::string_view date_line() {
    thread_local std::time_t written = -1;
    thread_local char line[64];
    thread_local std::size_t size = 0;
    const std::time_t now = std::time(nullptr);
    if (now != written) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        size = std::strftime(line, sizeof line, "date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
        written = now;
    }
    return {line, size};
}

} // namespace

void head(Exchange& x, int status, std::string_view type, std::string_view headers) {
    x.status(status);
    x.out.append(x.client.request().minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        .append(std::to_string(status))
        .append(" ");
    x.out.append(reason(status)).append("\r\nx-request-id: ").append(x.id);
    x.out.append("\r\nrequest-id: ").append(x.id).append("\r\n"); // as Anthropic's clients know it
    x.out.append(date_line());
    if (!type.empty()) x.out.append("content-type: ").append(type).append("\r\n");
    x.out.append(x.rate_lines).append(headers);
    if (!x.client.keep_alive()) {
        x.out += "connection: close\r\n";
    } else if (x.client.request().minor == 0) {
        x.out += "connection: keep-alive\r\n";
    }
}

void answer(Exchange& x, int status, std::string_view type, std::string_view headers, std::string_view body) {
    head(x, status, type, headers);
    x.out.append("content-length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    if (!x.head_only) x.out += body;
    x.client.send(x.out);
}

void fail(Exchange& x, const Error& error, std::string_view headers) {
    std::string body, more(headers);
    const int status = x.where.dialect->encode_error(error, body);
    baton::serve::write_retry_headers(error, more);
    // When to come again, also where no vendor has said it: soon, since breakers and limits are short.
    if ((status == 429 || status == 503 || status == 529) && !error.detail().retry_after)
        more += "retry-after: 1\r\n";
    answer(x, status, "application/json", more, body);
}

std::string refusal(int status, std::string_view why, std::string_view id) {
    std::string body, out;
    baton::json::Writer json(body);
    json.begin_object().key("error").begin_object();
    json.key("message")
        .string(why)
        .key("type")
        .string("invalid_request_error")
        .key("param")
        .null()
        .key("code")
        .null();
    json.end_object().end_object();
    out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason(status));
    out.append("\r\nx-request-id: ").append(id).append("\r\n").append(date_line());
    out.append("content-type: application/json\r\nconnection: close\r\ncontent-length: ")
        .append(std::to_string(body.size()));
    out.append("\r\n\r\n").append(body);
    return out;
}

std::string about(const baton::Trace& trace, std::string_view provider, bool cacheable, bool under_way) {
    std::size_t sent = 0;
    for (const baton::Attempt& attempt : trace.attempts) {
        sent += attempt.sent || (under_way && &attempt == &trace.attempts.back());
        if (under_way) provider = attempt.provider;
    }
    std::string lines = "x-baton-attempts: " + std::to_string(sent) + "\r\n";
    if (!provider.empty()) lines.append("x-baton-provider: ").append(provider).append("\r\n");
    lines.append("x-baton-cache: ");
    lines.append(trace.cache_hit ? "hit"
                 : trace.joined  ? "joined"
                 : cacheable     ? "miss"
                                 : "off")
        .append("\r\n");
    return lines;
}

} // namespace gateway
