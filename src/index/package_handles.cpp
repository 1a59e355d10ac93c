#include <algorithm>
#include <atomic>
#include <optional>
#include <unordered_map>
#include <vector>

#include "catalog/index/lazy_package.hpp"
#include "catalog/internal/mutex.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::index {
namespace {

constexpr std::uint32_t kHandlesMax = 1u << 24;
constexpr std::uint32_t kBlockSlots = 256;

Error stale() {
    return Error(Errc::kHandleStale, "a handle of a package does not resolve any more")
        .with_hint("open the package again by its name and version");
}

}  // namespace

struct PackageHandles::Slot {
    internal::Mutex mutex;
    std::optional<LazyPackage> package CATALOG_GUARDED_BY(mutex);
    /// Of the index, before the package was found there.
    std::uint64_t revision CATALOG_GUARDED_BY(mutex) = 0;

    [[nodiscard]] bool is_of(const AssetPackageHandle& handle) const CATALOG_REQUIRES(mutex) {
        const auto& digest = handle.digest_;
        return package && std::equal(digest.begin(), digest.end(),
                                     package->entry().digest.hash.digest.begin());
    }
};

// Slots come in blocks that stay where they are, so that resolving needs no lock but a slot's own.
struct PackageHandles::Table {
    Table(std::shared_ptr<const PackageIndex> of, std::uint32_t handles)
        : index(std::move(of)),
          handles_max(std::clamp(handles, 1u, kHandlesMax)),
          blocks((handles_max + kBlockSlots - 1) / kBlockSlots) {}

    [[nodiscard]] Slot* slot(std::uint32_t number) const noexcept {
        if (number >= handles_max) return nullptr;
        Slot* const block = blocks[number / kBlockSlots].load(std::memory_order_acquire);
        return block == nullptr ? nullptr : block + number % kBlockSlots;
    }

    /// Returns the next slot in turn; what was there before goes.
    Slot& take(std::uint32_t& number) CATALOG_REQUIRES(mutex) {
        number = next;
        next = next + 1 == handles_max ? 0 : next + 1;
        std::atomic<Slot*>& block = blocks[number / kBlockSlots];
        if (block.load(std::memory_order_relaxed) == nullptr)
            block.store(owned.emplace_back(std::make_unique<Slot[]>(kBlockSlots)).get(),
                        std::memory_order_release);
        return *slot(number);
    }

    const std::shared_ptr<const PackageIndex> index;
    const std::uint32_t handles_max;
    std::vector<std::atomic<Slot*>> blocks;
    internal::Mutex mutex;
    std::vector<std::unique_ptr<Slot[]>> owned CATALOG_GUARDED_BY(mutex);
    std::uint32_t next CATALOG_GUARDED_BY(mutex) = 0;
    std::unordered_map<ContentHash, std::uint32_t> slot_of CATALOG_GUARDED_BY(mutex);
};

PackageHandles::PackageHandles(std::shared_ptr<const PackageIndex> index, std::uint32_t handles_max)
    : table_(std::make_unique<Table>(std::move(index), handles_max)) {}
PackageHandles::~PackageHandles() = default;

Result<AssetPackageHandle> PackageHandles::open(const PackageId& id) {
    const std::uint64_t revision = table_->index->revision();
    CATALOG_TRY(IndexEntry entry, table_->index->find(id));
    const ContentHash digest = entry.digest.hash;
    AssetPackageHandle handle;
    std::copy_n(digest.digest.begin(), handle.digest_.size(), handle.digest_.begin());
    const internal::MutexLock lock(table_->mutex);
    if (const auto there = table_->slot_of.find(digest); there != table_->slot_of.end()) {
        handle.slot_ = there->second;
        return handle;
    }
    Slot& slot = table_->take(handle.slot_);
    const internal::MutexLock slot_lock(slot.mutex);
    if (slot.package) table_->slot_of.erase(slot.package->entry().digest.hash);
    slot.package.emplace(table_->index, std::move(entry));
    slot.revision = revision;
    table_->slot_of.emplace(digest, handle.slot_);
    return handle;
}

Result<LazyPackage> PackageHandles::resolve(const AssetPackageHandle& handle) const {
    Slot* const slot = table_->slot(handle.slot_);
    if (slot == nullptr) return fail(stale());
    // Read before the index is: what it says then is not older.
    const std::uint64_t revision = table_->index->revision();
    const internal::MutexLock lock(slot->mutex);
    if (!slot->is_of(handle)) return fail(stale());
    if (slot->revision == revision) return *slot->package;
    const IndexEntry& known = slot->package->entry();
    Result<IndexEntry> now = table_->index->find(known.id);
    if (!now) {
        if (now.error().code() == Errc::kPackageNotFound) return fail(stale());
        return fail(now.error());
    }
    if (now->digest != known.digest) return fail(stale());
    // Who has the package already keeps what was loaded; only one that changed is another.
    if (*now != known) slot->package.emplace(table_->index, *std::move(now));
    slot->revision = revision;
    return *slot->package;
}

}  // namespace catalog::index
