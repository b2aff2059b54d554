// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/slot.hpp>

namespace baton {

/// The default: one thread (or one strand) runs all calls of an orchestrator; no lock, no atomic.
struct Single {};
/// Calls may run on many threads at once: each runs on a strand of its own, shared state is locked.
struct Multi {};

/// Environment `Threads`: `Single` (default) or `Multi`.
template <class Model = Single>
struct Threads {
    using slot = slot::threads;
    using model = Model;
};

/// Environment `Executor`: the Asio executor of sockets, timers and awaitables. The default is
/// any_io_executor, the one type erasure baton permits itself.
template <class E>
struct Executor {
    using slot = slot::executor;
    using type = E;
};

/// Environment `Clock`: where time comes from; `Clock<testing::Manual>` makes a run virtual.
template <class C>
struct Clock {
    using slot = slot::clock;
    using strategy = C;
};

/// Environment `Rng`: where jitter comes from; seed it to make a run repeatable.
template <class R>
struct Rng {
    using slot = slot::rng;
    using strategy = R;
};

/// Environment `Transport`: what carries bytes; `Tcp`, or `testing::MemoryNet`.
template <class T>
struct Transport {
    using slot = slot::transport;
    using strategy = T;
};

} // namespace baton
