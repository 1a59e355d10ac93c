// Searches of a library - delta and sealed segments as one - beside SQLite's FTS5 with the same
// packages in the same run. For every query the number of all hits is compared before anything is
// timed; CPU time of the thread for each query, median and 99th percentile.
//
//   bench_query FOLDER CATALOGUE.jsonl QUERIES [ROWS [DELTA]]
//
// Catalogue and queries (QUERIES.1term, .2terms, .prefixes) are the generator's of the benchmark
// page; the last DELTA rows (1,000) stay in the database.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/content/content_source.hpp"
#include "catalog/library/asset_library.hpp"
#include "catalogue.hpp"
#include "peers.hpp"

namespace {

using namespace catalog;
using namespace catalog::bench;

constexpr std::size_t kQueries = 200;  ///< Of a kind.
constexpr int kRounds = 5;
constexpr std::size_t kPage = 20;
constexpr std::size_t kRareMost = 5;  ///< Versions that have a rare word.

template <class T>
T must(Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
        std::exit(4);
    }
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

double cpu_us() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

/// Queries of one kind, as the library reads them and as FTS5 does.
struct Kind {
    const char* name;
    std::vector<std::string> ours;
    std::vector<std::string> theirs;
};

std::vector<std::string> first_of(std::vector<std::string> lines) {
    if (lines.size() > kQueries) lines.resize(kQueries);
    return lines;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

Kind rare_words(const Catalogue& catalogue) {
    std::unordered_map<std::string, std::size_t> having;
    for (const index::SegmentRow& row : catalogue.rows) {
        std::set<std::string> words;
        for (std::string& word : split(row.description)) words.insert(std::move(word));
        for (const std::string& word : words) ++having[word];
    }
    std::vector<std::string> rare;
    for (const auto& [word, count] : having)
        if (count <= kRareMost) rare.push_back(word);
    std::ranges::sort(rare);
    std::mt19937_64 random(3);
    std::ranges::shuffle(rare, random);
    rare = first_of(std::move(rare));
    return {"a rare word", rare, rare};
}

Kind phrases(const Catalogue& catalogue) {
    Kind kind{"a phrase of two words", {}, {}};
    std::mt19937_64 random(4);
    while (kind.ours.size() < kQueries) {
        const auto words = split(catalogue.rows[random() % catalogue.rows.size()].description);
        if (words.size() < 2) continue;
        const std::size_t at = random() % (words.size() - 1);
        const std::string phrase = '"' + words[at] + ' ' + words[at + 1] + '"';
        kind.ours.push_back(phrase);
        kind.theirs.push_back("{name description} : " + phrase);
    }
    return kind;
}

index::Query query_of(const std::string& text) {
    index::Query query = must(index::Query::parse(text));
    query.filter.newest_only = false;
    query.limit = kPage;
    return query;
}

struct Times {
    double p50 = 0;
    double p99 = 0;
};

template <class Ask>
Times time_each(std::size_t count, int rounds, const Ask& ask) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round)
        for (std::size_t i = 0; i < count; ++i) {
            const double start = cpu_us();
            ask(i);
            times.push_back(cpu_us() - start);
        }
    std::ranges::sort(times);
    return {times[times.size() / 2], times[times.size() * 99 / 100]};
}

void print_row(const char* kind, double hits, const Times& ours, const Times& theirs) {
    std::printf("%-24s %10.0f hits | %8.1f us %9.1f us | %9.1f us %11.1f us | %8.1f %8.1f\n", kind,
                hits, ours.p50, ours.p99, theirs.p50, theirs.p99, theirs.p50 / ours.p50,
                theirs.p99 / ours.p99);
    std::fflush(stdout);
}

