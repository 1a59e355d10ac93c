#pragma once
// GraphResolver: resolution by walking the dependency graph, without search, and the graph's
// structure (Boost.Graph inside).

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// Takes for every name the preferred version that every requirement met so far allows, and repeats
/// until nothing changes. Fast and easy to follow, not complete: where a choice would have to be
/// taken back it says so (kUnsatisfiable with a hint to use SatResolver). A solution that it
/// returns is as valid as SatResolver's, but only proven where kGreedy is asked for.
class GraphResolver final : public Resolver {
public:
    explicit GraphResolver(std::shared_ptr<Clock> clock = make_system_clock());
    ~GraphResolver() override;

    [[nodiscard]] Result<Solution> resolve(const Request& request, DependencyProvider& provider,
                                           const CallContext& context) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Returns the strongly connected components of `edges` over `count` nodes, dependencies before
/// dependents, members ascending (Tarjan 1972). Among components that do not depend on each other
/// the one with the smallest member comes first.
[[nodiscard]] std::vector<std::vector<std::size_t>> install_order(std::size_t count,
                                                                  const std::vector<Edge>& edges);

/// Returns one cycle for each component that has one, as a path of package names with the first
/// repeated at the end, the shortest there is, starting at its smallest name.
[[nodiscard]] std::vector<std::vector<std::string>> find_cycles(const Solution& solution);

}  // namespace catalog::resolve
