#include "catalog_toml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "catalog/internal/try.hpp"
#include "catalog/package/file_table.hpp"
#include "metadata_json.hpp"
#include "quote.hpp"

namespace catalog::package {

namespace {

struct DependencySection {
    std::string_view name;
    DependencyKind kind;
};

constexpr std::array<DependencySection, 5> kDependencySections{
    {{"dependencies", DependencyKind::kRequired},
     {"optional-dependencies", DependencyKind::kOptional},
     {"dev-dependencies", DependencyKind::kDevelopment},
     {"build-dependencies", DependencyKind::kBuild},
     {"peer-dependencies", DependencyKind::kPeer}}};

struct ByteUnit {
    std::string_view name;
    std::uint64_t bytes;
};

constexpr std::array<ByteUnit, 10> kByteUnits{{{"B", 1},
                                               {"kB", 1000},
                                               {"KB", 1000},
                                               {"MB", 1'000'000},
                                               {"GB", 1'000'000'000},
                                               {"TB", 1'000'000'000'000},
                                               {"KiB", std::uint64_t{1} << 10},
                                               {"MiB", std::uint64_t{1} << 20},
                                               {"GiB", std::uint64_t{1} << 30},
                                               {"TiB", std::uint64_t{1} << 40}}};

/// Reads "512 MiB", "1.5GiB"; negative when it is nothing of the kind.
double parse_bytes(std::string_view text) noexcept {
    double number = 0;
    const auto [end, fault] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (fault != std::errc{} || !std::isfinite(number)) return -1;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with(' ')) text.remove_prefix(1);
    const auto unit = std::ranges::find(kByteUnits, text, &ByteUnit::name);
    return unit == kByteUnits.end() ? -1 : number * static_cast<double>(unit->bytes);
}

constexpr std::uint64_t kTomlSmallNumberMax = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Result<Project> CatalogTomlReader::read(const TomlTable& root) {
    const TomlEntry* package = find_entry(root, "package");
    if (package == nullptr)
        return fail(error({}, Errc::kMetadataInvalid, "there is no [package] section")
                        .with_hint("begin with [package], name and version"));
    CATALOG_TRY(PackageMetadata metadata, read_package(*package));
    Project project(std::move(metadata));
    for (const TomlEntry& section : root)
        if (section.key != "package") CATALOG_TRY_VOID(read_section(section, project));
    if (const TomlEntry* features = find_entry(root, "features")) {
        CATALOG_TRY(const TomlTable* section, table(*features));
        CATALOG_TRY_VOID(check_features(*section, project.metadata));
    }
    canonicalise(project.metadata);
    // What has a place of its own was checked there; this catches what only the whole has, such as
    // too many dependencies.
    const Result<void> valid = validate(project.metadata, limits_, false);
    if (!valid) return fail(placed(package->at, valid.error()));
    std::ranges::sort(warnings_);
    for (auto& [offset, warning] : warnings_) project.warnings.push_back(std::move(warning));
    return project;
}

Result<PackageMetadata> CatalogTomlReader::read_package(const TomlEntry& section) {
    CATALOG_TRY(const TomlTable* members, table(section));
    const TomlEntry* name_entry = find_entry(*members, "name");
    const TomlEntry* version_entry = find_entry(*members, "version");
    for (const auto& [entry, key] : {std::pair(name_entry, "name"), {version_entry, "version"}})
        if (entry == nullptr)
            return fail(
                error(section.at, Errc::kMetadataInvalid, std::string("[package] has no ") + key));
    CATALOG_TRY(const std::string name_text, text(*name_entry, TextForm::kLine));
    CATALOG_TRY(PackageName name, parse_name(name_text, name_entry->value.at));
    CATALOG_TRY(const std::string version_text, text(*version_entry, TextForm::kLine));
    auto version = version::SemVer::parse(version_text);
    if (!version) return fail(placed(version_entry->value.at, version.error()));
    PackageMetadata out(std::move(name), *std::move(version));
    for (const TomlEntry& entry : *members) CATALOG_TRY_VOID(read_package_member(entry, out));
    return out;
}

Result<void> CatalogTomlReader::read_package_member(const TomlEntry& entry, PackageMetadata& out) {
    const std::string& key = entry.key;
    if (key == "type") {
        CATALOG_TRY(const std::string name, text(entry, TextForm::kLine));
        const Result<PackageType> type = parse_package_type(name);
        if (!type) return fail(placed(entry.value.at, type.error()));
        out.type = *type;
    } else if (key == "description") {
        CATALOG_TRY(out.description, text(entry, TextForm::kLines));
    } else if (key == "license") {
        CATALOG_TRY(out.license, text(entry, TextForm::kLine));
    } else if (key == "homepage") {
        CATALOG_TRY(out.homepage, text(entry, TextForm::kLine));
    } else if (key == "repository") {
        CATALOG_TRY(out.repository, text(entry, TextForm::kLine));
    } else if (key == "authors") {
        CATALOG_TRY(out.authors, texts(entry));
    } else if (key == "keywords") {
        CATALOG_TRY(out.keywords, texts(entry));
    } else if (key == "tags") {
        CATALOG_TRY(out.tags, texts(entry));
    } else if (key == "entry") {
        CATALOG_TRY(out.entry, text(entry, TextForm::kLine));
        const Result<void> safe = check_package_path(out.entry, limits_);
        if (!safe) return fail(placed(entry.value.at, safe.error()));
    } else if (key != "name" && key != "version") {
        warn_unknown(entry, "package");
    }
    return {};
}

Result<void> CatalogTomlReader::read_section(const TomlEntry& section, Project& project) {
    const std::string& name = section.key;
    const auto kind = std::ranges::find(kDependencySections, name, &DependencySection::name);
    const bool known = kind != kDependencySections.end() || name == "conflicts" ||
                       name == "provides" || name == "features" || name == "requirements" ||
                       name == "consensus" || name == "files";
    if (!known) {
        warn_unknown(section, {});
        return {};
    }
    CATALOG_TRY(const TomlTable* members, table(section));
    if (kind != kDependencySections.end())
        return read_dependencies(*members, kind->kind, project.metadata);
    if (name == "conflicts") return read_conflicts(*members, project.metadata);
    if (name == "provides") return read_provides(*members, project.metadata);
    if (name == "features") return read_features(*members, project.metadata);
    if (name == "requirements") return read_requirements(*members, project.metadata.requirements);
    if (name == "consensus") return read_consensus(*members, project.metadata.consensus);
    return read_files(*members, project);
}

Result<void> CatalogTomlReader::read_features(const TomlTable& section, PackageMetadata& out) {
    for (const TomlEntry& entry : section) {
        const Result<void> named = check_feature_name(entry.key);
        if (!named) return fail(placed(entry.at, named.error()));
        CATALOG_TRY(out.features[entry.key], texts(entry));
    }
    return {};
}

Result<void> CatalogTomlReader::check_features(const TomlTable& section,
                                               const PackageMetadata& metadata) const {
    const FeatureTargets targets(metadata);
    for (const TomlEntry& entry : section) {
        const auto* references = entry.value.as<TomlArray>();
        if (references == nullptr) continue;
        for (const TomlValue& reference : *references) {
            const auto* reference_text = reference.as<std::string>();
            if (reference_text == nullptr) continue;
            const Result<void> done = targets.check(entry.key, *reference_text);
            if (!done) return fail(placed(reference.at, done.error()));
        }
    }
    return {};
}

Result<void> CatalogTomlReader::read_requirements(const TomlTable& section,
                                                  ResourceRequirements& out) {
    for (const TomlEntry& entry : section) {
        if (entry.key == "cpu") {
            if (const auto* whole = entry.value.as<std::int64_t>())
                out.cpu_cores = static_cast<double>(*whole);
            else if (const auto* fraction = entry.value.as<double>())
                out.cpu_cores = *fraction;
            else
                return fail(wrong_type(entry, "a number of cores"));
            if (!std::isfinite(out.cpu_cores) || out.cpu_cores < 0)
                return fail(error(entry.value.at, Errc::kMetadataInvalid,
                                  "cpu must be a number that is not negative"));
        } else if (entry.key == "memory") {
            CATALOG_TRY(out.memory_bytes, bytes(entry));
        } else if (entry.key == "storage") {
            CATALOG_TRY(out.storage_bytes, bytes(entry));
        } else if (entry.key == "gpu") {
            CATALOG_TRY(const std::uint64_t gpus, count(entry, kTomlSmallNumberMax));
            out.gpu_count = static_cast<std::uint32_t>(gpus);
        } else if (entry.key == "gpu-memory") {
            CATALOG_TRY(out.gpu_memory_bytes, bytes(entry));
        } else if (entry.key == "network") {
            CATALOG_TRY(out.network, boolean(entry));
        } else {
            warn_unknown(entry, "requirements");
        }
    }
    return {};
}

Result<void> CatalogTomlReader::read_consensus(const TomlTable& section,
                                               ConsensusRequirements& out) {
    for (const TomlEntry& entry : section) {
        if (entry.key == "require") {
            CATALOG_TRY(const std::vector<std::string> proofs, texts(entry));
            for (const std::string& proof : proofs) {
                if (proof != "stake" && proof != "time" && proof != "space" && proof != "work")
                    return fail(error(entry.value.at, Errc::kMetadataInvalid,
                                      "unknown consensus proof " + quoted(proof))
                                    .with_hint("use stake, time, space or work"));
                out.stake = out.stake || proof == "stake";
                out.time = out.time || proof == "time";
                out.space = out.space || proof == "space";
                out.work = out.work || proof == "work";
            }
        } else if (entry.key == "stake-min") {
            CATALOG_TRY(out.stake_min, count(entry, kExactIntegerMax));
        } else if (entry.key == "space-min") {
            CATALOG_TRY(out.space_bytes_min, bytes(entry));
        } else if (entry.key == "work-difficulty") {
            CATALOG_TRY(const std::uint64_t bits, count(entry, kTomlSmallNumberMax));
            out.work_difficulty_min = static_cast<std::uint32_t>(bits);
        } else {
            // An unknown demand is not a slip to warn about: it would be dropped silently.
            return fail(error(entry.at, Errc::kMetadataInvalid,
                              "unknown consensus demand " + quoted(entry.key))
                            .with_hint("use require, stake-min, space-min or work-difficulty"));
        }
    }
    return {};
}

Result<void> CatalogTomlReader::read_files(const TomlTable& section, Project& project) {
    for (const TomlEntry& entry : section) {
        if (entry.key == "include") {
            CATALOG_TRY(project.include, globs(entry));
        } else if (entry.key == "exclude") {
            CATALOG_TRY(project.exclude, globs(entry));
        } else if (entry.key == "binaries") {
            CATALOG_TRY(project.binaries, globs(entry));
        } else if (entry.key == "templates") {
            CATALOG_TRY(project.templates, globs(entry));
        } else if (entry.key == "resources") {
            CATALOG_TRY(project.resources, globs(entry));
        } else {
            warn_unknown(entry, "files");
        }
    }
    return {};
}

Result<const TomlTable*> CatalogTomlReader::table(const TomlEntry& entry) const {
    if (const auto* members = entry.value.as<TomlTable>()) return members;
    return fail(wrong_type(entry, "a table"));
}

Result<std::string> CatalogTomlReader::text(const TomlEntry& entry, TextForm form) const {
    const auto* value = entry.value.as<std::string>();
    if (value == nullptr) return fail(wrong_type(entry, "a string"));
    const Result<void> good = check_text(*value, quoted(entry.key), form, limits_);
    if (!good) return fail(placed(entry.value.at, good.error()));
    return *value;
}

Result<std::vector<std::string>> CatalogTomlReader::texts(const TomlEntry& entry) const {
    const auto* elements = entry.value.as<TomlArray>();
    if (elements == nullptr) return fail(wrong_type(entry, "an array of strings"));
    std::vector<std::string> out;
    out.reserve(elements->size());
    for (const TomlValue& element : *elements) {
        const auto* value = element.as<std::string>();
        if (value == nullptr)
            return fail(error(element.at, Errc::kMetadataInvalid,
                              quoted(entry.key) + " must be an array of strings, not of " +
                                  std::string(element.type_name())));
        if (value->empty())
            return fail(error(element.at, Errc::kMetadataInvalid,
                              quoted(entry.key) + " has an empty string"));
        const Result<void> good = check_text(*value, quoted(entry.key), TextForm::kLine, limits_);
        if (!good) return fail(placed(element.at, good.error()));
        out.push_back(*value);
    }
    return out;
}

Result<bool> CatalogTomlReader::boolean(const TomlEntry& entry) const {
    if (const auto* value = entry.value.as<bool>()) return *value;
    return fail(wrong_type(entry, "true or false"));
}

Result<std::uint64_t> CatalogTomlReader::count(const TomlEntry& entry, std::uint64_t max) const {
    const auto* value = entry.value.as<std::int64_t>();
    if (value == nullptr) return fail(wrong_type(entry, "a whole number"));
    if (*value < 0 || static_cast<std::uint64_t>(*value) > max)
        return fail(error(entry.value.at, Errc::kMetadataInvalid,
                          quoted(entry.key) + " must be between 0 and " + std::to_string(max)));
    return static_cast<std::uint64_t>(*value);
}

Result<std::uint64_t> CatalogTomlReader::bytes(const TomlEntry& entry) const {
    const auto* value = entry.value.as<std::string>();
    if (value == nullptr) return count(entry, kExactIntegerMax);
    const double number = parse_bytes(*value);
    if (!(number >= 0) || number > static_cast<double>(kExactIntegerMax))
        return fail(error(entry.value.at, Errc::kMetadataInvalid,
                          quoted(entry.key) + " is no number of bytes: " + quoted(*value))
                        .with_hint("write a number of bytes or text such as \"512 MiB\" "
                                   "(B kB MB GB TB KiB MiB GiB TiB)"));
    return static_cast<std::uint64_t>(number);
}

Result<std::vector<std::string>> CatalogTomlReader::globs(const TomlEntry& entry) const {
    CATALOG_TRY(std::vector<std::string> out, texts(entry));
    for (std::size_t i = 0; i < out.size(); ++i) {
        const TomlPosition& at = (*entry.value.as<TomlArray>())[i].at;
        if (out[i].size() > kGlobBytesMax)
            return fail(error(at, Errc::kMetadataInvalid,
                              "a glob has more than " + std::to_string(kGlobBytesMax) + " bytes"));
        if (out[i].starts_with('/') || out[i].starts_with("./") || out[i].starts_with("../"))
            return fail(error(at, Errc::kPathUnsafe,
                              "glob " + quoted(out[i]) + " cannot match a path of a package")
                            .with_hint("globs are relative to the folder of catalog.toml and do "
                                       "not begin with / ./ or ../"));
    }
    return out;
}

Error CatalogTomlReader::wrong_type(const TomlEntry& entry, std::string_view expected) const {
    return error(entry.value.at, Errc::kMetadataInvalid,
                 quoted(entry.key) + " must be " + std::string(expected) + ", not " +
                     std::string(entry.value.type_name()));
}

Error CatalogTomlReader::placed(const TomlPosition& at, const Error& cause) const {
    Error out = error(at, cause.code(), std::string(cause.message()));
    if (!cause.hint().empty()) out = out.with_hint(std::string(cause.hint()));
    return out;
}

void CatalogTomlReader::warn_unknown(const TomlEntry& entry, std::string_view section) {
    std::string warning = "line " + std::to_string(entry.at.line) + ": unknown ";
    if (section.empty())
        warning += "section [" + printable(entry.key, 100) + "]";
    else
        warning += "key " + quoted(entry.key) + " in [" + std::string(section) + "]";
    warnings_.emplace_back(entry.at.offset, std::move(warning));
}

Result<Project> read_catalog_toml(std::string_view text, std::string_view file_name,
                                  const Limits& limits) {
    CATALOG_TRY(const TomlValue document, parse_toml(text, file_name, limits));
    return CatalogTomlReader(file_name, limits).read(*document.as<TomlTable>());
}

Result<std::vector<ConstraintPlace>> constraint_places(std::string_view text,
                                                       std::string_view file_name,
                                                       const Limits& limits) {
    CATALOG_TRY(const TomlValue document, parse_toml(text, file_name, limits));
    CatalogTomlReader reader(file_name, limits);
    CATALOG_TRY_VOID(reader.read(*document.as<TomlTable>()));
    std::vector<ConstraintPlace> places = reader.places();
    for (ConstraintPlace& place : places) {
        // Behind the quotation mark; an alternative may have its name before it.
        const std::string written = place.target.constraint.to_string();
        for (const std::size_t skipped : {std::size_t{1}, place.target.name.str().size() + 2})
            if (text.substr(std::min(place.offset + skipped, text.size())).starts_with(written)) {
                place.column += skipped;
                place.offset += skipped;
                place.verbatim = true;
                break;
            }
    }
    return places;
}

}  // namespace catalog::package
