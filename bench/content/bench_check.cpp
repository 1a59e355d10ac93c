// Checks a content store on disk and prints what that costs, as processor time of one thread with
// the files in memory. The store is made from the files of a folder where there is none yet, and
// stays for the next run.
//
//   bench_check FOLDER STORE [ROUNDS [THREADS]]   FOLDER is read only where STORE is not there;
//                                                 THREADS above 1: wall time, too

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "bench_store.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;
using namespace catalog::bench;

// All work is done by whoever asks for it.
class NoThreads final : public Executor {
public:
    void post(std::function<void()> /*task*/) override { throw std::bad_alloc(); }
    std::size_t concurrency() const noexcept override { return 1; }
};

// Bytes of all files that were stored, which the store itself does not know.
std::uint64_t logical_bytes(const std::string& place, const fs::path& folder) {
    const std::string note = place + "/logical";
    if (!fs::exists(note)) {
        BenchStore store(place);
        std::uint64_t stored = 0;
        for (const content::ObjectInfo& info : store.put_files(files_below(folder)))
            stored += info.size;
        std::ofstream(note) << stored;
    }
    std::uint64_t bytes = 0;
    std::ifstream(note) >> bytes;
    return bytes;
}

void time_check(BenchStore& store, const char* name, content::VerifyDepth depth, int rounds,
                std::uint64_t logical) {
    std::vector<double> cpu;
    std::vector<double> wall;
    content::VerifyReport report;
    for (int round = 0; round < rounds; ++round) {
        const double cpu_before = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
        const double wall_before = seconds_on(CLOCK_MONOTONIC);
        report = must(store.content->verify(depth, {}));
        cpu.push_back(seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu_before);
        wall.push_back(seconds_on(CLOCK_MONOTONIC) - wall_before);
        for (const content::Damage& damage : report.damages)
            stop(damage.where + ": " + damage.what);
    }
    std::sort(cpu.begin(), cpu.end());
    std::sort(wall.begin(), wall.end());
    const double seconds = cpu[cpu.size() / 2];
    std::printf("%-10s %7.3f CPU s (least %.3f), %7.3f s; %5.0f MB/s of files a core\n", name,
                seconds, cpu.front(), wall[wall.size() / 2],
                static_cast<double>(logical) * 1e-6 / seconds);
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc > 5) stop("usage: bench_check FOLDER STORE [ROUNDS [THREADS]]");
    const int rounds = argc > 3 ? std::max(1, std::atoi(argv[3])) : 5;
    const int threads = argc > 4 ? std::atoi(argv[4]) : 1;
    const std::uint64_t logical = logical_bytes(argv[2], argv[1]);
    BenchStore store(argv[2], [&](kv::OpenOptions&, content::ContentOptions& options) {
        options.executor = std::make_shared<NoThreads>();
        if (threads > 1) options.executor = make_thread_pool(static_cast<std::size_t>(threads) - 1);
    });
    const content::StorageStats stats = must(store.content->stats());
    std::printf("%.0f MB of files; %.0f MB in %llu objects, %.0f MB in %llu chunks, %.0f MB kept\n",
                static_cast<double>(logical) * 1e-6, static_cast<double>(stats.object_bytes) * 1e-6,
                static_cast<unsigned long long>(stats.objects),
                static_cast<double>(stats.chunk_bytes) * 1e-6,
                static_cast<unsigned long long>(stats.chunks),
                static_cast<double>(stats.stored_bytes) * 1e-6);
    rusage before{};
    getrusage(RUSAGE_SELF, &before);
    time_check(store, "structure", content::VerifyDepth::kStructure, rounds, logical);
    time_check(store, "full", content::VerifyDepth::kFull, rounds, logical);
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    std::printf("peak memory %.0f MB, before the checks %.0f MB\n",
                static_cast<double>(after.ru_maxrss) / 1024,
                static_cast<double>(before.ru_maxrss) / 1024);
    return 0;
}
