#pragma once
// FileTable: every path of a package with what proves its bytes. Format page:
// docs/formats/file-table.md.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/content_hash.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"

namespace catalog::package {

/// Values are stored and never change.
enum class FileEntryKind : std::uint8_t {
    kRegular = 1,
    kSymlink = 2,
    kDirectory = 3,  ///< Only for a folder without entries; others follow from the paths in them.
};

/// One path of a package.
struct FileEntry {
    std::string path;  ///< Relative, `/`-separated; see check_package_path.
    FileEntryKind kind = FileEntryKind::kRegular;
    std::uint32_t mode =
        0644;  ///< 0644 or 0755 for a regular file; 0777 for a link; 0755 for a folder.
    std::uint64_t size = 0;  ///< Bytes of a regular file; 0 otherwise.
    ContentHash tree;    ///< Regular file: RFC 6962 root over its 64 KiB blocks. Otherwise zero.
    std::string target;  ///< Link: its text. Otherwise empty.
    friend bool operator==(const FileEntry&, const FileEntry&) = default;
};

/// Tells whether a package may hold that path: relative, `/`-separated, UTF-8, no empty, `.` or
/// `..` component, no control characters, no backslash, within the limits, and not below
/// `.catalog`. Errors: kPathUnsafe, kLimitExceeded. Cost: linear.
[[nodiscard]] Result<void> check_package_path(std::string_view path, const Limits& limits);

/// Tells whether a link at `path` may point to `target`: relative, UTF-8 without control characters
/// and backslashes, and, followed from its folder as text, inside the package and not below
/// `.catalog`. The target need not exist. FileTable checks moreover that no target goes up through
/// another link, because then text and file system disagree. Errors: kLinkRefused. Cost: linear.
[[nodiscard]] Result<void> check_link_target(std::string_view path, std::string_view target,
                                             const Limits& limits);

/// Entries in byte order of their paths, unique, and without a path that is both a file and a
/// folder of another. A value type; concurrent reads of one table are safe.
class FileTable {
public:
    FileTable() = default;

    /// Sorts and checks entries. Errors: kDuplicatePath, kPathUnsafe, kLinkRefused, kModeRefused
    /// (any mode but those that FileEntry lists), kFileTableInvalid (a path below a file, a link or
    /// an entry for an empty folder; a member that the kind does not have), kLimitExceeded. Cost:
    /// n log n.
    [[nodiscard]] static Result<FileTable> make(std::vector<FileEntry> entries,
                                                const Limits& limits = {});

    /// Reads the stored form; accepts only what `encode` writes. Errors: as `make`,
    /// kFileTableInvalid with LocationDetail::offset. Cost: linear; allocates no more than the
    /// bytes there are can describe.
    [[nodiscard]] static Result<FileTable> decode(ByteView bytes, const Limits& limits = {});

    /// Returns the stored form.
    [[nodiscard]] Bytes encode() const;

    [[nodiscard]] const std::vector<FileEntry>& entries() const noexcept { return entries_; }
    /// Returns the entry at `path`, or null. Cost: logarithmic.
    [[nodiscard]] const FileEntry* find(std::string_view path) const noexcept;
    /// Returns the sum of the regular files' sizes, bytes.
    [[nodiscard]] std::uint64_t total_bytes() const noexcept { return total_bytes_; }

    /// Returns `files_root`: the RFC 6962 root over the encoded entries in order. Cost: two hashes
    /// an entry.
    [[nodiscard]] ContentHash files_root() const;

    /// Returns the bytes whose leaf hash stands for `entry` in `files_root`. REQUIRES: an entry of
    /// a table.
    [[nodiscard]] static Bytes encode_entry(const FileEntry& entry);

    friend bool operator==(const FileTable&, const FileTable&) = default;

private:
    std::vector<FileEntry> entries_;
    std::uint64_t total_bytes_ = 0;
};

/// Calls `each` for the `tree` of every regular file of an encoded table, in order, until it
/// returns an error, which is returned. Paths and modes are passed over: a table that was written
/// under other limits is still read. Errors: kFileTableInvalid. Cost: linear, nothing is kept.
[[nodiscard]] Result<void> for_each_tree(
    ByteView table, const std::function<Result<void>(const ContentHash&)>& each);

}  // namespace catalog::package
