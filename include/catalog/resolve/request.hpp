#pragma once
// Request and Solution: what is asked of a resolver and what it answers. Plain data, independent of
// the engine.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/dependency_kind.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/platform.hpp"
#include "catalog/core/result.hpp"
#include "catalog/resolve/provider.hpp"
#include "catalog/version/constraint.hpp"
#include "catalog/version/semver.hpp"

namespace catalog::resolve {

/// How many versions of one name a solution may hold.
enum class VersionPolicy : std::uint8_t {
    kSingle,    ///< One.
    kPerMajor,  ///< One of each line of semver-compatible versions (version::is_compatible).
};

/// Which versions are tried first.
enum class Preference : std::uint8_t { kNewest, kMinimal };

/// Which of the answers is given. What is wanted of a version is Preference's matter.
enum class Optimality : std::uint8_t {
    kGreedy,     ///< The first that is found: roots are not proven to be the best.
    kLexRoots,   ///< Roots in their order, each as wanted as those before it allow.
    kLexAll,     ///< Then every other package, in ascending order of names: not in the answer if
                 ///< that is possible, else as wanted as what is settled allows. Unique.
    kMinChange,  ///< As few packages as possible that are not locked as they are; then kLexRoots.
};

/// A package that the caller wants.
struct Root {
    Target target;
    std::vector<std::string> features;
    bool default_features = true;
};

/// A version that an earlier solution chose: tried first, and allowed to be yanked, archived or a
/// pre-release. Not a constraint: it gives way when it does not fit.
struct Locked {
    std::string name;
    version::SemVer version;
    std::string source_id;
};

/// What to resolve.
///
/// Three budgets bound the work: conflicts, bytes, time. When one runs out before there is an
/// answer, that is kBudgetExhausted (LimitDetail says which); when there is one already, the best
/// that was found is given, and Solution::proven is false. CallContext's deadline is no budget: it
/// ends the call without an answer.
class Request {
public:
    Request() = default;

    std::vector<Root> roots;  ///< In order of importance: earlier roots are served first.
    VersionPolicy policy = VersionPolicy::kSingle;
    Preference preference = Preference::kNewest;
    /// kLexAll and kMinChange load everything that the roots can reach.
    Optimality optimality = Optimality::kLexRoots;
    std::vector<Locked> locked;
    std::vector<Target> constraints;      ///< Hold when the package is in; do not bring it in.
    std::vector<Provided> host_provides;  ///< What the host supplies; satisfies peer dependencies.
    std::vector<std::string>
        optional;  ///< Optional dependencies that are asked for by name, for every package.
    bool development = false;          ///< Roots' development dependencies too.
    bool build = false;                ///< Roots' build dependencies too.
    bool include_prereleases = false;  ///< Admits pre-releases as PrereleaseRule::kInclude does.
    Platform platform = Platform::current();
    bool refuse_cycles = false;  ///< A dependency cycle in the answer is kDependencyCycle.
    std::uint64_t conflicts_max = Limits{}.resolve_conflicts_max;  ///< Then kBudgetExhausted.
    /// Bytes of clauses and learned clauses that may be held; then kBudgetExhausted.
    std::uint64_t clause_bytes_max = std::uint64_t{2} << 30;
    /// Time that a call may take, on the resolver's clock; then kBudgetExhausted. 0: no bound.
    std::chrono::nanoseconds time_max{0};
};

/// One package of a solution.
struct Resolved {
    std::string name;
    Candidate candidate;
    std::vector<std::string> features;  ///< Switched on, sorted.
};

/// One package needs another; indexes into Solution::packages.
struct Edge {
    std::size_t from = 0;
    std::size_t to = 0;
    DependencyKind kind = DependencyKind::kRequired;
    std::string
        as;  ///< The name that was asked for; differs from the target's when a virtual name was.
};

struct SolveStats {
    std::uint64_t load_us = 0;
    std::uint64_t solve_us = 0;
    std::uint64_t decisions = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t propagations = 0;
};

/// A valid answer.
struct Solution {
    std::vector<Resolved> packages;  ///< Sorted by name, then version.
    std::vector<std::size_t> roots;  ///< For each Request::roots the package that serves it.
    std::vector<Edge> edges;         ///< Sorted by (from, to, kind).
    std::vector<std::vector<std::size_t>>
        order;  ///< Strongly connected components, dependencies first; ties by name.
    /// Whether the answer is shown to be the one that Request::optimality asks for. If not, it is
    /// valid: the best that was found before a budget ran out, or from a resolver without search.
    bool proven = true;
    SolveStats stats;
};

/// A resolver. Thread safety: distinct objects safe; one object from one thread at a time.
class Resolver {
public:
    virtual ~Resolver() = default;

    /// Resolves. Errors: kUnsatisfiable (ResolutionDetail: the roots in conflict and a readable
    /// derivation), kUnknownPackage (a root that the provider does not have; NotFoundDetail),
    /// kDependencyCycle (CycleDetail), kProviderFailed, kBudgetExhausted, kCancelled,
    /// kDeadlineExceeded, kInvalidArgument.
    [[nodiscard]] virtual Result<Solution> resolve(const Request& request,
                                                   DependencyProvider& provider,
                                                   const CallContext& context) = 0;
};

}  // namespace catalog::resolve
