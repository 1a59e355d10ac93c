// Moving versions from the delta into segments, and segments into larger ones. The order is always:
// the file and its name are durable, then one commit lets it count.

#include <algorithm>
#include <map>
#include <utility>

#include "catalog/core/bytes.hpp"
#include "catalog/index/segment_merge.hpp"
#include "catalog/internal/try.hpp"
#include "package_index_impl.hpp"

namespace catalog::index {

namespace {

constexpr std::uint64_t kSealProgressEvery = 1'024;
constexpr std::uint64_t kSealVersionsMax = 65'536;
// A commit may have 256 MiB.
constexpr std::uint64_t kSealBatchBytesMax = std::uint64_t{128} << 20;
constexpr std::size_t kMergeBytesOfVersion = 500;

/// A version of the delta that is being sealed, as it was read.
struct SealedRecord {
    std::string key;
    std::string value;
};

/// The versions of one seal: in a builder, and what goes from the delta for them.
class SealDraft {
public:
    SealDraft(const Moment& moment, const SegmentSecret& secret)
        : moment_(moment), builder_(options_with(secret)) {}

    Result<void> collect(const SealOptions& options, std::uint64_t total,
                         const SealProgress& progress) {
        const IndexFamilies& families = moment_.families();
        const std::uint64_t versions_max =
            std::clamp<std::uint64_t>(options.versions_max, 1, kSealVersionsMax);
        const std::unique_ptr<kv::Iterator> iterator = moment_.iterate(families.packages);
        for (iterator->seek("p");
             iterator->valid() && iterator->key().starts_with('p') &&
             records_.size() < versions_max && batch_.bytes() < kSealBatchBytesMax;
             iterator->next()) {
            if (records_.size() % kSealProgressEvery == 0)
                CATALOG_TRY_VOID(progress(records_.size(), total));
            CATALOG_TRY_VOID(add(iterator->key(), iterator->value()));
        }
        return iterator->status();
    }

    [[nodiscard]] const std::vector<SealedRecord>& records() const noexcept { return records_; }
    [[nodiscard]] SegmentBuilder& builder() noexcept { return builder_; }
    /// Returns what goes from the delta.
    [[nodiscard]] kv::WriteBatch take_batch() { return std::exchange(batch_, {}); }

private:
    static SegmentOptions options_with(const SegmentSecret& secret) {
        SegmentOptions options;
        options.secret = secret;
        return options;
    }

    Result<void> add(std::string_view key, std::string_view value) {
        const IndexFamilies& families = moment_.families();
        CATALOG_TRY(const IndexEntry entry, decode_entry(value));
        const std::string_view name = entry.id.name().view();
        CATALOG_TRY(const std::optional<std::string> bytes,
                    moment_.get(families.manifests, as_text(entry.digest.hash.bytes())));
        if (!bytes)
            return fail(
                Error(Errc::kIndexCorrupted, "the index is damaged: an entry has no manifest")
                    .with_input(entry.id.to_string()));
        CATALOG_TRY(const package::Manifest manifest, package::Manifest::decode(*bytes));
        if (!fits_segment(manifest.metadata)) return {};
        CATALOG_TRY_VOID(builder_.add(entry, manifest.metadata));
        batch_.remove(families.packages, std::string(key));
        for (const Term& term : terms_of(manifest.metadata))
            batch_.remove(families.postings, posting_key(term, name, entry.version));
        if (name != last_name_) batch_.remove(families.packages, name_key(name));
        last_name_ = std::string(name);
        records_.push_back({std::string(key), std::string(value)});
        return {};
    }

    const Moment& moment_;
    SegmentBuilder builder_;
    kv::WriteBatch batch_;
    std::vector<SealedRecord> records_;
    std::string last_name_;
};

/// What changed in the delta while its versions were sealed: those stay, as changes of a sealed
/// version.
Result<void> keep_changes(const kv::CommitView& view, kv::WriteBatch& batch, kv::Family packages,
                          const std::vector<SealedRecord>& records) {
    for (const SealedRecord& record : records) {
        CATALOG_TRY(const std::optional<std::string> now, view.get(packages, record.key));
        if (!now)
            return fail(Errc::kBusy, "the index was changed by somebody else while it was sealed");
        if (*now == record.value) continue;
        std::string key = record.key;
        key.front() = kChangedPrefix;
        batch.put(packages, std::move(key), *now);
    }
    return {};
}

/// Which segments are merged together: of the smallest size class that has enough of them.
std::vector<const SealedSegment*> choose(const SealedSet& set, const IndexMergeOptions& options) {
    const std::uint64_t fan_out = std::clamp<std::uint32_t>(options.fan_out, 2, 64);
    std::map<std::uint32_t, std::vector<const SealedSegment*>> classes;
    for (const SealedSegment& segment : set.segments) {
        std::uint32_t size_class = 0;
        if (!options.everything)
            for (std::uint64_t n = segment.place.versions; n >= fan_out; n /= fan_out) ++size_class;
        classes[size_class].push_back(&segment);
    }
    for (const auto& [size_class, segments] : classes) {
        std::uint64_t versions = 0;
        for (const SealedSegment* segment : segments) versions += segment->place.versions;
        const bool enough = segments.size() >= (options.everything ? 2 : fan_out);
        if (enough && versions * kMergeBytesOfVersion <= options.memory_bytes_max) return segments;
    }
    return {};
}

/// The sources of a merge, and what changed in them since they were sealed.
class MergeDraft {
public:
    explicit MergeDraft(const Moment& moment) : moment_(moment) {}

