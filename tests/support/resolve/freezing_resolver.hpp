#pragma once
// FreezingResolver: freezes a world's packages first and resolves over the universe.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/universe.hpp"

namespace catalog::resolve::testing {

/// Returns a universe of every version of these names, checked.
[[nodiscard]] inline Result<FrozenUniverse> freeze(DependencyProvider& provider,
                                                   const std::vector<std::string>& names) {
    UniverseBuilder builder;
    if (auto added = builder.add_all(provider, names); !added) return fail(added.error());
    auto bytes = builder.finish();
    if (!bytes) return fail(bytes.error());
    const auto owner = std::make_shared<Bytes>(*std::move(bytes));
    auto universe = FrozenUniverse::open(ByteView(*owner), owner);
    if (!universe) return universe;
    if (auto sound = universe->verify(); !sound) return fail(sound.error());
    return universe;
}

/// The names of a random world.
[[nodiscard]] inline std::vector<std::string> letters() {
    std::vector<std::string> names;
    for (char letter = 'a'; letter <= 'z'; ++letter) names.emplace_back(1, letter);
    return names;
}

class FreezingResolver final : public Resolver {
public:
    explicit FreezingResolver(SatOptions options = SatOptions())
        : resolver_(make_system_clock(), options) {}

    [[nodiscard]] Result<Solution> resolve(const Request& request, DependencyProvider& provider,
                                           const CallContext& context) override {
        auto universe = freeze(provider, letters());
        if (!universe) return fail(universe.error());
        UniverseProvider frozen(*std::move(universe));
        return resolver_.resolve(request, frozen, context);
    }

private:
    SatResolver resolver_;
};

}  // namespace catalog::resolve::testing
