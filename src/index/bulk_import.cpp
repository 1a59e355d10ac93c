#include "catalog/index/bulk_import.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

// A commit may have 256 MiB.
constexpr std::size_t kBatchBytesMax = std::size_t{128} << 20;

/// A version of the segment that is being built, under the key that it would have in the delta.
struct Added {
    std::string version;
    package::PackageDigest digest;
    std::uint64_t tag = 0;
    bool sealed = false;  ///< False: it is to be in the delta.
};
using AddedVersions = std::unordered_map<std::string, Added>;

std::string_view name_in(std::string_view key) {
    key.remove_prefix(1);
    return key.substr(0, key.find('\0'));
}

Result<IndexEntry> entry_of_added(std::string_view key, const Added& added) {
    CATALOG_TRY(PackageName name, PackageName::parse(name_in(key)));
    CATALOG_TRY(PackageId id, PackageId::make(std::move(name), added.version));
    CATALOG_TRY(version::SemVer version, version::SemVer::parse(added.version));
    IndexEntry entry(std::move(id), std::move(version));
    entry.digest = added.digest;
    return entry;
}

}  // namespace

struct BulkImport::Impl {
    Impl(PackageIndex& of, kv::CommitQueue& into, Random& from, const BulkImportOptions& with,
         MaintenanceTurn one)
        : index(of), queue(into), random(from), options(with), turn(std::move(one)) {}

    PackageIndex& index;
    kv::CommitQueue& queue;
    Random& random;
    BulkImportOptions options;
    MaintenanceTurn turn;
    MomentLink moment;  ///< What is there, but for what was added.
    bool delta_empty = false;
    SegmentSecret secret{};
    SegmentBuilder builder;
    kv::WriteBatch manifests;
    AddedVersions added;
    PackageIndex::Counts counts;  ///< Of what was added; names are counted at the commit.

    [[nodiscard]] PackageIndex::Impl& of() const { return *index.impl_; }

    Result<void> begin_segment() {
        CATALOG_TRY(moment, of().moment());
        const SealedSet& before = moment->sealed();
        if (before.manifest.segments.size() >= kSegmentsMax)
            return fail(Error(Errc::kLimitExceeded, "the index has too many segments",
                              LimitDetail{"segments_max", kSegmentsMax,
                                          before.manifest.segments.size() + 1})
                            .with_hint("merge some first"));
        secret = before.manifest.secret;
        if (before.record.empty()) CATALOG_TRY_VOID(random.fill(secret));
        const std::unique_ptr<kv::Iterator> delta = moment->iterate(of().families.packages);
        delta->seek("p");
        delta_empty = !delta->valid() || !delta->key().starts_with('p');
        CATALOG_TRY_VOID(delta->status());
        SegmentOptions segment;
        segment.secret = secret;
        builder = SegmentBuilder(segment);
        manifests = kv::WriteBatch();
        fresh_.clear();
        added.clear();
        counts = {};
        return {};
    }

    /// Returns the version of that precedence, wherever it is.
    [[nodiscard]] Result<std::optional<IndexEntry>> find(const std::string& key,
                                                         const IndexEntry& entry) const {
        if (const auto here = added.find(key); here != added.end()) {
            CATALOG_TRY(IndexEntry there, entry_of_added(key, here->second));
            return there;
        }
        const std::string_view name = entry.id.name().view();
        if (!delta_empty) {
            CATALOG_TRY(const auto bytes, moment->get(of().families.packages, key));
            if (bytes) {
                CATALOG_TRY(IndexEntry there, decode_entry(*bytes));
                return there;
            }
        }
        for (const SealedSegment& segment : moment->segments()) {
            const std::optional<DocId> doc = segment.find(name, entry.version);
            if (!doc) continue;
            CATALOG_TRY(IndexEntry there, entry_of(segment.segment(), *doc));
            return there;
        }
        return std::nullopt;
    }

