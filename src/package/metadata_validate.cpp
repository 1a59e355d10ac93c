#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/package/file_table.hpp"
#include "metadata_checks.hpp"
#include "metadata_json.hpp"
#include "package_path.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

Error invalid(const std::string& member, const std::string& reason) {
    return Error(Errc::kMetadataInvalid, member + " " + reason);
}

Result<void> check_count(std::size_t count, std::uint64_t allowed, const char* limit,
                         const std::string& member) {
    if (count <= allowed) return {};
    return fail(Errc::kLimitExceeded,
                member + ": " + std::to_string(count) + " entries, at most " +
                    std::to_string(allowed) + " are allowed",
                LimitDetail{limit, allowed, count});
}

Result<void> check_list(const std::vector<std::string>& texts, const std::string& member,
                        const Limits& limits) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string name = member + "[" + std::to_string(i) + "]";
        if (texts[i].empty()) return fail(invalid(name, "is empty"));
        CATALOG_TRY_VOID(check_text(texts[i], name, TextForm::kLine, limits));
    }
    return {};
}

Result<void> check_texts(const PackageMetadata& metadata, const Limits& limits) {
    CATALOG_TRY_VOID(check_text(metadata.description, "description", TextForm::kLines, limits));
    CATALOG_TRY_VOID(check_text(metadata.license, "license", TextForm::kLine, limits));
    CATALOG_TRY_VOID(check_text(metadata.homepage, "homepage", TextForm::kLine, limits));
    CATALOG_TRY_VOID(check_text(metadata.repository, "repository", TextForm::kLine, limits));
    CATALOG_TRY_VOID(check_list(metadata.authors, "authors", limits));
    CATALOG_TRY_VOID(check_list(metadata.keywords, "keywords", limits));
    CATALOG_TRY_VOID(check_list(metadata.tags, "tags", limits));
    CATALOG_TRY_VOID(
        check_count(metadata.keywords.size(), limits.keywords_max, "keywords_max", "keywords"));
    return check_count(metadata.tags.size(), limits.keywords_max, "keywords_max", "tags");
}

Result<void> check_paths(const std::vector<std::string>& paths, const std::string& member,
                         const Limits& limits) {
    CATALOG_TRY_VOID(
        check_count(paths.size(), limits.package_files_max, "package_files_max", member));
    for (const std::string& path : paths) {
        const Result<void> done = check_package_path(path, limits);
        if (!done) return fail(in_context(done.error(), member));
    }
    return {};
}

Result<void> check_all_paths(const PackageMetadata& metadata, const Limits& limits) {
    if (!metadata.entry.empty()) CATALOG_TRY_VOID(check_paths({metadata.entry}, "entry", limits));
    CATALOG_TRY_VOID(check_paths(metadata.binaries, "binaries", limits));
    CATALOG_TRY_VOID(check_paths(metadata.templates, "templates", limits));
    return check_paths(metadata.resources, "resources", limits);
}

/// Checks one constraint's text and whether it may be published.
Result<void> check_constraint(const version::VersionConstraint& constraint,
                              const std::string& member, const Limits& limits, bool for_publish) {
    CATALOG_TRY_VOID(check_text(constraint.to_string(), member, TextForm::kLine, limits));
    if (for_publish && constraint.get_if<version::Local>() != nullptr)
        return fail(Error(Errc::kMetadataInvalid,
                          member + " is a folder on this machine, which nobody else has")
                        .with_hint("name a version range before publishing"));
    return {};
}

Result<void> check_dependencies(const PackageMetadata& metadata, const Limits& limits,
                                bool for_publish) {
    std::set<std::tuple<DependencyKind, std::string_view, std::string>> seen;
    std::size_t targets = 0;
    for (const Dependency& dependency : metadata.dependencies) {
        const std::string member = "dependency " + dependency.target.name.str();
        CATALOG_TRY_VOID(
            check_constraint(dependency.target.constraint, member, limits, for_publish));
        for (const DependencyTarget& alternative : dependency.any_of)
            CATALOG_TRY_VOID(check_constraint(alternative.constraint,
                                              member + ", alternative " + alternative.name.str(),
                                              limits, for_publish));
        for (const std::string& feature : dependency.features) {
            const Result<void> done = check_feature_name(feature);
            if (!done) return fail(in_context(done.error(), member));
        }
        for (const auto& [name, value] : dependency.extra)
            if (is_dependency_member(name))
                return fail(invalid(
                    member, "has an unknown member " + quoted(name) + ", which is a known one"));
        if (!seen.emplace(dependency.kind, dependency.target.name.view(),
                          dependency.platform.to_string())
                 .second)
            return fail(invalid(member, "stands twice with the same kind and platform"));
        targets += 1 + dependency.any_of.size();
    }
    return check_count(targets, limits.dependencies_max, "dependencies_max",
                       "dependencies and their alternatives");
}

Result<void> check_conflicts_and_provides(const PackageMetadata& metadata, const Limits& limits,
                                          bool for_publish) {
    CATALOG_TRY_VOID(check_count(metadata.conflicts.size(), limits.dependencies_max,
                                 "dependencies_max", "conflicts"));
    std::set<std::tuple<std::string_view, std::string, version::Dialect>> conflicts;
    for (const Conflict& conflict : metadata.conflicts) {
        const std::string member = "conflict " + conflict.name.str();
        CATALOG_TRY_VOID(check_constraint(conflict.constraint, member, limits, for_publish));
        if (!conflicts
                 .emplace(conflict.name.view(), conflict.constraint.to_string(),
                          conflict.constraint.dialect())
                 .second)
            return fail(invalid(member, "stands twice"));
    }
    CATALOG_TRY_VOID(check_count(metadata.provides.size(), limits.dependencies_max,
                                 "dependencies_max", "provides"));
    std::set<std::tuple<std::string_view, std::string>> provides;
    for (const Provide& provide : metadata.provides)
        if (!provides.emplace(provide.name.view(), provide.version.to_string()).second)
            return fail(invalid("provided " + provide.name.str(), "stands twice"));
    return {};
}

