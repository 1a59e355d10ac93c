#pragma once
// Postings of a term: which versions have it, in blocks of 128, and for words what they weigh
// there.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "segment_format.hpp"

namespace catalog::index {

/// What the dictionary says of a term.
struct TermRow {
    /// With kOnlyPosting the number of the only version that has it, else where its postings begin.
    std::uint32_t place = 0;
    std::uint8_t weight = 0;  ///< Of a word that one version has.
};

/// Appends the postings of a term that two versions or more have. `weights` is empty for a facet;
/// with more than one block `bounds` has one for each, and `champions` is the row of champions.
/// REQUIRES: ascending versions, weights above 0.
void append_postings(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> weights,
                     std::span<const std::uint8_t> bounds, std::uint32_t champions, Bytes& out);

/// Reads the postings of one term, for any bytes. Thread safety: one thread at a time. Does not
/// allocate.
class PostingReader {
public:
    /// `postings` is the section; `docs` how many versions the segment has.
    PostingReader(ByteView postings, const TermRow& row, bool has_weights,
                  std::uint32_t docs) noexcept;

    /// How many versions have the term; 0 when the postings are damaged.
    [[nodiscard]] std::uint32_t df() const noexcept { return df_; }
    /// Number of the row of champions; kNoNumber where there is none.
    [[nodiscard]] std::uint32_t champions() const noexcept { return champions_; }
    [[nodiscard]] std::uint32_t blocks() const noexcept { return blocks_; }
    /// The last version of a block, or a later one. REQUIRES: block < blocks().
    [[nodiscard]] std::uint32_t last_doc(std::uint32_t block) const noexcept;
    /// The greatest score in a block, as a part of 255 of the greatest of all. REQUIRES: as above.
    [[nodiscard]] std::uint8_t bound(std::uint32_t block) const noexcept;

    /// Decodes a block; false when it is damaged, and then it holds nothing.
    bool load(std::uint32_t block) noexcept;
    /// Of the block loaded last.
    [[nodiscard]] std::span<const std::uint32_t> docs() const noexcept {
        return {decoded_.data(), count_};
    }
    /// What a word weighs in the version `docs()[index]`. REQUIRES: a word, index < docs().size().
    [[nodiscard]] unsigned weight(std::size_t index) const noexcept {
        if (weights_ == nullptr) return only_weight_;
        const std::size_t bit = index * weight_bits_;
        return 1 + (load_le<std::uint16_t>(weights_ + bit / 8) >> (bit % 8) &
                    ((1U << weight_bits_) - 1));
    }

private:
    [[nodiscard]] bool decode(const std::byte* from, std::size_t left, std::size_t count,
                              std::uint64_t next, unsigned gap_bits, unsigned weight_bits) noexcept;
    [[nodiscard]] const std::byte* head(std::uint32_t block) const noexcept {
        return bytes_.data() + block * kBlockHeadBytes;
    }

    ByteView bytes_;  ///< From the first block on: its heads, or its one block.
    std::uint32_t df_ = 0;
    std::uint32_t blocks_ = 0;
    std::uint32_t docs_limit_ = 0;
    std::uint32_t only_ = kNoNumber;  ///< The one posting that has no block.
    std::uint32_t champions_ = kNoNumber;
    bool has_weights_ = false;
    unsigned weight_bits_ = 0;
    unsigned only_weight_ = 0;
    std::uint32_t count_ = 0;
    const std::byte* weights_ = nullptr;
    std::array<std::uint32_t, kBlockPostings> decoded_;
};

}  // namespace catalog::index
