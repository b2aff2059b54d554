// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace baton {

/// How many tokens provider P's models take, by their names; an argument of the Orchestrator's constructor
/// and of `configure`. After `context_overflow` only models are asked that are known to take more than those
/// that refused. What is said here is known of a model however it is named: by the options, by a route
/// (unless the row says otherwise), by a Request or its fallbacks. Of other models the vendor's largest is
/// assumed (Capabilities::max_context), so that an overflow never moves between two of them.
template <class P>
class ContextWindows {
public:
    using provider = P;
    struct Window {
        std::string model;
        std::uint32_t tokens; ///< of prompt and answer together; 0: as if it were not listed
    };

    ContextWindows() = default;
    explicit ContextWindows(std::vector<Window> list) : list(std::move(list)) {}

    std::vector<Window> list; ///< of two for one model the first holds
};

/// `context_windows<OpenAI>({{"gpt-4o-mini", 128'000}, {"gpt-4.1", 1'047'576}})`
template <class P>
ContextWindows<P> context_windows(std::vector<typename ContextWindows<P>::Window> list) {
    return ContextWindows<P>(std::move(list));
}

} // namespace baton