    /// Looks before the commit which names are in segments: nobody else changes those meanwhile.
    void find_fresh_names() {
        fresh_.clear();
        for (const auto& [key, version] : added)
            if (version.sealed && !moment->sealed().has_name(name_in(key)))
                fresh_.insert(name_in(key));
    }

    [[nodiscard]] Result<BulkCommit> stage(const kv::CommitView& view, kv::WriteBatch& batch,
                                           const SegmentSummary& summary,
                                           const std::optional<std::string>& state);

private:
    /// Leaves out what is in the delta now.
    [[nodiscard]] Result<void> leave_out_clashes(const kv::CommitView& view, kv::WriteBatch& batch,
                                                 ManifestSegment& place, BulkCommit& done);
    [[nodiscard]] Result<void> stage_names(const kv::CommitView& view, kv::WriteBatch& batch,
                                           bool delta_unchanged);

    std::unordered_set<std::string_view> fresh_;  ///< Names that no segment has yet.
};

Result<void> BulkImport::Impl::leave_out_clashes(const kv::CommitView& view, kv::WriteBatch& batch,
                                                 ManifestSegment& place, BulkCommit& done) {
    const IndexFamilies& families = of().families;
    IndexManifest list = moment->sealed().manifest;
    list.secret = secret;
    list.segments = {place};
    SealedSetLink opened;
    for (auto& [key, version] : added) {
        if (!version.sealed) continue;
        CATALOG_TRY(const std::optional<std::string> bytes, view.get(families.packages, key));
        if (!bytes) continue;
        CATALOG_TRY(const IndexEntry there, decode_entry(*bytes));
        CATALOG_TRY(const IndexEntry entry, entry_of_added(key, version));
        if (opened == nullptr) {
            CATALOG_TRY(opened, of().folder->impl().open_set(encode_manifest(list)));
        }
        const auto doc = opened->segments.front().find(entry.id.name().view(), entry.version);
        if (!doc) return fail(Errc::kInternal, "a new segment does not have what it was made of");
        place.dead.push_back(static_cast<std::uint32_t>(*doc));
        const bool same = there.digest == entry.digest;
        if (!same)
            batch.remove(families.manifests, std::string(as_text(entry.digest.hash.bytes())));
        done.clashes.emplace_back(version.tag, same, already_there(there, entry));
        const auto as_sealed = opened->segments.front().segment().record(*doc);
        if (as_sealed && as_sealed->is_yanked()) --counts.yanked;
        --(as_sealed && as_sealed->is_imported() ? counts.imported : counts.published);
        --counts.versions;
        version.sealed = false;
    }
    std::ranges::sort(place.dead);
    return {};
}

Result<void> BulkImport::Impl::stage_names(const kv::CommitView& view, kv::WriteBatch& batch,
                                           bool delta_unchanged) {
    const kv::Family packages = of().families.packages;
    if (delta_unchanged && delta_empty) {
        counts.names = fresh_.size();
        return {};
    }
    std::unordered_set<std::string_view> names;
    for (const auto& [key, version] : added)
        if (version.sealed && fresh_.contains(name_in(key))) names.insert(name_in(key));
    for (const std::string_view name : names) {
        std::string key = name_key(name);
        CATALOG_TRY(const std::optional<std::string> there, view.get(packages, key));
        if (there)
            batch.remove(packages, std::move(key));  // the segment has it now
        else
            ++counts.names;
    }
    return {};
}

