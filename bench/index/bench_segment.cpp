// A sealed segment of the index: how fast it is built, how large it is, and how fast it answers,
// beside LMDB, SQLite and its FTS5 with the same packages in the same run. Answers are compared
// before anything is timed; CPU time of the thread, the least of some rounds; peak heap beside it.
//
//   bench_segment FOLDER CATALOGUE.jsonl [ROWS [QUERIES]]
//
// The catalogue and the queries (QUERIES.prefixes ...) are the generator's of the benchmark page.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "../heap_counter.hpp"
#include "catalog/index/segment.hpp"
#include "catalog/index/segment_builder.hpp"
#include "catalogue.hpp"
#include "oracle.hpp"
#include "peers.hpp"
#include "segment_format.hpp"

namespace {

using namespace catalog;
using namespace catalog::bench;
using namespace catalog::index;

constexpr int kRounds = 5;
constexpr std::size_t kHot = 1024;
constexpr std::size_t kLookups = 1'000'000;
constexpr std::size_t kPeerLookups = 200'000;
constexpr std::size_t kColdLookups = 300;
constexpr std::size_t kPrecisionQueries = 300;
/// Above this, loading the full-text peer takes minutes.
constexpr std::size_t kTextPeerRows = 300'000;

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
        std::exit(4);
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "wrong answer: %s\n", what);
    std::exit(4);
}

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
double cpu_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

// The least CPU time of an operation over some rounds, nanoseconds.
double ns_each(std::size_t operations, const std::function<void()>& round) {
    double least = 1e99;
    for (int i = 0; i < kRounds; ++i) {
        const double start = cpu_seconds();
        round();
        least = std::min(least, cpu_seconds() - start);
    }
    return least * 1e9 / static_cast<double>(operations);
}

void print_row(const char* what, double value, const char* unit) {
    std::printf("%-46s %12.1f %s\n", what, value, unit);
    std::fflush(stdout);
}

// The same segment with another thread beside the caller's.
void build_on_two(const Catalogue& catalogue, const std::string& folder, const ContentHash& name) {
    const auto fs = io::make_posix_file_system();
    const auto pool = make_thread_pool(1);
    const std::size_t heap_before = bench::reset_heap_peak();
    const double wall = seconds_of(CLOCK_MONOTONIC);
    SegmentOptions options;
    options.executor = pool.get();
    SegmentBuilder builder(options);
    must(builder.add(std::span(catalogue.rows)));
    require(must(write_segment(*fs, folder, builder)).name == name, "segment of two threads");
    print_row("build on two threads: wall", seconds_of(CLOCK_MONOTONIC) - wall, "s");
    print_row("  peak heap of the builder",
              static_cast<double>(bench::heap_peak() - heap_before) / (1 << 20), "MiB");
}

SegmentSummary build(const Catalogue& catalogue, const std::string& folder) {
    const auto fs = io::make_posix_file_system();
    const std::size_t heap_before = bench::reset_heap_peak();
    const double wall = seconds_of(CLOCK_MONOTONIC);
    const double start = cpu_seconds();
    SegmentBuilder builder;
    must(builder.add(std::span(catalogue.rows)));
    const double added = cpu_seconds();
    const SegmentSummary summary = must(write_segment(*fs, folder, builder));
    const double done = cpu_seconds();
    const auto rows = static_cast<double>(catalogue.rows.size());
    print_row("build: packages a CPU second", rows / (done - start), "");
    print_row("  add, of it", (added - start) * 1e9 / rows, "ns a package");
    print_row("  finish, of it, durable", (done - added) * 1e9 / rows, "ns a package");
    print_row("  wall", seconds_of(CLOCK_MONOTONIC) - wall, "s");
    print_row("  peak heap of the builder",
              static_cast<double>(bench::heap_peak() - heap_before) / (1 << 20), "MiB");
    print_row("segment: bytes a package", static_cast<double>(summary.bytes) / rows, "");
    return summary;
}

