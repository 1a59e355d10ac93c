// What a hit costs: MemoryCache against a list and a hash table under one lock, with one thread and
// with two, in the same run. Keys follow Zipf 1.0. Times are CPU time of the threads, per lookup.
//
//   bench_cache_memory [ROUNDS [ENTRIES]]   3 rounds by default, of which the best counts, over
//                                           1,000, 10,000 and 400,000 entries

#include <time.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "catalog/cache/memory_cache.hpp"
#include "traces.hpp"

namespace {

using namespace catalog;

constexpr std::size_t kValueBytes = 300;
constexpr std::size_t kLookups = 2'000'000;

double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

struct Load {
    std::vector<std::string> keys;
    std::vector<std::uint32_t> trace;
    std::vector<std::string> asked;  ///< Keys in the order of the trace: who asks has his at hand.
};

// Calls `look` for every request of each thread's part of the trace; returns nanoseconds of CPU
// time a lookup.
double timed(const Load& load, unsigned threads,
             const std::function<void(std::size_t begin, std::size_t end)>& look) {
    std::vector<std::thread> running;
    std::vector<double> spent(threads);
    std::atomic<unsigned> ready{0};
    const std::size_t part = load.trace.size() / threads;
    for (unsigned i = 0; i < threads; ++i)
        running.emplace_back([&, i] {
            ++ready;
            while (ready != threads) std::this_thread::yield();
            const double begin = cpu_ns();
            look(i * part, (i + 1) * part);
            spent[i] = cpu_ns() - begin;
        });
    for (std::thread& thread : running) thread.join();
    double sum = 0;
    for (const double each : spent) sum += each;
    return sum / static_cast<double>(part * threads);
}

void run(std::uint32_t objects, int rounds) {
    Load load;
    load.trace = bench::zipf_trace(objects, 1.0, kLookups, 7);
    for (std::uint32_t i = 0; i < objects; ++i) load.keys.push_back(bench::key_of(i));
    for (const std::uint32_t object : load.trace) load.asked.push_back(load.keys[object]);
    cache::MemoryCacheOptions options;
    options.entry_bytes_expected = 360;
    options.bytes_max = std::max<std::uint64_t>(std::uint64_t{objects} * 600, 2 << 20);
    const auto random = make_system_random();
    auto made = cache::MemoryCache::make(options, make_system_clock(), *random);
    if (!made) std::exit(1);
    cache::MemoryCache& cache = **made;
    bench::MutexLru lru(objects);
    Bytes fresh(kValueBytes);
    for (std::uint32_t i = 0; i < objects; ++i) {
        std::memcpy(fresh.data(), &i, sizeof i);
        (void)cache.put(as_bytes(load.keys[i]), fresh);
        lru.put(load.keys[i], std::make_shared<std::string>(as_text(fresh)));
    }
    std::atomic<std::size_t> wrong{0};
    const auto look_ours = [&](std::size_t begin, std::size_t end) {
        Bytes value;
        for (std::size_t i = begin; i < end; ++i)
            if (!cache.find(as_bytes(load.asked[i]), value) ||
                std::memcmp(value.data(), &load.trace[i], 4) != 0)
                ++wrong;
    };
    const auto look_lru = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i)
            if (const auto value = lru.find(load.asked[i]);
                !value || std::memcmp(value->data(), &load.trace[i], 4) != 0)
                ++wrong;
    };
    // As much as the cache does: the caller gets bytes of its own.
    const auto copy_lru = [&](std::size_t begin, std::size_t end) {
        std::string copy;
        for (std::size_t i = begin; i < end; ++i) {
            if (const auto value = lru.find(load.asked[i])) copy = *value;
            if (std::memcmp(copy.data(), &load.trace[i], 4) != 0) ++wrong;
        }
    };
    for (const unsigned threads : {1u, 2u}) {
        double ours = 1e9;
        double shared = 1e9;
        double copied = 1e9;
        for (int round = 0; round < rounds; ++round) {
            ours = std::min(ours, timed(load, threads, look_ours));
            shared = std::min(shared, timed(load, threads, look_lru));
            copied = std::min(copied, timed(load, threads, copy_lru));
        }
        std::printf("| %u | %u | %.1f | %.1f | %.1f | %.1f |\n", objects, threads, ours, copied,
                    shared, copied / ours);
        std::fflush(stdout);
    }
    if (wrong != 0) {
        std::printf("%zu lookups found nothing or a wrong value\n", wrong.load());
        std::exit(2);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 3;
    std::printf("| entries | threads | cache | LRU, value copied | LRU, value shared | ratio |\n");
    std::printf("|---|---|---|---|---|---|\n");
    if (argc > 2) return run(static_cast<std::uint32_t>(std::atoi(argv[2])), rounds), 0;
    for (const std::uint32_t objects : {1'000u, 10'000u, 400'000u}) run(objects, rounds);
}
