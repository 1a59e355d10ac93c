#pragma once
// Resolution requests, one line each.

#include <memory>

#include "catalog/core/call_context.hpp"
#include "catalog/core/clock.hpp"
#include "catalog/core/result.hpp"
#include "catalog/json/value.hpp"
#include "catalog/library/resolution.hpp"
#include "catalog/resolve/provider.hpp"
#include "catalog/resolve/request.hpp"

namespace catalog::cli {

/// What holds where a line says nothing else.
struct SolveDefaults {
    resolve::Request request;  ///< Without roots.
    version::Dialect dialect = version::Dialect::kCargo;
};

/// Answers requests over one provider, which must outlive it.
class SolveAnswerer {
public:
    SolveAnswerer(resolve::DependencyProvider& provider, library::Solver solver,
                  SolveDefaults defaults, std::shared_ptr<Clock> clock, CallContext context);

    [[nodiscard]] Result<resolve::Solution> resolve(const resolve::Request& request);

    /// Answers one line of `catalog solve --batch`:
    /// `{"id","status":"sat|unsat|error","packages","order","proven","explanation","stats"}`. A
    /// line that could not be read is answered too, its id null. Never fails. docs/cli.md describes
    /// the members.
    [[nodiscard]] json::Object answer(const Result<json::Value>& line);

private:
    resolve::DependencyProvider& provider_;
    std::unique_ptr<resolve::Resolver> resolver_;
    SolveDefaults defaults_;
    CallContext context_;
};

/// Reads one request line; what it leaves out is as in `defaults`. Errors: kJsonType, kInvalidName,
/// kRequirementSyntax, kInvalidArgument, kVersionSyntax.
[[nodiscard]] Result<resolve::Request> read_solve_request(const json::Object& object,
                                                          const SolveDefaults& defaults = {});

}  // namespace catalog::cli
