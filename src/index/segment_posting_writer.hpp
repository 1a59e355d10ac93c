#pragma once
// PostingWriter: postings of all terms of a segment, in the terms' order.

#include <cstdint>
#include <span>
#include <vector>

#include "segment_bm25.hpp"
#include "segment_file.hpp"
#include "segment_postings.hpp"

namespace catalog::index {

/// Thread safety: one thread at a time. Memory: 1 MiB, the postings of one term, the champions.
class PostingWriter {
public:
    /// `lengths` by version, borrowed; `weight` their sum.
    PostingWriter(std::span<const std::uint16_t> lengths, std::uint64_t weight);

    std::vector<std::uint32_t> docs;    ///< Of the term at hand, ascending.
    std::vector<std::uint8_t> weights;  ///< Beside `docs`; empty for a facet.

    /// Encodes what is in `docs`, which is not empty, and `weights`.
    [[nodiscard]] TermRow write(bool is_word);
    /// Appends what is encoded to the section at hand: `all` of it, or when it is much. Errors:
    /// kLimitExceeded, the sink's.
    [[nodiscard]] Result<void> flush(SegmentFile& file, bool all);

    [[nodiscard]] const Bytes& champions() const noexcept { return champions_; }

private:
    void set_bounds();
    [[nodiscard]] std::uint32_t add_champions();

    static constexpr std::size_t kFlushBytes = std::size_t{1} << 20;
    std::span<const std::uint16_t> lengths_;
    LengthNorm norm_;
    std::vector<float> scores_;
    std::vector<std::uint8_t> bounds_;
    std::vector<std::uint32_t> best_;
    Bytes blocks_;
    Bytes champions_;
    std::uint64_t flushed_ = 0;
};

}  // namespace catalog::index
