#include "catalog/json/value.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace catalog::json {
namespace {

static_assert(!std::is_constructible_v<Value, const int*>, "a pointer is no boolean");

TEST(Value, IsNullByDefault) {
    EXPECT_TRUE(Value().is_null());
    EXPECT_EQ(Value(), Value(nullptr));
}

TEST(Value, GivesOnlyWhatItHolds) {
    const Value text("x");
    ASSERT_NE(text.as_string(), nullptr);
    EXPECT_EQ(*text.as_string(), "x");
    EXPECT_EQ(text.as_bool(), nullptr);
    EXPECT_EQ(text.as_int(), nullptr);
    EXPECT_EQ(text.as_double(), nullptr);
    EXPECT_EQ(text.as_array(), nullptr);
    EXPECT_EQ(text.as_object(), nullptr);
    EXPECT_FALSE(text.is_null());
}

TEST(Value, KeepsUnsignedNumbersWithinTheSignedRangeExact) {
    const std::uint64_t top = std::numeric_limits<std::int64_t>::max();
    ASSERT_NE(Value(top).as_int(), nullptr);
    EXPECT_EQ(*Value(top).as_int(), std::numeric_limits<std::int64_t>::max());
    ASSERT_NE(Value(top + 1).as_double(), nullptr);
    EXPECT_EQ(*Value(top + 1).as_double(), 9223372036854775808.0);
    EXPECT_EQ(*Value(std::uint32_t{0xffffffff}).as_int(), 0xffffffff);
}

TEST(Value, NamesItsType) {
    EXPECT_EQ(Value().type_name(), "null");
    EXPECT_EQ(Value(true).type_name(), "boolean");
    EXPECT_EQ(Value(1).type_name(), "number");
    EXPECT_EQ(Value(1.5).type_name(), "number");
    EXPECT_EQ(Value("").type_name(), "string");
    EXPECT_EQ(Value(Array{}).type_name(), "array");
    EXPECT_EQ(Value(Object{}).type_name(), "object");
}

TEST(Value, FindLooksIntoObjectsOnly) {
    const Value object(Object{{"a", Value(1)}});
    ASSERT_NE(object.find("a"), nullptr);
    EXPECT_EQ(*object.find("a"), Value(1));
    EXPECT_EQ(object.find("b"), nullptr);
    EXPECT_EQ(Value(Array{Value("a")}).find("a"), nullptr);
    EXPECT_EQ(Value("a").find("a"), nullptr);
}

TEST(Value, CopiesAreIndependent) {
    Value original(Array{Value(1)});
    const Value copy = original;
    original.as_array()->push_back(Value(2));
    EXPECT_EQ(copy, Value(Array{Value(1)}));
}

TEST(Value, ComparesTypeAndContent) {
    EXPECT_NE(Value(1), Value(1.0));
    EXPECT_NE(Value(false), Value(nullptr));
    EXPECT_NE(Value(Array{}), Value(Object{}));
    EXPECT_EQ(Value(Object{{"a", Value(1)}, {"b", Value(2)}}),
              Value(Object{{"b", Value(2)}, {"a", Value(1)}}));
}

// ---- Typed members

Object sample() {
    return Object{{"text", Value("words")},
                  {"empty", Value("")},
                  {"flag", Value(true)},
                  {"count", Value(42)},
                  {"negative", Value(-1)},
                  {"huge", Value((std::int64_t{1} << 53) + 1)},
                  {"most", Value(std::int64_t{1} << 53)},
                  {"half", Value(0.5)},
                  {"none", Value(nullptr)},
                  {"words", Value(Array{Value("a"), Value("b")})},
                  {"mixed", Value(Array{Value("a"), Value(1)})}};
}

template <class T>
void expect_type_error(const Result<T>& result, const std::string& message) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), Errc::kJsonType);
    EXPECT_EQ(result.error().message(), message);
}

TEST(RequireString, ReturnsTheMember) {
    EXPECT_EQ(require_string(sample(), "text", "manifest").value(), "words");
    EXPECT_EQ(require_string(sample(), "empty", "manifest").value(), "");
}

TEST(RequireString, SaysWhichMemberIsWrong) {
    expect_type_error(require_string(sample(), "absent", "manifest"),
                      "manifest: member \"absent\" is missing");
    expect_type_error(require_string(sample(), "none", "manifest"),
                      "manifest: member \"none\" must be a string, not null");
    expect_type_error(require_string(sample(), "count", ""),
                      "member \"count\" must be a string, not a number");
}

TEST(OptionalString, TakesTheFallbackForAbsentAndNull) {
    EXPECT_EQ(optional_string(sample(), "text", "m", "other").value(), "words");
    EXPECT_EQ(optional_string(sample(), "absent", "m", "other").value(), "other");
    EXPECT_EQ(optional_string(sample(), "none", "m", "other").value(), "other");
    EXPECT_EQ(optional_string(sample(), "absent", "m").value(), "");
    expect_type_error(optional_string(sample(), "flag", "m"),
                      "m: member \"flag\" must be a string, not a boolean");
}

TEST(OptionalBool, TakesTheFallbackForAbsentAndNull) {
    EXPECT_TRUE(optional_bool(sample(), "flag", "m", false).value());
    EXPECT_TRUE(optional_bool(sample(), "absent", "m", true).value());
    EXPECT_FALSE(optional_bool(sample(), "none", "m", false).value());
    expect_type_error(optional_bool(sample(), "count", "m", false),
                      "m: member \"count\" must be a boolean, not a number");
}

TEST(RequireUint, TakesWholeNumbersUpTo2To53) {
    EXPECT_EQ(require_uint(sample(), "count", "m").value(), 42u);
    EXPECT_EQ(require_uint(sample(), "most", "m").value(), std::uint64_t{1} << 53);
    expect_type_error(require_uint(sample(), "huge", "m"),
                      "m: member \"huge\" must be between 0 and 2^53, not 9007199254740993");
    expect_type_error(require_uint(sample(), "negative", "m"),
                      "m: member \"negative\" must be between 0 and 2^53, not -1");
    expect_type_error(require_uint(sample(), "half", "m"),
                      "m: member \"half\" must be a whole number of at most 2^53");
    expect_type_error(require_uint(sample(), "text", "m"),
                      "m: member \"text\" must be a whole number, not a string");
    expect_type_error(require_uint(sample(), "absent", "m"), "m: member \"absent\" is missing");
}

TEST(OptionalStrings, ReturnsAllElementsOrNone) {
    EXPECT_EQ(optional_strings(sample(), "words", "m").value(),
              (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(optional_strings(sample(), "absent", "m").value().empty());
    EXPECT_TRUE(optional_strings(sample(), "none", "m").value().empty());
    expect_type_error(optional_strings(sample(), "mixed", "m"),
                      "m: member \"mixed\" must be an array of strings, but element 2 is a number");
    expect_type_error(optional_strings(sample(), "text", "m"),
                      "m: member \"text\" must be an array of strings, not a string");
}

}  // namespace
}  // namespace catalog::json
