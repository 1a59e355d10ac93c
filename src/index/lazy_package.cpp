#include "catalog/index/lazy_package.hpp"

#include "catalog/internal/mutex.hpp"

namespace catalog::index {

struct LazyPackage::Shared {
    Shared(std::shared_ptr<const PackageIndex> i, IndexEntry e)
        : index(std::move(i)), entry(std::move(e)) {}

    const std::shared_ptr<const PackageIndex> index;
    const IndexEntry entry;
    mutable internal::Mutex mutex;
    internal::ConditionVariable loaded;
    bool loading CATALOG_GUARDED_BY(mutex) = false;
    std::shared_ptr<const package::Manifest> manifest CATALOG_GUARDED_BY(mutex);

    /// Waits for a reader under way. Returns what is there, or null when the caller must read.
    std::shared_ptr<const package::Manifest> take_or_claim() {
        const internal::MutexLock lock(mutex);
        while (loading) loaded.wait(mutex);
        if (!manifest) loading = true;
        return manifest;
    }

    void publish(std::shared_ptr<const package::Manifest> read) {
        {
            const internal::MutexLock lock(mutex);
            loading = false;
            manifest = std::move(read);
        }
        loaded.notify_all();
    }
};

LazyPackage::LazyPackage(std::shared_ptr<const PackageIndex> index, IndexEntry entry)
    : shared_(std::make_shared<Shared>(std::move(index), std::move(entry))) {}

const IndexEntry& LazyPackage::entry() const noexcept { return shared_->entry; }

bool LazyPackage::is_loaded() const noexcept {
    const internal::MutexLock lock(shared_->mutex);
    return shared_->manifest != nullptr;
}

Result<std::shared_ptr<const package::Manifest>> LazyPackage::manifest() const {
    if (std::shared_ptr<const package::Manifest> there = shared_->take_or_claim()) return there;
    Result<package::Manifest> read = shared_->index->manifest(shared_->entry.digest);
    if (!read) {
        shared_->publish(nullptr);
        return fail(read.error());
    }
    auto manifest = std::make_shared<const package::Manifest>(*std::move(read));
    shared_->publish(manifest);
    return manifest;
}

}  // namespace catalog::index
