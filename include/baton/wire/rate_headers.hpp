// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/headers.hpp>
#include <baton/core/rate_headers.hpp>
#include <baton/core/time.hpp>

namespace baton::wire {

using baton::RateHeaders;

/// What the headers of an answer, good or bad, say of the vendor's limits. Read, in any letter case:
///  - `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, with or without a window behind it, as in
///    `-tokens-minute`, `-requests-day`, `-req-10-second`: OpenAI, Azure, Groq, xAI, Cerebras, Mistral ...;
///  - `x-ratelimit-{limit,remaining,reset}` alone: requests (OpenRouter);
///  - `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`;
///  - `ratelimitbysize-{limit,remaining,reset}`, `x-ratelimitbysize-{limit,remaining}-<window>`: tokens
///  (Mistral);
///  - `ratelimit: "name";r=492;t=86`, `ratelimit-policy: "name";q=500;w=300`: requests (Hugging Face;
///    draft-ietf-httpapi-ratelimit-headers).
/// Resets: a span (`6m0s`), seconds, a moment since the epoch, RFC 3339; what is past, zero or unreadable
/// counts as not said. Numbers that are negative or unreadable too. Pure; safe to call from any thread.
BATON_DECL RateHeaders parse_rate_headers(Headers headers, WallTime now);

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/rate_headers.ipp>
#endif
