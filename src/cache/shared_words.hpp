#pragma once
// Reading words that a writer may change meanwhile, several at a time.
//
// What was read is thrown away when the version of the index line says that a writer came, torn or
// not. Compilers cannot know that; an instruction that they do not look into they leave as it is.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#define CATALOG_SHARED_WORDS_X86
#include <immintrin.h>
#endif

namespace catalog::cache {

/// Copies `bytes` bytes from words that are whole up to the next multiple of 8. Any alignment of
/// `to`.
inline void copy_shared_words(std::uint64_t* from, std::byte* to, std::size_t bytes) noexcept;

#ifdef CATALOG_SHARED_WORDS_X86

namespace shared_words {

inline __m128i load_16(const void* from) noexcept {
    __m128i loaded;
    asm volatile("movdqu %1, %0" : "=x"(loaded) : "m"(*static_cast<const char(*)[16]>(from)));
    return loaded;
}

[[gnu::target("avx2"), gnu::always_inline]] inline void copy_32(const std::byte* from,
                                                                std::byte* to) noexcept {
    __m256i loaded;
    asm volatile("vmovdqu %1, %0" : "=x"(loaded) : "m"(*reinterpret_cast<const char(*)[32]>(from)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), loaded);
}

// REQUIRES: bytes >= 32. The last step takes bytes once more that the one before has taken.
[[gnu::target("avx2")]] inline void copy_by_32(const std::byte* from, std::byte* to,
                                               std::size_t bytes) noexcept {
    const std::byte* const last = from + bytes - 32;
    std::byte* const last_to = to + bytes - 32;
    for (; from + 96 <= last; from += 128, to += 128) {
        copy_32(from, to);
        copy_32(from + 32, to + 32);
        copy_32(from + 64, to + 64);
        copy_32(from + 96, to + 96);
    }
    for (; from < last; from += 32, to += 32) copy_32(from, to);
    copy_32(last, last_to);
}

}  // namespace shared_words

#endif

inline void copy_shared_words(std::uint64_t* from, std::byte* to, std::size_t bytes) noexcept {
#ifdef CATALOG_SHARED_WORDS_X86
    if (bytes >= 32 && __builtin_cpu_supports("avx2") != 0) {
        shared_words::copy_by_32(reinterpret_cast<const std::byte*>(from), to, bytes);
        return;
    }
    for (; bytes >= 16; bytes -= 16, from += 2, to += 16)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), shared_words::load_16(from));
#endif
    for (; bytes > 0; ++from) {
        const std::uint64_t word = std::atomic_ref(*from).load(std::memory_order_relaxed);
        const std::size_t part = bytes < 8 ? bytes : 8;
        std::memcpy(to, &word, part);
        to += part;
        bytes -= part;
    }
}

/// Returns a bit for each of six numbers of 32 bits that is `wanted`. Without branches: which of
/// them it is cannot be predicted.
inline unsigned equal_of_six(const std::atomic<std::uint32_t>* numbers,
                             std::uint32_t wanted) noexcept {
#ifdef CATALOG_SHARED_WORDS_X86
    const __m128i four = _mm_set1_epi32(static_cast<int>(wanted));
    const auto equal = [&](const void* from) {
        return static_cast<unsigned>(
            _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(shared_words::load_16(from), four))));
    };
    return equal(numbers) | equal(numbers + 2) << 2;
#else
    unsigned same = 0;
    for (unsigned i = 0; i < 6; ++i)
        same |= static_cast<unsigned>(numbers[i].load(std::memory_order_relaxed) == wanted) << i;
    return same;
#endif
}

}  // namespace catalog::cache
