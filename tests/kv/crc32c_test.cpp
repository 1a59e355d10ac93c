#include "crc32c.hpp"

#include <gtest/gtest.h>

#include <string>

namespace catalog::kv {
namespace {

std::uint32_t crc_of(const std::string& text) { return crc32c(0, as_bytes(text)); }

TEST(Crc32c, AgreesWithTheVectorsOfRfc3720) {
    std::string rising(32, '\0');
    for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<char>(i);
    EXPECT_EQ(crc_of(""), 0u);
    EXPECT_EQ(crc_of("123456789"), 0xe3069283u);
    EXPECT_EQ(crc_of(std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(crc_of(std::string(32, '\xff')), 0x62a8ab43u);
    EXPECT_EQ(crc_of(rising), 0x46dd794eu);
    EXPECT_EQ(crc_of({rising.rbegin(), rising.rend()}), 0x113fdb5cu);
}

TEST(Crc32c, MayBeComputedInPieces) {
    const std::string text = "any text that is longer than two steps of eight bytes";
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        ASSERT_EQ(crc32c(crc_of(text.substr(0, cut)), as_bytes(text).subspan(cut)), crc_of(text));
}

TEST(Crc32c, MaskedFormIsRotatedAndShifted) {
    EXPECT_EQ(masked_crc32c(0), 0xa282ead8u);
    EXPECT_EQ(masked_crc32c(0x8000u), 0xa282ead9u);
}

}  // namespace
}  // namespace catalog::kv
