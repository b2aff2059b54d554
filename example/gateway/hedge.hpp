// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/after_p95.hpp>

#include <optional>

namespace gateway {

/// A hedge that a configuration switches on: off, it measures nothing and no call waits for it.
class ConfiguredHedge : public baton::AfterP95 {
public:
    struct Options {
        bool on = false;
        baton::AfterP95::Options each{};
    };

    class State {
    public:
        explicit State(const ConfiguredHedge& strategy) {
            if (strategy.on_) target_.emplace(strategy);
        }
        void observe(baton::Duration latency) noexcept {
            if (target_) target_->observe(latency);
        }
        std::optional<baton::Duration> delay() const noexcept {
            return target_ ? target_->delay() : std::nullopt;
        }

    private:
        std::optional<baton::AfterP95::State> target_;
    };

    ConfiguredHedge() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit ConfiguredHedge(const Options& options) : AfterP95(options.each), on_(options.on) {}

private:
    bool on_ = false;
};

static_assert(baton::HedgeStrategy<ConfiguredHedge>);

} // namespace gateway
