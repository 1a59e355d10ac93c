// Stores files of a folder and random bytes in a new content store on disk, opens it again and
// prints what reading costs, as processor time of the reading thread with the files in memory.
// Every byte that is timed is compared before.
//
//   bench_read FOLDER [STORE [MEGABYTES]]   STORE: a folder to make and remove (default: beside the
//                                           temporary files of the machine); MEGABYTES: how much
//                                           of FOLDER is stored (default 600)

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "bench_store.hpp"
#include "catalog/merkle/hash.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;
using namespace catalog::bench;

constexpr std::size_t kReadBytes = 64u << 10;
constexpr std::size_t kReads = 2'000;
constexpr std::size_t kReadsTogether = 16;

// Microseconds of each call.
template <class Body>
std::vector<double> time_each(const std::vector<std::size_t>& order, const Body& body) {
    std::vector<double> times;
    times.reserve(order.size());
    for (const std::size_t i : order) {
        const double before = seconds_on(CLOCK_THREAD_CPUTIME_ID);
        body(i);
        times.push_back((seconds_on(CLOCK_THREAD_CPUTIME_ID) - before) * 1e6);
    }
    return times;
}

void print(const char* what, std::vector<double> times) {
    const double mean =
        std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
    std::sort(times.begin(), times.end());
    std::printf("%-44s median %8.2f us   mean %8.2f us   p99 %8.2f us\n", what,
                times[times.size() / 2], mean, times[times.size() * 99 / 100]);
    std::fflush(stdout);
}

BenchStore::Adjust cut_by(const content::ChunkProfile& profile) {
    return [profile](kv::OpenOptions&, content::ContentOptions& options) {
        options.profile = profile;
    };
}

std::vector<ContentHash> put(BenchStore& store, const std::vector<Bytes>& objects) {
    std::vector<ContentHash> ids;
    for (const content::ObjectInfo& info : store.put(objects)) ids.push_back(info.id);
    return ids;
}

std::vector<Bytes> read_files(const fs::path& folder, std::uint64_t bytes_max) {
    std::vector<Bytes> files;
    std::uint64_t bytes = 0;
    for (const std::string& path : files_below(folder)) {
        if (bytes >= bytes_max) break;
        std::ifstream file(path, std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(file)), {});
        files.push_back(to_bytes(as_bytes(text)));
        bytes += text.size();
    }
    return files;
}

// Objects of one chunk each.
std::vector<Bytes> random_objects() {
    std::mt19937_64 random(1);
    std::vector<Bytes> objects(kReads, Bytes(kReadBytes));
    for (Bytes& object : objects)
        for (std::byte& byte : object) byte = static_cast<std::byte>(random());
    return objects;
}

std::vector<Bytes> pieces_of(const std::vector<Bytes>& files) {
    std::vector<Bytes> objects;
    for (const Bytes& file : files)
        for (std::size_t at = 0; at + kReadBytes <= file.size() && objects.size() < kReads;
             at += kReadBytes)
            objects.push_back(to_bytes(ByteView(file).subspan(at, kReadBytes)));
    return objects;
}

std::vector<std::size_t> shuffled(std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937_64(2));
    return order;
}

