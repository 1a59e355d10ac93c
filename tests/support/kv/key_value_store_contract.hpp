#pragma once
// The contract suite of KeyValueStore: what every implementation must do, real and fake alike.
//
// Instantiate it with makers of empty stores:
//   INSTANTIATE_TEST_SUITE_P(Memory, KeyValueStoreContract, testing::Values(StoreMaker{...}));

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <random>
#include <string>

#include "catalog/kv/key_value_store.hpp"
#include "support/kv/store_model.hpp"

namespace catalog::kv::testing {

/// Makes an empty writable store with that many families.
struct StoreMaker {
    std::string name;
    std::function<std::unique_ptr<KeyValueStore>(std::size_t families)> make;
    friend std::ostream& operator<<(std::ostream& out, const StoreMaker& maker) {
        return out << maker.name;
    }
};

class KeyValueStoreContract : public ::testing::TestWithParam<StoreMaker> {
protected:
    static constexpr Family kFirst{0};
    static constexpr Family kSecond{1};

    [[nodiscard]] static std::unique_ptr<KeyValueStore> make(std::size_t families = 2) {
        return GetParam().make(families);
    }
    static void put(KeyValueStore& store, Family family, std::string key, std::string value) {
        WriteBatch batch;
        batch.put(family, std::move(key), std::move(value));
        const auto written = store.write(batch, Durability::kSync);
        ASSERT_TRUE(written) << written.error().to_string();
    }
    [[nodiscard]] static std::optional<std::string> get(const KeyValueStore& store, Family family,
                                                        std::string_view key) {
        auto value = store.get(family, key);
        EXPECT_TRUE(value) << value.error().to_string();
        return value ? *value : std::nullopt;
    }
};

TEST_P(KeyValueStoreContract, HoldsNothingWhenNew) {
    const auto store = make();
    EXPECT_EQ(get(*store, kFirst, "a"), std::nullopt);
    const auto walk = store->iterate(kFirst);
    walk->seek("");
    EXPECT_FALSE(walk->valid());
    EXPECT_TRUE(walk->status());
}

TEST_P(KeyValueStoreContract, ReturnsWhatWasPutLast) {
    const auto store = make();
    put(*store, kFirst, "key", "old");
    put(*store, kFirst, "key", "new");
    EXPECT_EQ(get(*store, kFirst, "key"), "new");
}

TEST_P(KeyValueStoreContract, RemovesAndToleratesRemovingWhatIsAbsent) {
    const auto store = make();
    put(*store, kFirst, "key", "value");
    WriteBatch batch;
    batch.remove(kFirst, "key");
    batch.remove(kFirst, "never there");
    ASSERT_TRUE(store->write(batch, Durability::kSync));
    EXPECT_EQ(get(*store, kFirst, "key"), std::nullopt);
}

TEST_P(KeyValueStoreContract, KeepsFamiliesApart) {
    const auto store = make();
    put(*store, kFirst, "key", "first");
    put(*store, kSecond, "key", "second");
    EXPECT_EQ(get(*store, kFirst, "key"), "first");
    EXPECT_EQ(get(*store, kSecond, "key"), "second");
}

TEST_P(KeyValueStoreContract, TakesAnyBytesInKeysAndValues) {
    const auto store = make();
    const std::string key("\0\xff\x80 k", 5);
    const std::string value("\0v\n\xfe", 4);
    put(*store, kFirst, key, value);
    put(*store, kFirst, "", "");
    EXPECT_EQ(get(*store, kFirst, key), value);
    EXPECT_EQ(get(*store, kFirst, ""), "");
}

TEST_P(KeyValueStoreContract, TakesValuesOfAMegabyte) {
    const auto store = make();
    const std::string value(1u << 20, 'v');
    put(*store, kFirst, "key", value);
    EXPECT_EQ(get(*store, kFirst, "key"), value);
}

TEST_P(KeyValueStoreContract, AppliesChangesOfABatchInTheirOrder) {
    const auto store = make();
    WriteBatch batch;
    batch.put(kFirst, "kept", "1");
    batch.remove(kFirst, "kept");
    batch.put(kFirst, "kept", "2");
    batch.put(kFirst, "gone", "1");
    batch.remove(kFirst, "gone");
    ASSERT_TRUE(store->write(batch, Durability::kNoSync));
    EXPECT_EQ(get(*store, kFirst, "kept"), "2");
    EXPECT_EQ(get(*store, kFirst, "gone"), std::nullopt);
}

TEST_P(KeyValueStoreContract, AcceptsAnEmptyBatch) {
    const auto store = make();
    EXPECT_TRUE(store->write(WriteBatch(), Durability::kSync));
}

TEST_P(KeyValueStoreContract, RefusesABatchWithAnUnknownFamilyAsAWhole) {
    const auto store = make(2);
    WriteBatch batch;
    batch.put(kFirst, "key", "value");
    batch.put(Family{2}, "key", "value");
    const auto written = store->write(batch, Durability::kSync);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code(), Errc::kInvalidArgument);
    EXPECT_EQ(get(*store, kFirst, "key"), std::nullopt);
    put(*store, kFirst, "key", "the store still takes writes");
}

