// Reading: by id, by name, listing, facets, dependencies.

#include <algorithm>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kPageEntriesMax = 10'000;

/// Walks the distinct names in family `packages`, in byte order, from the first that is not before
/// `from`.
class NameWalk {
public:
    NameWalk(const kv::KeyValueStore& store, kv::Family family, std::string_view from)
        : iterator_(store.iterate(family)) {
        std::string key = "p";
        key += from;
        iterator_->seek(key);
    }

    /// Returns the next name, or nullopt at the end.
    Result<std::optional<std::string>> next() {
        if (!iterator_->valid() || !iterator_->key().starts_with('p')) {
            CATALOG_TRY_VOID(iterator_->status());
            return std::nullopt;
        }
        CATALOG_TRY(const NameAndOrder split, split_name(iterator_->key().substr(1)));
        std::string name(split.name);
        std::string past = "p" + name;
        past.push_back(
            '\x01');  // names end with NUL in keys, so this is behind every version of the name
        iterator_->seek(past);
        return name;
    }

private:
    std::unique_ptr<kv::Iterator> iterator_;
};

/// Edit distance between short names, cut off at `limit`; quadratic.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
    if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] =
                std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

bool is_visible(const IndexEntry& entry) noexcept {
    return entry.state == package::PackageState::kPublished ||
           entry.state == package::PackageState::kDeprecated;
}

struct Cursor {
    std::string name;
    std::string order;  ///< Order key of the last entry that was returned.
};

Result<std::optional<Cursor>> decode_cursor(std::string_view text) {
    if (text.empty()) return std::nullopt;
    const Result<Bytes> bytes = from_base64(text);
    const auto invalid = [] {
        return fail(Errc::kQueryInvalid, "the cursor was not returned by an earlier page");
    };
    if (!bytes) return invalid();
    const Result<NameAndOrder> split = split_name(as_text(*bytes));
    if (!split) return invalid();
    return Cursor{std::string(split->name), std::string(split->order)};
}

std::string encode_cursor(const IndexEntry& entry) {
    std::string key = entry.id.name().str();
    key.push_back('\0');
    key += order_key(entry.version);
    return to_base64(as_bytes(key));
}

std::string available_text(const std::vector<IndexEntry>& newest_first) {
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(newest_first.size(), 5); ++i)
        text += (i == 0 ? "" : ", ") + newest_first[i].id.version();
    if (newest_first.size() > 5)
        text += " and " + std::to_string(newest_first.size() - 5) + " older";
    return text;
}

}  // namespace

Error PackageIndex::Impl::not_found(std::string_view what) const {
    const std::string_view name = what.substr(0, what.find('@', 1));
    // Near names are looked for among those that share the first byte: a typing error seldom starts
    // a name.
    std::vector<std::pair<std::size_t, std::string>> near;
    NameWalk walk(store, families.packages, name.substr(0, 1));
    for (std::size_t seen = 0; seen < 5'000; ++seen) {
        const Result<std::optional<std::string>> candidate = walk.next();
        const std::string text = candidate ? candidate->value_or("") : "";
        if (text.empty() || text.front() != name.front()) break;
        const std::size_t distance = edit_distance(name, text, 2);
        if (distance >= 1 && distance <= 2) near.emplace_back(distance, text);
    }
    std::ranges::sort(near);
    Error error(Errc::kPackageNotFound, "no such package in the library",
                NotFoundDetail{"package", std::string(what)});
    error = error.with_input(std::string(what));
    if (near.empty()) return error;
    std::string hint = "did you mean ";
    for (std::size_t i = 0; i < std::min<std::size_t>(near.size(), 3); ++i)
        hint += (i == 0 ? "" : ", ") + near[i].second;
    return error.with_hint(hint + "?");
}

Result<IndexEntry> PackageIndex::Impl::entry_at(std::string_view key) const {
    CATALOG_TRY(const std::optional<std::string> bytes, store.get(families.packages, key));
    if (!bytes)
        return fail(Errc::kIndexCorrupted, "the index is damaged: a posting leads to no entry");
    return decode_entry(*bytes);
}

Result<std::vector<IndexEntry>> PackageIndex::Impl::versions_oldest_first(
    std::string_view name) const {
    std::vector<IndexEntry> entries;
    const std::string prefix = name_prefix(name);
    const std::unique_ptr<kv::Iterator> iterator = store.iterate(families.packages);
    for (iterator->seek(prefix); iterator->valid() && iterator->key().starts_with(prefix);
         iterator->next()) {
        CATALOG_TRY(IndexEntry entry, decode_entry(iterator->value()));
        entries.push_back(std::move(entry));
    }
    CATALOG_TRY_VOID(iterator->status());
    return entries;
}

