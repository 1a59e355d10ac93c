#pragma once
// Samples of what a store holds, for training a dictionary.

#include <vector>

#include "content_core.hpp"

namespace catalog::content {

/// What a repack trains from, bytes.
inline constexpr std::uint64_t kRepackSampleBytes = 4u << 20;

/// Returns some of the chunks of at most `chunk_bytes_max` bytes that are stored without a base,
/// about kRepackSampleBytes of them, the same ones whenever the store has the same chunks; none
/// when there are fewer than `all_bytes_min` bytes of them. What cannot be read is left out. Cost:
/// two walks over the index, and reading the samples. Errors: kIo, kPackInvalid, kCancelled,
/// kDeadlineExceeded.
[[nodiscard]] Result<std::vector<Bytes>> sample_chunks(const ContentCore& core,
                                                       std::size_t chunk_bytes_max,
                                                       std::uint64_t all_bytes_min,
                                                       const CallContext& context);

}  // namespace catalog::content
