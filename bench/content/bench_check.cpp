// Checks a content store on disk and prints what that costs, as processor time of one thread with
// the files in memory. The store is made from the files of a folder where there is none yet, and
// stays for the next run.
//
//   bench_check FOLDER STORE [ROUNDS [THREADS]]   FOLDER is read only where STORE is not there;
//                                                 THREADS above 1: wall time, too

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;

constexpr content::ContentFamilies kFamilies{kv::Family{0}, kv::Family{1}, kv::Family{2},
                                             kv::Family{3}};
constexpr std::uint64_t kCommitBytes = 64u << 20;

[[noreturn]] void stop(const std::string& what) {
    std::fprintf(stderr, "bench_check: %s\n", what.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) stop(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double wall_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// All work is done by whoever asks for it.
class NoThreads final : public Executor {
public:
    void post(std::function<void()> /*task*/) override { throw std::bad_alloc(); }
    std::size_t concurrency() const noexcept override { return 1; }
};

class Store {
public:
    Store(const std::string& folder, std::shared_ptr<Executor> executor) {
        kv::OpenOptions database_options;
        database_options.families = {"chunks", "objects", "references", "packs"};
        database_options.create_if_missing = true;
        fs::create_directories(folder);
        database_ = must(kv::open_rocksdb(file_system_, folder + "/db", database_options));
        queue_ = std::make_unique<kv::CommitQueue>(*database_);
        content::ContentOptions options;
        options.file_system = file_system_;
        options.directory = folder;
        options.store = database_.get();
        options.queue = queue_.get();
        options.families = kFamilies;
        options.clock = make_system_clock();
        options.executor = std::move(executor);
        options.random = make_system_random();
        content = must(content::ContentAddressedStorage::open(std::move(options)));
        queue_->add_group_hook(
            [this](kv::WriteBatch& batch) { return content->before_commit(batch); });
    }
    ~Store() { queue_->close(); }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Stores every file under its path.
    void put(const fs::path& folder) {
        std::vector<fs::path> paths;
        for (const auto& entry : fs::recursive_directory_iterator(folder))
            if (entry.is_regular_file() && !entry.is_symlink()) paths.push_back(entry.path());
        std::sort(paths.begin(), paths.end());
        auto session = must(content->begin());
        std::uint64_t bytes = 0;
        for (const fs::path& path : paths) {
            std::ifstream file(path, std::ios::binary);
            const content::ByteSource source =
                [&](std::span<std::byte> out) -> Result<std::size_t> {
                file.read(reinterpret_cast<char*>(out.data()),
                          static_cast<std::streamsize>(out.size()));
                return static_cast<std::size_t>(file.gcount());
            };
            const auto info = must(session->put(source));
            must(session->add_reference(path.lexically_relative(folder).string(), info.id));
            bytes += info.size;
            logical_ += info.size;
            if (bytes < kCommitBytes) continue;
            commit(*session);
            session = must(content->begin());
            bytes = 0;
        }
        commit(*session);
    }
    [[nodiscard]] std::uint64_t logical() const { return logical_; }

private:
    void commit(content::ContentTransaction& session) {
        kv::Commit commit;
        must(session.stage(commit.batch));
        must(queue_->submit(std::move(commit)));
    }

    std::shared_ptr<io::FileSystem> file_system_ = io::make_posix_file_system();
    std::unique_ptr<kv::KeyValueStore> database_;
    std::unique_ptr<kv::CommitQueue> queue_;
    std::uint64_t logical_ = 0;

public:
    std::unique_ptr<content::ContentAddressedStorage> content;
};

// Bytes of all files that were stored, which the store itself does not know.
std::uint64_t logical_bytes(const std::string& place, const fs::path& folder) {
    const std::string note = place + "/logical";
    if (!fs::exists(note)) {
        Store store(place, make_thread_pool());
        store.put(folder);
        std::ofstream(note) << store.logical();
    }
    std::uint64_t bytes = 0;
    std::ifstream(note) >> bytes;
    return bytes;
}

void time_check(Store& store, const char* name, content::VerifyDepth depth, int rounds,
                std::uint64_t logical) {
    std::vector<double> cpu;
    std::vector<double> wall;
    content::VerifyReport report;
    for (int round = 0; round < rounds; ++round) {
        const double cpu_before = cpu_seconds();
        const double wall_before = wall_seconds();
        report = must(store.content->verify(depth, {}));
        cpu.push_back(cpu_seconds() - cpu_before);
        wall.push_back(wall_seconds() - wall_before);
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
    Store store(argv[2], threads > 1 ? make_thread_pool(static_cast<std::size_t>(threads) - 1)
                                     : std::shared_ptr<Executor>(std::make_shared<NoThreads>()));
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
