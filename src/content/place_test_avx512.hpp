#pragma once
// The cheap test of cut_search.hpp for 64 places at once. Where a place needs the bytes before it,
// three steps double how many have been taken together: 2, 4, 8.

#include <array>
#include <cstddef>
#include <cstring>

#include "cut_search.hpp"

#ifdef CATALOG_CUT_SEARCH_X86

// GCC 12 reads _mm512_undefined_epi32, which its own intrinsics use on purpose, as a mistake.
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

namespace catalog::content {

#define CATALOG_AVX512_CODE [[gnu::target("avx512f,avx512bw"), gnu::always_inline]] inline

/// Where a pass over bytes stands.
struct PlaceTest512 {
    __m512i low;  // The tables,
    __m512i high;
    __m512i one;   // and for the vector before: t, of one byte,
    __m512i two;   // of two bytes,
    __m512i four;  // of four.
};

// Every byte's predecessor of `Back` places before; `before` is the vector in front.
template <int Back>
CATALOG_AVX512_CODE __m512i back_512(__m512i now, __m512i before) {
    return _mm512_alignr_epi8(now, _mm512_alignr_epi32(now, before, 12), 16 - Back);
}

/// Returns the eight-byte hashes of the 64 bytes at `at`, which follow those of the last call.
CATALOG_AVX512_CODE __m512i next_hashes_512(PlaceTest512& test, const std::byte* at) {
    const __m512i bytes = _mm512_loadu_si512(at);
    const __m512i four_bits = _mm512_set1_epi8(15);
    const __m512i low = _mm512_and_si512(bytes, four_bits);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), four_bits);
    const __m512i one =
        _mm512_xor_si512(_mm512_shuffle_epi8(test.low, low), _mm512_shuffle_epi8(test.high, high));
    const __m512i older_one = back_512<1>(one, test.one);
    const __m512i two = _mm512_xor_si512(one, _mm512_add_epi8(older_one, older_one));
    const __m512i older_two = _mm512_slli_epi16(back_512<2>(two, test.two), 2);
    const __m512i four = _mm512_xor_si512(
        two, _mm512_and_si512(older_two, _mm512_set1_epi8(static_cast<char>(0xfc))));
    const __m512i older_four = _mm512_slli_epi16(back_512<4>(four, test.four), 4);
    const __m512i eight = _mm512_xor_si512(
        four, _mm512_and_si512(older_four, _mm512_set1_epi8(static_cast<char>(0xf0))));
    test.one = one;
    test.two = two;
    test.four = four;
    return eight;
}

/// Starts a pass at `first`; the 32 bytes before it are readable.
CATALOG_AVX512_CODE PlaceTest512 start_places_512(const CutRule& rule, const std::byte* first) {
    const __m512i zero = _mm512_setzero_si512();
    PlaceTest512 test{
        _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(rule.low.data()))),
        _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(rule.high.data()))),
        zero, zero, zero};
    // Of what this takes together only the first few are wrong, which nobody needs.
    alignas(64) std::array<std::byte, 64> before{};
    std::memcpy(before.data() + 32, first - 32, 32);
    (void)next_hashes_512(test, before.data());
    return test;
}

#undef CATALOG_AVX512_CODE

}  // namespace catalog::content

#endif
