#pragma once
// Reader of catalog.toml over a parsed document: catalog_toml.cpp has the sections,
// catalog_toml_dependencies.cpp those that name other packages. Never installed.

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "catalog/package/constraint_places.hpp"
#include "catalog/package/project.hpp"
#include "metadata_checks.hpp"
#include "toml_document.hpp"

namespace catalog::package {

class CatalogTomlReader {
public:
    CatalogTomlReader(std::string_view file_name, const Limits& limits)
        : file_name_(file_name), limits_(limits) {}

    [[nodiscard]] Result<Project> read(const TomlTable& root);

    /// The dependencies that `read` came across, in the order of the text.
    [[nodiscard]] const std::vector<ConstraintPlace>& places() const noexcept { return places_; }

private:
    // Sections.
    [[nodiscard]] Result<PackageMetadata> read_package(const TomlEntry& section);
    [[nodiscard]] Result<void> read_package_member(const TomlEntry& entry, PackageMetadata& out);
    [[nodiscard]] Result<void> read_section(const TomlEntry& section, Project& project);
    [[nodiscard]] Result<void> read_dependencies(const TomlTable& section, DependencyKind kind,
                                                 PackageMetadata& out);
    [[nodiscard]] Result<void> read_conflicts(const TomlTable& section, PackageMetadata& out);
    [[nodiscard]] Result<void> read_provides(const TomlTable& section, PackageMetadata& out);
    [[nodiscard]] Result<void> read_features(const TomlTable& section, PackageMetadata& out);
    [[nodiscard]] Result<void> check_features(const TomlTable& section,
                                              const PackageMetadata& metadata) const;
    [[nodiscard]] Result<void> read_requirements(const TomlTable& section,
                                                 ResourceRequirements& out);
    [[nodiscard]] Result<void> read_consensus(const TomlTable& section, ConsensusRequirements& out);
    [[nodiscard]] Result<void> read_files(const TomlTable& section, Project& project);

    // Dependencies.
    [[nodiscard]] Result<Dependency> read_dependency(const TomlEntry& entry, const TomlValue& value,
                                                     DependencyKind kind);
    [[nodiscard]] Result<Dependency> read_dependency_table(PackageName name, const TomlTable& table,
                                                           const TomlPosition& at,
                                                           DependencyKind kind);
    [[nodiscard]] Result<version::VersionConstraint> read_source(const TomlTable& table,
                                                                 const TomlPosition& at,
                                                                 version::Dialect dialect) const;
    [[nodiscard]] Result<std::vector<DependencyTarget>> read_alternatives(const TomlValue& value,
                                                                          version::Dialect dialect);
    [[nodiscard]] Result<DependencyTarget> read_alternative(const TomlValue& value,
                                                            version::Dialect dialect);
    [[nodiscard]] Result<version::Dialect> read_dialect(const TomlTable& table) const;
    [[nodiscard]] Result<PlatformPredicate> read_platform(const TomlValue& value) const;
    [[nodiscard]] Result<version::VersionConstraint> parse_constraint(
        const TomlValue& value, std::string_view text, version::Dialect dialect) const;
    [[nodiscard]] Result<PackageName> parse_name(std::string_view text,
                                                 const TomlPosition& at) const;

    // Values.
    [[nodiscard]] Result<const TomlTable*> table(const TomlEntry& entry) const;
    [[nodiscard]] Result<std::string> text(const TomlEntry& entry, TextForm form) const;
    [[nodiscard]] Result<std::vector<std::string>> texts(const TomlEntry& entry) const;
    [[nodiscard]] Result<bool> boolean(const TomlEntry& entry) const;
    [[nodiscard]] Result<std::uint64_t> count(const TomlEntry& entry, std::uint64_t max) const;
    [[nodiscard]] Result<std::uint64_t> bytes(const TomlEntry& entry) const;
    [[nodiscard]] Result<std::vector<std::string>> globs(const TomlEntry& entry) const;

    [[nodiscard]] Error error(const TomlPosition& at, Errc code, std::string message) const {
        return error_at(file_name_, at, code, std::move(message));
    }
    [[nodiscard]] Error wrong_type(const TomlEntry& entry, std::string_view expected) const;
    /// The same error, about a place in the file.
    [[nodiscard]] Error placed(const TomlPosition& at, const Error& error) const;
    void warn_unknown(const TomlEntry& entry, std::string_view section);
    void note_places(const TomlValue& value, const Dependency& dependency);

    std::string file_name_;
    const Limits& limits_;
    std::vector<std::tuple<std::uint64_t, std::string>> warnings_;  // by offset
    std::set<std::tuple<DependencyKind, std::string, std::string>> seen_dependencies_;
    std::vector<ConstraintPlace> places_;
};

}  // namespace catalog::package
