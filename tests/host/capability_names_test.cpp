#include "capability_names.hpp"

#include <gtest/gtest.h>

namespace catalog::host {
namespace {

TEST(CapabilityNames, AreReadInAnySpelling) {
    for (const char* name : {"FileSystemAccess", "file_system_access", "FILESYSTEM-ACCESS"})
        EXPECT_EQ(parse_capability(name), 4u) << name;
    EXPECT_FALSE(parse_capability("FileSystem"));
    EXPECT_FALSE(parse_capability(""));
}

TEST(CapabilityNames, NameEveryBitAndBack) {
    for (std::uint32_t bit = 0; bit < kCapabilityCount; ++bit)
        EXPECT_EQ(parse_capability(capability_name(bit)), bit);
    EXPECT_TRUE(capability_name(kCapabilityCount).empty());
}

TEST(CapabilityNames, OfASetStandInOrderWithUnknownBitsByNumber) {
    EXPECT_EQ(capability_names(1U | 1U << 5 | 1U << 20),
              (std::vector<std::string>{"AssetManagement", "ConsensusAccess", "bit 20"}));
    EXPECT_TRUE(capability_names(0).empty());
}

}  // namespace
}  // namespace catalog::host
