// Resolves every query of a file over a package list and reports how long it took.
//
//   bench_resolve PACKAGES.jsonl QUERIES.jsonl [--solver sat|graph|boolean|domains] [--only PREFIX]
//                [--universe FILE] [--no-check] [--explain] [--verdicts FILE]
//
// With --universe the packages are frozen into FILE, or FILE is taken when it is there, and mapped.
// Queries are grouped by the part of their id before the dash. Times are CPU time of the resolving
// thread. All queries are timed one after another, once for each row of the table:
//
//   versions  verdict and chosen versions, in numbers: what libsolv answers (--universe only)
//   linked    that, and edges and install order, in numbers (--universe only)
//   full      a Solution with names, edges, install order, and explanations of what cannot be
//
// The answers of the last are then checked by the independent checker, and the others compared with
// them.

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/resolve/check.hpp"
#include "catalog/resolve/graph_resolver.hpp"
#include "catalog/resolve/sat_resolver.hpp"
#include "catalog/resolve/universe.hpp"
#include "catalog/resolve/universe_resolver.hpp"
#include "registry.hpp"
#include "universe_file.hpp"

namespace catalog::bench {
namespace {

struct Options {
    std::string packages;
    std::string queries;
    std::string only;
    std::string universe;
    std::string verdicts;
    bool graph = false;
    resolve::Engine engine = resolve::Engine::kAutomatic;
    bool check = true;
    bool explain = false;
};

struct Group {
    std::vector<double> times_us;
    std::vector<double> conflicts;
    std::size_t satisfiable = 0;
    std::size_t unsatisfiable = 0;
    std::size_t failed = 0;
    std::size_t packages = 0;
};

double percentile(std::vector<double> values, double part) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
}

double peak_rss_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

void print_error(const Query& query, const Error& error) {
    std::printf("  %s: %s\n", query.id.c_str(), error.to_string().c_str());
    if (const auto* detail = error.detail_as<ResolutionDetail>()) {
        for (const std::string& step : detail->steps) std::printf("    %s\n", step.c_str());
    }
}

using Groups = std::map<std::string, Group>;

resolve::Request request_of(const Query& query) {
    resolve::Request request;
    for (const resolve::Target& target : query.roots) request.roots.push_back({target, {}, true});
    return request;
}

std::string group_of(const Query& query) { return query.id.substr(0, query.id.find('-')); }

void count_failure(const Query& query, const Error& error, bool print, Group& group) {
    const bool unsatisfiable = error.code() == Errc::kUnsatisfiable;
    ++(unsatisfiable ? group.unsatisfiable : group.failed);
    if (print || !unsatisfiable) print_error(query, error);
}

void count_answer(std::size_t packages, std::uint64_t conflicts, Group& group) {
    ++group.satisfiable;
    group.packages += packages;
    group.conflicts.push_back(static_cast<double>(conflicts));
}

/// Times answers in numbers; with `linked` their edges and install order too.
Groups time_numbers(const resolve::FrozenUniverse& universe, const std::vector<Query>& queries,
                    const Options& options, bool linked) {
    resolve::SatOptions how;
    how.engine = options.engine;
    how.explain = false;
    resolve::UniverseResolver resolver(universe, make_system_clock(), how);
    Groups groups;
    for (const Query& query : queries) {
        Group& group = groups[group_of(query)];
        const resolve::Request request = request_of(query);
        const double start = thread_cpu_us();
        const auto answer = resolver.resolve(request, CallContext());
        if (linked && answer) static_cast<void>(answer->order());
        group.times_us.push_back(thread_cpu_us() - start);
        if (answer) {
            count_answer(answer->versions().size(), answer->stats().conflicts, group);
        } else {
            count_failure(query, answer.error(), false, group);
        }
    }
    return groups;
}

Groups time_full(resolve::Resolver& resolver, resolve::DependencyProvider& provider,
                 const std::vector<Query>& queries, const Options& options) {
    std::FILE* verdicts =
        options.verdicts.empty() ? nullptr : std::fopen(options.verdicts.c_str(), "w");
    Groups groups;
    for (const Query& query : queries) {
        Group& group = groups[group_of(query)];
        const resolve::Request request = request_of(query);
        const double start = thread_cpu_us();
        const auto answer = resolver.resolve(request, provider, CallContext());
        group.times_us.push_back(thread_cpu_us() - start);
        if (verdicts != nullptr) {
            std::fprintf(verdicts, "%s %s\n", query.id.c_str(), answer ? "sat" : "unsat");
        }
        if (answer) {
            count_answer(answer->packages.size(), answer->stats.conflicts, group);
        } else {
            count_failure(query, answer.error(), options.explain, group);
        }
    }
    if (verdicts != nullptr) std::fclose(verdicts);
    return groups;
}

bool is_same(const resolve::Solution& a, const resolve::FrozenSolution& b) {
    if (a.packages.size() != b.versions().size()) return false;
    for (std::uint32_t i = 0; i < a.packages.size(); ++i) {
        if (a.packages[i].name != b.name(i) || a.packages[i].candidate != b.candidate(i)) {
            return false;
        }
    }
    std::size_t placed = 0;
    for (const auto& component : a.order) {
        for (const std::size_t place : component) {
            if (placed >= b.order().size() || b.order()[placed++] != place) return false;
        }
    }
    return true;
}

/// Checks every answer; returns how many are wrong.
std::size_t check_answers(resolve::Resolver& resolver, resolve::DependencyProvider& provider,
                          const std::vector<Query>& queries) {
    std::size_t wrong = 0;
    std::unique_ptr<resolve::UniverseResolver> numbers;
    if (provider.universe() != nullptr) {
        numbers = std::make_unique<resolve::UniverseResolver>(*provider.universe());
    }
    for (const Query& query : queries) {
        const resolve::Request request = request_of(query);
        const auto answer = resolver.resolve(request, provider, CallContext());
        bool good = true;
        if (answer) {
            const auto problems = resolve::check_solution(request, provider, *answer);
            good = problems && problems->empty();
        }
        if (numbers != nullptr) {
            const auto same = numbers->resolve(request, CallContext());
            good = good && same.has_value() == answer.has_value() &&
                   (!same || is_same(*answer, *same));
        }
        if (!good) ++wrong;
    }
    return wrong;
}

void print_groups(const char* row, const Groups& groups) {
    for (const auto& [name, group] : groups) {
        std::printf("%-9s %-6s %6zu %6zu %6zu %10.1f %10.1f %10.1f %9.0f %9.0f %9zu\n", row,
                    name.c_str(), group.satisfiable, group.unsatisfiable, group.failed,
                    percentile(group.times_us, 0.5), percentile(group.times_us, 0.99),
                    percentile(group.times_us, 1.0), percentile(group.conflicts, 0.5),
                    percentile(group.conflicts, 1.0),
                    group.satisfiable == 0 ? 0 : group.packages / group.satisfiable);
    }
}

int run(const Options& options) {
    const auto start = std::chrono::steady_clock::now();
    std::unique_ptr<resolve::DependencyProvider> provider;
    if (options.universe.empty()) {
        auto registry = Registry::load(options.packages);
        if (registry) {
            std::printf("%llu versions, %llu dependencies\n",
                        static_cast<unsigned long long>(registry->version_count()),
                        static_cast<unsigned long long>(registry->dependency_count()));
            provider = std::make_unique<Registry>(*std::move(registry));
        }
    } else if (auto universe = open_universe(options.packages, options.universe)) {
        provider = std::make_unique<resolve::UniverseProvider>(*std::move(universe));
    }
    auto queries = load_queries(options.queries);
    if (!provider || !queries) {
        std::fprintf(stderr, "the packages or the queries cannot be read\n");
        return 3;
    }
    const std::chrono::duration<double> load = std::chrono::steady_clock::now() - start;
    std::printf("loaded in %.1f s, peak memory %.0f MiB\n", load.count(), peak_rss_mib());
    std::unique_ptr<resolve::Resolver> resolver;
    if (options.graph) {
        resolver = std::make_unique<resolve::GraphResolver>();
    } else {
        resolve::SatOptions how;
        how.engine = options.engine;
        resolver = std::make_unique<resolve::SatResolver>(make_system_clock(), how);
    }
    std::vector<Query> chosen;
    for (Query& query : *queries) {
        if (query.id.compare(0, options.only.size(), options.only) == 0) {
            chosen.push_back(std::move(query));
        }
    }
    std::printf("%-9s %-6s %6s %6s %6s %10s %10s %10s %9s %9s %9s\n", "row", "group", "sat",
                "unsat", "failed", "p50 us", "p99 us", "max us", "p50 confl", "max confl",
                "packages");
    if (provider->universe() != nullptr) {
        print_groups("versions", time_numbers(*provider->universe(), chosen, options, false));
        print_groups("linked", time_numbers(*provider->universe(), chosen, options, true));
    }
    print_groups("full", time_full(*resolver, *provider, chosen, options));
    std::printf("peak memory %.0f MiB\n", peak_rss_mib());
    if (!options.check) return 0;
    const std::size_t wrong = check_answers(*resolver, *provider, chosen);
    std::printf("checked: %zu of %zu answers wrong\n", wrong, chosen.size());
    return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace catalog::bench

int main(int argc, char** argv) {
    catalog::bench::Options options;
    std::vector<std::string> files;
    for (int i = 1; i < argc; ++i) {
        const std::string argument = argv[i];
        if (argument == "--solver" && i + 1 < argc) {
            const std::string solver = argv[++i];
            options.graph = solver == "graph";
            if (solver == "boolean") options.engine = catalog::resolve::Engine::kBoolean;
            if (solver == "domains") options.engine = catalog::resolve::Engine::kDomains;
        } else if (argument == "--universe" && i + 1 < argc) {
            options.universe = argv[++i];
        } else if (argument == "--verdicts" && i + 1 < argc) {
            options.verdicts = argv[++i];
        } else if (argument == "--only" && i + 1 < argc) {
            options.only = argv[++i];
        } else if (argument == "--no-check") {
            options.check = false;
        } else if (argument == "--explain") {
            options.explain = true;
        } else {
            files.push_back(argument);
        }
    }
    if (files.size() != 2) {
        std::fprintf(stderr,
                     "usage: bench_resolve PACKAGES.jsonl QUERIES.jsonl [--solver "
                     "sat|graph|boolean|domains] [--only PREFIX] [--universe FILE] [--no-check] "
                     "[--explain] [--verdicts FILE]\n");
        return 2;
    }
    options.packages = files[0];
    options.queries = files[1];
    return catalog::bench::run(options);
}
