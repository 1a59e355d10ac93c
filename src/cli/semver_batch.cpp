#include "semver_batch.hpp"

#include <algorithm>
#include <numeric>

#include "catalog/internal/try.hpp"
#include "catalog/version/semver.hpp"
#include "catalog/version/version_req.hpp"

namespace catalog::cli {

namespace {

using version::SemVer;

Result<SemVer> version_in(const json::Object& question, std::string_view member) {
    CATALOG_TRY(const std::string text, json::require_string(question, member, "question"));
    return SemVer::parse(text);
}

Result<json::Value> parse_version(const json::Object& question) {
    const bool named_a = question.contains("a");
    CATALOG_TRY(const SemVer version, version_in(question, named_a ? "a" : "version"));
    return json::Object{{"major", version.major()}, {"minor", version.minor()},
                        {"patch", version.patch()}, {"prerelease", version.prerelease()},
                        {"build", version.build()}, {"version", version.to_string()}};
}

Result<json::Value> compare_versions(const json::Object& question) {
    CATALOG_TRY(const SemVer a, version_in(question, "a"));
    CATALOG_TRY(const SemVer b, version_in(question, "b"));
    const std::weak_ordering order = compare_precedence(a, b);
    return json::Value(static_cast<int>(order > 0) - static_cast<int>(order < 0));
}

Result<version::VersionReq> requirement_in(const json::Object& question) {
    CATALOG_TRY(const std::string text, json::require_string(question, "req", "question"));
    CATALOG_TRY(const std::string dialect_text,
                json::optional_string(question, "dialect", "question", "cargo"));
    CATALOG_TRY(const version::Dialect dialect, version::parse_dialect(dialect_text));
    return version::VersionReq::parse(text, dialect);
}

Result<json::Value> match_version(const json::Object& question) {
    CATALOG_TRY(const SemVer version, version_in(question, "version"));
    CATALOG_TRY(const version::VersionReq requirement, requirement_in(question));
    CATALOG_TRY(const bool include,
                json::optional_bool(question, "include_prerelease", "question", false));
    return json::Value(requirement.matches(
        version, include ? version::PrereleaseRule::kInclude : version::PrereleaseRule::kDialect));
}

Result<json::Value> sort_versions(const json::Object& question) {
    CATALOG_TRY(const std::vector<std::string> texts,
                json::optional_strings(question, "versions", "question"));
    std::vector<SemVer> versions;
    for (const std::string& text : texts) {
        CATALOG_TRY(SemVer version, SemVer::parse(text));
        versions.push_back(std::move(version));
    }
    // Versions of equal precedence keep their order. Not stable_sort: clang refuses libstdc++ 12's.
    std::vector<std::size_t> order(versions.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&versions](std::size_t a, std::size_t b) {
        const auto precedence = compare_precedence(versions[a], versions[b]);
        return precedence != 0 ? precedence < 0 : a < b;
    });
    json::Array sorted;
    for (const std::size_t index : order) sorted.emplace_back(versions[index].to_string());
    return sorted;
}

Result<json::Value> describe_range(const json::Object& question) {
    CATALOG_TRY(const version::VersionReq requirement, requirement_in(question));
    return requirement.set().to_string();
}

Result<json::Value> answer_question(const Result<json::Value>& line) {
    if (!line) return fail(line.error());
    const json::Object* question = line->as_object();
    if (question == nullptr) return fail(Errc::kJsonType, "a question must be an object");
    CATALOG_TRY(const std::string operation, json::require_string(*question, "op", "question"));
    if (operation == "parse") return parse_version(*question);
    if (operation == "compare") return compare_versions(*question);
    if (operation == "match") return match_version(*question);
    if (operation == "sort") return sort_versions(*question);
    if (operation == "range") return describe_range(*question);
    return fail(Error(Errc::kInvalidArgument, "unknown op").with_input(operation.substr(0, 100)));
}

}  // namespace

json::Object answer_semver(const Result<json::Value>& line) {
    const Result<json::Value> answer = answer_question(line);
    if (!answer) return {{"ok", false}, {"error", answer.error().to_string()}};
    return {{"ok", true}, {"result", *answer}};
}

}  // namespace catalog::cli
