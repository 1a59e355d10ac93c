#pragma once
// CRC-32C (Castagnoli polynomial, reflected 0x82f63b78; RFC 3720 appendix B.4), which finds
// accidents, not attacks: what packs and RocksDB's logs are framed with.

#include <cstdint>

#include "catalog/core/bytes.hpp"

namespace catalog::internal {

/// Returns the checksum of `bytes`, going on from the checksum of what stood `before` them. Cost:
/// eight bytes a step, with the processor's instruction where it has one: then three such steps at
/// a time from some hundred bytes on.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0) noexcept;

/// The same by tables, as on other processors.
[[nodiscard]] std::uint32_t crc32c_by_tables(ByteView bytes, std::uint32_t before = 0) noexcept;

}  // namespace catalog::internal
