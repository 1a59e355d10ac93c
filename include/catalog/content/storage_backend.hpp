#pragma once
// StorageBackend: where a content store keeps its chunks: packs that only grow, and the index that
// says which chunk is where. Which packs count, and up to where, is written in the library's
// key-value store by the one commit; a backend knows neither objects nor references.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/content/chunker.hpp"
#include "catalog/content/dictionary.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/content/store_key.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/random.hpp"
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
    /// Where the pack's own index begins (its record's payload); 0 when it has none.
    std::uint64_t index_offset = 0;
    friend bool operator==(const PackMark&, const PackMark&) = default;
};

/// An index file that stands for the indexes of several sealed packs.
struct RunMark {
    RunId run{};
    std::uint64_t bytes = 0;
    std::vector<PackId> packs;  ///< Ascending; in no other run.
    friend bool operator==(const RunMark&, const RunMark&) = default;
};

/// What the key-value store has committed of a backend.
struct BackendMarks {
    std::vector<PackMark> packs;  ///< Ascending.
    std::vector<RunMark> runs;    ///< Ascending.
    PackId last_pack{};           ///< Packs up to it had their time: no new one gets its number.
    friend bool operator==(const BackendMarks&, const BackendMarks&) = default;
};

/// What the next commit is to write of a backend.
struct BackendChanges {
    std::vector<PackMark> packs;
    std::vector<RunMark> runs;
    std::vector<PackId> packs_removed;
    std::vector<RunId> runs_removed;

    [[nodiscard]] bool empty() const noexcept {
        return packs.empty() && runs.empty() && packs_removed.empty() && runs_removed.empty();
    }
};

/// What the index says of a chunk.
struct IndexEntry {
    ChunkId id;
    ChunkLocation location;
    Codec codec = Codec::kRaw;  ///< As stored: a number that Codec does not name is possible.
    friend bool operator==(const IndexEntry&, const IndexEntry&) = default;
};

/// A chunk to append.
struct NewRecord {
    ChunkId id;
    Codec codec = Codec::kRaw;
    std::uint32_t plain_bytes = 0;  ///< 1 to kChunkBytesMax.
    ByteView payload;               ///< 1 to plain_bytes bytes.
    IdRule id_rule = IdRule::kLeaf;
    /// Of a delta: what StorageBackend::losses was when its base was found. Nothing is appended
    /// when there were others since, because the base may be among them.
    std::optional<std::uint64_t> losses = std::nullopt;
    /// Of a copy: the pack it was read from, which is about to go. A copy in a pack before that
    /// does not do instead: where both are deltas, the older one may start from a chunk that by now
    /// starts from this one.
    std::optional<PackId> copied_from = std::nullopt;
};

/// Tells whether a record of the same chunk at `known` does instead of appending this one.
[[nodiscard]] inline bool stands_for(const NewRecord& record, const ChunkLocation& known) noexcept {
    return !record.copied_from || known.pack > *record.copied_from;
}

/// A record that was read.
struct StoredRecord {
    RecordHeader header;
    ByteView payload;  ///< header.stored_bytes bytes.
    PackId pack{};     ///< That it stands in, and whose dictionary it was made with.
};

/// The dictionary that a pack begins with.
struct PackDictionary {
    std::uint32_t number = 0;
    std::uint64_t record_bytes = 0;  ///< What its record takes of the pack.
    friend bool operator==(const PackDictionary&, const PackDictionary&) = default;
};

/// A raw chunk where it lies in its mapped pack.
struct MappedChunk {
    ChunkId id;
    ByteView bytes;
    std::shared_ptr<const void> keeper;  ///< The bytes stay where they are as long as it lives.
};

struct BackendStats {
    std::uint64_t packs = 0;
    /// Of all packs and index files, headers, padding and what is not committed included.
    std::uint64_t bytes = 0;
    std::uint64_t index_bytes = 0;       ///< Of these, indexes.
    std::uint64_t dictionary_bytes = 0;  ///< Of these, records of dictionaries.
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
/// Durability: nothing appended counts before `sync` returned and the changes that it gave were
/// committed. Thread safety: any thread. Blocking: yes; appends wait for each other. Errors that
/// mean damage are kContentCorrupted and name pack and offset as their input.
class StorageBackend {
public:
    virtual ~StorageBackend() = default;

    /// Sets packs and index back to what was committed: what no mark names, or lies beyond its
    /// mark, is dropped. A pack that is missing or too short is not an error here: reads and scans
    /// say so. The writer calls it before its first append. Cost: reads the packs that have no
    /// index yet, one as a rule. Errors: kIo, kAccessDenied, kFailedPrecondition (read-only).
    [[nodiscard]] virtual Result<void> recover(const StoreId& store, const ChunkProfile& profile,
                                               const BackendMarks& committed) = 0;

    /// Lets `find` see what was committed since, by whomever. A reader calls it before its first
    /// `find` and when it misses a chunk. Changes no file. Errors: kIo, kAccessDenied.
    [[nodiscard]] virtual Result<void> refresh(const StoreId& store,
                                               const BackendMarks& committed) = 0;

