// SHA-256 with the SHA extension of x86-64: two instructions for four rounds, two for four words of
// the schedule.
#include "sha256_lanes.hpp"

#ifdef CATALOG_SHA256_X86

#include <immintrin.h>

#include <utility>

namespace catalog::merkle {
namespace {

// The instructions are compiled for processors that have them, whatever the rest is compiled for;
// who calls asks first.
#define CATALOG_SHA_CODE [[gnu::target("sha,sse4.1"), gnu::always_inline]] inline

// The SHA instructions keep the state as the pairs of words ABEF and CDGH.
template <std::size_t N>
struct Registers {
    __m128i abef[N];
    __m128i cdgh[N];
    __m128i schedule[N][4];  // The last sixteen words of the message schedule.
};

// Four of the 64 rounds in every lane. What the instructions of one lane wait for, those of the
// others fill.
template <std::size_t N, std::size_t G>
CATALOG_SHA_CODE void four_rounds(Registers<N>& r, const Sha256Lane* const* lanes) {
    const __m128i constants =
        _mm_load_si128(reinterpret_cast<const __m128i*>(kSha256Constants + 4 * G));
    __m128i sum[N];
#pragma GCC unroll 3
    for (std::size_t n = 0; n < N; ++n) {
        __m128i* const w = r.schedule[n];
        if constexpr (G < 4) {
            // The words of a block are big-endian.
            const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
            const auto* const block = reinterpret_cast<const __m128i*>(lanes[n]->next);
            w[G] = _mm_shuffle_epi8(_mm_loadu_si128(block + G), swap);
        }
        sum[n] = _mm_add_epi32(w[G % 4], constants);
        r.cdgh[n] = _mm_sha256rnds2_epu32(r.cdgh[n], r.abef[n], sum[n]);
    }
#pragma GCC unroll 3
    for (std::size_t n = 0; n < N; ++n) {
        __m128i* const w = r.schedule[n];
        if constexpr (G >= 3 && G < 15) {
            const __m128i seven_back = _mm_alignr_epi8(w[G % 4], w[(G + 3) % 4], 4);
            w[(G + 1) % 4] =
                _mm_sha256msg2_epu32(_mm_add_epi32(w[(G + 1) % 4], seven_back), w[G % 4]);
        }
        r.abef[n] = _mm_sha256rnds2_epu32(r.abef[n], r.cdgh[n], _mm_shuffle_epi32(sum[n], 0x0e));
        if constexpr (G >= 1 && G < 13)
            w[(G + 3) % 4] = _mm_sha256msg1_epu32(w[(G + 3) % 4], w[G % 4]);
    }
}

template <std::size_t N, std::size_t... G>
CATALOG_SHA_CODE void all_rounds(Registers<N>& r, const Sha256Lane* const* lanes,
                                 std::index_sequence<G...>) {
    (four_rounds<N, G>(r, lanes), ...);
}

template <std::size_t N>
[[gnu::target("sha,sse4.1")]] void compress_shani(Sha256Lane* const* lanes, std::size_t blocks) {
    Registers<N> r{};
    for (std::size_t n = 0; n < N; ++n) {
        const auto* const words = reinterpret_cast<const __m128i*>(lanes[n]->words.data());
        const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xb1);
        const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1b);
        r.abef[n] = _mm_alignr_epi8(badc, hgfe, 8);
        r.cdgh[n] = _mm_blend_epi16(hgfe, badc, 0xf0);
    }
    for (; blocks > 0; --blocks) {
        __m128i abef[N];
        __m128i cdgh[N];
#pragma GCC unroll 3
        for (std::size_t n = 0; n < N; ++n) {
            abef[n] = r.abef[n];
            cdgh[n] = r.cdgh[n];
        }
        all_rounds<N>(r, lanes, std::make_index_sequence<16>());
#pragma GCC unroll 3
        for (std::size_t n = 0; n < N; ++n) {
            r.abef[n] = _mm_add_epi32(r.abef[n], abef[n]);
            r.cdgh[n] = _mm_add_epi32(r.cdgh[n], cdgh[n]);
            lanes[n]->next += kSha256BlockBytes;
        }
    }
    for (std::size_t n = 0; n < N; ++n) {
        auto* const words = reinterpret_cast<__m128i*>(lanes[n]->words.data());
        const __m128i feba = _mm_shuffle_epi32(r.abef[n], 0x1b);
        const __m128i dchg = _mm_shuffle_epi32(r.cdgh[n], 0xb1);
        _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xf0));
        _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
    }
}

#undef CATALOG_SHA_CODE

}  // namespace

const std::array<Sha256Compress, kSha256NarrowLanes> kSha256Shani{
    compress_shani<1>, compress_shani<2>, compress_shani<3>};

}  // namespace catalog::merkle

#endif
