#pragma once
// The program as a function.

#include <iosfwd>
#include <span>
#include <stop_token>
#include <string>

namespace catalog::host {

/// Runs `hypermesh-host ARGUMENTS...` (without the program's name) and returns the exit code, which
/// has the meaning of the command `catalog`'s. `stop` ends a script between two commands.
[[nodiscard]] int run(std::span<const std::string> arguments, std::istream& in, std::ostream& out,
                      std::ostream& error, const std::stop_token& stop);

}  // namespace catalog::host
