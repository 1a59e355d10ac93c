// The cheap test for 64 places at once. Where a place needs the bytes before it, three steps double
// how many have been taken together: 2, 4, 8.
#include <array>
#include <cstring>

#include "cut_search.hpp"

#ifdef CATALOG_CUT_SEARCH_X86

// GCC 12 reads _mm512_undefined_epi32, which its own intrinsics use on purpose, as a mistake.
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

namespace catalog::content {
namespace {

#define CATALOG_AVX512_CODE [[gnu::target("avx512f,avx512bw"), gnu::always_inline]] inline

struct TablesAvx512 {
    __m512i low;
    __m512i high;
};

CATALOG_AVX512_CODE __m512i look_up_512(const TablesAvx512& tables, const std::byte* at) {
    const __m512i bytes = _mm512_loadu_si512(at);
    const __m512i four_bits = _mm512_set1_epi8(15);
    const __m512i low = _mm512_and_si512(bytes, four_bits);
    const __m512i high = _mm512_and_si512(_mm512_srli_epi16(bytes, 4), four_bits);
    return _mm512_xor_si512(_mm512_shuffle_epi8(tables.low, low),
                            _mm512_shuffle_epi8(tables.high, high));
}

// Every byte's predecessor of `Back` places before; `before` is the vector in front.
template <int Back>
CATALOG_AVX512_CODE __m512i back_512(__m512i now, __m512i before) {
    return _mm512_alignr_epi8(now, _mm512_alignr_epi32(now, before, 12), 16 - Back);
}

struct Steps512 {
    __m512i one;   // t, of one byte.
    __m512i two;   // Of two bytes.
    __m512i four;  // Of four.
};

// Returns the eight-byte hashes, and moves on.
CATALOG_AVX512_CODE __m512i advance_512(Steps512& steps, __m512i one) {
    const __m512i older_one = back_512<1>(one, steps.one);
    const __m512i two = _mm512_xor_si512(one, _mm512_add_epi8(older_one, older_one));
    const __m512i older_two = _mm512_slli_epi16(back_512<2>(two, steps.two), 2);
    const __m512i four = _mm512_xor_si512(
        two, _mm512_and_si512(older_two, _mm512_set1_epi8(static_cast<char>(0xfc))));
    const __m512i older_four = _mm512_slli_epi16(back_512<4>(four, steps.four), 4);
    const __m512i eight = _mm512_xor_si512(
        four, _mm512_and_si512(older_four, _mm512_set1_epi8(static_cast<char>(0xf0))));
    steps = {one, two, four};
    return eight;
}

#undef CATALOG_AVX512_CODE

}  // namespace

[[gnu::target("avx512f,avx512bw")]] std::size_t search_cut_avx512(const CutRule& rule,
                                                                  const CutRange& range) noexcept {
    const TablesAvx512 tables{
        _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(rule.low.data()))),
        _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(rule.high.data())))};
    std::size_t at = range.begin;
    Steps512 steps{_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    // Of what this takes together only the first few are wrong, which nobody needs.
    if (range.end - range.begin >= 64) {
        alignas(64) std::array<std::byte, 64> before{};
        std::memcpy(before.data() + 32, range.data + at - 32, 32);
        advance_512(steps, look_up_512(tables, before.data()));
    }
    for (; range.end - at >= 64; at += 64) {
        const __m512i hashes = advance_512(steps, look_up_512(tables, range.data + at));
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
