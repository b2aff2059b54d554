// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/serve/error_status.hpp>

#include <chrono>

namespace baton::serve {

BATON_DECL int http_status(const Error& error) noexcept {
    switch (error.errc()) {
    case Errc::invalid_request:
    case Errc::context_overflow:
    case Errc::content_filtered: return 400;
    case Errc::auth: return 401;
    case Errc::permission: return 403;
    case Errc::not_found: return 404;
    case Errc::too_large: return 413;
    case Errc::rate_limited:
    case Errc::quota: return 429;
    case Errc::cancelled: return 499; // what nginx logs when the client has gone
    case Errc::protocol:
    case Errc::truncated:
    case Errc::tls: return 502;
    case Errc::unavailable:
    case Errc::breaker_open:
    case Errc::no_target:
    case Errc::slow_reader: return 503;
    case Errc::timeout_connect:
    case Errc::timeout_first_token:
    case Errc::timeout_idle:
    case Errc::timeout_total: return 504;
    case Errc::transient:
        // 500, 502, 503, 504 and 529 tell a client different things; all mean "try again".
        return error.detail().status >= 500 && error.detail().status <= 599 ? error.detail().status : 500;
    case Errc::ok: break;
    }
    return 500;
}

BATON_DECL void write_retry_headers(const Error& error, std::string& out) {
    using namespace std::chrono;
    const Error::Detail& detail = error.detail();
    if (detail.retry_after && *detail.retry_after >= Duration::zero()) {
        out.append("retry-after: ").append(std::to_string(ceil<seconds>(*detail.retry_after).count()));
        out.append("\r\nretry-after-ms: ");
        out.append(std::to_string(ceil<milliseconds>(*detail.retry_after).count())).append("\r\n");
    }
    if (detail.should_retry)
        out.append("x-should-retry: ").append(*detail.should_retry ? "true\r\n" : "false\r\n");
}

BATON_DECL std::string_view error_message(const Error& error) noexcept {
    const std::string& message = error.detail().message;
    return message.empty() ? to_string(error.errc()) : std::string_view(message);
}

} // namespace baton::serve
