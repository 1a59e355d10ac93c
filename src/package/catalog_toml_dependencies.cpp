#include "catalog/internal/try.hpp"
#include "catalog_toml.hpp"
#include "quote.hpp"

namespace catalog::package {

Result<void> CatalogTomlReader::read_dependencies(const TomlTable& section, DependencyKind kind,
                                                  PackageMetadata& out) {
    for (const TomlEntry& entry : section) {
        // An array holds one dependency for each platform.
        const auto* several = entry.value.as<TomlArray>();
        const std::size_t count = several != nullptr ? several->size() : 1;
        for (std::size_t i = 0; i < count; ++i) {
            const TomlValue& value = several != nullptr ? (*several)[i] : entry.value;
            CATALOG_TRY(Dependency dependency, read_dependency(entry, value, kind));
            if (!seen_dependencies_
                     .emplace(dependency.kind, dependency.target.name.str(),
                              dependency.platform.to_string())
                     .second)
                return fail(error(entry.at, Errc::kMetadataInvalid,
                                  "dependency " + quoted(entry.key) +
                                      " stands twice with the same kind and platform"));
            note_places(value, dependency);
            out.dependencies.push_back(std::move(dependency));
        }
    }
    return {};
}

void CatalogTomlReader::note_places(const TomlValue& value, const Dependency& dependency) {
    // Of a table the place is its requirement's; git and local ones have none of their own.
    const auto note = [&](const TomlValue& written, const DependencyTarget& target) {
        const auto* members = written.as<TomlTable>();
        const TomlEntry* version = members != nullptr ? find_entry(*members, "version") : nullptr;
        const TomlPosition& at = version != nullptr ? version->value.at : written.at;
        places_.push_back({target, dependency.kind, !dependency.platform.is_everywhere(),
                           !dependency.any_of.empty(), at.line, at.column, at.offset});
    };
    note(value, dependency.target);
    const auto* members = value.as<TomlTable>();
    const TomlEntry* any_of = members != nullptr ? find_entry(*members, "any-of") : nullptr;
    const auto* elements = any_of != nullptr ? any_of->value.as<TomlArray>() : nullptr;
    if (elements == nullptr) return;
    for (std::size_t i = 0; i < elements->size() && i < dependency.any_of.size(); ++i)
        note((*elements)[i], dependency.any_of[i]);
}

Result<Dependency> CatalogTomlReader::read_dependency(const TomlEntry& entry,
                                                      const TomlValue& value, DependencyKind kind) {
    Result<PackageName> name = parse_name(entry.key, entry.at);
    if (!name) return fail(name.error());
    if (const auto* requirement = value.as<std::string>()) {
        CATALOG_TRY(version::VersionConstraint constraint,
                    parse_constraint(value, *requirement, version::Dialect::kCargo));
        return Dependency{{*std::move(name), std::move(constraint)}, kind, {}, {}, true, {}, {}};
    }
    if (const auto* members = value.as<TomlTable>())
        return read_dependency_table(*std::move(name), *members, value.at, kind);
    return fail(error(value.at, Errc::kMetadataInvalid,
                      "dependency " + quoted(entry.key) + " must be a string or a table, not " +
                          std::string(value.type_name()))
                    .with_hint("write \"acme/blas\" = \"^2.1\"; a name with dots or slashes needs "
                               "quotation marks"));
}

Result<Dependency> CatalogTomlReader::read_dependency_table(PackageName name,
                                                            const TomlTable& members,
                                                            const TomlPosition& at,
                                                            DependencyKind kind) {
    CATALOG_TRY(const version::Dialect dialect, read_dialect(members));
    CATALOG_TRY(version::VersionConstraint constraint, read_source(members, at, dialect));
    Dependency out{{std::move(name), std::move(constraint)}, kind, {}, {}, true, {}, {}};
    for (const TomlEntry& entry : members) {
        const std::string& key = entry.key;
        if (key == "platform") {
            CATALOG_TRY(out.platform, read_platform(entry.value));
        } else if (key == "features") {
            CATALOG_TRY(out.features, texts(entry));
            for (const std::string& feature : out.features) {
                const Result<void> named = check_feature_name(feature);
                if (!named) return fail(placed(entry.value.at, named.error()));
            }
        } else if (key == "optional") {
            CATALOG_TRY(const bool optional, boolean(entry));
            if (optional && kind != DependencyKind::kRequired && kind != DependencyKind::kOptional)
                return fail(error(entry.at, Errc::kMetadataInvalid,
                                  "a " + std::string(dependency_kind_name(kind)) +
                                      " dependency cannot be optional"));
            if (optional) out.kind = DependencyKind::kOptional;
        } else if (key == "default-features") {
            CATALOG_TRY(out.default_features, boolean(entry));
        } else if (key == "any-of") {
            CATALOG_TRY(out.any_of, read_alternatives(entry.value, dialect));
        } else if (key != "version" && key != "git" && key != "rev" && key != "path" &&
                   key != "dialect") {
            warn_unknown(entry, "dependencies." + out.target.name.str());
        }
    }
    return out;
}

Result<version::VersionConstraint> CatalogTomlReader::read_source(const TomlTable& members,
                                                                  const TomlPosition& at,
                                                                  version::Dialect dialect) const {
    const TomlEntry* source = nullptr;
    for (const std::string_view key : {"version", "git", "path"}) {
        const TomlEntry* entry = find_entry(members, key);
        if (entry == nullptr) continue;
        if (source != nullptr)
            return fail(error(entry->at, Errc::kMetadataInvalid,
                              "a dependency has one of version, git and path, not " +
                                  quoted(source->key) + " and " + quoted(key)));
        source = entry;
    }
    if (source == nullptr)
        return fail(error(at, Errc::kMetadataInvalid, "the dependency has no version, git or path")
                        .with_hint("any version is version = \"*\""));
    CATALOG_TRY(const std::string value, text(*source, TextForm::kLine));
    const TomlEntry* revision = find_entry(members, "rev");
    if (revision != nullptr && source->key != "git")
        return fail(error(revision->at, Errc::kMetadataInvalid, "rev needs git"));
    if (source->key == "version") return parse_constraint(source->value, value, dialect);
    if (source->key == "path") return parse_constraint(source->value, "path:" + value, dialect);

    if (revision == nullptr)
        return fail(error(source->at, Errc::kMetadataInvalid, "git needs rev")
                        .with_hint("name a commit, a tag or a branch"));
    CATALOG_TRY(const std::string rev, text(*revision, TextForm::kLine));
    if (const std::size_t sign = value.find('#'); sign != std::string::npos)
        return fail(error(source->value.at, Errc::kRequirementSyntax,
                          "a git URL has no #; the revision stands in rev"));
    return parse_constraint(source->value, "git+" + value + "#" + rev, dialect);
}

Result<std::vector<DependencyTarget>> CatalogTomlReader::read_alternatives(
    const TomlValue& value, version::Dialect dialect) {
    const auto* elements = value.as<TomlArray>();
    if (elements == nullptr)
        return fail(error(value.at, Errc::kMetadataInvalid,
                          "\"any-of\" must be an array, not " + std::string(value.type_name()))
                        .with_hint("write any-of = [\"acme/other ^1.0\"]"));
    std::vector<DependencyTarget> out;
    for (const TomlValue& element : *elements) {
        CATALOG_TRY(DependencyTarget alternative, read_alternative(element, dialect));
        out.push_back(std::move(alternative));
    }
    return out;
}

Result<DependencyTarget> CatalogTomlReader::read_alternative(const TomlValue& value,
                                                             version::Dialect dialect) {
    if (const auto* together = value.as<std::string>()) {
        const std::size_t blank = together->find(' ');
        CATALOG_TRY(PackageName name, parse_name(together->substr(0, blank), value.at));
        const std::string requirement =
            blank == std::string::npos ? "*" : together->substr(blank + 1);
        CATALOG_TRY(version::VersionConstraint constraint,
                    parse_constraint(value, requirement, dialect));
        return DependencyTarget{std::move(name), std::move(constraint)};
    }
    const auto* members = value.as<TomlTable>();
    const TomlEntry* name_entry = members != nullptr ? find_entry(*members, "name") : nullptr;
    if (name_entry == nullptr)
        return fail(error(value.at, Errc::kMetadataInvalid,
                          "an alternative must be a string or a table with a name")
                        .with_hint("write any-of = [\"acme/other ^1.0\"]"));
    CATALOG_TRY(const std::string name_text, text(*name_entry, TextForm::kLine));
    CATALOG_TRY(PackageName name, parse_name(name_text, name_entry->value.at));
    if (find_entry(*members, "dialect") != nullptr) {
        CATALOG_TRY(dialect, read_dialect(*members));
    }
    CATALOG_TRY(version::VersionConstraint constraint, read_source(*members, value.at, dialect));
    for (const TomlEntry& entry : *members)
        if (entry.key != "name" && entry.key != "version" && entry.key != "git" &&
            entry.key != "rev" && entry.key != "path" && entry.key != "dialect")
            warn_unknown(entry, "any-of");
    return DependencyTarget{std::move(name), std::move(constraint)};
}

Result<version::Dialect> CatalogTomlReader::read_dialect(const TomlTable& members) const {
    const TomlEntry* entry = find_entry(members, "dialect");
    if (entry == nullptr) return version::Dialect::kCargo;
    CATALOG_TRY(const std::string name, text(*entry, TextForm::kLine));
    const Result<version::Dialect> dialect = version::parse_dialect(name);
    if (!dialect)
        return fail(
            error(entry->value.at, Errc::kMetadataInvalid, "unknown dialect " + quoted(name))
                .with_hint("use cargo or npm"));
    return *dialect;
}

Result<PlatformPredicate> CatalogTomlReader::read_platform(const TomlValue& value) const {
    std::string patterns;
    if (const auto* one = value.as<std::string>()) patterns = *one;
    if (const auto* elements = value.as<TomlArray>()) {
        for (const TomlValue& element : *elements) {
            const auto* pattern = element.as<std::string>();
            if (pattern == nullptr)
                return fail(
                    error(element.at, Errc::kMetadataInvalid,
                          "a platform must be a string, not " + std::string(element.type_name())));
            patterns += (patterns.empty() ? "" : ",") + *pattern;
        }
    } else if (value.as<std::string>() == nullptr) {
        return fail(error(value.at, Errc::kMetadataInvalid,
                          "\"platform\" must be a string or an array of strings, not " +
                              std::string(value.type_name())));
    }
    auto predicate = PlatformPredicate::parse(patterns);
    if (!predicate)
        return fail(error(value.at, Errc::kMetadataInvalid,
                          std::string(predicate.error().message()) + ": " + quoted(patterns)));
    return predicate;
}

Result<version::VersionConstraint> CatalogTomlReader::parse_constraint(
    const TomlValue& value, std::string_view requirement, version::Dialect dialect) const {
    auto constraint = version::VersionConstraint::parse(requirement, dialect);
    if (!constraint) {
        Error fault = error(value.at, constraint.error().code(),
                            std::string(constraint.error().message()) + ": " + quoted(requirement));
        if (!constraint.error().hint().empty())
            fault = fault.with_hint(std::string(constraint.error().hint()));
        return fail(fault);
    }
    return constraint;
}

Result<PackageName> CatalogTomlReader::parse_name(std::string_view name,
                                                  const TomlPosition& at) const {
    auto parsed = PackageName::parse(name);
    if (!parsed)
        return fail(error(at, parsed.error().code(),
                          std::string(parsed.error().message()) + ": " + quoted(name))
                        .with_hint(std::string(parsed.error().hint())));
    return parsed;
}

Result<void> CatalogTomlReader::read_conflicts(const TomlTable& section, PackageMetadata& out) {
    for (const TomlEntry& entry : section) {
        CATALOG_TRY(PackageName name, parse_name(entry.key, entry.at));
        if (const auto* requirement = entry.value.as<std::string>()) {
            CATALOG_TRY(version::VersionConstraint constraint,
                        parse_constraint(entry.value, *requirement, version::Dialect::kCargo));
            out.conflicts.push_back({std::move(name), std::move(constraint)});
            continue;
        }
        CATALOG_TRY(const TomlTable* members, table(entry));
        CATALOG_TRY(const version::Dialect dialect, read_dialect(*members));
        CATALOG_TRY(version::VersionConstraint constraint,
                    read_source(*members, entry.value.at, dialect));
        out.conflicts.push_back({std::move(name), std::move(constraint)});
    }
    return {};
}

Result<void> CatalogTomlReader::read_provides(const TomlTable& section, PackageMetadata& out) {
    for (const TomlEntry& entry : section) {
        CATALOG_TRY(PackageName name, parse_name(entry.key, entry.at));
        CATALOG_TRY(const std::string value, text(entry, TextForm::kLine));
        auto version = version::SemVer::parse(value);
        if (!version) return fail(placed(entry.value.at, version.error()));
        out.provides.push_back({std::move(name), *std::move(version)});
    }
    return {};
}

}  // namespace catalog::package
