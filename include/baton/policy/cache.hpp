// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/detail/require_option.hpp>
#include <baton/policy/slot.hpp>

#include <cstddef>

namespace baton {

/// Answers a request that is equal, member by member, to one answered before, from memory. Equality is
/// a seeded hash *and* a full comparison, so a wrong answer is impossible. Equal requests that are under
/// way at the same time share one upstream call. Tool-calling requests and `cache(no)` are skipped.
class ExactMatch {
public:
    struct Options {
        Duration ttl = std::chrono::hours(1);      ///< how long an answer may be served
        std::size_t max_bytes = 64 * 1024 * 1024;  ///< of keys and answers together
        std::size_t max_entry_bytes = 1024 * 1024; ///< larger answers are not stored
        std::size_t replay_bytes = 1024 * 1024;    ///< how far a reader of a shared stream may lag
        bool single_flight = true;                 ///< equal calls share one upstream call
    };
    ExactMatch() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit ExactMatch(const Options& options) : options(options) {
        detail::require_option(options.ttl > Duration::zero(), "ExactMatch: ttl must be positive");
    }

    Options options;
};

/// Slot `Cache`: where answers are looked for before a provider is asked, in order. Listing it is the
/// opt-in.
template <class... Strategies>
struct Cache {
    using slot = slot::cache;
};

} // namespace baton
