#include "catalog/cache/memory_cache.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "arena.hpp"
#include "catalog/internal/try.hpp"
#include "key_hash.hpp"
#include "memory_shard.hpp"
#include "striped_counter.hpp"

namespace catalog::cache {
namespace {

constexpr std::uint64_t kBytesMin = std::uint64_t{64} << 10;
constexpr std::uint64_t kBytesMax = std::uint64_t{256} << 30;
constexpr std::uint32_t kEntryBytesMin = 32;
constexpr std::uint32_t kEntryBytesMax = 1u << 20;
constexpr std::uint32_t kShardsMax = 16;
constexpr std::uint64_t kShardBytes = std::uint64_t{2} << 20;
// Filled to this part of its slots a bucket and its partner are both full for one entry in 200.
constexpr double kSlotsUsed = 0.55;

std::uint32_t shards_of(const MemoryCacheOptions& options) {
    if (options.shards != 0) return options.shards;
    const std::uint64_t wanted = std::max<std::uint64_t>(1, options.bytes_max / kShardBytes);
    return std::min(kShardsMax, static_cast<std::uint32_t>(std::bit_floor(wanted)));
}

ShardSize size_of(const MemoryCacheOptions& options, std::uint32_t shards) {
    const double entry = options.entry_bytes_expected;
    const double bucket = sizeof(Bucket) / (Bucket::kSlots * kSlotsUsed);
    const double each = entry + bucket + GhostQueue::kTagBytes;
    const double entries = static_cast<double>(options.bytes_max) / shards / each;
    // Places are 32 bits wide.
    const double words = std::min(entries * entry / 8, 4.0e9);
    return {static_cast<std::uint32_t>(words),
            std::max<std::size_t>(2, static_cast<std::size_t>(entries * bucket / sizeof(Bucket))),
            static_cast<std::size_t>(entries)};
}

Result<void> check(const MemoryCacheOptions& options) {
    const auto outside = [](std::string_view what, std::uint64_t is, std::uint64_t from,
                            std::uint64_t to) {
        return fail(Errc::kInvalidArgument, std::string(what) + " is " + std::to_string(is) +
                                                ", allowed are " + std::to_string(from) + " to " +
                                                std::to_string(to));
    };
    if (options.bytes_max < kBytesMin || options.bytes_max > kBytesMax)
        return outside("bytes_max of a memory cache", options.bytes_max, kBytesMin, kBytesMax);
    if (options.entry_bytes_expected < kEntryBytesMin ||
        options.entry_bytes_expected > kEntryBytesMax)
        return outside("entry_bytes_expected of a memory cache", options.entry_bytes_expected,
                       kEntryBytesMin, kEntryBytesMax);
    if (options.shards > kShardsMax ||
        (options.shards != 0 && !std::has_single_bit(options.shards)))
        return fail(Errc::kInvalidArgument, "shards of a memory cache is " +
                                                std::to_string(options.shards) +
                                                ", allowed are 0, 1, 2, 4, 8 and 16");
    return {};
}

}  // namespace

struct MemoryCache::Parts {
    Parts(const KeyHash& key_hash, std::shared_ptr<const Clock> the_clock)
        : hash(key_hash), clock(std::move(the_clock)) {}

    [[nodiscard]] MemoryShard& shard_of(std::uint64_t hashed) noexcept {
        return *shards[(hashed >> 60) & (shards.size() - 1)];
    }

    const KeyHash hash;
    const std::shared_ptr<const Clock> clock;
    std::optional<Arena> arena;
    std::vector<std::unique_ptr<MemoryShard>> shards;
    StripedCounter hits;
    StripedCounter misses;
    StripedCounter expired;
};

Result<std::unique_ptr<MemoryCache>> MemoryCache::make(const MemoryCacheOptions& options,
                                                       std::shared_ptr<const Clock> clock,
                                                       Random& random) {
    CATALOG_TRY_VOID(check(options));
    std::array<std::uint64_t, 2> seeds{};
    CATALOG_TRY_VOID(random.fill(std::as_writable_bytes(std::span(seeds))));
    auto parts = std::make_unique<Parts>(KeyHash(seeds[0], seeds[1]), std::move(clock));
    const std::uint32_t shards = shards_of(options);
    const ShardSize size = size_of(options, shards);
    const std::size_t shard_bytes = (MemoryShard::bytes_of(size) + 63) / 64 * 64;
    auto arena = Arena::make(shards * shard_bytes);
    if (!arena)
        return fail(Errc::kOutOfMemory,
                    "no memory for a cache of " + std::to_string(options.bytes_max) + " bytes");
    for (std::uint32_t i = 0; i < shards; ++i)
        parts->shards.push_back(
            std::make_unique<MemoryShard>(size, arena->data() + i * shard_bytes));
    parts->arena.emplace(*std::move(arena));
    return std::unique_ptr<MemoryCache>(new MemoryCache(std::move(parts)));
}

MemoryCache::MemoryCache(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
MemoryCache::~MemoryCache() = default;

enum class MemoryCache::Look : std::uint8_t { kFound, kMissing, kExpired };

MemoryCache::Look MemoryCache::look(ByteView key, Bytes& value, EntryTerms* terms) const {
    const std::uint64_t hash = parts_->hash(key);
    const ShardAnswer answer = parts_->shard_of(hash).find(hash, key, value);
    if (!answer.found) return Look::kMissing;
    if (answer.expires != MonotonicTime::max() && answer.expires <= parts_->clock->now_monotonic())
        return Look::kExpired;
    if (terms != nullptr) *terms = {answer.expires, answer.stamp};
    return Look::kFound;
}

bool MemoryCache::count(Look look) const {
    if (look == Look::kFound) {
        parts_->hits.add_roughly();
        return true;
    }
    parts_->misses.add();
    if (look == Look::kExpired) parts_->expired.add();
    return false;
}

bool MemoryCache::find(ByteView key, Bytes& value) const {
    return count(look(key, value, nullptr));
}

bool MemoryCache::find(ByteView key, Bytes& value, EntryTerms& terms) const {
    return count(look(key, value, &terms));
}

bool MemoryCache::find_again(ByteView key, Bytes& value, EntryTerms& terms) const {
    return look(key, value, &terms) == Look::kFound;
}

bool MemoryCache::put(ByteView key, ByteView value, const EntryTerms& terms) {
    const std::uint64_t hash = parts_->hash(key);
    return parts_->shard_of(hash).put(hash, key, value, terms);
}

bool MemoryCache::erase(ByteView key) {
    const std::uint64_t hash = parts_->hash(key);
    return parts_->shard_of(hash).erase(hash, key);
}

std::uint64_t MemoryCache::erase_prefix(ByteView prefix) {
    std::uint64_t erased = 0;
    for (const auto& shard : parts_->shards) erased += shard->erase_prefix(prefix);
    return erased;
}

void MemoryCache::clear() {
    for (const auto& shard : parts_->shards) shard->clear();
}

std::uint64_t MemoryCache::entry_bytes_max() const noexcept {
    return parts_->shards.front()->entry_bytes_max();
}

std::uint64_t MemoryCache::entry_room() const noexcept { return stats().bytes_max; }

CacheLevelStats MemoryCache::stats() const {
    CacheLevelStats stats;
    stats.hits = parts_->hits.sum();
    stats.misses = parts_->misses.sum();
    stats.expired = parts_->expired.sum();
    for (const auto& shard : parts_->shards) shard->add_to(stats);
    return stats;
}

}  // namespace catalog::cache
