#pragma once
// KeyValueStore: the library's one ordered store of small records, with column families, atomic
// batches and snapshots. RocksDB over our io::FileSystem in production, a complete in-memory one
// for tests and throw-away libraries.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"

namespace catalog::kv {

/// Index of a column family in the list that `open` was given. Families are ordered maps of byte
/// strings.
enum class Family : std::uint32_t {};

/// Largest batch that a store takes, WriteBatch::bytes(). A larger one is kLimitExceeded.
inline constexpr std::uint64_t kBatchBytesMax = std::uint64_t{256} << 20;

/// Changes that become visible and durable together or not at all. A value type: build it anywhere,
/// submit it once.
class WriteBatch {
public:
    enum class Kind : std::uint8_t { kPut, kRemove };
    struct Change {
        Kind kind;
        Family family;
        std::string key;
        std::string value;  ///< Empty for kRemove.
    };

    void put(Family family, std::string key, std::string value) {
        bytes_ += key.size() + value.size();
        changes_.push_back({Kind::kPut, family, std::move(key), std::move(value)});
    }
    void remove(Family family, std::string key) {
        bytes_ += key.size();
        changes_.push_back({Kind::kRemove, family, std::move(key), {}});
    }
    /// Adds the changes of `other` after those of this batch.
    void append(WriteBatch other);

    [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }
    [[nodiscard]] bool empty() const noexcept { return changes_.empty(); }
    /// Returns the sum of key and value lengths, bytes.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    std::vector<Change> changes_;
    std::uint64_t bytes_ = 0;
};

enum class Durability : std::uint8_t {
    kSync,    ///< On stable storage when the call returns.
    kNoSync,  ///< Survives the death of the process, perhaps not of the machine: for droppable
              ///< caches only.
};

/// Walks keys in byte order. Sees the moment at which it was made; starts invalid, before the first
/// seek. It may outlive its store, whose files stay open and locked until it goes. Thread safety:
/// one thread at a time.
class Iterator {
public:
    virtual ~Iterator() = default;
    /// Moves to the first key that is not before `key`; invalid when there is none.
    virtual void seek(std::string_view key) = 0;
    /// Moves to the last key that is not after `key`; invalid when there is none.
    virtual void seek_for_prev(std::string_view key) = 0;
    /// Moves to the following key; invalid after the last. Without effect when invalid.
    virtual void next() = 0;
    /// Moves to the preceding key; invalid before the first. Without effect when invalid.
    virtual void prev() = 0;
    [[nodiscard]] virtual bool valid() const = 0;
    /// Borrowed until the iterator moves; empty when invalid.
    [[nodiscard]] virtual std::string_view key() const = 0;
    /// Borrowed until the iterator moves; empty when invalid.
    [[nodiscard]] virtual std::string_view value() const = 0;
    /// Tells whether the walk became invalid because of an error. Errors: kDatabaseIo,
    /// kDatabaseCorrupt, kInvalidArgument (no such family).
    [[nodiscard]] virtual Result<void> status() const = 0;
};

/// A moment of the store, the same for every family; reads through it never change. It may outlive
/// its store, whose files stay open and locked until it goes. Thread safety: any thread.
class Snapshot {
public:
    virtual ~Snapshot() = default;
    /// Returns the value, or nullopt when there is none. Errors: kDatabaseIo, kDatabaseCorrupt,
    /// kInvalidArgument (no such family).
    [[nodiscard]] virtual Result<std::optional<std::string>> get(Family family,
                                                                 std::string_view key) const = 0;
    [[nodiscard]] virtual std::unique_ptr<Iterator> iterate(Family family) const = 0;
};

/// What an open store takes of the process, apart from files.
struct StoreUsage {
    std::uint64_t memory_bytes = 0;  ///< Caches and write buffers; in memory, keys and values.
    std::uint64_t threads = 0;  ///< RocksDB: two of its own, and the timer that its stores share.
};

/// Ordered store with column families.
///
/// Thread safety: any thread. Readers never block writers nor each other. A writable store is the
/// only one of its folder; any number of read-only followers in other processes may stand beside
/// it.
class KeyValueStore {
public:
    virtual ~KeyValueStore() = default;

    /// Returns the value, or nullopt when there is none. Errors: kDatabaseIo, kDatabaseCorrupt,
    /// kInvalidArgument (no such family).
    [[nodiscard]] virtual Result<std::optional<std::string>> get(Family family,
                                                                 std::string_view key) const = 0;
    [[nodiscard]] virtual std::unique_ptr<Iterator> iterate(Family family) const = 0;
    [[nodiscard]] virtual std::shared_ptr<const Snapshot> snapshot() const = 0;

