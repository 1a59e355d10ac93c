#pragma once
// VersioningSystem: everything about versions of one set of packages, behind one door.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/clock.hpp"
#include "catalog/resolve/compatibility_matrix.hpp"
#include "catalog/resolve/conflict_detector.hpp"
#include "catalog/resolve/constraint_validator.hpp"
#include "catalog/resolve/lock_file.hpp"
#include "catalog/resolve/resolution_cache.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/why.hpp"
#include "catalog/version/version_history.hpp"

namespace catalog::resolve {

/// Ties histories, resolution, its cache, explanations, checks and matrices together over one
/// provider. Hosts that need one of them alone use it alone.
///
/// Borrows the provider. Thread safety: one object from one thread at a time. Blocking: as the
/// parts.
class VersioningSystem {
public:
    /// `store` keeps answers, null for none; `universe` names the content of the provider: see
    /// ResolutionCache.
    explicit VersioningSystem(DependencyProvider& provider,
                              std::shared_ptr<SolutionCache> store = nullptr,
                              std::string universe = {},
                              std::shared_ptr<Clock> clock = make_system_clock());

    /// Returns the versions of the registry; times are not known to a provider. Errors:
    /// kUnknownPackage, kProviderFailed, kLimitExceeded.
    [[nodiscard]] Result<version::VersionHistory> history(std::string_view name);

    /// As SatResolver::resolve; remembered.
    [[nodiscard]] Result<Solution> resolve(const Request& request, const CallContext& context);
    /// Explains why a request cannot be met, with repairs. Errors: kInvalidArgument (it can be
    /// met); what the resolver answers but kUnsatisfiable and kUnknownPackage.
    [[nodiscard]] Result<Explanation> explain(const Request& request, const CallContext& context);
    /// As resolve::why_not.
    [[nodiscard]] Result<WhyNot> why_not(const Request& request, const Target& wanted,
                                         const CallContext& context);
    /// As ConstraintValidator::validate.
    [[nodiscard]] Result<std::vector<ConstraintFinding>> validate(const Request& request);
    /// As ConflictDetector::detect.
    [[nodiscard]] Result<std::vector<RootConflict>> conflicts(const Request& request,
                                                              const CallContext& context);
    /// As CompatibilityMatrix::compute.
    [[nodiscard]] Result<CompatibilityMatrix> matrix(const std::vector<std::string>& names,
                                                     const CallContext& context,
                                                     const MatrixOptions& options = {});
    /// Resolves and writes the answer down; what was locked in `older` is preferred and its
    /// comments are kept. Errors: as `resolve`.
    [[nodiscard]] Result<LockFile> lock(const Request& request, const LockFile& older,
                                        const CallContext& context);

    /// Says that the packages have changed.
    void set_universe(std::string universe) { cache_.set_universe(std::move(universe)); }
    [[nodiscard]] const ResolutionCache::Stats& cache_stats() const noexcept {
        return cache_.stats();
    }

private:
    DependencyProvider& provider_;
    SatResolver resolver_;
    ResolutionCache cache_;
};

}  // namespace catalog::resolve
