#include "catalog/merkle/range_proof.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"

namespace catalog::merkle {
namespace {

std::vector<TreeHash> leaves_of(std::uint64_t count) {
    std::vector<TreeHash> leaves;
    for (std::uint64_t i = 0; i < count; ++i)
        leaves.push_back(leaf_hash(as_bytes("leaf " + std::to_string(i))));
    return leaves;
}

// The definition, as recursion: hashes of subtrees beside the range, from left to right.
void define_proof(std::span<const TreeHash> all, std::uint64_t first, LeafRange range,
                  std::vector<TreeHash>& proof) {
    const std::uint64_t end = first + all.size();
    if (end <= range.first || first >= range.first + range.count) {
        proof.push_back(root_of(all));
        return;
    }
    if (first >= range.first && end <= range.first + range.count) return;
    std::size_t split = 1;
    while (split * 2 < all.size()) split *= 2;
    define_proof(all.first(split), first, range, proof);
    define_proof(all.subspan(split), first + split, range, proof);
}

std::span<const TreeHash> in(const std::vector<TreeHash>& leaves, LeafRange range) {
    return std::span(leaves).subspan(range.first, range.count);
}

TEST(RangeProof, OfEveryRangeOfEverySizeIsTheDefinitionAndHolds) {
    for (std::uint64_t size = 1; size <= 21; ++size) {
        const std::vector<TreeHash> leaves = leaves_of(size);
        const NodeLayers layers(leaves);
        const TreeHash root = root_of(leaves);
        for (std::uint64_t first = 0; first < size; ++first)
            for (std::uint64_t count = 1; first + count <= size; ++count) {
                const LeafRange range{first, count};
                std::vector<TreeHash> expected;
                define_proof(leaves, 0, range, expected);
                const auto proof = range_proof(layers, range, size);
                ASSERT_TRUE(proof.has_value());
                ASSERT_EQ(*proof, expected) << size << " " << first << "+" << count;
                ASSERT_EQ(range_proof_hashes(range, size), expected.size());
                ASSERT_TRUE(verify_range(in(leaves, range), first, size, *proof, root));
            }
    }
}

TEST(RangeProof, OfOneLeafHasTheHashesOfItsInclusionProof) {
    const std::vector<TreeHash> leaves = leaves_of(100);
    const NodeLayers layers(leaves);
    for (const std::uint64_t index : {0u, 1u, 63u, 64u, 97u, 99u}) {
        auto range = range_proof(layers, {index, 1}, 100).value();
        auto inclusion = inclusion_proof(leaves, index).value();
        std::ranges::sort(range);
        std::ranges::sort(inclusion);
        EXPECT_EQ(range, inclusion);
    }
}

TEST(RangeProof, RefusesEveryOtherHashPlaceAndSize) {
    const std::vector<TreeHash> leaves = leaves_of(21);
    const NodeLayers layers(leaves);
    const TreeHash root = root_of(leaves);
    const LeafRange range{5, 7};
    const std::vector<TreeHash> proof = range_proof(layers, range, 21).value();
    const std::vector<TreeHash> mine(in(leaves, range).begin(), in(leaves, range).end());
    const auto holds = [&](const std::vector<TreeHash>& some, std::uint64_t first,
                           std::uint64_t size, const std::vector<TreeHash>& hashes) {
        const auto checked = verify_range(some, first, size, hashes, root);
        EXPECT_EQ(checked ? Errc::kProofInvalid : checked.error().code(), Errc::kProofInvalid);
        return checked.has_value();
    };
    ASSERT_TRUE(holds(mine, 5, 21, proof));
    for (std::size_t i = 0; i < proof.size(); ++i) {
        auto other = proof;
        other[i].digest[7] ^= std::byte{1};
        EXPECT_FALSE(holds(mine, 5, 21, other)) << i;
        other = proof;
        other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(holds(mine, 5, 21, other)) << i;
        other = proof;
        other[i].algorithm = HashAlgorithm::kBlake2b256;
        EXPECT_FALSE(holds(mine, 5, 21, other)) << i;
    }
    auto longer = proof;
    longer.push_back(proof.front());
    EXPECT_FALSE(holds(mine, 5, 21, longer));
    for (std::size_t i = 0; i < mine.size(); ++i) {
        auto other = mine;
        other[i].digest[31] ^= std::byte{0x80};
        EXPECT_FALSE(holds(other, 5, 21, proof)) << i;
    }
    for (const std::uint64_t first : {0u, 4u, 6u, 14u, 15u, 21u, 1'000u})
        EXPECT_FALSE(holds(mine, first, 21, proof)) << first;
    EXPECT_FALSE(holds({}, 5, 21, proof));
    EXPECT_FALSE(holds(mine, ~std::uint64_t{0} - 2, 21, proof));
    for (const std::uint64_t size : {0u, 11u, 12u, 16u, 33u})
        EXPECT_FALSE(holds(mine, 5, size, proof)) << size;
}

TEST(RangeProof, RefusesToProveWhatIsNotInTheTree) {
    const NodeLayers layers(leaves_of(4));
    for (const LeafRange range :
         {LeafRange{0, 0}, LeafRange{4, 1}, LeafRange{2, 3}, LeafRange{1, ~std::uint64_t{0}}})
        EXPECT_EQ(range_proof(layers, range, 4).error().code(), Errc::kInvalidArgument);
    EXPECT_FALSE(layers.node(3, 0).has_value());
    EXPECT_FALSE(layers.node(1, 2).has_value());
}

TEST(RangeProof, HandsTheSourcesErrorThrough) {
    class Broken final : public NodeSource {
    public:
        Result<TreeHash> node(std::uint32_t, std::uint64_t) const override {
            return fail(Errc::kIo, "the disk is gone");
        }
    };
    EXPECT_EQ(range_proof(Broken(), {3, 1}, 9).error().code(), Errc::kIo);
}

TEST(RangeProof, OfTheLargestTreeHasFewHashes) {
    EXPECT_EQ(range_proof_hashes({7, 1}, 16'384), 14u);
    EXPECT_EQ(range_proof_hashes({(std::uint64_t{1} << 62) - 1, 2}, std::uint64_t{1} << 63), 124u);
}

TEST(NodeLayers, HoldsTheNodesOfTheTree) {
    const std::vector<TreeHash> leaves = leaves_of(13);
    const NodeLayers layers(leaves);
    EXPECT_EQ(layers.size(), 13u);
    EXPECT_EQ(root_of(layers, 13).value(), root_of(leaves));
    EXPECT_EQ(layers.bytes(), (13 + 6 + 3 + 1) * sizeof(TreeHash));
    EXPECT_EQ(NodeLayers({}).size(), 0u);
}

}  // namespace
}  // namespace catalog::merkle
