#pragma once
// HardWorld: packages whose versions need random intervals of each other's versions, near the
// threshold between satisfiable and not.

#include <cstdint>

#include "support/resolve/random_world.hpp"

namespace catalog::resolve::testing {

struct HardShape {
    int packages = 20;
    int versions = 6;
    int needs = 4;       ///< Dependencies of each version.
    double width = 0.5;  ///< Part of a package's versions that one dependency allows.
};

/// Makes the packages and a request for all of them.
[[nodiscard]] World make_hard_world(const HardShape& shape, std::uint64_t seed);

}  // namespace catalog::resolve::testing
