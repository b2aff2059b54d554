// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "exchange.hpp"
#include "store.hpp"

#include <baton/core/error.hpp>
#include <baton/core/request.hpp>
#include <baton/core/trace.hpp>

#include <optional>
#include <span>
#include <string>

// Who is let in, what a key is charged before its request is answered, and what after.
namespace gateway {

/// Who asks; an error if it is nobody known, where keys are asked for.
std::optional<baton::Error> identify(Exchange& x);

/// An error if as many requests as may are being answered already.
std::optional<baton::Error> crowded(Exchange& x);

/// What `usage` costs at the dearest of `targets`.
NanoDollars dearest(const Config& config, std::span<const std::string> targets, const baton::Usage& usage);

/// What `request` will take at most, roughly: the dearest of the models it may go to.
KeyDemand estimate(const Config& config, const baton::Request& request);

/// Charges the key of `x`, or says why not. Its reservation is open until `settle`, or for ever.
Task<std::optional<baton::Error>> spend(Exchange& x, Store& store, KeyDemand demand);

/// The attempts of a request are over: counts them, and charges the key what they took.
void settle(Exchange& x, Store& store, const baton::Trace& trace);

/// The same, where no attempt says what it took.
void settle(Exchange& x, Store& store, const KeyDemand& taken);

} // namespace gateway
