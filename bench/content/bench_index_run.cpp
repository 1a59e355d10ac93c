// Looking chunks up: index runs, the chunk index over one run and over several, and the RocksDB
// family that held the same before. All answers are compared before they are timed; CPU time of
// the thread, median of some runs; peak heap beside it.
//
//   bench_index_run FOLDER [ENTRIES]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../heap_counter.hpp"
#include "catalog/content/content_records.hpp"
#include "catalog/content/store_key.hpp"
#include "catalog/core/random.hpp"
#include "catalog/io/file_system.hpp"
#include "catalog/kv/key_value_store.hpp"
#include "chunk_index.hpp"
#include "index_page_cache.hpp"
#include "index_run_sorter.hpp"
#include "page_cipher.hpp"

namespace {

using namespace catalog;
using namespace catalog::content;

using Entries = std::vector<IndexEntry>;
using RunPointer = std::shared_ptr<const IndexRun>;

constexpr int kRounds = 5;
constexpr std::size_t kBatch = 64;
constexpr std::uint32_t kPacks = 1000;

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "wrong: %s\n", what);
    std::exit(1);
}

double cpu_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// Prints the median time a thing, and the most heap that was taken on top meanwhile.
template <class Work>
void time_each(const char* name, std::size_t things, const Work& work, int rounds = kRounds) {
    std::vector<double> times;
    const std::size_t heap_before = bench::reset_heap_peak();
    for (int round = 0; round < rounds; ++round) {
        const double begin = cpu_ns();
        work();
        times.push_back((cpu_ns() - begin) / static_cast<double>(things));
    }
    std::sort(times.begin(), times.end());
    std::printf("%-44s %9.1f ns each, heap +%.1f KiB\n", name, times[times.size() / 2],
                static_cast<double>(bench::heap_peak() - heap_before) / 1024);
    std::fflush(stdout);
}

ChunkId random_id(std::mt19937_64& random) {
    ChunkId id;
    for (std::size_t at = 0; at < id.digest.size(); at += 8) {
        const std::uint64_t word = random();
        std::memcpy(&id.digest[at], &word, 8);
    }
    return id;
}

Entries make_entries(std::size_t count, std::mt19937_64& random) {
    Entries entries(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto pack = static_cast<std::uint32_t>(i % kPacks + 1);
        entries[i] = {
            random_id(random), {PackId{pack}, i / kPacks * 64, 20000, 60000}, Codec::kZstd};
    }
    std::sort(entries.begin(), entries.end(),
              [](const IndexEntry& a, const IndexEntry& b) { return a.id < b.id; });
    return entries;
}

// The record of a chunk in the key-value store.
std::string packed(const ChunkLocation& location) {
    std::string value;
    append_le(value, static_cast<std::uint32_t>(location.pack));
    append_le(value, location.offset);
    append_le(value, location.stored_bytes);
    append_le(value, location.plain_bytes);
    return value;
}

ChunkLocation unpacked(const std::string& value) {
    const std::byte* bytes = as_bytes(value).data();
    return {PackId{load_le<std::uint32_t>(bytes)}, load_le<std::uint64_t>(bytes + 4),
            load_le<std::uint32_t>(bytes + 12), load_le<std::uint32_t>(bytes + 16)};
}

class Bench {
public:
    Bench(std::string folder, std::size_t count)
        : folder_(std::move(folder)), fs_(io::make_posix_file_system()), entries_(count) {
        std::mt19937_64 random(1);
        entries_ = make_entries(count, random);
        for (const IndexEntry& entry : entries_) hits_.push_back(entry.id);
        std::shuffle(hits_.begin(), hits_.end(), random);
        for (std::size_t i = 0; i < count; ++i) misses_.push_back(random_id(random));
    }

