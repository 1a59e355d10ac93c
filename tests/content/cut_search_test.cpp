#include "cut_search.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "support/io/seeded_random.hpp"

namespace catalog::content {
namespace {

using io::testing::SeededRandom;

struct Vectors {
    const char* name;
    CutSearch search;
};

std::vector<Vectors> vectors() {
    std::vector<Vectors> found{{"Chosen", choose_cut_search()}};
    if (cut_searches().avx2 != nullptr) found.push_back({"Avx2", cut_searches().avx2});
    if (cut_searches().avx512 != nullptr) found.push_back({"Avx512", cut_searches().avx512});
    return found;
}

class EachSearch : public ::testing::TestWithParam<Vectors> {};

// Few different bytes, and a table with entries of 0, make candidates frequent.
TEST_P(EachSearch, FindsWhatTheScalarOneFinds) {
    std::size_t cuts = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        SeededRandom random(seed);
        CutRule rule;
        for (auto* const table : {&rule.low, &rule.high})
            for (std::uint8_t& entry : *table)
                entry = random.chance(30) ? 0 : static_cast<std::uint8_t>(random.next());
        rule.keys = {random.next(), random.next()};
        for (std::uint32_t* const threshold : {&rule.strict, &rule.loose})
            *threshold = static_cast<std::uint32_t>(random.next() >> (32 + random.below(4)));
        Bytes bytes(32 + random.below(3000));
        const std::uint64_t alphabet = 1 + random.below(256);
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(alphabet));
        const std::size_t begin = 32 + random.below(bytes.size() - 31);
        const std::size_t end = begin + random.below(bytes.size() - begin + 1);
        const CutRange range{bytes.data(), begin, random.below(bytes.size() + 1), end};
        const std::size_t expected = search_cut_scalar(rule, range);
        ASSERT_EQ(GetParam().search(rule, range), expected) << "seed " << seed;
        cuts += expected != end ? 1 : 0;
    }
    EXPECT_GT(cuts, 300u) << "too few cuts to compare";
    EXPECT_LT(cuts, 1700u) << "too few ranges without one";
}

INSTANTIATE_TEST_SUITE_P(CutSearch, EachSearch, ::testing::ValuesIn(vectors()),
                         [](const auto& vectors) { return std::string(vectors.param.name); });

}  // namespace
}  // namespace catalog::content
