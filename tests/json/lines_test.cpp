#include "catalog/json/lines.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "catalog/json/write.hpp"
#include "support/json/random_value.hpp"
#include "support/json/text_source.hpp"

namespace catalog::json {
namespace {

using testing::faulty_source;
using testing::text_source;

ReadLimits line_limit(std::uint64_t bytes) {
    ReadLimits limits;
    limits.bytes_max = bytes;
    return limits;
}

/// Every line as "number:canonical" or "number!code".
std::vector<std::string> all_lines(LineReader& reader) {
    std::vector<std::string> lines;
    for (;;) {
        const auto line = reader.next();
        EXPECT_TRUE(line) << line.error().to_string();
        if (!line || !*line) return lines;
        const LineReader::Line& read = **line;
        lines.push_back(std::to_string(read.number) +
                        (read.value ? ":" + write_canonical(*read.value)
                                    : "!" + std::string(errc_name(read.value.error().code()))));
    }
}

std::vector<std::string> lines_of(std::string text, std::size_t piece_bytes = 4096,
                                  ReadLimits limits = {}) {
    LineReader reader(text_source(std::move(text), piece_bytes), limits);
    return all_lines(reader);
}

using Lines = std::vector<std::string>;

TEST(LineReader, ReadsEachLineAsOneDocument) {
    EXPECT_EQ(lines_of("{\"a\":1}\n[2]\n\"three\"\n"),
              (Lines{"1:{\"a\":1}", "2:[2]", "3:\"three\""}));
}

TEST(LineReader, HasNothingToSayAboutNothing) { EXPECT_EQ(lines_of(""), Lines{}); }

TEST(LineReader, AcceptsALastLineWithoutItsEnd) {
    EXPECT_EQ(lines_of("1\n2"), (Lines{"1:1", "2:2"}));
}

TEST(LineReader, AcceptsCarriageReturns) {
    EXPECT_EQ(lines_of("1\r\n2\r\n3\r"), (Lines{"1:1", "2:2", "3:3"}));
}

TEST(LineReader, CountsBlankLinesAndSkipsThem) {
    EXPECT_EQ(lines_of("\n1\n\n \t\n\r\n2\n\n"), (Lines{"2:1", "6:2"}));
}

TEST(LineReader, GoesOnAfterAMalformedLine) {
    EXPECT_EQ(lines_of("1\n{\n3\n4 4\n\"\xff\"\n6\n"),
              (Lines{"1:1", "2!json_syntax", "3:3", "4!json_syntax", "5!json_encoding", "6:6"}));
}

TEST(LineReader, DocumentsDoNotReachOverLines) {
    EXPECT_EQ(lines_of("[1,\n2]\n"), (Lines{"1!json_syntax", "2!json_syntax"}));
}

TEST(LineReader, LocatesErrorsInTheWholeInput) {
    LineReader reader(text_source("[1]\r\n\n{\"a\" 1}\n"), {});
    ASSERT_TRUE(reader.next().value()->value);
    const LineReader::Line line = reader.next().value().value();
    ASSERT_FALSE(line.value);
    const auto* place = line.value.error().detail_as<LocationDetail>();
    ASSERT_NE(place, nullptr);
    EXPECT_EQ(place->line, 3u);
    EXPECT_EQ(place->column, 6u);
    EXPECT_EQ(place->offset, 11u);
    EXPECT_EQ(line.value.error().message(),
              "expected ':' after a name, found a number (line 3, column 6)");
}

TEST(LineReader, GivesTheSameLinesHoweverTheInputIsCut) {
    std::string text;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        testing::RandomEngine random(seed);
        text += write_canonical(testing::random_value(random)) + (seed % 3 == 0 ? "\r\n" : "\n");
        if (seed % 5 == 0) text += "broken{\n\n";
    }
    const Lines whole = lines_of(text, text.size());
    EXPECT_EQ(whole.size(), 24u);
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u, 1000u})
        EXPECT_EQ(lines_of(text, piece), whole) << "pieces of " << piece;
}

// ---- Limits

TEST(LineReader, SkipsALineOverTheLimitAndGoesOn) {
    EXPECT_EQ(lines_of("\"abc\"\n\"abcd\"\n1\n", 4096, line_limit(5)),
              (Lines{"1:\"abc\"", "2!limit_exceeded", "3:1"}));
}

TEST(LineReader, DoesNotCountTheEndOfALine) {
    EXPECT_EQ(lines_of("\"abc\"\r\n\"abcd\"\r\n\"abc\"\r", 1, line_limit(5)),
              (Lines{"1:\"abc\"", "2!limit_exceeded", "3:\"abc\""}));
}

