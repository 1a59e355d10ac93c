#include "catalog/json/read.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "catalog/json/write.hpp"

namespace catalog::json {
namespace {

ReadLimits limits(std::uint64_t bytes, std::uint32_t depth, std::uint64_t values) {
    ReadLimits result;
    result.bytes_max = bytes;
    result.depth_max = depth;
    result.values_max = values;
    return result;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// ---- Values

TEST(Read, BuildsTheDocument) {
    const Result<Value> value =
        read(R"({"name":"a","tags":["x",{"y":null}],"size":12,"ratio":0.5,"ok":true})");
    ASSERT_TRUE(value) << value.error().to_string();
    EXPECT_EQ(*value, Value(Object{
                          {"name", Value("a")},
                          {"tags", Value(Array{Value("x"), Value(Object{{"y", Value()}})})},
                          {"size", Value(12)},
                          {"ratio", Value(0.5)},
                          {"ok", Value(true)},
                      }));
}

TEST(Read, KeepsIntegersOf64BitsExact) {
    EXPECT_EQ(read("9223372036854775807").value(), Value(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(read("-9223372036854775808").value(),
              Value(std::numeric_limits<std::int64_t>::min()));
    EXPECT_EQ(read("9007199254740993").value(), Value(std::int64_t{9007199254740993}));
}

TEST(Read, MakesADoubleOfEveryOtherNumber) {
    EXPECT_EQ(read("9223372036854775808").value(), Value(9223372036854775808.0));
    EXPECT_EQ(read("-9223372036854775809").value(), Value(-9223372036854775808.0));
    EXPECT_EQ(read("18446744073709551615").value(), Value(18446744073709551616.0));
    EXPECT_EQ(read("1.0").value(), Value(1.0));
    EXPECT_EQ(read("1e2").value(), Value(100.0));
}

TEST(Read, MinusZeroWithoutPointIsTheIntegerZero) {
    EXPECT_EQ(read("-0").value(), Value(0));
    ASSERT_NE(read("-0.0").value().as_double(), nullptr);
}

TEST(Read, RoundsHalfWayCasesToEven) {
    EXPECT_EQ(read("9007199254740993.0").value(), Value(9007199254740992.0));
    EXPECT_EQ(read("9007199254740995.0").value(), Value(9007199254740996.0));
    EXPECT_EQ(read("2.2250738585072011e-308").value(), Value(2.2250738585072011e-308));
}

TEST(Read, DoesNotDependOnTheLocale) {
    // Where no locale with a decimal comma is installed this still checks the "C" locale.
    const std::string before = std::setlocale(LC_NUMERIC, nullptr);
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C"}) {
        if (std::setlocale(LC_NUMERIC, name) == nullptr) continue;
        EXPECT_EQ(read("[1.5]").value(), Value(Array{Value(1.5)})) << name;
        EXPECT_FALSE(read("[1,5").has_value()) << name;
    }
    std::setlocale(LC_NUMERIC, before.c_str());
}

TEST(Read, AViewOfNothingIsNoDocument) {
    EXPECT_EQ(read(std::string_view()).error().code(), Errc::kJsonSyntax);
}

// ---- Places

TEST(Read, CountsLinesAndColumnsInBytes) {
    const auto error = read("{\n  \"\xc3\xa9\": 1,\n  \"b\" 2\n}").error();
    const auto* place = error.detail_as<LocationDetail>();
    ASSERT_NE(place, nullptr);
    EXPECT_EQ(place->line, 3u);
    EXPECT_EQ(place->column, 7u);
    EXPECT_EQ(place->offset, 19u);
}

TEST(Read, LocatesBadUtf8BehindOtherLines) {
    const auto error = read("[\n\n \"ab\xff\"]").error();
    const auto* place = error.detail_as<LocationDetail>();
    ASSERT_NE(place, nullptr);
    EXPECT_EQ(place->line, 3u);
    EXPECT_EQ(place->column, 5u);
}

TEST(Read, ShortensALongNameInItsMessage) {
    const std::string name(5000, 'n');
    const auto error = read("{\"" + name + "\":1,\"" + name + "\":2}").error();
    EXPECT_EQ(error.code(), Errc::kJsonDuplicateKey);
    EXPECT_LT(error.message().size(), 300u);
}

// ---- Limits

TEST(Read, AcceptsATextOfExactlyTheLimit) {
    EXPECT_TRUE(read("[1234]", limits(6, 10, 10)));
    const auto error = read("[12345]", limits(6, 10, 10)).error();
    EXPECT_EQ(error.code(), Errc::kLimitExceeded);
    const auto* detail = error.detail_as<LimitDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->limit, "json_bytes_max");
    EXPECT_EQ(detail->allowed, 6u);
    EXPECT_EQ(detail->actual, 7u);
}

TEST(Read, AcceptsNestingOfExactlyTheLimit) {
    EXPECT_TRUE(read(nested(7), limits(100, 7, 100)));
    const auto error = read(nested(8), limits(100, 7, 100)).error();
    EXPECT_EQ(error.code(), Errc::kJsonDepth);
    ASSERT_NE(error.detail_as<LocationDetail>(), nullptr);
    EXPECT_EQ(error.detail_as<LocationDetail>()->offset, 7u);
}

TEST(Read, CountsObjectsAndArraysAsOneNesting) {
    EXPECT_TRUE(read(R"({"a":[{"b":1}]})", limits(100, 3, 100)));
    EXPECT_EQ(read(R"({"a":[{"b":[]}]})", limits(100, 3, 100)).error().code(), Errc::kJsonDepth);
}

TEST(Read, ADepthOfZeroAdmitsScalarsOnly) {
    EXPECT_TRUE(read("1", limits(100, 0, 100)));
    EXPECT_EQ(read("[]", limits(100, 0, 100)).error().code(), Errc::kJsonDepth);
}

TEST(Read, NoLimitRaisesTheNestingBeyondTheHardOne) {
    const ReadLimits generous = limits(1 << 20, 1'000'000, 1'000'000);
    const Result<Value> deepest = read(nested(kDepthHardMax), generous);
    ASSERT_TRUE(deepest) << deepest.error().to_string();
    const Value copy = *deepest;
    EXPECT_EQ(copy, *deepest);
    EXPECT_EQ(write_canonical(copy), nested(kDepthHardMax));
    EXPECT_EQ(read(nested(kDepthHardMax + 1), generous).error().code(), Errc::kJsonDepth);
}

TEST(Read, RefusesAHundredThousandOpenBracketsAtTheLimit) {
    for (const std::string_view piece : {"[", "{\"a\":", "[[],{\"a\":"}) {
        std::string text;
        for (int i = 0; i < 100'000; ++i) text += piece;
        const auto error = read(text).error();
        EXPECT_EQ(error.code(), Errc::kJsonDepth);
        ASSERT_NE(error.detail_as<LocationDetail>(), nullptr);
        // Nothing behind the limit was looked at.
        EXPECT_LE(error.detail_as<LocationDetail>()->offset, 65 * piece.size());
    }
}

TEST(Read, CountsEveryValue) {
    EXPECT_TRUE(read("[1,[2],{\"a\":3}]", limits(100, 10, 6)));
    const auto error = read("[1,[2],{\"a\":3}]", limits(100, 10, 5)).error();
    EXPECT_EQ(error.code(), Errc::kLimitExceeded);
    const auto* detail = error.detail_as<LimitDetail>();
    ASSERT_NE(detail, nullptr);
    EXPECT_EQ(detail->limit, "json_values_max");
    EXPECT_EQ(detail->allowed, 5u);
    EXPECT_EQ(detail->actual, 6u);
}

TEST(Read, TheValueLimitHoldsForContainersToo) {
    EXPECT_EQ(read("[[],[],[]]", limits(100, 10, 3)).error().code(), Errc::kLimitExceeded);
}

// ---- Canonical form

TEST(ReadCanonical, AcceptsTheCanonicalForm) {
    for (const std::string_view text :
         {"null", "{}", R"({"a":[1,2.5,"x"],"b":{"c":null}})", "1e+21", "\"\xe2\x82\xac\"",
          "{\"\xf0\x90\x80\x80\":1,\"\xef\xbf\xbf\":2}"}) {
        const Result<Value> value = read_canonical(text);
        ASSERT_TRUE(value) << value.error().to_string();
        EXPECT_EQ(write_canonical(*value), text);
    }
}

TEST(ReadCanonical, RefusesEveryOtherFormAtTheFirstByteThatDiffers) {
    constexpr struct {
        std::string_view text;
        std::size_t offset;
    } kCases[] = {
        {"[1, 2]", 3},
        {" 1", 0},
        {"1\n", 1},
        {R"({"b":1,"a":2})", 2},
        {"1.0", 1},
        {"1E2", 1},
        {"-0", 0},
        {R"("\u0061")", 1},
        {R"("\/")", 1},
        {R"("\u000a")", 2},
        {R"("\u001F")", 6},
        {"9007199254740993", 15},
        {"100000000000000000000000", 1},
        {"{\"\xef\xbf\xbf\":2,\"\xf0\x90\x80\x80\":1}", 2},
    };
    for (const auto& c : kCases) {
        const auto error = read_canonical(c.text);
        ASSERT_FALSE(error) << c.text;
        EXPECT_EQ(error.error().code(), Errc::kJsonNotCanonical) << c.text;
        ASSERT_NE(error.error().detail_as<LocationDetail>(), nullptr);
        EXPECT_EQ(error.error().detail_as<LocationDetail>()->offset, c.offset) << c.text;
    }
}

TEST(ReadCanonical, GivesTheErrorsOfRead) {
    EXPECT_EQ(read_canonical("[").error().code(), Errc::kJsonSyntax);
    EXPECT_EQ(read_canonical("[[]]", limits(100, 1, 100)).error().code(), Errc::kJsonDepth);
}

}  // namespace
}  // namespace catalog::json
