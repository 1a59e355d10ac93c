#include "feature_places.hpp"

#include "place_test_avx2.hpp"
#include "place_test_avx512.hpp"

namespace catalog::content {

std::size_t find_places_scalar(const CutRule& rule, std::uint8_t mask, const std::byte* data,
                               std::size_t begin, std::size_t end, std::uint32_t* places) noexcept {
    std::size_t count = 0;
    std::uint8_t hash = 0;
    for (std::size_t at = begin - 7; at < begin; ++at)
        hash = static_cast<std::uint8_t>((hash << 1) ^ rule.table(data[at]));
    for (std::size_t at = begin; at < end; ++at) {
        hash = static_cast<std::uint8_t>((hash << 1) ^ rule.table(data[at]));
        if ((hash & mask) == 0) places[count++] = static_cast<std::uint32_t>(at);
    }
    return count;
}

#ifdef CATALOG_CUT_SEARCH_X86

[[gnu::target("avx2")]] std::size_t find_places_avx2(const CutRule& rule, std::uint8_t mask,
                                                     const std::byte* data, std::size_t begin,
                                                     std::size_t end,
                                                     std::uint32_t* places) noexcept {
    if (end - begin < 32) return find_places_scalar(rule, mask, data, begin, end, places);
    std::size_t count = 0;
    std::size_t at = begin;
    const __m256i bits = _mm256_set1_epi8(static_cast<char>(mask));
    PlaceTest256 test = start_places_256(rule, data + at);
    for (; end - at >= 32; at += 32) {
        const __m256i hashes = _mm256_and_si256(next_hashes_256(test, data + at), bits);
        auto found = static_cast<std::uint32_t>(
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(hashes, _mm256_setzero_si256())));
        for (; found != 0; found &= found - 1)
            places[count++] =
                static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(__builtin_ctz(found));
    }
    return count + find_places_scalar(rule, mask, data, at, end, places + count);
}

[[gnu::target("avx512f,avx512bw")]] std::size_t find_places_avx512(
    const CutRule& rule, std::uint8_t mask, const std::byte* data, std::size_t begin,
    std::size_t end, std::uint32_t* places) noexcept {
    if (end - begin < 64) return find_places_scalar(rule, mask, data, begin, end, places);
    std::size_t count = 0;
    std::size_t at = begin;
    const __m512i bits = _mm512_set1_epi8(static_cast<char>(mask));
    PlaceTest512 test = start_places_512(rule, data + at);
    for (; end - at >= 64; at += 64) {
        std::uint64_t found = _mm512_testn_epi8_mask(next_hashes_512(test, data + at), bits);
        for (; found != 0; found &= found - 1)
            places[count++] =
                static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(__builtin_ctzll(found));
    }
    return count + find_places_scalar(rule, mask, data, at, end, places + count);
}

#endif

const PlaceSearches& place_searches() noexcept {
    static const PlaceSearches searches = [] {
        PlaceSearches found;
#ifdef CATALOG_CUT_SEARCH_X86
        if (cut_searches().avx2 != nullptr) found.avx2 = find_places_avx2;
        if (cut_searches().avx512 != nullptr) found.avx512 = find_places_avx512;
#endif
        return found;
    }();
    return searches;
}

}  // namespace catalog::content
