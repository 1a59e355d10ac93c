// Looking through a whole segment: checksums first, then whether all that is said twice agrees.

#include <algorithm>
#include <string>

#include "catalog/core/ids.hpp"
#include "catalog/index/segment.hpp"
#include "catalog/internal/crc32c.hpp"
#include "catalog/internal/try.hpp"
#include "catalog/version/release_key.hpp"
#include "segment_draft.hpp"
#include "segment_verify.hpp"
#include "segment_view.hpp"

namespace catalog::index {

namespace {

using View = Segment::View;

bool is_zero(ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

Result<void> check_bytes(const View& view) {
    const auto lead = segment_lead();
    if (!std::ranges::equal(lead, view.bytes.first(lead.size())))
        return segment_damaged("does not begin as one");
    std::uint64_t end = kSegmentLeadBytes;
    for (std::size_t section = 0; section < kSectionCount; ++section) {
        const SectionPlace& place = view.root.sections[section];
        if (!is_zero(view.bytes.subspan(end, place.offset - end)))
            return segment_damaged("has bytes between its sections");
        if (internal::crc32c(view.bytes.subspan(place.offset, place.bytes)) != place.crc)
            return segment_damaged("has a section " + std::to_string(section) +
                                   " that does not match its checksum");
        end = place.offset + place.bytes;
    }
    const std::uint64_t root = view.bytes.size() - kSegmentRootBytes;
    if (!is_zero(view.bytes.subspan(end, root - end)))
        return segment_damaged("has bytes before its last page");
    const RootPage page = encode_root(view.root);
    if (!std::ranges::equal(page, view.bytes.subspan(root)))
        return segment_damaged("has bytes in its last page that mean nothing");
    return {};
}

tl::unexpected<Error> version_damaged(std::uint32_t doc, std::string_view what) {
    return segment_damaged("has a version " + std::to_string(doc) + " that " + std::string(what));
}

// What of a version can be told from itself and the one before.
class RecordCheck {
public:
    explicit RecordCheck(const Segment& segment) : segment_(segment), view_(segment.view()) {}

    [[nodiscard]] Result<void> run() {
        std::uint32_t doc = 0;
        for (std::uint32_t name = 0; name < view_.root.names; ++name) {
            const DocRange range = segment_.versions(NameId{name});
            if (range.first != doc || range.size() == 0)
                return segment_damaged("has a name without versions of its own");
            const std::string_view text = view_.own_name(name);
            if ((name > 0 && view_.own_name(name - 1) >= text) || !PackageName::parse(text))
                return segment_damaged("has names that are none, or not in order");
            for (std::optional<version::SemVer> newer; doc < range.end; ++doc) {
                CATALOG_TRY(version::SemVer version, check(doc, text));
                if (newer && compare_precedence(*newer, version) <= 0)
                    return version_damaged(doc, "is not older than the one before");
                newer = std::move(version);
            }
        }
        if (doc != view_.root.docs) return segment_damaged("has versions without a name");
        return {};
    }

    /// How many different names all versions depend on, summed up.
    [[nodiscard]] std::uint64_t dependencies() const noexcept { return dependencies_; }
    /// One behind the last text that is the terms of a relation.
    [[nodiscard]] std::uint32_t terms_end() const noexcept { return terms_end_; }

private:
    [[nodiscard]] Result<version::SemVer> check(std::uint32_t doc, std::string_view name) {
        const auto found = view_.record(doc);
        if (!found) return version_damaged(doc, "has no sound record");
        const SegmentRecord& record = *found;
        const auto place = view_.number(SectionKind::kRecordPlaces, doc);
        if (doc > 0 && place <= view_.number(SectionKind::kRecordPlaces, doc - 1))
            return version_damaged(doc, "stands before the one before");
        auto version = version::SemVer::parse(record.version());
        if (record.name() != name || !version)
            return version_damaged(doc, "has the record of another");
        const auto same = segment_.find(name, record.version());
        if (!same || same->doc() != DocId{doc} || same->bytes().data() != record.bytes().data())
            return version_damaged(doc, "is not found by its key");
        if (load_le<std::uint64_t>(view_.at(SectionKind::kReleaseKeys) + std::size_t{8} * doc) !=
            version::ReleaseKey::of(*version))
            return version_damaged(doc, "has another order key than its version");
        CATALOG_TRY_VOID(check_numbers(doc, record));
        return *std::move(version);
    }

    [[nodiscard]] bool is_text(TextId id) const noexcept {
        return static_cast<std::uint32_t>(id) < view_.root.texts;
    }

    [[nodiscard]] Result<void> check_numbers(std::uint32_t doc, const SegmentRecord& record) {
        if (record.license() != kNoText && !is_text(record.license()))
            return version_damaged(doc, "has a licence that there is not");
        for (const TextList& list : {record.authors(), record.keywords(), record.tags()})
            for (std::size_t i = 0; i < list.size(); ++i)
                if (!is_text(list[i])) return version_damaged(doc, "has a text that there is not");
        content_.clear();
        if ((record.file_count() | record.file_bytes() | record.log_index()) != 0)
            append_content(content_, record.file_count(), record.file_bytes(), record.log_index());
        if (content_.size() != std::to_integer<std::size_t>(record.bytes()[kRecordContentBytesAt]))
            return version_damaged(doc, "has numbers of its content in another form");
        names_.clear();
        const RelationList relations = record.relations();
        for (std::size_t i = 0; i < relations.size(); ++i) {
            const StoredRelation relation = relations[i];
            terms_end_ = std::max(terms_end_, static_cast<std::uint32_t>(relation.terms) + 1);
            if (static_cast<std::uint64_t>(relation.name) >=
                    std::uint64_t{view_.root.names} + view_.root.foreign ||
                !is_text(relation.terms) || segment_.text(relation.terms).empty())
                return version_damaged(doc, "has a relation to what there is not");
            if (segment_.terms(relation).role == RelationRole::kDependency)
                names_.push_back(static_cast<std::uint32_t>(relation.name));
        }
        std::ranges::sort(names_);
        names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
        for (const std::uint32_t name : names_)
            if (!is_dependent(name, doc))
                return version_damaged(doc, "is missing among those that depend on a name");
        dependencies_ += names_.size();
        return {};
    }

    [[nodiscard]] bool is_dependent(std::uint32_t name, std::uint32_t doc) const noexcept {
        const DocList list = segment_.dependents(NameId{name});
        std::size_t low = 0;
        std::size_t high = list.size();
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (list[middle] < DocId{doc})
                low = middle + 1;
            else
                high = middle;
        }
        return low < list.size() && list[low] == DocId{doc};
    }

    const Segment& segment_;
    const View& view_;
    std::vector<std::uint32_t> names_;
    Bytes content_;
    std::uint64_t dependencies_ = 0;
    std::uint32_t terms_end_ = 0;
};

// That numbers that say where lists begin never fall, begin with 0 and end with `end`.
Result<void> check_firsts(const View& view, SectionKind kind, std::uint64_t end) {
    const std::size_t count = view.root[kind].bytes / 4;
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t first = view.number(kind, i);
        if (first < last || (i == 0 && first != 0))
            return segment_damaged("has lists that overlap");
        last = first;
    }
    if (last != end) return segment_damaged("has a list that ends at another place");
    return {};
}

template <class Text>
Result<void> check_order(std::uint32_t count, const Text& text) {
    for (std::uint32_t i = 1; i < count; ++i)
        if (text(i - 1) >= text(i)) return segment_damaged("has texts that are not in order");
    return {};
}

template <class Text>
Result<void> check_fences(const View& view, SectionKind kind, std::uint32_t count,
                          const Text& text) {
    for (std::uint32_t i = 0; i < count; i += kFenceStep)
        if (load_le<std::uint64_t>(view.at(kind) + std::size_t{8} * (i / kFenceStep)) !=
            fence_of(text(i)))
            return segment_damaged("has a fence that is not what it stands before");
    return {};
}

Result<void> check_pools(const View& view) {
    const auto own = [&view](std::uint32_t i) { return view.own_name(i); };
    const auto foreign = [&view](std::uint32_t i) { return view.foreign_name(i); };
    const auto text = [&view](std::uint32_t i) {
        return view.pooled(SectionKind::kTextOffsets, SectionKind::kTexts, i);
    };
    const auto bytes = [&view](SectionKind kind) { return view.root[kind].bytes; };
    CATALOG_TRY_VOID(
        check_firsts(view, SectionKind::kForeignOffsets, bytes(SectionKind::kForeignNames)));
    CATALOG_TRY_VOID(check_firsts(view, SectionKind::kTextOffsets, bytes(SectionKind::kTexts)));
    CATALOG_TRY_VOID(check_firsts(view, SectionKind::kTermOffsets, bytes(SectionKind::kTermTexts)));
    CATALOG_TRY_VOID(check_order(view.root.foreign, foreign));
    CATALOG_TRY_VOID(check_order(view.root.texts, text));
    return check_fences(view, SectionKind::kNameFences, view.root.names, own);
}

Result<void> check_reverse(const Segment& segment, std::uint64_t dependencies) {
    const View& view = segment.view();
    CATALOG_TRY_VOID(check_firsts(view, SectionKind::kReverseFirsts, dependencies));
    if (view.root[SectionKind::kReverseDocs].bytes != dependencies * view.root.doc_width)
        return segment_damaged("has another number of dependents than of dependencies");
    const std::uint32_t names = view.root.names + view.root.foreign;
    for (std::uint32_t name = 0; name < names; ++name) {
        const DocList list = segment.dependents(NameId{name});
        for (std::size_t i = 1; i < list.size(); ++i)
            if (list[i - 1] >= list[i])
                return segment_damaged("has dependents that are not in order");
    }
    return {};
}

}  // namespace

Result<void> Segment::verify() const {
    CATALOG_TRY_VOID(check_bytes(*view_));
    CATALOG_TRY_VOID(check_pools(*view_));
    RecordCheck records(*this);
    CATALOG_TRY_VOID(records.run());
    if (view_->root.widths.terms != width_of(records.terms_end()))
        return segment_damaged("has terms of relations of another width than they need");
    CATALOG_TRY_VOID(check_reverse(*this, records.dependencies()));
    CATALOG_TRY_VOID(check_terms(*view_));
    // The reader shares this segment, which outlives it here.
    ColdReader cold(std::shared_ptr<const Segment>(std::shared_ptr<const void>(), this));
    for (std::uint32_t doc = 0; doc < view_->root.docs; ++doc)
        CATALOG_TRY_VOID(cold.read(DocId{doc}));
    return {};
}

}  // namespace catalog::index
