#include "catalog/merkle/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/merkle/hash.hpp"
#include "model.hpp"
#include "support/merkle/node_sources.hpp"

namespace catalog::merkle {
namespace {

constexpr std::size_t kModelLeaves = 130;

TEST(EmptyRoot, IsTheHashOfNothing) {
    EXPECT_EQ(to_hex(empty_root().bytes()),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(LeafHash, PutsAZeroByteBeforeTheLeaf) {
    EXPECT_EQ(leaf_hash(as_bytes("leaf")), model::sha256(std::string("\0leaf", 5)));
}

TEST(NodeHash, PutsAOneByteBeforeBothChildren) {
    const TreeHash left = leaf_hash(as_bytes("l"));
    const TreeHash right = leaf_hash(as_bytes("r"));
    EXPECT_EQ(node_hash(left, right), model::sha256("\x01" + std::string(as_text(left.bytes())) +
                                                    std::string(as_text(right.bytes()))));
}

TEST(NodeHash, DependsOnTheOrderOfTheChildren) {
    const TreeHash left = leaf_hash(as_bytes("l"));
    const TreeHash right = leaf_hash(as_bytes("r"));
    EXPECT_NE(node_hash(left, right), node_hash(right, left));
}

TEST(RootOf, AgreesWithTheModelForEverySize) {
    const std::vector<std::string> leaves = model::make_leaves(kModelLeaves);
    const std::vector<TreeHash> hashes = model::hashes_of(leaves);
    for (std::size_t n = 0; n <= kModelLeaves; ++n)
        ASSERT_EQ(root_of(std::span(hashes).first(n)), model::root(model::Leaves(leaves).first(n)))
            << n << " leaves";
}

TEST(Frontier, HasTheRootOfEveryPrefix) {
    const std::vector<std::string> leaves = model::make_leaves(kModelLeaves);
    Frontier frontier;
    EXPECT_EQ(frontier.root(), empty_root());
    for (std::size_t n = 1; n <= kModelLeaves; ++n) {
        frontier.append(leaf_hash(as_bytes(leaves[n - 1])));
        ASSERT_EQ(frontier.size(), n);
        ASSERT_EQ(frontier.root(), model::root(model::Leaves(leaves).first(n))) << n << " leaves";
    }
}

TEST(Frontier, GoesOnAfterRestoreFromEverySize) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(70));
    const TreeHash whole = root_of(hashes);
    Frontier frontier;
    for (std::size_t n = 0; n <= hashes.size(); ++n) {
        Result<Frontier> restored = Frontier::restore(frontier.size(), frontier.hashes());
        ASSERT_TRUE(restored) << restored.error().to_string();
        for (std::size_t i = n; i < hashes.size(); ++i) restored->append(hashes[i]);
        ASSERT_EQ(restored->root(), whole) << "restored at " << n;
        if (n < hashes.size()) frontier.append(hashes[n]);
    }
}

TEST(Frontier, RestoreRefusesAWrongNumberOfHashes) {
    const TreeHash hash = leaf_hash({});
    for (const auto& [size, count] : {std::pair<std::uint64_t, std::size_t>{0, 1},
                                      {1, 0},
                                      {1, 2},
                                      {3, 1},
                                      {4, 2},
                                      {~std::uint64_t{0}, 63}}) {
        const auto restored = Frontier::restore(size, std::vector<TreeHash>(count, hash));
        ASSERT_FALSE(restored) << size << " leaves, " << count << " hashes";
        EXPECT_EQ(restored.error().code(), Errc::kProofInvalid);
    }
}

TEST(Frontier, RestoreRefusesAnotherHashAlgorithm) {
    const auto restored = Frontier::restore(1, {hash_of({}, HashAlgorithm::kBlake2b256)});
    ASSERT_FALSE(restored);
    EXPECT_EQ(restored.error().code(), Errc::kProofInvalid);
}

TEST(Frontier, BothAppendsAreTheSameTree) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(kModelLeaves));
    Frontier plain;
    Frontier listing;
    std::vector<TreeNode> completed;
    for (const TreeHash& hash : hashes) {
        plain.append(hash);
        listing.append(hash, completed);
        ASSERT_EQ(plain.hashes(), listing.hashes()) << plain.size() << " leaves";
        ASSERT_EQ(plain.size(), listing.size());
    }
}

TEST(Frontier, AppendReportsEveryPerfectSubtreeOnce) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(kModelLeaves));
    Frontier frontier;
    std::vector<TreeNode> completed;
    for (const TreeHash& hash : hashes) frontier.append(hash, completed);

    std::vector<TreeNode> expected;
    for (std::uint32_t level = 0; (std::size_t{1} << level) <= hashes.size(); ++level) {
        const std::size_t width = std::size_t{1} << level;
        for (std::size_t index = 0; (index + 1) * width <= hashes.size(); ++index)
            expected.push_back(
                {level, index, root_of(std::span(hashes).subspan(index * width, width))});
    }
    const auto place = [](const TreeNode& node) { return std::pair(node.level, node.index); };
    std::ranges::sort(completed, {}, place);
    EXPECT_EQ(completed, expected);
}

TEST(LoadFrontier, EqualsTheFrontierThatWasAppendedTo) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(kModelLeaves));
    const testing::MemoryNodeSource source(hashes);
    Frontier appended;
    for (std::size_t n = 0; n <= hashes.size(); ++n) {
        const Result<Frontier> loaded = load_frontier(source, n);
        ASSERT_TRUE(loaded) << loaded.error().to_string();
        ASSERT_EQ(loaded->hashes(), appended.hashes()) << n << " leaves";
        ASSERT_EQ(loaded->size(), n);
        if (n < hashes.size()) appended.append(hashes[n]);
    }
}

