// Power loss at every call that RocksDB makes to the disk while commits are written.

#include <gtest/gtest.h>

#include <iostream>

#include "support/io/crash_test.hpp"
#include "support/io/results.hpp"
#include "support/kv/leak_sanitizer.hpp"
#include "support/kv/rocksdb_stores.hpp"
#include "support/kv/store_model.hpp"

namespace catalog::kv {
namespace {

using io::testing::CrashPoint;
using io::testing::CrashTestOptions;
using io::testing::SimulatedFileSystem;
using testing::must_open;
using testing::number_from_environment;
using testing::random_batch;
using testing::read_store;
using testing::small_follower;
using testing::small_store;
using testing::StoreModel;

constexpr std::uint32_t kFamilies = 3;
const std::string kPath = "/library/db";

std::shared_ptr<SimulatedFileSystem> disk_with_folder() {
    auto fs = SimulatedFileSystem::make();
    io::testing::must(fs->make_directories("/library"));
    io::testing::must(fs->sync_directory("/"));
    return fs;
}

/// What was written and what of it must be there after the crash.
struct Ledger {
    StoreModel written{kFamilies};
    std::vector<StoreModel> states{StoreModel(kFamilies)};  // after 0, 1, 2, ... batches
    std::size_t acknowledged = 0;                           // state that must not be lost

    void clear() { *this = Ledger(); }

    /// Writes one batch and keeps account of it. Returns whether the store took it.
    bool write(KeyValueStore& store, const WriteBatch& batch, Durability durability) {
        written.apply(batch);
        states.push_back(written);
        if (!store.write(batch, durability)) return false;
        if (durability == Durability::kSync) acknowledged = states.size() - 1;
        return true;
    }
    /// What was found becomes the truth that later batches build on.
    void settle(const StoreModel& found) {
        written = found;
        states = {found};
        acknowledged = 0;
    }
    [[nodiscard]] bool allows(const StoreModel& found) const {
        for (std::size_t i = acknowledged; i < states.size(); ++i)
            if (states[i] == found) return true;
        return false;
    }
};

CrashTestOptions from_environment(std::uint64_t seeds, std::uint64_t stride) {
    CrashTestOptions options;
    options.random_seeds = number_from_environment("CATALOG_CRASH_SEEDS", seeds);
    options.first_seed = number_from_environment("CATALOG_CRASH_FIRST_SEED", 1);
    options.stride = number_from_environment("CATALOG_CRASH_STRIDE", stride);
    return options;
}

/// Opens what a crash left, reads it through a follower first and as a store then, writes to it and
/// opens it once more.
void check_recovery(const std::shared_ptr<SimulatedFileSystem>& fs, const Ledger& ledger,
                    bool may_be_missing) {
    auto followed = open_rocksdb(fs, kPath, small_follower(kFamilies));
    if (!followed && may_be_missing) {
        ASSERT_EQ(followed.error().code(), Errc::kDatabaseOpen) << followed.error().to_string();
    } else {
        ASSERT_TRUE(followed) << followed.error().to_string();
        ASSERT_TRUE(ledger.allows(read_store(**followed, kFamilies)));
    }
    auto opened = open_rocksdb(fs, kPath, small_store(kFamilies));
    ASSERT_TRUE(opened) << opened.error().to_string();
    StoreModel found = read_store(**opened, kFamilies);
    ASSERT_TRUE(ledger.allows(found)) << "of " << ledger.states.size() - 1 << " batches "
                                      << ledger.acknowledged << " were acknowledged";
    if (followed) {
        ASSERT_EQ(read_store(**followed, kFamilies), found);
    }

    WriteBatch batch;
    batch.put(Family{0}, "after the crash", "1");
    batch.put(Family{2}, "after the crash", "2");
    ASSERT_TRUE((*opened)->write(batch, Durability::kSync));
    found.apply(batch);
    opened->reset();
    ASSERT_EQ(read_store(*must_open(fs, kPath, small_store(kFamilies)), kFamilies), found);
}

void print_count(const io::testing::CrashTestCount& count) {
    std::cout << count.points << " crash points, " << count.recoveries << " recoveries\n";
}

TEST(RocksDbCrash, CommitsSurviveAtEveryCall) {
    Ledger ledger;
    const auto prepare = [&] {
        ledger.clear();
        auto fs = disk_with_folder();
        (void)must_open(fs, kPath, small_store(kFamilies));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        std::mt19937_64 random(7);
        auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
        if (!store) return;
        for (int i = 0; i < 12; ++i)
            if (!ledger.write(**store, random_batch(random, kFamilies), Durability::kSync)) return;
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        check_recovery(fs, ledger, false);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(6, 1)));
}

TEST(RocksDbCrash, MakingAStoreSurvivesAtEveryCall) {
    Ledger ledger;
    const auto prepare = [&] {
        ledger.clear();
        return disk_with_folder();
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
        if (!store) return;
        WriteBatch batch;
        batch.put(Family{1}, "key", "value");
        (void)ledger.write(**store, batch, Durability::kSync);
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        check_recovery(fs, ledger, ledger.acknowledged == 0);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(4, 1)));
}

TEST(RocksDbCrash, UnsyncedBatchesAreKeptOrLostInOrder) {
    Ledger ledger;
    const auto prepare = [&] {
        ledger.clear();
        auto fs = disk_with_folder();
        (void)must_open(fs, kPath, small_store(kFamilies));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        std::mt19937_64 random(8);
        auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
        if (!store) return;
        for (int i = 0; i < 20; ++i)
            if (!ledger.write(**store, random_batch(random, kFamilies),
                              random() % 3 == 0 ? Durability::kSync : Durability::kNoSync))
                return;
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        check_recovery(fs, ledger, false);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(8, 1)));
}

