// A record store with any records in it: the cache over it gives what was put, or nothing, and
// keeps its bound.

#include <cstddef>
#include <cstdint>

#include "disk_cache.hpp"
#include "support/core/byte_feed.hpp"
#include "support/core/fake_clock.hpp"
#include "support/core/randoms.hpp"

using namespace catalog;
using fakes::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fakes::ByteFeed feed({reinterpret_cast<const char*>(data), size});
    const auto store = cache::make_memory_record_store();
    const auto clock = std::make_shared<fakes::FakeClock>();
    const auto random = std::make_shared<fakes::SeededRandom>(1);
    cache::DiskCache::Options options;
    options.bytes_max = 64 << 10;
    {
        // Records of an honest cache, some of which the input then replaces.
        cache::DiskCache cache(store, options, clock, random);
        for (const char* key : {"a", "b"}) cache.put(as_bytes(key), as_bytes("value"), {});
    }
    while (!feed.empty()) {
        const std::string key = feed.text();
        const cache::RecordStore::Change change{key, feed.text()};
        require(static_cast<bool>(store->write(std::span(&change, 1))));
    }
    cache::DiskCache cache(store, options, clock, random);
    for (const char* key : {"a", "b"})
        if (const auto found = cache.get(as_bytes(key))) require(as_text(found->value) == "value");
    cache.put(as_bytes("a"), as_bytes("new"), {});
    if (const auto found = cache.get(as_bytes("a"))) require(as_text(found->value) == "new");
    cache.erase(as_bytes("a"));
    require(!cache.get(as_bytes("a")));
    cache.erase_prefix({});
    require(!cache.get(as_bytes("b")));
    cache.clear();
    cache.put(as_bytes("a"), as_bytes("last"), {});
    require(cache.get(as_bytes("a")).has_value());
    require(cache.stats().entries == 1);
    return 0;
}
