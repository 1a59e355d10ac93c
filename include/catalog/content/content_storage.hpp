#pragma once
// ContentStorage: objects (files, file tables, manifests) by the root of their bytes. What a caller
// gets back is verified, or an error. How objects are cut, compressed and packed is the store's
// private matter.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/result.hpp"
#include "catalog/kv/key_value_store.hpp"

namespace catalog::content {

/// Fills the buffer with the next bytes and returns how many; 0 is the end.
using ByteSource = std::function<Result<std::size_t>(std::span<std::byte>)>;

/// Fills the buffer with the bytes from `offset` on and returns how many; 0 is the end. May be
/// asked for the same bytes more than once.
using RandomAccessSource =
    std::function<Result<std::size_t>(std::uint64_t offset, std::span<std::byte>)>;

/// Takes the next bytes. An error ends the reading and is returned by it.
using ByteSink = std::function<Result<void>(ByteView)>;

/// Takes the next bytes of object number `index` of those that were asked for.
using ObjectsSink = std::function<Result<void>(std::size_t index, ByteView)>;

/// Takes the next object id. An error ends the walk and is returned by it.
using IdSink = std::function<Result<void>(const ContentHash&)>;

/// Reads a list: gives the id of every object that it names to the sink, in any order and as often
/// as it likes. The store does not know what lists look like; whoever makes it says so
/// (ContentOptions::lists), and must be able to read all that any earlier opening could. Errors:
/// any, when `list` is not one; of the sink. Thread safety: any thread.
using ListReader = std::function<Result<void>(ByteView list, const IdSink& each)>;

/// Returns a source over bytes that must outlive it.
[[nodiscard]] ByteSource source_of(ByteView bytes);

/// What the store knows of one object.
struct ObjectInfo {
    ContentHash id;  ///< `tree`: the RFC 6962 root over its 64 KiB blocks. Equal in every store.
    std::uint64_t size = 0;    ///< Bytes.
    std::uint32_t chunks = 0;  ///< In this store.
    friend bool operator==(const ObjectInfo&, const ObjectInfo&) = default;
};

/// Part of an object.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t size = ~std::uint64_t{0};  ///< Cut to the object's end.
};

struct StorageStats {
    std::uint64_t objects = 0;                  ///< That somebody needs.
    std::uint64_t object_bytes = 0;             ///< Sum of their sizes.
    std::uint64_t chunks = 0;                   ///< Distinct ones that the objects consist of.
    std::uint64_t chunk_bytes = 0;              ///< Sum of these chunks' sizes before compression.
    std::uint64_t delta_chunks = 0;             ///< Of these, stored as differences from others.
    std::uint64_t delta_bytes = 0;              ///< Sum of the sizes of those before it.
    std::uint64_t delta_stored_bytes = 0;       ///< What they take, without the heads of records.
    std::uint64_t dictionary_chunks = 0;        ///< Stored with a trained dictionary.
    std::uint64_t dictionary_bytes = 0;         ///< Sum of the sizes of those before it.
    std::uint64_t dictionary_stored_bytes = 0;  ///< What they take, without the heads of records.
    std::uint64_t payload_bytes = 0;            ///< What all these chunks take, without the heads.
    std::uint64_t index_bytes = 0;              ///< Of `stored_bytes`, indexes.
    std::uint64_t stored_bytes = 0;             ///< Bytes of packs on disk.
    /// Of `stored_bytes`, those that nothing needs: of removed objects, of sessions that were
    /// never committed, of copies that an interrupted collection made. `collect` reclaims them.
    std::uint64_t unreferenced_bytes = 0;
    std::uint64_t packs = 0;
};

/// Damage that a verification found.
struct Damage {
    std::string where;                 ///< Pack and offset, or the kind of record.
    std::string what;                  ///< One sentence.
    std::vector<ContentHash> objects;  ///< Objects that cannot be returned because of it.
};

struct VerifyReport {
    std::uint64_t objects = 0;  ///< Checked.
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0;      ///< Of packs that were read.
    std::vector<Damage> damages;  ///< At most kDamagesMax.
    bool truncated = false;       ///< There is more damage than `damages` could hold.
    /// Number of the last pack up to which everything is checked; VerifyOptions::resume_after.
    std::uint32_t last_pack = 0;
};

/// Longest list of damages in one report.
inline constexpr std::size_t kDamagesMax = 10'000;

/// What a collection does.
class CollectOptions {
public:
    CollectOptions() = default;
    bool dry_run = false;  ///< Only says what it would do.
    /// A pack of whose records less than this share is needed is written anew, 0 to 1. One without
    /// needed records goes in any case.
    double live_share_min = 0.7;
    /// Most bytes that are written again; packs that yield most for their bytes come first.
    std::uint64_t rewrite_bytes_max = ~std::uint64_t{0};
};

