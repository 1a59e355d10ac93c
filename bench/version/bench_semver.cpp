// parse, range parse, match, compare: over texts as package lists have them. Every result is
// checked once before anything is timed; times are per text.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/version/constraint.hpp"

namespace {

using catalog::version::Dialect;
using catalog::version::SemVer;
using catalog::version::VersionConstraint;
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

BENCHMARK(ParseRelease);
BENCHMARK(ParsePrerelease);
BENCHMARK(ParseCargoRange);
BENCHMARK(ParseNpmRange);
BENCHMARK(MatchCargo);
BENCHMARK(MatchNpm);
BENCHMARK(Compare);
BENCHMARK(IntersectSets);

}  // namespace

BENCHMARK_MAIN();
