#pragma once
// What a Dictionary holds, for Compressor.

#include "catalog/content/dictionary.hpp"
#include "zstd_handles.hpp"

namespace catalog::content {

struct Dictionary::Impl {
    std::uint32_t number = 0;
    ZstdOwner<ZSTD_CDict> compression;  // Null when it is for decoding alone.
    ZstdOwner<ZSTD_DDict> decompression;
};

}  // namespace catalog::content
