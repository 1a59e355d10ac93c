#pragma once
// The layout of a run's pages, shared by its writer and its reader. docs/formats/index-run.md.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "index_run.hpp"

namespace catalog::content {

inline constexpr std::size_t kRunEntryBytes = 48;
inline constexpr std::size_t kRunEntryPackAt = 32;
inline constexpr std::size_t kRunPageDataBytes = 4032;
inline constexpr std::size_t kRunPageEntries = kRunPageDataBytes / kRunEntryBytes;
/// Entry pages that one directory page describes.
inline constexpr std::size_t kRunGroupPages = 22;
inline constexpr std::size_t kRunFencesBytes = kRunGroupPages * 8;
inline constexpr std::size_t kRunPageTagsBytes = kRunPageEntries * 2;
static_assert(kRunPageEntries == 84 &&
              kRunFencesBytes + kRunGroupPages * kRunPageTagsBytes <= kRunPageDataBytes);

/// Fences of groups in a page of their own, and in the last page.
inline constexpr std::size_t kRunTopsPerPage = kRunPageDataBytes / 8;
inline constexpr std::size_t kRunRootHeadBytes = 64;
inline constexpr std::size_t kRunRootTops = (kRunPageDataBytes - kRunRootHeadBytes) / 8;

inline constexpr std::string_view kRunMagic("CATINDX\n", 8);
inline constexpr std::size_t kRunVersionAt = 8;
inline constexpr std::size_t kRunPageBytesAt = 12;
inline constexpr std::size_t kRunEntriesAt = 16;
inline constexpr std::size_t kRunStoreAt = 24;
static_assert(kRunStoreAt + sizeof(StoreId) <= kRunRootHeadBytes);

enum RunPageKind : std::uint8_t {
    kRunEntryPage = 1,
    kRunDirectoryPage = 2,
    kRunTopPage = 3,
    kRunRootPage = 4
};

// What stands behind the data of a page.
inline constexpr std::size_t kRunPageNumberAt = kRunPageDataBytes;
inline constexpr std::size_t kRunNumberAt = kRunPageDataBytes + 4;
inline constexpr std::size_t kRunPageKindAt = kRunPageDataBytes + 8;
inline constexpr std::size_t kRunOriginAt = kRunPageDataBytes + 9;
inline constexpr std::size_t kRunPageCountAt = kRunPageDataBytes + 10;
inline constexpr std::size_t kRunPageStoreAt = kRunPageDataBytes + 12;
inline constexpr std::size_t kRunPageStoreBytes = 8;
inline constexpr std::size_t kRunPageCrcAt = kRunPageDataBytes + 28;
inline constexpr std::size_t kRunPageCipherAt = kRunPageDataBytes + 32;
static_assert(kRunPageCipherAt + PageCipher::kReservedBytes == kIndexPageBytes);

/// The first 8 bytes of an id as a number whose order is that of ids.
[[nodiscard]] inline std::uint64_t id_prefix(const std::byte* id) noexcept {
    if constexpr (std::endian::native == std::endian::little)
        return __builtin_bswap64(load_le<std::uint64_t>(id));
    else
        return load_be<std::uint64_t>(reinterpret_cast<const char*>(id));
}

/// The last 2 bytes of an id: independent of the ones that fences order by.
[[nodiscard]] inline std::uint16_t id_tag(const std::byte* id) noexcept {
    return load_le<std::uint16_t>(id + ContentHash::kDigestBytes - 2);
}

inline void store_run_entry(std::byte* to, const IndexEntry& entry) noexcept {
    std::memcpy(to, entry.id.digest.data(), ContentHash::kDigestBytes);
    store_le(to + 32, static_cast<std::uint32_t>(entry.location.pack));
    store_le(to + 36, static_cast<std::uint32_t>(entry.location.offset / kRecordAlignment));
    store_le(to + 40, entry.location.stored_bytes | static_cast<std::uint32_t>(entry.codec) << 24);
    store_le(to + 44, entry.location.plain_bytes);
}

inline void load_run_entry(const std::byte* from, IndexEntry& entry) noexcept {
    entry.id.algorithm = HashAlgorithm::kSha256;
    std::memcpy(entry.id.digest.data(), from, ContentHash::kDigestBytes);
    entry.location.pack = PackId{load_le<std::uint32_t>(from + 32)};
    entry.location.offset = std::uint64_t{load_le<std::uint32_t>(from + 36)} * kRecordAlignment;
    const auto stored = load_le<std::uint32_t>(from + 40);
    entry.location.stored_bytes = stored & 0xffffff;
    entry.codec = static_cast<Codec>(stored >> 24);
    entry.location.plain_bytes = load_le<std::uint32_t>(from + 44);
}

[[nodiscard]] inline IndexRunShape run_shape(std::uint64_t entries) noexcept {
    IndexRunShape shape;
    shape.entries = entries;
    shape.entry_pages = (entries + kRunPageEntries - 1) / kRunPageEntries;
    shape.groups = (shape.entry_pages + kRunGroupPages - 1) / kRunGroupPages;
    shape.top_pages =
        shape.groups <= kRunRootTops ? 0 : (shape.groups + kRunTopsPerPage - 1) / kRunTopsPerPage;
    return shape;
}

[[nodiscard]] inline std::uint64_t run_pages(const IndexRunShape& shape) noexcept {
    return shape.entry_pages + shape.groups + shape.top_pages + 1;
}

/// The place in the file of the n-th entry page; a directory page stands behind each 22.
[[nodiscard]] inline std::uint64_t run_entry_page_at(std::uint64_t page) noexcept {
    return page + page / kRunGroupPages;
}

[[nodiscard]] inline std::uint64_t run_group_pages(const IndexRunShape& shape,
                                                   std::uint64_t group) noexcept {
    return group + 1 < shape.groups ? kRunGroupPages : shape.entry_pages - group * kRunGroupPages;
}

[[nodiscard]] inline std::uint64_t run_directory_at(const IndexRunShape& shape,
                                                    std::uint64_t group) noexcept {
    return group * (kRunGroupPages + 1) + run_group_pages(shape, group);
}

[[nodiscard]] inline std::size_t run_page_entries(const IndexRunShape& shape,
                                                  std::uint64_t page) noexcept {
    return page + 1 < shape.entry_pages
               ? kRunPageEntries
               : static_cast<std::size_t>(shape.entries - page * kRunPageEntries);
}

/// Fills in what stands behind the data of a page. `page` is zero from kRunPageDataBytes on.
void end_run_page(IndexPage page, const IndexRunInfo& info, std::uint64_t number, RunPageKind kind,
                  std::size_t count) noexcept;

/// Checks what end_run_page wrote. Errors: kPackInvalid with the page.
[[nodiscard]] Result<void> check_run_page(IndexPageView page, const IndexRunInfo& info,
                                          std::uint64_t number, RunPageKind kind,
                                          std::size_t count);

/// The error of a page that is not what it should be; `what` continues "page n of ... ".
[[nodiscard]] tl::unexpected<Error> run_page_damaged(const IndexRunInfo& info, std::uint64_t number,
                                                     std::string_view what);

}  // namespace catalog::content
