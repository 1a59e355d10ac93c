#pragma once
// MemoryCache: the first level of the cache, byte strings in a fixed amount of memory.
//
// Eviction is S3-FIFO (Yang, Zhang, Qiu, Yue, Vinayak: "FIFO queues are all you need for cache
// eviction", SOSP 2023): a small queue takes what is new, a main queue what was asked for twice
// there, and a ghost queue of 32-bit tags remembers what left the small queue, so that it goes
// straight to the main one when it comes back. Both queues are rings of bytes, so every byte counts
// and nothing fragments.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "catalog/cache/cache_stats.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"

namespace catalog::cache {

/// How large a MemoryCache is. Everything is fixed when it is made.
class MemoryCacheOptions {
public:
    MemoryCacheOptions() = default;
    /// All memory of the cache together: entries, their index, the ghost queue. Bytes, 64 KiB to
    /// 256 GiB. Pages that were never written take no memory of the machine.
    std::uint64_t bytes_max = std::uint64_t{4} << 20;
    /// What one entry takes on average: 32 bytes, its key and its value, each rounded up to 8. It
    /// sizes the index, 32 to 1 MiB. Where entries are much smaller the index is the bound: entries
    /// go before their bytes are needed.
    std::uint32_t entry_bytes_expected = 256;
    /// Parts that take insertions independently, 1 to 16 and a power of two; 0: one for each 2 MiB,
    /// at most 16. Each part orders its entries alone, so many small ones cost hit ratio.
    std::uint32_t shards = 0;
};

/// What comes with a value and decides how long it serves.
struct EntryTerms {
    /// The entry is not found from then on, on the cache's clock. The default: it never ends.
    MonotonicTime expires = MonotonicTime::max();
    /// A number of the caller's, kept with the value.
    std::uint64_t stamp = 0;
};

/// Byte strings under byte strings, as many as fit. A hit returns the value that was put last under
/// that key; what was put may be gone at any time.
///
/// Thread safety: any thread. A hit takes no lock and stores nothing but, while an entry is young,
/// its counter of two bits, and the hit counter of the processor that it runs on. Readers copy the
/// value between two looks at the version of its index line (a seqlock over relaxed atomic words)
/// and look again when a writer came between; after eight such looks they take the lock of the
/// shard. Insertions and removals lock one shard of the cache.
/// Cost: a hit about 30 ns and 0.1 ns a byte when everything is in the processor's cache; an
/// insertion the copy of the entry, and of up to 64 others that are kept in its place.
class MemoryCache {
public:
    /// Makes an empty cache. `random` gives the seed by which keys are spread, so that nobody can
    /// choose keys that collide. Errors: kInvalidArgument (an option outside its range),
    /// kOutOfMemory, kRandomUnavailable.
    [[nodiscard]] static Result<std::unique_ptr<MemoryCache>> make(
        const MemoryCacheOptions& options, std::shared_ptr<const Clock> clock, Random& random);

    ~MemoryCache();
    MemoryCache(const MemoryCache&) = delete;
    MemoryCache& operator=(const MemoryCache&) = delete;

    /// Copies the value under `key` into `value`, whose memory is used again where it suffices, and
    /// returns true; or returns false and leaves `value` unspecified. The clock is asked only for
    /// an entry that expires.
    [[nodiscard]] bool find(ByteView key, Bytes& value) const;
    /// The same, with what was put beside the value.
    [[nodiscard]] bool find(ByteView key, Bytes& value, EntryTerms& terms) const;
    /// The same, without a trace in `stats`: for who looks again on behalf of a request that has
    /// been counted.
    [[nodiscard]] bool find_again(ByteView key, Bytes& value, EntryTerms& terms) const;

    /// Puts `value` under `key` in place of what was there. Returns false when the entry is larger
    /// than `entry_bytes_max`: then nothing is under the key.
    bool put(ByteView key, ByteView value, const EntryTerms& terms = {});

    /// Removes what is under `key`. Returns whether something was.
    bool erase(ByteView key);

    /// Removes everything whose key begins with `prefix`. Returns how many entries that were. Cost:
    /// looks at every entry, one shard at a time under its lock.
    std::uint64_t erase_prefix(ByteView prefix);

    /// Removes everything, the memory of the ghost queue too.
    void clear();

    /// Returns the largest entry that is taken: 32 bytes, key and value, each rounded up to 8. A
    /// twentieth of what one shard has for entries.
    [[nodiscard]] std::uint64_t entry_bytes_max() const noexcept;

    /// Returns the bytes for entries, index and ghost queue aside.
    [[nodiscard]] std::uint64_t entry_room() const noexcept;

    /// Cost: locks every shard in turn.
    [[nodiscard]] CacheLevelStats stats() const;

private:
    struct Parts;
    explicit MemoryCache(std::unique_ptr<Parts> parts) noexcept;
    enum class Look : std::uint8_t;
    [[nodiscard]] Look look(ByteView key, Bytes& value, EntryTerms* terms) const;
    [[nodiscard]] bool count(Look look) const;

    std::unique_ptr<Parts> parts_;
};

}  // namespace catalog::cache
