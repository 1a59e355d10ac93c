// Stores every file of a folder in a new content store on disk, reads it back and compares, and
// prints what each step cost. Where tar and zstd are installed they pack the same folder in the
// same run, for comparison.
//
//   bench_content FOLDER [STORE]     STORE: a folder to make and remove (default: beside the
//                                    temporary files of the machine)

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench_store.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;
using namespace catalog::bench;

struct Usage {
    double wall = 0;
    double cpu = 0;
};

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

Usage usage_now() {
    Usage now;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        getrusage(who, &usage);
        now.cpu += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    }
    now.wall =
        std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    return now;
}

double peak_megabytes(int who) {
    rusage usage{};
    getrusage(who, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

Usage measure(const std::function<void()>& work) {
    const Usage before = usage_now();
    work();
    const Usage after = usage_now();
    return {after.wall - before.wall, after.cpu - before.cpu};
}

void print(const char* step, const Usage& used, std::uint64_t bytes, const std::string& note) {
    const double megabytes = static_cast<double>(bytes) * 1e-6;
    std::printf("%-26s %8.2f s wall %8.2f s CPU %8.0f MB/CPU-s   %s\n", step, used.wall, used.cpu,
                megabytes / std::max(used.cpu, 1e-9), note.c_str());
    std::fflush(stdout);
}

struct File {
    std::string path;
    std::uint64_t size = 0;
    ContentHash id;
};

std::vector<File> list_files(const fs::path& folder) {
    std::vector<File> files;
    for (std::string& path : files_below(folder)) {
        const std::uint64_t size = fs::file_size(path);
        files.push_back({std::move(path), size, {}});
    }
    return files;
}

void put(BenchStore& store, std::vector<File>& files) {
    const auto infos = store.put(files.size(), [&](std::size_t i) {
        return source_of_file(must(store.file_system->open_read(files[i].path)));
    });
    for (std::size_t i = 0; i < files.size(); ++i) {
        files[i].id = infos[i].id;
        files[i].size = infos[i].size;
    }
}

void check_contents(BenchStore& store, const std::vector<File>& files) {
    Bytes expected;
    for (const File& file : files) {
        const auto opened = must(store.file_system->open_read(file.path));
        std::uint64_t offset = 0;
        must(store.content->retrieve(
            file.id,
            [&](ByteView piece) -> Result<void> {
                expected.resize(piece.size());
                if (must(opened->read_at(offset, expected)) != piece.size() ||
                    !std::equal(piece.begin(), piece.end(), expected.begin()))
                    stop(file.path + " came back with other bytes");
                offset += piece.size();
                return {};
            },
            CallContext()));
        if (offset != file.size) stop(file.path + " came back with another length");
    }
}

void read_all(BenchStore& store, const std::vector<File>& files) {
    for (const File& file : files)
        must(store.content->retrieve(
            file.id, [](ByteView) { return Result<void>(); }, CallContext()));
}

void run_peer(const char* name, const std::string& zstd_options, const fs::path& folder,
              const fs::path& out, std::uint64_t bytes) {
    const std::string command = "tar -cf - -C '" + folder.string() + "' . 2>/dev/null | zstd " +
                                zstd_options + " -q -c > '" + out.string() + "'";
    bool worked = false;
    const Usage used = measure([&] { worked = std::system(command.c_str()) == 0; });
    if (!worked) {
        std::printf("%-26s not available\n", name);
        return;
    }
    const std::uint64_t size = fs::file_size(out);
    print(name, used, bytes,
          std::to_string(size) + " bytes, 1:" +
              std::to_string(static_cast<double>(bytes) / static_cast<double>(size)));
    fs::remove(out);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) stop("usage: bench_content FOLDER [STORE]");
    const fs::path folder = argv[1];
    const fs::path place =
        argc == 3 ? fs::path(argv[2])
                  : fs::temp_directory_path() / ("bench_content." + std::to_string(std::rand()));
    if (fs::exists(place)) stop(place.string() + " is there already");
    std::vector<File> files = list_files(folder);
    std::uint64_t bytes = 0;
    for (const File& file : files) bytes += file.size;
    std::printf("%zu files, %llu bytes in %s\n", files.size(),
                static_cast<unsigned long long>(bytes), folder.c_str());

    {
        BenchStore store(place.string());
        const Usage first = measure([&] { put(store, files); });
        const double peak = peak_megabytes(RUSAGE_SELF);
        check_contents(store, files);
        const content::StorageStats stats = must(store.content->stats());
        const std::uint64_t database = must(store.database->disk_bytes());
        print("store", first, bytes,
              std::to_string(stats.stored_bytes) + " bytes in packs, " + std::to_string(database) +
                  " in the database, 1:" +
                  std::to_string(static_cast<double>(bytes) /
                                 static_cast<double>(stats.stored_bytes + database)) +
                  ", peak " + std::to_string(peak) + " MB");
        std::printf("%-26s %llu objects, %llu chunks, %llu bytes of distinct chunks\n", "",
                    static_cast<unsigned long long>(stats.objects),
                    static_cast<unsigned long long>(stats.chunks),
                    static_cast<unsigned long long>(stats.chunk_bytes));
        print("store again (all known)", measure([&] { put(store, files); }), bytes, "");
        content::RepackReport repacked;
        const Usage repack =
            measure([&] { repacked = must(store.content->repack({}, CallContext())); });
        print("repack, level 9", repack, bytes,
              std::to_string(must(store.content->stats()).stored_bytes) + " bytes in packs, " +
                  std::to_string(repacked.packs_left) + " packs left");
        print("read back, verified", measure([&] { read_all(store, files); }), bytes, "");
        const Usage verify = measure([&] {
            const auto report = must(store.content->verify(content::VerifyDepth::kFull, {}));
            if (!report.damages.empty()) stop("verification found damage");
        });
        print("verify, full", verify, bytes, "");
        std::printf("peak memory of the process: %.0f MB\n", peak_megabytes(RUSAGE_SELF));
    }
    run_peer("tar, zstd -3", "-3", folder, place / "peer", bytes);
    run_peer("tar, zstd -3 --long=27", "-3 --long=27", folder, place / "peer", bytes);
    fs::remove_all(place);
    return 0;
}
