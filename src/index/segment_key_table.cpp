#include "segment_key_table.hpp"

#include "catalog/internal/try.hpp"

namespace catalog::index {

namespace {

// Four keys for five slots; nine keys of ten stand in the bucket where their search begins.
constexpr std::uint64_t kKeysOf = 16;
constexpr std::uint64_t kBucketsFor = 5;

}  // namespace

KeyTable::KeyTable(std::uint32_t keys)
    : buckets_(static_cast<std::uint32_t>(keys * kBucketsFor / kKeysOf) + 1),
      words_(std::size_t{buckets_} * kBucketSlots * 2) {}

Result<void> KeyTable::add(const SipHash::Value& key, std::uint32_t doc, std::uint32_t place) {
    __builtin_prefetch(&words_[bucket_of(key.low, buckets_) * kBucketSlots * 2], 1);
    if (added_ - inserted_ == kPending) CATALOG_TRY_VOID(insert(pending_[inserted_++ % kPending]));
    pending_[added_++ % kPending] = {key, std::uint64_t{place + 1} << 32 | doc};
    return {};
}

Result<void> KeyTable::finish() {
    while (inserted_ != added_) CATALOG_TRY_VOID(insert(pending_[inserted_++ % kPending]));
    return {};
}

Result<void> KeyTable::insert(const Pending& pending) {
    std::uint64_t bucket = bucket_of(pending.key.low, buckets_);
    for (std::size_t probe = 0; probe < kProbeBucketsMax; ++probe) {
        for (std::size_t i = 0; i < kBucketSlots; ++i) {
            std::uint64_t* const slot = &words_[(bucket * kBucketSlots + i) * 2];
            if (slot[1] != 0) continue;
            slot[0] = pending.key.high;
            slot[1] = pending.rest;
            return {};
        }
        if (++bucket == buckets_) bucket = 0;
    }
    return fail(Error(Errc::kLimitExceeded, "too many ids of a segment meet in one place")
                    .with_hint("build it with another secret"));
}

}  // namespace catalog::index
