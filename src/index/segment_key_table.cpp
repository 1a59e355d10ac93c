#include "segment_key_table.hpp"

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

// Six keys for eight slots: a load of 0.75, at which nine keys of ten stand in the bucket where
// their search begins.
constexpr std::uint32_t kBucketKeys = 6;

}  // namespace

KeyTable::KeyTable(std::uint32_t keys)
    : buckets_(keys / kBucketKeys + 1), slots_(std::size_t{buckets_} * kBucketSlots) {}

Result<void> KeyTable::add(std::uint64_t key, std::uint32_t place) {
    __builtin_prefetch(&slots_[bucket_of(key, buckets_) * kBucketSlots], 1);
    if (added_ - inserted_ == kPending) CATALOG_TRY_VOID(insert(pending_[inserted_++ % kPending]));
    pending_[added_++ % kPending] = {key, place};
    return {};
}

Result<void> KeyTable::finish() {
    while (inserted_ != added_) CATALOG_TRY_VOID(insert(pending_[inserted_++ % kPending]));
    return {};
}

Result<void> KeyTable::insert(const Pending& pending) {
    const std::size_t first = slot_of(pending.key);
    std::uint64_t bucket = bucket_of(pending.key, buckets_);
    for (std::size_t probe = 0; probe < kProbeBucketsMax; ++probe) {
        for (std::size_t i = 0; i < kBucketSlots; ++i) {
            std::uint64_t& slot = slots_[bucket * kBucketSlots + (first + i) % kBucketSlots];
            if (slot != 0) continue;
            slot = std::uint64_t{pending.place + 1} << 32 | tag_of(pending.key);
            return {};
        }
        if (++bucket == buckets_) bucket = 0;
    }
    return fail(Error(Errc::kLimitExceeded, "too many ids of a segment meet in one place")
                    .with_hint("build it with another secret"));
}

}  // namespace catalog::index
