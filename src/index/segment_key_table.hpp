#pragma once
// The key table of a segment: from the hash of an id to the number of its version and the place of
// its record.

#include <array>
#include <cstdint>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "segment_format.hpp"
#include "segment_hash.hpp"

namespace catalog::index {

/// Fills a table. A slot of 16 bytes has the upper half of a key, the number of the version, and
/// the place of the record plus one; zeros where it is free. A key's slot is the first free one
/// from the bucket on that the key's lower half says.
class KeyTable {
public:
    KeyTable() = default;
    explicit KeyTable(std::uint32_t keys);

    /// Adds a key; takes effect some keys later, when its bucket is near. Errors: kLimitExceeded
    /// (a secret that puts too many keys into one place).
    [[nodiscard]] Result<void> add(const SipHash::Value& key, std::uint32_t doc,
                                   std::uint32_t place);
    /// Lets everything take effect.
    [[nodiscard]] Result<void> finish();

    [[nodiscard]] std::uint32_t buckets() const noexcept { return buckets_; }
    [[nodiscard]] const std::vector<std::uint64_t>& words() const noexcept { return words_; }

private:
    struct Pending {
        SipHash::Value key;
        std::uint64_t rest = 0;
    };
    [[nodiscard]] Result<void> insert(const Pending& pending);

    static constexpr std::size_t kPending = 16;
    std::uint32_t buckets_ = 1;
    std::vector<std::uint64_t> words_;  ///< Two a slot.
    std::array<Pending, kPending> pending_{};
    std::size_t added_ = 0;
    std::size_t inserted_ = 0;
};

/// Calls `is_it` with version and place of each slot that has the key's upper half, until it says
/// yes; false when no slot is left. Ends for any bytes. REQUIRES: a table of `buckets` buckets.
template <class IsIt>
bool search_key_table(const std::byte* table, std::uint32_t buckets, std::uint64_t low,
                      std::uint64_t high, const IsIt& is_it) {
    std::uint64_t bucket = bucket_of(low, buckets);
    for (std::size_t probe = 0; probe < kProbeBucketsMax; ++probe) {
        const std::byte* const slots = table + bucket * kBucketBytes;
        // All four at once: which of them it is cannot be guessed.
        unsigned equal = 0;
        for (unsigned i = 0; i < kBucketSlots; ++i)
            equal |= (load_le<std::uint64_t>(slots + kSlotBytes * i) == high ? 1U : 0U) << i;
        for (; equal != 0; equal &= equal - 1) {
            const auto slot = static_cast<unsigned>(std::countr_zero(equal));
            const auto rest = load_le<std::uint64_t>(slots + kSlotBytes * slot + 8);
            if (rest >> 32 != 0 &&
                is_it(static_cast<std::uint32_t>(rest), static_cast<std::uint32_t>(rest >> 32) - 1))
                return true;
        }
        // A bucket fills from its first slot on.
        if (load_le<std::uint64_t>(slots + kSlotBytes * (kBucketSlots - 1) + 8) == 0) return false;
        if (++bucket == buckets) bucket = 0;
    }
    return false;
}

}  // namespace catalog::index
