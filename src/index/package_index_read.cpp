// Reading: by id, by name, listing, facets, dependencies.

#include <algorithm>
#include <map>
#include <set>

#include "catalog/core/bytes.hpp"
#include "catalog/index/query.hpp"
#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

constexpr std::size_t kPageEntriesMax = 10'000;

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

}  // namespace

Result<bool> passes(const Moment& moment, const Filter& filter, const IndexRow& row) {
    const IndexEntry& entry = row.entry;
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
        CATALOG_TRY(const bool has, moment.has_term(row, facet.kind, facet.text));
        if (!has) return false;
    }
    return true;
}

Result<void> for_each_row(const Moment& moment,
                          const std::function<Result<void>(IndexRow&)>& each) {
    NameWalk walk(moment, "");
    for (;;) {
        CATALOG_TRY(const bool more, walk.next());
        if (!more) return {};
        CATALOG_TRY(std::vector<IndexRow> rows, walk.rows());
        for (IndexRow& row : rows) CATALOG_TRY_VOID(each(row));
    }
}

namespace {

/// Tells whether a version is the newest of its name that is visible and not yanked.
Result<bool> is_newest_visible(const Moment& moment, const IndexEntry& entry) {
    CATALOG_TRY(const std::vector<IndexRow> rows, moment.versions(entry.id.name().view()));
    const IndexEntry* newest = nullptr;
    for (const IndexRow& row : rows) {
        const IndexEntry& candidate = row.entry;
        if (!is_visible(candidate) || candidate.yanked) continue;
        // A release is preferred to any pre-release.
        if (newest == nullptr || !candidate.version.is_prerelease() ||
            newest->version.is_prerelease())
            newest = &candidate;
    }
    return newest != nullptr && newest->id == entry.id;
}

/// Reads the descriptions that are missing.
Result<std::vector<IndexEntry>> complete_all(const Moment& moment, std::vector<IndexRow> rows) {
    std::vector<IndexEntry> entries;
    entries.reserve(rows.size());
    for (IndexRow& row : rows) {
        CATALOG_TRY_VOID(moment.complete(row));
        entries.push_back(std::move(row.entry));
    }
    return entries;
}

}  // namespace

Result<IndexEntry> PackageIndex::find(const PackageId& id) const {
    CATALOG_TRY(const version::SemVer version, version::SemVer::parse(id.version()));
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(std::optional<IndexRow> row, moment->find(id.name().view(), version));
    if (!row || row->entry.id != id) return fail(impl_->not_found(id.to_string()));
    CATALOG_TRY_VOID(moment->complete(*row));
    return std::move(row->entry);
}

Result<std::vector<IndexEntry>> PackageIndex::versions(const PackageName& name) const {
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(std::vector<IndexRow> rows, moment->versions(name.view()));
    std::ranges::reverse(rows);
    return complete_all(*moment, std::move(rows));
}

Result<IndexEntry> PackageIndex::best(const PackageName& name,
                                      const version::VersionConstraint& constraint) const {
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(std::vector<IndexRow> rows, moment->versions(name.view()));
    if (rows.empty()) return fail(impl_->not_found(name.view()));
    std::ranges::reverse(rows);
    for (IndexRow& row : rows) {
        if (!is_visible(row.entry) || row.entry.yanked || !constraint.matches(row.entry.version))
            continue;
        CATALOG_TRY_VOID(moment->complete(row));
        return std::move(row.entry);
    }
    const std::string there = available_text(rows);
    return fail(Error(Errc::kVersionConflict,
                      "no version of " + name.str() + " satisfies " + constraint.to_string(),
                      VersionConflictDetail{name.str(), constraint.to_string(), there})
                    .with_input(name.str() + "@" + constraint.to_string())
                    .with_hint("there is " + there));
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
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    Page page;
    NameWalk walk(*moment, after ? std::string_view(after->name) : filter.name_prefix);
    for (;;) {
        CATALOG_TRY(const bool more, walk.next());
        if (!more || !walk.name().starts_with(filter.name_prefix)) return page;
        CATALOG_TRY(std::vector<IndexRow> rows, walk.rows());
        for (std::size_t i = rows.size(); i-- > 0;) {
            CATALOG_TRY(const bool wanted, passes(*moment, filter, rows[i]));
            if (!wanted) continue;
            const bool seen =
                after && walk.name() == after->name &&
                (filter.newest_only || order_key(rows[i].entry.version) >= after->order);
            if (!seen) {
                if (page.entries.size() == limit) {
                    page.cursor = encode_cursor(page.entries.back());
                    return page;
                }
                CATALOG_TRY_VOID(moment->complete(rows[i]));
                page.entries.push_back(std::move(rows[i].entry));
            }
            if (filter.newest_only) break;
        }
    }
}

