#pragma once
// What the parts of the content store share: options, backend, records, and verified reading.

#include <array>
#include <catalog/internal/mutex.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/content/content_records.hpp"
#include "catalog/content/storage_backend.hpp"
#include "chunk_decoder.hpp"
#include "collection.hpp"
#include "longest_first.hpp"
#include "open_sessions.hpp"
#include "space_reserve.hpp"
#include "write_pipeline.hpp"

namespace catalog::content {

/// The error of an object that is not there.
[[nodiscard]] tl::unexpected<Error> object_not_found(const ContentHash& id);

/// An object with its chunks.
struct OpenedObject {
    ObjectInfo info;
    std::vector<ChunkRef> chunks;
    std::vector<std::uint64_t> begins;  ///< Of the chunks in the object.
};

struct ContentCore {
    ContentOptions options;
    std::shared_ptr<StorageBackend> backend;
    FormatRecord format;
    std::shared_ptr<BaseCache> bases;           ///< Of writers.
    std::shared_ptr<BaseCache> read_bases;      ///< Of readers.
    std::unique_ptr<ChunkKeeper> keeper;        ///< Null for a reader.
    std::unique_ptr<WritePipeline> pipeline;    ///< Null for a reader.
    std::unique_ptr<SpaceReserve> reserve;      ///< Null for a reader.
    std::unique_ptr<VerifiedSources> verified;  ///< Of readers.
    const std::unique_ptr<OpenSessions> sessions = std::make_unique<OpenSessions>();

    /// Returns the record of an object. Errors: kContentNotFound, kContentCorrupted, kDatabaseIo.
    [[nodiscard]] Result<ObjectRecord> find_object(const ContentHash& id) const;

    /// The same with where its chunks begin.
    [[nodiscard]] Result<OpenedObject> open_object(const ContentHash& id) const;

    /// Returns where a chunk is, or nullopt. A reader looks at what was committed meanwhile before
    /// it says so. Errors: as StorageBackend::find, kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] Result<std::optional<IndexEntry>> find_chunk(const ChunkId& id) const;

    /// Returns the records of all packs and index files as the snapshot has them. Errors:
    /// kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] Result<BackendMarks> marks(const kv::Snapshot& snapshot) const;

    /// Shows the backend what was committed; for a reader. Errors: as `marks`,
    /// StorageBackend::refresh.
    [[nodiscard]] Result<void> refresh() const;
};

/// Checks that every chunk of an object's record is in the store and stays; for a writer. Errors:
/// kSyncFailed (one is not there: it was lost), kContentNotFound (it was collected),
/// kContentCorrupted (the record), as StorageBackend::find.
[[nodiscard]] Result<void> check_chunks(const ContentCore& core, const ContentHash& id,
                                        std::string_view record);

/// Calls `each` with id and record's value of every object of the snapshot, in order, until it
/// returns an error.
[[nodiscard]] Result<void> for_each_object(
    const ContentCore& core, const kv::Snapshot& snapshot,
    const std::function<Result<void>(const ContentHash&, std::string_view)>& each);

/// A chunk's verified bytes with what keeps them.
struct PinnedChunk {
    ByteView bytes;
    std::shared_ptr<const void> keeper;
};

/// Reads chunks and checks them against their ids. Thread safety: one thread at a time.
class ChunkReader {
public:
    explicit ChunkReader(const ContentCore& core)
        : core_(core), decoder_(*core.backend, core.read_bases, core.verified.get()) {}

    /// Returns the bytes of a chunk of `object`, valid until the next call. Errors:
    /// kContentCorrupted that names chunk, object and place; kIo, kDatabaseIo.
    [[nodiscard]] Result<ByteView> read(const ContentHash& object, const ChunkRef& chunk);

    /// As `read`, but whether the bytes have the chunk's digest is left to the caller to check;
    /// when they have not, `read` says what is wrong, or finds them elsewhere.
    /// Decodes into `out`, which has the chunk's length, and returns the rule of its id. `source`
    /// as in ChunkDecoder::decode_unchecked.
    [[nodiscard]] Result<IdRule> read_unchecked(const ChunkRef& chunk, std::span<std::byte> out,
                                                SourceMark* source = nullptr);

    /// Room for several chunks side by side, for one caller at a time.
    [[nodiscard]] Bytes& scratch() noexcept { return scratch_; }
    [[nodiscard]] LongestFirst& hashing() noexcept { return hashing_; }

