#include "solve_batch.hpp"

#include "catalog/internal/try.hpp"
#include "catalog/library/answers.hpp"
#include "catalog/library/resolution.hpp"
#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"

namespace catalog::cli {

using library::to_json;

namespace {

Result<const json::Array*> array_in(const json::Object& object, std::string_view member) {
    static const json::Array none;
    const auto found = object.find(member);
    if (found == object.end() || found->second.is_null()) return &none;
    if (found->second.as_array() == nullptr)
        return fail(Errc::kJsonType, "request: " + std::string(member) + " must be an array");
    return found->second.as_array();
}

Result<resolve::Root> read_required(const json::Value& value, version::Dialect dialect) {
    const json::Object* object = value.as_object();
    if (object == nullptr)
        return fail(Errc::kJsonType, "request: an element of require must be an object");
    CATALOG_TRY(const std::string name, json::require_string(*object, "name", "request"));
    CATALOG_TRY(const std::string requirement,
                json::optional_string(*object, "req", "request", "*"));
    CATALOG_TRY(resolve::Root root, library::make_root(name, requirement, dialect));
    CATALOG_TRY(root.features, json::optional_strings(*object, "features", "request"));
    CATALOG_TRY(root.default_features,
                json::optional_bool(*object, "default_features", "request", true));
    return root;
}

Result<resolve::Locked> read_locked(const json::Value& value) {
    const json::Object* object = value.as_object();
    if (object == nullptr)
        return fail(Errc::kJsonType, "request: an element of locked must be an object");
    CATALOG_TRY(const std::string name, json::require_string(*object, "name", "request"));
    CATALOG_TRY(const std::string text, json::require_string(*object, "version", "request"));
    CATALOG_TRY(version::SemVer version, version::SemVer::parse(text));
    return resolve::Locked{name, std::move(version), ""};
}

/// The derivation where there is one, else the sentence with what it is about.
std::string explanation_of(const Error& error) {
    const auto* detail = error.detail_as<ResolutionDetail>();
    if (detail == nullptr) return error.to_string();
    std::string text(error.message());
    for (const std::string& step : detail->steps) text += "\n" + step;
    return text;
}

}  // namespace

Result<resolve::Request> read_solve_request(const json::Object& object,
                                            const SolveDefaults& defaults) {
    resolve::Request request = defaults.request;
    version::Dialect dialect = defaults.dialect;
    // An empty text stands for absence; a choice that is there is never empty.
    CATALOG_TRY(const std::string dialect_text,
                json::optional_string(object, "dialect", "request", ""));
    if (!dialect_text.empty()) {
        CATALOG_TRY(dialect, version::parse_dialect(dialect_text));
    }
    CATALOG_TRY(const std::string policy, json::optional_string(object, "policy", "request", ""));
    if (!policy.empty()) {
        CATALOG_TRY(request.policy, library::parse_policy(policy));
    }
    CATALOG_TRY(const std::string optimize,
                json::optional_string(object, "optimize", "request", ""));
    if (!optimize.empty()) {
        CATALOG_TRY(request.optimality, library::parse_optimality(optimize));
    }
    CATALOG_TRY(const std::string prefer, json::optional_string(object, "prefer", "request", ""));
    if (!prefer.empty()) {
        CATALOG_TRY(request.preference, library::parse_preference(prefer));
    }
    CATALOG_TRY(const json::Array* required, array_in(object, "require"));
    for (const json::Value& value : *required) {
        CATALOG_TRY(resolve::Root root, read_required(value, dialect));
        request.roots.push_back(std::move(root));
    }
    CATALOG_TRY(const json::Array* locked, array_in(object, "locked"));
    if (object.contains("locked")) request.locked.clear();
    for (const json::Value& value : *locked) {
        CATALOG_TRY(resolve::Locked lock, read_locked(value));
        request.locked.push_back(std::move(lock));
    }
    CATALOG_TRY(request.include_prereleases,
                json::optional_bool(object, "include_prerelease", "request",
                                    defaults.request.include_prereleases));
    return request;
}

SolveAnswerer::SolveAnswerer(resolve::DependencyProvider& provider, library::Solver solver,
                             SolveDefaults defaults, std::shared_ptr<Clock> clock,
                             CallContext context)
    : provider_(provider), defaults_(std::move(defaults)), context_(std::move(context)) {
    if (solver == library::Solver::kGraph)
        resolver_ = std::make_unique<resolve::GraphResolver>(std::move(clock));
    else
        resolver_ = std::make_unique<resolve::SatResolver>(std::move(clock));
}

Result<resolve::Solution> SolveAnswerer::resolve(const resolve::Request& request) {
    return resolver_->resolve(request, provider_, context_);
}

json::Object SolveAnswerer::answer(const Result<json::Value>& line) {
    json::Object answer{{"id", nullptr}};
    const auto failed = [&](const Error& error, std::string_view status) {
        answer.insert_or_assign("status", status);
        answer.insert_or_assign("packages", json::Array());
        answer.insert_or_assign("order", json::Array());
        answer.insert_or_assign("explanation", explanation_of(error));
        if (status == "error") answer.insert_or_assign("error", to_json(error));
        return answer;
    };
    if (!line) return failed(line.error(), "error");
    const json::Object* object = line->as_object();
    if (object == nullptr)
        return failed(Error(Errc::kJsonType, "a request must be an object"), "error");
    if (const json::Value* id = line->find("id")) answer.insert_or_assign("id", *id);
    const Result<resolve::Request> request = read_solve_request(*object, defaults_);
    if (!request) return failed(request.error(), "error");
    const Result<resolve::Solution> solution = resolve(*request);
    if (!solution) {
        const Errc code = solution.error().code();
        const bool unsatisfiable = code == Errc::kUnsatisfiable || code == Errc::kUnknownPackage ||
                                   code == Errc::kDependencyCycle;
        return failed(solution.error(), unsatisfiable ? "unsat" : "error");
    }
    for (auto& [name, value] : to_json(*solution)) answer.insert_or_assign(name, value);
    answer.insert_or_assign("status", "sat");
    answer.insert_or_assign("explanation", "");
    return answer;
}

}  // namespace catalog::cli
