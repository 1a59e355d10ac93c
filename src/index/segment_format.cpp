#include "segment_format.hpp"

#include <algorithm>
#include <string>

#include "catalog/internal/crc32c.hpp"
#include "catalog/internal/try.hpp"

namespace catalog::index {

tl::unexpected<Error> segment_damaged(std::string_view what) {
    return fail(Error(Errc::kIndexCorrupted, "segment " + std::string(what))
                    .with_hint("a segment can be built again from the stored manifests"));
}

std::array<std::byte, kSegmentLeadBytes> segment_lead() noexcept {
    std::array<std::byte, kSegmentLeadBytes> lead{};
    std::ranges::copy(as_bytes(kSegmentMagic), lead.begin());
    store_le(&lead[kRootVersionAt], kSegmentVersion);
    return lead;
}

RootPage encode_root(const SegmentRoot& root) noexcept {
    RootPage page{};
    std::ranges::copy(as_bytes(kSegmentMagic), page.begin());
    store_le(&page[kRootVersionAt], kSegmentVersion);
    store_le(&page[kRootSectionsAt], std::uint32_t{kSectionCount});
    store_le(&page[kRootBytesAt], root.bytes);
    store_le(&page[kRootDocsAt], root.docs);
    store_le(&page[kRootNamesAt], root.names);
    store_le(&page[kRootForeignAt], root.foreign);
    store_le(&page[kRootTextsAt], root.texts);
    store_le(&page[kRootTermsAt], root.terms);
    store_le(&page[kRootBucketsAt], root.buckets);
    std::ranges::copy(root.secret, page.begin() + kRootSecretAt);
    store_le(&page[kRootWeightAt], root.weight);
    page[kRootWidthsAt] = std::byte{root.widths.name};
    page[kRootWidthsAt + 1] = std::byte{root.widths.text};
    page[kRootWidthsAt + 2] = std::byte{root.widths.terms};
    page[kRootWidthsAt + 3] = std::byte{root.doc_width};
    std::byte* entry = &page[kRootTableAt];
    for (const SectionPlace& place : root.sections) {
        store_le(entry, place.offset);
        store_le(entry + 8, place.bytes);
        store_le(entry + 16, place.crc);
        entry += kRootEntryBytes;
    }
    store_le(&page[kRootCrcAt], internal::crc32c(ByteView(page).first(kRootCrcAt)));
    return page;
}

namespace {

SegmentRoot read_root(const std::byte* page) noexcept {
    SegmentRoot root;
    root.bytes = load_le<std::uint64_t>(page + kRootBytesAt);
    root.docs = load_le<std::uint32_t>(page + kRootDocsAt);
    root.names = load_le<std::uint32_t>(page + kRootNamesAt);
    root.foreign = load_le<std::uint32_t>(page + kRootForeignAt);
    root.texts = load_le<std::uint32_t>(page + kRootTextsAt);
    root.terms = load_le<std::uint32_t>(page + kRootTermsAt);
    root.buckets = load_le<std::uint32_t>(page + kRootBucketsAt);
    std::memcpy(root.secret.data(), page + kRootSecretAt, root.secret.size());
    root.weight = load_le<std::uint64_t>(page + kRootWeightAt);
    root.widths.name = std::to_integer<std::uint8_t>(page[kRootWidthsAt]);
    root.widths.text = std::to_integer<std::uint8_t>(page[kRootWidthsAt + 1]);
    root.widths.terms = std::to_integer<std::uint8_t>(page[kRootWidthsAt + 2]);
    root.doc_width = std::to_integer<std::uint8_t>(page[kRootWidthsAt + 3]);
    const std::byte* entry = page + kRootTableAt;
    for (SectionPlace& place : root.sections) {
        place.offset = load_le<std::uint64_t>(entry);
        place.bytes = load_le<std::uint64_t>(entry + 8);
        place.crc = load_le<std::uint32_t>(entry + 16);
        entry += kRootEntryBytes;
    }
    return root;
}

// Sections stand in order, each at the first multiple of the alignment behind the one before, and
// the root page right behind the last: so no byte belongs to nobody unnoticed.
Result<void> check_places(const SegmentRoot& root) {
    std::uint64_t end = kSegmentLeadBytes;
    for (const SectionPlace& place : root.sections) {
        const std::uint64_t begin = (end + kSegmentAlignment - 1) & ~(kSegmentAlignment - 1);
        if (place.offset != begin || place.bytes > root.bytes - std::min(begin, root.bytes))
            return segment_damaged("has a section that lies at another place than its order says");
        end = begin + place.bytes;
    }
    end = (end + kSegmentAlignment - 1) & ~(kSegmentAlignment - 1);
    if (end + kSegmentRootBytes != root.bytes)
        return segment_damaged("has another length than its sections");
    return {};
}

Result<void> check_lengths(const SegmentRoot& root) {
    const std::uint64_t names = std::uint64_t{root.names} + root.foreign;
    const auto fences = [](std::uint64_t count) {
        return (count + kFenceStep - 1) / kFenceStep * 8;
    };
    const auto rows = [](std::uint64_t count, std::uint64_t bytes) { return count * bytes; };
    const std::pair<SectionKind, std::uint64_t> lengths[] = {
        {SectionKind::kRecordPlaces, rows(root.docs, 4)},
        {SectionKind::kKeyTable, rows(root.buckets, kBucketBytes)},
        {SectionKind::kReleaseKeys, rows(root.docs, 8)},
        {SectionKind::kFirstDocs, rows(std::uint64_t{root.names} + 1, 4)},
        {SectionKind::kNameFences, fences(root.names)},
        {SectionKind::kForeignOffsets, rows(std::uint64_t{root.foreign} + 1, 4)},
        {SectionKind::kReverseFirsts, rows(names + 1, 4)},
        {SectionKind::kTextOffsets, rows(std::uint64_t{root.texts} + 1, 4)},
        {SectionKind::kTermFences, fences(root.terms)},
        {SectionKind::kTermOffsets, fences(root.terms) / 2 + 4},
        {SectionKind::kTermRows, rows(root.terms, 4)},
        {SectionKind::kTermWeights, rows(root.terms, 1)},
        {SectionKind::kLengths, rows(root.docs, 2)},
    };
    for (const auto& [kind, bytes] : lengths)
        if (root[kind].bytes != bytes)
            return segment_damaged("has a section of another length than its counts ask for");
    // The width of terms follows from the greatest that is used, which a full check looks for.
    if (root.widths.name != width_of(names) || root.widths.text != width_of(root.texts) ||
        root.widths.terms == 0 || root.widths.terms > root.widths.text ||
        root.doc_width != width_of(root.docs))
        return segment_damaged("has numbers of another width than its counts ask for");
    if (names >= kNoNumber || root.docs > kDocsMax || root.names > root.docs || root.buckets == 0 ||
        root[SectionKind::kPostings].bytes < kPostingsSlackBytes ||
        root[SectionKind::kColdGroups].bytes < kColdGroupRowBytes ||
        root[SectionKind::kColdGroups].bytes % kColdGroupRowBytes != 0 ||
        root[SectionKind::kColdDictionary].bytes > kColdDictionaryBytesMax)
        return segment_damaged("has counts that do not fit each other");
    return {};
}

}  // namespace

Result<SegmentRoot> decode_root(ByteView segment) {
    if (segment.size() < kSegmentLeadBytes + kSegmentRootBytes)
        return segment_damaged("has " + std::to_string(segment.size()) + " bytes: it is cut short");
    const ByteView page = segment.last(kSegmentRootBytes);
    if (as_text(page.first(kSegmentMagic.size())) != kSegmentMagic)
        return segment_damaged("has another magic in its last page: it is none, or cut short");
    const auto version = load_le<std::uint32_t>(&page[kRootVersionAt]);
    if (version != kSegmentVersion)
        return segment_damaged("has format version " + std::to_string(version) + ", not 1");
    if (load_le<std::uint32_t>(&page[kRootCrcAt]) != internal::crc32c(page.first(kRootCrcAt)))
        return segment_damaged("has a last page that does not match its checksum");
    if (load_le<std::uint32_t>(&page[kRootSectionsAt]) != kSectionCount)
        return segment_damaged("has another number of sections than format version 1");
    const SegmentRoot root = read_root(page.data());
    if (root.bytes != segment.size())
        return segment_damaged("has " + std::to_string(segment.size()) + " bytes, not " +
                               std::to_string(root.bytes));
    CATALOG_TRY_VOID(check_places(root));
    CATALOG_TRY_VOID(check_lengths(root));
    return root;
}

}  // namespace catalog::index
