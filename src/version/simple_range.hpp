#pragma once
// The ranges that nearly every package writes, read in one pass: comparators over release numbers,
// side by side or as alternatives. Everything else is left to the full readers, which agree with
// this one on all that it takes.

#include <cstdint>

#include "catalog/version/version_req.hpp"

namespace catalog::version {

/// One alternative: ends as class ReleaseKey has them.
struct SimpleRange {
    std::uint64_t lower = ReleaseKey::kStart;       ///< Under PrereleaseRule::kDialect.
    std::uint64_t wide_lower = ReleaseKey::kStart;  ///< Under PrereleaseRule::kInclude.
    std::uint64_t upper = ReleaseKey::kEnd;         ///< Under both.
};

/// Reads one alternative from `at`, up to `end` or, in npm's dialect, to `||`, and returns where it
/// stopped; null when the text is not of the simple form, whether valid or not. REQUIRES: a NUL at
/// `end`.
[[nodiscard]] const char* read_simple_range(const char* at, const char* end, Dialect dialect,
                                            SimpleRange& range) noexcept;

}  // namespace catalog::version