struct CollectReport {
    std::uint64_t objects_removed = 0;  ///< Records of objects that nobody needed.
    std::uint64_t chunks_dead = 0;      ///< That no object needed.
    std::uint64_t packs_removed = 0;    ///< That held nothing any more.
    std::uint64_t packs_rewritten = 0;  ///< Whose needed chunks were copied before they went.
    std::uint64_t packs_damaged = 0;    ///< That stay because they, or needed chunks, are damaged.
    std::uint64_t bytes_freed = 0;      ///< Of packs that went, less what was written again.
    std::uint64_t bytes_rewritten = 0;
    std::uint64_t dead_bytes_left = 0;  ///< That no object needs, in packs that stay.
    friend bool operator==(const CollectReport&, const CollectReport&) = default;
};

/// Highest level of a repack. Those above take memory by the hundred MiB.
inline constexpr int kRepackLevelMax = 19;

/// What a repack does.
class RepackOptions {
public:
    RepackOptions() = default;
    /// Seals again, under the newest generation of keys, what is still under older ones, and does
    /// nothing else: chunks stay compressed as they are, `level` does not count.
    bool rekey = false;
    int level = 9;  ///< Of zstd, 1 to kRepackLevelMax.
    /// Most bytes of packs that are written again, the newest packs first; what is left is for the
    /// next repack.
    std::uint64_t rewrite_bytes_max = ~std::uint64_t{0};
};

struct RepackReport {
    std::uint64_t packs_rewritten = 0;
    /// That this level could still make smaller, or that are still under older keys.
    std::uint64_t packs_left = 0;
    std::uint64_t packs_damaged = 0;  ///< That stay because they, or needed chunks, are damaged.
    std::uint64_t bytes_before = 0;   ///< Of the packs that were written again.
    std::uint64_t bytes_after = 0;    ///< What they became.
    friend bool operator==(const RepackReport&, const RepackReport&) = default;
};

/// How thorough a verification is; each includes those before.
enum class VerifyDepth : std::uint8_t {
    kQuick,      ///< What the records and the indexes say of each other: every pack is there, as
                 ///< long as it should be and the store's own, every object's chunks are in the
                 ///< index, every reference has its object. Cost: about 3 us a record, whatever the
                 ///< bytes.
    kStructure,  ///< Checksums of all that is in packs, and every entry of the index has its
                 ///< record. Cost: reading the packs.
    kFull,       ///< Every chunk is decoded and hashed, and every object's root computed anew.
};

/// What a verification does.
class VerifyOptions {
public:
    VerifyOptions() = default;
    VerifyOptions(VerifyDepth how_thorough)  // NOLINT(google-explicit-constructor): is all most say
        : depth(how_thorough) {}

    VerifyDepth depth = VerifyDepth::kFull;
    /// VerifyReport::last_pack of one that was interrupted: packs up to it, and objects that begin
    /// there, are not read again. Records and references are looked at in any case.
    std::uint32_t resume_after = 0;
    /// Called after each pack with what is known so far (objects that damages hurt come last). An
    /// error ends the verification and is returned by it. May be empty.
    std::function<Result<void>(const VerifyReport&)> reached;
};

/// One writer's session. What it puts is found by later puts of the same session at once and by
/// everybody when the batch that `stage` filled has been committed; without that it is swept. From
/// then on an object is there until a collection finds that nobody needs it: no reference, no list
/// that somebody references, and no session that put or found it and was not destroyed yet.
///
/// Lifetime: ends before its store. Thread safety: one thread at a time; sessions run side by side.
class ContentTransaction {
public:
    virtual ~ContentTransaction() = default;

    /// Stores an object; bytes that are there already are not stored again. An error may be that of
    /// an earlier put, whose bytes are still being written when it returns; the session can be used
    /// on. Memory: a few chunks, 36 bytes a chunk until the commit. Errors: of `source`,
    /// kStorageFull, kIo, kSyncFailed, kLimitExceeded, kFailedPrecondition (after `stage`).
    [[nodiscard]] virtual Result<ObjectInfo> put(const ByteSource& source) = 0;
    [[nodiscard]] Result<ObjectInfo> put(ByteView bytes) { return put(source_of(bytes)); }

    /// Stores an object, as `put` does, out of what can be read again. Cheaper where the object is
    /// there already, which is supposed when its first chunks are: then no chunk of it is looked at
    /// any further, and should the object be another one it is read once more from its beginning.
    /// Errors: as `put`.
    [[nodiscard]] virtual Result<ObjectInfo> put_random_access(const RandomAccessSource& source) {
        std::uint64_t offset = 0;
        return put([&](std::span<std::byte> out) -> Result<std::size_t> {
            auto count = source(offset, out);
            if (count) offset += *count;
            return count;
        });
    }

