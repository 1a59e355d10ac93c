// Keeps the files of a folder in RocksDB alone, as a peer of the content store: fixed blocks of
// 64 KiB, compressed with zstd 3, each under its file's path; one synced batch for 64 blocks.
//
//   bench_rocksdb_peer put DB NAME FOLDER     stores a folder under a name
//   bench_rocksdb_peer restore DB NAME OUT    writes it to a new folder
//   bench_rocksdb_peer get DB COUNT           reads so many random blocks and prints what one took
//   bench_rocksdb_peer version

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 64 << 10;
constexpr int kBlocksPerBatch = 64;

[[noreturn]] void stop(const std::string& what) {
    std::fprintf(stderr, "bench_rocksdb_peer: %s\n", what.c_str());
    std::exit(1);
}

void require(const rocksdb::Status& status) {
    if (!status.ok()) stop(status.ToString());
}

std::unique_ptr<rocksdb::DB> open(const std::string& path) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kZSTD;
    options.compression_opts.level = 3;
    rocksdb::DB* db = nullptr;
    require(rocksdb::DB::Open(options, path, &db));
    return std::unique_ptr<rocksdb::DB>(db);
}

/// Blocks of a file follow each other: the number is written with its highest byte first.
std::string key_of(const std::string& name, const std::string& path, std::uint32_t block) {
    std::string key = name + '\0' + path + '\0';
    for (int shift = 24; shift >= 0; shift -= 8) {
        key.push_back(static_cast<char>((block >> shift) & 0xff));
    }
    return key;
}

void put(const std::string& db_path, const std::string& name, const fs::path& folder) {
    const std::unique_ptr<rocksdb::DB> db = open(db_path);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    rocksdb::WriteBatch batch;
    const auto commit = [&] {
        require(db->Write(synced, &batch));
        batch.Clear();
    };
    std::string block(kBlockBytes, '\0');
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        if (!file) stop("cannot read " + entry.path().string());
        const std::string path = entry.path().lexically_relative(folder).string();
        // A file without bytes has one block without any.
        for (std::uint32_t number = 0; number == 0 || file; ++number) {
            file.read(block.data(), static_cast<std::streamsize>(block.size()));
            const auto read = static_cast<std::size_t>(file.gcount());
            if (read == 0 && number > 0) break;
            require(batch.Put(key_of(name, path, number), rocksdb::Slice(block.data(), read)));
            if (batch.Count() == kBlocksPerBatch) commit();
        }
    }
    commit();
    require(db->Flush(rocksdb::FlushOptions()));
    require(db->Close());
}

void restore(const std::string& db_path, const std::string& name, const fs::path& out) {
    const std::unique_ptr<rocksdb::DB> db = open(db_path);
    const std::string prefix = name + '\0';
    const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(rocksdb::ReadOptions()));
    std::ofstream file;
    std::string open_path;
    for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
        const std::string_view key(at->key().data(), at->key().size());
        const std::string path(
            key.substr(prefix.size(), key.size() - prefix.size() - 1 - sizeof(std::uint32_t)));
        if (path != open_path) {
            file.close();
            fs::create_directories((out / path).parent_path());
            file.open(out / path, std::ios::binary);
            open_path = path;
        }
        file.write(at->value().data(), static_cast<std::streamsize>(at->value().size()));
        if (!file) stop("cannot write " + path);
    }
    require(at->status());
}

double cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void get(const std::string& db_path, std::size_t count) {
    const std::unique_ptr<rocksdb::DB> db = open(db_path);
    std::vector<std::string> keys;
    const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(rocksdb::ReadOptions()));
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
        if (at->value().size() == kBlockBytes) keys.push_back(at->key().ToString());
    }
    require(at->status());
    if (keys.empty() || count == 0) stop("there is no whole block to read");
    std::mt19937 random(1);
    std::vector<double> took;
    std::string value;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string& key = keys[random() % keys.size()];
        const double begin = cpu_us();
        require(db->Get(rocksdb::ReadOptions(), key, &value));
        took.push_back(cpu_us() - begin);
        if (value.size() != kBlockBytes) stop("a block is short");
    }
    std::sort(took.begin(), took.end());
    std::printf("{\"blocks\":%zu,\"reads\":%zu,\"cpu_us_p50\":%.1f,\"cpu_us_p99\":%.1f}\n",
                keys.size(), count, took[count / 2], took[count - 1 - count / 100]);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const std::string step = arguments.empty() ? "" : arguments[0];
    if (step == "version" && arguments.size() == 1) {
        std::printf("%d.%d.%d\n", ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH);
    } else if (step == "put" && arguments.size() == 4) {
        put(arguments[1], arguments[2], arguments[3]);
    } else if (step == "restore" && arguments.size() == 4) {
        restore(arguments[1], arguments[2], arguments[3]);
    } else if (step == "get" && arguments.size() == 3) {
        get(arguments[1], std::strtoull(arguments[2].c_str(), nullptr, 10));
    } else {
        std::fprintf(stderr,
                     "usage: bench_rocksdb_peer put DB NAME FOLDER | restore DB NAME OUT | "
                     "get DB COUNT | version\n");
        return 2;
    }
    return 0;
}
