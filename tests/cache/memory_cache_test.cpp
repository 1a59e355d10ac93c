#include "catalog/cache/memory_cache.hpp"

#include <gtest/gtest.h>

#include <list>
#include <optional>
#include <string>

#include "support/cache/cache_bed.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/randoms.hpp"

namespace catalog::cache {
namespace {

using std::chrono::seconds;
using testing::must_make;
using testing::small_cache;

struct Bed {
    explicit Bed(const MemoryCacheOptions& options = small_cache(1 << 20))
        : clock(std::make_shared<fakes::FakeClock>()), cache(must_make(options, clock)) {}

    bool put(std::string_view key, std::string_view value, const EntryTerms& terms = {}) const {
        return cache->put(as_bytes(key), as_bytes(value), terms);
    }
    [[nodiscard]] std::optional<std::string> find(std::string_view key) const {
        Bytes value;
        if (!cache->find(as_bytes(key), value)) return std::nullopt;
        return std::string(as_text(value));
    }

    std::shared_ptr<fakes::FakeClock> clock;
    std::unique_ptr<MemoryCache> cache;
};

TEST(MemoryCache, FindsNothingWhenNew) {
    const Bed bed;
    EXPECT_EQ(bed.find("key"), std::nullopt);
    EXPECT_EQ(bed.find(""), std::nullopt);
    EXPECT_FALSE(bed.cache->erase(as_bytes("key")));
}

TEST(MemoryCache, ReturnsWhatWasPutLast) {
    const Bed bed;
    EXPECT_TRUE(bed.put("key", "old"));
    EXPECT_EQ(bed.find("key"), "old");
    EXPECT_TRUE(bed.put("key", "new"));
    EXPECT_EQ(bed.find("key"), "new");
    EXPECT_TRUE(bed.put("key", std::string(500, 'n')));
    EXPECT_EQ(bed.find("key"), std::string(500, 'n'));
    EXPECT_EQ(bed.cache->stats().entries, 1u);
}

TEST(MemoryCache, TakesAnyBytesAndEveryLength) {
    const Bed bed;
    for (std::size_t length = 0; length < 70; ++length) {
        const std::string key = std::string(length, '\0') + "\xff";
        std::string value;
        for (std::size_t i = 0; i < length; ++i) value.push_back(static_cast<char>(i * 37));
        EXPECT_TRUE(bed.put(key, value));
        EXPECT_EQ(bed.find(key), value) << length;
    }
    EXPECT_TRUE(bed.put("", ""));
    EXPECT_EQ(bed.find(""), "");
}

TEST(MemoryCache, TellsApartKeysOfWhichOneBeginsTheOther) {
    const Bed bed;
    bed.put("abcdefgh", "8");
    bed.put("abcdefghi", "9");
    bed.put(std::string("abcdefgh\0", 9), "zero");
    EXPECT_EQ(bed.find("abcdefgh"), "8");
    EXPECT_EQ(bed.find("abcdefghi"), "9");
    EXPECT_EQ(bed.find(std::string("abcdefgh\0", 9)), "zero");
    EXPECT_EQ(bed.find("abcdefg"), std::nullopt);
}

TEST(MemoryCache, ForgetsWhatIsErased) {
    const Bed bed;
    bed.put("key", "value");
    EXPECT_TRUE(bed.cache->erase(as_bytes("key")));
    EXPECT_EQ(bed.find("key"), std::nullopt);
    EXPECT_FALSE(bed.cache->erase(as_bytes("key")));
    EXPECT_EQ(bed.cache->stats().entries, 0u);
    EXPECT_EQ(bed.cache->stats().bytes, 0u);
}

TEST(MemoryCache, ErasesByPrefixAndKeepsTheRest) {
    const Bed bed;
    for (int i = 0; i < 50; ++i) {
        bed.put("acme/" + std::to_string(i), "a");
        bed.put("acne/" + std::to_string(i), "b");
    }
    bed.put("acme", "short");
    EXPECT_EQ(bed.cache->erase_prefix(as_bytes("acme/")), 50u);
    EXPECT_EQ(bed.find("acme/7"), std::nullopt);
    EXPECT_EQ(bed.find("acne/7"), "b");
    EXPECT_EQ(bed.find("acme"), "short");
    EXPECT_EQ(bed.cache->erase_prefix({}), 51u);
    EXPECT_EQ(bed.cache->stats().entries, 0u);
}

TEST(MemoryCache, IsEmptyAndUsableAfterClear) {
    const Bed bed;
    for (int i = 0; i < 20'000; ++i) bed.put("key" + std::to_string(i), std::string(100, 'v'));
    bed.cache->clear();
    EXPECT_EQ(bed.cache->stats().entries, 0u);
    EXPECT_EQ(bed.find("key19999"), std::nullopt);
    bed.put("key", "value");
    EXPECT_EQ(bed.find("key"), "value");
}

TEST(MemoryCache, DoesNotFindWhatHasExpired) {
    const Bed bed;
    EntryTerms terms;
    terms.expires = bed.clock->now_monotonic() + seconds(10);
    terms.stamp = 4711;
    bed.put("key", "value", terms);
    bed.clock->advance(seconds(10) - std::chrono::nanoseconds(1));
    Bytes value;
    EntryTerms found;
    ASSERT_TRUE(bed.cache->find(as_bytes("key"), value, found));
    EXPECT_EQ(found.stamp, 4711u);
    EXPECT_EQ(found.expires, terms.expires);
    bed.clock->advance(std::chrono::nanoseconds(1));
    EXPECT_EQ(bed.find("key"), std::nullopt);
    EXPECT_EQ(bed.cache->stats().expired, 1u);
    bed.put("key", "again");
    EXPECT_EQ(bed.find("key"), "again");
}

TEST(MemoryCache, RefusesWhatIsTooLargeAndForgetsWhatStoodThere) {
    const Bed bed;
    const std::size_t most = bed.cache->entry_bytes_max() - 32 - 8;
    EXPECT_TRUE(bed.put("key", std::string(most, 'v')));
    EXPECT_EQ(bed.find("key"), std::string(most, 'v'));
    EXPECT_FALSE(bed.put("key", std::string(most + 1, 'v')));
    EXPECT_EQ(bed.find("key"), std::nullopt);
    EXPECT_EQ(bed.cache->stats().refused, 1u);
}

TEST(MemoryCache, NeverHoldsMoreBytesThanItsRoom) {
    const Bed bed;
    for (std::size_t i = 0; i < 30'000; ++i) {
        bed.put("key" + std::to_string(i), std::string(i * 7919 % 3'000, 'v'));
        if (i % 1'000 == 0) {
            const CacheLevelStats stats = bed.cache->stats();
            ASSERT_LE(stats.bytes, stats.bytes_max);
        }
    }
    const CacheLevelStats stats = bed.cache->stats();
    EXPECT_LE(stats.bytes_max, 1u << 20);
    EXPECT_GE(stats.bytes_max, (1u << 20) * 8 / 10);
    // Entries of half the small ring leave gaps; the rest is used.
    EXPECT_GE(stats.bytes, stats.bytes_max * 8 / 10);
    EXPECT_EQ(stats.inserts - stats.evictions, stats.entries);
}

TEST(MemoryCache, KeepsManySmallEntriesThanExpectedWithinItsIndex) {
    const Bed bed(small_cache(1 << 20, 1'024));
    for (int i = 0; i < 30'000; ++i) bed.put("k" + std::to_string(i), "v");
    const CacheLevelStats stats = bed.cache->stats();
    EXPECT_GE(stats.entries, 1'400u);
    EXPECT_EQ(stats.inserts - stats.evictions, stats.entries);
    EXPECT_EQ(bed.find("k29999"), "v");
}

TEST(MemoryCache, KeepsWhatWasAskedForTwiceThroughAScan) {
    const Bed bed;
    for (int i = 0; i < 20; ++i) bed.put("hot" + std::to_string(i), std::string(100, 'h'));
    for (int turn = 0; turn < 2; ++turn)
        for (int i = 0; i < 20; ++i) ASSERT_TRUE(bed.find("hot" + std::to_string(i)).has_value());
    for (int i = 0; i < 20'000; ++i) bed.put("scan" + std::to_string(i), std::string(100, 's'));
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(bed.find("hot" + std::to_string(i)).has_value()) << i;
}

TEST(MemoryCache, AdmitsWhatComesBackSoonToTheMainQueue) {
    const Bed bed;
    const auto scan = [&](int from, int to) {
        for (int i = from; i < to; ++i) bed.put("scan" + std::to_string(i), std::string(200, 's'));
    };
    scan(0, 20'000);
    bed.put("back", "value");
    scan(20'000, 21'000);
    ASSERT_EQ(bed.find("back"), std::nullopt);
    bed.put("back", "value");
    scan(30'000, 31'000);  // Long enough for what is in the small queue to go.
    EXPECT_EQ(bed.find("back"), "value");
}

TEST(MemoryCache, CountsHitsAndMisses) {
    const Bed bed;
    bed.put("key", "value");
    for (int i = 0; i < 5; ++i) (void)bed.find("key");
    for (int i = 0; i < 3; ++i) (void)bed.find("other");
    const CacheLevelStats stats = bed.cache->stats();
    EXPECT_EQ(stats.hits, 5u);
    EXPECT_EQ(stats.misses, 3u);
    EXPECT_EQ(stats.inserts, 1u);
    EXPECT_EQ(stats.bytes, 32u + 8 + 8);
}

TEST(MemoryCache, RefusesOptionsOutsideTheirRange) {
    const auto code = [](const MemoryCacheOptions& options) {
        fakes::SeededRandom random(1);
        const auto made = MemoryCache::make(options, make_system_clock(), random);
        return made ? std::optional<Errc>() : made.error().code();
    };
    EXPECT_EQ(code(small_cache(65'535)), Errc::kInvalidArgument);
    EXPECT_EQ(code(small_cache(std::uint64_t{257} << 30)), Errc::kInvalidArgument);
    EXPECT_EQ(code(small_cache(1 << 20, 31)), Errc::kInvalidArgument);
    MemoryCacheOptions options = small_cache(1 << 20);
    options.shards = 3;
    EXPECT_EQ(code(options), Errc::kInvalidArgument);
    options.shards = 32;
    EXPECT_EQ(code(options), Errc::kInvalidArgument);
    options.shards = 16;
    EXPECT_EQ(code(options), std::nullopt);
}

TEST(MemoryCache, IsNotMadeWithoutASeed) {
    fakes::FaultyRandom random(std::make_shared<fakes::SeededRandom>(1), 0);
    const auto made = MemoryCache::make(small_cache(1 << 20), make_system_clock(), random);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), Errc::kRandomUnavailable);
}

}  // namespace
}  // namespace catalog::cache
