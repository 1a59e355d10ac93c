#pragma once
// Postings of a term: which versions have it, in blocks of 128, and for words how much it weighs in
// each, in 8 bits.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "segment_format.hpp"

namespace catalog::index {

/// A term's row in the section of term rows.
struct TermRow {
    std::uint32_t df = 0;  ///< Versions that have it.
    /// Of one posting the version; of more the place of the blocks, in steps of 4 bytes.
    std::uint32_t at = 0;
    float scale = 0;                      ///< What an impact of 255 stands for; 0 for facets.
    std::uint32_t champions = kNoNumber;  ///< Number of its row of champions.
};

/// Appends the blocks of a term's postings to `out`, which stays a multiple of 4 long. `impacts` is
/// empty for a facet. REQUIRES: ascending versions, two or more.
void append_postings(std::span<const std::uint32_t> docs, std::span<const std::uint8_t> impacts,
                     Bytes& out);

/// Reads the postings of one term, for any bytes. Thread safety: one thread at a time. Does not
/// allocate.
class PostingReader {
public:
    /// `postings` is the section; `docs` how many versions the segment has.
    PostingReader(ByteView postings, const TermRow& row, bool has_impacts,
                  std::uint32_t docs) noexcept;

    [[nodiscard]] std::uint32_t blocks() const noexcept { return blocks_; }
    /// The last version of a block. REQUIRES: block < blocks().
    [[nodiscard]] std::uint32_t last_doc(std::uint32_t block) const noexcept;
    /// The greatest impact in a block.
    [[nodiscard]] std::uint8_t max_impact(std::uint32_t block) const noexcept;

    /// Decodes a block; false when it is damaged, and then it holds nothing.
    bool load(std::uint32_t block) noexcept;
    /// Of the block loaded last.
    [[nodiscard]] std::span<const std::uint32_t> docs() const noexcept {
        return {decoded_.data(), count_};
    }
    /// Beside `docs()`; none for a facet.
    [[nodiscard]] const std::uint8_t* impacts() const noexcept { return impacts_; }

private:
    ByteView bytes_;  ///< From the first block on.
    std::uint32_t df_ = 0;
    std::uint32_t blocks_ = 0;
    std::uint32_t docs_limit_ = 0;
    std::uint32_t only_ = kNoNumber;  ///< The one posting that has no block.
    bool has_impacts_ = false;
    std::uint32_t count_ = 0;
    const std::uint8_t* impacts_ = nullptr;
    std::array<std::uint32_t, kBlockPostings> decoded_;
};

}  // namespace catalog::index
