// Writing: what a publish, an import or a change of state adds to the caller's batch.

#include "catalog/index/package_index.hpp"

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

Result<PackageIndex::Counts> counts_in(const kv::CommitView& view, kv::Family family) {
    CATALOG_TRY(const std::optional<std::string> bytes, view.get(family, kCountsKey));
    if (!bytes) return PackageIndex::Counts{};
    return decode_counts(*bytes);
}

Error already_there(const IndexEntry& old_entry, const IndexEntry& new_entry) {
    const std::string there = old_entry.id.to_string();
    if (old_entry.id != new_entry.id)
        return Error(Errc::kPackageExists, new_entry.id.to_string() +
                                               " differs from the published " + there +
                                               " in build metadata alone")
            .with_input(new_entry.id.to_string())
            .with_hint(
                "build metadata does not make a new version: change the version's numbers or its "
                "pre-release part");
    if (old_entry.digest != new_entry.digest)
        return Error(Errc::kPackageExists, there + " is published already with other content (" +
                                               old_entry.digest.to_string() + ", this is " +
                                               new_entry.digest.to_string() + ")")
            .with_input(there)
            .with_hint("a published version never changes: publish a new version");
    return Error(Errc::kPackageExists, there + " is published already").with_input(there);
}

/// The first version of a name makes the name; the key right behind its prefix tells. The view has
/// no iterator, so names are counted by a record of their own.
std::string name_count_key(std::string_view name) {
    std::string key = "n";
    key += name;
    return key;
}

}  // namespace

PackageIndex::PackageIndex(kv::KeyValueStore& store, IndexFamilies families)
    : impl_(new Impl{store, families}) {}

PackageIndex::~PackageIndex() = default;

Result<void> PackageIndex::stage_add(const kv::CommitView& view, kv::WriteBatch& batch,
                                     const IndexEntry& entry,
                                     const package::PackageMetadata& metadata,
                                     std::string_view canonical_manifest) {
    const IndexFamilies& families = impl_->families;
    const std::string key = entry_key(entry.id.name().view(), entry.version);
    CATALOG_TRY(const std::optional<std::string> there, view.get(families.packages, key));
    if (there) {
        CATALOG_TRY(const IndexEntry old_entry, decode_entry(*there));
        return fail(already_there(old_entry, entry));
    }
    CATALOG_TRY(Counts counts, counts_in(view, families.packages));
    const std::string name_key = name_count_key(entry.id.name().view());
    CATALOG_TRY(const std::optional<std::string> versions, view.get(families.packages, name_key));
    if (!versions) {
        ++counts.names;
        batch.put(families.packages, name_key, "");
    }
    ++counts.versions;
    ++(entry.origin == Origin::kPublished ? counts.published : counts.imported);
    if (entry.yanked) ++counts.yanked;
    batch.put(families.packages, std::string(kCountsKey), encode_counts(counts));
    batch.put(families.packages, key, encode_entry(entry));
    batch.put(families.manifests, std::string(as_text(entry.digest.hash.bytes())),
              std::string(canonical_manifest));
    for (const Term& term : terms_of(metadata))
        batch.put(families.postings, posting_key(term, entry.id.name().view(), entry.version),
                  encode_weight(term.weight));
    return impl_->note_change(view, batch, entry, &metadata);
}

Result<IndexEntry> PackageIndex::stage_change(const kv::CommitView& view, kv::WriteBatch& batch,
                                              const PackageId& id,
                                              std::optional<package::PackageState> state,
                                              std::optional<bool> yanked) {
    const IndexFamilies& families = impl_->families;
    CATALOG_TRY(const version::SemVer version, version::SemVer::parse(id.version()));
    const std::string key = entry_key(id.name().view(), version);
    CATALOG_TRY(const std::optional<std::string> there, view.get(families.packages, key));
    if (!there) return fail(impl_->not_found(id.to_string()));
    CATALOG_TRY(IndexEntry entry, decode_entry(*there));
    if (entry.id != id) return fail(impl_->not_found(id.to_string()));
    if (state && entry.state != *state) {
        CATALOG_TRY_VOID(
            package::check_transition(package::Lifecycle::kPackage, entry.state, *state));
        entry.state = *state;
    }
    if (yanked && entry.yanked != *yanked) {
        CATALOG_TRY(Counts counts, counts_in(view, families.packages));
        counts.yanked += *yanked ? 1 : std::uint64_t{0} - 1;
        batch.put(families.packages, std::string(kCountsKey), encode_counts(counts));
        entry.yanked = *yanked;
    }
    batch.put(families.packages, key, encode_entry(entry));
    CATALOG_TRY_VOID(impl_->note_change(view, batch, entry, nullptr));
    return entry;
}

}  // namespace catalog::index
