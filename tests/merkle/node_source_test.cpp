#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <vector>

#include "catalog/merkle/tree.hpp"
#include "model.hpp"
#include "support/merkle/node_source_contract.hpp"
#include "support/merkle/node_sources.hpp"

namespace catalog::merkle::testing {
namespace {

struct InMemory {
    void add(std::span<const TreeNode> nodes) { nodes_.add(nodes); }
    const NodeSource& source() const { return nodes_; }

private:
    MemoryNodeSource nodes_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, NodeSourceContract, InMemory);

TEST(StoredProofs, HandEveryErrorOfTheSourceThrough) {
    const std::vector<TreeHash> leaves = model::hashes_of(model::make_leaves(45));
    const MemoryNodeSource nodes(leaves);
    const Error error(Errc::kIo, "unreadable");
    for (std::size_t call = 0; call < 12; ++call) {
        const FaultyNodeSource inclusion(nodes, call, error);
        const auto path = inclusion_proof(inclusion, 20, 45);
        EXPECT_EQ(path.has_value(), !inclusion.fired()) << call;
        if (!path) {
            EXPECT_EQ(path.error().code(), Errc::kIo);
        }
        const FaultyNodeSource consistency(nodes, call, error);
        const auto prefix = consistency_proof(consistency, 23, 45);
        EXPECT_EQ(prefix.has_value(), !consistency.fired()) << call;
        const FaultyNodeSource whole(nodes, call, error);
        const auto root = root_of(whole, 45);
        EXPECT_EQ(root.has_value(), !whole.fired()) << call;
    }
}

TEST(StoredProofs, OfADamagedTreeAreNotAccepted) {
    const std::vector<TreeHash> leaves = model::hashes_of(model::make_leaves(45));
    const MemoryNodeSource nodes(leaves);
    const TreeHash root = root_of(leaves);
    for (std::size_t call = 0;; ++call) {
        const FaultyNodeSource damaged = FaultyNodeSource::damaging(nodes, call);
        const auto proof = inclusion_proof(damaged, 20, 45).value();
        if (!damaged.fired()) {
            EXPECT_GE(call, 6u);
            break;
        }
        EXPECT_FALSE(verify_inclusion(leaves[20], 20, 45, proof, root)) << "call " << call;
    }
}

}  // namespace
}  // namespace catalog::merkle::testing
