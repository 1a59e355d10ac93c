#pragma once
// ContentAddressedStorage: the content store. Objects are cut where their content says, equal
// chunks are kept once, compressed, in packs that only grow; the library's key-value store says
// which chunk is where, and the library's one commit makes both visible.

#include <cstdint>
#include <memory>
#include <string>

#include "catalog/content/chunker.hpp"
#include "catalog/content/compressor.hpp"
#include "catalog/content/content_repair.hpp"
#include "catalog/content/content_storage.hpp"
#include "catalog/content/dictionary.hpp"
#include "catalog/content/object_reader.hpp"
#include "catalog/content/range_proof.hpp"
#include "catalog/content/storage_backend.hpp"
#include "catalog/content/zero_copy_content.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/executor.hpp"
#include "catalog/core/random.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"

namespace catalog::content {

/// Column families of a content store, as the library numbers them.
struct ContentFamilies {
    kv::Family chunks{};      ///< Chunk id -> where it is.
    kv::Family objects{};     ///< Object id -> its chunks.
    kv::Family references{};  ///< Owner and object, object and owner, owner and list.
    kv::Family packs{};       ///< Pack -> committed length; the store's format.
};

/// What a content store works with.
class ContentOptions {
public:
    ContentOptions() = default;

    std::shared_ptr<io::FileSystem> file_system;  ///< Not needed with `backend`.
    std::string directory;  ///< The library's folder; packs go to `packs` in it. Not needed with
                            ///< `backend`.
    std::shared_ptr<StorageBackend> backend;  ///< Null: pack files in `directory`.
    kv::KeyValueStore* store = nullptr;       ///< Borrowed, outlives the content store.
    kv::CommitQueue* queue = nullptr;  ///< Borrowed, outlives the content store; for `store()`. May
                                       ///< be null with `read_only`.
    ContentFamilies families;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Executor> executor;
    std::shared_ptr<Random> random;  ///< Names a new store. May be null with `read_only`.
    bool read_only = false;          ///< A follower: `store` is one too, nothing is written.
    ChunkProfile profile;            ///< Of a new store; an existing one keeps its own.
    int compression_level = kCompressionLevelDefault;  ///< See Compressor.
    PackOptions packs;
    /// A new chunk that resembles one which is there is stored as the difference from it.
    bool deltas = true;
    /// Repacks compress small chunks with a dictionary that they train. Not in a backend that keeps
    /// none.
    DictionaryOptions dictionaries;
    std::uint64_t similarity_bytes_max = 8u << 20;  ///< See SimilarityOptions.
    /// Chunks that deltas were made from lately are kept in memory, bytes.
    std::uint64_t bases_bytes_max = 8u << 20;
    /// Of chunks that were read lately, those that deltas start from are kept decoded, bytes. It
    /// fills with what is read, and takes nothing before; who reads at random all over a store
    /// gains as much as its deltas have bases that fit.
    std::uint64_t read_bases_bytes_max = 32u << 20;
    /// Chunks of all sessions that are being encoded at one time, bytes. A put waits beyond it.
    std::uint64_t pipeline_bytes_max = 4u << 20;
    /// Block hashes of the objects that ranges were proved of lately, bytes: 1 MiB for 1 GiB.
    std::uint64_t proof_bytes_max = 4u << 20;
    std::uint64_t object_bytes_max = std::uint64_t{64} << 30;  ///< Of one object, bytes.
    /// What lists look like. Without it none can be put, and a store that has lists is neither
    /// collected nor counted.
    ListReader lists;
    std::uint64_t list_bytes_max = 1u << 30;  ///< Of one list, bytes; it is read into memory.
    /// Records that one session keeps until its commit, bytes: about 35 a chunk of its objects.
    /// Below kv::kBatchBytesMax.
    std::uint64_t session_bytes_max = 128u << 20;
};

/// The content store of one library.
///
/// Durability: `before_commit` must be a group hook of the queue through which all batches go that
/// `ContentTransaction::stage` and `remove` filled. Chunks of a session are synced by it right
/// before the batch that names them. What a session put or found stays until the session is
/// destroyed, also while space is reclaimed; a batch that is committed later than that may fail
/// with kContentNotFound when its content was collected meanwhile.
///
/// Thread safety: as ContentStorage. Lifetime: outlives its sessions and the queue's last commit.
class ContentAddressedStorage final : public ContentStorage {
public:
    /// Opens the store of a library, making it when there is none; drops what was never committed.
    /// Damaged packs do not keep it from opening: what is intact can be read. Errors:
    /// kInvalidArgument (an option is missing or out of range), kLibraryFormat, kDatabaseCorrupt,
    /// kDatabaseIo, kIo, kRandomUnavailable; with `packs.encryption`, which an encrypted store
    /// needs every time: kKeyNotFound (the store is encrypted, and there is none; a generation is
    /// missing), kKeyInvalid (of another store), kFailedPrecondition (the store is in the clear).
    [[nodiscard]] static Result<std::unique_ptr<ContentAddressedStorage>> open(
        ContentOptions options);

