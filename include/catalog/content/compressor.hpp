#pragma once
// Compressor: one chunk in, one payload out, and back to exactly the chunk's length.

#include <cstdint>
#include <memory>

#include "catalog/content/pack_format.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"

namespace catalog::content {

inline constexpr int kCompressionLevelDefault = 3;

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

    /// What `compress` made of a chunk.
    struct Encoded {
        Codec codec = Codec::kRaw;
        ByteView payload;  ///< Valid until the next call, or the chunk itself.
    };

    /// Encodes a chunk of 1 to kChunkBytesMax bytes. A gain below 3 % is not worth decoding: the
    /// chunk stays raw. Cost: about 3.5 ns a byte at level 3.
    [[nodiscard]] Encoded compress(ByteView chunk);

    /// Decodes to exactly `plain_bytes` bytes, at most kChunkBytesMax. Nothing in the payload can
    /// make it take more memory than that. `out` is unspecified after an error. Errors:
    /// kDecompression (malformed, another length, trailing bytes).
    [[nodiscard]] Result<void> decompress(Codec codec, ByteView payload, std::uint32_t plain_bytes,
                                          Bytes& out);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::content
