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
// What a checksum becomes when a stretch of zeros of one length follows, by its four bytes.
using Crc32cZeros = std::array<std::array<std::uint32_t, 256>, 4>;

// The product of two polynomials modulo Castagnoli's; the highest bit is the coefficient of 1.
constexpr std::uint32_t crc32c_product(std::uint32_t one, std::uint32_t other) {
    std::uint32_t product = 0;
    for (; one != 0; one <<= 1) {
        if ((one & 0x80000000u) != 0) product ^= other;
        other = (other >> 1) ^ ((other & 1) != 0 ? 0x82f63b78u : 0);
    }
    return product;
}

constexpr Crc32cZeros make_crc32c_zeros(std::size_t count) {
    std::uint32_t power = 0x80000000u;
    for (std::size_t bit = 0; bit < 8 * count; ++bit)
        power = (power >> 1) ^ ((power & 1) != 0 ? 0x82f63b78u : 0);
    Crc32cZeros zeros{};
    for (std::size_t at = 0; at < zeros.size(); ++at)
        for (std::uint32_t byte = 0; byte < 256; ++byte)
            zeros[at][byte] = crc32c_product(byte << (8 * at), power);
    return zeros;
}

template <std::size_t Count>
constexpr Crc32cZeros kCrc32cZeros = make_crc32c_zeros(Count);

std::uint32_t crc32c_before_zeros(const Crc32cZeros& zeros, std::uint64_t crc) noexcept {
    return zeros[0][crc & 0xff] ^ zeros[1][(crc >> 8) & 0xff] ^ zeros[2][(crc >> 16) & 0xff] ^
           zeros[3][(crc >> 24) & 0xff];
}

std::uint64_t crc32c_word(const std::byte* data) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, data, sizeof word);
    return word;
}

// The instruction takes three cycles, and one can begin in each: three stretches of `Count` bytes
// side by side, as long as there are so many (Gopal and others, "Fast CRC Computation for iSCSI
// Polynomial Using CRC32 Instruction", Intel 2011).
template <std::size_t Count>
[[gnu::target("sse4.2")]] std::uint64_t crc32c_by_threes(std::uint64_t crc, const std::byte*& data,
                                                         std::size_t& left) noexcept {
    for (; left >= 3 * Count; left -= 3 * Count, data += 3 * Count) {
        std::uint64_t second = 0;
        std::uint64_t third = 0;
        for (std::size_t at = 0; at < Count; at += 8) {
            crc = _mm_crc32_u64(crc, crc32c_word(data + at));
            second = _mm_crc32_u64(second, crc32c_word(data + Count + at));
            third = _mm_crc32_u64(third, crc32c_word(data + 2 * Count + at));
        }
        crc = crc32c_before_zeros(kCrc32cZeros<Count>, crc) ^ second;
        crc = crc32c_before_zeros(kCrc32cZeros<Count>, crc) ^ third;
    }
    return crc;
}

[[gnu::target("sse4.2")]] std::uint32_t crc32c_sse42(ByteView bytes,
                                                     std::uint32_t before) noexcept {
    constexpr std::size_t kLongStretch = 2048;
    constexpr std::size_t kShortStretch = 128;
    std::uint64_t crc = ~before;
    const std::byte* data = bytes.data();
    std::size_t left = bytes.size();
    crc = crc32c_by_threes<kLongStretch>(crc, data, left);
    crc = crc32c_by_threes<kShortStretch>(crc, data, left);
    for (; left >= 8; left -= 8, data += 8) crc = _mm_crc32_u64(crc, crc32c_word(data));
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
