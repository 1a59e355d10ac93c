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

/// Takes the next bytes. An error ends the reading and is returned by it.
using ByteSink = std::function<Result<void>(ByteView)>;

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
    std::uint64_t objects = 0;
    std::uint64_t object_bytes = 0;  ///< Sum of the objects' sizes.
    std::uint64_t chunks = 0;        ///< Distinct.
    std::uint64_t chunk_bytes = 0;   ///< Sum of the distinct chunks' sizes before compression.
    std::uint64_t stored_bytes = 0;  ///< Bytes of packs on disk.
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
    std::uint64_t bytes = 0;
    std::vector<Damage> damages;
};

enum class VerifyDepth : std::uint8_t {
    kStructure,  ///< Every object's chunks are where the index says; checksums of pack headers.
    kFull,  ///< Every stored byte is read, decoded and hashed; every object's root is recomputed.
};

/// One writer's session. What it puts is found by later puts of the same session at once and by
/// everybody when the batch that `stage` filled has been committed; without that it is swept.
/// Thread safety: one thread at a time; sessions run side by side.
class ContentTransaction {
public:
    virtual ~ContentTransaction() = default;

    /// Stores an object. Bytes that are there already are not stored again. Memory: bounded by the
    /// chunk size, not the object. Errors: what `source` returned, kStorageFull, kIo,
    /// kLimitExceeded.
    [[nodiscard]] virtual Result<ObjectInfo> put(const ByteSource& source) = 0;
    [[nodiscard]] Result<ObjectInfo> put(ByteView bytes) { return put(source_of(bytes)); }

    /// Notes that `owner` (any stable text, for example a package digest) needs the object. Errors:
    /// kContentNotFound.
    [[nodiscard]] virtual Result<void> add_reference(std::string_view owner,
                                                     const ContentHash& id) = 0;

    /// Appends to `batch` all that makes the session's objects and references visible. Call once,
    /// right before the batch is given to the library's CommitQueue; bulk bytes are synced by the
    /// queue's group hook before the batch is. Errors: kIo, kSyncFailed, kStorageFull.
    [[nodiscard]] virtual Result<void> stage(kv::WriteBatch& batch) = 0;
};

/// Content-addressed storage of objects.
///
/// Thread safety: any thread. Everything returned was verified against the object's id or its
/// chunks' digests.
class ContentStorage {
public:
    virtual ~ContentStorage() = default;

    [[nodiscard]] virtual Result<std::unique_ptr<ContentTransaction>> begin() = 0;

    /// Stores one object, referenced by `owner`, in a commit of its own. Errors: as
    /// ContentTransaction, kCommitFailed.
    [[nodiscard]] virtual Result<ObjectInfo> store(const ByteSource& source, std::string_view owner,
                                                   const CallContext& context) = 0;

    /// Gives the object's bytes in order to `sink`, each piece verified before it is given. With
    /// the whole object as range the root is checked as well before success is returned. Errors:
    /// kContentNotFound, kContentCorrupted (CorruptionDetail), kIo, kCancelled, what `sink`
    /// returned.
    [[nodiscard]] virtual Result<void> retrieve(const ContentHash& id, const ByteSink& sink,
                                                const CallContext& context,
                                                ByteRange range = {}) = 0;

    /// Returns a whole object of at most `bytes_max` bytes. Errors: as `retrieve`, kLimitExceeded.
    [[nodiscard]] Result<Bytes> retrieve_all(const ContentHash& id, std::uint64_t bytes_max,
                                             const CallContext& context);

    /// Errors: kDatabaseIo.
    [[nodiscard]] virtual Result<bool> exists(const ContentHash& id) = 0;
    /// Errors: kContentNotFound.
    [[nodiscard]] virtual Result<ObjectInfo> info(const ContentHash& id) = 0;

    /// Drops `owner`'s references to the object; with the last reference the object itself becomes
    /// invisible. Appends to `batch`, which the caller commits. Errors: kContentNotFound.
    [[nodiscard]] virtual Result<void> remove(const ContentHash& id, std::string_view owner,
                                              kv::WriteBatch& batch) = 0;

    /// Calls `each` for every object in byte order of ids until it returns an error, which is
    /// returned.
    [[nodiscard]] virtual Result<void> for_each(
        const std::function<Result<void>(const ObjectInfo&)>& each) = 0;

    [[nodiscard]] virtual Result<StorageStats> stats() = 0;

    /// Checks the store; damage is in the report, not an error. Errors: kCancelled,
    /// kDeadlineExceeded, kDatabaseIo.
    [[nodiscard]] virtual Result<VerifyReport> verify(VerifyDepth depth,
                                                      const CallContext& context) = 0;
};

}  // namespace catalog::content
