#include "catalog/index/segment.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "catalog/internal/try.hpp"
#include "catalog/merkle/tree.hpp"
#include "catalog/version/release_key.hpp"
#include "segment_draft.hpp"
#include "segment_view.hpp"

namespace catalog::index {

Segment::Segment(std::unique_ptr<const View> view) noexcept : view_(std::move(view)) {}
Segment::~Segment() = default;

Result<std::shared_ptr<const Segment>> Segment::open(ByteView bytes,
                                                     std::shared_ptr<const void> owner) {
    CATALOG_TRY(const SegmentRoot root, decode_root(bytes));
    return std::make_shared<const Segment>(
        std::make_unique<const View>(bytes, root, std::move(owner)));
}

std::uint32_t Segment::version_count() const noexcept { return view_->root.docs; }
std::uint32_t Segment::name_count() const noexcept { return view_->root.names; }
std::uint32_t Segment::foreign_name_count() const noexcept { return view_->root.foreign; }
std::uint32_t Segment::term_count() const noexcept { return view_->root.terms; }
ByteView Segment::bytes() const noexcept { return view_->bytes; }
ByteView Segment::universe() const noexcept { return (*view_)[SectionKind::kUniverse]; }

ContentHash Segment::name() const {
    merkle::BlockTree tree;
    return tree.finish(view_->bytes);
}

PackageKey Segment::key_of(std::string_view name, std::string_view version) const noexcept {
    const SipHash::Value value = view_->hash.of_id(name, version);
    return {value.low, value.high};
}

std::optional<SegmentRecord> Segment::find(std::string_view name,
                                           std::string_view version) const noexcept {
    const SipHash::Value key = view_->hash.of_id(name, version);
    std::optional<SegmentRecord> found;
    search_key_table(view_->table, view_->root.buckets, key.low, key.high,
                     [&](std::uint32_t doc, std::uint32_t place) {
                         const ByteView bytes =
                             record_at(view_->records, place, view_->root.widths);
                         if (bytes.empty()) return false;
                         const SegmentRecord record(bytes, DocId{doc}, view_->root.widths);
                         if (record.name() != name || record.version() != version) return false;
                         found = record;
                         return true;
                     });
    return found;
}

std::optional<DocId> Segment::find_doc(const PackageKey& key) const noexcept {
    std::optional<DocId> found;
    search_key_table(view_->table, view_->root.buckets, key.low, key.high,
                     [&](std::uint32_t doc, std::uint32_t) {
                         if (doc >= view_->root.docs) return false;
                         found = DocId{doc};
                         return true;
                     });
    return found;
}

std::optional<SegmentRecord> Segment::find(const PackageKey& key) const noexcept {
    std::optional<SegmentRecord> found;
    search_key_table(view_->table, view_->root.buckets, key.low, key.high,
                     [&](std::uint32_t doc, std::uint32_t place) {
                         const ByteView bytes =
                             record_at(view_->records, place, view_->root.widths);
                         if (bytes.empty()) return false;
                         found.emplace(bytes, DocId{doc}, view_->root.widths);
                         return true;
                     });
    return found;
}

void Segment::find_many(std::span<const PackageKey> keys,
                        std::span<std::optional<SegmentRecord>> found) const noexcept {
    constexpr std::size_t kAtOnce = 16;
    const auto bucket_at = [this](const PackageKey& key) {
        return view_->table + bucket_of(key.low, view_->root.buckets) * kBucketBytes;
    };
    for (std::size_t first = 0; first < keys.size(); first += kAtOnce) {
        const auto batch = keys.subspan(first, std::min(kAtOnce, keys.size() - first));
        for (const PackageKey& key : batch) __builtin_prefetch(bucket_at(key));
        for (const PackageKey& key : batch)
            search_key_table(view_->table, view_->root.buckets, key.low, key.high,
                             [this](std::uint32_t, std::uint32_t place) {
                                 const std::uint64_t offset =
                                     std::uint64_t{place} * kRecordAlignment;
                                 if (offset < view_->records.size())
                                     __builtin_prefetch(view_->records.data() + offset);
                                 return true;
                             });
        for (std::size_t i = 0; i < batch.size(); ++i) found[first + i] = find(batch[i]);
    }
}

std::optional<SegmentRecord> Segment::record(DocId doc) const noexcept {
    return view_->record(static_cast<std::uint32_t>(doc));
}

std::string_view Segment::text(TextId id) const noexcept {
    const auto number = static_cast<std::uint32_t>(id);
    if (number >= view_->root.texts) return {};
    return view_->pooled(SectionKind::kTextOffsets, SectionKind::kTexts, number);
}

RelationTerms Segment::terms(const StoredRelation& relation) const noexcept {
    return decode_terms(text(relation.terms));
}

}  // namespace catalog::index
