#pragma once
// LiveUniverse: a library's packages as resolvers read them fast, however new they are: a frozen
// universe of some state, and what changed since.

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "catalog/core/call_context.hpp"
#include "catalog/core/executor.hpp"
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
/// A frozen universe is made anew when more packages than this changed since it was made, and more
/// than every fiftieth of its versions; or four times as many changes.
inline constexpr std::uint64_t kChangedNamesMax = 5'000;
inline constexpr std::uint64_t kVersionsForOneChange = 50;
inline constexpr std::uint64_t kChangesForOneName = 4;
/// One that is older than so many changes is of no use to the next.
inline constexpr std::uint64_t kChangesMax = 200'000;

/// What is needed to keep a library's universe; all must outlive it.
struct UniversePlace {
    std::string path;  ///< The library's folder.
    LibraryId id;
    io::FileSystem* fs = nullptr;
    kv::KeyValueStore* store = nullptr;
    kv::CommitQueue* queue = nullptr;  ///< Null in a library that is open for reading.
    index::IndexFamilies families;
    std::shared_ptr<index::SegmentFolder> segments;  ///< Of the index; may be null.
    const Clock* clock = nullptr;
    LogSink* log = nullptr;
    /// Where universes are made while others resolve. Null: whoever finds that one is needed makes
    /// it, and goes on with it.
    Executor* executor = nullptr;
    /// False: no file is written and none read; there is one in memory, or none.
    bool on_disk = true;
    std::uint64_t versions_min = kFrozenVersionsMin;
    std::uint64_t changed_names_max = kChangedNamesMax;
};

/// What there is of a library in frozen form.
struct FrozenStats {
    std::uint64_t versions = 0;  ///< In it; 0 when there is none.
    std::uint64_t bytes = 0;
    std::uint64_t changed = 0;  ///< Packages that changed since.
    bool making = false;        ///< A newer one is being made in this process.
};

/// Resolves over one moment of the library: over a frozen universe and what changed since, however
/// much that is. When it is much, a newer universe is made of the two on the executor. The frozen
/// universe is a file that may be lost: a missing, damaged or foreign one is made anew, one that
/// cannot be written is kept in memory, and until there is one, and where even that fails, packages
/// are read from the index.
///
/// Thread safety: any thread. Nobody waits for a universe but who makes it. The destructor stops
/// one that is being made and waits for its end.
class LiveUniverse {
public:
    explicit LiveUniverse(UniversePlace place);
    ~LiveUniverse();
    LiveUniverse(const LiveUniverse&) = delete;
    LiveUniverse& operator=(const LiveUniverse&) = delete;

    /// Resolves. Without an executor it reports "resolve", "freeze", "packages" while it makes a
    /// universe. Errors: the resolver's, kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] Result<resolve::Solution> resolve(resolve::Resolver& resolver,
                                                    const resolve::Request& request,
                                                    const CallContext& context);

    /// Makes a universe now, on this thread, if a resolution would have one made. Errors:
    /// interruptions alone.
    [[nodiscard]] Result<void> prepare(const CallContext& context);

    /// Returns what there is; makes nothing. What cannot be read is not there.
    [[nodiscard]] FrozenStats stats();

    /// Returns what is wrong with the file; nothing when it is sound or not there.
    [[nodiscard]] std::optional<std::string> check() const;

    /// Ends the making of one, forgets the universe and removes its file. Returns whether there was
    /// one.
    [[nodiscard]] Result<bool> drop();

private:
    /// A universe, and what changed up to a state.
    struct Known {
        index::IndexState base;
        index::IndexState to;
        resolve::UniverseChanges changes;
        std::uint64_t epoch = 0;  ///< What was known before a `drop` is not remembered after it.
    };
    using KnownLink = std::shared_ptr<const Known>;

    /// What a task on the executor and this object share: the task may begin after this is gone.
    struct Gate {
        void set_busy(bool now) CATALOG_EXCLUDES(mutex);

        internal::Mutex mutex;
        internal::ConditionVariable idle;
        LiveUniverse* owner CATALOG_GUARDED_BY(mutex) = nullptr;
        bool busy CATALOG_GUARDED_BY(mutex) = false;
    };

    /// Who makes a universe when one is needed.
    enum class Maker : std::uint8_t { kNobody, kExecutor, kCaller };

    /// Returns the index as it is now, for good.
    [[nodiscard]] Result<std::shared_ptr<const index::PackageIndex>> moment() const;
    [[nodiscard]] KnownLink current();
    [[nodiscard]] std::uint64_t epoch();
    /// Returns what is known up to the moment of `index`, or nothing when packages are to be read
    /// from it. `known` was current before that moment.
    [[nodiscard]] Result<KnownLink> known_for(const index::PackageIndex& index, KnownLink known,
                                              Maker maker, const CallContext& context);
    /// As above, without making one: what is in memory or in the file.
    [[nodiscard]] Result<KnownLink> find_known(const index::PackageIndex& index, KnownLink known);
    /// Returns the same up to the moment of `index`, or nothing when that does not follow from it.
    [[nodiscard]] static Result<KnownLink> extend(const index::PackageIndex& index,
                                                  const KnownLink& known);
    [[nodiscard]] static Result<KnownLink> from(const index::PackageIndex& index,
                                                const FrozenIndex& frozen, std::uint64_t epoch);
    [[nodiscard]] Result<KnownLink> load(const index::PackageIndex& index);
    [[nodiscard]] bool is_outgrown(const Known& known) const;
    void remember(const KnownLink& known);

    /// Makes a universe of the moment of `index`, out of `known` when that is there. Returns
    /// nothing when another one is being made, or when it cannot be.
    [[nodiscard]] Result<KnownLink> renew(const index::PackageIndex& index, const KnownLink& known,
                                          Maker maker, const CallContext& context);
    [[nodiscard]] Result<KnownLink> make(const index::PackageIndex& index, const KnownLink& known,
                                         const CallContext& context);
    [[nodiscard]] Result<Bytes> freeze(const index::PackageIndex& index, const KnownLink& known,
                                       const CallContext& context) const;
    [[nodiscard]] bool begin_making(const index::IndexState& state);
    void end_making(const Result<KnownLink>& made, const index::IndexState& state);
    void make_later();
    void run_posted();
    void forget_changes(const index::IndexState& state) const;
    void warn(std::string_view message, const Error& error) const;

    UniversePlace place_;
    std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
    /// One thread at a time looks at the file; the others wait, because that takes milliseconds.
    internal::Mutex loading_;
    internal::Mutex mutex_;
    KnownLink known_ CATALOG_GUARDED_BY(mutex_);
    std::uint64_t epoch_ CATALOG_GUARDED_BY(mutex_) = 0;
    bool making_ CATALOG_GUARDED_BY(mutex_) = false;
    std::stop_source stop_ CATALOG_GUARDED_BY(mutex_);
    /// A state that could not be frozen: the next attempt is for one that is a good deal later.
    std::optional<index::IndexState> unfit_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace catalog::library
