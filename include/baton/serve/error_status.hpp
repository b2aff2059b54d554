// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/error.hpp>

#include <string>
#include <string_view>

namespace baton::serve {

/// The HTTP status a server answers `error` with: decided by its class, not by what the vendor behind it
/// happened to send, so that the same error looks the same whoever caused it. 400 to 599.
BATON_DECL int http_status(const Error& error) noexcept;

/// Appends the header lines that tell a client when, and whether, to try again: `retry-after` in whole
/// seconds (rounded up) and `retry-after-ms` if the error has a hint, `x-should-retry` if the vendor had
/// a verdict.
BATON_DECL void write_retry_headers(const Error& error, std::string& out);

/// The error's message for a client; never empty.
BATON_DECL std::string_view error_message(const Error& error) noexcept;

} // namespace baton::serve

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/serve/impl/error_status.ipp>
#endif
