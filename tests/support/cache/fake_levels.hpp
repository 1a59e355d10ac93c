#pragma once
// Lower levels for tests: a remote cache in memory that fails or lies when told, and a wrapper that
// breaks a RecordStore.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "catalog/cache/record_store.hpp"
#include "catalog/cache/remote_cache.hpp"
#include "catalog/internal/mutex.hpp"

namespace catalog::cache::testing {

/// A complete RemoteCache without time: lifetimes are recorded and not acted upon. Thread safety:
/// any thread; set what it does before threads start.
class FakeRemoteCache final : public RemoteCache {
public:
    [[nodiscard]] Result<std::optional<Bytes>> get(std::string_view name) override;
    [[nodiscard]] Result<void> put(std::string_view name, ByteView value,
                                   std::chrono::milliseconds lifetime) override;
    [[nodiscard]] Result<void> erase(std::string_view name) override;

    /// Every call fails with that code from now on; nothing: none does.
    void fail_with(std::optional<Errc> code);
    /// Changes what `get` returns.
    void on_get(std::function<void(Bytes&)> lie);
    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::chrono::milliseconds last_lifetime() const;

private:
    [[nodiscard]] Result<void> begin() CATALOG_REQUIRES(mutex_);

    mutable internal::Mutex mutex_;
    std::map<std::string, Bytes, std::less<>> values_ CATALOG_GUARDED_BY(mutex_);
    std::optional<Errc> failing_ CATALOG_GUARDED_BY(mutex_);
    std::function<void(Bytes&)> lie_ CATALOG_GUARDED_BY(mutex_);
    std::chrono::milliseconds lifetime_ CATALOG_GUARDED_BY(mutex_){0};
    std::atomic<std::uint64_t> calls_{0};
};

/// Wraps a RecordStore and breaks it. Thread safety: one thread.
class FaultyRecordStore final : public RecordStore {
public:
    explicit FaultyRecordStore(std::shared_ptr<RecordStore> base) : base_(std::move(base)) {}

    [[nodiscard]] Result<std::optional<std::string>> get(std::string_view key) const override;
    [[nodiscard]] Result<void> write(std::span<const Change> changes) override;
    [[nodiscard]] Result<void> scan(std::string_view from, const Visitor& visit) const override;

    /// The nth call from now (1 is the next) fails with kDatabaseIo, with `for_ever` all later ones
    /// too; 0: none. A write that fails is done nevertheless with `done`.
    void fail(std::uint64_t nth, bool for_ever = false, bool done = false) {
        countdown_ = nth;
        for_ever_ = for_ever;
        done_ = done;
    }
    [[nodiscard]] std::uint64_t calls() const noexcept { return calls_; }

private:
    [[nodiscard]] bool fails() const;

    std::shared_ptr<RecordStore> base_;
    mutable std::uint64_t calls_ = 0;
    mutable std::uint64_t countdown_ = 0;
    bool for_ever_ = false;
    bool done_ = false;
};

}  // namespace catalog::cache::testing
