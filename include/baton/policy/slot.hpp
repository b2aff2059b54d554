// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

/// One tag per role a policy can play. A policy type names its role with `using slot = slot::retry;`, so a
/// composition is sorted by what its members are, never by where they stand in the list.
namespace baton::slot {

struct provider;
struct retry;
struct breaker;
struct fallback;
struct resume;
struct route;
struct balance;
struct limit;
struct budget;
struct cache;
struct deadline;
struct hedge;
struct health;
struct prompt;
struct output;
struct price;
struct guard;
struct gate;
struct observe;
struct use;

struct executor;
struct clock;
struct rng;
struct transport;
struct threads;

} // namespace baton::slot
