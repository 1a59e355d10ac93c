#pragma once
// A universe in a file, for benchmarks.

#include <string>

#include "catalog/resolve/universe.hpp"

namespace catalog::bench {

/// Maps the universe in `path`; the package list `packages` is frozen into it first when there is
/// no such file. Prints its size and how long opening took.
[[nodiscard]] Result<resolve::FrozenUniverse> open_universe(const std::string& packages,
                                                            const std::string& path);

/// CPU time of this thread rather than the clock's: what else runs on the machine counts less.
[[nodiscard]] double thread_cpu_us();

}  // namespace catalog::bench
