#include "catalog/library/resolution.hpp"

#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"

namespace catalog::library {

namespace {

Error unknown_choice(std::string_view what, std::string_view text, std::string_view hint) {
    return Error(Errc::kInvalidArgument, "unknown " + std::string(what))
        .with_input(std::string(text))
        .with_hint(std::string(hint));
}

}  // namespace

Result<resolve::Root> make_root(std::string_view name, std::string_view requirement,
                                version::Dialect dialect) {
    CATALOG_TRY(const PackageName parsed, PackageName::parse(name));
    resolve::Root root;
    root.target.name = parsed.str();
    Result<version::VersionConstraint> constraint =
        version::VersionConstraint::parse(requirement.empty() ? "*" : requirement, dialect);
    if (!constraint)
        return fail(
            constraint.error().with_input(std::string(name) + " " + std::string(requirement)));
    root.target.constraint = *std::move(constraint);
    return root;
}

Result<resolve::Root> parse_request(std::string_view text, version::Dialect dialect) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0) return make_root(text, "", dialect);
    return make_root(text.substr(0, at), text.substr(at + 1), dialect);
}

Result<resolve::VersionPolicy> parse_policy(std::string_view text) {
    if (text == "single") return resolve::VersionPolicy::kSingle;
    if (text == "per-major") return resolve::VersionPolicy::kPerMajor;
    return fail(unknown_choice("policy", text, "use single or per-major"));
}

Result<resolve::Preference> parse_preference(std::string_view text) {
    if (text == "newest") return resolve::Preference::kNewest;
    if (text == "minimal") return resolve::Preference::kMinimal;
    return fail(unknown_choice("preference", text, "use newest or minimal"));
}

Result<Solver> parse_solver(std::string_view text) {
    if (text == "sat") return Solver::kSat;
    if (text == "graph") return Solver::kGraph;
    return fail(unknown_choice("solver", text, "use sat or graph"));
}

Result<resolve::Request> read_resolution(const ResolutionText& text) {
    resolve::Request request;
    CATALOG_TRY(const version::Dialect dialect, version::parse_dialect(text.dialect));
    CATALOG_TRY(request.policy, parse_policy(text.policy));
    CATALOG_TRY(request.preference, parse_preference(text.prefer));
    for (const std::string& line : text.requests) {
        CATALOG_TRY(resolve::Root root, parse_request(line, dialect));
        request.roots.push_back(std::move(root));
    }
    request.optional = text.optional;
    request.development = text.development;
    request.build = text.build;
    request.refuse_cycles = text.refuse_cycles;
    if (!text.lock.empty()) {
        CATALOG_TRY(const resolve::LockFile lock, resolve::LockFile::decode(text.lock));
        request.locked = lock.locked();
    }
    return request;
}

Result<resolve::Solution> solve(AssetLibrary& library, const resolve::Request& request,
                                Solver solver, const CallContext& context) {
    if (solver == Solver::kGraph) {
        resolve::GraphResolver resolver(library.environment().clock);
        return library.resolve(resolver, request, context);
    }
    resolve::SatResolver resolver(library.environment().clock);
    return library.resolve(resolver, request, context);
}

resolve::LockFile lock_of(AssetLibrary& library, const resolve::Request& request,
                          const resolve::Solution& solution,
                          const std::vector<std::string>& requests, const CallContext& context) {
    resolve::LockFile lock = resolve::LockFile::from(request, solution);
    for (resolve::LockEntry& entry : lock.packages) {
        const Result<index::LazyPackage> package =
            library.find(entry.name + "@" + entry.version.to_string(), context);
        if (package) entry.digest = package->entry().digest.to_string();
    }
    lock.roots = requests;
    return lock;
}

}  // namespace catalog::library
