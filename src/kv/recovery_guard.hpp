#pragma once
// RecoveryGuard: decides how much of each log RocksDB may read when a store is opened, so that a
// tail that was torn by a crash is left out and damage to a durable commit is an error.
//
// RocksDB's recovery modes cannot tell the two apart: one refuses every torn tail, another drops
// everything behind the first bad byte, a third skips lost blocks. So every batch carries a mark:
// the sequence number below which everything was on stable storage when the batch was written. A
// mark behind damage proves whether what the damage hides was durable. docs/formats/database.md
// describes mark and rules.

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::kv {

/// Returns the bytes of the mark that says: every sequence number below `durable_end` is durable.
[[nodiscard]] std::string make_durability_mark(std::uint64_t durable_end);

/// What the head of a record in a write-ahead log says.
struct WalRecord {
    std::uint64_t sequence = 0;  ///< Number of the batch's first change.
    std::uint64_t changes = 0;
    std::optional<std::uint64_t> durable_end;  ///< From the mark, when there is one.
};

/// Reads a record's head (the first bytes of a RocksDB write batch); nullopt when it is too short.
[[nodiscard]] std::optional<WalRecord> parse_wal_record(std::string_view head) noexcept;

/// Returns the number of a write-ahead log, "000012.log" is 12; nullopt for other names.
[[nodiscard]] std::optional<std::uint64_t> wal_number(std::string_view name) noexcept;

/// Returns the name of the write-ahead log with that number.
[[nodiscard]] std::string wal_name(std::uint64_t number);

/// Returns what follows the last slash.
[[nodiscard]] std::string_view file_name(std::string_view path) noexcept;

/// Tells whether the file at `path` is a manifest, by its name.
[[nodiscard]] bool is_manifest(std::string_view path) noexcept;

/// The part of a write-ahead log that cannot be used.
struct LostLog {
    std::string path;
    std::uint64_t from = 0;  ///< First byte.
};

/// What the write-ahead logs that a store still needed were like.
struct RecoveredLogs {
    std::uint64_t logs = 0;
    std::string youngest;       ///< Path of the youngest; empty when there is none.
    std::uint64_t bytes = 0;    ///< That RocksDB read.
    bool closed_clean = true;   ///< Every batch in them is known to be on stable storage.
    std::vector<LostLog> lost;  ///< Holds durable commits; empty unless salvaging.
};

/// Serves one opening of one store. Thread safety: one thread at a time (RocksDB recovers on the
/// thread that opens).
class RecoveryGuard {
public:
    /// `salvage`: damage to a durable commit is noted instead of being an error.
    explicit RecoveryGuard(bool salvage = false) : salvage_(salvage) {}

    static constexpr std::uint64_t kEverything = std::numeric_limits<std::uint64_t>::max();

    /// Returns how many bytes of the file RocksDB may read: up to the last intact record of a
    /// manifest or a write-ahead log, kEverything of other files. The first write-ahead log that is
    /// asked for is the oldest that RocksDB needs; with it the decision about all younger ones is
    /// made. Errors: kDatabaseCorrupt, kIo and kFileNotFound of the file system.
    [[nodiscard]] Result<std::uint64_t> readable_bytes(io::FileSystem& fs, const std::string& path);

    /// Returns what was found; of no use before the store is open.
    [[nodiscard]] const RecoveredLogs& recovered() const noexcept { return recovered_; }

private:
    Result<std::uint64_t> manifest_bytes(io::FileSystem& fs, const std::string& path) const;
    Result<void> decide(io::FileSystem& fs, const std::string& folder, std::uint64_t oldest);

    bool salvage_;
    bool decided_ = false;
    std::map<std::uint64_t, std::uint64_t> wal_bytes_;
    RecoveredLogs recovered_;
};

}  // namespace catalog::kv
