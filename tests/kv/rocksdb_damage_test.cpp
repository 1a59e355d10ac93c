// Flipped bits in every file of a store: an error or the right answer, never a wrong one.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/kv/store_model.hpp"

namespace catalog::kv {
namespace {

using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SimulatedFileSystem;
using testing::contents_at;
using testing::must_open;
using testing::names_ending;
using testing::number_from_environment;
using testing::read_store;
using testing::small_follower;
using testing::small_store;
using testing::StoreModel;

constexpr std::uint32_t kFamilies = 2;

/// A store with tables and logs of several lives, closed.
struct Sample {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    StoreModel model{kFamilies};

    Sample() {
        for (int life = 0; life < 13; ++life) {
            const auto store = must_open(disk, "/db", small_store(kFamilies));
            for (int i = 0; i < 2; ++i) {
                WriteBatch batch;
                for (std::uint32_t family = 0; family < kFamilies; ++family)
                    batch.put(Family{family}, "key" + std::to_string(life % 7),
                              "value of life " + std::to_string(life) + std::to_string(i));
                must(store->write(batch, Durability::kSync));
                model.apply(batch);
            }
        }
    }
    /// A copy to damage.
    [[nodiscard]] std::shared_ptr<SimulatedFileSystem> copy() const {
        return disk->recover(CrashPolicy::kKeepAll);
    }
};

/// Reads everything; nullopt when that ended in an error of the kind that damage may cause.
std::optional<StoreModel> read_damaged(const std::shared_ptr<SimulatedFileSystem>& fs,
                                       const OpenOptions& options, std::string& error) {
    const auto opened = open_rocksdb(fs, "/db", options);
    if (!opened) {
        error = opened.error().to_string();
        EXPECT_TRUE(opened.error().code() == Errc::kDatabaseCorrupt ||
                    opened.error().code() == Errc::kDatabaseOpen)
            << error;
        return std::nullopt;
    }
    try {
        return read_store(**opened, kFamilies);
    } catch (const std::runtime_error& thrown) {
        error = thrown.what();
        return std::nullopt;
    }
}

TEST(RocksDbDamage, NoFlippedBitChangesAnAnswer) {
    const Sample sample;
    const std::uint64_t stride = number_from_environment("CATALOG_DAMAGE_STRIDE", 7);
    std::uint64_t flips = 0;
    std::uint64_t noticed = 0;
    for (const io::DirectoryEntry& entry : must(sample.disk->list("/db"))) {
        const std::string path = "/db/" + entry.name;
        const std::uint64_t size = must(sample.disk->info(path)).size;
        for (std::uint64_t at = 0; at < size; at += stride) {
            const auto mask = static_cast<std::uint8_t>(1u << (at % 8));
            SCOPED_TRACE(path + " byte " + std::to_string(at) + " mask " + std::to_string(mask));
            const auto damaged = sample.copy();
            must(damaged->corrupt(path, at, mask));
            std::string error;
            const auto followed = read_damaged(damaged, small_follower(kFamilies), error);
            const auto opened = read_damaged(damaged, small_store(kFamilies), error);
            ++flips;
            noticed += opened ? 0 : 1;
            if (followed) {
                ASSERT_EQ(*followed, sample.model);
            }
            if (opened) {
                ASSERT_EQ(*opened, sample.model);
            }
        }
    }
    std::cout << flips << " flipped bits, " << noticed << " noticed, the others harmless\n";
    EXPECT_GT(noticed, flips / 4);
}

TEST(RocksDbDamage, AManifestThatEndsWithAFlushIsNotCutSilently) {
    // The logs that the flush replaced are gone: without its record their commits would be too.
    const auto disk = SimulatedFileSystem::make();
    StoreModel model(kFamilies);
    for (;;) {
        const auto store = must_open(disk, "/db", small_store(kFamilies));
        WriteBatch batch;
        batch.put(Family{0}, "of call " + std::to_string(disk->mutations()), "value");
        batch.put(Family{1}, "of call " + std::to_string(disk->mutations()), "value");
        must(store->write(batch, Durability::kSync));
        model.apply(batch);
        if (!names_ending(*disk, "/db", ".sst").empty()) break;
    }
    std::string manifest;
    for (const io::DirectoryEntry& entry : must(disk->list("/db")))
        if (entry.name.starts_with("MANIFEST-")) manifest = "/db/" + entry.name;
    for (std::uint64_t at = 0; at < must(disk->info(manifest)).size; ++at) {
        SCOPED_TRACE("byte " + std::to_string(at));
        const auto damaged = disk->recover(CrashPolicy::kKeepAll);
        must(damaged->corrupt(manifest, at, 0x10));
        std::string error;
        const auto followed = read_damaged(damaged, small_follower(kFamilies), error);
        const auto opened = read_damaged(damaged, small_store(kFamilies), error);
        if (followed) {
            ASSERT_EQ(*followed, model);
        }
        if (opened) {
            ASSERT_EQ(*opened, model);
        }
    }
}

TEST(RocksDbDamage, AMissingTableOrManifestIsAnError) {
    const Sample sample;
    std::size_t removed = 0;
    for (const io::DirectoryEntry& entry : must(sample.disk->list("/db"))) {
        if (!entry.name.ends_with(".sst") && !entry.name.starts_with("MANIFEST-") &&
            entry.name != "CURRENT")
            continue;
        SCOPED_TRACE(entry.name);
        const auto damaged = sample.copy();
        must(damaged->remove_file("/db/" + entry.name));
        OpenOptions options = small_store(kFamilies);
        options.create_if_missing = false;
        std::string error;
        EXPECT_FALSE(read_damaged(damaged, options, error));
        ++removed;
    }
    EXPECT_GE(removed, 4u);
}

TEST(RocksDbDamage, ASalvageGoesBackBeforeTheDamageAndSaysWhatWasLost) {
    const auto disk = SimulatedFileSystem::make();
    std::vector<StoreModel> states{StoreModel(kFamilies)};
    std::vector<std::uint64_t> ends;  // of the log after each commit
    std::string log;
    {
        const auto store = must_open(disk, "/db", small_store(kFamilies));
        for (int i = 0; i < 5; ++i) {
            WriteBatch batch;
            batch.put(Family{0}, "key" + std::to_string(i), std::string(3000, 'a'));
            batch.put(Family{1}, "name" + std::to_string(i), "value");
            must(store->write(batch, Durability::kSync));
            states.push_back(states.back());
            states.back().apply(batch);
            log = "/db/" + names_ending(*disk, "/db", ".log").back();
            ends.push_back(must(disk->info(log)).size);
        }
    }
    for (std::uint64_t at = contents_at(); at < ends.back(); at += 97) {
        const auto hit =
            static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), at) - ends.begin());
        SCOPED_TRACE("byte " + std::to_string(at) + ", in commit " + std::to_string(hit));
        const auto damaged = disk->recover(CrashPolicy::kKeepAll);
        must(damaged->corrupt(log, at, 4));
        ASSERT_FALSE(open_rocksdb(damaged, "/db", small_follower(kFamilies)));
        for (OpenOptions options : {small_follower(kFamilies), small_store(kFamilies)}) {
            options.salvage = std::make_shared<Salvage>();
            const auto store = must_open(damaged, "/db", options);
            ASSERT_EQ(read_store(*store, kFamilies), states[hit]);
            ASSERT_FALSE(options.salvage->damages.empty());
            std::set<std::string> intact;
            std::set<std::string> doubtful;
            for (const LostChange& change : options.salvage->changes)
                if (change.family == Family{1})
                    (change.intact ? intact : doubtful).insert(change.key);
            for (std::size_t i = hit + 1; i < ends.size(); ++i)
                ASSERT_EQ(intact.count("name" + std::to_string(i)), 1u) << i;
            ASSERT_EQ(intact.size(), ends.size() - hit - 1);
            const std::uint64_t value_at = at - (hit == 0 ? contents_at() : ends[hit - 1]);
            if (value_at >= 100 && value_at < 3000) {
                ASSERT_EQ(doubtful, (std::set<std::string>{"name" + std::to_string(hit)}));
            }
        }
        const auto store = must_open(damaged, "/db", small_store(kFamilies));
        ASSERT_EQ(read_store(*store, kFamilies), states[hit]);
        WriteBatch batch;
        batch.put(Family{0}, "after", "it");
        must(store->write(batch, Durability::kSync));
    }
}

