#include "disk_cache.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "support/cache/fake_levels.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/randoms.hpp"

namespace catalog::cache {
namespace {

using std::chrono::seconds;
using testing::FaultyRecordStore;

struct Bed {
    explicit Bed(std::uint64_t bytes_max = 1 << 20) : options{bytes_max, {}, {}} { open(); }

    void open() {
        cache = std::make_unique<DiskCache>(faulty, options, clock,
                                            std::make_shared<fakes::SeededRandom>(1));
    }
    void put(std::string_view key, std::string_view value, const ValueTimes& times = {}) {
        cache->put(as_bytes(key), as_bytes(value), times);
    }
    std::optional<std::string> get(std::string_view key) {
        const auto found = cache->get(as_bytes(key));
        if (!found) return std::nullopt;
        return std::string(as_text(found->value));
    }
    [[nodiscard]] std::size_t records() const {
        std::size_t count = 0;
        EXPECT_TRUE(base->scan({}, [&](auto, auto) { return ++count > 0; }));
        return count;
    }

    std::shared_ptr<fakes::FakeClock> clock = std::make_shared<fakes::FakeClock>();
    std::shared_ptr<RecordStore> base = make_memory_record_store();
    std::shared_ptr<FaultyRecordStore> faulty = std::make_shared<FaultyRecordStore>(base);
    DiskCache::Options options;
    std::unique_ptr<DiskCache> cache;
};

TEST(DiskCache, KeepsValuesOverReopening) {
    Bed bed;
    bed.put("key", "old");
    bed.put("key", "value");
    bed.open();
    EXPECT_EQ(bed.get("key"), "value");
    EXPECT_EQ(bed.cache->stats().entries, 1u);
    bed.put("other", "value");
    bed.open();
    EXPECT_EQ(bed.get("other"), "value");
    EXPECT_EQ(bed.get("third"), std::nullopt);
}

TEST(DiskCache, EvictsTheOldestWithinItsBytes) {
    Bed bed(64 << 10);
    for (int i = 0; i < 500; ++i) {
        bed.put("key" + std::to_string(i), std::string(1'000, 'v'));
        ASSERT_LE(bed.cache->stats().bytes, 64u << 10);
        if (i % 100 == 50) bed.open();
    }
    EXPECT_EQ(bed.get("key499"), std::string(1'000, 'v'));
    EXPECT_EQ(bed.get("key0"), std::nullopt);
    const CacheLevelStats stats = bed.cache->stats();
    EXPECT_GT(stats.entries, 40u);
    EXPECT_EQ(bed.records(), 1 + 2 * stats.entries);
}

TEST(DiskCache, RefusesAValueThatWouldTakeASixteenthOfIt) {
    Bed bed(64 << 10);
    bed.put("key", "value");
    bed.put("key", std::string(5'000, 'v'));
    EXPECT_EQ(bed.get("key"), std::nullopt);
    EXPECT_EQ(bed.cache->stats().refused, 1u);
    EXPECT_EQ(bed.cache->stats().entries, 0u);
}

TEST(DiskCache, ForgetsWhatIsErasedExpiredOrCleared) {
    Bed bed;
    ValueTimes times;
    times.fresh_until = times.revalidate_until = times.keep_until =
        bed.clock->now_wall() + seconds(10);
    bed.put("a/1", "v", times);
    bed.put("a/2", "v");
    bed.put("b/1", "v");
    bed.cache->erase(as_bytes("b/1"));
    EXPECT_EQ(bed.get("b/1"), std::nullopt);
    EXPECT_EQ(bed.get("a/1"), "v");
    bed.clock->advance(seconds(10));
    EXPECT_EQ(bed.get("a/1"), std::nullopt);
    EXPECT_EQ(bed.cache->stats().expired, 1u);
    EXPECT_EQ(bed.cache->stats().entries, 1u);
    bed.put("b/2", "v");
    bed.cache->erase_prefix(as_bytes("a/"));
    EXPECT_EQ(bed.get("a/2"), std::nullopt);
    EXPECT_EQ(bed.get("b/2"), "v");
    bed.cache->clear();
    EXPECT_EQ(bed.get("b/2"), std::nullopt);
    EXPECT_EQ(bed.cache->stats().bytes, 0u);
}

TEST(DiskCache, GivesNothingOfAnotherSecret) {
    Bed bed;
    bed.put("key", "value");
    bed.options.secret = to_bytes(as_bytes("another"));
    bed.open();
    EXPECT_EQ(bed.get("key"), std::nullopt);
    EXPECT_EQ(bed.cache->stats().rejected, 1u);
    bed.put("key", "value");
    EXPECT_EQ(bed.get("key"), "value");
}

// Every byte of every record, one after the other: a miss or the right value, and usable
// afterwards.
TEST(DiskCache, NeverGivesAWrongValueFromDamagedRecords) {
    std::vector<std::pair<std::string, std::string>> records;
    {
        Bed bed;
        bed.put("key", "value");
        bed.put("other", "value 2");
        ASSERT_TRUE(bed.base->scan({}, [&](std::string_view key, std::string_view value) {
            records.emplace_back(key, value);
            return true;
        }));
    }
    for (std::size_t damaged = 0; damaged < records.size(); ++damaged)
        for (std::size_t at = 0; at <= records[damaged].second.size(); ++at) {
            Bed bed;
            std::vector<RecordStore::Change> changes;
            for (const auto& [key, value] : records) changes.push_back({key, value});
            std::string& value = *changes[damaged].value;
            if (at == value.size())
                value.clear();
            else
                value[at] = static_cast<char>(value[at] ^ 0x10);
            ASSERT_TRUE(bed.base->write(changes));
            bed.open();
            for (int turn = 0; turn < 2; ++turn) {
                const auto key = bed.get("key");
                const auto other = bed.get("other");
                ASSERT_TRUE(!key || *key == "value");
                ASSERT_TRUE(!other || *other == "value 2");
                bed.put("third", "3");
                bed.put("key", "value");
            }
            bed.clock->advance(seconds(20));
            bed.put("key", "new");
            bed.put("key", "new");
            ASSERT_EQ(bed.get("key"), "new") << records[damaged].first << " byte " << at;
        }
}

// Each call of the store fails in turn: what is found is what was put last, or nothing.
TEST(DiskCache, NeverGivesAnOldValueAfterAFailedCall) {
    for (const bool done : {false, true})
        for (std::uint64_t nth = 1; nth < 80; ++nth) {
            SCOPED_TRACE("call " + std::to_string(nth) + (done ? ", done" : ", not done"));
            Bed bed(64 << 10);
            std::mt19937_64 random(nth);
            std::map<std::string, std::string> model;
            bed.faulty->fail(nth, false, done);
            for (int step = 0; step < 40; ++step) {
                const std::string key = "key" + std::to_string(random() % 5);
                if (random() % 5 == 0) {
                    bed.cache->erase(as_bytes(key));
                    model.erase(key);
                } else {
                    model[key] = std::string(random() % 3'000, static_cast<char>('a' + step % 26));
                    bed.put(key, model[key]);
                }
                for (int i = 0; i < 5; ++i) {
                    const std::string other = "key" + std::to_string(i);
                    const auto found = bed.get(other);
                    const auto expected = model.find(other);
                    ASSERT_TRUE(!found || (expected != model.end() && *found == expected->second));
                }
            }
            bed.put("key0", "at the end");
            EXPECT_EQ(bed.get("key0"), "at the end");
        }
}

TEST(DiskCache, IsNotAskedWhileItFails) {
    Bed bed;
    bed.put("key", "value");
    bed.faulty->fail(1, true);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(bed.get("key"), std::nullopt);
    const std::uint64_t calls = bed.faulty->calls();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(bed.get("key"), std::nullopt);
    EXPECT_EQ(bed.faulty->calls(), calls);
    EXPECT_EQ(bed.cache->stats().breaker, BreakerState::kOpen);
    EXPECT_EQ(bed.cache->stats().skipped, 100u);
    bed.faulty->fail(0);
    bed.clock->advance(seconds(1));
    EXPECT_EQ(bed.get("key"), "value");
    EXPECT_EQ(bed.cache->stats().breaker, BreakerState::kClosed);
}

}  // namespace
}  // namespace catalog::cache