    /// A decoded chunk of which nobody has said yet that it has its digest.
    struct Decoded {
        ByteView bytes;
        std::shared_ptr<const Bytes> buffer;
        IdRule id_rule = IdRule::kLeaf;
        SourceMark source = SourceMark::kNone;  ///< Of ContentCore::verified.
    };
    /// As `read_unchecked`, into a buffer of its own, or into none where the chunk is kept as a
    /// base.
    [[nodiscard]] Result<Decoded> decode(const ChunkRef& chunk);

    /// As `read`, into a buffer as `decode` has it. What was verified before out of the same
    /// payloads is not hashed.
    [[nodiscard]] Result<PinnedChunk> load(const ContentHash& object, const ChunkRef& chunk);

private:
    [[nodiscard]] Result<ByteView> read_verified(const ChunkRef& chunk);
    [[nodiscard]] Result<StoredRecord> record_at(const ChunkRef& chunk,
                                                 const ChunkLocation& location);
    [[nodiscard]] Result<ByteView> read_at(const ChunkRef& chunk, const ChunkLocation& location);

    const ContentCore& core_;
    ChunkDecoder decoder_;
    Bytes stored_;
    Bytes plain_;
    Bytes scratch_;
    LongestFirst hashing_;
};

/// Keeps readers with their buffers and decoders between uses. Thread safety: any thread.
class ReaderPool {
public:
    explicit ReaderPool(const ContentCore& core) : core_(core) {}

    [[nodiscard]] std::unique_ptr<ChunkReader> take();
    void give_back(std::unique_ptr<ChunkReader> reader);

private:
    static constexpr std::size_t kIdleMax = 8;
    /// Room for several chunks that idle readers keep, bytes.
    static constexpr std::size_t kScratchBytesMax = 8u << 20;

    const ContentCore& core_;
    internal::Mutex mutex_;
    std::vector<std::unique_ptr<ChunkReader>> idle_ CATALOG_GUARDED_BY(mutex_);
    std::size_t scratch_bytes_ CATALOG_GUARDED_BY(mutex_) = 0;  ///< Of `idle_`.
};

/// Keeps the chunks that open objects decoded last, of all objects together no more than kKeptMax:
/// who opens many objects does not hold a chunk of each. Thread safety: any thread.
class RecentChunks {
public:
    void keep(const ChunkId& id, PinnedChunk chunk);
    /// Returns a chunk that is still kept.
    [[nodiscard]] std::optional<PinnedChunk> find(const ChunkId& id);

private:
    static constexpr std::size_t kKeptMax = 16;

