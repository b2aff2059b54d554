// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/embeddings.hpp>
#include <baton/core/error.hpp>
#include <baton/core/json.hpp>

#include <optional>
#include <vector>

// What embeddings have in common at all vendors.
namespace baton::wire::detail {

/// No API embeds nothing.
inline std::optional<Error> without_inputs(const EmbedRequest& request) {
    if (!request.inputs.empty()) return std::nullopt;
    return Error(Errc::invalid_request, "an embedding request has no inputs; give it at least one text");
}

/// Appends the numbers of the list that `reader` is at; false if it is no list, is empty or has a hole.
inline bool read_vector(json::Reader& reader, std::vector<float>& vector) {
    bool numbers = true;
    const bool list = reader.array([&] {
        double value = 0;
        numbers &= reader.number(value);
        vector.push_back(static_cast<float>(value));
    });
    return list && numbers && !vector.empty();
}

} // namespace baton::wire::detail
