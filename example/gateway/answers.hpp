// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "exchange.hpp"

#include <baton/core/error.hpp>
#include <baton/core/trace.hpp>

#include <string>
#include <string_view>

// Responses as bytes: whole ones, errors in the client's dialect, and the lines that say how they were got.
namespace gateway {

inline baton::Error problem(baton::Errc code, std::string_view text) { return baton::Error(code, text); }

/// Appends the status line and headers to `x.out`, but for those of the body's framing and the empty line.
/// `headers`: whole lines.
void head(Exchange& x, int status, std::string_view type, std::string_view headers);

/// Sends a whole response.
void answer(Exchange& x, int status, std::string_view type, std::string_view headers, std::string_view body);

/// Sends `error` in the client's dialect, with when to come again where that makes sense.
void fail(Exchange& x, const baton::Error& error, std::string_view headers = {});

/// The whole response to bytes that were no proper request.
std::string refusal(int status, std::string_view why, std::string_view id);

/// The header lines that say how an answer was got. `under_way`: the last attempt is the one being read.
std::string about(const baton::Trace& trace, std::string_view provider, bool cacheable, bool under_way);

} // namespace gateway
