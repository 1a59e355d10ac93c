#pragma once
// SHA-256 of several independent messages at once, on one core (Gulley and Gopal, "Processing
// Multiple Buffers in Parallel to Increase Performance on Intel Architecture Processors", 2010).
//
// Narrow: an instruction of the SHA extension takes four cycles until the next one of the same
// message can start; two or three messages side by side keep the unit busy. Wide: sixteen messages
// in the lanes of AVX-512 vectors.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "catalog/merkle/hash_batch.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#define CATALOG_SHA256_X86 1
#endif

namespace catalog::merkle {

/// The eight words of FIPS 180-4 section 6.2, a to h.
using Sha256Words = std::array<std::uint32_t, 8>;

/// The initial value, FIPS 180-4 section 5.3.3.
inline constexpr Sha256Words kSha256Start{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// FIPS 180-4 section 4.2.2: what the rounds add.
alignas(64) inline constexpr std::uint32_t kSha256Constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

inline constexpr std::size_t kSha256BlockBytes = 64;
inline constexpr std::size_t kSha256NarrowLanes = 3;
inline constexpr std::size_t kSha256WideLanes = 16;

/// Where one message stands.
struct Sha256Lane {
    Sha256Words words = kSha256Start;
    const std::byte* next = nullptr;  ///< The next block; moved behind what was taken.
};

/// Takes `blocks` blocks of 64 bytes into each of so many lanes as the function is for.
using Sha256Compress = void (*)(Sha256Lane* const* lanes, std::size_t blocks);
/// The same for `count` lanes, 1 to 16. Costs as much for one as for sixteen.
using Sha256CompressWide = void (*)(Sha256Lane* const* lanes, std::size_t count,
                                    std::size_t blocks);

/// What there is for a processor; null is what it cannot do.
struct Sha256Kernels {
    std::array<Sha256Compress, kSha256NarrowLanes>
        narrow{};  ///< For 1, 2 and 3 lanes; all or none.
    Sha256CompressWide wide = nullptr;
};

#ifdef CATALOG_SHA256_X86
extern const std::array<Sha256Compress, kSha256NarrowLanes> kSha256Shani;
extern const Sha256CompressWide kSha256Avx512;
#endif

/// Returns the functions for this processor. Cost: asks the processor, once a process.
[[nodiscard]] const Sha256Kernels& sha256_kernels() noexcept;

/// hash_all with some functions only. Gives the same digests whatever there is.
void hash_all_with(const Sha256Kernels& kernels, std::span<HashTask> tasks) noexcept;

}  // namespace catalog::merkle