Result<void> check_features(const PackageMetadata& metadata, const Limits& limits) {
    CATALOG_TRY_VOID(check_count(metadata.features.size(), limits.dependencies_max,
                                 "dependencies_max", "features"));
    const FeatureTargets targets(metadata);
    for (const auto& [name, switched_on] : metadata.features) {
        CATALOG_TRY_VOID(check_feature_name(name));
        CATALOG_TRY_VOID(check_count(switched_on.size(), limits.dependencies_max,
                                     "dependencies_max", "feature " + quoted(name)));
        for (const std::string& reference : switched_on)
            CATALOG_TRY_VOID(targets.check(name, reference));
    }
    return {};
}

Result<void> check_numbers(const PackageMetadata& metadata) {
    const ResourceRequirements& needs = metadata.requirements;
    if (!std::isfinite(needs.cpu_cores) || needs.cpu_cores < 0)
        return fail(invalid("requirements.cpu_cores", "must be a number that is not negative"));
    const std::pair<const char*, std::uint64_t> numbers[] = {
        {"requirements.memory_bytes", needs.memory_bytes},
        {"requirements.storage_bytes", needs.storage_bytes},
        {"requirements.gpu_memory_bytes", needs.gpu_memory_bytes},
        {"consensus.stake_min", metadata.consensus.stake_min},
        {"consensus.space_bytes_min", metadata.consensus.space_bytes_min},
    };
    for (const auto& [member, number] : numbers)
        if (number > kExactIntegerMax)
            return fail(invalid(member, "is beyond 2^53, which a manifest cannot hold"));
    return {};
}

bool is_feature_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '.';
}

}  // namespace

Result<void> check_text(std::string_view text, const std::string& member, TextForm form,
                        const Limits& limits) {
    if (text.size() > limits.text_bytes_max)
        return fail(Errc::kLimitExceeded,
                    member + " has " + std::to_string(text.size()) + " bytes, at most " +
                        std::to_string(limits.text_bytes_max) + " are allowed",
                    LimitDetail{"text_bytes_max", limits.text_bytes_max, text.size()});
    if (!is_utf8(text)) return fail(invalid(member, "is not UTF-8"));
    if (has_control_character(text, form == TextForm::kLines))
        return fail(invalid(member, "has a control character"));
    return {};
}

Result<void> check_feature_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= kFeatureNameBytesMax &&
                      std::ranges::all_of(name, is_feature_character) && name.front() != '-' &&
                      name.front() != '+' && name.front() != '.';
    if (good) return {};
    return fail(Error(Errc::kMetadataInvalid, "not the name of a feature: " + quoted(name))
                    .with_hint("a feature's name is 1 to 64 letters, digits or _ - + . and begins "
                               "with a letter, digit or _"));
}

FeatureTargets::FeatureTargets(const PackageMetadata& metadata) {
    features_.insert("default");  // asking for it is right even where there is none
    for (const auto& [name, switched_on] : metadata.features) features_.insert(name);
    for (const Dependency& dependency : metadata.dependencies) {
        dependencies_.insert(dependency.target.name.view());
        if (dependency.kind == DependencyKind::kOptional)
            optional_dependencies_.insert(dependency.target.name.view());
    }
}

Result<void> FeatureTargets::check(std::string_view feature, std::string_view reference) const {
    const std::string switches_on =
        "feature " + quoted(feature) + " switches on " + quoted(reference);
    if (reference.starts_with("dep:")) {
        if (optional_dependencies_.contains(reference.substr(4))) return {};
        return fail(
            Error(Errc::kMetadataInvalid, switches_on + ", which is not an optional dependency")
                .with_hint("list it under [optional-dependencies]"));
    }
    if (const std::size_t slash = reference.rfind('/'); slash != std::string_view::npos) {
        std::string_view name = reference.substr(0, slash);
        if (name.ends_with('?')) name.remove_suffix(1);
        const Result<void> done = check_feature_name(reference.substr(slash + 1));
        if (!done) return fail(in_context(done.error(), switches_on));
        if (dependencies_.contains(name)) return {};
        return fail(Error(Errc::kMetadataInvalid,
                          switches_on + ", but " + quoted(name) + " is not a dependency")
                        .with_hint("NAME/FEATURE needs NAME among the dependencies"));
    }
    if (features_.contains(reference)) return {};
    if (optional_dependencies_.contains(reference))
        return fail(
            Error(Errc::kMetadataInvalid, switches_on + ", which is a dependency and not a feature")
                .with_hint("write dep:" + std::string(reference)));
    return fail(Error(Errc::kMetadataInvalid, switches_on + ", which is not a feature")
                    .with_hint("use another feature's name, dep:NAME or NAME/FEATURE"));
}

Result<void> validate(const PackageMetadata& metadata, const Limits& limits, bool for_publish) {
    CATALOG_TRY_VOID(check_texts(metadata, limits));
    CATALOG_TRY_VOID(check_all_paths(metadata, limits));
    CATALOG_TRY_VOID(check_dependencies(metadata, limits, for_publish));
    CATALOG_TRY_VOID(check_conflicts_and_provides(metadata, limits, for_publish));
    CATALOG_TRY_VOID(check_features(metadata, limits));
    CATALOG_TRY_VOID(check_numbers(metadata));
    for (const auto& [name, value] : metadata.extra)
        if (is_metadata_member(name))
            return fail(invalid("the unknown member " + quoted(name), "is a known one"));
    return {};
}

}  // namespace catalog::package
