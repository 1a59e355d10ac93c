#include "support/content/faulty_storage_backend.hpp"

#include <utility>

#include <catalog/internal/try.hpp>

namespace catalog::content::testing {

void FaultyStorageBackend::fail_nth(BackendCall call, std::uint64_t nth, Errc error) {
    const std::lock_guard lock(mutex_);
    rules_[call] = {nth, error};
}

Result<void> FaultyStorageBackend::enter(BackendCall call) {
    const std::lock_guard lock(mutex_);
    const auto rule = rules_.find(call);
    if (rule == rules_.end() || --rule->second.left != 0) return {};
    const Errc error = rule->second.error;
    rules_.erase(rule);
    return fail(error, "injected fault");
}

Result<void> FaultyStorageBackend::recover(const StoreId& store, const ChunkProfile& profile,
                                           const BackendMarks& committed) {
    CATALOG_TRY_VOID(enter(BackendCall::kRecover));
    return wrapped_->recover(store, profile, committed);
}

Result<void> FaultyStorageBackend::refresh(const StoreId& store, const BackendMarks& committed) {
    CATALOG_TRY_VOID(enter(BackendCall::kRefresh));
    return wrapped_->refresh(store, committed);
}

Result<std::optional<IndexEntry>> FaultyStorageBackend::find(const ChunkId& id) {
    CATALOG_TRY_VOID(enter(BackendCall::kFind));
    CATALOG_TRY(const auto found, wrapped_->find(id));
    ++finds_;
    if (is_lost(id)) return std::nullopt;
    return found;
}

Result<std::optional<IndexEntry>> FaultyStorageBackend::find_kept(const ChunkId& id) {
    CATALOG_TRY_VOID(enter(BackendCall::kFind));
    CATALOG_TRY(const auto found, wrapped_->find_kept(id));
    ++finds_;
    if (is_lost(id)) return std::nullopt;
    return found;
}

bool FaultyStorageBackend::is_lost(const ChunkId& id) const {
    const std::lock_guard lock(mutex_);
    return lost_.contains(id);
}

Result<void> FaultyStorageBackend::for_each(
    const std::function<Result<void>(const IndexEntry&)>& each) {
    return wrapped_->for_each([&](const IndexEntry& entry) -> Result<void> {
        return is_lost(entry.id) ? Result<void>() : each(entry);
    });
}

Result<void> FaultyStorageBackend::for_each_copy(
    const std::function<Result<void>(const IndexEntry&)>& each) {
    return wrapped_->for_each_copy([&](const IndexEntry& entry) -> Result<void> {
        return is_lost(entry.id) ? Result<void>() : each(entry);
    });
}

Result<ChunkLocation> FaultyStorageBackend::append(const NewRecord& record) {
    before_append_();
    CATALOG_TRY_VOID(enter(BackendCall::kAppend));
    NewRecord passed_on = record;
    if (std::exchange(passed_on.losses, std::nullopt).value_or(losses()) != losses())
        return fail(Errc::kFailedPrecondition, "records were lost since the base was found");
    CATALOG_TRY(const ChunkLocation location, wrapped_->append(passed_on));
    const std::lock_guard lock(mutex_);
    lost_.erase(record.id);
    unsynced_.insert(record.id);
    return location;
}

Result<BackendChanges> FaultyStorageBackend::sync() {
    auto entered = enter(BackendCall::kSync);
    const std::lock_guard lock(mutex_);
    if (!entered) {
        lost_.merge(unsynced_);
        ++losses_;
        for (const PackId pack : going_) wrapped_->pardon(pack);
    }
    unsynced_.clear();
    going_.clear();
    if (!entered) return fail(entered.error());
    return wrapped_->sync();
}

void FaultyStorageBackend::committed(const BackendChanges& changes) {
    wrapped_->committed(changes);
}

Result<std::uint64_t> FaultyStorageBackend::seal(PackId pack) {
    CATALOG_TRY_VOID(enter(BackendCall::kSeal));
    return wrapped_->seal(pack);
}

void FaultyStorageBackend::condemn(PackId pack) {
    wrapped_->condemn(pack);
    while_condemned_();
}

void FaultyStorageBackend::pardon(PackId pack) {
    while_condemned_();
    wrapped_->pardon(pack);
}

Result<void> FaultyStorageBackend::remove_pack(PackId pack, std::uint64_t losses) {
    CATALOG_TRY_VOID(enter(BackendCall::kRemovePack));
    const std::lock_guard lock(mutex_);
    if (losses_ + wrapped_->losses() != losses)
        return fail(Errc::kSyncFailed, "records were lost when the disk failed to sync");
    going_.insert(pack);
    return wrapped_->remove_pack(pack, wrapped_->losses());
}

std::uint64_t FaultyStorageBackend::losses() const {
    const std::lock_guard lock(mutex_);
    return losses_ + wrapped_->losses();
}

Result<RecordHeader> FaultyStorageBackend::peek(const ChunkLocation& location) {
    CATALOG_TRY_VOID(enter(BackendCall::kPeek));
    return wrapped_->peek(location);
}

Result<StoredRecord> FaultyStorageBackend::read(const ChunkLocation& location, Bytes& buffer) {
    CATALOG_TRY_VOID(enter(BackendCall::kRead));
    return wrapped_->read(location, buffer);
}

Result<std::optional<MappedChunk>> FaultyStorageBackend::map_chunk(const ChunkLocation& location) {
    CATALOG_TRY_VOID(enter(BackendCall::kMap));
    return wrapped_->map_chunk(location);
}

Result<ChunkId> FaultyStorageBackend::base_of(const ChunkLocation& location) {
    CATALOG_TRY_VOID(enter(BackendCall::kBaseOf));
    return wrapped_->base_of(location);
}

Result<PackHeader> FaultyStorageBackend::inspect(const PackMark& mark) {
    CATALOG_TRY_VOID(enter(BackendCall::kInspect));
    return wrapped_->inspect(mark);
}

Result<void> FaultyStorageBackend::scan(const PackMark& mark, PackVisitor& visitor) {
    CATALOG_TRY_VOID(enter(BackendCall::kScan));
    return wrapped_->scan(mark, visitor);
}

Result<BackendStats> FaultyStorageBackend::stats() {
    CATALOG_TRY_VOID(enter(BackendCall::kStats));
    return wrapped_->stats();
}

}  // namespace catalog::content::testing
