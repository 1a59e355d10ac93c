#pragma once
// What soaks of the content store share: a machine that can lose power or meet errors, and what is
// expected of the store on it afterwards.

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "support/content/content_workload.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::content::testing {

using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;

using Disk = std::shared_ptr<SimulatedFileSystem>;

// A machine: the disk, and the database where that is not on it.
struct Machine {
    Disk disk;
    std::shared_ptr<kv::KeyValueStore> memory;  // Null: RocksDB on the disk.

    [[nodiscard]] OpenContent::OpenDatabase database() const {
        return [disk = disk, memory = memory]() -> Result<std::shared_ptr<kv::KeyValueStore>> {
            if (memory) return memory;
            auto store =
                kv::open_rocksdb(disk, "/library/db", kv::testing::small_store(kBedFamilyCount));
            if (!store) return fail(store.error());
            return std::shared_ptr<kv::KeyValueStore>(std::move(*store));
        };
    }
    [[nodiscard]] Result<std::unique_ptr<OpenContent>> open() const {
        return OpenContent::open(disk, database());
    }
    // The database in memory keeps everything that it was told.
    [[nodiscard]] Machine recover(CrashPolicy policy, std::uint64_t seed) const {
        Machine copy{disk->recover(policy, seed), nullptr};
        if (!memory) return copy;
        copy.memory = copy_of(*memory);
        return copy;
    }
};

// Some bits of packs and indexes, and now and then the end of a file or all of it.
inline void damage_files(SimulatedFileSystem& disk, SeededRandom& random) {
    const std::string folder = "/library/packs/";
    const auto entries = disk.list(folder);
    if (!entries || entries->empty()) return;  // Power is gone.
    for (std::uint64_t left = 1 + random.below(3); left != 0; --left) {
        const std::string path = folder + (*entries)[random.below(entries->size())].name;
        const auto info = disk.info(path);
        if (!info || info->size == 0) continue;
        const std::uint64_t place = random.below(info->size);
        if (random.chance(85)) {
            must(disk.corrupt(path, place, static_cast<std::uint8_t>(1u << random.below(8))));
        } else if (random.chance(50)) {
            if (const auto file = disk.open_write(path, io::OpenMode::kReadWrite))
                (void)(*file)->truncate(place);
        } else {
            (void)disk.remove_file(path);
        }
    }
}

inline void expect_clean(ContentStorage& storage) {
    const VerifyReport report = must(storage.verify(VerifyDepth::kFull, CallContext()));
    for (const Damage& damage : report.damages)
        ADD_FAILURE() << damage.where << ": " << damage.what;
}

inline void expect_references(ContentStorage& storage, const References& references) {
    for (const auto& [owner, number] : references) {
        const auto bytes = storage.retrieve_all(workload_id(number), 1u << 20, CallContext());
        ASSERT_TRUE(bytes) << owner << " lost object " << number << ": "
                           << bytes.error().to_string();
        ASSERT_TRUE(*bytes == workload_object(number)) << number;
    }
}

inline std::set<unsigned> objects_of(const References& references) {
    std::set<unsigned> objects;
    for (const auto& [owner, number] : references) objects.insert(number);
    return objects;
}

inline std::set<unsigned> objects_in(ContentStorage& storage) {
    std::set<unsigned> objects;
    must(storage.for_each([&](const ObjectInfo& object) -> Result<void> {
        const auto number = workload_number(object.id);
        if (!number) return fail(Errc::kInternal, "an object that nobody stored");
        objects.insert(*number);
        return {};
    }));
    return objects;
}

// Each takes what was held by what the one before it took: rows of deltas are not longer than that,
// and an index goes after its packs.
inline void collect_all(ContentStorage& storage) {
    constexpr int kRoundsMin = 3;
    constexpr int kRoundsMax = 9;
    CollectOptions all;
    all.live_share_min = 1;
    for (int round = 1; round <= kRoundsMax; ++round) {
        const CollectReport done = must(storage.collect(all, CallContext()));
        const auto taken = done.objects_removed + done.chunks_dead + done.packs_removed;
        if (round >= kRoundsMin && taken == 0) return;
    }
    ADD_FAILURE() << "collections find something to take for ever";
}

// A repair needs a source for nothing that could be read before.
inline void expect_repaired(ContentAddressedStorage& storage, const WorkloadModel& model,
                            const References& references) {
    for (const unsigned number : hurt_objects_of(storage, references))
        EXPECT_TRUE(model.hurt.contains(number)) << "object " << number << " was whole";
    const auto source = make_workload_source();
    RepairOptions options;
    options.sources = {source.get()};
    EXPECT_TRUE(must(storage.repair(options, CallContext())).hurt.empty());
    EXPECT_EQ(references_of(storage), references);
}

// With the last reference all packs go, but for one that was begun and has no record: the next
// append goes there.
inline void expect_space_back(const Machine& machine) {
    const auto opened = must(machine.open());
    ContentStorage& storage = opened->storage();
    kv::WriteBatch batch;
    for (const auto& [owner, number] : references_of(storage))
        must(storage.remove(workload_id(number), owner, batch));
    must(opened->commit(std::move(batch)));
    collect_all(storage);
    const StorageStats stats = must(storage.stats());
    EXPECT_EQ(stats.objects, 0u);
    EXPECT_EQ(stats.unreferenced_bytes, 0u);
    EXPECT_LE(stats.packs, 1u);
    EXPECT_LT(stats.stored_bytes, kPackHeaderBytes + 1000);
}

}  // namespace catalog::content::testing