    /// Stores several objects, as `put` does one after the other, and returns what that returns.
    /// Cheaper where they are small: they are hashed side by side, and those that are there already
    /// once only. After an error some of them are stored. Errors: as `put`.
    [[nodiscard]] virtual Result<std::vector<ObjectInfo>> put_each(
        std::span<const ByteView> objects) {
        std::vector<ObjectInfo> infos;
        for (const ByteView object : objects) {
            auto info = put(object);
            if (!info) return tl::unexpected(info.error());
            infos.push_back(*std::move(info));
        }
        return infos;
    }

    /// Notes that `owner` (any stable text of 1 to 1024 bytes, for example a package digest) needs
    /// the object, which this session has put or which is there. Doing it twice is doing it once.
    /// Errors: kContentNotFound, kInvalidArgument (the owner's length), kFailedPrecondition (after
    /// `stage`).
    [[nodiscard]] virtual Result<void> add_reference(std::string_view owner,
                                                     const ContentHash& id) = 0;

    /// Stores `list` as an object and notes that `owner` needs it and every object that it names,
    /// each of which this session has put or which is there. One key, however many objects. Errors:
    /// as `put` and `add_reference` (kContentNotFound names the object), of the store's ListReader,
    /// kFailedPrecondition (it has none), kLimitExceeded (ContentOptions::list_bytes_max).
    [[nodiscard]] virtual Result<ObjectInfo> put_list(std::string_view owner, ByteView list) = 0;

    /// Gives `submit` a batch with what makes visible all that was put and referenced since the
    /// last time; the session goes on and keeps its objects until it ends. See
    /// ContentStorage::checkpoint, which commits it. When `submit` fails, the session takes nothing
    /// more. Errors: as `stage`, of `submit`.
    using SubmitBatch = std::function<Result<void>(kv::WriteBatch)>;
    [[nodiscard]] virtual Result<void> checkpoint(const SubmitBatch& submit) = 0;

    /// Appends to `batch` all that makes the session's objects and references visible. Call once,
    /// right before the batch is given to the library's CommitQueue; bulk bytes are synced by the
    /// queue's group hook before the batch is. Errors: kSyncFailed (bytes of this session were
    /// lost: put them again in a new one), kFailedPrecondition (called before), kIo.
    [[nodiscard]] virtual Result<void> stage(kv::WriteBatch& batch) = 0;
};

/// Content-addressed storage of objects.
///
/// Thread safety: any thread. Everything returned was verified against the object's id or its
/// chunks' digests.
class ContentStorage {
public:
    virtual ~ContentStorage() = default;

    /// Begins a session. Errors: kLibraryReadOnly.
    [[nodiscard]] virtual Result<std::unique_ptr<ContentTransaction>> begin() = 0;

    /// Makes what `session` has put and referenced visible, in a commit of its own: `stage`, and
    /// the batch given to the queue. Many objects in one commit cost one sync. The session is over
    /// then. Errors: as ContentTransaction::stage, kLibraryReadOnly, kCommitFailed.
    [[nodiscard]] virtual Result<void> commit(ContentTransaction& session) = 0;

    /// Makes what `session` has put and referenced so far visible and durable; it goes on, with the
    /// memory for their records free again, and no collection takes what it put before it ends.
    /// Who stores very much before he knows its list calls this now and then. Errors: as `commit`;
    /// the session is over then.
    [[nodiscard]] virtual Result<void> checkpoint(ContentTransaction& session) = 0;

    /// Stores one object, referenced by `owner`, in a commit of its own. Errors: as
    /// ContentTransaction, kLibraryReadOnly, kCommitFailed, kCancelled, kDeadlineExceeded.
    [[nodiscard]] virtual Result<ObjectInfo> store(const ByteSource& source, std::string_view owner,
                                                   const CallContext& context) = 0;

    /// Gives the object's bytes in order to `sink`, each piece verified before it is given. With
    /// the whole object as range the root is checked as well before the last piece is given.
    /// Errors: kContentNotFound, kContentCorrupted (CorruptionDetail, input is the place),
    /// kInvalidArgument (the range begins beyond the object), kIo, kCancelled, kDeadlineExceeded,
    /// what `sink` returned.
    [[nodiscard]] virtual Result<void> retrieve(const ContentHash& id, const ByteSink& sink,
                                                const CallContext& context,
                                                ByteRange range = {}) = 0;

    /// Gives whole objects to `sink`, in the order in which they are read fastest and several at a
    /// time: the pieces of one object come in order from one thread, those of others meanwhile from
    /// other threads. Each piece is verified as by `retrieve`; an object without bytes has none.
    /// After an error no further object is begun. Errors: as `retrieve`.
    [[nodiscard]] virtual Result<void> retrieve_each(std::span<const ContentHash> ids,
                                                     const ObjectsSink& sink,
                                                     const CallContext& context);

