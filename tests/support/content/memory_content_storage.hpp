#pragma once
// MemoryContentStorage: a complete ContentStorage without chunks, compression and packs.

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/content/content_storage.hpp"

namespace catalog::content::testing {

/// Keeps whole objects as values in the key-value store (in family `objects`; of the others only
/// `references` is used), so that a batch makes them visible as with the real one: use it over
/// kv::make_memory_store. Thread safety: as ContentStorage.
class MemoryContentStorage final : public ContentStorage {
public:
    /// All are borrowed.
    MemoryContentStorage(kv::KeyValueStore& store, kv::CommitQueue& queue,
                         const ContentFamilies& families, std::shared_ptr<Clock> clock);

    /// Flips a bit of a stored object. Errors: kContentNotFound, kCommitFailed.
    [[nodiscard]] Result<void> corrupt(const ContentHash& id, std::uint64_t offset);

    Result<std::unique_ptr<ContentTransaction>> begin() override;
    Result<void> commit(ContentTransaction& session) override;
    Result<ObjectInfo> store(const ByteSource& source, std::string_view owner,
                             const CallContext& context) override;
    Result<void> retrieve(const ContentHash& id, const ByteSink& sink, const CallContext& context,
                          ByteRange range = {}) override;
    Result<bool> exists(const ContentHash& id) override;
    Result<ObjectInfo> info(const ContentHash& id) override;
    Result<void> remove(const ContentHash& id, std::string_view owner,
                        kv::WriteBatch& batch) override;
    Result<void> for_each(const std::function<Result<void>(const ObjectInfo&)>& each) override;
    Result<void> for_each_of(std::string_view owner,
                             const std::function<Result<void>(const ContentHash&)>& each) override;
    Result<StorageStats> stats() override;
    Result<VerifyReport> verify(const VerifyOptions& options, const CallContext& context) override;
    /// Drops what nobody references at this moment; not for use beside writers.
    Result<RepackReport> repack(const RepackOptions& options, const CallContext& context) override;
    Result<CollectReport> collect(const CollectOptions& options,
                                  const CallContext& context) override;

private:
    [[nodiscard]] Result<std::string> find(const ContentHash& id) const;

    kv::KeyValueStore& store_;
    kv::CommitQueue& queue_;
    ContentFamilies families_;
    std::shared_ptr<Clock> clock_;
};

}  // namespace catalog::content::testing
