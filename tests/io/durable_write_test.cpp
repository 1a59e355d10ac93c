// write_file_durably and make_directories_durably under crashes, faults and full disks.

#include <gtest/gtest.h>

#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"

namespace catalog::io::testing {
namespace {

using FsPtr = std::shared_ptr<SimulatedFileSystem>;

const std::string kOld(700, 'o');
const std::string kNew(1500, 'n');

FsPtr with_old_file() {
    auto fs = SimulatedFileSystem::make();
    must(make_directories_durably(*fs, "/d"));
    must(write_file_durably(*fs, "/d/f", as_bytes(kOld)));
    return fs;
}

TEST(WriteFileDurably, CrashGivesOldOrNewAtEveryPoint) {
    bool acknowledged = false;
    std::set<std::string> seen;
    const CrashTestCount count = for_each_crash(
        with_old_file,
        [&](const FsPtr& fs) {
            acknowledged = write_file_durably(*fs, "/d/f", as_bytes(kNew)).has_value();
        },
        [&](const FsPtr& fs, const CrashPoint&) {
            const std::string found = must(read_file(*fs, "/d/f", 1u << 20));
            EXPECT_TRUE(found == kNew || (!acknowledged && found == kOld)) << found;
            seen.insert(found);
            for (const DirectoryEntry& entry : must(fs->list("/d")))
                EXPECT_TRUE(entry.name == "f" || is_temporary_name(entry.name)) << entry.name;
        },
        [] {
            CrashTestOptions options;
            options.random_seeds = 200;
            return options;
        }());
    EXPECT_EQ(count.points, 6u);  // create, append, sync, rename, folder sync, none
    EXPECT_EQ(seen.size(), 2u);
}

TEST(WriteFileDurably, AcknowledgedSequenceIsNeverTakenBack) {
    int acknowledged = 0;
    const auto text = [](int i) {
        return std::string(static_cast<std::size_t>(100 + 400 * i), static_cast<char>('0' + i));
    };
    for_each_crash(
        with_old_file,
        [&](const FsPtr& fs) {
            acknowledged = 0;
            for (int i = 1; i <= 5; ++i) {
                if (!write_file_durably(*fs, "/d/f", as_bytes(text(i)))) return;
                acknowledged = i;
            }
        },
        [&](const FsPtr& fs, const CrashPoint&) {
            const std::string found = must(read_file(*fs, "/d/f", 1u << 20));
            const std::string last = acknowledged == 0 ? kOld : text(acknowledged);
            EXPECT_TRUE(found == last || found == text(acknowledged + 1));
        });
}

// The same with the sync of the file left out: the test above must be able to fail.
TEST(WriteFileDurably, ProtocolWithoutSyncIsCaught) {
    bool mixed = false;
    for_each_crash(
        with_old_file,
        [&](const FsPtr& fs) {
            auto file = fs->open_write("/d/t", OpenMode::kCreateNew);
            if (!file || !(*file)->append(as_bytes(kNew))) return;
            if (fs->rename("/d/t", "/d/f")) static_cast<void>(fs->sync_directory("/d"));
        },
        [&](const FsPtr& fs, const CrashPoint&) {
            const std::string found = must(read_file(*fs, "/d/f", 1u << 20));
            mixed = mixed || (found != kOld && found != kNew);
        });
    EXPECT_TRUE(mixed);
}

TEST(WriteFileDurably, ProtocolWithoutFolderSyncIsCaught) {
    bool lost = false;
    bool acknowledged = false;
    for_each_crash(
        with_old_file,
        [&](const FsPtr& fs) {
            acknowledged = false;
            auto file = fs->open_write("/d/t", OpenMode::kCreateNew);
            if (!file || !(*file)->append(as_bytes(kNew)) || !(*file)->sync()) return;
            acknowledged = fs->rename("/d/t", "/d/f").has_value();
        },
        [&](const FsPtr& fs, const CrashPoint&) {
            lost = lost || (acknowledged && must(read_file(*fs, "/d/f", 1u << 20)) == kOld);
        });
    EXPECT_TRUE(lost);
}

TEST(WriteFileDurably, FaultAtAnyCallIsReportedAndLeavesOldOrNew) {
    for (std::uint64_t call = 1;; ++call) {
        const auto fs = with_old_file();
        fs->fail_nth(fs->mutations() + call, Errc::kIo);
        const auto result = write_file_durably(*fs, "/d/f", as_bytes(kNew));
        if (result) {
            EXPECT_EQ(call, 6u);
            break;
        }
        SCOPED_TRACE(fs->call_log());
        const std::string found = must(read_file(*fs, "/d/f", 1u << 20));
        EXPECT_EQ(found, call == 5 ? kNew : kOld);   // 5: only the folder's sync failed
        EXPECT_EQ(must(fs->list("/d")).size(), 1u);  // no temporary file stays
    }
}

TEST(WriteFileDurably, FullDiskKeepsTheOldFile) {
    const auto fs = with_old_file();
    fs->set_capacity(fs->used_bytes() + kNew.size() - 1);
    EXPECT_EQ(code_of(write_file_durably(*fs, "/d/f", as_bytes(kNew))), Errc::kStorageFull);
    EXPECT_EQ(must(read_file(*fs, "/d/f", 1u << 20)), kOld);
    EXPECT_EQ(must(fs->list("/d")).size(), 1u);
    EXPECT_EQ(fs->used_bytes(), kOld.size());
    fs->set_capacity(fs->used_bytes() + kNew.size());
    EXPECT_TRUE(write_file_durably(*fs, "/d/f", as_bytes(kNew)));
}

TEST(WriteFileDurably, GivesUpWhenEveryTemporaryNameIsTaken) {
    const auto fs = with_old_file();
    for (int i = 0; i < 1000; ++i)
        must(fs->open_write("/d/f.tmp-" + std::to_string(i), OpenMode::kCreateNew));
    const auto result = write_file_durably(*fs, "/d/f", as_bytes(kNew));
    ASSERT_EQ(code_of(result), Errc::kBusy);
    EXPECT_FALSE(result.error().hint().empty());
    EXPECT_EQ(must(read_file(*fs, "/d/f", 1u << 20)), kOld);
}

TEST(MakeDirectoriesDurably, AcknowledgedFoldersSurviveEveryCrash) {
    bool acknowledged = false;
    for_each_crash(
        SimulatedFileSystem::make,
        [&](const FsPtr& fs) {
            acknowledged = make_directories_durably(*fs, "/a/b/c").has_value();
        },
        [&](const FsPtr& fs, const CrashPoint&) {
            if (acknowledged) {
                EXPECT_TRUE(must(exists(*fs, "/a/b/c")));
            }
        });
}

}  // namespace
}  // namespace catalog::io::testing
