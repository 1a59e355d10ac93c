// The worked example of docs/formats/merkle.md: computed here, recorded as a golden file, and shown
// by the page.

#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "catalog/merkle/hash.hpp"
#include "catalog/merkle/tree.hpp"
#include "support/core/golden.hpp"

namespace catalog::merkle {
namespace {

std::string line(const std::string& what, const TreeHash& hash) {
    return what + std::string(what.size() < 18 ? 18 - what.size() : 1, ' ') + to_hex(hash.bytes()) +
           "\n";
}

std::string lines(const std::string& what, const std::vector<TreeHash>& hashes) {
    std::string text;
    for (std::size_t i = 0; i < hashes.size(); ++i)
        text += line(what + "[" + std::to_string(i) + "]", hashes[i]);
    return text;
}

/// A log of the five leaves "a" to "e", and a file of 150,000 bytes.
std::string worked_example() {
    std::string text = line("empty root", empty_root());
    std::vector<TreeHash> leaves;
    std::vector<TreeNode> nodes;
    Frontier frontier;
    for (const char* leaf : {"a", "b", "c", "d", "e"}) {
        leaves.push_back(leaf_hash(as_bytes(leaf)));
        frontier.append(leaves.back(), nodes);
    }
    for (const TreeNode& node : nodes)
        text += line("node " + std::to_string(node.level) + "/" + std::to_string(node.index),
                     node.hash);
    for (std::size_t n = 1; n <= leaves.size(); ++n)
        text += line("root of " + std::to_string(n), root_of(std::span(leaves).first(n)));
    text += lines("frontier of 5 ", frontier.hashes());
    text += lines("leaf 2 in 5 ", inclusion_proof(leaves, 2).value());
    text += lines("leaf 4 in 5 ", inclusion_proof(leaves, 4).value());
    text += lines("3 before 5 ", consistency_proof(leaves, 3).value());
    text += lines("4 before 5 ", consistency_proof(leaves, 4).value());

    std::string file(150'000, '\0');
    for (std::size_t i = 0; i < file.size(); ++i) file[i] = static_cast<char>(i % 251);
    BlockTree tree;
    tree.update(as_bytes(file));
    text += line("tree of the file", tree.finish());
    text += line("its SHA-256", hash_of(as_bytes(file)));
    return text;
}

TEST(MerkleFormat, ExampleIsTheRecordedOne) {
    golden::expect("merkle/example.txt", worked_example());
}

TEST(MerkleFormat, PageShowsTheRecordedExample) {
    const std::string page = golden::read_file(std::filesystem::path(CATALOG_SOURCE_DIR) / "docs" /
                                               "formats" / "merkle.md");
    EXPECT_NE(page.find("```\n" + worked_example() + "```"), std::string::npos)
        << "docs/formats/merkle.md does not show\n"
        << worked_example();
}

}  // namespace
}  // namespace catalog::merkle
