// A corpus in the manner of JSONTestSuite (N. Seriot, "Parsing JSON is a Minefield"): texts that a
// strict reader must accept (y) and must refuse (n), and what it decides where RFC 8259 leaves the
// choice.

#include <gtest/gtest.h>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"

namespace catalog::json {
namespace {

using namespace std::string_view_literals;

struct Accepted {
    const char* name;
    std::string_view text;
    std::string_view canonical;
};

constexpr Accepted kAccepted[] = {
    {"ArrayEmpty", "[]", "[]"},
    {"ArrayNested", "[[],[[]]]", "[[],[[]]]"},
    {"ArrayWithSpaces", " [ ] ", "[]"},
    {"ArrayWithNewlineBeforeComma", "[1\n,2]", "[1,2]"},
    {"ArrayOfEachType", "[null,1,\"a\",{},[],true]", "[null,1,\"a\",{},[],true]"},
    {"AllWhiteSpaceCharacters", "\t\n\r [\t\n\r 1\t\n\r ]\t\n\r ", "[1]"},
    {"LoneTrue", "true", "true"},
    {"LoneFalse", "false", "false"},
    {"LoneNull", "null", "null"},
    {"LoneString", "\"\"", "\"\""},
    {"LoneInteger", "42", "42"},
    {"LoneNegativeReal", "-0.1", "-0.1"},
    {"NumberZero", "[0]", "[0]"},
    {"NumberMinusZero", "[-0]", "[0]"},
    {"NumberRealMinusZero", "[-0.0]", "[0]"},
    {"NumberZeroExponent", "[0e+1]", "[0]"},
    {"NumberExponentUpperCase", "[1E22]", "[1e+22]"},
    {"NumberExponentPlus", "[1e+2]", "[100]"},
    {"NumberExponentMinus", "[1e-2]", "[0.01]"},
    {"NumberExponentLeadingZeros", "[1e0002]", "[100]"},
    {"NumberFraction", "[123.456]", "[123.456]"},
    {"NumberFractionTrailingZeros", "[1.50000]", "[1.5]"},
    {"NumberFractionAndExponent", "[1.5e3]", "[1500]"},
    {"NumberCloseToZero", "[-0.000000000000000000000000000000000000000000001]", "[-1e-45]"},
    {"NumberLargestSigned", "[9007199254740991]", "[9007199254740991]"},
    {"NumberManyDigits", "[0.1000000000000000055511151231257827021181583404541015625]", "[0.1]"},
    {"NumberBeyond64Bits", "[123456789012345678901]", "[123456789012345680000]"},
    {"NumberLargestDouble", "[1.7976931348623157e308]", "[1.7976931348623157e+308]"},
    {"NumberSmallestDouble", "[5e-324]", "[5e-324]"},
    {"ObjectEmpty", "{}", "{}"},
    {"ObjectEmptyName", "{\"\":0}", "{\"\":0}"},
    {"ObjectTwoMembers", "{\"b\":2,\"a\":1}", "{\"a\":1,\"b\":2}"},
    {"ObjectNewlines", "{\n\"a\"\n:\n1\n}", "{\"a\":1}"},
    {"ObjectSameNameInAnother", "{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}"},
    {"ObjectNamesDifferInCase", "{\"A\":1,\"a\":2}", "{\"A\":1,\"a\":2}"},
    {"ObjectEscapedNulInName", "{\"a\\u0000b\":1}", "{\"a\\u0000b\":1}"},
    {"ObjectNameLikeAPrototype", "{\"__proto__\":1}", "{\"__proto__\":1}"},
    {"StringEveryShortEscape", R"(["\"\\\/\b\f\n\r\t"])", R"(["\"\\/\b\f\n\r\t"])"},
    {"StringUnicodeEscape", R"(["\u0061\u30af\u00e9"])", "[\"a\xe3\x82\xaf\xc3\xa9\"]"},
    {"StringUnicodeEscapeUpperCase", R"(["\uABCD"])", "[\"\xea\xaf\x8d\"]"},
    {"StringSurrogatePair", R"(["\ud834\udd1e"])", "[\"\xf0\x9d\x84\x9e\"]"},
    {"StringTwoSurrogatePairs", R"(["\ud83d\ude39\ud83d\udc8d"])",
     "[\"\xf0\x9f\x98\xb9\xf0\x9f\x92\x8d\"]"},
    {"StringLastCodePoint", R"(["\uDBFF\uDFFF"])", "[\"\xf4\x8f\xbf\xbf\"]"},
    {"StringEscapedNul", R"(["\u0000"])", R"(["\u0000"])"},
    {"StringEscapedControl", R"(["\u001f"])", R"(["\u001f"])"},
    {"StringBackslashBeforeU", R"(["\\u0000"])", R"(["\\u0000"])"},
    {"StringDelete", "[\"\x7f\"]", "[\"\x7f\"]"},
    {"StringLineSeparators", "[\"\xe2\x80\xa8\xe2\x80\xa9\"]", "[\"\xe2\x80\xa8\xe2\x80\xa9\"]"},
    {"StringNonCharacter", "[\"\xef\xbf\xbf\"]", "[\"\xef\xbf\xbf\"]"},
    {"StringByteOrderMarkInside", "[\"\xef\xbb\xbf\"]", "[\"\xef\xbb\xbf\"]"},
    {"StringUtf8Two", "[\"\xc3\xa9\"]", "[\"\xc3\xa9\"]"},
    {"StringLooksLikeAComment", "[\"a/*b*/c//d\"]", "[\"a/*b*/c//d\"]"},
    {"StringSingleQuote", "[\"'\"]", "[\"'\"]"},
};

class AcceptedText : public ::testing::TestWithParam<Accepted> {};

TEST_P(AcceptedText, IsReadAndHasThatCanonicalForm) {
    const Result<Value> value = read(GetParam().text);
    ASSERT_TRUE(value) << value.error().to_string();
    EXPECT_EQ(write_canonical(*value), GetParam().canonical);
}

struct Refused {
    const char* name;
    std::string_view text;
    Errc code;
    std::size_t offset;
    std::string_view message;  // without the place
};

constexpr Refused kRefused[] = {
    {"Nothing", ""sv, Errc::kJsonSyntax, 0, "expected a value, found the end of the text"},
    {"SpaceOnly", " "sv, Errc::kJsonSyntax, 1, "expected a value, found the end of the text"},
    {"ArrayOpen", "["sv, Errc::kJsonSyntax, 1,
     "expected a value or ']', found the end of the text"},
    {"ArrayOpenAfterElement", "[1"sv, Errc::kJsonSyntax, 2,
     "expected ',' or ']' after an element, found the end of the text"},
    {"ArrayOpenAfterComma", "[1,"sv, Errc::kJsonSyntax, 3,
     "expected a value after ',', found the end of the text"},
    {"ArrayTrailingComma", "[1,]"sv, Errc::kJsonSyntax, 3, "expected a value after ',', found ']'"},
    {"ArrayTwoCommas", "[1,,2]"sv, Errc::kJsonSyntax, 3, "expected a value after ',', found ','"},
    {"ArrayCommaFirst", "[,1]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found ','"},
    {"ArrayNoComma", "[1 true]"sv, Errc::kJsonSyntax, 3,
     "expected ',' or ']' after an element, found the word \"true\""},
    {"ArrayColon", "[1:2]"sv, Errc::kJsonSyntax, 2,
     "expected ',' or ']' after an element, found ':'"},
    {"ArrayClosedByBrace", "[1}"sv, Errc::kJsonSyntax, 2,
     "expected ',' or ']' after an element, found '}'"},
    {"ArrayClosedTwice", "[]]"sv, Errc::kJsonSyntax, 2,
     "expected nothing after the document, found ']'"},
    {"ArrayNestedOpen", "[[1]"sv, Errc::kJsonSyntax, 4,
     "expected ',' or ']' after an element, found the end of the text"},
    {"ObjectOpen", "{"sv, Errc::kJsonSyntax, 1,
     "expected a name in quotes or '}', found the end of the text"},
    {"ObjectNameOnly", "{\"a\""sv, Errc::kJsonSyntax, 4,
     "expected ':' after a name, found the end of the text"},
    {"ObjectNoColon", "{\"a\" \"b\"}"sv, Errc::kJsonSyntax, 5,
     "expected ':' after a name, found a string"},
    {"ObjectCommaForColon", "{\"a\",1}"sv, Errc::kJsonSyntax, 4,
     "expected ':' after a name, found ','"},
    {"ObjectTwoColons", "{\"a\"::1}"sv, Errc::kJsonSyntax, 5,
     "expected a value after ':', found ':'"},
    {"ObjectNoValue", "{\"a\":}"sv, Errc::kJsonSyntax, 5, "expected a value after ':', found '}'"},
    {"ObjectValueMissingAtEnd", "{\"a\":"sv, Errc::kJsonSyntax, 5,
     "expected a value after ':', found the end of the text"},
    {"ObjectTrailingComma", "{\"a\":1,}"sv, Errc::kJsonSyntax, 7,
     "expected a name in quotes after ',', found '}'"},
    {"ObjectTwoCommas", "{\"a\":1,,\"b\":2}"sv, Errc::kJsonSyntax, 7,
     "expected a name in quotes after ',', found ','"},
    {"ObjectNoComma", "{\"a\":1 \"b\":2}"sv, Errc::kJsonSyntax, 7,
     "expected ',' or '}' after a member, found a string"},
    {"ObjectUnquotedName", "{a:1}"sv, Errc::kJsonSyntax, 1,
     "expected a name in quotes or '}', found the word \"a\""},
    {"ObjectSingleQuotedName", "{'a':1}"sv, Errc::kJsonSyntax, 1,
     "expected a name in quotes or '}', found '''"},
    {"ObjectNumberName", "{1:1}"sv, Errc::kJsonSyntax, 1,
     "expected a name in quotes or '}', found a number"},
    {"ObjectClosedByBracket", "{\"a\":1]"sv, Errc::kJsonSyntax, 6,
     "expected ',' or '}' after a member, found ']'"},
    {"ObjectNameWithoutEnd", "{\"a:1}"sv, Errc::kJsonSyntax, 1,
     "the string that begins here has no end"},
    {"ObjectSecondNameWithoutEnd", "{\"a\":1,\"b"sv, Errc::kJsonSyntax, 7,
     "the string that begins here has no end"},
    {"ObjectDuplicate", "{\"a\":1,\"a\":1}"sv, Errc::kJsonDuplicateKey, 7,
     "the name \"a\" appears twice in one object"},
    {"ObjectDuplicateEscaped", R"({"a":1,"b":2,"\u0061":3})"sv, Errc::kJsonDuplicateKey, 13,
     "the name \"a\" appears twice in one object"},
    {"ObjectDuplicateEmpty", R"({"":1,"":2})"sv, Errc::kJsonDuplicateKey, 6,
     "the name \"\" appears twice in one object"},
    {"ObjectDuplicateDeep", R"([{"a":[{"x":1, "x" :2}]}])"sv, Errc::kJsonDuplicateKey, 15,
     "the name \"x\" appears twice in one object"},
    {"WordTruncated", "[nul]"sv, Errc::kJsonSyntax, 1,
     "expected a value or ']', found the word \"nul\""},
    {"WordUpperCase", "[True]"sv, Errc::kJsonSyntax, 1,
     "expected a value or ']', found the word \"True\""},
    {"WordTooLong", "[trueish]"sv, Errc::kJsonSyntax, 5,
     "expected ',' or ']' after an element, found the word \"ish\""},
    {"WordNaN", "[NaN]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found the word \"NaN\""},
    {"WordInfinity", "[-Infinity]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberLeadingZero", "[01]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberLeadingZeroAtEnd", "01"sv, Errc::kJsonSyntax, 0, "malformed number"},
    {"NumberMinusLeadingZero", "[-012]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberPlus", "[+1]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found '+'"},
    {"NumberMinusOnly", "[-]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberTwoMinuses", "[--1]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberNoFraction", "[1.]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberNoInteger", "[.5]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found '.'"},
    {"NumberTwoPoints", "[1.2.3]"sv, Errc::kJsonSyntax, 4,
     "expected ',' or ']' after an element, found '.'"},
    {"NumberNoExponent", "[1e]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberExponentSignOnly", "[1e+]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberPointAndExponent", "[1.e1]"sv, Errc::kJsonSyntax, 1, "malformed number"},
    {"NumberHexadecimal", "[0x1F]"sv, Errc::kJsonSyntax, 2,
     "expected ',' or ']' after an element, found the word \"x\""},
    {"NumberDecimalComma", "[1,5"sv, Errc::kJsonSyntax, 4,
     "expected ',' or ']' after an element, found the end of the text"},
    {"NumberMinusAfter", "[1-]"sv, Errc::kJsonSyntax, 2,
     "expected ',' or ']' after an element, found a number"},
    {"NumberWideDigit", "[\xef\xbc\x91]"sv, Errc::kJsonSyntax, 1,
     "expected a value or ']', found byte 0xef"},
    {"NumberTooLarge", "[1e309]"sv, Errc::kJsonNumber, 1,
     "the number is outside the range of a double"},
    {"NumberTooLargeNegative", "[0,-1.8e308]"sv, Errc::kJsonNumber, 3,
     "the number is outside the range of a double"},
    {"NumberTooSmall", "[1e-400]"sv, Errc::kJsonNumber, 1,
     "the number is outside the range of a double"},
    {"NumberTooLargeInObject", "{\"a\": 1e999}"sv, Errc::kJsonNumber, 6,
     "the number is outside the range of a double"},
    {"StringOpen", "\"abc"sv, Errc::kJsonSyntax, 0, "the string that begins here has no end"},
    {"StringOpenAfterEscape", "[\"abc\\"sv, Errc::kJsonSyntax, 1,
     "the string that begins here has no end"},
    {"StringQuoteEscaped", "[\"\\\"]"sv, Errc::kJsonSyntax, 1,
     "the string that begins here has no end"},
    {"StringTab", "[\"a\tb\"]"sv, Errc::kJsonSyntax, 3,
     "control character 0x09 must be written as an escape in a string"},
    {"StringNewline", "[\"a\nb\"]"sv, Errc::kJsonSyntax, 3,
     "control character 0x0a must be written as an escape in a string"},
    {"StringUnknownEscape", R"(["\x61"])"sv, Errc::kJsonSyntax, 2, "unknown escape in a string"},
    {"StringEscapedSpace", R"(["\ "])"sv, Errc::kJsonSyntax, 2, "unknown escape in a string"},
    {"StringUpperCaseU", R"(["\U0061"])"sv, Errc::kJsonSyntax, 2, "unknown escape in a string"},
    {"StringShortUnicode", R"(["\u12"])"sv, Errc::kJsonSyntax, 2,
     "\\u must be followed by four hexadecimal digits"},
    {"StringBadUnicodeDigit", R"(["ab\u12g4"])"sv, Errc::kJsonSyntax, 4,
     "\\u must be followed by four hexadecimal digits"},
    {"StringLoneHighSurrogate", R"(["\ud800"])"sv, Errc::kJsonEncoding, 2,
     "escape \\ud800 is half of a surrogate pair"},
    {"StringHighSurrogateThenText", R"(["\uD800abc"])"sv, Errc::kJsonEncoding, 2,
     "escape \\uD800 is half of a surrogate pair"},
    {"StringHighSurrogateThenEscape", R"(["\ud800\n"])"sv, Errc::kJsonEncoding, 2,
     "escape \\ud800 is half of a surrogate pair"},
    {"StringTwoHighSurrogates", R"(["\ud800\ud800"])"sv, Errc::kJsonEncoding, 2,
     "escape \\ud800 is half of a surrogate pair"},
    {"StringHighSurrogateThenAnotherUnit", R"(["\ud800\ue000"])"sv, Errc::kJsonEncoding, 2,
     "escape \\ud800 is half of a surrogate pair"},
    {"StringUnknownEscapeAfterPair", R"(["\ud83d\ude00\x"])"sv, Errc::kJsonSyntax, 14,
     "unknown escape in a string"},
    {"StringLoneLowSurrogate", R"(["a\udc00"])"sv, Errc::kJsonEncoding, 3,
     "escape \\udc00 is half of a surrogate pair"},
    {"StringSwappedSurrogates", R"(["\udd1e\ud834"])"sv, Errc::kJsonEncoding, 2,
     "escape \\udd1e is half of a surrogate pair"},
    {"StringSingleQuotes", "['a']"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found '''"},
    {"StringBacktick", "[`a`]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found '`'"},
    {"CommentBlock", "[/*x*/1]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found '/'"},
    {"CommentLine", "[1]//x"sv, Errc::kJsonSyntax, 3,
     "expected nothing after the document, found '/'"},
    {"CommentHash", "[1]#x"sv, Errc::kJsonSyntax, 3,
     "expected nothing after the document, found '#'"},
    {"TwoDocuments", "1 2"sv, Errc::kJsonSyntax, 2,
     "expected nothing after the document, found a number"},
    {"TwoArrays", "[][]"sv, Errc::kJsonSyntax, 2, "expected nothing after the document, found '['"},
    {"TrailingComma", "1,"sv, Errc::kJsonSyntax, 1,
     "expected nothing after the document, found ','"},
    {"TrailingWord", "{}x"sv, Errc::kJsonSyntax, 2,
     "expected nothing after the document, found the word \"x\""},
    {"TrailingNul", "[1]\0"sv, Errc::kJsonEncoding, 3, "the text contains a NUL byte"},
    {"GarbageAfterNul", "[1]\0garbage"sv, Errc::kJsonEncoding, 3, "the text contains a NUL byte"},
    {"NulInString", "[\"a\0b\"]"sv, Errc::kJsonEncoding, 3, "the text contains a NUL byte"},
    {"ByteOrderMark", "\xef\xbb\xbf[]"sv, Errc::kJsonEncoding, 0,
     "the text begins with a byte order mark"},
    {"ByteOrderMarkOnly", "\xef\xbb\xbf"sv, Errc::kJsonEncoding, 0,
     "the text begins with a byte order mark"},
    {"ByteOrderMarkTwice", "\xef\xbb\xbf\xef\xbb\xbf[]"sv, Errc::kJsonEncoding, 0,
     "the text begins with a byte order mark"},
    {"Utf16", "[\0\"\0\xe9\0\"\0]\0"sv, Errc::kJsonEncoding, 1, "the text contains a NUL byte"},
    {"Latin1", "[\"\xe9\"]"sv, Errc::kJsonEncoding, 2, "the text is not UTF-8"},
    {"Utf8Overlong", "[\"\xc0\xaf\"]"sv, Errc::kJsonEncoding, 2, "the text is not UTF-8"},
    {"Utf8Surrogate", "[\"\xed\xa0\x80\"]"sv, Errc::kJsonEncoding, 2, "the text is not UTF-8"},
    {"Utf8BeyondUnicode", "[\"\xf4\x90\x80\x80\"]"sv, Errc::kJsonEncoding, 2,
     "the text is not UTF-8"},
    {"Utf8Truncated", "[\"\xe2\x82\"]"sv, Errc::kJsonEncoding, 2, "the text is not UTF-8"},
    {"Utf8LoneContinuation", "[\"\x80\"]"sv, Errc::kJsonEncoding, 2, "the text is not UTF-8"},
    {"FormFeed", "[\f]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found byte 0x0c"},
    {"NoBreakSpace", "[\xc2\xa0]"sv, Errc::kJsonSyntax, 1,
     "expected a value or ']', found byte 0xc2"},
    {"Escape", "[\\n]"sv, Errc::kJsonSyntax, 1, "expected a value or ']', found '\\'"},
    {"Xml", "<a/>"sv, Errc::kJsonSyntax, 0, "expected a value, found '<'"},
};

class RefusedText : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedText, IsRefusedForThatReasonAtThatPlace) {
    const Result<Value> value = read(GetParam().text);
    ASSERT_FALSE(value) << write_canonical(*value);
    EXPECT_EQ(errc_name(value.error().code()), errc_name(GetParam().code));
    const auto* place = value.error().detail_as<LocationDetail>();
    ASSERT_NE(place, nullptr);
    EXPECT_EQ(place->offset, GetParam().offset);
    EXPECT_EQ(value.error().message(), std::string(GetParam().message) + " (line " +
                                           std::to_string(place->line) + ", column " +
                                           std::to_string(place->column) + ")");
}

constexpr auto kCaseName = [](const auto& test_case) { return std::string(test_case.param.name); };

INSTANTIATE_TEST_SUITE_P(Corpus, AcceptedText, ::testing::ValuesIn(kAccepted), kCaseName);
INSTANTIATE_TEST_SUITE_P(Corpus, RefusedText, ::testing::ValuesIn(kRefused), kCaseName);

void PrintTo(const Accepted& value, std::ostream* out) { *out << value.text; }
void PrintTo(const Refused& value, std::ostream* out) { *out << value.text; }

}  // namespace
}  // namespace catalog::json
