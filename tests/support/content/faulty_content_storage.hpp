#pragma once
// FaultyContentStorage: a working store that fails at a chosen call.

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "catalog/content/content_storage.hpp"

namespace catalog::content::testing {

/// Calls that can be made to fail.
enum class ContentCall : std::uint8_t {
    kBegin,
    kPut,
    kAddReference,
    kPutList,
    kCheckpoint,
    kStage,
    kCommit,
    kStore,
    kRetrieve,     ///< Before anything is read.
    kRetrieveCut,  ///< After the first piece was given to the sink.
    kExists,
    kInfo,
    kRemove,
    kForEach,
    kStats,
    kVerify,
    kCollect,
    kRepack,
};

/// Passes every call on to another store, except those that were made to fail. Thread safety: as
/// the wrapped store.
class FaultyContentStorage final : public ContentStorage {
public:
    /// `wrapped` must outlive it.
    explicit FaultyContentStorage(ContentStorage& wrapped) : wrapped_(wrapped) {}

    /// Lets the n-th such call from now (1 is the next) fail, once.
    void fail_nth(ContentCall call, std::uint64_t nth, Errc error);
    /// Forgets all that was to fail.
    void clear_faults();
    /// Returns how many such calls there were.
    [[nodiscard]] std::uint64_t calls(ContentCall call) const;

    Result<std::unique_ptr<ContentTransaction>> begin() override;
    Result<void> commit(ContentTransaction& session) override;
    Result<void> checkpoint(ContentTransaction& session) override;
    Result<ObjectInfo> store(const ByteSource& source, std::string_view owner,
                             const CallContext& context) override;
    Result<void> retrieve(const ContentHash& id, const ByteSink& sink, const CallContext& context,
                          ByteRange range = {}) override;
    Result<void> retrieve_each(std::span<const ContentHash> ids, const ObjectsSink& sink,
                               const CallContext& context) override;
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
    Result<CollectReport> collect(const CollectOptions& options,
                                  const CallContext& context) override;

    /// Counts a call and returns its error when it is to fail.
    [[nodiscard]] Result<void> enter(ContentCall call);

private:
    struct Rule {
        std::uint64_t left = 0;
        Errc error{};
    };

    ContentStorage& wrapped_;
    mutable std::mutex mutex_;
    std::map<ContentCall, Rule> rules_;
    std::map<ContentCall, std::uint64_t> calls_;
};

}  // namespace catalog::content::testing
