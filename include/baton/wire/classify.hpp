// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/error.hpp>
#include <baton/core/headers.hpp>
#include <baton/core/time.hpp>

#include <span>
#include <string>
#include <string_view>

/// From a vendor's error, in whatever shape it comes, to one Errc. Pure functions, safe from any thread.
namespace baton::wire {

/// One line of a vendor's table. Every member that is set must match; the first matching line decides,
/// so quota lines stand before rate-limit lines (vendors answer 429 for both).
struct ErrorRule {
    Errc errc;
    std::string_view word;   ///< equals the body's code, type or reason, letter case ignored
    std::string_view phrase; ///< lower case; occurs in the message, letter case ignored
    int status = 0;          ///< HTTP status
};

/// What the error functions need to know about a vendor.
struct Vendor {
    std::string_view name;         ///< of the wire, "openai"
    std::string_view key_variable; ///< "OPENAI_API_KEY"
    std::span<const ErrorRule> rules;
    std::string_view
        credentials{}; ///< what to check where they are refused; "" = the variable, or the option
};

/// What an error body says, shape removed. Understands objects and strings under `error`, flat bodies,
/// `detail` as text or list, JSON inside a JSON string, arrays around all of it, plain text, HTML, nothing.
struct ErrorBody {
    std::string code;       ///< numbers as text
    std::string type;       ///< `type`, `__type`, or Google's `status`
    std::string reason;     ///< a finer reason some vendors add
    std::string message;    ///< for people; never empty after read_error_body
    std::string request_id; ///< "" if the body has none
    int status = 0;         ///< the HTTP status the body itself names; 0: none
};
BATON_DECL ErrorBody read_error_body(std::string_view body);

/// The class of an error: the vendor's rules, then words that mean the same everywhere, then the status.
/// `status`: of the response; 200 when the error came inside a successful one.
BATON_DECL Errc classify(std::span<const ErrorRule> rules, const ErrorBody& body, int status);

/// The vendor's name for a request, from a response's headers; "" if it has none. At most 128 bytes.
BATON_DECL std::string_view request_id(Headers headers) noexcept;

/// A response that is an error, as an Error: class, message with the next step, vendor code, request id
/// (header or body), wait hint and the vendor's verdict on retrying.
BATON_DECL Error make_error(const Vendor& vendor, int status, Headers headers, std::string_view body,
                            WallTime now);

/// An error met inside a 200: an `error` member of the body or an error event of a stream.
BATON_DECL Error make_error_in_answer(const Vendor& vendor, std::string_view json);

/// Bytes that are not what the dialect says: Errc::protocol with the start of what came.
BATON_DECL Error malformed(const Vendor& vendor, std::string_view what, std::string_view bytes);

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/classify.ipp>
#endif
