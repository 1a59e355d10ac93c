#pragma once
// Between RocksDB's statuses and our errors. A file-system error travels through RocksDB as text,
// because a status carries nothing else: code and errno are appended in braces and found again.

#include <rocksdb/io_status.h>
#include <rocksdb/status.h>

#include <exception>
#include <string>
#include <string_view>

#include "catalog/core/result.hpp"

namespace catalog::kv {

/// Returns the status that makes RocksDB behave as for such an error of its own file system.
[[nodiscard]] rocksdb::IOStatus to_io_status(const Error& error);

/// What RocksDB was asked to do, for the error that it fails with.
struct RocksTask {
    Errc code;                   ///< Of the error, unless the status is corruption.
    std::string_view operation;  ///< "open", "read", "write", ...
    const std::string& path;     ///< Folder of the store.
};

/// Makes an error of a status that is not ok: kDatabaseCorrupt for corruption, else `task.code`,
/// with StorageDetail; when the file system was at fault, its error is the cause.
[[nodiscard]] Error to_error(const rocksdb::Status& status, const RocksTask& task);

/// Calls RocksDB; what it throws becomes an error of the task.
template <class Function>
[[nodiscard]] Result<void> call_rocksdb(const RocksTask& task, const Function& function) {
    try {
        const rocksdb::Status status = function();
        if (status.ok()) return {};
        return fail(to_error(status, task));
    } catch (const std::exception& thrown) {
        return fail(task.code, std::string("the database threw: ") + thrown.what(),
                    StorageDetail{task.path, std::string(task.operation), 0});
    }
}

}  // namespace catalog::kv
