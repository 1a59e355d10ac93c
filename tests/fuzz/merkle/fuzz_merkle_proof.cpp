// A proof that was edited in any way is refused unless the edits undo each other; numbers of any
// size do no harm.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/merkle/tree.hpp"

namespace {

using namespace catalog;
using merkle::TreeHash;

constexpr std::size_t kLeavesMax = 64;

void require(bool condition) {
    if (!condition) __builtin_trap();
}

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    bool empty() const { return at_ >= size_; }
    std::uint8_t byte() { return empty() ? std::uint8_t{0} : data_[at_++]; }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i) value = value << 8 | byte();
        return value;
    }

private:
    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

/// Applies edits, each of an operation and a place, until the input ends.
std::vector<TreeHash> edited(std::vector<TreeHash> proof, const std::vector<TreeHash>& leaves,
                             Input& input) {
    while (!input.empty() && proof.size() < 80) {
        const std::uint8_t operation = input.byte();
        const std::size_t place = input.byte();
        if (operation % 4 == 0) {
            const std::size_t at = place % (proof.size() + 1);
            proof.insert(proof.begin() + static_cast<std::ptrdiff_t>(at),
                         leaves[input.byte() % leaves.size()]);
            continue;
        }
        if (proof.empty()) continue;
        const std::size_t at = place % proof.size();
        if (operation % 4 == 1) {
            proof.erase(proof.begin() + static_cast<std::ptrdiff_t>(at));
        } else if (operation % 4 == 2) {
            proof[at].digest[input.byte() % 32] ^= static_cast<std::byte>(input.byte());
        } else {
            std::swap(proof[at], proof[input.byte() % proof.size()]);
        }
    }
    return proof;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
    Input input(data, bytes);
    const std::size_t size = 1 + input.byte() % kLeavesMax;
    std::vector<TreeHash> leaves;
    for (std::size_t i = 0; i < size; ++i)
        leaves.push_back(merkle::leaf_hash(as_bytes(std::to_string(i))));
    const TreeHash root = merkle::root_of(leaves);
    const std::size_t index = input.byte() % size;
    const bool consistency = input.byte() % 2 != 0;
    const bool foreign_numbers = input.byte() % 2 != 0;

    const auto proof = consistency ? merkle::consistency_proof(leaves, index)
                                   : merkle::inclusion_proof(leaves, index);
    require(proof.has_value());
    if (foreign_numbers) {
        // Sizes far from the tree's: an answer within bounds, whatever it is.
        const std::uint64_t first = input.number();
        const std::uint64_t second = input.number();
        const auto changed = edited(*proof, leaves, input);
        const auto inclusion =
            merkle::verify_inclusion(leaves[index], first, second, changed, root);
        require(!inclusion || first < second);
        const auto prefix = merkle::verify_consistency(first, root, second, root, changed);
        require(!prefix || first == second);
        return 0;
    }
    const auto changed = edited(*proof, leaves, input);
    const bool same = changed == *proof;
    if (consistency) {
        const TreeHash old_root = merkle::root_of(std::span(leaves).first(index));
        require(merkle::verify_consistency(index, old_root, size, root, changed).has_value() ==
                same);
    } else {
        require(merkle::verify_inclusion(leaves[index], index, size, changed, root).has_value() ==
                same);
    }
    return 0;
}
