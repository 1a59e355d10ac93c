#include "text.hpp"

#include <gtest/gtest.h>

namespace catalog::cli {
namespace {

TEST(Printable, LeavesNothingThatDrivesATerminal) {
    EXPECT_EQ(printable("a\x1b[31mb\nc\x7f\xc2\x9bz"), "a?[31mb?c??z");
    EXPECT_EQ(printable("na\xc3\xafve \xe6\x97\xa5"), "na\xc3\xafve \xe6\x97\xa5");
}

TEST(SizeText, UsesBinaryUnits) {
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(1023), "1023 B");
    EXPECT_EQ(size_text(1536), "1.50 KiB");
    EXPECT_EQ(size_text(std::uint64_t{5} << 30), "5.00 GiB");
    EXPECT_EQ(size_text(~std::uint64_t{0}), "16384.0 PiB");
}

TEST(TimeText, IsUtc) {
    EXPECT_EQ(time_text(WallTime(std::chrono::microseconds(1'700'000'000'000'000))),
              "2023-11-14 22:13:20 UTC");
    EXPECT_EQ(time_text({}), "-");
}

TEST(Table, AlignsColumnsAndPutsNumbersToTheRight) {
    Table table({"name", "size", "text"});
    table.add({"a", "5 B", "x"});
    table.add({"long", "120 B", "na\xc3\xafve"});
    EXPECT_EQ(table.to_string(), "name   size  text\na       5 B  x\nlong  120 B  na\xc3\xafve\n");
    EXPECT_EQ(table.to_string(10), "name   siz\na       5 \nlong  120 \n");
}

}  // namespace
}  // namespace catalog::cli
