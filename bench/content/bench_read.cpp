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
#include <ctime>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "catalog/content/content_addressed_storage.hpp"
#include "catalog/merkle/hash.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;

constexpr content::ContentFamilies kFamilies{kv::Family{0}, kv::Family{1}, kv::Family{2},
                                             kv::Family{3}};
constexpr std::uint64_t kCommitBytes = 64u << 20;
constexpr std::size_t kReadBytes = 64u << 10;
constexpr std::size_t kReads = 2'000;

[[noreturn]] void stop(const std::string& what) {
    std::fprintf(stderr, "bench_read: %s\n", what.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) stop(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Microseconds of each call.
template <class Body>
std::vector<double> time_each(const std::vector<std::size_t>& order, const Body& body) {
    std::vector<double> times;
    times.reserve(order.size());
    for (const std::size_t i : order) {
        const double before = thread_seconds();
        body(i);
        times.push_back((thread_seconds() - before) * 1e6);
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

class Store {
public:
    Store(const std::string& folder, const content::ChunkProfile& profile) {
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
        options.executor = make_thread_pool();
        options.random = make_system_random();
        options.profile = profile;
        content = must(content::ContentAddressedStorage::open(std::move(options)));
        queue_->add_group_hook(
            [this](kv::WriteBatch& batch) { return content->before_commit(batch); });
    }
    ~Store() { queue_->close(); }
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    std::vector<ContentHash> put(const std::vector<Bytes>& objects) {
        std::vector<ContentHash> ids;
        auto session = must(content->begin());
        std::uint64_t bytes = 0;
        for (const Bytes& object : objects) {
            const auto info = must(session->put(object));
            must(session->add_reference("bench", info.id));
            ids.push_back(info.id);
            bytes += info.size;
            if (bytes < kCommitBytes) continue;
            commit(*session);
            session = must(content->begin());
            bytes = 0;
        }
        commit(*session);
        return ids;
    }

private:
    void commit(content::ContentTransaction& session) {
        kv::Commit commit;
        must(session.stage(commit.batch));
        must(queue_->submit(std::move(commit)));
    }

    std::shared_ptr<io::FileSystem> file_system_ = io::make_posix_file_system();
    std::unique_ptr<kv::KeyValueStore> database_;
    std::unique_ptr<kv::CommitQueue> queue_;

public:
    std::unique_ptr<content::ContentAddressedStorage> content;
};

std::vector<Bytes> read_files(const fs::path& folder, std::uint64_t bytes_max) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && !entry.is_symlink()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<Bytes> files;
    std::uint64_t bytes = 0;
    for (const fs::path& path : paths) {
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

void time_single_reads(const std::string& place, const char* name,
                       const std::vector<Bytes>& objects) {
    const content::ChunkProfile one_chunk{content::ChunkAlgorithm::kWindowed, 64u << 10, 128u << 10,
                                          256u << 10, 0};
    std::vector<ContentHash> ids;
    {
        Store store(place, one_chunk);
        ids = store.put(objects);
        for (std::size_t i = 0; i < ids.size(); ++i)
            if (must(store.content->retrieve_all(ids[i], kReadBytes, {})) != objects[i])
                stop("an object came back with other bytes");
    }
    Store store(place, one_chunk);
    std::vector<std::size_t> order(ids.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::shuffle(order.begin(), order.end(), std::mt19937_64(2));
    std::printf("%s, %zu objects of 64 KiB in random order\n", name, objects.size());
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
        Store store(place, {});
        ids = store.put(files);
    }
    Store store(place, {});
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
        const double before = thread_seconds();
        read_all(false);
        rates.push_back(static_cast<double>(bytes) * 1e-6 / (thread_seconds() - before));
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
