#pragma once
// One open RocksDB database with its environment and family handles: what a writable store holds
// once, and a follower once for every moment that somebody still reads.

#include <rocksdb/db.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "background_errors.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "recovery_guard.hpp"
#include "rocksdb_options.hpp"
#include "rocksdb_status.hpp"

namespace catalog::kv {

/// Thread safety: any thread. Closes the database when the last owner goes.
class RocksDatabase {
public:
    /// Opens for writing, or for reading when `options.read_only`. Errors: kDatabaseOpen,
    /// kDatabaseCorrupt, kStorageFull, kAccessDenied.
    [[nodiscard]] static Result<std::shared_ptr<RocksDatabase>> open(
        const std::shared_ptr<io::FileSystem>& fs, const std::string& path,
        const OpenOptions& options, const RocksMemory& memory);

    ~RocksDatabase();
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;

    [[nodiscard]] Result<std::optional<std::string>> get(Family family, std::string_view key,
                                                         const rocksdb::Snapshot* moment) const;
    /// `owner` is kept until the iterator is gone; it must keep `database` and `moment`.
    [[nodiscard]] static std::unique_ptr<Iterator> iterate(
        const std::shared_ptr<const RocksDatabase>& database, Family family,
        const rocksdb::Snapshot* moment, std::shared_ptr<const void> owner);

    /// Reads every block of every table file against its checksum, and the logs as an opening does.
    /// Errors: kDatabaseIo.
    [[nodiscard]] Result<std::vector<std::string>> verify() const;

    /// Whether writes are refused because a flush met a full disk, which `resume` may mend.
    [[nodiscard]] bool short_of_space() const noexcept { return errors_->short_of_space(); }
    /// Flushes what is in memory, after which writes are taken again. Errors: kCommitFailed with
    /// the cause kStorageFull while there is no space.
    [[nodiscard]] Result<void> resume();

    /// Returns RocksDB's handle; null for a family that a follower's store does not have yet.
    [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Family family) const {
        return handles_[static_cast<std::size_t>(family)];
    }
    /// Returns how many threads a writer's database runs: the environment's and RocksDB's timer.
    [[nodiscard]] std::uint64_t threads() const noexcept;
    [[nodiscard]] std::size_t families() const noexcept { return handles_.size(); }
    [[nodiscard]] rocksdb::DB& db() const noexcept { return *db_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    RocksDatabase(std::shared_ptr<io::FileSystem> fs, std::string path)
        : fs_(std::move(fs)), path_(std::move(path)) {}

    Result<void> open_families(const OpenOptions& options, const RocksMemory& memory);
    Result<void> settle(const RecoveredLogs& recovered, const OpenOptions& options);
    Result<void> report_lost(const std::vector<LostLog>& logs, Salvage& salvage) const;
    [[nodiscard]] Result<void> verify_logs() const;
    Result<void> bury_lost();
    [[nodiscard]] RocksTask task(Errc code, std::string_view operation) const {
        return {code, operation, path_};
    }

    std::shared_ptr<io::FileSystem> fs_;
    std::string path_;
    std::shared_ptr<BackgroundErrors> errors_ = std::make_shared<BackgroundErrors>();
    std::unique_ptr<rocksdb::Env> env_;  // before db_: goes after it
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> all_handles_;  // to give back
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;      // by Family
};

}  // namespace catalog::kv
