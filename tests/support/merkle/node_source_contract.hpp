#pragma once
// What every NodeSource must do. An implementation runs it with a type that stores nodes and reads
// them back:
//
//   struct MyTree { void add(std::span<const TreeNode>); const NodeSource& source(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Mine, NodeSourceContract, MyTree);

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "catalog/merkle/tree.hpp"

namespace catalog::merkle::testing {

template <class Tree>
class NodeSourceContract : public ::testing::Test {
protected:
    static constexpr std::uint64_t kLeaves = 37;

    static TreeHash leaf(std::uint64_t i) { return leaf_hash(as_bytes(std::to_string(i))); }

    /// Appends leaves until `frontier_` has `size`, in batches as a log does.
    void grow(std::uint64_t size) {
        std::vector<TreeNode> completed;
        while (frontier_.size() < size) frontier_.append(leaf(frontier_.size()), completed);
        tree_.add(completed);
    }

    Tree tree_;
    Frontier frontier_;
};

TYPED_TEST_SUITE_P(NodeSourceContract);

TYPED_TEST_P(NodeSourceContract, GivesBackEveryNode) {
    std::vector<TreeNode> completed;
    for (std::uint64_t i = 0; i < this->kLeaves; ++i)
        this->frontier_.append(this->leaf(i), completed);
    this->tree_.add(completed);
    for (const TreeNode& node : completed) {
        const auto read = this->tree_.source().node(node.level, node.index);
        ASSERT_TRUE(read) << read.error().to_string();
        EXPECT_EQ(*read, node.hash) << node.level << "/" << node.index;
    }
}

TYPED_TEST_P(NodeSourceContract, HasNoNodeThatIsNotComplete) {
    this->grow(6);
    EXPECT_FALSE(this->tree_.source().node(0, 6));
    EXPECT_FALSE(this->tree_.source().node(1, 3));
    EXPECT_FALSE(this->tree_.source().node(2, 1));
    EXPECT_FALSE(this->tree_.source().node(3, 0));
    EXPECT_FALSE(this->tree_.source().node(63, 0));
}

TYPED_TEST_P(NodeSourceContract, ProvesEveryLeafAndEveryPrefixWhileItGrows) {
    std::vector<TreeHash> roots{empty_root()};
    for (std::uint64_t size = 1; size <= this->kLeaves; ++size) {
        this->grow(size);
        const NodeSource& source = this->tree_.source();
        roots.push_back(this->frontier_.root());
        ASSERT_EQ(root_of(source, size).value(), roots.back());
        for (std::uint64_t i = 0; i < size; ++i)
            EXPECT_TRUE(verify_inclusion(this->leaf(i), i, size,
                                         inclusion_proof(source, i, size).value(), roots[size]));
        for (std::uint64_t old = 0; old <= size; ++old)
            EXPECT_TRUE(verify_consistency(old, roots[old], size, roots[size],
                                           consistency_proof(source, old, size).value()));
    }
}

TYPED_TEST_P(NodeSourceContract, IsEnoughToGoOnAppending) {
    this->grow(21);
    Result<Frontier> loaded = load_frontier(this->tree_.source(), 21);
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    this->frontier_ = *loaded;
    this->grow(this->kLeaves);
    std::vector<TreeHash> leaves;
    for (std::uint64_t i = 0; i < this->kLeaves; ++i) leaves.push_back(this->leaf(i));
    EXPECT_EQ(root_of(this->tree_.source(), this->kLeaves).value(), root_of(leaves));
}

REGISTER_TYPED_TEST_SUITE_P(NodeSourceContract, GivesBackEveryNode, HasNoNodeThatIsNotComplete,
                            ProvesEveryLeafAndEveryPrefixWhileItGrows, IsEnoughToGoOnAppending);

}  // namespace catalog::merkle::testing
