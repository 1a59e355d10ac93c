#include "rocksdb_file_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "rocksdb_status.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::kv {
namespace {

using io::testing::FileCall;
using io::testing::FileOperation;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using rocksdb::FileOptions;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

/// The adapter over a simulated disk with a folder /db.
class Adapter {
public:
    Adapter() { must(disk->make_directories("/db")); }

    [[nodiscard]] std::unique_ptr<rocksdb::FSWritableFile> create(const std::string& path) {
        std::unique_ptr<rocksdb::FSWritableFile> file;
        EXPECT_TRUE(fs->NewWritableFile(path, FileOptions(), &file, nullptr).ok());
        return file;
    }
    void write(const std::string& path, const std::string& bytes) {
        const auto file = create(path);
        EXPECT_TRUE(file->Append(bytes, IOOptions(), nullptr).ok());
        EXPECT_TRUE(file->Close(IOOptions(), nullptr).ok());
    }
    [[nodiscard]] std::string read(const std::string& path) {
        return must(io::read_file(*disk, path, 1u << 20));
    }
    [[nodiscard]] std::size_t calls(FileOperation operation) const {
        const auto all = disk->calls();
        return static_cast<std::size_t>(
            std::count_if(all.begin(), all.end(),
                          [&](const FileCall& call) { return call.operation == operation; }));
    }

    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::shared_ptr<rocksdb::FileSystem> fs =
        make_rocksdb_file_system(disk, std::make_shared<RecoveryGuard>());
};

TEST(RocksDbFileSystem, WritesAppendsAndTruncates) {
    Adapter adapter;
    {
        const auto file = adapter.create("/db/a");
        EXPECT_TRUE(file->Append("hello world", IOOptions(), nullptr).ok());
        EXPECT_TRUE(file->PositionedAppend("HE", 0, IOOptions(), nullptr).ok());
        EXPECT_EQ(file->GetFileSize(IOOptions(), nullptr), 11u);
        EXPECT_TRUE(file->Truncate(5, IOOptions(), nullptr).ok());
        EXPECT_TRUE(file->Close(IOOptions(), nullptr).ok());
    }
    EXPECT_EQ(adapter.read("/db/a"), "HEllo");
    std::unique_ptr<rocksdb::FSWritableFile> file;
    ASSERT_TRUE(adapter.fs->ReopenWritableFile("/db/a", FileOptions(), &file, nullptr).ok());
    EXPECT_TRUE(file->Append("!", IOOptions(), nullptr).ok());
    file.reset();
    EXPECT_EQ(adapter.read("/db/a"), "HEllo!");
    EXPECT_TRUE(adapter.fs->Truncate("/db/a", 2, IOOptions(), nullptr).ok());
    EXPECT_EQ(adapter.read("/db/a"), "HE");
}

TEST(RocksDbFileSystem, SyncsOnlyWhenAskedTo) {
    Adapter adapter;
    const auto file = adapter.create("/db/000004.log");
    EXPECT_TRUE(file->Append("bytes", IOOptions(), nullptr).ok());
    EXPECT_TRUE(file->Flush(IOOptions(), nullptr).ok());
    EXPECT_TRUE(file->RangeSync(0, 5, IOOptions(), nullptr).ok());
    EXPECT_EQ(adapter.calls(FileOperation::kSync), 0u);
    EXPECT_TRUE(file->Sync(IOOptions(), nullptr).ok());
    EXPECT_TRUE(file->Fsync(IOOptions(), nullptr).ok());
    EXPECT_EQ(adapter.calls(FileOperation::kSync), 2u);
}

TEST(RocksDbFileSystem, KeepsOneRecordOfAManifestInFlight) {
    Adapter adapter;
    const auto file = adapter.create("/db/MANIFEST-000005");
    const auto append = [&] {
        EXPECT_TRUE(file->Append("record", IOOptions(), nullptr).ok());
        return adapter.calls(FileOperation::kSync);
    };
    // Until the first sync nothing names the manifest.
    EXPECT_EQ(append(), 0u);
    EXPECT_EQ(append(), 0u);
    EXPECT_TRUE(file->Sync(IOOptions(), nullptr).ok());
    EXPECT_EQ(append(), 1u);
    EXPECT_EQ(append(), 2u);
    EXPECT_EQ(append(), 3u);
}

TEST(RocksDbFileSystem, MakesAManifestsNameDurableBeforeCurrentNamesIt) {
    Adapter adapter;
    adapter.write("/db/000005.dbtmp", "MANIFEST-000005\n");
    EXPECT_TRUE(
        adapter.fs->RenameFile("/db/000005.dbtmp", "/db/CURRENT", IOOptions(), nullptr).ok());
    const auto calls = adapter.disk->calls();
    ASSERT_GE(calls.size(), 2u);
    EXPECT_EQ(calls[calls.size() - 2].operation, FileOperation::kSyncDirectory);
    EXPECT_EQ(calls.back().operation, FileOperation::kRename);
}

TEST(RocksDbFileSystem, HidesTheTornTailOfALog) {
    Adapter adapter;
    adapter.write("/db/MANIFEST-000005", "no record at all");
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    ASSERT_TRUE(
        adapter.fs->NewSequentialFile("/db/MANIFEST-000005", FileOptions(), &file, nullptr).ok());
    std::string scratch(20, '\0');
    rocksdb::Slice result;
    EXPECT_TRUE(file->Read(20, IOOptions(), &result, scratch.data(), nullptr).ok());
    EXPECT_EQ(result.size(), 0u);
}

TEST(RocksDbFileSystem, ReadsInOrderAndAtRandom) {
    Adapter adapter;
    adapter.write("/db/a", "0123456789");
    std::unique_ptr<rocksdb::FSSequentialFile> walk;
    ASSERT_TRUE(adapter.fs->NewSequentialFile("/db/a", FileOptions(), &walk, nullptr).ok());
    std::string scratch(20, '\0');
    rocksdb::Slice result;
    EXPECT_TRUE(walk->Read(3, IOOptions(), &result, scratch.data(), nullptr).ok());
    EXPECT_EQ(result.ToString(), "012");
    EXPECT_TRUE(walk->Skip(4).ok());
    EXPECT_TRUE(walk->Read(20, IOOptions(), &result, scratch.data(), nullptr).ok());
    EXPECT_EQ(result.ToString(), "789");
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    ASSERT_TRUE(adapter.fs->NewRandomAccessFile("/db/a", FileOptions(), &file, nullptr).ok());
    EXPECT_TRUE(file->Read(8, 20, IOOptions(), &result, scratch.data(), nullptr).ok());
    EXPECT_EQ(result.ToString(), "89");
}

TEST(RocksDbFileSystem, AnswersAboutNames) {
    Adapter adapter;
    adapter.write("/db/a", "12345");
    auto& fs = *adapter.fs;
    EXPECT_TRUE(fs.FileExists("/db/a", IOOptions(), nullptr).ok());
    EXPECT_TRUE(fs.FileExists("/db/b", IOOptions(), nullptr).IsNotFound());
    EXPECT_TRUE(fs.LinkFile("/db/a", "/db/b", IOOptions(), nullptr).ok());
    adapter.write("/db/c", "");
    bool same = false;
    EXPECT_TRUE(fs.AreFilesSame("/db/a", "/db/b", IOOptions(), &same, nullptr).ok());
    EXPECT_TRUE(same);
    EXPECT_TRUE(fs.AreFilesSame("/db/a", "/db/c", IOOptions(), &same, nullptr).ok());
    EXPECT_FALSE(same);
    std::vector<std::string> names;
    EXPECT_TRUE(fs.GetChildren("/db", IOOptions(), &names, nullptr).ok());
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(fs.GetChildren("/none", IOOptions(), &names, nullptr).IsNotFound());
    std::uint64_t number = 0;
    EXPECT_TRUE(fs.GetFileSize("/db/a", IOOptions(), &number, nullptr).ok());
    EXPECT_EQ(number, 5u);
    EXPECT_TRUE(fs.GetFileModificationTime("/db/a", IOOptions(), &number, nullptr).ok());
    bool folder = false;
    EXPECT_TRUE(fs.IsDirectory("/db", IOOptions(), &folder, nullptr).ok());
    EXPECT_TRUE(folder);
    EXPECT_TRUE(fs.DeleteFile("/db/b", IOOptions(), nullptr).ok());
    EXPECT_TRUE(fs.DeleteFile("/db/b", IOOptions(), nullptr).IsPathNotFound());
}

TEST(RocksDbFileSystem, MakesAndRemovesFolders) {
    Adapter adapter;
    auto& fs = *adapter.fs;
    EXPECT_TRUE(fs.CreateDirIfMissing("/db/x", IOOptions(), nullptr).ok());
    EXPECT_TRUE(fs.CreateDirIfMissing("/db/x", IOOptions(), nullptr).ok());
    EXPECT_FALSE(fs.CreateDir("/db/x", IOOptions(), nullptr).ok());
    std::unique_ptr<rocksdb::FSDirectory> folder;
    ASSERT_TRUE(fs.NewDirectory("/db/x", IOOptions(), &folder, nullptr).ok());
    EXPECT_TRUE(folder->Fsync(IOOptions(), nullptr).ok());
    EXPECT_TRUE(folder->Close(IOOptions(), nullptr).ok());
    EXPECT_TRUE(fs.DeleteDir("/db/x", IOOptions(), nullptr).ok());
    EXPECT_FALSE(fs.NewDirectory("/db/x", IOOptions(), &folder, nullptr).ok());
}

TEST(RocksDbFileSystem, LocksAgainstASecondHolder) {
    Adapter adapter;
    rocksdb::FileLock* lock = nullptr;
    ASSERT_TRUE(adapter.fs->LockFile("/db/LOCK", IOOptions(), &lock, nullptr).ok());
    rocksdb::FileLock* second = nullptr;
    EXPECT_TRUE(adapter.fs->LockFile("/db/LOCK", IOOptions(), &second, nullptr).IsIOError());
    EXPECT_TRUE(adapter.fs->UnlockFile(lock, IOOptions(), nullptr).ok());
    ASSERT_TRUE(adapter.fs->LockFile("/db/LOCK", IOOptions(), &second, nullptr).ok());
    EXPECT_TRUE(adapter.fs->UnlockFile(second, IOOptions(), nullptr).ok());
}

TEST(RocksDbFileSystem, OffersNoFilesForPeople) {
    Adapter adapter;
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(
        adapter.fs->NewWritableFile("/db/OPTIONS-000007.dbtmp", FileOptions(), &file, nullptr)
            .IsNotSupported());
    std::shared_ptr<rocksdb::Logger> logger;
    EXPECT_TRUE(adapter.fs->NewLogger("/db/LOG", IOOptions(), &logger, nullptr).ok());
    EXPECT_FALSE(must(io::exists(*adapter.disk, "/db/LOG")));
}

TEST(RocksDbStatus, CarriesAFileSystemErrorThroughRocksDb) {
    const Error full(Errc::kStorageFull, "no space left",
                     StorageDetail{"/db/000004.log", "append", 28});
    const IOStatus status = to_io_status(full);
    EXPECT_TRUE(status.IsNoSpace());
    const std::string path = "/db";
    const Error error = to_error(status, {Errc::kCommitFailed, "write", path});
    EXPECT_EQ(error.code(), Errc::kCommitFailed);
    EXPECT_EQ(error.input(), "/db");
    ASSERT_NE(error.detail_as<StorageDetail>(), nullptr);
    EXPECT_EQ(error.detail_as<StorageDetail>()->system_error, 28);
    ASSERT_NE(error.cause(), nullptr);
    EXPECT_EQ(error.cause()->code(), Errc::kStorageFull);
    EXPECT_EQ(error.to_string().find('{'), std::string::npos);
}

TEST(RocksDbStatus, MapsCorruptionWhateverWasAsked) {
    const std::string path = "/db";
    EXPECT_EQ(to_error(rocksdb::Status::Corruption("bad block"), {Errc::kDatabaseIo, "read", path})
                  .code(),
              Errc::kDatabaseCorrupt);
    EXPECT_EQ(to_error(rocksdb::Status::TimedOut(), {Errc::kDatabaseIo, "read", path}).code(),
              Errc::kDatabaseIo);
    EXPECT_TRUE(to_io_status(Error(Errc::kDatabaseCorrupt, "damaged")).IsCorruption());
    EXPECT_TRUE(to_io_status(Error(Errc::kFileNotFound, "gone")).IsPathNotFound());
}

}  // namespace
}  // namespace catalog::kv
