#pragma once
// InstallOrder: strong components of a graph, dependencies first, in memory that is kept from one
// graph to the next.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace catalog::resolve::engine {

/// Numbers below a bound, of which the smallest comes out first: a tree of words, one bit a number.
class SmallestFirst {
public:
    /// Empties it and makes room for numbers below `bound`.
    void clear(std::uint32_t bound);
    void insert(std::uint32_t number) noexcept;
    /// Takes the smallest out. REQUIRES: not empty.
    [[nodiscard]] std::uint32_t pop() noexcept;
    [[nodiscard]] bool empty() const noexcept { return words_[starts_[top_]] == 0; }

private:
    std::vector<std::uint64_t> words_;
    std::array<std::uint32_t, 6> starts_ = {};  ///< Of each level; 64^6 is more than 2^32.
    std::uint32_t top_ = 0;
};

class InstallOrder {
public:
    /// Takes a graph: the targets of node n are `targets[first[n]]` to `targets[first[n + 1]]`.
    void run(std::span<const std::uint32_t> first, std::span<const std::uint32_t> targets);

    /// Returns all nodes, component after component, members ascending.
    [[nodiscard]] std::span<const std::uint32_t> nodes() const noexcept { return nodes_; }
    /// Returns where each component ends.
    [[nodiscard]] std::span<const std::uint32_t> ends() const noexcept { return ends_; }

private:
    /// What Tarjan's algorithm knows of a node.
    struct Visit {
        std::uint32_t index;
        std::uint32_t low;
        std::uint32_t next;  ///< Into targets.
        std::uint32_t component;
    };
    /// A component, named by its place in the order in which they were closed.
    struct Component {
        std::uint32_t smallest;
        std::uint32_t first;    ///< Into members_.
        std::uint32_t waiting;  ///< Edges to components that are not placed yet.
    };

    void enter(std::uint32_t node);
    void find_components(std::span<const std::uint32_t> first,
                         std::span<const std::uint32_t> targets);
    void close(std::uint32_t root);
    void turn_round(std::span<const std::uint32_t> first, std::span<const std::uint32_t> targets);
    void place();

    std::vector<Visit> visits_;
    std::vector<std::uint32_t> path_;
    std::vector<std::uint32_t> stack_;
    std::uint32_t visited_ = 0;
    std::vector<Component> components_;
    std::vector<std::uint32_t> members_;
    std::vector<std::uint32_t> dependents_first_;  ///< By component.
    std::vector<std::uint32_t> dependents_;
    SmallestFirst ready_;
    std::vector<std::uint32_t> nodes_;
    std::vector<std::uint32_t> ends_;
};

}  // namespace catalog::resolve::engine
