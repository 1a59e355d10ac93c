#pragma once
// SegmentInterner: gives each distinct text a number, in order of first occurrence.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "segment_hash.hpp"
#include "segment_memory.hpp"

namespace catalog::index {

/// Bytes that only grow and never move. Thread safety: one thread at a time.
class SegmentArena {
public:
    SegmentArena() = default;
    SegmentArena(const SegmentArena&) = delete;
    SegmentArena& operator=(const SegmentArena&) = delete;

    /// Gives everything back.
    void clear() noexcept {
        blocks_.clear();
        left_ = 0;
        bytes_ = 0;
    }
    /// Gives everything out once more, but keeps one block.
    void reuse() noexcept {
        if (blocks_.empty()) return;
        std::swap(blocks_.front(), blocks_.back());
        blocks_.resize(1);
        next_ = blocks_.front().data.get();
        left_ = bytes_ = blocks_.front().bytes;
    }
    /// Returns `bytes` bytes at a multiple of 8.
    [[nodiscard]] std::byte* take(std::size_t bytes) {
        bytes = (bytes + 7) & ~std::size_t{7};
        if (bytes > left_) grow(bytes);
        std::byte* const at = next_;
        next_ += bytes;
        left_ -= bytes;
        return at;
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    struct Block {
        std::unique_ptr<std::byte[]> data;
        std::size_t bytes = 0;
    };

    void grow(std::size_t at_least) {
        const std::size_t bytes = at_least > next_bytes_ ? at_least : next_bytes_;
        if (next_bytes_ < kBlockBytesMax) next_bytes_ *= 2;
        blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(bytes), bytes});
        next_ = blocks_.back().data.get();
        left_ = bytes;
        bytes_ += bytes;
    }

    static constexpr std::size_t kBlockBytesMax = std::size_t{1} << 20;
    std::vector<Block> blocks_;
    std::byte* next_ = nullptr;
    std::size_t left_ = 0;
    std::size_t bytes_ = 0;
    std::size_t next_bytes_ = std::size_t{64} << 10;
};

/// Texts by number and numbers by text. A lookup touches two places: the slot, and the text's
/// entry, where all that is known of it stands together; `prefetch` and `prefetch_text` bring them
/// near.
///
/// Thread safety: one thread at a time. Memory: 32 to 40 bytes a text and the texts. Not more than
/// 2^32 - 2 texts, 32 GiB of them.
class SegmentInterner {
public:
    /// What stands before each text.
    struct Entry {
        std::uint32_t id = 0;
        std::uint32_t mark = 0;  ///< The caller's own.
        std::uint32_t bytes = 0;

        [[nodiscard]] std::string_view text() const noexcept {
            return {reinterpret_cast<const char*>(this + 1), bytes};
        }
    };

    explicit SegmentInterner(const QuickHash& hash) : hash_(hash), slots_(1024) {}

    [[nodiscard]] std::uint64_t hash(std::string_view text) const noexcept { return hash_(text); }
    /// Brings the slot of that hash near.
    void prefetch(std::uint64_t hash) const noexcept {
        __builtin_prefetch(&slots_[hash >> shift_]);
    }
    /// Brings near what the slot, which is near, leads to.
    void prefetch_text(std::uint64_t hash) const noexcept {
        const Slot slot = slots_[hash >> shift_];
        if (slot.entry != nullptr) __builtin_prefetch(slot.entry);
    }

    [[nodiscard]] std::uint32_t id(std::string_view text) { return entry(text, hash_(text)).id; }
    /// Returns the entry of a text, a new one if need be; it stays where it is.
    [[nodiscard]] Entry& entry(std::string_view text, std::uint64_t hash) {
        std::size_t at = hash >> shift_;
        const std::size_t mask = slots_.size() - 1;
        for (; slots_[at].entry != nullptr; at = (at + 1) & mask)
            if (slots_[at].hash == hash && slots_[at].entry->text() == text)
                return *slots_[at].entry;
        auto* const entry = new (arena_.take(sizeof(Entry) + text.size())) Entry;
        entry->id = size();
        entry->bytes = static_cast<std::uint32_t>(text.size());
        if (!text.empty()) std::memcpy(static_cast<void*>(entry + 1), text.data(), text.size());
        entries_.push_back(entry);
        slots_[at] = {hash, entry};
        // Fuller costs some slots of the same cache line more, emptier twice the memory.
        if (entries_.size() * 8 > slots_.size() * 7) grow();
        return *entry;
    }

    /// Gives the table back: numbers still have texts, texts no numbers.
    void end_adding() noexcept { slots_ = {}; }
    /// Gives all memory back; the interner is of no further use.
    void clear() noexcept {
        entries_ = {};
        slots_ = {};
        arena_.clear();
    }
    /// Brings near where the text of a number is.
    void prefetch_place(std::uint32_t id) const noexcept {
        __builtin_prefetch(static_cast<const void*>(entries_.data() + id));
    }
    /// Brings the text of a number near, whose place is.
    void prefetch_number(std::uint32_t id) const noexcept { __builtin_prefetch(entries_[id]); }
    [[nodiscard]] bool is_marked(std::uint32_t id) const noexcept {
        return entries_[id]->mark != 0;
    }
    [[nodiscard]] std::string_view text(std::uint32_t id) const noexcept {
        return entries_[id]->text();
    }
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(entries_.size());
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return arena_.bytes() + entries_.capacity() * sizeof(Entry*) + slots_.size() * sizeof(Slot);
    }

private:
    struct Slot {
        std::uint64_t hash = 0;
        Entry* entry = nullptr;
    };

    using Slots = std::vector<Slot, HugePageAllocator<Slot>>;

    void grow() {
        Slots bigger(slots_.size() * 2);
        --shift_;
        for (const Slot& slot : slots_) {
            if (slot.entry == nullptr) continue;
            std::size_t at = slot.hash >> shift_;
            while (bigger[at].entry != nullptr) at = (at + 1) & (bigger.size() - 1);
            bigger[at] = slot;
        }
        slots_.swap(bigger);
    }

    QuickHash hash_;
    SegmentArena arena_;
    std::vector<Entry*> entries_;  ///< By number.
    Slots slots_;
    unsigned shift_ = 64 - 10;
};

}  // namespace catalog::index