Result<bool> PackageIndex::Impl::has_posting(TermKind kind, std::string_view text,
                                             std::string_view name, std::string_view order) const {
    std::string key = posting_prefix(kind, text);
    key += name;
    key.push_back('\0');
    key += order;
    CATALOG_TRY(const std::optional<std::string> value, store.get(families.postings, key));
    return value.has_value();
}

Result<bool> PackageIndex::Impl::passes(const Filter& filter, const IndexEntry& entry) const {
    if (!entry.id.name().view().starts_with(filter.name_prefix)) return false;
    if (filter.type && entry.type != *filter.type) return false;
    if (filter.state && entry.state != *filter.state) return false;
    if (!filter.state && (entry.state == package::PackageState::kArchived ||
                          entry.state == package::PackageState::kPreparing))
        return false;
    if (entry.yanked && !filter.include_yanked) return false;
    if (!filter.license.empty() && lower_case(entry.license) != lower_case(filter.license))
        return false;
    const struct {
        TermKind kind;
        std::string text;
    } facets[] = {{TermKind::kTag, filter.tag},
                  {TermKind::kKeyword, lower_case(filter.keyword)},
                  {TermKind::kAuthor, lower_case(filter.author)}};
    for (const auto& facet : facets) {
        if (facet.text.empty()) continue;
        CATALOG_TRY(const bool has, has_posting(facet.kind, facet.text, entry.id.name().view(),
                                                order_key(entry.version)));
        if (!has) return false;
    }
    return true;
}

Result<bool> PackageIndex::Impl::is_newest_visible(const IndexEntry& entry) const {
    CATALOG_TRY(const std::vector<IndexEntry> entries,
                versions_oldest_first(entry.id.name().view()));
    const IndexEntry* newest = nullptr;
    for (const IndexEntry& candidate : entries) {
        if (!is_visible(candidate) || candidate.yanked) continue;
        // A release is preferred to any pre-release.
        if (newest == nullptr || !candidate.version.is_prerelease() ||
            newest->version.is_prerelease())
            newest = &candidate;
    }
    return newest != nullptr && newest->id == entry.id;
}

Result<IndexEntry> PackageIndex::find(const PackageId& id) const {
    CATALOG_TRY(const version::SemVer version, version::SemVer::parse(id.version()));
    CATALOG_TRY(const std::optional<std::string> bytes,
                impl_->store.get(impl_->families.packages, entry_key(id.name().view(), version)));
    if (bytes) {
        CATALOG_TRY(IndexEntry entry, decode_entry(*bytes));
        if (entry.id == id) return entry;
    }
    return fail(impl_->not_found(id.to_string()));
}

Result<std::vector<IndexEntry>> PackageIndex::versions(const PackageName& name) const {
    CATALOG_TRY(std::vector<IndexEntry> entries, impl_->versions_oldest_first(name.view()));
    std::ranges::reverse(entries);
    return entries;
}

Result<IndexEntry> PackageIndex::best(const PackageName& name,
                                      const version::VersionConstraint& constraint) const {
    CATALOG_TRY(std::vector<IndexEntry> entries, versions(name));
    if (entries.empty()) return fail(impl_->not_found(name.view()));
    for (IndexEntry& entry : entries) {
        if (is_visible(entry) && !entry.yanked && constraint.matches(entry.version))
            return std::move(entry);
    }
    return fail(
        Error(Errc::kVersionConflict,
              "no version of " + name.str() + " satisfies " + constraint.to_string(),
              VersionConflictDetail{name.str(), constraint.to_string(), available_text(entries)})
            .with_input(name.str() + "@" + constraint.to_string())
            .with_hint("there is " + available_text(entries)));
}

Result<std::string> PackageIndex::manifest_bytes(const package::PackageDigest& digest) const {
    CATALOG_TRY(std::optional<std::string> bytes,
                impl_->store.get(impl_->families.manifests, as_text(digest.hash.bytes())));
    if (!bytes)
        return fail(Errc::kPackageNotFound, "the library has no manifest with that digest",
                    NotFoundDetail{"manifest", digest.to_string()});
    const package::PackageDigest actual = package::digest_of_manifest(*bytes);
    if (actual != digest)
        return fail(Errc::kIndexCorrupted, "a stored manifest does not hash to its digest",
                    CorruptionDetail{digest.to_string(), actual.to_string(), {}});
    return *std::move(bytes);
}

Result<package::Manifest> PackageIndex::manifest(const package::PackageDigest& digest) const {
    CATALOG_TRY(const std::string bytes, manifest_bytes(digest));
    return package::Manifest::decode(bytes);
}

