// Faults, capacity and logs of the simulated file system, and of the wrapper around real ones.

#include <gtest/gtest.h>

#include "support/io/faulty_file_system.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"

namespace catalog::io::testing {
namespace {

std::string text_at(FileSystem& fs, const std::string& path) {
    return must(read_file(fs, path, 1u << 20));
}

// Simulated.

TEST(SimulatedFaults, FailNextHitsOneMatchingCall) {
    const auto fs = SimulatedFileSystem::make();
    fs->fail_next(FileOperation::kAppend, "wanted", Errc::kIo);
    auto other = must(fs->open_write("/other", OpenMode::kCreateNew));
    auto wanted = must(fs->open_write("/wanted", OpenMode::kCreateNew));
    must(other->append(as_bytes("x")));
    EXPECT_EQ(code_of(wanted->append(as_bytes("x"))), Errc::kIo);
    must(wanted->append(as_bytes("y")));
    EXPECT_EQ(text_at(*fs, "/wanted"), "y");
}

TEST(SimulatedFaults, FailAlwaysHoldsUntilCleared) {
    const auto fs = SimulatedFileSystem::make();
    fs->fail_always(FileOperation::kAny, "/d", Errc::kAccessDenied);
    EXPECT_EQ(code_of(fs->make_directories("/d")), Errc::kAccessDenied);
    EXPECT_EQ(code_of(fs->make_directories("/d")), Errc::kAccessDenied);
    fs->clear_faults();
    must(fs->make_directories("/d"));
}

TEST(SimulatedFaults, FailNthCountsMutatingCalls) {
    const auto fs = SimulatedFileSystem::make();
    fs->fail_nth(2, Errc::kReadOnlyFileSystem);
    must(fs->make_directories("/1"));
    EXPECT_EQ(code_of(fs->make_directories("/2")), Errc::kReadOnlyFileSystem);
    EXPECT_FALSE(must(exists(*fs, "/2")));
    must(fs->make_directories("/2"));
}

TEST(SimulatedFaults, ReadsCanFailToo) {
    const auto fs = SimulatedFileSystem::make();
    must(must(fs->open_write("/f", OpenMode::kCreateNew))->append(as_bytes("x")));
    fs->fail_next(FileOperation::kRead, "/f", Errc::kIo);
    EXPECT_EQ(code_of(read_file(*fs, "/f", 10)), Errc::kIo);
    EXPECT_EQ(text_at(*fs, "/f"), "x");
}

TEST(SimulatedFaults, FailedWriteKeepsSoManyBytes) {
    const auto fs = SimulatedFileSystem::make();
    auto file = must(fs->open_write("/f", OpenMode::kCreateNew));
    Fault fault(Errc::kStorageFull);
    fault.bytes_kept = 3;
    fs->fail_next(FileOperation::kAppend, "/f", fault);
    EXPECT_EQ(code_of(file->append(as_bytes("abcdef"))), Errc::kStorageFull);
    EXPECT_EQ(text_at(*fs, "/f"), "abc");
    EXPECT_EQ(file->size(), 3u);
}

TEST(SimulatedFaults, FullDiskWritesWhatFits) {
    const auto fs = SimulatedFileSystem::make();
    fs->set_capacity(10);
    auto file = must(fs->open_write("/f", OpenMode::kCreateNew));
    must(file->append(as_bytes("12345678")));
    EXPECT_EQ(must(fs->free_space("/")), 2u);
    EXPECT_EQ(code_of(file->append(as_bytes("abc"))), Errc::kStorageFull);
    EXPECT_EQ(text_at(*fs, "/f"), "12345678ab");
    EXPECT_EQ(code_of(file->truncate(11)), Errc::kStorageFull);
    EXPECT_EQ(code_of(file->allocate(0, 11)), Errc::kStorageFull);
    must(file->write_at(0, as_bytes("overwriting needs no space").first(10)));
    must(file->truncate(4));
    EXPECT_EQ(must(fs->free_space("/")), 6u);
}

TEST(SimulatedFaults, RemovedFileGivesItsSpaceBackWhenItIsClosed) {
    const auto fs = SimulatedFileSystem::make();
    auto file = must(fs->open_write("/f", OpenMode::kCreateNew));
    must(file->append(as_bytes("12345")));
    must(fs->hard_link("/f", "/g"));
    EXPECT_EQ(fs->used_bytes(), 5u);
    must(fs->remove_file("/f"));
    must(fs->remove_file("/g"));
    EXPECT_EQ(fs->used_bytes(), 5u);
    file.reset();
    EXPECT_EQ(fs->used_bytes(), 0u);
}

TEST(SimulatedFaults, CorruptionStaysThroughSyncAndCrash) {
    const auto fs = SimulatedFileSystem::make();
    auto file = must(fs->open_write("/f", OpenMode::kCreateNew));
    must(file->append(as_bytes("abc")));
    must(fs->corrupt("/f", 1, 0x20));
    must(file->sync());
    must(fs->sync_directory("/"));
    EXPECT_EQ(text_at(*fs, "/f"), "aBc");
    EXPECT_EQ(text_at(*fs->recover(CrashPolicy::kDropUnsynced), "/f"), "aBc");
    EXPECT_EQ(code_of(fs->corrupt("/f", 3, 1)), Errc::kEndOfFile);
    EXPECT_EQ(code_of(fs->corrupt("/missing", 0, 1)), Errc::kFileNotFound);
}

TEST(SimulatedFaults, LogTellsWhatHappened) {
    const auto fs = SimulatedFileSystem::make();
    must(fs->make_directories("/d"));
    auto file = must(fs->open_write("/d/f", OpenMode::kCreateNew));
    must(file->append(as_bytes("abc")));
    fs->fail_next(FileOperation::kSync, "", Errc::kIo);
    EXPECT_FALSE(file->sync());
    must(fs->rename("/d/f", "/d/g"));
    const std::string log = fs->call_log();
    EXPECT_EQ(log,
              "     1 mkdir /d\n"
              "     2 create /d/f\n"
              "     3 append /d/f (offset 0, 3 bytes)\n"
              "     4 sync /d/f (fault)\n"
              "     5 rename /d/f (to /d/g)\n");
    EXPECT_EQ(fs->call_log(1), "     5 rename /d/f (to /d/g)\n");
}

TEST(SimulatedFiles, HandlesOutliveTheFileSystem) {
    auto fs = SimulatedFileSystem::make();
    auto file = must(fs->open_write("/f", OpenMode::kCreateNew));
    const auto lock = must(fs->try_lock("/LOCK"));
    const auto folder = must(fs->open_directory("/"));
    fs.reset();
    must(file->append(as_bytes("x")));
    EXPECT_EQ(must(folder->list("")).size(), 2u);
}

// Wrapped.

TEST(FaultyFileSystem, FailsTheChosenCallOfARealFileSystem) {
    const TemporaryFolder folder;
    FaultyFileSystem fs(make_posix_file_system());
    const std::string path = folder / "f";
    fs.fail_next(FileOperation::kRename, "f.tmp", Errc::kIo);
    EXPECT_EQ(code_of(write_file_durably(fs, path, as_bytes("x"))), Errc::kIo);
    EXPECT_TRUE(must(fs.list(folder.path())).empty());
    must(write_file_durably(fs, path, as_bytes("x")));
    EXPECT_EQ(text_at(fs, path), "x");
}

TEST(FaultyFileSystem, NumberedFaultsVisitEveryCallOfAnOperation) {
    std::uint64_t failures = 0;
    for (std::uint64_t call = 1;; ++call) {
        const TemporaryFolder folder;
        FaultyFileSystem fs(make_posix_file_system());
        fs.fail_nth(call, Errc::kIo);
        if (write_file_durably(fs, folder / "f", as_bytes("x"))) {
            EXPECT_EQ(fs.calls(), call - 1);
            break;
        }
        ++failures;
    }
    EXPECT_EQ(failures, 6u);  // create, append, sync, close, rename, sync of the folder
}

TEST(FaultyFileSystem, ShortWriteReachesTheFile) {
    const TemporaryFolder folder;
    FaultyFileSystem fs(make_posix_file_system());
    auto file = must(fs.open_write(folder / "f", OpenMode::kCreateNew));
    Fault fault(Errc::kStorageFull);
    fault.bytes_kept = 2;
    fs.fail_next(FileOperation::kAppend, "", fault);
    EXPECT_EQ(code_of(file->append(as_bytes("abcd"))), Errc::kStorageFull);
    EXPECT_EQ(text_at(fs, folder / "f"), "ab");
}

TEST(FaultyFileSystem, FailedSyncStaysFailed) {
    FaultyFileSystem fs(SimulatedFileSystem::make());
    auto file = must(fs.open_write("/f", OpenMode::kCreateNew));
    fs.fail_next(FileOperation::kSync, "", Errc::kIo);
    EXPECT_EQ(code_of(file->sync()), Errc::kSyncFailed);
    EXPECT_EQ(code_of(file->sync()), Errc::kSyncFailed);
}

TEST(FaultyFileSystem, CoversSafeFolders) {
    FaultyFileSystem fs(SimulatedFileSystem::make());
    const auto root = must(fs.open_directory("/"));
    fs.fail_always(FileOperation::kCreate, "blocked", Errc::kAccessDenied);
    EXPECT_EQ(code_of(root->create_file("blocked", 0644)), Errc::kAccessDenied);
    must(root->create_file("free", 0644));
    fs.clear_faults();
    must(root->create_file("blocked", 0644));
}

TEST(FaultyFileSystem, HookSeesEveryCallBeforeItHappens) {
    FaultyFileSystem fs(SimulatedFileSystem::make());
    std::vector<std::string> seen;
    fs.before_each([&](const FileCall& call) {
        seen.push_back(std::string(operation_name(call.operation)) + " " + call.path);
    });
    must(fs.make_directories("/d"));
    static_cast<void>(fs.info("/d/missing"));
    fs.before_each({});
    must(fs.remove_directory("/d"));
    EXPECT_EQ(seen, (std::vector<std::string>{"mkdir /d", "info /d/missing"}));
    EXPECT_EQ(fs.calls(), 3u);
}

}  // namespace
}  // namespace catalog::io::testing
