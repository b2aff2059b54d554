// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/headers.hpp>
#include <baton/core/time.hpp>

#include <optional>
#include <string_view>

/// How long a vendor asks to wait, in every form vendors use. Pure functions; no cap is applied here:
/// what is too long is a policy's decision. All are safe to call from any thread.
namespace baton::wire {

/// The wait an error response asks for, from the first of these sources that says a usable one:
///  1. `retry-after-ms`: milliseconds, fractions allowed;
///  2. `retry-after`: seconds, fractions allowed, else an HTTP-date in any form of RFC 9110 section 5.6.7;
///  3. the body's `retryDelay` ("34.4s", google.rpc.RetryInfo);
///  4. the body's prose: "try again in 9m38.016s", "retry after 6 seconds";
///  5. reset headers (`x-ratelimit-reset-*`, `anthropic-ratelimit-*-reset`, `ratelimitbysize-reset`: any with
///     "ratelimit" and "reset" in their name, and `ratelimit: "api";r=0;t=55`) of the dimensions that are
///     used up, i.e. whose `remaining` is 0: the latest of them.
/// What is negative, zero, past, not finite or unreadable counts as not said. A wait longer than a century
/// is returned as a century. Meaningful for errors only: vendors send `retry-after` with answers too.
BATON_DECL std::optional<Duration> retry_hint(Headers headers, std::string_view body, WallTime now);

/// The vendor's own verdict, `x-should-retry: true|false`; it outranks the status.
BATON_DECL std::optional<bool> should_retry(Headers headers);

/// A span such as "1s", "6m0s", "21m36.001s", "115ms", "1h2m3s" or "6 seconds" at the start of `text`;
/// nullopt if there is none, or a number without a unit. May be zero.
BATON_DECL std::optional<Duration> parse_span(std::string_view text);

/// An HTTP-date: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or
/// "Sun Nov  6 08:49:37 1994". `now` decides the century of the second form.
BATON_DECL std::optional<WallTime> parse_http_date(std::string_view text, WallTime now);

/// An RFC 3339 timestamp: "2025-08-11T23:47:12Z", with fractions and offsets.
BATON_DECL std::optional<WallTime> parse_rfc3339(std::string_view text);

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/hint.ipp>
#endif
