#pragma once
// SegmentWordTable: numbers of words, in order of first occurrence.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "segment_format.hpp"
#include "segment_hash.hpp"
#include "segment_interner.hpp"
#include "segment_words.hpp"

namespace catalog::index {

/// Numbers of words. A word of up to 15 bytes is its own key, so that its lookup reads one slot and
/// nothing else; of a longer one the text is compared, too.
///
/// Thread safety: one thread at a time. Memory: 60 to 90 bytes a word.
class SegmentWordTable {
public:
    /// A word on its way into the table.
    struct Word {
        /// Its first 8 bytes, zeros behind its end.
        std::uint64_t low = 0;
        /// The 7 bytes behind them or a hash of all, and how many it has in the uppermost byte.
        std::uint64_t high = 0;
        std::uint64_t hash = 0;
        const char* text = nullptr;  ///< Of a long one, borrowed.

        [[nodiscard]] bool is_long() const noexcept { return high >> 63 != 0; }
        [[nodiscard]] std::size_t bytes() const noexcept { return high >> 56 & kBytesMask; }
    };
    using TextBuffer = std::array<char, 16>;

    explicit SegmentWordTable(const QuickHash& hash) : hash_(hash), slots_(kSlotsMin) {}

    /// How many bytes are read from the first of a word on, be it ever so short.
    static constexpr std::size_t kReadAhead = 16;

    /// Returns the word of `bytes` bytes, 1 to kTermWordBytesMax, at `text`, which is borrowed.
    [[nodiscard]] Word word(const char* text, std::size_t bytes) const noexcept {
        const auto* const at = reinterpret_cast<const std::byte*>(text);
        Word word;
        word.low = load_le<std::uint64_t>(at) & kMasks[bytes < 8 ? bytes : 8];
        if (bytes <= kShortBytesMax) {
            word.high = load_le<std::uint64_t>(at + 8) & kMasks[bytes < 8 ? 0 : bytes - 8];
        } else {
            word.text = text;
            word.high = (hash_(std::string_view(text, bytes)) & kMasks[7]) | kLong;
        }
        word.high |= std::uint64_t{bytes} << 56;
        word.hash = hash_.of_words(word.low, word.high);
        return word;
    }
    /// Brings the slot of a word near.
    void prefetch(const Word& word) const noexcept {
        __builtin_prefetch(&slots_[word.hash >> shift_]);
    }

    /// Returns the number of a word, and says in `is_new_to` whether it is the first one with this
    /// serial number, which is not 0.
    [[nodiscard]] std::uint32_t number(const Word& word, std::uint32_t serial, bool& is_new_to) {
        std::size_t at = word.hash >> shift_;
        const std::size_t mask = slots_.size() - 1;
        for (; slots_[at].mark != 0; at = (at + 1) & mask) {
            Slot& slot = slots_[at];
            if (slot.low != word.low || slot.high != word.high) continue;
            if (word.is_long() &&
                std::memcmp(words_[slot.number].text, word.text, word.bytes()) != 0)
                continue;
            is_new_to = slot.mark != serial;
            slot.mark = serial;
            return slot.number;
        }
        is_new_to = true;
        const std::uint32_t number = size();
        words_.push_back(word);
        if (word.is_long()) {
            auto* const text = reinterpret_cast<char*>(texts_.take(word.bytes()));
            std::memcpy(text, word.text, word.bytes());
            words_.back().text = text;
        }
        slots_[at] = {word.low, word.high, number, serial};
        // Fuller costs some slots of the same cache lines more, emptier twice the memory.
        if (words_.size() * 8 > slots_.size() * 7) grow();
        return number;
    }

    [[nodiscard]] std::uint32_t size() const noexcept {
        return static_cast<std::uint32_t>(words_.size());
    }
    /// By number; their texts are the table's own.
    [[nodiscard]] const std::vector<Word>& words() const noexcept { return words_; }
    [[nodiscard]] std::uint64_t fence(std::uint32_t number) const noexcept {
        return fence_of(words_[number].low);
    }
    /// The text of a word, which may use the buffer.
    [[nodiscard]] std::string_view text(std::uint32_t number, TextBuffer& buffer) const noexcept {
        const Word& word = words_[number];
        if (word.is_long()) return {word.text, word.bytes()};
        auto* const bytes = reinterpret_cast<std::byte*>(buffer.data());
        store_le(bytes, word.low);
        store_le(bytes + 8, word.high);
        return {buffer.data(), word.bytes()};
    }
    /// Forgets all words and keeps the memory.
    void clear() noexcept {
        std::fill(slots_.begin(), slots_.end(), Slot());
        words_.clear();
        texts_.reuse();
    }
    [[nodiscard]] bool is_less(std::uint32_t left, std::uint32_t right) const noexcept {
        TextBuffer buffers[2];
        return text(left, buffers[0]) < text(right, buffers[1]);
    }
    void prefetch_number(std::uint32_t number) const noexcept {
        __builtin_prefetch(&words_[number]);
    }
    /// Gives all memory back; the table is of no further use.
    void clear_all() noexcept {
        slots_ = {};
        words_ = {};
        texts_.clear();
    }
    /// Gives the table back: numbers still have texts, texts no numbers.
    void end_adding() noexcept { slots_ = {}; }

private:
    static constexpr std::size_t kShortBytesMax = 15;
    static constexpr std::uint64_t kLong = std::uint64_t{1} << 63;
    static constexpr std::uint64_t kBytesMask = 0x7f;
    static_assert(kTermWordBytesMax <= kBytesMask);
    static constexpr unsigned kSlotBits = 12;
    static constexpr std::size_t kSlotsMin = std::size_t{1} << kSlotBits;
    static constexpr std::array<std::uint64_t, 9> kMasks = [] {
        std::array<std::uint64_t, 9> masks{};
        for (std::size_t i = 1; i < masks.size(); ++i) masks[i] = masks[i - 1] << 8 | 0xff;
        return masks;
    }();

    struct Slot {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        std::uint32_t number = 0;
        std::uint32_t mark = 0;  ///< 0 where it is free.
    };
    using Slots = std::vector<Slot, HugePageAllocator<Slot>>;

    [[nodiscard]] static std::uint64_t fence_of(std::uint64_t low) noexcept {
        return __builtin_bswap64(low);
    }
    void grow() {
        Slots bigger(slots_.size() * 2);
        --shift_;
        for (const Slot& slot : slots_) {
            if (slot.mark == 0) continue;
            std::size_t at = hash_.of_words(slot.low, slot.high) >> shift_;
            while (bigger[at].mark != 0) at = (at + 1) & (bigger.size() - 1);
            bigger[at] = slot;
        }
        slots_.swap(bigger);
    }

    QuickHash hash_;
    Slots slots_;
    std::vector<Word> words_;  ///< By number.
    SegmentArena texts_;
    unsigned shift_ = 64 - kSlotBits;
};

}  // namespace catalog::index
