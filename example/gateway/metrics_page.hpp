// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "metrics.hpp"

#include <baton/orchestrator/stats.hpp>

#include <string>
#include <vector>

namespace gateway {

/// What Prometheus reads: the counters of all threads, and what their orchestrators say.
std::string metrics_page(const std::vector<const Counters*>& threads, const std::vector<baton::Stats>& stats);

} // namespace gateway
