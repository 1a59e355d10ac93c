#pragma once
// CommitQueue: the one commit point of a library. Everything that makes bytes visible goes through
// it; concurrent commits are merged into one synced batch (group commit); log positions are
// assigned in commit order.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/core/clock.hpp"
#include "catalog/core/result.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "catalog/monitor/metrics.hpp"

namespace catalog::kv {

/// What `prepare` sees: the store with the changes of the commits that stand before it in the same
/// group. Valid during the call only.
class CommitView {
public:
    virtual ~CommitView() = default;
    /// Errors: kDatabaseIo, kDatabaseCorrupt, kInvalidArgument (no such family).
    [[nodiscard]] virtual Result<std::optional<std::string>> get(Family family,
                                                                 std::string_view key) const = 0;
};

/// One transaction: what to write, and two hooks.
struct Commit {
    /// Changes known beforehand.
    WriteBatch batch;

    /// Runs inside the queue, alone, in commit order, against the state after every earlier commit
    /// of the same group: checks preconditions that only hold at the commit (same id published
    /// meanwhile) and adds changes that depend on the position (log leaf). Must be short: no I/O
    /// beyond `view`, no host call. An error refuses this commit only. May be empty.
    std::function<Result<void>(const CommitView& view, WriteBatch& batch)> prepare;

    /// Runs inside the queue, after the group is durable and before any of its `submit` calls
    /// returns, in commit order: publishes the change to in-memory state. Must not fail: what it
    /// throws fails every later commit, because memory and store no longer agree. May be empty.
    std::function<void()> applied;
};

/// What a host counts of a queue: histograms that the queue records in. Those that are left as they
/// are count nothing.
struct CommitObserver {
    monitor::Histogram group_commits;    ///< Of each synced batch.
    monitor::Histogram group_bytes;      ///< Of each synced batch: keys and values.
    monitor::Histogram wait_seconds;     ///< Of each commit: from `submit` until it returns.
    monitor::Histogram write_seconds;    ///< Of each synced batch, group hooks aside.
    std::shared_ptr<const Clock> clock;  ///< For the times; null: they are not recorded.
};

/// Counts since the queue was made, and what waits now.
struct CommitQueueStats {
    std::uint64_t commits = 0;  ///< Commits made durable.
    std::uint64_t groups = 0;   ///< Synced batches written for them.
    std::uint64_t refused = 0;  ///< Commits that `prepare` refused.
    std::uint64_t waiting = 0;  ///< Commits that no group has taken yet.
};

/// A group takes no further commit once it holds this many bytes of changes. One commit may be
/// larger; it then stands alone.
inline constexpr std::uint64_t kGroupBytesMax = std::uint64_t{4} << 20;

/// Runs before the synced batch of a group, once a group: syncs bulk files that the group's commits
/// refer to, and may add changes (pack high-water marks). An error fails the whole group with it.
using GroupHook = std::function<Result<void>(WriteBatch& batch)>;

/// Serialises commits of one store and merges those that wait into one synced batch.
///
/// The first thread that waits leads: it takes the queued commits in their order, prepares each,
/// runs the group hooks once, writes one synced batch, runs the `applied` hooks and wakes the
/// others; then the next thread that waits leads. While one group is synced the next one gathers,
/// so the number of syncs does not grow with the number of threads (group commit: DeWitt et al.,
/// "Implementation Techniques for Main Memory Database Systems", 1984).
///
/// The queue is fail-stop: after the store failed a write nobody knows what is on disk, so every
/// later commit fails until the library is opened again.
///
/// Thread safety: any thread. A hook that calls `submit` or `close` of its own queue gets
/// kFailedPrecondition, or returns at once.
class CommitQueue {
public:
    /// `store` must outlive the queue.
    explicit CommitQueue(KeyValueStore& store);
    /// Closes the queue.
    ~CommitQueue();
    CommitQueue(const CommitQueue&) = delete;
    CommitQueue& operator=(const CommitQueue&) = delete;

    /// Adds a hook; hooks run in the order in which they were added. Call before the first submit.
    void add_group_hook(GroupHook hook);

    /// Records in `observer` from now on. Call before the first submit.
    void observe(CommitObserver observer);

    /// Commits durably and returns when it is done. The calling thread may carry out the work of
    /// others waiting with it. Blocking: for at most the group under way and its own. Errors: what
    /// `prepare` or a hook returned (nothing was written); kInvalidArgument, kLimitExceeded (as
    /// KeyValueStore::write; nothing was written); kCommitFailed (then every later call fails too:
    /// open the library again); kCommitQueueClosed; kFailedPrecondition (called by a hook).
    [[nodiscard]] Result<void> submit(Commit commit);

    /// Refuses new commits and waits for those under way.
    void close();

    [[nodiscard]] CommitQueueStats stats() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::kv
