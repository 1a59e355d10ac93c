#pragma once
// Owners of zstd's objects.

#include <zstd.h>

#include <memory>

namespace catalog::content {

struct FreeZstd {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
    void operator()(ZSTD_CDict* dictionary) const noexcept { ZSTD_freeCDict(dictionary); }
    void operator()(ZSTD_DDict* dictionary) const noexcept { ZSTD_freeDDict(dictionary); }
};

template <class T>
using ZstdOwner = std::unique_ptr<T, FreeZstd>;

/// Returns the level that zstd takes for one asked for.
[[nodiscard]] int zstd_level(int level) noexcept;

}  // namespace catalog::content
