#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "catalog/cache/memory_cache.hpp"
#include "support/cache/cache_bed.hpp"

namespace catalog::cache {
namespace {

constexpr std::size_t kKeys = 400;

std::string name_of(std::size_t key) { return "acme/part-" + std::to_string(key); }

// Writers raise the version of keys that are theirs alone. A reader must never see a mixture, nor a
// version older than one that was put before it began to look, nor one that was not put yet.
void expect_only_newest(const MemoryCacheOptions& options, bool erasing, int rounds) {
    const auto cache = testing::must_make(options, make_system_clock());
    std::array<std::atomic<std::uint64_t>, kKeys> begun{};
    std::array<std::atomic<std::uint64_t>, kKeys> done{};
    std::atomic<bool> stop{false};
    std::atomic<int> wrong{0};
    std::atomic<std::uint64_t> hits{0};
    constexpr unsigned kWriters = 2;
    std::vector<std::thread> threads;
    for (unsigned writer = 0; writer < kWriters; ++writer)
        threads.emplace_back([&, writer] {
            std::mt19937_64 random(writer);
            for (int i = 0; i < rounds; ++i) {
                const std::size_t key = random() % (kKeys / kWriters) * kWriters + writer;
                const std::uint64_t version = ++begun[key];
                const std::size_t bytes = random() % 4 == 0 ? random() % 700 : 64;
                (void)cache->put(as_bytes(name_of(key)),
                                 as_bytes(testing::value_of(name_of(key), version, bytes)));
                done[key] = version;
                if (erasing && i % 64 == 0) (void)cache->erase(as_bytes(name_of(key)));
                if (erasing && i % 1'024 == 0) (void)cache->erase_prefix(as_bytes("acme/part-1"));
            }
        });
    for (unsigned reader = 0; reader < 2; ++reader)
        threads.emplace_back([&, reader] {
            std::mt19937_64 random(100 + reader);
            Bytes value;
            while (!stop) {
                const std::size_t key = random() % kKeys;
                const std::uint64_t before = done[key];
                if (!cache->find(as_bytes(name_of(key)), value)) continue;
                ++hits;
                const std::uint64_t version = testing::version_in(name_of(key), as_text(value));
                if (version < before || version > begun[key]) ++wrong;
            }
        });
    for (unsigned writer = 0; writer < kWriters; ++writer) threads[writer].join();
    for (std::size_t key = 0; key < kKeys; ++key) {
        Bytes value;
        if (cache->find(as_bytes(name_of(key)), value) &&
            testing::version_in(name_of(key), as_text(value)) != begun[key])
            ++wrong;
    }
    stop = true;
    for (unsigned i = kWriters; i < threads.size(); ++i) threads[i].join();
    EXPECT_EQ(wrong, 0);
    const CacheLevelStats stats = cache->stats();
    EXPECT_LE(stats.bytes, stats.bytes_max);
}

TEST(MemoryCacheConcurrent, ReadersSeeWholeValuesThatAreNotOlderThanTheirLook) {
    expect_only_newest(testing::small_cache(1 << 20), false, 20'000);
}

TEST(MemoryCacheConcurrent, ReadersSeeNoRoomThatBelongsToAnotherEntryByNow) {
    expect_only_newest(testing::small_cache(64 << 10), false, 20'000);
}

TEST(MemoryCacheConcurrent, ReadersSeeNothingWrongWhileEntriesAreErased) {
    MemoryCacheOptions options = testing::small_cache(256 << 10);
    options.shards = 4;
    expect_only_newest(options, true, 20'000);
}

TEST(MemoryCacheConcurrent, ReadersOfOneKeyThatIsWrittenAllTheTimeComeToAnEnd) {
    const auto cache = testing::must_make(testing::small_cache(64 << 10), make_system_clock());
    std::atomic<bool> stop{false};
    (void)cache->put(as_bytes("key"), as_bytes(testing::value_of("key", 0, 2'500)));
    std::thread writer([&] {
        for (std::uint64_t version = 1; !stop; ++version)
            (void)cache->put(as_bytes("key"),
                             as_bytes(testing::value_of("key", version % 10, 2'500)));
    });
    Bytes value;
    for (int i = 0; i < 100'000; ++i) {
        if (!cache->find(as_bytes("key"), value)) continue;
        EXPECT_LT(testing::version_in("key", as_text(value)), 10u);
    }
    stop = true;
    writer.join();
}

}  // namespace
}  // namespace catalog::cache