    /// Applies a batch atomically, its changes in their order. Everything of a library except
    /// caches goes through its CommitQueue instead. Errors: kCommitFailed (nothing of it is visible
    /// in this process, and whether it is there after the store is opened again is not known; until
    /// then the store refuses writes), kLibraryReadOnly (a follower), kInvalidArgument (no such
    /// family; nothing was written), kLimitExceeded (kBatchBytesMax; nothing was written).
    [[nodiscard]] virtual Result<void> write(const WriteBatch& batch, Durability durability) = 0;

    /// A follower moves to the writer's last commit; on a writable store a no-op. Snapshots and
    /// iterators made before keep their moment; after an error so does the follower. Cost: a few
    /// file-system calls when nothing was committed since, else that of opening the store. Errors:
    /// kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] virtual Result<void> refresh() = 0;

    /// Returns the number of the state that reads see: grows with every write, before that write
    /// returns, and in a follower with every refresh that moved it. Who reads it before other reads
    /// and finds the same number later knows that these are still the truth. Cost: one atomic load.
    [[nodiscard]] virtual std::uint64_t revision() const noexcept = 0;

    /// Returns the bytes that the store takes on disk, of a store in memory the bytes of its keys
    /// and values. Errors: kDatabaseIo.
    [[nodiscard]] virtual Result<std::uint64_t> disk_bytes() const = 0;

    /// Cost: a lock a shard of the cache.
    [[nodiscard]] virtual StoreUsage usage() const noexcept = 0;

    /// Reads every stored byte and checks it. Returns what is damaged, one sentence each; empty
    /// when nothing is. Cost: one pass over the store. Errors: kDatabaseIo when it cannot be read
    /// at all.
    [[nodiscard]] virtual Result<std::vector<std::string>> verify() const = 0;
};

/// One change of a commit that was lost with damage to the write-ahead log.
struct LostChange {
    Family family{};
    std::string key;
    std::string value;
    bool intact =
        true;  ///< False for a change of the damaged commit itself: its bytes may be wrong.
};

/// What an opening that does not stop at damage has lost. Every commit from the first damaged one
/// on is lost, also those behind it that are intact: commits build on each other.
struct Salvage {
    std::vector<std::string> damages;  ///< One sentence each; empty when nothing was lost.
    std::vector<LostChange> changes;   ///< As far as they could be read, oldest first.
};

/// How to open a store.
class OpenOptions {
public:
    OpenOptions() = default;
    std::vector<std::string>
        families;            ///< Names, in the order of the Family numbers; missing ones are made.
    bool read_only = false;  ///< A follower: needs an existing store, never writes in its folder.
    bool create_if_missing = false;
    std::uint64_t memory_bytes =
        16u << 20;  ///< Budget of block cache and write buffers together, bytes.
    /// Tables that a writer keeps open, of which 10 are set aside for its other files; RocksDB
    /// takes 20 at least. A follower keeps all open, because the writer may remove them.
    std::uint32_t open_files_max = 256;
    /// When given, damage to durable commits in the write-ahead log does not stop the opening: the
    /// store is as it was before the first of them, and this says what was lost. A writable store
    /// forgets it for good; a follower changes nothing. Filled before the opening returns, not
    /// touched later.
    std::shared_ptr<Salvage> salvage;
    /// When not empty, 32 bytes: every file of the store is encrypted under it (AES-256-CTR), which
    /// hides contents and does not authenticate them. A store is encrypted from its first opening
    /// on or never. Borrowed until the opening returns; wiping it is the caller's.
    ByteView encryption_key;
    /// Gives the nonces of encrypted files; null: the system's random bytes.
    std::shared_ptr<Random> random;
};

/// Opens a RocksDB store in folder `path` on `fs`. Blocking. Errors: kDatabaseOpen (missing, locked
/// by another writer, other format), kDatabaseCorrupt, kStorageFull, kAccessDenied, kKeyInvalid
/// (encrypted and no key given, a key given and not encrypted, another key), kInvalidArgument (a
/// key that has not 32 bytes).
[[nodiscard]] Result<std::unique_ptr<KeyValueStore>> open_rocksdb(
    std::shared_ptr<io::FileSystem> fs, const std::string& path, const OpenOptions& options);

/// Makes an empty store in memory. Complete: batches, snapshots, iterators.
[[nodiscard]] std::unique_ptr<KeyValueStore> make_memory_store(std::size_t families);

}  // namespace catalog::kv
