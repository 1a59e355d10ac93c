// The write-ahead log with its marks must never change: what a store writes for fixed commits
// against recorded bytes, and recorded bytes against fixed values.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "log_builder.hpp"
#include "record_log.hpp"
#include "recovery_guard.hpp"
#include "support/core/golden.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::kv {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;

constexpr const char* kLog = "kv/log_v1.bin";

/// Two synced commits over two families, and the mark of closing: returns the log.
std::string fixed_log() {
    const auto fs = SimulatedFileSystem::make();
    {
        const auto store = testing::must_open(fs, "/db", testing::small_store(2));
        WriteBatch first;
        first.put(Family{0}, "key", "value");
        first.put(Family{1}, std::string("\0\xff", 2), "");
        must(store->write(first, Durability::kSync));
        WriteBatch second;
        second.remove(Family{0}, "key");
        must(store->write(second, Durability::kSync));
    }
    const auto names = testing::names_ending(*fs, "/db", ".log");
    EXPECT_EQ(names.size(), 1u);
    return must(io::read_file(*fs, "/db/" + names.front(), 1u << 20));
}

TEST(GoldenLog, IsWritten) { golden::expect(kLog, fixed_log()); }

TEST(GoldenLog, IsReadWithItsMarks) {
    const std::string log = golden::read(kLog);
    std::vector<WalRecord> records;
    LogVisitor visitor;
    visitor.intact = [&](std::string_view head) {
        const auto record = parse_wal_record(head);
        EXPECT_TRUE(record.has_value());
        records.push_back(record.value_or(WalRecord()));
        return true;
    };
    const LogExtent extent = must(read_record_log(testing::BytesFile(log), visitor));
    EXPECT_EQ(extent.intact_bytes, log.size());
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0].sequence, 1u);
    EXPECT_EQ(records[0].changes, 2u);
    EXPECT_EQ(records[0].durable_end, 1u);
    EXPECT_EQ(records[1].sequence, 3u);
    EXPECT_EQ(records[1].changes, 1u);
    EXPECT_EQ(records[1].durable_end, 3u);
    EXPECT_EQ(records[2].sequence, 4u);
    EXPECT_EQ(records[2].changes, 0u);
    EXPECT_EQ(records[2].durable_end, 4u);
}

TEST(GoldenLog, ItsRecordsAreShownToPeople) {
    std::vector<std::string> records;
    must(read_lost_records(testing::BytesFile(golden::read(kLog)), 0, 1000,
                           [&](std::string_view record, bool intact) {
                               EXPECT_TRUE(intact);
                               records.emplace_back(record);
                           }));
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[0].substr(0, 26), testing::batch_head(1, 2, 1));
    EXPECT_EQ(records[2], testing::batch_head(4, 0, 4));
}

TEST(GoldenMark, IsMagicAndNumber) {
    EXPECT_EQ(make_durability_mark(0x0102030405060708),
              std::string("CKVd\x08\x07\x06\x05\x04\x03\x02\x01"));
}

}  // namespace
}  // namespace catalog::kv