Result<std::vector<DependencyEdge>> PackageIndex::dependents(const PackageName& name,
                                                             bool all_versions) const {
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(const std::vector<IndexRow> rows,
                moment->rows_with(TermKind::kDependency, name.view()));
    std::vector<DependencyEdge> edges;
    for (const IndexRow& row : rows) {
        if (!all_versions) {
            CATALOG_TRY(const bool is_newest, is_newest_visible(*moment, row.entry));
            if (!is_newest) continue;
        }
        CATALOG_TRY(const package::Manifest manifest, this->manifest(row.entry.digest));
        for (const package::Dependency& dependency : manifest.metadata.dependencies) {
            const bool hit = dependency.target.name == name ||
                             std::ranges::any_of(dependency.any_of, [&](const auto& target) {
                                 return target.name == name;
                             });
            if (hit) edges.push_back({row.entry.id, dependency});
        }
    }
    return edges;
}

Result<Dependents> PackageIndex::all_dependents(const PackageName& name, std::size_t limit) const {
    constexpr std::size_t kDependentsMax = 100'000;
    if (limit == 0 || limit > kDependentsMax)
        return fail(Errc::kQueryInvalid, "1 to 100,000 dependents are returned");
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    Dependents found;
    std::set<PackageName> known{name};
    std::vector<PackageName> level{name};
    for (std::uint32_t distance = 1; !level.empty(); ++distance) {
        // Of several that a package needs at this distance the first is named.
        std::map<PackageName, Dependent> next;
        for (const PackageName& needed : level) {
            CATALOG_TRY(const std::vector<IndexRow> rows,
                        moment->rows_with(TermKind::kDependency, needed.view()));
            for (const IndexRow& row : rows) {
                const PackageName& dependent = row.entry.id.name();
                if (known.contains(dependent) || next.contains(dependent)) continue;
                CATALOG_TRY(const bool is_newest, is_newest_visible(*moment, row.entry));
                if (is_newest) next.emplace(dependent, Dependent{row.entry.id, distance, needed});
            }
        }
        level.clear();
        for (auto& [dependent, entry] : next) {
            if (found.packages.size() == limit) {
                found.is_truncated = true;
                return found;
            }
            known.insert(dependent);
            level.push_back(dependent);
            found.packages.push_back(std::move(entry));
        }
    }
    return found;
}

Result<std::vector<IndexEntry>> PackageIndex::providers_of(const PackageName& name) const {
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(std::vector<IndexRow> rows, moment->rows_with(TermKind::kVirtual, name.view()));
    return complete_all(*moment, std::move(rows));
}

Result<PackageIndex::Counts> PackageIndex::counts() const {
    CATALOG_TRY(const std::optional<std::string> bytes,
                impl_->store.get(impl_->families.packages, kCountsKey));
    if (!bytes) return Counts{};
    return decode_counts(*bytes);
}

Result<IndexShape> PackageIndex::shape() const {
    IndexShape shape;
    // Segments that cannot be opened count as well, so the list is read alone.
    if (impl_->families.segments) {
        CATALOG_TRY(const std::optional<std::string> record,
                    impl_->store.get(impl_->list_family(), kManifestKey));
        IndexManifest list;
        if (record) {
            CATALOG_TRY(list, decode_manifest(*record));
        }
        shape.segments = list.segments.size();
        for (const ManifestSegment& segment : list.segments)
            shape.sealed_versions += segment.versions - segment.dead.size();
    }
    CATALOG_TRY(const Counts counts, this->counts());
    // Both grow: what was sealed between the two reads is not missing.
    shape.delta_versions =
        counts.versions - std::min<std::uint64_t>(counts.versions, shape.sealed_versions);
    return shape;
}

Result<void> PackageIndex::for_each(
    const std::function<Result<void>(const IndexEntry&)>& each) const {
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    return for_each_row(*moment, [&](IndexRow& row) -> Result<void> {
        CATALOG_TRY_VOID(moment->complete(row));
        return each(row.entry);
    });
}

}  // namespace catalog::index
