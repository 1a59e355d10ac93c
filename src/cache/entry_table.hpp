#pragma once
// EntryTable: where the entries of a shard are, in buckets of one cache line each.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "shared_words.hpp"

namespace catalog::cache {

/// Six entries. `version` is odd while a writer changes the line or entries that it names; a reader
/// that sees the same even version before and after has seen one state (a seqlock, in the form of
/// Boehm: "Can seqlocks get along with programming language memory models?", MSPC 2012).
struct alignas(64) Bucket {
    static constexpr unsigned kSlots = 6;
    std::atomic<std::uint32_t> version{0};
    std::array<std::atomic<std::uint32_t>, kSlots> tags{};
    std::array<std::atomic<std::uint32_t>, kSlots> places{};  ///< Words of the arena; 0: free.
    std::array<std::atomic<std::uint8_t>, kSlots> hits{};     ///< 0 to kHitsMax.

    /// Returns a bit for each slot with that tag.
    [[nodiscard]] unsigned slots_with(std::uint32_t tag) const noexcept {
        static_assert(kSlots == 6);
        return equal_of_six(tags.data(), tag);
    }
};
static_assert(sizeof(Bucket) == 64);

inline constexpr std::uint8_t kHitsMax = 3;

/// Changes a bucket between its construction and its end. One writer at a time.
class BucketWrite {
public:
    explicit BucketWrite(Bucket& bucket) noexcept
        : bucket_(bucket), version_(bucket.version.load(std::memory_order_relaxed)) {
        bucket_.version.store(version_ + 1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
    }
    ~BucketWrite() {
        bucket_.version.store(version_ + 2, std::memory_order_release);
        // What is stored after this, into room that an entry had, must not be seen before it.
        std::atomic_thread_fence(std::memory_order_release);
    }
    BucketWrite(const BucketWrite&) = delete;
    BucketWrite& operator=(const BucketWrite&) = delete;

private:
    Bucket& bucket_;
    const std::uint32_t version_;
};

/// One place of a bucket.
struct Slot {
    Bucket* bucket = nullptr;
    unsigned index = 0;

    explicit operator bool() const noexcept { return bucket != nullptr; }
    [[nodiscard]] std::uint32_t place() const noexcept {
        return bucket->places[index].load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint8_t hits() const noexcept {
        return bucket->hits[index].load(std::memory_order_relaxed);
    }
    void set_hits(std::uint8_t hits) const noexcept {
        bucket->hits[index].store(hits, std::memory_order_relaxed);
    }
};

/// Each hash has two buckets; an entry stands in one of them.
class EntryTable {
public:
    /// The buckets stand in `memory`, which is zeroed, begins at a cache line, and outlives this.
    EntryTable(std::byte* memory, std::size_t buckets) noexcept
        : buckets_(new(memory) Bucket[buckets], buckets) {}

    [[nodiscard]] static std::uint32_t tag_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }
    [[nodiscard]] Bucket& first(std::uint64_t hash) noexcept { return buckets_[first_at(hash)]; }
    [[nodiscard]] Bucket& second(std::uint64_t hash) noexcept { return buckets_[second_at(hash)]; }
    [[nodiscard]] std::span<Bucket> buckets() noexcept { return buckets_; }

    /// Returns the slot that says `place` for a hash, or none.
    [[nodiscard]] Slot find(std::uint64_t hash, std::uint32_t place) noexcept {
        for (Bucket* bucket : {&first(hash), &second(hash)})
            for (unsigned i = 0; i < Bucket::kSlots; ++i)
                if (bucket->places[i].load(std::memory_order_relaxed) == place) return {bucket, i};
        return {};
    }

private:
    [[nodiscard]] std::size_t reduce(std::uint32_t bits) const noexcept {
        return static_cast<std::size_t>(bits * std::uint64_t{buckets_.size()} >> 32);
    }
    [[nodiscard]] std::size_t first_at(std::uint64_t hash) const noexcept {
        return reduce(static_cast<std::uint32_t>(hash));
    }
    [[nodiscard]] std::size_t second_at(std::uint64_t hash) const noexcept {
        const std::size_t at =
            reduce(static_cast<std::uint32_t>(hash * 0x9e37'79b9'7f4a'7c15 >> 32));
        if (at != first_at(hash)) return at;
        return at + 1 == buckets_.size() ? 0 : at + 1;
    }

    std::span<Bucket> buckets_;
};

}  // namespace catalog::cache
