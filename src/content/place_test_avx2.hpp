#pragma once
// The cheap test of cut_search.hpp for 32 places at once. Where a place needs the bytes before it,
// three steps double how many have been taken together: 2, 4, 8.

#include <cstddef>

#include "cut_search.hpp"

#ifdef CATALOG_CUT_SEARCH_X86

#include <immintrin.h>

namespace catalog::content {

#define CATALOG_AVX2_CODE [[gnu::target("avx2"), gnu::always_inline]] inline

/// Where a pass over bytes stands.
struct PlaceTest256 {
    __m256i low;  // The tables,
    __m256i high;
    __m256i one;   // and for the vector before: t, of one byte,
    __m256i two;   // of two bytes,
    __m256i four;  // of four.
};

// Every byte's predecessor of `Back` places before; `before` is the vector in front.
template <int Back>
CATALOG_AVX2_CODE __m256i back_256(__m256i now, __m256i before) {
    return _mm256_alignr_epi8(now, _mm256_permute2x128_si256(before, now, 0x21), 16 - Back);
}

/// Returns the eight-byte hashes of the 32 bytes at `at`, which follow those of the last call.
CATALOG_AVX2_CODE __m256i next_hashes_256(PlaceTest256& test, const std::byte* at) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i four_bits = _mm256_set1_epi8(15);
    const __m256i low = _mm256_and_si256(bytes, four_bits);
    const __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), four_bits);
    const __m256i one =
        _mm256_xor_si256(_mm256_shuffle_epi8(test.low, low), _mm256_shuffle_epi8(test.high, high));
    const __m256i older_one = back_256<1>(one, test.one);
    const __m256i two = _mm256_xor_si256(one, _mm256_add_epi8(older_one, older_one));
    const __m256i older_two = _mm256_slli_epi16(back_256<2>(two, test.two), 2);
    const __m256i four = _mm256_xor_si256(
        two, _mm256_and_si256(older_two, _mm256_set1_epi8(static_cast<char>(0xfc))));
    const __m256i older_four = _mm256_slli_epi16(back_256<4>(four, test.four), 4);
    const __m256i eight = _mm256_xor_si256(
        four, _mm256_and_si256(older_four, _mm256_set1_epi8(static_cast<char>(0xf0))));
    test.one = one;
    test.two = two;
    test.four = four;
    return eight;
}

/// Starts a pass at `first`; the 32 bytes before it are readable.
CATALOG_AVX2_CODE PlaceTest256 start_places_256(const CutRule& rule, const std::byte* first) {
    const __m256i zero = _mm256_setzero_si256();
    PlaceTest256 test{_mm256_broadcastsi128_si256(
                          _mm_load_si128(reinterpret_cast<const __m128i*>(rule.low.data()))),
                      _mm256_broadcastsi128_si256(
                          _mm_load_si128(reinterpret_cast<const __m128i*>(rule.high.data()))),
                      zero, zero, zero};
    // Of what this takes together only the first few are wrong, which nobody needs.
    (void)next_hashes_256(test, first - 32);
    return test;
}

#undef CATALOG_AVX2_CODE

}  // namespace catalog::content

#endif
