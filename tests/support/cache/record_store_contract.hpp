#pragma once
// What every RecordStore must do. Instantiate for a store with
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, RecordStoreContract, MyStoreMaker);
//
// where `std::shared_ptr<RecordStore> MyStoreMaker::make()` makes an empty one.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "catalog/cache/record_store.hpp"

namespace catalog::cache::testing {

using Records = std::vector<std::pair<std::string, std::string>>;

/// Returns up to `limit` records from `from` on.
inline Records records_of(const RecordStore& store, std::string_view from = {},
                          std::size_t limit = SIZE_MAX) {
    Records records;
    if (limit == 0) return records;
    const auto scanned = store.scan(from, [&](std::string_view key, std::string_view value) {
        records.emplace_back(key, value);
        return records.size() < limit;
    });
    EXPECT_TRUE(scanned);
    return records;
}

inline void must_write(RecordStore& store, const std::vector<RecordStore::Change>& changes) {
    const auto written = store.write(changes);
    ASSERT_TRUE(written) << written.error().to_string();
}

inline std::optional<std::string> must_get(const RecordStore& store, std::string_view key) {
    const auto got = store.get(key);
    EXPECT_TRUE(got);
    return got ? *got : std::nullopt;
}

template <class Maker>
class RecordStoreContract : public ::testing::Test {
protected:
    static std::shared_ptr<RecordStore> make() { return Maker::make(); }
};

TYPED_TEST_SUITE_P(RecordStoreContract);

TYPED_TEST_P(RecordStoreContract, IsEmptyAtFirst) {
    const auto store = this->make();
    EXPECT_EQ(must_get(*store, "a"), std::nullopt);
    EXPECT_TRUE(records_of(*store).empty());
    must_write(*store, {});
    must_write(*store, {{"a", std::nullopt}});
    EXPECT_TRUE(records_of(*store).empty());
}

TYPED_TEST_P(RecordStoreContract, ReturnsWhatWasWrittenLast) {
    const auto store = this->make();
    must_write(*store, {{"a", "first"}, {"b", ""}});
    EXPECT_EQ(must_get(*store, "a"), "first");
    EXPECT_EQ(must_get(*store, "b"), "");
    must_write(*store, {{"a", "second"}, {"b", std::nullopt}});
    EXPECT_EQ(must_get(*store, "a"), "second");
    EXPECT_EQ(must_get(*store, "b"), std::nullopt);
}

TYPED_TEST_P(RecordStoreContract, AppliesChangesOfOneKeyInTheirOrder) {
    const auto store = this->make();
    must_write(*store,
               {{"a", "1"}, {"a", std::nullopt}, {"a", "2"}, {"b", "1"}, {"b", std::nullopt}});
    EXPECT_EQ(records_of(*store), (Records{{"a", "2"}}));
}

TYPED_TEST_P(RecordStoreContract, TakesKeysAndValuesOfAnyBytes) {
    const auto store = this->make();
    const std::string key("\0\xff\n", 3);
    const std::string large(200'000, '\xfe');
    must_write(*store, {{key, large}, {"", "of the empty key"}});
    EXPECT_EQ(must_get(*store, key), large);
    EXPECT_EQ(must_get(*store, ""), "of the empty key");
}

TYPED_TEST_P(RecordStoreContract, ShowsRecordsInTheOrderOfTheirBytes) {
    const auto store = this->make();
    must_write(*store, {{"b", "2"}, {"\xff", "4"}, {"a", "1"}, {"ba", "3"}});
    EXPECT_EQ(records_of(*store), (Records{{"a", "1"}, {"b", "2"}, {"ba", "3"}, {"\xff", "4"}}));
    EXPECT_EQ(records_of(*store, "aa"), (Records{{"b", "2"}, {"ba", "3"}, {"\xff", "4"}}));
    EXPECT_EQ(records_of(*store, "b", 1), (Records{{"b", "2"}}));
    EXPECT_TRUE(records_of(*store, "\xff\x01").empty());
}

TYPED_TEST_P(RecordStoreContract, ShowsOneMomentWhateverIsWrittenMeanwhile) {
    const auto store = this->make();
    must_write(*store, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
    Records seen;
    const auto scanned = store->scan({}, [&](std::string_view key, std::string_view value) {
        seen.emplace_back(key, value);
        if (seen.size() == 1) {
            EXPECT_TRUE(store->write(
                std::vector<RecordStore::Change>{{"b", "new"}, {"c", std::nullopt}, {"d", "new"}}));
        }
        return true;
    });
    EXPECT_TRUE(scanned);
    EXPECT_EQ(seen, (Records{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
    EXPECT_EQ(records_of(*store), (Records{{"a", "1"}, {"b", "new"}, {"d", "new"}}));
}

TYPED_TEST_P(RecordStoreContract, HoldsWhatAMapHoldsAfterAnyChanges) {
    const auto store = this->make();
    std::map<std::string, std::string> model;
    const unsigned seed = 20'261'123;
    std::mt19937 random(seed);
    for (int round = 0; round < 200; ++round) {
        std::vector<RecordStore::Change> changes;
        for (std::size_t i = 0; i < random() % 8; ++i) {
            const std::string key = std::to_string(random() % 40);
            if (random() % 3 == 0) {
                changes.push_back({key, std::nullopt});
                model.erase(key);
            } else {
                model[key] = std::string(random() % 50, 'v') + std::to_string(round);
                changes.push_back({key, model[key]});
            }
        }
        must_write(*store, changes);
        const std::string from = std::to_string(random() % 40);
        ASSERT_EQ(records_of(*store, from), Records(model.lower_bound(from), model.end()))
            << "seed " << seed << ", round " << round;
    }
}

REGISTER_TYPED_TEST_SUITE_P(RecordStoreContract, IsEmptyAtFirst, ReturnsWhatWasWrittenLast,
                            AppliesChangesOfOneKeyInTheirOrder, TakesKeysAndValuesOfAnyBytes,
                            ShowsRecordsInTheOrderOfTheirBytes,
                            ShowsOneMomentWhateverIsWrittenMeanwhile,
                            HoldsWhatAMapHoldsAfterAnyChanges);

}  // namespace catalog::cache::testing
