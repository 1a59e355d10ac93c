#pragma once
// Resolutions as people ask for them, in text: shared by the command line and the C interface.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/call_context.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalog/resolve/lock_file.hpp"
#include "catalog/resolve/request.hpp"
#include "catalog/resolve/why.hpp"
#include "catalog/version/version_req.hpp"

namespace catalog::library {

/// Which engine resolves.
enum class Solver : std::uint8_t {
    kSat,    ///< Complete.
    kGraph,  ///< Fast, without search.
};

/// What a caller may say about a resolution.
class ResolutionText {
public:
    ResolutionText() = default;

    std::vector<std::string> requests;  ///< `NAME` or `NAME@REQ`, most important first.
    std::string policy = "single";      ///< "single" or "per-major".
    std::string prefer = "newest";      ///< "newest" or "minimal".
    std::string optimize = "roots";     ///< "roots", "all", "changes" or "first".
    std::string dialect = "cargo";      ///< Of requirements in `requests`: "cargo" or "npm".
    std::string lock;                   ///< Text of a lock file whose versions are preferred.
    std::vector<std::string> optional;  ///< Optional dependencies to take in, by name.
    bool development = false;
    bool build = false;
    bool refuse_cycles = false;
};

/// Reads all of it. Errors: kInvalidArgument (unknown choice), kInvalidName, kRequirementSyntax,
/// kLockFileInvalid.
[[nodiscard]] Result<resolve::Request> read_resolution(const ResolutionText& text);

/// Splits at the last `@` that is not the first byte. Errors: kInvalidName, kRequirementSyntax,
/// naming the text.
[[nodiscard]] Result<resolve::Root> parse_request(std::string_view text, version::Dialect dialect);

/// Makes a root of a name and requirement text; empty text means any version.
[[nodiscard]] Result<resolve::Root> make_root(std::string_view name, std::string_view requirement,
                                              version::Dialect dialect);

[[nodiscard]] Result<resolve::VersionPolicy> parse_policy(
    std::string_view text);  ///< "single" or "per-major". Errors: kInvalidArgument.
[[nodiscard]] Result<resolve::Preference> parse_preference(
    std::string_view text);  ///< "newest" or "minimal". Errors: kInvalidArgument.
/// "roots" (kLexRoots), "all" (kLexAll), "changes" (kMinChange) or "first" (kGreedy). Errors:
/// kInvalidArgument.
[[nodiscard]] Result<resolve::Optimality> parse_optimality(std::string_view text);
[[nodiscard]] Result<Solver> parse_solver(
    std::string_view text);  ///< "sat" or "graph". Errors: kInvalidArgument.

/// Resolves in a library with a fresh engine. Errors: as AssetLibrary::resolve.
[[nodiscard]] Result<resolve::Solution> solve(AssetLibrary& library,
                                              const resolve::Request& request, Solver solver,
                                              const CallContext& context);

/// What `explain_request` found: a solution, or why there is none.
struct ExplainedRequest {
    std::optional<resolve::Solution> solution;
    resolve::Explanation explanation;  ///< With repairs; empty when there is a solution.

    /// As `solved_json`; else `status` "unsat", `message`, `roots`, `steps` and `repairs` (`text`,
    /// and `edits` of `kind`, `name`, `from` and, for a changed root, `to`).
    [[nodiscard]] Result<json::Object> to_json() const;
};

/// Resolves, and explains a request that cannot be met. Errors: as AssetLibrary::resolve but
/// kUnsatisfiable.
[[nodiscard]] Result<ExplainedRequest> explain_request(AssetLibrary& library,
                                                       const resolve::Request& request,
                                                       const CallContext& context);

/// Returns the lock file of a solution, with the packages' digests as the library has them.
/// `requests` are its roots as they were written.
[[nodiscard]] resolve::LockFile lock_of(AssetLibrary& library, const resolve::Request& request,
                                        const resolve::Solution& solution,
                                        const std::vector<std::string>& requests,
                                        const CallContext& context);

}  // namespace catalog::library
