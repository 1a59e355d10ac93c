#pragma once
// Options that say how to resolve, the same for every command that resolves.

#include <cstdint>
#include <string>
#include <string_view>

#include "catalog/core/result.hpp"
#include "catalog/library/resolution.hpp"
#include "catalog/resolve/lock_file.hpp"
#include "catalog/resolve/request.hpp"
#include "session.hpp"

namespace CLI {
class App;
}

namespace catalog::cli {

/// What the user says about a resolution.
struct ResolutionOptions {
    library::ResolutionText text;
    std::string solver = "sat";
    std::string lock;  ///< Path of a lock file; empty: none.
};

/// Adds --dialect, --dev, --build, --optional and --lock: what also an installation takes.
void add_request_options(CLI::App& command, ResolutionOptions& options);

/// Adds --policy, --prefer, --optimize and --refuse-cycles: which solution is wanted.
void add_solution_options(CLI::App& command, ResolutionOptions& options);

/// Adds --optimize alone. What is none of its choices is a mistake in the command line.
void add_optimize_option(CLI::App& command, ResolutionOptions& options);

/// Adds --solver.
void add_solver_option(CLI::App& command, ResolutionOptions& options);

/// Remarks that an answer is not shown to be the best, unless it is `proven`.
void note_unproven(Session& session, bool proven);

/// Reads a lock file that the user names. Errors: those of reading a file; kLockFileInvalid, naming
/// the path.
[[nodiscard]] Result<resolve::LockFile> read_lock_file(Session& session, const std::string& path);

/// Reads all of it, the lock file too. Errors: kInvalidArgument (unknown choice), kInvalidName,
/// kRequirementSyntax, and those of read_lock_file.
[[nodiscard]] Result<resolve::Request> read_request(Session& session,
                                                    const ResolutionOptions& options);

/// Reads "NAME REQ" or "NAME", as `catalog solve --require` takes it. Errors: kInvalidName,
/// kRequirementSyntax.
[[nodiscard]] Result<resolve::Root> parse_require(std::string_view text, version::Dialect dialect);

}  // namespace catalog::cli
