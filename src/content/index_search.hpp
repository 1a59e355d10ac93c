#pragma once
// The search in a run's bytes, over plain pages or over pages that are decrypted on the way.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "index_format.hpp"
#include "index_page_cache.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace catalog::content {

/// No page, or no group.
inline constexpr std::uint64_t kNoPlace = ~std::uint64_t{0};

/// A bit for each entry of a page that has the tag.
struct TagMatches {
    std::uint64_t low = 0;   ///< Entries 0 to 63.
    std::uint32_t high = 0;  ///< Entries 64 to 83.

    [[nodiscard]] bool any() const noexcept { return (low | high) != 0; }
    /// Returns the first one and removes it; there is one.
    [[nodiscard]] std::size_t take_first() noexcept {
        if (low != 0) {
            const auto at = static_cast<std::size_t>(std::countr_zero(low));
            low &= low - 1;
            return at;
        }
        const auto at = static_cast<std::size_t>(std::countr_zero(high));
        high &= high - 1;
        return at + 64;
    }
};

/// Compares the 84 tags of a page; the 8 bytes behind them are read, too.
[[nodiscard]] inline TagMatches match_tags(const std::byte* tags, std::uint16_t tag,
                                           std::size_t count) noexcept {
    TagMatches matches;
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi16(static_cast<short>(tag));
    const auto compare = [tags, wanted](std::size_t i) {
        const auto* at = reinterpret_cast<const __m128i*>(tags + i * 16);
        return _mm_cmpeq_epi16(_mm_loadu_si128(at), wanted);
    };
    // Two vectors of 16-bit answers make one of bytes, and that a word of bits.
    const auto sixteen = [&compare](std::size_t i) {
        const __m128i bytes = _mm_packs_epi16(compare(i), compare(i + 1));
        return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(bytes))};
    };
    matches.low = sixteen(0) | sixteen(2) << 16 | sixteen(4) << 32 | sixteen(6) << 48;
    const __m128i rest = _mm_packs_epi16(compare(10), _mm_setzero_si128());
    matches.high = static_cast<std::uint32_t>(
        sixteen(8) | std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(rest))} << 16);
#else
    for (std::size_t i = 0; i < kRunPageEntries; ++i) {
        const bool equal = load_le<std::uint16_t>(tags + i * 2) == tag;
        if (i < 64)
            matches.low |= std::uint64_t{equal} << i;
        else
            matches.high |= std::uint32_t{equal} << (i - 64);
    }
#endif
    if (count < 64) {
        matches.low &= (std::uint64_t{1} << count) - 1;
        matches.high = 0;
    } else {
        matches.high &= (std::uint32_t{1} << (count - 64)) - 1;
    }
    return matches;
}

/// Pages as they are in memory.
class PlainPages {
public:
    static constexpr bool kMayFail = false;

    PlainPages(ByteView bytes, const PageCipher* /*none*/, IndexPageCache* /*none*/,
               std::uint64_t /*none*/) noexcept
        : first_(bytes.data()) {}
    /// A page that lookups of other ids need, too.
    [[nodiscard]] const std::byte* common_page(std::uint64_t number) const noexcept {
        return page(number);
    }
    [[nodiscard]] const std::byte* page(std::uint64_t number) const noexcept {
        return first_ + number * kIndexPageBytes;
    }
    [[nodiscard]] Result<void> status() const noexcept { return {}; }

private:
    const std::byte* first_;
};

/// Pages decrypted one at a time: what a function gave holds until it is asked for another. Null:
/// see `status`.
class SealedPages {
public:
    static constexpr bool kMayFail = true;

