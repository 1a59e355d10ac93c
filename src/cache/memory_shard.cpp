#include "memory_shard.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>

#include "shared_words.hpp"

namespace catalog::cache {
namespace {

using internal::MutexLock;

constexpr std::uint32_t kHeaderWords = 4;
constexpr std::uint64_t kGap = 0;  // No hash is 0.
constexpr unsigned kLooksMax = 8;
constexpr unsigned kKeptMax = 64;  // Entries that one insertion moves to the head of the main ring.
constexpr std::uint8_t kHitsToPromote = 2;

std::uint32_t words_of(std::size_t bytes) noexcept {
    return static_cast<std::uint32_t>((bytes + 7) / 8);
}

std::uint64_t entry_words(std::size_t key_bytes, std::size_t value_bytes) noexcept {
    return kHeaderWords + (std::uint64_t{key_bytes} + 7) / 8 + (std::uint64_t{value_bytes} + 7) / 8;
}

std::uint64_t last_word(const std::byte* from, std::size_t bytes) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, from, bytes);
    return word;
}

std::uint32_t small_words(std::uint32_t words) noexcept { return words / 10; }

}  // namespace

std::size_t MemoryShard::bytes_of(const ShardSize& size) noexcept {
    return size.buckets * sizeof(Bucket) + std::size_t{size.words} * 8;
}

MemoryShard::MemoryShard(const ShardSize& size, std::byte* memory)
    : words_max_(size.words),
      words_(reinterpret_cast<std::uint64_t*>(memory + size.buckets * sizeof(Bucket))),
      table_(memory, size.buckets),
      small_(1, small_words(size.words)),
      main_(1 + small_words(size.words), size.words - 1 - small_words(size.words)),
      ghosts_(size.ghosts) {}

std::uint64_t MemoryShard::entry_bytes_max() const noexcept {
    return std::uint64_t{small_words(words_max_)} / 2 * 8;
}

std::uint64_t MemoryShard::load(std::uint32_t at) const noexcept {
    return std::atomic_ref(words_[at]).load(std::memory_order_relaxed);
}

void MemoryShard::store(std::uint32_t at, std::uint64_t word) noexcept {
    std::atomic_ref(words_[at]).store(word, std::memory_order_relaxed);
}

void MemoryShard::store_bytes(std::uint32_t at, ByteView bytes) noexcept {
    const std::byte* from = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, from += 8) store(at++, last_word(from, 8));
    if (left > 0) store(at, last_word(from, left));
}

void MemoryShard::load_bytes(std::uint32_t at, std::span<std::byte> out) const noexcept {
    copy_shared_words(words_ + at, out.data(), out.size());
}

void MemoryShard::write_entry(std::uint32_t at, std::uint64_t hash, ByteView key, ByteView value,
                              const EntryTerms& terms) noexcept {
    store(at, hash);
    store(at + 1, std::uint64_t{key.size()} << 32 | value.size());
    store(at + 2, static_cast<std::uint64_t>(terms.expires.time_since_epoch().count()));
    store(at + 3, terms.stamp);
    store_bytes(at + kHeaderWords, key);
    store_bytes(at + kHeaderWords + words_of(key.size()), value);
}

