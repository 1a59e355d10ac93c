// How small chunks become and what that costs: cuts, hashes and deduplicates every file of a
// folder, then encodes the different chunks in several ways and decodes the files again, each
// chunk checked by its digest. One thread, CPU time of the thread. tar and zstd pack the same
// folder for comparison where they are installed.
//
//   bench_encode FOLDER [SETTING...]    SETTING: LEVEL, then d for deltas, s to try bases with a
//                                       single feature in common, t for a trained dictionary, aN
//                                       for one that is trained after the first N MB of small
//                                       chunks and used from there on, rN for rows of at most N
//                                       deltas, pN for deltas of at most N %;
//                                       default: 3 3d 3ds 3dt 3da16 9dst

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/content/chunk_encoder.hpp"
#include "catalog/merkle/hash_batch.hpp"

namespace {

namespace fs = std::filesystem;
using namespace catalog;
using namespace catalog::content;

constexpr std::size_t kCacheBytes = 8u << 20;
constexpr std::size_t kReadBytes = 1u << 20;
constexpr std::size_t kVerifyEach = 16;
constexpr std::size_t kBatch = 12;

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

[[noreturn]] void stop(const std::string& what) {
    std::fprintf(stderr, "bench_encode: %s\n", what.c_str());
    std::exit(1);
}

template <class T>
T must(Result<T> result) {
    if (!result) stop(result.error().to_string());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// Adds the CPU time of its life to a sum.
class Timed {
public:
    explicit Timed(double& sum) : sum_(sum), begin_(cpu_seconds()) {}
    ~Timed() { sum_ += cpu_seconds() - begin_; }
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

private:
    double& sum_;
    double begin_;
};

// A file without a name.
class TemporaryFile {
public:
    TemporaryFile() : file_(open(fs::temp_directory_path().c_str(), O_TMPFILE | O_RDWR, 0600)) {
        if (file_ < 0) stop("no temporary file");
    }
    ~TemporaryFile() { close(file_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    std::uint64_t append(ByteView bytes) {
        if (write(file_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
            stop("temporary file cannot be written");
        const std::uint64_t offset = size_;
        size_ += bytes.size();
        return offset;
    }
    void read(std::uint64_t offset, std::size_t size, Bytes& out) const {
        out.resize(size);
        if (pread(file_, out.data(), size, static_cast<off_t>(offset)) !=
            static_cast<ssize_t>(size))
            stop("temporary file cannot be read");
    }

private:
    int file_;
    std::uint64_t size_ = 0;
};

struct Chunk {
    ChunkId id;
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
};

// Of a folder: its different chunks, and which of them its files are made of.
struct Corpus {
    std::vector<Chunk> chunks;
    std::vector<std::uint32_t> references;
    std::unordered_map<ChunkId, std::uint32_t> numbers;
    TemporaryFile plain;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t chunk_bytes = 0;
};

struct CutTimes {
    double read = 0;
    double cut = 0;
    double hash = 0;
    double find = 0;
};

void add_file(Corpus& corpus, ContentChunker& chunker, ByteView file, CutTimes& times) {
    std::vector<merkle::HashTask> tasks;
    {
        const Timed timed(times.cut);
        chunker.reset();
        std::size_t begin = 0;
        for (std::size_t at = 0; at < file.size();) {
            const auto scan = chunker.scan(file.subspan(at));
            at += scan.bytes;
            if (!scan.boundary && at < file.size()) continue;
            tasks.push_back(
                {file.subspan(begin, at - begin), merkle::HashTask::As::kBytes, ContentHash()});
            begin = at;
        }
    }
    {
        const Timed timed(times.hash);
        merkle::hash_all(tasks);
    }
    for (const merkle::HashTask& task : tasks) {
        bool is_new = false;
        {
            const Timed timed(times.find);
            const auto number = static_cast<std::uint32_t>(corpus.chunks.size());
            const auto [place, added] = corpus.numbers.emplace(task.digest, number);
            corpus.references.push_back(place->second);
            is_new = added;
        }
        if (!is_new) continue;
        corpus.chunks.push_back({task.digest, corpus.plain.append(task.bytes),
                                 static_cast<std::uint32_t>(task.bytes.size())});
        corpus.chunk_bytes += task.bytes.size();
    }
}

void read_corpus(Corpus& corpus, const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file() && !entry.is_symlink()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    const auto chunker = must(make_chunker(ChunkProfile()));
    CutTimes times;
    Bytes buffer;
    std::size_t size = 0;
    for (const std::string& path : paths) {
        {
            const Timed timed(times.read);
            const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
            if (descriptor < 0) stop(path + " cannot be opened");
            size = 0;
            for (;;) {
                if (buffer.size() < size + kReadBytes) buffer.resize(size + kReadBytes);
                const ssize_t count = read(descriptor, buffer.data() + size, kReadBytes);
                if (count < 0) stop(path + " cannot be read");
                if (count == 0) break;
                size += static_cast<std::size_t>(count);
            }
            close(descriptor);
        }
        if (size == 0) continue;
        add_file(corpus, *chunker, ByteView(buffer).first(size), times);
        ++corpus.files;
        corpus.bytes += size;
    }
    std::printf("%llu files, %llu bytes; %zu chunks, of them %zu different: %llu bytes\n",
                static_cast<unsigned long long>(corpus.files),
                static_cast<unsigned long long>(corpus.bytes), corpus.references.size(),
                corpus.chunks.size(), static_cast<unsigned long long>(corpus.chunk_bytes));
    std::printf("CPU s: read %.2f, cut %.2f, hash %.2f, look up %.2f\n", times.read, times.cut,
                times.hash, times.find);
}

struct Setting {
    int level = 3;
    bool deltas = false;
    bool single = false;
    bool trained = false;
    std::uint64_t trained_after = 0;  // Bytes of small chunks; 0: all.
    int depth = EncoderOptions().delta_depth_max;
    int percent = EncoderOptions().delta_percent_max;
};

Setting parse_setting(const std::string& text) {
    Setting setting;
    std::size_t end = 0;
    setting.level = std::stoi(text, &end);
    setting.deltas = text.find('d', end) != std::string::npos;
    setting.single = text.find('s', end) != std::string::npos;
    setting.trained = text.find('t', end) != std::string::npos;
    if (const std::size_t at = text.find('a', end); at != std::string::npos) {
        setting.trained = true;
        setting.trained_after = std::stoull(text.substr(at + 1)) * 1'000'000;
    }
    if (const std::size_t at = text.find('r', end); at != std::string::npos)
        setting.depth = std::stoi(text.substr(at + 1));
    if (const std::size_t at = text.find('p', end); at != std::string::npos)
        setting.percent = std::stoi(text.substr(at + 1));
    return setting;
}

struct Record {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    Codec codec = Codec::kRaw;
    std::uint32_t alone_bytes = 0;
    int depth = 0;
};

// What a setting made of the chunks.
struct Encoding {
    TemporaryFile payloads;
    std::vector<Record> records;
    std::shared_ptr<const Dictionary> dictionary;
};

// Chunks that were bases lately; the least recently used go first.
class BaseCache {
public:
    const Bytes* find(std::uint32_t number) {
        const auto place = places_.find(number);
        ++(place == places_.end() ? misses_ : hits_);
        if (place == places_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, place->second);
        return &place->second->second;
    }
    // Takes what is in `chunk` and gives memory of another one for it.
    const Bytes* add(std::uint32_t number, Bytes& chunk) {
        entries_.emplace_front(number, Bytes());
        entries_.front().second.swap(chunk);
        places_[number] = entries_.begin();
        bytes_ += entries_.front().second.size();
        for (; bytes_ > kCacheBytes; entries_.pop_back()) {
            bytes_ -= entries_.back().second.size();
            places_.erase(entries_.back().first);
            chunk.swap(entries_.back().second);
        }
        return &entries_.front().second;
    }
    [[nodiscard]] std::uint64_t hits() const { return hits_; }
    [[nodiscard]] std::uint64_t misses() const { return misses_; }

private:
    using Entries = std::list<std::pair<std::uint32_t, Bytes>>;
    Entries entries_;
    std::unordered_map<std::uint32_t, Entries::iterator> places_;
    std::size_t bytes_ = 0;
    std::uint64_t hits_ = 0;
    std::uint64_t misses_ = 0;
};

// Gives back chunks, with what was decoded lately at hand.
class Decoder {
public:
    Decoder(const Corpus& corpus, const Encoding& encoding)
        : corpus_(corpus), encoding_(encoding) {}

    void decode(std::uint32_t number, Bytes& out, std::size_t depth = 0) {
        const Record& record = encoding_.records[number];
        const std::uint32_t plain_bytes = corpus_.chunks[number].bytes;
        Bytes& payload = payloads_.at(depth);
        encoding_.payloads.read(record.offset, record.bytes, payload);
        if (record.codec == Codec::kDelta) {
            const std::uint32_t base_number = corpus_.numbers.at(must(delta_base(payload)));
            must(compressor_.decompress_delta(payload, *base_of(base_number, depth + 1),
                                              plain_bytes, out));
        } else if (record.codec == Codec::kZstdDictionary) {
            must(compressor_.decompress_with(*encoding_.dictionary, payload, plain_bytes, out));
        } else {
            must(compressor_.decompress(record.codec, payload, plain_bytes, out));
        }
    }

    // The same for a chunk that others start from.
    void decode_base(std::uint32_t number, Bytes& out) {
        const Bytes* const base = base_of(number, 0);
        out.assign(base->begin(), base->end());
    }

    [[nodiscard]] const BaseCache& bases() const { return bases_; }

private:
    const Bytes* base_of(std::uint32_t number, std::size_t depth) {
        const Bytes* const base = bases_.find(number);
        if (base != nullptr) return base;
        decode(number, spares_.at(depth), depth);
        return bases_.add(number, spares_.at(depth));
    }

    const Corpus& corpus_;
    const Encoding& encoding_;
    BaseCache bases_;
    Compressor compressor_;
    std::array<Bytes, kBaseDepthMax + 2> payloads_;
    std::array<Bytes, kBaseDepthMax + 2> spares_;
};

double peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Trained {
    std::shared_ptr<const Dictionary> dictionary;
    std::uint32_t from = 0;  // The first chunk that it is used for.
};

// From every n-th of the small chunks, so that all that were seen are heard.
Trained train(const Corpus& corpus, std::size_t chunk_bytes_max, const Setting& setting,
              double& seconds) {
    constexpr std::uint64_t kSampleBytes = 4u << 20;
    std::uint64_t small_bytes = 0;
    std::uint32_t end = 0;
    for (; end < corpus.chunks.size(); ++end) {
        if (setting.trained_after != 0 && small_bytes >= setting.trained_after) break;
        if (corpus.chunks[end].bytes <= chunk_bytes_max) small_bytes += corpus.chunks[end].bytes;
    }
    const std::uint64_t wanted =
        setting.trained_after == 0 ? kSampleBytes : setting.trained_after / 8;
    const std::size_t each = small_bytes / wanted + 1;
    std::vector<Bytes> samples;
    std::size_t seen = 0;
    for (std::uint32_t number = 0; number < end; ++number) {
        const Chunk& chunk = corpus.chunks[number];
        if (chunk.bytes <= chunk_bytes_max && seen++ % each == 0)
            corpus.plain.read(chunk.offset, chunk.bytes, samples.emplace_back());
    }
    const Timed timed(seconds);
    const std::vector<ByteView> views(samples.begin(), samples.end());
    return {must(Dictionary::load(must(train_dictionary(views)), setting.level)),
            setting.trained_after == 0 ? 0 : end};
}

struct EncodeTimes {
    double train = 0;
    double plan = 0;
    double encode = 0;
    double base = 0;
};

struct Share {
    std::uint64_t chunks = 0;
    std::uint64_t plain = 0;
    std::uint64_t stored = 0;
};

void check_one(const Corpus& corpus, const Encoding& encoding, std::uint32_t number,
               ByteView chunk) {
    Decoder decoder(corpus, encoding);
    Bytes out;
    decoder.decode(number, out);
    if (!std::equal(out.begin(), out.end(), chunk.begin(), chunk.end()))
        stop("a chunk came back with other bytes");
}

void encode_all(const Corpus& corpus, const Setting& setting, Encoding& encoding) {
    EncodeTimes times;
    EncoderOptions options;
    options.level = setting.level;
    options.deltas = setting.deltas;
    options.delta_depth_max = setting.depth;
    options.delta_percent_max = setting.percent;
    if (setting.single) options.shared_features_min = 1;
    Trained trained;
    if (setting.trained)
        trained = train(corpus, options.dictionary_chunk_bytes_max, setting, times.train);
    encoding.dictionary = trained.dictionary;
    ChunkEncoder encoder(options);
    SimilarityTable table;
    Decoder decoder(corpus, encoding);
    const ChunkEncoder::ReadBase read_base = [&](const ChunkId& id,
                                                 Bytes& out) -> Result<ChunkEncoder::FoundBase> {
        const Timed timed(times.base);
        const std::uint32_t number = corpus.numbers.at(id);
        decoder.decode_base(number, out);
        return ChunkEncoder::FoundBase{true, encoding.records[number].alone_bytes};
    };
    std::array<Share, 4> shares{};
    std::array<std::uint64_t, kBaseDepthMax + 2> depths{};
    Bytes chunk;
    for (std::uint32_t number = 0; number < corpus.chunks.size(); ++number) {
        const Chunk& known = corpus.chunks[number];
        corpus.plain.read(known.offset, known.bytes, chunk);
        if (trained.dictionary && number == trained.from) {
            options.dictionary = trained.dictionary;
            encoder = ChunkEncoder(options);
        }
        EncodePlan plan;
        if (setting.deltas) {
            const Timed timed(times.plan);
            plan = ChunkEncoder::plan(table, TrustDomain{}, known.id, chunk, options);
        }
        EncodedChunk encoded;
        {
            const Timed timed(times.encode);
            encoded = must(encoder.encode(plan, chunk, read_base));
            if (setting.deltas) ChunkEncoder::settle(table, plan, known.id, encoded);
        }
        encoding.records.push_back({encoding.payloads.append(encoded.payload),
                                    static_cast<std::uint32_t>(encoded.payload.size()),
                                    encoded.codec, encoded.alone_bytes,
                                    encoded.codec == Codec::kDelta ? plan.depth : 0});
        ++depths.at(static_cast<std::size_t>(encoding.records.back().depth));
        Share& share = shares.at(static_cast<std::size_t>(encoded.codec));
        ++share.chunks;
        share.plain += chunk.size();
        share.stored += encoded.payload.size();
        if (number % kVerifyEach == 0) check_one(corpus, encoding, number, chunk);
    }
    Share all;
    constexpr std::array<const char*, 4> kNames = {"raw", "zstd", "dictionary", "delta"};
    for (std::size_t codec = 0; codec < shares.size(); ++codec) {
        std::printf("  %-11s %6llu chunks %10llu bytes -> %10llu\n", kNames.at(codec),
                    static_cast<unsigned long long>(shares.at(codec).chunks),
                    static_cast<unsigned long long>(shares.at(codec).plain),
                    static_cast<unsigned long long>(shares.at(codec).stored));
        all.stored += shares.at(codec).stored;
    }
    std::printf(
        "  in all %llu bytes, with record headers %llu\n",
        static_cast<unsigned long long>(all.stored),
        static_cast<unsigned long long>(all.stored + std::uint64_t{60} * corpus.chunks.size()));
    std::printf("  rows of 0, 1, 2... deltas:");
    for (const std::uint64_t count : depths)
        std::printf(" %llu", static_cast<unsigned long long>(count));
    std::printf("\n  CPU s: train %.2f, plan %.2f, encode %.2f (of it reading bases %.2f)\n",
                times.train, times.plan, times.encode, times.base);
    if (setting.deltas)
        std::printf("  similarity table: %zu bases, %zu bytes; bases %llu hits, %llu misses\n",
                    table.size(), table.memory_bytes(),
                    static_cast<unsigned long long>(decoder.bases().hits()),
                    static_cast<unsigned long long>(decoder.bases().misses()));
}

// Every chunk of every file, as often as files have it.
void decode_all(const Corpus& corpus, const Encoding& encoding) {
    Decoder decoder(corpus, encoding);
    std::array<Bytes, kBatch> out;
    std::array<merkle::HashTask, kBatch> tasks;
    std::array<std::uint32_t, kBatch> numbers{};
    double decode = 0;
    double verify = 0;
    for (std::size_t at = 0; at < corpus.references.size(); at += kBatch) {
        const std::size_t count = std::min(kBatch, corpus.references.size() - at);
        {
            const Timed timed(decode);
            for (std::size_t i = 0; i < count; ++i) {
                numbers.at(i) = corpus.references[at + i];
                decoder.decode(numbers.at(i), out.at(i));
                tasks.at(i).bytes = out.at(i);
            }
        }
        const Timed timed(verify);
        merkle::hash_all(std::span(tasks).first(count));
        for (std::size_t i = 0; i < count; ++i)
            if (tasks.at(i).digest != corpus.chunks[numbers.at(i)].id)
                stop("a chunk came back with another digest");
    }
    std::printf("  CPU s: decode %.2f, verify %.2f: %.0f MB/s; bases %llu hits, %llu misses\n",
                decode, verify, static_cast<double>(corpus.bytes) * 1e-6 / (decode + verify),
                static_cast<unsigned long long>(decoder.bases().hits()),
                static_cast<unsigned long long>(decoder.bases().misses()));
}

void run_peer(const std::string& folder, std::uint64_t bytes) {
    const std::string command =
        "tar -cf - -C '" + folder + "' . 2>/dev/null | zstd -3 --long=27 -q -c | wc -c";
    FILE* const pipe = popen(command.c_str(), "r");
    unsigned long long size = 0;
    const bool worked = pipe != nullptr && std::fscanf(pipe, "%llu", &size) == 1 && size > 1000;
    if (pipe == nullptr || pclose(pipe) != 0 || !worked) {
        std::printf("tar, zstd -3 --long=27: not available\n");
        return;
    }
    rusage usage{};
    getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    const double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    std::printf("tar, zstd -3 --long=27: %llu bytes, CPU s %.2f, %.0f MB/s\n", size, cpu,
                static_cast<double>(bytes) * 1e-6 / cpu);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_encode FOLDER [SETTING...]\n");
        return 2;
    }
    Corpus corpus;
    read_corpus(corpus, argv[1]);
    std::vector<std::string> settings(argv + 2, argv + argc);
    if (settings.empty()) settings = {"3", "3d", "3ds", "3dt", "3da16", "9dst"};
    for (const std::string& setting : settings) {
        std::printf("%s\n", setting.c_str());
        Encoding encoding;
        encode_all(corpus, parse_setting(setting), encoding);
        decode_all(corpus, encoding);
        std::printf("  peak memory of the process so far %.0f MB\n", peak_megabytes());
        std::fflush(stdout);
    }
    run_peer(argv[1], corpus.bytes);
    return 0;
}
