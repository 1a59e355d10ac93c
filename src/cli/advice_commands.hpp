#pragma once
// What explains resolutions: parts of why-not and why, and the command matrix.

#include <string>
#include <vector>

#include "resolution_options.hpp"
#include "session.hpp"

namespace CLI {
class App;
}

namespace catalog::cli {

/// Explains why requests cannot be met together and what would help, or says that they can.
[[nodiscard]] Result<ExitCode> explain_requests(Session& session, const ResolutionOptions& options);

/// Says why the answer to `requests` does not have the one package of `options`.
[[nodiscard]] Result<ExitCode> why_not_in(Session& session, const ResolutionOptions& options,
                                          const std::vector<std::string>& requests);

/// Prints a shortest chain to a package in the answer to the requests of `options`.
[[nodiscard]] Result<ExitCode> why_in(Session& session, const std::string& name,
                                      const ResolutionOptions& options);

void add_matrix_command(CLI::App& app, Session& session);

}  // namespace catalog::cli
