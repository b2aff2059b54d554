// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace gateway {

class Worker;
class MemoryStore;

/// What the threads share: nothing that a request waits for.
struct Shared {
    std::vector<std::unique_ptr<Worker>> workers;
    std::atomic<bool> draining{false};
};

/// The server: one thread per core, each with an orchestrator, a listening socket and connections of its own.
/// Members may be called from any thread, but not from the server's own.
class Gateway {
public:
    /// Listens, and serves from now on. Throws ConfigError, std::invalid_argument or
    /// boost::system::system_error.
    explicit Gateway(Config config);
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;
    /// As stop().
    ~Gateway();

    std::uint16_t port() const noexcept { return port_; }
    /// Changes providers, endpoints, routes, aliases, prices, keys, limits and Redis; requests under way end
    /// as they began. What a running server cannot change (address, threads, TLS, retries, deadlines,
    /// hedging, the size of the cache) keeps its value. Throws like the constructor, and then nothing has
    /// changed.
    void reload(Config config);
    /// Accepts no more, and waits until every request under way has its answer, but not longer than `limit`;
    /// then cuts the rest. True: nothing was cut.
    bool drain(std::chrono::milliseconds limit);
    /// Cuts everything.
    void stop();

private:
    void post_all(const std::function<void(Worker&)>& what);

    std::unique_ptr<MemoryStore> store_;
    Shared shared_;
    std::vector<std::thread> threads_;
    std::string host_;
    std::uint16_t port_ = 0;
    std::mutex mutex_; // of reload, drain, stop
};

/// The providers of the composition, for load_config().
std::span<const KnownProvider> known_providers();

} // namespace gateway
