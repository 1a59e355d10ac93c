#pragma once
// Caches, keys and values for the tests of module cache.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/cache/memory_cache.hpp"
#include "catalog/core/bytes.hpp"
#include "catalog/core/clock.hpp"

namespace catalog::cache::testing {

/// Makes a cache with a fixed seed; throws, and so fails the test, when that fails.
[[nodiscard]] std::unique_ptr<MemoryCache> must_make(const MemoryCacheOptions& options,
                                                     std::shared_ptr<const Clock> clock);

/// Returns options for a cache of one shard.
[[nodiscard]] MemoryCacheOptions small_cache(std::uint64_t bytes_max,
                                             std::uint32_t entry_bytes_expected = 256);

/// Returns a value that says what it belongs to: a text with `name` and `version` in it, repeated
/// to `bytes` bytes.
[[nodiscard]] std::string value_of(std::string_view name, std::uint64_t version, std::size_t bytes);

/// Returns the version that `value_of` wrote into a value for `name`; throws where the value is
/// not exactly such a one.
[[nodiscard]] std::uint64_t version_in(std::string_view name, std::string_view value);

}  // namespace catalog::cache::testing
