#pragma once
// Why a package is in an answer, why one is not, and what a failure says, as data and as text.
// Works with any Resolver.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resolve/repairs.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::resolve {

/// One sentence of a derivation.
struct ExplanationStep {
    std::string text;                   ///< Without its number.
    std::vector<std::size_t> premises;  ///< Earlier steps that it follows from; none for a fact.
};

/// Why a request cannot be met, and what would help.
struct Explanation {
    std::string message;
    std::vector<std::string> roots;  ///< A minimal set in conflict, as written.
    std::vector<ExplanationStep> steps;
    std::vector<Repair> repairs;

    /// Returns numbered prose with the repairs behind it, final newline.
    [[nodiscard]] std::string to_text() const;
    /// Returns a JSON document: `message`, `roots`, `steps` (`text`, `because`: numbers of earlier
    /// steps, counted from 1) and `repairs` (`text`, `edits`). Steps name their premises by number,
    /// so that a step which is used twice is there once.
    [[nodiscard]] std::string to_json() const;
};

/// Reads the failure of a resolver. REQUIRES: kUnsatisfiable or kUnknownPackage for anything beyond
/// the message.
[[nodiscard]] Explanation explanation_of(const Error& failure);

/// As `explanation_of`, with repairs. Errors: as find_repairs.
[[nodiscard]] Result<Explanation> explain(const Request& request, const Error& failure,
                                          DependencyProvider& provider, Resolver& resolver,
                                          const CallContext& context,
                                          const RepairOptions& options = {});

/// A shortest chain of packages from one that was asked for.
struct WhyChain {
    std::vector<std::size_t> packages;  ///< In Solution::packages, root first.
};

/// Returns for each package of that name a shortest chain that brings it in; with kPerMajor there
/// may be several packages. Empty when none is in the solution. Cost: linear in edges.
[[nodiscard]] std::vector<WhyChain> why(const Solution& solution, std::string_view name);
/// Returns "app 1.0.0 -> lib 2.0.0 -> name 3.0.0".
[[nodiscard]] std::string to_text(const Solution& solution, const WhyChain& chain);

/// What stands between a request and a package.
struct WhyNot {
    enum class Kind : std::uint8_t {
        kIsIn,        ///< Nothing: the answer has it already.
        kNotNeeded,   ///< It could be added, and nothing that is asked for needs it.
        kLessWanted,  ///< It fits, but a root would have to be a less wanted version.
        kPassedOver,  ///< It fits; another version is more wanted.
        kConflict,    ///< It does not fit: see `explanation`.
        kUnknown,     ///< No such package, or no such version: see `explanation`.
    };

    Kind kind = Kind::kIsIn;
    std::string text;  ///< One sentence.
    /// kLessWanted: "app 2.0.0 would become 1.4.0", one for each root.
    std::vector<std::string> changes;
    std::optional<Explanation> explanation;
};

[[nodiscard]] std::string_view why_not_kind_name(WhyNot::Kind kind) noexcept;

/// Says why the answer to `request` does not have `wanted`. Repairs in the explanation leave
/// `wanted` as it is. Errors: what the resolver answers to `request` itself, kProviderFailed,
/// kCancelled, kDeadlineExceeded. Blocking: two resolutions, and those of find_repairs on a
/// conflict.
[[nodiscard]] Result<WhyNot> why_not(const Request& request, const Target& wanted,
                                     DependencyProvider& provider, Resolver& resolver,
                                     const CallContext& context, const RepairOptions& options = {});

}  // namespace catalog::resolve
