#pragma once
// PackageSnapshots: the packages that were asked for, ready to be handed out again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "boundary.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/library/asset_library.hpp"
#include "package_snapshot.hpp"

namespace catalog::extension {

/// Snapshots by the text that named them, each true for one revision of the library.
///
/// A hit at the library's present revision touches one shard's mutex and allocates nothing. After a
/// commit the index is asked again, and a package that the commit did not change keeps its
/// snapshot. Only answers that name a package are kept. When the budget is used up, what was not
/// asked for again since the last round goes first (second chance: Corbato, "A Paging Experiment
/// with the Multics System", 1968).
///
/// Thread safety: any thread. Lifetime: ends before the library and `outstanding`; snapshots may
/// outlive it.
class PackageSnapshots final {
public:
    static constexpr std::size_t kBytesMaxDefault = 32u << 20;
    /// Longest text that is kept, bytes.
    static constexpr std::size_t kTextBytesMax = 512;

    /// Keeps at most `bytes_max` bytes of snapshots and texts.
    PackageSnapshots(library::AssetLibrary& library, Outstanding& outstanding,
                     std::size_t bytes_max = kBytesMaxDefault);

    /// Returns the package that `id` (NAME or NAME@VERSION) and `requirement` (only with NAME;
    /// empty: the newest) name, as the library has it when the call begins, or later. Errors: as
    /// AssetLibrary::find, kInvalidArgument (both a version and a requirement), those of reading
    /// the manifest.
    [[nodiscard]] Result<SnapshotLink> get(std::string_view id, std::string_view requirement,
                                           const CallContext& context);

    /// Returns the package of an entry that the library gave after `revision` was taken. Who may
    /// list but not read it sees what the entry says and no more.
    [[nodiscard]] Result<SnapshotLink> get(const index::IndexEntry& entry, std::uint64_t revision,
                                           const CallContext& context);

    struct Stats {
        std::uint64_t texts = 0;
        std::uint64_t bytes = 0;  ///< A snapshot that several texts name counts for each.
    };
    [[nodiscard]] Stats stats() const;

private:
    static constexpr std::size_t kShards = 16;

    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    struct Kept {
        SnapshotLink snapshot;
        std::uint64_t revision = 0;
        bool asked_again = false;
    };
    using Table = std::unordered_map<std::string, Kept, TextHash, std::equal_to<>>;
    struct alignas(64) Shard {
        mutable internal::Mutex mutex;
        Table table CATALOG_GUARDED_BY(mutex);
        /// Every element of the table once, the one that is looked at next in front.
        std::deque<Table::value_type*> round CATALOG_GUARDED_BY(mutex);
        std::size_t bytes CATALOG_GUARDED_BY(mutex) = 0;
    };
    struct Found {
        SnapshotLink snapshot;
        std::uint64_t revision = 0;
    };

    [[nodiscard]] Shard& shard_of(std::string_view text) noexcept;
    [[nodiscard]] Found look_up(std::string_view text);
    [[nodiscard]] Result<SnapshotLink> load(const std::string& text, std::uint64_t revision,
                                            const SnapshotLink& stale, const CallContext& context);
    void keep(const std::string& text, const SnapshotLink& snapshot, std::uint64_t revision);
    void make_room(Shard& shard) const CATALOG_REQUIRES(shard.mutex);

    library::AssetLibrary& library_;
    Outstanding& outstanding_;
    const std::size_t shard_bytes_max_;
    std::array<Shard, kShards> shards_;
};

}  // namespace catalog::extension
