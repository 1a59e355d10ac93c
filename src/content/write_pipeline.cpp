#include "write_pipeline.hpp"

#include <algorithm>
#include <catalog/internal/try.hpp>
#include <deque>
#include <exception>
#include <unordered_map>
#include <vector>

#include "catalog/content/compressor.hpp"

namespace catalog::content {
namespace {

using internal::ConditionVariable;
using internal::Mutex;
using internal::MutexLock;

// A chunk on its way into a pack.
struct WriteJob {
    ChunkId id;
    Bytes plain;
    Codec codec = Codec::kRaw;
    Bytes encoded;  // Unused when the chunk stays raw.
    bool done = false;
    std::vector<std::shared_ptr<WriteStatus>> watchers;

    [[nodiscard]] ByteView payload() const { return codec == Codec::kRaw ? plain : encoded; }
};

}  // namespace

std::optional<Error> WriteStatus::take_error() {
    const MutexLock lock(mutex_);
    return std::exchange(error_, std::nullopt);
}

bool WriteStatus::failed() const {
    const MutexLock lock(mutex_);
    return failed_;
}

struct WritePipeline::State : std::enable_shared_from_this<State> {
    State(StorageBackend& b, Executor& e, int l, std::uint64_t max)
        : backend(b), executor(e), level(l), bytes_max(max) {}

    StorageBackend& backend;
    Executor& executor;
    const int level;
    const std::uint64_t bytes_max;

    Mutex mutex;
    ConditionVariable changed;
    std::deque<std::shared_ptr<WriteJob>> jobs CATALOG_GUARDED_BY(mutex);  ///< To append, in order.
    std::deque<std::shared_ptr<WriteJob>> raw CATALOG_GUARDED_BY(mutex);   ///< To encode.
    std::unordered_map<ChunkId, std::shared_ptr<WriteJob>> by_id CATALOG_GUARDED_BY(mutex);
    std::vector<std::unique_ptr<Compressor>> idle CATALOG_GUARDED_BY(mutex);
    std::uint64_t bytes CATALOG_GUARDED_BY(mutex) = 0;
    std::size_t posted CATALOG_GUARDED_BY(mutex) = 0;   ///< Tasks of the executor.
    std::size_t running CATALOG_GUARDED_BY(mutex) = 0;  ///< Threads at work outside the mutex.
    bool appending CATALOG_GUARDED_BY(mutex) = false;
    bool stopped CATALOG_GUARDED_BY(mutex) = false;

    static void count(const std::shared_ptr<WriteStatus>& status) {
        const MutexLock lock(status->mutex_);
        ++status->under_way_;
    }
    static void settle(const WriteJob& job, const Result<ChunkLocation>& stored) {
        for (const auto& status : job.watchers) {
            const MutexLock lock(status->mutex_);
            --status->under_way_;
            if (stored) continue;
            status->failed_ = true;
            if (!status->error_) status->error_ = stored.error();
        }
    }
    static bool is_settled(const WriteStatus& status) {
        const MutexLock lock(status.mutex_);
        return status.under_way_ == 0;
    }

    void encode(WriteJob& job) CATALOG_EXCLUDES(mutex);
    bool encode_one() CATALOG_REQUIRES(mutex);
    void append_done() CATALOG_REQUIRES(mutex);
    void post_tasks() CATALOG_REQUIRES(mutex);
    void run_task();
};

void WritePipeline::State::encode(WriteJob& job) {
    std::unique_ptr<Compressor> compressor;
    {
        const MutexLock lock(mutex);
        if (!idle.empty()) {
            compressor = std::move(idle.back());
            idle.pop_back();
        }
    }
    if (!compressor) compressor = std::make_unique<Compressor>(level);
    const Compressor::Encoded encoded = compressor->compress(job.plain);
    job.codec = encoded.codec;
    if (encoded.codec != Codec::kRaw) {
        job.encoded.assign(encoded.payload.begin(), encoded.payload.end());
    }
    const MutexLock lock(mutex);
    idle.push_back(std::move(compressor));
}

// Encodes the next chunk; false when there is none. The mutex is free meanwhile.
bool WritePipeline::State::encode_one() {
    if (raw.empty() || stopped) return false;
    const std::shared_ptr<WriteJob> job = std::move(raw.front());
    raw.pop_front();
    ++running;
    mutex.unlock();
    encode(*job);
    mutex.lock();
    --running;
    job->done = true;
    append_done();
    changed.notify_all();
    return true;
}

// Appends what is encoded up to the first chunk that is not. One thread at a time, so that packs
// get the chunks in their order.
void WritePipeline::State::append_done() {
    if (appending) return;
    appending = true;
    ++running;
    while (!jobs.empty() && jobs.front()->done && !stopped) {
        const std::shared_ptr<WriteJob> job = std::move(jobs.front());
        jobs.pop_front();
        mutex.unlock();
        const auto stored = backend.append(
            {job->id, job->codec, static_cast<std::uint32_t>(job->plain.size()), job->payload()});
        mutex.lock();
        by_id.erase(job->id);
        bytes -= job->plain.size();
        settle(*job, stored);
        changed.notify_all();
    }
    --running;
    appending = false;
}

void WritePipeline::State::post_tasks() {
    while (posted < executor.concurrency() && posted < raw.size()) {
        ++posted;
        try {
            executor.post([self = shared_from_this()] { self->run_task(); });
        } catch (const std::exception&) {
            --posted;
            return;  // Whoever submits or waits does the work.
        }
    }
}

void WritePipeline::State::run_task() {
    const MutexLock lock(mutex);
    while (encode_one()) {
    }
    --posted;
}

WritePipeline::WritePipeline(StorageBackend& backend, Executor& executor, int level,
                             std::uint64_t bytes_max)
    : state_(std::make_shared<State>(backend, executor, level, bytes_max)) {}

WritePipeline::~WritePipeline() {
    const MutexLock lock(state_->mutex);
    state_->stopped = true;
    while (state_->running != 0) state_->changed.wait(state_->mutex);
}

Result<void> WritePipeline::submit(const ChunkId& id, ByteView bytes,
                                   const std::shared_ptr<WriteStatus>& status) {
    State& state = *state_;
    // Under the mutex a chunk is either under way or, once it is not, in the index.
    const MutexLock lock(state.mutex);
    if (const auto found = state.by_id.find(id); found != state.by_id.end()) {
        State::count(status);
        found->second->watchers.push_back(status);
        return {};
    }
    CATALOG_TRY(const auto known, state.backend.find(id));
    if (known) return {};
    const auto job = std::make_shared<WriteJob>();
    job->id = id;
    job->plain.assign(bytes.begin(), bytes.end());
    job->watchers.push_back(status);
    State::count(status);
    state.bytes += bytes.size();
    state.by_id.emplace(id, job);
    state.jobs.push_back(job);
    state.raw.push_back(job);
    state.post_tasks();
    while (state.bytes > state.bytes_max)
        if (!state.encode_one()) state.changed.wait(state.mutex);
    return {};
}

void WritePipeline::wait(const std::shared_ptr<WriteStatus>& status) {
    const MutexLock lock(state_->mutex);
    while (!State::is_settled(*status))
        if (!state_->encode_one()) state_->changed.wait(state_->mutex);
}

}  // namespace catalog::content
