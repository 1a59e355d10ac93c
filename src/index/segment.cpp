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

namespace {

// Name, zero byte, version, without a copy on the heap; nothing when they are too long for an id.
class IdText {
public:
    IdText(std::string_view name, std::string_view version) noexcept {
        if (name.size() > 255 || version.size() > 256) return;
        if (!name.empty()) std::memcpy(bytes_.data(), name.data(), name.size());
        bytes_[name.size()] = '\0';
        if (!version.empty())
            std::memcpy(bytes_.data() + name.size() + 1, version.data(), version.size());
        size_ = name.size() + 1 + version.size();
    }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, 512> bytes_;
    std::size_t size_ = 0;
};

}  // namespace

DocId DocList::operator[](std::size_t index) const noexcept {
    return DocId{load_word<std::uint32_t>(bytes_.data() + 4 * index)};
}

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
    const SipHash::Value value = view_->hash.of(IdText(name, version).view());
    return {value.low, value.high};
}

std::optional<SegmentRecord> Segment::find(std::string_view name,
                                           std::string_view version) const noexcept {
    const IdText id(name, version);
    const ByteView records = (*view_)[SectionKind::kRecords];
    ByteView found;
    const auto is_it = [&](std::uint32_t place) {
        found = record_at(records, place);
        if (found.empty()) return false;
        const SegmentRecord record(found);
        return record.name() == name && record.version() == version;
    };
    if (!search_key_table(view_->at(SectionKind::kKeyTable), view_->root.buckets,
                          view_->hash.low(id.view()), is_it))
        return std::nullopt;
    return SegmentRecord(found);
}

std::optional<SegmentRecord> Segment::find(const PackageKey& key) const noexcept {
    const ByteView records = (*view_)[SectionKind::kRecords];
    ByteView found;
    const auto is_it = [&](std::uint32_t place) {
        found = record_at(records, place);
        return !found.empty() && SegmentRecord(found).key() == key;
    };
    if (!search_key_table(view_->at(SectionKind::kKeyTable), view_->root.buckets, key.low, is_it))
        return std::nullopt;
    return SegmentRecord(found);
}

void Segment::find_many(std::span<const PackageKey> keys,
                        std::span<std::optional<SegmentRecord>> found) const noexcept {
    constexpr std::size_t kAtOnce = 16;
    const std::byte* const table = view_->at(SectionKind::kKeyTable);
    const std::byte* const records = view_->at(SectionKind::kRecords);
    const std::uint64_t record_bytes = view_->root[SectionKind::kRecords].bytes;
    const auto bucket_at = [&](const PackageKey& key) {
        return table + bucket_of(key.low, view_->root.buckets) * kBucketBytes;
    };
    for (std::size_t first = 0; first < keys.size(); first += kAtOnce) {
        const auto batch = keys.subspan(first, std::min(kAtOnce, keys.size() - first));
        for (const PackageKey& key : batch) __builtin_prefetch(bucket_at(key));
        for (const PackageKey& key : batch) {
            const auto slot = load_word<std::uint64_t>(bucket_at(key) + 8 * slot_of(key.low));
            const std::uint64_t offset = ((slot >> 32) - 1) * kRecordAlignment;
            if (offset < record_bytes) __builtin_prefetch(records + offset);
        }
        for (std::size_t i = 0; i < batch.size(); ++i) found[first + i] = find(batch[i]);
    }
}

std::optional<SegmentRecord> Segment::record(DocId doc) const noexcept {
    const ByteView bytes = view_->record(static_cast<std::uint32_t>(doc));
    if (bytes.empty()) return std::nullopt;
    return SegmentRecord(bytes);
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
