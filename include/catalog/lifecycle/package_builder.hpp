#pragma once
// PackageBuilder: puts a package together, checks it, and gives the same draft for the same content
// wherever it was built.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/content/content_storage.hpp"
#include "catalog/core/call_context.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/package/file_table.hpp"
#include "catalog/package/metadata.hpp"
#include "catalog/package/package_content.hpp"
#include "catalog/package/project.hpp"

namespace catalog::lifecycle {

/// One path of a draft: like a FileEntry, but its bytes are still to be read.
struct DraftFile {
    std::string path;
    package::FileEntryKind kind = package::FileEntryKind::kRegular;
    std::uint32_t mode = 0644;
    std::uint64_t size_hint = 0;  ///< Bytes as seen when it was added; for progress only.
    std::string target;           ///< Of a link.
    std::function<Result<content::ByteSource>()>
        open;  ///< Of a regular file; called once, may be called from another thread.
};

/// A checked package that can be published.
struct PackageDraft {
    explicit PackageDraft(package::PackageMetadata m) : metadata(std::move(m)) {}
    package::PackageMetadata metadata;  ///< Canonical.
    std::vector<DraftFile> files;       ///< In byte order of paths.
    std::map<std::string, std::string> foreign_digests;
    std::vector<std::string> warnings;
};

/// Builds a draft step by step. The first mistake is remembered and returned by `build`; later
/// steps are harmless.
///
/// Nothing of the machine enters: no times, no owners, no absolute paths; of permissions only
/// whether the owner may execute. Thread safety: one thread at a time.
class PackageBuilder {
public:
    PackageBuilder(PackageName name, version::SemVer version, Limits limits = {});
    /// Starts from metadata that was read elsewhere.
    explicit PackageBuilder(package::PackageMetadata metadata, Limits limits = {});
    ~PackageBuilder();
    PackageBuilder(PackageBuilder&&) noexcept;
    PackageBuilder& operator=(PackageBuilder&&) noexcept;

    PackageBuilder& type(package::PackageType type);
    PackageBuilder& description(std::string text);
    PackageBuilder& license(std::string spdx);
    PackageBuilder& author(std::string author);
    PackageBuilder& keyword(std::string keyword);
    PackageBuilder& tag(std::string tag);
    PackageBuilder& entry(std::string path);
    PackageBuilder& binary(std::string path);
    /// `requirement` is text of `dialect`, "latest", "git+URL#REV" or "path:DIR".
    PackageBuilder& depends_on(std::string_view name, std::string_view requirement,
                               DependencyKind kind = DependencyKind::kRequired,
                               version::Dialect dialect = version::Dialect::kCargo);
    PackageBuilder& dependency(package::Dependency dependency);
    PackageBuilder& conflicts_with(std::string_view name, std::string_view requirement);
    PackageBuilder& provides(std::string_view name, version::SemVer version);
    PackageBuilder& feature(std::string name, std::vector<std::string> enables);
    PackageBuilder& foreign_digest(std::string kind, std::string digest);

    /// Adds a file whose bytes are given now.
    PackageBuilder& file(std::string path, Bytes bytes, bool executable = false);
    PackageBuilder& file(std::string path, std::string_view text, bool executable = false);
    /// Adds a file whose bytes are read when the package is published; a file that changed in size
    /// or identity by then is kContentChanged.
    PackageBuilder& file_from(std::shared_ptr<io::FileSystem> fs, std::string path,
                              std::string source_path);
    /// Adds a path that was put together elsewhere.
    PackageBuilder& add(DraftFile file);
    PackageBuilder& link(std::string path, std::string target);
    PackageBuilder& directory(std::string path);
    /// Adds a folder's content as `include` and `exclude` say (see package::Project). `.git`,
    /// `.hg`, `.svn` and `.catalog` are left out. Files that are neither regular files, folders nor
    /// links, and set-id files, are refused.
    PackageBuilder& tree(std::shared_ptr<io::FileSystem> fs, const std::string& directory,
                         const std::vector<std::string>& include = {},
                         const std::vector<std::string>& exclude = {});

    /// Checks everything and returns the draft. Errors: the first mistake of any step
    /// (kInvalidName, kRequirementSyntax, kPathUnsafe, kDuplicatePath, kLinkRefused, kModeRefused,
    /// kFileKind, kMetadataInvalid, kLimitExceeded, kIo ...).
    [[nodiscard]] Result<PackageDraft> build();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Reads the project in `directory` (its `catalog.toml` and the files that it includes). Errors:
/// kFileNotFound with a hint when there is no catalog.toml; as read_catalog_toml and
/// PackageBuilder::build.
[[nodiscard]] Result<PackageDraft> draft_from_directory(std::shared_ptr<io::FileSystem> fs,
                                                        const std::string& directory,
                                                        const Limits& limits = {});

/// Returns the paths of all regular files below `directory`, relative to it, in byte order; links
/// are not followed. Errors: kNotADirectory, kAccessDenied, kIo.
[[nodiscard]] Result<std::vector<std::string>> files_below(io::FileSystem& fs,
                                                           const std::string& directory);

}  // namespace catalog::lifecycle