TEST_P(KeyValueStoreContract, ReportsReadsOfAnUnknownFamily) {
    const auto store = make(2);
    EXPECT_EQ(store->get(Family{2}, "key").error().code(), Errc::kInvalidArgument);
    EXPECT_EQ(store->snapshot()->get(Family{2}, "key").error().code(), Errc::kInvalidArgument);
    const auto walk = store->iterate(Family{2});
    walk->seek("");
    EXPECT_FALSE(walk->valid());
    ASSERT_FALSE(walk->status());
    EXPECT_EQ(walk->status().error().code(), Errc::kInvalidArgument);
}

TEST_P(KeyValueStoreContract, SeeksForwardsAndBackwards) {
    const auto store = make();
    for (const char* key : {"b", "d", "f"}) put(*store, kFirst, key, std::string("of ") + key);
    const auto walk = store->iterate(kFirst);
    EXPECT_FALSE(walk->valid());
    EXPECT_EQ(walk->key(), "");
    walk->seek("c");
    ASSERT_TRUE(walk->valid());
    EXPECT_EQ(walk->key(), "d");
    EXPECT_EQ(walk->value(), "of d");
    walk->seek("d");
    EXPECT_EQ(walk->key(), "d");
    walk->seek_for_prev("e");
    EXPECT_EQ(walk->key(), "d");
    walk->seek_for_prev("d");
    EXPECT_EQ(walk->key(), "d");
    walk->prev();
    EXPECT_EQ(walk->key(), "b");
    walk->next();
    walk->next();
    EXPECT_EQ(walk->key(), "f");
    walk->next();
    EXPECT_FALSE(walk->valid());
    walk->next();
    EXPECT_FALSE(walk->valid());
    walk->seek_for_prev("a");
    EXPECT_FALSE(walk->valid());
    walk->prev();
    EXPECT_FALSE(walk->valid());
    EXPECT_TRUE(walk->status());
}

TEST_P(KeyValueStoreContract, OrdersKeysByUnsignedBytes) {
    const auto store = make();
    for (const char* key : {"\xff", "\x7f", "a", "ab", "\x80"}) put(*store, kFirst, key, "");
    std::vector<std::string> keys;
    const auto walk = store->iterate(kFirst);
    for (walk->seek(""); walk->valid(); walk->next()) keys.emplace_back(walk->key());
    EXPECT_EQ(keys, (std::vector<std::string>{"a", "ab", "\x7f", "\x80", "\xff"}));
}

TEST_P(KeyValueStoreContract, IteratorSeesTheMomentAtWhichItWasMade) {
    const auto store = make();
    put(*store, kFirst, "a", "1");
    const auto walk = store->iterate(kFirst);
    put(*store, kFirst, "a", "2");
    put(*store, kFirst, "b", "2");
    walk->seek("");
    ASSERT_TRUE(walk->valid());
    EXPECT_EQ(walk->value(), "1");
    walk->next();
    EXPECT_FALSE(walk->valid());
}

TEST_P(KeyValueStoreContract, SnapshotNeverChanges) {
    const auto store = make();
    put(*store, kFirst, "a", "1");
    put(*store, kSecond, "b", "1");
    const auto moment = store->snapshot();
    WriteBatch batch;
    batch.remove(kFirst, "a");
    batch.put(kSecond, "b", "2");
    batch.put(kSecond, "c", "2");
    ASSERT_TRUE(store->write(batch, Durability::kSync));
    EXPECT_EQ(found(moment->get(kFirst, "a")), "1");
    EXPECT_EQ(found(moment->get(kSecond, "b")), "1");
    EXPECT_EQ(found(moment->get(kSecond, "c")), std::nullopt);
    const auto walk = moment->iterate(kSecond);
    walk->seek("");
    EXPECT_EQ(walk->value(), "1");
    walk->next();
    EXPECT_FALSE(walk->valid());
    EXPECT_EQ(get(*store, kSecond, "b"), "2");
}

TEST_P(KeyValueStoreContract, SnapshotAndIteratorOutliveTheirStore) {
    auto store = make();
    put(*store, kFirst, "a", "1");
    auto moment = store->snapshot();
    const auto walk = moment->iterate(kFirst);
    store.reset();
    EXPECT_EQ(found(moment->get(kFirst, "a")), "1");
    moment.reset();
    walk->seek("");
    ASSERT_TRUE(walk->valid());
    EXPECT_EQ(walk->value(), "1");
}

