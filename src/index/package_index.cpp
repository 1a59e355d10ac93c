// Writing: what a publish, an import or a change of state adds to the caller's batch.

#include "catalog/index/package_index.hpp"

#include "catalog/core/bytes.hpp"
#include "catalog/internal/try.hpp"
#include "moment_store.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

Result<PackageIndex::Counts> counts_in(const kv::CommitView& view, kv::Family family) {
    CATALOG_TRY(const std::optional<std::string> bytes, view.get(family, kCountsKey));
    if (!bytes) return PackageIndex::Counts{};
    return decode_counts(*bytes);
}

// How often a moment is taken anew when a file of it is gone already.
constexpr int kLooksMax = 4;

}  // namespace

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

PackageIndex::Impl::Impl(kv::KeyValueStore& of, const IndexFamilies& in,
                         std::shared_ptr<SegmentFolder> sealed_in)
    : store(of), families(in) {
    if (families.segments && sealed_in != nullptr)
        folder = std::move(sealed_in);
    else
        live = std::make_shared<const Moment>(store, families);
}

PackageIndex::Impl::Impl(std::unique_ptr<kv::KeyValueStore> of, const IndexFamilies& in,
                         MomentLink moment)
    : owned(std::move(of)), store(*owned), families(in), live(std::move(moment)) {}

Result<MomentLink> PackageIndex::Impl::moment() const {
    if (live != nullptr) return live;
    std::uint64_t revision = store.revision();
    {
        const internal::MutexLock lock(mutex);
        if (last != nullptr && last_revision == revision) return last;
    }
    Result<MomentLink> taken = Moment::of(store.snapshot(), families, folder->impl(), false);
    for (int again = 0; again < kLooksMax && !taken && taken.error().code() == Errc::kFileNotFound;
         ++again) {
        // Somebody has merged and swept it since the snapshot was taken; a follower has to look
        // again to see that.
        CATALOG_TRY_VOID(store.refresh());
        revision = store.revision();
        taken = Moment::of(store.snapshot(), families, folder->impl(), false);
    }
    if (!taken && taken.error().code() == Errc::kFileNotFound)
        return fail(Error(Errc::kIndexCorrupted, std::string(taken.error().message()))
                        .with_input(std::string(taken.error().input()))
                        .with_hint(std::string(taken.error().hint()))
                        .with_cause(taken.error()));
    if (!taken) return taken;
    const internal::MutexLock lock(mutex);
    if (last == nullptr || last_revision <= revision) {
        last = *taken;
        last_revision = revision;
    }
    return taken;
}

Result<MomentLink> PackageIndex::Impl::damaged_moment() const {
    if (live != nullptr) return live;
    return Moment::of(store.snapshot(), families, folder->impl(), true);
}

Result<SealedSetLink> PackageIndex::Impl::sealed_in(const kv::CommitView& view) const {
    if (live != nullptr) return std::make_shared<const SealedSet>();
    CATALOG_TRY(const std::optional<std::string> record, view.get(list_family(), kManifestKey));
    return folder->impl().open_set(record);
}

PackageIndex::PackageIndex(kv::KeyValueStore& store, IndexFamilies families,
                           std::shared_ptr<SegmentFolder> folder)
    : impl_(std::make_unique<Impl>(store, families, std::move(folder))) {}

PackageIndex::PackageIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PackageIndex::~PackageIndex() = default;

Result<std::shared_ptr<const PackageIndex>> PackageIndex::fixed() const {
    CATALOG_TRY(MomentLink moment, impl_->moment());
    std::shared_ptr<const kv::Snapshot> snapshot = moment->snapshot();
    if (snapshot == nullptr) {
        snapshot = impl_->store.snapshot();
        moment = std::make_shared<const Moment>(snapshot, impl_->families,
                                                std::make_shared<const SealedSet>());
    }
    auto impl = std::make_unique<Impl>(std::make_unique<MomentStore>(std::move(snapshot)),
                                       impl_->families, std::move(moment));
    return std::shared_ptr<const PackageIndex>(new PackageIndex(std::move(impl)));
}

std::uint64_t PackageIndex::revision() const noexcept { return impl_->store.revision(); }

void PackageIndex::release() noexcept {
    const internal::MutexLock lock(impl_->mutex);
    impl_->last.reset();
}

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
    CATALOG_TRY(const SealedSetLink sealed, impl_->sealed_in(view));
    for (const SealedSegment& segment : sealed->segments) {
        const std::optional<DocId> doc = segment.find(entry.id.name().view(), entry.version);
        if (!doc) continue;
        CATALOG_TRY(const IndexEntry old_entry, entry_of(segment.segment(), *doc));
        return fail(already_there(old_entry, entry));
    }
    CATALOG_TRY(Counts counts, counts_in(view, families.packages));
    const std::string name = name_key(entry.id.name().view());
    CATALOG_TRY(const std::optional<std::string> versions, view.get(families.packages, name));
    if (!versions && !sealed->has_name(entry.id.name().view())) {
        ++counts.names;
        batch.put(families.packages, name, "");
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
                  encode_posting(term));
    return impl_->note_change(view, batch, entry, &metadata);
}

Result<std::optional<PackageIndex::Impl::StoredEntry>> PackageIndex::Impl::entry_in(
    const kv::CommitView& view, std::string_view name, const version::SemVer& version) const {
    for (std::string key : {entry_key(name, version), changed_key(name, version)}) {
        CATALOG_TRY(const std::optional<std::string> there, view.get(families.packages, key));
        if (!there) continue;
        CATALOG_TRY(IndexEntry entry, decode_entry(*there));
        return StoredEntry{std::move(key), std::move(entry)};
    }
    CATALOG_TRY(const SealedSetLink sealed, sealed_in(view));
    for (const SealedSegment& segment : sealed->segments) {
        const std::optional<DocId> doc = segment.find(name, version);
        if (!doc) continue;
        CATALOG_TRY(IndexEntry entry, entry_of(segment.segment(), *doc));
        CATALOG_TRY(entry.description, segment.open->description(*doc));
        return StoredEntry{changed_key(name, version), std::move(entry)};
    }
    return std::nullopt;
}

Result<IndexEntry> PackageIndex::stage_change(const kv::CommitView& view, kv::WriteBatch& batch,
                                              const PackageId& id,
                                              std::optional<package::PackageState> state,
                                              std::optional<bool> yanked) {
    const IndexFamilies& families = impl_->families;
    CATALOG_TRY(const version::SemVer version, version::SemVer::parse(id.version()));
    CATALOG_TRY(auto found, impl_->entry_in(view, id.name().view(), version));
    if (!found || found->entry.id != id) return fail(impl_->not_found(id.to_string()));
    IndexEntry& entry = found->entry;
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
    batch.put(families.packages, found->key, encode_entry(entry));
    CATALOG_TRY_VOID(impl_->note_change(view, batch, entry, nullptr));
    return std::move(entry);
}

}  // namespace catalog::index
