#pragma once
// LiveUniverse: a library's packages as resolvers read them fast, however new they are: a frozen
// universe of some state, and what changed since.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/ids.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/resolve/overlay.hpp"
#include "catalog/resolve/request.hpp"
#include "universe_file.hpp"

namespace catalog::library {

/// Of a library with fewer versions everything is read from the index: it is as fast.
inline constexpr std::uint64_t kFrozenVersionsMin = 1'000;
/// A frozen universe is made anew when more packages than this changed since it was made...
inline constexpr std::uint64_t kChangedNamesMax = 5'000;
/// ... or when there were more changes than this.
inline constexpr std::uint64_t kChangesMax = 20'000;

/// What is needed to keep a library's universe; all must outlive it.
struct UniversePlace {
    std::string path;  ///< The library's folder.
    LibraryId id;
    io::FileSystem* fs = nullptr;
    kv::KeyValueStore* store = nullptr;
    kv::CommitQueue* queue = nullptr;  ///< Null in a library that is open for reading.
    index::IndexFamilies families;
    const Clock* clock = nullptr;
    LogSink* log = nullptr;
    std::uint64_t versions_min = kFrozenVersionsMin;
};

/// Resolves over one moment of the library. The frozen universe is a file that may be lost: a
/// missing, damaged or foreign one is made anew, one that cannot be written is kept in memory, and
/// where even that fails packages are read from the index.
///
/// Thread safety: any thread. While one thread makes a universe, others read from the index.
class LiveUniverse {
public:
    explicit LiveUniverse(UniversePlace place) : place_(std::move(place)) {}

    /// Resolves. Reports "resolve", "freeze", "packages" while it makes a universe. Errors: the
    /// resolver's, kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] Result<resolve::Solution> resolve(resolve::Resolver& resolver,
                                                    const resolve::Request& request,
                                                    const CallContext& context);

    /// Makes the universe now if a resolution would. Errors: interruptions alone.
    [[nodiscard]] Result<void> prepare(const CallContext& context);

    /// Returns what is wrong with the file; nothing when it is sound or not there.
    [[nodiscard]] std::optional<std::string> check() const;

    /// Forgets the universe and removes its file. Returns whether there was one.
    [[nodiscard]] Result<bool> drop();

private:
    /// A universe, and what changed up to a state.
    struct Known {
        index::IndexState base;
        index::IndexState to;
        std::vector<std::string> names;
        std::vector<std::string> virtual_names;
        std::shared_ptr<const resolve::UniverseChanges> changes;
    };
    using KnownLink = std::shared_ptr<const Known>;

    /// Returns what is known up to the moment of `index`, or nothing when packages are to be read
    /// from it.
    [[nodiscard]] Result<KnownLink> known_for(const index::PackageIndex& index,
                                              const CallContext& context);
    [[nodiscard]] static Result<KnownLink> extend(const index::PackageIndex& index,
                                                  const KnownLink& known);
    [[nodiscard]] static Result<KnownLink> from(const index::PackageIndex& index,
                                                const FrozenIndex& frozen);
    [[nodiscard]] Result<KnownLink> load(const index::PackageIndex& index);
    [[nodiscard]] Result<KnownLink> make(const index::PackageIndex& index,
                                         const CallContext& context);
    void forget_changes(const index::IndexState& state) const;
    void warn(std::string_view message, const Error& error) const;

    UniversePlace place_;
    internal::Mutex mutex_;
    KnownLink known_ CATALOG_GUARDED_BY(mutex_);
    bool making_ CATALOG_GUARDED_BY(mutex_) = false;
    /// A state that could not be frozen: it is not tried again.
    std::optional<index::IndexState> unfit_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::library
