#pragma once
// Bytes to store: reproducible, compressible or not.

#include <cstdint>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/bytes.hpp"

namespace catalog::content::testing {

/// Bytes that do not compress.
[[nodiscard]] Bytes noise(std::size_t count, std::uint64_t seed);

/// Words and lines: compresses about as source code does.
[[nodiscard]] Bytes prose(std::size_t count, std::uint64_t seed);

/// 12,000 bytes: noise, then prose, so that some chunks are stored raw and some compressed.
[[nodiscard]] Bytes mixed_bytes();

/// `bytes` with `edits` stretches of 1 to 40 bytes put in, taken out or overwritten.
[[nodiscard]] Bytes edited(Bytes bytes, std::size_t edits, std::uint64_t seed);

/// Gives at most `slice` bytes at a time. `bytes` must outlive it.
[[nodiscard]] ByteSource slices_of(ByteView bytes, std::size_t slice);

/// Gives at most `slice` bytes at a time from anywhere. `bytes` must outlive it.
[[nodiscard]] RandomAccessSource slices_anywhere_of(ByteView bytes, std::size_t slice);

/// Gives slices of lengths from 1 to `slice_max` that the seed decides. `bytes` must outlive it.
[[nodiscard]] ByteSource ragged_slices_of(ByteView bytes, std::size_t slice_max,
                                          std::uint64_t seed);

/// Returns the object id of bytes.
[[nodiscard]] ContentHash id_of(ByteView bytes);

}  // namespace catalog::content::testing
