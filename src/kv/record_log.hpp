#pragma once
// Reading RocksDB's record logs (write-ahead logs and manifests) far enough to know where the
// intact part ends and whether something intact stands behind damage.
//
// Format (LevelDB's doc/log_format.md): blocks of 32,768 bytes; in them fragments of
// {masked CRC-32C of type and payload, u32; payload length, u16; type, u8; payload}, little-endian.
// Types: 1 a whole record, 2 its first, 3 a middle, 4 its last fragment. No fragment crosses a
// block; fewer than 7 bytes at the end of a block are zeros. The logs that this library writes use
// no other types (recycling and compression of logs are off).

#include <cstdint>
#include <functional>
#include <string_view>

#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::kv {

/// Returns the form in which RocksDB stores a CRC-32C, so that the checksum of bytes that hold
/// checksums is not degenerate.
[[nodiscard]] constexpr std::uint32_t masked_crc32c(std::uint32_t crc) noexcept {
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

/// Bytes of a record that visitors get; all there are if the record is shorter.
inline constexpr std::size_t kRecordHeadBytes = 64;

/// Where the intact part of a log ends.
struct LogExtent {
    std::uint64_t intact_bytes = 0;  ///< End of the last complete record before any damage.
    std::uint64_t file_bytes = 0;    ///< Bytes that were there when the log was read.
    [[nodiscard]] bool damaged() const noexcept { return intact_bytes < file_bytes; }
};

/// How to read a log.
class LogVisitor {
public:
    LogVisitor() = default;

    /// Gets the head of each record of the intact part, in order. False declares this record and
    /// all that follows damaged.
    std::function<bool(std::string_view head)> intact;

    /// Gets the payload, cut at kRecordHeadBytes, of each first or only fragment that is intact by
    /// its checksum but stands behind the damage. May be empty.
    std::function<void(std::string_view head)> stray;

    /// Tells whether a fragment with this payload can be one of this log. Asked before the checksum
    /// is computed, at every byte behind the damage, so it should refuse most. May be empty.
    std::function<bool(std::string_view payload)> plausible;
};

/// Reads a log from its start. Memory: one block. Cost: one pass; behind damage every byte is tried
/// as the start of a fragment. Errors: kIo.
[[nodiscard]] Result<LogExtent> read_record_log(const io::ReadableFile& file,
                                                const LogVisitor& visitor);

/// Gets a record behind damage. Not intact: a checksum does not hold, so any byte may be wrong.
using LostRecordVisitor = std::function<void(std::string_view record, bool intact)>;

/// Reads what can be told apart as records from `from` on, the end of the log's intact part, for
/// people to see what was lost. A frame that makes no sense hides the rest of its block. Records
/// over `record_bytes_max` are left out. Errors: kIo.
[[nodiscard]] Result<void> read_lost_records(const io::ReadableFile& file, std::uint64_t from,
                                             std::size_t record_bytes_max,
                                             const LostRecordVisitor& visitor);

}  // namespace catalog::kv
