// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"

#include <baton/core/error.hpp>
#include <baton/core/request.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// What clients call models, and what the orchestrator is asked for.
namespace gateway {

/// Appends "vendor/model" names for an alias, a bare model or a name that is one already.
std::optional<baton::Error> expand(const Config& config, const std::string& name,
                                   std::vector<std::string>& targets);

inline constexpr std::size_t most_fallbacks = 16; ///< in a body; an alias counts as one
inline constexpr std::size_t most_targets = 64;   ///< that one request may try; those beyond are left out

/// Model, aliases and fallbacks become the orchestrator's targets, each once. Without a model, or with
/// "auto", the route decides.
std::optional<baton::Error> resolve(const Config& config, baton::Request& request);

/// What `GET /v1/models` lists: aliases, and the models of the providers that are configured.
std::vector<std::string> listed_models(const Config& config);

} // namespace gateway
