#pragma once
// FileTableWriter: the stored form of a file table, made entry by entry.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/core/bytes.hpp"
#include "catalog/core/limits.hpp"
#include "catalog/core/result.hpp"
#include "catalog/package/file_table.hpp"

namespace catalog::package {

/// Writes what `FileTable::make(entries)->encode()` gives and refuses what that refuses, in a
/// fourth of the memory: the stored form and four bytes an entry. A value type, one thread.
class FileTableWriter {
public:
    /// `bytes_expected`: the stored form will be about that long; memory is taken for it at once.
    explicit FileTableWriter(Limits limits = {}, std::size_t bytes_expected = 0);

    /// Adds the entry that comes next in byte order of the paths. Errors: as FileTable::make,
    /// kFileTableInvalid (its path is not behind the last one). Cost: linear in the entry,
    /// logarithmic in the table.
    [[nodiscard]] Result<void> add(const FileEntry& entry);

    /// What an entry was added with.
    struct Added {
        FileEntryKind kind = FileEntryKind::kRegular;
        std::uint64_t size = 0;
        std::string_view path;  ///< Valid until the next `add`.
    };
    [[nodiscard]] std::size_t size() const noexcept { return offsets_.size(); }
    /// Returns the entry of that number, counted from 0 in the order of adding. REQUIRES: index <
    /// size().
    [[nodiscard]] Added added(std::size_t index) const;
    /// Gives a file its tree, where it was not known yet when it was added. REQUIRES: index <
    /// size(), a regular file, a SHA-256 digest.
    void set_tree(std::size_t index, const ContentHash& tree);

    /// Checks where links lead, and returns the stored form. Call once. Errors: kLinkRefused.
    [[nodiscard]] Result<Bytes> finish();

    /// Returns how many bytes the stored form of an entry with such a path takes, at most.
    [[nodiscard]] static std::size_t entry_bytes_max(std::string_view path,
                                                     std::string_view target = {}) noexcept;

private:
    [[nodiscard]] std::string_view path_at(std::uint32_t offset) const;
    [[nodiscard]] FileEntryKind kind_at(std::uint32_t offset) const;
    [[nodiscard]] std::string_view target_at(std::uint32_t offset) const;
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view path) const;

    Limits limits_;
    Bytes out_;
    std::string piece_;
    std::vector<std::uint32_t> offsets_;  // Of entries, in order.
    std::vector<std::uint32_t> links_;    // Of these, links.
    std::uint64_t total_bytes_ = 0;
};

}  // namespace catalog::package
