#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "catalog/internal/try.hpp"
#include "metadata_json.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

using MemberNames = std::span<const std::string_view>;

// Sorted: searched for every member of every line of a list.
constexpr auto kMetadataMembers = std::to_array<std::string_view>(
    {"author",      "authors",  "binaries",   "conflicts",    "consensus", "dependencies",
     "description", "entry",    "features",   "homepage",     "keywords",  "license",
     "name",        "provides", "repository", "requirements", "resources", "tags",
     "templates",   "type",     "version",    "yanked"});
static_assert(std::ranges::is_sorted(kMetadataMembers));

constexpr auto kDependencyMembers = std::to_array<std::string_view>(
    {"any_of", "default_features", "dialect", "features", "kind", "name", "platform", "req"});
static_assert(std::ranges::is_sorted(kDependencyMembers));

constexpr auto kTargetMembers = std::to_array<std::string_view>({"dialect", "name", "req"});
constexpr auto kProvideMembers = std::to_array<std::string_view>({"name", "version"});
constexpr auto kRequirementMembers = std::to_array<std::string_view>(
    {"cpu_cores", "gpu_count", "gpu_memory_bytes", "memory_bytes", "network", "storage_bytes"});
constexpr auto kConsensusMembers = std::to_array<std::string_view>(
    {"space", "space_bytes_min", "stake", "stake_min", "time", "work", "work_difficulty_min"});

/// Returns the member, or null when it is absent or JSON's null.
const json::Value* present(const json::Object& object, std::string_view name) {
    const auto member = object.find(name);
    return member == object.end() || member->second.is_null() ? nullptr : &member->second;
}

Error wrong_kind(std::string_view name, std::string_view expected, const json::Value& found) {
    return Error(Errc::kJsonType, "member " + quoted(name) + " must be " + std::string(expected) +
                                      ", not " + std::string(found.type_name()));
}

/// Refuses members that would be lost: a demand that is not understood must not be dropped.
Result<void> check_members(const json::Object& object, MemberNames known) {
    for (const auto& [name, value] : object)
        if (!std::ranges::binary_search(known, std::string_view(name)))
            return fail(Errc::kMetadataInvalid, "unknown member " + quoted(name));
    return {};
}

/// Calls `read(element's members)` for each element of the array `name`.
template <class Read>
Result<void> read_elements(const json::Object& object, std::string_view name, const Read& read) {
    const json::Value* value = present(object, name);
    if (value == nullptr) return {};
    const json::Array* array = value->as_array();
    if (array == nullptr) return fail(wrong_kind(name, "an array", *value));
    std::size_t index = 0;
    for (const json::Value& element : *array) {
        const std::size_t at = index++;
        const json::Object* members = element.as_object();
        const Result<void> done = members != nullptr
                                      ? read(*members)
                                      : fail(Errc::kJsonType, "must be an object, not " +
                                                                  std::string(element.type_name()));
        if (!done)
            return fail(
                in_context(done.error(), std::string(name) + "[" + std::to_string(at) + "]"));
    }
    return {};
}

Result<PackageName> read_name(const json::Object& object) {
    CATALOG_TRY(const std::string text, json::require_string(object, "name", {}));
    return PackageName::parse(text);
}

Result<version::SemVer> read_version(const json::Object& object) {
    CATALOG_TRY(const std::string text, json::require_string(object, "version", {}));
    return version::SemVer::parse(text);
}

Result<version::Dialect> read_dialect(const json::Object& object, version::Dialect fallback) {
    CATALOG_TRY(const std::string text,
                json::optional_string(object, "dialect", {}, version::dialect_name(fallback)));
    const Result<version::Dialect> dialect = version::parse_dialect(text);
    if (!dialect)
        return fail(Error(Errc::kMetadataInvalid, "unknown dialect " + quoted(text))
                        .with_hint("use cargo or npm"));
    return *dialect;
}

Result<DependencyTarget> read_target(const json::Object& object, version::Dialect dialect) {
    CATALOG_TRY(PackageName name, read_name(object));
    CATALOG_TRY(const std::string text, json::optional_string(object, "req", {}, "*"));
    auto constraint = version::VersionConstraint::parse(text, dialect);
    if (!constraint) return fail(in_context(constraint.error(), "req of " + name.str()));
    return DependencyTarget{std::move(name), *std::move(constraint)};
}

Result<PlatformPredicate> read_platform(const json::Object& object) {
    const json::Value* value = present(object, "platform");
    if (value == nullptr) return PlatformPredicate{};
    std::string text;
    if (value->as_array() != nullptr) {
        CATALOG_TRY(const auto patterns, json::optional_strings(object, "platform", {}));
        for (const std::string& pattern : patterns) text += (text.empty() ? "" : ",") + pattern;
    } else {
        CATALOG_TRY(text, json::require_string(object, "platform", {}));
    }
    auto predicate = PlatformPredicate::parse(text);
    if (!predicate)
        return fail(Errc::kMetadataInvalid,
                    "platform: " + std::string(predicate.error().message()) + ": " + quoted(text));
    return predicate;
}

