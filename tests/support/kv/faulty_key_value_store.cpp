#include "support/kv/faulty_key_value_store.hpp"

namespace catalog::kv::testing {

Result<std::optional<std::string>> FaultyKeyValueStore::get(Family family,
                                                            std::string_view key) const {
    if (get_countdown_ != 0 && --get_countdown_ == 0)
        return fail(Errc::kDatabaseIo, "injected failure of a read");
    return wrapped_->get(family, key);
}

std::unique_ptr<Iterator> FaultyKeyValueStore::iterate(Family family) const {
    return wrapped_->iterate(family);
}

std::shared_ptr<const Snapshot> FaultyKeyValueStore::snapshot() const {
    return wrapped_->snapshot();
}

Result<void> FaultyKeyValueStore::write(const WriteBatch& batch, Durability durability) {
    if (write_hook_) write_hook_();
    if (write_countdown_ == 1) return fail(Errc::kCommitFailed, "injected failure of a write");
    if (write_countdown_ > 1) --write_countdown_;
    ++writes_;
    return wrapped_->write(batch, durability);
}

Result<void> FaultyKeyValueStore::refresh() {
    if (refresh_fails_) return fail(Errc::kDatabaseIo, "injected failure of a refresh");
    return wrapped_->refresh();
}

Result<std::uint64_t> FaultyKeyValueStore::disk_bytes() const { return wrapped_->disk_bytes(); }

Result<std::vector<std::string>> FaultyKeyValueStore::verify() const { return wrapped_->verify(); }

}  // namespace catalog::kv::testing
