// parse, range parse, match, compare: over texts as package lists have them, and over the corpus of
// peer.mjs when its folder is given. Every result is checked once before anything is timed, those
// of the corpus against node-semver's; times are per text.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/version/constraint.hpp"
#include "catalog/version/version_history.hpp"

namespace {

using catalog::version::Dialect;
using catalog::version::RankSet;
using catalog::version::SemVer;
using catalog::version::VersionConstraint;
using catalog::version::VersionHistory;
using catalog::version::VersionReq;
using catalog::version::VersionSet;

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "wrong result before timing: %s\n", what);
    std::exit(1);
}

constexpr std::array<std::string_view, 8> kReleases = {"1.2.3", "0.4.17", "18.2.0",  "4.17.21",
                                                       "0.0.1", "29.7.0", "7.26.10", "2024.11.30"};
constexpr std::array<std::string_view, 8> kPrereleases = {"1.2.3-alpha.1",
                                                          "5.0.0-beta.3",
                                                          "2.0.0-rc.1",
                                                          "19.0.0-canary-7aa5dda3b-20241114",
                                                          "0.0.0-experimental-1.22",
                                                          "1.0.0-rc.1+build.5",
                                                          "3.0.0-next.17",
                                                          "1.0.0-0"};
constexpr std::array<std::string_view, 8> kCargoRanges = {
    "1.2.3", "^0.4", "1", "=1.0.92", "~1.2.3", ">=1.2, <1.5", "0.12.*", ">=0.3.10"};
constexpr std::array<std::string_view, 8> kNpmRanges = {
    "^1.2.3", "~4.17.0", "1.2.3", ">=1.2.0 <2.0.0", "^7.0.0 || ^8.0.0", "*", "1.x", "1.2.3 - 2.3"};

std::vector<SemVer> versions() {
    std::vector<SemVer> all;
    for (const auto& texts : {kReleases, kPrereleases})
        for (const std::string_view text : texts) {
            const auto version = SemVer::parse(text);
            require(version.has_value() && version->to_string() == text, "parse");
            all.push_back(*version);
        }
    return all;
}

std::vector<VersionReq> ranges(const std::array<std::string_view, 8>& texts, Dialect dialect) {
    std::vector<VersionReq> all;
    for (const std::string_view text : texts) {
        const auto req = VersionReq::parse(text, dialect);
        require(req.has_value() && !req->set().is_empty(), "range parse");
        all.push_back(*req);
    }
    return all;
}

template <class Texts>
void parse_versions(benchmark::State& state, const Texts& texts) {
    for (auto _ : state)
        for (const std::string_view text : texts) benchmark::DoNotOptimize(SemVer::parse(text));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(texts.size()));
}
void ParseRelease(benchmark::State& state) { parse_versions(state, kReleases); }
void ParsePrerelease(benchmark::State& state) { parse_versions(state, kPrereleases); }

void parse_ranges(benchmark::State& state, const std::array<std::string_view, 8>& texts,
                  Dialect dialect) {
    require(ranges(texts, dialect).size() == texts.size(), "range parse");
    for (auto _ : state)
        for (const std::string_view text : texts)
            benchmark::DoNotOptimize(VersionReq::parse(text, dialect));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(texts.size()));
}
void ParseCargoRange(benchmark::State& state) {
    parse_ranges(state, kCargoRanges, Dialect::kCargo);
}
void ParseNpmRange(benchmark::State& state) { parse_ranges(state, kNpmRanges, Dialect::kNpm); }

void match(benchmark::State& state, const std::vector<VersionReq>& reqs, std::size_t expected) {
    const std::vector<SemVer> candidates = versions();
    std::size_t matched = 0;
    for (const VersionReq& req : reqs)
        for (const SemVer& version : candidates) matched += req.matches(version);
    require(matched == expected, "number of matches");
    for (auto _ : state)
        for (const VersionReq& req : reqs)
            for (const SemVer& version : candidates) benchmark::DoNotOptimize(req.matches(version));
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(reqs.size() * candidates.size()));
}
void MatchCargo(benchmark::State& state) {
    match(state, ranges(kCargoRanges, Dialect::kCargo), 12);
}
void MatchNpm(benchmark::State& state) { match(state, ranges(kNpmRanges, Dialect::kNpm), 15); }

void Compare(benchmark::State& state) {
    const std::vector<SemVer> all = versions();
    for (const SemVer& a : all)
        for (const SemVer& b : all) require((a < b) == (b > a), "order");
    for (auto _ : state)
        for (const SemVer& a : all)
            for (const SemVer& b : all) benchmark::DoNotOptimize(compare_precedence(a, b));
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(all.size() * all.size()));
}

void IntersectSets(benchmark::State& state) {
    const std::vector<VersionReq> reqs = ranges(kNpmRanges, Dialect::kNpm);
    for (const VersionReq& a : reqs)
        for (const VersionReq& b : reqs)
            require(
                a.set().is_disjoint_from(b.set()) == a.set().intersected_with(b.set()).is_empty(),
                "intersection");
    for (auto _ : state)
        for (const VersionReq& a : reqs)
            for (const VersionReq& b : reqs)
                benchmark::DoNotOptimize(a.set().intersected_with(b.set()));
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(reqs.size() * reqs.size()));
}

