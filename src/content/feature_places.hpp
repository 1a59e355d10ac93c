#pragma once
// Which places of a chunk its features are made of: those where the cheap test of cut_search.hpp
// gives zero in the bits of a mask. Many at a time, as there.

#include <cstddef>
#include <cstdint>

#include "catalog/content/features.hpp"
#include "cut_search.hpp"

namespace catalog::content {

/// Appends to `places` every place of data[begin] to data[end - 1] that passes, in order, and
/// returns how many. The 32 bytes before data[begin] are readable, `places` has room for
/// end - begin. All of them find the same.
using PlaceSearch = std::size_t (*)(const CutRule& rule, std::uint8_t mask, const std::byte* data,
                                    std::size_t begin, std::size_t end, std::uint32_t* places);

[[nodiscard]] std::size_t find_places_scalar(const CutRule& rule, std::uint8_t mask,
                                             const std::byte* data, std::size_t begin,
                                             std::size_t end, std::uint32_t* places) noexcept;
#ifdef CATALOG_CUT_SEARCH_X86
[[nodiscard]] std::size_t find_places_avx2(const CutRule& rule, std::uint8_t mask,
                                           const std::byte* data, std::size_t begin,
                                           std::size_t end, std::uint32_t* places) noexcept;
[[nodiscard]] std::size_t find_places_avx512(const CutRule& rule, std::uint8_t mask,
                                             const std::byte* data, std::size_t begin,
                                             std::size_t end, std::uint32_t* places) noexcept;
#endif

/// What this processor can run; null where it cannot.
struct PlaceSearches {
    PlaceSearch avx2 = nullptr;
    PlaceSearch avx512 = nullptr;
};
[[nodiscard]] const PlaceSearches& place_searches() noexcept;

/// What features_of gives with that search.
[[nodiscard]] ChunkFeatures features_with(PlaceSearch search, ByteView chunk) noexcept;

}  // namespace catalog::content
