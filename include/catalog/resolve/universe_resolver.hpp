#pragma once
// UniverseResolver: resolution over a frozen universe with answers in numbers, for hosts that
// resolve often and read little of each answer.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "catalog/core/clock.hpp"
#include "catalog/resolve/request.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/universe.hpp"

namespace catalog::resolve {

namespace engine {
class FrozenAnswer;
}  // namespace engine

/// One dependency and who serves it.
struct FrozenEdge {
    std::uint32_t from = 0;  ///< Place in FrozenSolution::versions().
    std::uint32_t to = 0;    ///< The same.
    DependencyKind kind = DependencyKind::kRequired;
    std::uint32_t requirement = 0;  ///< What FrozenSolution::asked_as reads.
};

/// A valid answer, in numbers of the universe's versions; texts are read when they are asked for.
///
/// A view of its resolver: valid until the next call of that, or its end. Thread safety: as the
/// resolver, const access included.
class FrozenSolution {
public:
    /// Returns the chosen versions in the order of Solution::packages. A place in this list is what
    /// a package is called in all others. Cost: constant.
    [[nodiscard]] std::span<const std::uint32_t> versions() const noexcept;
    /// Returns for each Request::roots the place of the package that serves it. Cost: constant.
    [[nodiscard]] std::span<const std::uint32_t> roots() const noexcept;
    /// Returns an edge for each dependency, sorted by (from, to). Cost: linear in the edges at the
    /// first call for an answer, then constant.
    [[nodiscard]] std::span<const FrozenEdge> edges() const;
    /// Returns all places in install order: strongly connected components, dependencies first, ties
    /// by name. Cost: as `edges`.
    [[nodiscard]] std::span<const std::uint32_t> order() const;
    /// Returns for each component where it ends in `order()`. Cost: as `edges`.
    [[nodiscard]] std::span<const std::uint32_t> order_ends() const;

    /// Returns the name of a package. REQUIRES: a place. Valid as long as the universe.
    [[nodiscard]] std::string_view name(std::uint32_t place) const;
    /// Returns version, source and whether it was yanked. REQUIRES: a place.
    [[nodiscard]] Candidate candidate(std::uint32_t place) const;
    /// Returns the name that was asked for. REQUIRES: one of `edges()`.
    [[nodiscard]] std::string_view asked_as(const FrozenEdge& edge) const;

    /// As Solution::proven. Cost: constant.
    [[nodiscard]] bool proven() const noexcept;
    [[nodiscard]] const SolveStats& stats() const noexcept;
    /// Writes all of it out; with equal dependencies, that are several edges here, merged.
    [[nodiscard]] Solution to_solution() const;

private:
    friend class UniverseResolver;
    explicit FrozenSolution(engine::FrozenAnswer& answer) : answer_(&answer) {}
    engine::FrozenAnswer* answer_;
};

/// SatResolver over one frozen universe: the same verdicts and answers. Keeps its working memory
/// from one request to the next, at most what the largest of them needed.
///
/// Thread safety: distinct objects safe; one object from one thread at a time. Blocking: no. Cost:
/// see docs/benchmarks.md; about 0.2 microseconds a package of the answer where nothing conflicts.
class UniverseResolver final {
public:
    explicit UniverseResolver(FrozenUniverse universe,
                              std::shared_ptr<Clock> clock = make_system_clock(),
                              SatOptions options = SatOptions());
    ~UniverseResolver();
    UniverseResolver(UniverseResolver&&) noexcept;
    UniverseResolver& operator=(UniverseResolver&&) noexcept;

    /// Resolves. Errors: as Resolver::resolve; kUniverseInvalid.
    [[nodiscard]] Result<FrozenSolution> resolve(const Request& request,
                                                 const CallContext& context);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace catalog::resolve
