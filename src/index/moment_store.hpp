#pragma once
// MomentStore: one moment of a store as a store that never changes.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::index {

/// Reads through a snapshot; refuses writes. Thread safety: any thread.
class MomentStore final : public kv::KeyValueStore {
public:
    explicit MomentStore(std::shared_ptr<const kv::Snapshot> moment) : moment_(std::move(moment)) {}

    [[nodiscard]] Result<std::optional<std::string>> get(kv::Family family,
                                                         std::string_view key) const override {
        return moment_->get(family, key);
    }
    [[nodiscard]] std::unique_ptr<kv::Iterator> iterate(kv::Family family) const override {
        return moment_->iterate(family);
    }
    [[nodiscard]] std::shared_ptr<const kv::Snapshot> snapshot() const override { return moment_; }
    [[nodiscard]] Result<void> write(const kv::WriteBatch&, kv::Durability) override {
        return fail(Errc::kLibraryReadOnly, "a moment of a database does not change");
    }
    [[nodiscard]] Result<void> refresh() override { return {}; }
    [[nodiscard]] std::uint64_t revision() const noexcept override { return 0; }
    [[nodiscard]] Result<std::uint64_t> disk_bytes() const override { return 0; }
    [[nodiscard]] kv::StoreUsage usage() const noexcept override { return {}; }
    [[nodiscard]] Result<std::vector<std::string>> verify() const override {
        return std::vector<std::string>();
    }

private:
    std::shared_ptr<const kv::Snapshot> moment_;
};

}  // namespace catalog::index
