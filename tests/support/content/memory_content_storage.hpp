#pragma once
// MemoryContentStorage: a complete ContentStorage without chunks, compression and packs.

#include <set>
#include <string>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/content/content_storage.hpp"

namespace catalog::content::testing {

/// Keeps whole objects as values in the key-value store (in family `objects`; of the others only
/// `references` is used), so that a batch makes them visible as with the real one: use it over
/// kv::make_memory_store. Thread safety: as ContentStorage.
class MemoryContentStorage final : public ContentStorage {
public:
    /// Store and queue are borrowed.
    MemoryContentStorage(kv::KeyValueStore& store, kv::CommitQueue& queue,
                         const ContentFamilies& families, std::shared_ptr<Clock> clock,
                         ListReader lists = {});

    /// Flips a bit of a stored object. Errors: kContentNotFound, kCommitFailed.
    [[nodiscard]] Result<void> corrupt(const ContentHash& id, std::uint64_t offset);

    Result<std::unique_ptr<ContentTransaction>> begin() override;
    Result<void> commit(ContentTransaction& session) override;
    Result<void> checkpoint(ContentTransaction& session) override;
    Result<ObjectInfo> store(const ByteSource& source, std::string_view owner,
                             const CallContext& context) override;
    Result<void> retrieve(const ContentHash& id, const ByteSink& sink, const CallContext& context,
                          ByteRange range = {}) override;
    Result<bool> exists(const ContentHash& id) override;
    Result<ObjectInfo> info(const ContentHash& id) override;
    Result<void> remove(const ContentHash& id, std::string_view owner,
                        kv::WriteBatch& batch) override;
    Result<void> for_each(const std::function<Result<void>(const ObjectInfo&)>& each) override;
    Result<void> for_each_of(std::string_view owner, const IdSink& each) override;
    Result<void> for_each_list_of(std::string_view owner, const IdSink& each) override;
    Result<StorageStats> stats() override;
    Result<VerifyReport> verify(const VerifyOptions& options, const CallContext& context) override;
    Result<RepackReport> repack(const RepackOptions& options, const CallContext& context) override;
    /// Drops what nobody needs at this moment but for what sessions need that are there; not for
    /// use beside writers on other threads.
    Result<CollectReport> collect(const CollectOptions& options,
                                  const CallContext& context) override;

private:
    friend class MemorySession;

    [[nodiscard]] Result<std::string> find(const ContentHash& id) const;
    [[nodiscard]] Result<std::set<ContentHash>> needed() const;
    [[nodiscard]] Result<std::set<ContentHash>> ids_below(const std::string& prefix) const;

    kv::KeyValueStore& store_;
    kv::CommitQueue& queue_;
    ContentFamilies families_;
    std::shared_ptr<Clock> clock_;
    ListReader lists_;
    std::multiset<ContentHash> held_;  ///< By sessions.
};

}  // namespace catalog::content::testing
