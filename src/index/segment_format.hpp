#pragma once
// The layout of a segment, shared by its writer and its reader. docs/formats/segment.md is the
// specification.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "catalog/core/bytes.hpp"
#include "catalog/core/result.hpp"
#include "catalog/index/segment_record.hpp"

namespace catalog::index {

inline constexpr std::string_view kSegmentMagic("CATSEGM\n", 8);
inline constexpr std::uint32_t kSegmentVersion = 1;
/// The root page, last in the file: what the segment is, and where its sections are.
inline constexpr std::size_t kSegmentRootBytes = 4096;
/// What stands before the first section: magic and version, so that the file can be told.
inline constexpr std::size_t kSegmentLeadBytes = 64;
/// Sections begin at multiples of it.
inline constexpr std::size_t kSegmentAlignment = 64;

/// Sections, by their place in the root's table and in the file.
enum class SectionKind : std::uint8_t {
    kRecords,
    kRecordPlaces,
    kKeyTable,
    kReleaseKeys,
    kFirstDocs,
    kNameFences,
    kForeignOffsets,
    kForeignNames,
    kReverseFirsts,
    kReverseDocs,
    kTextOffsets,
    kTexts,
    kColdGroups,
    kColdBytes,
    kColdDictionary,
    kTermFences,
    kTermOffsets,
    kTermTexts,
    kPostings,
    kChampions,
    kTermRows,
    kTermWeights,
    kLengths,
    kUniverse,
};
inline constexpr std::size_t kSectionCount = 24;

// The root page.
inline constexpr std::size_t kRootVersionAt = 8;
inline constexpr std::size_t kRootSectionsAt = 12;
inline constexpr std::size_t kRootBytesAt = 16;
inline constexpr std::size_t kRootDocsAt = 24;
inline constexpr std::size_t kRootNamesAt = 28;
inline constexpr std::size_t kRootForeignAt = 32;
inline constexpr std::size_t kRootTextsAt = 36;
inline constexpr std::size_t kRootTermsAt = 40;
inline constexpr std::size_t kRootBucketsAt = 44;
inline constexpr std::size_t kRootSecretAt = 48;
inline constexpr std::size_t kRootWeightAt = 64;
inline constexpr std::size_t kRootWidthsAt = 72;  ///< Of names, texts, terms and versions.
inline constexpr std::size_t kRootTableAt = 128;
inline constexpr std::size_t kRootEntryBytes = 24;  ///< Offset, bytes, CRC-32C, zero.
inline constexpr std::size_t kRootCrcAt = kSegmentRootBytes - 4;
static_assert(kRootTableAt + kSectionCount * kRootEntryBytes <= kRootCrcAt);

/// "None" where a number is expected.
inline constexpr std::uint32_t kNoNumber = 0xffffffff;

// A record. Behind the head: name, version, then the body.
inline constexpr std::size_t kRecordAlignment = 4;
inline constexpr std::size_t kRecordFlagsAt = 0;
inline constexpr std::size_t kRecordNameBytesAt = 2;
inline constexpr std::size_t kRecordVersionBytesAt = 3;  ///< Less one.
inline constexpr std::size_t kRecordAuthorsAt = 4;
inline constexpr std::size_t kRecordKeywordsAt = 5;
inline constexpr std::size_t kRecordTagsAt = 6;
inline constexpr std::size_t kRecordContentBytesAt = 7;
inline constexpr std::size_t kRecordRelationsAt = 8;
inline constexpr std::size_t kRecordHeadBytes = 10;
// Its body: publish time, digest, licence, and what has no fixed length.
inline constexpr std::size_t kBodyDigestAt = 8;
inline constexpr std::size_t kBodyLicenseAt = 40;
/// File count, file bytes and log index, as a draft keeps them.
inline constexpr std::size_t kBodyContentBytes = 24;
/// The same in a record, at most.
inline constexpr std::size_t kRecordContentBytesMax = 30;
/// A record up to this length does not cross a page of 4096 bytes.
inline constexpr std::size_t kRecordPageBytesMax = 1024;
inline constexpr std::size_t kPageBytes = 4096;

// Flags of a record.
inline constexpr std::uint16_t kFlagStateMask = 7;
inline constexpr std::uint16_t kFlagYanked = 8;
inline constexpr std::uint16_t kFlagImported = 16;
inline constexpr std::uint16_t kFlagBlake2b = 32;
inline constexpr unsigned kFlagTypeShift = 8;  ///< Three bits.
inline constexpr std::uint16_t kFlagsKnown = 0x73f;
/// In a draft alone: file count, file bytes and log index stand.
inline constexpr std::uint16_t kFlagContent = 64;

/// Slots of 16 bytes in a bucket of the key table: one cache line.
inline constexpr std::size_t kBucketSlots = 4;
inline constexpr std::size_t kSlotBytes = 16;
inline constexpr std::size_t kBucketBytes = 64;
/// Buckets that a search looks at before it gives up; a builder keeps every key within them.
inline constexpr std::size_t kProbeBucketsMax = 512;

/// Names and terms are fenced by the first 8 bytes of every sixteenth.
inline constexpr std::size_t kFenceStep = 16;

inline constexpr std::size_t kColdGroupBytes = 4096;         ///< Plain bytes at which one ends.
inline constexpr std::size_t kColdGroupBytesMax = 4u << 20;  ///< Plain bytes of one.
inline constexpr std::size_t kColdGroupRowBytes = 16;
inline constexpr std::size_t kColdRowHeadBytes = 8;
inline constexpr std::size_t kColdDictionaryBytesMax = 32u << 10;

/// Of a term's row: one version has it, and its number is the rest.
inline constexpr std::uint32_t kOnlyPosting = 0x80000000;
inline constexpr std::uint32_t kDocsMax = kOnlyPosting - 1;
/// What a version's words may weigh together to count in full.
inline constexpr std::uint32_t kLengthMax = 65535;
inline constexpr std::size_t kTermBytesMax = 257;  ///< Kind and text.
inline constexpr std::size_t kBlockPostings = 128;
inline constexpr std::size_t kBlockHeadBytes = 12;
/// Zero bytes at the end of the postings, so that packed numbers are read 8 bytes at a time.
inline constexpr std::size_t kPostingsSlackBytes = 8;
inline constexpr std::size_t kChampions = 64;
inline constexpr std::size_t kChampionBytes = 8;

/// The first 8 bytes of a text, zeros behind its end, as a number whose order is that of texts.
[[nodiscard]] inline std::uint64_t fence_of(std::string_view text) noexcept {
    std::uint64_t fence = 0;
    if (text.size() >= 8) {
        std::memcpy(&fence, text.data(), 8);
        if constexpr (std::endian::native == std::endian::little) fence = __builtin_bswap64(fence);
        return fence;
    }
    for (std::size_t i = 0; i < text.size(); ++i)
        fence |= std::uint64_t{static_cast<unsigned char>(text[i])} << (56 - 8 * i);
    return fence;
}

/// The bucket in which the search for a key begins: the upper bits decide.
[[nodiscard]] inline std::uint64_t bucket_of(std::uint64_t key, std::uint32_t buckets) noexcept {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>((Wide{key} * buckets) >> 64);
}

/// Bytes of numbers of which there are `count`, from 0 on; the largest that fits stands for none.
[[nodiscard]] constexpr std::uint8_t width_of(std::uint64_t count) noexcept {
    std::uint8_t width = 1;
    while (width < 4 && count > (std::uint64_t{1} << (8 * width)) - 1) ++width;
    return width;
}
[[nodiscard]] constexpr std::uint32_t none_of_width(unsigned width) noexcept {
    return static_cast<std::uint32_t>((std::uint64_t{1} << (8 * width)) - 1);
}
inline void store_narrow(std::byte* to, std::uint32_t value, unsigned width) noexcept {
    for (unsigned i = 0; i < width; ++i) to[i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

struct SectionPlace {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint32_t crc = 0;
};

/// What the root page says.
struct SegmentRoot {
    std::uint64_t bytes = 0;  ///< Of the file.
    std::uint32_t docs = 0;
    std::uint32_t names = 0;    ///< That have versions here.
    std::uint32_t foreign = 0;  ///< That are only named by relations.
    std::uint32_t texts = 0;
    std::uint32_t terms = 0;
    std::uint32_t buckets = 0;  ///< Of the key table.
    std::array<std::byte, 16> secret{};
    std::uint64_t weight = 0;  ///< Sum of the weights of all words.
    RecordWidths widths;
    std::uint8_t doc_width = 1;  ///< Bytes of a version's number among dependents.
    std::array<SectionPlace, kSectionCount> sections{};

    [[nodiscard]] SectionPlace& operator[](SectionKind kind) noexcept {
        return sections[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] const SectionPlace& operator[](SectionKind kind) const noexcept {
        return sections[static_cast<std::size_t>(kind)];
    }
};

using RootPage = std::array<std::byte, kSegmentRootBytes>;

[[nodiscard]] RootPage encode_root(const SegmentRoot& root) noexcept;

/// Reads the root of a segment from its bytes and checks it, and that the sections are as long as
/// the counts ask for. Errors: kIndexCorrupted. Cost: linear in the number of sections.
[[nodiscard]] Result<SegmentRoot> decode_root(ByteView segment);

/// What is at the beginning of the file.
[[nodiscard]] std::array<std::byte, kSegmentLeadBytes> segment_lead() noexcept;

/// The error of bytes that are no segment, or no sound one; `what` continues "segment ...".
[[nodiscard]] tl::unexpected<Error> segment_damaged(std::string_view what);

}  // namespace catalog::index
