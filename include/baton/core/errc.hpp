// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>

#include <string_view>
#include <type_traits>

namespace baton {

/// Everything that can end a call without a reply. Closed: wires map vendors' errors onto it, policies
/// decide by it.
enum class Errc : int {
    ok = 0,
    transient,           ///< the vendor failed (5xx, overloaded); the same request may succeed
    rate_limited,        ///< too many requests or tokens for now; wait or go elsewhere
    quota,               ///< credit or plan exhausted; waiting does not help
    auth,                ///< the key is missing, wrong or revoked
    permission,          ///< the key is right but not allowed to do this
    not_found,           ///< no such model or path
    invalid_request,     ///< the vendor or a wire refuses the request as it is
    context_overflow,    ///< the prompt does not fit the model's context window
    content_filtered,    ///< refused or cut by the vendor's content filter
    unavailable,         ///< could not be reached: resolve, connect, reset before an answer
    tls,                 ///< handshake or certificate verification failed
    timeout_connect,     ///< resolve + connect + TLS took longer than `Deadline::Options::connect`
    timeout_first_token, ///< no content within `first_token` after the request was sent
    timeout_idle,        ///< the stream was silent for longer than `idle`
    timeout_total,       ///< the call's one absolute deadline passed
    truncated,           ///< the answer stopped before its terminal event
    protocol,            ///< bytes that are not HTTP, JSON or events as the wire knows them
    cancelled,           ///< by the caller, or the orchestrator was destroyed
    breaker_open,        ///< every target left is known to be failing
    no_target,           ///< no target can serve this request
    too_large,           ///< an event, reply or request exceeds its limit
    slow_reader,         ///< fell further behind a shared stream than its replay buffer holds
};

/// Classes of Errc, as error conditions: `if (error.code() == ErrorClass::timeout)`.
enum class ErrorClass : int {
    retryable = 1, ///< the same target may succeed later: transient, rate_limited, unavailable, timeouts, ...
    timeout,       ///< any timeout_*
    credential,    ///< auth, permission or quota: this key will not do
    caller,        ///< the request itself is at fault
};

BATON_DECL const boost::system::error_category& baton_category() noexcept;
BATON_DECL const boost::system::error_category& error_class_category() noexcept;

/// The identifier of `code`, e.g. "rate_limited".
BATON_DECL std::string_view to_string(Errc code) noexcept;

inline boost::system::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), baton_category()};
}
inline boost::system::error_condition make_error_condition(ErrorClass c) noexcept {
    return {static_cast<int>(c), error_class_category()};
}

} // namespace baton

namespace boost::system {
template <>
struct is_error_code_enum<baton::Errc> : std::true_type {};
template <>
struct is_error_condition_enum<baton::ErrorClass> : std::true_type {};
} // namespace boost::system

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/errc.ipp>
#endif