TEST(RocksDbDamage, ASalvageOfAnIntactStoreSaysNothing) {
    const Sample sample;
    OpenOptions options = small_store(kFamilies);
    options.salvage = std::make_shared<Salvage>();
    EXPECT_EQ(read_store(*must_open(sample.copy(), "/db", options), kFamilies), sample.model);
    EXPECT_TRUE(options.salvage->damages.empty());
    EXPECT_TRUE(options.salvage->changes.empty());
}

TEST(RocksDbDamage, AnOpenStoreFindsDamageToALogThatItHasReadAlready) {
    const auto disk = SimulatedFileSystem::make();
    const auto writer = must_open(disk, "/db", small_store(kFamilies));
    for (int i = 0; i < 5; ++i) {
        WriteBatch batch;
        batch.put(Family{0}, "key" + std::to_string(i), std::string(300, 'a'));
        must(writer->write(batch, Durability::kSync));
    }
    const auto follower = must_open(disk, "/db", small_follower(kFamilies));
    EXPECT_TRUE(must(writer->verify()).empty());
    EXPECT_TRUE(must(follower->verify()).empty());
    must(disk->corrupt("/db/" + names_ending(*disk, "/db", ".log").back(), 500, 1));
    EXPECT_EQ(must(writer->verify()).size(), 1u);
    EXPECT_EQ(must(follower->verify()).size(), 1u);
}

}  // namespace
}  // namespace catalog::kv
