#include "sha256_lanes.hpp"

#ifdef CATALOG_SHA256_X86
#include <cpuid.h>
#endif

namespace catalog::merkle {

#ifdef CATALOG_SHA256_X86
namespace {

// CPUID leaf 7, EBX bit 29 (SHA); leaf 1, ECX bits 9 (SSSE3) and 19 (SSE4.1).
bool has_sha_instructions() noexcept {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & (1u << 9)) == 0 || (c & (1u << 19)) == 0)
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1u << 29)) != 0;
}

Sha256Kernels choose_kernels() noexcept {
    Sha256Kernels kernels;
    if (has_sha_instructions()) kernels.narrow = kSha256Shani;
    // This asks whether the operating system keeps the registers, too.
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        kernels.wide = kSha256Avx512;
    return kernels;
}

}  // namespace

const Sha256Kernels& sha256_kernels() noexcept {
    static const Sha256Kernels kernels = choose_kernels();
    return kernels;
}

#else

const Sha256Kernels& sha256_kernels() noexcept {
    static constexpr Sha256Kernels kNone;
    return kNone;
}

#endif

}  // namespace catalog::merkle