    struct Kept {
        ChunkId id;
        PinnedChunk chunk;
    };
    internal::Mutex mutex_;
    std::array<Kept, kKeptMax> kept_ CATALOG_GUARDED_BY(mutex_);
    std::size_t next_ CATALOG_GUARDED_BY(mutex_) = 0;
};

/// Decodes a chunk of `object` into a buffer of its own, unless `recent` has it, and lets `recent`
/// keep it. Errors: as ChunkReader::read.
[[nodiscard]] Result<PinnedChunk> load_chunk(ReaderPool& readers, RecentChunks& recent,
                                             const ContentHash& object, const ChunkRef& chunk);

/// A chunk that somebody wants to hold.
struct WantedChunk {
    const ContentHash* object = nullptr;
    const ChunkRef* chunk = nullptr;
};

/// As load_chunk for each, in their order, but hashes many of them at once, and where there are
/// more than a few reads on several threads. With `may_map` raw chunks are given as they lie in
/// mapped packs. Errors: as ChunkReader::read; kCancelled, kDeadlineExceeded.
[[nodiscard]] Result<std::vector<PinnedChunk>> load_chunks(
    const ContentCore& core, ReaderPool& readers, RecentChunks& recent,
    std::span<const WantedChunk> wanted, bool may_map, const CallContext& context);

/// An object to be read from its first byte to its last.
struct WholeObject {
    const ContentHash* id = nullptr;
    const ObjectRecord* record = nullptr;
};

/// Objects of at most so many bytes together are decoded into memory before they are given.
inline constexpr std::uint64_t kObjectsTogetherBytesMax = 4u << 20;

/// Reads objects of together at most kObjectsTogetherBytesMax bytes and gives each to `sink`, in
/// pieces of 1 MiB, once its root was found right; one without bytes is not given. Errors: as
/// ChunkReader::read, what `sink` returned; others may have been given then.
[[nodiscard]] Result<void> read_objects(ChunkReader& reader, std::span<const WholeObject> objects,
                                        const ObjectsSink& sink);

/// Recomputes an object's root from its chunks, giving `sink` each stretch once it is verified, the
/// last one after the root was found right. With an executor, of a long object the next 1 MiB is
/// read there while a stretch is given. Errors: as ChunkReader::read, what `sink` returned.
[[nodiscard]] Result<void> read_object(ChunkReader& reader, const ContentHash& id,
                                       const ObjectRecord& record, const ByteSink& sink,
                                       Executor* ahead = nullptr);

/// Gives a range of an object to `sink`, which begins in the object, some chunks at a time. Errors:
/// as `load_chunks`, what `sink` returned.
[[nodiscard]] Result<void> read_range(const ContentCore& core, ReaderPool& readers,
                                      RecentChunks& recent, const WholeObject& object,
                                      ByteRange range, const ByteSink& sink,
                                      const CallContext& context);

/// See ContentStorage::retrieve_each; retrieve_each.cpp.
[[nodiscard]] Result<void> retrieve_objects(const ContentCore& core, ReaderPool& readers,
                                            std::span<const ContentHash> ids,
                                            const ObjectsSink& sink, const CallContext& context);

/// Opens an object; `core`, `readers` and `recent` outlive it. Errors: as ContentCore::find_object.
[[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_object_of(const ContentCore& core,
                                                                   ReaderPool& readers,
                                                                   RecentChunks& recent,
                                                                   const ContentHash& id);

/// Opens an object for reading without copies; see zero_copy_content.cpp. Errors: as
/// ContentCore::find_object.
[[nodiscard]] Result<std::unique_ptr<ZeroCopyContent>> open_zero_copy_of(const ContentCore& core,
                                                                         ReaderPool& readers,
                                                                         RecentChunks& recent,
                                                                         const ContentHash& id);

/// Begins a session; see content_transaction.cpp. `core` outlives it.
[[nodiscard]] Result<std::unique_ptr<ContentTransaction>> make_transaction(const ContentCore& core);

/// See ContentStorage::verify; content_verify.cpp.
[[nodiscard]] Result<VerifyReport> verify_content(const ContentCore& core,
                                                  const VerifyOptions& options,
                                                  const CallContext& context);

/// Runs before a batch is committed: puts records of objects that it removes again when somebody
/// needs them after it, and checks that those it references, itself or by a list, are there;
/// settle_objects.cpp. Errors: kContentNotFound (an object was collected), as `check_chunks` and
/// `read_list`, kDatabaseIo.
[[nodiscard]] Result<void> settle_objects(const ContentCore& core, kv::WriteBatch& batch);

/// Writes again what a collection takes out of packs, in another form than it had there.
class PackRewriter {
public:
    virtual ~PackRewriter() = default;
    /// Says which pack is the last one that may go: what is written now gets higher numbers.
    virtual void begin(PackId last) = 0;
    /// Tells whether a pack is to be written again however much of it is needed.
    [[nodiscard]] virtual bool wants(const PackMark& mark) const = 0;
    /// Says that the chunks of a pack come now. Errors end the collection.
    [[nodiscard]] virtual Result<void> begin_pack(const PackMark& mark) {
        (void)mark;
        return {};
    }
    /// Takes a needed chunk. `is_base`: deltas in other packs start from it. Errors:
    /// kContentCorrupted (the pack stays), others end the collection.
    [[nodiscard]] virtual Result<void> rewrite(const StoredRecord& record, bool is_base) = 0;
    /// Appends all that was taken since the last call and returns the bytes of these records.
    [[nodiscard]] virtual Result<std::uint64_t> finish_pack() = 0;
};

/// See ContentStorage::collect; content_collect.cpp. With a rewriter the packs that it wants go
/// too, the newest first.
[[nodiscard]] Result<CollectReport> collect_content(const ContentCore& core,
                                                    const CollectOptions& options,
                                                    const CallContext& context,
                                                    PackRewriter* rewriter = nullptr);

/// See ContentStorage::repack; content_repack.cpp.
[[nodiscard]] Result<RepackReport> repack_content(const ContentCore& core,
                                                  const RepackOptions& options,
                                                  const CallContext& context);

/// See ContentStorage::stats; content_stats.cpp.
[[nodiscard]] Result<StorageStats> count_content(const ContentCore& core);

}  // namespace catalog::content
