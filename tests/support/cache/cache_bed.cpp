#include "support/cache/cache_bed.hpp"

#include <stdexcept>

#include "support/core/randoms.hpp"

namespace catalog::cache::testing {

std::unique_ptr<MemoryCache> must_make(const MemoryCacheOptions& options,
                                       std::shared_ptr<const Clock> clock) {
    fakes::SeededRandom random(42);
    auto made = MemoryCache::make(options, std::move(clock), random);
    if (!made) throw std::runtime_error(made.error().to_string());
    return *std::move(made);
}

MemoryCacheOptions small_cache(std::uint64_t bytes_max, std::uint32_t entry_bytes_expected) {
    MemoryCacheOptions options;
    options.bytes_max = bytes_max;
    options.entry_bytes_expected = entry_bytes_expected;
    options.shards = 1;
    return options;
}

std::string value_of(std::string_view name, std::uint64_t version, std::size_t bytes) {
    const std::string piece = std::to_string(version) + "/" + std::string(name) + ";";
    std::string value;
    while (value.size() < bytes || value.empty()) value += piece;
    return value;
}

std::uint64_t version_in(std::string_view name, std::string_view value) {
    std::size_t digits = 0;
    const std::uint64_t version = std::stoull(std::string(value.substr(0, 20)), &digits);
    const std::string piece = std::to_string(version) + "/" + std::string(name) + ";";
    if (value.size() % piece.size() != 0) throw std::runtime_error("a value of another length");
    for (std::size_t at = 0; at < value.size(); at += piece.size())
        if (value.substr(at, piece.size()) != piece)
            throw std::runtime_error("a value mixed of several: " + std::string(value));
    return version;
}

}  // namespace catalog::cache::testing
