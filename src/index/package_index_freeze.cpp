// Freezing: everything that resolvers may choose, in one pass over entries and one over manifests;
// or what changed since an earlier freezing, and the rest as it was then.

#include <algorithm>
#include <array>

#include "catalog/core/bytes.hpp"
#include "catalog/index/index_provider.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/resolve/universe.hpp"
#include "manifest_relations.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kProgressEvery = 4'096;

/// What has to be known of an entry when its manifest comes by. Entries stand in the order of
/// names, manifests in that of digests.
struct FrozenEntry {
    std::array<std::byte, ContentHash::kDigestBytes> digest{};
    bool yanked = false;
    bool listed = false;
    bool seen = false;
};

bool is_for_choice(package::PackageState state) {
    return state == package::PackageState::kPublished ||
           state == package::PackageState::kDeprecated;
}

Result<std::vector<FrozenEntry>> read_entries(const PackageIndex& index, const Moment& moment) {
    std::vector<FrozenEntry> entries;
    CATALOG_TRY(const PackageIndex::Counts counts, index.counts());
    entries.reserve(static_cast<std::size_t>(counts.versions));
    CATALOG_TRY_VOID(for_each_row(moment, [&](const IndexRow& row) -> Result<void> {
        const IndexEntry& entry = row.entry;
        FrozenEntry& frozen = entries.emplace_back();
        std::ranges::copy(entry.digest.hash.bytes(), frozen.digest.begin());
        frozen.yanked = entry.yanked;
        frozen.listed = is_for_choice(entry.state);
        return {};
    }));
    std::ranges::sort(entries, {}, &FrozenEntry::digest);
    return entries;
}

/// Adds stored manifests to a universe.
class ManifestFreezer {
public:
    /// Errors: kIndexCorrupted (it does not hash to its digest), and the builder's.
    Result<void> add(std::string_view stored, ByteView digest, bool yanked) {
        const package::PackageDigest actual = package::digest_of_manifest(stored);
        if (!std::ranges::equal(actual.hash.bytes(), digest))
            return fail(Errc::kIndexCorrupted, "a stored manifest does not hash to its digest",
                        CorruptionDetail{to_hex(digest), actual.to_string(), {}});
        if (read_relations(stored, relations_)) return builder_.add(yanked, relations_);
        CATALOG_TRY(const package::Manifest manifest, package::Manifest::decode(stored));
        return builder_.add(manifest.metadata.name.view(), {manifest.metadata.version, yanked, ""},
                            record_of(manifest.metadata));
    }
    resolve::UniverseBuilder& builder() { return builder_; }

private:
    resolve::UniverseBuilder builder_;
    resolve::RecordText relations_;  // kept for its lists' memory
};

}  // namespace

Result<Bytes> PackageIndex::freeze(const FreezeProgress& progress, std::size_t front) const {
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    CATALOG_TRY(std::vector<FrozenEntry> entries, read_entries(*this, *moment));
    ManifestFreezer freezer;
    std::uint64_t done = 0;
    const std::uint64_t total = entries.size();
    {
        const std::unique_ptr<kv::Iterator> iterator = moment->iterate(impl_->families.manifests);
        // Both are sorted by digest.
        auto at = entries.begin();
        for (iterator->seek(""); iterator->valid() && at != entries.end(); iterator->next()) {
            const ByteView key = as_bytes(iterator->key());
            while (at != entries.end() && std::ranges::lexicographical_compare(at->digest, key))
                ++at;
            // A manifest without entry is that of a package that waits.
            if (at == entries.end() || !std::ranges::equal(at->digest, key)) continue;
            at->seen = true;
            if (done++ % kProgressEvery == 0) CATALOG_TRY_VOID(progress(done, total));
            if (at->listed) CATALOG_TRY_VOID(freezer.add(iterator->value(), key, at->yanked));
        }
        CATALOG_TRY_VOID(iterator->status());
        if (!std::ranges::all_of(entries, &FrozenEntry::seen))
            return fail(Errc::kIndexCorrupted, "the index is damaged: an entry has no manifest");
    }
    std::vector<FrozenEntry>().swap(entries);
    return freezer.builder().finish(front, [&] { return progress(total, total); });
}

Result<Bytes> PackageIndex::refreeze(const resolve::UniverseChanges& changes,
                                     const FreezeProgress& progress, std::size_t front) const {
    ManifestFreezer freezer;
    std::uint64_t done = 0;
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    const std::vector<std::string> names = changes.names();
    for (const std::string& text : names) {
        if (done++ % kProgressEvery == 0) CATALOG_TRY_VOID(progress(done, names.size()));
        CATALOG_TRY(const PackageName name, PackageName::parse(text));
        CATALOG_TRY(std::vector<IndexRow> rows, moment->versions(name.view()));
        std::ranges::reverse(rows);
        for (const IndexRow& row : rows) {
            const IndexEntry& entry = row.entry;
            if (!is_for_choice(entry.state)) continue;
            const ByteView digest = entry.digest.hash.bytes();
            CATALOG_TRY(const std::optional<std::string> manifest,
                        moment->get(impl_->families.manifests, as_text(digest)));
            if (!manifest)
                return fail(Errc::kIndexCorrupted,
                            "the index is damaged: an entry has no manifest");
            CATALOG_TRY_VOID(freezer.add(*manifest, digest, entry.yanked));
        }
    }
    CATALOG_TRY_VOID(freezer.builder().add_unchanged(changes));
    return freezer.builder().finish(front, [&] { return progress(done, names.size()); });
}

}  // namespace catalog::index
