#include "support/content/faulty_content_storage.hpp"

#include <catalog/internal/try.hpp>

namespace catalog::content::testing {
namespace {

class FaultySession final : public ContentTransaction {
public:
    FaultySession(FaultyContentStorage& storage, std::unique_ptr<ContentTransaction> wrapped)
        : storage_(storage), wrapped_(std::move(wrapped)) {}

    using ContentTransaction::put;
    Result<ObjectInfo> put(const ByteSource& source) override {
        CATALOG_TRY_VOID(storage_.enter(ContentCall::kPut));
        return wrapped_->put(source);
    }
    Result<void> add_reference(std::string_view owner, const ContentHash& id) override {
        CATALOG_TRY_VOID(storage_.enter(ContentCall::kAddReference));
        return wrapped_->add_reference(owner, id);
    }
    Result<ObjectInfo> put_list(std::string_view owner, ByteView list) override {
        CATALOG_TRY_VOID(storage_.enter(ContentCall::kPutList));
        return wrapped_->put_list(owner, list);
    }
    Result<void> checkpoint(const SubmitBatch& submit) override {
        CATALOG_TRY_VOID(storage_.enter(ContentCall::kCheckpoint));
        return wrapped_->checkpoint(submit);
    }
    Result<void> stage(kv::WriteBatch& batch) override {
        CATALOG_TRY_VOID(storage_.enter(ContentCall::kStage));
        return wrapped_->stage(batch);
    }

private:
    FaultyContentStorage& storage_;
    std::unique_ptr<ContentTransaction> wrapped_;
};

}  // namespace

void FaultyContentStorage::fail_nth(ContentCall call, std::uint64_t nth, Errc error) {
    const std::lock_guard lock(mutex_);
    rules_[call] = {nth, error};
}

void FaultyContentStorage::clear_faults() {
    const std::lock_guard lock(mutex_);
    rules_.clear();
}

std::uint64_t FaultyContentStorage::calls(ContentCall call) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call);
    return found == calls_.end() ? 0 : found->second;
}

Result<void> FaultyContentStorage::enter(ContentCall call) {
    const std::lock_guard lock(mutex_);
    ++calls_[call];
    const auto rule = rules_.find(call);
    if (rule == rules_.end() || --rule->second.left != 0) return {};
    const Errc error = rule->second.error;
    rules_.erase(rule);
    return fail(error, "injected fault");
}

Result<std::unique_ptr<ContentTransaction>> FaultyContentStorage::begin() {
    CATALOG_TRY_VOID(enter(ContentCall::kBegin));
    CATALOG_TRY(auto session, wrapped_.begin());
    return std::make_unique<FaultySession>(*this, std::move(session));
}

Result<void> FaultyContentStorage::commit(ContentTransaction& session) {
    CATALOG_TRY_VOID(enter(ContentCall::kCommit));
    return wrapped_.commit(session);
}

Result<void> FaultyContentStorage::checkpoint(ContentTransaction& session) {
    // The session counts the call.
    return wrapped_.checkpoint(session);
}

Result<ObjectInfo> FaultyContentStorage::store(const ByteSource& source, std::string_view owner,
                                               const CallContext& context) {
    CATALOG_TRY_VOID(enter(ContentCall::kStore));
    return wrapped_.store(source, owner, context);
}

Result<void> FaultyContentStorage::retrieve(const ContentHash& id, const ByteSink& sink,
                                            const CallContext& context, ByteRange range) {
    CATALOG_TRY_VOID(enter(ContentCall::kRetrieve));
    return wrapped_.retrieve(
        id,
        [&, first = true](ByteView bytes) mutable -> Result<void> {
            CATALOG_TRY_VOID(sink(bytes));
            if (std::exchange(first, false)) return enter(ContentCall::kRetrieveCut);
            return {};
        },
        context, range);
}

Result<void> FaultyContentStorage::retrieve_each(std::span<const ContentHash> ids,
                                                 const ObjectsSink& sink,
                                                 const CallContext& context) {
    CATALOG_TRY_VOID(enter(ContentCall::kRetrieve));
    return wrapped_.retrieve_each(
        ids,
        [&](std::size_t index, ByteView bytes) -> Result<void> {
            CATALOG_TRY_VOID(sink(index, bytes));
            return enter(ContentCall::kRetrieveCut);
        },
        context);
}

Result<bool> FaultyContentStorage::exists(const ContentHash& id) {
    CATALOG_TRY_VOID(enter(ContentCall::kExists));
    return wrapped_.exists(id);
}

Result<ObjectInfo> FaultyContentStorage::info(const ContentHash& id) {
    CATALOG_TRY_VOID(enter(ContentCall::kInfo));
    return wrapped_.info(id);
}

Result<void> FaultyContentStorage::remove(const ContentHash& id, std::string_view owner,
                                          kv::WriteBatch& batch) {
    CATALOG_TRY_VOID(enter(ContentCall::kRemove));
    return wrapped_.remove(id, owner, batch);
}

Result<void> FaultyContentStorage::for_each(
    const std::function<Result<void>(const ObjectInfo&)>& each) {
    CATALOG_TRY_VOID(enter(ContentCall::kForEach));
    return wrapped_.for_each(each);
}

Result<void> FaultyContentStorage::for_each_of(std::string_view owner, const IdSink& each) {
    CATALOG_TRY_VOID(enter(ContentCall::kForEach));
    return wrapped_.for_each_of(owner, each);
}

Result<void> FaultyContentStorage::for_each_list_of(std::string_view owner, const IdSink& each) {
    CATALOG_TRY_VOID(enter(ContentCall::kForEach));
    return wrapped_.for_each_list_of(owner, each);
}

Result<StorageStats> FaultyContentStorage::stats() {
    CATALOG_TRY_VOID(enter(ContentCall::kStats));
    return wrapped_.stats();
}

Result<VerifyReport> FaultyContentStorage::verify(const VerifyOptions& options,
                                                  const CallContext& context) {
    CATALOG_TRY_VOID(enter(ContentCall::kVerify));
    return wrapped_.verify(options, context);
}

Result<RepackReport> FaultyContentStorage::repack(const RepackOptions& options,
                                                  const CallContext& context) {
    CATALOG_TRY_VOID(enter(ContentCall::kRepack));
    return wrapped_.repack(options, context);
}

Result<CollectReport> FaultyContentStorage::collect(const CollectOptions& options,
                                                    const CallContext& context) {
    CATALOG_TRY_VOID(enter(ContentCall::kCollect));
    return wrapped_.collect(options, context);
}

}  // namespace catalog::content::testing
