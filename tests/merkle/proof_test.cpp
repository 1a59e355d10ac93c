#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/merkle/tree.hpp"
#include "model.hpp"
#include "support/merkle/node_sources.hpp"

namespace catalog::merkle {
namespace {

std::vector<std::string> to_hex_digests(std::span<const TreeHash> hashes) {
    std::vector<std::string> digits;
    for (const TreeHash& hash : hashes) digits.push_back(to_hex(hash.bytes()));
    return digits;
}

/// The eight leaves of the reference vectors of the Certificate Transparency project
/// (github.com/google/certificate-transparency, merkletree tests).
std::vector<TreeHash> reference_hashes() {
    std::vector<TreeHash> hashes;
    for (const char* leaf : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                             "606162636465666768696a6b6c6d6e6f"})
        hashes.push_back(leaf_hash(from_hex(leaf).value()));
    return hashes;
}

constexpr const char* kReferenceRoots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(ReferenceVectors, RootsAreThePublishedOnes) {
    const std::vector<TreeHash> hashes = reference_hashes();
    for (std::size_t n = 1; n <= hashes.size(); ++n)
        EXPECT_EQ(to_hex(root_of(std::span(hashes).first(n)).bytes()), kReferenceRoots[n - 1]) << n;
}

TEST(ReferenceVectors, InclusionProofsAreThePublishedOnes) {
    const std::vector<TreeHash> hashes = reference_hashes();
    const auto proof = [&](std::size_t index, std::size_t size) {
        return to_hex_digests(inclusion_proof(std::span(hashes).first(size), index).value());
    };
    EXPECT_EQ(proof(0, 1), (std::vector<std::string>{}));
    EXPECT_EQ(proof(0, 8),
              (std::vector<std::string>{
                  "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
    EXPECT_EQ(proof(5, 8),
              (std::vector<std::string>{
                  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
    EXPECT_EQ(proof(2, 3),
              (std::vector<std::string>{
                  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}));
    EXPECT_EQ(proof(1, 5),
              (std::vector<std::string>{
                  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(ReferenceVectors, ConsistencyProofsAreThePublishedOnes) {
    const std::vector<TreeHash> hashes = reference_hashes();
    const auto proof = [&](std::size_t old_size, std::size_t new_size) {
        return to_hex_digests(
            consistency_proof(std::span(hashes).first(new_size), old_size).value());
    };
    EXPECT_EQ(proof(1, 1), (std::vector<std::string>{}));
    EXPECT_EQ(proof(1, 8),
              (std::vector<std::string>{
                  "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                  "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
    EXPECT_EQ(proof(6, 8),
              (std::vector<std::string>{
                  "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                  "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
    EXPECT_EQ(proof(2, 5),
              (std::vector<std::string>{
                  "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                  "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

// ---- Against the recursive definitions

TEST(InclusionProof, AgreesWithTheModelForEveryLeafOfEverySize) {
    const std::vector<std::string> leaves = model::make_leaves(80);
    const std::vector<TreeHash> hashes = model::hashes_of(leaves);
    const testing::MemoryNodeSource source(hashes);
    for (std::size_t size = 1; size <= leaves.size(); ++size) {
        for (std::size_t index = 0; index < size; ++index) {
            const auto expected = model::path(index, model::Leaves(leaves).first(size));
            ASSERT_EQ(inclusion_proof(std::span(hashes).first(size), index).value(), expected)
                << index << " of " << size;
            ASSERT_EQ(inclusion_proof(source, index, size).value(), expected)
                << index << " of " << size;
        }
    }
}

TEST(ConsistencyProof, AgreesWithTheModelForEveryPairOfSizes) {
    const std::vector<std::string> leaves = model::make_leaves(80);
    const std::vector<TreeHash> hashes = model::hashes_of(leaves);
    const testing::MemoryNodeSource source(hashes);
    for (std::size_t size = 1; size <= leaves.size(); ++size) {
        for (std::size_t old_size = 1; old_size <= size; ++old_size) {
            const auto expected =
                model::subproof(old_size, model::Leaves(leaves).first(size), true);
            ASSERT_EQ(consistency_proof(std::span(hashes).first(size), old_size).value(), expected)
                << old_size << " of " << size;
            ASSERT_EQ(consistency_proof(source, old_size, size).value(), expected)
                << old_size << " of " << size;
        }
    }
}

TEST(VerifyInclusion, AcceptsEveryProof) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(130));
    const testing::MemoryNodeSource source(hashes);
    for (std::size_t size = 1; size <= hashes.size(); ++size) {
        const TreeHash root = root_of(source, size).value();
        for (std::size_t index = 0; index < size; ++index) {
            const auto proof = inclusion_proof(source, index, size).value();
            ASSERT_TRUE(verify_inclusion(hashes[index], index, size, proof, root))
                << index << " of " << size;
        }
    }
}

TEST(VerifyConsistency, AcceptsEveryProof) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(130));
    const testing::MemoryNodeSource source(hashes);
    for (std::size_t size = 0; size <= hashes.size(); ++size) {
        const TreeHash root = root_of(source, size).value();
        for (std::size_t old_size = 0; old_size <= size; ++old_size) {
            const TreeHash old_root = root_of(source, old_size).value();
            const auto proof = consistency_proof(source, old_size, size).value();
            ASSERT_TRUE(verify_consistency(old_size, old_root, size, root, proof))
                << old_size << " of " << size;
        }
    }
}

// ---- Nothing else is accepted

/// Calls `refused` with every proof that differs from `proof` in one place: a bit of a hash, a hash
/// missing, doubled or added, two neighbours swapped, another algorithm.
template <class Check>
void for_each_altered(const std::vector<TreeHash>& proof, const Check& refused) {
    const TreeHash foreign = leaf_hash(as_bytes("foreign"));
    for (std::size_t i = 0; i < proof.size(); ++i) {
        for (const std::size_t byte : {0u, 13u, 31u}) {
            auto altered = proof;
            altered[i].digest[byte] ^= std::byte{0x10};
            refused(altered);
        }
        auto altered = proof;
        altered[i].algorithm = HashAlgorithm::kBlake2b256;
        refused(altered);
        altered = proof;
        altered.erase(altered.begin() + static_cast<std::ptrdiff_t>(i));
        refused(altered);
        altered = proof;
        altered.insert(altered.begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
        refused(altered);
        if (i + 1 < proof.size()) {
            altered = proof;
            std::swap(altered[i], altered[i + 1]);
            refused(altered);
        }
    }
    for (const bool front : {false, true}) {
        auto altered = proof;
        altered.insert(front ? altered.begin() : altered.end(), foreign);
        refused(altered);
    }
}

TEST(VerifyInclusion, RefusesEveryAlteration) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(20));
    for (std::size_t size = 1; size <= hashes.size(); ++size) {
        const auto tree = std::span(hashes).first(size);
        const TreeHash root = root_of(tree);
        for (std::size_t index = 0; index < size; ++index) {
            const auto proof = inclusion_proof(tree, index).value();
            const auto refused = [&](const Result<void>& result, const char* what) {
                ASSERT_FALSE(result) << what << ", leaf " << index << " of " << size;
                EXPECT_EQ(result.error().code(), Errc::kProofInvalid);
            };
            for_each_altered(proof, [&](const std::vector<TreeHash>& altered) {
                refused(verify_inclusion(hashes[index], index, size, altered, root), "proof");
            });
            for (std::size_t other = 0; other < size + 3; ++other)
                if (other != index)
                    refused(verify_inclusion(hashes[index], other, size, proof, root), "index");
            TreeHash altered = hashes[index];
            altered.digest[5] ^= std::byte{1};
            refused(verify_inclusion(altered, index, size, proof, root), "leaf");
            altered = root;
            altered.digest[31] ^= std::byte{0x80};
            refused(verify_inclusion(hashes[index], index, size, proof, altered), "root");
            altered = root;
            altered.algorithm = HashAlgorithm::kBlake2b256;
            refused(verify_inclusion(hashes[index], index, size, proof, altered), "algorithm");
        }
    }
}

TEST(VerifyInclusion, RefusesAnotherSizeUnlessThePathIsTheSame) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(40));
    const testing::MemoryNodeSource source(hashes);
    for (std::size_t size = 1; size <= hashes.size(); ++size) {
        const TreeHash root = root_of(source, size).value();
        for (std::size_t index = 0; index < size; ++index) {
            const auto proof = inclusion_proof(source, index, size).value();
            for (std::size_t other = index + 1; other < hashes.size() + 5; ++other) {
                // A path of a leaf does not determine the size of its tree (RFC 9162 binds the size
                // by the signed tree head); a path of another length never fits.
                const bool accepted =
                    verify_inclusion(hashes[index], index, other, proof, root).has_value();
                if (other == size) {
                    EXPECT_TRUE(accepted);
                } else if (other <= hashes.size() &&
                           inclusion_proof(source, index, other).value().size() != proof.size()) {
                    EXPECT_FALSE(accepted) << index << " of " << size << " as of " << other;
                }
            }
        }
    }
}

TEST(VerifyConsistency, RefusesEveryAlteration) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(20));
    for (std::size_t size = 1; size <= hashes.size(); ++size) {
        const auto tree = std::span(hashes).first(size);
        const TreeHash root = root_of(tree);
        for (std::size_t old_size = 0; old_size <= size; ++old_size) {
            const TreeHash old_root = root_of(tree.first(old_size));
            const auto proof = consistency_proof(tree, old_size).value();
            const auto refused = [&](const Result<void>& result, const char* what) {
                ASSERT_FALSE(result) << what << ", " << old_size << " of " << size;
                EXPECT_EQ(result.error().code(), Errc::kProofInvalid);
            };
            for_each_altered(proof, [&](const std::vector<TreeHash>& altered) {
                refused(verify_consistency(old_size, old_root, size, root, altered), "proof");
            });
            TreeHash altered = old_root;
            altered.digest[0] ^= std::byte{1};
            refused(verify_consistency(old_size, altered, size, root, proof), "old root");
            altered = old_root;
            altered.algorithm = HashAlgorithm::kBlake2b256;
            refused(verify_consistency(old_size, altered, size, root, proof), "algorithm");
            if (old_size != 0) {  // the empty tree is a prefix of every tree, whatever its root
                altered = root;
                altered.digest[0] ^= std::byte{1};
                refused(verify_consistency(old_size, old_root, size, altered, proof), "new root");
            }
            if (old_size != size)
                refused(verify_consistency(size, root, old_size, old_root, proof), "order");
        }
    }
}

TEST(VerifyConsistency, RefusesATreeThatRewroteOneOldLeaf) {
    std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(33));
    for (std::size_t old_size = 1; old_size < hashes.size(); ++old_size) {
        const TreeHash old_root = root_of(std::span(hashes).first(old_size));
        for (std::size_t rewritten = 0; rewritten < old_size; ++rewritten) {
            auto forged = hashes;
            forged[rewritten] = leaf_hash(as_bytes("rewritten"));
            const auto proof = consistency_proof(forged, old_size).value();
            EXPECT_FALSE(
                verify_consistency(old_size, old_root, forged.size(), root_of(forged), proof))
                << "leaf " << rewritten << " of " << old_size;
        }
    }
}

// ---- Proofs made to lead to the right root by a path that the sizes do not have

TEST(VerifyInclusion, RefusesAPathOfAnotherLengthThatLeadsToTheRoot) {
    const TreeHash leaf = leaf_hash(as_bytes("leaf"));
    const TreeHash other = leaf_hash(as_bytes("other"));
    const auto refused = [&](std::uint64_t index, std::uint64_t size,
                             const std::vector<TreeHash>& proof, const TreeHash& root) {
        const auto result = verify_inclusion(leaf, index, size, proof, root);
        return !result && result.error().code() == Errc::kProofInvalid;
    };
    EXPECT_TRUE(refused(0, 1, {other}, node_hash(leaf, other)));
    EXPECT_TRUE(refused(0, 1, {other}, node_hash(other, leaf)));
    EXPECT_TRUE(refused(1, 2, {other, other}, node_hash(other, node_hash(other, leaf))));
    EXPECT_TRUE(refused(0, 2, {}, leaf));
    EXPECT_TRUE(refused(1, 2, {}, leaf));
    EXPECT_TRUE(refused(2, 4, {other}, node_hash(leaf, other)));
}

TEST(VerifyConsistency, RefusesAPathOfAnotherLengthThatLeadsToBothRoots) {
    const TreeHash root = leaf_hash(as_bytes("leaf"));
    const TreeHash other = leaf_hash(as_bytes("other"));
    const auto refused = [&](std::uint64_t old_size, std::uint64_t new_size,
                             const std::vector<TreeHash>& proof, const TreeHash& new_root) {
        const auto result = verify_consistency(old_size, root, new_size, new_root, proof);
        return !result && result.error().code() == Errc::kProofInvalid;
    };
    EXPECT_TRUE(refused(1, 2, {}, root));
    EXPECT_TRUE(refused(2, 4, {}, root));
    EXPECT_TRUE(refused(3, 4, {root}, root));
    EXPECT_TRUE(refused(2, 3, {other, other}, node_hash(other, node_hash(root, other))));
    EXPECT_TRUE(refused(2, 3, {other, other}, node_hash(node_hash(root, other), other)));
    EXPECT_TRUE(refused(2, 1, {}, root));
    EXPECT_TRUE(refused(4, 3, {}, root));
    EXPECT_TRUE(refused(3, 2, {root}, root));
}

// ---- Arguments

TEST(InclusionProof, RefusesALeafOutsideTheTree) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(3));
    for (const std::uint64_t index : {std::uint64_t{3}, std::uint64_t{4}, ~std::uint64_t{0}}) {
        const auto proof = inclusion_proof(hashes, index);
        ASSERT_FALSE(proof);
        EXPECT_EQ(proof.error().code(), Errc::kInvalidArgument);
    }
    EXPECT_FALSE(inclusion_proof(std::span<const TreeHash>(), 0));
}

TEST(ConsistencyProof, RefusesAPrefixLongerThanTheTree) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(3));
    const auto proof = consistency_proof(hashes, 4);
    ASSERT_FALSE(proof);
    EXPECT_EQ(proof.error().code(), Errc::kInvalidArgument);
}

TEST(ConsistencyProof, OfNothingAndOfEverythingIsEmpty) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(5));
    EXPECT_TRUE(consistency_proof(hashes, 0).value().empty());
    EXPECT_TRUE(consistency_proof(hashes, 5).value().empty());
}

TEST(StoredProofs, HandTheErrorOfTheSourceThrough) {
    const testing::MemoryNodeSource nothing;
    EXPECT_EQ(inclusion_proof(nothing, 0, 2).error().code(), Errc::kNotFound);
    EXPECT_EQ(consistency_proof(nothing, 1, 2).error().code(), Errc::kNotFound);
    EXPECT_EQ(load_frontier(nothing, 1).error().code(), Errc::kNotFound);
}

TEST(StoredProofs, ReadLogarithmicallyManyNodes) {
    const std::vector<TreeHash> hashes(5000, leaf_hash({}));
    const testing::MemoryNodeSource source(hashes);
    for (const std::uint64_t index : {0u, 1u, 2500u, 4095u, 4096u, 4999u}) {
        const std::size_t before = source.reads();
        ASSERT_TRUE(inclusion_proof(source, index, 5000));
        const std::size_t between = source.reads();
        EXPECT_LE(between - before, 2u * 13) << index;
        ASSERT_TRUE(consistency_proof(source, index, 5000));
        EXPECT_LE(source.reads() - between, 3u * 13) << index;
    }
}

/// A tree of equal leaves: of any size without storing it.
class UniformSource final : public NodeSource {
public:
    UniformSource() {
        levels_.push_back(leaf_hash({}));
        while (levels_.size() < 64) levels_.push_back(node_hash(levels_.back(), levels_.back()));
    }

    Result<TreeHash> node(std::uint32_t level, std::uint64_t) const override {
        return levels_.at(level);
    }

private:
    std::vector<TreeHash> levels_;
};

TEST(StoredProofs, HoldForTheLargestSizes) {
    const UniformSource source;
    const std::uint64_t all = ~std::uint64_t{0};
    const std::uint64_t half = std::uint64_t{1} << 63;
    for (const std::uint64_t size : {half - 1, half, half + 1, all - 1, all}) {
        const TreeHash root = root_of(source, size).value();
        for (const std::uint64_t index : {std::uint64_t{0}, size / 3, size - 2, size - 1}) {
            const auto proof = inclusion_proof(source, index, size).value();
            EXPECT_TRUE(verify_inclusion(leaf_hash({}), index, size, proof, root))
                << index << " of " << size;
        }
        for (const std::uint64_t old_size :
             {std::uint64_t{1}, size / 3, half - 1, size - 1, size}) {
            const auto proof = consistency_proof(source, old_size, size).value();
            EXPECT_TRUE(
                verify_consistency(old_size, root_of(source, old_size).value(), size, root, proof))
                << old_size << " of " << size;
        }
    }
}

}  // namespace
}  // namespace catalog::merkle