    Result<void> collect(const std::vector<const SealedSegment*>& segments,
                         const SealProgress& progress) {
        for (const SealedSegment* segment : segments) {
            total_ += segment->place.versions;
            level_ = std::max(level_, segment->place.level);
            gone_.push_back(segment->place.name);
        }
        changed_.resize(segments.size());
        const std::unique_ptr<kv::Iterator> iterator = moment_.iterate(moment_.families().packages);
        for (iterator->seek(std::string_view(&kChangedPrefix, 1));
             iterator->valid() && iterator->key().starts_with(kChangedPrefix); iterator->next()) {
            CATALOG_TRY(const IndexEntry entry, decode_entry(iterator->value()));
            for (std::size_t i = 0; i < segments.size(); ++i) {
                const auto doc = segments[i]->find(entry.id.name().view(), entry.version);
                if (!doc) continue;
                changed_[i].insert_or_assign(static_cast<std::uint32_t>(*doc),
                                             Change{entry.state, entry.yanked});
                folded_.push_back({std::string(iterator->key()), std::string(iterator->value())});
            }
        }
        CATALOG_TRY_VOID(iterator->status());
        std::uint64_t before = 0;
        for (std::size_t i = 0; i < segments.size(); ++i) {
            MergeSource& source = sources_.emplace_back(segments[i]->open->link());
            source.progress = [this, &progress, before](DocId doc) {
                return progress(before + static_cast<std::uint32_t>(doc), total_);
            };
            before += segments[i]->place.versions;
            source.verdict = [this, segment = segments[i], i](DocId doc) {
                return verdict(*segment, changed_[i], doc);
            };
        }
        return {};
    }

    [[nodiscard]] std::span<const MergeSource> sources() const noexcept { return sources_; }
    [[nodiscard]] const std::vector<ContentHash>& gone() const noexcept { return gone_; }
    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
    [[nodiscard]] std::uint8_t level() const noexcept {
        return static_cast<std::uint8_t>(level_ == 255 ? 255 : level_ + 1);
    }

    /// What is in the segment now needs no record any more, unless it changed again.
    Result<void> drop_folded(const kv::CommitView& view, kv::WriteBatch& batch) const {
        const kv::Family packages = moment_.families().packages;
        for (const SealedRecord& record : folded_) {
            CATALOG_TRY(const std::optional<std::string> now, view.get(packages, record.key));
            if (now && *now == record.value) batch.remove(packages, record.key);
        }
        return {};
    }

private:
    struct Change {
        package::PackageState state;
        bool yanked;
    };
    using Changes = std::map<std::uint32_t, Change>;

    static MergeVerdict verdict(const SealedSegment& segment, const Changes& changes, DocId doc) {
        MergeVerdict verdict;
        const auto number = static_cast<std::uint32_t>(doc);
        verdict.is_live = !segment.is_dead(number);
        if (const auto change = changes.find(number); change != changes.end()) {
            verdict.state = change->second.state;
            verdict.yanked = change->second.yanked;
        }
        return verdict;
    }

