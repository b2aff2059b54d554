// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/net/connection.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <vector>

namespace baton::net {

/// What a pool keeps and for how long.
struct PoolLimits {
    std::size_t connections = 100;            ///< per origin, busy and idle together
    Duration idle = std::chrono::seconds(60); ///< an idle connection older than this is not reused
};

/// Kept connections by origin, most recently used first. Bookkeeping only: no I/O, no timer (idle
/// connections are looked at when somebody asks for one). The caller connects and closes.
template <class Conn>
class Pool {
public:
    struct Slot {
        explicit Slot(Origin origin) : origin(std::move(origin)) {}
        Origin origin;
        std::vector<std::unique_ptr<Conn>> idle;
        std::size_t open = 0; // busy and idle
    };

    /// The index of `origin`, new or known. References to a slot's origin stay valid.
    std::size_t intern(Origin origin) {
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            if (slots_[i].origin.same_peer(origin)) return i;
        }
        slots_.emplace_back(std::move(origin));
        return slots_.size() - 1;
    }
    const Origin& origin(std::size_t index) const { return slots_[index].origin; }

    /// A kept connection that still stands, or null.
    std::unique_ptr<Conn> take(std::size_t index, TimePoint now, Duration max_idle) {
        Slot& slot = slots_[index];
        while (!slot.idle.empty()) {
            std::unique_ptr<Conn> conn = std::move(slot.idle.back());
            slot.idle.pop_back();
            if (now - conn->idle_since < max_idle && conn->idle_ok()) return conn;
            conn->close();
            --slot.open;
        }
        return nullptr;
    }

    /// Reserves the right to open one more; false at the cap.
    bool open(std::size_t index, std::size_t cap) {
        if (slots_[index].open >= cap) return false;
        ++slots_[index].open;
        return true;
    }
    /// A connection, or the right to open one, is gone.
    void closed(std::size_t index) noexcept { --slots_[index].open; }

    /// A connection whose exchange ended cleanly. Closes what has been idle for longer than `max_idle`, of
    /// any origin: the one used last is taken first, so that the others age.
    void give_back(std::unique_ptr<Conn> conn, TimePoint now, Duration max_idle) {
        for (Slot& slot : slots_) {
            while (!slot.idle.empty() && now - slot.idle.front()->idle_since >= max_idle) {
                slot.idle.front()->close();
                slot.idle.erase(slot.idle.begin());
                --slot.open;
            }
        }
        conn->idle_since = now;
        Slot& slot = slots_[conn->origin_index];
        try {
            slot.idle.push_back(std::move(conn));
        } catch (const std::bad_alloc&) { // then it is not kept
            --slot.open;
        }
    }

    void clear() noexcept {
        for (Slot& slot : slots_) {
            slot.open -= slot.idle.size();
            slot.idle.clear();
        }
    }
    std::size_t idle() const noexcept {
        std::size_t n = 0;
        for (const Slot& slot : slots_) n += slot.idle.size();
        return n;
    }
    // Connections ever begun, established and failed; the rest was given up while it was being established.
    std::uint64_t dialled = 0, established = 0, refused = 0;
    std::size_t open() const noexcept {
        std::size_t n = 0;
        for (const Slot& slot : slots_) n += slot.open;
        return n;
    }

private:
    std::deque<Slot> slots_; // origins are referred to by connections
};

} // namespace baton::net
