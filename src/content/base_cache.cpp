#include "base_cache.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace catalog::content {

using internal::MutexLock;

// Buffers by the power of two that their capacity is not below.
class BaseCache::Spares {
public:
    Spares() {
        const MutexLock lock(mutex_);
        // So that giving one back takes no memory.
        for (auto& of_one_size : spares_) of_one_size.reserve(kSparesMax);
    }

    std::unique_ptr<Bytes> take(std::size_t bytes) {
        const std::size_t size_class = class_of(bytes);
        {
            const MutexLock lock(mutex_);
            if (auto& spares = spares_[size_class]; !spares.empty()) {
                auto spare = std::move(spares.back());
                spares.pop_back();
                bytes_ -= spare->capacity();
                return spare;
            }
        }
        auto made = std::make_unique<Bytes>();
        made->reserve(std::size_t{1} << size_class);
        return made;
    }

    void give_back(std::unique_ptr<Bytes> buffer) noexcept {
        if (!std::has_single_bit(buffer->capacity())) return;
        const std::size_t size_class = class_of(buffer->capacity());
        const MutexLock lock(mutex_);
        auto& spares = spares_[size_class];
        if (spares.size() == kSparesMax || bytes_ + buffer->capacity() > kAllBytesMax) return;
        bytes_ += buffer->capacity();
        spares.push_back(std::move(buffer));
    }

private:
    static constexpr std::size_t kSparesMax = 8;
    static constexpr std::size_t kAllBytesMax = 1u << 20;
    static constexpr std::size_t kBytesMin = 4096;  // Shorter ones are all of one class.
    static constexpr std::size_t kClasses = std::bit_width(kChunkBytesMax);

    static std::size_t class_of(std::size_t bytes) noexcept {
        return std::min<std::size_t>(std::bit_width(std::max(bytes, kBytesMin) - 1), kClasses - 1);
    }

    internal::Mutex mutex_;
    std::array<std::vector<std::unique_ptr<Bytes>>, kClasses> spares_ CATALOG_GUARDED_BY(mutex_);
    std::size_t bytes_ CATALOG_GUARDED_BY(mutex_) = 0;
};

BaseCache::BaseCache(std::size_t bytes_max)
    : bytes_max_(bytes_max), spares_(std::make_shared<Spares>()) {}

std::optional<BaseChunk> BaseCache::find(const ChunkId& id) {
    const MutexLock lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return std::nullopt;
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->base;
}

void BaseCache::add(const ChunkId& id, BaseChunk base) {
    const std::size_t bytes = base.plain->capacity();
    const MutexLock lock(mutex_);
    if (bytes > bytes_max_ || by_id_.contains(id)) return;
    recent_.push_front({id, std::move(base)});
    by_id_.emplace(id, recent_.begin());
    bytes_ += bytes;
    while (bytes_ > bytes_max_) {
        bytes_ -= recent_.back().base.plain->capacity();
        by_id_.erase(recent_.back().id);
        recent_.pop_back();
    }
}

std::shared_ptr<Bytes> BaseCache::buffer(std::size_t bytes) {
    return {spares_->take(bytes).release(),
            [spares = spares_](Bytes* used) { spares->give_back(std::unique_ptr<Bytes>(used)); }};
}

}  // namespace catalog::content
