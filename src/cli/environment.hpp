#pragma once
// environment_value: a variable of the process's environment.

#include <string>

namespace catalog::cli {

/// Returns the value of the variable `name`; empty when it is not set, which the commands take as
/// the same. Nothing of the program sets variables, so that it may be called from any thread.
[[nodiscard]] std::string environment_value(const char* name);

}  // namespace catalog::cli
