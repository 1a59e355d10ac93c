#include "catalog/kv/commit_queue.hpp"

#include <catalog/internal/mutex.hpp>
#include <deque>
#include <exception>
#include <map>
#include <thread>
#include <utility>
#include <vector>

namespace catalog::kv {
namespace {

using internal::ConditionVariable;
using internal::Mutex;
using internal::MutexLock;

/// Gives a mutex back for the time of a scope.
class CATALOG_THREAD_ATTRIBUTE(scoped_lockable) MutexUnlock {
public:
    explicit MutexUnlock(Mutex& mutex) CATALOG_THREAD_ATTRIBUTE(release_capability(mutex))
        : mutex_(mutex) {
        mutex_.unlock();
    }
    ~MutexUnlock() CATALOG_THREAD_ATTRIBUTE(release_capability()) { mutex_.lock(); }
    MutexUnlock(const MutexUnlock&) = delete;
    MutexUnlock& operator=(const MutexUnlock&) = delete;

private:
    Mutex& mutex_;
};

/// Runs a hook of the caller; what it throws becomes an error.
template <class Function>
Result<void> run_hook(std::string_view name, const Function& function) {
    try {
        return function();
    } catch (const std::exception& thrown) {
        return fail(Errc::kInternal, std::string(name) + " hook threw: " + thrown.what());
    } catch (...) {
        return fail(Errc::kInternal, std::string(name) + " hook threw");
    }
}

/// A ScopedTimer where there is a clock.
class MaybeTimer {
public:
    MaybeTimer(const CommitObserver& observer, const monitor::Histogram& histogram) {
        if (observer.clock) timer_.emplace(histogram, *observer.clock);
    }

private:
    std::optional<monitor::ScopedTimer> timer_;
};

}  // namespace

struct CommitQueue::Impl {
    /// One submit call that waits. Lives on that call's stack.
    struct Waiter {
        explicit Waiter(Commit submitted) : commit(std::move(submitted)) {}

        void complete() {
            done = true;
            wake.notify_one();
        }

        Commit commit;
        Result<void> result;
        bool done = false;
        ConditionVariable wake;
    };

    /// The store with the changes of the commits that the group already holds.
    class Overlay final : public CommitView {
    public:
        explicit Overlay(const KeyValueStore& store) : store_(store) {}

        [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                             std::string_view key) const override {
            index();
            const auto found = changes_.find({family, key});
            if (found == changes_.end()) return store_.get(family, key);
            if (found->second->kind == WriteBatch::Kind::kRemove)
                return std::optional<std::string>();
            return std::optional<std::string>(found->second->value);
        }

        /// Borrows from `batch`, whose changes must stay where they are.
        void add(const WriteBatch& batch) { added_.push_back(&batch); }

    private:
        /// Not before somebody asks: nobody does after the last commit of a group, which for a bulk
        /// load is the only one and large.
        void index() const {
            for (const WriteBatch* batch : added_)
                for (const WriteBatch::Change& change : batch->changes()) {
                    // The key of the map borrows from the change, so a later change must replace
                    // both.
                    changes_.erase({change.family, change.key});
                    changes_.emplace(std::pair(change.family, std::string_view(change.key)),
                                     &change);
                }
            added_.clear();
        }

        const KeyValueStore& store_;
        mutable std::vector<const WriteBatch*> added_;
        mutable std::map<std::pair<Family, std::string_view>, const WriteBatch::Change*> changes_;
    };

    explicit Impl(KeyValueStore& kv_store) : store(kv_store) {}

    /// Commits that are carried out together.
    struct Group {
        explicit Group(const KeyValueStore& kv_store) : view(kv_store) {}
        std::vector<Waiter*> all;
        std::vector<Waiter*> accepted;
        std::uint64_t bytes = 0;  // of the accepted ones
        Overlay view;
        std::uint64_t writes = 0;
        std::optional<Error> failure;  // after which the queue must stop
    };

    void lead() CATALOG_REQUIRES(mutex);
    void gather(Group& group) CATALOG_REQUIRES(mutex);
    void carry_out(Group& group);
    bool takes_next(const Group& group) const CATALOG_REQUIRES(mutex);
    static void prepare(Group& group, Waiter& waiter);
    Result<void> write(Group& group);
    static void apply(Group& group);
    void finish(const Group& group) CATALOG_REQUIRES(mutex);
    [[nodiscard]] Error stopped() const CATALOG_REQUIRES(mutex);

    KeyValueStore& store;
    std::vector<GroupHook> hooks;
    CommitObserver observer;

