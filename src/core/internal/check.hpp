#pragma once
// Checks of internal invariants. A guest does not abort its host: a broken invariant is an error
// that says so.

#include <cassert>

#include "catalog/core/result.hpp"

#define CATALOG_CHECK_QUOTE(x) #x
#define CATALOG_CHECK_TEXT(x) CATALOG_CHECK_QUOTE(x)

/// Returns Errc::kInternal from this function (which returns a Result) when `condition` does not
/// hold.
#define CATALOG_CHECK(condition)                                                  \
    do {                                                                          \
        if (!(condition))                                                         \
            return ::catalog::fail(::catalog::Errc::kInternal,                    \
                                   "broken invariant " #condition " at " __FILE__ \
                                   ":" CATALOG_CHECK_TEXT(__LINE__));             \
    } while (false)

/// Checks in debug and sanitizer builds only.
#define CATALOG_ASSERT(condition) assert(condition)
