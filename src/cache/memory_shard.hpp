#pragma once
// MemoryShard: one part of a MemoryCache, a whole S3-FIFO cache of its own.

#include <catalog/internal/mutex.hpp>
#include <cstddef>
#include <cstdint>
#include <span>

#include "catalog/cache/memory_cache.hpp"
#include "entry_ring.hpp"
#include "entry_table.hpp"
#include "ghost_queue.hpp"

namespace catalog::cache {

/// How many words and buckets a shard has.
struct ShardSize {
    std::uint32_t words = 0;
    std::size_t buckets = 0;
    std::size_t ghosts = 0;
};

/// An entry that a hit found. `value` is filled separately.
struct ShardAnswer {
    bool found = false;
    MonotonicTime expires;
    std::uint64_t stamp = 0;
};

/// Entries are words of memory that stays while the shard lives, so that a reader
/// may look at room that is being written: what it saw counts only when the version of the bucket
/// says that nothing was. Each word is an atomic one; readers and writers use them relaxed.
///
/// An entry: hash, lengths of key and value, expiry, stamp, key, value, each padded to words.
class MemoryShard {
public:
    /// How much memory a shard of that size works in.
    [[nodiscard]] static std::size_t bytes_of(const ShardSize& size) noexcept;

    /// `memory` is zeroed, begins at a cache line and outlives the shard.
    MemoryShard(const ShardSize& size, std::byte* memory);

    /// As MemoryCache::find. An entry that expires by then is found.
    [[nodiscard]] ShardAnswer find(std::uint64_t hash, ByteView key, Bytes& value);
    bool put(std::uint64_t hash, ByteView key, ByteView value, const EntryTerms& terms);
    bool erase(std::uint64_t hash, ByteView key);
    std::uint64_t erase_prefix(ByteView prefix);
    void clear();

    [[nodiscard]] std::uint64_t entry_bytes_max() const noexcept;
    /// Adds the counters and sizes of this shard.
    void add_to(CacheLevelStats& stats) const;

private:
    enum class Look : std::uint8_t { kFound, kAbsent, kDisturbed };
    struct Counts {
        std::uint64_t inserts = 0;
        std::uint64_t refused = 0;
        std::uint64_t evictions = 0;
        std::uint64_t entries = 0;
        std::uint64_t main_entries = 0;
        std::uint64_t words = 0;  ///< Of entries that can be found.
    };

    [[nodiscard]] Look look(Bucket& bucket, std::uint64_t hash, ByteView key, Bytes& value,
                            ShardAnswer& answer) const;
    /// Looks until no writer came between, in the end under the lock.
    [[nodiscard]] bool look_until_calm(Bucket& bucket, std::uint64_t hash, ByteView key,
                                       Bytes& value, ShardAnswer& answer);
    [[nodiscard]] bool same_key(std::uint32_t at, ByteView key) const noexcept;
    [[nodiscard]] bool has_prefix(std::uint32_t at, ByteView prefix) const;
    [[nodiscard]] std::uint64_t load(std::uint32_t at) const noexcept;
    void store(std::uint32_t at, std::uint64_t word) noexcept;
    void store_bytes(std::uint32_t at, ByteView bytes) noexcept;
    void load_bytes(std::uint32_t at, std::span<std::byte> out) const noexcept;
    void write_entry(std::uint32_t at, std::uint64_t hash, ByteView key, ByteView value,
                     const EntryTerms& terms) noexcept;
    [[nodiscard]] std::uint32_t words_at(std::uint32_t at) const noexcept;

    [[nodiscard]] Slot find_slot(std::uint64_t hash, ByteView key) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] Slot free_slot(std::uint64_t hash) CATALOG_REQUIRES(mutex_);
    void remove(const Slot& slot) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] std::uint32_t make_room_in_small(std::uint32_t words) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] std::uint32_t make_room_in_main(std::uint32_t words) CATALOG_REQUIRES(mutex_);
    void evict_small() CATALOG_REQUIRES(mutex_);
    void evict_main(unsigned& kept) CATALOG_REQUIRES(mutex_);
    void keep_in_main(const Slot& slot, std::uint32_t from, std::uint32_t words)
        CATALOG_REQUIRES(mutex_);
    [[nodiscard]] std::uint32_t take(EntryRing& ring, std::uint32_t words) CATALOG_REQUIRES(mutex_);

    const std::uint32_t words_max_;
    std::uint64_t* const words_;
    EntryTable table_;
    mutable internal::Mutex mutex_;
    EntryRing small_ CATALOG_GUARDED_BY(mutex_);
    EntryRing main_ CATALOG_GUARDED_BY(mutex_);
    GhostQueue ghosts_ CATALOG_GUARDED_BY(mutex_);
    Counts counts_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::cache
