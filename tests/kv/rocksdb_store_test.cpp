#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <set>

#include "support/core/process_threads.hpp"
#include "support/io/faulty_file_system.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/kv/store_model.hpp"

namespace catalog::kv {
namespace {

using io::testing::code_of;
using io::testing::FaultyFileSystem;
using io::testing::FileCall;
using io::testing::FileOperation;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using io::testing::TemporaryFolder;
using testing::found;
using testing::must_open;
using testing::names_ending;
using testing::read_store;
using testing::small_follower;
using testing::small_store;
using testing::StoreModel;

WriteBatch put(Family family, std::string key, std::string value) {
    WriteBatch batch;
    batch.put(family, std::move(key), std::move(value));
    return batch;
}

void must_write(KeyValueStore& store, Family family, std::string key, std::string value) {
    must(store.write(put(family, std::move(key), std::move(value)), Durability::kSync));
}

TEST(RocksDbStore, KeepsWhatWasWrittenAcrossOpenings) {
    const TemporaryFolder folder;
    const auto fs = io::make_posix_file_system();
    StoreModel model(2);
    std::mt19937_64 random(5);
    for (int life = 0; life < 12; ++life) {
        const auto store = must_open(fs, folder / "db", small_store(2));
        ASSERT_EQ(read_store(*store, 2), model) << "life " << life;
        for (int i = 0; i < 3; ++i) {
            const WriteBatch batch = testing::random_batch(random, 2);
            must(store->write(batch, Durability::kSync));
            model.apply(batch);
        }
    }
}

// A flush runs beside the commits: what was refused meanwhile is refused, and what comes once there
// is space again is taken, with nothing lost that was acknowledged.
TEST(RocksDbStore, TakesWritesAgainWhenAFlushThatMetAFullDiskFindsSpace) {
    for (const char* written : {".sst", "MANIFEST"}) {
        SCOPED_TRACE(written);
        const auto fs = SimulatedFileSystem::make();
        must(fs->make_directories("/library"));
        auto store = must_open(fs, "/library/db", small_store(1));
        fs->fail_always(FileOperation::kAppend, written, Errc::kStorageFull);
        const std::string value(20'000, 'v');
        std::set<std::string> acknowledged;
        Result<void> refused;
        for (int i = 0; refused && i < 10'000; ++i) {
            const std::string key = "key" + std::to_string(i);
            refused = store->write(put(Family{0}, key, value), Durability::kSync);
            if (refused) acknowledged.insert(key);
        }
        ASSERT_FALSE(refused);
        ASSERT_NE(refused.error().cause(), nullptr) << refused.error().to_string();
        EXPECT_EQ(refused.error().cause()->code(), Errc::kStorageFull);
        EXPECT_EQ(code_of(store->write(put(Family{0}, "again", value), Durability::kSync)),
                  Errc::kCommitFailed);
        fs->clear_faults();
        must_write(*store, Family{0}, "after", value);
        acknowledged.insert("after");
        for (int opening = 0; opening < 2; ++opening) {
            for (const std::string& key : acknowledged)
                ASSERT_EQ(must(store->get(Family{0}, key)), value) << key;
            EXPECT_FALSE(must(store->get(Family{0}, "again")));
            store.reset();
            store = must_open(fs, "/library/db", small_store(1));
        }
    }
}

TEST(RocksDbStore, KeepsUnsyncedBatchesWhenTheProcessEnds) {
    const auto fs = SimulatedFileSystem::make();
    must(
        must_open(fs, "/db", small_store(1))->write(put(Family{0}, "a", "1"), Durability::kNoSync));
    EXPECT_EQ(found(must_open(fs, "/db", small_store(1))->get(Family{0}, "a")), "1");
}

TEST(RocksDbStore, LeavesNoThreadBehind) {
    const TemporaryFolder folder;
    const std::size_t before = catalog::testing::threads_of_this_process();
    for (int life = 0; life < 3; ++life) {
        auto store = must_open(io::make_posix_file_system(), folder / "db", small_store(2));
        must_write(*store, Family{0}, "a", "1");
        const auto follower =
            must_open(io::make_posix_file_system(), folder / "db", small_follower(2));
        EXPECT_GT(catalog::testing::threads_of_this_process(), before);
        store.reset();
    }
    EXPECT_EQ(catalog::testing::threads_left(before), before);
}

TEST(RocksDbStore, WritesNoFilesForPeople) {
    const auto fs = SimulatedFileSystem::make();
    const auto store = must_open(fs, "/db", small_store(2));
    must_write(*store, Family{0}, "a", "1");
    // A set: the manifest of the making is removed in the background, some time after the opening.
    std::set<std::string> kinds;
    for (const io::DirectoryEntry& entry : must(fs->list("/db")))
        kinds.insert(entry.name.substr(0, entry.name.find_first_of("0123456789")));
    EXPECT_EQ(kinds, (std::set<std::string>{"", "CURRENT", "IDENTITY", "LOCK", "MANIFEST-"}));
}

TEST(RocksDbStore, RefusesAMissingStoreUnlessAskedToMakeIt) {
    const auto fs = SimulatedFileSystem::make();
    OpenOptions options = small_store(1);
    options.create_if_missing = false;
    const auto opened = open_rocksdb(fs, "/db", options);
    ASSERT_EQ(code_of(opened), Errc::kDatabaseOpen);
    EXPECT_EQ(opened.error().input(), "/db");
    EXPECT_EQ(code_of(open_rocksdb(fs, "/db", small_follower(1))), Errc::kDatabaseOpen);
    EXPECT_FALSE(must(io::exists(*fs, "/db")));
}

TEST(RocksDbStore, RefusesASecondWriterAndSaysWhatToDo) {
    const TemporaryFolder folder;
    auto first = must_open(io::make_posix_file_system(), folder / "db", small_store(1));
    const auto second = open_rocksdb(io::make_posix_file_system(), folder / "db", small_store(1));
    ASSERT_EQ(code_of(second), Errc::kDatabaseOpen);
    EXPECT_FALSE(second.error().hint().empty());
    ASSERT_NE(second.error().cause(), nullptr);
    EXPECT_EQ(second.error().cause()->code(), Errc::kBusy);
    first.reset();
    EXPECT_TRUE(open_rocksdb(io::make_posix_file_system(), folder / "db", small_store(1)));
}

TEST(RocksDbStore, MakesFamiliesThatAreMissing) {
    const auto fs = SimulatedFileSystem::make();
    must_write(*must_open(fs, "/db", small_store(1)), Family{0}, "a", "1");
    const auto store = must_open(fs, "/db", small_store(3));
    must_write(*store, Family{2}, "b", "2");
    EXPECT_EQ(found(store->get(Family{0}, "a")), "1");
    EXPECT_EQ(found(store->get(Family{2}, "b")), "2");
}

TEST(RocksDbStore, RefusesAStoreWithFamiliesThatItDoesNotKnow) {
    const auto fs = SimulatedFileSystem::make();
    (void)must_open(fs, "/db", small_store(3));
    const auto opened = open_rocksdb(fs, "/db", small_store(2));
    ASSERT_EQ(code_of(opened), Errc::kDatabaseOpen);
    EXPECT_NE(opened.error().message().find("family2"), std::string_view::npos);
}

TEST(RocksDbStore, UsesTheDefaultFamilyWhenItIsNamed) {
    const auto fs = SimulatedFileSystem::make();
    OpenOptions options = small_store(0);
    options.families = {"one", "default"};
    must_write(*must_open(fs, "/db", options), Family{1}, "a", "1");
    EXPECT_EQ(found(must_open(fs, "/db", options)->get(Family{1}, "a")), "1");
}

TEST(RocksDbStore, RefusesABatchThatIsTooLargeAndGoesOn) {
    const auto fs = SimulatedFileSystem::make();
    const auto store = must_open(fs, "/db", small_store(1));
    WriteBatch batch;
    for (int i = 0; i < 5; ++i) batch.put(Family{0}, "a", std::string(kBatchBytesMax / 4, 'x'));
    EXPECT_EQ(code_of(store->write(batch, Durability::kSync)), Errc::kLimitExceeded);
    must_write(*store, Family{0}, "a", "1");
}

TEST(RocksDbStore, StaysWithinItsFilesWhenMuchIsOverwritten) {
    const auto fs = SimulatedFileSystem::make();
    const auto store = must_open(fs, "/db", small_store(2));
    for (int i = 0; i < 400; ++i)
        must(store->write(
            put(Family{static_cast<std::uint32_t>(i % 2)}, "key" + std::to_string(i % 5),
                std::string(50'000, static_cast<char>(i))),
            Durability::kNoSync));
    std::uint64_t log_bytes = 0;
    for (const std::string& name : names_ending(*fs, "/db", ".log"))
        log_bytes += must(fs->info("/db/" + name)).size;
    EXPECT_LT(log_bytes, 4u << 20);  // 20 MB were written
    EXPECT_LT(must(store->disk_bytes()), 16u << 20);
}

TEST(RocksDbStore, AFailedSyncStopsAllLaterWrites) {
    const auto fs = SimulatedFileSystem::make();
    auto store = must_open(fs, "/db", small_store(2));
    must_write(*store, Family{0}, "a", "1");
    fs->fail_next(FileOperation::kSync, ".log", Errc::kIo);
    const auto failed = store->write(put(Family{0}, "a", "2"), Durability::kSync);
    ASSERT_EQ(code_of(failed), Errc::kCommitFailed);
    EXPECT_NE(failed.error().detail_as<StorageDetail>(), nullptr);
    EXPECT_EQ(found(store->get(Family{0}, "a")), "1");
    const auto later = store->write(put(Family{1}, "b", "1"), Durability::kNoSync);
    ASSERT_EQ(code_of(later), Errc::kCommitFailed);
    ASSERT_NE(later.error().cause(), nullptr);
    EXPECT_EQ(found(store->get(Family{1}, "b")), std::nullopt);
    store.reset();
    store = must_open(fs, "/db", small_store(2));
    must_write(*store, Family{1}, "b", "2");
    EXPECT_EQ(found(store->get(Family{1}, "b")), "2");
}

TEST(RocksDbStore, AFullDiskIsNamedAndWhatWasAcknowledgedStays) {
    const auto fs = SimulatedFileSystem::make();
    auto store = must_open(fs, "/db", small_store(1));
    must_write(*store, Family{0}, "a", "1");
    fs->set_capacity(fs->used_bytes() + 1000);
    const auto failed =
        store->write(put(Family{0}, "b", std::string(5000, 'x')), Durability::kSync);
    ASSERT_EQ(code_of(failed), Errc::kCommitFailed);
    ASSERT_NE(failed.error().cause(), nullptr);
    EXPECT_EQ(failed.error().cause()->code(), Errc::kStorageFull);
    store.reset();
    const auto full = open_rocksdb(fs, "/db", small_store(1));
    if (!full) {
        EXPECT_EQ(full.error().code(), Errc::kStorageFull) << full.error().to_string();
    }
    fs->set_capacity(SimulatedFileSystem::kUnlimited);
    store = must_open(fs, "/db", small_store(1));
    EXPECT_EQ(found(store->get(Family{0}, "a")), "1");
    EXPECT_EQ(found(store->get(Family{0}, "b")), std::nullopt);
}

TEST(RocksDbStore, AReadErrorIsAnErrorAndNotAMissingKey) {
    const auto fs = SimulatedFileSystem::make();
    must_write(*must_open(fs, "/db", small_store(1)), Family{0}, "a", "1");
    // More logs than an opening keeps: it writes a table.
    for (int life = 0; life < 10; ++life) (void)must_open(fs, "/db", small_store(1));
    ASSERT_FALSE(names_ending(*fs, "/db", ".sst").empty());
    const auto store = must_open(fs, "/db", small_store(1));
    fs->fail_always(FileOperation::kRead, ".sst", Errc::kIo);
    EXPECT_EQ(code_of(store->get(Family{0}, "a")), Errc::kDatabaseIo);
    const auto walk = store->iterate(Family{0});
    walk->seek("");
    EXPECT_FALSE(walk->valid());
    EXPECT_EQ(code_of(walk->status()), Errc::kDatabaseIo);
    fs->clear_faults();
    EXPECT_EQ(found(store->get(Family{0}, "a")), "1");
}

TEST(RocksDbStore, WhatAFileSystemThrowsIsAnError) {
    const auto disk = SimulatedFileSystem::make();
    const auto fs = std::make_shared<FaultyFileSystem>(disk);
    auto store = must_open(fs, "/db", small_store(1));
    fs->before_each([](const FileCall& call) {
        if (call.operation == FileOperation::kAppend) throw std::bad_alloc();
    });
    EXPECT_EQ(code_of(store->write(put(Family{0}, "a", "1"), Durability::kSync)),
              Errc::kCommitFailed);
    store.reset();
    EXPECT_EQ(code_of(open_rocksdb(fs, "/db", small_store(1))), Errc::kDatabaseOpen);
    fs->before_each({});
    EXPECT_EQ(found(must_open(fs, "/db", small_store(1))->get(Family{0}, "a")), std::nullopt);
}

/// Opens, writes ten commits and reopens, with the call of that number failing. Returns false when
/// there were fewer calls.
bool survives_failure_of(std::uint64_t number, Errc error) {
    const auto disk = SimulatedFileSystem::make();
    StoreModel acknowledged(2);
    StoreModel maybe(2);
    {
        const auto store = must_open(disk, "/db", small_store(2));
        must_write(*store, Family{1}, "before", "1");
        maybe.apply(put(Family{1}, "before", "1"));
        acknowledged = maybe;
    }
    const auto fs = std::make_shared<FaultyFileSystem>(disk);
    fs->fail_nth(number, error);
    if (const auto opened = open_rocksdb(fs, "/db", small_store(2)); opened) {
        for (int i = 0; i < 10; ++i) {
            const WriteBatch batch = put(Family{0}, "key" + std::to_string(i), "value");
            maybe.apply(batch);
            const auto written = (*opened)->write(batch, Durability::kSync);
            if (!written) {
                EXPECT_EQ(written.error().code(), Errc::kCommitFailed);
                break;
            }
            acknowledged = maybe;
        }
        EXPECT_EQ(read_store(**opened, 2), acknowledged);
    }
    const bool reached = fs->calls() >= number;
    const auto again = open_rocksdb(disk, "/db", small_store(2));
    EXPECT_TRUE(again) << again.error().to_string();
    if (!again) return false;
    const StoreModel after = read_store(**again, 2);
    EXPECT_TRUE(after == acknowledged || after == maybe);
    return reached;
}

TEST(RocksDbStore, AnyOneFailingCallIsAnErrorAndLosesNothing) {
    for (const Errc error : {Errc::kIo, Errc::kStorageFull, Errc::kTooManyOpenFiles}) {
        std::uint64_t number = 1;
        while (survives_failure_of(number, error)) {
            if (HasFailure()) break;
            ++number;
        }
        ASSERT_FALSE(HasFailure()) << "call " << number << " failing with " << errc_name(error);
        EXPECT_GT(number, 60u);
    }
}

}  // namespace
}  // namespace catalog::kv
