// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/hash.hpp>
#include <baton/core/time.hpp>
#include <baton/detail/require_option.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace baton {

struct MemoryCacheLimits {
    std::size_t max_bytes = std::size_t{64} << 20; ///< keys, values and book-keeping together; at least 1 KiB
    std::size_t max_entry_bytes = std::size_t{1} << 20; ///< a larger entry is not stored; at most 2 GiB
    double ttl_jitter =
        0.1; ///< +- this part of every time to live, so that entries do not expire at once; 0 to 0.9
    Duration keep_stale{}; ///< how long entries stay for `find_stale` after they have expired; not negative
};

/// A bounded map from key bytes to value bytes with expiry, in memory. A hit needs an equal hash *and* an
/// equal key, byte for byte: a collision costs time, never a wrong answer. Weighed by bytes. Eviction is
/// segmented LRU: an entry starts on probation and is protected (up to 80 % of the bytes) once it is hit, so
/// that a scan of new keys pushes out only what was never asked for again. All operations are O(1), amortised
/// over growth of the table; one allocation per entry. Expired entries go when they are met or their turn
/// comes. Pure: takes `now`. Not thread-safe, handles included: they share a plain count with the cache.
class MemoryCache {
    struct Link {
        Link* newer = this;
        Link* older = this;
    };
    struct Entry;

public:
    /// A value pinned for reading: it stays readable, whatever happens to the cache, until the handle is
    /// gone. Bytes that are pinned but no longer in the cache are not weighed.
    class Pinned {
    public:
        Pinned() = default;
        Pinned(Pinned&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
        Pinned& operator=(Pinned&& other) noexcept {
            std::swap(entry_, other.entry_);
            return *this;
        }
        ~Pinned() {
            if (entry_) unpin(entry_);
        }

        /// False: nothing was found.
        explicit operator bool() const noexcept { return entry_ != nullptr; }
        std::string_view value() const noexcept { return entry_ ? entry_->value() : std::string_view(); }

    private:
        friend class MemoryCache;
        explicit Pinned(Entry* entry) noexcept : entry_(entry) { ++entry->pins; }
        Entry* entry_ = nullptr;
    };

    /// `seed` protects against chosen collisions and spreads expiry; tests fix it. Throws
    /// std::invalid_argument, naming the limit that is out of range.
    explicit MemoryCache(const MemoryCacheLimits& limits = {}, std::uint64_t seed = 0)
        : limits_(limits), seed_(seed), buckets_(initial_buckets, nullptr) {
        using detail::require_option;
        require_option(limits.max_bytes >= 1024, "cache: max_bytes must be at least 1024");
        require_option(limits.max_entry_bytes <= (std::size_t{2} << 30),
                       "cache: max_entry_bytes must be at most 2 GiB");
        require_option(limits.ttl_jitter >= 0 && limits.ttl_jitter <= 0.9,
                       "cache: ttl_jitter must be between 0 and 0.9");
    }
    MemoryCache(const MemoryCache&) = delete; // entries are linked to the segments inside
    MemoryCache& operator=(const MemoryCache&) = delete;
    ~MemoryCache() { clear(); }

    /// The hash of `key` for this cache's tables. Computed once, used for look-up, flights and store.
    std::uint64_t hash(std::string_view key) const noexcept { return hash64(key, seed_); }

    /// The live value under `key`, or an empty handle. A hit renews its place, not its time to live.
    Pinned find(std::string_view key, std::uint64_t hash, TimePoint now) noexcept {
        Entry* entry = lookup(key, hash);
        if (!entry) return {};
        if (now >= entry->expires) {
            if (now >= after(entry->expires, limits_.keep_stale)) remove(entry);
            return {};
        }
        promote(entry);
        return Pinned(entry);
    }

    /// The value under `key`, also if it expired less than `max_stale` ago; an empty handle if there is none.
    Pinned find_stale(std::string_view key, std::uint64_t hash, TimePoint now, Duration max_stale) noexcept {
        Entry* entry = lookup(key, hash);
        if (!entry || now >= after(entry->expires, max_stale)) return {};
        return Pinned(entry);
    }

    /// Stores `value` under `key` for about `ttl`, in place of what was there. False if it is too large, or
    /// if `ttl` is not positive; what was there is gone then, too.
    bool put(std::string_view key, std::uint64_t hash, std::string_view value, TimePoint now, Duration ttl) {
        return put(key, hash, value.size(), [value](char* to) { value.copy(to, value.size()); }, now, ttl);
    }

    /// The same for a value that is not at hand as bytes: `write(char* to)` is called once, if it is stored,
    /// and writes exactly `size` bytes. It must not throw, nor touch this cache.
    template <std::invocable<char*> Write>
    bool put(std::string_view key, std::uint64_t hash, std::size_t size, Write&& write, TimePoint now,
             Duration ttl) {
        if (Entry* old = lookup(key, hash)) remove(old);
        const std::size_t limit = std::min(limits_.max_entry_bytes, limits_.max_bytes);
        if (ttl <= Duration::zero() || key.size() > limit || size > limit) return false;
        const std::size_t weight = weigh(key.size(), size);
        if (weight > limit) return false;
        if (size_ + 1 > buckets_.size()) grow();
        while (weight_ + weight > limits_.max_bytes) evict();

        Entry* entry = Entry::make(key, hash, size, after(now, jittered(ttl)));
        write(entry->bytes() + key.size());
        Entry*& bucket = bucket_of(hash);
        entry->chain = bucket;
        bucket = entry;
        link(probation_, entry);
        weight_ += weight;
        ++size_;
        return true;
    }

