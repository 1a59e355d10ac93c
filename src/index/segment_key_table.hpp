#pragma once
// The key table of a segment: from the hash of an id to the place of its record.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "segment_format.hpp"

namespace catalog::index {

/// Fills a table. A slot is 0, or the tag of a key in its lower half and the place of the record,
/// plus one, in its upper half. A key's slot is the first free one from the place that the key
/// says: first within the bucket, then in the buckets behind it.
class KeyTable {
public:
    KeyTable() = default;
    explicit KeyTable(std::uint32_t keys);

    /// Adds a key; takes effect some keys later, when its bucket is near. Errors: kLimitExceeded
    /// (a secret that puts too many keys into one place).
    [[nodiscard]] Result<void> add(std::uint64_t key, std::uint32_t place);
    /// Lets everything take effect.
    [[nodiscard]] Result<void> finish();

    [[nodiscard]] std::uint32_t buckets() const noexcept { return buckets_; }
    [[nodiscard]] const std::vector<std::uint64_t>& slots() const noexcept { return slots_; }

private:
    struct Pending {
        std::uint64_t key = 0;
        std::uint32_t place = 0;
    };
    [[nodiscard]] Result<void> insert(const Pending& pending);

    static constexpr std::size_t kPending = 16;
    std::uint32_t buckets_ = 1;
    std::vector<std::uint64_t> slots_;
    std::array<Pending, kPending> pending_{};
    std::size_t added_ = 0;
    std::size_t inserted_ = 0;
};

/// Calls `is_it` with the place of each record whose slot has the key's tag, until it says yes;
/// false when no slot is left. Ends for any bytes. REQUIRES: a table of `buckets` buckets.
template <class IsIt>
bool search_key_table(const std::byte* table, std::uint32_t buckets, std::uint64_t key,
                      const IsIt& is_it) {
    const std::uint32_t tag = tag_of(key);
    const std::size_t first = slot_of(key);
    std::uint64_t bucket = bucket_of(key, buckets);
    for (std::size_t probe = 0; probe < kProbeBucketsMax; ++probe) {
        const std::byte* const slots = table + bucket * kBucketBytes;
        for (std::size_t i = 0; i < kBucketSlots; ++i) {
            const auto slot = load_word<std::uint64_t>(slots + 8 * ((first + i) % kBucketSlots));
            if (slot == 0) return false;
            if (static_cast<std::uint32_t>(slot) == tag &&
                is_it(static_cast<std::uint32_t>(slot >> 32) - 1))
                return true;
        }
        if (++bucket == buckets) bucket = 0;
    }
    return false;
}

}  // namespace catalog::index
