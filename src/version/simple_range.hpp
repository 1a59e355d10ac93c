#pragma once
// The ranges that nearly every package writes, read in one pass: comparators over release numbers,
// side by side or as alternatives. Everything else is left to the full readers, which agree with
// this one on all that it takes.

#include <compare>
#include <cstdint>
#include <string_view>

#include "catalog/version/version_req.hpp"

namespace catalog::version {

/// A place between two versions: before the lowest pre-release of some numbers, before their
/// release or after it. In two words, because ranges are read by comparing such places.
struct ReleaseCut {
    enum Side : std::uint8_t { kBeforePrereleases, kBeforeRelease, kAfterRelease };
    static constexpr unsigned kDigitsMax = 9;  ///< Of a number, so that three fit, and one more.

    std::uint64_t major_number = 0;
    std::uint64_t rest = 0;  ///< Minor from bit 32, patch from bit 2, side.

    ReleaseCut() = default;
    ReleaseCut(std::uint64_t major, std::uint64_t minor, std::uint64_t patch, Side side) noexcept
        : major_number(major), rest((minor << 32) | (patch << 2) | side) {}

    [[nodiscard]] std::uint64_t minor_number() const noexcept { return rest >> 32; }
    [[nodiscard]] std::uint64_t patch_number() const noexcept { return (rest & 0xffffffff) >> 2; }
    [[nodiscard]] Side side() const noexcept { return static_cast<Side>(rest & 3); }

    /// REQUIRES: on the side before pre-releases.
    [[nodiscard]] ReleaseCut moved_to(Side side) const noexcept {
        ReleaseCut cut = *this;
        cut.rest |= side;
        return cut;
    }
    /// The form that VersionSet keeps: what follows a release directly is named by that release.
    [[nodiscard]] ReleaseCut canonical() const noexcept {
        ReleaseCut cut = *this;
        if (side() == kBeforePrereleases && patch_number() > 0)
            cut.rest = cut.rest - (1U << 2) + kAfterRelease;
        return cut;
    }

    friend auto operator<=>(const ReleaseCut&, const ReleaseCut&) = default;
};

/// One alternative. An upper end with the greatest number is no end.
struct SimpleRange {
    static constexpr std::uint64_t kNoEnd = ~std::uint64_t{0};

    ReleaseCut lower;       ///< Under PrereleaseRule::kDialect.
    ReleaseCut wide_lower;  ///< Under PrereleaseRule::kInclude.
    ReleaseCut upper = {kNoEnd, 0, 0, ReleaseCut::kBeforePrereleases};  ///< Under both.
};

/// Reads one alternative from `text`, up to the end or, in npm's dialect, to `||`, and takes what
/// was read off `text`. False when the text is not of the simple form, whether valid or not.
[[nodiscard]] bool read_simple_range(std::string_view& text, Dialect dialect,
                                     SimpleRange& range) noexcept;

}  // namespace catalog::version
