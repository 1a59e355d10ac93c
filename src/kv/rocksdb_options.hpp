#pragma once
// RocksDB's options, every choice with its reason in docs/formats/database.md.

#include <rocksdb/options.h>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv {

/// Options of the database and of every family.
struct RocksOptions {
    rocksdb::DBOptions database;
    rocksdb::ColumnFamilyOptions family;
};

/// Makes the options for a store whose caches and buffers take `memory_bytes` together. `env` must
/// outlive the database.
[[nodiscard]] RocksOptions make_rocksdb_options(const OpenOptions& options, rocksdb::Env& env);

}  // namespace catalog::kv
