// Stores every file of a folder in a new store in the clear and in an encrypted one, database
// included, back to back and in changing order, reads both back, and prints medians of the CPU time
// of the process.
//
//   bench_encrypted FOLDER [ROUNDS]     ROUNDS: 5 unless said; stores go to the machine's folder
//                                       for temporary files

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/content/store_key.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;

constexpr content::ContentFamilies kFamilies{kv::Family{0}, kv::Family{1}, kv::Family{2},
                                             kv::Family{3}};
constexpr std::uint64_t kCommitBytes = 64u << 20;

[[noreturn]] void stop(const std::string& what) {
    std::fprintf(stderr, "bench_encrypted: %s\n", what.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) stop(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

double cost_of(const std::function<void()>& work) {
    const double before = cpu_seconds();
    work();
    return cpu_seconds() - before;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Every file of the folder in memory: the disk is not what is measured.
std::vector<Bytes> load(const fs::path& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && !entry.is_symlink()) paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    const auto files = io::make_posix_file_system();
    std::vector<Bytes> contents;
    for (const std::string& path : paths) {
        const std::string text = must(io::read_file(*files, path, 1u << 30));
        const ByteView bytes = as_bytes(text);
        contents.emplace_back(bytes.begin(), bytes.end());
    }
    return contents;
}

struct Store {
    std::shared_ptr<io::FileSystem> file_system = io::make_posix_file_system();
    std::unique_ptr<kv::KeyValueStore> database;
    std::unique_ptr<kv::CommitQueue> queue;
    std::unique_ptr<content::ContentAddressedStorage> content;

    Store(const std::string& folder, bool encrypted) {
        const std::shared_ptr<Random> random = make_system_random();
        const auto key = must(content::StoreKey::generate(*random));
        kv::OpenOptions database_options;
        database_options.families = {"chunks", "objects", "references", "packs"};
        database_options.create_if_missing = true;
        if (encrypted) database_options.encryption_key = key->database_key();
        fs::create_directories(folder);
        database = must(kv::open_rocksdb(file_system, folder + "/db", database_options));
        queue = std::make_unique<kv::CommitQueue>(*database);
        content::ContentOptions options;
        options.file_system = file_system;
        options.directory = folder;
        options.store = database.get();
        options.queue = queue.get();
        options.families = kFamilies;
        options.clock = make_system_clock();
        options.executor = make_thread_pool();
        options.random = random;
        if (encrypted) {
            auto encryption = std::make_shared<content::StoreEncryption>();
            encryption->keys.add(content::KeyGeneration{1}, key);
            encryption->random = random;
            options.packs.encryption = std::move(encryption);
        }
        content = must(content::ContentAddressedStorage::open(std::move(options)));
        queue->add_group_hook(
            [this](kv::WriteBatch& batch) { return content->before_commit(batch); });
    }
    ~Store() { queue->close(); }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    std::vector<ContentHash> put(const std::vector<Bytes>& files) {
        std::vector<ContentHash> ids;
        auto session = must(content->begin());
        std::uint64_t bytes = 0;
        for (const Bytes& file : files) {
            std::size_t at = 0;
            const auto info = must(session->put([&](std::span<std::byte> out) {
                const std::size_t count = std::min(out.size(), file.size() - at);
                std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
                at += count;
                return Result<std::size_t>(count);
            }));
            must(session->add_reference("bench", info.id));
            ids.push_back(info.id);
            bytes += file.size();
            if (bytes < kCommitBytes) continue;
            commit(*session);
            session = must(content->begin());
            bytes = 0;
        }
        commit(*session);
        return ids;
    }

    void read(const std::vector<ContentHash>& ids) {
        for (const ContentHash& id : ids)
            must(content->retrieve(id, [](ByteView) { return Result<void>(); }, CallContext()));
    }

private:
    void commit(content::ContentTransaction& session) {
        kv::Commit commit;
        must(session.stage(commit.batch));
        must(queue->submit(std::move(commit)));
    }
};

struct Costs {
    std::vector<double> put;
    std::vector<double> read;
    std::uint64_t stored = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 3) stop("usage: bench_encrypted FOLDER [ROUNDS]");
    const std::vector<Bytes> files = load(argv[1]);
    const int rounds = argc == 3 ? std::atoi(argv[2]) : 5;
    std::uint64_t bytes = 0;
    for (const Bytes& file : files) bytes += file.size();
    std::printf("%zu files, %llu bytes\n", files.size(), static_cast<unsigned long long>(bytes));
    const fs::path place =
        fs::temp_directory_path() / ("bench_encrypted." + std::to_string(std::rand()));
    Costs costs[2];
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
        for (int turn = 0; turn < 2; ++turn) {
            const int encrypted = (turn + round) % 2;
            Costs& cost = costs[encrypted];
            {
                Store store(place.string(), encrypted == 1);
                std::vector<ContentHash> ids;
                cost.put.push_back(cost_of([&] { ids = store.put(files); }));
                cost.read.push_back(cost_of([&] { store.read(ids); }));
                cost.stored = must(store.content->stats()).stored_bytes;
            }
            fs::remove_all(place);
        }
        ratios.push_back(costs[1].put.back() / costs[0].put.back());
    }
    for (int encrypted = 0; encrypted < 2; ++encrypted)
        std::printf("%-10s put %7.3f s CPU   read back %7.3f s CPU   %llu bytes in packs\n",
                    encrypted == 1 ? "encrypted" : "clear", median(costs[encrypted].put),
                    median(costs[encrypted].read),
                    static_cast<unsigned long long>(costs[encrypted].stored));
    std::printf("put, encrypted by clear: median of %d pairs %.3f, of medians %.3f\n", rounds,
                median(ratios), median(costs[1].put) / median(costs[0].put));
    return 0;
}