void compare_searches(library::AssetLibrary& library, TextPeer& peer, const Kind& kind) {
    std::vector<index::Query> queries;
    for (const std::string& text : kind.ours) queries.push_back(query_of(text));
    double hits = 0;
    for (std::size_t i = 0; i < queries.size(); ++i) {
        const std::uint64_t ours = must(library.count_hits(queries[i], {}, 1)).hits;
        const std::uint64_t theirs = peer.count(kind.theirs[i]);
        const std::size_t page = must(library.search(queries[i])).hits.size();
        if (ours != theirs || page != std::min<std::uint64_t>(ours, kPage)) {
            std::fprintf(stderr, "%s: %llu hits, FTS5 has %llu, a page of %zu\n",
                         kind.ours[i].c_str(), static_cast<unsigned long long>(ours),
                         static_cast<unsigned long long>(theirs), page);
            std::exit(4);
        }
        hits += static_cast<double>(ours) / static_cast<double>(queries.size());
    }
    std::size_t sink = 0;
    const Times ours = time_each(queries.size(), kRounds, [&](std::size_t i) {
        sink += must(library.search(queries[i])).hits.size();
    });
    const Times theirs = time_each(
        queries.size(), 1, [&](std::size_t i) { sink += peer.search(kind.theirs[i], kPage); });
    if (sink > 0) print_row(kind.name, hits, ours, theirs);
}

// FTS5 knows words, not names: compared are prefixes of a name's first word, where both mean the
// same names.
void compare_prefixes(library::AssetLibrary& library, TextPeer& peer,
                      std::vector<std::string> prefixes) {
    std::erase_if(prefixes,
                  [](const std::string& prefix) { return prefix.find('-') != std::string::npos; });
    prefixes = first_of(std::move(prefixes));
    double names = 0;
    for (const std::string& prefix : prefixes) {
        const std::size_t ours = must(library.complete(prefix, kPage)).size();
        if (ours != peer.complete(prefix, kPage)) {
            std::fprintf(stderr, "prefix %s: %zu names\n", prefix.c_str(), ours);
            std::exit(4);
        }
        names += static_cast<double>(ours) / static_cast<double>(prefixes.size());
    }
    std::size_t sink = 0;
    const Times ours = time_each(prefixes.size(), kRounds, [&](std::size_t i) {
        sink += must(library.complete(prefixes[i], kPage)).size();
    });
    const Times theirs = time_each(
        prefixes.size(), 1, [&](std::size_t i) { sink += peer.complete(prefixes[i], kPage); });
    if (sink > 0) print_row("names with a prefix, 20", names, ours, theirs);
}

/// Imports all lines but the last `delta` into segments, and then those.
std::unique_ptr<library::AssetLibrary> load_library(const std::string& folder,
                                                    const std::string& catalogue, std::size_t rows,
                                                    std::size_t delta) {
    std::filesystem::remove_all(folder);
    library::LibraryOptions options;
    must(library::AssetLibrary::create(folder, options));
    auto library = must(library::AssetLibrary::open(folder, options));
    std::ifstream file(catalogue);
    std::string sealed;
    std::string loose;
    std::string line;
    for (std::size_t i = 0; i < rows && std::getline(file, line); ++i)
        (i + delta < rows ? sealed : loose).append(line).append(1, '\n');
    must(library->import_metadata(content::source_of(as_bytes(sealed)), true));
    must(library->seal_index());
    if (!loose.empty()) must(library->import_metadata(content::source_of(as_bytes(loose)), true));
    return library;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fprintf(stderr, "bench_query FOLDER CATALOGUE.jsonl QUERIES [ROWS [DELTA]]\n");
        return 2;
    }
    const std::string folder = argv[1];
    const std::string queries = argv[3];
    const std::size_t most = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : SIZE_MAX;
    const std::size_t delta = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 1'000;
    std::filesystem::create_directories(folder);
    const auto catalogue = read_catalogue(argv[2], most);
    const std::size_t rows = catalogue->rows.size();
    const auto library = load_library(folder + "/library", argv[2], rows, delta);
    const auto peer = make_text_peer(folder);
    if (peer == nullptr) {
        std::fprintf(stderr, "SQLite was not there when this was compiled\n");
        return 4;
    }
    peer->load(catalogue->rows);
    std::printf("%zu packages, of them %zu in the delta\n", rows, std::min(delta, rows));
    std::printf("%-24s %15s | library p50, p99 | FTS5 p50, p99 | ratio p50, p99\n", "best 20", "");
    const std::vector<std::string> one = first_of(read_lines(queries + ".1term"));
    const std::vector<std::string> two = first_of(read_lines(queries + ".2terms"));
    for (const Kind& kind : {Kind{"a word", one, one}, rare_words(*catalogue),
                             Kind{"two words", two, two}, phrases(*catalogue)})
        compare_searches(*library, *peer, kind);
    compare_prefixes(*library, *peer, read_lines(queries + ".prefixes"));
    return 0;
}
