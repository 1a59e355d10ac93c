#include <atomic>
#include <catalog/internal/mutex.hpp>

#include "batch_check.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "persistent_map.hpp"

namespace catalog::kv {
namespace {

/// The whole store at one moment. Immutable once published.
struct MemoryState {
    std::vector<PersistentMap> families;
    std::uint64_t bytes = 0;  // keys and values
};
using MemoryStateLink = std::shared_ptr<const MemoryState>;

class MemoryIterator final : public Iterator {
public:
    MemoryIterator(const MemoryState& state, Family family)
        : status_(check_family(family, state.families.size())),
          map_(status_ ? state.families[static_cast<std::size_t>(family)] : PersistentMap()) {}

    void seek(std::string_view key) override { at_ = map_.first_after(key, true); }
    void seek_for_prev(std::string_view key) override { at_ = map_.last_before(key, true); }
    void next() override {
        if (at_ != nullptr) at_ = map_.first_after(at_->key, false);
    }
    void prev() override {
        if (at_ != nullptr) at_ = map_.last_before(at_->key, false);
    }
    [[nodiscard]] bool valid() const override { return at_ != nullptr; }
    [[nodiscard]] std::string_view key() const override {
        return at_ != nullptr ? std::string_view(at_->key) : std::string_view();
    }
    [[nodiscard]] std::string_view value() const override {
        return at_ != nullptr ? std::string_view(at_->value) : std::string_view();
    }
    [[nodiscard]] Result<void> status() const override { return status_; }

private:
    Result<void> status_;
    PersistentMap map_;
    const PersistentMap::Entry* at_ = nullptr;
};

Result<std::optional<std::string>> get_from(const MemoryState& state, Family family,
                                            std::string_view key) {
    if (auto known = check_family(family, state.families.size()); !known)
        return fail(known.error());
    const auto* entry = state.families[static_cast<std::size_t>(family)].find(key);
    if (entry == nullptr) return std::optional<std::string>();
    return std::optional<std::string>(entry->value);
}

class MemorySnapshot final : public Snapshot {
public:
    explicit MemorySnapshot(MemoryStateLink state) : state_(std::move(state)) {}
    [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const override {
        return get_from(*state_, family, key);
    }
    [[nodiscard]] std::unique_ptr<Iterator> iterate(Family family) const override {
        return std::make_unique<MemoryIterator>(*state_, family);
    }

private:
    MemoryStateLink state_;
};

class MemoryStore final : public KeyValueStore {
public:
    explicit MemoryStore(std::size_t families) {
        auto empty = std::make_shared<MemoryState>();
        empty->families.resize(families);
        state_ = std::move(empty);
    }

    [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const override {
        return get_from(*state(), family, key);
    }
    [[nodiscard]] std::unique_ptr<Iterator> iterate(Family family) const override {
        return std::make_unique<MemoryIterator>(*state(), family);
    }
    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override {
        return std::make_shared<MemorySnapshot>(state());
    }

    [[nodiscard]] Result<void> write(const WriteBatch& batch, Durability) override {
        // Writers build the next state outside the lock that readers take.
        const internal::MutexLock writing(writer_mutex_);
        const MemoryStateLink before = state();
        if (auto usable = check_batch(batch, before->families.size()); !usable) return usable;
        auto after = std::make_shared<MemoryState>(*before);
        for (const WriteBatch::Change& change : batch.changes()) apply(*after, change);
        const internal::MutexLock publishing(state_mutex_);
        state_ = std::move(after);
        revision_.fetch_add(1, std::memory_order_release);
        return {};
    }
    [[nodiscard]] std::uint64_t revision() const noexcept override {
        return revision_.load(std::memory_order_acquire);
    }

    [[nodiscard]] Result<void> refresh() override { return {}; }
    [[nodiscard]] Result<std::uint64_t> disk_bytes() const override { return state()->bytes; }
    [[nodiscard]] StoreUsage usage() const noexcept override { return {state()->bytes, 0}; }
    [[nodiscard]] Result<std::vector<std::string>> verify() const override {
        return std::vector<std::string>();  // memory has no second copy to compare with
    }

private:
    [[nodiscard]] MemoryStateLink state() const {
        const internal::MutexLock lock(state_mutex_);
        return state_;
    }

    static void apply(MemoryState& state, const WriteBatch::Change& change) {
        PersistentMap& map = state.families[static_cast<std::size_t>(change.family)];
        if (const auto* old = map.find(change.key); old != nullptr)
            state.bytes -= old->key.size() + old->value.size();
        if (change.kind == WriteBatch::Kind::kRemove) {
            map = map.without(change.key);
            return;
        }
        state.bytes += change.key.size() + change.value.size();
        map = map.with(change.key, change.value);
    }

    std::atomic<std::uint64_t> revision_ = 1;
    internal::Mutex writer_mutex_;
    mutable internal::Mutex state_mutex_;
    MemoryStateLink state_ CATALOG_GUARDED_BY(state_mutex_);
};

}  // namespace

std::unique_ptr<KeyValueStore> make_memory_store(std::size_t families) {
    return std::make_unique<MemoryStore>(families);
}

}  // namespace catalog::kv
