#pragma once
// IndexPageCache: decrypted pages of sealed runs that lookups meet again and again.

#include <array>
#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "index_run.hpp"

namespace catalog::content {

/// Keeps decrypted directory pages (of 1,848 entries each) and pages of fences of several runs; no
/// entries. A run without it decrypts one page for every id that it does not have. What is kept is
/// in ordinary memory: ids and sizes of chunks, no key. Memory: `pages_max` pages once they were
/// asked for, 32 bytes each before. Thread safety: any thread; a lookup holds one of 16 locks for
/// four comparisons.
class IndexPageCache {
public:
    using Page = std::array<std::byte, kIndexPageBytes>;
    using PagePointer = std::shared_ptr<const Page>;

    /// `pages_max` is rounded up to a multiple of 64; 1024 pages (4 MiB) are those of 1.9 million
    /// chunks.
    explicit IndexPageCache(std::size_t pages_max = 1024);

    /// Returns a number for a run: no other run of this cache has it.
    [[nodiscard]] std::uint64_t add_run();

    /// Returns the page, or null.
    [[nodiscard]] PagePointer find(std::uint64_t run, std::uint64_t page);
    /// Keeps a page in the place of the one, of four, that was asked for longest ago.
    void keep(std::uint64_t run, std::uint64_t page, PagePointer bytes);

private:
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kWays = 4;

    struct Slot {
        std::uint64_t run = 0;  ///< No run has number 0.
        std::uint64_t page = 0;
        std::uint64_t used = 0;
        PagePointer bytes;
    };
    struct Shard {
        internal::Mutex mutex;
        std::vector<Slot> slots CATALOG_GUARDED_BY(mutex);
        std::uint64_t uses CATALOG_GUARDED_BY(mutex) = 0;
    };

    [[nodiscard]] static std::uint64_t mix(std::uint64_t run, std::uint64_t page) noexcept;
    [[nodiscard]] std::size_t first_of(std::uint64_t mixed) const noexcept;

    const std::size_t sets_;  ///< Of four slots, in each shard.
    std::array<Shard, kShards> shards_;
    std::atomic<std::uint64_t> runs_{0};
};

}  // namespace catalog::content
