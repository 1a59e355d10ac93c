#pragma once
// EntryRing: a FIFO queue of entries as a ring of words inside an arena.

#include <cstdint>

namespace catalog::cache {

/// Hands out room at its head and takes it back at its tail, in order. A piece is never split; what
/// is left at the end of the ring before a piece that does not fit there is a gap that belongs to
/// the ring's user until the tail has passed it. Positions are words of the arena.
/// Thread safety: one thread at a time.
class EntryRing {
public:
    EntryRing(std::uint32_t begin, std::uint32_t words) noexcept
        : begin_(begin), end_(begin + words), head_(begin), tail_(begin) {}

    [[nodiscard]] bool empty() const noexcept { return used_ == 0; }
    [[nodiscard]] std::uint32_t words() const noexcept { return end_ - begin_; }
    [[nodiscard]] bool holds(std::uint32_t at) const noexcept { return at >= begin_ && at < end_; }

    /// Tells whether `allocate` of that many words would succeed now.
    [[nodiscard]] bool fits(std::uint32_t words) const noexcept {
        if (empty()) return words <= end_ - begin_;
        if (head_ < tail_) return words <= tail_ - head_;
        if (head_ == tail_) return false;
        return words <= end_ - head_ || words <= tail_ - begin_;
    }

    /// Returns where the gap is that `allocate` of that many words will leave, or `end()`.
    [[nodiscard]] std::uint32_t gap_before(std::uint32_t words) const noexcept {
        const bool wraps = !empty() && head_ >= tail_ && words > end_ - head_;
        return wraps ? head_ : end_;
    }
    [[nodiscard]] std::uint32_t end() const noexcept { return end_; }

    /// Takes words that fit. Returns where they begin.
    std::uint32_t allocate(std::uint32_t words) noexcept {
        if (empty()) head_ = tail_ = begin_;
        if (head_ >= tail_ && words > end_ - head_) {
            used_ += end_ - head_;
            head_ = begin_;
        }
        const std::uint32_t at = head_;
        head_ += words;
        used_ += words;
        return at;
    }

    /// Returns where the oldest piece, or a gap, begins. The ring must not be empty.
    [[nodiscard]] std::uint32_t oldest() noexcept {
        if (tail_ == end_) tail_ = begin_;
        return tail_;
    }
    /// Gives the oldest piece back.
    void release(std::uint32_t words) noexcept {
        tail_ += words;
        used_ -= words;
    }
    /// Gives the gap back that begins at `oldest()`.
    void release_gap() noexcept {
        used_ -= end_ - tail_;
        tail_ = begin_;
    }
    void clear() noexcept {
        head_ = tail_ = begin_;
        used_ = 0;
    }

private:
    std::uint32_t begin_;
    std::uint32_t end_;
    std::uint32_t head_;
    std::uint32_t tail_;
    std::uint32_t used_ = 0;
};

}  // namespace catalog::cache
