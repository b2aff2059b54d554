// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/store/memory_cache.hpp>

#include <cmath>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(memory_cache)

using namespace baton;
using namespace std::chrono_literals;

namespace {

const TimePoint start = TimePoint(5000s);

static_assert(std::is_aggregate_v<MemoryCacheLimits> && std::is_trivially_destructible_v<MemoryCacheLimits>);
static_assert(!std::is_copy_constructible_v<MemoryCache::Pinned>);

struct Dice {
    std::uint64_t state;
    std::uint64_t below(std::uint64_t n) { return detail::scatter(state++) % n; }
};

/// Segmented LRU written down plainly, on standard containers.
class Model {
public:
    explicit Model(const MemoryCacheLimits& limits) : limits_(limits) {}

    std::optional<std::string> find(const std::string& key, TimePoint now) {
        const auto it = map_.find(key);
        if (it == map_.end()) return std::nullopt;
        if (now >= it->second.expires) {
            remove(key);
            return std::nullopt;
        }
        move_to(protected_, it->second);
        while (protected_.weight > limits_.max_bytes / 5 * 4) {
            move_to(probation_, map_.at(protected_.keys.front()));
        }
        return it->second.value;
    }

    bool put(const std::string& key, const std::string& value, TimePoint now, Duration ttl) {
        remove(key);
        const std::size_t w = MemoryCache::weigh(key.size(), value.size());
        if (ttl <= 0s || w > std::min(limits_.max_bytes, limits_.max_entry_bytes)) return false;
        while (weight() + w > limits_.max_bytes) {
            const std::string victim = (probation_.keys.empty() ? protected_ : probation_).keys.front();
            remove(victim);
        }
        probation_.keys.push_back(key);
        probation_.weight += w;
        map_[key] = {value, now + ttl, w, &probation_, std::prev(probation_.keys.end())};
        return true;
    }

    bool remove(const std::string& key) {
        const auto it = map_.find(key);
        if (it == map_.end()) return false;
        it->second.segment->keys.erase(it->second.place);
        it->second.segment->weight -= it->second.weight;
        map_.erase(it);
        return true;
    }

