// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/utf8.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/impl/hint.ipp>

#include <algorithm>
#include <charconv>

namespace baton::wire {
namespace detail {

inline bool contains_folded(std::string_view text, std::string_view needle) noexcept {
    return find_folded(text, needle) != std::string_view::npos;
}

inline int status_number(std::string_view text) noexcept {
    int value = 0;
    const auto done = std::from_chars(text.data(), text.data() + text.size(), value);
    return done.ec == std::errc{} && done.ptr == text.data() + text.size() && value >= 100 && value <= 599
               ? value
               : 0;
}

/// A string, or a number as text; null and anything else leave `out` alone.
inline void read_word(json::Reader& reader, std::string& out) {
    std::string text;
    if (reader.kind() == json::Reader::Kind::number) {
        text = std::string(reader.raw());
    } else if (!reader.append_string(text)) {
        return;
    }
    if (!text.empty()) out = std::move(text);
}

inline void merge_nested(ErrorBody& body, std::string_view text, int depth);

inline std::string_view trim_space(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

inline void read_error_value(json::Reader& reader, ErrorBody& body, int depth) {
    using Kind = json::Reader::Kind;
    if (depth > 8) return;
    const Kind kind = reader.kind();
    if (kind == Kind::string) {
        std::string text;
        read_word(reader, text);
        if (text.empty()) return;
        body.message.clear();
        if (const std::string_view inner = trim_space(text); inner.starts_with('{'))
            merge_nested(body, inner, depth + 1); // a proxy's quotation
        if (body.message.empty()) body.message = std::move(text);
        return;
    }
    if (kind == Kind::array) { // Google wraps errors in an array; FastAPI lists several
        bool first = true;
        reader.array([&] {
            if (first) read_error_value(reader, body, depth + 1);
            first = false;
        });
        return;
    }
    std::string outer_code; // of this level; the inner level's wins
    std::string number;
    reader.object([&](std::string_view key) {
        if (key == "error" || key == "detail" || key == "message" || key == "Message" || key == "msg") {
            read_error_value(reader, body, depth + 1);
        } else if (key == "code") {
            read_word(reader, depth == 0 ? outer_code : body.code);
        } else if (key == "type" || key == "__type" || key == "error_type") {
            std::string type;
            read_word(reader, type);
            if (!type.empty() && type != "error") body.type = std::move(type);
        } else if (key == "status") {
            std::string status;
            read_word(reader, status);
            if (const int value = status_number(status)) {
                body.status = value;
            } else if (body.type.empty()) {
                body.type = std::move(status);
            }
        } else if (key == "status_code" || key == "raw_status_code") {
            read_word(reader, number);
            if (const int value = status_number(number)) body.status = value;
        } else if (key == "request_id" || key == "requestId") {
            read_word(reader, body.request_id);
        } else if (key == "reason") {
            read_word(reader, body.reason);
        } else if (key == "innererror" || key == "details" || key == "errors") {
            ErrorBody inner;
            read_error_value(reader, inner, depth + 1);
            if (body.reason.empty()) body.reason = inner.reason.empty() ? inner.code : inner.reason;
            if (body.message.empty()) body.message = inner.message;
        } else if (key == "metadata") {
            reader.object([&](std::string_view member) {
                if (member != "raw") return;
                std::string raw;
                if (reader.append_string(raw)) merge_nested(body, raw, depth + 1);
            });
        }
    });
    if (body.code.empty()) body.code = std::move(outer_code);
}

/// A gateway's quotation of its upstream's error, JSON as a string or plain text.
inline void merge_nested(ErrorBody& body, std::string_view text, int depth) {
    ErrorBody inner;
    json::Reader reader(text);
    if (reader.kind() == json::Reader::Kind::object || reader.kind() == json::Reader::Kind::array) {
        read_error_value(reader, inner, depth);
    } else {
        utf8::append_valid(inner.message, text);
    }
    if (!inner.message.empty()) body.message.append(body.message.empty() ? "" : ": ").append(inner.message);
    if (!inner.type.empty()) body.type = inner.type;
    if (!inner.code.empty() && status_number(inner.code) == 0) body.reason = inner.code;
}

inline std::string page_title(std::string_view html) {
    std::string text = "the answer is a web page";
    const std::size_t open = find_folded(html, "<title>");
    const std::size_t close = find_folded(html, "</title>");
    if (open != std::string_view::npos && close != std::string_view::npos && open + 7 < close) {
        text.append(" titled '");
        utf8::append_valid(text, html.substr(open + 7, std::min<std::size_t>(close - open - 7, 200)));
        text.append("'");
    }
    return text;
}

/// Words and phrases that mean the same whoever says them.
inline constexpr ErrorRule everywhere[] = {
    {Errc::quota, "insufficient_quota", {}},
    {Errc::quota, "billing_error", {}},
    {Errc::quota, {}, "insufficient balance"},
    {Errc::quota, {}, "insufficient credits"},
    {Errc::quota, {}, "credit balance is too low"},
    // more tokens than the account's limit per minute: waiting never helps, whatever the 429 says
    {Errc::too_large, {}, "request too large"},
    {Errc::context_overflow, "context_length_exceeded", {}},
    {Errc::context_overflow, {}, "maximum context length"},
    {Errc::context_overflow, {}, "prompt is too long"},
    {Errc::content_filtered, "content_filter", {}},
    {Errc::content_filtered, "content_policy_violation", {}},
    {Errc::content_filtered, "ResponsibleAIPolicyViolation", {}},
    {Errc::auth, "invalid_api_key", {}},
    {Errc::auth, "API_KEY_INVALID", {}},
    {Errc::auth, "authentication_error", {}},
    {Errc::permission, "permission_error", {}},
    {Errc::not_found, "model_not_found", {}},
    {Errc::not_found, "not_found_error", {}},
    {Errc::not_found, "invalid_model", {}}, // these four come as 400
    {Errc::not_found, "model_not_supported", {}},
    {Errc::not_found, "model_decommissioned", {}},
    {Errc::not_found, {}, "is not a valid model id"},
    {Errc::too_large, {}, {}, 413}, // a 413 whose code speaks of rates
    {Errc::rate_limited, "rate_limit_error", {}},
    {Errc::rate_limited, "rate_limit_exceeded", {}},
    {Errc::transient, "overloaded_error", {}},
    {Errc::transient, {}, "currently overloaded"},
};

/// Only where no status says better: type `invalid_request_error` is also sent with 401, 404 and 429.
inline constexpr ErrorRule without_status[] = {
    {Errc::invalid_request, "invalid_request_error", {}},
    {Errc::transient, "server_error", {}},
    {Errc::transient, "api_error", {}},
    {Errc::transient, "timeout_error", {}},
};

inline bool matches(const ErrorRule& rule, const ErrorBody& body, int status) noexcept {
    if (rule.status != 0 && rule.status != status) return false;
    if (!rule.word.empty() && !iequals(rule.word, body.code) && !iequals(rule.word, body.type) &&
        !iequals(rule.word, body.reason)) {
        return false;
    }
    return rule.phrase.empty() || contains_folded(body.message, rule.phrase);
}

inline Errc by_status(int status) noexcept {
    switch (status) {
    case 401: return Errc::auth;
    case 402: return Errc::quota;
    case 403: return Errc::permission;
    case 404:
    case 410: return Errc::not_found;
    case 408:
    case 409:
    case 425:
    case 499: return Errc::transient;
    case 413: return Errc::too_large;
    case 429: return Errc::rate_limited;
    case 501:
    case 505: return Errc::invalid_request;
    default: break;
    }
    if (status >= 500) return Errc::transient;
    if (status >= 400) return Errc::invalid_request;
    return Errc::protocol; // redirects: a POST is never sent again elsewhere by itself
}

inline std::string_view next_step(Errc code) noexcept {
    switch (code) {
    case Errc::quota: return "add credit, raise the account's limit, or list another provider";
    case Errc::permission: return "check what this key, project and region may use";
    case Errc::not_found: return "check the model's name and base_url";
    case Errc::context_overflow: return "shorten the conversation or route to a model with a larger window";
    case Errc::too_large: return "send less, lower max_tokens, or raise the account's limit";
    case Errc::protocol: return "check base_url";
    case Errc::rate_limited: return "wait, add Retry<...> or list another provider";
    case Errc::transient:
    case Errc::unavailable: return "retry later, add Retry<...> or list another provider";
    case Errc::invalid_request: return "correct the request; another attempt would fail likewise";
    case Errc::content_filtered:
        return "change what is asked; Fallback<InOrder> goes around a filter only if told to";
    default: return {};
    }
}

inline Error finished(const Vendor& vendor, Errc code, ErrorBody body, Error::Detail detail) {
    constexpr std::size_t room = 256; // what next_step and key_variable may need within Error::max_message
    if (std::size_t end = Error::max_message - room; body.message.size() > end) {
        while (end > 0 && (static_cast<unsigned char>(body.message[end]) & 0xC0) == 0x80)
            --end; // whole characters
        body.message.resize(end);
    }
    detail.message = std::move(body.message);
    if (code == Errc::auth && !vendor.credentials.empty()) {
        detail.message.append("; check ").append(vendor.credentials);
    } else if (code == Errc::auth && !vendor.key_variable.empty()) {
        detail.message.append("; check ").append(vendor.key_variable).append(" or Options.key");
    } else if (const std::string_view step = next_step(code); !step.empty()) {
        detail.message.append("; ").append(step);
    }
    const bool numeric = status_number(body.code) != 0;
    detail.vendor_code = !body.code.empty() && !numeric ? body.code
                         : !body.type.empty()           ? body.type
                                                        : body.code;
    if (detail.request_id.empty()) detail.request_id = std::move(body.request_id);
    return Error(code, std::move(detail));
}

} // namespace detail

BATON_DECL ErrorBody read_error_body(std::string_view text) {
    ErrorBody body;
    text = detail::trim_space(text);
    if (text.empty()) {
        body.message = "the answer has no body";
        return body;
    }
    if (text.front() == '<') {
        body.message = detail::page_title(text);
        return body;
    }
    if (text.front() == '{' || text.front() == '[') {
        json::Reader reader(text);
        detail::read_error_value(reader, body, 0);
        if (!reader.finish()) body = ErrorBody{};
    }
    if (body.message.empty()) utf8::append_valid(body.message, text.substr(0, Error::max_message));
    if (const int status = detail::status_number(body.code); status >= 400 && body.status == 0)
        body.status = status;
    return body;
}

BATON_DECL Errc classify(std::span<const ErrorRule> rules, const ErrorBody& body, int status) {
    if (status >= 200 && status < 300) status = body.status; // the transport succeeded, the call did not
    const auto look_up = [&](std::span<const ErrorRule> table) -> const ErrorRule* {
        for (const ErrorRule& rule : table) {
            if (detail::matches(rule, body, status)) return &rule;
        }
        return nullptr;
    };
    if (const ErrorRule* rule = look_up(rules)) return rule->errc;
    if (const ErrorRule* rule = look_up(detail::everywhere)) return rule->errc;
    if (status != 0) return detail::by_status(status);
    if (const ErrorRule* rule = look_up(detail::without_status)) return rule->errc;
    return Errc::transient; // the vendor gave up on a request it had accepted
}

BATON_DECL std::string_view request_id(Headers headers) noexcept {
    for (std::string_view name : {"x-request-id", "request-id", "x-amzn-requestid", "apim-request-id"}) {
        if (const std::string_view id = headers.get(name); !id.empty()) return id.substr(0, 128);
    }
    return {};
}

BATON_DECL Error make_error(const Vendor& vendor, int status, Headers headers, std::string_view body,
                            WallTime now) {
    ErrorBody parsed = read_error_body(body);
    const Errc code = classify(vendor.rules, parsed, status);
    Error::Detail detail;
    detail.status = status;
    detail.request_id = request_id(headers);
    detail.retry_after = retry_hint(headers, body, now);
    detail.should_retry = should_retry(headers);
    return detail::finished(vendor, code, std::move(parsed), std::move(detail));
}

BATON_DECL Error make_error_in_answer(const Vendor& vendor, std::string_view json) {
    ErrorBody parsed = read_error_body(json);
    const Errc code = classify(vendor.rules, parsed, 200);
    Error::Detail detail;
    detail.status = 200;
    detail.retry_after = retry_hint(Headers(), json, WallTime{});
    return detail::finished(vendor, code, std::move(parsed), std::move(detail));
}

BATON_DECL Error malformed(const Vendor& vendor, std::string_view what, std::string_view bytes) {
    bytes = detail::trim_space(bytes);
    std::string message(vendor.name);
    message.append(" sent ").append(what);
    if (bytes.starts_with('<')) {
        message.append(": ").append(detail::page_title(bytes)).append("; check base_url");
    } else if (bytes.empty()) {
        message.append(": an empty body; check base_url");
    } else {
        message.append(", starting with: ");
        utf8::append_valid(message, bytes.substr(0, 200));
    }
    return Error(Errc::protocol, message);
}

} // namespace baton::wire
