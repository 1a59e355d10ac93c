#include "place_test_avx512.hpp"

#ifdef CATALOG_CUT_SEARCH_X86

namespace catalog::content {

[[gnu::target("avx512f,avx512bw")]] std::size_t search_cut_avx512(const CutRule& rule,
                                                                  const CutRange& range) noexcept {
    std::size_t at = range.begin;
    if (range.end - at < 64) return search_cut_scalar(rule, range);
    PlaceTest512 test = start_places_512(rule, range.data + at);
    for (; range.end - at >= 64; at += 64) {
        const __m512i hashes = next_hashes_512(test, range.data + at);
        std::uint64_t places = _mm512_testn_epi8_mask(hashes, hashes);
        for (; places != 0; places &= places - 1) {
            const std::size_t place = at + static_cast<std::size_t>(__builtin_ctzll(places));
            if (is_cut(rule, range, place)) return place;
        }
    }
    return search_cut_scalar(rule, {range.data, at, range.loose_from, range.end});
}

}  // namespace catalog::content

#endif
