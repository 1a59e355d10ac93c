#pragma once
// RandomWorld: small requests with every kind of dependency, made from a seed.

#include <cstdint>
#include <functional>
#include <string>

#include "support/resolve/repo.hpp"

namespace catalog::resolve::testing {

/// What may occur in a random world.
struct WorldShape {
    int names_max = 6;
    int versions_max = 4;
    int dependencies_max = 3;
    bool kinds = true;  ///< Optional, development, build and peer dependencies.
    bool features = true;
    bool any_of = true;
    bool virtuals = true;  ///< Provides.
    bool conflicts = true;
    bool oddities = true;   ///< Yanked, pre-releases, sources, platforms, locks, constraints.
    bool per_major = true;  ///< VersionPolicy::kPerMajor sometimes.
};

struct World {
    Repo repo;
    Request request;

    [[nodiscard]] std::string to_text() const;
};

/// Makes a world. `draw(n)` returns a number below n; a fuzzer draws from its input.
[[nodiscard]] World make_world(const WorldShape& shape,
                               const std::function<std::uint32_t(std::uint32_t)>& draw);
[[nodiscard]] World make_world(const WorldShape& shape, std::uint64_t seed);

}  // namespace catalog::resolve::testing