    const Moment& moment_;
    std::vector<MergeSource> sources_;
    std::vector<Changes> changed_;  ///< By source.
    std::vector<SealedRecord> folded_;
    std::vector<ContentHash> gone_;
    std::uint64_t total_ = 0;
    std::uint8_t level_ = 0;
};

}  // namespace

bool fits_segment(const package::PackageMetadata& metadata) {
    constexpr std::size_t kListMax = 255;
    constexpr std::size_t kRelationsMax = 65'535;
    constexpr std::size_t kTextMax = std::size_t{1} << 20;
    std::size_t relations = metadata.conflicts.size() + metadata.provides.size();
    for (const package::Dependency& dependency : metadata.dependencies)
        relations += 1 + dependency.any_of.size();
    return metadata.authors.size() <= kListMax && metadata.keywords.size() <= kListMax &&
           metadata.tags.size() <= kListMax && relations <= kRelationsMax &&
           metadata.description.size() <= kTextMax;
}

Result<std::optional<std::string>> state_bytes(const Moment& moment) {
    const std::optional<kv::Family> changes = moment.families().changes;
    if (!changes) return std::nullopt;
    return moment.get(*changes, kStateKey);
}

ManifestSegment place_of(const SegmentSummary& summary, std::uint8_t level) {
    ManifestSegment place;
    place.name = summary.name;
    place.bytes = summary.bytes;
    place.versions = summary.versions;
    place.level = level;
    return place;
}

Result<MaintenanceTurn> PackageIndex::Impl::begin_maintenance() const {
    if (folder == nullptr)
        return fail(Errc::kFailedPrecondition, "this index has no folder for segments");
    return MaintenanceTurn::take(folder->impl());
}

Result<void> PackageIndex::Impl::stage_segments(const kv::CommitView& view, kv::WriteBatch& batch,
                                                const SealedSet& before,
                                                const SegmentSecret& secret,
                                                const std::vector<ContentHash>& gone,
                                                const ManifestSegment& added) const {
    CATALOG_TRY(const std::optional<std::string> now, view.get(list_family(), kManifestKey));
    if (now.value_or("") != before.record)
        return fail(Errc::kBusy, "the segments of the index were changed by somebody else");
    IndexManifest manifest = before.manifest;
    ++manifest.epoch;
    manifest.secret = secret;
    std::erase_if(manifest.segments, [&](const ManifestSegment& segment) {
        return std::ranges::find(gone, segment.name) != gone.end();
    });
    manifest.segments.push_back(added);
    if (manifest.segments.size() > kSegmentsMax)
        return fail(Error(Errc::kLimitExceeded, "the index has too many segments",
                          LimitDetail{"segments_max", kSegmentsMax, manifest.segments.size()})
                        .with_hint("merge some first"));
    batch.put(list_family(), std::string(kManifestKey), encode_manifest(manifest));
    return {};
}

Result<SealReport> PackageIndex::seal(kv::CommitQueue& queue, Random& random,
                                      const SealOptions& options, const SealProgress& progress) {
    CATALOG_TRY(const MaintenanceTurn turn, impl_->begin_maintenance());
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    SegmentFolder::Impl& folder = impl_->folder->impl();
    const SealedSet& before = moment->sealed();
    SegmentSecret secret = before.manifest.secret;
    if (before.record.empty()) CATALOG_TRY_VOID(random.fill(secret));
    SealDraft draft(*moment, secret);
    CATALOG_TRY(const Counts counts, this->counts());
    CATALOG_TRY_VOID(
        draft.collect(options, std::min(counts.versions, options.versions_max), progress));
    if (draft.records().empty() || draft.records().size() < options.versions_min)
        return SealReport();
    CATALOG_TRY_VOID(io::make_directories_durably(*folder.fs, folder.path));
    folder.sweep(before.manifest);
    CATALOG_TRY(const SegmentSummary summary,
                write_segment(*folder.fs, folder.path, draft.builder()));
    CATALOG_TRY_VOID(progress(draft.records().size(), draft.records().size()));
    CATALOG_TRY(const std::optional<std::string> state, state_bytes(*moment));
    kv::Commit commit;
    commit.batch = draft.take_batch();
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
        const IndexFamilies& families = impl_->families;
        CATALOG_TRY_VOID(
            impl_->stage_segments(view, batch, before, secret, {}, place_of(summary, 0)));
        if (families.changes) {
            CATALOG_TRY(const std::optional<std::string> now,
                        view.get(*families.changes, kStateKey));
            if (now == state) return {};
        }
        return keep_changes(view, batch, families.packages, draft.records());
    };
    CATALOG_TRY_VOID(queue.submit(std::move(commit)));
    return SealReport{summary.versions, summary.bytes, 0};
}

Result<SealReport> PackageIndex::merge(kv::CommitQueue& queue, const IndexMergeOptions& options,
                                       const SealProgress& progress) {
    CATALOG_TRY(const MaintenanceTurn turn, impl_->begin_maintenance());
    CATALOG_TRY(const MomentLink moment, impl_->moment());
    SegmentFolder::Impl& folder = impl_->folder->impl();
    const SealedSet& before = moment->sealed();
    const std::vector<const SealedSegment*> chosen = choose(before, options);
    if (chosen.empty()) return SealReport();
    MergeDraft draft(*moment);
    CATALOG_TRY_VOID(draft.collect(chosen, progress));
    folder.sweep(before.manifest);
    SegmentOptions segment_options;
    segment_options.secret = before.manifest.secret;
    segment_options.memory_bytes_max = options.memory_bytes_max;
    CATALOG_TRY(const SegmentSummary summary,
                write_merged_segment(*folder.fs, folder.path, draft.sources(), segment_options));
    CATALOG_TRY_VOID(progress(draft.total(), draft.total()));
    kv::Commit commit;
    commit.prepare = [&](const kv::CommitView& view, kv::WriteBatch& batch) -> Result<void> {
        CATALOG_TRY_VOID(draft.drop_folded(view, batch));
        return impl_->stage_segments(view, batch, before, before.manifest.secret, draft.gone(),
                                     place_of(summary, draft.level()));
    };
    CATALOG_TRY_VOID(queue.submit(std::move(commit)));
    return SealReport{summary.versions, summary.bytes, chosen.size()};
}

Result<void> PackageIndex::sweep() const {
    if (impl_->folder == nullptr) return {};
    const Result<MaintenanceTurn> turn = impl_->begin_maintenance();
    if (!turn) return {};
    CATALOG_TRY(const std::optional<std::string> record,
                impl_->store.get(impl_->list_family(), kManifestKey));
    IndexManifest manifest;
    if (record) {
        CATALOG_TRY(manifest, decode_manifest(*record));
    }
    impl_->folder->impl().sweep(manifest);
    return {};
}

}  // namespace catalog::index
