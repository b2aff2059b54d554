// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton {

/// One piece of a streamed answer. Its views are valid until the next `next()`; OwnedDelta copies.
/// Trivially destructible, so it is safe in any co_await expression.
struct Delta {
    /// A fragment of a tool call, for display and re-streaming: execute tool calls from
    /// `stream.reply()`, which exists only if the stream ended well.
    struct ToolFragment {
        int index = 0;              ///< which call of the answer, from 0
        std::string_view id;        ///< with the call's first fragment
        std::string_view name;      ///< with the call's first fragment
        std::string_view arguments; ///< to be appended
    };

    /// Where `Resume` has put another attempt behind one that broke.
    enum class Seam : unsigned char {
        none,
        continued, ///< from here on another attempt speaks; all that came before stands
        restarted, ///< the answer began anew and departs: take back `retract` bytes of text, and every tool
                   ///< fragment and all reasoning before this delta
    };

    std::string_view text;      ///< to be appended to the answer
    std::string_view reasoning; ///< to be appended to the visible reasoning
    std::span<const ToolFragment> tools;
    Seam seam = Seam::none;
    std::size_t retract = 0; ///< bytes of delivered text that do not stand; before `text` is appended

    bool empty() const noexcept {
        return text.empty() && reasoning.empty() && tools.empty() && seam == Seam::none;
    }
};

/// A Delta that owns what it shows.
class OwnedDelta {
public:
    struct ToolFragment {
        int index = 0;
        std::string id, name, arguments;
    };

    OwnedDelta() = default;
    explicit OwnedDelta(const Delta& delta)
        : text(delta.text), reasoning(delta.reasoning), seam(delta.seam), retract(delta.retract) {
        for (const Delta::ToolFragment& t : delta.tools) {
            tools.push_back({t.index, std::string(t.id), std::string(t.name), std::string(t.arguments)});
        }
    }

    std::string text;
    std::string reasoning;
    std::vector<ToolFragment> tools;
    Delta::Seam seam = Delta::Seam::none;
    std::size_t retract = 0;
};

} // namespace baton
