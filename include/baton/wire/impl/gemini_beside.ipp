// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace baton::wire::detail {

/// Members of a candidate that say something about its content, in the order of GeminiAssembler::Beside. As
/// opaque parts they carry this name.
inline constexpr std::string_view gemini_beside[] = {"groundingMetadata", "citationMetadata",
                                                     "urlContextMetadata", "logprobsResult", "safetyRatings"};

/// One object from several of the same shape, separated by commas: lists are joined, of other members the
/// last one counts.
inline std::string join_objects(const std::string& objects) {
    struct Member {
        std::string name, value;
    };
    std::vector<Member> members;
    const std::string list = "[" + objects + "]";
    std::size_t count = 0;
    json::Reader reader(list);
    reader.array([&] {
        ++count;
        reader.object([&](std::string_view key) {
            const auto known = std::find_if(members.begin(), members.end(),
                                            [&](const Member& member) { return member.name == key; });
            Member& member = known != members.end() ? *known : members.emplace_back();
            member.name = key;
            const std::string_view value = reader.raw();
            const auto items = [](std::string_view json) { return json.substr(1, json.size() - 2); };
            const auto empty = [&](std::string_view json) {
                return items(json).find_first_not_of(" \t\r\n") == std::string_view::npos;
            };
            if (!value.starts_with('[') || !member.value.starts_with('[') || empty(member.value)) {
                member.value = value;
            } else if (!empty(value)) {
                member.value.back() = ',';
                member.value.append(items(value)).append("]");
            }
        });
    });
    if (count == 1) return objects;
    std::string joined;
    json::Writer writer(joined);
    writer.begin_object();
    for (const Member& member : members) writer.key(member.name).raw(member.value);
    writer.end_object();
    return joined;
}

/// Whether the JSON of a `finishReason` is one; protobuf's "unspecified" is none.
inline bool says_finish(std::string_view json) noexcept {
    return !json.empty() && json != "null" && json != "0" && json != "\"\"" &&
           json != "\"FINISH_REASON_UNSPECIFIED\"";
}

/// Whether a JSON object or list holds nothing.
inline bool is_empty(std::string_view json) {
    return json.size() < 2 || json.find_first_not_of(" \t\r\n", 1) == json.size() - 1;
}

} // namespace baton::wire::detail
