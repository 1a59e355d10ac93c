#include "catalog/json/write.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "catalog/json/read.hpp"

namespace catalog::json {
namespace {

std::string canonical_of(std::string_view text) {
    const Result<Value> value = read(text);
    EXPECT_TRUE(value) << value.error().to_string();
    return value ? write_canonical(*value) : "";
}

// ---- RFC 8785

// Section 3.2.2: the sample object of the RFC.
TEST(WriteCanonical, PrintsTheSampleOfTheRfc) {
    EXPECT_EQ(canonical_of(R"({
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      })"),
              "{\"literals\":[null,true,false],"
              "\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
              "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

// Section 3.2.3: the sorting sample of the RFC.
TEST(WriteCanonical, SortsTheSampleOfTheRfcByUtf16CodeUnits) {
    EXPECT_EQ(canonical_of(R"({
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
      })"),
              "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
              "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
              "\"\xe2\x82\xac\":\"Euro Sign\","
              "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
              "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

TEST(WriteCanonical, SortsBySurrogatesWhereByteOrderDiffers) {
    // U+D7FF, U+10000, U+10FFFF, U+E000, U+FFFF: the pairs stand between.
    EXPECT_EQ(
        canonical_of(R"({"\uffff":5,"\udbff\udfff":3,"\ue000":4,"\ud800\udc00":2,"\ud7ff":1})"),
        "{\"\xed\x9f\xbf\":1,\"\xf0\x90\x80\x80\":2,\"\xf4\x8f\xbf\xbf\":3,"
        "\"\xee\x80\x80\":4,\"\xef\xbf\xbf\":5}");
}

TEST(WriteCanonical, SortsByTheFirstDifferenceBehindEqualBeginnings) {
    EXPECT_EQ(canonical_of(R"({"x\ue000":3,"x\ud800\udc00":2,"x":1,"x\ue000\ud800\udc00":4})"),
              "{\"x\":1,\"x\xf0\x90\x80\x80\":2,\"x\xee\x80\x80\":3,"
              "\"x\xee\x80\x80\xf0\x90\x80\x80\":4}");
}

TEST(WriteCanonical, SortsAPrefixBeforeTheLongerName) {
    EXPECT_EQ(canonical_of(R"({"aa":3,"":0,"b":4,"a":1,"a\u0000":2})"),
              R"({"":0,"a":1,"a\u0000":2,"aa":3,"b":4})");
}

TEST(WriteCanonical, KeepsTheOrderOfElements) {
    EXPECT_EQ(canonical_of(R"([56, {"d": true, "10": null, "1": []}, "z", "a"])"),
              R"([56,{"1":[],"10":null,"d":true},"z","a"])");
}

TEST(WriteCanonical, SortsAccentsByCodeNotByLanguage) {
    EXPECT_EQ(canonical_of("{\"p\xc3\xaa"
                           "che\":3,\"p\xc3\xa9"
                           "ch\xc3\xa9\":2,\"peach\":1,\"sin\":4}"),
              "{\"peach\":1,\"p\xc3\xa9"
              "ch\xc3\xa9\":2,\"p\xc3\xaa"
              "che\":3,\"sin\":4}");
}

TEST(WriteCanonical, DoesNotNormaliseUnicode) {
    // "A" with a combining ring stays two characters, and is another name than the composed one.
    EXPECT_EQ(canonical_of(R"({"\u00c5":2,"A\u030a":1})"), "{\"A\xcc\x8a\":1,\"\xc3\x85\":2}");
}

TEST(WriteCanonical, SortsInEveryNestedObject) {
    EXPECT_EQ(canonical_of(R"({"1":{"f":{"f":"hi","F":5},"\n":56.0},"10":{},"":"empty",
                               "a":{},"111":[{"e":"yes","E":"no"}],"A":{}})"),
              "{\"\":\"empty\",\"1\":{\"\\n\":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"10\":{},"
              "\"111\":[{\"E\":\"no\",\"e\":\"yes\"}],\"A\":{},\"a\":{}}");
}

TEST(WriteCanonical, EscapesOnlyWhatItMust) {
    std::string all;
    for (char c = 0; c < 0x7f; ++c) all.push_back(c);
    all += "\x7f\xc2\x80\xe2\x80\xa8";
    EXPECT_EQ(write_canonical(Value(all)),
              "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r"
              "\\u000e\\u000f\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019"
              "\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f !\\\"#$%&'()*+,-./0123456789:;<=>?@"
              "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f\xc2\x80"
              "\xe2\x80\xa8\"");
}

TEST(WriteCanonical, ReplacesEachByteThatIsNotUtf8) {
    EXPECT_EQ(write_canonical(Value("a\xff\xc3(\xe2\x82")),
              "\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\"");
    EXPECT_EQ(write_canonical(Value(Object{{"\xff", Value(1)}})), "{\"\xef\xbf\xbd\":1}");
}

TEST(WriteCanonical, PrintsEmptyContainersAndLiterals) {
    EXPECT_EQ(write_canonical(Value(Array{Value(Array{}), Value(Object{}), Value(), Value(true),
                                          Value(false), Value("")})),
              "[[],{},null,true,false,\"\"]");
}

TEST(WriteCanonical, DoesNotRecurse) {
    // Far deeper than any stack; taken apart by hand below, since destroying a value does recurse.
    constexpr int kDepth = 200'000;
    Value value;
    for (int i = 0; i < kDepth; ++i) {
        Array outer;
        outer.push_back(std::move(value));
        value = Value(std::move(outer));
    }
    const std::string text = write_canonical(value);
    EXPECT_EQ(text.size(), 2u * kDepth + 4);
    while (value.as_array() != nullptr) {
        Value inner = std::move(value.as_array()->front());
        value = std::move(inner);
    }
}

// ---- For people

TEST(WritePretty, IndentsByTwoSpaces) {
    const Value value(Object{{"b", Value(Array{Value(1), Value(Object{{"x", Value()}})})},
                             {"a", Value("text")},
                             {"c", Value(Array{})},
                             {"d", Value(Object{})}});
    EXPECT_EQ(write_pretty(value),
              "{\n"
              "  \"a\": \"text\",\n"
              "  \"b\": [\n"
              "    1,\n"
              "    {\n"
              "      \"x\": null\n"
              "    }\n"
              "  ],\n"
              "  \"c\": [],\n"
              "  \"d\": {}\n"
              "}\n");
}

TEST(WritePretty, EndsAScalarWithANewline) { EXPECT_EQ(write_pretty(Value(1.5)), "1.5\n"); }

}  // namespace
}  // namespace catalog::json
