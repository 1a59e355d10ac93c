#pragma once
// WritePipeline: encodes new chunks side by side and appends them in the order in which they came.

#include <catalog/internal/mutex.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base_cache.hpp"
#include "catalog/content/chunk_encoder.hpp"
#include "catalog/content/similarity_table.hpp"
#include "catalog/content/storage_backend.hpp"
#include "catalog/core/executor.hpp"
#include "collection.hpp"

namespace catalog::content {

/// What became of the chunks that one session submitted. Thread safety: any thread.
class WriteStatus {
public:
    /// Returns the first error since the last call.
    [[nodiscard]] std::optional<Error> take_error();
    /// Tells whether there ever was one.
    [[nodiscard]] bool failed() const;
    /// Returns what the records of its chunks take that were appended since the last call, bytes.
    [[nodiscard]] std::uint64_t take_stored_bytes();

private:
    friend class WritePipeline;

    mutable internal::Mutex mutex_;
    std::uint64_t under_way_ CATALOG_GUARDED_BY(mutex_) = 0;
    std::optional<Error> error_ CATALOG_GUARDED_BY(mutex_);
    bool failed_ CATALOG_GUARDED_BY(mutex_) = false;
    std::uint64_t stored_bytes_ CATALOG_GUARDED_BY(mutex_) = 0;
};

/// Parameters of a WritePipeline.
struct PipelineOptions {
    PipelineOptions() = default;
    EncoderOptions encoder;
    SimilarityOptions similarity;
    /// Fills the table before it is asked for the first time, if it ever is. May be empty.
    std::function<void(SimilarityTable&)> load_similarity;
    DictionaryOptions dictionaries;
    /// Chunks under way, bytes. Whoever submits more works off some of them itself, so that an
    /// executor that is saturated or refuses tasks costs only time.
    std::uint64_t bytes_max = 4u << 20;
    /// For `submit_again`: bases are chunks that this pipeline wrote, and nothing else. Otherwise
    /// what is stored may have been written by others, and is looked at.
    bool only_own_bases = false;
};

/// Thread safety: any thread. The same chunks in the same order are stored in the same order as the
/// same records, whatever the number of threads.
class WritePipeline {
public:
    /// `backend`, `keeper` and `executor` outlive it.
    WritePipeline(StorageBackend& backend, const ChunkKeeper& keeper, Executor& executor,
                  std::shared_ptr<BaseCache> bases, const PipelineOptions& options);
    /// Chunks that nobody waited for are dropped.
    ~WritePipeline();
    WritePipeline(const WritePipeline&) = delete;
    WritePipeline& operator=(const WritePipeline&) = delete;

    /// Stores a chunk unless it is there or under way. The bytes are copied. `status` counts it
    /// until it was appended, or failed. Errors: as StorageBackend::find.
    [[nodiscard]] Result<void> submit(const ChunkId& id, ByteView bytes,
                                      const std::shared_ptr<WriteStatus>& status);

    /// Stores a chunk again that stands in pack `from`, which is about to go, unless a newer pack
    /// has it (NewRecord::copied_from says why an older one does not do).
    /// `is_base`: deltas that stay start from it, and rows of deltas get no longer: it becomes no
    /// delta. Otherwise as `submit`.
    [[nodiscard]] Result<void> submit_again(const ChunkId& id, ByteView bytes,
                                            const std::shared_ptr<WriteStatus>& status, PackId from,
                                            bool is_base);

    /// Waits until nothing that `status` counts is under way.
    void wait(const std::shared_ptr<WriteStatus>& status);

    /// Which chunks may serve as bases.
    [[nodiscard]] SimilarityTable& similarity();
    /// Returns how many new chunks were submitted.
    [[nodiscard]] std::uint64_t new_chunks() const;

    /// Waits until nothing that was submitted before is under way.
    void drain();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace catalog::content
