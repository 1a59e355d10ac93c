#pragma once
// FaultyKeyValueStore: a working store that fails at a chosen call.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "catalog/kv/key_value_store.hpp"

namespace catalog::kv::testing {

/// Wraps a store and breaks it. Thread safety: as the wrapped store; arm it before threads start.
class FaultyKeyValueStore final : public KeyValueStore {
public:
    explicit FaultyKeyValueStore(std::unique_ptr<KeyValueStore> wrapped)
        : wrapped_(std::move(wrapped)) {}

    /// Lets the n-th write from now (1 is the next) fail with kCommitFailed, and as a store does,
    /// every write after it. 0 repairs the store.
    void fail_write(std::uint64_t nth) { write_countdown_ = nth; }
    /// Lets the n-th get from now (1 is the next) fail with kDatabaseIo, that one only.
    void fail_get(std::uint64_t nth) { get_countdown_ = nth; }
    /// Lets refresh fail with kDatabaseIo while true.
    void fail_refresh(bool failing) { refresh_fails_ = failing; }
    /// Runs at the start of every write, in the writing thread, for example to hold it up.
    void on_write(std::function<void()> hook) { write_hook_ = std::move(hook); }

    /// Returns how many writes reached the wrapped store.
    [[nodiscard]] std::uint64_t writes() const { return writes_; }

    [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const override;
    [[nodiscard]] std::unique_ptr<Iterator> iterate(Family family) const override;
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override;
    [[nodiscard]] Result<void> write(const WriteBatch& batch, Durability durability) override;
    [[nodiscard]] Result<void> refresh() override;
    [[nodiscard]] std::uint64_t revision() const noexcept override { return wrapped_->revision(); }
    [[nodiscard]] Result<std::uint64_t> disk_bytes() const override;
    [[nodiscard]] StoreUsage usage() const noexcept override { return wrapped_->usage(); }
    [[nodiscard]] Result<std::vector<std::string>> verify() const override;

private:
    std::unique_ptr<KeyValueStore> wrapped_;
    std::atomic<std::uint64_t> write_countdown_ = 0;
    mutable std::atomic<std::uint64_t> get_countdown_ = 0;
    std::atomic<bool> refresh_fails_ = false;
    std::atomic<std::uint64_t> writes_ = 0;
    std::function<void()> write_hook_;
};

}  // namespace catalog::kv::testing
