// Hit ratios of MemoryCache, of LRU, of the best content that never changes, and of Belady's
// optimum, which knows the future, over the same requests. Every value that a hit gives is compared
// with what the key stands for.
//
//   bench_cache_hit_ratio [REQUESTS]        6,000,000 by default, over 1,000,000 objects

#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <queue>

#include "catalog/cache/memory_cache.hpp"
#include "traces.hpp"

namespace {

using namespace catalog;

constexpr std::uint32_t kObjects = 1'000'000;
constexpr std::size_t kValueBytes = 300;
constexpr std::uint32_t kEntryBytes = 32 + 24 + 304;

double lru_ratio(const std::vector<std::uint32_t>& trace, std::size_t entries_max) {
    std::list<std::uint32_t> order;
    std::vector<std::list<std::uint32_t>::iterator> at(kObjects, order.end());
    std::size_t hits = 0;
    for (const std::uint32_t object : trace) {
        if (at[object] != order.end()) {
            ++hits;
            order.splice(order.begin(), order, at[object]);
            continue;
        }
        order.push_front(object);
        at[object] = order.begin();
        if (order.size() <= entries_max) continue;
        at[order.back()] = order.end();
        order.pop_back();
    }
    return static_cast<double>(hits) / static_cast<double>(trace.size());
}

double static_ratio(const std::vector<std::uint32_t>& trace, std::size_t entries_max) {
    std::vector<std::size_t> counts(kObjects);
    for (const std::uint32_t object : trace) ++counts[object];
    std::sort(counts.rbegin(), counts.rend());
    std::size_t hits = 0;  // All but the first request, which brings the object.
    for (std::size_t i = 0; i < entries_max && counts[i] > 0; ++i) hits += counts[i] - 1;
    return static_cast<double>(hits) / static_cast<double>(trace.size());
}

// Of all that is there the one goes that is asked for again last.
double belady_ratio(const std::vector<std::uint32_t>& trace, std::size_t entries_max) {
    constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> next(trace.size());
    std::vector<std::uint32_t> upcoming(kObjects, kNever);
    for (std::size_t i = trace.size(); i-- > 0;) {
        next[i] = upcoming[trace[i]];
        upcoming[trace[i]] = static_cast<std::uint32_t>(i);
    }
    std::priority_queue<std::pair<std::uint32_t, std::uint32_t>> by_next;
    std::vector<std::uint32_t> next_of(kObjects, 0);
    std::vector<bool> held(kObjects);
    std::size_t entries = 0;
    std::size_t hits = 0;
    for (std::size_t i = 0; i < trace.size(); ++i) {
        const std::uint32_t object = trace[i];
        if (held[object])
            ++hits;
        else
            ++entries;
        held[object] = true;
        next_of[object] = next[i];
        by_next.emplace(next[i], object);
        while (entries > entries_max) {
            const auto [when, furthest] = by_next.top();
            by_next.pop();
            if (!held[furthest] || next_of[furthest] != when) continue;
            held[furthest] = false;
            --entries;
        }
    }
    return static_cast<double>(hits) / static_cast<double>(trace.size());
}

double cache_ratio(const std::vector<std::uint32_t>& trace, std::size_t entries_max,
                   std::uint64_t& entries) {
    cache::MemoryCacheOptions options;
    options.entry_bytes_expected = kEntryBytes;
    options.bytes_max = 1 << 16;
    const auto random = make_system_random();
    const std::shared_ptr<const Clock> clock = make_system_clock();
    auto made = cache::MemoryCache::make(options, clock, *random);
    // Index and ghosts come on top of what entries take.
    const double share = static_cast<double>((*made)->entry_room()) / (1 << 16);
    options.bytes_max = static_cast<std::uint64_t>(
        static_cast<double>(entries_max * std::uint64_t{kEntryBytes}) / share);
    made = cache::MemoryCache::make(options, clock, *random);
    if (!made) std::exit(1);
    cache::MemoryCache& cache = **made;
    Bytes value;
    Bytes fresh(kValueBytes);
    std::size_t hits = 0;
    for (const std::uint32_t object : trace) {
        const std::string key = bench::key_of(object);
        if (cache.find(as_bytes(key), value)) {
            ++hits;
            if (std::memcmp(value.data(), &object, sizeof object) != 0) std::exit(2);
            continue;
        }
        std::memcpy(fresh.data(), &object, sizeof object);
        (void)cache.put(as_bytes(key), fresh);
    }
    entries = cache.stats().entries;
    return static_cast<double>(hits) / static_cast<double>(trace.size());
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t requests =
        argc > 1 ? static_cast<std::size_t>(std::atoll(argv[1])) : 6'000'000;
    std::printf(
        "| Zipf | entries | LRU | cache | points | best static | of it | Belady | held |\n");
    std::printf("|---|---|---|---|---|---|---|---|---|\n");
    for (const double skew : {0.9, 1.0, 1.2}) {
        const auto trace = bench::zipf_trace(kObjects, skew, requests, 1);
        for (const std::size_t entries_max : {1'000u, 10'000u, 100'000u}) {
            std::uint64_t entries = 0;
            const double lru = lru_ratio(trace, entries_max);
            const double ours = cache_ratio(trace, entries_max, entries);
            const double best = static_ratio(trace, entries_max);
            std::printf("| %.1f | %zu | %.3f | %.3f | %+.1f | %.3f | %.1f %% | %.3f | %llu |\n",
                        skew, entries_max, lru, ours, (ours - lru) * 100, best, ours / best * 100,
                        belady_ratio(trace, entries_max), static_cast<unsigned long long>(entries));
            std::fflush(stdout);
        }
    }
}
