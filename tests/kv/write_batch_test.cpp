#include <gtest/gtest.h>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv {
namespace {

TEST(WriteBatch, CountsKeyAndValueBytes) {
    WriteBatch batch;
    EXPECT_TRUE(batch.empty());
    batch.put(Family{0}, "key", "value");
    batch.remove(Family{0}, "gone");
    EXPECT_EQ(batch.bytes(), 12u);
    EXPECT_FALSE(batch.empty());
}

TEST(WriteBatch, AppendKeepsTheOrderOfChanges) {
    WriteBatch first;
    first.put(Family{0}, "a", "1");
    WriteBatch second;
    second.remove(Family{1}, "a");
    second.put(Family{0}, "a", "2");
    first.append(std::move(second));
    ASSERT_EQ(first.changes().size(), 3u);
    EXPECT_EQ(first.changes()[0].value, "1");
    EXPECT_EQ(first.changes()[1].kind, WriteBatch::Kind::kRemove);
    EXPECT_EQ(first.changes()[1].family, Family{1});
    EXPECT_EQ(first.changes()[2].value, "2");
    EXPECT_EQ(first.bytes(), 5u);
}

TEST(WriteBatch, AppendToAnEmptyBatchTakesTheOther) {
    WriteBatch batch;
    WriteBatch other;
    other.put(Family{3}, "k", "v");
    batch.append(std::move(other));
    ASSERT_EQ(batch.changes().size(), 1u);
    EXPECT_EQ(batch.bytes(), 2u);
}

}  // namespace
}  // namespace catalog::kv
