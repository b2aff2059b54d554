// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/delta.hpp>
#include <baton/core/hash.hpp>
#include <baton/core/reply.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::serve {

/// Gives tool calls an id where their vendor gave none (Gemini often does not), as every other dialect needs
/// one for the result: "call_" and a hash of the answer's id and the call's place. One object per answer;
/// whole and streamed they are the same.
class CallIds {
public:
    explicit CallIds(std::string_view answer) : answer_(answer) {}

    void number(Reply& reply) const {
        int index = 0;
        for (Part& part : reply.parts) {
            if (part.kind != Part::Kind::tool_call) continue;
            Part::Detail& detail = part.detail.ensure();
            if (detail.id.empty()) detail.id = make(index);
            ++index;
        }
    }
    /// What the delta has of tools, with ids; valid as long as the delta, until the next call.
    std::span<const Delta::ToolFragment> number(const Delta& delta) {
        bool all = true;
        for (const Delta::ToolFragment& tool : delta.tools) all = all && !begins_without_id(tool);
        if (all) {
            see(delta);
            return delta.tools;
        }
        made_.assign(delta.tools.size(), {});
        tools_.assign(delta.tools.begin(), delta.tools.end());
        for (std::size_t i = 0; i < tools_.size(); ++i) {
            if (begins_without_id(tools_[i])) tools_[i].id = made_[i] = make(tools_[i].index);
        }
        see(delta);
        return tools_;
    }

private:
    bool begins_without_id(const Delta::ToolFragment& tool) const noexcept {
        return tool.id.empty() && tool.index >= next_;
    }
    void see(const Delta& delta) noexcept {
        for (const Delta::ToolFragment& tool : delta.tools) next_ = std::max(next_, tool.index + 1);
    }
    std::string make(int index) const {
        constexpr std::string_view digits = "0123456789abcdef";
        std::uint64_t hash = hash64(answer_, static_cast<std::uint64_t>(index) + 1);
        std::string id("call_0123456789abcdef");
        for (std::size_t i = id.size() - 16; i < id.size(); ++i, hash >>= 4) id[i] = digits[hash & 15];
        return id;
    }

    std::string answer_;
    int next_ = 0; // calls from here on have not begun
    std::vector<std::string> made_;
    std::vector<Delta::ToolFragment> tools_;
};

} // namespace baton::serve
