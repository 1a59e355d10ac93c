#include "recovery_guard.hpp"

#include <gtest/gtest.h>

#include "log_builder.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::kv {
namespace {

using io::testing::code_of;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using testing::batch_head;
using testing::LogBuilder;

/// A folder with files that tests give.
class Folder {
public:
    Folder() { must(fs->make_directories("/db")); }

    Folder& with(const std::string& name, const std::string& bytes) {
        const auto file = must(fs->open_write("/db/" + name, io::OpenMode::kTruncate));
        must(file->append(as_bytes(bytes)));
        return *this;
    }
    /// What a new guard lets RocksDB read of these files, asked in this order.
    [[nodiscard]] Result<std::vector<std::uint64_t>> readable(
        const std::vector<std::string>& names) const {
        RecoveryGuard guard;
        std::vector<std::uint64_t> bytes;
        for (const std::string& name : names) {
            const auto answer = guard.readable_bytes(*fs, "/db/" + name);
            if (!answer) return fail(answer.error());
            bytes.push_back(*answer);
        }
        clean = guard.recovered().closed_clean;
        return bytes;
    }

    std::shared_ptr<SimulatedFileSystem> fs = SimulatedFileSystem::make();
    mutable bool clean = false;
};

using Bytes64 = std::vector<std::uint64_t>;

constexpr std::uint64_t kRecord = 7 + 26;  // a record that is a batch's head alone

/// Synced commits of one change each with numbers from `from` to `to`, all after `durable`.
LogBuilder commits(std::uint64_t from, std::uint64_t to) {
    LogBuilder log;
    for (std::uint64_t number = from; number <= to; ++number)
        log.record(batch_head(number, 1, number));
    return log;
}

std::string flip(std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    return bytes;
}

TEST(RecoveryGuard, LetsOtherFilesPass) {
    Folder folder;
    EXPECT_EQ(must(folder.readable({"CURRENT", "000005.sst", "IDENTITY", "x.log"})),
              Bytes64(4, RecoveryGuard::kEverything));
}

TEST(RecoveryGuard, ReadsIntactLogsWhole) {
    Folder folder;
    folder.with("000004.log", commits(1, 3).bytes()).with("000009.log", commits(4, 5).bytes());
    EXPECT_EQ(must(folder.readable({"000004.log", "000009.log"})),
              (Bytes64{3 * kRecord, 2 * kRecord}));
    EXPECT_FALSE(folder.clean);
}

TEST(RecoveryGuard, DoesNotLookAtLogsThatRocksDbNoLongerNeeds) {
    Folder folder;
    folder.with("000004.log", "rubbish of an earlier life")
        .with("000009.log", commits(4, 5).bytes());
    EXPECT_EQ(must(folder.readable({"000009.log"})), Bytes64{2 * kRecord});
}

TEST(RecoveryGuard, CutsATornTail) {
    const std::string log = commits(1, 3).bytes();
    for (std::size_t length = 2 * kRecord; length < log.size(); ++length) {
        Folder folder;
        folder.with("000004.log", log.substr(0, length));
        ASSERT_EQ(must(folder.readable({"000004.log"})), Bytes64{2 * kRecord}) << length;
    }
}

TEST(RecoveryGuard, CutsATailWhoseMiddleWasLost) {
    // Three unsynced batches behind a durable one; the disk kept the last of them.
    LogBuilder log = commits(1, 1);
    log.record(batch_head(2, 1, 2)).record(batch_head(3, 1, 2)).record(batch_head(4, 1, 2));
    Folder folder;
    folder.with("000004.log", flip(log.bytes(), kRecord + 20));
    EXPECT_EQ(must(folder.readable({"000004.log"})), Bytes64{kRecord});
}

TEST(RecoveryGuard, ReportsDamageToACommitThatALaterMarkCovers) {
    const std::string log = commits(1, 4).bytes();
    for (std::size_t at = 0; at < 3 * kRecord; ++at) {
        Folder folder;
        folder.with("000004.log", flip(log, at));
        ASSERT_EQ(code_of(folder.readable({"000004.log"})), Errc::kDatabaseCorrupt) << at;
    }
}

TEST(RecoveryGuard, ReportsDamageToTheLastCommitOfAClosedLog) {
    const std::string log = commits(1, 3).record(batch_head(4, 0, 4)).bytes();
    Folder folder;
    folder.with("000004.log", log);
    EXPECT_EQ(must(folder.readable({"000004.log"})), Bytes64{4 * kRecord});
    EXPECT_TRUE(folder.clean);
    for (std::size_t at = 0; at < 3 * kRecord; ++at) {
        folder.with("000004.log", flip(log, at));
        ASSERT_EQ(code_of(folder.readable({"000004.log"})), Errc::kDatabaseCorrupt) << at;
    }
}

TEST(RecoveryGuard, ReportsALostLogWhenALaterOneProvesThatItWasDurable) {
    Folder folder;
    folder.with("000004.log", commits(1, 3).bytes()).with("000011.log", commits(6, 7).bytes());
    EXPECT_EQ(code_of(folder.readable({"000004.log", "000011.log"})), Errc::kDatabaseCorrupt);
}

TEST(RecoveryGuard, DropsALaterLogWhenWhatIsBeforeItWasNotDurable) {
    // 4 and 5 were lost unsynced; 6 survived and is no good without them.
    Folder folder;
    folder.with("000004.log", commits(1, 3).bytes())
        .with("000011.log", LogBuilder().record(batch_head(6, 1, 4)).bytes());
    EXPECT_EQ(must(folder.readable({"000004.log", "000011.log"})), (Bytes64{3 * kRecord, 0}));
}

TEST(RecoveryGuard, GoesOnBehindATornMarkThatClosedALife) {
    Folder folder;
    LogBuilder first = commits(1, 3);
    first.record(batch_head(4, 0, 4));
    folder.with("000004.log", flip(first.bytes(), first.size() - 1))
        .with("000011.log", commits(4, 6).bytes());
    EXPECT_EQ(must(folder.readable({"000004.log", "000011.log"})),
              (Bytes64{3 * kRecord, 3 * kRecord}));
    EXPECT_FALSE(folder.clean);
}

TEST(RecoveryGuard, ReportsALogWithoutBeginningWhoseFirstCommitWasDurable) {
    Folder folder;
    folder.with("000004.log", flip(commits(5, 6).bytes(), 12));
    EXPECT_EQ(code_of(folder.readable({"000004.log"})), Errc::kDatabaseCorrupt);
}

TEST(RecoveryGuard, DropsALogWithoutBeginningOfWhichNothingWasDurable) {
    LogBuilder log;
    log.record(batch_head(5, 1, 5)).record(batch_head(6, 1, 5));
    Folder folder;
    folder.with("000004.log", flip(log.bytes(), 12));
    EXPECT_EQ(must(folder.readable({"000004.log"})), Bytes64{0});
}

TEST(RecoveryGuard, TakesAnEmptyLogForWhatItIs) {
    Folder folder;
    folder.with("000004.log", commits(1, 2).bytes())
        .with("000006.log", "")
        .with("000008.log", commits(3, 3).record(batch_head(4, 0, 4)).bytes());
    EXPECT_EQ(must(folder.readable({"000004.log", "000006.log", "000008.log"})),
              (Bytes64{2 * kRecord, 0, 2 * kRecord}));
    EXPECT_TRUE(folder.clean);
}

TEST(RecoveryGuard, CutsTheLastRecordOfAManifestAndNoOther) {
    const std::string manifest =
        LogBuilder().record("first").record("second").record("third").bytes();
    Folder folder;
    folder.with("MANIFEST-000005", flip(manifest, manifest.size() - 1));
    EXPECT_EQ(must(folder.readable({"MANIFEST-000005"})), Bytes64{12 + 13});
    folder.with("MANIFEST-000005", manifest.substr(0, manifest.size() - 3));
    EXPECT_EQ(must(folder.readable({"MANIFEST-000005"})), Bytes64{12 + 13});
    folder.with("MANIFEST-000005", flip(manifest, 14));
    EXPECT_EQ(code_of(folder.readable({"MANIFEST-000005"})), Errc::kDatabaseCorrupt);
}

TEST(RecoveryGuard, PassesOnWhatTheFileSystemReports) {
    Folder folder;
    EXPECT_EQ(code_of(folder.readable({"MANIFEST-000005"})), Errc::kFileNotFound);
    folder.with("000004.log", commits(1, 2).bytes());
    folder.fs->fail_always(io::testing::FileOperation::kRead, "000004.log", Errc::kIo);
    EXPECT_EQ(code_of(folder.readable({"000004.log"})), Errc::kIo);
}

TEST(RecoveryGuard, KnowsTheNamesOfLogs) {
    EXPECT_EQ(wal_number("000012.log"), 12u);
    EXPECT_EQ(wal_number("123456789.log"), 123456789u);
    EXPECT_EQ(wal_number("LOG"), std::nullopt);
    EXPECT_EQ(wal_number("12x.log"), std::nullopt);
    EXPECT_EQ(wal_number(".log"), std::nullopt);
    EXPECT_EQ(wal_name(12), "000012.log");
    EXPECT_EQ(wal_name(123456789), "123456789.log");
}

}  // namespace
}  // namespace catalog::kv
