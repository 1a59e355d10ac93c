#include "index_page_cache.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace catalog::content {

IndexPageCache::IndexPageCache(std::size_t pages_max)
    : sets_(std::max<std::size_t>(1, (pages_max + kShards * kWays - 1) / (kShards * kWays))) {
    for (Shard& shard : shards_) {
        const internal::MutexLock lock(shard.mutex);
        shard.slots.resize(sets_ * kWays);
    }
}

std::uint64_t IndexPageCache::add_run() { return ++runs_; }

// Directory pages are 23 apart: their numbers must not decide the place alone.
std::uint64_t IndexPageCache::mix(std::uint64_t run, std::uint64_t page) noexcept {
    std::uint64_t mixed = (run ^ (page << 32) ^ (page >> 32)) * 0x9e3779b97f4a7c15u;
    mixed ^= mixed >> 32;
    return mixed * 0xff51afd7ed558ccdu;
}

std::size_t IndexPageCache::first_of(std::uint64_t mixed) const noexcept {
    return static_cast<std::size_t>((mixed >> 32) % sets_) * kWays;
}

IndexPageCache::PagePointer IndexPageCache::find(std::uint64_t run, std::uint64_t page) {
    const std::uint64_t mixed = mix(run, page);
    Shard& shard = shards_[mixed >> 60];
    const internal::MutexLock lock(shard.mutex);
    for (Slot& slot : std::span(shard.slots).subspan(first_of(mixed), kWays))
        if (slot.run == run && slot.page == page) {
            slot.used = ++shard.uses;
            return slot.bytes;
        }
    return nullptr;
}

void IndexPageCache::keep(std::uint64_t run, std::uint64_t page, PagePointer bytes) {
    const std::uint64_t mixed = mix(run, page);
    Shard& shard = shards_[mixed >> 60];
    const internal::MutexLock lock(shard.mutex);
    const auto set = std::span(shard.slots).subspan(first_of(mixed), kWays);
    Slot* oldest = &set.front();
    for (Slot& slot : set) {
        // Two threads may have missed it at once.
        if (slot.run == run && slot.page == page) return;
        if (slot.used < oldest->used) oldest = &slot;
    }
    *oldest = {run, page, ++shard.uses, std::move(bytes)};
}

}  // namespace catalog::content