std::uint32_t MemoryShard::words_at(std::uint32_t at) const noexcept {
    const std::uint64_t lengths = load(at + 1);
    return static_cast<std::uint32_t>(entry_words(lengths >> 32, lengths & 0xffff'ffff));
}

bool MemoryShard::same_key(std::uint32_t at, ByteView key) const noexcept {
    const std::byte* from = key.data();
    std::size_t left = key.size();
    std::uint32_t word = at + kHeaderWords;
    for (; left >= 8; left -= 8, from += 8)
        if (load(word++) != last_word(from, 8)) return false;
    return left == 0 || load(word) == last_word(from, left);
}

[[gnu::always_inline]] inline MemoryShard::Look MemoryShard::look(Bucket& bucket,
                                                                  std::uint64_t hash, ByteView key,
                                                                  Bytes& value,
                                                                  ShardAnswer& answer) const {
    const std::uint32_t version = bucket.version.load(std::memory_order_acquire);
    if ((version & 1) != 0) return Look::kDisturbed;
    const auto undisturbed = [&] {
        std::atomic_thread_fence(std::memory_order_acquire);
        return bucket.version.load(std::memory_order_relaxed) == version;
    };
    for (unsigned same = bucket.slots_with(EntryTable::tag_of(hash)); same != 0; same &= same - 1) {
        const auto i = static_cast<unsigned>(std::countr_zero(same));
        const std::uint32_t at = bucket.places[i].load(std::memory_order_relaxed);
        if (at == 0) continue;
        if (load(at) != hash) continue;
        const std::uint64_t lengths = load(at + 1);
        // Lengths of another moment could lead out of the arena.
        if (!undisturbed()) return Look::kDisturbed;
        if (lengths >> 32 != key.size() || !same_key(at, key)) continue;
        answer.expires =
            MonotonicTime(std::chrono::nanoseconds(static_cast<std::int64_t>(load(at + 2))));
        answer.stamp = load(at + 3);
        value.resize(lengths & 0xffff'ffff);
        load_bytes(at + kHeaderWords + words_of(key.size()), value);
        if (!undisturbed()) return Look::kDisturbed;
        // A line that all processors read stays theirs as soon as the counter is full.
        const std::uint8_t hits = bucket.hits[i].load(std::memory_order_relaxed);
        if (hits < kHitsMax)
            bucket.hits[i].store(static_cast<std::uint8_t>(hits + 1), std::memory_order_relaxed);
        return Look::kFound;
    }
    return undisturbed() ? Look::kAbsent : Look::kDisturbed;
}

// Apart from the look that most lookups end with: what that executes is what keeps the processor
// from waiting for the memory of several lookups at a time.
[[gnu::noinline]] bool MemoryShard::look_until_calm(Bucket& bucket, std::uint64_t hash,
                                                    ByteView key, Bytes& value,
                                                    ShardAnswer& answer) {
    Look looked = look(bucket, hash, key, value, answer);
    for (unsigned looks = 1; looked == Look::kDisturbed && looks < kLooksMax; ++looks)
        looked = look(bucket, hash, key, value, answer);
    if (looked == Look::kDisturbed) {
        const MutexLock lock(mutex_);
        looked = look(bucket, hash, key, value, answer);
    }
    return looked == Look::kFound;
}

ShardAnswer MemoryShard::find(std::uint64_t hash, ByteView key, Bytes& value) {
    ShardAnswer answer;
    Bucket& bucket = table_.first(hash);
    const Look looked = look(bucket, hash, key, value, answer);
    if (looked == Look::kFound) [[likely]] {
        answer.found = true;
        return answer;
    }
    answer.found =
        (looked == Look::kDisturbed && look_until_calm(bucket, hash, key, value, answer)) ||
        look_until_calm(table_.second(hash), hash, key, value, answer);
    return answer;
}

Slot MemoryShard::find_slot(std::uint64_t hash, ByteView key) {
    for (Bucket* bucket : {&table_.first(hash), &table_.second(hash)})
        for (unsigned i = 0; i < Bucket::kSlots; ++i) {
            const std::uint32_t at = bucket->places[i].load(std::memory_order_relaxed);
            if (at != 0 && load(at) == hash && load(at + 1) >> 32 == key.size() &&
                same_key(at, key))
                return {bucket, i};
        }
    return {};
}

// Returns a slot without an entry in one of the two buckets; where both are full the entry that was
// asked for least goes.
Slot MemoryShard::free_slot(std::uint64_t hash) {
    Slot least;
    Slot free;
    unsigned most_free = 0;
    for (Bucket* bucket : {&table_.first(hash), &table_.second(hash)}) {
        unsigned free_here = 0;
        Slot free_slot_here;
        for (unsigned i = 0; i < Bucket::kSlots; ++i) {
            const Slot slot{bucket, i};
            if (slot.place() == 0) {
                ++free_here;
                free_slot_here = slot;
            } else if (!least || slot.hits() < least.hits()) {
                least = slot;
            }
        }
        // The first bucket serves with one look; it is left only when it is almost full.
        if (free_here > most_free && (most_free < 2 || !free)) {
            most_free = free_here;
            free = free_slot_here;
        }
    }
    if (free) return free;
    remove(least);
    ++counts_.evictions;
    return least;
}

void MemoryShard::remove(const Slot& slot) {
    const std::uint32_t at = slot.place();
    --counts_.entries;
    counts_.main_entries -= main_.holds(at) ? 1 : 0;
    counts_.words -= words_at(at);
    const BucketWrite write(*slot.bucket);
    slot.bucket->places[slot.index].store(0, std::memory_order_relaxed);
    slot.bucket->tags[slot.index].store(0, std::memory_order_relaxed);
}

std::uint32_t MemoryShard::take(EntryRing& ring, std::uint32_t words) {
    if (const std::uint32_t gap = ring.gap_before(words); gap != ring.end()) store(gap, kGap);
    return ring.allocate(words);
}

std::uint32_t MemoryShard::make_room_in_small(std::uint32_t words) {
    while (!small_.fits(words)) {
        if (load(small_.oldest()) == kGap)
            small_.release_gap();
        else
            evict_small();
    }
    return take(small_, words);
}

std::uint32_t MemoryShard::make_room_in_main(std::uint32_t words) {
    unsigned kept = 0;
    while (!main_.fits(words)) {
        if (load(main_.oldest()) == kGap)
            main_.release_gap();
        else
            evict_main(kept);
    }
    return take(main_, words);
}

// The oldest entry of the small ring goes: to the main ring if it was asked for twice, or if there
// is room that nobody has; else for good, and its tag to the ghosts.
void MemoryShard::evict_small() {
    const std::uint32_t at = small_.oldest();
    const std::uint32_t words = words_at(at);
    const std::uint64_t hash = load(at);
    if (const Slot slot = table_.find(hash, at)) {
        if (slot.hits() >= kHitsToPromote || main_.fits(words)) {
            const std::uint32_t to = make_room_in_main(words);
            for (std::uint32_t i = 0; i < words; ++i) store(to + i, load(at + i));
            slot.set_hits(0);
            ++counts_.main_entries;
            const BucketWrite write(*slot.bucket);
            slot.bucket->places[slot.index].store(to, std::memory_order_relaxed);
        } else {
            ghosts_.insert(EntryTable::tag_of(hash));
            remove(slot);
            ++counts_.evictions;
        }
    }
    small_.release(words);
}

// The oldest entry of the main ring goes, or, if it was asked for, to the head with one hit less.
// The bound on the latter is one on the time that an insertion takes.
void MemoryShard::evict_main(unsigned& kept) {
    const std::uint32_t at = main_.oldest();
    const std::uint32_t words = words_at(at);
    const Slot slot = table_.find(load(at), at);
    if (slot && slot.hits() > 0 && kept < kKeptMax) {
        ++kept;
        keep_in_main(slot, at, words);
        return;
    }
    if (slot) {
        remove(slot);
        ++counts_.evictions;
    }
    main_.release(words);
}

void MemoryShard::keep_in_main(const Slot& slot, std::uint32_t from, std::uint32_t words) {
    slot.set_hits(static_cast<std::uint8_t>(slot.hits() - 1));
    // Its own room and the free room before it are together enough, so this always fits; in a full
    // ring it is the same place.
    main_.release(words);
    const std::uint32_t to = take(main_, words);
    if (to == from) return;
    const BucketWrite write(*slot.bucket);
    for (std::uint32_t i = 0; i < words; ++i) store(to + i, load(from + i));
    slot.bucket->places[slot.index].store(to, std::memory_order_relaxed);
}

bool MemoryShard::put(std::uint64_t hash, ByteView key, ByteView value, const EntryTerms& terms) {
    const std::uint64_t wide_words = entry_words(key.size(), value.size());
    const MutexLock lock(mutex_);
    const Slot old = find_slot(hash, key);
    if (wide_words * 8 > entry_bytes_max()) {
        if (old) remove(old);
        ++counts_.refused;
        return false;
    }
    ++counts_.inserts;
    const auto words = static_cast<std::uint32_t>(wide_words);
    if (old && words_at(old.place()) == words) {
        const BucketWrite write(*old.bucket);
        write_entry(old.place(), hash, key, value, terms);
        return true;
    }
    const std::uint8_t hits = old ? old.hits() : std::uint8_t{0};
    bool to_main = old && main_.holds(old.place());
    if (old)
        remove(old);
    else
        to_main = ghosts_.take(EntryTable::tag_of(hash), counts_.main_entries);
    const std::uint32_t at = to_main ? make_room_in_main(words) : make_room_in_small(words);
    write_entry(at, hash, key, value, terms);
    const Slot slot = free_slot(hash);
    ++counts_.entries;
    counts_.main_entries += to_main ? 1 : 0;
    counts_.words += words;
    slot.set_hits(hits);
    const BucketWrite write(*slot.bucket);
    slot.bucket->tags[slot.index].store(EntryTable::tag_of(hash), std::memory_order_relaxed);
    slot.bucket->places[slot.index].store(at, std::memory_order_relaxed);
    return true;
}

bool MemoryShard::erase(std::uint64_t hash, ByteView key) {
    const MutexLock lock(mutex_);
    const Slot slot = find_slot(hash, key);
    if (slot) remove(slot);
    return static_cast<bool>(slot);
}

bool MemoryShard::has_prefix(std::uint32_t at, ByteView prefix) const {
    const std::size_t key_bytes = load(at + 1) >> 32;
    if (key_bytes < prefix.size()) return false;
    Bytes key(key_bytes);
    load_bytes(at + kHeaderWords, key);
    return std::equal(prefix.begin(), prefix.end(), key.begin());
}

std::uint64_t MemoryShard::erase_prefix(ByteView prefix) {
    std::uint64_t erased = 0;
    const MutexLock lock(mutex_);
    for (Bucket& bucket : table_.buckets())
        for (unsigned i = 0; i < Bucket::kSlots; ++i)
            if (const Slot slot{&bucket, i};
                slot.place() != 0 && has_prefix(slot.place(), prefix)) {
                remove(slot);
                ++erased;
            }
    return erased;
}

void MemoryShard::clear() {
    const MutexLock lock(mutex_);
    for (Bucket& bucket : table_.buckets())
        for (unsigned i = 0; i < Bucket::kSlots; ++i)
            if (const Slot slot{&bucket, i}; slot.place() != 0) remove(slot);
    small_.clear();
    main_.clear();
    ghosts_.clear();
}

void MemoryShard::add_to(CacheLevelStats& stats) const {
    const MutexLock lock(mutex_);
    stats.inserts += counts_.inserts;
    stats.refused += counts_.refused;
    stats.evictions += counts_.evictions;
    stats.entries += counts_.entries;
    stats.bytes += counts_.words * 8;
    stats.bytes_max += std::uint64_t{small_.words() + main_.words()} * 8;
}

}  // namespace catalog::cache