    /// Returns where a chunk is, also one that was appended and not yet committed. Never one that
    /// was lost, nor one in a pack that was removed. Errors: kIo, kContentCorrupted.
    [[nodiscard]] virtual Result<std::optional<IndexEntry>> find(const ChunkId& id) = 0;

    /// The same, but passes over packs that are condemned: what it finds stays, or is copied before
    /// its pack goes. Errors: as `find`.
    [[nodiscard]] virtual Result<std::optional<IndexEntry>> find_kept(const ChunkId& id) = 0;

    /// Calls `each` for every chunk that `find` finds, in no order, until it returns an error,
    /// which is returned. What is appended or removed meanwhile may or may not be seen. Errors: as
    /// `find`.
    [[nodiscard]] virtual Result<void> for_each(
        const std::function<Result<void>(const IndexEntry&)>& each) = 0;

    /// The same, but with every copy that `find` may come to find: a chunk may stand in several
    /// packs. Errors: as `find`.
    ///
    /// Entries of both have `index_id` of a chunk in the place of its id.
    [[nodiscard]] virtual Result<void> for_each_copy(
        const std::function<Result<void>(const IndexEntry&)>& each) = 0;

    /// Returns the id by which the index knows a chunk: in an encrypted store a keyed hash of its
    /// id, which leads back to nothing. Cost: under 1 us.
    [[nodiscard]] virtual ChunkId index_id(const ChunkId& id) const { return id; }

    /// Returns how many bytes the record of a payload of that length takes in a pack.
    [[nodiscard]] virtual std::uint64_t bytes_of(std::uint32_t stored_bytes) const {
        return record_bytes(stored_bytes);
    }

    /// Reads an index file that was committed, and checks every byte of it. Errors: kPackInvalid
    /// (it is damaged, or missing), kIo.
    [[nodiscard]] virtual Result<void> check_run(const RunMark& mark) {
        (void)mark;
        return {};
    }

    /// Checks every byte of all indexes that are in use, and goes on without those that are
    /// damaged: the packs say what they said. Cost: reading the whole index, and the headers of
    /// records that a damaged one stood for. Errors: kIo.
    [[nodiscard]] virtual Result<void> drop_damaged_indexes() { return {}; }

    /// Appends a record to the open pack; opens a new one when it is full. A chunk that `find_kept`
    /// finds is not written again where that record `stands_for` it: its place is returned. Errors:
    /// kStorageFull, kIo, kSyncFailed, kFailedPrecondition (before `recover`, read-only, or
    /// NewRecord::losses; a payload of codec kZstdDictionary whose dictionary is not that of the
    /// open pack, nor the one in use), kDecompression (one that names none).
    [[nodiscard]] virtual Result<ChunkLocation> append(const NewRecord& record) = 0;

    /// Makes durable all that was appended before, and returns what has changed since the last
    /// success. When it fails, the pack concerned is abandoned: it is never appended to again, its
    /// unsynced records are lost, and the next append opens a new pack. Errors: kSyncFailed, kIo.
    [[nodiscard]] virtual Result<BackendChanges> sync() = 0;

    /// Says that changes which `sync` returned were committed. Packs that they removed are no
    /// longer looked into, and their files deleted.
    virtual void committed(const BackendChanges& changes) = 0;

    /// Seals a pack if it still grows, and returns its length, bytes. Errors: kContentCorrupted (it
    /// is not there), kStorageFull, kIo, kSyncFailed.
    [[nodiscard]] virtual Result<std::uint64_t> seal(PackId pack) = 0;

    /// Says that a pack is about to go: `find_kept` and `append` look past it from now on,
    /// everybody else still reads it. `pardon` takes that back, unless its removal was reported by
    /// `sync`.
    virtual void condemn(PackId pack) = 0;
    virtual void pardon(PackId pack) = 0;

    /// Lets the next `sync` report that the pack is removed, after all that was appended before is
    /// durable; what is needed of it was appended again. Nothing is reported when records are lost
    /// before. `losses` is what `losses()` returned before the first of these appends. Errors:
    /// kSyncFailed (there were losses since), kFailedPrecondition (the pack still grows).
    [[nodiscard]] virtual Result<void> remove_pack(PackId pack, std::uint64_t losses) = 0;

    /// Returns how often records were lost to a failed write or sync: when it has not changed,
    /// what was found or appended before is still there.
    [[nodiscard]] virtual std::uint64_t losses() const = 0;

    /// Reads a record's header and checks that it is the one that `location` promises. Errors:
    /// kContentCorrupted, kIo.
    [[nodiscard]] virtual Result<RecordHeader> peek(const ChunkLocation& location) = 0;

    /// Reads a record into `buffer` and checks header and payload against their checksums. The
    /// payload is valid until `buffer` changes. Errors: kContentCorrupted, kIo.
    [[nodiscard]] virtual Result<StoredRecord> read(const ChunkLocation& location,
                                                    Bytes& buffer) = 0;

