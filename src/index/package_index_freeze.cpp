// Freezing: everything that resolvers may choose, in one pass over entries and one over manifests.

#include <algorithm>
#include <array>

#include "catalog/core/bytes.hpp"
#include "catalog/index/index_provider.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/resolve/universe.hpp"
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

Result<std::vector<FrozenEntry>> read_entries(const PackageIndex& index) {
    std::vector<FrozenEntry> entries;
    CATALOG_TRY(const PackageIndex::Counts counts, index.counts());
    entries.reserve(static_cast<std::size_t>(counts.versions));
    CATALOG_TRY_VOID(index.for_each([&](const IndexEntry& entry) -> Result<void> {
        FrozenEntry& frozen = entries.emplace_back();
        std::ranges::copy(entry.digest.hash.bytes(), frozen.digest.begin());
        frozen.yanked = entry.yanked;
        frozen.listed = entry.state == package::PackageState::kPublished ||
                        entry.state == package::PackageState::kDeprecated;
        return {};
    }));
    std::ranges::sort(entries, {}, &FrozenEntry::digest);
    return entries;
}

}  // namespace

Result<Bytes> PackageIndex::freeze(
    const std::function<Result<void>(std::uint64_t, std::uint64_t)>& progress) const {
    CATALOG_TRY(std::vector<FrozenEntry> entries, read_entries(*this));
    resolve::UniverseBuilder builder;
    std::uint64_t done = 0;
    const std::unique_ptr<kv::Iterator> iterator = impl_->store.iterate(impl_->families.manifests);
    // Both are sorted by digest.
    auto at = entries.begin();
    for (iterator->seek(""); iterator->valid() && at != entries.end(); iterator->next()) {
        const ByteView key = as_bytes(iterator->key());
        while (at != entries.end() && std::ranges::lexicographical_compare(at->digest, key)) ++at;
        // A manifest without entry is that of a package that waits.
        if (at == entries.end() || !std::ranges::equal(at->digest, key)) continue;
        at->seen = true;
        if (done++ % kProgressEvery == 0) CATALOG_TRY_VOID(progress(done, entries.size()));
        if (!at->listed) continue;
        const package::PackageDigest digest = package::digest_of_manifest(iterator->value());
        if (!std::ranges::equal(digest.hash.bytes(), key))
            return fail(Errc::kIndexCorrupted, "a stored manifest does not hash to its digest",
                        CorruptionDetail{to_hex(key), digest.to_string(), {}});
        CATALOG_TRY(const package::Manifest manifest, package::Manifest::decode(iterator->value()));
        CATALOG_TRY_VOID(builder.add(manifest.metadata.name.view(),
                                     {manifest.metadata.version, at->yanked, ""},
                                     record_of(manifest.metadata)));
    }
    CATALOG_TRY_VOID(iterator->status());
    if (!std::ranges::all_of(entries, &FrozenEntry::seen))
        return fail(Errc::kIndexCorrupted, "the index is damaged: an entry has no manifest");
    return builder.finish();
}

}  // namespace catalog::index
