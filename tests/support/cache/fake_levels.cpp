#include "support/cache/fake_levels.hpp"

namespace catalog::cache::testing {

using internal::MutexLock;

Result<void> FakeRemoteCache::begin() {
    ++calls_;
    if (failing_) return catalog::fail(*failing_, "a fault that a test asked for");
    return {};
}

Result<std::optional<Bytes>> FakeRemoteCache::get(std::string_view name) {
    const MutexLock lock(mutex_);
    if (auto begun = begin(); !begun) return catalog::fail(begun.error());
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    Bytes value = found->second;
    if (lie_) lie_(value);
    return value;
}

Result<void> FakeRemoteCache::put(std::string_view name, ByteView value,
                                  std::chrono::milliseconds lifetime) {
    const MutexLock lock(mutex_);
    if (auto begun = begin(); !begun) return begun;
    values_.insert_or_assign(std::string(name), to_bytes(value));
    lifetime_ = lifetime;
    return {};
}

Result<void> FakeRemoteCache::erase(std::string_view name) {
    const MutexLock lock(mutex_);
    if (auto begun = begin(); !begun) return begun;
    if (const auto found = values_.find(name); found != values_.end()) values_.erase(found);
    return {};
}

void FakeRemoteCache::fail_with(std::optional<Errc> code) {
    const MutexLock lock(mutex_);
    failing_ = code;
}

void FakeRemoteCache::on_get(std::function<void(Bytes&)> lie) {
    const MutexLock lock(mutex_);
    lie_ = std::move(lie);
}

std::size_t FakeRemoteCache::size() const {
    const MutexLock lock(mutex_);
    return values_.size();
}

std::chrono::milliseconds FakeRemoteCache::last_lifetime() const {
    const MutexLock lock(mutex_);
    return lifetime_;
}

bool FaultyRecordStore::fails() const {
    ++calls_;
    if (countdown_ == 0) return false;
    if (countdown_ > 1) {
        --countdown_;
        return false;
    }
    if (!for_ever_) countdown_ = 0;
    return true;
}

Result<std::optional<std::string>> FaultyRecordStore::get(std::string_view key) const {
    if (fails()) return catalog::fail(Errc::kDatabaseIo, "a fault that a test asked for");
    return base_->get(key);
}

Result<void> FaultyRecordStore::write(std::span<const Change> changes) {
    if (!fails()) return base_->write(changes);
    if (done_) (void)base_->write(changes);
    return catalog::fail(Errc::kDatabaseIo, "a fault that a test asked for");
}

Result<void> FaultyRecordStore::scan(std::string_view from, const Visitor& visit) const {
    if (fails()) return catalog::fail(Errc::kDatabaseIo, "a fault that a test asked for");
    return base_->scan(from, visit);
}

}  // namespace catalog::cache::testing
