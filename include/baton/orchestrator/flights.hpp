// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/options.hpp>
#include <baton/policy/cache.hpp>
#include <baton/store/memory_cache.hpp>

#include <utility>
#include <vector>

namespace baton::detail {

template <class C>
class Call;

/// Calls that can be joined, by the hash of their key: a chained table whose links are in the calls, so
/// that a call in flight costs no allocation.
template <class C>
class FlightTable {
public:
    template <class Match>
    Call<C>* find(std::uint64_t hash, Match&& match) const {
        for (Call<C>* at = buckets_[index(hash)]; at; at = at->next_flight) {
            if (at->hash == hash && match(*at)) return at;
        }
        return nullptr;
    }
    void insert(Call<C>& call) {
        if (size_ == buckets_.size()) grow();
        ++size_;
        push(call);
    }
    void erase(Call<C>& call) noexcept {
        for (Call<C>** at = &buckets_[index(call.hash)]; *at; at = &(*at)->next_flight) {
            if (*at != &call) continue;
            *at = call.next_flight;
            --size_;
            return;
        }
    }

private:
    std::size_t index(std::uint64_t hash) const noexcept { return hash & (buckets_.size() - 1); }
    void push(Call<C>& call) noexcept { call.next_flight = std::exchange(buckets_[index(call.hash)], &call); }
    void grow() {
        std::vector<Call<C>*> old(buckets_.size() * 2);
        old.swap(buckets_);
        for (Call<C>* head : old) {
            while (head) push(*std::exchange(head, head->next_flight));
        }
    }
    std::vector<Call<C>*> buckets_ = std::vector<Call<C>*>(64);
    std::size_t size_ = 0;
};

/// Cached answers and the calls that may be joined; nothing without `Cache<...>`.
template <class C, bool = C::has_cache>
struct CacheState {
    template <class Args, class R>
    CacheState(Args&, R&, Duration) noexcept {}
};

template <class C>
struct CacheState<C, true> {
    template <class Args, class R>
    CacheState(Args& args, R& rng, Duration keep_stale)
        : exact(pick<ExactMatch>(args)),
          store(MemoryCacheLimits{.max_bytes = exact.options.max_bytes,
                                  .max_entry_bytes = exact.options.max_entry_bytes,
                                  .keep_stale = keep_stale},
                rng.next()) {}
    ExactMatch exact;
    MemoryCache store;
    FlightTable<C> flights;
    std::uint64_t hits = 0, joins = 0;
};

} // namespace baton::detail
