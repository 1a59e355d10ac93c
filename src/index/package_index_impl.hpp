#pragma once
// What the parts of PackageIndex share.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/index/package_index.hpp"
#include "records.hpp"

namespace catalog::index {

struct PackageIndex::Impl {
    kv::KeyValueStore& store;
    IndexFamilies families;

    /// Adds to a batch the note that a package changed; `added` is the metadata of a new version.
    [[nodiscard]] Result<void> note_change(const kv::CommitView& view, kv::WriteBatch& batch,
                                           const IndexEntry& entry,
                                           const package::PackageMetadata* added) const;

    /// An error that says what is not there, with near names as hint.
    [[nodiscard]] Error not_found(std::string_view what) const;

    /// Returns the entry under a key of family `packages`. Errors: kIndexCorrupted when there is
    /// none.
    [[nodiscard]] Result<IndexEntry> entry_at(std::string_view key) const;

    /// Returns all entries of a name, oldest first.
    [[nodiscard]] Result<std::vector<IndexEntry>> versions_oldest_first(
        std::string_view name) const;

    /// Tells whether a version has a posting.
    [[nodiscard]] Result<bool> has_posting(TermKind kind, std::string_view text,
                                           std::string_view name, std::string_view order) const;

    /// Tells whether an entry is the newest of its name that is visible and not yanked.
    [[nodiscard]] Result<bool> is_newest_visible(const IndexEntry& entry) const;

    /// Tells whether an entry passes a filter, apart from newest_only.
    [[nodiscard]] Result<bool> passes(const Filter& filter, const IndexEntry& entry) const;
};

}  // namespace catalog::index
