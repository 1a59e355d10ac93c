// Followers: what they see, when, and that they touch nothing.

#include <gtest/gtest.h>

#include <catalog/internal/mutex.hpp>

#include "support/io/faulty_file_system.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/io/temporary_folder.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/kv/store_model.hpp"
#include "writer.hpp"

namespace catalog::kv {
namespace {

using io::testing::code_of;
using io::testing::FaultyFileSystem;
using io::testing::FileCall;
using io::testing::FileOperation;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using io::testing::TemporaryFolder;
using testing::contents_at;
using testing::found;
using testing::must_open;
using testing::names_ending;
using testing::number_from_environment;
using testing::read_snapshot;
using testing::read_store;
using testing::small_follower;
using testing::small_store;
using testing::StoreModel;

constexpr std::uint32_t kFamilies = 4;
constexpr std::size_t kValueBytes = 4000;

void must_write(KeyValueStore& store, Family family, std::string key, std::string value) {
    WriteBatch batch;
    batch.put(family, std::move(key), std::move(value));
    must(store.write(batch, Durability::kSync));
}

TEST(RocksDbFollower, SeesCommitsWhenItRefreshesAndNotBefore) {
    const auto fs = SimulatedFileSystem::make();
    const auto writer = must_open(fs, "/db", small_store(2));
    must_write(*writer, Family{0}, "a", "1");
    const auto follower = must_open(fs, "/db", small_follower(2));
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "1");
    must_write(*writer, Family{0}, "a", "2");
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "1");
    const std::uint64_t revision = follower->revision();
    must(follower->refresh());
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "2");
    EXPECT_GT(follower->revision(), revision);
}