Result<Dependency> read_dependency(const json::Object& object) {
    CATALOG_TRY(const version::Dialect dialect, read_dialect(object, version::Dialect::kCargo));
    CATALOG_TRY(DependencyTarget target, read_target(object, dialect));
    Dependency dependency{std::move(target), DependencyKind::kRequired, {}, {}, true, {}, {}};

    CATALOG_TRY(const std::string kind, json::optional_string(object, "kind", {}, "required"));
    const Result<DependencyKind> parsed = parse_dependency_kind(kind);
    if (!parsed)
        return fail(Error(Errc::kMetadataInvalid, "unknown kind of dependency " + quoted(kind))
                        .with_hint(std::string(parsed.error().hint())));
    dependency.kind = *parsed;
    CATALOG_TRY(dependency.platform, read_platform(object));
    CATALOG_TRY(dependency.features, json::optional_strings(object, "features", {}));
    CATALOG_TRY(dependency.default_features,
                json::optional_bool(object, "default_features", {}, true));
    const auto read_alternative = [&](const json::Object& members) -> Result<void> {
        CATALOG_TRY_VOID(check_members(members, kTargetMembers));
        CATALOG_TRY(const version::Dialect own, read_dialect(members, dialect));
        CATALOG_TRY(DependencyTarget alternative, read_target(members, own));
        dependency.any_of.push_back(std::move(alternative));
        return {};
    };
    CATALOG_TRY_VOID(read_elements(object, "any_of", read_alternative));
    for (const auto& [name, value] : object)
        if (!is_dependency_member(name)) dependency.extra.emplace(name, value);
    return dependency;
}

/// Reads an optional whole number of at most `max`.
Result<std::uint64_t> read_number(const json::Object& object, std::string_view name,
                                  std::uint64_t max = kExactIntegerMax) {
    if (present(object, name) == nullptr) return std::uint64_t{0};
    CATALOG_TRY(const std::uint64_t number, json::require_uint(object, name, {}));
    if (number > max)
        return fail(Errc::kMetadataInvalid, "member " + quoted(name) + " is " +
                                                std::to_string(number) + ", at most " +
                                                std::to_string(max) + " is possible");
    return number;
}

constexpr std::uint64_t kSmallNumberMax = std::numeric_limits<std::uint32_t>::max();

/// Returns the members of an optional object, or null.
Result<const json::Object*> read_object(const json::Object& object, std::string_view name) {
    const json::Value* value = present(object, name);
    if (value == nullptr) return nullptr;
    if (value->as_object() == nullptr) return fail(wrong_kind(name, "an object", *value));
    return value->as_object();
}

Result<ResourceRequirements> read_requirements(const json::Object& object) {
    ResourceRequirements out;
    CATALOG_TRY_VOID(check_members(object, kRequirementMembers));
    if (const json::Value* cores = present(object, "cpu_cores")) {
        if (const std::int64_t* whole = cores->as_int())
            out.cpu_cores = static_cast<double>(*whole);
        else if (const double* fraction = cores->as_double())
            out.cpu_cores = *fraction;
        else
            return fail(wrong_kind("cpu_cores", "a number", *cores));
        if (!std::isfinite(out.cpu_cores) || out.cpu_cores < 0)
            return fail(Errc::kMetadataInvalid, "member \"cpu_cores\" must not be negative");
    }
    CATALOG_TRY(out.memory_bytes, read_number(object, "memory_bytes"));
    CATALOG_TRY(out.storage_bytes, read_number(object, "storage_bytes"));
    CATALOG_TRY(const std::uint64_t gpus, read_number(object, "gpu_count", kSmallNumberMax));
    out.gpu_count = static_cast<std::uint32_t>(gpus);
    CATALOG_TRY(out.gpu_memory_bytes, read_number(object, "gpu_memory_bytes"));
    CATALOG_TRY(out.network, json::optional_bool(object, "network", {}, false));
    return out;
}

Result<ConsensusRequirements> read_consensus(const json::Object& object) {
    ConsensusRequirements out;
    CATALOG_TRY_VOID(check_members(object, kConsensusMembers));
    CATALOG_TRY(out.stake, json::optional_bool(object, "stake", {}, false));
    CATALOG_TRY(out.time, json::optional_bool(object, "time", {}, false));
    CATALOG_TRY(out.space, json::optional_bool(object, "space", {}, false));
    CATALOG_TRY(out.work, json::optional_bool(object, "work", {}, false));
    CATALOG_TRY(out.stake_min, read_number(object, "stake_min"));
    CATALOG_TRY(out.space_bytes_min, read_number(object, "space_bytes_min"));
    CATALOG_TRY(const std::uint64_t bits,
                read_number(object, "work_difficulty_min", kSmallNumberMax));
    out.work_difficulty_min = static_cast<std::uint32_t>(bits);
    return out;
}

