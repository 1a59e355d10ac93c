#pragma once
// Compressor: one chunk in, one payload out, and back to exactly the chunk's length.

#include <cstdint>
#include <memory>
#include <span>

#include "catalog/content/dictionary.hpp"
#include "catalog/content/pack_format.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

inline constexpr int kCompressionLevelDefault = 3;

/// What stands in front of a delta's frame: the digest of the base's id, bytes.
inline constexpr std::size_t kDeltaHeaderBytes = ContentHash::kDigestBytes;

/// Encodes and decodes payloads. Keeps its working memory between calls.
///
/// Thread safety: one thread at a time.
class Compressor {
public:
    /// `level` of zstd: -7 (fast) to 19 (small), others are moved to the nearest; level 0 stores
    /// everything raw.
    explicit Compressor(int level = kCompressionLevelDefault);
    ~Compressor();
    Compressor(Compressor&&) noexcept;
    Compressor& operator=(Compressor&&) noexcept;

    /// What became of a chunk.
    struct Encoded {
        Codec codec = Codec::kRaw;
        ByteView payload;  ///< Valid until the next call, or the chunk itself.
    };

    /// Encodes a chunk of 1 to kChunkBytesMax bytes. A gain below 3 % is not worth decoding: the
    /// chunk stays raw. Cost: about 3.5 ns a byte at level 3, 0.2 where nothing compresses.
    [[nodiscard]] Encoded compress(ByteView chunk);

    /// The same with a dictionary: kZstdDictionary, or kRaw.
    [[nodiscard]] Encoded compress_with(const Dictionary& dictionary, ByteView chunk);

    /// Encodes what differs from a base, whose id is `base_id`: kDelta, or kRaw when the payload
    /// would take more than `payload_bytes_max` bytes. `base_and_chunk` are the bytes of the base,
    /// 1 to kChunkBytesMax, and right behind them those of the chunk, from `chunk_begin` on: one
    /// stretch of memory is searched faster than two. Cost: about 2 ns a byte of the chunk up to
    /// level 5.
    [[nodiscard]] Encoded compress_delta(const ChunkId& base_id, ByteView base_and_chunk,
                                         std::size_t chunk_begin, std::size_t payload_bytes_max);

    /// Decodes kRaw and kZstd to exactly `plain_bytes` bytes, at most kChunkBytesMax. Nothing in
    /// the payload can make it take more memory than that. `out` is unspecified after an error.
    /// Errors: kDecompression (malformed, another length, trailing bytes, another codec),
    /// kOutOfMemory.
    [[nodiscard]] Result<void> decompress(Codec codec, ByteView payload, std::uint32_t plain_bytes,
                                          Bytes& out);
    /// The same into memory of the chunk's length, 1 to kChunkBytesMax bytes.
    [[nodiscard]] Result<void> decompress(Codec codec, ByteView payload, std::span<std::byte> out);

    /// The same for kZstdDictionary. Errors: also kDecompression when the payload names another
    /// dictionary.
    [[nodiscard]] Result<void> decompress_with(const Dictionary& dictionary, ByteView payload,
                                               std::uint32_t plain_bytes, Bytes& out);
    /// The same into memory of the chunk's length.
    [[nodiscard]] Result<void> decompress_with(const Dictionary& dictionary, ByteView payload,
                                               std::span<std::byte> out);

    /// The same for kDelta; `base` are the bytes of the chunk that delta_base gives. With other
    /// bytes it fails or gives other bytes: the chunk's digest decides, as everywhere.
    [[nodiscard]] Result<void> decompress_delta(ByteView payload, ByteView base,
                                                std::uint32_t plain_bytes, Bytes& out);
    /// The same into memory of the chunk's length, which is no part of `base`.
    [[nodiscard]] Result<void> decompress_delta(ByteView payload, ByteView base,
                                                std::span<std::byte> out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Returns the id of the chunk that a kDelta payload starts from. Errors: kDecompression (shorter
/// than a delta).
[[nodiscard]] Result<ChunkId> delta_base(ByteView payload);

/// Returns the number of the dictionary that a kZstdDictionary payload was made with. Errors:
/// kDecompression (not such a frame).
[[nodiscard]] Result<std::uint32_t> dictionary_number(ByteView payload);

}  // namespace catalog::content
