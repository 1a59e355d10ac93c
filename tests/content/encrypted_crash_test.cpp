// Power is lost while an encrypted store is worked with, given new keys, and sealed again under
// them.

#include <gtest/gtest.h>

#include <array>
#include <catalog/internal/try.hpp>

#include "catalog/content/key_use.hpp"
#include "support/content/content_workload.hpp"
#include "support/content/encryption_samples.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::content::testing {
namespace {

using io::testing::CrashPolicy;
using io::testing::must;
using io::testing::SeededRandom;
using io::testing::SimulatedFileSystem;
using kv::testing::number_from_environment;

constexpr std::array kLosses = {CrashPolicy::kDropUnsynced, CrashPolicy::kKeepAll,
                                CrashPolicy::kRandomSubset, CrashPolicy::kTornSectors,
                                CrashPolicy::kSizesFirst};
constexpr std::uint32_t kNewestKeys = 3;

// A disk, and a database elsewhere that keeps everything that it was told.
struct SealedMachine {
    std::shared_ptr<SimulatedFileSystem> disk = SimulatedFileSystem::make();
    std::shared_ptr<kv::KeyValueStore> database = kv::make_memory_store(kBedFamilyCount);

    [[nodiscard]] Result<std::unique_ptr<OpenContent>> open(
        std::shared_ptr<const StoreEncryption> encryption) const {
        ContentOptions options = workload_options(disk);
        options.packs.encryption = std::move(encryption);
        return OpenContent::open(std::move(options), [this] { return database; });
    }
    [[nodiscard]] SealedMachine recover(CrashPolicy policy, std::uint64_t seed) const {
        return {disk->recover(policy, seed), copy_of(*database)};
    }
};

Result<RepackReport> rekey(OpenContent& content, std::uint64_t bytes_max) {
    RepackOptions options;
    options.rekey = true;
    options.rewrite_bytes_max = bytes_max;
    return content.storage().repack(options, CallContext());
}

// Work under the first keys; then new ones come, twice, and packs go over to them a few at a time.
Result<void> work(const SealedMachine& machine, WorkloadModel& model, std::uint64_t seed) {
    for (std::uint32_t keys = 1; keys <= kNewestKeys; ++keys) {
        const auto encryption = sample_encryption(keys);
        const auto open = [&] { return machine.open(encryption); };
        CATALOG_TRY_VOID(ContentWorkload(open, model, seed + keys).run(keys == 1 ? 5 : 2));
        if (keys == 1) continue;
        CATALOG_TRY(const auto content, open());
        model.step = "rekey";
        CATALOG_TRY_VOID(rekey(*content, keys == 2 ? 9'000 : ~std::uint64_t{0}));
    }
    return {};
}

void expect_whole(OpenContent& content, const WorkloadModel& model) {
    ContentAddressedStorage& storage = content.storage();
    const References found = references_of(storage);
    ASSERT_TRUE(model.allows(found)) << found.size() << " references";
    for (const auto& [owner, number] : found) {
        const auto bytes = storage.retrieve_all(workload_id(number), 1u << 20, CallContext());
        ASSERT_TRUE(bytes) << owner << " lost object " << number << ": "
                           << bytes.error().to_string();
        ASSERT_TRUE(*bytes == workload_object(number)) << number;
    }
    for (const Damage& damage : must(storage.verify(VerifyDepth::kFull, CallContext())).damages)
        ADD_FAILURE() << damage.where << ": " << damage.what;
}

// What was acknowledged is there, and a rekey ends what was interrupted: then the newest keys open
// all of it.
void check(const SealedMachine& machine, const WorkloadModel& model) {
    const auto encryption = sample_encryption(kNewestKeys);
    {
        const auto content = must(machine.open(encryption));
        ASSERT_NO_FATAL_FAILURE(expect_whole(*content, model));
        EXPECT_EQ(must(rekey(*content, ~std::uint64_t{0})).packs_left, 0u);
    }
    for (const KeyUse& use : must(find_key_use(*machine.disk, "/library")))
        EXPECT_EQ(use.generation, KeyGeneration{kNewestKeys});
    const auto content = must(machine.open(newest_alone(*encryption)));
    ASSERT_NO_FATAL_FAILURE(expect_whole(*content, model));
}

// CATALOG_SOAK_POINTS says how many calls of how many workloads lose power.
TEST(EncryptedCrash, NothingAcknowledgedIsLostAndOldKeysGo) {
    const std::uint64_t asked = number_from_environment("CATALOG_SOAK_POINTS", 0);
    const std::uint64_t points_max = asked != 0 ? asked : 90;
    const std::uint64_t stride = asked != 0 ? 1 : 13;
    std::uint64_t points = 0;
    std::uint64_t in_rekey = 0;
    for (std::uint64_t seed = number_from_environment("CATALOG_SOAK_SEED", 1);
         points < points_max && !HasFailure(); ++seed) {
        SeededRandom random(seed);
        for (std::uint64_t number = 1 + seed % stride; !HasFailure(); number += stride) {
            const SealedMachine machine;
            must(machine.disk->make_directories("/library"));
            must(machine.disk->sync_directory("/"));
            WorkloadModel model;
            machine.disk->crash_at(machine.disk->mutations() + number);
            const auto done = work(machine, model, 100 * seed);
            const bool lost = machine.disk->crashed();
            if (!done && !lost) ADD_FAILURE() << model.step << ": " << done.error().to_string();
            machine.disk->crash_now();
            ++points;
            in_rekey += lost && model.step == "rekey" ? 1 : 0;
            for (const CrashPolicy policy : kLosses) {
                if (asked == 0 && policy != kLosses[(number + seed) % kLosses.size()]) continue;
                const std::uint64_t loss = random.next();
                check(machine.recover(policy, loss), model);
                if (!HasFailure()) continue;
                FAIL() << "workload " << seed << ", call " << number << " in " << model.step << ", "
                       << policy_name(policy) << ", " << loss << "\n"
                       << machine.disk->call_log(30);
            }
            if (!lost) break;
        }
    }
    std::cout << points << " points, " << in_rekey << " in a rekey\n";
    EXPECT_GT(4 * in_rekey, points / 5);
}

}  // namespace
}  // namespace catalog::content::testing