Result<void> read_texts(const json::Object& object, PackageMetadata& out) {
    CATALOG_TRY(out.description, json::optional_string(object, "description", {}));
    CATALOG_TRY(out.license, json::optional_string(object, "license", {}));
    CATALOG_TRY(out.homepage, json::optional_string(object, "homepage", {}));
    CATALOG_TRY(out.repository, json::optional_string(object, "repository", {}));
    CATALOG_TRY(out.entry, json::optional_string(object, "entry", {}));
    CATALOG_TRY(out.keywords, json::optional_strings(object, "keywords", {}));
    CATALOG_TRY(out.tags, json::optional_strings(object, "tags", {}));
    CATALOG_TRY(out.binaries, json::optional_strings(object, "binaries", {}));
    CATALOG_TRY(out.templates, json::optional_strings(object, "templates", {}));
    CATALOG_TRY(out.resources, json::optional_strings(object, "resources", {}));
    CATALOG_TRY(out.authors, json::optional_strings(object, "authors", {}));
    CATALOG_TRY(std::string author, json::optional_string(object, "author", {}));
    if (!author.empty() && std::ranges::find(out.authors, author) == out.authors.end())
        out.authors.insert(out.authors.begin(), std::move(author));
    return {};
}

Result<void> read_relations(const json::Object& object, PackageMetadata& out) {
    const auto read_one_dependency = [&](const json::Object& members) -> Result<void> {
        CATALOG_TRY(Dependency dependency, read_dependency(members));
        out.dependencies.push_back(std::move(dependency));
        return {};
    };
    const auto read_conflict = [&](const json::Object& members) -> Result<void> {
        CATALOG_TRY_VOID(check_members(members, kTargetMembers));
        CATALOG_TRY(const auto dialect, read_dialect(members, version::Dialect::kCargo));
        CATALOG_TRY(DependencyTarget target, read_target(members, dialect));
        out.conflicts.push_back({std::move(target.name), std::move(target.constraint)});
        return {};
    };
    const auto read_provide = [&](const json::Object& members) -> Result<void> {
        CATALOG_TRY_VOID(check_members(members, kProvideMembers));
        CATALOG_TRY(PackageName name, read_name(members));
        CATALOG_TRY(version::SemVer version, present(members, "version") == nullptr
                                                 ? Result<version::SemVer>(out.version)
                                                 : read_version(members));
        out.provides.push_back({std::move(name), std::move(version)});
        return {};
    };
    CATALOG_TRY_VOID(read_elements(object, "dependencies", read_one_dependency));
    CATALOG_TRY_VOID(read_elements(object, "conflicts", read_conflict));
    return read_elements(object, "provides", read_provide);
}

Result<void> read_features(const json::Object& object, PackageMetadata& out) {
    CATALOG_TRY(const json::Object* features, read_object(object, "features"));
    if (features == nullptr) return {};
    for (const auto& [name, value] : *features) {
        auto switched_on = json::optional_strings(*features, name, {});
        if (!switched_on) return fail(in_context(switched_on.error(), "features"));
        out.features.emplace(name, *std::move(switched_on));
    }
    return {};
}

Result<PackageMetadata> read_metadata(const json::Object& object) {
    CATALOG_TRY(PackageName name, read_name(object));
    CATALOG_TRY(version::SemVer version, read_version(object));
    PackageMetadata out(std::move(name), std::move(version));
    CATALOG_TRY(const std::string type,
                json::optional_string(object, "type", {}, package_type_name(out.type)));
    CATALOG_TRY(out.type, parse_package_type(type));
    CATALOG_TRY_VOID(read_texts(object, out));
    CATALOG_TRY_VOID(read_relations(object, out));
    CATALOG_TRY_VOID(read_features(object, out));

    CATALOG_TRY(const json::Object* requirements, read_object(object, "requirements"));
    if (requirements != nullptr) {
        auto read = read_requirements(*requirements);
        if (!read) return fail(in_context(read.error(), "requirements"));
        out.requirements = *read;
    }
    CATALOG_TRY(const json::Object* consensus, read_object(object, "consensus"));
    if (consensus != nullptr) {
        auto read = read_consensus(*consensus);
        if (!read) return fail(in_context(read.error(), "consensus"));
        out.consensus = *read;
    }
    for (const auto& [member, value] : object)
        if (!is_metadata_member(member)) out.extra.emplace(member, value);
    return out;
}

}  // namespace

bool is_metadata_member(std::string_view name) noexcept {
    return std::ranges::binary_search(kMetadataMembers, name);
}

bool is_dependency_member(std::string_view name) noexcept {
    return std::ranges::binary_search(kDependencyMembers, name);
}

Error in_context(const Error& error, const std::string& context) {
    Error out(error.code(), context + ": " + std::string(error.message()), error.detail());
    if (!error.input().empty()) out = out.with_input(std::string(error.input()));
    if (!error.hint().empty()) out = out.with_hint(std::string(error.hint()));
    if (error.cause() != nullptr) out = out.with_cause(*error.cause());
    return out;
}

Result<PackageMetadata> metadata_from_json(const json::Object& object, std::string_view where) {
    Result<PackageMetadata> metadata = read_metadata(object);
    if (!metadata && !where.empty()) return fail(in_context(metadata.error(), std::string(where)));
    return metadata;
}

Result<bool> yanked_in(const json::Object& object, std::string_view where) {
    return json::optional_bool(object, "yanked", where, false);
}

}  // namespace catalog::package
