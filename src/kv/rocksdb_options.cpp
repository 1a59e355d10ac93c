#include "rocksdb_options.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>

namespace catalog::kv {
namespace {

constexpr std::uint64_t kKilobyte = 1024;
constexpr std::uint64_t kMegabyte = 1024 * kKilobyte;

bool zstd_available() {
    const auto available = rocksdb::GetSupportedCompressions();
    return std::find(available.begin(), available.end(), rocksdb::kZSTD) != available.end();
}

std::shared_ptr<rocksdb::Cache> make_block_cache(std::uint64_t bytes) {
    rocksdb::LRUCacheOptions options;
    options.capacity = bytes;
    // One shard each half megabyte and not more than 16: a shard that is smaller than what few
    // readers pin at once evicts what it has just loaded.
    options.num_shard_bits = 0;
    while (options.num_shard_bits < 4 && (bytes >> (options.num_shard_bits + 1)) >= kMegabyte / 2)
        ++options.num_shard_bits;
    // A strict cache fails reads when what readers pin exceeds it. The budget is held by eviction;
    // only blocks in use may stand above it.
    options.strict_capacity_limit = false;
    options.high_pri_pool_ratio = 0.5;
    return rocksdb::NewLRUCache(options);
}

rocksdb::BlockBasedTableOptions make_table_options(std::shared_ptr<rocksdb::Cache> cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = std::move(cache);
    table.block_size = 8 * kKilobyte;
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;
    // Indexes and filters count against the budget, in small parts so that they can be evicted.
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.metadata_block_size = 4 * kKilobyte;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    return table;
}

}  // namespace

RocksMemory make_rocksdb_memory(const OpenOptions& options) {
    const std::uint64_t bytes = std::max(options.memory_bytes, kMegabyte);
    RocksMemory memory;
    memory.cache = make_block_cache(bytes);
    memory.write_buffer_bytes = bytes / 4;
    memory.write_buffers =
        std::make_shared<rocksdb::WriteBufferManager>(memory.write_buffer_bytes, memory.cache);
    return memory;
}

RocksOptions make_rocksdb_options(const OpenOptions& options, const RocksMemory& memory,
                                  rocksdb::Env& env) {
    RocksOptions made;
    rocksdb::DBOptions& database = made.database;
    database.env = &env;
    database.create_if_missing = options.create_if_missing;
    database.create_missing_column_families = true;

    // Durability: docs/formats/database.md, "Recovery".
    database.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
    database.avoid_flush_during_recovery = true;  // RocksDatabase::settle decides
    database.avoid_flush_during_shutdown = true;
    database.track_and_verify_wals_in_manifest = true;
    database.recycle_log_file_num = 0;
    database.paranoid_checks = true;
    database.use_fsync = false;
    database.max_bgerror_resume_count = 0;
    database.fail_if_options_file_error = false;

    // Memory and files.
    database.write_buffer_manager = memory.write_buffers;
    database.max_total_wal_size = std::max(memory.write_buffer_bytes, kMegabyte);
    database.max_manifest_file_size = kMegabyte;
    database.max_open_files =
        options.read_only ? -1 : static_cast<int>(std::min(options.open_files_max, 1u << 20));
    database.max_file_opening_threads = 1;
    database.skip_stats_update_on_db_open = true;
    database.allow_mmap_reads = false;
    database.allow_mmap_writes = false;
    database.allow_fallocate = false;
    database.avoid_unnecessary_blocking_io = !options.read_only;

    // Threads: one for flushes, one for compactions, both of the environment.
    database.max_background_jobs = 2;
    database.max_subcompactions = 1;
    database.stats_dump_period_sec = 0;
    database.stats_persist_period_sec = 0;

    // No log for people: what matters arrives as an error.
    env.GetFileSystem()
        ->NewLogger({}, rocksdb::IOOptions(), &database.info_log, nullptr)
        .PermitUncheckedError();
    database.info_log_level = rocksdb::InfoLogLevel::HEADER_LEVEL;
    database.keep_log_file_num = 1;

    rocksdb::ColumnFamilyOptions& family = made.family;
    family.write_buffer_size = memory.write_buffer_bytes;
    family.arena_block_size = 64 * kKilobyte;
    family.max_write_buffer_number = 2;
    family.level0_file_num_compaction_trigger = 4;
    family.target_file_size_base = 8 * kMegabyte;
    family.max_bytes_for_level_base = 32 * kMegabyte;
    family.level_compaction_dynamic_level_bytes = true;
    family.compression = rocksdb::kNoCompression;
    family.bottommost_compression =
        zstd_available() ? rocksdb::kZSTD : rocksdb::kDisableCompressionOption;
    family.table_factory.reset(
        rocksdb::NewBlockBasedTableFactory(make_table_options(memory.cache)));
    return made;
}

}  // namespace catalog::kv
