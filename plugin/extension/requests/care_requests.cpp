// verify_package, verify_prefix, verify_library, repair.

#include "catalog/core/ids.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/library/answers.hpp"
#include "requests/handlers.hpp"

namespace catalog::extension {

namespace {

/// Findings as the host's contract words them.
json::Array issues_of(const std::vector<library::Finding>& findings) {
    json::Array issues;
    for (const library::Finding& finding : findings)
        issues.emplace_back(json::Object{{"severity", "critical"},
                                         {"issue_type", finding.where},
                                         {"description", finding.what},
                                         {"affected_files", library::to_json(finding.files)}});
    return issues;
}

/// Returns the id of `NAME`, `NAME@VERSION` or `NAME@REQ`; an exact id that exists is taken as it
/// is.
Result<PackageId> find_id(const RequestCall& call) {
    CATALOG_TRY(const index::LazyPackage package,
                call.library.find(call.arguments.text("id"), call.context));
    return package.entry().id;
}

}  // namespace

Result<json::Object> answer_verify_package(const RequestCall& call) {
    CATALOG_TRY(const PackageId id, find_id(call));
    CATALOG_TRY(const library::PackageCheck check, call.library.verify_package(id, call.context));
    return json::Object{
        {"id", id.to_string()},
        {"digest", check.entry.digest.to_string()},
        {"verified", check.integrity_valid && check.signature_valid.value_or(false)},
        {"signature_valid",
         check.signature_valid ? json::Value(*check.signature_valid) : json::Value()},
        {"integrity_valid", check.integrity_valid},
        {"files", check.files},
        {"bytes", check.bytes},
        {"findings", library::to_json(check.findings)},
        {"security_issues", issues_of(check.findings)}};
}

Result<json::Object> answer_verify_prefix(const RequestCall& call) {
    CATALOG_TRY(const std::vector<lifecycle::PrefixDamage> damages,
                call.library.verify_prefix(call.arguments.path("prefix"), call.context));
    return library::to_json(damages);
}

Result<json::Object> answer_verify_library(const RequestCall& call) {
    CATALOG_TRY(const library::VerifyResult result,
                call.library.verify(call.arguments.flag("deep"), call.context));
    return library::to_json(result);
}

Result<json::Object> answer_repair(const RequestCall& call) {
    CATALOG_TRY(const library::RepairResult result, call.library.repair(call.context));
    return library::to_json(result);
}

}  // namespace catalog::extension
