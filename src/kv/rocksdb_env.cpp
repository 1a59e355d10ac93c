#include "rocksdb_env.hpp"

#include <rocksdb/system_clock.h>

#include <algorithm>
#include <catalog/internal/mutex.hpp>
#include <deque>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace catalog::kv {
namespace {

using internal::ConditionVariable;
using internal::Mutex;
using internal::MutexLock;

/// Jobs of one priority and the one thread that runs them.
class JobQueue {
public:
    struct Job {
        void (*run)(void*);
        void* argument;
        void* tag;
        void (*dropped)(void*);
    };

    JobQueue() = default;
    JobQueue(const JobQueue&) = delete;
    JobQueue& operator=(const JobQueue&) = delete;
    ~JobQueue() {
        {
            const MutexLock lock(mutex_);
            closing_ = true;
            wake_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
    }

    void start() {
        thread_ = std::thread([this] { serve(); });
    }
    [[nodiscard]] int threads() const { return thread_.joinable() ? 1 : 0; }

    void add(const Job& job) {
        const MutexLock lock(mutex_);
        jobs_.push_back(job);
        wake_.notify_one();
    }

    /// Takes back the jobs with this tag that did not start. Returns their number.
    int drop(void* tag) {
        std::vector<Job> dropped;
        {
            const MutexLock lock(mutex_);
            std::deque<Job> kept;
            for (const Job& job : jobs_)
                if (job.tag == tag) {
                    dropped.push_back(job);
                } else {
                    kept.push_back(job);
                }
            jobs_ = std::move(kept);
        }
        // Outside the mutex: the callback may take locks of the database.
        for (const Job& job : dropped)
            if (job.dropped != nullptr) job.dropped(job.argument);
        return static_cast<int>(dropped.size());
    }

    [[nodiscard]] unsigned length() const {
        const MutexLock lock(mutex_);
        return static_cast<unsigned>(jobs_.size());
    }

private:
    void serve() {
        while (const auto job = next()) job->run(job->argument);
    }

    std::optional<Job> next() {
        const MutexLock lock(mutex_);
        while (jobs_.empty() && !closing_) wake_.wait(mutex_);
        if (closing_) return std::nullopt;
        const Job job = jobs_.front();
        jobs_.pop_front();
        return job;
    }

    mutable Mutex mutex_;
    ConditionVariable wake_;
    std::deque<Job> jobs_ CATALOG_GUARDED_BY(mutex_);
    bool closing_ CATALOG_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

/// The system's clock, except that background jobs do not hold up a closing store: after an error
/// RocksDB lets them sleep for a second.
class ShortSleepClock final : public rocksdb::SystemClockWrapper {
public:
    using SystemClockWrapper::SystemClockWrapper;
    const char* Name() const override { return "CatalogClock"; }
    void SleepForMicroseconds(int micros) override {
        SystemClockWrapper::SleepForMicroseconds(std::min(micros, kSleepMicrosMax));
    }

private:
    static constexpr int kSleepMicrosMax = 10'000;
};

class OwnThreadsEnv final : public rocksdb::EnvWrapper {
public:
    OwnThreadsEnv(const std::shared_ptr<rocksdb::FileSystem>& fs, bool background)
        : EnvWrapper(rocksdb::NewCompositeEnv(fs)) {
        system_clock_ = std::make_shared<ShortSleepClock>(rocksdb::SystemClock::Default());
        if (!background) return;
        flushes_.start();
        compactions_.start();
    }
    ~OwnThreadsEnv() override { OwnThreadsEnv::WaitForJoin(); }

    const char* Name() const override { return "CatalogEnv"; }

    void Schedule(void (*run)(void*), void* argument, Priority priority, void* tag,
                  void (*dropped)(void*)) override {
        queue(priority).add({run, argument, tag, dropped});
    }
    int UnSchedule(void* tag, Priority priority) override { return queue(priority).drop(tag); }
    unsigned int GetThreadPoolQueueLen(Priority priority) const override {
        return queue(priority).length();
    }
    int GetBackgroundThreads(Priority priority) override {
        return priority == HIGH || priority == LOW ? queue(priority).threads() : 0;
    }

    // The number of threads is ours to choose, whatever options derive.
    void SetBackgroundThreads(int, Priority) override {}
    void IncBackgroundThreadsIfNeeded(int, Priority) override {}
    int ReserveThreads(int, Priority) override { return 0; }
    int ReleaseThreads(int, Priority) override { return 0; }
    void LowerThreadPoolIOPriority(Priority) override {}
    void LowerThreadPoolCPUPriority(Priority) override {}
    rocksdb::Status LowerThreadPoolCPUPriority(Priority, rocksdb::CpuPriority) override {
        return rocksdb::Status::OK();
    }

    void StartThread(void (*run)(void*), void* argument) override {
        const MutexLock lock(mutex_);
        started_.emplace_back(run, argument);
    }
    void WaitForJoin() override {
        std::vector<std::thread> threads;
        {
            const MutexLock lock(mutex_);
            threads.swap(started_);
        }
        for (std::thread& thread : threads) thread.join();
    }

private:
    JobQueue& queue(Priority priority) { return priority == HIGH ? flushes_ : compactions_; }
    const JobQueue& queue(Priority priority) const {
        return priority == HIGH ? flushes_ : compactions_;
    }

    JobQueue flushes_;
    JobQueue compactions_;
    Mutex mutex_;
    std::vector<std::thread> started_ CATALOG_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_rocksdb_env(const std::shared_ptr<rocksdb::FileSystem>& fs,
                                               bool background) {
    return std::make_unique<OwnThreadsEnv>(fs, background);
}

}  // namespace catalog::kv