    ~ContentAddressedStorage() override;
    ContentAddressedStorage(const ContentAddressedStorage&) = delete;
    ContentAddressedStorage& operator=(const ContentAddressedStorage&) = delete;

    /// The group hook: syncs the packs and adds their new lengths to `batch`, which holds all
    /// changes of the group. Errors: kSyncFailed, kIo; also when the group names chunks that an
    /// earlier failure lost; kContentNotFound (it needs what was collected).
    [[nodiscard]] Result<void> before_commit(kv::WriteBatch& batch);

    /// Returns the profile by which this store cuts.
    [[nodiscard]] const ChunkProfile& profile() const noexcept;

    [[nodiscard]] Result<std::unique_ptr<ContentTransaction>> begin() override;
    [[nodiscard]] Result<void> commit(ContentTransaction& session) override;
    [[nodiscard]] Result<void> checkpoint(ContentTransaction& session) override;
    [[nodiscard]] Result<ObjectInfo> store(const ByteSource& source, std::string_view owner,
                                           const CallContext& context) override;

    /// Opens an object for reading at any place. Errors: kContentNotFound, kContentCorrupted,
    /// kDatabaseIo.
    [[nodiscard]] Result<std::unique_ptr<ObjectReader>> open_object(const ContentHash& id);

    /// Opens an object for reading without copies. Errors: kContentNotFound, kContentCorrupted,
    /// kDatabaseIo.
    [[nodiscard]] Result<std::unique_ptr<ZeroCopyContent>> open_zero_copy(const ContentHash& id);

    /// Proves that the blocks of 64 KiB which cover a range are part of an object; whoever has the
    /// proof, the blocks and the object's id and size checks it with verify_range. Cost: reading
    /// and hashing the object, or 1 us a hash of the proof when it is one of the objects that were
    /// proved lately (ContentOptions::proof_bytes_max). Errors: kInvalidArgument (no byte of the
    /// object is in the range), as `retrieve`.
    [[nodiscard]] Result<RangeProof> prove_range(const ContentHash& id, ByteRange range,
                                                 const CallContext& context = {});

    [[nodiscard]] Result<void> retrieve(const ContentHash& id, const ByteSink& sink,
                                        const CallContext& context, ByteRange range = {}) override;
    [[nodiscard]] Result<void> retrieve_each(std::span<const ContentHash> ids,
                                             const ObjectsSink& sink,
                                             const CallContext& context) override;
    [[nodiscard]] Result<bool> exists(const ContentHash& id) override;
    [[nodiscard]] Result<ObjectInfo> info(const ContentHash& id) override;
    [[nodiscard]] Result<void> remove(const ContentHash& id, std::string_view owner,
                                      kv::WriteBatch& batch) override;
    [[nodiscard]] Result<void> for_each(
        const std::function<Result<void>(const ObjectInfo&)>& each) override;
    [[nodiscard]] Result<void> for_each_of(std::string_view owner, const IdSink& each) override;
    [[nodiscard]] Result<void> for_each_list_of(std::string_view owner,
                                                const IdSink& each) override;
    [[nodiscard]] Result<StorageStats> stats() override;
    [[nodiscard]] Result<VerifyReport> verify(const VerifyOptions& options,
                                              const CallContext& context) override;
    [[nodiscard]] Result<RepackReport> repack(const RepackOptions& options,
                                              const CallContext& context) override;
    [[nodiscard]] Result<CollectReport> collect(const CollectOptions& options,
                                                const CallContext& context) override;

    /// Mends what a full verification finds: packs with damage are written anew from what can be
    /// read of them, and kept in the folder `quarantine`; index files that are damaged are dropped;
    /// halves of references are completed; objects that are hurt are taken from what the store has,
    /// or from the sources, whose bytes are hashed before they count. What no source has stays as
    /// it is and is named. Done twice it does nothing the second time; a crash or an error leaves
    /// each pack and each object as it was, or mended. Reports progress as operation "verify", then
    /// "repair" with phases "packs" and "objects". Cost: a full verification, and writing again
    /// what can be read of damaged packs. Errors: kBusy (a collection or a repair is running),
    /// kLibraryReadOnly, kCancelled, kDeadlineExceeded, kStorageFull, kIo, kSyncFailed,
    /// kCommitFailed, kDatabaseIo.
    [[nodiscard]] Result<RepairReport> repair(const RepairOptions& options,
                                              const CallContext& context);

private:
    struct Impl;
    explicit ContentAddressedStorage(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::content
