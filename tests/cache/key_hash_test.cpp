#include "key_hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace catalog::cache {
namespace {

TEST(KeyHash, DiffersForEveryLengthOfTheSameByte) {
    const KeyHash hash(1, 2);
    std::set<std::uint64_t> seen;
    for (std::size_t length = 0; length < 200; ++length)
        EXPECT_TRUE(seen.insert(hash(as_bytes(std::string(length, 'a')))).second) << length;
}

TEST(KeyHash, DependsOnEveryBitOfTheKey) {
    const KeyHash hash(3, 4);
    for (const std::size_t length : {1u, 3u, 4u, 7u, 8u, 9u, 16u, 17u, 31u, 32u, 33u, 60u}) {
        const std::string key(length, 'k');
        const std::uint64_t before = hash(as_bytes(key));
        for (std::size_t bit = 0; bit < length * 8; ++bit) {
            std::string changed = key;
            changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
            EXPECT_NE(hash(as_bytes(changed)), before) << length << " bytes, bit " << bit;
        }
    }
}

TEST(KeyHash, DependsOnBothSeeds) {
    EXPECT_NE(KeyHash(1, 2)(as_bytes("key")), KeyHash(3, 2)(as_bytes("key")));
    EXPECT_NE(KeyHash(1, 2)(as_bytes("key")), KeyHash(1, 4)(as_bytes("key")));
}

// Both halves choose something: buckets the lower, tags and shards the upper one.
TEST(KeyHash, SpreadsCountingKeysOverBothHalves) {
    const KeyHash hash(5, 6);
    std::array<unsigned, 64> low{};
    std::array<unsigned, 64> high{};
    constexpr unsigned kKeys = 64'000;
    for (unsigned i = 0; i < kKeys; ++i) {
        const std::uint64_t hashed = hash(as_bytes("acme/part-" + std::to_string(i)));
        ++low[(hashed & 0xffff'ffff) * 64 >> 32];
        ++high[hashed >> 58];
    }
    for (unsigned i = 0; i < 64; ++i) {
        EXPECT_NEAR(low[i], 1'000, 200) << i;
        EXPECT_NEAR(high[i], 1'000, 200) << i;
    }
}

}  // namespace
}  // namespace catalog::cache
