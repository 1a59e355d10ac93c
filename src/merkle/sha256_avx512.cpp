// SHA-256 of sixteen messages at once: each vector holds the same word of all of them. AVX-512 has
// the rotations and the three-operand logic that SHA-256 is made of, one instruction each.
#include "sha256_lanes.hpp"

#ifdef CATALOG_SHA256_X86

// GCC 12 reads _mm512_undefined_epi32, which its own intrinsics use on purpose, as a mistake.
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include <utility>

namespace catalog::merkle {
namespace {

constexpr std::size_t kLanes = kSha256WideLanes;

#define CATALOG_AVX512_CODE [[gnu::target("avx512f,avx512bw"), gnu::always_inline]] inline

// Truth tables for _mm512_ternarylogic_epi32, over its operands 0xf0, 0xcc and 0xaa.
constexpr int kXor3 = 0x96;
constexpr int kChoose = 0xca;    // FIPS 180-4 (4.2): the first operand chooses.
constexpr int kMajority = 0xe8;  // (4.3)

// Word r of sixteen messages, for sixteen r: rows of one message become columns.
CATALOG_AVX512_CODE void transpose(__m512i (&w)[16]) {
    __m512i pairs[16];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 16; i += 2) {
        pairs[i] = _mm512_unpacklo_epi32(w[i], w[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi32(w[i], w[i + 1]);
    }
    __m512i quads[16];  // [4 * i + j]: word j of every quarter, of messages 4i to 4i + 3.
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 16; i += 4) {
        quads[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
        quads[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
        quads[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        quads[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j) {
        const __m512i low_even = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0x88);
        const __m512i low_odd = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0xdd);
        const __m512i high_even = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0x88);
        const __m512i high_odd = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0xdd);
        w[j] = _mm512_shuffle_i32x4(low_even, high_even, 0x88);
        w[8 + j] = _mm512_shuffle_i32x4(low_even, high_even, 0xdd);
        w[4 + j] = _mm512_shuffle_i32x4(low_odd, high_odd, 0x88);
        w[12 + j] = _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd);
    }
}

// One round, FIPS 180-4 section 6.2.2: instead of moving the eight words, the next round calls
// them by other names.
template <std::size_t T>
CATALOG_AVX512_CODE void round(__m512i (&v)[8], __m512i (&w)[16]) {
    constexpr auto kName = [](std::size_t word) { return (word + 64 - T) % 8; };
    __m512i& word = w[T % 16];
    if constexpr (T >= 16) {
        const __m512i w2 = w[(T + 14) % 16];
        const __m512i w15 = w[(T + 1) % 16];
        const __m512i s1 = _mm512_ternarylogic_epi32(
            _mm512_ror_epi32(w2, 17), _mm512_ror_epi32(w2, 19), _mm512_srli_epi32(w2, 10), kXor3);
        const __m512i s0 = _mm512_ternarylogic_epi32(
            _mm512_ror_epi32(w15, 7), _mm512_ror_epi32(w15, 18), _mm512_srli_epi32(w15, 3), kXor3);
        word = _mm512_add_epi32(_mm512_add_epi32(word, w[(T + 9) % 16]), _mm512_add_epi32(s0, s1));
    }
    const __m512i a = v[kName(0)];
    const __m512i e = v[kName(4)];
    const __m512i sum1 = _mm512_ternarylogic_epi32(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11),
                                                   _mm512_ror_epi32(e, 25), kXor3);
    const __m512i choice = _mm512_ternarylogic_epi32(e, v[kName(5)], v[kName(6)], kChoose);
    const __m512i constant = _mm512_set1_epi32(static_cast<int>(kSha256Constants[T]));
    const __m512i t1 =
        _mm512_add_epi32(_mm512_add_epi32(_mm512_add_epi32(word, constant), v[kName(7)]),
                         _mm512_add_epi32(sum1, choice));
    const __m512i sum0 = _mm512_ternarylogic_epi32(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13),
                                                   _mm512_ror_epi32(a, 22), kXor3);
    const __m512i majority = _mm512_ternarylogic_epi32(a, v[kName(1)], v[kName(2)], kMajority);
    v[kName(3)] = _mm512_add_epi32(v[kName(3)], t1);
    v[kName(7)] = _mm512_add_epi32(t1, _mm512_add_epi32(sum0, majority));
}

template <std::size_t... T>
CATALOG_AVX512_CODE void all_rounds(__m512i (&v)[8], __m512i (&w)[16], std::index_sequence<T...>) {
    (round<T>(v, w), ...);
}

[[gnu::target("avx512f,avx512bw")]] void compress_avx512(Sha256Lane* const* lanes,
                                                         std::size_t count, std::size_t blocks) {
    alignas(64) std::uint32_t words[8][kLanes];
    const std::byte* next[kLanes];
    for (std::size_t n = 0; n < kLanes; ++n) {
        // A lane that nobody uses goes along with the first.
        const Sha256Lane& lane = *lanes[n < count ? n : 0];
        next[n] = lane.next;
        for (std::size_t i = 0; i < 8; ++i) words[i][n] = lane.words[i];
    }
    __m512i state[8];
    for (std::size_t i = 0; i < 8; ++i) state[i] = _mm512_load_si512(words[i]);

    // The words of a block are big-endian.
    const __m512i swap =
        _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    for (std::size_t at = 0; at < blocks * kSha256BlockBytes; at += kSha256BlockBytes) {
        __m512i w[16];
#pragma GCC unroll 16
        for (std::size_t n = 0; n < kLanes; ++n)
            w[n] = _mm512_shuffle_epi8(_mm512_loadu_si512(next[n] + at), swap);
#pragma GCC unroll 16
        for (std::size_t n = 0; n < kLanes; ++n)
            _mm_prefetch(reinterpret_cast<const char*>(next[n] + at) + 4 * kSha256BlockBytes,
                         _MM_HINT_T0);
        transpose(w);
        __m512i v[8];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i) v[i] = state[i];
        all_rounds(v, w, std::make_index_sequence<64>());
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i) state[i] = _mm512_add_epi32(state[i], v[i]);
    }

    for (std::size_t i = 0; i < 8; ++i) _mm512_store_si512(words[i], state[i]);
    for (std::size_t n = 0; n < count; ++n) {
        lanes[n]->next += blocks * kSha256BlockBytes;
        for (std::size_t i = 0; i < 8; ++i) lanes[n]->words[i] = words[i][n];
    }
}

#undef CATALOG_AVX512_CODE

}  // namespace

const Sha256CompressWide kSha256Avx512 = compress_avx512;

}  // namespace catalog::merkle

#endif
