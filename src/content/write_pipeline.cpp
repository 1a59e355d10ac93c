#include "write_pipeline.hpp"

#include <algorithm>
#include <atomic>
#include <catalog/internal/try.hpp>
#include <deque>
#include <exception>
#include <unordered_map>
#include <vector>

#include "chunk_decoder.hpp"
#include "store_dictionary.hpp"

namespace catalog::content {
namespace {

using internal::ConditionVariable;
using internal::Mutex;
using internal::MutexLock;

// How many chunks further a chunk that became no delta, although it could have, may itself be a
// base: a fixed distance, so that what is found does not depend on how fast threads are.
constexpr std::size_t kSettleDistance = 256;

// How much lies ready before threads are woken for it: waking one costs about as much as encoding
// a small chunk.
constexpr std::uint64_t kWakeBytes = 512u << 10;

// A chunk on its way into a pack.
struct WriteJob {
    ChunkId id;
    std::uint64_t number = 0;  // In the order of all.
    std::shared_ptr<const Bytes> plain;
    EncodePlan plan;
    EncodedChunk encoded;  // Its payload is `plain` or `payload`.
    std::optional<PackId> copied_from;
    std::uint32_t delta_depth = 0;  // As a delta; what the table says may be out of date.
    Bytes payload;
    std::optional<Error> error;
    bool done = false;
    std::vector<std::shared_ptr<WriteStatus>> watchers;
};

using WriteJobPointer = std::shared_ptr<WriteJob>;

// A chunk that is encoded, as a base of others.
BaseChunk base_chunk(const WriteJob& job) {
    const bool is_delta = job.encoded.codec == Codec::kDelta;
    return {job.plain, job.encoded.alone_bytes, is_delta ? job.delta_depth : 0};
}

NewRecord new_record(const WriteJob& job) {
    NewRecord record;
    record.id = job.id;
    record.codec = job.encoded.codec;
    record.plain_bytes = static_cast<std::uint32_t>(job.plain->size());
    record.payload = job.encoded.payload;
    record.copied_from = job.copied_from;
    return record;
}

// What one thread encodes with.
struct EncodeTools {
    EncodeTools(StorageBackend& backend, const EncoderOptions& options)
        : encoder(options), decoder(backend) {}
    ChunkEncoder encoder;
    ChunkDecoder decoder;
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

std::uint64_t WriteStatus::take_stored_bytes() {
    const MutexLock lock(mutex_);
    return std::exchange(stored_bytes_, 0);
}

struct WritePipeline::State : std::enable_shared_from_this<State> {
    State(StorageBackend& b, const ChunkKeeper& k, Executor& e, std::shared_ptr<BaseCache> c,
          const PipelineOptions& o)
        : backend(b),
          keeper(k),
          executor(e),
          bases(std::move(c)),
          options(o),
          losses(b.losses()),
          similarity(o.similarity),
          dictionary(b, o.dictionaries, o.encoder.level) {}

    StorageBackend& backend;
    const ChunkKeeper& keeper;
    Executor& executor;
    const std::shared_ptr<BaseCache> bases;
    const PipelineOptions options;
    const std::uint64_t losses;  ///< When it began.
    SimilarityTable similarity;

    /// Held while a chunk is looked up, planned and queued: all see chunks in one order.
    Mutex order;
    StoreDictionary dictionary;  ///< Asked under `order`.
    std::deque<WriteJobPointer> unsettled CATALOG_GUARDED_BY(order);
    std::uint64_t next_number CATALOG_GUARDED_BY(order) = 0;
    bool similarity_asked CATALOG_GUARDED_BY(order) = false;

    Mutex mutex;  ///< After `order`.
    ConditionVariable changed;
    std::deque<WriteJobPointer> jobs CATALOG_GUARDED_BY(mutex);  ///< To append, in order.
    std::deque<WriteJobPointer> raw CATALOG_GUARDED_BY(mutex);   ///< To encode.
    std::unordered_map<ChunkId, WriteJobPointer> by_id CATALOG_GUARDED_BY(mutex);
    std::vector<std::unique_ptr<EncodeTools>> idle CATALOG_GUARDED_BY(mutex);
    std::uint64_t raw_bytes CATALOG_GUARDED_BY(mutex) = 0;
    std::uint64_t bytes CATALOG_GUARDED_BY(mutex) = 0;
    std::uint64_t new_chunks CATALOG_GUARDED_BY(mutex) = 0;
    std::size_t posted CATALOG_GUARDED_BY(mutex) = 0;   ///< Tasks of the executor.
    std::size_t running CATALOG_GUARDED_BY(mutex) = 0;  ///< Threads at work outside the mutex.
    bool appending CATALOG_GUARDED_BY(mutex) = false;
    bool stopped CATALOG_GUARDED_BY(mutex) = false;
    std::atomic<bool> append_failed{false};