    /// Removes `key`; true if it was there.
    bool erase(std::string_view key, std::uint64_t hash) noexcept {
        Entry* entry = lookup(key, hash);
        if (entry) remove(entry);
        return entry != nullptr;
    }

    void clear() noexcept {
        for (Link* segment : {&probation_, &protected_}) {
            for (Link* at = segment->newer; at != segment;)
                unpin(static_cast<Entry*>(std::exchange(at, at->newer)));
            segment->newer = segment->older = segment;
        }
        std::fill(buckets_.begin(), buckets_.end(), nullptr);
        weight_ = protected_weight_ = size_ = 0;
    }

    std::size_t size() const noexcept { return size_; }
    /// Bytes held, book-keeping included; never more than `max_bytes`.
    std::size_t weight() const noexcept { return weight_; }
    const MemoryCacheLimits& limits() const noexcept { return limits_; }

    /// What an entry weighs: its bytes, its head, its slot in the table and the allocator's own share.
    static constexpr std::size_t weigh(std::size_t key, std::size_t value) noexcept {
        return key + value + sizeof(Entry) + sizeof(void*) + 16;
    }

private:
    struct Entry : Link {
        static Entry* make(std::string_view key, std::uint64_t hash, std::size_t value_bytes,
                           TimePoint expires) {
            Entry* entry = ::new (::operator new(sizeof(Entry) + key.size() + value_bytes)) Entry;
            entry->hash = hash;
            entry->expires = expires;
            entry->key_size = static_cast<std::uint32_t>(key.size());
            entry->value_size = static_cast<std::uint32_t>(value_bytes);
            if (!key.empty()) std::memcpy(entry->bytes(), key.data(), key.size());
            return entry;
        }
        char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
        std::string_view key() noexcept { return {bytes(), key_size}; }
        std::string_view value() noexcept { return {bytes() + key_size, value_size}; }

        Entry* chain = nullptr; ///< next in its bucket
        std::uint64_t hash = 0;
        TimePoint expires{};
        std::uint32_t key_size = 0;
        std::uint32_t value_size = 0;
        std::uint32_t pins = 1; ///< handles, and the cache itself
        bool is_protected = false;
    };

    static constexpr std::size_t initial_buckets = 64;

    static void unpin(Entry* entry) noexcept {
        if (--entry->pins == 0) ::operator delete(entry);
    }

    static std::size_t weight_of(const Entry& entry) noexcept {
        return weigh(entry.key_size, entry.value_size);
    }

    Entry*& bucket_of(std::uint64_t hash) noexcept {
        return buckets_[static_cast<std::size_t>(hash) & (buckets_.size() - 1)];
    }

    Entry* lookup(std::string_view key, std::uint64_t hash) noexcept {
        Entry* entry = bucket_of(hash);
        while (entry && (entry->hash != hash || entry->key() != key)) entry = entry->chain;
        return entry;
    }

    static void link(Link& segment, Link* entry) noexcept {
        entry->older = segment.older;
        entry->newer = &segment;
        segment.older->newer = entry;
        segment.older = entry;
    }
    static void unlink(Link* entry) noexcept {
        entry->newer->older = entry->older;
        entry->older->newer = entry->newer;
    }
    /// The entry used longest ago, or null.
    static Entry* oldest(Link& segment) noexcept {
        return segment.newer == &segment ? nullptr : static_cast<Entry*>(segment.newer);
    }

    void promote(Entry* entry) noexcept {
        unlink(entry);
        link(protected_, entry);
        if (entry->is_protected) return;
        entry->is_protected = true;
        protected_weight_ += weight_of(*entry);
        while (protected_weight_ > limits_.max_bytes / 5 * 4) {
            Entry* demoted = oldest(protected_);
            unlink(demoted);
            link(probation_, demoted);
            demoted->is_protected = false;
            protected_weight_ -= weight_of(*demoted);
        }
    }

    void evict() noexcept {
        Entry* victim = oldest(probation_);
        remove(victim ? victim : oldest(protected_));
    }

    void remove(Entry* entry) noexcept {
        Entry** place = &bucket_of(entry->hash);
        while (*place != entry) place = &(*place)->chain;
        *place = entry->chain;
        unlink(entry);
        weight_ -= weight_of(*entry);
        if (entry->is_protected) protected_weight_ -= weight_of(*entry);
        --size_;
        unpin(entry);
    }

    void grow() {
        std::vector<Entry*> old(buckets_.size() * 2, nullptr);
        old.swap(buckets_);
        for (Entry* entry : old) {
            while (entry) {
                Entry* next = entry->chain;
                Entry*& bucket = bucket_of(entry->hash);
                entry->chain = bucket;
                bucket = entry;
                entry = next;
            }
        }
    }

    Duration jittered(Duration ttl) noexcept {
        if (limits_.ttl_jitter == 0) return ttl;
        const std::uint64_t random = detail::scatter(seed_ + ++stored_);
        const double unit = static_cast<double>(static_cast<std::int64_t>(random)) * 0x1p-63; // in [-1, 1]
        const double spread = static_cast<double>(ttl.count()) * limits_.ttl_jitter * unit;
        // "for ever" stays so: it cannot be lengthened
        if (spread > 0 && ttl > Duration::max() / 2) return ttl;
        return ttl + Duration(static_cast<Duration::rep>(spread));
    }

    MemoryCacheLimits limits_;
    std::uint64_t seed_;
    std::uint64_t stored_ = 0;
    std::vector<Entry*> buckets_;
    Link probation_;
    Link protected_;
    std::size_t weight_ = 0;
    std::size_t protected_weight_ = 0;
    std::size_t size_ = 0;
};

} // namespace baton
