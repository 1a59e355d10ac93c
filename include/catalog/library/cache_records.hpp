#pragma once
// The disk level of a cache over a key-value store.

#include <memory>
#include <string>

#include "catalog/cache/record_store.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/kv/key_value_store.hpp"

namespace catalog::library {

/// Returns a family of a store as records of a cache. Writes are not synced: after the machine
/// stopped, the latest may be missing. Nothing else may write in the family. Not for a family of a
/// library, whose commits are all synced and checked: a cache is worth less than that.
[[nodiscard]] std::shared_ptr<cache::RecordStore> make_cache_records(
    std::shared_ptr<kv::KeyValueStore> store, kv::Family family);

/// How a store for a cache of its own is opened.
class CacheRecordsOptions {
public:
    CacheRecordsOptions() = default;
    std::uint64_t memory_bytes = 4u << 20;  ///< Of the database: its cache and write buffers.
    std::uint32_t open_files_max = 32;      ///< Tables that stay open.
    ByteView encryption_key;  ///< As kv::OpenOptions::encryption_key: empty, or 32 bytes.
};

/// Opens, or makes, a database for a cache alone in folder `path`: one process at a time, and the
/// folder may be deleted whenever none has it open. Blocking. Errors: as kv::open_rocksdb; after
/// kDatabaseCorrupt delete the folder.
[[nodiscard]] Result<std::shared_ptr<cache::RecordStore>> open_cache_records(
    std::shared_ptr<io::FileSystem> fs, const std::string& path,
    const CacheRecordsOptions& options = {});

}  // namespace catalog::library