    /// Tells whether a chunk that this pipeline wrote may be missing, or be found only where it was
    /// before: as a delta, perhaps, of one that would become its own.
    [[nodiscard]] bool may_lack_own() const {
        return options.only_own_bases && (append_failed || backend.losses() != losses);
    }
    static void count(const std::shared_ptr<WriteStatus>& status) {
        const MutexLock lock(status->mutex_);
        ++status->under_way_;
    }
    void settle(const WriteJob& job, const Result<ChunkLocation>& stored) const {
        for (const auto& status : job.watchers) {
            const MutexLock lock(status->mutex_);
            --status->under_way_;
            if (stored) {
                status->stored_bytes_ += backend.bytes_of(stored->stored_bytes);
                continue;
            }
            status->failed_ = true;
            if (!status->error_) status->error_ = stored.error();
        }
    }
    static bool is_settled(const WriteStatus& status) {
        const MutexLock lock(status.mutex_);
        return status.under_way_ == 0;
    }

    void encode(WriteJob& job) CATALOG_EXCLUDES(mutex);
    Result<ChunkEncoder::FoundBase> read_base(ChunkDecoder& decoder, WriteJob& job,
                                              const ChunkId& id, Bytes& out)
        CATALOG_EXCLUDES(mutex);
    std::optional<BaseChunk> base_under_way(const ChunkId& id, const WriteJob& asking)
        CATALOG_EXCLUDES(mutex);
    Result<ChunkLocation> append(WriteJob& job) CATALOG_EXCLUDES(mutex);
    void encode_alone(WriteJob& job) CATALOG_EXCLUDES(mutex);
    EncodePlan plan(const ChunkId& id, ByteView chunk) CATALOG_REQUIRES(order);
    EncodePlan plan_deltas(const ChunkId& id, ByteView chunk) CATALOG_REQUIRES(order);
    bool join(const ChunkId& id, const std::shared_ptr<WriteStatus>& status)
        CATALOG_REQUIRES(mutex);
    void enter(WriteJobPointer job, ByteView chunk, const std::shared_ptr<WriteStatus>& status)
        CATALOG_REQUIRES(order) CATALOG_EXCLUDES(mutex);
    void wait_until_encoded(const WriteJob& job) CATALOG_REQUIRES(mutex);
    bool encode_one() CATALOG_REQUIRES(mutex);
    void append_done() CATALOG_REQUIRES(mutex);
    void post_tasks() CATALOG_REQUIRES(mutex);
    void run_task();
};

void WritePipeline::State::encode(WriteJob& job) {
    std::unique_ptr<EncodeTools> tools;
    {
        const MutexLock lock(mutex);
        if (!idle.empty()) {
            tools = std::move(idle.back());
            idle.pop_back();
        }
    }
    if (!tools) tools = std::make_unique<EncodeTools>(backend, options.encoder);
    const auto encoded = tools->encoder.encode(
        job.plan, *job.plain,
        [&](const ChunkId& id, Bytes& out) { return read_base(tools->decoder, job, id, out); });
    if (!encoded) {
        job.error = encoded.error();
    } else {
        job.encoded = *encoded;
        if (encoded->codec != Codec::kRaw) {
            job.payload.assign(encoded->payload.begin(), encoded->payload.end());
            job.encoded.payload = job.payload;
        }
    }
    const MutexLock lock(mutex);
    idle.push_back(std::move(tools));
}

// Looks at a base that is under way itself. Nothing when there is none.
std::optional<BaseChunk> WritePipeline::State::base_under_way(const ChunkId& id,
                                                              const WriteJob& asking) {
    const MutexLock lock(mutex);
    const auto found = by_id.find(id);
    // One that came later might wait for the asking chunk; the first of all waits for nobody.
    if (found == by_id.end() || found->second->number >= asking.number) return std::nullopt;
    const WriteJobPointer job = found->second;
    while (!job->done && !stopped) changed.wait(mutex);
    // Meanwhile it may have been appended, and is found where chunks are.
    if (!job->done || !job->plain || job->error) return std::nullopt;
    return base_chunk(*job);
}

// A base that cannot be read, or that is made of too many deltas, is none: the chunk is stored
// without.
Result<ChunkEncoder::FoundBase> WritePipeline::State::read_base(ChunkDecoder& decoder,
                                                                WriteJob& job, const ChunkId& id,
                                                                Bytes& out) {
    if (may_lack_own()) return ChunkEncoder::FoundBase{};
    std::optional<BaseChunk> base = base_under_way(id, job);
    if (!base) {
        // Also when its bytes are at hand: what a delta starts from has to stay.
        if (!keeper.find(id).value_or(std::nullopt)) return ChunkEncoder::FoundBase{};
        base = bases->find(id);
    }
    if (!base) {
        base = decoder.load(id).value_or(std::nullopt);
        if (!base) return ChunkEncoder::FoundBase{};
        bases->add(id, *base);
    }
    // Of an own base the table knows best: what is found may be the copy that is about to go.
    job.delta_depth =
        options.only_own_bases ? static_cast<std::uint32_t>(job.plan.depth) : base->depth + 1;
    if (job.delta_depth > static_cast<std::uint32_t>(options.encoder.delta_depth_max))
        return ChunkEncoder::FoundBase{};
    out = *base->plain;
    return ChunkEncoder::FoundBase{true, base->alone_bytes};
}

EncodePlan WritePipeline::State::plan(const ChunkId& id, ByteView chunk) {
    EncodePlan plan = plan_deltas(id, chunk);
    plan.dictionary = dictionary.for_chunk(chunk, !plan.base);
    return plan;
}

EncodePlan WritePipeline::State::plan_deltas(const ChunkId& id, ByteView chunk) {
    if (!options.encoder.deltas) return {};
    if (!similarity_asked && options.load_similarity) options.load_similarity(similarity);
    similarity_asked = true;
    while (unsettled.size() >= kSettleDistance) {
        const WriteJobPointer job = std::move(unsettled.front());
        unsettled.pop_front();
        {
            const MutexLock lock(mutex);
            wait_until_encoded(*job);
        }
        if (!job->error) ChunkEncoder::settle(similarity, job->plan, job->id, job->encoded);
    }
    EncodePlan plan = ChunkEncoder::plan(similarity, TrustDomain{}, id, chunk, options.encoder);
    // A chunk that was lost to a failed disk and is put again resembles itself.
    if (plan.base == id) plan.base.reset();
    return plan;
}

void WritePipeline::State::wait_until_encoded(const WriteJob& job) {
    while (!job.done)
        if (!encode_one()) changed.wait(mutex);
}

// Encodes the next chunk; false when there is none. The mutex is free meanwhile.
bool WritePipeline::State::encode_one() {
    if (raw.empty() || stopped) return false;
    const WriteJobPointer job = std::move(raw.front());
    raw.pop_front();
    raw_bytes -= job->plain->size();
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

// A delta goes behind its base only, so that no failure of the disk takes the base alone: a pack is
// begun when the one before is durable. Where the base was lost, the chunk is stored without: also
// in a repack, where the base is still found as it was before.
Result<ChunkLocation> WritePipeline::State::append(WriteJob& job) {
    if (job.error) return fail(*job.error);
    while (job.encoded.codec == Codec::kDelta && job.plan.base) {
        const std::uint64_t losses_before = backend.losses();
        CATALOG_TRY(const auto base, keeper.find(*job.plan.base));
        if (!base || may_lack_own()) {
            encode_alone(job);
            break;
        }
        NewRecord record = new_record(job);
        record.losses = losses_before;
        auto stored = backend.append(record);
        // The base may have been lost since it was found.
        if (stored || backend.losses() == losses_before ||
            stored.error().code() != Errc::kFailedPrecondition)
            return stored;
    }
    auto stored = backend.append(new_record(job));
    if (stored || job.encoded.codec != Codec::kZstdDictionary ||
        stored.error().code() != Errc::kFailedPrecondition)
        return stored;
    // Since the chunk was planned another dictionary came into use.
    dictionary.ask_again();
    encode_alone(job);
    return backend.append(new_record(job));
}

// Encodes a chunk that was encoded in vain with neither base nor dictionary.
void WritePipeline::State::encode_alone(WriteJob& job) {
    Compressor compressor(options.encoder.level);  // Holds what it makes.
    const Compressor::Encoded alone = compressor.compress(*job.plain);
    const bool base_gone = job.encoded.codec == Codec::kDelta;
    const MutexLock lock(mutex);  // Others may look at it as their base.
    job.payload.assign(alone.payload.begin(), alone.payload.end());
    job.encoded = {alone.codec, job.payload, base_gone,
                   static_cast<std::uint32_t>(job.payload.size())};
}

// Appends what is encoded up to the first chunk that is not. One thread at a time, so that packs
// get the chunks in their order.
void WritePipeline::State::append_done() {
    if (appending) return;
    appending = true;
    ++running;
    while (!jobs.empty() && jobs.front()->done && !stopped) {
        const WriteJobPointer job = std::move(jobs.front());
        jobs.pop_front();
        mutex.unlock();
        const auto stored = append(*job);
        if (!stored) append_failed = true;
        if (stored && job->plan.is_base) bases->add(job->id, base_chunk(*job));
        mutex.lock();
        by_id.erase(job->id);
        bytes -= job->plain->size();
        // It may have to wait long until it is settled.
        job->plain.reset();
        job->payload = Bytes();
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

WritePipeline::WritePipeline(StorageBackend& backend, const ChunkKeeper& keeper, Executor& executor,
                             std::shared_ptr<BaseCache> bases, const PipelineOptions& options)
    : state_(std::make_shared<State>(backend, keeper, executor, std::move(bases), options)) {}

WritePipeline::~WritePipeline() {
    const MutexLock lock(state_->mutex);
    state_->stopped = true;
    state_->changed.notify_all();
    while (state_->running != 0) state_->changed.wait(state_->mutex);
}

std::uint64_t WritePipeline::new_chunks() const {
    const MutexLock lock(state_->mutex);
    return state_->new_chunks;
}

SimilarityTable& WritePipeline::similarity() { return state_->similarity; }

// Under the mutex a chunk is either under way or, once it is not, in the index.
bool WritePipeline::State::join(const ChunkId& id, const std::shared_ptr<WriteStatus>& status) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) return false;
    count(status);
    found->second->watchers.push_back(status);
    return true;
}

void WritePipeline::State::enter(WriteJobPointer job, ByteView chunk,
                                 const std::shared_ptr<WriteStatus>& status) {
    job->number = next_number++;
    job->plain = std::make_shared<const Bytes>(chunk.begin(), chunk.end());
    job->watchers.push_back(status);
    if (options.encoder.deltas) unsettled.push_back(job);
    count(status);
    const MutexLock lock(mutex);
    ++new_chunks;
    bytes += chunk.size();
    by_id.emplace(job->id, job);
    jobs.push_back(job);
    raw.push_back(std::move(job));
    raw_bytes += chunk.size();
    if (raw_bytes >= std::min(kWakeBytes, options.bytes_max / 2)) post_tasks();
    while (bytes > options.bytes_max)
        if (!encode_one()) changed.wait(mutex);
}

Result<void> WritePipeline::submit(const ChunkId& id, ByteView bytes,
                                   const std::shared_ptr<WriteStatus>& status) {
    State& state = *state_;
    const MutexLock order(state.order);
    bool is_copy = false;  // Of a chunk in a pack that is about to go.
    {
        const MutexLock lock(state.mutex);
        if (state.join(id, status)) return {};
        CATALOG_TRY(const auto known, state.keeper.find(id));
        if (known) return {};
        CATALOG_TRY(const auto there, state.backend.find(id));
        is_copy = there.has_value();
    }
    const auto job = std::make_shared<WriteJob>();
    job->id = id;
    // Others may start from a chunk that is there: as a delta of one of them it would be a circle.
    if (is_copy)
        job->plan.dictionary = state.dictionary.for_chunk(bytes, false);
    else
        job->plan = state.plan(id, bytes);
    state.enter(job, bytes, status);
    return {};
}

Result<void> WritePipeline::submit_again(const ChunkId& id, ByteView bytes,
                                         const std::shared_ptr<WriteStatus>& status, PackId from,
                                         bool is_base) {
    State& state = *state_;
    const MutexLock order(state.order);
    {
        const MutexLock lock(state.mutex);
        if (state.join(id, status)) return {};
        CATALOG_TRY(const auto again, state.backend.find_kept(id));
        if (again && again->location.pack > from) return {};
    }
    const auto job = std::make_shared<WriteJob>();
    job->id = id;
    job->copied_from = from;
    job->plan = state.plan(id, bytes);
    if (is_base && job->plan.base) {
        job->plan.base.reset();
        job->plan.depth = 0;
        job->plan.is_base = true;
        state.similarity.add(job->plan.domain, job->plan.features, id);
    }
    state.enter(job, bytes, status);
    return {};
}

void WritePipeline::wait(const std::shared_ptr<WriteStatus>& status) {
    const MutexLock lock(state_->mutex);
    state_->post_tasks();
    while (!State::is_settled(*status))
        if (!state_->encode_one()) state_->changed.wait(state_->mutex);
}

void WritePipeline::drain() {
    const auto status = std::make_shared<WriteStatus>();
    {
        const MutexLock lock(state_->mutex);
        for (const auto& [id, job] : state_->by_id) {
            State::count(status);
            job->watchers.push_back(status);
        }
    }
    wait(status);
}

}  // namespace catalog::content
