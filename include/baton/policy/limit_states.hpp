// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/policy/limit.hpp>

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace baton {

/// The States of one strategy by what they are kept for: a tenant's name, a key's, a provider's.
///
/// Where there are more than `capacity`, a new key drops those least recently asked for that are idle: a new
/// State would answer the same, or more cautiously. Names come from outside, and may be many: beyond twice
/// the capacity the least recently asked for of which no lease is out and nobody waits is dropped with what
/// it remembers (its level, its cool-down, the limit it learned). So there are never more than twice the
/// capacity and the calls in flight. A State does not move. Not thread-safe.
template <LimitStrategy Strategy>
class LimitStates {
public:
    using State = typename Strategy::State;

    /// `capacity`: at least 1, otherwise taken as 1.
    explicit LimitStates(std::size_t capacity = 10'000) : capacity_(capacity > 0 ? capacity : 1) {}
    LimitStates(const LimitStates&) = delete; // leases point into it
    LimitStates& operator=(const LimitStates&) = delete;

    /// The State of `key`, made from `strategy` if there is none. Valid as long as a lease or ticket of it
    /// lives, otherwise until the next call. Allocates only for a new key.
    State& at(std::string_view key, const Strategy& strategy, TimePoint now) {
        if (const auto found = index_.find(key); found != index_.end()) {
            entries_.splice(entries_.begin(), entries_, found->second);
            return entries_.front().state;
        }
        make_room(now);
        entries_.emplace_front(key, strategy);
        try {
            index_.emplace(entries_.front().key, entries_.begin());
        } catch (...) {
            entries_.pop_front();
            throw;
        }
        return entries_.front().state;
    }

    /// nullptr if there is none.
    State* find(std::string_view key) noexcept {
        const auto found = index_.find(key);
        return found != index_.end() ? &found->second->state : nullptr;
    }

    std::size_t size() const noexcept { return entries_.size(); }

    /// Calls `visit(key, State&)` for each, the most recently asked for first; e.g. to configure them.
    template <class F>
    void for_each(F visit) {
        for (Entry& entry : entries_) visit(std::string_view(entry.key), entry.state);
    }

private:
    struct Entry {
        Entry(std::string_view name, const Strategy& strategy) : key(name), state(strategy) {}
        std::string key;
        State state;
    };
    using Place = typename std::list<Entry>::iterator;

    /// Looks at a few of the oldest only, so that a look-up costs the same however many there are.
    static constexpr int looks = 8;

    void make_room(TimePoint now) {
        Place oldest = entries_.end();
        for (int i = 0; i < looks && entries_.size() >= capacity_ && oldest != entries_.begin(); ++i) {
            --oldest;
            if (oldest->state.idle(now)) oldest = erase(oldest);
        }
        if (entries_.size() < 2 * capacity_) return;
        for (oldest = entries_.end(); oldest != entries_.begin() && entries_.size() >= 2 * capacity_;) {
            --oldest;
            if (oldest->state.unused()) oldest = erase(oldest);
        }
    }

    /// Returns the place behind it.
    Place erase(Place entry) {
        index_.erase(entry->key);
        return entries_.erase(entry);
    }

    const std::size_t capacity_;
    std::list<Entry> entries_;                          ///< most recently asked for first
    std::unordered_map<std::string_view, Place> index_; ///< its keys view those of the entries
};

} // namespace baton
