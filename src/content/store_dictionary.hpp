#pragma once
// StoreDictionary: the dictionary that new chunks of a store are compressed with: the one in use,
// or one that is trained as soon as enough chunks were seen.

#include <atomic>
#include <memory>
#include <vector>

#include "catalog/content/storage_backend.hpp"

namespace catalog::content {

/// Thread safety: `for_chunk` one thread at a time, `ask_again` any thread.
class StoreDictionary {
public:
    /// `backend` outlives it; `level` as in Compressor.
    StoreDictionary(StorageBackend& backend, const DictionaryOptions& options, int level)
        : backend_(backend), options_(options), level_(level) {}

    /// Returns what the next new chunk is to be compressed with where it gets no base; null:
    /// nothing. `resembles_none` chunks are what is trained from, in the order of these calls: the
    /// same chunks give the same dictionary. Errors of the backend, or of training, are no
    /// dictionary. Cost: once a read of a pack, once training (20 ms for 2 MiB of samples).
    [[nodiscard]] std::shared_ptr<const Dictionary> for_chunk(ByteView chunk, bool resembles_none);

    /// Says that the backend refused a payload: another dictionary is in use.
    void ask_again() noexcept { stale_ = true; }

private:
    void ask();
    void sample(ByteView chunk);
    void train();
    void use(ByteView dictionary);

    StorageBackend& backend_;
    const DictionaryOptions options_;
    const int level_;
    std::atomic<bool> stale_{true};
    bool may_train_ = false;
    std::shared_ptr<const Dictionary> dictionary_;
    std::vector<Bytes> samples_;
    std::uint64_t sampled_bytes_ = 0;
    std::uint64_t seen_bytes_ = 0;
};

}  // namespace catalog::content
