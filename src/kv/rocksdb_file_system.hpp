#pragma once
// RocksDB's file system on top of ours, so that everything RocksDB does to a disk can be simulated,
// broken and counted like everything else.

#include <rocksdb/file_system.h>

#include <memory>

#include "catalog/io/file_system.hpp"
#include "recovery_guard.hpp"

namespace catalog::kv {

/// Makes the adapter for one opening of one store.
///
/// Logs are read through `guard`: a tail that a crash tore is not there for RocksDB, damage before
/// it is corruption. A manifest is synced before each further record once it is in use, so
/// that a crash can tear its last record only. Sync and Fsync are both fdatasync; space is not
/// reserved ahead. Direct and mapped I/O, random writes, log files for people and OPTIONS files
/// (which nothing here reads) are not offered.
///
/// Thread safety: any thread. Nothing is thrown into RocksDB: what our file system throws becomes a
/// status.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> make_rocksdb_file_system(
    std::shared_ptr<io::FileSystem> fs, std::shared_ptr<RecoveryGuard> guard);

}  // namespace catalog::kv