// As who streams a mapped file: objects in the order in which they were stored.
void time_in_order(const std::string& place, const BenchStore::Adjust& adjust,
                   const std::vector<ContentHash>& ids) {
    BenchStore store(place, adjust);
    std::vector<std::size_t> order(ids.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<std::unique_ptr<content::ZeroCopyContent>> opened(ids.size());
    for (const std::size_t i : order) opened[i] = must(store.content->open_zero_copy(ids[i]));
    print("  region, first time, in order",
          time_each(order, [&](std::size_t i) { must(opened[i]->region_at(0)); }));
}

// As who knows sixteen places that he needs: each object once, in random order.
void time_together(const std::string& place, const BenchStore::Adjust& adjust,
                   const std::vector<ContentHash>& ids, const std::vector<Bytes>& objects) {
    BenchStore store(place, adjust);
    const std::vector<std::size_t> order = shuffled(ids.size());
    std::vector<std::unique_ptr<content::ZeroCopyContent>> opened(ids.size());
    for (const std::size_t i : order) opened[i] = must(store.content->open_zero_copy(ids[i]));
    std::vector<std::size_t> groups(ids.size() / kReadsTogether);
    std::iota(groups.begin(), groups.end(), std::size_t{0});
    for (const char* const what : {"  16 at once, first time, each", "  16 at once, again, each"}) {
        std::vector<content::ContentSlice> last;
        auto times = time_each(groups, [&](std::size_t group) {
            std::vector<content::SliceRequest> requests;
            for (std::size_t i = 0; i < kReadsTogether; ++i)
                requests.push_back({opened[order[group * kReadsTogether + i]].get(), {}});
            last = must(content::ZeroCopyContent::read_slices(requests));
        });
        for (double& time : times) time /= kReadsTogether;
        print(what, std::move(times));
        const Bytes& expected = objects[order[groups.size() * kReadsTogether - 1]];
        Bytes given(kReadBytes);
        if (last.back().copy_to(given) != kReadBytes || given != expected)
            stop("an object came back with other bytes");
    }
}

void time_single_reads(const std::string& place, const char* name,
                       const std::vector<Bytes>& objects) {
    const content::ChunkProfile one_chunk{content::ChunkAlgorithm::kWindowed, 64u << 10, 128u << 10,
                                          256u << 10, 0};
    std::vector<ContentHash> ids;
    {
        BenchStore store(place, cut_by(one_chunk));
        ids = put(store, objects);
        for (std::size_t i = 0; i < ids.size(); ++i)
            if (must(store.content->retrieve_all(ids[i], kReadBytes, {})) != objects[i])
                stop("an object came back with other bytes");
    }
    std::printf("%s, %zu objects of 64 KiB\n", name, objects.size());
    time_in_order(place, cut_by(one_chunk), ids);
    time_together(place, cut_by(one_chunk), ids, objects);
    BenchStore store(place, cut_by(one_chunk));
    const std::vector<std::size_t> order = shuffled(ids.size());
    std::printf("  in random order\n");
    std::vector<std::unique_ptr<content::ZeroCopyContent>> opened(ids.size());
    print("  open", time_each(order, [&](std::size_t i) {
              opened[i] = must(store.content->open_zero_copy(ids[i]));
          }));
    std::uint64_t sum = 0;
    const auto read = [&](std::size_t i) {
        const auto region = opened[i]->region_at(0);
        if (!region) stop(region.error().to_string());
        sum += static_cast<std::uint64_t>(region->bytes().back());
    };
    print("  region, first time", time_each(order, read));
    print("  region, again", time_each(order, read));
    print("  retrieve, whole object", time_each(order, [&](std::size_t i) {
              must(store.content->retrieve(ids[i],
                                           [&](ByteView piece) -> Result<void> {
                                               sum += piece.size();
                                               return {};
                                           },
                                           {}));
          }));
    print("  SHA-256 of 64 KiB alone", time_each(order, [&](std::size_t i) {
              sum += static_cast<std::uint64_t>(merkle::hash_of(objects[i]).digest[0]);
          }));
    if (sum == 0) stop("nothing was read");
    opened.clear();
}

// One block of an object of 1 GiB, whose other blocks are made up.
void time_proofs() {
    constexpr std::uint64_t kSize = std::uint64_t{1} << 30;
    std::mt19937_64 random(3);
    std::vector<merkle::TreeHash> leaves(kSize / kReadBytes);
    for (merkle::TreeHash& leaf : leaves)
        for (std::byte& byte : leaf.digest) byte = static_cast<std::byte>(random());
    const Bytes block(kReadBytes, std::byte{7});
    constexpr std::size_t kPlace = 4'711;
    leaves[kPlace] = merkle::leaf_hash(block);
    const ContentHash root = merkle::root_of(leaves);
    const merkle::NodeLayers layers(std::move(leaves));
    content::RangeProof proof{kSize, {kPlace, 1}, {}};
    const std::vector<std::size_t> rounds(kReads, 0);
    std::printf("range proof of one block of 1 GiB\n");
    print("  prove", time_each(rounds, [&](std::size_t) {
              proof.hashes = must(merkle::range_proof(layers, proof.blocks, layers.size()));
          }));
    const std::string encoded = content::encode_range_proof(proof);
    std::printf("  %zu bytes\n", encoded.size());
    print("  decode, verify with its block", time_each(rounds, [&](std::size_t) {
              const auto decoded = must(content::decode_range_proof(as_bytes(encoded)));
              must(content::verify_range(root, kSize, {kPlace * kReadBytes, kReadBytes}, block,
                                         decoded));
          }));
}

void time_all(const std::string& place, const std::vector<Bytes>& files) {
    std::vector<ContentHash> ids;
    {
        BenchStore store(place);
        ids = put(store, files);
    }
    BenchStore store(place);
    std::uint64_t bytes = 0;
    const auto read_all = [&](bool compare) {
        bytes = 0;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            std::size_t at = 0;
            must(store.content->retrieve(
                ids[i],
                [&](ByteView piece) -> Result<void> {
                    if (compare && !std::equal(piece.begin(), piece.end(),
                                               files[i].begin() + static_cast<std::ptrdiff_t>(at)))
                        stop("a file came back with other bytes");
                    at += piece.size();
                    return {};
                },
                {}));
            bytes += at;
        }
    };
    read_all(true);
    std::vector<double> rates;
    for (int round = 0; round < 3; ++round) {
        const double before = seconds_on(CLOCK_THREAD_CPUTIME_ID);
        read_all(false);
        rates.push_back(static_cast<double>(bytes) * 1e-6 /
                        (seconds_on(CLOCK_THREAD_CPUTIME_ID) - before));
    }
    std::sort(rates.begin(), rates.end());
    std::printf("retrieve of %zu files, %llu bytes: %.0f MB/s of one core, median of 3\n",
                ids.size(), static_cast<unsigned long long>(bytes), rates[1]);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 4) stop("usage: bench_read FOLDER [STORE [MEGABYTES]]");
    const fs::path place =
        argc > 2 ? fs::path(argv[2])
                 : fs::temp_directory_path() / ("bench_read." + std::to_string(std::time(nullptr)));
    if (fs::exists(place)) stop(place.string() + " is there already");
    const std::uint64_t megabytes = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 600;
    const std::vector<Bytes> files = read_files(argv[1], megabytes * 1'000'000);
    time_single_reads((place / "raw").string(), "raw", random_objects());
    time_single_reads((place / "encoded").string(), "encoded", pieces_of(files));
    time_proofs();
    time_all((place / "all").string(), files);
    fs::remove_all(place);
    return 0;
}
