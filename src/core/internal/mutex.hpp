#pragma once
// A mutex whose discipline clang checks at compile time (-Wthread-safety); plain std::mutex for
// other compilers. Source of the attributes: Clang documentation, "Thread Safety Analysis".

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define CATALOG_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define CATALOG_THREAD_ATTRIBUTE(x)
#endif

#define CATALOG_GUARDED_BY(x) CATALOG_THREAD_ATTRIBUTE(guarded_by(x))
#define CATALOG_REQUIRES(...) CATALOG_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define CATALOG_EXCLUDES(...) CATALOG_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace catalog::internal {

class CATALOG_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
public:
    void lock() CATALOG_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
    void unlock() CATALOG_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
    bool try_lock() CATALOG_THREAD_ATTRIBUTE(try_acquire_capability(true)) {
        return mutex_.try_lock();
    }

private:
    std::mutex mutex_;
};

class CATALOG_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
public:
    explicit MutexLock(Mutex& mutex) CATALOG_THREAD_ATTRIBUTE(acquire_capability(mutex))
        : mutex_(mutex) {
        mutex_.lock();
    }
    ~MutexLock() CATALOG_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& mutex_;
};

/// Waits on a Mutex that the caller holds.
class ConditionVariable {
public:
    /// Returns after a notification, or for no reason: call it in a loop over the condition.
    void wait(Mutex& mutex) CATALOG_REQUIRES(mutex) { condition_.wait(mutex); }
    void notify_one() noexcept { condition_.notify_one(); }
    void notify_all() noexcept { condition_.notify_all(); }

private:
    std::condition_variable_any condition_;
};

}  // namespace catalog::internal
