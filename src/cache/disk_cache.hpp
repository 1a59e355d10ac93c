#pragma once
// DiskCache: the second level, values in a RecordStore, the oldest of which go first.

#include <atomic>
#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/cache/cache_stats.hpp"
#include "catalog/cache/record_store.hpp"
#include "circuit_breaker.hpp"
#include "level_counters.hpp"
#include "sealed_value.hpp"

namespace catalog::cache {

/// A value that a lower level had.
struct StoredValue {
    Bytes value;
    ValueTimes times;
};

/// FIFO by bytes: evicting needs no record of reads. What the store damages or loses is a miss:
/// values are sealed, the books are checked, and where they do not agree everything is removed and
/// begun anew. A write that failed leaves it unknown what is there, so nothing is served until
/// everything could be removed. Records: docs/formats/cache-records.md.
/// Thread safety: any thread; writers one at a time, readers beside them.
class DiskCache {
public:
    struct Options {
        std::uint64_t bytes_max = std::uint64_t{256} << 20;  ///< Keys, values and their records.
        Bytes secret;
        BreakerOptions breaker;
    };

    DiskCache(std::shared_ptr<RecordStore> store, Options options,
              std::shared_ptr<const Clock> clock, std::shared_ptr<Random> random);

    [[nodiscard]] std::optional<StoredValue> get(ByteView key);
    void put(ByteView key, ByteView value, const ValueTimes& times);
    /// When this returns, no get finds what was put before.
    void erase(ByteView key);
    void erase_prefix(ByteView prefix);
    void clear();

    [[nodiscard]] CacheLevelStats stats() const;

private:
    using Changes = std::vector<RecordStore::Change>;
    struct Books {
        std::uint64_t next = 0;    ///< Number of the next value.
        std::uint64_t oldest = 0;  ///< No value has a smaller one.
        std::uint64_t entries = 0;
        std::uint64_t bytes = 0;
    };

    [[nodiscard]] static std::string write_books(const Books& books);
    [[nodiscard]] static std::optional<Books> read_books(std::string_view text);
    void open_books() CATALOG_REQUIRES(mutex_);
    [[nodiscard]] bool usable() CATALOG_REQUIRES(mutex_);
    [[nodiscard]] bool remove_everything() CATALOG_REQUIRES(mutex_);
    [[nodiscard]] bool commit(Changes changes, const Books& books) CATALOG_REQUIRES(mutex_);
    [[nodiscard]] bool forget(std::string_view key, Changes& changes, Books& books)
        CATALOG_REQUIRES(mutex_);
    [[nodiscard]] bool make_room(std::uint64_t bytes, Changes& changes, Books& books)
        CATALOG_REQUIRES(mutex_);
    void distrust() CATALOG_REQUIRES(mutex_);

    const std::shared_ptr<RecordStore> store_;
    const Options options_;
    const std::shared_ptr<const Clock> clock_;
    CircuitBreaker breaker_;
    std::atomic<bool> trusted_{false};  ///< The books are open and agree with the store.
    mutable internal::Mutex mutex_;
    Books books_ CATALOG_GUARDED_BY(mutex_);
    LevelCounters counters_;
};

}  // namespace catalog::cache
