#pragma once
// FrozenAnswer: an answer over a frozen universe in numbers, in memory that is kept from one answer
// to the next.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "catalog/resolve/universe_resolver.hpp"
#include "frozen_world.hpp"
#include "install_order.hpp"

namespace catalog::resolve::engine {

class FrozenAnswer {
public:
    explicit FrozenAnswer(const FrozenWorld& world) : world_(world) {}

    /// Becomes the answer at which the world's solver stands. Valid until that moves on.
    void take();
    /// Becomes an answer that was found elsewhere, over the same packages. Errors:
    /// kUniverseInvalid.
    [[nodiscard]] Result<void> take(Solution solution);

    SolveStats stats;

    [[nodiscard]] std::span<const std::uint32_t> versions() const noexcept { return versions_; }
    [[nodiscard]] std::span<const std::uint32_t> roots() const noexcept { return roots_; }
    [[nodiscard]] bool is_proven() const noexcept { return !elsewhere_ || elsewhere_->proven; }
    [[nodiscard]] std::span<const FrozenEdge> edges();
    [[nodiscard]] const InstallOrder& order();
    [[nodiscard]] std::string_view name(std::uint32_t place) const;
    [[nodiscard]] Candidate candidate(std::uint32_t place) const;
    [[nodiscard]] std::string_view asked_as(const FrozenEdge& edge) const;
    [[nodiscard]] Solution to_solution();

private:
    void sort_keys();
    void write_places();
    [[nodiscard]] std::string_view name_of(std::uint64_t key) const;
    void write_edges_of(std::uint32_t from, std::span<const Consequence> consequences);
    [[nodiscard]] std::vector<Edge> named_edges();

    const FrozenWorld& world_;
    std::optional<Solution> elsewhere_;
    std::vector<std::uint64_t> keys_;  ///< Version << 32 | node.
    std::vector<std::uint64_t> scratch_;
    std::vector<std::uint32_t> counts_;
    std::vector<std::uint32_t> versions_;
    std::vector<std::uint32_t> roots_;
    bool linked_ = false;
    std::vector<std::uint32_t> place_of_node_;
    std::vector<FrozenEdge> edges_;
    std::vector<std::uint64_t> row_;  ///< Target << 32 | requirement, of one package.
    bool ordered_ = false;
    std::vector<std::uint32_t> first_edges_;
    std::vector<std::uint32_t> targets_;
    InstallOrder order_;
};

}  // namespace catalog::resolve::engine
