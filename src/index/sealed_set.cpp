#include "sealed_set.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "catalog/internal/try.hpp"

namespace catalog::index {

using internal::MutexLock;

namespace {

constexpr std::size_t kIdleReadersMax = 4;

}  // namespace

Result<std::string> OpenSegment::description(DocId doc) const {
    std::optional<ColdReader> reader;
    {
        const MutexLock lock(mutex_);
        if (!idle_.empty()) {
            reader.emplace(std::move(idle_.back()));
            idle_.pop_back();
        }
    }
    if (!reader) reader.emplace(segment_);
    CATALOG_TRY(const ColdText text, reader->read(doc));
    std::string description(text.description);
    const MutexLock lock(mutex_);
    if (idle_.size() < kIdleReadersMax) idle_.push_back(*std::move(reader));
    return description;
}

bool SealedSegment::is_dead(std::uint32_t doc) const noexcept {
    return !place.dead.empty() && std::ranges::binary_search(place.dead, doc);
}

bool SealedSegment::has_name(std::string_view name) const noexcept {
    const std::optional<NameId> id = segment().find_name(name);
    if (!id) return false;
    if (place.dead.empty()) return true;
    const DocRange docs = segment().versions(*id);
    for (std::uint32_t doc = docs.first; doc < docs.end; ++doc)
        if (!is_dead(doc)) return true;
    return false;
}

std::optional<DocId> SealedSegment::find(std::string_view name,
                                         const version::SemVer& version) const {
    const auto counts = [this](DocId doc) { return !is_dead(static_cast<std::uint32_t>(doc)); };
    if (const auto exact = segment().find(name, version.to_string()); exact && counts(exact->doc()))
        return exact->doc();
    const std::optional<NameId> id = segment().find_name(name);
    if (!id) return std::nullopt;
    const DocRange docs = segment().versions(*id);
    std::uint32_t first = docs.first;
    for (std::uint32_t end = docs.end; first < end;) {  // the newest stands first
        const std::uint32_t middle = first + (end - first) / 2;
        const auto there = segment().version_of(DocId{middle});
        if (there && compare_precedence(*there, version) > 0)
            first = middle + 1;
        else
            end = middle;
    }
    if (first == docs.end) return std::nullopt;
    const auto there = segment().version_of(DocId{first});
    if (!there || compare_precedence(*there, version) != 0 || !counts(DocId{first}))
        return std::nullopt;
    return DocId{first};
}

bool SealedSet::has_name(std::string_view name) const noexcept {
    return std::ranges::any_of(
        segments, [&](const SealedSegment& segment) { return segment.has_name(name); });
}

SegmentFolder::SegmentFolder(std::shared_ptr<io::FileSystem> fs, std::string path)
    : impl_(std::make_unique<Impl>(std::move(fs), std::move(path))) {}
SegmentFolder::~SegmentFolder() = default;

const std::string& SegmentFolder::path() const noexcept { return impl_->path; }

Result<std::shared_ptr<const OpenSegment>> SegmentFolder::Impl::open(const ManifestSegment& place) {
    const std::string file = segment_file_name(place.name);
    {
        const MutexLock lock(mutex_);
        if (auto there = open_[file].lock(); there != nullptr) return there;
    }
    const std::string whole = io::join_path(path, file);
    CATALOG_TRY(std::shared_ptr<const Segment> segment, open_segment(*fs, whole));
    if (segment->bytes().size() != place.bytes || segment->version_count() != place.versions)
        return fail(Error(Errc::kIndexCorrupted, "a segment is not the one that the index names")
                        .with_input(whole));
    auto made = std::make_shared<const OpenSegment>(std::move(segment));
    const MutexLock lock(mutex_);
    std::erase_if(open_, [](const auto& item) { return item.second.expired(); });
    std::weak_ptr<const OpenSegment>& known = open_[file];
    if (auto there = known.lock(); there != nullptr) return there;
    known = made;
    return made;
}

Result<SealedSetLink> SegmentFolder::Impl::open_set(const std::optional<std::string>& record,
                                                    bool tolerant) {
    const std::string_view wanted = record ? std::string_view(*record) : std::string_view();
    {
        const MutexLock lock(mutex_);
        if (last_ != nullptr && last_->record == wanted && (tolerant || last_->missing.empty()))
            return last_;
    }
    auto set = std::make_shared<SealedSet>();
    if (record) {
        set->record = *record;
        CATALOG_TRY(set->manifest, decode_manifest(*record));
    }
    for (const ManifestSegment& place : set->manifest.segments) {
        Result<std::shared_ptr<const OpenSegment>> opened = open(place);
        if (opened) {
            set->segments.push_back({*std::move(opened), place});
            continue;
        }
        const Error error =
            Error(opened.error().code() == Errc::kFileNotFound ? Errc::kFileNotFound
                                                               : Errc::kIndexCorrupted,
                  "the index is damaged: a segment cannot be opened")
                .with_input(segment_file_name(place.name))
                .with_hint("make the index anew with: catalog repair")
                .with_cause(opened.error());
        if (!tolerant) return fail(error);
        set->missing.push_back("segment " + segment_file_name(place.name) + ": " +
                               opened.error().to_string());
    }
    if (!set->missing.empty()) return set;
    const MutexLock lock(mutex_);
    last_ = set;
    return set;
}

Result<MaintenanceTurn> MaintenanceTurn::take(SegmentFolder::Impl& folder) {
    if (folder.maintained.exchange(true))
        return fail(Error(Errc::kBusy, "the segments of the index are being changed already")
                        .with_input(folder.path)
                        .with_hint("try again when that is done"));
    return MaintenanceTurn(folder);
}

void SegmentFolder::Impl::sweep(const IndexManifest& manifest) const {
    std::set<std::string> named;
    for (const ManifestSegment& segment : manifest.segments)
        named.insert(segment_file_name(segment.name));
    const Result<std::vector<io::DirectoryEntry>> entries = fs->list(path);
    if (!entries) return;  // there is none before the first segment
    for (const io::DirectoryEntry& entry : *entries) {
        const bool ours = entry.name.ends_with(".segment") || io::is_temporary_name(entry.name);
        if (ours && !named.contains(entry.name))
            static_cast<void>(fs->remove_file(io::join_path(path, entry.name)));
    }
}

}  // namespace catalog::index