TEST(RootOf, OfAStoredTreeIsTheRootOfItsLeaves) {
    const std::vector<TreeHash> hashes = model::hashes_of(model::make_leaves(kModelLeaves));
    const testing::MemoryNodeSource source(hashes);
    for (std::size_t n = 0; n <= hashes.size(); ++n)
        ASSERT_EQ(root_of(source, n).value(), root_of(std::span(hashes).first(n))) << n;
}

TEST(RootOf, HandsTheErrorOfTheSourceThrough) {
    const testing::MemoryNodeSource nothing;
    const auto root = root_of(nothing, 5);
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error().code(), Errc::kNotFound);
}

// ---- BlockTree

std::string some_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::minstd_rand random(static_cast<std::minstd_rand::result_type>(size + 1));
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

TreeHash block_root_by_definition(std::string_view bytes) {
    std::vector<TreeHash> leaves;
    for (std::size_t at = 0; at < bytes.size(); at += BlockTree::kBlockBytes)
        leaves.push_back(leaf_hash(as_bytes(bytes.substr(at, BlockTree::kBlockBytes))));
    return root_of(leaves);
}

TEST(BlockTree, OfNothingIsTheEmptyRoot) { EXPECT_EQ(BlockTree().finish(), empty_root()); }

TEST(BlockTree, EqualsItsDefinitionAroundMultiplesOfTheBlockInAnySlices) {
    constexpr unsigned kSeed = 20240611;
    std::mt19937 random(kSeed);
    BlockTree tree;
    for (const std::size_t blocks : {0u, 1u, 2u, 3u, 4u, 7u, 8u}) {
        for (const int around : {-1, 0, 1}) {
            if (blocks == 0 && around < 0) continue;
            const std::size_t size =
                blocks * BlockTree::kBlockBytes + static_cast<std::size_t>(around);
            const std::string bytes = some_bytes(size);
            for (std::size_t at = 0; at < bytes.size();) {
                const std::size_t slice =
                    std::min<std::size_t>(random() % 150'000, bytes.size() - at);
                tree.update(as_bytes(std::string_view(bytes).substr(at, slice)));
                at += slice;
            }
            ASSERT_EQ(tree.finish(), block_root_by_definition(bytes))
                << size << " bytes, seed " << kSeed;
        }
    }
}

// What is hashed beside the blocks are the same bytes, cut at other places.
TEST(BlockTree, HashesOtherTasksWithoutChangingItsRoot) {
    constexpr unsigned kSeed = 7;
    std::mt19937 random(kSeed);
    for (int round = 0; round < 40; ++round) {
        SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
        const std::string bytes = some_bytes(random() % 900'000);
        BlockTree tree;
        std::size_t at = 0;
        const auto tasks_over = [&](std::string_view slice) {
            std::vector<HashTask> tasks;
            while (!slice.empty()) {
                const std::size_t count =
                    std::min<std::size_t>(slice.size(), random() % 90'000 + 1);
                tasks.push_back({as_bytes(slice.substr(0, count)), HashTask::As::kBytes, {}});
                slice.remove_prefix(count);
            }
            return tasks;
        };
        const auto expect_hashed = [](const std::vector<HashTask>& tasks) {
            for (const HashTask& task : tasks) ASSERT_EQ(task.digest, hash_of(task.bytes));
        };
        while (bytes.size() - at > 100'000) {
            const std::string_view slice = std::string_view(bytes).substr(at, random() % 300'000);
            std::vector<HashTask> tasks = tasks_over(slice);
            tree.update(as_bytes(slice), tasks);
            expect_hashed(tasks);
            at += slice.size();
        }
        std::vector<HashTask> tasks = tasks_over(std::string_view(bytes).substr(at));
        ASSERT_EQ(tree.finish(as_bytes(std::string_view(bytes).substr(at)), tasks),
                  block_root_by_definition(bytes));
        expect_hashed(tasks);
    }
}

TEST(BlockTree, StartsAnewAfterFinish) {
    BlockTree tree;
    tree.update(as_bytes("something"));
    (void)tree.finish();
    EXPECT_EQ(tree.finish(), empty_root());
}

TEST(BlockTree, KeepsItsStateWhenMoved) {
    BlockTree first;
    first.update(as_bytes("one "));
    BlockTree second(std::move(first));
    second.update(as_bytes("two"));
    EXPECT_EQ(second.finish(), leaf_hash(as_bytes("one two")));
}

TEST(BlockTree, ProvesItsBlocks) {
    const std::string bytes = some_bytes(5 * BlockTree::kBlockBytes + 17);
    BlockTree tree;
    tree.update(as_bytes(bytes));
    const TreeHash root = tree.finish();
    std::vector<TreeHash> leaves;
    for (std::size_t at = 0; at < bytes.size(); at += BlockTree::kBlockBytes)
        leaves.push_back(
            leaf_hash(as_bytes(std::string_view(bytes).substr(at, BlockTree::kBlockBytes))));
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        const auto proof = inclusion_proof(leaves, i);
        ASSERT_TRUE(proof);
        EXPECT_TRUE(verify_inclusion(leaves[i], i, leaves.size(), *proof, root)) << "block " << i;
    }
}

}  // namespace
}  // namespace catalog::merkle