Result<Page> PackageIndex::list(const Filter& filter, std::size_t limit,
                                std::string_view cursor) const {
    if (limit == 0 || limit > kPageEntriesMax)
        return fail(Errc::kQueryInvalid, "a page has 1 to 10,000 entries");
    CATALOG_TRY(const std::optional<Cursor> after, decode_cursor(cursor));
    Page page;
    NameWalk names(impl_->store, impl_->families.packages,
                   after ? std::string_view(after->name) : filter.name_prefix);
    for (;;) {
        CATALOG_TRY(const std::optional<std::string> name, names.next());
        if (!name || !name->starts_with(filter.name_prefix)) return page;
        CATALOG_TRY(std::vector<IndexEntry> entries, impl_->versions_oldest_first(*name));
        for (std::size_t i = entries.size(); i-- > 0;) {
            CATALOG_TRY(const bool passes, impl_->passes(filter, entries[i]));
            if (!passes) continue;
            const bool seen = after && *name == after->name &&
                              (filter.newest_only || order_key(entries[i].version) >= after->order);
            if (!seen) {
                if (page.entries.size() == limit) {
                    page.cursor = encode_cursor(page.entries.back());
                    return page;
                }
                page.entries.push_back(std::move(entries[i]));
            }
            if (filter.newest_only) break;
        }
    }
}

Result<std::vector<DependencyEdge>> PackageIndex::dependents(const PackageName& name,
                                                             bool all_versions) const {
    std::vector<DependencyEdge> edges;
    const std::string prefix = posting_prefix(TermKind::kDependency, name.view());
    const std::unique_ptr<kv::Iterator> iterator = impl_->store.iterate(impl_->families.postings);
    for (iterator->seek(prefix); iterator->valid() && iterator->key().starts_with(prefix);
         iterator->next()) {
        const std::string rest(iterator->key().substr(prefix.size()));
        CATALOG_TRY(const IndexEntry entry, impl_->entry_at("p" + rest));
        if (!all_versions) {
            CATALOG_TRY(const bool is_newest, impl_->is_newest_visible(entry));
            if (!is_newest) continue;
        }
        CATALOG_TRY(const package::Manifest manifest, this->manifest(entry.digest));
        for (const package::Dependency& dependency : manifest.metadata.dependencies) {
            const bool hit = dependency.target.name == name ||
                             std::ranges::any_of(dependency.any_of, [&](const auto& target) {
                                 return target.name == name;
                             });
            if (hit) edges.push_back({entry.id, dependency});
        }
    }
    CATALOG_TRY_VOID(iterator->status());
    return edges;
}

Result<std::vector<IndexEntry>> PackageIndex::providers_of(const PackageName& name) const {
    std::vector<IndexEntry> entries;
    const std::string prefix = posting_prefix(TermKind::kVirtual, name.view());
    const std::unique_ptr<kv::Iterator> iterator = impl_->store.iterate(impl_->families.postings);
    for (iterator->seek(prefix); iterator->valid() && iterator->key().starts_with(prefix);
         iterator->next()) {
        CATALOG_TRY(IndexEntry entry,
                    impl_->entry_at("p" + std::string(iterator->key().substr(prefix.size()))));
        entries.push_back(std::move(entry));
    }
    CATALOG_TRY_VOID(iterator->status());
    return entries;
}

Result<std::vector<std::string>> PackageIndex::complete(std::string_view prefix,
                                                        std::size_t limit) const {
    std::vector<std::string> names;
    NameWalk walk(impl_->store, impl_->families.packages, prefix);
    while (names.size() < limit) {
        CATALOG_TRY(std::optional<std::string> name, walk.next());
        if (!name || !name->starts_with(prefix)) break;
        names.push_back(*std::move(name));
    }
    return names;
}

Result<PackageIndex::Counts> PackageIndex::counts() const {
    CATALOG_TRY(const std::optional<std::string> bytes,
                impl_->store.get(impl_->families.packages, kCountsKey));
    if (!bytes) return Counts{};
    return decode_counts(*bytes);
}

Result<void> PackageIndex::for_each(
    const std::function<Result<void>(const IndexEntry&)>& each) const {
    const std::unique_ptr<kv::Iterator> iterator = impl_->store.iterate(impl_->families.packages);
    for (iterator->seek("p"); iterator->valid() && iterator->key().starts_with('p');
         iterator->next()) {
        CATALOG_TRY(const IndexEntry entry, decode_entry(iterator->value()));
        CATALOG_TRY_VOID(each(entry));
    }
    return iterator->status();
}

}  // namespace catalog::index
