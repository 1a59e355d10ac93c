// The disk level of the cache over RocksDB and over the store in memory.

#include "catalog/library/cache_records.hpp"

#include "catalog/cache/cache_system.hpp"
#include "support/cache/record_store_contract.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/randoms.hpp"
#include "support/io/results.hpp"
#include "support/io/simulated_file_system.hpp"
#include "support/kv/rocksdb_stores.hpp"

namespace catalog::cache::testing {
namespace {

struct RocksDbRecords {
    static std::shared_ptr<RecordStore> make() {
        return library::make_cache_records(kv::testing::make_store_in_temporary_folder(2),
                                           kv::Family{1});
    }
};
struct RecordsInMemory {
    static std::shared_ptr<RecordStore> make() {
        return library::make_cache_records(kv::make_memory_store(2), kv::Family{1});
    }
};
struct RecordsInAFolder {
    static std::shared_ptr<RecordStore> make() {
        return io::testing::must(
            library::open_cache_records(io::testing::SimulatedFileSystem::make(), "/cache"));
    }
};
INSTANTIATE_TYPED_TEST_SUITE_P(RocksDb, RecordStoreContract, RocksDbRecords);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, RecordStoreContract, RecordsInMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Folder, RecordStoreContract, RecordsInAFolder);

}  // namespace
}  // namespace catalog::cache::testing

namespace catalog::library::testing {
namespace {

using io::testing::must;
using io::testing::SimulatedFileSystem;

struct CacheOverDisk {
    explicit CacheOverDisk(std::shared_ptr<cache::RecordStore> records,
                           std::uint64_t disk_bytes = 1u << 20) {
        cache::CacheSystemOptions options;
        options.disk_bytes_max = disk_bytes;
        cache::CacheEnvironment environment;
        environment.clock = std::make_shared<fakes::FakeClock>();
        environment.random = std::make_shared<fakes::SeededRandom>(7);
        environment.disk = std::move(records);
        system = must(cache::CacheSystem::make(options, environment));
    }
    cache::CacheSource get(const std::string& key, const std::string& source) {
        const cache::Loader loader = [&](const CallContext&) -> Result<cache::Loaded> {
            return cache::Loaded(to_bytes(as_bytes(source)), cache::ServingTimes());
        };
        Bytes value;
        const cache::CacheSource from = must(system->get(as_bytes(key), loader, {}, value));
        EXPECT_EQ(as_text(value), source);
        return from;
    }

    std::unique_ptr<cache::CacheSystem> system;
};

TEST(CacheRecords, AreThereWhenTheFolderIsOpenedAgain) {
    const auto fs = SimulatedFileSystem::make();
    {
        CacheOverDisk first(must(open_cache_records(fs, "/cache")));
        for (int i = 0; i < 50; ++i)
            EXPECT_EQ(first.get(std::to_string(i), "value " + std::to_string(i)),
                      cache::CacheSource::kLoader);
    }
    CacheOverDisk second(must(open_cache_records(fs, "/cache")));
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(second.get(std::to_string(i), "value " + std::to_string(i)),
                  cache::CacheSource::kDisk);
    EXPECT_EQ(second.system->stats().disk.rejected, 0u);
}

TEST(CacheRecords, StayWithinTheirBytes) {
    constexpr std::uint64_t kBytesMax = 64 << 10;
    CacheOverDisk cache(must(open_cache_records(SimulatedFileSystem::make(), "/cache")), kBytesMax);
    for (int i = 0; i < 500; ++i) (void)cache.get(std::to_string(i), std::string(1'000, 'v'));
    const cache::CacheLevelStats stats = cache.system->stats().disk;
    EXPECT_LE(stats.bytes, kBytesMax);
    EXPECT_GT(stats.entries, 20u);
    EXPECT_GT(stats.evictions, 400u);
    EXPECT_EQ(stats.errors, 0u);
}

TEST(CacheRecords, OfAnEncryptedFolderNeedItsKey) {
    const auto fs = SimulatedFileSystem::make();
    CacheRecordsOptions options;
    options.encryption_key = kv::testing::store_key();
    {
        CacheOverDisk cache(must(open_cache_records(fs, "/cache", options)));
        (void)cache.get("key", "value");
    }
    EXPECT_EQ(io::testing::code_of(open_cache_records(fs, "/cache")), Errc::kKeyInvalid);
    CacheOverDisk again(must(open_cache_records(fs, "/cache", options)));
    EXPECT_EQ(again.get("key", "value"), cache::CacheSource::kDisk);
}

}  // namespace
}  // namespace catalog::library::testing
