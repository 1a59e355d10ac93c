// The backend of docs/examples: a host's own passes what Catalog's own pass.

#include <gtest/gtest.h>

#include "directory_backend.hpp"
#include "support/content/content_workload.hpp"
#include "support/content/faulty_storage_backend.hpp"
#include "support/content/storage_backend_contract.hpp"
#include "support/io/crash_test.hpp"
#include "support/io/simulated_file_system.hpp"

namespace catalog::content::testing {
namespace {

using example::DirectoryBackend;
using io::testing::CrashPoint;
using io::testing::SimulatedFileSystem;

using Disk = std::shared_ptr<SimulatedFileSystem>;

INSTANTIATE_TEST_SUITE_P(
    HostBackend, StorageBackendContract,
    ::testing::Values(BackendMaker{"Directory",
                                   [](const PackOptions& options) {
                                       return std::make_shared<DirectoryBackend>(
                                           SimulatedFileSystem::make(), "/store",
                                           options.pack_bytes_max);
                                   }},
                      BackendMaker{"DirectoryWrapped",
                                   [](const PackOptions& options) {
                                       return std::make_shared<FaultyStorageBackend>(
                                           std::make_shared<DirectoryBackend>(
                                               SimulatedFileSystem::make(), "/store",
                                               options.pack_bytes_max));
                                   }}),
    [](const auto& backend) { return backend.param.name; });

// A content store over the backend, with a database that forgets nothing.
Result<std::unique_ptr<OpenContent>> open_over(const Disk& disk,
                                               const std::shared_ptr<kv::KeyValueStore>& store) {
    ContentOptions options = workload_options(nullptr);
    options.backend = std::make_shared<DirectoryBackend>(disk, "/store", 7 * 1024);
    return OpenContent::open(std::move(options), [&] { return store; });
}

void expect_whole(OpenContent& content, const References& references) {
    for (const auto& [owner, number] : references)
        EXPECT_EQ(must(content.storage().retrieve_all(workload_id(number), 1u << 20, {})),
                  workload_object(number));
    const VerifyReport report = must(content.storage().verify(VerifyDepth::kFull, {}));
    for (const Damage& damage : report.damages)
        ADD_FAILURE() << damage.where << ": " << damage.what;
}

TEST(HostBackend, AContentStoreOverItWorks) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        SCOPED_TRACE(seed);
        const Disk disk = SimulatedFileSystem::make();
        const std::shared_ptr<kv::KeyValueStore> store = kv::make_memory_store(kBedFamilyCount);
        WorkloadModel model;
        must(ContentWorkload([&] { return open_over(disk, store); }, model, seed).run(40));
        const auto opened = must(open_over(disk, store));
        EXPECT_EQ(references_of(opened->storage()), model.durable);
        expect_whole(*opened, model.durable);
    }
}

TEST(HostBackend, LosesNothingWhenPowerIsLost) {
    std::shared_ptr<kv::KeyValueStore> store;
    WorkloadModel model;
    const auto prepare = [&] {
        store = kv::make_memory_store(kBedFamilyCount);
        model = {};
        return SimulatedFileSystem::make();
    };
    const auto work = [&](const Disk& disk) {
        (void)ContentWorkload([&] { return open_over(disk, store); }, model, 3).run(16);
    };
    const auto check = [&](const Disk& disk, const CrashPoint&) {
        // The next check needs the database as the work left it.
        const std::shared_ptr<kv::KeyValueStore> copy = kv::make_memory_store(kBedFamilyCount);
        kv::WriteBatch batch;
        for (std::uint32_t family = 0; family < kBedFamilyCount; ++family) {
            const auto walk = store->iterate(kv::Family{family});
            for (walk->seek({}); walk->valid(); walk->next())
                batch.put(kv::Family{family}, std::string(walk->key()), std::string(walk->value()));
        }
        must(copy->write(batch, kv::Durability::kSync));
        const auto opened = must(open_over(disk, copy));
        const References found = references_of(opened->storage());
        EXPECT_TRUE(model.allows(found));
        expect_whole(*opened, found);
        must(opened->storage().collect({}, {}));
        must(opened->storage().store(source_of(workload_object(1)), "anna", {}));
        expect_whole(*opened, found);
    };
    io::testing::CrashTestOptions options;
    options.random_seeds = 2;
    options.stride = 5;
    EXPECT_GT(for_each_crash(prepare, work, check, options).points, 20u);
}

}  // namespace
}  // namespace catalog::content::testing
