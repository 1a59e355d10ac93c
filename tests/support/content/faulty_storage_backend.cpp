#include "support/content/faulty_storage_backend.hpp"

#include <algorithm>
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
                                           std::span<const PackMark> committed) {
    CATALOG_TRY_VOID(enter(BackendCall::kRecover));
    return wrapped_->recover(store, profile, committed);
}

Result<ChunkLocation> FaultyStorageBackend::append(const NewRecord& record) {
    CATALOG_TRY_VOID(enter(BackendCall::kAppend));
    CATALOG_TRY(const ChunkLocation location, wrapped_->append(record));
    const std::lock_guard lock(mutex_);
    unsynced_.push_back(location);
    return location;
}

Result<std::vector<PackMark>> FaultyStorageBackend::sync() {
    auto entered = enter(BackendCall::kSync);
    const std::lock_guard lock(mutex_);
    if (!entered) {
        lost_.insert(lost_.end(), unsynced_.begin(), unsynced_.end());
        ++losses_;
    }
    unsynced_.clear();
    if (!entered) return fail(entered.error());
    return wrapped_->sync();
}

bool FaultyStorageBackend::is_lost(const ChunkLocation& location) const {
    const std::lock_guard lock(mutex_);
    return std::find(lost_.begin(), lost_.end(), location) != lost_.end() ||
           wrapped_->is_lost(location);
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
