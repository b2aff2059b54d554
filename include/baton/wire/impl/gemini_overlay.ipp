// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::wire::detail {

/// An object of Request::extra that is merged member by member. Names may be written as Google's protobuf
/// JSON allows, in either case: `generationConfig` or `generation_config`.
class GeminiOverlay {
public:
    GeminiOverlay() = default;
    /// `json`: "" or a valid object.
    explicit GeminiOverlay(std::string_view json) {
        json::Reader reader(json);
        reader.object([&](std::string_view name) {
            Member& member = members_.emplace_back();
            member.name = name;
            member.value = reader.raw();
        });
    }
    std::string_view get(std::string_view name) const noexcept {
        for (const Member& member : members_) {
            if (same(member.name, name)) return member.value;
        }
        return {};
    }
    bool has(std::string_view name) const noexcept { return !get(name).empty(); }
    bool empty() const noexcept { return members_.empty(); }
    /// All members but those that were merged.
    template <std::size_t N>
    void write(json::Writer& w, const std::string_view (&merged)[N]) const {
        for (const Member& member : members_) {
            bool skip = false;
            for (const std::string_view name : merged) skip |= same(member.name, name);
            if (!skip) w.key(member.name).raw(member.value);
        }
    }

private:
    struct Member {
        std::string name;
        std::string_view value;
    };
    static bool same(std::string_view written, std::string_view camel) noexcept {
        std::size_t i = 0;
        for (std::size_t k = 0; k < written.size(); ++k) {
            const bool word = written[k] == '_' && ++k < written.size();
            if (k >= written.size() || i >= camel.size()) return false;
            const char c = written[k];
            if ((word && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c) != camel[i++]) return false;
        }
        return i == camel.size();
    }
    boost::container::small_vector<Member, 4> members_;
};

inline constexpr std::string_view no_names[] = {""};

} // namespace baton::wire::detail
