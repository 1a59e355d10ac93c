#include "catalog/core/bytes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace catalog {
namespace {

using namespace std::string_view_literals;

// ---- Views

TEST(Bytes, ViewsOfTextAndBytesAreTheSameMemory) {
    const std::string text = "a\0b";
    EXPECT_EQ(as_text(as_bytes(text)), text);
    EXPECT_EQ(static_cast<const void*>(as_bytes(text).data()), text.data());
    EXPECT_TRUE(as_bytes("").empty());
    EXPECT_TRUE(as_text({}).empty());
}

TEST(Bytes, ToBytesCopies) {
    std::string text = "abc";
    const Bytes copy = to_bytes(as_bytes(text));
    text[0] = 'x';
    EXPECT_EQ(as_text(copy), "abc");
}

// ---- Hexadecimal

TEST(Hex, WritesTwoLowerCaseDigitsAByte) {
    EXPECT_EQ(to_hex(as_bytes("\x00\x0f\xa5\xff"sv)), "000fa5ff");
    EXPECT_EQ(to_hex({}), "");
}

TEST(Hex, ReadsBothCases) {
    EXPECT_EQ(as_text(from_hex("00fFaB").value()), "\x00\xff\xab"sv);
    EXPECT_TRUE(from_hex("").value().empty());
}

TEST(Hex, RefusesEverythingElseAndSaysWhere) {
    constexpr std::pair<std::string_view, std::string_view> kCases[] = {
        {"0", "hexadecimal text has an odd number of digits"},
        {"0g", "character 2 is not a hexadecimal digit"},
        {"g0", "character 1 is not a hexadecimal digit"},
        {"00 0", "character 3 is not a hexadecimal digit"},
        {"0x00", "character 2 is not a hexadecimal digit"},
        {"00\0"
         "0"sv,
         "character 3 is not a hexadecimal digit"},
        {"\xc3\xa9", "character 1 is not a hexadecimal digit"}};
    for (const auto& [text, message] : kCases) {
        const auto bytes = from_hex(text);
        ASSERT_FALSE(bytes) << text;
        EXPECT_EQ(bytes.error().code(), Errc::kInvalidArgument);
        EXPECT_EQ(bytes.error().message(), message);
    }
}

// ---- Base64

constexpr std::pair<std::string_view, std::string_view> kRfc4648[] = {{"", ""},
                                                                      {"f", "Zg=="},
                                                                      {"fo", "Zm8="},
                                                                      {"foo", "Zm9v"},
                                                                      {"foob", "Zm9vYg=="},
                                                                      {"fooba", "Zm9vYmE="},
                                                                      {"foobar", "Zm9vYmFy"},
                                                                      {"\xfb\xff\xbf", "+/+/"}};

TEST(Base64, GivesTheVectorsOfRfc4648) {
    for (const auto& [bytes, text] : kRfc4648) {
        EXPECT_EQ(to_base64(as_bytes(bytes)), text);
        EXPECT_EQ(as_text(from_base64(text).value()), bytes);
    }
}

TEST(Base64, RefusesEverythingThatIsNotTheOneCanonicalForm) {
    constexpr std::string_view kRefused[] = {
        "Z",               // no four characters
        "Zg",              // no padding
        "Zg=",             // half of the padding
        "Zg===",           // too much of it
        "=",               //
        "====",            // padding only
        "Z===",            // less than one byte
        "=g==",            // padding in front
        "Zg==Zg==",        // padding inside
        "Zm=v",            // padding before a digit
        "Zh==",            // bits behind the byte are set
        "Zm9=",            // the same with two bytes
        "Zm9v\n",          // white space
        "Zm 9",            //
        "Zm-_",            // the alphabet for addresses
        "Zm9\xc3",         // not ASCII
        "Zm9\0"sv,         // NUL
        "Zm9vYg==\n",      //
        "Zg==\0\0\0\0"sv,  // bytes behind the end
    };
    for (const std::string_view text : kRefused) {
        const auto bytes = from_base64(text);
        ASSERT_FALSE(bytes) << text;
        EXPECT_EQ(bytes.error().code(), Errc::kInvalidArgument) << text;
    }
}

TEST(Base64, ReadsBackWhatItWroteAndNothingElseReadsTheSame) {
    constexpr std::uint32_t kSeed = 4648;
    std::mt19937 random(kSeed);
    for (int round = 0; round < 2000; ++round) {
        Bytes bytes(random() % 20);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
        std::string text = to_base64(bytes);
        ASSERT_EQ(from_base64(text).value(), bytes) << "seed " << kSeed << ", round " << round;
        if (text.empty()) continue;
        text[random() % text.size()] = static_cast<char>(random() & 0xff);
        if (const auto other = from_base64(text)) {
            ASSERT_EQ(to_base64(*other), text) << "seed " << kSeed << ", round " << round;
        }
    }
}

TEST(Hex, ReadsBackWhatItWrote) {
    constexpr std::uint32_t kSeed = 16;
    std::mt19937 random(kSeed);
    for (int round = 0; round < 500; ++round) {
        Bytes bytes(random() % 20);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
        ASSERT_EQ(from_hex(to_hex(bytes)).value(), bytes) << "seed " << kSeed;
    }
}

// ---- Numbers

template <class T>
void expect_number(T value, std::string_view little, std::string_view big) {
    std::string text = "x";
    append_le(text, value);
    EXPECT_EQ(text.substr(1), little);
    EXPECT_EQ(load_le<T>(as_bytes(text).data() + 1), value);
    text = "x";
    append_be(text, value);
    EXPECT_EQ(text.substr(1), big);
    EXPECT_EQ(load_be<T>(text.data() + 1), value);
}

TEST(Numbers, AreWrittenInBothOrdersInEveryWidth) {
    expect_number<std::uint8_t>(0xfe, "\xfe", "\xfe");
    expect_number<std::uint16_t>(0xfe01, "\x01\xfe", "\xfe\x01");
    expect_number<std::uint32_t>(0xfe010203, "\x03\x02\x01\xfe", "\xfe\x01\x02\x03");
    expect_number<std::uint64_t>(0xfe01020304050607, "\x07\x06\x05\x04\x03\x02\x01\xfe",
                                 "\xfe\x01\x02\x03\x04\x05\x06\x07");
    expect_number<std::uint64_t>(0, "\0\0\0\0\0\0\0\0"sv, "\0\0\0\0\0\0\0\0"sv);
}

TEST(Numbers, BigEndianTextSortsAsTheNumbersDo) {
    const std::uint64_t numbers[] = {
        0, 1, 255, 256, 65535, 65536, 1u << 31, std::numeric_limits<std::uint64_t>::max()};
    std::string before;
    for (const std::uint64_t number : numbers) {
        std::string text;
        append_be(text, number);
        EXPECT_LT(before, text) << number;
        before = text;
    }
}

// ---- UTF-8 (the table of well-formed sequences, Unicode 15, table 3-7)

TEST(Utf8, AcceptsTheFirstAndLastOfEachLength) {
    for (const std::string_view text :
         {""sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xec\xbf\xbf"sv,
          "\xed\x80\x80"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xef\xbf\xbf"sv,
          "\xf0\x90\x80\x80"sv, "\xf3\xbf\xbf\xbf"sv, "\xf4\x8f\xbf\xbf"sv})
        EXPECT_TRUE(is_utf8(text)) << to_hex(as_bytes(text));
}

TEST(Utf8, RefusesEverySequenceThatIsNotWellFormed) {
    for (const std::string_view text : {"\x80"sv,
                                        "\xbf"sv,
                                        "\xc0\x80"sv,
                                        "\xc1\xbf"sv,
                                        "\xc2"sv,
                                        "\xc2\x7f"sv,
                                        "\xc2\xc0"sv,
                                        "\xe0\x80\x80"sv,
                                        "\xe0\x9f\xbf"sv,
                                        "\xe1\x80"sv,
                                        "\xe1\x80\x7f"sv,
                                        "\xe1\x7f\x80"sv,
                                        "\xed\xa0\x80"sv,
                                        "\xed\xbf\xbf"sv,
                                        "\xf0\x80\x80\x80"sv,
                                        "\xf0\x8f\xbf\xbf"sv,
                                        "\xf1\x80\x80"sv,
                                        "\xf1\x80\x80\x7f"sv,
                                        "\xf1\x80\x7f\x80"sv,
                                        "\xf4\x90\x80\x80"sv,
                                        "\xf5\x80\x80\x80"sv,
                                        "\xf8\x88\x80\x80\x80"sv,
                                        "\xfe"sv,
                                        "\xff"sv})
        EXPECT_FALSE(is_utf8(text)) << to_hex(as_bytes(text));
}

/// Decodes by arithmetic instead of by ranges of bytes.
bool is_utf8_by_value(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
        const unsigned lead = byte(i);
        const std::size_t length = lead < 0x80           ? 1
                                   : (lead >> 5) == 0x06 ? 2
                                   : (lead >> 4) == 0x0e ? 3
                                   : (lead >> 3) == 0x1e ? 4
                                                         : 0;
        if (length == 0 || i + length > text.size()) return false;
        std::uint32_t c = length == 1 ? lead : lead & (0x7fu >> length);
        for (std::size_t k = 1; k < length; ++k) {
            if ((byte(i + k) >> 6) != 2) return false;
            c = c << 6 | (byte(i + k) & 63u);
        }
        constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
        if (c < kLeast[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
        i += length;
    }
    return true;
}

TEST(Utf8, AgreesWithDecodingForEveryPairAndManyQuadruples) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            std::string text{static_cast<char>(first), static_cast<char>(second)};
            ASSERT_EQ(is_utf8(text), is_utf8_by_value(text)) << to_hex(as_bytes(text));
            for (const char* rest :
                 {"\x80", "\xbf", "\x80\x80", "\xbf\xbf", "\x7f\x80", "\x80\x41"}) {
                const std::string longer = text + rest;
                ASSERT_EQ(is_utf8(longer), is_utf8_by_value(longer)) << to_hex(as_bytes(longer));
            }
        }
    }
}

TEST(Utf8, FindsTheFirstBadSequenceAtEveryPlace) {
    for (std::size_t before = 0; before < 40; ++before) {
        std::string text(before, 'a');
        EXPECT_EQ(utf8_prefix_bytes(text), before);
        text += "\xc3\xa9\xff";
        EXPECT_EQ(utf8_prefix_bytes(text), before + 2);
        text += std::string(20, 'b');
        EXPECT_EQ(utf8_prefix_bytes(text), before + 2);
        EXPECT_FALSE(is_utf8(text));
    }
    EXPECT_EQ(utf8_prefix_bytes("\xe2\x82"), 0u);
    EXPECT_EQ(utf8_prefix_bytes("ab\xe2\x82"), 2u);
}

}  // namespace
}  // namespace catalog
