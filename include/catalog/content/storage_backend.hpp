#pragma once
// StorageBackend: where a content store keeps its chunks: packs that only grow, addressed by
// location. Which chunk is where, and up to where a pack counts, is written in the library's
// key-value store by the one commit; a backend knows neither objects nor references.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "catalog/content/chunker.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::content {

/// Where a chunk's record is, and how long it is there.
struct ChunkLocation {
    PackId pack{};
    std::uint64_t offset = 0;        ///< Of the record's header, bytes from the pack's start.
    std::uint32_t stored_bytes = 0;  ///< Of the payload.
    std::uint32_t plain_bytes = 0;   ///< Of the chunk.
    friend bool operator==(const ChunkLocation&, const ChunkLocation&) = default;
};

/// Up to where a pack counts: its committed high-water mark.
struct PackMark {
    PackId pack{};
    std::uint64_t bytes = 0;  ///< From the pack's start; everything beyond it is garbage.
    bool sealed = false;      ///< Nothing will be appended any more.
    friend bool operator==(const PackMark&, const PackMark&) = default;
};

/// A chunk to append.
struct NewRecord {
    ChunkId id;
    Codec codec = Codec::kRaw;
    std::uint32_t plain_bytes = 0;  ///< 1 to kChunkBytesMax.
    ByteView payload;               ///< 1 to plain_bytes bytes.
};

/// A record that was read.
struct StoredRecord {
    RecordHeader header;
    ByteView payload;  ///< header.stored_bytes bytes.
};

struct BackendStats {
    std::uint64_t packs = 0;
    std::uint64_t bytes =
        0;  ///< Of all packs, headers, padding and what is not committed included.
};

/// What a scan of a pack meets, in order of offsets.
class PackVisitor {
public:
    virtual ~PackVisitor() = default;
    /// A whole record: header, checksum of the payload and padding are right. The views hold for
    /// the call. An error ends the scan and is returned by it.
    [[nodiscard]] virtual Result<void> record(const ChunkLocation& location,
                                              const RecordHeader& header, ByteView payload) = 0;
    /// Bytes that are not what they should be. `what` is one sentence. The scan goes on at the next
    /// record that it can recognise. An error ends the scan and is returned by it.
    [[nodiscard]] virtual Result<void> damage(PackId pack, std::uint64_t offset,
                                              std::uint64_t bytes, const std::string& what) = 0;
};

/// Chunks in append-only packs.
///
/// Durability: nothing appended counts before `sync` returned and the marks that it gave were
/// committed. Thread safety: any thread. Blocking: yes; appends wait for each other and for `sync`.
/// Errors that mean damage are kContentCorrupted and name pack and offset as their input.
class StorageBackend {
public:
    virtual ~StorageBackend() = default;

    /// Sets the packs back to what was committed: what no mark names, or lies beyond its mark, is
    /// dropped. A pack that is missing or too short is not an error here: reads and scans say so.
    /// The writer calls it before its first append. Errors: kIo, kAccessDenied,
    /// kFailedPrecondition (read-only).
    [[nodiscard]] virtual Result<void> recover(const StoreId& store, const ChunkProfile& profile,
                                               std::span<const PackMark> committed) = 0;

    /// Appends a record to the open pack; opens a new one when it is full. Errors: kStorageFull,
    /// kIo, kSyncFailed, kFailedPrecondition (before `recover`, or read-only).
    [[nodiscard]] virtual Result<ChunkLocation> append(const NewRecord& record) = 0;

    /// Makes durable all that was appended before, and returns the marks of the packs that grew
    /// since the last success. When it fails, the pack concerned is abandoned: it is never appended
    /// to again, its unsynced records are lost (see `is_lost`), and the next append opens a new
    /// pack. Errors: kSyncFailed, kIo.
    [[nodiscard]] virtual Result<std::vector<PackMark>> sync() = 0;

    /// Tells whether the record was appended and lost to a failed write or sync. Such a location
    /// must not be committed.
    [[nodiscard]] virtual bool is_lost(const ChunkLocation& location) const = 0;
    /// Returns how often records were lost; 0 is the quick answer to whether `is_lost` needs
    /// asking.
    [[nodiscard]] virtual std::uint64_t losses() const = 0;

    /// Reads a record's header and checks that it is the one that `location` promises. Errors:
    /// kContentCorrupted, kIo.
    [[nodiscard]] virtual Result<RecordHeader> peek(const ChunkLocation& location) = 0;

    /// Reads a record into `buffer` and checks header and payload against their checksums. The
    /// payload is valid until `buffer` changes. Errors: kContentCorrupted, kIo.
    [[nodiscard]] virtual Result<StoredRecord> read(const ChunkLocation& location,
                                                    Bytes& buffer) = 0;

    /// Reads and checks the header of a pack and that it is as long as its mark says. Errors:
    /// kContentCorrupted, kIo.
    [[nodiscard]] virtual Result<PackHeader> inspect(const PackMark& mark) = 0;

    /// Walks the committed records of a pack, whatever its header says. A pack that is missing or
    /// too short is damage. Errors: kIo, what the visitor returned.
    [[nodiscard]] virtual Result<void> scan(const PackMark& mark, PackVisitor& visitor) = 0;

    /// Errors: kIo.
    [[nodiscard]] virtual Result<BackendStats> stats() = 0;
};

/// How pack files are kept.
class PackOptions {
public:
    PackOptions() = default;
    std::uint64_t pack_bytes_max = 64u << 20;  ///< A pack that has reached it is sealed, bytes.
    std::uint32_t open_packs_max = 64;         ///< Files kept open for reading, 1 or more.
};

/// Makes a backend of pack files in folder `directory` (made when the writer first appends). With
/// `read_only` it never writes there. Nothing is opened yet.
[[nodiscard]] std::unique_ptr<StorageBackend> make_pack_backend(
    std::shared_ptr<io::FileSystem> file_system, std::string directory, bool read_only,
    const PackOptions& options = {});

/// Makes a backend whose packs are in memory: for throw-away libraries and tests. Same bytes as in
/// files.
[[nodiscard]] std::unique_ptr<StorageBackend> make_memory_backend(const PackOptions& options = {});

}  // namespace catalog::content
