#pragma once
// Repairs: what to change in a request that cannot be met. Works with any Resolver.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// One change of a request.
struct Edit {
    enum class Kind : std::uint8_t {
        kChangeRoot,      ///< Ask for other releases of a root.
        kDropRoot,        ///< Do not ask for a root.
        kDropConstraint,  ///< Lift an entry of Request::constraints.
    };

    Kind kind = Kind::kChangeRoot;
    std::size_t index = 0;  ///< In Request::roots, or in Request::constraints.
    Target from;            ///< As it was.
    Target to;              ///< kChangeRoot only: as it should be.

    /// Returns for example "raise b to ^2.1.0", "change b to =1.0.0", "drop c".
    [[nodiscard]] std::string to_string() const;

    bool raises = false;  ///< kChangeRoot: whether the new version is above what was asked for.
};

/// Changes that together make a request possible, with an answer that shows it.
struct Repair {
    std::vector<Edit> edits;  ///< One or two.
    Request request;          ///< The request with the edits made.
    Solution solution;        ///< A valid answer to it.

    /// Returns for example "raise b to ^2.1.0 and drop c".
    [[nodiscard]] std::string to_string() const;
};

/// Bounds of the search for repairs.
class RepairOptions {
public:
    RepairOptions() = default;

    std::size_t edits_max = 2;         ///< 1 or 2.
    std::size_t repairs_max = 5;       ///< Then the search ends.
    std::size_t attempts_max = 2'000;  ///< Requests that are resolved; then the search ends.
    /// An attempt that takes more is passed over, and counts as 100.
    std::uint64_t conflicts_per_attempt = 20'000;
};

/// Returns repairs of a request that the resolver refused, fewest edits first, then changes before
/// what drops something, then in the order of roots. Two edits are tried only when no single one
/// helps.
///
/// Complete for edits of the kinds above: when a request with at most `edits_max` edits can be met,
/// a repair is among the answers, unless a bound was reached. No set of edits is offered that holds
/// another. Roots that the failure blames are tried first (a repair must touch each set of roots in
/// conflict: Reiter, "A theory of diagnosis from first principles", 1987), the others after them
/// and only where peers play a part: a peer may be supplied by a root that nobody blames.
///
/// `failure` is what the resolver answered. Asks the provider each question once for the whole
/// search. Empty when nothing was found. Errors: kInvalidArgument (`failure` is neither
/// kUnsatisfiable nor kUnknownPackage), kProviderFailed, kCancelled, kDeadlineExceeded. Blocking:
/// as long as `attempts_max` resolutions.
[[nodiscard]] Result<std::vector<Repair>> find_repairs(const Request& request, const Error& failure,
                                                       DependencyProvider& provider,
                                                       Resolver& resolver,
                                                       const CallContext& context,
                                                       const RepairOptions& options = {});

}  // namespace catalog::resolve