// ---------------------------------------------------------------------------------------------
// The corpus: 1,900 versions, 2,000 npm ranges.

std::vector<std::string> read_lines(const std::string& path) {
    std::ifstream file(path);
    require(file.is_open(), path.c_str());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

struct Corpus {
    std::vector<std::string> version_texts;
    std::vector<std::string> range_texts;
    std::vector<SemVer> versions;
    std::vector<VersionReq> ranges;
};

std::string answers_hash(const VersionReq& req, const std::vector<SemVer>& versions) {
    std::uint32_t hash = 2166136261;
    for (const SemVer& version : versions)
        hash = (hash ^ (req.matches(version) ? 1U : 0U)) * 16777619;
    return std::to_string(hash);
}

Corpus read_corpus(const std::string& folder) {
    Corpus corpus;
    corpus.version_texts = read_lines(folder + "/versions.txt");
    corpus.range_texts = read_lines(folder + "/ranges.txt");
    const std::vector<std::string> expected = read_lines(folder + "/expected.txt");
    require(corpus.version_texts.size() >= 1800 && corpus.range_texts.size() >= 2000, "corpus");
    for (const std::string& text : corpus.version_texts)
        corpus.versions.push_back(SemVer::parse(text).value());
    for (const std::string& text : corpus.range_texts)
        corpus.ranges.push_back(VersionReq::parse(text, Dialect::kNpm).value());
    require(expected.size() == corpus.ranges.size(), "expected answers");
    for (std::size_t i = 0; i < expected.size(); ++i)
        require(answers_hash(corpus.ranges[i], corpus.versions) == expected[i],
                corpus.range_texts[i].c_str());
    return corpus;
}

void corpus_parse(benchmark::State& state, const Corpus& corpus) {
    for (auto _ : state)
        for (const std::string& text : corpus.version_texts)
            benchmark::DoNotOptimize(SemVer::parse(text));
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(corpus.version_texts.size()));
}
void corpus_parse_range(benchmark::State& state, const Corpus& corpus) {
    for (auto _ : state)
        for (const std::string& text : corpus.range_texts)
            benchmark::DoNotOptimize(VersionReq::parse(text, Dialect::kNpm));
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(corpus.range_texts.size()));
}
void corpus_match(benchmark::State& state, const Corpus& corpus) {
    for (auto _ : state)
        for (std::size_t i = 0; i < 200; ++i)
            for (const SemVer& version : corpus.versions)
                benchmark::DoNotOptimize(corpus.ranges[i].matches(version));
    state.SetItemsProcessed(state.iterations() * 200 *
                            static_cast<std::int64_t>(corpus.versions.size()));
}
/// What a resolver does: the range is matched against the history of a package once, and then asked
/// for ranks.
void corpus_match_by_rank(benchmark::State& state, const Corpus& corpus) {
    VersionHistory history;
    for (const SemVer& version : corpus.versions) {
        VersionHistory::Entry entry;
        entry.version = version;
        require(history.add(entry).has_value(), "history");
    }
    std::vector<std::uint32_t> ranks;
    for (const SemVer& version : corpus.versions) ranks.push_back(*history.rank_of(version));
    std::vector<RankSet> sets;
    for (std::size_t i = 0; i < 200; ++i) {
        sets.push_back(history.matching(corpus.ranges[i]));
        for (std::size_t v = 0; v < ranks.size(); ++v)
            require(sets[i].contains(ranks[v]) == corpus.ranges[i].matches(corpus.versions[v]),
                    "match by rank");
    }
    for (auto _ : state)
        for (const RankSet& set : sets)
            for (const std::uint32_t rank : ranks) benchmark::DoNotOptimize(set.contains(rank));
    state.SetItemsProcessed(state.iterations() * 200 *
                            static_cast<std::int64_t>(corpus.versions.size()));
}

void register_corpus(const Corpus& corpus) {
    const auto add = [&corpus](const char* name, auto* function) {
        benchmark::RegisterBenchmark(
            name, [&corpus, function](benchmark::State& state) { function(state, corpus); });
    };
    add("CorpusParse", corpus_parse);
    add("CorpusParseRange", corpus_parse_range);
    add("CorpusMatch", corpus_match);
    add("CorpusMatchByRank", corpus_match_by_rank);
}

BENCHMARK(ParseRelease);
BENCHMARK(ParsePrerelease);
BENCHMARK(ParseCargoRange);
BENCHMARK(ParseNpmRange);
BENCHMARK(MatchCargo);
BENCHMARK(MatchNpm);
BENCHMARK(Compare);
BENCHMARK(IntersectSets);

}  // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    Corpus corpus;
    if (argc > 1) {
        corpus = read_corpus(argv[1]);
        register_corpus(corpus);
    }
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
