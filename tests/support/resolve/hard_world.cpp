#include "support/resolve/hard_world.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <utility>

namespace catalog::resolve::testing {

World make_hard_world(const HardShape& shape, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](int bound) {
        return static_cast<int>(random() % static_cast<std::uint64_t>(bound));
    };
    const auto name = [](int p) { return "p" + std::to_string(p); };
    const auto minor = [](int v) { return "1." + std::to_string(v) + ".0"; };
    const int width =
        std::clamp(static_cast<int>(shape.width * shape.versions + 0.5), 1, shape.versions);
    World world;
    world.request = ask("");
    for (int p = 0; p < shape.packages; ++p) {
        for (int v = 0; v < shape.versions; ++v) {
            RepoEntry entry;
            entry.name = name(p);
            entry.candidate.version = ver(minor(v));
            for (int n = 0; n < shape.needs; ++n) {
                const int other = (p + 1 + below(shape.packages - 1)) % shape.packages;
                const int low = below(shape.versions - width + 1);
                entry.record.dependencies.push_back(
                    requirement(name(other) + " >=" + minor(low) + " & <" + minor(low + width)));
            }
            world.repo.add(std::move(entry));
        }
        world.request.roots.push_back({target(name(p) + " *"), {}, true});
    }
    return world;
}

}  // namespace catalog::resolve::testing