TEST_P(KeyValueStoreContract, RefreshOfAWritableStoreChangesNothing) {
    const auto store = make();
    put(*store, kFirst, "a", "1");
    EXPECT_TRUE(store->refresh());
    EXPECT_EQ(get(*store, kFirst, "a"), "1");
}

TEST_P(KeyValueStoreContract, RevisionGrowsWithEveryWriteAndWithNothingElse) {
    const auto store = make();
    std::uint64_t revision = store->revision();
    for (const std::string key : {"a", "b", "a"}) {
        put(*store, kFirst, key, "value");
        EXPECT_GT(store->revision(), revision);
        revision = store->revision();
        EXPECT_TRUE(get(*store, kFirst, "a").has_value());
        ASSERT_TRUE(store->refresh());
        EXPECT_EQ(store->revision(), revision);
    }
}

TEST_P(KeyValueStoreContract, CountsItsBytes) {
    const auto store = make();
    put(*store, kFirst, "key", std::string(100'000, 'v'));
    const auto bytes = store->disk_bytes();
    ASSERT_TRUE(bytes);
    EXPECT_GE(*bytes, 100'000u);
}

TEST_P(KeyValueStoreContract, CountsTheMemoryOfWhatWasWritten) {
    const auto store = make();
    put(*store, kFirst, "key", std::string(100'000, 'v'));
    EXPECT_GE(store->usage().memory_bytes, 100'000u);
    EXPECT_LE(store->usage().threads, 3u);
}

TEST_P(KeyValueStoreContract, AnUndamagedStoreVerifiesWithoutFindings) {
    const auto store = make();
    put(*store, kFirst, "key", "value");
    const auto damages = store->verify();
    ASSERT_TRUE(damages);
    EXPECT_EQ(*damages, std::vector<std::string>());
}

/// Walks both in step from `key` on, in both directions.
inline void expect_same_walk(Iterator& walk, const std::map<std::string, std::string>& model,
                             const std::string& key) {
    walk.seek(key);
    auto at = model.lower_bound(key);
    for (int steps = 0; steps < 5; ++steps) {
        ASSERT_EQ(walk.valid(), at != model.end());
        if (at == model.end()) break;
        ASSERT_EQ(walk.key(), at->first);
        ASSERT_EQ(walk.value(), at->second);
        walk.next();
        ++at;
    }
    walk.seek_for_prev(key);
    at = model.upper_bound(key);
    for (int steps = 0; steps < 5; ++steps) {
        ASSERT_EQ(walk.valid(), at != model.begin());
        if (at == model.begin()) break;
        --at;
        ASSERT_EQ(walk.key(), at->first);
        walk.prev();
    }
    ASSERT_TRUE(walk.status());
}

TEST_P(KeyValueStoreContract, AgreesWithMapsUnderRandomOperations) {
    constexpr std::size_t kFamilies = 3;
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        const auto store = make(kFamilies);
        StoreModel model(kFamilies);
        struct Moment {
            std::shared_ptr<const Snapshot> snapshot;
            std::unique_ptr<Iterator> walk;
            Family family;
            StoreModel model;
        };
        std::vector<Moment> moments;
        for (int step = 0; step < 300; ++step) {
            const WriteBatch batch = random_batch(random, kFamilies);
            ASSERT_TRUE(store->write(batch, Durability::kNoSync));
            model.apply(batch);
            const Family family{static_cast<std::uint32_t>(random() % kFamilies)};
            if (random() % 8 == 0)
                moments.push_back({store->snapshot(), store->iterate(family), family, model});
            if (moments.size() > 6)
                moments.erase(moments.begin() + static_cast<std::ptrdiff_t>(random() % 6));
            const std::string key = random_key(random);
            const auto in_model = model.family(family).find(key);
            ASSERT_EQ(get(*store, family, key), in_model == model.family(family).end()
                                                    ? std::nullopt
                                                    : std::optional(in_model->second));
            ASSERT_NO_FATAL_FAILURE(
                expect_same_walk(*store->iterate(family), model.family(family), key));
            for (Moment& moment : moments)
                ASSERT_NO_FATAL_FAILURE(
                    expect_same_walk(*moment.walk, moment.model.family(moment.family), key));
        }
        ASSERT_EQ(read_store(*store, kFamilies), model);
        for (const Moment& moment : moments)
            ASSERT_EQ(read_snapshot(*moment.snapshot, kFamilies), moment.model);
    }
}

}  // namespace catalog::kv::testing