TEST(RocksDbFollower, AgreesWithTheWriterAfterEveryRefresh) {
    const auto fs = SimulatedFileSystem::make();
    auto writer = must_open(fs, "/db", small_store(kFamilies));
    const auto follower = must_open(fs, "/db", small_follower(kFamilies));
    StoreModel model(kFamilies);
    std::mt19937_64 random(3);
    for (int step = 0; step < 150; ++step) {
        WriteBatch batch = testing::random_batch(random, kFamilies);
        if (step % 5 == 0) batch.put(Family{1}, "large", std::string(60'000, 'x'));
        must(writer->write(batch, Durability::kSync));
        model.apply(batch);
        if (step % 40 == 39) {
            writer.reset();
            writer = must_open(fs, "/db", small_store(kFamilies));
        }
        if (random() % 2 == 0) continue;
        must(follower->refresh());
        ASSERT_EQ(read_store(*follower, kFamilies), model) << "step " << step;
    }
}

TEST(RocksDbFollower, SnapshotsAndIteratorsKeepTheirMomentWhenFilesAreReplaced) {
    const auto fs = SimulatedFileSystem::make();
    const auto writer = must_open(fs, "/db", small_store(2));
    for (int i = 0; i < 40; ++i)
        must_write(*writer, Family{0}, "key" + std::to_string(i), std::string(20'000, 'a'));
    const auto follower = must_open(fs, "/db", small_follower(2));
    const auto moment = follower->snapshot();
    const StoreModel before = read_snapshot(*moment, 2);
    const auto walk = follower->iterate(Family{0});
    const auto tables = names_ending(*fs, "/db", ".sst");
    ASSERT_FALSE(tables.empty());
    for (int i = 0; i < 200; ++i)
        must_write(*writer, Family{0}, "key" + std::to_string(i % 40), std::string(20'000, 'b'));
    must(follower->refresh());
    EXPECT_NE(names_ending(*fs, "/db", ".sst"), tables);
    EXPECT_EQ(found(follower->get(Family{0}, "key0"))->front(), 'b');
    EXPECT_EQ(read_snapshot(*moment, 2), before);
    walk->seek("key0");
    ASSERT_TRUE(walk->valid());
    EXPECT_EQ(walk->value().front(), 'a');
}

TEST(RocksDbFollower, NeverWrites) {
    const auto disk = SimulatedFileSystem::make();
    const auto writer = must_open(disk, "/db", small_store(2));
    must_write(*writer, Family{0}, "a", "1");
    const auto fs = std::make_shared<FaultyFileSystem>(disk);
    internal::Mutex mutex;
    std::vector<std::string> changes;
    fs->before_each([&](const FileCall& call) {
        const internal::MutexLock lock(mutex);
        if (is_mutation(call.operation) || call.operation == FileOperation::kLock ||
            call.operation == FileOperation::kOpenWrite)
            changes.push_back(to_text(call));
    });
    auto follower = must_open(fs, "/db", small_follower(2));
    must_write(*writer, Family{0}, "a", "2");
    must(follower->refresh());
    WriteBatch batch;
    batch.put(Family{0}, "a", "3");
    EXPECT_EQ(code_of(follower->write(batch, Durability::kSync)), Errc::kLibraryReadOnly);
    follower.reset();
    EXPECT_EQ(changes, std::vector<std::string>());
}

TEST(RocksDbFollower, FamiliesThatTheStoreDoesNotHaveYetAreEmpty) {
    const auto fs = SimulatedFileSystem::make();
    auto writer = must_open(fs, "/db", small_store(1));
    must_write(*writer, Family{0}, "a", "1");
    const auto follower = must_open(fs, "/db", small_follower(2));
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "1");
    EXPECT_EQ(found(follower->get(Family{1}, "a")), std::nullopt);
    const auto walk = follower->iterate(Family{1});
    walk->seek("");
    EXPECT_FALSE(walk->valid());
    EXPECT_TRUE(walk->status());
    writer.reset();
    writer = must_open(fs, "/db", small_store(2));
    must_write(*writer, Family{1}, "a", "2");
    must(follower->refresh());
    EXPECT_EQ(found(follower->get(Family{1}, "a")), "2");
}

TEST(RocksDbFollower, KeepsItsMomentWhenARefreshFails) {
    const auto disk = SimulatedFileSystem::make();
    const auto writer = must_open(disk, "/db", small_store(1));
    must_write(*writer, Family{0}, "a", "1");
    const auto fs = std::make_shared<FaultyFileSystem>(disk);
    const auto follower = must_open(fs, "/db", small_follower(1));
    must_write(*writer, Family{0}, "a", "2");
    fs->fail_always(FileOperation::kOpenRead, "MANIFEST", Errc::kIo);
    const auto refreshed = follower->refresh();
    ASSERT_EQ(code_of(refreshed), Errc::kDatabaseIo);
    EXPECT_NE(refreshed.error().detail_as<StorageDetail>(), nullptr);
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "1");
    fs->clear_faults();
    must(follower->refresh());
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "2");
}

TEST(RocksDbFollower, ReportsDamageWhenItLooks) {
    const auto fs = SimulatedFileSystem::make();
    const auto writer = must_open(fs, "/db", small_store(1));
    for (int i = 0; i < 5; ++i) must_write(*writer, Family{0}, "a", std::to_string(i));
    const auto follower = must_open(fs, "/db", small_follower(1));
    must_write(*writer, Family{0}, "a", "last");
    must(fs->corrupt("/db/" + names_ending(*fs, "/db", ".log").back(), contents_at() + 60, 1));
    EXPECT_EQ(code_of(follower->refresh()), Errc::kDatabaseCorrupt);
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "4");
}

TEST(RocksDbFollower, AnIdleRefreshReadsNoData) {
    const auto disk = SimulatedFileSystem::make();
    const auto writer = must_open(disk, "/db", small_store(1));
    must_write(*writer, Family{0}, "a", "1");
    const auto fs = std::make_shared<FaultyFileSystem>(disk);
    const auto follower = must_open(fs, "/db", small_follower(1));
    const std::uint64_t before = fs->calls();
    must(follower->refresh());
    EXPECT_LE(fs->calls() - before, 8u);
}

TEST(RocksDbFollower, GetsThereHoweverOftenFilesAreReplacedUnderItsFeet) {
    const auto disk = SimulatedFileSystem::make();
    const auto writer = must_open(disk, "/db", small_store(1));
    must_write(*writer, Family{0}, "a", "1");
    const auto fs = std::make_shared<FaultyFileSystem>(disk);
    const auto follower = must_open(fs, "/db", small_follower(1));
    must_write(*writer, Family{0}, "a", "2");
    // Every time the follower asks which files there are, they are others before it opens one.
    int replacements = 200;
    fs->before_each([&](const FileCall& call) {
        if (call.operation != FileOperation::kList || replacements == 0) return;
        --replacements;
        const auto manifest = [&] {
            std::uint64_t bytes = 0;
            for (const io::DirectoryEntry& entry : must(disk->list("/db")))
                if (entry.name.starts_with("MANIFEST")) {
                    // One that was replaced since the list was made is gone.
                    const auto info = disk->info("/db/" + entry.name);
                    if (info) bytes += info->size;
                }
            return bytes;
        };
        for (const auto before = manifest(); manifest() == before;)
            must_write(*writer, Family{0}, "large", std::string(100'000, 'x'));
    });
    must(follower->refresh());
    EXPECT_EQ(replacements, 0);
    EXPECT_EQ(found(follower->get(Family{0}, "a")), "2");
    EXPECT_TRUE(must(follower->verify()).empty());
}

TEST(RocksDbFollower, VerifiesItsMomentAlsoWhenItsFilesAreGone) {
    const auto fs = SimulatedFileSystem::make();
    auto writer = must_open(fs, "/db", small_store(1));
    for (int i = 0; i < 100; ++i)
        must_write(*writer, Family{0}, "key" + std::to_string(i % 40), std::string(20'000, 'a'));
    const auto follower = must_open(fs, "/db", small_follower(1));
    writer.reset();
    const auto tables = names_ending(*fs, "/db", ".sst");
    ASSERT_FALSE(tables.empty());
    for (const std::string& table : tables) must(fs->remove_file("/db/" + table));
    EXPECT_TRUE(must(follower->verify()).empty());
}

TEST(RocksDbFollower, OfAnotherProcessSeesWholeBatchesAndTheLastCommit) {
    const TemporaryFolder folder;
    const std::string path = folder / "db";
    WriterProcess writer(path, kFamilies, kValueBytes);
    ASSERT_EQ(writer.next(), 0u);
    const auto follower = must_open(io::make_posix_file_system(), path, small_follower(kFamilies));
    const std::uint64_t commits = number_from_environment("CATALOG_FOLLOWER_COMMITS", 150);
    for (std::uint64_t i = 1; i <= commits; ++i) {
        const auto durable = writer.next();
        ASSERT_TRUE(durable);
        const auto refreshed = follower->refresh();
        ASSERT_TRUE(refreshed) << refreshed.error().to_string();
        const auto seen = number_in_all(*follower, kFamilies);
        ASSERT_TRUE(seen) << "families disagree after commit " << *durable;
        ASSERT_GE(*seen, *durable);
    }
}

TEST(RocksDbFollower, AKilledWriterLosesNoCommitThatItAcknowledged) {
    const TemporaryFolder folder;
    const std::string path = folder / "db";
    const std::uint64_t lives = number_from_environment("CATALOG_KILLS", 4);
    std::uint64_t durable = 0;
    for (std::uint64_t life = 0; life < lives; ++life) {
        WriterProcess writer(path, kFamilies, kValueBytes);
        const auto at_open = writer.next();
        ASSERT_TRUE(at_open) << "the writer could not open the store";
        ASSERT_GE(*at_open, durable);
        for (std::uint64_t i = 0; i < 10 + 7 * life; ++i) durable = writer.next().value();
        writer.kill();
        while (const auto more = writer.next()) durable = *more;
        const auto follower =
            must_open(io::make_posix_file_system(), path, small_follower(kFamilies));
        const auto seen = number_in_all(*follower, kFamilies);
        ASSERT_TRUE(seen);
        ASSERT_GE(*seen, durable);
        ASSERT_LE(*seen, durable + 1);
    }
    const auto store = must_open(io::make_posix_file_system(), path, small_store(kFamilies));
    EXPECT_GE(number_in_all(*store, kFamilies).value(), durable);
}

}  // namespace
}  // namespace catalog::kv
