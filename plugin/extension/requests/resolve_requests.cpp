// resolve and explain.

#include "catalog/internal/try.hpp"
#include "catalog/library/answers.hpp"
#include "catalog/library/resolution.hpp"
#include "requests/handlers.hpp"

namespace catalog::extension {

namespace {

Result<resolve::Request> read_resolve_request(const Arguments& arguments) {
    library::ResolutionText text;
    text.requests = arguments.texts("requests");
    text.policy = arguments.text("policy", text.policy);
    text.prefer = arguments.text("prefer", text.prefer);
    text.optimize = arguments.text("optimize", text.optimize);
    text.dialect = arguments.text("dialect", text.dialect);
    text.lock = arguments.text("lock");
    text.optional = arguments.texts("optional");
    text.development = arguments.flag("development");
    text.build = arguments.flag("build");
    text.refuse_cycles = arguments.flag("refuse_cycles");
    Result<resolve::Request> request = library::read_resolution(text);
    if (!request && request.error().code() == Errc::kLockFileInvalid)
        return fail(request.error().with_input("params.lock"));
    return request;
}

}  // namespace

Result<json::Object> answer_resolve(const RequestCall& call) {
    CATALOG_TRY(const resolve::Request request, read_resolve_request(call.arguments));
    CATALOG_TRY(const library::Solver solver,
                library::parse_solver(call.arguments.text("solver", "sat")));
    CATALOG_TRY(const resolve::Solution solution,
                library::solve(call.library, request, solver, call.context));
    json::Object answer = library::solved_json(solution);
    if (call.arguments.flag("write_lock"))
        answer.emplace("lock", library::lock_of(call.library, request, solution,
                                                call.arguments.texts("requests"), call.context)
                                   .encode());
    return answer;
}

Result<json::Object> answer_explain(const RequestCall& call) {
    CATALOG_TRY(const resolve::Request request, read_resolve_request(call.arguments));
    CATALOG_TRY(const library::ExplainedRequest explained,
                library::explain_request(call.library, request, call.context));
    return explained.to_json();
}

}  // namespace catalog::extension
