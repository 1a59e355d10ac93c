#include "support/kv/faulty_key_value_store.hpp"

#include <gtest/gtest.h>

namespace catalog::kv::testing {
namespace {

WriteBatch one_change() {
    WriteBatch batch;
    batch.put(Family{0}, "key", "value");
    return batch;
}

TEST(FaultyKeyValueStore, FailsTheChosenWriteAndAllAfterIt) {
    FaultyKeyValueStore store(make_memory_store(1));
    store.fail_write(2);
    EXPECT_TRUE(store.write(one_change(), Durability::kSync));
    EXPECT_EQ(store.write(one_change(), Durability::kSync).error().code(), Errc::kCommitFailed);
    EXPECT_EQ(store.write(one_change(), Durability::kSync).error().code(), Errc::kCommitFailed);
    EXPECT_EQ(store.writes(), 1u);
    store.fail_write(0);
    EXPECT_TRUE(store.write(one_change(), Durability::kSync));
}

TEST(FaultyKeyValueStore, FailsOneGetOnly) {
    FaultyKeyValueStore store(make_memory_store(1));
    store.fail_get(2);
    EXPECT_TRUE(store.get(Family{0}, "key"));
    EXPECT_EQ(store.get(Family{0}, "key").error().code(), Errc::kDatabaseIo);
    EXPECT_TRUE(store.get(Family{0}, "key"));
}

TEST(FaultyKeyValueStore, FailsRefreshWhileAsked) {
    FaultyKeyValueStore store(make_memory_store(1));
    store.fail_refresh(true);
    EXPECT_EQ(store.refresh().error().code(), Errc::kDatabaseIo);
    store.fail_refresh(false);
    EXPECT_TRUE(store.refresh());
}

}  // namespace
}  // namespace catalog::kv::testing
