#include "catalog/lifecycle/package_builder.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "catalog/internal/try.hpp"
#include "file_source.hpp"

namespace catalog::lifecycle {

struct PackageBuilder::Impl {
    Impl(package::PackageMetadata m, Limits l) : metadata(std::move(m)), limits(l) {}

    package::PackageMetadata metadata;
    Limits limits;
    std::vector<DraftFile> files;
    std::map<std::string, std::string> foreign_digests;
    std::optional<Error> mistake;

    void remember(const Error& error) {
        if (!mistake) mistake = error;
    }

    /// Returns the value, or remembers the error and returns nullopt.
    template <class T>
    std::optional<T> accept(Result<T> result) {
        if (result) return *std::move(result);
        remember(result.error());
        return std::nullopt;
    }

    Result<package::FileTable> check_files() const;
};

PackageBuilder::PackageBuilder(PackageName name, version::SemVer version, Limits limits)
    : impl_(std::make_unique<Impl>(package::PackageMetadata(std::move(name), std::move(version)),
                                   limits)) {}

PackageBuilder::PackageBuilder(package::PackageMetadata metadata, Limits limits)
    : impl_(std::make_unique<Impl>(std::move(metadata), limits)) {}

PackageBuilder::~PackageBuilder() = default;
PackageBuilder::PackageBuilder(PackageBuilder&&) noexcept = default;
PackageBuilder& PackageBuilder::operator=(PackageBuilder&&) noexcept = default;

PackageBuilder& PackageBuilder::type(package::PackageType type) {
    impl_->metadata.type = type;
    return *this;
}

PackageBuilder& PackageBuilder::description(std::string text) {
    impl_->metadata.description = std::move(text);
    return *this;
}

PackageBuilder& PackageBuilder::license(std::string spdx) {
    impl_->metadata.license = std::move(spdx);
    return *this;
}

PackageBuilder& PackageBuilder::author(std::string author) {
    impl_->metadata.authors.push_back(std::move(author));
    return *this;
}

PackageBuilder& PackageBuilder::keyword(std::string keyword) {
    impl_->metadata.keywords.push_back(std::move(keyword));
    return *this;
}

PackageBuilder& PackageBuilder::tag(std::string tag) {
    impl_->metadata.tags.push_back(std::move(tag));
    return *this;
}

PackageBuilder& PackageBuilder::entry(std::string path) {
    impl_->metadata.entry = std::move(path);
    return *this;
}

PackageBuilder& PackageBuilder::binary(std::string path) {
    impl_->metadata.binaries.push_back(std::move(path));
    return *this;
}

PackageBuilder& PackageBuilder::depends_on(std::string_view name, std::string_view requirement,
                                           DependencyKind kind, version::Dialect dialect) {
    std::optional<PackageName> parsed = impl_->accept(PackageName::parse(name));
    std::optional<version::VersionConstraint> constraint =
        impl_->accept(version::VersionConstraint::parse(requirement, dialect));
    if (!parsed || !constraint) return *this;
    return dependency(package::Dependency{
        {*std::move(parsed), *std::move(constraint)}, kind, {}, {}, true, {}, {}});
}

PackageBuilder& PackageBuilder::dependency(package::Dependency dependency) {
    impl_->metadata.dependencies.push_back(std::move(dependency));
    return *this;
}

PackageBuilder& PackageBuilder::conflicts_with(std::string_view name,
                                               std::string_view requirement) {
    std::optional<PackageName> parsed = impl_->accept(PackageName::parse(name));
    std::optional<version::VersionConstraint> constraint =
        impl_->accept(version::VersionConstraint::parse(requirement, version::Dialect::kCargo));
    if (parsed && constraint)
        impl_->metadata.conflicts.push_back({*std::move(parsed), *std::move(constraint)});
    return *this;
}

PackageBuilder& PackageBuilder::provides(std::string_view name, version::SemVer version) {
    if (std::optional<PackageName> parsed = impl_->accept(PackageName::parse(name)))
        impl_->metadata.provides.push_back({*std::move(parsed), std::move(version)});
    return *this;
}

PackageBuilder& PackageBuilder::feature(std::string name, std::vector<std::string> enables) {
    impl_->metadata.features.insert_or_assign(std::move(name), std::move(enables));
    return *this;
}

PackageBuilder& PackageBuilder::foreign_digest(std::string kind, std::string digest) {
    impl_->foreign_digests.insert_or_assign(std::move(kind), std::move(digest));
    return *this;
}

PackageBuilder& PackageBuilder::add(DraftFile file) {
    impl_->files.push_back(std::move(file));
    return *this;
}

PackageBuilder& PackageBuilder::file(std::string path, Bytes bytes, bool executable) {
    return add(draft_file_of(std::move(path), std::move(bytes), executable));
}

PackageBuilder& PackageBuilder::file(std::string path, std::string_view text, bool executable) {
    return file(std::move(path), to_bytes(as_bytes(text)), executable);
}

PackageBuilder& PackageBuilder::file_from(std::shared_ptr<io::FileSystem> fs, std::string path,
                                          std::string source_path) {
    if (std::optional<DraftFile> file =
            impl_->accept(draft_file_at(std::move(fs), std::move(path), source_path)))
        impl_->files.push_back(*std::move(file));
    return *this;
}

PackageBuilder& PackageBuilder::link(std::string path, std::string target) {
    return add(draft_link(std::move(path), std::move(target)));
}

PackageBuilder& PackageBuilder::directory(std::string path) {
    return add(draft_folder(std::move(path)));
}

PackageBuilder& PackageBuilder::tree(std::shared_ptr<io::FileSystem> fs,
                                     const std::string& directory,
                                     const std::vector<std::string>& include,
                                     const std::vector<std::string>& exclude) {
    if (std::optional<std::vector<DraftFile>> files =
            impl_->accept(scan_tree(std::move(fs), directory, include, exclude, impl_->limits)))
        std::ranges::move(*files, std::back_inserter(impl_->files));
    return *this;
}

/// Checks paths, modes and links as the file table will, before a byte is read.
Result<package::FileTable> PackageBuilder::Impl::check_files() const {
    std::vector<package::FileEntry> entries;
    entries.reserve(files.size());
    for (const DraftFile& file : files) {
        package::FileEntry entry;
        entry.path = file.path;
        entry.kind = file.kind;
        entry.mode = file.mode;
        entry.size = file.kind == package::FileEntryKind::kRegular ? file.size_hint : 0;
        entry.target = file.target;
        entries.push_back(std::move(entry));
    }
    return package::FileTable::make(std::move(entries), limits);
}

Result<PackageDraft> PackageBuilder::build() {
    if (impl_->mistake) return fail(*impl_->mistake);
    CATALOG_TRY(const package::FileTable table, impl_->check_files());
    package::PackageMetadata metadata = impl_->metadata;
    package::canonicalise(metadata);
    CATALOG_TRY_VOID(package::validate(metadata, impl_->limits, true));
    CATALOG_TRY_VOID(package::PackageContent::classify(metadata, table));
    PackageDraft draft(std::move(metadata));
    draft.files = impl_->files;
    std::ranges::sort(draft.files, {}, &DraftFile::path);
    draft.foreign_digests = impl_->foreign_digests;
    return draft;
}

}  // namespace catalog::lifecycle