    /// Returns a whole object of at most `bytes_max` bytes. Errors: as `retrieve`, kLimitExceeded
    /// (nothing was read then).
    [[nodiscard]] Result<Bytes> retrieve_all(const ContentHash& id, std::uint64_t bytes_max,
                                             const CallContext& context);

    /// Tells whether the object is there: committed, and not collected. Errors: kDatabaseIo.
    [[nodiscard]] virtual Result<bool> exists(const ContentHash& id) = 0;
    /// Errors: kContentNotFound, kContentCorrupted, kDatabaseIo.
    [[nodiscard]] virtual Result<ObjectInfo> info(const ContentHash& id) = 0;

    /// Drops `owner`'s reference to the object, and to all that it names where it is a list. What
    /// nobody needs any more can be read until `collect` reclaims its space
    /// (StorageStats::unreferenced_bytes). Appends to `batch`, which the caller commits. Errors:
    /// kContentNotFound (no such reference), kLibraryReadOnly, kDatabaseIo.
    [[nodiscard]] virtual Result<void> remove(const ContentHash& id, std::string_view owner,
                                              kv::WriteBatch& batch) = 0;

    /// Calls `each` for every object that `exists`, in byte order of ids, until it returns an
    /// error, which is returned. Sees the moment of the call. Errors: kContentCorrupted,
    /// kDatabaseIo.
    [[nodiscard]] virtual Result<void> for_each(
        const std::function<Result<void>(const ObjectInfo&)>& each) = 0;

    /// Calls `each` for every object that `owner` references himself, lists included and what they
    /// name not, in byte order of ids, until it returns an error, which is returned. Errors:
    /// kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] virtual Result<void> for_each_of(std::string_view owner, const IdSink& each) = 0;

    /// The same for the lists alone.
    [[nodiscard]] virtual Result<void> for_each_list_of(std::string_view owner,
                                                        const IdSink& each) = 0;

    /// Counts. Cost: walks the records of all objects and chunks, about 1 us each, and reads all
    /// lists; 16 bytes of memory a chunk, 9 an object. Errors: as `collect`.
    [[nodiscard]] virtual Result<StorageStats> stats() = 0;

    /// Checks the store; damage is in the report, not an error, and does not end the check. Writers
    /// and readers go on meanwhile. Reports progress as operation "verify", phases "packs",
    /// "chunks", "index" and "objects". Memory: 16 bytes a chunk; with kFull 64 MiB and, at any
    /// size, 64 MiB more at most. Errors: kCancelled, kDeadlineExceeded, kDatabaseIo, kIo, what
    /// VerifyOptions::reached returned.
    [[nodiscard]] virtual Result<VerifyReport> verify(const VerifyOptions& options,
                                                      const CallContext& context) = 0;

    /// Compresses chunks again at a higher level, for times when nobody waits: every pack that was
    /// not written by a repack of this level or above is written anew, without what no object
    /// needs. Everything else goes on meanwhile, and chunks keep their ids. After an error, or when
    /// it is cancelled, what was done by then stays done. Reports progress as operation "collect",
    /// phases "mark", "objects" and "packs". Cost: with level 9 about 40 MB of chunks a second.
    /// Memory: as `collect`, `pipeline_bytes_max`, `similarity_bytes_max` and `bases_bytes_max`
    /// again, and some MiB a thread. With RepackOptions::rekey packs under older keys are copied
    /// instead, about as fast as the disk. Errors: as `collect`, kInvalidArgument (the level),
    /// kFailedPrecondition (`rekey`, and the store is not encrypted).
    [[nodiscard]] virtual Result<RepackReport> repack(const RepackOptions& options,
                                                      const CallContext& context) = 0;

    /// Reclaims the space of what no object needs. Everything else goes on meanwhile: what is
    /// referenced, or was put or found by a session that still exists, stays. After an error, or
    /// when it is cancelled, what was freed by then is free and nothing else has changed. Reports
    /// progress as operation "collect", phases "mark", "objects" and "packs". Memory: 16 bytes a
    /// chunk, 40 for a delta; 9 an object; one list. Errors: kBusy (one runs already),
    /// kLibraryReadOnly, kInvalidArgument (the share), kContentCorrupted (a list or the record of
    /// an object is damaged, or a chunk that an object needs is missing: repair the store, or
    /// remove that object), kFailedPrecondition (there are lists, and no ListReader), kCancelled,
    /// kDeadlineExceeded, kStorageFull, kIo, kSyncFailed, kCommitFailed, kDatabaseIo.
    [[nodiscard]] virtual Result<CollectReport> collect(const CollectOptions& options,
                                                        const CallContext& context) = 0;
};

}  // namespace catalog::content
