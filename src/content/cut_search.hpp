#pragma once
// Where a windowed chunker may cut (docs/formats/pack.md, algorithm 2): a cheap test that looks at
// the eight bytes up to a place lets one place in 256 pass, and a hash of the 32 bytes up to there
// decides. The test is xor, shift and table look-ups of four bits, which vectors do many at a time.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "catalog/core/bytes.hpp"

#if defined(__x86_64__) && defined(__GNUC__)
#define CATALOG_CUT_SEARCH_X86 1
#endif

namespace catalog::content {

/// Bytes that decide whether there is a cut behind the last of them.
inline constexpr std::size_t kCutWindowBytes = 32;

/// What a profile makes of its seed and its average.
struct CutRule {
    alignas(16) std::array<std::uint8_t, 16> low{};   ///< For the low four bits of a byte,
    alignas(16) std::array<std::uint8_t, 16> high{};  ///< and for the high ones; xor gives t(byte).
    std::array<std::uint64_t, 2> keys{};
    std::uint32_t strict = 0;  ///< A hash below it is a cut, while the chunk is short,
    std::uint32_t loose = 0;   ///< and afterwards.

    [[nodiscard]] std::uint8_t table(std::byte byte) const noexcept {
        const auto value = std::to_integer<unsigned>(byte);
        return static_cast<std::uint8_t>(low[value & 15u] ^ high[value >> 4]);
    }

    /// Hashes the 32 bytes that end with `last`, to 32 bits.
    [[nodiscard]] std::uint32_t hash(const std::byte* last) const noexcept {
        const std::byte* const first = last - (kCutWindowBytes - 1);
        const std::uint64_t a = (load_le<std::uint64_t>(first) ^ keys[0]) * 0x9e3779b97f4a7c15u;
        const std::uint64_t b =
            (load_le<std::uint64_t>(first + 16) ^ keys[1]) * 0xbf58476d1ce4e5b9u;
        const std::uint64_t x = (a ^ (a >> 32)) + load_le<std::uint64_t>(first + 8);
        const std::uint64_t y = (b ^ (b >> 29)) + load_le<std::uint64_t>(first + 24);
        const std::uint64_t mixed = (x ^ std::rotl(y, 23)) * 0x94d049bb133111ebu;
        return static_cast<std::uint32_t>(mixed >> 32);
    }
};

/// Where to look: behind data[begin] to data[end - 1]. The 32 bytes before data[begin] are
/// readable.
struct CutRange {
    const std::byte* data = nullptr;
    std::size_t begin = 0;
    std::size_t loose_from = 0;  ///< From this place on the loose threshold counts.
    std::size_t end = 0;
};

/// Returns the first place behind which there is a cut, or `end`. All of them find the same.
using CutSearch = std::size_t (*)(const CutRule& rule, const CutRange& range);

[[nodiscard]] std::size_t search_cut_scalar(const CutRule& rule, const CutRange& range) noexcept;
#ifdef CATALOG_CUT_SEARCH_X86
[[nodiscard]] std::size_t search_cut_avx2(const CutRule& rule, const CutRange& range) noexcept;
[[nodiscard]] std::size_t search_cut_avx512(const CutRule& rule, const CutRange& range) noexcept;
#endif

/// What this processor can run.
struct CutSearches {
    CutSearch avx2 = nullptr;    ///< Null where it cannot.
    CutSearch avx512 = nullptr;  ///< Null where it cannot.
};
[[nodiscard]] const CutSearches& cut_searches() noexcept;

/// Returns the fastest one.
[[nodiscard]] CutSearch choose_cut_search() noexcept;

/// Whether place `at`, which passed the cheap test, is a cut.
[[nodiscard]] inline bool is_cut(const CutRule& rule, const CutRange& range,
                                 std::size_t at) noexcept {
    return rule.hash(range.data + at) < (at < range.loose_from ? rule.strict : rule.loose);
}

}  // namespace catalog::content
