#pragma once
// IndexUpkeep: seals and merges the index of a library as it grows.

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <utility>

#include "catalog/core/call_context.hpp"
#include "catalog/core/executor.hpp"
#include "catalog/core/log_sink.hpp"
#include "catalog/core/random.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/package_index.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/library/asset_library.hpp"

namespace catalog::library {

/// What upkeep works on; all must outlive it.
struct UpkeepPlace {
    index::PackageIndex* index = nullptr;
    kv::CommitQueue* queue = nullptr;
    Random* random = nullptr;
    LogSink* log = nullptr;
    const Clock* clock = nullptr;
    /// Where work is done. Null: whoever finds that it is due does it.
    Executor* executor = nullptr;
    UpkeepOptions options;
};

/// Moves versions from the delta into segments when there are many, and merges segments. One task
/// at a time is on the executor, and seals or merges once; where more is due it posts another one.
/// What fails is logged, and is tried again when as many versions again have been added: publishers
/// and readers do not notice.
///
/// Thread safety: any thread. Nobody waits but who does the work. The destructor stops what runs
/// and waits for its end.
class IndexUpkeep {
public:
    explicit IndexUpkeep(const UpkeepPlace& place);
    ~IndexUpkeep();
    IndexUpkeep(const IndexUpkeep&) = delete;
    IndexUpkeep& operator=(const IndexUpkeep&) = delete;

    /// Notes that versions were added to the delta. Cost: an atomic operation, and a look at the
    /// index about once in as many versions as may still be added until work is due.
    void note_added(std::uint64_t versions, const CallContext& context);

    /// Looks whether something is due. With an executor it is done there; else here, and errors are
    /// interruptions alone.
    [[nodiscard]] Result<void> look(const CallContext& context);

private:
    struct Gate;

public:
    /// While there is one nothing is sealed or merged but by whom it belongs to.
    class Pause {
    public:
        explicit Pause(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
        ~Pause();
        Pause(Pause&&) noexcept = default;
        Pause& operator=(Pause&&) = delete;

    private:
        std::shared_ptr<Gate> gate_;  ///< Null: moved from.
    };

    /// Waits for the end of what runs, a seal or a merge, and lets nothing else begin. What is due
    /// then is looked for after it.
    [[nodiscard]] Pause pause();

private:
    /// What a task on the executor and this object share: the task may begin after this is gone.
    struct Gate {
        /// Returns the object, which stays until `leave`; null when there is nothing to do.
        [[nodiscard]] IndexUpkeep* enter();
        void leave();

        internal::Mutex mutex;
        internal::ConditionVariable idle;
        IndexUpkeep* owner CATALOG_GUARDED_BY(mutex) = nullptr;
        std::uint32_t running CATALOG_GUARDED_BY(mutex) = 0;
        std::uint32_t paused CATALOG_GUARDED_BY(mutex) = 0;
    };

    /// Returns whether the delta is to be sealed, and sets when to look again.
    [[nodiscard]] Result<bool> delta_is_due();
    /// Seals or merges once; returns whether it did anything.
    [[nodiscard]] Result<bool> step(const CallContext& context);
    void post();
    void run_posted();
    void note_failure(const Error& error);

    UpkeepPlace place_;
    std::stop_source stop_;
    std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
    std::atomic<std::int64_t> until_look_{0};  ///< So many versions more.
    std::atomic<bool> working_{false};         ///< Somebody works, or is about to.
};

}  // namespace catalog::library
