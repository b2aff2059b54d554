// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstddef>
#include <cstdlib>

namespace baton::test {

/// How often a randomized test is to try: `brief` times with the other tests, `thorough` times where
/// BATON_LONG=1 asks for the figures of doc/reliability.md.
inline std::size_t rounds(std::size_t brief, std::size_t thorough) {
    const char* const asked = std::getenv("BATON_LONG");
    return asked != nullptr && *asked == '1' ? thorough : brief;
}

} // namespace baton::test