TEST(RocksDbCrash, FlushesAndCompactionsLoseNothing) {
    // Values fill the write buffers of the smallest store (256 KiB), so that tables are written,
    // merged and removed by other threads than the one that commits.
    Ledger ledger;
    const auto prepare = [&] {
        ledger.clear();
        auto fs = disk_with_folder();
        (void)must_open(fs, kPath, small_store(kFamilies));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
        if (!store) return;
        for (std::uint32_t i = 0; i < 60; ++i) {
            WriteBatch batch;
            batch.put(Family{i % kFamilies}, "key" + std::to_string(i % 7),
                      std::string(24'000, static_cast<char>('a' + i % 26)));
            batch.put(Family{(i + 1) % kFamilies}, "count", std::to_string(i));
            if (!ledger.write(**store, batch, Durability::kSync)) return;
        }
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        check_recovery(fs, ledger, false);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(3, 7)));
}

TEST(RocksDbCrash, ManyShortLivesLoseNothing) {
    // Each life writes little and closes; logs of several lives are read together until an opening
    // finds too many and flushes them.
    Ledger ledger;
    const auto prepare = [&] {
        ledger.clear();
        auto fs = disk_with_folder();
        (void)must_open(fs, kPath, small_store(kFamilies));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        std::mt19937_64 random(9);
        for (int life = 0; life < 12; ++life) {
            auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
            if (!store) return;
            for (int i = 0; i < 2; ++i)
                if (!ledger.write(**store, random_batch(random, kFamilies), Durability::kSync))
                    return;
        }
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        check_recovery(fs, ledger, false);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(3, 3)));
}

TEST(RocksDbCrash, LivesWhoseLogsWereReplacedInBetweenLoseNothing) {
    // A batch fills the write buffers, so the mark that closes the life stands alone in a new log.
    Ledger ledger;
    const auto prepare = [&] {
        ledger.clear();
        auto fs = disk_with_folder();
        (void)must_open(fs, kPath, small_store(kFamilies));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        for (std::uint32_t life = 0; life < 4; ++life) {
            auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
            if (!store) return;
            WriteBatch small;
            small.put(Family{0}, "life", std::to_string(life));
            WriteBatch large;
            large.put(Family{1}, "large", std::string(300'000, static_cast<char>('a' + life)));
            if (!ledger.write(**store, small, Durability::kSync)) return;
            if (!ledger.write(**store, large, Durability::kSync)) return;
        }
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        check_recovery(fs, ledger, false);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(3, 3)));
}

TEST(RocksDbCrash, WhatAFailedSyncLeftInThePageCacheIsWrittenAgain) {
    // After a failed sync Linux calls the pages clean: they can be read but will never reach the
    // disk. A life that shows such a commit and builds on it must bring it there itself.
    Ledger ledger;
    const auto prepare = [&] {
        ledger.clear();
        auto fs = disk_with_folder();
        const auto store = must_open(fs, kPath, small_store(kFamilies));
        std::mt19937_64 random(10);
        EXPECT_TRUE(ledger.write(*store, random_batch(random, kFamilies), Durability::kSync));
        fs->fail_next(io::testing::FileOperation::kSync, ".log", Errc::kIo);
        EXPECT_FALSE(ledger.write(*store, random_batch(random, kFamilies), Durability::kSync));
        return fs;
    };
    const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
        std::mt19937_64 random(11);
        auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
        if (!store) return;
        try {
            ledger.settle(read_store(**store, kFamilies));
        } catch (const std::runtime_error&) {
            return;  // power was lost while reading
        }
        for (int i = 0; i < 4; ++i)
            if (!ledger.write(**store, random_batch(random, kFamilies), Durability::kSync)) return;
    };
    const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
        check_recovery(fs, ledger, false);
    };
    print_count(for_each_crash(prepare, work, check, from_environment(4, 1)));
}

TEST(RocksDbCrash, RecoveryItselfMayLosePower) {
    // The disk of a first crash in the middle of a commit, torn in different ways.
    for (std::uint64_t seed = 1; seed <= number_from_environment("CATALOG_CRASH_DISKS", 3);
         ++seed) {
        SCOPED_TRACE("first crash with seed " + std::to_string(seed));
        Ledger ledger;
        const auto first = disk_with_folder();
        {
            std::mt19937_64 random(seed);
            const auto store = must_open(first, kPath, small_store(kFamilies));
            for (int i = 0; i < 5; ++i)
                ASSERT_TRUE(
                    ledger.write(*store, random_batch(random, kFamilies), Durability::kSync));
            for (int i = 0; i < 3; ++i)
                ASSERT_TRUE(
                    ledger.write(*store, random_batch(random, kFamilies), Durability::kNoSync));
            first->crash_now();
        }
        const Ledger before = ledger;
        const auto prepare = [&] {
            ledger = before;
            return first->recover(io::testing::CrashPolicy::kRandomSubset, seed);
        };
        const auto work = [&](const std::shared_ptr<SimulatedFileSystem>& fs) {
            auto store = open_rocksdb(fs, kPath, small_store(kFamilies));
            if (!store) return;
            try {
                const StoreModel found = read_store(**store, kFamilies);
                ASSERT_TRUE(ledger.allows(found));
                ledger.settle(found);
            } catch (const std::runtime_error&) {
                return;  // power was lost while reading
            }
            WriteBatch batch;
            batch.put(Family{1}, "second life", "1");
            (void)ledger.write(**store, batch, Durability::kSync);
        };
        const auto check = [&](const std::shared_ptr<SimulatedFileSystem>& fs, const CrashPoint&) {
            check_recovery(fs, ledger, false);
        };
        print_count(for_each_crash(prepare, work, check, from_environment(3, 1)));
    }
}

}  // namespace
}  // namespace catalog::kv