    std::size_t size() const { return map_.size(); }
    std::size_t weight() const { return probation_.weight + protected_.weight; }
    void clear() {
        while (!map_.empty()) remove(std::string(map_.begin()->first));
    }

private:
    struct Segment {
        std::list<std::string> keys; // oldest first
        std::size_t weight = 0;
    };
    struct Value {
        std::string value;
        TimePoint expires;
        std::size_t weight;
        Segment* segment;
        std::list<std::string>::iterator place;
    };
    static void move_to(Segment& to, Value& value) {
        to.keys.splice(to.keys.end(), value.segment->keys, value.place);
        value.segment->weight -= value.weight;
        to.weight += value.weight;
        value.segment = &to;
    }
    MemoryCacheLimits limits_;
    std::map<std::string, Value> map_;
    Segment probation_, protected_;
};

/// `colliding`: hashes that are nearly all alike.
void run_model(std::uint64_t seed, int steps, bool colliding, std::size_t max_bytes) {
    const MemoryCacheLimits limits{.max_bytes = max_bytes, .max_entry_bytes = 900, .ttl_jitter = 0};
    MemoryCache cache(limits, seed);
    Model model(limits);
    Dice dice{seed};
    TimePoint now = start;
    int hits = 0, expected_hits = 0;
    for (int step = 0; step < steps; ++step) {
        if (dice.below(4) == 0) now += std::chrono::milliseconds(dice.below(500));
        // some keys are asked for far more often than others
        const std::uint64_t id = dice.below(dice.below(2) ? 12 : 120);
        const std::string key = "key " + std::to_string(id) + std::string(id % 40, '.');
        const std::uint64_t hash = colliding ? cache.hash(key) & 1 : cache.hash(key);
        const std::uint64_t op = dice.below(1000);
        if (op < 600) {
            const auto found = cache.find(key, hash, now);
            const auto expected = model.find(key, now);
            if (static_cast<bool>(found) != expected.has_value())
                BOOST_FAIL("presence differs at step " << step);
            if (found && found.value() != *expected) BOOST_FAIL("a wrong answer at step " << step);
            hits += static_cast<bool>(found);
            expected_hits += expected.has_value();
        } else if (op < 960) {
            const std::string value =
                key + "=" + std::to_string(step) + std::string(dice.below(dice.below(8) ? 60 : 1200), 'v');
            const Duration ttl = std::chrono::milliseconds(dice.below(20) ? 1 + dice.below(60'000) : 0);
            if (cache.put(key, hash, value, now, ttl) != model.put(key, value, now, ttl)) {
                BOOST_FAIL("put differs at step " << step);
            }
        } else if (op < 999) {
            if (cache.erase(key, hash) != model.remove(key)) BOOST_FAIL("erase differs at step " << step);
        } else {
            cache.clear();
            model.clear();
        }
        if (cache.weight() > max_bytes) BOOST_FAIL("too heavy at step " << step);
        if (cache.size() != model.size()) BOOST_FAIL("size differs at step " << step);
        if (cache.weight() != model.weight()) BOOST_FAIL("weight differs at step " << step);
    }
    BOOST_TEST(hits > steps / 50);
    BOOST_TEST(hits == expected_hits);
}

} // namespace

BOOST_AUTO_TEST_CASE(it_equals_the_naive_model) {
    // 10^6 operations: no pressure, some, and much; good hashes and bad
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        run_model(seed, 60'000, false, 4096);
        run_model(seed + 10, 60'000, true, 4096);
        run_model(seed + 20, 40'000, false, 16'384);
        run_model(seed + 30, 30'000, false, 1024);
        run_model(seed + 40, 20'000, true, 1 << 20);
    }
}

BOOST_AUTO_TEST_CASE(a_colliding_hash_is_never_a_wrong_answer) {
    MemoryCache cache({}, 1);
    for (int i = 0; i < 200; ++i) {
        const std::string key = "key" + std::to_string(i);
        BOOST_TEST(cache.put(key, 42, "value of " + key, start, 1h));
    }
    for (int i = 0; i < 400; ++i) {
        const std::string key = "key" + std::to_string(i);
        const auto found = cache.find(key, 42, start);
        BOOST_TEST_REQUIRE(static_cast<bool>(found) == (i < 200));
        if (found) BOOST_TEST_REQUIRE(found.value() == "value of " + key);
    }
    BOOST_TEST(!cache.find("key", 42, start)); // a prefix
    BOOST_TEST(!cache.find("", 42, start));
    BOOST_TEST(!cache.find("key1", 43, start)); // another hash
}

BOOST_AUTO_TEST_CASE(keys_and_values_do_not_run_into_each_other) {
    MemoryCache cache({}, 1);
    BOOST_TEST(cache.put("ab", 7, "c", start, 1h));
    BOOST_TEST(!cache.find("a", 7, start));
    BOOST_TEST(!cache.find("abc", 7, start));
    BOOST_TEST(cache.put("a", 7, "bc", start, 1h));
    BOOST_TEST(cache.find("ab", 7, start).value() == "c");
    BOOST_TEST(cache.find("a", 7, start).value() == "bc");
    BOOST_TEST(cache.put("", 7, "", start, 1h));
    const auto empty = cache.find("", 7, start);
    BOOST_TEST(static_cast<bool>(empty));
    BOOST_TEST(empty.value().empty());
}

BOOST_AUTO_TEST_CASE(a_pinned_value_outlives_its_entry_and_the_cache) {
    const std::string long_value(500, 'p');
    MemoryCache::Pinned kept, other;
    {
        MemoryCache cache(MemoryCacheLimits{.max_bytes = 2048}, 1);
        BOOST_TEST(cache.put("k", 1, long_value, start, 1h));
        kept = cache.find("k", 1, start);
        BOOST_TEST(cache.put("k", 1, "new", start, 1h)); // replaced
        BOOST_TEST(kept.value() == long_value);
        BOOST_TEST(cache.find("k", 1, start).value() == "new");
        other = cache.find("k", 1, start);
        for (int i = 0; i < 100; ++i) (void)cache.put(std::to_string(i), 2, long_value, start, 1h); // evicted
        BOOST_TEST(other.value() == "new");
        cache.clear();
        BOOST_TEST(cache.weight() == 0U);
    }
    BOOST_TEST(kept.value() == long_value);
    BOOST_TEST(other.value() == "new");
    kept = std::move(other);
    BOOST_TEST(kept.value() == "new");
}

BOOST_AUTO_TEST_CASE(a_scan_does_not_push_out_what_is_used) {
    MemoryCache cache(MemoryCacheLimits{.max_bytes = 100'000}, 1);
    const std::string value(400, 'v');
    const auto key = [](const char* kind, int i) { return kind + std::to_string(i); };
    for (int i = 0; i < 50; ++i) {
        const std::string k = key("hot", i);
        BOOST_TEST(cache.put(k, cache.hash(k), value, start, 1h));
        BOOST_TEST(static_cast<bool>(cache.find(k, cache.hash(k), start)));
    }
    for (int i = 0; i < 10'000; ++i) {
        const std::string k = key("scan", i);
        BOOST_TEST_REQUIRE(cache.put(k, cache.hash(k), value, start, 1h));
        BOOST_TEST_REQUIRE(cache.weight() <= 100'000U);
    }
    int left = 0;
    for (int i = 0; i < 50; ++i) {
        const std::string k = key("hot", i);
        left += static_cast<bool>(cache.find(k, cache.hash(k), start));
    }
    BOOST_TEST(left == 50);
    BOOST_TEST(cache.size() > 150U); // and the room is used
}

BOOST_AUTO_TEST_CASE(times_to_live_are_spread) {
    MemoryCache cache(MemoryCacheLimits{}, 77);
    constexpr int count = 4000;
    for (int i = 0; i < count; ++i) {
        const std::string k = std::to_string(i);
        BOOST_TEST_REQUIRE(cache.put(k, cache.hash(k), "v", start, 100s));
    }
    const auto alive = [&](Duration age) {
        int n = 0;
        for (int i = 0; i < count; ++i) {
            const std::string k = std::to_string(i);
            n += static_cast<bool>(cache.find(k, cache.hash(k), start + age));
        }
        return n;
    };
    BOOST_TEST(alive(90s - 1ns) == count);
    const int early = alive(95s), half = alive(100s), late = alive(105s);
    BOOST_TEST((early > count * 70 / 100 && early < count * 80 / 100));
    BOOST_TEST((half > count * 45 / 100 && half < count * 55 / 100));
    BOOST_TEST((late > count * 20 / 100 && late < count * 30 / 100));
    BOOST_TEST(alive(110s) == 0);
    BOOST_TEST(cache.size() == 0U); // the expired are removed when they are met
    // another seed, another spread; the same seed, the same
    const auto expiry = [](std::uint64_t seed) {
        MemoryCache one(MemoryCacheLimits{}, seed);
        (void)one.put("k", 1, "v", start, 100s);
        Duration low = 0s, high = 200s;
        while (high - low > 1ns) {
            MemoryCache probe(MemoryCacheLimits{}, seed);
            (void)probe.put("k", 1, "v", start, 100s);
            const Duration mid = low + (high - low) / 2;
            (probe.find("k", 1, start + mid) ? low : high) = mid;
        }
        return high;
    };
    BOOST_TEST((expiry(1) == expiry(1)));
    BOOST_TEST((expiry(1) != expiry(2)));
}

BOOST_AUTO_TEST_CASE(without_jitter_a_time_to_live_is_exact) {
    MemoryCache cache(MemoryCacheLimits{.ttl_jitter = 0}, 1);
    BOOST_TEST(cache.put("k", 1, "v", start, 10s));
    BOOST_TEST(static_cast<bool>(cache.find("k", 1, start + 10s - 1ns)));
    BOOST_TEST(!cache.find("k", 1, start + 10s));
}

BOOST_AUTO_TEST_CASE(a_value_may_be_written_in_place) {
    MemoryCache cache(MemoryCacheLimits{.max_entry_bytes = 200}, 1);
    int written = 0;
    const auto write = [&](char* to) {
        ++written;
        to[0] = 'a', to[1] = 'b', to[2] = 'c';
    };
    BOOST_TEST(cache.put("k", 1, 3, write, start, 1h));
    BOOST_TEST(cache.find("k", 1, start).value() == "abc");
    BOOST_TEST(!cache.put("k", 1, 201, write, start, 1h)); // not stored, not written
    BOOST_TEST(written == 1);
}

BOOST_AUTO_TEST_CASE(times_to_live_at_the_ends) {
    MemoryCache cache(MemoryCacheLimits{}, 3);
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(cache.put("forever", 1, "v", start, Duration::max()));
        BOOST_TEST(static_cast<bool>(cache.find("forever", 1, start + 20 * 365 * 24h)));
    }
    BOOST_TEST(!cache.put("forever", 1, "w", start, 0s)); // and what was there is gone
    BOOST_TEST(!cache.find("forever", 1, start));
    BOOST_TEST(!cache.put("k", 1, "v", start, -1s));
    BOOST_TEST(cache.put("k", 1, "v", start, 1ns));
    BOOST_TEST(static_cast<bool>(cache.find("k", 1, start)));
    BOOST_TEST(!cache.find("k", 1, start + 2ns));
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_not_stored_and_evicts_nothing) {
    MemoryCache cache(MemoryCacheLimits{.max_bytes = 10'000, .max_entry_bytes = 1000}, 1);
    for (int i = 0; i < 5; ++i) BOOST_TEST(cache.put(std::to_string(i), 1, std::string(500, 'v'), start, 1h));
    const std::size_t most = 1000 - MemoryCache::weigh(1, 0);
    BOOST_TEST(cache.put("x", 1, std::string(most, 'v'), start, 1h));
    BOOST_TEST(!cache.put("x", 1, std::string(most + 1, 'v'), start, 1h));
    BOOST_TEST(!cache.find("x", 1, start)); // the old answer would be the wrong one
    BOOST_TEST(cache.size() == 5U);
}

BOOST_AUTO_TEST_CASE(invalid_limits_throw_and_name_the_limit) {
    const auto message = [](const MemoryCacheLimits& limits) -> std::string {
        try {
            MemoryCache cache(limits);
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
        return "";
    };
    BOOST_TEST(message({}) == "");
    BOOST_TEST(message({.max_bytes = 1000}).find("max_bytes") != std::string::npos);
    BOOST_TEST(message({.max_entry_bytes = std::size_t{3} << 30}).find("max_entry_bytes") !=
               std::string::npos);
    BOOST_TEST(message({.ttl_jitter = 1}).find("ttl_jitter") != std::string::npos);
    BOOST_TEST(message({.ttl_jitter = std::nan("")}).find("ttl_jitter") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
