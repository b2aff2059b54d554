// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

namespace baton::test {

/// Of the rounds of a long test, one in so many is done. All of them, but for the code of AddressSanitizer,
/// in which each takes several times as long: that the figures hold is shown without it, that the memory does
/// is shown by a part. test/main.cpp says so in each run.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr unsigned one_in = 5;
#elif !defined(__has_feature)
inline constexpr unsigned one_in = 1;
#else
inline constexpr unsigned one_in = __has_feature(address_sanitizer) ? 5 : 1;
#endif

} // namespace baton::test
