#include "quote.hpp"

#include <gtest/gtest.h>

namespace catalog::package {
namespace {

TEST(Quote, PlainTextAndUtf8StayAsTheyAre) {
    EXPECT_EQ(quoted("acme/blas"), "\"acme/blas\"");
    EXPECT_EQ(quoted("\xc3\xa4"), "\"\xc3\xa4\"");
}

TEST(Quote, ControlCharactersAndForeignBytesAreEscaped) {
    EXPECT_EQ(quoted("a\x1b[2Jb\n\x7f"), "\"a\\x1b[2Jb\\x0a\\x7f\"");
    EXPECT_EQ(quoted("\xff\xc3\xa4\xc3"), "\"\\xff\xc3\xa4\\xc3\"");
}

TEST(Quote, LongTextIsCutAndACutCharacterIsEscaped) {
    EXPECT_EQ(printable("abcdef", 3), "abc...");
    EXPECT_EQ(printable("ab\xc3\xa4", 3), "ab\\xc3...");
    EXPECT_EQ(printable("abc", 3), "abc");
}

}  // namespace
}  // namespace catalog::package