void print_sections(const Segment& segment) {
    static constexpr const char* kNames[kSectionCount] = {
        "records",     "record places", "key table",     "order keys",    "first versions",
        "name fences", "foreign at",    "foreign names", "dependents at", "dependents",
        "texts at",    "texts",         "cold groups",   "cold bytes",    "cold dictionary",
        "term fences", "terms at",      "terms",         "postings",      "champions",
        "term rows",   "term weights",  "lengths",       "universe"};
    const SegmentRoot root = must(decode_root(segment.bytes()));
    for (std::size_t i = 0; i < kSectionCount; ++i)
        print_row(("  " + std::string(kNames[i])).c_str(),
                  static_cast<double>(root.sections[i].bytes) /
                      static_cast<double>(segment.version_count()),
                  "bytes a package");
}

struct Ids {
    /// In the order of the lookups, as a caller would have them at hand.
    std::string bytes;
    std::vector<std::pair<std::string_view, std::string_view>> texts;
    std::vector<PackageKey> keys;
};

Ids draw_ids(const Catalogue& catalogue, const Segment& segment, std::size_t among) {
    Ids ids;
    std::mt19937_64 random(7);
    std::vector<std::size_t> chosen(among);
    for (std::size_t& row : chosen) row = random() % catalogue.rows.size();
    ids.bytes.reserve(kLookups * 512);
    const auto keep = [&ids](std::string_view text) {
        const std::size_t at = ids.bytes.size();
        ids.bytes.append(text);
        return std::string_view(ids.bytes).substr(at);
    };
    for (std::size_t i = 0; i < kLookups; ++i) {
        const SegmentRow& row = catalogue.rows[chosen[random() % among]];
        const std::string_view name = keep(row.name);
        ids.texts.emplace_back(name, keep(row.version));
        ids.keys.push_back(segment.key_of(row.name, row.version));
    }
    return ids;
}

std::uint64_t sink = 0;

void time_lookups(const Segment& segment, const Ids& ids, const char* kind) {
    const std::string label(kind);
    print_row(("by name and version, " + label).c_str(),
              ns_each(ids.texts.size(),
                      [&] {
                          for (const auto& [name, version] : ids.texts)
                              sink +=
                                  static_cast<std::uint32_t>(segment.find(name, version)->doc());
                      }),
              "ns");
    print_row(("number by key, " + label).c_str(),
              ns_each(ids.keys.size(),
                      [&] {
                          for (const PackageKey& key : ids.keys)
                              sink += static_cast<std::uint32_t>(*segment.find_doc(key));
                      }),
              "ns");
    print_row(("record by key, digest read, " + label).c_str(),
              ns_each(ids.keys.size(),
                      [&] {
                          for (const PackageKey& key : ids.keys)
                              sink += std::to_integer<std::uint64_t>(
                                  segment.find(key)->digest().digest[0]);
                      }),
              "ns");
    print_row(("record by key, " + label).c_str(),
              ns_each(ids.keys.size(),
                      [&] {
                          for (const PackageKey& key : ids.keys)
                              sink += static_cast<std::uint32_t>(segment.find(key)->doc());
                      }),
              "ns");
    print_row(("by key, 16 at a time, " + label).c_str(),
              ns_each(ids.keys.size(),
                      [&] {
                          std::array<std::optional<SegmentRecord>, 16> found;
                          for (std::size_t i = 0; i + 16 <= ids.keys.size(); i += 16) {
                              segment.find_many(std::span(ids.keys).subspan(i, 16), found);
                              for (const auto& one : found)
                                  sink += static_cast<std::uint32_t>(one->doc());
                          }
                      }),
              "ns");
}

// Pages of the file that one lookup reads when none is in memory.
void count_cold_pages(const std::string& path, const Catalogue& catalogue) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const auto size = static_cast<std::size_t>(std::filesystem::file_size(path));
    std::vector<unsigned char> resident((size + 4095) / 4096);
    std::mt19937_64 random(9);
    std::vector<double> times;
    std::size_t pages = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < kColdLookups; ++i) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        void* const map = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
        madvise(map, size, MADV_RANDOM);
        const auto segment =
            must(Segment::open(ByteView(static_cast<const std::byte*>(map), size), nullptr));
        mincore(map, size, resident.data());
        const auto before = std::ranges::count_if(resident, [](auto page) { return page & 1; });
        const SegmentRow& row = catalogue.rows[random() % catalogue.rows.size()];
        const double start = seconds_of(CLOCK_MONOTONIC);
        require(segment->find(row.name, row.version).has_value(), "cold lookup");
        times.push_back((seconds_of(CLOCK_MONOTONIC) - start) * 1e6);
        mincore(map, size, resident.data());
        const auto after = std::ranges::count_if(resident, [](auto page) { return page & 1; });
        pages += static_cast<std::size_t>(after - before);
        most = std::max(most, static_cast<std::size_t>(after - before));
        munmap(map, size);
    }
    close(fd);
    std::ranges::sort(times);
    print_row("cold lookup, pages read, mean",
              static_cast<double>(pages) / static_cast<double>(kColdLookups), "");
    print_row("  most", static_cast<double>(most), "");
    print_row("  p50, wall", times[times.size() / 2], "us");
    print_row("  p99, wall", times[times.size() * 99 / 100], "us");
}