    mutable Mutex mutex;
    ConditionVariable idle;
    std::deque<Waiter*> waiting CATALOG_GUARDED_BY(mutex);
    std::size_t inside CATALOG_GUARDED_BY(mutex) = 0;  // threads in submit
    bool leading CATALOG_GUARDED_BY(mutex) = false;
    std::thread::id leader CATALOG_GUARDED_BY(mutex);
    bool closed CATALOG_GUARDED_BY(mutex) = false;
    std::optional<Error> failure CATALOG_GUARDED_BY(mutex);
    CommitQueueStats stats CATALOG_GUARDED_BY(mutex);
};

bool CommitQueue::Impl::takes_next(const Group& group) const {
    if (waiting.empty()) return false;
    if (group.all.empty()) return true;
    return group.bytes + waiting.front()->commit.batch.bytes() <= kGroupBytesMax;
}

void CommitQueue::Impl::prepare(Group& group, Waiter& waiter) {
    Commit& commit = waiter.commit;
    if (commit.prepare)
        waiter.result =
            run_hook("prepare", [&] { return commit.prepare(group.view, commit.batch); });
    if (!waiter.result) return;
    group.view.add(commit.batch);
    group.bytes += commit.batch.bytes();
    group.accepted.push_back(&waiter);
}

Result<void> CommitQueue::Impl::write(Group& group) {
    if (group.accepted.empty()) return {};
    WriteBatch merged;
    for (Waiter* waiter : group.accepted) merged.append(std::move(waiter->commit.batch));
    for (const GroupHook& hook : hooks)
        if (auto ran = run_hook("group", [&] { return hook(merged); }); !ran) return ran;
    if (merged.empty()) return {};
    auto written = [&] {
        const MaybeTimer timer(observer, observer.write_seconds);
        return store.write(merged, Durability::kSync);
    }();
    if (written) {
        group.writes = 1;
        observer.group_commits.record(group.accepted.size());
        observer.group_bytes.record(merged.bytes());
        return written;
    }
    // These three the store reports before it touches anything; after any other the state on disk
    // is unknown.
    const Errc code = written.error().code();
    if (code != Errc::kInvalidArgument && code != Errc::kLimitExceeded &&
        code != Errc::kLibraryReadOnly)
        group.failure = written.error();
    return written;
}

void CommitQueue::Impl::apply(Group& group) {
    for (Waiter* waiter : group.accepted) {
        if (!waiter->commit.applied) continue;
        auto ran = run_hook("applied", [&]() -> Result<void> {
            waiter->commit.applied();
            return {};
        });
        if (ran) continue;
        group.failure = Error(Errc::kCommitFailed, "a durable commit could not be shown in memory")
                            .with_cause(ran.error());
        waiter->result = fail(*group.failure);
    }
}

void CommitQueue::Impl::gather(Group& group) {
    // One at a time, so that commits that arrive meanwhile still join this group.
    while (takes_next(group)) {
        Waiter& next = *waiting.front();
        group.all.push_back(&next);
        waiting.pop_front();
        const MutexUnlock unlocked(mutex);
        prepare(group, next);
    }
    stats.refused += group.all.size() - group.accepted.size();
}

void CommitQueue::Impl::carry_out(Group& group) {
    auto written = write(group);
    if (written) {
        apply(group);
        return;
    }
    for (Waiter* waiter : group.accepted) waiter->result = written;
    group.accepted.clear();
}

void CommitQueue::Impl::lead() {
    leading = true;
    leader = std::this_thread::get_id();
    Group group(store);
    try {
        gather(group);
        const MutexUnlock unlocked(mutex);
        carry_out(group);
    } catch (const std::exception&) {
        // Memory ran out somewhere between taking the group and showing it: what is durable of it
        // is not known, and those who wait must be told.
        group.failure = Error(Errc::kOutOfMemory, "memory ran out during a commit");
        for (Waiter* waiter : group.all)
            if (waiter->result) waiter->result = fail(*group.failure);
        group.accepted.clear();
    }
    finish(group);
}

void CommitQueue::Impl::finish(const Group& group) {
    leading = false;
    leader = {};
    stats.commits += group.accepted.size();
    stats.groups += group.writes;
    if (group.failure) failure = group.failure;
    // Under the mutex: a waiter's stack is gone as soon as it sees `done`.
    for (Waiter* waiter : group.all) waiter->complete();
    if (failure) {
        for (Waiter* waiter : waiting) {
            waiter->result = fail(stopped());
            waiter->complete();
        }
        waiting.clear();
    }
    if (!waiting.empty()) waiting.front()->wake.notify_one();
}

Error CommitQueue::Impl::stopped() const {
    const Error error = Error(Errc::kCommitFailed, "commits stopped after an earlier one failed")
                            .with_hint("open the library again");
    return failure ? error.with_cause(*failure) : error;
}

CommitQueue::CommitQueue(KeyValueStore& store) : impl_(std::make_unique<Impl>(store)) {}

CommitQueue::~CommitQueue() { close(); }

void CommitQueue::add_group_hook(GroupHook hook) { impl_->hooks.push_back(std::move(hook)); }

Result<void> CommitQueue::submit(Commit commit) {
    const MaybeTimer timer(impl_->observer, impl_->observer.wait_seconds);
    Impl::Waiter waiter(std::move(commit));
    const MutexLock lock(impl_->mutex);
    if (impl_->leading && impl_->leader == std::this_thread::get_id())
        return fail(Errc::kFailedPrecondition, "a hook of the commit queue submitted a commit");
    if (impl_->closed) return fail(Errc::kCommitQueueClosed, "the commit queue is closed");
    if (impl_->failure) return fail(impl_->stopped());
    ++impl_->inside;
    impl_->waiting.push_back(&waiter);
    while (!waiter.done && (impl_->leading || impl_->waiting.front() != &waiter))
        waiter.wake.wait(impl_->mutex);
    if (!waiter.done) impl_->lead();
    if (--impl_->inside == 0) impl_->idle.notify_all();
    return std::move(waiter.result);
}

void CommitQueue::close() {
    const MutexLock lock(impl_->mutex);
    impl_->closed = true;
    if (impl_->leading && impl_->leader == std::this_thread::get_id()) return;
    while (impl_->inside != 0) impl_->idle.wait(impl_->mutex);
}

void CommitQueue::observe(CommitObserver observer) { impl_->observer = std::move(observer); }

CommitQueueStats CommitQueue::stats() const {
    const MutexLock lock(impl_->mutex);
    CommitQueueStats now = impl_->stats;
    now.waiting = impl_->waiting.size();
    return now;
}

}  // namespace catalog::kv
