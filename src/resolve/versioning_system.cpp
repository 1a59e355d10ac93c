#include "catalog/resolve/versioning_system.hpp"

#include <catalog/internal/try.hpp>
#include <utility>

namespace catalog::resolve {

VersioningSystem::VersioningSystem(DependencyProvider& provider,
                                   std::shared_ptr<SolutionCache> store, std::string universe,
                                   std::shared_ptr<Clock> clock)
    : provider_(provider),
      resolver_(std::move(clock)),
      cache_(resolver_, std::move(store), "sat", std::move(universe)) {}

Result<version::VersionHistory> VersioningSystem::history(std::string_view name) {
    CATALOG_TRY(const std::vector<Candidate> candidates, provider_.versions(name));
    version::VersionHistory history;
    for (const Candidate& candidate : candidates) {
        if (!candidate.source_id.empty()) continue;
        version::VersionHistory::Entry entry;
        entry.version = candidate.version;
        entry.yanked = candidate.yanked;
        CATALOG_TRY_VOID(history.add(std::move(entry)));
    }
    if (history.entries().empty())
        return fail(Error(Errc::kUnknownPackage, "the package has no versions",
                          NotFoundDetail{"package", std::string(name)})
                        .with_input(std::string(name)));
    return history;
}

Result<Solution> VersioningSystem::resolve(const Request& request, const CallContext& context) {
    return cache_.resolve(request, provider_, context);
}

Result<Explanation> VersioningSystem::explain(const Request& request, const CallContext& context) {
    const Result<Solution> solution = cache_.resolve(request, provider_, context);
    if (solution)
        return fail(Errc::kInvalidArgument, "the request can be met: there is nothing to explain");
    const Errc code = solution.error().code();
    if (code != Errc::kUnsatisfiable && code != Errc::kUnknownPackage)
        return fail(solution.error());
    return resolve::explain(request, solution.error(), provider_, cache_, context);
}

Result<WhyNot> VersioningSystem::why_not(const Request& request, const Target& wanted,
                                         const CallContext& context) {
    return resolve::why_not(request, wanted, provider_, cache_, context);
}

Result<std::vector<ConstraintFinding>> VersioningSystem::validate(const Request& request) {
    return ConstraintValidator(provider_).validate(request);
}

Result<std::vector<RootConflict>> VersioningSystem::conflicts(const Request& request,
                                                              const CallContext& context) {
    return ConflictDetector(provider_, cache_).detect(request, context);
}

Result<CompatibilityMatrix> VersioningSystem::matrix(const std::vector<std::string>& names,
                                                     const CallContext& context,
                                                     const MatrixOptions& options) {
    return CompatibilityMatrix::compute(names, provider_, cache_, context, options);
}

Result<LockFile> VersioningSystem::lock(const Request& request, const LockFile& older,
                                        const CallContext& context) {
    Request asked = request;
    for (Locked& locked : older.locked()) asked.locked.push_back(std::move(locked));
    CATALOG_TRY(const Solution solution, cache_.resolve(asked, provider_, context));
    LockFile lock = LockFile::from(request, solution);
    lock.keep_other(older);
    return lock;
}

}  // namespace catalog::resolve
