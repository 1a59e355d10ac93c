#pragma once
// Propagation of errors inside the library's own sources. Never installed.

#include "catalog/core/result.hpp"

#define CATALOG_TRY_JOIN(a, b) a##b
#define CATALOG_TRY_NAME(a, b) CATALOG_TRY_JOIN(a, b)
#define CATALOG_TRY_ASSIGN(temporary, target, expression)                 \
    auto temporary = (expression);                                        \
    if (!temporary) return ::catalog::fail(std::move(temporary).error()); \
    target = *std::move(temporary)

/// `CATALOG_TRY(auto x, f());` - evaluates `f()`, returns its error from this function, else binds
/// the value.
#define CATALOG_TRY(target, ...) \
    CATALOG_TRY_ASSIGN(CATALOG_TRY_NAME(catalog_try_, __COUNTER__), target, (__VA_ARGS__))

/// `CATALOG_TRY_VOID(f());` - evaluates `f()`, returns its error from this function.
#define CATALOG_TRY_VOID(...)                                              \
    do {                                                                   \
        if (auto catalog_try_result = (__VA_ARGS__); !catalog_try_result)  \
            return ::catalog::fail(std::move(catalog_try_result).error()); \
    } while (false)
