#pragma once
// ContentChunker: cuts a stream where its content says, so that an insertion moves few boundaries
// and equal stretches of different files become equal chunks.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// How boundaries are found. Values are stored on disk and never change.
enum class ChunkAlgorithm : std::uint32_t {
    /// FastCDC with normalisation level 2 (Xia et al., "The Design of Fast Content-Defined Chunking
    /// for Data Deduplication Based Storage Systems", IEEE TPDS 2020), masks of the highest bits.
    kFastCdc2020 = 1,
    /// A cheap test of the eight bytes up to a place, many places at a time, then a hash of the 32
    /// bytes up to there (docs/formats/pack.md); sizes normalised as in FastCDC. Cuts as well and
    /// takes a third of the time.
    kWindowed = 2,
};

/// Parameters of a chunker: part of a store's format, so that equal bytes are cut alike for ever.
/// They decide how well a store finds duplicates and nothing else: no id depends on them.
struct ChunkProfile {
    ChunkAlgorithm algorithm = ChunkAlgorithm::kWindowed;
    std::uint32_t bytes_min = 16 * 1024;   ///< 64 or more; no boundary is looked for before it.
    std::uint32_t bytes_avg = 64 * 1024;   ///< A power of two above `bytes_min`.
    std::uint32_t bytes_max = 256 * 1024;  ///< Above `bytes_avg`, at most kChunkBytesMax.
    std::uint64_t seed = 0;                ///< Of the tables.

    friend bool operator==(const ChunkProfile&, const ChunkProfile&) = default;
};

/// Upper bound of every chunk of every profile, bytes. What a reader must be ready to hold.
inline constexpr std::uint32_t kChunkBytesMax = 4u << 20;

/// Length of an encoded profile, bytes.
inline constexpr std::size_t kChunkProfileBytes = 24;

/// Tells whether the parameters hold together. Errors: kInvalidArgument (says which).
[[nodiscard]] Result<void> check_profile(const ChunkProfile& profile);

/// Appends the profile's 24 bytes (docs/formats/pack.md) to `out`.
void append_profile(std::string& out, const ChunkProfile& profile);

/// Reads 24 bytes. Errors: kInvalidArgument (other length, unknown algorithm, as check_profile).
[[nodiscard]] Result<ChunkProfile> decode_profile(ByteView bytes);

/// Finds the boundaries of one stream at a time. It holds no bytes, only a position and a hash, so
/// the cuts do not depend on how the stream was sliced.
///
/// Thread safety: one thread at a time.
class ContentChunker {
public:
    /// What a scan found.
    struct Scan {
        std::size_t bytes = 0;  ///< These belong to the current chunk; 1 or more of a non-empty
                                ///< input.
        bool boundary = false;  ///< The chunk ends after them; otherwise all of the input was used.
    };

    virtual ~ContentChunker() = default;

    /// Goes on in the stream; what comes after `bytes` of the result is given again next time. The
    /// end of the stream ends its last chunk. Cost: about 0.3 ns a byte.
    [[nodiscard]] virtual Scan scan(ByteView input) noexcept = 0;

    /// Starts a new stream.
    virtual void reset() noexcept = 0;
};

/// Makes a chunker. Errors: as check_profile.
[[nodiscard]] Result<std::unique_ptr<ContentChunker>> make_chunker(const ChunkProfile& profile);

}  // namespace catalog::content
