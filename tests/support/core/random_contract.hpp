#pragma once
// What every Random must do. An implementation runs it with a default-constructible type:
//
//   struct Mine { Random& random(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, RandomContract, Mine);

#include <gtest/gtest.h>

#include <cstddef>
#include <set>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/random.hpp"

namespace catalog::fakes {

template <class World>
class RandomContract : public ::testing::Test {
protected:
    World world_;
};

TYPED_TEST_SUITE_P(RandomContract);

TYPED_TEST_P(RandomContract, FillsEveryByte) {
    // A byte that is left alone would keep its value in all of 16 fills; of 1 KiB of random bytes
    // none does, but once in 2^109 runs.
    for (const std::size_t size : {1u, 7u, 8u, 9u, 255u, 256u, 257u, 1024u}) {
        std::vector<std::set<std::byte>> seen(size);
        for (int round = 0; round < 16; ++round) {
            Bytes bytes(size);
            ASSERT_TRUE(this->world_.random().fill(bytes));
            for (std::size_t i = 0; i < size; ++i) seen[i].insert(bytes[i]);
        }
        for (std::size_t i = 0; i < size; ++i)
            ASSERT_GT(seen[i].size(), 1u) << "byte " << i << " of " << size;
    }
}

TYPED_TEST_P(RandomContract, FillsNothing) {
    EXPECT_TRUE(this->world_.random().fill(std::span<std::byte>()));
}

TYPED_TEST_P(RandomContract, NeverRepeatsItself) {
    std::set<Bytes> seen;
    for (int i = 0; i < 1000; ++i) {
        Bytes bytes(16);
        ASSERT_TRUE(this->world_.random().fill(bytes));
        ASSERT_TRUE(seen.insert(bytes).second) << "fill " << i;
    }
}

TYPED_TEST_P(RandomContract, UsesEveryValue) {
    Bytes bytes(16 * 1024);
    ASSERT_TRUE(this->world_.random().fill(bytes));
    EXPECT_EQ(std::set<std::byte>(bytes.begin(), bytes.end()).size(), 256u);
}

REGISTER_TYPED_TEST_SUITE_P(RandomContract, FillsEveryByte, FillsNothing, NeverRepeatsItself,
                            UsesEveryValue);

}  // namespace catalog::fakes
