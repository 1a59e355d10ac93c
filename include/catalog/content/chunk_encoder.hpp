#pragma once
// ChunkEncoder: decides how a new chunk is stored: raw, compressed, with a dictionary, or as the
// difference from a chunk that it resembles.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "catalog/content/compressor.hpp"
#include "catalog/content/dictionary.hpp"
#include "catalog/content/features.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/content/similarity_table.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

/// What was found out about a chunk before it is encoded.
struct EncodePlan {
    TrustDomain domain{};
    ChunkFeatures features;
    std::optional<ChunkId> base;
    int depth = 0;         ///< Deltas to undo to get the chunk when it becomes one of `base`.
    bool is_base = false;  ///< Whether the table has it as a possible base already.
    /// Used where the chunk is stored without a base, whatever its length. Null: see
    /// EncoderOptions::dictionary.
    std::shared_ptr<const Dictionary> dictionary = nullptr;
};

/// Parameters of a ChunkEncoder.
struct EncoderOptions {
    EncoderOptions() = default;
    int level = kCompressionLevelDefault;  ///< As in Compressor; 0 stores everything raw.
    bool deltas = true;
    /// Null: none. Made for the same level.
    std::shared_ptr<const Dictionary> dictionary;
    /// Longer chunks do without it, bytes.
    std::size_t dictionary_chunk_bytes_max = 32 * 1024;
    /// A base that shares fewer features is not tried, 1 to ChunkFeatures::kCount. With 1 the
    /// corpus of docs/benchmarks.md takes 1 % less and costs 6 % more.
    int shared_features_min = 2;
    /// A delta is taken when it has at most this part of what the chunk would have without, in
    /// percent, 1 to 100. Others make better bases than deltas.
    int delta_percent_max = 70;
    /// Longest row of deltas, 1 to kBaseDepthMax + 1: a delta of a delta of a chunk is a row of 2.
    int delta_depth_max = 4;
};

/// What became of a chunk.
struct EncodedChunk {
    Codec codec = Codec::kRaw;
    ByteView payload;        ///< Valid until the encoder's next call, or the chunk itself.
    bool base_gone = false;  ///< The planned base was not there.
    /// Of its payload; of a delta what it would have without its base, estimated.
    std::uint32_t alone_bytes = 0;
};

/// Estimates what a chunk would have without its base: like bytes compress alike. `base_bytes` is
/// the base's length, not 0.
[[nodiscard]] constexpr std::uint32_t estimate_alone(std::size_t chunk_bytes,
                                                     std::size_t base_alone_bytes,
                                                     std::size_t base_bytes) noexcept {
    const std::size_t estimate = chunk_bytes * base_alone_bytes / base_bytes;
    return static_cast<std::uint32_t>(estimate < chunk_bytes ? estimate : chunk_bytes);
}

/// Encodes the new chunks of a store. The work is split so that the decisions that depend on the
/// order of chunks are made by whoever knows the order, and the costly part runs anywhere:
///
///   plan    in the order of the chunks, on one thread: looks a base up (about 0.15 ns a byte)
///   encode  on any thread, in any order, each thread with an encoder of its own
///   settle  in the order of the chunks again: what did not become a delta is a better base
///
/// Which chunks `plan` sees as bases depends on how many were settled before: to get the same
/// payloads from the same chunks whatever the number of threads, plan a batch, encode it, settle
/// it, and cut batches by content alone. A chunk is a possible base from its plan on, within the
/// batch too, so `read_base` must know chunks in flight, and what it says of them must not depend
/// on how far other threads are. Where bases are looked for among earlier chunks only, none waits
/// for itself.
///
/// Thread safety: `encode` one thread at a time; `plan` and `settle` are functions of the table.
class ChunkEncoder {
public:
    /// What there is of a base.
    struct FoundBase {
        bool found = false;  ///< Also false when its row of deltas is too long already.
        /// EncodedChunk::alone_bytes; tells how well such bytes compress. 0: not known, which costs
        /// a second compression.
        std::uint32_t alone_bytes = 0;
    };

    /// Reads the plain bytes of a chunk, replacing those of `out`.
    using ReadBase = std::function<Result<FoundBase>(const ChunkId& id, Bytes& out)>;

    explicit ChunkEncoder(EncoderOptions options = EncoderOptions());
    ~ChunkEncoder();
    ChunkEncoder(ChunkEncoder&&) noexcept;
    ChunkEncoder& operator=(ChunkEncoder&&) noexcept;

    /// Computes a chunk's features and looks a base up, which is never the chunk itself. The chunk
    /// becomes a possible base, unless its row of deltas would be too long or all its features are
    /// those of its own base.
    [[nodiscard]] static EncodePlan plan(SimilarityTable& table, TrustDomain domain,
                                         const ChunkId& id, ByteView chunk,
                                         const EncoderOptions& options);

    /// Encodes a chunk of 1 to kChunkBytesMax bytes as its plan says. A base that is not there is
    /// not an error: the chunk is stored without. Errors: what `read_base` returned.
    [[nodiscard]] Result<EncodedChunk> encode(const EncodePlan& plan, ByteView chunk,
                                              const ReadBase& read_base);

    /// Tells the table what became of chunk `id`: one that could have been a delta and is none has
    /// no deltas to undo, and a base that was gone is forgotten.
    static void settle(SimilarityTable& table, const EncodePlan& plan, const ChunkId& id,
                       const EncodedChunk& encoded);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::content