    void run() {
        std::printf("%zu entries\n", entries_.size());
        const RunPointer whole = build("whole.run", 0, 1, nullptr);
        std::printf(
            "%zu bytes, %.2f an entry\n", whole->bytes().size(),
            static_cast<double>(whole->bytes().size()) / static_cast<double>(entries_.size()));
        time_each("open", 1000, [&] {
            for (int i = 0; i < 1000; ++i)
                require(must(IndexRun::open(whole->bytes(), nullptr))->size() == entries_.size(),
                        "size");
        });
        time_each("verify", entries_.size(), [&] { must(whole->verify()); });
        time_run("one run", *whole, hits_.size());
        time_index("index, 1 run", {whole});
        std::vector<RunPointer> quarters;
        for (std::size_t part = 0; part < 4; ++part)
            quarters.push_back(build("part.run", part, 4, nullptr));
        time_index("index, 4 runs", quarters);
        time_merge(quarters);
        time_sort();
        time_sealed();
        time_rocksdb();
    }

private:
    // Every `of`-th entry, written to a file and mapped.
    RunPointer build(const std::string& name, std::size_t part, std::size_t of,
                     PageCipher* cipher) {
        IndexRunInfo info;
        info.number = static_cast<std::uint32_t>(part + 1);
        std::string bytes;
        const auto write = [&] {
            bytes.clear();
            IndexRunBuilder builder(
                info,
                [&](ByteView more) -> Result<void> {
                    bytes.append(as_text(more));
                    return {};
                },
                cipher);
            for (std::size_t i = part; i < entries_.size(); i += of) must(builder.add(entries_[i]));
            must(builder.finish());
        };
        bytes.reserve(index_run_bytes(entries_.size()));
        time_each(("build " + name + (cipher == nullptr ? "" : ", sealed")).c_str(),
                  entries_.size() / of, write, 3);
        const std::string path = folder_ + "/" + name + std::to_string(part);
        auto file = must(fs_->open_write(path, io::OpenMode::kTruncate));
        must(file->append(as_bytes(bytes)));
        must(file->close());
        std::shared_ptr<io::MappedRegion> region = must(fs_->map(path, 0, bytes.size()));
        return must(IndexRun::open(region->bytes(), region, cipher));
    }

    template <class Find, class FindMany>
    void time_lookups(const std::string& name, std::size_t count, const Find& find,
                      const FindMany& find_many) {
        const std::span<const ChunkId> hits = std::span(hits_).first(count);
        const std::span<const ChunkId> misses = std::span(misses_).first(count);
        for (const ChunkId& id : hits) {
            const auto found = find(id);
            require(found && *found == expected(id), "hit");
        }
        std::vector<std::optional<IndexEntry>> found(kBatch);
        const auto many = [&](std::span<const ChunkId> ids) {
            std::size_t sum = 0;
            for (std::size_t at = 0; at + kBatch <= ids.size(); at += kBatch) {
                for (auto& slot : found) slot.reset();
                find_many(ids.subspan(at, kBatch), std::span(found));
                for (const auto& slot : found) sum += slot ? 1 : 0;
            }
            return sum;
        };
        const auto single = [&](std::span<const ChunkId> ids) {
            std::size_t sum = 0;
            for (const ChunkId& id : ids) sum += find(id) ? 1 : 0;
            return sum;
        };
        const std::size_t whole = count / kBatch * kBatch;
        time_each((name + ", find, hit").c_str(), count,
                  [&] { require(single(hits) == count, "hits"); });
        time_each((name + ", find, miss").c_str(), count,
                  [&] { require(single(misses) == 0, "misses"); });
        time_each((name + ", find_many of 64, hit").c_str(), whole,
                  [&] { require(many(hits) == whole, "hits"); });
        time_each((name + ", find_many of 64, miss").c_str(), whole,
                  [&] { require(many(misses) == 0, "misses"); });
    }

    void time_run(const std::string& name, const IndexRun& run, std::size_t count) {
        time_lookups(
            name, count, [&](const ChunkId& id) { return must(run.find(id)); },
            [&](auto ids, auto found) { must(run.find_many(ids, found)); });
    }

    void time_index(const std::string& name, const std::vector<RunPointer>& runs) {
        ChunkIndex index({});
        for (std::uint32_t pack = 1; pack <= kPacks + 1; ++pack) must(index.add_pack(PackId{pack}));
        for (const RunPointer& run : runs) index.add_run(run);
        // The pack that is open has some, too.
        std::mt19937_64 random(2);
        for (std::size_t i = 0; i < 4000; ++i)
            must(index.insert({random_id(random), {PackId{kPacks + 1}, 8 * i, 1, 1}, Codec::kRaw}));
        time_lookups(
            name, hits_.size(), [&](const ChunkId& id) { return must(index.find(id)); },
            [&](auto ids, auto found) { must(index.find_many(ids, found)); });
    }

