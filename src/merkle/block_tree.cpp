#include <algorithm>
#include <vector>

#include "catalog/merkle/hash_batch.hpp"
#include "catalog/merkle/tree.hpp"
#include "sha256.hpp"

namespace catalog::merkle {
namespace {

// Blocks that are hashed together: enough for all lanes, whatever the lengths of the other tasks.
constexpr std::size_t kBatchBlocks = 64;

}  // namespace

struct BlockTree::Impl {
    // Adds bytes to the open block, up to its end; returns how many.
    std::size_t fill_open_block(ByteView bytes) noexcept {
        const std::size_t taken = std::min(bytes.size(), kBlockBytes - open_bytes);
        if (taken == 0) return 0;
        if (open_bytes == 0) {
            open = Sha256();
            open.update(kLeafPrefix);
        }
        open.update(bytes.first(taken));
        open_bytes += taken;
        if (open_bytes == kBlockBytes) close_open_block();
        return taken;
    }
    void close_open_block() {
        frontier.append(open.finish());
        open_bytes = 0;
    }

    // Hashes `blocks`, of which only the last may be shorter than a block, and `also`.
    void hash_together(ByteView blocks, std::span<HashTask> also) {
        tasks.assign(also.begin(), also.end());
        while (!blocks.empty() || !tasks.empty()) {
            const std::size_t others = tasks.size();
            while (!blocks.empty() && tasks.size() < others + kBatchBlocks) {
                const std::size_t bytes = std::min(blocks.size(), kBlockBytes);
                tasks.push_back({blocks.first(bytes), HashTask::As::kLeaf, {}});
                blocks = blocks.subspan(bytes);
            }
            hash_all(tasks);
            for (std::size_t i = 0; i < others; ++i) also[i].digest = tasks[i].digest;
            for (std::size_t i = others; i < tasks.size(); ++i) frontier.append(tasks[i].digest);
            tasks.clear();
        }
    }

    Frontier frontier;
    Sha256 open;
    std::size_t open_bytes = 0;  // Of a block whose other bytes come with a later piece.
    std::vector<HashTask> tasks;
};

BlockTree::BlockTree() : impl_(std::make_unique<Impl>()) {}
BlockTree::~BlockTree() = default;
BlockTree::BlockTree(BlockTree&&) noexcept = default;
BlockTree& BlockTree::operator=(BlockTree&&) noexcept = default;

void BlockTree::update(ByteView bytes, std::span<HashTask> also) {
    Impl& impl = *impl_;
    if (impl.open_bytes != 0) bytes = bytes.subspan(impl.fill_open_block(bytes));
    const std::size_t whole = bytes.size() / kBlockBytes * kBlockBytes;
    impl.hash_together(bytes.first(whole), also);
    impl.fill_open_block(bytes.subspan(whole));
}

TreeHash BlockTree::finish(ByteView rest, std::span<HashTask> also) {
    Impl& impl = *impl_;
    if (impl.open_bytes != 0) rest = rest.subspan(impl.fill_open_block(rest));
    impl.hash_together(rest, also);
    if (impl.open_bytes != 0) impl.close_open_block();
    const TreeHash root = impl.frontier.root();
    impl.frontier = Frontier();
    return root;
}

}  // namespace catalog::merkle