    SealedPages(ByteView bytes, const PageCipher* cipher, IndexPageCache* cache,
                std::uint64_t run) noexcept
        : bytes_(bytes), cipher_(cipher), cache_(cache), run_(run) {}
    [[nodiscard]] const std::byte* page(std::uint64_t number) {
        if (held_ == number) return plain_.data();
        held_ = kNoPlace;
        if (!decrypt(number, plain_)) return nullptr;
        held_ = number;
        return plain_.data();
    }
    [[nodiscard]] const std::byte* common_page(std::uint64_t number) {
        if (cache_ == nullptr) return page(number);
        common_ = cache_->find(run_, number);
        if (common_ == nullptr) {
            const auto fresh = std::make_shared<IndexPageCache::Page>();
            if (!decrypt(number, *fresh)) return nullptr;
            common_ = fresh;
            cache_->keep(run_, number, fresh);
        }
        return common_->data();
    }
    [[nodiscard]] const Result<void>& status() const noexcept { return status_; }

private:
    [[nodiscard]] bool decrypt(std::uint64_t number, IndexPage plain) {
        const IndexPageView sealed(&bytes_[number * kIndexPageBytes], kIndexPageBytes);
        auto opened = cipher_->open(number, sealed, plain);
        if (!opened) status_ = std::move(opened);
        return status_.has_value();
    }

    ByteView bytes_;
    const PageCipher* cipher_;
    IndexPageCache* cache_;
    std::uint64_t run_;
    std::uint64_t held_ = kNoPlace;
    IndexPageCache::PagePointer common_;
    Result<void> status_;
    std::array<std::byte, kIndexPageBytes> plain_{};
};

/// Where an entry is; no bytes: it is not there, or a page could not be read.
struct EntryPlace {
    std::uint64_t ordinal = 0;
    const std::byte* bytes = nullptr;
};

/// Searches in a run, one after the other. What pages hold decides where to look next, never
/// whether that is inside: places and counts follow from the number of entries, which `open` has
/// checked against the length.
template <class Pages>
class RunSearch {
public:
    explicit RunSearch(const IndexRun& run) noexcept
        : run_(run),
          shape_(run.shape_),
          pages_(run.bytes_, run.cipher_, run.cache_.get(), run.cache_number_) {}

    /// Returns the error of the page that could not be read.
    [[nodiscard]] Result<void> status() const { return pages_.status(); }
    [[nodiscard]] const IndexRunShape& shape() const noexcept { return shape_; }
    [[nodiscard]] const std::byte* page(std::uint64_t number) { return pages_.page(number); }

    /// Returns the last group whose first prefix is at most `prefix`; kNoPlace: there is none.
    [[nodiscard]] std::uint64_t group_of(std::uint64_t prefix) {
        const std::uint64_t groups = shape_.groups;
        if (groups == 0) return kNoPlace;
        // Ids are as good as random, so a prefix says where it is, give or take a group or two;
        // the steps double, so that other ids cost no more than a binary search.
        auto low = static_cast<std::uint64_t>((static_cast<Wide>(prefix) * groups) >> 64);
        std::uint64_t high = low;
        std::uint64_t step = 1;
        if (top(low) <= prefix) {
            for (++high; high < groups && top(high) <= prefix; high += step) {
                low = high;
                step *= 2;
            }
            high = std::min(high, groups);
        } else {
            for (;; step *= 2) {
                if (high == 0) return kNoPlace;
                low = high - std::min(high, step);
                if (top(low) <= prefix) break;
                high = low;
            }
        }
        while (high - low > 1) {
            const std::uint64_t middle = low + (high - low) / 2;
            (top(middle) <= prefix ? low : high) = middle;
        }
        return low;
    }

    [[nodiscard]] const std::byte* directory_of(std::uint64_t group) {
        return pages_.common_page(run_directory_at(shape_, group));
    }

    /// The entry page that alone can hold an id, unless `exact`: then its first prefix is that of
    /// the id, and pages before may hold ids with that prefix, too.
    struct PagePlace {
        std::uint64_t page = kNoPlace;  ///< Among entry pages.
        std::size_t in_group = 0;
        bool exact = false;
    };
    [[nodiscard]] PagePlace page_of(const std::byte* directory, std::uint64_t group,
                                    std::uint64_t prefix) const noexcept {
        const std::uint64_t pages = run_group_pages(shape_, group);
        std::size_t before = 0;
        for (std::size_t i = 0; i < pages; ++i)
            before += load_le<std::uint64_t>(directory + i * 8) <= prefix ? 1 : 0;
        if (before == 0) return {};
        PagePlace place;
        place.in_group = before - 1;
        place.page = group * kRunGroupPages + place.in_group;
        place.exact = load_le<std::uint64_t>(directory + place.in_group * 8) == prefix;
        return place;
    }

