// Properties of reader and writer together, over random documents.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "support/json/random_value.hpp"

namespace catalog::json {
namespace {

using testing::DocumentShape;
using testing::random_text;
using testing::random_value;
using testing::RandomEngine;
using testing::write_loosely;

constexpr std::uint64_t kDocuments = 3000;

TEST(RoundTrip, CanonicalTextReadsBackAsTheSameDocument) {
    for (std::uint64_t seed = 1; seed <= kDocuments; ++seed) {
        RandomEngine random(seed);
        const Value value = random_value(random);
        const std::string text = write_canonical(value);
        const Result<Value> back = read_canonical(text);
        ASSERT_TRUE(back) << back.error().to_string() << "\nseed " << seed << ": " << text;
        ASSERT_EQ(*back, value) << "seed " << seed << ": " << text;
    }
}

TEST(RoundTrip, PrettyTextReadsBackAsTheSameDocument) {
    for (std::uint64_t seed = 1; seed <= kDocuments; ++seed) {
        RandomEngine random(seed);
        const Value value = random_value(random);
        const std::string text = write_pretty(value);
        const Result<Value> back = read(text);
        ASSERT_TRUE(back) << back.error().to_string() << "\nseed " << seed << ": " << text;
        ASSERT_EQ(*back, value) << "seed " << seed << ": " << text;
    }
}

TEST(RoundTrip, EverySpellingReadsAsTheSameDocument) {
    for (std::uint64_t seed = 1; seed <= kDocuments; ++seed) {
        RandomEngine random(seed);
        const Value value = random_value(random);
        const std::string text = write_loosely(value, random);
        const Result<Value> back = read(text);
        ASSERT_TRUE(back) << back.error().to_string() << "\nseed " << seed << ": " << text;
        ASSERT_EQ(*back, value) << "seed " << seed << ": " << text;
        ASSERT_EQ(write_canonical(*back), write_canonical(value)) << "seed " << seed;
    }
}

TEST(RoundTrip, CanonicalFormOfAnythingIsAFixedPoint) {
    DocumentShape shape;
    shape.exact_only = false;  // whole doubles and integers beyond 2^53 change their type
    for (std::uint64_t seed = 1; seed <= kDocuments; ++seed) {
        RandomEngine random(seed);
        const std::string text = write_canonical(random_value(random, shape));
        const Result<Value> back = read_canonical(text);
        ASSERT_TRUE(back) << back.error().to_string() << "\nseed " << seed << ": " << text;
        ASSERT_EQ(write_canonical(*back), text) << "seed " << seed;
    }
}

/// The UTF-16 code units of valid UTF-8.
std::u16string to_utf16(const std::string& text) {
    std::u16string units;
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        char32_t c = length == 1 ? lead : lead & (0x7fu >> length);
        for (std::size_t i = 1; i < length; ++i)
            c = c << 6 | (static_cast<unsigned char>(text[at + i]) & 63);
        at += length;
        if (c >= 0x10000) units.push_back(static_cast<char16_t>(0xd800 + ((c - 0x10000) >> 10)));
        units.push_back(static_cast<char16_t>(c < 0x10000 ? c : 0xdc00 + (c & 0x3ff)));
    }
    return units;
}

TEST(RoundTrip, MembersAreInTheOrderOfTheirUtf16Units) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        RandomEngine random(seed);
        Object object;
        for (int i = 0; i < 60; ++i) object["x" + random_text(random)] = Value(1);
        std::vector<std::string> names;
        for (const auto& member : object) names.push_back(member.first);
        std::ranges::sort(names, {}, to_utf16);

        std::string expected;
        for (const std::string& name : names)
            expected += (expected.empty() ? "{" : ",") + write_canonical(Value(name)) + ":1";
        ASSERT_EQ(write_canonical(Value(object)), expected + "}") << "seed " << seed;
    }
}

TEST(RoundTrip, NoDamagedTextIsReadAsCanonicalUnlessItIs) {
    for (std::uint64_t seed = 1; seed <= kDocuments; ++seed) {
        RandomEngine random(seed);
        std::string text = write_canonical(random_value(random));
        switch (random() % 3) {
            case 0:
                text[random() % text.size()] = static_cast<char>(random());
                break;
            case 1:
                text.erase(random() % text.size(), 1);
                break;
            default:
                text.insert(random() % (text.size() + 1), 1, "{}[],:\" 0e-\\u"[random() % 13]);
        }
        if (const Result<Value> value = read_canonical(text)) {
            ASSERT_EQ(write_canonical(*value), text) << "seed " << seed;
        } else {
            // Every refusal says where.
            ASSERT_NE(value.error().detail_as<LocationDetail>(), nullptr)
                << "seed " << seed << ": " << value.error().to_string();
            ASSERT_LE(value.error().detail_as<LocationDetail>()->offset, text.size());
        }
    }
}

}  // namespace
}  // namespace catalog::json
