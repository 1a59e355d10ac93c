#include "support/package/builders.hpp"

#include <stdexcept>

#include "catalog/merkle/tree.hpp"

namespace catalog::package::testing {

namespace {

template <class T>
T value_or_throw(Result<T> result) {
    if (!result) throw std::invalid_argument(result.error().to_string());
    return *std::move(result);
}

}  // namespace

PackageName name(std::string_view text) { return value_or_throw(PackageName::parse(text)); }

version::SemVer semver(std::string_view text) {
    return value_or_throw(version::SemVer::parse(text));
}

version::VersionConstraint constraint(std::string_view text, version::Dialect dialect) {
    return value_or_throw(version::VersionConstraint::parse(text, dialect));
}

PackageMetadata metadata(std::string_view id) {
    const PackageId parsed = value_or_throw(PackageId::parse(id));
    return {parsed.name(), semver(parsed.version())};
}

Dependency dependency(std::string_view package, std::string_view requirement, DependencyKind kind) {
    return {{name(package), constraint(requirement)}, kind, {}, {}, true, {}, {}};
}

FileEntry file(std::string path, std::string_view content, bool executable) {
    FileEntry entry;
    entry.path = std::move(path);
    entry.mode = executable ? 0755 : 0644;
    entry.size = content.size();
    merkle::BlockTree tree;
    tree.update(as_bytes(content));
    entry.tree = tree.finish();
    return entry;
}

FileEntry link(std::string path, std::string target) {
    FileEntry entry;
    entry.path = std::move(path);
    entry.kind = FileEntryKind::kSymlink;
    entry.mode = 0777;
    entry.target = std::move(target);
    return entry;
}

FileEntry empty_folder(std::string path) {
    FileEntry entry;
    entry.path = std::move(path);
    entry.kind = FileEntryKind::kDirectory;
    entry.mode = 0755;
    return entry;
}

FileTable table(std::vector<FileEntry> entries) {
    return value_or_throw(FileTable::make(std::move(entries)));
}

}  // namespace catalog::package::testing
