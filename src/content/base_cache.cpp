#include "base_cache.hpp"

namespace catalog::content {

std::optional<BaseChunk> BaseCache::find(const ChunkId& id) {
    const internal::MutexLock lock(mutex_);
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return std::nullopt;
    recent_.splice(recent_.begin(), recent_, found->second);
    return found->second->base;
}

void BaseCache::add(const ChunkId& id, BaseChunk base) {
    const std::size_t bytes = base.plain->size();
    const internal::MutexLock lock(mutex_);
    if (bytes > bytes_max_ || by_id_.contains(id)) return;
    recent_.push_front({id, std::move(base)});
    by_id_.emplace(id, recent_.begin());
    bytes_ += bytes;
    while (bytes_ > bytes_max_) {
        bytes_ -= recent_.back().base.plain->size();
        by_id_.erase(recent_.back().id);
        recent_.pop_back();
    }
}

}  // namespace catalog::content
