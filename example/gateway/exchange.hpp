// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"
#include "dialects.hpp"
#include "http_server.hpp"
#include "metrics.hpp"

#include <openssl/rand.h>

#include <cstdio>
#include <memory>
#include <string>

namespace gateway {

/// A request's number: unguessable beginning, so that ids of several gateways do not meet, and a count.
class RequestIds {
public:
    RequestIds() { RAND_bytes(reinterpret_cast<unsigned char*>(&random_), sizeof random_); }
    std::string next() {
        char text[40];
        std::snprintf(text, sizeof text, "req_%016llx%08llx", static_cast<unsigned long long>(random_),
                      static_cast<unsigned long long>(++count_));
        return text;
    }

private:
    std::uint64_t random_ = 0, count_ = 0;
};

/// One request and what is known of it. Counts itself when it ends, however it ends.
class Exchange {
public:
    enum class Outcome : unsigned char { ok, client_error, server_error, aborted };

    Exchange(Connection& client, Counters& counters, std::shared_ptr<const Config> config, std::string id)
        : client(client), counters(counters), config(std::move(config)), id(std::move(id)) {
        counters.active.fetch_add(1, std::memory_order_relaxed);
    }
    ~Exchange() {
        counters.active.fetch_sub(1, std::memory_order_relaxed);
        Counters::add(counters.requests[static_cast<std::size_t>(outcome)]);
        counters.duration.add(Clock::now() - started);
    }

    void status(int code) noexcept {
        outcome = code < 400 ? Outcome::ok : code < 500 ? Outcome::client_error : Outcome::server_error;
    }

    Connection& client;
    Counters& counters;
    std::shared_ptr<const Config> config;
    std::string id;
    const Clock::time_point started = Clock::now();
    Route where;
    const KeyConfig* key = nullptr;
    KeyReservation reserved; // of the key's limits
    std::string rate_lines;  // what is left of them, as header lines
    Outcome outcome = Outcome::aborted;
    const bool head_only = client.request().method == "HEAD";
    std::string out; // what is being sent
};

} // namespace gateway
