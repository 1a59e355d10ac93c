#pragma once
// CacheSystem: memory, disk and a remote cache behind one call that loads what none of them has.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "catalog/cache/cache_stats.hpp"
#include "catalog/cache/memory_cache.hpp"
#include "catalog/cache/record_store.hpp"
#include "catalog/cache/remote_cache.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/executor.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"

namespace catalog::cache {

/// How long a loaded value serves. The three times follow each other:
///
///     loaded --- fresh_for ---> fresh --- stale_for ---> stale --- error_stale_for ---> gone
///
/// Fresh: returned. Then for `stale_for`: returned, and loaded anew in the background. Then for
/// `error_stale_for`: loaded anew while the caller waits, and returned only if that fails.
class ServingTimes {
public:
    ServingTimes() = default;
    /// Zero: for ever, for what never changes (everything under a content key).
    std::chrono::milliseconds fresh_for{0};
    std::chrono::milliseconds stale_for{0};
    std::chrono::milliseconds error_stale_for{0};
};

/// What a loader found.
class Loaded {
public:
    Loaded() = default;
    explicit Loaded(Bytes found, const ServingTimes& for_how_long = {})
        : value(std::move(found)), times(for_how_long) {}

    /// None: there is nothing under that key, which is remembered for a while too.
    std::optional<Bytes> value;
    ServingTimes times;  ///< Together at most 30 days; longer ones are cut.
    bool share = true;   ///< False: never put into the remote cache.
};

/// Finds what no level has. Must not throw, and must not ask the same CacheSystem for the key that
/// it is called for. May be called on a thread of the executor, after `get` has returned.
using Loader = std::function<Result<Loaded>(const CallContext& context)>;

/// Where an answer came from.
enum class CacheSource : std::uint8_t {
    kMemory,
    kDisk,
    kRemote,
    kLoader,
    kStale,   ///< Not fresh: the loader is at work, or has failed.
    kAbsent,  ///< There is nothing under that key: known, or found out now. The value is empty.
};

class CacheSystemOptions {
public:
    CacheSystemOptions() = default;
    /// The first level. One twentieth of its bytes, 64 KiB at least, holds what is known to be
    /// absent.
    MemoryCacheOptions memory;
    /// Bound of the second level, bytes, 64 KiB at least.
    std::uint64_t disk_bytes_max = std::uint64_t{256} << 20;
    /// What values on disk and elsewhere are sealed with: whoever shares the remote cache has the
    /// same. Empty: accidents and mix-ups are found, forgery is not.
    Bytes secret;
    /// Part of every remote name: whoever changes what a value under a key means, changes this.
    std::string space = "catalog/1";
    std::uint32_t key_bytes_max = 4'096;           ///< A longer key is kInvalidArgument.
    std::uint64_t value_bytes_max = 1u << 20;      ///< A longer value is returned and not kept.
    std::chrono::milliseconds absent_for{30'000};  ///< How long absence is remembered, ...
    std::uint32_t absent_jitter_percent = 20;      ///< ... less a random part, up to this, 0-90.
    std::uint32_t background_max = 64;  ///< Tasks on the executor at one time; more are not begun.
    std::uint32_t leaders_max = 3;      ///< Loads that fail before all who wait get the error.
    std::uint32_t barriers_max = 64;    ///< Prefixes remembered against the remote cache.
};

/// What a CacheSystem works with. Only clock and random are needed.
class CacheEnvironment {
public:
    CacheEnvironment() = default;
    std::shared_ptr<Clock> clock;
    std::shared_ptr<Random> random;
    std::shared_ptr<Executor> executor;   ///< Null: nothing is done in the background.
    std::shared_ptr<RecordStore> disk;    ///< Null: no second level.
    std::shared_ptr<RemoteCache> remote;  ///< Null: no third level.
};

struct CacheStats {
    CacheLevelStats memory;
    CacheLevelStats absent;  ///< What is known not to be there.
    CacheLevelStats disk;
    CacheLevelStats remote;
    std::uint64_t loads = 0;               ///< Calls of loaders.
    std::uint64_t load_errors = 0;         ///< Of them failed.
    std::uint64_t joined = 0;              ///< Calls that waited for the load of another.
    std::uint64_t refreshes = 0;           ///< Loads in the background.
    std::uint64_t stale_served = 0;        ///< Answers that were not fresh.
    std::uint64_t background_refused = 0;  ///< Tasks that were not begun.
};

/// Values by key, from the nearest level that has them: memory, then disk, then the remote cache,
/// then the caller's loader. What a farther level had is put into the nearer ones.
///
/// One key is looked for below memory by one thread at a time; others that want it wait for that
/// answer. When that thread fails one of those that wait takes its place, with its own loader,
/// until `leaders_max` have failed: the rest gets the last error. A thread whose call is cancelled
/// or late leaves at once.
///
/// No level can give a wrong value: what comes from disk or from elsewhere is verified against key,
/// format and secret, and what fails that is a miss and a count. A level that fails, or is slow, is
/// a miss too; after three failures in a row it is not asked for a while (100 ms to 10 s).
///
/// Thread safety: any thread. The destructor does not wait for tasks of the executor; they own what
/// they use.
class CacheSystem {
public:
    /// Errors: kInvalidArgument (an option outside its range, no clock, no random), kOutOfMemory,
    /// kRandomUnavailable. A disk level that cannot be read is no error.
    [[nodiscard]] static Result<std::unique_ptr<CacheSystem>> make(
        const CacheSystemOptions& options, CacheEnvironment environment);

    ~CacheSystem();
    CacheSystem(const CacheSystem&) = delete;
    CacheSystem& operator=(const CacheSystem&) = delete;

    /// Puts what is under `key` into `value`, whose memory is used again where it suffices, and
    /// tells where it came from. Blocks while a level below memory or the loader works. Errors:
    /// kInvalidArgument (key too long), kCancelled, kDeadlineExceeded, kFailedPrecondition (a
    /// loader asks for the key that it loads), kInternal (a loader threw), and the loader's.
    /// Cost: of a hit in memory that of MemoryCache::find.
    [[nodiscard]] Result<CacheSource> get(ByteView key, const Loader& loader,
                                          const CallContext& context, Bytes& value);

    /// Forgets what is under `key` on every level, and what is being loaded for it: when this has
    /// returned nothing that was known before is returned any more. Where the remote cache cannot
    /// be told, this process asks it by another name from then on; other processes still get the
    /// old value from it until its time ends.
    void invalidate(ByteView key);

    /// The same for every key that begins with `prefix`. Cost: looks at all of memory, and at all
    /// such keys on disk. The remote cache is not told: this process asks it by other names from
    /// then on, as long as it lives.
    void invalidate_prefix(ByteView prefix);

    [[nodiscard]] CacheStats stats() const;

private:
    struct State;
    explicit CacheSystem(std::shared_ptr<State> state) noexcept;

    std::shared_ptr<State> state_;
};

}  // namespace catalog::cache
