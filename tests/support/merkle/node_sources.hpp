#pragma once
// Stored trees for tests: one in memory, and a wrapper that fails.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "catalog/merkle/tree.hpp"

namespace catalog::merkle::testing {

/// A complete NodeSource in memory, filled with what Frontier::append reports. Thread safety: one
/// thread at a time.
class MemoryNodeSource final : public NodeSource {
public:
    MemoryNodeSource() = default;

    /// Stores the tree over `leaves` (leaf hashes).
    explicit MemoryNodeSource(std::span<const TreeHash> leaves);

    void add(std::span<const TreeNode> nodes);

    /// Errors: kNotFound.
    [[nodiscard]] Result<TreeHash> node(std::uint32_t level, std::uint64_t index) const override;

    /// Returns how often `node` was called.
    [[nodiscard]] std::size_t reads() const noexcept { return reads_; }

private:
    std::map<std::pair<std::uint32_t, std::uint64_t>, TreeHash> nodes_;
    mutable std::size_t reads_ = 0;
};

/// Asks another source, but the `failing_call`th call (0-based) fails with `error`, or, made by
/// `damaging`, returns its node with one bit flipped.
class FaultyNodeSource final : public NodeSource {
public:
    FaultyNodeSource(const NodeSource& base, std::size_t failing_call, Error error)
        : base_(base), faulty_call_(failing_call), error_(std::move(error)) {}

    /// Returns a source whose `damaged_call`th answer is wrong.
    [[nodiscard]] static FaultyNodeSource damaging(const NodeSource& base,
                                                   std::size_t damaged_call);

    [[nodiscard]] Result<TreeHash> node(std::uint32_t level, std::uint64_t index) const override;

    /// Tells whether the fault has happened.
    [[nodiscard]] bool fired() const noexcept { return calls_ > faulty_call_; }

private:
    FaultyNodeSource(const NodeSource& base, std::size_t damaged_call)
        : base_(base), faulty_call_(damaged_call) {}

    const NodeSource& base_;
    std::size_t faulty_call_;
    std::optional<Error> error_;  // none: the node is damaged instead
    mutable std::size_t calls_ = 0;
};

}  // namespace catalog::merkle::testing
