#pragma once
// CRC-32C (Castagnoli polynomial, reflected 0x82f63b78; RFC 3720 appendix B.4), by which RocksDB
// checks the records of its logs.

#include <cstdint>

#include "catalog/core/bytes.hpp"

namespace catalog::kv {

/// Returns the checksum of the bytes checksummed so far (`crc`, 0 at the start) followed by
/// `bytes`. Cost: eight bytes a step by tables ("slicing by 8": Kounavis and Berry, 2008).
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, ByteView bytes) noexcept;

/// Returns the form in which RocksDB stores a checksum, so that the checksum of bytes that hold
/// checksums is not degenerate.
[[nodiscard]] constexpr std::uint32_t masked_crc32c(std::uint32_t crc) noexcept {
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

}  // namespace catalog::kv
