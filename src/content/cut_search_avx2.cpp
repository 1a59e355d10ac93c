#include "place_test_avx2.hpp"

#ifdef CATALOG_CUT_SEARCH_X86

namespace catalog::content {

[[gnu::target("avx2")]] std::size_t search_cut_avx2(const CutRule& rule,
                                                    const CutRange& range) noexcept {
    std::size_t at = range.begin;
    if (range.end - at < 32) return search_cut_scalar(rule, range);
    PlaceTest256 test = start_places_256(rule, range.data + at);
    for (; range.end - at >= 32; at += 32) {
        const __m256i hashes = next_hashes_256(test, range.data + at);
        const __m256i zeros = _mm256_cmpeq_epi8(hashes, _mm256_setzero_si256());
        auto places = static_cast<std::uint32_t>(_mm256_movemask_epi8(zeros));
        for (; places != 0; places &= places - 1) {
            const std::size_t place = at + static_cast<std::size_t>(__builtin_ctz(places));
            if (is_cut(rule, range, place)) return place;
        }
    }
    return search_cut_scalar(rule, {range.data, at, range.loose_from, range.end});
}

}  // namespace catalog::content

#endif
