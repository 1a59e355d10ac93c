#pragma once
// ConflictDetector: every conflict in a request, not only the first; and what is wrong between
// packages that somebody else has put together.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/resolve/why.hpp"

namespace catalog::resolve {

/// Roots that cannot stand together.
struct RootConflict {
    std::vector<std::size_t> roots;  ///< In Request::roots, ascending.
    Explanation explanation;         ///< Without repairs.
};

/// What is wrong between two packages of a set, or with one.
struct PackageConflict {
    enum class Kind : std::uint8_t {
        kMissing,   ///< A required dependency is not in the set.
        kVersion,   ///< It is, in a version that does not do.
        kDeclared,  ///< A package says that it conflicts with another.
        kTwice,     ///< One name is there in two versions.
    };

    Kind kind = Kind::kMissing;
    std::size_t from = 0;  ///< In the set that was given: who needs or excludes.
    std::size_t to = 0;    ///< The other package; `from` when there is none.
    std::string message;   ///< One sentence.
};

/// Finds conflicts. Thread safety: one object from one thread at a time. Borrows provider and
/// resolver.
class ConflictDetector {
public:
    ConflictDetector(DependencyProvider& provider, Resolver& resolver)
        : provider_(provider), resolver_(resolver) {}

    /// Returns disjoint sets of roots, each of which cannot stand together, until what is left can.
    /// Empty when the request can be met. Each set is as small as the resolver makes it. Errors:
    /// what the resolver answers but kUnsatisfiable and kUnknownPackage. Blocking: one resolution
    /// more than there are conflicts.
    [[nodiscard]] Result<std::vector<RootConflict>> detect(const Request& request,
                                                           const CallContext& context);

    /// Returns what is wrong between these packages: direct required dependencies and declared
    /// conflicts, on `platform`. Looks at one version of a name at a time; features that are
    /// switched on are those of `Resolved`. Errors: kProviderFailed. Cost: linear in dependencies.
    [[nodiscard]] Result<std::vector<PackageConflict>> detect_between(
        const std::vector<Resolved>& packages, const Platform& platform = Platform::current());

private:
    DependencyProvider& provider_;
    Resolver& resolver_;
};

}  // namespace catalog::resolve