    void time_merge(const std::vector<RunPointer>& runs) {
        std::vector<const IndexRun*> sources;
        for (const RunPointer& run : runs) sources.push_back(run.get());
        std::uint64_t merged = 0;
        time_each("merge 4 runs", entries_.size(), [&] {
            IndexRunBuilder builder({}, [](ByteView) -> Result<void> { return {}; });
            must(merge_runs(sources, {}, builder));
            must(builder.finish());
            merged = builder.size();
        });
        require(merged == entries_.size(), "merge");
    }

    void time_sort() {
        std::mt19937_64 random(3);
        Entries entries = entries_;
        std::shuffle(entries.begin(), entries.end(), random);
        time_each(
            "sort", entries.size(),
            [&] {
                IndexRunSorter sorter(*fs_, folder_);
                for (const IndexEntry& entry : entries) must(sorter.add(entry));
                IndexRunBuilder builder({}, [](ByteView) -> Result<void> { return {}; });
                must(sorter.finish(builder));
                must(builder.finish());
                require(builder.size() == entries.size(), "sort");
            },
            3);
    }

    void time_sealed() {
        const auto random = make_system_random();
        StoreKeyRing keys;
        keys.add(KeyGeneration{1}, must(StoreKey::generate(*random)));
        IndexRunInfo info;
        info.number = 1;
        const auto cipher = must(make_page_cipher(keys, info, random));
        const RunPointer run = build("sealed.run", 0, 1, cipher.get());
        const std::size_t count = std::min<std::size_t>(hits_.size(), 100000);
        time_run("one sealed run", *run, count);
        const auto cache = std::make_shared<IndexPageCache>();
        const auto cached = must(IndexRun::open(run->bytes(), run, cipher.get(), cache));
        const std::size_t heap_before = bench::heap_now();
        time_run("one sealed run with cache", *cached, count);
        std::printf("the cache has %zu KiB\n", (bench::heap_now() - heap_before) / 1024);
    }

    void time_rocksdb() {
        kv::OpenOptions options;
        options.families = {"chunks"};
        options.create_if_missing = true;
        const kv::Family family{0};
        {
            const auto store = must(kv::open_rocksdb(fs_, folder_ + "/db", options));
            time_each(
                "RocksDB, put in order of ids", entries_.size(),
                [&] {
                    kv::WriteBatch batch;
                    for (std::size_t i = 0; i < entries_.size(); ++i) {
                        batch.put(family, hash_key(entries_[i].id), packed(entries_[i].location));
                        if (i % 10000 != 9999 && i + 1 != entries_.size()) continue;
                        must(store->write(batch, kv::Durability::kNoSync));
                        batch = {};
                    }
                },
                1);
        }
        const auto store = must(kv::open_rocksdb(fs_, folder_ + "/db", options));
        const std::size_t count = std::min<std::size_t>(hits_.size(), 200000);
        const auto find = [&](const ChunkId& id) -> std::optional<IndexEntry> {
            const auto value = must(store->get(family, hash_key(id)));
            if (!value) return std::nullopt;
            return IndexEntry{id, unpacked(*value), Codec::kZstd};
        };
        time_lookups("RocksDB", count, find, [&](auto ids, auto found) {
            for (std::size_t i = 0; i < ids.size(); ++i) found[i] = find(ids[i]);
        });
    }

    const IndexEntry& expected(const ChunkId& id) const {
        return *std::lower_bound(
            entries_.begin(), entries_.end(), id,
            [](const IndexEntry& entry, const ChunkId& wanted) { return entry.id < wanted; });
    }

    const std::string folder_;
    const std::shared_ptr<io::FileSystem> fs_;
    Entries entries_;
    std::vector<ChunkId> hits_;
    std::vector<ChunkId> misses_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_index_run FOLDER [ENTRIES]\n");
        return 2;
    }
    const std::size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000000;
    Bench(argv[1], count).run();
    return 0;
}
