#pragma once
// What the threads of a verification find, and how far they are.

#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "catalog/content/content_storage.hpp"
#include "catalog/content/storage_backend.hpp"
#include "catalog/core/call_context.hpp"

namespace catalog::content {

/// Number of a damage in the report; kBeyondReport for one that found no room there.
using DamageIndex = std::size_t;
inline constexpr DamageIndex kBeyondReport = ~std::size_t{0};

/// The report under way. Thread safety: any thread.
class DamageReport {
public:
    DamageIndex add(std::string where, std::string what);
    void add_object(DamageIndex damage, const ContentHash& object);
    void count(std::uint64_t objects, std::uint64_t chunks, std::uint64_t bytes);
    void reach(PackId pack);
    [[nodiscard]] bool empty();
    /// Returns what is known so far.
    [[nodiscard]] VerifyReport so_far();
    /// Ends it: the objects of each damage in order, each once.
    [[nodiscard]] VerifyReport finish();
    /// Returns all objects that were added, also those whose damage found no room.
    [[nodiscard]] std::set<ContentHash> hurt();

private:
    internal::Mutex mutex_;
    VerifyReport report_ CATALOG_GUARDED_BY(mutex_);
    std::set<ContentHash> hurt_ CATALOG_GUARDED_BY(mutex_);
};

/// One phase's progress. A sink may be called by one thread at a time. Thread safety: any thread.
class PhaseProgress {
public:
    PhaseProgress(const CallContext& context, std::string_view phase, std::string_view unit,
                  std::uint64_t total)
        : context_(context), update_{"verify", phase, unit, 0, total} {}

    void advance(std::uint64_t by);

private:
    internal::Mutex mutex_;
    const CallContext& context_;
    ProgressUpdate update_ CATALOG_GUARDED_BY(mutex_);
};

/// Stretches of packs that cannot be read. Thread safety: any thread.
class DamagedRanges {
public:
    void add(PackId pack, std::uint64_t offset, std::uint64_t bytes, DamageIndex damage);
    /// Returns the damage that covers the location.
    [[nodiscard]] std::optional<DamageIndex> find(const ChunkLocation& location) const;
    [[nodiscard]] std::set<PackId> packs() const;

private:
    struct Range {
        std::uint64_t bytes = 0;
        DamageIndex damage = 0;
    };
    mutable internal::Mutex mutex_;
    std::map<std::pair<PackId, std::uint64_t>, Range> ranges_ CATALOG_GUARDED_BY(mutex_);
};

/// Chunks that cannot be read. Thread safety: any thread.
class BadChunks {
public:
    void add(const ChunkId& id, DamageIndex damage);
    [[nodiscard]] std::optional<DamageIndex> find(const ChunkId& id) const;

private:
    mutable internal::Mutex mutex_;
    std::unordered_map<ChunkId, DamageIndex> bad_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::content
