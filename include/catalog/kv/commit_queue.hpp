#pragma once
// CommitQueue: the one commit point of a library. Everything that makes bytes visible goes through
// it; concurrent commits are merged into one synced batch (group commit); log positions are
// assigned in commit order.

#include <cstdint>
#include <functional>
#include <memory>

#include "catalog/core/result.hpp"
#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv {

/// One transaction: what to write, and two hooks.
struct Commit {
    /// Changes known beforehand.
    WriteBatch batch;

    /// Runs inside the queue, alone, in commit order, against the state after every earlier commit
    /// of the same group: checks preconditions that only hold at the commit (same id published
    /// meanwhile) and adds changes that depend on the position (log leaf). Must be short: no I/O
    /// beyond `view`, no host call. An error refuses this commit only. May be empty.
    std::function<Result<void>(const class CommitView& view, WriteBatch& batch)> prepare;

    /// Runs inside the queue, after the group is durable and before any of its `submit` calls
    /// returns, in commit order: publishes the change to in-memory state. Must not fail. May be
    /// empty.
    std::function<void()> applied;
};

/// What `prepare` sees: the store with the changes of the commits that stand before it in the same
/// group.
class CommitView {
public:
    virtual ~CommitView() = default;
    /// Errors: kDatabaseIo, kDatabaseCorrupt.
    [[nodiscard]] virtual Result<std::optional<std::string>> get(Family family,
                                                                 std::string_view key) const = 0;
};

struct CommitQueueStats {
    std::uint64_t commits = 0;  ///< Commits made durable.
    std::uint64_t groups = 0;   ///< Synced batches written for them.
    std::uint64_t refused = 0;  ///< Commits that `prepare` refused.
};

/// Runs before the synced batch of a group, once a group: syncs bulk files that the group's commits
/// refer to, and may add changes (pack high-water marks). An error fails the whole group with it.
using GroupHook = std::function<Result<void>(WriteBatch& batch)>;

/// Serialises commits of one store. Thread safety: any thread.
class CommitQueue {
public:
    /// `store` must outlive the queue.
    explicit CommitQueue(KeyValueStore& store);
    ~CommitQueue();
    CommitQueue(const CommitQueue&) = delete;
    CommitQueue& operator=(const CommitQueue&) = delete;

    /// Adds a hook; hooks run in the order in which they were added. Call before the first submit.
    void add_group_hook(GroupHook hook);

    /// Commits durably and returns when it is done. The calling thread may carry out the work of
    /// others waiting with it. Errors: what `prepare` or a hook returned; kCommitFailed (then every
    /// later call fails too: open the library again); kCommitQueueClosed.
    [[nodiscard]] Result<void> submit(Commit commit);

    /// Refuses new commits and waits for those under way.
    void close();

    [[nodiscard]] CommitQueueStats stats() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::kv
