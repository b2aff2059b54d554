// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/request.hpp>

#include <algorithm>
#include <string_view>

namespace baton::detail {

/// Members of vendors' requests that make them do more than answer: tools that they run themselves, and turns
/// that they keep. Functions of Request::tools are not among these: the caller runs them.
inline constexpr std::string_view effective_members[] = {
    "tools", "mcp_servers", "container", "plugins",      "connectors",           "web_search_options",
    "store", "background",  "agent_id",  "conversation", "previous_response_id", "search_parameters",
};

/// Whether the vendor may do more than answer `request`, by what its `extra` says: asked twice, it would do
/// so twice. A member that is false or null says nothing.
inline bool has_side_effects(const Request& request) {
    if (request.extra.empty()) return false;
    bool found = false;
    json::Reader extra(request.extra);
    const bool whole = extra.object([&](std::string_view key) {
        if (std::ranges::find(effective_members, key) == std::ranges::end(effective_members)) return;
        bool on = true;
        if (!extra.boolean(on)) on = !extra.null();
        found |= on;
    });
    return found || !whole;
}

} // namespace baton::detail
