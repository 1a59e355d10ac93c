#pragma once
// FrozenResolution: one call of SatResolver after another over one frozen universe.

#include <chrono>
#include <optional>

#include "catalog/resolve/sat_resolver.hpp"
#include "frozen_world.hpp"

namespace catalog::resolve::engine {

class FrozenResolution {
public:
    explicit FrozenResolution(FrozenUniverse universe) : world_(std::move(universe)) {}

    [[nodiscard]] bool is_of(const FrozenUniverse& universe) const noexcept {
        return &world_.universe().view() == &universe.view();
    }

    /// Resolves; nothing when the request is none for this engine. Errors: as SatResolver.
    [[nodiscard]] Result<std::optional<Solution>> run(const Request& request,
                                                      const CallContext& context,
                                                      const Clock& clock,
                                                      const SatOptions& options);
    void write_stats(SolveStats& stats, std::chrono::nanoseconds total);

private:
    /// Returns kUnsatisfiable, explained from what the contradiction rests on.
    [[nodiscard]] Result<std::optional<Solution>> explain(const Request& request,
                                                          const CallContext& context,
                                                          const Clock& clock, Engine engine);

    FrozenWorld world_;
};

}  // namespace catalog::resolve::engine