TEST(LineReader, SaysHowLongAnOverlongLineIs) {
    LineReader reader(text_source(std::string(200'000, 'x') + "\n7"), line_limit(1000));
    const LineReader::Line line = reader.next().value().value();
    ASSERT_FALSE(line.value);
    const auto* detail = line.value.error().detail_as<LimitDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->limit, "json_line_bytes_max");
    EXPECT_EQ(detail->allowed, 1000u);
    EXPECT_EQ(detail->actual, 200'000u);
    EXPECT_EQ(reader.next().value()->number, 2u);
}

TEST(LineReader, SaysTheSameOfALineThatIsOneByteTooLong) {
    LineReader reader(text_source("\"1234\"\n"), line_limit(5));
    const LineReader::Line line = reader.next().value().value();
    ASSERT_FALSE(line.value);
    ASSERT_NE(line.value.error().detail_as<LimitDetail>(), nullptr);
    EXPECT_EQ(line.value.error().detail_as<LimitDetail>()->limit, "json_line_bytes_max");
    EXPECT_EQ(line.value.error().detail_as<LimitDetail>()->actual, 6u);
}

TEST(LineReader, RefusesAnOverlongLineOfSpaces) {
    EXPECT_EQ(lines_of(std::string(100, ' ') + "\n1\n", 16, line_limit(10)),
              (Lines{"1!limit_exceeded", "2:1"}));
}

TEST(LineReader, ALimitOfZeroAdmitsBlankLinesOnly) {
    EXPECT_EQ(lines_of("\n\r\n1\n", 4096, line_limit(0)), (Lines{"3!limit_exceeded"}));
}

TEST(LineReader, AnUnlimitedLineIsAccepted) {
    EXPECT_EQ(
        lines_of("\"" + std::string(300'000, 'x') + "\"\n", 5000, line_limit(~std::uint64_t{0}))
            .size(),
        1u);
}

TEST(LineReader, HoldsOneLineAtMostHoweverLongTheGarbage) {
    constexpr std::uint64_t kGarbageBytes = 1'000'000'000;
    constexpr std::size_t kMemoryMax = 3 << 20;
    std::uint64_t given = 0;
    std::size_t memory_max = 0;
    const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    LineReader reader(
        [&](std::span<char> out) -> Result<std::size_t> {
            // The bytes of the buffer are not even written: what they are does not matter, and the
            // test stays fast.
            if (given == 0) std::ranges::fill(out, 'x');
            memory_max = std::max(memory_max, mallinfo2().uordblks + mallinfo2().hblkhd - before);
            const auto size = std::min<std::uint64_t>(out.size(), kGarbageBytes - given);
            given += size;
            return static_cast<std::size_t>(size);
        },
        line_limit(1 << 20));
    const LineReader::Line line = reader.next().value().value();
    EXPECT_EQ(line.value.error().detail_as<LimitDetail>()->actual, kGarbageBytes);
    EXPECT_LT(memory_max, kMemoryMax);
}

// ---- The source

TEST(LineReader, HandsTheErrorOfTheSourceThroughAndCanGoOn) {
    LineReader reader(faulty_source(text_source("[1]\n[2]\n", 6), 1, Error(Errc::kIo, "unplugged")),
                      {});
    EXPECT_TRUE(reader.next().value()->value);
    const auto failed = reader.next();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code(), Errc::kIo);
    EXPECT_EQ(all_lines(reader), (Lines{"2:[2]"}));
}

TEST(LineReader, RefusesASourceThatGivesMoreThanItWasAskedFor) {
    LineReader reader([](std::span<char> out) -> Result<std::size_t> { return out.size() + 1; },
                      {});
    const auto line = reader.next();
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code(), Errc::kInvalidArgument);
}

TEST(LineReader, StaysAtTheEnd) {
    LineReader reader(text_source("1"), {});
    EXPECT_TRUE(reader.next().value().has_value());
    EXPECT_FALSE(reader.next().value().has_value());
    EXPECT_FALSE(reader.next().value().has_value());
}

TEST(LineReader, GoesOnAfterAMove) {
    LineReader first(text_source("1\n2\n3\n"), {});
    EXPECT_TRUE(first.next().value().has_value());
    LineReader second(std::move(first));
    EXPECT_EQ(second.next().value()->number, 2u);
    LineReader third(text_source(""), {});
    third = std::move(second);
    EXPECT_EQ(all_lines(third), (Lines{"3:3"}));
}

}  // namespace
}  // namespace catalog::json
