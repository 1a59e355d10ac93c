#include "catalog/resolve/sat_resolver.hpp"

#include <catalog/internal/try.hpp>
#include <utility>

#include "answer.hpp"
#include "resolution.hpp"

namespace catalog::resolve {

struct SatResolver::Impl {
    std::shared_ptr<Clock> clock;
};

SatResolver::SatResolver(std::shared_ptr<Clock> clock)
    : impl_(std::make_unique<Impl>(Impl{std::move(clock)})) {}

SatResolver::~SatResolver() = default;

Result<Solution> SatResolver::resolve(const Request& request, DependencyProvider& provider,
                                      const CallContext& context) {
    const MonotonicTime start = impl_->clock->now_monotonic();
    CATALOG_TRY_VOID(engine::check_request(request));
    CATALOG_TRY_VOID(context.check(*impl_->clock));
    engine::Resolution resolution(request, provider, context, *impl_->clock);
    CATALOG_TRY(Solution solution, resolution.run());
    CATALOG_TRY_VOID(engine::check_cycles(request, solution));
    resolution.write_stats(solution.stats, impl_->clock->now_monotonic() - start);
    return solution;
}

}  // namespace catalog::resolve
