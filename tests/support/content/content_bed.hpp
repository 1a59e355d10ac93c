#pragma once
// ContentBed: a content store with everything around it, which can be opened again.

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/content/content_storage.hpp"
#include "catalog/core/random.hpp"
#include "catalog/kv/commit_queue.hpp"
#include "catalog/kv/key_value_store.hpp"

namespace catalog::content::testing {

/// Families of a store that holds content alone.
inline constexpr ContentFamilies kBedFamilies{kv::Family{0}, kv::Family{1}, kv::Family{2},
                                              kv::Family{3}};
inline constexpr std::size_t kBedFamilyCount = 4;
[[nodiscard]] std::vector<std::string> bed_family_names();

/// Profiles by which few bytes make many chunks.
inline constexpr ChunkProfile kTinyChunks{ChunkAlgorithm::kFastCdc2020, 64, 256, 1024, 0};
inline constexpr ChunkProfile kSmallChunks{ChunkAlgorithm::kFastCdc2020, 256, 1024, 4096, 0};

/// Options of a store in `/library` of a file system, for a RealContentBed.
[[nodiscard]] ContentOptions options_on(
    std::shared_ptr<io::FileSystem> fs, const ChunkProfile& profile = kSmallChunks,
    std::uint64_t pack_bytes_max = PackOptions().pack_bytes_max);

/// Random bytes that are the same in every run.
[[nodiscard]] std::shared_ptr<Random> make_counting_random();

/// A store under test and what it stands on.
class ContentBed {
public:
    virtual ~ContentBed() = default;
    [[nodiscard]] virtual ContentStorage& storage() = 0;
    [[nodiscard]] virtual kv::CommitQueue& queue() = 0;
    [[nodiscard]] virtual kv::KeyValueStore& store() = 0;

    /// Submits a batch.
    [[nodiscard]] Result<void> commit(kv::WriteBatch batch);
    /// Stores bytes for an owner; throws when that fails.
    ObjectInfo put(ByteView bytes, std::string_view owner = "owner");
    /// Reads a whole object.
    [[nodiscard]] Result<Bytes> get(const ContentHash& id);
    /// Drops a reference in a commit of its own.
    [[nodiscard]] Result<void> remove(const ContentHash& id, std::string_view owner = "owner");
};

/// A ContentAddressedStorage over a key-value store in memory.
class RealContentBed final : public ContentBed {
public:
    /// Opens it. `options` lacks store, queue, families, clock and random, which the bed provides,
    /// and an executor unless the test brings one, but has a backend or a file system. Throws when
    /// that fails.
    explicit RealContentBed(ContentOptions options = memory_options(),
                            std::unique_ptr<kv::KeyValueStore> store = nullptr);
    ~RealContentBed() override;

    /// Options with a backend in memory.
    [[nodiscard]] static ContentOptions memory_options();

    /// Closes queue and content store and opens both again over the same key-value store.
    void reopen();

    [[nodiscard]] ContentAddressedStorage& storage() override { return *storage_; }
    [[nodiscard]] kv::CommitQueue& queue() override { return *queue_; }
    [[nodiscard]] kv::KeyValueStore& store() override { return *store_; }
    [[nodiscard]] ContentOptions& options() { return options_; }

private:
    void open();

    std::unique_ptr<kv::KeyValueStore> store_;
    ContentOptions options_;
    std::unique_ptr<kv::CommitQueue> queue_;
    std::unique_ptr<ContentAddressedStorage> storage_;
};

/// Returns a store in memory that holds what the families of a bed's store hold. Throws when that
/// fails.
[[nodiscard]] std::unique_ptr<kv::KeyValueStore> copy_of(const kv::KeyValueStore& store);

/// Makes the fake over a key-value store in memory.
[[nodiscard]] std::unique_ptr<ContentBed> make_fake_content_bed();

}  // namespace catalog::content::testing
