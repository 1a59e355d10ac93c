#pragma once
// The ranges that nearly every package writes, read in one pass: comparators over release numbers,
// side by side or as alternatives. Everything else is left to the full readers, which agree with
// this one on all that it takes.

#include <cstdint>
#include <string_view>

#include "catalog/version/version_req.hpp"

namespace catalog::version {

/// One alternative: ends as class ReleaseKey has them.
struct SimpleRange {
    std::uint64_t lower = ReleaseKey::kStart;       ///< Under PrereleaseRule::kDialect.
    std::uint64_t wide_lower = ReleaseKey::kStart;  ///< Under PrereleaseRule::kInclude.
    std::uint64_t upper = ReleaseKey::kEnd;         ///< Under both.
};

/// Reads one alternative from `text`, up to the end or, in npm's dialect, to `||`, and takes what
/// was read off `text`. False when the text is not of the simple form, whether valid or not.
[[nodiscard]] bool read_simple_range(std::string_view& text, Dialect dialect,
                                     SimpleRange& range) noexcept;

}  // namespace catalog::version