void time_names(const Segment& segment, const Catalogue& catalogue,
                const std::vector<std::string>& prefixes) {
    std::mt19937_64 random(8);
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < 200'000; ++i)
        names.push_back(catalogue.rows[random() % catalogue.rows.size()].name);
    print_row("number of a name, uniform",
              ns_each(names.size(),
                      [&] {
                          for (const std::string_view name : names)
                              sink += static_cast<std::uint32_t>(*segment.find_name(name));
                      }),
              "ns");
    // Names that many depend on have many versions, so they come often here.
    names.resize(10'000);
    std::uint64_t edges = 0;
    const double dependents = ns_each(names.size(), [&] {
        edges = 0;
        for (const std::string_view name : names) {
            const DocList docs = segment.dependents(name);
            edges += docs.size();
            for (std::size_t i = 0; i < docs.size(); ++i)
                sink += static_cast<std::uint32_t>(docs[i]);
        }
    });
    print_row("who depends on a name", dependents, "ns");
    print_row("  edges each", static_cast<double>(edges) / static_cast<double>(names.size()), "");
    if (prefixes.empty()) return;
    print_row("prefix, first 20 names",
              ns_each(prefixes.size(),
                      [&] {
                          for (const std::string& prefix : prefixes) {
                              const NameRange range = segment.names_with_prefix(prefix);
                              const std::uint32_t end = std::min(range.end, range.first + 20);
                              for (std::uint32_t i = range.first; i < end; ++i)
                                  sink += segment.name_text(NameId{i}).size();
                          }
                      }),
              "ns");
}

// Wall-clock times would show the scheduler; each query has its CPU time taken, and their median is
// printed.
void time_searches(const Segment& segment, const std::vector<std::string>& queries,
                   const char* kind) {
    if (queries.empty()) return;
    std::vector<double> times;
    std::size_t hits = 0;
    for (int round = 0; round < kRounds; ++round)
        for (const std::string& query : queries) {
            const double start = cpu_seconds();
            const auto found = must(segment.search(query, 20));
            for (const SegmentHit& hit : found) sink += segment.record(hit.doc)->name().size();
            times.push_back((cpu_seconds() - start) * 1e6);
            hits += found.size();
        }
    std::ranges::sort(times);
    print_row((std::string("search, ") + kind + ", p50").c_str(), times[times.size() / 2], "us");
    print_row("  p99", times[times.size() * 99 / 100], "us");
    print_row("  hits each", static_cast<double>(hits) / static_cast<double>(times.size()), "");
}

void time_peer(Peer& peer, const Catalogue& catalogue, const Ids& uniform, const Ids& hot) {
    const double start = cpu_seconds();
    peer.load(catalogue.rows);
    const double loaded = cpu_seconds() - start;
    std::printf("%s: %.0f packages a CPU second, %.0f bytes a package\n", peer.name(),
                static_cast<double>(catalogue.rows.size()) / loaded,
                static_cast<double>(peer.bytes()) / static_cast<double>(catalogue.rows.size()));
    for (std::size_t i = 0; i < 1000; ++i)
        require(peer.find(uniform.texts[i].first, uniform.texts[i].second) > 0, peer.name());
    for (const auto& [ids, kind] : {std::pair(&uniform, "uniform"), std::pair(&hot, "1,024 hot")})
        print_row((std::string(peer.name()) + " by name and version, " + kind).c_str(),
                  ns_each(kPeerLookups,
                          [&, found = ids] {
                              for (std::size_t i = 0; i < kPeerLookups; ++i)
                                  sink += peer.find(found->texts[i].first, found->texts[i].second);
                          }),
                  "ns");
}

void print_precision(const Segment& segment, const Catalogue& catalogue,
                     const std::vector<std::string>& queries, const char* kind) {
    if (queries.empty()) return;
    const auto some = std::span(queries).first(std::min(kPrecisionQueries, queries.size()));
    const Precision precision = measure_precision(segment, catalogue, some);
    std::printf("precision@20 beside double precision, %s: %.5f, scores %.7f of the best\n", kind,
                precision.precision, precision.score);
}

// Words apart are one query; what joins them would be its syntax.
void time_text_peer(TextPeer& peer, const Catalogue& catalogue, const Segment& segment,
                    const std::vector<std::string>& one, const std::vector<std::string>& two) {
    const double start = cpu_seconds();
    peer.load(catalogue.rows);
    const auto rows = static_cast<double>(catalogue.rows.size());
    std::printf("%s: %.0f packages a CPU second, %.0f bytes a package\n", peer.name(),
                rows / (cpu_seconds() - start), static_cast<double>(peer.bytes()) / rows);
    for (const auto& [queries, kind] :
         {std::pair(&one, "one word"), std::pair(&two, "two words")}) {
        std::vector<double> times;
        for (std::size_t i = 0; i < std::min(kPrecisionQueries, queries->size()); ++i) {
            const std::string& query = (*queries)[i];
            const double before = cpu_seconds();
            const std::size_t hits = peer.search(query, 20);
            times.push_back((cpu_seconds() - before) * 1e6);
            require(hits == must(segment.search(query, 20)).size(), "as many hits");
        }
        if (times.empty()) continue;
        std::ranges::sort(times);
        print_row((std::string(peer.name()) + ", " + kind + ", p50").c_str(),
                  times[times.size() / 2], "us");
        print_row("  p99", times[times.size() * 99 / 100], "us");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "bench_segment FOLDER CATALOGUE.jsonl [ROWS [QUERIES]]\n");
        return 2;
    }
    const std::string folder = argv[1];
    std::filesystem::create_directories(folder);
    const std::size_t rows = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : SIZE_MAX;
    const std::string queries = argc > 4 ? argv[4] : "";
    const auto catalogue = read_catalogue(argv[2], rows);
    std::printf("%zu packages\n", catalogue->rows.size());
    const SegmentSummary summary = build(*catalogue, folder);
    build_on_two(*catalogue, folder, summary.name);
    const std::string path = folder + "/" + segment_file_name(summary.name);
    const auto fs = io::make_posix_file_system();
    const std::size_t heap_before = bench::heap_now();
    const double start = cpu_seconds();
    auto segment = must(open_segment(*fs, path));
    print_row("open", (cpu_seconds() - start) * 1e6, "us");
    print_row("  heap", static_cast<double>(bench::heap_now() - heap_before), "bytes");
    print_sections(*segment);
    const double checked = cpu_seconds();
    must(segment->verify());
    print_row("verify", (cpu_seconds() - checked) * 1e9 / summary.versions, "ns a package");
    for (const SegmentRow& row : catalogue->rows)
        require(segment->find(row.name, row.version)->digest() == row.digest, "digest");
    const Ids uniform = draw_ids(*catalogue, *segment, catalogue->rows.size());
    const Ids hot = draw_ids(*catalogue, *segment, kHot);
    time_lookups(*segment, hot, "1,024 hot");
    time_lookups(*segment, uniform, "uniform");
    time_names(*segment, *catalogue, read_lines(queries + ".prefixes"));
    const std::vector<std::string> one = read_lines(queries + ".1term");
    const std::vector<std::string> two = read_lines(queries + ".2terms");
    time_searches(*segment, one, "one word");
    time_searches(*segment, two, "two words");
    print_precision(*segment, *catalogue, one, "one word");
    print_precision(*segment, *catalogue, two, "two words");
    if (const auto peer = make_text_peer(folder);
        peer != nullptr && catalogue->rows.size() <= kTextPeerRows)
        time_text_peer(*peer, *catalogue, *segment, one, two);
    for (const auto& peer : make_peers(folder)) time_peer(*peer, *catalogue, uniform, hot);
    // Pages that are mapped stay in memory.
    segment.reset();
    count_cold_pages(path, *catalogue);
    return sink == 0 ? 1 : 0;
}
