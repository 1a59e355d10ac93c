// Random operations against a map: what a cache finds is what the map holds, though it may find
// nothing; and the hit ratio against LRU on skewed requests.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <list>
#include <map>
#include <random>
#include <string>
#include <unordered_map>

#include "catalog/cache/memory_cache.hpp"
#include "support/cache/cache_bed.hpp"
#include "support/core/fake_clock.hpp"

namespace catalog::cache {
namespace {

struct Modelled {
    std::string value;
    MonotonicTime expires;
    std::uint64_t stamp = 0;
};

void expect_agreement(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    MemoryCacheOptions options = testing::small_cache(
        (64 + random() % 400) << 10, static_cast<std::uint32_t>(32 + random() % 1'000));
    options.shards = 1u << random() % 3;
    const auto clock = std::make_shared<fakes::FakeClock>();
    const auto cache = testing::must_make(options, clock);
    std::map<std::string, Modelled> model;
    const std::uint64_t keys = 1 + random() % 3'000;
    const auto key = [&] {
        const std::uint64_t i = random() % 3 == 0 ? random() % keys : random() % (1 + keys / 20);
        return std::string(i % 40, 'p') + std::to_string(i);
    };
    std::uint64_t hits = 0;
    for (int step = 0; step < 20'000; ++step) {
        const std::string at = key();
        switch (random() % 16) {
            case 0:
                EXPECT_TRUE(!cache->erase(as_bytes(at)) || model.contains(at));
                model.erase(at);
                break;
            case 1:
                clock->advance(std::chrono::milliseconds(random() % 10));
                break;
            case 2:
                if (random() % 400 == 0) {
                    const std::string prefix(random() % 3, 'p');
                    (void)cache->erase_prefix(as_bytes(prefix));
                    std::erase_if(model, [&](auto& e) { return e.first.starts_with(prefix); });
                }
                break;
            case 3:
            case 4:
            case 5:
            case 6: {
                Modelled put{std::string(random() % 8 == 0 ? random() % 5'000 : random() % 100,
                                         static_cast<char>('a' + random() % 26)),
                             MonotonicTime::max(), random()};
                if (random() % 4 == 0)
                    put.expires =
                        clock->now_monotonic() + std::chrono::milliseconds(random() % 500);
                const bool taken =
                    cache->put(as_bytes(at), as_bytes(put.value), {put.expires, put.stamp});
                if (taken)
                    model[at] = put;
                else
                    model.erase(at);
                break;
            }
            default: {
                Bytes value;
                EntryTerms terms;
                if (!cache->find(as_bytes(at), value, terms)) break;
                ++hits;
                const auto expected = model.find(at);
                ASSERT_NE(expected, model.end()) << at;
                ASSERT_EQ(as_text(value), expected->second.value);
                ASSERT_EQ(terms.stamp, expected->second.stamp);
                ASSERT_EQ(terms.expires, expected->second.expires);
                ASSERT_GT(terms.expires, clock->now_monotonic());
            }
        }
    }
    const CacheLevelStats stats = cache->stats();
    EXPECT_LE(stats.entries, model.size());
    EXPECT_LE(stats.bytes, stats.bytes_max);
    EXPECT_EQ(stats.hits, hits);
    EXPECT_GT(hits, 0u);
}

TEST(MemoryCacheProperty, FindsWhatWasPutLastOrNothing) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        ASSERT_NO_FATAL_FAILURE(expect_agreement(seed));
    }
}

TEST(MemoryCacheProperty, HitsMoreOftenThanLruOnSkewedRequests) {
    constexpr std::size_t kObjects = 100'000;
    constexpr std::uint32_t kEntryBytes = 32 + 16 + 64;
    std::vector<double> below(kObjects);
    double sum = 0;
    for (std::size_t rank = 0; rank < kObjects; ++rank)
        below[rank] = sum += 1.0 / static_cast<double>(rank + 1);
    const auto cache =
        testing::must_make(testing::small_cache(140'000, kEntryBytes), make_system_clock());
    const std::size_t entries_max = cache->entry_room() / kEntryBytes;
    std::list<std::size_t> order;
    std::unordered_map<std::size_t, std::list<std::size_t>::iterator> lru;
    std::mt19937_64 random(11);
    std::uniform_real_distribution<double> uniform(0, sum);
    Bytes value;
    int ours = 0;
    int theirs = 0;
    constexpr int kRequests = 400'000;
    for (int i = 0; i < kRequests; ++i) {
        const auto object = static_cast<std::size_t>(
            std::upper_bound(below.begin(), below.end(), uniform(random)) - below.begin());
        std::string key = std::to_string(object);
        key.resize(16);
        if (cache->find(as_bytes(key), value))
            ++ours;
        else
            (void)cache->put(as_bytes(key), Bytes(64));
        if (const auto found = lru.find(object); found != lru.end()) {
            ++theirs;
            order.splice(order.begin(), order, found->second);
            continue;
        }
        order.push_front(object);
        lru.emplace(object, order.begin());
        if (order.size() <= entries_max) continue;
        lru.erase(order.back());
        order.pop_back();
    }
    EXPECT_GE(ours - theirs, kRequests * 6 / 100) << ours << " hits, LRU " << theirs;
}

}  // namespace
}  // namespace catalog::cache
