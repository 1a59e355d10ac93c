#include "catalog/library/resolution.hpp"

#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/json/read.hpp"
#include "catalog/library/answers.hpp"
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

Result<resolve::Optimality> parse_optimality(std::string_view text) {
    if (text == "roots") return resolve::Optimality::kLexRoots;
    if (text == "all") return resolve::Optimality::kLexAll;
    if (text == "changes") return resolve::Optimality::kMinChange;
    if (text == "first") return resolve::Optimality::kGreedy;
    return fail(unknown_choice("optimality", text, "use roots, all, changes or first"));
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
    CATALOG_TRY(request.optimality, parse_optimality(text.optimize));
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

namespace {

/// Explains inside a resolution, where the packages of the library are at hand.
class ExplainingResolver final : public resolve::Resolver {
public:
    ExplainingResolver(std::shared_ptr<Clock> clock, resolve::Explanation& explanation)
        : inner_(std::move(clock)), explanation_(explanation) {}

    [[nodiscard]] Result<resolve::Solution> resolve(const resolve::Request& request,
                                                    resolve::DependencyProvider& provider,
                                                    const CallContext& context) override {
        Result<resolve::Solution> solution = inner_.resolve(request, provider, context);
        if (solution || solution.error().code() != Errc::kUnsatisfiable) return solution;
        CATALOG_TRY(explanation_,
                    resolve::explain(request, solution.error(), provider, inner_, context));
        return solution;
    }

private:
    resolve::SatResolver inner_;
    resolve::Explanation& explanation_;
};

}  // namespace

Result<ExplainedRequest> explain_request(AssetLibrary& library, const resolve::Request& request,
                                         const CallContext& context) {
    ExplainedRequest explained;
    ExplainingResolver resolver(library.environment().clock, explained.explanation);
    Result<resolve::Solution> solution = library.resolve(resolver, request, context);
    if (solution) {
        explained.solution = *std::move(solution);
    } else if (solution.error().code() != Errc::kUnsatisfiable) {
        return fail(solution.error());
    }
    return explained;
}

Result<json::Object> ExplainedRequest::to_json() const {
    if (solution) return solved_json(*solution);
    CATALOG_TRY(const json::Value document, json::read(explanation.to_json()));
    json::Array steps;
    for (std::size_t i = 0; i < explanation.steps.size(); ++i)
        steps.emplace_back(std::to_string(i + 1) + ". " + explanation.steps[i].text);
    return json::Object{{"status", "unsat"},
                        {"message", explanation.message},
                        {"roots", *document.find("roots")},
                        {"steps", std::move(steps)},
                        {"repairs", *document.find("repairs")}};
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
