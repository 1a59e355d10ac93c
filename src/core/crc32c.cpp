#include "catalog/internal/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace catalog::internal {
namespace {

using Crc32cTables = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight tables let one step take eight bytes (Kounavis and Berry, "A Systematic Approach to
// Building High Performance Software-Based CRC Generators", ISCC 2005).
constexpr Crc32cTables make_crc32c_tables() {
    Crc32cTables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
        tables[0][byte] = crc;
    }
    for (std::size_t table = 1; table < tables.size(); ++table)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
    return tables;
}

constexpr Crc32cTables kCrc32cTables = make_crc32c_tables();

using Crc32cFunction = std::uint32_t (*)(ByteView, std::uint32_t) noexcept;

#if defined(__x86_64__)
[[gnu::target("sse4.2")]] std::uint32_t crc32c_sse42(ByteView bytes,
                                                     std::uint32_t before) noexcept {
    std::uint64_t crc = ~before;
    const std::byte* data = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, data += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, data, sizeof word);
        crc = _mm_crc32_u64(crc, word);
    }
    auto rest = static_cast<std::uint32_t>(crc);
    for (; left > 0; --left, ++data)
        rest = _mm_crc32_u8(rest, std::to_integer<std::uint8_t>(*data));
    return ~rest;
}
#endif

Crc32cFunction choose_crc32c() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2") != 0) return crc32c_sse42;
#endif
    return crc32c_by_tables;
}

}  // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) noexcept {
    static const Crc32cFunction function = choose_crc32c();
    return function(bytes, before);
}

std::uint32_t crc32c_by_tables(ByteView bytes, std::uint32_t before) noexcept {
    std::uint32_t crc = ~before;
    const std::byte* data = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, data += 8) {
        const std::uint64_t word = load_le<std::uint64_t>(data) ^ crc;
        crc = 0;
        for (std::size_t i = 0; i < 8; ++i) crc ^= kCrc32cTables[7 - i][(word >> (8 * i)) & 0xff];
    }
    for (; left > 0; --left, ++data)
        crc = (crc >> 8) ^ kCrc32cTables[0][(crc ^ std::to_integer<std::uint32_t>(*data)) & 0xff];
    return ~crc;
}

}  // namespace catalog::internal
