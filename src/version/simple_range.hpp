#pragma once
// The ranges that nearly every package writes, read in one pass: comparators over release numbers,
// side by side or as alternatives. Everything else is left to the full readers, which agree with
// this one on all that it takes.

#include <array>
#include <cstdint>
#include <string_view>

#include "catalog/version/version_req.hpp"

namespace catalog::version {

/// A place between two versions: before the lowest pre-release of the numbers, before their release
/// or after it.
struct ReleaseCut {
    enum Side : std::uint8_t { kBeforePrereleases, kBeforeRelease, kAfterRelease };

    std::array<std::uint64_t, 3> numbers = {};
    Side side = kBeforePrereleases;

    friend auto operator<=>(const ReleaseCut&, const ReleaseCut&) = default;
};

/// One alternative. An upper end with the greatest numbers is no end.
struct SimpleRange {
    static constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};

    ReleaseCut lower;       ///< Under PrereleaseRule::kDialect.
    ReleaseCut wide_lower;  ///< Under PrereleaseRule::kInclude.
    ReleaseCut upper = {{kNoEnd, 0, 0}, ReleaseCut::kBeforePrereleases};  ///< Under both.
};

/// Reads one alternative from `text`, up to the end or, in npm's dialect, to `||`, and takes what
/// was read off `text`. False when the text is not of the simple form, whether valid or not.
[[nodiscard]] bool read_simple_range(std::string_view& text, Dialect dialect,
                                     SimpleRange& range) noexcept;

}  // namespace catalog::version