Result<BulkCommit> BulkImport::Impl::stage(const kv::CommitView& view, kv::WriteBatch& batch,
                                           const SegmentSummary& summary,
                                           const std::optional<std::string>& state) {
    const IndexFamilies& families = of().families;
    BulkCommit done;
    ManifestSegment place = place_of(summary, 0);
    bool unchanged = false;
    if (families.changes) {
        CATALOG_TRY(const std::optional<std::string> now, view.get(*families.changes, kStateKey));
        unchanged = now == state;
    }
    if (!unchanged) CATALOG_TRY_VOID(leave_out_clashes(view, batch, place, done));
    CATALOG_TRY_VOID(stage_names(view, batch, unchanged));
    CATALOG_TRY_VOID(of().stage_segments(view, batch, moment->sealed(), secret, {}, place));
    PackageIndex::Counts all;
    CATALOG_TRY(const std::optional<std::string> bytes, view.get(families.packages, kCountsKey));
    if (bytes) {
        CATALOG_TRY(all, decode_counts(*bytes));
    }
    all.names += counts.names;
    all.versions += counts.versions;
    all.published += counts.published;
    all.imported += counts.imported;
    all.yanked += counts.yanked;
    batch.put(families.packages, std::string(kCountsKey), encode_counts(all));
    CATALOG_TRY_VOID(index.stage_break(view, batch));
    done.versions = counts.versions;
    return done;
}

BulkImport::BulkImport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BulkImport::~BulkImport() = default;
BulkImport::BulkImport(BulkImport&&) noexcept = default;
BulkImport& BulkImport::operator=(BulkImport&&) noexcept = default;

Result<BulkImport> BulkImport::begin(PackageIndex& index, kv::CommitQueue& queue, Random& random,
                                     const BulkImportOptions& options) {
    CATALOG_TRY(MaintenanceTurn turn, index.impl_->begin_maintenance());
    auto impl = std::make_unique<Impl>(index, queue, random, options, std::move(turn));
    SegmentFolder::Impl& folder = index.impl_->folder->impl();
    CATALOG_TRY_VOID(impl->begin_segment());
    CATALOG_TRY_VOID(io::make_directories_durably(*folder.fs, folder.path));
    folder.sweep(impl->moment->sealed().manifest);
    return BulkImport(std::move(impl));
}

Result<BulkVerdict> BulkImport::add(const IndexEntry& entry,
                                    const package::PackageMetadata& metadata,
                                    std::string_view manifest, std::uint64_t tag) {
    Impl& impl = *impl_;
    std::string key = entry_key(entry.id.name().view(), entry.version);
    CATALOG_TRY(const std::optional<IndexEntry> there, impl.find(key, entry));
    if (there) {
        if (there->id == entry.id && there->digest == entry.digest)
            return BulkVerdict::kAlreadyThere;
        return fail(already_there(*there, entry));
    }
    const bool fits = fits_segment(metadata);
    if (fits) {
        CATALOG_TRY_VOID(impl.builder.add(entry, metadata));
        impl.manifests.put(impl.of().families.manifests,
                           std::string(as_text(entry.digest.hash.bytes())), std::string(manifest));
        ++impl.counts.versions;
        ++(entry.origin == Origin::kPublished ? impl.counts.published : impl.counts.imported);
        if (entry.yanked) ++impl.counts.yanked;
    }
    impl.added.emplace(std::move(key), Added{entry.id.version(), entry.digest, tag, fits});
    return fits ? BulkVerdict::kAdded : BulkVerdict::kUnfit;
}

bool BulkImport::is_full() const noexcept {
    return impl_->builder.size() >= impl_->options.versions_max ||
           impl_->builder.memory_bytes() >= impl_->options.memory_bytes_max ||
           impl_->manifests.bytes() >= kBatchBytesMax;
}

Result<BulkCommit> BulkImport::commit() {
    Impl& impl = *impl_;
    BulkCommit done;
    if (impl.builder.size() > 0) {
        SegmentFolder::Impl& folder = impl.of().folder->impl();
        CATALOG_TRY(const SegmentSummary summary,
                    write_segment(*folder.fs, folder.path, impl.builder));
        CATALOG_TRY(const std::optional<std::string> state, state_bytes(*impl.moment));
        impl.find_fresh_names();
        kv::Commit commit;
        commit.batch = std::exchange(impl.manifests, {});
        commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
            CATALOG_TRY(done, impl.stage(view, batch, summary, state));
            return {};
        };
        CATALOG_TRY_VOID(impl.queue.submit(std::move(commit)));
    }
    CATALOG_TRY_VOID(impl.begin_segment());
    return done;
}

}  // namespace catalog::index
