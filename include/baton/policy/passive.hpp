// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/health.hpp>

namespace baton {

/// The state of the Health slot for the endpoints of one provider.
class HealthGroup {
public:
    template <class Strategy>
    explicit HealthGroup(const Strategy& strategy) noexcept : rules_(strategy.rules()) {}

    /// Ejects by rate where an interval has ended, then marks where calls may go (see choose_usable). Before
    /// each attempt; a few instructions an endpoint while all are well.
    HealthChoice choose(std::span<EndpointHealth> endpoints, TimePoint now, std::span<bool> usable) noexcept {
        sweep_.run(rules_, endpoints, now);
        return choose_usable(rules_, endpoints, now, usable);
    }

    const HealthRules& rules() const noexcept { return rules_; }
    /// Takes over new rules at run time; what was decided by the old ones stays.
    template <class Strategy>
    void configure(const Strategy& strategy) noexcept {
        rules_ = strategy.rules();
    }

private:
    HealthRules rules_;
    HealthSweep sweep_;
};

/// The default, `Health<Passive>`: learns from the calls that are made anyway.
class Passive {
public:
    struct Options {
        HealthRules rules{};
    };
    using State = HealthGroup;
    static constexpr bool probes = false;

    Passive() = default;
    /// Throws std::invalid_argument, naming the option that is out of range.
    explicit Passive(const Options& options) : options_(options) { options.rules.check(); }

    const HealthRules& rules() const noexcept { return options_.rules; }
    const Options& options() const noexcept { return options_; }

private:
    Options options_;
};

static_assert(HealthStrategy<Passive>);

} // namespace baton
