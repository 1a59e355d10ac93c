// Cutting: every way of the windowed chunker against FastCDC, over the files of a folder and over
// random bytes. All ways are compared before they are timed; CPU time of the thread, best of some
// runs. For each algorithm also what it finds again: bytes of different chunks.
//
//   bench_chunker FOLDER

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/content/chunker.hpp"
#include "catalog/merkle/hash.hpp"
#include "chunkers.hpp"

namespace {

using catalog::Bytes;
using catalog::ByteView;
using catalog::ContentHash;
namespace content = catalog::content;
namespace merkle = catalog::merkle;
using content::ChunkAlgorithm;
using content::ChunkProfile;
using content::ContentChunker;

constexpr std::size_t kSampleBytes = std::size_t{64} << 20;
constexpr int kRuns = 7;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::vector<std::size_t> cuts_of(ContentChunker& chunker, ByteView bytes) {
    std::vector<std::size_t> cuts;
    chunker.reset();
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto scan = chunker.scan(bytes.subspan(at));
        at += scan.bytes;
        if (scan.boundary) cuts.push_back(at);
    }
    if (cuts.empty() || cuts.back() != at) cuts.push_back(at);
    return cuts;
}

// The files of a folder, one after the other, in the order of their names.
std::vector<Bytes> read_files(const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && entry.file_size() > 0) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<Bytes> files;
    for (const std::string& path : paths) {
        Bytes bytes(std::filesystem::file_size(path));
        std::ifstream(path, std::ios::binary)
            .read(reinterpret_cast<char*>(bytes.data()),
                  static_cast<std::streamsize>(bytes.size()));
        files.push_back(std::move(bytes));
    }
    return files;
}

void time_one(const char* name, ContentChunker& chunker, ByteView bytes,
              const std::vector<std::size_t>& expected) {
    if (cuts_of(chunker, bytes) != expected) {
        std::printf("%-22s cuts elsewhere\n", name);
        return;
    }
    double best = 1e9;
    for (int run = 0; run < kRuns; ++run) {
        const double begin = cpu_seconds();
        chunker.reset();
        for (std::size_t at = 0; at < bytes.size();) at += chunker.scan(bytes.subspan(at)).bytes;
        best = std::min(best, cpu_seconds() - begin);
    }
    std::printf("%-22s %7.2f GB/s, %zu chunks\n", name,
                static_cast<double>(bytes.size()) / best / 1e9, expected.size());
}

void time_all(const char* what, ByteView bytes) {
    std::printf("%s, %zu bytes\n", what, bytes.size());
    ChunkProfile fast;
    fast.algorithm = ChunkAlgorithm::kFastCdc2020;
    const auto fastcdc = content::make_fastcdc_chunker(fast);
    time_one("FastCDC", *fastcdc, bytes, cuts_of(*fastcdc, bytes));
    const ChunkProfile profile;
    const auto scalar = content::make_windowed_chunker(profile, content::search_cut_scalar);
    const std::vector<std::size_t> expected = cuts_of(*scalar, bytes);
    time_one("windowed, scalar", *scalar, bytes, expected);
    const auto& searches = content::cut_searches();
    if (searches.avx2 != nullptr)
        time_one("windowed, AVX2", *content::make_windowed_chunker(profile, searches.avx2), bytes,
                 expected);
    if (searches.avx512 != nullptr)
        time_one("windowed, AVX-512", *content::make_windowed_chunker(profile, searches.avx512),
                 bytes, expected);
}

void count_duplicates(const char* name, const ChunkProfile& profile,
                      const std::vector<Bytes>& files) {
    const auto chunker = std::move(content::make_chunker(profile).value());
    std::unordered_map<ContentHash, std::size_t> chunks;
    std::size_t total = 0;
    std::size_t count = 0;
    for (const Bytes& file : files) {
        std::size_t before = 0;
        for (const std::size_t cut : cuts_of(*chunker, file)) {
            chunks.emplace(merkle::hash_of(ByteView(file).subspan(before, cut - before)),
                           cut - before);
            before = cut;
            ++count;
        }
        total += file.size();
    }
    std::size_t different = 0;
    for (const auto& [id, bytes] : chunks) different += bytes;
    std::printf("%-22s %zu chunks, %zu different; %zu of %zu bytes different, 1:%.3f\n", name,
                count, chunks.size(), different, total,
                static_cast<double>(total) / static_cast<double>(different));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: bench_chunker FOLDER\n");
        return 2;
    }
    const std::vector<Bytes> files = read_files(argv[1]);
    Bytes sample;
    for (const Bytes& file : files)
        if (sample.size() < kSampleBytes) sample.insert(sample.end(), file.begin(), file.end());
    sample.resize(std::min(sample.size(), kSampleBytes));
    time_all("files", sample);
    Bytes noise(kSampleBytes);
    std::mt19937_64 random(1);
    for (std::byte& byte : noise) byte = static_cast<std::byte>(random());
    time_all("random bytes", noise);
    for (const std::uint32_t avg : {16u, 64u}) {
        ChunkProfile profile{ChunkAlgorithm::kFastCdc2020, avg * 256, avg * 1024, avg * 4096, 0};
        count_duplicates(("FastCDC " + std::to_string(avg) + " KiB").c_str(), profile, files);
        profile.algorithm = ChunkAlgorithm::kWindowed;
        for (profile.seed = 0; profile.seed < 4; ++profile.seed)
            count_duplicates(("windowed " + std::to_string(avg) + " KiB").c_str(), profile, files);
    }
    return 0;
}
