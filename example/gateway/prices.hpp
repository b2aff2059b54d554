// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"

#include <baton/core/trace.hpp>

#include <cmath>
#include <string>
#include <string_view>

namespace gateway {

/// Of `model` at `provider`, else of all models there; null: nobody has said.
inline const Price* find_price(const Config& config, std::string_view provider, std::string_view model) {
    if (config.prices.empty()) return nullptr;
    std::string name(provider);
    name.append("/").append(model);
    auto found = config.prices.find(name);
    if (found == config.prices.end())
        found = config.prices.find(name.replace(provider.size() + 1, name.npos, "*"));
    return found != config.prices.end() ? &found->second : nullptr;
}

/// What `usage` costs.
inline NanoDollars cost(const Price& price, const baton::Usage& usage) noexcept {
    const auto times = [](std::uint64_t tokens, double dollars) {
        return static_cast<double>(tokens) * dollars;
    };
    const double micro = times(usage.input_tokens + usage.input_audio_tokens, price.input) +
                         times(usage.cached_input_tokens, price.cached_input) +
                         times(usage.cache_write_tokens, price.cache_write) +
                         times(usage.total_output(), price.output);
    return static_cast<NanoDollars>(std::llround(std::min(micro * 1000, 1e18)));
}

} // namespace gateway
