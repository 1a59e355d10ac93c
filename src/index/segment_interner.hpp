#pragma once
// SegmentInterner: gives each distinct text a number, in order of first occurrence.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "segment_hash.hpp"

namespace catalog::index {

/// Bytes that only grow and never move. Thread safety: one thread at a time.
class SegmentArena {
public:
    /// Returns `bytes` bytes at a multiple of 8.
    [[nodiscard]] std::byte* take(std::size_t bytes) {
        bytes = (bytes + 7) & ~std::size_t{7};
        if (bytes > left_) grow(bytes);
        std::byte* const at = next_;
        next_ += bytes;
        left_ -= bytes;
        return at;
    }
    /// Copies a text.
    [[nodiscard]] std::string_view keep(std::string_view text) {
        if (text.size() > left_) grow(text.size());
        char* const at = reinterpret_cast<char*>(next_);
        if (!text.empty()) std::memcpy(at, text.data(), text.size());
        // Texts stand side by side; `take` needs its alignment back.
        const std::size_t bytes = (text.size() + 7) & ~std::size_t{7};
        const std::size_t used = bytes < left_ ? bytes : left_;
        next_ += used;
        left_ -= used;
        return {at, text.size()};
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    void clear() noexcept {
        blocks_.clear();
        next_ = nullptr;
        left_ = 0;
        bytes_ = 0;
    }

private:
    void grow(std::size_t at_least) {
        const std::size_t bytes = at_least > kBlockBytes ? at_least : kBlockBytes;
        blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(bytes));
        next_ = blocks_.back().get();
        left_ = bytes;
        bytes_ += bytes;
    }

    static constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::byte* next_ = nullptr;
    std::size_t left_ = 0;
    std::size_t bytes_ = 0;
};

/// Texts by number and numbers by text. Thread safety: one thread at a time. Memory: 24 to 32 bytes
/// a text and the texts. Not more than 2^32 - 2 texts.
class SegmentInterner {
public:
    explicit SegmentInterner(const QuickHash& hash) : hash_(hash), slots_(1024) {}

    /// Brings the slot of that hash near.
    void prefetch(std::uint64_t hash) const noexcept {
        __builtin_prefetch(&slots_[hash >> shift_]);
    }
    [[nodiscard]] std::uint64_t hash(std::string_view text) const noexcept { return hash_(text); }

    [[nodiscard]] std::uint32_t id(std::string_view text) { return id(text, hash_(text)); }
    [[nodiscard]] std::uint32_t id(std::string_view text, std::uint64_t hash) {
        const auto tag = static_cast<std::uint32_t>(hash);
        std::size_t at = hash >> shift_;
        const std::size_t mask = slots_.size() - 1;
        for (; slots_[at].id != 0; at = (at + 1) & mask)
            if (slots_[at].tag == tag && texts_[slots_[at].id - 1] == text)
                return slots_[at].id - 1;
        texts_.push_back(arena_.keep(text));
        slots_[at] = {tag, static_cast<std::uint32_t>(texts_.size())};
        if (texts_.size() * 10 > slots_.size() * 7) grow();
        return static_cast<std::uint32_t>(texts_.size() - 1);
    }

    [[nodiscard]] std::string_view text(std::uint32_t id) const noexcept { return texts_[id]; }
    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(texts_.size());
    }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return arena_.bytes() + texts_.capacity() * sizeof(std::string_view) +
               slots_.size() * sizeof(Slot);
    }

private:
    struct Slot {
        std::uint32_t tag = 0;
        std::uint32_t id = 0;  ///< Plus one; 0: empty.
    };

    void grow() {
        std::vector<Slot> bigger(slots_.size() * 2);
        --shift_;
        for (const Slot& slot : slots_) {
            if (slot.id == 0) continue;
            std::size_t at = hash_(texts_[slot.id - 1]) >> shift_;
            while (bigger[at].id != 0) at = (at + 1) & (bigger.size() - 1);
            bigger[at] = slot;
        }
        slots_.swap(bigger);
    }

    QuickHash hash_;
    SegmentArena arena_;
    std::vector<std::string_view> texts_;
    std::vector<Slot> slots_;
    unsigned shift_ = 64 - 10;
};

}  // namespace catalog::index
