#pragma once
// WatchLists: for each literal the clauses to look at when it comes true.
//
// A search for few changes has a million literals with a handful of watches each. A container of
// its own for each of them would take as long to give back as a caller waits for a stop at most;
// here the lists share blocks of memory, and nothing is given back but those.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace catalog::resolve::engine {

/// A clause that is looked at unless its blocker is true. One of two literals is told by a bit, and
/// is satisfied or not by its blocker alone.
struct Watch {
    static constexpr std::uint32_t kPairBit = 0x8000'0000;

    std::uint32_t tagged;
    std::uint32_t blocker;
    [[nodiscard]] bool is_pair() const { return (tagged & kPairBit) != 0; }
    [[nodiscard]] std::uint32_t clause() const { return tagged & ~kPairBit; }
};

/// Lists by literal. A list keeps its place until something is added to it. Cost: adding is
/// amortised constant; at most half of the memory is unused, and what a list outgrew goes to the
/// next one that needs as much. Thread safety: one thread at a time.
class WatchLists {
public:
    /// REQUIRES: not fewer than before.
    void resize(std::size_t literals) { lists_.resize(literals); }

    [[nodiscard]] std::span<Watch> operator[](std::uint32_t literal) noexcept {
        return {lists_[literal].data, lists_[literal].size};
    }
    [[nodiscard]] std::span<const Watch> operator[](std::uint32_t literal) const noexcept {
        return {lists_[literal].data, lists_[literal].size};
    }

    void add(std::uint32_t literal, Watch watch) {
        List& list = lists_[literal];
        if (list.size == list.capacity) grow(list);
        list.data[list.size++] = watch;
    }
    /// Drops all but the first `size` of a list. REQUIRES: there are as many.
    void shorten(std::uint32_t literal, std::size_t size) noexcept {
        lists_[literal].size = static_cast<std::uint32_t>(size);
    }
    /// Empties every list.
    void clear() noexcept {
        for (List& list : lists_) list.size = 0;
    }
    /// Blocks of memory that are held: what giving it back takes.
    [[nodiscard]] std::size_t block_count() const noexcept { return blocks_.size(); }

private:
    struct List {
        Watch* data = nullptr;
        std::uint32_t size = 0;
        std::uint32_t capacity = 0;  ///< A power of two, or 0.
    };
    static constexpr std::uint32_t kListMin = 2;
    static constexpr std::size_t kBlockMin = 256;
    static constexpr std::size_t kBlockMax = 65'536;

    void grow(List& list) {
        const std::uint32_t capacity = std::max(list.capacity * 2, kListMin);
        Watch* const data = take(capacity);
        std::copy_n(list.data, list.size, data);
        if (list.capacity != 0) outgrown_[class_of(list.capacity)].push_back(list.data);
        list.data = data;
        list.capacity = capacity;
    }

    [[nodiscard]] Watch* take(std::uint32_t count) {
        std::vector<Watch*>& outgrown = outgrown_[class_of(count)];
        if (!outgrown.empty()) {
            Watch* const data = outgrown.back();
            outgrown.pop_back();
            return data;
        }
        if (left_ < count) {
            // What is left of the last block is less than what is asked for, and is not used.
            block_ = std::min(block_ * 2, kBlockMax);
            left_ = std::max<std::size_t>(block_, count);
            blocks_.push_back(std::make_unique_for_overwrite<Watch[]>(left_));
            next_ = blocks_.back().get();
        }
        Watch* const data = next_;
        next_ += count;
        left_ -= count;
        return data;
    }

    [[nodiscard]] static std::size_t class_of(std::uint32_t capacity) noexcept {
        return static_cast<std::size_t>(std::countr_zero(capacity));
    }

    std::vector<List> lists_;
    std::vector<std::unique_ptr<Watch[]>> blocks_;
    Watch* next_ = nullptr;  ///< Unused part of the last block.
    std::size_t left_ = 0;
    std::size_t block_ = kBlockMin / 2;
    std::array<std::vector<Watch*>, 32> outgrown_;  ///< By the power of two that they hold.
};

}  // namespace catalog::resolve::engine
