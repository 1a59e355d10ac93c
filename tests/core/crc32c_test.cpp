#include <catalog/internal/crc32c.hpp>

#include <gtest/gtest.h>

#include <string>

namespace catalog::internal {
namespace {

// RFC 3720 appendix B.4, and the check value of the catalogue of CRC algorithms.
TEST(Crc32c, GivesThePublishedValues) {
    std::string rising;
    std::string falling;
    for (int i = 0; i < 32; ++i) {
        rising.push_back(static_cast<char>(i));
        falling.push_back(static_cast<char>(31 - i));
    }
    EXPECT_EQ(crc32c(as_bytes(std::string(32, '\0'))), 0x8a9136aau);
    EXPECT_EQ(crc32c(as_bytes(std::string(32, '\xff'))), 0x62a8ab43u);
    EXPECT_EQ(crc32c(as_bytes(rising)), 0x46dd794eu);
    EXPECT_EQ(crc32c(as_bytes(falling)), 0x113fdb5cu);
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
    EXPECT_EQ(crc32c({}), 0u);
}

Bytes sample(std::size_t count) {
    Bytes bytes(count);
    for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * i * 37 + i);
    return bytes;
}

std::uint32_t crc32c_bit_by_bit(ByteView bytes) {
    std::uint32_t crc = ~0u;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    }
    return ~crc;
}

TEST(Crc32c, AgreesWithTheDefinitionAtEveryLengthAndAlignment) {
    const Bytes bytes = sample(80);
    for (std::size_t begin = 0; begin < 9; ++begin)
        for (std::size_t count = 0; begin + count <= bytes.size(); ++count) {
            const ByteView part = ByteView(bytes).subspan(begin, count);
            ASSERT_EQ(crc32c(part), crc32c_bit_by_bit(part)) << begin << " " << count;
            ASSERT_EQ(crc32c_by_tables(part), crc32c_bit_by_bit(part)) << begin << " " << count;
        }
}

// Three stretches of 128 or of 2048 bytes are taken side by side, as often as there are three.
TEST(Crc32c, AgreesWithTheDefinitionAroundStretches) {
    const Bytes bytes = sample(2 * 3 * 2048 + 3 * 128 + 50);
    for (const std::size_t whole : {384u, 768u, 6144u, 6528u, 12288u})
        for (std::size_t begin = 0; begin < 9; begin += 4)
            for (std::size_t count = whole - 9; count <= whole + 17; ++count) {
                const ByteView part = ByteView(bytes).subspan(begin, count);
                ASSERT_EQ(crc32c(part), crc32c_bit_by_bit(part)) << begin << " " << count;
                ASSERT_EQ(crc32c(part.subspan(7), crc32c(part.first(7))), crc32c_bit_by_bit(part))
                    << begin << " " << count;
            }
}

TEST(Crc32c, GoesOnFromTheChecksumOfWhatStoodBefore) {
    const Bytes bytes = sample(50);
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut)
        ASSERT_EQ(crc32c(ByteView(bytes).subspan(cut), crc32c(ByteView(bytes).first(cut))),
                  crc32c(bytes))
            << cut;
    EXPECT_EQ(crc32c_by_tables(bytes, 0x12345678), crc32c(bytes, 0x12345678));
}

}  // namespace
}  // namespace catalog::internal
