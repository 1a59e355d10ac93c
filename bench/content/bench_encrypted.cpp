// Stores every file of a folder in a new store in the clear and in an encrypted one, database
// included, back to back and in changing order, reads both back, and prints medians of the CPU time
// of the process.
//
//   bench_encrypted FOLDER [ROUNDS]     ROUNDS: 5 unless said; stores go to the machine's folder
//                                       for temporary files

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench_store.hpp"
#include "catalog/content/store_key.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;
using namespace catalog::bench;

double cost_of(const std::function<void()>& work) {
    const double before = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
    work();
    return seconds_on(CLOCK_PROCESS_CPUTIME_ID) - before;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// Every file of the folder in memory: the disk is not what is measured.
std::vector<Bytes> load(const fs::path& folder) {
    const auto files = io::make_posix_file_system();
    std::vector<Bytes> contents;
    for (const std::string& path : files_below(folder)) {
        const std::string text = must(io::read_file(*files, path, 1u << 30));
        const ByteView bytes = as_bytes(text);
        contents.emplace_back(bytes.begin(), bytes.end());
    }
    return contents;
}

// Opens a store whose database and packs are encrypted, with a key of its own.
void encrypt(kv::OpenOptions& database, content::ContentOptions& options) {
    const auto key = must(content::StoreKey::generate(*options.random));
    database.encryption_key = key->database_key();
    auto encryption = std::make_shared<content::StoreEncryption>();
    encryption->keys.add(content::KeyGeneration{1}, key);
    encryption->random = options.random;
    options.packs.encryption = std::move(encryption);
}

void read_all(BenchStore& store, const std::vector<content::ObjectInfo>& infos) {
    for (const content::ObjectInfo& info : infos)
        must(store.content->retrieve(
            info.id, [](ByteView) { return Result<void>(); }, CallContext()));
}

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
                BenchStore store(place.string(), encrypted == 1 ? encrypt : BenchStore::Adjust());
                std::vector<content::ObjectInfo> ids;
                cost.put.push_back(cost_of([&] { ids = store.put(files); }));
                cost.read.push_back(cost_of([&] { read_all(store, ids); }));
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
