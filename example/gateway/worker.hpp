// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "chat.hpp"
#include "exchange.hpp"
#include "gateway.hpp"
#include "store.hpp"

#include <memory>
#include <optional>

namespace gateway {

/// One thread of the server: an orchestrator, a listening socket and connections of its own.
class Worker {
public:
    Worker(Shared& shared, MemoryStore& memory, std::shared_ptr<const Config> config);

    /// Takes over a new configuration. On this worker's thread, as the next two.
    void install(std::shared_ptr<const Config> config);
    void drain() { server.drain(); }
    void cut() {
        server.drain();
        server.abort();
    }

    Counters counters; // outlives what is still suspended when the io_context goes
    asio::io_context io{1};

private:
    bool welcome(Connection& client);
    Task<void> serve(Connection& client);
    Task<std::optional<baton::Error>> ask(Exchange& x);
    std::optional<baton::Error> understand(Exchange& x, baton::serve::Incoming& incoming);
    void models(Exchange& x);
    Task<void> metrics(Exchange& x);

    // completions.cpp
    Task<void> whole(Exchange& x, baton::serve::Incoming& incoming);
    Task<void> streamed(Exchange& x, baton::serve::Incoming& incoming);
    Task<void> embed(Exchange& x);
    Task<void> count(Exchange& x, baton::serve::Incoming& incoming);
    Task<std::optional<baton::Reply>> remembered(const std::string& key);
    void remember(const Config& config, const std::string& key, const baton::Reply& reply);
    void used(Exchange& x, const baton::Reply& reply);
    void deliver(Exchange& x, baton::Reply& reply, bool cacheable);

    Shared& shared_;
    std::shared_ptr<const Config> config_;
    Chat chat_;
    RequestIds ids_;
    Store store_;

public:
    HttpServer server;
};

} // namespace gateway
