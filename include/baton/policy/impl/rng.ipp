// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/rng.hpp>

#include <cerrno>
#include <system_error>

#include <sys/random.h>
#include <unistd.h>

namespace baton {

// Not std::random_device: <random> costs every including file a fifth of a second.
BATON_DECL std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    if (::getentropy(&seed, sizeof seed) != 0) {
        throw std::system_error(errno, std::generic_category(), "getentropy");
    }
    return seed;
}

} // namespace baton
