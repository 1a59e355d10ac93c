#pragma once
// RocksDB's options, every choice with its reason in docs/formats/database.md.

#include <rocksdb/cache.h>
#include <rocksdb/options.h>
#include <rocksdb/write_buffer_manager.h>

#include <memory>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv {

/// Options of the database and of every family.
struct RocksOptions {
    rocksdb::DBOptions database;
    rocksdb::ColumnFamilyOptions family;
};

/// The memory budget of one store; a follower's openings share it.
struct RocksMemory {
    std::shared_ptr<rocksdb::Cache> cache;
    std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;  // charged to the cache
    std::uint64_t write_buffer_bytes = 0;
};

/// Makes a budget for `options.memory_bytes`.
[[nodiscard]] RocksMemory make_rocksdb_memory(const OpenOptions& options);

/// Makes the options of a store. `env` must outlive the database.
[[nodiscard]] RocksOptions make_rocksdb_options(const OpenOptions& options,
                                                const RocksMemory& memory, rocksdb::Env& env);

}  // namespace catalog::kv