    [[nodiscard]] static const std::byte* tags_of(const std::byte* directory,
                                                  const PagePlace& place) noexcept {
        return directory + kRunFencesBytes + place.in_group * kRunPageTagsBytes;
    }
    [[nodiscard]] TagMatches matches_of(const std::byte* directory, const PagePlace& place,
                                        std::uint16_t tag) const noexcept {
        return match_tags(tags_of(directory, place), tag, run_page_entries(shape_, place.page));
    }

    /// Returns the entry of the page that has the digest, of those that `matches` names.
    [[nodiscard]] EntryPlace match_in(const PagePlace& place, TagMatches matches,
                                      const std::byte* digest) {
        if (!matches.any()) return {};
        const std::byte* page = pages_.page(run_entry_page_at(place.page));
        if (Pages::kMayFail && page == nullptr) return {};
        while (matches.any()) {
            const std::size_t slot = matches.take_first();
            const std::byte* entry = page + slot * kRunEntryBytes;
            if (std::memcmp(entry, digest, ContentHash::kDigestBytes) == 0)
                return {place.page * kRunPageEntries + slot, entry};
        }
        return {};
    }

    /// Finds an id without the directory.
    [[nodiscard]] EntryPlace locate_slowly(const std::byte* digest) {
        const std::uint64_t ordinal = lower_bound(digest);
        const std::byte* entry = ordinal < shape_.entries ? entry_bytes(ordinal) : nullptr;
        if (entry == nullptr || std::memcmp(entry, digest, ContentHash::kDigestBytes) != 0)
            return {};
        return {ordinal, entry};
    }

    [[nodiscard]] EntryPlace locate(const ChunkId& id) {
        if (id.algorithm != HashAlgorithm::kSha256) return {};
        const std::byte* digest = id.digest.data();
        const std::uint64_t prefix = id_prefix(digest);
        const std::uint64_t group = group_of(prefix);
        if (group == kNoPlace) return {};
        const std::byte* directory = directory_of(group);
        if (Pages::kMayFail && directory == nullptr) return {};
        const PagePlace place = page_of(directory, group, prefix);
        if (place.page == kNoPlace) return {};
        const TagMatches matches = matches_of(directory, place, id_tag(digest));
        return locate_in(place, matches, digest);
    }

    /// The last step of `locate`.
    [[nodiscard]] EntryPlace locate_in(const PagePlace& place, const TagMatches& matches,
                                       const std::byte* digest) {
        const EntryPlace entry = match_in(place, matches, digest);
        return entry.bytes == nullptr && place.exact ? locate_slowly(digest) : entry;
    }

    /// Returns the ordinal of the first entry whose id is not less. Cost: logarithmic.
    [[nodiscard]] std::uint64_t lower_bound(const std::byte* digest) {
        std::uint64_t low = 0;
        std::uint64_t high = shape_.entries;
        while (low < high) {
            const std::uint64_t middle = low + (high - low) / 2;
            const std::byte* entry = entry_bytes(middle);
            if (Pages::kMayFail && entry == nullptr) return high;
            if (std::memcmp(entry, digest, ContentHash::kDigestBytes) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// `ordinal` is below the number of entries.
    [[nodiscard]] const std::byte* entry_bytes(std::uint64_t ordinal) {
        const std::uint64_t page = ordinal / kRunPageEntries;
        const std::byte* bytes = pages_.page(run_entry_page_at(page));
        if (Pages::kMayFail && bytes == nullptr) return nullptr;
        return bytes + ordinal % kRunPageEntries * kRunEntryBytes;
    }

private:
    __extension__ using Wide = unsigned __int128;

    /// The first prefix of a group; 0 when its page could not be read.
    [[nodiscard]] std::uint64_t top(std::uint64_t group) {
        if (shape_.top_pages == 0)
            return load_le<std::uint64_t>(&run_.root_[kRunRootHeadBytes + group * 8]);
        const std::byte* page =
            pages_.common_page(shape_.entry_pages + shape_.groups + group / kRunTopsPerPage);
        if (Pages::kMayFail && page == nullptr) return 0;
        return load_le<std::uint64_t>(page + group % kRunTopsPerPage * 8);
    }

    const IndexRun& run_;
    const IndexRunShape& shape_;
    Pages pages_;
};

}  // namespace catalog::content