    /// Returns a raw chunk as it lies in its pack, checked against its id, without a copy; nothing
    /// when the chunk is not raw, or this backend does not map. Ask for chunks of committed objects
    /// only: what was never committed is cut off the pack by the next opening, and touching mapped
    /// bytes that are no longer in the file ends the process (SIGBUS). Cost: hashing the chunk the
    /// first time, then under 1 us. Errors: kContentCorrupted.
    [[nodiscard]] virtual Result<std::optional<MappedChunk>> map_chunk(
        const ChunkLocation& location) {
        (void)location;
        return std::nullopt;
    }

    /// The same for several, in their order, and nothing also for what is damaged: `map_chunk` says
    /// what is wrong there. Chunks that were not checked before are hashed together, which takes
    /// about half as long as one after the other when they are sixteen or more.
    [[nodiscard]] virtual std::vector<std::optional<MappedChunk>> map_chunks(
        std::span<const ChunkLocation> locations) {
        std::vector<std::optional<MappedChunk>> mapped;
        mapped.reserve(locations.size());
        for (const ChunkLocation& location : locations)
            mapped.push_back(map_chunk(location).value_or(std::nullopt));
        return mapped;
    }

    /// Returns the chunk that a record of codec kDelta starts from, reading its first bytes alone.
    /// Errors: kContentCorrupted (also: of another codec), kIo.
    [[nodiscard]] virtual Result<ChunkId> base_of(const ChunkLocation& location) = 0;

    /// Tells whether packs can begin with a dictionary here.
    [[nodiscard]] virtual bool keeps_dictionaries() const { return false; }

    /// Lets packs that are begun from now on begin with that trained dictionary, so that records of
    /// codec kZstdDictionary made with it can be appended: the first of them ends an open pack that
    /// begins otherwise. Errors: kUnsupported (this backend keeps no
    /// dictionaries), kInvalidArgument (another dictionary of the store has the same number),
    /// kDecompression (not a dictionary, or with another number than its bytes give), kIo.
    [[nodiscard]] virtual Result<void> use_dictionary(ByteView dictionary) {
        (void)dictionary;
        return fail(Errc::kUnsupported, "this storage backend keeps no dictionaries");
    }

    /// Returns the dictionary in use: the last that was set, else that of the newest pack which
    /// begins with one; nothing when there is none. One that is damaged in that pack is taken from
    /// another one that has it, and is none when there is no other. Errors: kIo.
    [[nodiscard]] virtual Result<std::optional<Bytes>> dictionary_in_use() { return std::nullopt; }

    /// Returns the dictionary of that number for decoding: the one that `pack` begins with, or,
    /// where that is damaged, that of another pack which begins with the same. Keeps a few.
    /// Errors: kContentCorrupted that names pack and number (no pack has it whole), kIo.
    [[nodiscard]] virtual Result<std::shared_ptr<const Dictionary>> dictionary(
        PackId pack, std::uint32_t number) {
        return fail(Error(Errc::kContentCorrupted, "payload needs dictionary " +
                                                       std::to_string(number) +
                                                       ", and this backend keeps none")
                        .with_input(pack_file_name(pack)));
    }

    /// Returns which dictionary a pack begins with, if it does, by the header of that record alone.
    /// Cost: a read at the first time. Errors: kContentCorrupted, kIo.
    [[nodiscard]] virtual Result<std::optional<PackDictionary>> dictionary_of(PackId pack) {
        (void)pack;
        return std::nullopt;
    }

    /// Reads and checks the header of a pack and that it is as long as its mark says. Errors:
    /// kContentCorrupted, kIo.
    [[nodiscard]] virtual Result<PackHeader> inspect(const PackMark& mark) = 0;

    /// Walks the committed records of a pack that hold chunks, whatever its header says, and checks
    /// its index. A pack that is missing or too short is damage. Errors: kIo, what the visitor
    /// returned.
    [[nodiscard]] virtual Result<void> scan(const PackMark& mark, PackVisitor& visitor) = 0;

    /// Errors: kIo.
    [[nodiscard]] virtual Result<BackendStats> stats() = 0;
};

/// Makes a store an encrypted one (docs/formats/encryption.md).
class StoreEncryption {
public:
    StoreEncryption() = default;
    StoreId store{};  ///< KeySlots::store; the new store gets it.
    /// All secrets of the store, 1 or more. The newest is for new packs and index files, the oldest
    /// for ids of chunks.
    StoreKeyRing keys;
    std::shared_ptr<Random> random;  ///< Salts and nonces. May be null for a reader.
};

/// How pack files are kept.
class PackOptions {
public:
    PackOptions() = default;
    std::uint64_t pack_bytes_max = 64u << 20;  ///< A pack that has reached it is sealed, bytes.
    std::uint32_t open_packs_max = 64;         ///< Files kept open for reading, 1 or more.
    /// Packs kept mapped for reading without copies, 1 or more; those that somebody still holds
    /// chunks of come on top. They take addresses, their length each, not memory.
    std::uint32_t mapped_packs_max = 64;
    /// Appended bytes are held in memory until they are more than this, or are synced; a sync tells
    /// when they do not fit on the disk. 0: each record is written at once.
    std::uint32_t held_bytes_max = 256u << 10;
    /// Null: a store in the clear. A backend in memory takes no notice of it.
    std::shared_ptr<const StoreEncryption> encryption;
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
