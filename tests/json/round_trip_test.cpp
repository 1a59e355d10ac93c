// Properties of reader and writer together, over random documents.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "catalog/json/read.hpp"
#include "catalog/json/write.hpp"
#include "support/json/random_value.hpp"

namespace catalog::json {
namespace {

using testing::DocumentShape;
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
