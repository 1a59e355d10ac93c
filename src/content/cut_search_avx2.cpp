// The cheap test for 32 places at once. Where a place needs the bytes before it, three steps double
// how many have been taken together: 2, 4, 8.
#include "cut_search.hpp"

#ifdef CATALOG_CUT_SEARCH_X86

#include <immintrin.h>

namespace catalog::content {
namespace {

#define CATALOG_AVX2_CODE [[gnu::target("avx2"), gnu::always_inline]] inline

struct TablesAvx2 {
    __m256i low;
    __m256i high;
};

CATALOG_AVX2_CODE __m256i look_up(const TablesAvx2& tables, const std::byte* at) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i four_bits = _mm256_set1_epi8(15);
    const __m256i low = _mm256_and_si256(bytes, four_bits);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), four_bits);
    return _mm256_xor_si256(_mm256_shuffle_epi8(tables.low, low),
                            _mm256_shuffle_epi8(tables.high, high));
}

// Every byte's predecessor of `Back` places before; `before` is the vector in front.
template <int Back>
CATALOG_AVX2_CODE __m256i back(__m256i now, __m256i before) {
    return _mm256_alignr_epi8(now, _mm256_permute2x128_si256(before, now, 0x21), 16 - Back);
}

struct Steps {
    __m256i one;   // t, of one byte.
    __m256i two;   // Of two bytes.
    __m256i four;  // Of four.
};

// Returns the eight-byte hashes, and moves on.
CATALOG_AVX2_CODE __m256i advance(Steps& steps, __m256i one) {
    const __m256i older_one = back<1>(one, steps.one);
    const __m256i two = _mm256_xor_si256(one, _mm256_add_epi8(older_one, older_one));
    const __m256i older_two = _mm256_slli_epi16(back<2>(two, steps.two), 2);
    const __m256i four = _mm256_xor_si256(
        two, _mm256_and_si256(older_two, _mm256_set1_epi8(static_cast<char>(0xfc))));
    const __m256i older_four = _mm256_slli_epi16(back<4>(four, steps.four), 4);
    const __m256i eight = _mm256_xor_si256(
        four, _mm256_and_si256(older_four, _mm256_set1_epi8(static_cast<char>(0xf0))));
    steps = {one, two, four};
    return eight;
}

#undef CATALOG_AVX2_CODE

}  // namespace

[[gnu::target("avx2")]] std::size_t search_cut_avx2(const CutRule& rule,
                                                    const CutRange& range) noexcept {
    const TablesAvx2 tables{_mm256_broadcastsi128_si256(
                                _mm_load_si128(reinterpret_cast<const __m128i*>(rule.low.data()))),
                            _mm256_broadcastsi128_si256(_mm_load_si128(
                                reinterpret_cast<const __m128i*>(rule.high.data())))};
    std::size_t at = range.begin;
    Steps steps{_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    // Of what this takes together only the first few are wrong, which nobody needs.
    if (range.end - range.begin >= 32) advance(steps, look_up(tables, range.data + at - 32));
    for (; range.end - at >= 32; at += 32) {
        const __m256i hashes = advance(steps, look_up(tables, range.data + at));
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
